//! What one batch was: how much has come in it, and how long it took until its report was out.
//!
//! ```text
//! batch    |------ reads, steps, folds ------|· closing · report · outputs |
//!                                          Time                            out
//!                                            |-|  scheduling delay: nobody had begun to close it yet
//!                                              |----- processing time -----|
//!                                            |-------- total delay --------|
//! ```
//!
//! The three times are Spark's: from when a batch is due until somebody works on it, from then until it is
//! done, and their sum. Records are read, taken through the steps and folded while the batch is open, so
//! what Spark does after the Time has mostly been done by then; how much of the interval that took the
//! workers is `busy`.

use std::time::Duration;

use super::Metrics;
use crate::clock::{Stamp, Stopwatch};

/// A batch that is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Its Time.
    pub time: Stamp,
    /// What has come in it.
    pub taken: Taken,
    /// Rows of its reports, or records that were written.
    pub rows: u64,
    /// How many keys are kept beyond the batch, if any are.
    pub keys: Option<u64>,
    /// How much later than at its Time somebody began to close it.
    pub scheduling: Duration,
    /// From then until its report was out, and recorded.
    pub processing: Duration,
}

impl Batch {
    /// From its Time until its report was out.
    pub fn total(&self) -> Duration {
        self.scheduling + self.processing
    }
}

/// What has come in a batch: the differences of [`Metrics`] from one batch's end to the next one's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Records, good ones.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bad records.
    pub bad: u64,
    /// Records that steps have dropped.
    pub filtered: u64,
    /// Batches that have passed unread before it.
    pub late_batches: u64,
    /// How long workers had its chunks in hand, all together, in microseconds.
    pub busy: u64,
}

impl Taken {
    /// All that there was until now.
    fn of(metrics: &Metrics) -> Taken {
        Taken {
            records: metrics.records.get(),
            bytes: metrics.bytes.get(),
            bad: metrics.bad.get(),
            filtered: metrics.filtered.get(),
            late_batches: metrics.late_batches.get(),
            busy: metrics.busy.get(),
        }
    }

    fn since(self, before: Taken) -> Taken {
        Taken {
            records: self.records - before.records,
            bytes: self.bytes - before.bytes,
            bad: self.bad - before.bad,
            filtered: self.filtered - before.filtered,
            late_batches: self.late_batches - before.late_batches,
            busy: self.busy - before.busy,
        }
    }
}

/// Measures one batch after the other.
#[derive(Debug, Default)]
pub struct Tally {
    /// What there was when the last batch was closed, and its rows when it was out.
    before: Taken,
    rows: u64,
    closing: Option<Closing>,
}

/// A batch that is being closed.
#[derive(Debug)]
struct Closing {
    taken: Taken,
    scheduling: Duration,
    watch: Stopwatch,
}

impl Tally {
    /// A batch is closed, and all of it is folded: nobody reads meanwhile, so what there is now is its. That
    /// has begun so much later than it was due, when `watch` was started.
    pub fn close(&mut self, metrics: &Metrics, scheduling: Duration, watch: Stopwatch) {
        let all = Taken::of(metrics);
        let taken = all.since(std::mem::replace(&mut self.before, all));
        self.closing = Some(Closing { taken, scheduling, watch });
    }

    /// The report of that batch is out; none, if none was being closed.
    pub fn out(&mut self, metrics: &Metrics, time: Stamp, keys: Option<u64>) -> Option<Batch> {
        let Closing { taken, scheduling, watch } = self.closing.take()?;
        let all = metrics.rows.get();
        let rows = all - std::mem::replace(&mut self.rows, all);
        Some(Batch { time, taken, rows, keys, scheduling, processing: watch.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_what_has_come_since_the_last_one_was_closed() {
        let (metrics, mut tally) = (Metrics::default(), Tally::default());
        let late = Duration::from_millis(20);
        metrics.records.add(7);
        metrics.rows.add(2);
        tally.close(&metrics, late, Stopwatch::start());
        // The next one is read already, while the report of this one is made.
        metrics.records.add(3);
        metrics.bad.add(1);
        metrics.rows.add(5);
        let first = tally.out(&metrics, Stamp(1000), Some(4)).unwrap();
        assert_eq!((first.taken.records, first.taken.bad, first.rows), (7, 0, 7));
        assert_eq!((first.time, first.keys, first.scheduling), (Stamp(1000), Some(4), late));
        assert_eq!(first.total(), late + first.processing);
        tally.close(&metrics, Duration::ZERO, Stopwatch::start());
        let second = tally.out(&metrics, Stamp(2000), None).unwrap();
        assert_eq!((second.taken.records, second.taken.bad, second.rows), (3, 1, 0));
        assert_eq!(tally.out(&metrics, Stamp(3000), None), None);
    }
}
