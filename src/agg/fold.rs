//! Folding chunks into cells: with a key each ([`Keyed`]) or all together ([`Whole`]).
//!
//! A worker folds into a table of its own that stays in its cache. When that has grown, and at the
//! end of a batch, it is poured into the shards that all workers share:
//!
//! ```text
//! chunk ──> worker's table ──pour──> open shards ──close──> pane ──> report
//!                                         ^                   │ cleared, used again
//!                                         └───────────────────┘
//! ```
//!
//! So two workers never hold a large set of keys twice, and what is left to do when a batch ends
//! does not grow with the batch.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::history::History;
use super::pane::{KeyedPane, Spare, WholePane};
use super::{Aggregate, Cell, Fold, Pane, Row, StateStore};
use crate::chunk::{Chunk, Span};
use crate::report::value::Value;
use crate::state::{Retention, State};
use crate::table::keys::{Key, Seeds, Table};
use crate::table::shards::Shards;

/// A worker's table is poured when it is larger than this many bytes: about what a core's own cache
/// holds. `scripts/bench` shows the word count that this is measured by.
const CACHED: usize = 2 << 20;

/// An aggregate with a cell for each key.
#[derive(Debug)]
pub struct Keyed<C> {
    seeds: Seeds,
    open: RwLock<Shards<C>>,
    /// The shards of a batch that has been reported.
    spare: Spare<C>,
}

impl<C: Cell + Sync> Keyed<C> {
    /// Makes an aggregate without keys.
    #[expect(clippy::new_ret_no_self, reason = "the table of aggregates forgets the cell's type")]
    pub fn new() -> Arc<dyn Aggregate> {
        let seeds = Seeds::random();
        let open = RwLock::new(Shards::new(&seeds));
        Arc::new(Keyed::<C> { seeds, open, spare: Spare::default() })
    }
}

impl<C: Cell> Keyed<C> {
    /// Takes entries that were saved into some shards.
    fn load_into<'a>(
        &self,
        shards: &Shards<C>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<()> {
        let mut table = Table::new(&self.seeds, 0);
        for (key, cell) in entries {
            *table.cell(Key::copied(key, &self.seeds)) = loaded::<C>(cell)?;
        }
        shards.pour(&mut table, 0, C::merge);
        Some(())
    }
}

impl<C: Cell + Sync> Aggregate for Keyed<C> {
    fn fold(self: Arc<Self>, worker: usize) -> Box<dyn Fold> {
        let table = Table::new(&self.seeds, 0);
        Box::new(KeyedFold { table, worker, shared: self })
    }

    fn close(self: Arc<Self>) -> Box<dyn Pane> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fresh = spare.unwrap_or_else(|| Shards::new(&self.seeds));
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let shards = std::mem::replace(&mut *open, fresh);
        drop(open);
        Box::new(KeyedPane::new(shards, &self.spare))
    }

    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore> {
        let state = State::new(retention, &self.seeds, changes, lasts);
        Box::new(History::<C>::new(state, &self.seeds, changes, false))
    }

    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>> {
        let shards = Shards::new(&self.seeds);
        self.load_into(&shards, entries)?;
        Some(Box::new(KeyedPane::new(shards, &self.spare)))
    }

    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()> {
        self.load_into(&self.open.read().unwrap_or_else(PoisonError::into_inner), entries)
    }

    fn indelible(&self) -> Option<&'static str> {
        (!C::INVERTIBLE).then_some(C::INDELIBLE)
    }
}

struct KeyedFold<C> {
    table: Table<C>,
    worker: usize,
    shared: Arc<Keyed<C>>,
}

impl<C: Cell + Sync> Fold for KeyedFold<C> {
    fn fold(&mut self, chunk: &mut Chunk) {
        let place = chunk.first_place();
        let (table, seeds) = (&mut self.table, &self.shared.seeds);
        if chunk.values.is_empty() {
            let row = Row { value: b"", place };
            let mut plain = Plain { table, seeds, row, refused: Vec::new() };
            // Two closures with one caller each are taken in line; one with two callers is not, and
            // a word of text costs a seventh more (`scripts/bench words`).
            chunk.for_each_uncut(|arena, start, end| plain.push(arena, start, end));
            chunk.for_each_cut(|arena, start, end| plain.push(arena, start, end));
            let refused = plain.refused;
            chunk.refuse(refused);
        } else {
            fold_pairs::<C>(chunk, |arena, key, input| {
                table.cell(Key::load(arena, key.start, key.end, seeds)).push(input);
            });
        }
        if self.table.size() > CACHED {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let open = self.shared.open.read().unwrap_or_else(PoisonError::into_inner);
        open.pour(&mut self.table, self.worker, C::merge);
    }
}

/// Where the rows of a chunk go that are their own keys.
struct Plain<'a, C> {
    table: &'a mut Table<C>,
    seeds: &'a Seeds,
    row: Row<'static>,
    refused: Vec<(Span, &'static str)>,
}

impl<C: Cell> Plain<'_, C> {
    #[inline(always)]
    fn push(&mut self, arena: &[u8], start: usize, end: usize) {
        match C::read(self.row) {
            Ok(input) => self.table.cell(Key::load(arena, start, end, self.seeds)).push(input),
            Err(reason) => self.refused.push((Span::new(start, end), reason)),
        }
        self.row.place += 1;
    }
}

/// An aggregate with one cell for all records.
#[derive(Debug)]
pub struct Whole<C> {
    open: Mutex<C>,
}

impl<C: Cell + Sync> Whole<C> {
    /// Makes an aggregate of nothing.
    #[expect(clippy::new_ret_no_self, reason = "the table of aggregates forgets the cell's type")]
    pub fn new() -> Arc<dyn Aggregate> {
        Arc::new(Whole::<C> { open: Mutex::default() })
    }
}

impl<C: Cell + Sync> Aggregate for Whole<C> {
    fn fold(self: Arc<Self>, _worker: usize) -> Box<dyn Fold> {
        Box::new(WholeFold { cell: C::default(), shared: self })
    }

    fn close(self: Arc<Self>) -> Box<dyn Pane> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Box::new(WholePane { cell: std::mem::take(&mut *open) })
    }

    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore> {
        let seeds = Seeds::random();
        let state = State::new(retention, &seeds, changes, lasts);
        Box::new(History::<C>::new(state, &seeds, changes, true))
    }

    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>> {
        let cell: C = only(entries)?;
        Some(Box::new(WholePane { cell }))
    }

    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()> {
        let cell: C = only(entries)?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).merge(&cell);
        Some(())
    }

    fn indelible(&self) -> Option<&'static str> {
        (!C::INVERTIBLE).then_some(C::INDELIBLE)
    }
}

struct WholeFold<C> {
    cell: C,
    shared: Arc<Whole<C>>,
}

impl<C: Cell + Sync> Fold for WholeFold<C> {
    fn fold(&mut self, chunk: &mut Chunk) {
        let place = chunk.first_place();
        let cell = &mut self.cell;
        if chunk.values.is_empty() {
            let (mut index, mut refused) = (0, Vec::new());
            chunk.for_each_key(|arena, start, end| {
                let row = Row { value: &arena[start..end], place: place + index };
                match C::read(row) {
                    Ok(input) => cell.push(input),
                    Err(reason) => refused.push((Span::new(start, end), reason)),
                }
                index += 1;
            });
            chunk.refuse(refused);
        } else {
            fold_pairs::<C>(chunk, |_, _, input| cell.push(input));
        }
    }

    fn flush(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).merge(&cell);
    }
}

/// The cell that is saved in the only entry, or an empty one if there is none.
fn only<'a, C: Cell>(entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<C> {
    let cell = entries.next().map_or(Some(C::default()), |(_, bytes)| loaded(bytes))?;
    entries.next().is_none().then_some(cell)
}

/// The cell that some bytes are, all of them.
fn loaded<C: Cell>(mut bytes: &[u8]) -> Option<C> {
    C::load(&mut bytes).filter(|_| bytes.is_empty())
}

/// Pushes each pair of a chunk.
fn fold_pairs<C: Cell>(chunk: &mut Chunk, mut push: impl FnMut(&[u8], Range<usize>, C::Input<'_>)) {
    let (arena, place) = (chunk.padded(), chunk.first_place());
    let mut refused = Vec::new();
    for (index, (key, value)) in chunk.keys.iter().zip(&chunk.values).enumerate() {
        let row = Row { value: chunk.at(*value), place: place + index as u64 };
        match C::read(row) {
            Ok(input) => push(arena, key.range(), input),
            Err(reason) => refused.push((*value, reason)),
        }
    }
    chunk.refuse(refused);
}

/// A cell that also knows where its key first appeared, for `--sort none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<C> {
    cell: C,
    first: u64,
}

impl<C: Default> Default for Placed<C> {
    fn default() -> Placed<C> {
        Placed { cell: C::default(), first: u64::MAX }
    }
}

impl<C: Cell> Cell for Placed<C> {
    // The first place among the rows that are left cannot be told from the first of all.
    const INVERTIBLE: bool = false;

    const INDELIBLE: &'static str = "the place of first appearance, which --sort none needs,";

    type Input<'a> = (C::Input<'a>, u64);

    #[inline(always)]
    fn read(row: Row<'_>) -> Result<Self::Input<'_>, &'static str> {
        Ok((C::read(row)?, row.place))
    }

    #[inline(always)]
    fn push(&mut self, (input, place): Self::Input<'_>) {
        self.cell.push(input);
        self.first = self.first.min(place);
    }

    #[inline(always)]
    fn merge(&mut self, other: &Placed<C>) {
        self.cell.merge(&other.cell);
        self.first = self.first.min(other.first);
    }

    fn unmerge(&mut self, other: &Placed<C>) {
        self.cell.unmerge(&other.cell);
    }

    fn records(&self) -> u64 {
        self.cell.records()
    }

    fn values(&self, out: &mut Vec<Value>) {
        self.cell.values(out);
    }

    fn first(&self) -> u64 {
        self.first
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.first.to_le_bytes());
        self.cell.save(out);
    }

    fn load(from: &mut &[u8]) -> Option<Placed<C>> {
        let (bytes, mut rest) = from.split_first_chunk()?;
        let cell = C::load(&mut rest)?;
        *from = rest;
        Some(Placed { cell, first: u64::from_le_bytes(*bytes) })
    }
}
