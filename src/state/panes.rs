//! The panes of a window, and what they come to.
//!
//! ```text
//! enters ──> totals, and a trail beside each ──> leaves
//!    └──> pane  pane  pane  pane  ──────────────────┘
//! ```
//!
//! Each entry is touched twice, when it enters and when it leaves, however long the window is. What a cell
//! needs for that beside its total is its trail ([`Cell::Trail`]).

use std::collections::VecDeque;

use super::Notes;
use super::packed::Packed;
use crate::cell::Cell;
use crate::clock::Stamp;

/// What came in one pane: a cell for each key that did.
#[derive(Debug)]
struct Pane<C> {
    /// The pane's end.
    time: Stamp,
    number: u64,
    /// The keys.
    slots: Vec<u32>,
    /// Their cells, in the same order, until the pane is over and they are packed.
    cells: Vec<C>,
    packed: Option<Packed>,
}

impl<C: Cell> Pane<C> {
    /// Says that nothing will come any more.
    fn close(&mut self) {
        self.slots.shrink_to_fit();
        match C::PACKED {
            true => self.packed = Some(Packed::new(&std::mem::take(&mut self.cells))),
            false => self.cells.shrink_to_fit(),
        }
    }

    fn for_each(&self, mut visit: impl FnMut(u32, &C)) {
        let mut slots = self.slots.iter();
        if let Some(packed) = &self.packed {
            packed.for_each(|cell| visit(*slots.next().expect("each cell has a slot"), &cell));
        }
        slots.zip(&self.cells).for_each(|(slot, cell)| visit(*slot, cell));
    }
}

/// Panes, from the oldest to the one that is open, and what they come to.
#[derive(Debug)]
pub struct Panes<C: Cell> {
    queue: VecDeque<Pane<C>>,
    /// How many there have been.
    count: u64,
    /// Where in the open pane each slot's entry is, if that place says the same slot.
    places: Vec<u32>,
    totals: Vec<C>,
    trails: Vec<C::Trail>,
}

impl<C: Cell> Panes<C> {
    /// Makes it empty.
    pub fn new() -> Panes<C> {
        let (queue, places) = (VecDeque::new(), Vec::new());
        Panes { queue, count: 0, places, totals: Vec::new(), trails: Vec::new() }
    }

    /// Makes room for so many slots.
    pub fn grow(&mut self, slots: usize) {
        if slots > self.totals.len() {
            self.totals.resize_with(slots, C::default);
            self.trails.resize_with(slots, C::Trail::default);
        }
    }

    /// What all panes hold of a slot.
    pub fn total(&self, slot: u32) -> &C {
        &self.totals[slot as usize]
    }

    /// Takes a cell in, into the pane of `time`, which is the last one or later.
    pub fn enter(&mut self, time: Stamp, slot: u32, cell: &C) {
        if self.queue.back().is_none_or(|pane| pane.time != time) {
            self.open(time);
        }
        let pane = self.queue.back_mut().expect("it was opened if it was not there");
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, 0);
        }
        let place = &mut self.places[slot as usize];
        // Places are never cleared: one that is of another pane says another slot, or none.
        match pane.slots.get(*place as usize) == Some(&slot) {
            true => pane.cells[*place as usize].merge(cell),
            false => {
                *place = pane.slots.len() as u32;
                pane.slots.push(slot);
                pane.cells.push(cell.clone());
            }
        }
        self.totals[slot as usize].enter(&mut self.trails[slot as usize], pane.number, cell);
    }

    fn open(&mut self, time: Stamp) {
        if let Some(before) = self.queue.back_mut() {
            before.close();
        }
        let number = self.count;
        self.count += 1;
        self.queue.push_back(Pane {
            time,
            number,
            slots: Vec::new(),
            cells: Vec::new(),
            packed: None,
        });
    }

    /// Lets the panes go that end at or before `end`.
    pub fn leave(&mut self, end: Stamp, notes: &mut Notes<'_, C>) {
        while self.queue.front().is_some_and(|pane| pane.time <= end) {
            let pane = self.queue.pop_front().expect("it is there");
            pane.for_each(|slot, cell| {
                let total = &mut self.totals[slot as usize];
                notes.before(slot, || total.clone());
                let trail = &mut self.trails[slot as usize];
                total.leave(trail, pane.number, cell);
                if total.records() == 0 {
                    (*total, *trail) = Default::default();
                    notes.gone();
                }
            });
        }
    }
}
