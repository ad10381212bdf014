//! What is kept of many batches, for any cell: [`crate::state`] behind a face that forgets the type.
//!
//! It changes by the panes of batches and by time alone, so these are all that has to be recorded to
//! have it again.

use std::any::Any;

use super::fold::{KeyedPane, WholePane, refuse};
use super::{Cell, Kept, Pane, Row};
use crate::clock::Stamp;
use crate::error::Error;
use crate::keys::{Key, Seeds};
use crate::record::Chunk;
use crate::report::Collector;
use crate::state::{Keep, State};
use crate::value::Value;

/// The state of an aggregate; one without keys has the empty key alone.
pub(super) struct History<C> {
    state: State<C>,
    seeds: Seeds,
    changes: bool,
    is_whole: bool,
    /// The values of the key that is looked at, and those that it had.
    now: Vec<Value>,
    before: Vec<Value>,
}

impl<C: Cell> History<C> {
    pub(super) fn new(keep: &Keep, seeds: &Seeds, changes: bool, is_whole: bool) -> History<C> {
        let (state, seeds) = (State::new(keep, seeds, changes), seeds.clone());
        History { state, seeds, changes, is_whole, now: Vec::new(), before: Vec::new() }
    }

    /// Takes one record's cell in, and finds the values of its key.
    fn one(&mut self, time: Stamp, key: &[u8], cell: &C) -> Result<(), Error> {
        let key = Key::copied(key, &self.seeds);
        self.before.clear();
        self.state.get(key).iter().for_each(|was| was.values(&mut self.before));
        self.state.begin_record(time);
        let slot = self.state.enter(key, cell);
        self.state.settle(time)?;
        self.now.clear();
        self.state.total(slot).values(&mut self.now);
        Ok(())
    }

    fn take(&mut self, pane: Box<dyn Any>) {
        match pane.downcast::<KeyedPane<C>>() {
            Ok(pane) => pane.for_each_loaded(|key, cell| {
                self.state.enter(key, cell);
            }),
            Err(pane) => {
                let pane = pane.downcast::<WholePane<C>>();
                let cell = pane.expect("the pane is of this aggregate").cell;
                if cell.records() > 0 {
                    self.state.enter(Key::copied(b"", &self.seeds), &cell);
                }
            }
        }
    }
}

impl<C: Cell + Sync> Kept for History<C> {
    fn absorb(&mut self, time: Stamp, pane: Box<dyn Pane>) -> Result<(), Error> {
        self.state.begin(time);
        if self.state.is_open() {
            self.take(pane);
        }
        self.state.settle(time)
    }

    fn settle(&mut self, time: Stamp) -> Result<(), Error> {
        self.state.settle(time)
    }

    fn holds(&self) -> bool {
        self.state.holds()
    }

    fn report(&mut self, report: &mut Collector) -> Result<(), Error> {
        let History { state, seeds, now, before, .. } = self;
        let mut offer = |key: &[u8], was: Option<&C>, cell: &C| {
            now.clear();
            cell.values(now);
            before.clear();
            was.iter().for_each(|was| was.values(before));
            if was.is_none() || before != now {
                report.offer(key, now, cell.first());
            }
        };
        match (self.is_whole, self.changes) {
            (true, _) => {
                let cell = state.get(Key::copied(b"", seeds)).unwrap_or_default();
                offer(b"", None, &cell);
            }
            (false, true) => state.changes(offer),
            (false, false) => state.for_each(|key, cell| offer(key, None, cell)),
        }
        Ok(())
    }

    fn each(&mut self, chunk: &mut Chunk, report: &mut Collector) -> Result<(), Error> {
        chunk.cut();
        // A key whose time is over is forgotten before it comes again.
        self.state.settle(chunk.time)?;
        let (first, mut refused) = (chunk.first_place(), Vec::new());
        for (index, &span) in chunk.keys.iter().enumerate() {
            let record = chunk.at(span);
            let (key, alone) = if self.is_whole { (&b""[..], record) } else { (record, &b""[..]) };
            let value = chunk.values.get(index).map_or(alone, |&value| chunk.at(value));
            let row = Row { value, place: first + index as u64 };
            match C::read(row) {
                Ok(input) => {
                    let mut cell = C::default();
                    cell.push(input);
                    self.one(chunk.time, key, &cell)?;
                    if !self.changes || self.before != self.now {
                        report.offer(key, &self.now, row.place);
                    }
                }
                Err(reason) => refused.push((value.to_vec(), reason)),
            }
        }
        refuse(chunk, refused);
        // Each record has been compared; what is noted for a report is not needed.
        self.state.changes(|_, _, _| {});
        Ok(())
    }
}
