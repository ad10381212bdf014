//! The source: all partitions that are meant, each read from where it stands, into one queue.
//!
//! ```text
//! open    which partitions are there, where does each begin          nothing is fetched for the stream
//! read    queue ──batch──> rows          what has come is there at once; else the clock waits for the bell
//! moved   each partition's offset that comes next
//! ```
//!
//! With `--group-id` beside a checkpoint, offsets of what is out go to the group too.

mod begin;
pub mod brokers;
mod lanes;
mod lost;
pub mod reading;
mod recognized;
pub mod rows;
mod watch;

use std::collections::HashSet;

use self::begin::{Begin, begin, forget};
use self::brokers::Brokers;
use self::reading::Reading;
use self::watch::Watch;
use super::bell::Bell;
use super::cluster::{Cluster, Found};
use super::group::monitor::Monitor;
use super::meant::Meant;
use super::parts::{ALL, Noted, noted};
use super::topics::Topics;
use crate::chunk::{Chunk, Mark};
use crate::clock::{Stamp, Wait};
use crate::error::{Context, Error};
use crate::metrics::Extent;
use crate::metrics::link::Said;
use crate::say::{detail, note};
use crate::source::kafka::flags::OnReset;
use crate::source::kafka::start::Start;
use crate::source::{Changed, Form, Read, Source, Stage};

/// The source.
pub struct Kafka<C: Cluster> {
    meant: Meant,
    /// Where the cluster is, beside what is meant.
    at: C::Address,
    /// The group that is told what is out.
    group: Option<String>,
    /// What the run before has noted.
    noted: Noted,
    /// What is to be noted beside where partitions stand.
    news: Vec<(String, &'static [u8])>,
    open: Option<Open<C>>,
}

/// What there is once it is opened.
struct Open<C: Cluster> {
    reading: Reading<C>,
    watch: Watch,
    monitor: Option<Monitor<C>>,
}

impl Kafka<Brokers> {
    /// The source that is meant, by librdkafka.
    pub fn of_brokers(meant: Meant, group: Option<String>) -> Kafka<Brokers> {
        Kafka::new(meant, (), group)
    }
}

impl<C: Cluster> Kafka<C> {
    /// The source that is meant; it is not opened yet.
    pub fn new(meant: Meant, at: C::Address, group: Option<String>) -> Kafka<C> {
        Kafka { meant, at, group, noted: Noted::default(), news: Vec::new(), open: None }
    }

    /// Says how many partitions are read, and where from if nobody has typed that.
    fn say_start(&self, found: &Found, all: &[Begin]) {
        self.meant.say_unmatched(&found.keys().collect::<Vec<_>>());
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

impl<C: Cluster> Source for Kafka<C> {
    fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        self.noted = noted(positions)?;
        Ok(Vec::new())
    }

    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let meant = &self.meant;
        let bell = Bell::of(wait)?;
        let brokers = C::connect(&self.at, meant, None, &bell)?;
        let found = brokers.partitions(&meant.topics, wait)?;
        let gone = forget(&found, &mut self.noted, meant.on_reset)?;
        let (start, on_reset) = (meant.start(), meant.on_reset);
        let all = begin(&brokers, &found, &self.noted, &meant.topics, start, on_reset, wait)?;
        self.news = news(&meant.topics, &self.noted, gone);
        self.say_start(&found, &all);
        let mut reading = Reading::new(brokers, &bell, meant.rows(), meant.rate).place("kafka")?;
        for begin in &all {
            let end = if meant.once { begin.range.high } else { i64::MAX };
            reading.parts.add(&begin.topic, begin.partition, begin.kept, end);
        }
        let watch = Watch::new(&meant.topics, &bell, meant.refresh, wait.now());
        let group = self.group.as_ref();
        let monitor = group.map(|group| Monitor::open(&self.at, group, meant, &bell, wait));
        self.open = Some(Open { reading, watch, monitor: monitor.transpose()? });
        Ok(())
    }

    fn form(&self) -> Form {
        self.meant.form()
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let (once, on_reset) = (self.meant.once, self.meant.on_reset);
        let open = self.open.as_mut().expect("the engine opens a source first");
        open.reading.brokers.hear()?;
        open.monitor.iter().try_for_each(Monitor::hear)?;
        if !once {
            open.look_around(&self.meant.topics, &self.noted, wait)?;
        }
        if once && open.reading.parts.len() == 0 {
            return Ok(Read::End);
        }
        open.reading.start(wait.now())?;
        let until = if once { until } else { until.min(open.watch.due()) };
        open.reading.read(chunk, limit, on_reset, wait, until)
    }

    fn waiting(&self) -> String {
        self.meant.waiting()
    }

    fn extent(&self) -> Option<Extent> {
        let open = self.open.as_ref().filter(|_| self.meant.once)?;
        Some(open.reading.parts.extent())
    }

    fn links(&self, said: &mut Said) {
        said.links.push(self.meant.link());
    }

    fn is_replayable(&self) -> bool {
        true
    }

    fn behind(&self, note: &mut dyn FnMut(&str, u64)) {
        self.open.iter().for_each(|open| open.reading.behind(note));
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if let Some(Open { monitor: Some(monitor), reading, .. }) = &mut self.open {
            match stage {
                Stage::Closed => monitor.close(mark, &reading.parts),
                Stage::Committed => monitor.commit(mark),
                Stage::Folded | Stage::Logged => {}
            }
        }
        Ok(())
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        self.news.drain(..).for_each(|(part, position)| note(part.as_bytes(), position));
        if let Some(open) = &mut self.open {
            open.reading.parts.note(note);
        }
    }
}

/// What is to be noted of regular expressions, and of partitions that are gone.
fn news(topics: &Topics, noted: &Noted, gone: Vec<String>) -> Vec<(String, &'static [u8])> {
    let typed: HashSet<&str> = topics.patterns().collect();
    let fresh = typed.iter().filter(|pattern| !noted.patterns.contains(**pattern));
    let over = noted.patterns.iter().filter(|pattern| !typed.contains(pattern.as_str()));
    let fresh = fresh.map(|pattern| (pattern.to_string(), ALL));
    let over = over.cloned().chain(gone).map(|part| (part, &b""[..]));
    fresh.chain(over).collect()
}

impl<C: Cluster> Open<C> {
    /// Looks for partitions that are new.
    fn look_around(
        &mut self,
        topics: &Topics,
        noted: &Noted,
        wait: &mut dyn Wait,
    ) -> Result<(), Error> {
        let now = wait.now();
        self.watch.ask(&self.reading.brokers, now);
        let Some(found) = self.watch.answer(now) else { return Ok(()) };
        let fresh = |(topic, numbers): (String, Vec<i32>)| {
            let is_new = |number: &i32| self.reading.parts.find(&topic, *number).is_none();
            let numbers: Vec<i32> = numbers.into_iter().filter(is_new).collect();
            (!numbers.is_empty()).then_some((topic, numbers))
        };
        let fresh: Found = found.into_iter().filter_map(fresh).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        // A topic whose name matches now, and that was read before, goes on.
        let (brokers, on_reset) = (&self.reading.brokers, OnReset::Earliest);
        let all = match begin(brokers, &fresh, noted, topics, Start::Earliest, on_reset, wait) {
            Ok(all) => all,
            // Whatever it was, it is asked again.
            Err(error) => {
                detail(&error.to_string());
                return Ok(());
            }
        };
        for begin in all {
            let at = self.reading.parts.add(&begin.topic, begin.partition, begin.kept, i64::MAX);
            note(&format!(
                "{}: a new partition, read from its first record on",
                self.reading.parts.get(at).origin
            ));
        }
        Ok(())
    }
}
