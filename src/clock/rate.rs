//! `--max-rate` and its like: how many records may be read now.
//!
//! Records are granted as time passes, a tenth of a second's worth (at least one) may be saved up.

use std::time::Duration;

use crate::clock::Stamp;

/// The records that may still be read.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Records a second.
    rate: u64,
    /// What may be read now, in thousandths of a record.
    saved: u64,
    /// When that was last reckoned.
    at: Stamp,
}

impl Rate {
    /// Grants `rate` records (at least one) a second, beginning at `start`.
    pub fn new(rate: u64, start: Stamp) -> Rate {
        Rate { rate: rate.max(1), saved: 1000, at: start }
    }

    /// How many records may be read at `now`.
    pub fn allowed(&mut self, now: Stamp) -> usize {
        let passed = now.since(self.at).as_millis() as u64;
        let most = self.rate.saturating_mul(100).max(1000);
        self.saved = self.saved.saturating_add(passed.saturating_mul(self.rate)).min(most);
        self.at = self.at.max(now);
        (self.saved / 1000) as usize
    }

    /// Says that `count` records were read, by `now`: what was saved up until then counts as always,
    /// so that a long wait for them grants nothing twice.
    pub fn read(&mut self, count: usize, now: Stamp) {
        self.allowed(now);
        self.saved = self.saved.saturating_sub((count as u64).saturating_mul(1000));
    }

    /// When the next record may be read, if none may be now.
    pub fn next(&self) -> Stamp {
        let lacking = 1000u64.saturating_sub(self.saved);
        self.at.after(Duration::from_millis(lacking.div_ceil(self.rate).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads whatever is allowed for ten seconds; returns how many that were.
    fn ten_seconds(rate: u64) -> usize {
        let (mut limit, mut now, mut read) = (Rate::new(rate, Stamp(0)), Stamp(0), 0);
        while now.0 < 10_000 {
            let allowed = limit.allowed(now);
            limit.read(allowed, now);
            read += allowed;
            now = limit.next().max(Stamp(now.0 + 1));
        }
        read
    }

    #[test]
    fn the_rate_is_kept() {
        for rate in [1, 3, 10, 999, 1000, 1_000_000] {
            let read = ten_seconds(rate);
            assert!(
                read.abs_diff(10 * rate as usize) <= 1 + rate as usize / 1000,
                "{rate}: {read}"
            );
        }
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let mut limit = Rate::new(100, Stamp(0));
        assert_eq!(limit.allowed(Stamp(3_600_000)), 10);
    }

    #[test]
    fn a_wait_for_records_grants_nothing_twice() {
        let mut limit = Rate::new(10, Stamp(0));
        assert_eq!(limit.allowed(Stamp(0)), 1);
        limit.read(1, Stamp(500));
        assert_eq!((limit.allowed(Stamp(500)), limit.next()), (0, Stamp(600)));
    }

    #[test]
    fn no_rate_is_too_high() {
        let mut limit = Rate::new(u64::MAX, Stamp(0));
        limit.read(1, Stamp(1));
        assert!(limit.allowed(Stamp(2)) > 1_000_000_000);
    }
}
