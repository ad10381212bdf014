//! What is kept of many batches, for any cell: [`crate::state`] behind a face that forgets the type.
//!
//! It changes by the panes of batches and by time alone, so these are all that has to be recorded to
//! have it again.

use std::any::Any;
use std::collections::BTreeSet;

use super::pane::{KeyedPane, WholePane};
use super::{Cell, Note, Pane, Row, StateStore};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::Error;
use crate::report::Collector;
use crate::report::value::Value;
use crate::state::State;
use crate::table::keys::{Key, Seeds};
use crate::table::missing;

/// The state of an aggregate; one without keys has the empty key alone.
pub(super) struct History<C: Cell> {
    plan: C::Plan,
    state: State<C>,
    seeds: Seeds,
    changes: bool,
    is_whole: bool,
    /// The values of the key that is looked at, and those that it had.
    now: Vec<Value>,
    before: Vec<Value>,
}

impl<C: Cell> History<C> {
    pub(super) fn new(
        plan: C::Plan,
        state: State<C>,
        seeds: &Seeds,
        changes: bool,
        is_whole: bool,
    ) -> History<C> {
        let seeds = seeds.clone();
        History { plan, state, seeds, changes, is_whole, now: Vec::new(), before: Vec::new() }
    }

    /// Takes one record's cell in, and finds the values of its key.
    ///
    /// True if there was nothing of the key before, or other values.
    fn one(&mut self, time: Stamp, key: &[u8], cell: &C) -> Result<bool, Error> {
        let key = Key::copied(key, &self.seeds);
        self.before.clear();
        let was = self.state.get(key);
        // What could be shown then: a later overflow shows itself below.
        let is_new = was.is_none_or(|was| was.values(&self.plan, &mut self.before).is_err());
        self.state.begin_record(time);
        let slot = self.state.enter(key, cell);
        self.state.settle(time)?;
        self.now.clear();
        let values = self.state.total(slot).values(&self.plan, &mut self.now);
        values.map_err(|overflow| overflow.of(key.bytes(&mut [0; 16])))?;
        Ok(is_new || self.before != self.now)
    }

    fn take(&mut self, pane: &dyn Any) {
        each_of(pane, &self.seeds, |key, cell| {
            self.state.enter(key, cell);
        });
    }

    /// Takes down the keys of a pane that were never here, where keys stay when they leave.
    fn note_unknown(&self, pane: &dyn Any, note: &mut Note<'_>) {
        each_of(pane, &self.seeds, |key: Key<'_>, _: &C| {
            if !self.state.knows(key) {
                note(key.bytes(&mut [0; 16]), Some(b""));
            }
        });
    }

    /// Takes down what became of one key.
    fn note(&self, key: Key<'_>, time: Stamp, bytes: &mut Vec<u8>, note: &mut Note<'_>) {
        bytes.clear();
        let is_held = self.state.save(key, time, bytes);
        note(key.bytes(&mut [0; 16]), is_held.then_some(bytes));
    }

    /// Takes down which keys are there no more.
    fn note_forgotten(&mut self, note: &mut Note<'_>) {
        self.state.forgotten(&self.seeds).iter().for_each(|key| note(key, None));
    }
}

/// Calls `visit` for each key of a pane, ready to be looked up, and its cell.
pub(super) fn each_of<C: Cell>(pane: &dyn Any, seeds: &Seeds, mut visit: impl FnMut(Key<'_>, &C)) {
    match pane.downcast_ref::<KeyedPane<C>>() {
        Some(pane) => pane.for_each_loaded(visit),
        None => {
            let pane = pane.downcast_ref::<WholePane<C>>();
            let cell = &pane.expect("the pane is of this aggregate").cell;
            if cell.records() > 0 {
                visit(Key::copied(b"", seeds), cell);
            }
        }
    }
}

impl<C: Cell + Sync> StateStore for History<C> {
    fn absorb(
        &mut self,
        time: Stamp,
        pane: Option<Box<dyn Pane>>,
        mut note: Option<&mut Note<'_>>,
    ) -> Result<(), Error> {
        let pane: Option<Box<dyn Any>> = pane.map(|pane| pane as Box<dyn Any>);
        if let Some(pane) = &pane {
            self.state.begin(time);
            if self.state.is_open() {
                if let (Some(note), true) = (&mut note, self.state.keeps_zeros()) {
                    self.note_unknown(&**pane, note);
                }
                self.take(&**pane);
            }
        }
        self.state.settle(time)?;
        let Some(note) = note.filter(|_| !self.state.is_window()) else { return Ok(()) };
        self.note_forgotten(note);
        let mut bytes = Vec::new();
        pane.iter().for_each(|pane| {
            each_of(&**pane, &self.seeds, |key, _: &C| self.note(key, time, &mut bytes, note));
        });
        Ok(())
    }

    fn put(&mut self, noted: &[(&[u8], Option<&[u8]>)], fresh: bool) -> Option<()> {
        self.state.put(noted, &self.seeds, fresh)
    }

    fn restored(&mut self) {
        self.state.restored();
    }

    fn holds(&self) -> bool {
        self.state.holds()
    }

    fn keys(&self) -> Option<usize> {
        (!self.is_whole).then(|| self.state.held())
    }

    fn report(&mut self, report: &mut Collector) -> Result<(), Error> {
        let History { plan, state, seeds, now, before, .. } = self;
        let mut offer_changed = |key: &[u8], was: Option<&C>, cell: &C| {
            before.clear();
            let is_new = was.is_none_or(|was| was.values(plan, before).is_err());
            now.clear();
            match cell.values(plan, now) {
                Ok(()) if is_new || before != now => report.offer(key, now, cell.first()),
                Ok(()) => {}
                Err(overflow) => report.refuse(key, overflow),
            }
        };
        match (self.is_whole, self.changes) {
            (true, _) => {
                let nothing = C::default();
                let cell = state.get(Key::copied(b"", seeds)).unwrap_or(&nothing);
                offer_changed(b"", None, cell);
            }
            (false, true) => state.changes(offer_changed),
            (false, false) => state.for_each(|key, cell| offer_changed(key, None, cell)),
        }
        Ok(())
    }

    fn each(
        &mut self,
        chunk: &mut Chunk,
        report: &mut Collector,
        note: Option<&mut Note<'_>>,
    ) -> Result<(), Error> {
        chunk.cut();
        // A key whose time is over is forgotten before it comes again.
        self.state.settle(chunk.time)?;
        let (first, mut refused) = (chunk.first_place(), Vec::new());
        let mut longer = Vec::new();
        for (index, &span) in chunk.keys.iter().enumerate() {
            let record = chunk.at(span);
            let (key, alone) = match self.is_whole {
                true => (&b""[..], record),
                false => (held(chunk, index, &mut longer), &b""[..]),
            };
            let value = chunk.values.get(index).map_or(alone, |&value| chunk.at(value));
            let row = Row { value, place: first + index as u64 };
            match C::read(&self.plan, row) {
                Ok(input) => {
                    let mut cell = C::default();
                    cell.push(&self.plan, input);
                    let has_changed = self.one(chunk.time, key, &cell)?;
                    if has_changed || !self.changes {
                        report.offer(key, &self.now, row.place);
                    }
                }
                Err(reason) => {
                    refused.push((*chunk.values.get(index).unwrap_or(&span), reason));
                }
            }
        }
        chunk.refuse(refused);
        if let Some(note) = note {
            self.note_forgotten(note);
            let mut bytes = Vec::new();
            let keys: BTreeSet<Vec<u8>> = match self.is_whole {
                true => [Vec::new()].into(),
                false => {
                    (0..chunk.keys.len()).map(|at| held(chunk, at, &mut longer).to_vec()).collect()
                }
            };
            for key in keys {
                self.note(Key::copied(&key, &self.seeds), chunk.time, &mut bytes, note);
            }
        }
        // Each record has been compared; what is noted for a report is not needed.
        self.state.changes(|_, _, _| {});
        Ok(())
    }
}

/// The key of a row, as tables hold it.
fn held<'a>(chunk: &'a Chunk, row: usize, longer: &'a mut Vec<u8>) -> &'a [u8] {
    match chunk.values.is_empty() {
        true => chunk.at(chunk.keys[row]),
        false => missing::held(chunk.key(row), longer),
    }
}
