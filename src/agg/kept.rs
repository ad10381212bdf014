//! What is kept of many batches, for any cell: [`crate::state`] behind a face that forgets the type.

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
}

impl<C: Cell> History<C> {
    pub(super) fn new(keep: &Keep, seeds: &Seeds, changes: bool, is_whole: bool) -> History<C> {
        History { state: State::new(keep, seeds, changes), seeds: seeds.clone(), changes, is_whole }
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
        let (mut values, mut were): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
        let mut offer = |key: &[u8], was: Option<&C>, cell: &C| {
            values.clear();
            cell.values(&mut values);
            were.clear();
            was.iter().for_each(|was| was.values(&mut were));
            if was.is_none() || were != values {
                report.offer(key, &values, cell.first());
            }
        };
        match (self.is_whole, self.changes) {
            (true, _) => {
                let cell = self.state.get(Key::copied(b"", &self.seeds)).unwrap_or_default();
                offer(b"", None, &cell);
            }
            (false, true) => self.state.changes(offer),
            (false, false) => self.state.for_each(|key, cell| offer(key, None, cell)),
        }
        Ok(())
    }

    fn each(&mut self, chunk: &mut Chunk, report: &mut Collector) -> Result<(), Error> {
        chunk.cut();
        // A key whose time is over is forgotten before it comes again.
        self.state.settle(chunk.time)?;
        let (place, mut refused) = (chunk.first_place(), Vec::new());
        let (mut values, mut were): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
        for (index, &span) in chunk.keys.iter().enumerate() {
            let record = chunk.at(span);
            let (key, alone) = if self.is_whole { (&b""[..], record) } else { (record, &b""[..]) };
            let value = chunk.values.get(index).map_or(alone, |&value| chunk.at(value));
            let row = Row { value, place: place + index as u64 };
            let mut cell = C::default();
            match C::read(row) {
                Ok(input) => cell.push(input),
                Err(reason) => {
                    refused.push((value.to_vec(), reason));
                    continue;
                }
            }
            let key = Key::copied(key, &self.seeds);
            were.clear();
            self.state.get(key).iter().for_each(|was| was.values(&mut were));
            self.state.begin_record(chunk.time);
            let slot = self.state.enter(key, &cell);
            self.state.settle(chunk.time)?;
            values.clear();
            self.state.total(slot).values(&mut values);
            if !self.changes || were != values {
                report.offer(if self.is_whole { b"" } else { record }, &values, row.place);
            }
        }
        refuse(chunk, refused);
        // Each record has been compared; what is noted for a report is not needed.
        self.state.changes(|_, _, _| {});
        Ok(())
    }
}
