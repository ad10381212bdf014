//! Which batch is open, and which Times have passed.
//!
//! Batches end at multiples of the interval since the epoch, and a batch's Time is its end. The first
//! is short. A batch may be cut short (a signal, the end of input): it keeps the Time its interval
//! would have had, and what comes after it belongs to the next.
//!
//! ```text
//! interval 5       0         5         10        15
//! start at 3             |---|---------|---------|
//! Times                      5         10        15
//! cut at 7               |---|----|    :    the batch has Time 10, the next one 15
//! ```
//!
//! Nothing here reads a clock.

use std::time::Duration;

use crate::clock::Stamp;

/// Times that passed without a batch, because nobody could look at the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The Time of the batch before them.
    pub before: Stamp,
    /// The first ones: these are printed, empty.
    pub printed: Vec<Stamp>,
    /// How many more there were.
    pub skipped: u64,
    /// The last of all; the Time of the batch before them if there are none.
    pub last: Stamp,
}

impl Missed {
    /// Ends after the first `count` of those that are printed, if there are more.
    pub fn keep(&mut self, count: usize) {
        if count < self.printed.len() {
            self.printed.truncate(count);
            self.skipped = 0;
            self.last = self.printed.last().copied().unwrap_or(self.before);
        }
    }
}

/// How many empty batches are printed at once.
const PRINTED: i64 = 10;

/// The Times of a run.
#[derive(Clone, Debug)]
pub struct Times {
    /// In ms; 0 for record at a time, when there are no batches.
    interval: i64,
    open: Stamp,
}

impl Times {
    /// Opens the first batch at `start`; its Time is later than `last`.
    pub fn new(interval: Duration, start: Stamp, last: Option<Stamp>) -> Times {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        let start = last.map_or(start, |last| start.max(Stamp(last.0 + 1)));
        Times { interval, open: Stamp(next_multiple(start.0, interval)) }
    }

    /// The Time of the open batch: it ends then.
    pub fn open(&self) -> Stamp {
        self.open
    }

    /// The length of a batch.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval as u64)
    }

    /// Closes the open batch at `now`, opens the next, and returns the closed one's Time.
    ///
    /// Whatever passed between the two is returned too: those batches are over and hold nothing.
    pub fn close(&mut self, now: Stamp) -> (Stamp, Missed) {
        let closed = self.open;
        let nothing = Missed { before: closed, printed: Vec::new(), skipped: 0, last: closed };
        if self.interval == 0 {
            // What has come at once ends now; whatever comes next is later.
            let closed = closed.max(now);
            self.open = Stamp(closed.0 + 1);
            return (closed, Missed { before: closed, last: closed, ..nothing });
        }
        let missed = (now.0 - closed.0).div_euclid(self.interval).max(0);
        self.open = Stamp(closed.0 + (missed + 1) * self.interval);
        let time = |n: i64| Stamp(closed.0 + n * self.interval);
        let missed = Missed {
            before: closed,
            printed: (1..=missed.min(PRINTED)).map(time).collect(),
            skipped: (missed - PRINTED).max(0) as u64,
            last: time(missed),
        };
        (closed, missed)
    }
}

/// The first multiple of `interval` at or after `now`.
fn next_multiple(now: i64, interval: i64) -> i64 {
    match interval {
        0 => now,
        _ => now + (-now).rem_euclid(interval),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(interval: u64, start: i64) -> Times {
        Times::new(Duration::from_millis(interval), Stamp(start), None)
    }

    #[test]
    fn the_first_batch_ends_at_the_first_multiple_at_or_after_the_start() {
        assert_eq!(times(5000, 3000).open(), Stamp(5000));
        assert_eq!(times(5000, 5000).open(), Stamp(5000));
        assert_eq!(times(5000, 5001).open(), Stamp(10000));
    }

    #[test]
    fn over_a_restart_too_each_time_is_later_than_the_last() {
        let open = |start, last| {
            Times::new(Duration::from_secs(5), Stamp(start), Some(Stamp(last))).open().0
        };
        assert_eq!(open(7000, 5000), 10_000);
        assert_eq!(open(7000, 10_000), 15_000, "the last batch was cut short");
        assert_eq!(open(60_000, 10_000), 60_000);
        assert_eq!(open(7000, 12_345), 15_000, "of another interval");
    }

    #[test]
    fn a_batch_cut_short_keeps_its_time_and_the_next_follows() {
        let mut times = times(5000, 6000);
        let (time, missed) = times.close(Stamp(7000));
        assert_eq!((time, missed.printed.len(), times.open()), (Stamp(10000), 0, Stamp(15000)));
    }

    #[test]
    fn of_those_that_are_kept_the_last_one_is_the_end() {
        let missed = times(1000, 1).close(Stamp(13_500)).1;
        let kept = |count| {
            let mut missed = missed.clone();
            missed.keep(count);
            (missed.printed.len(), missed.skipped, missed.last.0)
        };
        assert_eq!([kept(0), kept(3)], [(0, 0, 1000), (3, 0, 4000)]);
        assert_eq!(kept(10), (10, 2, 13_000));
    }

    #[test]
    fn of_many_missed_batches_ten_are_printed() {
        let mut times = times(1000, 1);
        let (time, missed) = times.close(Stamp(13_500));
        assert_eq!(time, Stamp(1000));
        assert_eq!(missed.printed.first(), Some(&Stamp(2000)));
        assert_eq!((missed.printed.len(), missed.skipped), (10, 2));
        assert_eq!((missed.last, times.open()), (Stamp(13_000), Stamp(14_000)));
    }

    proptest! {
        #[test]
        fn times_are_multiples_and_grow_whatever_the_clock_does(
            interval in 1u64..5000, start in 0i64..100_000,
            clock in prop::collection::vec(-20_000i64..100_000, 1..40),
        ) {
            let mut times = times(interval, start);
            let mut last = Stamp(start - 1);
            for now in clock {
                let (time, missed) = times.close(Stamp(start + now));
                for time in [time].into_iter().chain(missed.printed) {
                    prop_assert!(time > last && time.0 % interval as i64 == 0);
                    last = time;
                }
                last = last.max(missed.last);
                prop_assert!(times.open() > Stamp(start + now), "the open batch is not over");
            }
        }
    }
}
