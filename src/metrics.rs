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

/// How much of the input is read, and how much of it there is, where its end is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// What is read.
    pub done: u64,
    /// What there is; more may have come since.
    pub total: u64,
    /// True if these are records, and not bytes.
    pub in_records: bool,
}

impl Extent {
    /// So many bytes of so many.
    pub fn bytes(done: u64, total: u64) -> Extent {
        Extent { done, total, in_records: false }
    }

    /// So many records of so many.
    pub fn records(done: u64, total: u64) -> Extent {
        Extent { done, total, in_records: true }
    }

    /// What both come to together, if they are of one kind.
    pub fn with(self, other: Extent) -> Option<Extent> {
        let (done, total) = (self.done + other.done, self.total + other.total);
        (self.in_records == other.in_records).then_some(Extent { done, total, ..self })
    }
}

/// The extent that was told last.
#[derive(Debug, Default)]
pub struct Told {
    done: AtomicU64,
    total: AtomicU64,
    /// What it is in: 0 of none, else 1 for bytes and 2 for records.
    unit: AtomicU64,
}

impl Told {
    /// Tells it.
    pub fn set(&self, extent: Extent) {
        self.done.store(extent.done, Relaxed);
        self.total.store(extent.total, Relaxed);
        self.unit.store(1 + u64::from(extent.in_records), Relaxed);
    }

    /// What was told last; none where no end is known.
    pub fn get(&self) -> Option<Extent> {
        let unit = self.unit.load(Relaxed).checked_sub(1)?;
        let (done, total) = (self.done.load(Relaxed), self.total.load(Relaxed));
        Some(Extent { done, total, in_records: unit == 1 })
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
    /// How much of the input is read.
    pub extent: Told,
    /// Batches that were closed.
    pub batches: Counter,
}
