//! What a window keeps beside percentiles, so that numbers leave in the order in which they came.
//!
//! Counts of buckets are subtracted. What these do not know is there in the order of the stream: the newest numbers as
//! they are, since few that are left are the newest, and the extremes ([`Bounds`]).
//!
//! ```text
//! Few     all numbers, the oldest first; no trail
//! Many    buckets   ¦ trail: the newest 128 numbers, what will be the smallest and the largest
//! ```

use std::collections::VecDeque;

use super::{Buckets, EXACT, Percentiles, bucket};
use crate::cell::least::{Bounds, Double};
use crate::cell::parts::{Leaves, Part};

/// What is kept beside buckets; of few numbers nothing.
#[derive(Debug, Default)]
pub(in crate::cell) struct Newest(Option<Box<Trail>>);

#[derive(Debug, Default)]
struct Trail {
    /// How many numbers have entered, and how many of them have left.
    entered: u64,
    left: u64,
    /// The newest of them, but for those that entered counted in buckets, and before.
    numbers: VecDeque<f64>,
    /// By how many had entered before.
    bounds: Bounds<Double>,
}

impl Trail {
    fn enter(&mut self, part: &Percentiles) {
        match part {
            Percentiles::Few(numbers) => {
                for &number in numbers {
                    self.bounds.enter(self.entered, Double(number), Double(number));
                    self.entered += 1;
                    if self.numbers.len() == EXACT {
                        self.numbers.pop_front();
                    }
                    self.numbers.push_back(number);
                }
            }
            Percentiles::Many(buckets) => {
                // They leave together, and what came before has left then.
                self.entered += part.count();
                self.bounds.enter(self.entered - 1, Double(buckets.low), Double(buckets.high));
                self.numbers.clear();
            }
        }
    }

    fn leave(&mut self, count: u64) {
        self.left += count;
        if self.left > 0 {
            self.bounds.leave(self.left - 1);
        }
    }

    fn count(&self) -> u64 {
        self.entered - self.left
    }
}

impl Percentiles {
    /// How many numbers.
    fn count(&self) -> u64 {
        match self {
            Percentiles::Few(numbers) => numbers.len() as u64,
            Percentiles::Many(buckets) => buckets.counts.iter().map(|(_, count)| count).sum(),
        }
    }
}

impl Leaves for Percentiles {
    type Trail = Newest;

    fn enter(&mut self, Newest(trail): &mut Newest, _: u64, part: &Percentiles) {
        if trail.is_none() && self.count() + part.count() > EXACT as u64 {
            trail.get_or_insert_default().enter(self);
        }
        self.merge(part);
        trail.iter_mut().for_each(|trail| trail.enter(part));
    }

    fn leave(&mut self, Newest(kept): &mut Newest, _: u64, part: &Percentiles) {
        let count = part.count();
        match (&mut *self, &mut *kept) {
            (Percentiles::Many(buckets), Some(trail)) => {
                trail.leave(count);
                buckets.take_out(part);
                if let (true, Some((low, high))) =
                    (trail.count() > EXACT as u64, trail.bounds.bounds())
                {
                    (buckets.low, buckets.high) = (low.0, high.0);
                    return;
                }
                let before = trail.numbers.len().saturating_sub(trail.count() as usize);
                *self = Percentiles::Few(trail.numbers.range(before..).copied().collect());
                *kept = None;
            }
            (Percentiles::Few(numbers), _) => {
                drop(numbers.drain(..numbers.len().min(count as usize)))
            }
            (Percentiles::Many(_), None) => unreachable!("what went over has a trail"),
        }
    }
}

impl Buckets {
    fn take_out(&mut self, part: &Percentiles) {
        match part {
            Percentiles::Few(numbers) => {
                numbers.iter().for_each(|number| self.uncount(bucket(*number), 1))
            }
            Percentiles::Many(others) => {
                others.counts.iter().for_each(|(bucket, count)| self.uncount(*bucket, *count));
            }
        }
    }
}
