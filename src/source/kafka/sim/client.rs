//! A client of a cluster in memory: it reads ahead, and is never in a hurry.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::CommitMode;
use rdkafka::error::{KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::Offset;

use super::*;
use crate::clock::Wait;
use crate::disk::sim::Fault;
use crate::disk::sim::mistake::{Mistake, made};
use crate::error::Error;
use crate::kafka::seam::{Batch, Message, Queue, Topic};
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::Cluster;
use crate::source::kafka::parts::Parts;
use crate::source::kafka::start::Range;

/// A client.
pub struct Client {
    world: Shared,
    machine: SimDisk,
    patience: Duration,
    is_open: bool,
}

/// A topic as its client knows it.
pub struct Name(Arc<str>, Shared);

impl Topic for Name {
    fn stop(&self, partition: i32) {
        let mut world = of(&self.1);
        let is_it = |place: &Place| place.0 == self.0 && place.1 == partition;
        world.fetches.retain(|fetch| !is_it(&fetch.place));
        for queue in world.queues.values_mut() {
            queue.retain(|entry| !is_it(&entry.place));
        }
    }
}

/// A queue of a client.
pub struct Line(u64, Shared);

impl Drop for Line {
    fn drop(&mut self) {
        of(&self.1).queues.remove(&self.0);
    }
}

impl Queue for Line {
    type Topic = Name;
    type Batch<'a> = Vec<Entry>;

    /// Whoever moves the world on asks for what has come.
    fn ring(&mut self, _: OwnedFd) {}

    fn take(&mut self, most: usize) -> Vec<Entry> {
        let mut world = of(&self.1);
        if !world.is_out {
            world.read_ahead(self.0);
        }
        let count = 1 + world.pace.below(most.min(20) as u64) as usize;
        let queue = world.queues.get_mut(&self.0).expect("it is there as long as this");
        let count = count.min(queue.len()).min(most);
        queue.drain(..count).collect()
    }

    fn read(&self, topic: &Name, partition: i32, offset: i64) {
        of(&self.1).start(self.0, (Arc::clone(&topic.0), partition), offset);
    }

    fn high(&self, topic: &str, partition: i32) -> Option<i64> {
        Some(of(&self.1).topics.get(topic)?.get(partition as usize)?.range().high)
    }
}

impl Batch for Vec<Entry> {
    type Message<'m> = &'m Entry;

    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, at: usize) -> &Entry {
        &self[at]
    }
}

impl<'m> Message<'m> for &'m Entry {
    fn event(self) -> Option<Code> {
        self.event
    }

    fn offset(self) -> i64 {
        self.offset
    }

    fn partition(self) -> i32 {
        self.place.1
    }

    fn topic(self) -> &'m str {
        &self.place.0
    }

    fn is_beside(self, other: Self) -> bool {
        self.place == other.place
    }

    fn key(self) -> Option<&'m [u8]> {
        self.record.as_ref()?.key.as_deref()
    }

    fn value(self) -> Option<&'m [u8]> {
        self.record.as_ref().map(|record| &record.value[..])
    }

    fn timestamp(self) -> i64 {
        self.record.as_ref().map_or(-1, |record| record.time)
    }

    fn headers(self, _: impl FnMut(&'m [u8], Option<&'m [u8]>)) {}
}

impl World {
    /// Begins to read a partition.
    fn start(&mut self, queue: u64, place: Place, offset: i64) {
        assert!(!self.fetches.iter().any(|fetch| fetch.place == place), "{place:?} is read twice");
        let is_skipping = self.on_reset == OnReset::Latest;
        let log = self.topics.get_mut(&place.0).and_then(|logs| logs.get_mut(place.1 as usize));
        if let Some(log) = log.filter(|log| log.is_harmed && is_skipping) {
            // The next topic of this name could not be told from this one.
            (log.excused, log.is_plain) = (log.excused.max(offset), false);
        }
        self.fetches.push(Fetch {
            place,
            queue,
            next: offset,
            ended: None,
            is_lost: false,
            is_idle: false,
        });
    }

    /// Has something come into a queue, of each partition as much as it happens.
    fn read_ahead(&mut self, queue: u64) {
        let of_queue = |fetch: &Fetch| fetch.queue == queue;
        let count = self.fetches.iter().filter(|fetch| of_queue(fetch)).count();
        let first = self.pace.below(count as u64) as usize;
        for turn in 0..count {
            let most = [0, 1, 3, 50][self.pace.below(4) as usize];
            let mut fetches = self.fetches.iter_mut().filter(|fetch| of_queue(fetch));
            let fetch = fetches.nth((first + turn) % count).expect("there are so many");
            let log =
                self.topics.get(&fetch.place.0).and_then(|logs| logs.get(fetch.place.1 as usize));
            let come = come(fetch, log, most);
            self.queues.get_mut(&queue).expect("it is read").extend(come);
        }
    }
}

/// What comes of a partition.
fn come(fetch: &mut Fetch, log: Option<&Log>, most: usize) -> Vec<Entry> {
    let place = fetch.place.clone();
    let event =
        |code, offset| Entry { place: place.clone(), offset, event: Some(code), record: None };
    if fetch.is_idle {
        return Vec::new();
    }
    let Some(log) = log else {
        fetch.is_idle = true;
        return vec![event(Code::UnknownPartition, fetch.next)];
    };
    let range = log.range();
    if fetch.is_lost || fetch.next < range.low || fetch.next > log.end() {
        fetch.is_idle = true;
        return vec![event(Code::AutoOffsetReset, fetch.next)];
    }
    let mut come: Vec<Entry> = Vec::new();
    for (offset, record) in log.from(fetch.next).take(most) {
        let record = Some(Arc::clone(record));
        come.push(Entry { place: place.clone(), offset, event: None, record });
    }
    if let Some(last) = come.last() {
        fetch.next = last.offset + 1;
    }
    if most > 0 && log.from(fetch.next).next().is_none() && fetch.next <= range.high {
        fetch.next = range.high;
        if fetch.ended.replace(range.high) != Some(range.high) {
            come.push(event(Code::PartitionEOF, range.high));
        }
    }
    come
}

impl Client {
    /// What is asked for of each partition.
    fn each<T>(&self, parts: &[Place], of_log: impl Fn(&Log) -> T) -> Result<Vec<T>, Error> {
        let world = of(&self.world);
        let log = |(topic, number): &Place| {
            let log = world.topics.get(topic).and_then(|logs| logs.get(*number as usize));
            log.map(&of_log).ok_or_else(|| Error::Failed(format!("{topic}[{number}]: not there")))
        };
        parts.iter().map(log).collect()
    }

    /// True once the process cannot do anything any more.
    fn is_dead(&self) -> bool {
        matches!(self.machine.world().struck, Some(Fault::Kill | Fault::Power))
    }

    fn found(&self, topics: &Topics) -> Found {
        let world = of(&self.world);
        let meant = world.topics.iter().filter(|(name, _)| topics.take(name));
        meant.map(|(name, logs)| (name.to_string(), (0..logs.len() as i32).collect())).collect()
    }
}

impl Cluster for Client {
    type Address = (Shared, SimDisk);
    type Topic = Name;
    type Queue = Line;

    fn connect(
        (world, machine): &(Shared, SimDisk),
        meant: &Meant,
        _: Option<&str>,
        _: &Arc<Bell>,
    ) -> Result<Client, Error> {
        of(world).on_reset = meant.on_reset;
        let (world, machine) = (Arc::clone(world), machine.clone());
        Ok(Client { world, machine, patience: meant.patience, is_open: false })
    }

    fn queue(&self) -> Line {
        let mut world = of(&self.world);
        let number = world.queues.last_key_value().map_or(0, |(last, _)| last + 1);
        world.queues.insert(number, VecDeque::new());
        Line(number, Arc::clone(&self.world))
    }

    fn topic(&self, name: &str) -> Result<Name, Error> {
        Ok(Name(Arc::from(name), Arc::clone(&self.world)))
    }

    fn assign(&self, _: &Parts) -> Result<(), Error> {
        unreachable!("members of a group are not simulated")
    }

    fn opened(&mut self) {
        self.is_open = true;
    }

    fn answered(&self) {}

    fn hear(&self) -> Result<(), Error> {
        Ok(())
    }

    fn is_out(&self) -> bool {
        of(&self.world).is_out
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn silent(&self, what: &str) -> Error {
        Error::Failed(what.to_string())
    }

    fn partitions(&self, topics: &Topics, _: &mut dyn Wait) -> Result<Found, Error> {
        Ok(self.found(topics))
    }

    fn look(&self, topics: &Arc<Topics>, told: impl FnOnce(Option<Found>) + Send + 'static) {
        told((!self.is_out()).then(|| self.found(topics)));
    }

    fn ranges(&self, parts: &[Place], _: &mut dyn Wait) -> Result<Vec<Range>, Error> {
        let is_late = self.is_open && made(Mistake::AddedAtItsEnd);
        self.each(parts, |log| match log.range() {
            Range { high, .. } if is_late => Range { low: high, high },
            range => range,
        })
    }

    fn at(
        &self,
        parts: &[Place],
        millis: i64,
        _: &mut dyn Wait,
    ) -> Result<Vec<Option<i64>>, Error> {
        self.each(parts, |log| {
            log.from(0).find(|(_, record)| record.time >= millis).map(|(offset, _)| offset)
        })
    }

    fn members(&self, _: &str, _: &mut dyn Wait) -> Result<usize, Error> {
        Ok(0)
    }

    fn commit(&self, due: &TopicPartitionList, _: CommitMode) -> KafkaResult<()> {
        if self.is_dead() {
            return Ok(());
        }
        let printed = self.machine.text_outside("out");
        for part in due.elements() {
            if let Offset::Offset(offset) = part.offset() {
                of(&self.world).told(part.topic(), part.partition(), offset, &printed);
            }
        }
        Ok(())
    }
}
