//! Which key was seen last the longest ago, without looking at all of them.
//!
//! Each time a key is seen, its slot goes to the end of a queue; where it stood before, the entry is
//! *stale*, which shows by the column of when each slot was seen last. Stale entries are skipped when
//! they come to the front, and thrown out once they outnumber the others, so the queue never grows
//! beyond twice the keys.
//!
//! Of keys that were seen together, in one batch, the one with the smallest bytes goes first. They
//! are sorted when they come to the front and one of them has to go, once for all of them.

use std::collections::VecDeque;

use super::slots::Slots;
use crate::clock::Stamp;

/// When a key was seen: the Time, and which record of that Time where records are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The Time, in ms.
    pub time: i64,
    /// Which record of that Time.
    pub nth: u32,
}

/// A slot that holds nothing was never seen.
const NEVER: Seen = Seen { time: i64::MIN, nth: u32::MAX };

/// Slots in the order in which they were seen last.
#[derive(Debug, Default)]
pub struct Recency {
    now: Seen,
    /// When each slot was seen last.
    last: Vec<Seen>,
    queue: VecDeque<(Seen, u32)>,
    /// Those that were seen together and longest ago, the next one to go at the end, and when.
    front: Vec<u32>,
    front_seen: Seen,
}

impl Recency {
    /// Begins a batch; `apart` if what is seen from now on comes after what was seen before, even if
    /// `time` is the same.
    pub fn begin(&mut self, time: Stamp, apart: bool) {
        let nth = if apart && time.0 == self.now.time { self.now.nth.wrapping_add(1) } else { 0 };
        self.now = Seen { time: time.0, nth };
    }

    /// Notes that a slot is seen now; `held` is how many slots hold something.
    pub fn see(&mut self, slot: u32, is_new: bool, held: usize) {
        if self.last.len() <= slot as usize {
            self.last.resize(slot as usize + 1, Seen::default());
        }
        let last = &mut self.last[slot as usize];
        if *last == self.now && !is_new {
            return;
        }
        *last = self.now;
        self.queue.push_back((self.now, slot));
        if self.queue.len() > 2 * held + 1024 {
            self.queue.retain(|&(seen, slot)| self.last[slot as usize] == seen);
        }
    }

    /// Takes out a slot that was seen last at or before `end`; in no order.
    pub fn over(&mut self, end: Stamp) -> Option<u32> {
        if self.front_seen.time <= end.0
            && let Some(slot) = self.pop_front()
        {
            return Some(slot);
        }
        while let Some(&(seen, slot)) = self.queue.front().filter(|(seen, _)| seen.time <= end.0) {
            self.queue.pop_front();
            if self.last[slot as usize] == seen {
                return Some(slot);
            }
        }
        None
    }

    /// Takes out the slot that was seen last the longest ago.
    pub fn oldest(&mut self, slots: &Slots) -> Option<u32> {
        loop {
            if let Some(slot) = self.pop_front() {
                return Some(slot);
            }
            self.front_seen = self.queue.front()?.0;
            while let Some(&(seen, slot)) = self.queue.front().filter(|e| e.0 == self.front_seen) {
                self.queue.pop_front();
                if self.last[slot as usize] == seen {
                    self.front.push(slot);
                }
            }
            self.front.sort_unstable_by(|&a, &b| slots.name(b).cmp(slots.name(a)));
        }
    }

    /// When a slot was seen last.
    pub fn seen(&self, slot: u32) -> Seen {
        self.last.get(slot as usize).copied().unwrap_or_default()
    }

    /// Notes when a slot was seen, in no order; see [`Recency::sort`]. One that is known so already is noted
    /// once: it would be taken out as often.
    pub fn put(&mut self, slot: u32, seen: Seen) {
        if self.last.len() <= slot as usize {
            self.last.resize(slot as usize + 1, NEVER);
        }
        if std::mem::replace(&mut self.last[slot as usize], seen) == seen {
            return;
        }
        self.queue.push_back((seen, slot));
    }

    /// Forgets when a slot was seen: it holds nothing any more.
    pub fn forget(&mut self, slot: u32) {
        if let Some(last) = self.last.get_mut(slot as usize) {
            *last = NEVER;
        }
    }

    /// Puts in order what was put in no order, the last time for each slot; what is seen from now on is
    /// later.
    pub fn sort(&mut self) {
        self.queue.retain(|&(seen, slot)| self.last[slot as usize] == seen);
        let mut all = Vec::from(std::mem::take(&mut self.queue));
        all.sort_unstable();
        all.dedup();
        self.queue = all.into();
        self.now = self.queue.back().map_or(self.now, |last| last.0);
    }

    fn pop_front(&mut self) -> Option<u32> {
        while let Some(slot) = self.front.pop() {
            if self.last[slot as usize] == self.front_seen {
                return Some(slot);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_more_than_once_is_over_once_and_when_it_was_seen_last() {
        let mut recency = Recency::default();
        let seen = |time| Seen { time, nth: 0 };
        for (slot, time) in [(0, 1), (1, 2), (2, 3), (0, 5), (1, 2), (3, 4), (3, 6)] {
            recency.put(slot, seen(time));
        }
        recency.forget(2);
        recency.sort();
        let mut over = |end| std::iter::from_fn(|| recency.over(Stamp(end))).collect::<Vec<_>>();
        assert_eq!([over(1), over(4), over(5)], [vec![], vec![1], vec![0]]);
        recency.put(3, seen(6));
        let mut over = |end| std::iter::from_fn(|| recency.over(Stamp(end))).collect::<Vec<_>>();
        assert_eq!(over(9), vec![3], "it is noted once");
    }
}
