//! All partitions that are read, into one queue, and how far that has come.
//!
//! A message counts if its offset is the partition's position or beyond, so none counts twice; with `--once`
//! only if it is before the end that was seen at the start. Such a run ends by position: the last offset may be
//! a control record, which nobody sees, or may have been compacted away, and then the partition says that it
//! has ended.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode as Code;

use super::brokers::Brokers;
use super::lanes::Lanes;
use super::lost;
use super::rows::Rows;
use crate::chunk::{CHUNK, Chunk};
use crate::clock::{Stamp, Wait, Woke};
use crate::error::{Context, Error};
use crate::kafka::seam::{Batch, Message, Queue, Topic};
use crate::say::say;
use crate::source::Read;
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::Cluster;
use crate::source::kafka::flags::OnReset;
use crate::source::kafka::parts::{Last, Part, Parts};

/// So many messages are taken at once, at most.
const BATCH: usize = 4096;
/// How large a message is thought to be before one has come.
const TYPICAL: usize = 256;

/// What is read, and how far that has come.
pub struct Reading<C: Cluster> {
    /// What comes.
    lanes: Lanes<C>,
    /// The topics that are read by nobody else's leave; a member of a group has none.
    topics: HashMap<Arc<str>, C::Topic>,
    /// How far each partition is read.
    pub parts: Parts,
    /// So many partitions have been begun with.
    started: usize,
    rows: Rows,
    /// Rung when something has come.
    bell: Arc<Bell>,
    /// What was said of which partition.
    told: HashSet<(usize, i32)>,
    /// How large a message is, about.
    typical: usize,
    /// Who is read from.
    pub brokers: C,
}

/// What a batch tells beside its records.
struct Event {
    part: usize,
    code: Code,
    reason: String,
}

impl<C: Cluster> Reading<C> {
    /// Reads nothing yet; of each partition no more records a second than `limit`.
    pub fn new(
        mut brokers: C,
        bell: &Arc<Bell>,
        rows: Rows,
        limit: Option<u64>,
    ) -> io::Result<Reading<C>> {
        brokers.opened();
        let lanes = Lanes::new(&brokers, bell, limit)?;
        let (topics, parts, told, bell) =
            (HashMap::new(), Parts::default(), HashSet::new(), Arc::clone(bell));
        let (started, typical) = (0, TYPICAL);
        Ok(Reading { lanes, topics, parts, started, rows, bell, told, typical, brokers })
    }

    /// Begins to read partitions that were added.
    pub fn start(&mut self, now: Stamp) -> Result<(), Error> {
        while self.started < self.parts.len() {
            let part = self.parts.get(self.started);
            let queue = self.lanes.of(&self.brokers, self.started, now).place("kafka")?;
            self.started += 1;
            if part.is_done() {
                continue;
            }
            if !self.topics.contains_key(&part.topic) {
                let topic = self.brokers.topic(&part.topic)?;
                self.topics.insert(Arc::clone(&part.topic), topic);
            }
            queue.read(&self.topics[&part.topic], part.partition, part.position);
        }
        Ok(())
    }

    /// Notes how many records of each partition were not read, as the last answer of a broker had it.
    pub fn behind(&self, note: &mut dyn FnMut(&str, u64)) {
        for part in self.parts.iter() {
            if let Some(high) = self.lanes.shared().high(&part.topic, part.partition) {
                note(&part.origin.to_string(), high.saturating_sub(part.position).max(0) as u64);
            }
        }
    }

    /// Takes what is there, or waits for it.
    pub fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        on_reset: OnReset,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        self.fill(chunk, limit, on_reset, wait)?;
        if !chunk.has_come() {
            if self.parts.iter().all(Part::is_done) && self.parts.len() > 0 {
                return Ok(Read::End);
            }
            let due = self.lanes.due(wait.now());
            if wait.until(until.min(due)).place("kafka")? == Woke::Ready {
                self.bell.hush();
                self.fill(chunk, limit, on_reset, wait)?;
            }
        }
        Ok(if chunk.has_come() { Read::Rows } else { Read::Idle })
    }

    /// Takes what is there into the chunk.
    fn fill(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        on_reset: OnReset,
        wait: &mut dyn Wait,
    ) -> Result<(), Error> {
        let (mut left, mut events, now) = (limit, Vec::new(), wait.now());
        for _ in 0..self.lanes.len() {
            let lane = self.lanes.turn();
            while chunk.len() < CHUNK && events.is_empty() {
                let most = ((CHUNK - chunk.len()) / self.typical).clamp(1, BATCH);
                let (queue, allowed) = self.lanes.open(lane, now);
                let batch = queue.take(most.min(left).min(allowed));
                if batch.is_empty() {
                    break;
                }
                let before = chunk.len();
                let count = take(&batch, &mut self.parts, &mut self.rows, chunk, &mut events);
                drop(batch);
                self.lanes.took(lane, count, now);
                left -= count;
                if let Some(mean) = (chunk.len() - before).checked_div(count) {
                    // Half of what it was, so that one long message does not make all batches short.
                    self.typical = ((self.typical + mean) / 2).max(1);
                }
            }
        }
        if chunk.has_come() {
            self.brokers.answered();
        }
        events.into_iter().try_for_each(|event| self.happened(event, on_reset, wait))
    }

    /// Reads a partition on from another place.
    fn go_to(&mut self, at: usize, position: i64, now: Stamp) -> Result<(), Error> {
        self.parts.reset(at, position);
        let part = self.parts.get(at);
        match self.topics.get(&part.topic) {
            Some(topic) => {
                topic.stop(part.partition);
                let queue = self.lanes.of(&self.brokers, at, now).place("kafka")?;
                queue.read(topic, part.partition, position);
                Ok(())
            }
            None => self.brokers.assign(&self.parts),
        }
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
                self.go_to(at, position, wait.now())?;
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

impl Reading<Brokers> {
    /// Has what comes of partitions come here, and of no others, which a group assigns next.
    pub fn receive(&mut self, parts: Parts, now: Stamp) -> io::Result<()> {
        self.parts = parts;
        self.lanes.clear();
        for (at, part) in self.parts.iter().enumerate() {
            self.lanes.of(&self.brokers, at, now)?.receive(&part.topic, part.partition);
        }
        Ok(())
    }
}

impl<C: Cluster> Drop for Reading<C> {
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
    batch: &impl Batch,
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
