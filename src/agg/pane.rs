//! Panes: what a batch has come to, with a cell for each key or one for all records.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Cell, Pane};
use crate::error::Error;
use crate::report::Collector;
use crate::report::value::Value;
use crate::table::keys::Key;
use crate::table::shards::{Shards, Turns};

/// The shards of a pane that is not needed any more, to be used again.
pub(super) type Spare<C> = Arc<Mutex<Option<Shards<C>>>>;

/// Fewer rows than this are not worth another thread.
const ALONE: usize = 1 << 16;

/// A cell for each key.
pub(super) struct KeyedPane<C: Cell> {
    plan: C::Plan,
    /// There until the pane is dropped.
    shards: Option<Shards<C>>,
    spare: Spare<C>,
    /// How many threads may work on a large one.
    threads: usize,
}

impl<C: Cell> KeyedPane<C> {
    /// Makes it of what a batch has come to; the memory goes to `spare` in the end.
    pub(super) fn new(
        plan: C::Plan,
        shards: Shards<C>,
        spare: &Spare<C>,
        threads: usize,
    ) -> KeyedPane<C> {
        KeyedPane { plan, shards: Some(shards), spare: Spare::clone(spare), threads }
    }

    /// Calls `visit` for each key, ready to be looked up elsewhere, and its cell.
    pub(super) fn for_each_loaded(&self, mut visit: impl FnMut(Key<'_>, &C)) {
        self.shards.iter().for_each(|shards| shards.for_each_loaded(&mut visit));
    }
}

/// Offers a key and what its cell has come to; `values` is memory that is used again.
#[inline]
pub(super) fn offer<C: Cell>(
    key: &[u8],
    cell: &C,
    plan: &C::Plan,
    values: &mut Vec<Value>,
    report: &mut Collector,
) {
    values.clear();
    match cell.values(plan, values) {
        Ok(()) => report.offer(key, values, cell.first()),
        Err(overflow) => report.refuse(key, overflow),
    }
}

/// Offers a row for each key of the parts that are walked here.
fn offer_some<C: Cell>(shards: &Shards<C>, plan: &C::Plan, turns: &Turns, report: &mut Collector) {
    let mut values = Vec::new();
    shards.for_each_by(turns, |key, cell| offer(key, cell, plan, &mut values, report));
}

impl<C: Cell + Sync> Pane for KeyedPane<C> {
    fn report(&self, report: &mut Collector) -> Result<(), Error> {
        let Some(shards) = &self.shards else { return Ok(()) };
        let others = if shards.rows() < ALONE { 0 } else { self.threads.saturating_sub(1) };
        let (turns, mut parts) =
            (Turns::default(), (0..others).map(|_| report.part()).collect::<Vec<_>>());
        std::thread::scope(|scope| {
            for part in &mut parts {
                scope.spawn(|| offer_some(shards, &self.plan, &turns, part));
            }
            offer_some(shards, &self.plan, &turns, report);
        });
        parts.into_iter().for_each(|part| report.join(part));
        Ok(())
    }

    fn save(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        let mut bytes = Vec::new();
        self.shards.iter().for_each(|shards| {
            shards.for_each(|key, cell| {
                bytes.clear();
                cell.save(&mut bytes);
                visit(key, &bytes);
            });
        });
    }
}

impl<C: Cell> Drop for KeyedPane<C> {
    fn drop(&mut self) {
        if let Some(mut shards) = self.shards.take() {
            shards.clear();
            *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(shards);
        }
    }
}

/// One cell.
pub(super) struct WholePane<C: Cell> {
    pub(super) plan: C::Plan,
    pub(super) cell: C,
}

impl<C: Cell + Sync> Pane for WholePane<C> {
    fn report(&self, report: &mut Collector) -> Result<(), Error> {
        offer(b"", &self.cell, &self.plan, &mut Vec::new(), report);
        Ok(())
    }

    fn save(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        if self.cell.records() > 0 {
            let mut bytes = Vec::new();
            self.cell.save(&mut bytes);
            visit(b"", &bytes);
        }
    }
}
