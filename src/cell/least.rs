//! The least and the greatest of what is left, while the oldest goes: of a window that slides.
//!
//! Of two values, an older one that is not less will never be the least again, so it is not kept:
//!
//! ```text
//! enters   5  3  8  4          kept   3 4       leaves 5:  3 4       leaves 3:  4
//! ```
//!
//! What is kept ascends from the oldest on. Of values as chance has it, it is a few; never more than entered.

use std::cmp::Reverse;
use std::collections::VecDeque;

/// A queue below this is not worth shrinking.
const SMALL: usize = 64;

/// The least of some values, each with the number of what it leaves with.
#[derive(Debug)]
pub(super) struct Least<T> {
    queue: VecDeque<(u64, T)>,
}

impl<T> Default for Least<T> {
    fn default() -> Least<T> {
        Least { queue: VecDeque::new() }
    }
}

impl<T: Ord> Least<T> {
    /// Takes a value in; numbers never fall.
    pub(super) fn enter(&mut self, number: u64, value: T) {
        let last = self.queue.back();
        if last.is_some_and(|(held, least)| *held == number && *least <= value) {
            return;
        }
        // One step where it is the last, and never more than there are halves of the queue.
        if last.is_some_and(|(_, least)| *least >= value) {
            let less = self.queue.partition_point(|(_, held)| *held < value);
            self.queue.truncate(less);
        }
        self.queue.push_back((number, value));
    }

    /// Lets go what entered with this number, or with one before.
    pub(super) fn leave(&mut self, number: u64) {
        while self.queue.front().is_some_and(|(held, _)| *held <= number) {
            self.queue.pop_front();
        }
        if self.queue.capacity() > SMALL && self.queue.len() < self.queue.capacity() / 4 {
            self.queue.shrink_to(self.queue.len() * 2);
        }
    }

    /// The least of what is left.
    pub(super) fn least(&self) -> Option<&T> {
        self.queue.front().map(|(_, least)| least)
    }
}

/// The least and the greatest of some values.
#[derive(Debug)]
pub(super) struct Bounds<T> {
    low: Least<T>,
    high: Least<Reverse<T>>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Bounds<T> {
        Bounds { low: Least::default(), high: Least::default() }
    }
}

impl<T: Ord> Bounds<T> {
    /// Takes the ends of some values in.
    pub(super) fn enter(&mut self, number: u64, low: T, high: T) {
        self.low.enter(number, low);
        self.high.enter(number, Reverse(high));
    }

    /// Lets go what entered with this number, or with one before.
    pub(super) fn leave(&mut self, number: u64) {
        self.low.leave(number);
        self.high.leave(number);
    }

    /// The least and the greatest of what is left.
    pub(super) fn bounds(&self) -> Option<(&T, &T)> {
        let Reverse(high) = self.high.least()?;
        Some((self.low.least()?, high))
    }
}

/// A double by its place among all: of two zeros the negative one is the smaller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Double(pub(super) f64);

impl PartialEq for Double {
    fn eq(&self, other: &Double) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Double {}

impl PartialOrd for Double {
    fn partial_cmp(&self, other: &Double) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Double {
    fn cmp(&self, other: &Double) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_ends_of_a_window_are_those_of_what_is_in_it(
            values in prop::collection::vec((0u64..3, -9i64..9), 0..200), length in 1u64..20,
        ) {
            let (mut bounds, mut now, mut all) = (Bounds::default(), length, Vec::new());
            for (step, value) in values {
                now += step;
                bounds.enter(now, value, value + 1);
                bounds.leave(now - length);
                all.push((now, value));
                let inside = || all.iter().filter(|(at, _)| *at > now - length).map(|(_, value)| *value);
                let wanted = inside().min().zip(inside().max().map(|high| high + 1));
                prop_assert_eq!(bounds.bounds().map(|(low, high)| (*low, *high)), wanted);
            }
        }
    }

    #[test]
    fn what_can_never_be_the_least_is_not_kept() {
        let mut least = Least::default();
        (0..1000).for_each(|n| least.enter(n, n));
        assert_eq!(least.queue.len(), 1000);
        least.enter(1000, 0);
        assert_eq!(least.queue.len(), 1);
        least.leave(999);
        assert!(least.least() == Some(&0) && least.queue.capacity() <= SMALL);
    }
}
