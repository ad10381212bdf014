//! Folding chunks into cells: with a key each ([`keyed`]) or all together ([`Whole`]).
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
use crate::cell::Placed;
use crate::chunk::{Chunk, Span};
use crate::state::{Retention, State};
use crate::table::keys::{Key, Seeds, Table};
use crate::table::missing;
use crate::table::shards::{Front, Shards, Sizes};

/// An aggregate with a cell for each key; with `placed`, it also keeps where each first appeared.
pub fn keyed<C: Cell + Sync>(plan: C::Plan, placed: bool) -> Arc<dyn Aggregate> {
    match placed {
        true => Arc::new(Keyed::<Placed<C>>::sized(plan, Seeds::random(), Sizes::USUAL)),
        false => Arc::new(Keyed::<C>::sized(plan, Seeds::random(), Sizes::USUAL)),
    }
}

/// An aggregate with a cell for each key.
pub(super) struct Keyed<C: Cell> {
    plan: C::Plan,
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
    pub(super) fn sized(plan: C::Plan, seeds: Seeds, sizes: Sizes) -> Keyed<C> {
        let open = RwLock::new(Shards::new(&seeds, sizes));
        let (spare, workers) = (Spare::default(), AtomicUsize::new(0));
        Keyed { plan, seeds, sizes, open, spare, workers }
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
        let workers = self.workers.load(Relaxed);
        Box::new(KeyedPane::new(self.plan.clone(), shards, &self.spare, workers))
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
        Box::new(History::<C>::new(self.plan.clone(), state, &self.seeds, changes, false))
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
        C::indelible(&self.plan)
    }
}

struct KeyedFold<C: Cell> {
    front: Front<C>,
    shared: Arc<Keyed<C>>,
}

impl<C: Cell + Sync> Fold for KeyedFold<C> {
    fn fold(&mut self, chunk: &mut Chunk) {
        let Keyed { plan, seeds, open, .. } = &*self.shared;
        let (front, bytes) = (&mut self.front, chunk.len());
        let shards = open.read().unwrap_or_else(PoisonError::into_inner);
        let rows = match front.table() {
            Some(table) => fold_keys::<C>(chunk, plan, seeds, LookedUp { table, plan }),
            None => fold_keys::<C>(chunk, plan, seeds, Written { front, plan, shards: &shards }),
        };
        front.note(rows, bytes, &shards);
    }

    fn flush(&mut self) {
        let open = self.shared.open.read().unwrap_or_else(PoisonError::into_inner);
        self.front.hand_over(&open);
    }
}

/// Where rows go, by key. Closures would do, but that of a large cell is called, and not taken in line.
trait Target<C: Cell> {
    /// Takes a row in.
    fn push(&mut self, key: Key<'_>, input: C::Input<'_>);

    /// The same, of a pair: its key is a name as often as a word, and long.
    #[inline(always)]
    fn push_pair(&mut self, key: Key<'_>, input: C::Input<'_>) {
        self.push(key, input);
    }
}

/// To the cells of a front's table.
struct LookedUp<'a, C: Cell> {
    table: &'a mut Table<C>,
    plan: &'a C::Plan,
}

impl<C: Cell> Target<C> for LookedUp<'_, C> {
    #[inline(always)]
    fn push(&mut self, key: Key<'_>, input: C::Input<'_>) {
        self.table.cell(key).push(self.plan, input);
    }

    #[inline(always)]
    fn push_pair(&mut self, key: Key<'_>, input: C::Input<'_>) {
        self.table.cell_of_any(key).push(self.plan, input);
    }
}

/// Past the table, each row as a cell of its own.
struct Written<'a, C: Cell> {
    front: &'a mut Front<C>,
    plan: &'a C::Plan,
    shards: &'a Shards<C>,
}

impl<C: Cell> Target<C> for Written<'_, C> {
    #[inline(always)]
    fn push(&mut self, key: Key<'_>, input: C::Input<'_>) {
        let mut cell = C::default();
        cell.push(self.plan, input);
        self.front.write(key, cell, self.shards);
    }
}

/// Pushes each row of a chunk to its key, and returns how many there are.
#[inline(always)]
fn fold_keys<C: Cell>(
    chunk: &mut Chunk,
    plan: &C::Plan,
    seeds: &Seeds,
    mut target: impl Target<C>,
) -> usize {
    if !chunk.values.is_empty() {
        let mut longer = Vec::new();
        fold_pairs::<C>(chunk, plan, |arena, key, input| {
            target.push_pair(missing::load(arena, key, seeds, &mut longer), input);
        });
        return chunk.keys.len();
    }
    let (place, refused) = (chunk.first_place(), Vec::new());
    let mut plain = Plain { target, plan, seeds, row: Row { value: b"", place }, refused };
    // Two closures with one caller each are taken in line; one with two callers is not, and
    // a word of text costs a seventh more (`scripts/bench words`).
    chunk.for_each_uncut(|arena, start, end| plain.push::<C>(arena, start, end));
    chunk.for_each_cut(|arena, start, end| plain.push::<C>(arena, start, end));
    let (rows, refused) = (plain.row.place - place, plain.refused);
    chunk.refuse(refused);
    rows as usize
}

/// Where the rows of a chunk go that are their own keys.
struct Plain<'a, T, P> {
    target: T,
    plan: &'a P,
    seeds: &'a Seeds,
    row: Row<'static>,
    refused: Vec<(Span, &'static str)>,
}

impl<T, P> Plain<'_, T, P> {
    #[inline(always)]
    fn push<C: Cell<Plan = P>>(&mut self, arena: &[u8], start: usize, end: usize)
    where
        T: Target<C>,
    {
        match C::read(self.plan, self.row) {
            Ok(input) => self.target.push(Key::load(arena, start, end, self.seeds), input),
            Err(reason) => self.refused.push((Span::new(start, end), reason)),
        }
        self.row.place += 1;
    }
}

/// An aggregate with one cell for all records.
pub struct Whole<C: Cell> {
    plan: C::Plan,
    open: Mutex<C>,
}

impl<C: Cell + Sync> Whole<C> {
    /// Makes an aggregate of nothing.
    #[expect(clippy::new_ret_no_self, reason = "the table of aggregates forgets the cell's type")]
    pub fn new(plan: C::Plan) -> Arc<dyn Aggregate> {
        Arc::new(Whole::<C> { plan, open: Mutex::default() })
    }
}

impl<C: Cell + Sync> Aggregate for Whole<C> {
    fn fold(self: Arc<Self>, _worker: usize) -> Box<dyn Fold> {
        Box::new(WholeFold { cell: C::default(), shared: self })
    }

    fn close(self: Arc<Self>) -> Box<dyn Pane> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Box::new(WholePane { plan: self.plan.clone(), cell: std::mem::take(&mut *open) })
    }

    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore> {
        let seeds = Seeds::random();
        let state = State::new(retention, &seeds, changes, lasts);
        Box::new(History::<C>::new(self.plan.clone(), state, &seeds, changes, true))
    }

    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>> {
        let cell: C = only(entries)?;
        Some(Box::new(WholePane { plan: self.plan.clone(), cell }))
    }

    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()> {
        let cell: C = only(entries)?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).merge(&cell);
        Some(())
    }

    fn indelible(&self) -> Option<&'static str> {
        C::indelible(&self.plan)
    }
}

struct WholeFold<C: Cell> {
    cell: C,
    shared: Arc<Whole<C>>,
}

impl<C: Cell + Sync> Fold for WholeFold<C> {
    fn fold(&mut self, chunk: &mut Chunk) {
        let place = chunk.first_place();
        let (cell, plan) = (&mut self.cell, &self.shared.plan);
        if chunk.values.is_empty() {
            let (mut index, mut refused) = (0, Vec::new());
            chunk.for_each_key(|arena, start, end| {
                let row = Row { value: &arena[start..end], place: place + index };
                match C::read(plan, row) {
                    Ok(input) => cell.push(plan, input),
                    Err(reason) => refused.push((Span::new(start, end), reason)),
                }
                index += 1;
            });
            chunk.refuse(refused);
        } else {
            fold_pairs::<C>(chunk, plan, |_, _, input| cell.push(plan, input));
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
fn fold_pairs<C: Cell>(
    chunk: &mut Chunk,
    plan: &C::Plan,
    mut push: impl FnMut(&[u8], Range<usize>, C::Input<'_>),
) {
    let (arena, place) = (chunk.padded(), chunk.first_place());
    let mut refused = Vec::new();
    for (index, (key, value)) in chunk.keys.iter().zip(&chunk.values).enumerate() {
        let row = Row { value: chunk.at(*value), place: place + index as u64 };
        match C::read(plan, row) {
            Ok(input) => push(arena, key.range(), input),
            Err(reason) => refused.push((*value, reason)),
        }
    }
    chunk.refuse(refused);
}
