//! A run with a checkpoint, on a disk that breaks at each of its operations: what comes out must be
//! what comes out when nothing breaks.
//!
//! ```text
//! life 1   source from 0   x                   killed, out of power, out of space, an error
//! life 2           from the last record   x    and again
//! life 3                         ... to the end
//! ```
//!
//! Checkpoint, log of the input, the file of `-o` and the directory of `--output-dir` are on one simulated
//! disk; beside it somebody reads stdout, a command is run, a topic is written, and all remember. `every` has a fault at
//! one operation after the other, `lives` several by chance, `sent` a source that cannot be asked again,
//! `down` time in which nobody lives, `short` lives that end before anything is tidied up, `stopped` ends
//! that are none, `scripted/many` an input of very many parts, `scripted/files` a file that is rotated, `scripted/agents`
//! Flume, `scripted/topics` Kafka, and `planted` proves that they find bugs.
//! Seeds are as those of `checkpoint/tests`: `WEIR_SIM=NUMBER cargo test lasting` lives one again.

macro_rules! ensure {
    ($holds:expr, $($what:tt)*) => {
        if !$holds {
            return Err(format!($($what)*));
        }
    };
}

mod commanded;
mod down;
mod every;
mod found;
mod lives;
mod mistaken;
mod planted;
mod printed;
mod scripted;
mod sent;
mod short;
mod stopped;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use self::commanded::Commands;
use self::mistaken::Mistaken;
use self::printed::{Printed, Reader};
use self::scripted::{Script, Scripted, Seen};
use crate::checkpoint::Checkpoint;
use crate::checkpoint::bug::PLANTED;
use crate::checkpoint::tests::{asked, seeds, tiny};
use crate::chunk::Half;
use crate::cli::plan::{self, Plan};
use crate::cli::{self, Asked};
use crate::clock::{Stamp, VirtualTime};
use crate::disk::sim::mistake::{MADE, Mistake};
use crate::disk::sim::{FAULTS, Fault, SimDisk, Tape};
use crate::engine::{self, Saved, Surroundings};
use crate::error::Error;
use crate::format::{Format, Rows};
use crate::process::signal::Stop;
use crate::report::viewer::Viewers;
use crate::sink::dir::Dir;
use crate::sink::exec::Exec;
use crate::sink::file::Appended;
use crate::sink::output::Staged;
use crate::sink::outputs::Outputs;
use crate::sink::topic::Topic;
use crate::sink::topic::sim::{Client, Cluster};
use crate::wire::message::put;

/// How many parts the input of a source with positions may have.
const PARTS: [usize; 4] = [12, 1, 3, 40];

/// How many of a hundred requests to the topic's brokers go wrong.
const TROUBLES: u64 = 5;

/// When the first life begins.
const START: i64 = 1000;

/// What is wrong.
type Lived = Result<(), String>;

/// How a life is lived.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// When it begins. None: when the last record ended, so that its batches are those that nobody has
    /// disturbed.
    start: Option<i64>,
    /// It ends after so many milliseconds, with an open batch.
    lasts: Option<u64>,
    threads: usize,
    /// The input is logged, if it cannot be asked for again.
    logs_input: bool,
    syncs_at_once: bool,
    /// Where the script ends a batch, somebody ends the life.
    stops: bool,
    /// The reader of stdout goes after so many batches.
    leaves: Option<u64>,
    /// Or it asks for the end after so many, while more may be due.
    asks: Option<u64>,
}

/// Lives go on from each other, and log what cannot be asked for again.
const ON: Manner = Manner {
    start: None,
    lasts: None,
    threads: 1,
    logs_input: true,
    syncs_at_once: true,
    stops: false,
    leaves: None,
    asks: None,
};

/// A stream: what was typed, its script, the disk, and what is seen of it from outside.
struct Case {
    flags: &'static str,
    script: Script,
    has_position: bool,
    /// If its source gives pairs, the half of them that the script has.
    pairs: Option<Half>,
    /// True if its input is a file that is followed, and rotated as it grows.
    is_file: bool,
    /// Flume's agents, if its source is what they talk to.
    agents: Option<scripted::agents::Agents>,
    /// Kafka's topics, if its source reads them.
    #[cfg(feature = "kafka")]
    topics: Option<scripted::topics::Topics>,
    /// How many parts its input has, where they have positions.
    parts: usize,
    disk: SimDisk,
    seen: Arc<Mutex<Seen>>,
    reader: Arc<Mutex<Reader>>,
    commands: Arc<Mutex<Commands>>,
    cluster: Arc<Mutex<Cluster>>,
}

/// Makes a message of whatever text there is, so that a topic has what FILE has.
struct Wrapped(Box<dyn Format>);

impl Wrapped {
    fn put(&mut self, out: &mut Vec<u8>, act: impl FnOnce(&mut dyn Format, &mut Vec<u8>)) {
        let mut text = Vec::new();
        act(&mut *self.0, &mut text);
        if !text.is_empty() {
            put(out, None, |out| out.extend_from_slice(&text));
        }
    }
}

impl Format for Wrapped {
    fn begin(&mut self, out: &mut Vec<u8>, time: Stamp) {
        self.put(out, |format, text| format.begin(text, time));
    }

    fn go_on(&mut self, time: Stamp, rows: u64) {
        self.0.go_on(time, rows);
    }

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        self.put(out, |format, text| format.rows(text, rows));
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.put(out, |format, text| format.end(text));
    }
}

impl Case {
    /// Of a source that has a position, or has none.
    fn new(flags: &'static str, script: &Script, has_position: bool, seed: u64) -> Case {
        let case = Case::on(SimDisk::new(seed), flags, script, has_position);
        Case { parts: PARTS[seed as usize % PARTS.len()], ..case }
    }

    fn on(disk: SimDisk, flags: &'static str, script: &Script, has_position: bool) -> Case {
        let (seen, reader, commands) = (Arc::default(), Arc::default(), Arc::default());
        let (script, pairs, parts) = (script.clone(), None, PARTS[0]);
        let (is_file, cluster) = (false, Cluster::new(disk.world().tape(), TROUBLES));
        Case {
            flags,
            script,
            has_position,
            pairs,
            is_file,
            agents: None,
            #[cfg(feature = "kafka")]
            topics: None,
            parts,
            disk,
            seen,
            reader,
            commands,
            cluster,
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn plan(&self, start: i64) -> Result<Plan, Error> {
        let interval = if self.flags.contains("--interval") { "" } else { "--interval 1s " };
        let source = self.pairs.map_or("stdin", |_| "listen 0 --with-peer");
        let flags = self.flags;
        let words = format!("weir {source} --utc --quiet --checkpoint ck {interval}{flags}");
        match cli::parse(words.split(' ').map(OsString::from))? {
            Asked::Run(typed) => plan::plan(&typed, Stamp(start)),
            _ => unreachable!("a stream was typed"),
        }
    }

    /// Lives until the script ends, the time is over or something fails.
    fn live(&self, manner: Manner) -> Result<(), Error> {
        let (disk, pipeline) =
            (Arc::new(self.disk.clone()), self.plan(START)?.saving.unwrap().pipeline);
        let pipeline = pipeline.with_positions(self.has_position);
        let checkpoint = Checkpoint::open(disk, Path::new("ck"), &pipeline, tiny())?;
        let last = checkpoint.last().map(|last| (last.n, last.time));
        self.seen().records.extend(last);
        let start = manner.start.unwrap_or(last.map_or(START, |(_, time)| time.0));
        let Plan { mut pipeline, mut settings, .. } = self.plan(start)?;
        let stop: Arc<Stop> = Arc::default();
        self.reader.lock().unwrap().asks = manner.asks.map(|after| (after, Arc::clone(&stop)));
        let asked = manner.stops.then(|| Arc::clone(&stop));
        let logs_input = manner.logs_input && !self.has_position;
        pipeline.source = match &self.agents {
            Some(agents) => Box::new(scripted::agents::Watched::new(self, agents, logs_input)),
            None if self.is_file => Box::new(scripted::files::Rotated::new(self, start)),
            None => Box::new(Scripted::new(self, asked)),
        };
        #[cfg(feature = "kafka")]
        if let Some(topics) = &self.topics {
            pipeline.source = Box::new(topics.source(self, start, last.is_none()));
        }
        let twin = self.plan(start)?.pipeline.layout.text;
        pipeline.layout.messages = twin.map(|text| Box::new(Wrapped(text)) as Box<dyn Format>);
        (settings.threads, settings.once) = (manner.threads, false);
        settings.duration = manner.lasts.map(Duration::from_millis);
        let saved = Some(Saved { checkpoint, logs_input, syncs_at_once: manner.syncs_at_once });
        let (wait, waker) = VirtualTime::new(Stamp(start)).unwrap();
        let (wait, outputs) = (Box::new(wait), self.outputs()?);
        let (metrics, viewers, supervisor) = (Arc::default(), Viewers::default(), Arc::default());
        let around =
            Surroundings { wait, waker, outputs, stop, saved, metrics, viewers, supervisor };
        engine::run(pipeline, &settings, around)
    }

    fn outputs(&self) -> Result<Outputs, Error> {
        let file = Appended::open(&self.disk, "out".as_ref())?.locked()?;
        let printed = Printed::new(Arc::clone(&self.reader));
        let mut list: Vec<Box<dyn Staged>> = vec![Box::new(printed), Box::new(file)];
        let topic = Topic::new("t", Box::new(Client::new(&self.cluster, &self.disk))).opened()?;
        list.push(Box::new(Mistaken::over(topic, Mistake::SentEarly, None)));
        if self.has_batches() {
            let dir = Dir::open_staged(&self.disk, "od".as_ref(), "tsv")?;
            let shell = commanded::Scripted::new(&self.commands, &self.disk);
            let exec = Exec::by(Box::new(shell), "command".as_ref());
            list.push(Box::new(Mistaken::over(dir, Mistake::NamedEarly, None)));
            let once = Some(Mistake::RunOnce);
            list.push(Box::new(Mistaken::over(exec, Mistake::RunEarly, once)));
        }
        Ok(Outputs::of(list))
    }

    /// True if it may have `--output-dir` and `--exec`.
    fn has_batches(&self) -> bool {
        !self.flags.contains("--interval 0")
    }

    /// True if each row is a line.
    fn has_lines(&self) -> bool {
        self.flags.contains("--format") && !self.flags.contains("--format pprint")
    }

    /// Lives once without a fault; returns what came out, and how many operations it took.
    fn undisturbed(&self) -> (String, u64) {
        self.disk.world().start(None);
        self.live(ON).unwrap();
        let operations = self.disk.world().operations;
        (self.out(), operations)
    }

    /// Lives with a fault or without, and checks what can be at any time. Afterwards the power may be
    /// lost too.
    fn disturbed(&self, manner: Manner, fault: Option<(u64, Fault)>, loses_power: bool) -> Lived {
        self.disk.world().start(fault);
        self.seen().was_stopped = false;
        self.reader.lock().unwrap().leaves = manner.leaves;
        let result = self.live(manner);
        let mut world = self.disk.world();
        let is_end = |error: &&Error| matches!(error, Error::Closed) || self.may_refuse(error);
        if let Some(error) = result.as_ref().err().filter(|error| !is_end(error)) {
            ensure!(world.struck.is_some(), "without a cause: {error}");
            ensure!(error.exit_status() == 1, "a fault is no damage: {error}");
        }
        // Nobody notices a crash at the last operation, or a fault beside the workers when all is done.
        let is_last = fault.is_some_and(|(at, _)| at == world.operations);
        let is_told = result.is_err() || world.struck.is_none() || is_last;
        ensure!(is_told || !manner.syncs_at_once, "a fault was passed over");
        match world.struck {
            Some(Fault::Power) => world.lose_power(),
            Some(Fault::Kill) => {}
            _ if loses_power => world.lose_power(),
            _ => {}
        }
        world.start(None);
        drop(world);
        self.seen().was_stopped &= result.is_ok();
        self.seen().check()?;
        self.commands.lock().unwrap().check()?;
        self.reader.lock().unwrap().check()
    }

    /// True of what ends a life though nothing has failed: what comes next in the input is not there any more.
    fn may_refuse(&self, error: &Error) -> bool {
        #[cfg(feature = "kafka")]
        if let (Some(topics), Error::Refused(_)) = (&self.topics, error) {
            return topics.may_refuse();
        }
        let _ = error;
        false
    }

    fn out(&self) -> String {
        self.disk.text_outside("out")
    }

    /// What the topic has come to.
    fn sent(&self) -> String {
        let cluster = self.cluster.lock().unwrap();
        let messages = cluster.seen.iter().flat_map(|(_, messages)| messages);
        messages.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
    }

    /// Checks, at the end of all lives, that all outputs say the same.
    fn compare(&self) -> Lived {
        let reader = self.reader.lock().unwrap();
        let (out, printed, header) = (self.out(), reader.text(), reader.header());
        ensure!(out == printed, "FILE and stdout differ: {}", difference(&out, &printed));
        let sent = self.sent();
        let rows = out.strip_prefix(header).unwrap_or(&out);
        ensure!(rows == sent, "FILE and the topic differ: {}", difference(rows, &sent));
        if !self.has_batches() {
            return Ok(());
        }
        let parts = parts(&self.disk, header)?;
        let commanded = self.commands.lock().unwrap().text(header, self.has_lines())?;
        let out = out.strip_prefix(header).unwrap_or(&out);
        ensure!(out == parts, "FILE and the directory differ: {}", difference(out, &parts));
        ensure!(out == commanded, "FILE and --exec differ: {}", difference(out, &commanded));
        Ok(())
    }
}

/// What is in the directory, batch by batch, without what each begins with.
fn parts(disk: &SimDisk, header: &str) -> Result<String, String> {
    // What was never decided may stay hidden until the next batch is staged.
    let files = disk.files_in("od").into_iter().filter(|(name, _)| !name.starts_with('.'));
    let part = |(name, text): (String, String)| {
        let time = name.strip_prefix("batch-").and_then(|name| name.strip_suffix(".tsv"));
        let time = time.and_then(|time| time.parse::<i64>().ok());
        let body = text.strip_prefix(header).map(str::to_string);
        time.zip(body).ok_or_else(|| format!("{name}, without {header:?}: {text:?}"))
    };
    let mut parts = files.map(part).collect::<Result<Vec<_>, _>>()?;
    parts.sort_unstable();
    Ok(parts.into_iter().map(|(_, body)| body).collect())
}

/// Where the first text is not as the second.
fn difference(text: &str, wanted: &str) -> String {
    let [mut lines, mut others] = [text, wanted].map(|text| text.lines());
    let same = lines.clone().zip(others.clone()).take_while(|(a, b)| a == b).count();
    format!("line {}: {:?}, not {:?}", same + 1, lines.nth(same), others.nth(same))
}

/// How many workers there are: a bug is planted in one thread alone.
fn threads(tape: &mut Tape) -> usize {
    let threads = 1 + tape.below(3) as usize;
    if PLANTED.get().is_some() || MADE.get().is_some() { 1 } else { threads }
}

/// A fault at an operation up to `most`, or at an early one: at the start.
fn fault(tape: &mut Tape, most: u64) -> (u64, Fault) {
    let range = [30, 100, most][tape.below(3) as usize];
    (1 + tape.below(range), FAULTS[tape.below(4) as usize])
}

/// Chunks of words, some a batch, some batches without any, some cut short.
fn script(seed: u64, chunks: usize) -> Script {
    let (mut tape, mut time) = (Tape(seed), START);
    let mut chunk = |number: usize| {
        time += [0, 300, 400, 500, 900, 3700][tape.below(6) as usize];
        if tape.chance(7) {
            return (time, String::new());
        }
        let words = (0..1 + tape.below(4)).map(|_| match tape.below(12) {
            rare @ 0 => format!("{rare}-{number}-and-more-than-fits-into-an-entry\n"),
            word => format!("w{word}\n"),
        });
        (time, words.collect())
    };
    Arc::new((0..chunks).map(&mut chunk).collect())
}

/// All that is kept in different ways.
const KINDS: &[&str] = &[
    "--count-by-key --format tsv",
    "--count --format tsv --skip-empty",
    "--count-by-key --format tsv --header --changed",
    "--count-by-key --format json --window 6s --slide 3s",
    "--count-by-key --format tsv --window 4s --slide 2s --changed",
    "--count-by-key --format tsv --window 4s --inverse --keep-zeros",
    "--count-by-key --format tsv --window 6s --slide 2s --sort none --changed --top 3",
    "--count --format tsv --window 5s --slide 5s --skip-partial",
    "--count-by-key --format tsv --window 6s --slide 2s --skip-partial --changed",
    "--count-by-key --format tsv --window 6s --slide 2s --inverse --keep-zeros --changed",
    "--count-by-key --format tsv --interval 300ms --window 900ms --slide 300ms --changed --skip-empty",
    "--count --format tsv --window 4s --slide 2s --changed --skip-empty",
    "--count-by-key --format tsv --update-state",
    "--count-by-key --format tsv --update-state --changed --skip-empty",
    "--count-by-key --format tsv --update-state --sort none --top 4 --changed",
    "--count-by-key --format tsv --update-state --state-ttl 3s",
    "--count-by-key --format tsv --update-state --max-keys 5 --on-full oldest --changed",
    "--count-by-key --format tsv --update-state --max-keys 5 --on-full oldest --state-ttl 4s",
    "--count --update-state",
    "--count --update-state --changed --skip-empty --interval 2s --state-ttl 2s",
    "--filter w --format text",
    "--filter 9 --format pprint --num all",
    "--format text --interval 0",
    "--count-by-key --update-state --format text --interval 0 --state-ttl 2s",
    "--count-by-key --update-state --format text --interval 0 --max-keys 4 --on-full oldest --changed",
    "--extract w(.*) --stats count,sum,mean,stddev,p50,max --format tsv --window 6s --slide 2s --changed",
    "--extract w(.*) --stats sum,mean,stddev --format tsv --window 4s --inverse",
    "--extract (?<key>^.)(?<value>.*) --stats-by-key distinct,first,last --format tsv --update-state --changed",
    "--extract (?<key>^.)(?<value>.*) --group-by-key --format json --window 4s --slide 2s",
    "--extract (?<key>^.)(?<value>.*) --distinct-by-key --format json --window 6s --slide 2s --sort none",
    "--extract (?<key>^.)(?<value>.*) --stats-by-key distinct,first,last --format tsv --window 6s --slide 3s",
    "--extract w(.*) --max --format tsv --window 4s --skip-empty",
    "--extract (?<key>^w)(?<value>.*) --stats-by-key min,mean,p90,count --format tsv --window 5s --changed",
    "--extract (?<key>^.)(?<value>.*) --sum-by-key --format csv --update-state --interval 0",
    "--distinct --format text --update-state --changed --skip-empty",
    "--count-by-key --share --having >0.1 --changed --format tsv --window 4s --slide 2s",
    "--count-by-key --per 1s --by value --changed --format tsv --window 4s --slide 2s",
    "--jq select(length>2)|.[1:] --raw --value length --sum-by-key --format tsv --window 4s --slide 2s",
    "--extract (?<key>^.)(?<value>.*) --reduce-by-key (.+$x)|if(type==\"string\")then(.[-9:])else(.)end --format tsv",
    "--extract (?<key>^.)(?<value>.*) --reduce-by-key [.,$x]|tostring|.[-50:] --format tsv --update-state --changed",
    "--extract w(.*) --reduce \"\\(.),\\($x)\" --format json --window 6s --slide 2s --changed",
    "--extract (?<key>^w)(?<value>.*) --reduce-by-key \"\\(.),\\($x)\" --format tsv --window 6s --slide 3s --sort none",
    "--extract (?<key>w1|w)(?<value>.+) --reduce-by-key .+$x --inverse-by .-$x --format tsv --window 4s --inverse --changed",
    "--extract (?<key>^.)(?<value>.*) --update-state-by (.values|length)+(.state//0) --format tsv",
    "--extract w(?<key>.)(?<value>.*) --update-state-by ((.state//[])+.values)[-3:] --format json --changed --sort none",
    "--update-state-by if(.values!=[])then{n:0}elif(.state.n<2)then{n:(.state.n+1)}else(null)end --format tsv --changed",
    "--update-state-by (.state//0)+(.values|length) --touched --state-ttl 3s --format tsv",
    "--update-state-by (.state//0)+1 --max-keys 4 --on-full oldest --format tsv --changed",
    "--update-state-by (.state//0)+1 --interval 0 --format text --state-ttl 2s",
];
