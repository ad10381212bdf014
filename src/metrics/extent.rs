//! How much of the input is read, where its end is known.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
