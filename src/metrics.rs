//! What a run has done so far: counters in one place, which whoever works adds to and anybody reads.
//!
//! Nothing is locked: a reader may look while the source waits. Counters are added to once a chunk or
//! batch, never once a record, so that they cost nothing; two of them may be read a moment apart.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
}
