//! The source: all partitions that are meant, each read from where it stands, into one queue.
//!
//! ```text
//! open    which partitions are there, where does each begin          nothing is fetched for the stream
//! read    queue ──batch──> rows          what has come is there at once; else the clock waits for the bell
//! moved   each partition's offset that comes next
//! ```
//!
//! A message counts if its offset is the partition's position or beyond, so none counts twice; with `--once`
//! only if it is before the end that was seen at the start. Such a run ends by position: the last offset may be
//! a control record, which nobody sees, or may have been compacted away, and then the partition says that it
//! has ended.

mod begin;
mod bell;
mod brokers;
mod lost;
mod parts;
mod recognized;
mod rows;
mod topics;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use mio::Token;
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode as Code;

use self::begin::{AllKept, Begin, begin};
use self::bell::Bell;
use self::brokers::{Brokers, Found};
use crate::source::kafka::flags::{Flags, OnReset, With};

use self::parts::{Last, Parts, noted};
use self::rows::Rows;
use self::topics::Topics;
use self::watch::Watch;
use crate::chunk::{CHUNK, Chunk};
use crate::clock::{FIRST_TOKEN, Stamp, Wait, Woke};
use crate::error::{Context, Error};
use crate::kafka::{Batch, Client, Queue, Settings as Properties, Topic, Voice};
use crate::say::{detail, note, say};
use crate::source::kafka::start::Start;
use crate::source::{Changed, Form, Read, Settings, Source};

/// So many messages are taken at once, at most.
const BATCH: usize = 4096;
/// How large a message is thought to be before one has come.
const TYPICAL: usize = 256;

/// Offsets are weir's matter, and where a partition ends has to be told.
const OWN: [(&str, &str); 4] = [
    ("auto.offset.reset", "error"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
];
/// How often new partitions are looked for.
const REFRESH: &str = "topic.metadata.refresh.interval.ms";
/// What holds unless it is set. So much is read ahead of whoever takes, of all partitions together.
const DEFAULTS: [(&str, &str); 4] = [
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("queued.max.messages.kbytes", "16384"),
    (REFRESH, "10000"),
];
/// However often is asked for: each time asks a broker.
const SHORTEST_REFRESH: Duration = Duration::from_millis(100);

/// What is meant by what was typed.
struct Meant {
    /// The client's configuration.
    config: ClientConfig,
    /// Which topics.
    topics: Arc<Topics>,
    /// Where to begin, if that was typed.
    start: Option<Start>,
    /// What becomes of the run when a place is lost.
    on_reset: OnReset,
    /// How long brokers may take to answer.
    patience: Duration,
    /// How often new partitions are looked for.
    refresh: Duration,
    /// What the key of each pair is.
    with: Option<With>,
    /// The longest record.
    max_record: usize,
    /// True for `--once`.
    once: bool,
}

/// The source.
pub struct Kafka {
    meant: Meant,
    voice: Arc<Voice>,
    kept: AllKept,
    open: Option<Reading>,
}

impl Kafka {
    /// The source that is meant; it is not opened yet.
    pub fn of(flags: &Flags, properties: &Properties, settings: &Settings) -> Result<Kafka, Error> {
        let brokers = properties.brokers("--brokers", flags.brokers.as_deref())?;
        let mut config = properties.config(Client::Consumer, &brokers)?;
        let unset = |(key, _): &(&str, &str)| properties.get(key).is_none();
        for (key, value) in OWN.into_iter().chain(DEFAULTS.into_iter().filter(unset)) {
            config.set(key, value);
        }
        let refresh = config.get(REFRESH).and_then(|millis| millis.parse().ok()).unwrap_or(0);
        let meant = Meant {
            topics: Arc::new(Topics::new(&flags.topics()?)?),
            start: flags.from,
            on_reset: flags.on_offset_reset.unwrap_or_default(),
            patience: flags.connect_timeout,
            refresh: Duration::from_millis(refresh).max(SHORTEST_REFRESH),
            with: flags.with(),
            max_record: settings.max_record,
            once: settings.once,
            config,
        };
        let voice = Arc::new(Voice::new(&brokers, properties.get("debug").is_some()));
        Ok(Kafka { meant, voice, kept: AllKept::new(), open: None })
    }

    /// Where what is new begins.
    fn start(&self) -> Start {
        let default = if self.meant.once { Start::Earliest } else { Start::Latest };
        self.meant.start.unwrap_or(default)
    }

    /// Says how many partitions are read, and where from if nobody has typed that.
    fn say_start(&self, all: &[Begin]) {
        let count =
            |count: usize| format!("{count} partition{}", if count == 1 { "" } else { "s" });
        let what = format!("{}: {}", self.meant.topics.typed(), count(all.len()));
        let fresh = all.iter().filter(|begin| begin.is_new).count();
        match (fresh, self.meant.start, self.meant.once) {
            (0, ..) | (_, Some(_), _) => detail(&what),
            (_, None, true) => {
                note(&format!("{what}, from the earliest record; --from says otherwise"))
            }
            (_, None, false) => {
                note(&format!(
                    "{what}, from the latest record; --from earliest reads what is there"
                ));
            }
        }
    }
}

impl Source for Kafka {
    fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        self.kept = noted(positions)?;
        Ok(Vec::new())
    }

    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let bell = Arc::new(Bell::new().place("kafka")?);
        bell.register(wait.registry(), Token(FIRST_TOKEN)).place("kafka")?;
        let Meant { config, topics, on_reset, patience, .. } = &self.meant;
        let brokers = Brokers::new(config, &self.voice, *patience, &bell)?;
        let found = brokers.partitions(topics, wait)?;
        let all = begin(&brokers, &found, &self.kept, self.start(), *on_reset, wait)?;
        self.say_start(&all);
        let mut queue = Queue::new(brokers.consumer());
        queue.ring(bell.cord().place("kafka")?);
        let mut parts = Parts::default();
        for begin in &all {
            let end = if self.meant.once { begin.range.high } else { i64::MAX };
            parts.add(&begin.topic, begin.partition, begin.kept, end);
        }
        let watch = Watch::new(topics, &bell, self.meant.refresh, wait.now());
        let rows = Rows::new(self.meant.with.clone(), self.meant.max_record);
        let (started, told) = (0, HashSet::new());
        let topics = HashMap::new();
        self.open = Some(Reading {
            queue,
            topics,
            parts,
            started,
            rows,
            watch,
            bell,
            told,
            typical: TYPICAL,
            brokers,
        });
        Ok(())
    }

    fn form(&self) -> Form {
        if self.meant.with.is_some() { Form::Pairs } else { Form::Records }
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let once = self.meant.once;
        let open = self.open.as_mut().expect("the engine opens a source first");
        open.brokers.hear()?;
        if !once {
            open.look_around(&self.kept, wait)?;
        }
        open.start()?;
        open.fill(chunk, limit, self.meant.on_reset, wait)?;
        if chunk.has_come() {
            return Ok(Read::Rows);
        }
        if once && open.parts.iter().all(|part| part.is_done()) {
            return Ok(Read::End);
        }
        if wait.until(until.min(open.watch.due())).place("kafka")? == Woke::Ready {
            open.bell.hush();
            open.fill(chunk, limit, self.meant.on_reset, wait)?;
        }
        Ok(if chunk.has_come() { Read::Rows } else { Read::Idle })
    }

    fn waiting(&self) -> String {
        let lack = if self.voice.is_out() { ", which cannot be reached" } else { "" };
        format!("messages of {} from {}{lack}", self.meant.topics.typed(), self.voice.brokers())
    }

    fn is_replayable(&self) -> bool {
        true
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        if let Some(open) = &mut self.open {
            open.parts.note(note);
        }
    }
}

/// What is read, and how far that has come.
struct Reading {
    queue: Queue,
    topics: HashMap<Arc<str>, Topic>,
    parts: Parts,
    /// So many partitions have been begun with.
    started: usize,
    rows: Rows,
    watch: Watch,
    bell: Arc<Bell>,
    /// What was said of which partition.
    told: HashSet<(usize, i32)>,
    /// How large a message is, about.
    typical: usize,
    brokers: Brokers,
}

/// What a batch tells beside its records.
struct Event {
    part: usize,
    code: Code,
    reason: String,
}

impl Reading {
    /// Begins to read partitions that were found.
    fn start(&mut self) -> Result<(), Error> {
        while self.started < self.parts.len() {
            let part = self.parts.get(self.started);
            self.started += 1;
            if part.is_done() {
                continue;
            }
            if !self.topics.contains_key(&part.topic) {
                let topic = Topic::new(self.brokers.consumer(), &part.topic);
                let topic =
                    topic.ok_or_else(|| Error::Failed(format!("{}: no topic", part.topic)))?;
                self.topics.insert(Arc::clone(&part.topic), topic);
            }
            self.queue.read(&self.topics[&part.topic], part.partition, part.position);
        }
        Ok(())
    }

    /// Looks for partitions that are new.
    fn look_around(&mut self, kept: &AllKept, wait: &mut dyn Wait) -> Result<(), Error> {
        let now = wait.now();
        self.watch.ask(self.brokers.consumer(), now);
        let Some(found) = self.watch.answer(now) else { return Ok(()) };
        let fresh = |(topic, numbers): (String, Vec<i32>)| {
            let is_new = |number: &i32| self.parts.find(&topic, *number).is_none();
            let numbers: Vec<i32> = numbers.into_iter().filter(is_new).collect();
            (!numbers.is_empty()).then_some((topic, numbers))
        };
        let fresh: Found = found.into_iter().filter_map(fresh).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        // A topic whose name matches now, and that was read before, goes on.
        let all = begin(&self.brokers, &fresh, kept, Start::Earliest, OnReset::Earliest, wait);
        let all = match all {
            Ok(all) => all,
            // Whatever it was, it is asked again.
            Err(error) => return Ok(detail(&error.to_string())),
        };
        for begin in all {
            let at = self.parts.add(&begin.topic, begin.partition, begin.kept, i64::MAX);
            note(&format!(
                "{}: a new partition, read from its first record on",
                self.parts.get(at).origin
            ));
        }
        Ok(())
    }

    /// Takes what is there into the chunk.
    fn fill(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        on_reset: OnReset,
        wait: &mut dyn Wait,
    ) -> Result<(), Error> {
        let (mut left, mut events) = (limit, Vec::new());
        while chunk.len() < CHUNK && left > 0 {
            let most = ((CHUNK - chunk.len()) / self.typical).clamp(1, BATCH).min(left);
            let before = chunk.len();
            let batch = self.queue.take(most);
            if batch.is_empty() {
                break;
            }
            let count = take(&batch, &mut self.parts, &mut self.rows, chunk, &mut events);
            drop(batch);
            left -= count;
            if let Some(mean) = (chunk.len() - before).checked_div(count) {
                // Half of what it was, so that one long message does not make all batches short.
                self.typical = ((self.typical + mean) / 2).max(1);
            }
            if !events.is_empty() {
                break;
            }
        }
        if chunk.has_come() {
            self.brokers.answered();
        }
        events.into_iter().try_for_each(|event| self.happened(event, on_reset, wait))
    }

    /// What is to be done about an event.
    fn happened(
        &mut self,
        event: Event,
        on_reset: OnReset,
        wait: &mut dyn Wait,
    ) -> Result<(), Error> {
        let Event { part: at, code, reason } = event;
        let part = self.parts.get(at);
        match code {
            Code::AutoOffsetReset => {
                let place = (Arc::clone(&part.topic), part.partition);
                let range = self.brokers.ranges(&[place], wait)?[0];
                let position = lost::go_on(part, range, on_reset)?;
                let topic = &self.topics[&part.topic];
                topic.stop(part.partition);
                self.queue.read(topic, part.partition, position);
                self.parts.reset(at, position);
            }
            Code::TopicAuthorizationFailed | Code::BadMessage | Code::BadCompression => {
                return Err(Error::Failed(format!("{}: {reason}", part.origin)));
            }
            code => {
                if self.told.insert((at, code as i32)) {
                    say(&format!("{}: {reason}; waiting for it", part.origin));
                }
            }
        }
        Ok(())
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        for part in self.parts.iter().take(self.started) {
            if let Some(topic) = self.topics.get(&part.topic) {
                topic.stop(part.partition);
            }
        }
    }
}

/// Makes rows of the messages that count; returns how many there were. Events that are no end go to `events`.
fn take(
    batch: &Batch,
    parts: &mut Parts,
    rows: &mut Rows,
    chunk: &mut Chunk,
    events: &mut Vec<Event>,
) -> usize {
    let (mut count, mut at) = (0, 0);
    while at < batch.len() {
        let first = batch.get(at);
        let run = (at..batch.len()).take_while(|&next| batch.get(next).is_beside(first)).count();
        // Of a partition that was given up nothing counts any more.
        if let Some(of) = parts.find(first.topic(), first.partition()) {
            rows.begin(chunk, parts.get(of));
            let mut last = None;
            for message in (at..at + run).map(|at| batch.get(at)) {
                let part = parts.get(of);
                match message.event() {
                    None if message.offset() < part.position || message.offset() >= part.end => {}
                    None => {
                        rows.add(chunk, part, message);
                        parts.advance(of, message.offset() + 1);
                        (count, last) = (count + 1, Some(message));
                    }
                    Some(Code::PartitionEOF) => parts.advance(of, message.offset()),
                    Some(code) => {
                        let reason = String::from_utf8_lossy(message.value().unwrap_or_default());
                        events.push(Event { part: of, code, reason: reason.into_owned() });
                    }
                }
            }
            if let Some(last) = last {
                let (offset, time) = (last.offset(), last.timestamp());
                parts.set_last(of, Last::of(offset, time, last.key(), last.value()));
            }
        }
        at += run;
    }
    count
}
