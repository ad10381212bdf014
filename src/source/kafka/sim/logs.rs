//! The logs of a cluster, and what comes to pass with them.
//!
//! ```text
//! offset   0 1 2 . 4 5 6 | 7 8 9      `.` compacted away, a control record, or undone
//!          low           stable  high  behind stable stands a transaction that is not over
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Event, World};
use crate::source::kafka::start::Range;

/// A record.
#[derive(Debug)]
pub struct Record {
    /// Its id.
    pub id: u64,
    /// Its key, if it has one.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Vec<u8>,
    /// When it was written.
    pub time: i64,
}

/// A partition.
#[derive(Default)]
pub struct Log {
    /// How often its topic was made before.
    pub made: u64,
    low: i64,
    high: i64,
    records: BTreeMap<i64, Arc<Record>>,
    /// Where a transaction begins that is not over.
    open: Option<i64>,
    /// Records before this are not to be counted: the run began there.
    pub begin: i64,
    /// Records before this may be lost: reading went on behind them, as was asked for.
    pub excused: i64,
    /// True once records were deleted or the topic was made anew.
    pub is_harmed: bool,
    /// True as long as it was read from its first record on, so that it can be told from another one.
    pub is_plain: bool,
}

impl Log {
    /// Where it begins and ends, for who reads what is committed.
    pub fn range(&self) -> Range {
        Range { low: self.low, high: self.open.unwrap_or(self.high) }
    }

    /// Where it ends, with all that is not over.
    pub fn end(&self) -> i64 {
        self.high
    }

    /// The records from an offset on that can be read.
    pub fn from(&self, offset: i64) -> impl Iterator<Item = (i64, &Arc<Record>)> {
        let end = self.range().high;
        self.records.range(offset.min(end)..end).map(|(offset, record)| (*offset, record))
    }

    /// The records that must be counted, if all was read.
    pub fn must(&self) -> impl Iterator<Item = (i64, u64)> {
        let from = self.low.max(self.begin).max(self.excused);
        self.from(from).map(|(offset, record)| (offset, record.id))
    }
}

impl World {
    /// Makes a topic, or makes it anew, with so many partitions.
    pub(super) fn make(&mut self, number: usize, partitions: usize, now: i64) {
        let name: Arc<str> = Arc::from(format!("t{number}"));
        let old = self.topics.remove(&name);
        let made = old.as_ref().map_or(0, |old| old[0].made + 1);
        let log = || Log { made, is_harmed: old.is_some(), is_plain: true, ..Log::default() };
        self.topics.insert(Arc::clone(&name), (0..partitions).map(|_| log()).collect());
        for number in 0..partitions {
            let fetch =
                self.fetches.iter_mut().find(|f| f.place.0 == name && f.place.1 == number as i32);
            // What is longer than what was read of the old one nobody can tell from it, as long as it is read.
            let most = fetch.as_ref().map_or(8, |fetch| fetch.next.min(8));
            if let Some(fetch) = fetch {
                fetch.is_lost |= fetch.next > 0;
            }
            let count = self.chance.below(most.max(0) as u64);
            self.write(&name, number, count, now);
        }
    }

    /// Writes so many records.
    fn write(&mut self, topic: &Arc<str>, number: usize, count: u64, now: i64) {
        for _ in 0..count {
            self.records += 1;
            let id = self.records;
            let key = self.chance.chance(50).then(|| vec![b'k'; self.chance.below(4) as usize]);
            let record = Record { id, key, value: format!("i{id}-").into_bytes(), time: now };
            let log = &mut self.topics.get_mut(topic).expect("it is there")[number];
            self.places.insert(id, (Arc::clone(topic), number as i32, log.made, log.high));
            log.records.insert(log.high, Arc::new(record));
            log.high += 1;
        }
    }

    /// A partition, by chance, for which something holds.
    fn some(&mut self, holds: impl Fn(&Log) -> bool) -> Option<(Arc<str>, usize)> {
        let mut all = Vec::new();
        for (name, logs) in &self.topics {
            all.extend(
                (0..logs.len()).filter(|at| holds(&logs[*at])).map(|at| (Arc::clone(name), at)),
            );
        }
        let chosen = self.chance.below(all.len() as u64) as usize;
        (!all.is_empty()).then(|| all.swap_remove(chosen))
    }

    fn log(&mut self, (topic, number): &(Arc<str>, usize)) -> &mut Log {
        &mut self.topics.get_mut(topic).expect("it is there")[*number]
    }

    /// Something comes to pass.
    pub(super) fn happens(&mut self, event: Event, now: i64) {
        let what = match event {
            Event::Write => {
                if let Some((topic, number)) = self.some(|log| log.open.is_none()) {
                    let count = 1 + self.chance.below(6);
                    self.write(&topic, number, count, now);
                }
                return;
            }
            Event::Begin => self.begin_transaction(now),
            Event::End => self.end_transaction(),
            Event::Compact => self.compact(),
            Event::Cut => self.cut(),
            Event::Grow => self.grow(now),
            Event::Appear => {
                let (number, count) = (self.topics.len(), 1 + self.chance.below(2) as usize);
                self.make(number, count, now);
                Some("a topic that appears")
            }
            Event::Anew => self.anew(now),
            Event::Out => {
                self.is_out = true;
                Some("an outage")
            }
            Event::Back => {
                self.is_out = false;
                None
            }
        };
        if let Some(what) = what {
            *self.troubles.entry(what).or_default() += 1;
        }
    }

    /// Records that are not over. Of a topic that was made anew none: what is not seen looks like what was there.
    fn begin_transaction(&mut self, now: i64) -> Option<&'static str> {
        let place = self.some(|log| log.open.is_none() && log.made == 0 && log.high > 0)?;
        let log = self.log(&place);
        log.open = Some(log.high);
        let count = self.chance.below(4);
        self.write(&place.0, place.1, count, now);
        None
    }

    /// One is committed, or undone; either way a control record ends it.
    fn end_transaction(&mut self) -> Option<&'static str> {
        let place = self.some(|log| log.open.is_some())?;
        let is_undone = self.chance.chance(40);
        let log = self.log(&place);
        let begun = log.open.take().expect("it was chosen so");
        log.high += 1;
        if is_undone {
            let undone: Vec<_> =
                log.records.split_off(&begun).into_values().map(|r| r.id).collect();
            self.undone.extend(undone);
        }
        Some(if is_undone { "a transaction that is undone" } else { "a control record" })
    }

    /// Leaves gaps; the first record and the last ones stay.
    fn compact(&mut self) -> Option<&'static str> {
        let place = self.some(|log| log.made == 0 && log.records.len() > 3)?;
        let to = self.log(&place).range().high - 1;
        let offsets: Vec<_> =
            self.log(&place).records.range(1..to.max(1)).map(|(at, _)| *at).collect();
        for offset in offsets {
            if self.chance.chance(30) {
                self.log(&place).records.remove(&offset);
            }
        }
        Some("a gap")
    }

    /// Deletes the oldest; of a topic that was made anew none, or it might begin where the old one was left.
    fn cut(&mut self) -> Option<&'static str> {
        let place = self.some(|log| log.made == 0 && log.range().high > log.low)?;
        let Range { low, high } = self.log(&place).range();
        let to = low + 1 + self.chance.below((high - low) as u64) as i64;
        let log = self.log(&place);
        log.records = log.records.split_off(&to);
        (log.low, log.is_harmed, log.is_plain) = (to, true, false);
        Some("records that are deleted")
    }

    fn grow(&mut self, now: i64) -> Option<&'static str> {
        let (topic, _) = self.some(|_| true)?;
        let logs = self.topics.get_mut(&topic).expect("it is there");
        let number = logs.len();
        // One of that number may have been there before.
        let (made, is_harmed) = (logs[0].made, logs[0].made > 0);
        logs.push(Log { made, is_harmed, is_plain: true, ..Log::default() });
        let count = self.chance.below(6);
        self.write(&topic, number, count, now);
        Some("a partition that is added")
    }

    /// Deletes a topic and makes it anew: with fewer partitions only while nobody reads it, since a partition that is
    /// gone for a while is the same one for who reads.
    fn anew(&mut self, now: i64) -> Option<&'static str> {
        let is_plain = |logs: &Vec<Log>| logs.iter().all(|log| log.is_plain && log.open.is_none());
        let topics: Vec<_> = self
            .topics
            .iter()
            .filter(|(_, logs)| is_plain(logs))
            .map(|(name, _)| name.clone())
            .collect();
        let chosen = self.chance.below(topics.len() as u64) as usize;
        let topic = topics.get(chosen)?;
        let before = self.topics[topic].len();
        let least =
            if self.fetches.iter().any(|fetch| fetch.place.0 == *topic) { before } else { 1 };
        let count = least + self.chance.below((before + 2 - least) as u64) as usize;
        let number = topic[1..].parse().expect("so they are called");
        self.make(number, count, now);
        Some(if count < before {
            "a topic with fewer partitions"
        } else {
            "a topic that is made anew"
        })
    }
}
