//! Which batch is open, and which Times have passed.
//!
//! Batches end at multiples of the interval since the epoch, and a batch's Time is its end. The first
//! is short. A batch may be cut short (the end of input, a signal): it keeps the Time its interval
//! would have had, and what comes after it belongs to the next.
//!
//! ```text
//! interval 5       0         5         10        15        20
//! start at 3             |---|---------|---------|
//! Times                      5         10        15
//! cut at 7               |---|----|    :    the batch has Time 10, the next one 15
//! busy from 5 to 12      |---|.........:.|-------|    10 has passed: nobody read in it
//! ```
//!
//! With `--once` there is one batch, and its Time is the second in which it ends.
//!
//! Nothing here reads a clock.

use std::time::Duration;

use crate::clock::Stamp;

/// The Times of a run.
#[derive(Clone, Debug)]
pub struct Times {
    /// In ms; 0 for record at a time, when there are no batches.
    interval: i64,
    open: Stamp,
    /// The Time before it, if there was one.
    last: Option<Stamp>,
    /// If there is one batch, which second is its Time.
    single: Option<Single>,
}

/// Which second is the Time of the only batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Single {
    /// The one in which it begins: its records are printed as they come.
    Begins,
    /// The one in which it ends.
    Ends,
}

/// Batches that have passed, and that nobody has measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The Time before them.
    pub from: Stamp,
    /// None of theirs is later.
    pub until: Stamp,
    /// How many there were.
    pub count: u64,
}

impl Times {
    /// Opens the first batch at `start`; its Time is later than `last`.
    pub fn new(interval: Duration, start: Stamp, last: Option<Stamp>) -> Times {
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        let least = last.map_or(start, |last| start.max(Stamp(last.0 + 1)));
        let open = Stamp(next_multiple(least.0, interval));
        Times { interval, open, last, single: None }
    }

    /// Opens the only batch, whose Time is a second, and later than `last`.
    pub fn once(start: Stamp, last: Option<Stamp>, single: Single) -> Times {
        Times { single: Some(single), ..Times::new(SECOND, second(start), last) }
    }

    /// Opens the batch of `left` instead, if there is one that the last run has left open; returns the
    /// batches between the last one and the first.
    pub fn begin(&mut self, left: Option<Stamp>) -> Option<Passed> {
        let left = left.filter(|&left| self.last.is_none_or(|last| left > last));
        let first = left.unwrap_or(self.open);
        self.open = self.last.map_or(first, |last| Stamp(last.0 + 1));
        let passed = self.pass_to(first);
        self.open = first;
        passed
    }

    /// The Time of the open batch: it ends then.
    pub fn open(&self) -> Stamp {
        self.open
    }

    /// The length of a batch.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval as u64)
    }

    /// True if there are no batches, but records one at a time.
    pub fn is_bare(&self) -> bool {
        self.interval == 0
    }

    /// Closes the open batch at `now`, opens the next, and returns the closed one's Time.
    pub fn close(&mut self, now: Stamp) -> Stamp {
        let closed = match self.single {
            // What has come at once ends now; whatever comes next is later.
            _ if self.is_bare() => self.open.max(now),
            Some(Single::Ends) => self.open.max(second(now)),
            _ => self.open,
        };
        self.last = Some(closed);
        self.open = Stamp(next_multiple(closed.0 + 1, self.interval));
        closed
    }

    /// Lets the open batch pass, in which nobody has read, and all after it that are over at `now`.
    pub fn pass(&mut self, now: Stamp) -> Option<Passed> {
        self.pass_to(Stamp(next_multiple(now.0 + 1, self.interval)))
    }

    /// Lets all batches before `open` pass, which is opened.
    pub fn pass_to(&mut self, open: Stamp) -> Option<Passed> {
        if self.is_bare() || open <= self.open {
            return None;
        }
        let before = |open: Stamp| Stamp(open.0 - self.interval);
        let (from, until) = (self.last.unwrap_or(before(self.open)), Stamp(open.0 - 1));
        self.last = Some(before(open).max(from));
        self.open = open;
        let count = until.0.div_euclid(self.interval) - from.0.div_euclid(self.interval);
        (count > 0).then_some(Passed { from, until, count: count as u64 })
    }
}

/// The seconds that are the Times of `--once`.
pub const SECOND: Duration = Duration::from_secs(1);

/// The second that it is.
pub fn second(now: Stamp) -> Stamp {
    Stamp(now.0 - now.0.rem_euclid(SECOND.as_millis() as i64))
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
        assert_eq!((times.close(Stamp(7000)), times.open()), (Stamp(10000), Stamp(15000)));
        assert_eq!(times.pass(Stamp(14_999)), None, "it is open");
    }

    #[test]
    fn batches_in_which_nobody_read_pass() {
        let mut times = times(5000, 3000);
        assert_eq!(times.close(Stamp(12_000)), Stamp(5000));
        let passed = Passed { from: Stamp(5000), until: Stamp(14_999), count: 1 };
        assert_eq!((times.pass(Stamp(12_000)), times.open()), (Some(passed), Stamp(15_000)));
        let passed = Passed { from: Stamp(10_000), until: Stamp(34_999), count: 4 };
        assert_eq!((times.pass(Stamp(30_000)), times.open()), (Some(passed), Stamp(35_000)));
        assert_eq!(times.pass_to(Stamp(35_000)), None);
    }

    #[test]
    fn a_single_batch_has_the_second_in_which_it_ends() {
        let close = |start, last: Option<i64>, end, single| {
            Times::once(Stamp(start), last.map(Stamp), single).close(Stamp(end)).0
        };
        assert_eq!(close(5200, None, 5400, Single::Ends), 5000);
        assert_eq!(close(5200, None, 8400, Single::Ends), 8000);
        assert_eq!(close(5200, None, 8400, Single::Begins), 5000);
        assert_eq!(close(5200, Some(5000), 5400, Single::Ends), 6000, "later than the last");
        assert_eq!(close(5200, Some(5000), 8400, Single::Ends), 8000);
        assert_eq!(close(5200, Some(7000), 5400, Single::Ends), 8000);
    }

    #[test]
    fn a_batch_that_was_left_open_goes_on() {
        let begin = |start, last: Option<i64>, left: Option<i64>| {
            let mut times = Times::new(Duration::from_secs(5), Stamp(start), last.map(Stamp));
            (times.begin(left.map(Stamp)).map(|passed| passed.count), times.open().0)
        };
        assert_eq!(begin(8000, Some(5000), Some(10_000)), (None, 10_000));
        assert_eq!(begin(28_000, Some(5000), Some(10_000)), (None, 10_000));
        assert_eq!(begin(28_000, Some(5000), Some(20_000)), (Some(2), 20_000));
        assert_eq!(begin(28_000, Some(5000), None), (Some(4), 30_000));
        assert_eq!(begin(28_000, None, Some(10_000)), (None, 10_000));
        assert_eq!(begin(28_000, None, None), (None, 30_000));
    }

    proptest! {
        #[test]
        fn times_are_multiples_and_grow_whatever_the_clock_does(
            interval in 1u64..5000, start in 0i64..100_000,
            clock in prop::collection::vec((any::<bool>(), -20_000i64..100_000), 1..40),
        ) {
            let mut times = times(interval, start);
            prop_assert_eq!(times.begin(None), None);
            let (mut last, mut passed) = (Stamp(times.open.0 - interval as i64), 0);
            for (is_read, now) in clock {
                let now = Stamp(start + now);
                if is_read {
                    let time = times.close(now);
                    prop_assert!(time > last && time.0 % interval as i64 == 0);
                    prop_assert_eq!((time.0 - last.0) / interval as i64, passed + 1);
                    (last, passed) = (time, 0);
                } else if let Some(these) = times.pass(now) {
                    passed += these.count as i64;
                    prop_assert!(times.open() > now, "the open batch is not over");
                    prop_assert!(these.until < times.open());
                }
            }
        }
    }
}
