//! What a run has done so far: counters in one place, which whoever works adds to and anybody reads.
//!
//! A reader may look while the source waits: counters need no lock, and how far each partition is behind has
//! one that nobody holds for longer than it takes to look. Both are written to once a chunk or batch, never
//! once a record, so that they cost nothing; two of them may be read a moment apart.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// What was said last.
    pub fn get(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    /// How far each part of the input is behind, where that is known: partitions.
    pub behind: Behind,
}
