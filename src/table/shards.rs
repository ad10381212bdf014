//! A large table made of shards, which many workers fill at once without looking anything up.
//!
//! A table of millions of keys is larger than any cache: each row that is looked up in it waits for
//! memory, and each time it grows all is moved once more. So rows are only *written down* here, parted
//! by the first bits of their hash, and merged where a part of them fits the cache:
//!
//! ```text
//!                     few keys: one table, handed over as it is
//!           ┌──────────────────────────────────────────────────────> few
//! rows ──> front: what comes often ──┬──> a block a shard ──full──> shard 0: its rows, as they came
//!   └──── passed by while no use ────┘       │                      shard 1: ...
//!                                            └── one lock a block
//! ```
//!
//! * A shard's rows are its cells. Now and then they are *settled*: an index is made, used and
//!   forgotten, a row whose key was there is merged into the first of that key, and the others close
//!   ranks. An index made for a known number of rows never grows, so it can have much room.
//! * Memory is bounded by 2.5 times what is distinct. The shards are a random split, so one in 16
//!   finds out how much that is; any other is settled only when it has 2.5 times as much. So a stream
//!   without duplicates is gone through once, at its end.
//! * A walk settles each shard, and meets its keys in the order in which they first came.
//!
//! Few keys never come here: see [`Front`].

mod blocks;
mod front;
mod index;
mod rows;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blocks::Blocks;
pub use front::Front;
use index::Index;
use rows::Rows;

use crate::cell::Cell;
use crate::table::keys::{Entry, Key, Seeds, Table};

/// How many bits of the hash choose the shard: of 20 million keys one has 39,000, and an index of
/// 1 MB, which a core's own cache holds.
const BITS: u32 = 9;
/// How many shards there are.
const SHARDS: usize = 1 << BITS;

/// From which sizes on something happens. `scripts/bench` shows the counts they are measured by.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// So many rows are handed over at once: the open blocks of all shards fit a core's own cache.
    pub block: usize,
    /// A shard grows by two to this power of rows.
    pub piece: u32,
    /// So many bytes of a shard are not worth a look.
    pub floor: usize,
    /// So many keys that are new to a front show whether it is of use.
    pub front: usize,
    /// So many bytes of a front are about what a core's own cache holds.
    pub cached: usize,
    /// So many bytes of rows, and up to 16 times as many, pass a front by that was of no use.
    pub pass: usize,
    /// A longer probe in an index that is a quarter full means that the hash does not spread the keys.
    pub probe: usize,
}

impl Sizes {
    /// Those of the product; tests have smaller ones.
    pub const USUAL: Sizes = Sizes {
        block: 128,
        piece: 11,
        floor: 48 << 10,
        front: 32 << 10,
        cached: 2 << 20,
        pass: 4 << 20,
        probe: 512,
    };
}

/// A table in shards.
#[derive(Debug)]
pub struct Shards<C> {
    /// What workers had in their fronts, if none of them has written rows down.
    few: Mutex<Table<C>>,
    shards: Vec<Mutex<Shard<C>>>,
    /// True if there are rows in the shards: most batches of a stream are over without a look at them.
    is_many: AtomicBool,
    /// True if memory of rows is kept for the next ones.
    has_spare: bool,
    seeds: Seeds,
    sizes: Sizes,
    /// How many bytes are distinct in that shard in 16 which has told last.
    told: AtomicUsize,
}

/// The rows of one part of the hashes.
#[derive(Debug)]
struct Shard<C> {
    rows: Rows<C>,
    /// The bytes that were left when it was settled last.
    distinct: usize,
    /// True if no two rows have the same key.
    is_settled: bool,
    /// Seeds of its own, once the common ones did not spread its keys.
    own: Option<Seeds>,
}

impl<C: Cell> Shards<C> {
    /// Makes an empty table for keys that are loaded with `seeds`.
    pub fn new(seeds: &Seeds, sizes: Sizes) -> Shards<C> {
        let shard = |_| Mutex::new(Shard::new(sizes.piece));
        let (few, shards) = (Mutex::new(Table::new(seeds, 0)), (0..SHARDS).map(shard).collect());
        let (is_many, told) = (AtomicBool::new(false), AtomicUsize::new(0));
        Shards { few, shards, is_many, has_spare: false, seeds: seeds.clone(), sizes, told }
    }

    /// Takes a worker's table over, which is empty then.
    fn take_few(&self, table: &mut Table<C>) {
        let mut few = lock(&self.few);
        if few.is_empty() {
            std::mem::swap(&mut *few, table);
        } else {
            table.pour(&self.seeds, |_| false, |key, cell| few.cell(key).merge(&cell));
        }
    }

    /// Takes over the rows of a block of the shard `at`, which is empty then.
    fn take_block(
        &self,
        at: usize,
        block: &mut Vec<Entry<C>>,
        arena: &mut Vec<u8>,
        index: &mut Index,
    ) {
        let (mut shard, tells) = (lock(&self.shards[at]), at.is_multiple_of(16));
        shard.is_settled = false;
        self.is_many.store(true, Relaxed);
        shard.rows.take_in(block, arena);
        let told = if tells { 0 } else { self.told.load(Relaxed) / 2 * 5 };
        if shard.rows.size() >= told.max(shard.distinct * 2).max(self.sizes.floor) {
            shard.settle(index, self);
            if tells {
                self.told.store(shard.distinct, Relaxed);
            }
        }
    }

    /// Sees to it that no key stands in two places, when all workers have handed over what they had.
    pub fn close(&mut self) {
        if !self.is_many.load(Relaxed) || lock(&self.few).is_empty() {
            return;
        }
        let mut few = std::mem::replace(&mut *lock(&self.few), Table::new(&self.seeds, 0));
        let mut blocks = Blocks::new();
        few.pour(&self.seeds, |_| false, |key, cell| blocks.write(key, cell, self));
        blocks.hand_over(self);
        *lock(&self.few) = few;
    }

    /// How many rows are in the shards: at least as many as there are keys, if these are many.
    pub fn rows(&self) -> usize {
        self.filled().iter().map(|shard| lock(shard).rows.len()).sum()
    }

    /// Calls `visit` for each key and its cell.
    pub fn for_each(&self, visit: impl FnMut(&[u8], &C)) {
        self.for_each_by(&Turns::default(), visit);
    }

    /// The same by several threads, of which each takes a part when it is its turn.
    pub fn for_each_by(&self, turns: &Turns, mut visit: impl FnMut(&[u8], &C)) {
        self.walk(turns, |row, arena| visit(row.bytes(arena, &mut [0; 16]), &row.cell));
    }

    /// Calls `visit` for each key, ready to be looked up elsewhere, and its cell.
    pub fn for_each_loaded(&self, mut visit: impl FnMut(Key<'_>, &C)) {
        self.walk(&Turns::default(), |row, arena| visit(row.key(arena, &self.seeds), &row.cell));
    }

    fn walk(&self, turns: &Turns, mut visit: impl FnMut(&Entry<C>, &[u8])) {
        let mut index = Index::default();
        loop {
            // Turn 0 is that of the few.
            let turn = turns.0.fetch_add(1, Relaxed);
            match turn.checked_sub(1).map(|at| self.filled().get(at)) {
                None => lock(&self.few).for_each_entry(&mut visit),
                Some(None) => return,
                Some(Some(shard)) => {
                    let mut shard = lock(shard);
                    shard.settle(&mut index, self);
                    shard.rows.for_each(&mut visit);
                }
            }
        }
    }

    /// Forgets all keys; memory that was of use for them is kept.
    pub fn clear(&mut self) {
        lock(&self.few).clear();
        let was_many = std::mem::take(self.is_many.get_mut());
        // What was kept for rows of which there were none is let go.
        if was_many || self.has_spare {
            self.shards.iter().for_each(|shard| lock(shard).clear());
        }
        self.has_spare = was_many;
        self.told.store(0, Relaxed);
    }

    /// The shards, or none if all are empty.
    fn filled(&self) -> &[Mutex<Shard<C>>] {
        if self.is_many.load(Relaxed) { &self.shards } else { &[] }
    }
}

impl<C: Cell> Shard<C> {
    fn new(piece: u32) -> Shard<C> {
        Shard { rows: Rows::new(piece), distinct: 0, is_settled: true, own: None }
    }

    /// Merges rows of the same key.
    fn settle(&mut self, index: &mut Index, shards: &Shards<C>) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let free = loop {
            match self.merge_rows(index, shards) {
                Some(free) => break free,
                None => self.own = Some(Seeds::random()),
            }
        };
        if free > 0 {
            self.rows.close_ranks();
        }
        self.distinct = self.rows.size();
    }

    /// Merges each row whose key was there into the first one, and returns how many rows are free;
    /// `None` if the hash does not spread these keys. What has been merged by then is no harm.
    fn merge_rows(&mut self, index: &mut Index, shards: &Shards<C>) -> Option<usize> {
        let (rows, mut free) = (&mut self.rows, 0);
        index.begin(rows.len(), shards.sizes.probe);
        for place in 0..rows.len() {
            let (row, arena) = rows.at(place);
            if row.is_free() {
                free += 1;
                continue;
            }
            let key = row.key(arena, &shards.seeds);
            let hash = match &self.own {
                None => key.hash().rotate_left(BITS),
                Some(own) => own.hash_again(key),
            };
            let first = index.find(hash, place, |place| {
                let (row, arena) = rows.at(place);
                row.is(key, arena)
            })?;
            if first != place {
                rows.merge(place, first);
                free += 1;
            }
        }
        Some(free)
    }

    fn clear(&mut self) {
        self.rows.clear();
        (self.distinct, self.is_settled) = (0, true);
    }
}

/// Which part of the shards is walked next.
#[derive(Debug, Default)]
pub struct Turns(AtomicUsize);

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    // A worker that panicked in here has ended the run; what it left is not read again.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
