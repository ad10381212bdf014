//! A cluster in memory, for the simulation of whole runs: it outlives weir, grows, forgets and is made anew.
//!
//! ```text
//! script: records, transactions, compaction, partitions, topics, outages ──> logs, by topic and partition
//!                                                                               │ read ahead, as far as stable
//! Kafka: begin, recognized, reading, lost, watch, monitor, the same code as ever <──Queue──┘
//! ```
//!
//! Each record has an id of its own, and the cluster knows what must become of it: one that is still there is counted
//! once, one that was undone is not, and one that was deleted may have been read before.

pub mod client;
mod logs;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use clap::{Args, Command, FromArgMatches};
use rdkafka::error::RDKafkaErrorCode as Code;

use self::client::Client;
use self::logs::{Log, Record};
use super::cluster::Found;
use super::direct::Kafka;
use super::flags::{Flags, OnReset};
use super::meant::Meant;
use super::start::Start;
use super::topics::Topics;
use crate::disk::sim::{SimDisk, Tape};
use crate::kafka;
use crate::source::{Settings, Source};

/// A partition, by topic and number.
type Place = (Arc<str>, i32);

/// What comes to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// Records are written.
    Write,
    /// A transaction is begun, and ends later.
    Begin,
    /// It ends: all of it is there, or none.
    End,
    /// What has been followed by others is compacted away.
    Compact,
    /// The oldest records are deleted.
    Cut,
    /// A topic has a partition more.
    Grow,
    /// There is a topic more.
    Appear,
    /// A topic is deleted and made anew.
    Anew,
    /// Nobody answers.
    Out,
    /// All answer again.
    Back,
}

/// How a cluster treats its topics.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Records are deleted, and topics made anew.
    pub is_rough: bool,
    /// Topics come that were not there.
    pub has_new: bool,
}

/// A partition that is read.
struct Fetch {
    place: Place,
    queue: u64,
    next: i64,
    /// Where it was said to end.
    ended: Option<i64>,
    /// True if its offset is not there any more, which is not said yet.
    is_lost: bool,
    /// True once that is said: somebody has to begin again.
    is_idle: bool,
}

/// A message, or what has become of a partition.
#[derive(Clone)]
pub struct Entry {
    place: Place,
    offset: i64,
    event: Option<Code>,
    record: Option<Arc<Record>>,
}

/// A cluster.
pub struct World {
    topics: BTreeMap<Arc<str>, Vec<Log>>,
    script: VecDeque<(i64, Event)>,
    /// Decides what comes to pass, and how much of it is read when.
    chance: Tape,
    pace: Tape,
    is_out: bool,
    records: u64,
    /// Those that were undone.
    undone: BTreeSet<u64>,
    /// Where each record is, or was: topic, partition, how often that was made, offset.
    places: BTreeMap<u64, (Arc<str>, i32, u64, i64)>,
    /// What is read by the client there is, and what has come of it.
    fetches: Vec<Fetch>,
    queues: BTreeMap<u64, VecDeque<Entry>>,
    /// What becomes of lost places in this life.
    on_reset: OnReset,
    /// What is wrong.
    wrong: Option<String>,
    /// What has come to pass: how often each kind of trouble.
    pub troubles: BTreeMap<&'static str, u64>,
}

/// The same world, for all who look at it.
pub type Shared = Arc<Mutex<World>>;

impl World {
    /// A cluster of one topic at `now`, in which so many things come to pass.
    pub fn new(seed: u64, events: u64, manners: Manners, now: i64) -> World {
        let (mut chance, pace) = (Tape(seed), Tape(!seed));
        let (mut script, mut time, mut later) = (Vec::new(), now, Vec::new());
        for _ in 0..events {
            time += [0, 100, 300, 700, 1500, 4000][chance.below(6) as usize];
            let event = kind(&mut chance, manners);
            let ends = match event {
                Event::Begin => Some(Event::End),
                Event::Out => Some(Event::Back),
                _ => None,
            };
            let span = 1 + chance.below(5000) as i64;
            later.extend(ends.map(|end| (time + span, end)));
            script.push((time, event));
        }
        script.extend(later);
        script.sort_by_key(|(time, _)| *time);
        let mut world = World {
            topics: BTreeMap::new(),
            script: script.into(),
            chance,
            pace,
            is_out: false,
            records: 0,
            undone: BTreeSet::new(),
            places: BTreeMap::new(),
            fetches: Vec::new(),
            queues: BTreeMap::new(),
            on_reset: OnReset::Fail,
            wrong: None,
            troubles: BTreeMap::new(),
        };
        let count = 1 + world.chance.below(3) as usize;
        world.make(0, count, now);
        world
    }

    /// When something comes to pass next.
    pub fn next(&self) -> Option<i64> {
        self.script.front().map(|(time, _)| *time)
    }

    /// Has all come to pass that is due.
    pub fn happen(&mut self, now: i64) {
        while self.next().is_some_and(|time| time <= now) {
            let (time, event) = self.script.pop_front().expect("there is one");
            self.happens(event, time);
        }
    }

    /// A run begins, by --from, that has no checkpoint yet: what is before its start is none of its business.
    pub fn begin(&mut self, from: &str) {
        let start = Start::parse(from).expect("a start of the test");
        for log in self.topics.values_mut().flatten() {
            log.begin = start.resolve(log.range(), None);
            log.is_plain &= log.begin == 0;
        }
    }

    /// Nobody waits for brokers that are out when a run begins.
    pub fn answer(&mut self) {
        self.is_out = false;
    }

    /// True if nothing more comes to pass, and all that is there was taken.
    pub fn is_drained(&self) -> bool {
        let is_read = |name: &Arc<str>, number: usize, log: &Log| {
            let mut fetches = self.fetches.iter();
            fetches.any(|fetch| {
                let is_it = fetch.place.0 == *name && fetch.place.1 == number as i32;
                is_it && !fetch.is_lost && !fetch.is_idle && fetch.next == log.range().high
            })
        };
        let mut logs = self.topics.iter().flat_map(|(name, logs)| {
            logs.iter().enumerate().map(move |(number, log)| (name, number, log))
        });
        self.script.is_empty()
            && self.queues.values().all(VecDeque::is_empty)
            && logs.all(|(name, number, log)| is_read(name, number, log))
    }

    /// True if a run may be refused, since a place is lost.
    pub fn may_refuse(&self) -> bool {
        self.on_reset == OnReset::Fail && self.topics.values().flatten().any(|log| log.is_harmed)
    }

    /// How far a partition was read ahead.
    pub fn ahead(&self, topic: &str, number: i32) -> Option<i64> {
        let is_it = |fetch: &&Fetch| *fetch.place.0 == *topic && fetch.place.1 == number;
        self.fetches.iter().find(is_it).map(|fetch| fetch.next)
    }

    /// What a group is told must be out: all records before it are in what was `printed`.
    fn told(&mut self, topic: &str, number: i32, offset: i64, printed: &str) {
        let log = self.topics.get(topic).and_then(|logs| logs.get(number as usize));
        let Some(log) = log.filter(|log| !log.is_harmed) else { return };
        let mut before = log.must().filter(|(at, _)| *at < offset);
        let open = before.find(|(_, id)| !printed.contains(&format!("i{id}-")));
        let wrong = open.map(|(at, id)| {
            format!(
                "a group is told of {topic}[{number}] up to {offset}, and i{id} at {at} is not out"
            )
        });
        if self.wrong.is_none() {
            self.wrong = wrong;
        }
    }

    /// Checks how often each record was counted in all lives.
    pub fn check(&self, counts: &BTreeMap<&str, u64>) -> Result<(), String> {
        self.wrong.clone().map_or(Ok(()), Err)?;
        for (name, count) in counts {
            let id = id(name)?;
            let place = self.places.get(&id).ok_or_else(|| format!("{name} was never sent"))?;
            if *count != 1 {
                return Err(format!("{name} of {place:?} is counted {count} times"));
            }
            if self.undone.contains(&id) {
                return Err(format!("{name} of {place:?} was undone, and is counted"));
            }
            let (topic, number, made, offset) = place;
            let log = self.topics[topic].get(*number as usize);
            if log.is_some_and(|log| log.made == *made && *offset < log.begin) {
                return Err(format!("{name} of {place:?} is before the start, and is counted"));
            }
        }
        let mut all = self.topics.values().flatten().flat_map(Log::must);
        let lost = all.find(|(_, id)| !counts.contains_key(&format!("i{id}-")[..]));
        lost.map_or(Ok(()), |(_, id)| {
            Err(format!("i{id} of {:?} is there, and is not counted", self.places[&id]))
        })
    }

    /// Checks that records of a partition came in their order, of those that came one by one.
    pub fn check_order<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
        let mut last = BTreeMap::new();
        for name in names {
            let (topic, number, made, offset) = &self.places[&id(name)?];
            let before = last.insert((topic, number, made), *offset);
            if before.is_some_and(|before| before >= *offset) {
                return Err(format!(
                    "{name} at {offset} of {topic}[{number}] came after {before:?}"
                ));
            }
        }
        Ok(())
    }
}

/// The number of `i12-`.
fn id(name: &str) -> Result<u64, String> {
    let number = name.strip_prefix('i').and_then(|name| name.trim_end_matches('-').parse().ok());
    number.ok_or_else(|| format!("no id: {name}"))
}

/// What comes to pass next.
fn kind(chance: &mut Tape, manners: Manners) -> Event {
    match chance.below(100) {
        0..55 => Event::Write,
        55..65 => Event::Begin,
        65..72 => Event::Compact,
        72..80 => Event::Grow,
        80..84 if manners.has_new => Event::Appear,
        84..88 => Event::Out,
        88..94 if manners.is_rough => Event::Cut,
        94.. if manners.is_rough => Event::Anew,
        _ => Event::Write,
    }
}

/// The world, whoever has it.
fn of(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().expect("nobody has failed")
}

/// The source as it is typed, of this cluster, in a process that ends with the machine.
pub fn source(
    words: &str,
    settings: &Settings,
    world: &Shared,
    machine: &SimDisk,
) -> Box<dyn Source> {
    let command = kafka::Flags::augment_args(Flags::augment_args(Command::new("kafka")));
    let matches = command.try_get_matches_from(words.split(' ')).expect("flags of the test");
    let flags = Flags::from_arg_matches(&matches).expect("flags of the test");
    let shared = kafka::Flags::from_arg_matches(&matches).expect("flags of the test");
    let meant = Meant::of(&flags, &shared, settings).expect("flags of the test");
    Box::new(Kafka::<Client>::new(meant, (Arc::clone(world), machine.clone()), flags.group_id))
}
