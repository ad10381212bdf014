//! What a run has done so far: counters in one place, which whoever works adds to and anybody reads.
//!
//! A reader may look while the source waits: counters need no lock, and what is no number has one that nobody
//! holds for longer than it takes to look. All are written to once a chunk or batch, never once a record, so
//! that they cost nothing; two of them may be read a moment apart. What one batch was is `batch`: it is
//! reckoned while nobody reads, so its numbers belong together.

pub mod batch;
pub mod flow;
pub mod link;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flow::Flows;
use link::Links;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// What it has come to.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How many records each part of the input has that were not read yet.
#[derive(Debug, Default)]
pub struct Behind(Mutex<BTreeMap<String, u64>>);

impl Behind {
    /// Says it of all parts there are.
    pub fn set(&self, all: BTreeMap<String, u64>) {
        *locked(&self.0) = all;
    }

    /// What was said last.
    pub fn get(&self) -> BTreeMap<String, u64> {
        locked(&self.0).clone()
    }
}

/// Why records were bad: the last reasons.
#[derive(Debug, Default)]
pub struct Reasons(Mutex<VecDeque<String>>);

/// So many reasons are kept.
const REASONS: usize = 8;
/// So many bytes of each, about.
const REASON: usize = 400;

impl Reasons {
    /// Notes one more; what is long is cut.
    pub fn note(&self, reason: &str) {
        let end = reason.floor_char_boundary(REASON);
        let mut all = locked(&self.0);
        all.truncate(REASONS - 1);
        all.push_front(reason[..end].to_string());
    }

    /// The last ones, the newest first.
    pub fn get(&self) -> Vec<String> {
        locked(&self.0).iter().cloned().collect()
    }
}

/// What a checkpoint holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// How many commits there were, in this run.
    pub commits: u64,
    /// The bytes of its files.
    pub bytes: u64,
    /// How long the last commit took until it was on the disk, in microseconds.
    pub micros: u64,
}

/// The counters of a run.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Records that were read, good ones.
    pub records: Counter,
    /// Their bytes, as they came.
    pub bytes: Counter,
    /// Records that could not be used.
    pub bad: Counter,
    /// Records that a step has dropped.
    pub filtered: Counter,
    /// Rows that were reported or written.
    pub rows: Counter,
    /// Batches that have passed unread while the run went on.
    pub late_batches: Counter,
    /// How long workers had chunks in hand, all together, in microseconds.
    pub busy: Counter,
    /// How far each part of the input is behind, where that is known: partitions.
    pub behind: Behind,
    /// Why records were bad.
    pub reasons: Reasons,
    /// What has gone through each step, if that is counted.
    pub flows: Flows,
    /// Who the source is connected with.
    pub links: Links,
    stored: Mutex<Option<Stored>>,
}

impl Metrics {
    /// Says what the checkpoint holds after a commit that took so long.
    pub fn committed(&self, bytes: u64, micros: u64) {
        let mut stored = locked(&self.stored);
        let commits = stored.map_or(0, |stored| stored.commits) + 1;
        *stored = Some(Stored { commits, bytes, micros });
    }

    /// What the checkpoint holds; nothing before there was a commit, or without one.
    pub fn stored(&self) -> Option<Stored> {
        *locked(&self.stored)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reasons_are_kept_and_long_ones_cut() {
        let reasons = Reasons::default();
        (0..20).for_each(|number| reasons.note(&number.to_string()));
        assert_eq!(reasons.get(), ["19", "18", "17", "16", "15", "14", "13", "12"]);
        reasons.note(&"é".repeat(REASON));
        assert_eq!(reasons.get()[0], "é".repeat(REASON / 2));
    }
}
