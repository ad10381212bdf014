//! Folding chunks into cells: with a key each ([`Keyed`]) or all together ([`Whole`]).
//!
//! A worker folds into what it has of its own, which stays in its cache, and hands over what that does
//! not hold; at the end of a batch it hands over the rest:
//!
//! ```text
//! chunk ──> worker's front ──> open shards ──close──> pane ──> report
//!                                    ^                   │ cleared, used again
//!                                    └───────────────────┘
//! ```
//!
//! So two workers never hold a large set of keys twice. What is left to do when a batch ends is done by
//! as many threads as there are workers, where it is much: see [`crate::table::shards`].

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::history::History;
use super::pane::{KeyedPane, Spare, WholePane};
use super::{Aggregate, Cell, Fold, Pane, Row, StateStore};
use crate::chunk::{Chunk, Span};
use crate::report::value::Value;
use crate::state::{Retention, State};
use crate::table::keys::{Key, Seeds};
use crate::table::shards::{Front, Shards, Sizes};

/// An aggregate with a cell for each key.
#[derive(Debug)]
pub struct Keyed<C> {
    seeds: Seeds,
    sizes: Sizes,
    open: RwLock<Shards<C>>,
    /// The shards of a batch that has been reported.
    spare: Spare<C>,
    /// How many workers fold.
    workers: AtomicUsize,
}

impl<C: Cell + Sync> Keyed<C> {
    /// Makes an aggregate without keys.
    #[expect(clippy::new_ret_no_self, reason = "the table of aggregates forgets the cell's type")]
    pub fn new() -> Arc<dyn Aggregate> {
        Arc::new(Keyed::<C>::sized(Seeds::random(), Sizes::USUAL))
    }

    /// Makes it with other seeds and sizes.
    pub(super) fn sized(seeds: Seeds, sizes: Sizes) -> Keyed<C> {
        let open = RwLock::new(Shards::new(&seeds, sizes));
        Keyed { seeds, sizes, open, spare: Spare::default(), workers: AtomicUsize::new(0) }
    }

    /// Takes entries that were saved into some shards.
    fn load_into<'a>(
        &self,
        shards: &Shards<C>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<()> {
        let mut front = Front::new(shards);
        for (key, cell) in entries {
            front.write(Key::copied(key, &self.seeds), loaded::<C>(cell)?, shards);
        }
        front.hand_over(shards);
        Some(())
    }

    fn pane(&self, mut shards: Shards<C>) -> Box<dyn Pane> {
        shards.close();
        Box::new(KeyedPane::new(shards, &self.spare, self.workers.load(Relaxed)))
    }
}

impl<C: Cell + Sync> Aggregate for Keyed<C> {
    fn fold(self: Arc<Self>, _worker: usize) -> Box<dyn Fold> {
        self.workers.fetch_add(1, Relaxed);
        let front = Front::new(&self.open.read().unwrap_or_else(PoisonError::into_inner));
        Box::new(KeyedFold { front, shared: self })
    }

    fn close(self: Arc<Self>) -> Box<dyn Pane> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fresh = spare.unwrap_or_else(|| Shards::new(&self.seeds, self.sizes));
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let shards = std::mem::replace(&mut *open, fresh);
        drop(open);
        self.pane(shards)
    }

    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore> {
        let state = State::new(retention, &self.seeds, changes, lasts);
        Box::new(History::<C>::new(state, &self.seeds, changes, false))
    }

    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>> {
        let shards = Shards::new(&self.seeds, self.sizes);
        self.load_into(&shards, entries)?;
        Some(self.pane(shards))
    }

    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()> {
        self.load_into(&self.open.read().unwrap_or_else(PoisonError::into_inner), entries)
    }

    fn indelible(&self) -> Option<&'static str> {
        (!C::INVERTIBLE).then_some(C::INDELIBLE)
    }
}

struct KeyedFold<C> {
    front: Front<C>,
    shared: Arc<Keyed<C>>,
}

impl<C: Cell + Sync> Fold for KeyedFold<C> {
    fn fold(&mut self, chunk: &mut Chunk) {
        let (front, seeds, bytes) = (&mut self.front, &self.shared.seeds, chunk.len());
        let shards = self.shared.open.read().unwrap_or_else(PoisonError::into_inner);
        let rows = match front.table() {
            Some(table) => fold_keys::<C>(chunk, seeds, |key, input| table.cell(key).push(input)),
            None => fold_keys::<C>(chunk, seeds, |key, input| {
                let mut cell = C::default();
                cell.push(input);
                front.write(key, cell, &shards);
            }),
        };
        front.note(rows, bytes, &shards);
    }

    fn flush(&mut self) {
        let open = self.shared.open.read().unwrap_or_else(PoisonError::into_inner);
        self.front.hand_over(&open);
    }
}

/// Pushes each row of a chunk to its key, and returns how many there are.
#[inline(always)]
fn fold_keys<C: Cell>(
    chunk: &mut Chunk,
    seeds: &Seeds,
    mut push: impl FnMut(Key<'_>, C::Input<'_>),
) -> usize {
    if !chunk.values.is_empty() {
        fold_pairs::<C>(chunk, |arena, key, input| {
            push(Key::load(arena, key.start, key.end, seeds), input);
        });
        return chunk.keys.len();
    }
    let (place, refused) = (chunk.first_place(), Vec::new());
    let mut plain = Plain { push, seeds, row: Row { value: b"", place }, refused };
    // Two closures with one caller each are taken in line; one with two callers is not, and
    // a word of text costs a seventh more (`scripts/bench words`).
    chunk.for_each_uncut(|arena, start, end| plain.push::<C>(arena, start, end));
    chunk.for_each_cut(|arena, start, end| plain.push::<C>(arena, start, end));
    let (rows, refused) = (plain.row.place - place, plain.refused);
    chunk.refuse(refused);
    rows as usize
}

/// Where the rows of a chunk go that are their own keys.
struct Plain<'a, F> {
    push: F,
    seeds: &'a Seeds,
    row: Row<'static>,
    refused: Vec<(Span, &'static str)>,
}

impl<F> Plain<'_, F> {
    #[inline(always)]
    fn push<C: Cell>(&mut self, arena: &[u8], start: usize, end: usize)
    where
        F: FnMut(Key<'_>, C::Input<'_>),
    {
        match C::read(self.row) {
            Ok(input) => (self.push)(Key::load(arena, start, end, self.seeds), input),
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
