//! The panes of a window, and their running sum, for cells that can be subtracted from.
//!
//! ```text
//! enters ──merge──> totals ──unmerge──> leaves
//!    └──> pane  pane  pane  pane  ──────┘
//! ```
//!
//! Each entry is touched twice, when it enters and when it leaves, however long the window is.

use std::collections::VecDeque;

use super::Notes;
use crate::cell::Cell;
use crate::clock::Stamp;

/// What came in one pane: a cell for each key that did.
#[derive(Debug)]
pub struct Pane<C> {
    /// The pane's end.
    pub time: Stamp,
    /// The keys.
    pub slots: Vec<u32>,
    /// Their cells, in the same order.
    pub cells: Vec<C>,
}

/// Panes, from the oldest to the one that is open.
#[derive(Debug)]
pub struct Panes<C> {
    queue: VecDeque<Pane<C>>,
    /// Where in the open pane each slot's entry is, if that place says the same slot.
    places: Vec<u32>,
}

impl<C: Cell> Panes<C> {
    /// Makes it empty.
    pub fn new() -> Panes<C> {
        Panes { queue: VecDeque::new(), places: Vec::new() }
    }

    /// The Time of the oldest pane.
    pub fn oldest(&self) -> Option<Stamp> {
        self.queue.front().map(|pane| pane.time)
    }

    /// Adds to the entry of `slot` in the pane of `time`, which is the last one or later.
    pub fn add(&mut self, time: Stamp, slot: u32, cell: &C) {
        if self.queue.back().is_none_or(|pane| pane.time != time) {
            if let Some(closed) = self.queue.back_mut() {
                closed.slots.shrink_to_fit();
                closed.cells.shrink_to_fit();
            }
            self.queue.push_back(Pane { time, slots: Vec::new(), cells: Vec::new() });
        }
        let pane = self.queue.back_mut().expect("it was pushed if it was not there");
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, 0);
        }
        let place = &mut self.places[slot as usize];
        // Places are never cleared: one that is of another pane says another slot, or none.
        if pane.slots.get(*place as usize) == Some(&slot) {
            pane.cells[*place as usize].merge(cell);
            return;
        }
        *place = pane.slots.len() as u32;
        pane.slots.push(slot);
        pane.cells.push(cell.clone());
    }

    /// Takes the oldest pane out, if its Time is not after `end`.
    pub fn take(&mut self, end: Stamp) -> Option<Pane<C>> {
        self.queue.front().filter(|pane| pane.time <= end)?;
        self.queue.pop_front()
    }

    /// Takes all panes out.
    pub fn take_all(&mut self) -> VecDeque<Pane<C>> {
        std::mem::take(&mut self.queue)
    }
}

/// Panes with a running sum.
#[derive(Debug)]
pub struct Sums<C> {
    panes: Panes<C>,
    totals: Vec<C>,
}

impl<C: Cell> Sums<C> {
    /// Makes it empty.
    pub fn new() -> Sums<C> {
        Sums { panes: Panes::new(), totals: Vec::new() }
    }

    /// Makes room for so many slots.
    pub fn grow(&mut self, slots: usize) {
        self.totals.resize(slots.max(self.totals.len()), C::default());
    }

    /// What all panes hold of a slot.
    pub fn total(&self, slot: u32) -> &C {
        &self.totals[slot as usize]
    }

    /// Takes a cell in.
    pub fn enter(&mut self, time: Stamp, slot: u32, cell: &C) {
        self.panes.add(time, slot, cell);
        self.totals[slot as usize].merge(cell);
    }

    /// Lets the panes go that end at or before `end`.
    pub fn leave(&mut self, end: Stamp, notes: &mut Notes<'_, C>) {
        while let Some(pane) = self.panes.take(end) {
            for (&slot, cell) in pane.slots.iter().zip(&pane.cells) {
                let total = &mut self.totals[slot as usize];
                notes.before(slot, || total.clone());
                total.unmerge(cell);
                if total.records() == 0 {
                    *total = C::default();
                    notes.gone();
                }
            }
        }
    }
}
