//! The panes of a window for cells that cannot be subtracted from: two stacks, turned over in time.
//!
//! Of the older panes, *ahead*, the whole is known for each key, and each of their entries holds the
//! aggregate of the **later** panes ahead for its key. So when the oldest pane leaves, each of its
//! entries simply takes the place of the whole. Of the younger panes, *behind*, the whole is known
//! too; an entry there is what came. The result is both wholes merged.
//!
//! ```text
//!           ahead                    middle                 behind
//! leaves <─ a: later b: later ──┬── c: later  d: own ──┬── e: own  f: own <── enters
//!                               │        <── turned ── │
//! ```
//!
//! When nothing is ahead any more, the panes behind have to be turned over: a walk from the newest to
//! the oldest that swaps each entry with the aggregate of those it has met. All at once this would
//! be a whole window's work in one slide. So panes are put aside to the *middle* when the oldest
//! behind is half a window old, and turned a few each slide until they are needed, half a window
//! later. Each entry is touched three times however long the window is; a key costs four cells.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Notes;
use super::panes::{Pane, Panes};
use crate::cell::Cell;
use crate::clock::Stamp;

/// Panes without a running sum.
#[derive(Debug)]
pub struct Stacks<C> {
    /// The window's length in ms.
    length: i64,
    ahead: VecDeque<Pane<C>>,
    middle: VecDeque<Pane<C>>,
    behind: Panes<C>,
    /// How many panes of the middle are not turned yet: the oldest ones.
    unturned: usize,
    /// When the middle was put aside.
    aside: Stamp,
    /// For each slot what is ahead, in the turned part of the middle, in all of the middle, and
    /// behind: side by side, since a report asks for all of them.
    wholes: Vec<[C; 4]>,
    /// Which of the four is which; so they change places without being moved.
    roles: [usize; 4],
}

const AHEAD: usize = 0;
const TURNED: usize = 1;
const MIDDLE: usize = 2;
const BEHIND: usize = 3;

impl<C: Cell> Stacks<C> {
    /// Makes it empty, for a window of so many ms.
    pub fn new(length: i64) -> Stacks<C> {
        Stacks {
            length,
            ahead: VecDeque::new(),
            middle: VecDeque::new(),
            behind: Panes::new(),
            unturned: 0,
            aside: Stamp(0),
            wholes: Vec::new(),
            roles: [0, 1, 2, 3],
        }
    }

    /// Makes room for so many slots.
    pub fn grow(&mut self, slots: usize) {
        self.wholes.resize_with(slots.max(self.wholes.len()), Default::default);
    }

    fn whole(&mut self, role: usize, slot: u32) -> &mut C {
        &mut self.wholes[slot as usize][self.roles[role]]
    }

    /// What all panes hold of a slot.
    pub fn total(&self, slot: u32) -> Cow<'_, C> {
        let wholes = &self.wholes[slot as usize];
        let parts = [AHEAD, MIDDLE, BEHIND].map(|role| &wholes[self.roles[role]]);
        let mut parts = parts.into_iter().filter(|cell| cell.records() > 0);
        let Some(first) = parts.next() else { return Cow::Owned(C::default()) };
        parts.fold(Cow::Borrowed(first), |mut total, part| {
            total.to_mut().merge(part);
            total
        })
    }

    /// Takes a cell in.
    pub fn enter(&mut self, time: Stamp, slot: u32, cell: &C) {
        self.behind.add(time, slot, cell);
        self.whole(BEHIND, slot).merge(cell);
    }

    /// Lets the panes go that end at or before `end`.
    pub fn leave(&mut self, end: Stamp, notes: &mut Notes<'_, C>) {
        while self.oldest().is_some_and(|time| time <= end) {
            if self.ahead.is_empty() {
                self.turn_over();
            }
            let pane = self.ahead.pop_front().expect("turning over puts the oldest ahead");
            for (slot, cell) in pane.slots.into_iter().zip(pane.cells) {
                notes.before(slot, || self.total(slot).into_owned());
                *self.whole(AHEAD, slot) = cell;
                if self.total(slot).records() == 0 {
                    notes.gone();
                }
            }
        }
    }

    fn oldest(&self) -> Option<Stamp> {
        let first = |panes: &VecDeque<Pane<C>>| panes.front().map(|pane| pane.time);
        first(&self.ahead).or(first(&self.middle)).or(self.behind.oldest())
    }

    /// Puts the middle ahead, where nothing is left.
    fn turn_over(&mut self) {
        if self.middle.is_empty() {
            self.put_aside(Stamp(0));
        }
        self.turn(0);
        self.ahead = std::mem::take(&mut self.middle);
        // With the last pane ahead, each key's whole has become that of nothing.
        self.roles.swap(AHEAD, TURNED);
        let middle = self.roles[MIDDLE];
        self.wholes.iter_mut().for_each(|wholes| wholes[middle] = C::default());
    }

    /// Puts the panes behind aside; the middle is empty, and no batch will go into them any more.
    fn put_aside(&mut self, now: Stamp) {
        self.middle = self.behind.take_all();
        self.roles.swap(MIDDLE, BEHIND);
        (self.unturned, self.aside) = (self.middle.len(), now);
    }

    /// Does the part of the turning that is due when the pane of `now` opens.
    pub fn pace(&mut self, now: Stamp) {
        let is_half = |time: Stamp| time.0 <= now.0 - self.length / 2;
        if self.middle.is_empty() && self.behind.oldest().is_some_and(is_half) {
            self.put_aside(now);
        }
        let Some(oldest) = self.middle.front() else { return };
        let needed = oldest.time.0 + self.length;
        let share = |of: i64| (of * (needed - now.0).max(0)) / (needed - self.aside.0).max(1);
        self.turn(share(self.middle.len() as i64) as usize);
    }

    /// Turns panes of the middle, from the newest, until no more than `left` are unturned.
    fn turn(&mut self, left: usize) {
        while self.unturned > left {
            self.unturned -= 1;
            let pane = &mut self.middle[self.unturned];
            for (&slot, cell) in pane.slots.iter().zip(&mut pane.cells) {
                let turned = &mut self.wholes[slot as usize][self.roles[TURNED]];
                let later = turned.clone();
                turned.merge(cell);
                *cell = later;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::sample::Sample;
    use crate::cell::{Count, Placed, Row};
    use crate::state::slots::Slots;
    use crate::table::keys::{Key, Seeds};

    /// The slide with the most work is what a batch may have to wait for.
    #[test]
    fn no_slide_turns_more_than_a_few_panes_over() {
        let seeds = Seeds::random();
        let mut slots = Slots::new(&seeds, false);
        let mut stacks = Stacks::<Placed<Count>>::new(1_000_000);
        let one = Placed::<Count>::of([Row { value: b"", place: 0 }]);
        let (slot, _) = slots.slot(Key::copied(b"k", &seeds));
        stacks.grow(1);
        let (mut held, mut touched, mut forgotten) = (1, None, None);
        for now in (1..5000).map(|second| Stamp(second * 1000)) {
            let notes = &mut Notes {
                slots: &mut slots,
                touched: &mut touched,
                held: &mut held,
                keep_zeros: false,
                forgotten: &mut forgotten,
            };
            let (unturned, aside) = (stacks.unturned, stacks.aside);
            stacks.leave(Stamp(now.0 - 1_000_000), notes);
            stacks.pace(now);
            stacks.enter(now, slot, &one);
            let turned = match stacks.aside == aside {
                true => unturned - stacks.unturned,
                false => unturned + stacks.middle.len() - stacks.unturned,
            };
            assert!(turned <= 4, "{turned} panes at {now:?}");
            assert_eq!(stacks.total(slot).records(), 1000.min(now.0 as u64 / 1000));
        }
    }
}
