//! The open blocks of a worker: rows that are written down, parted by shard, until a block is full.
//!
//! Blocks stay with the worker, so they stay in its cache; a full one is copied to its shard, as one
//! run of memory.

use super::index::Index;
use super::{BITS, SHARDS, Shards};
use crate::cell::Cell;
use crate::table::keys::{Entry, Key};

/// A block whose long keys take more bytes is full.
const ARENA: usize = 16 << 10;

/// One block for each shard.
#[derive(Debug)]
pub(super) struct Blocks<C> {
    rows: Vec<Vec<Entry<C>>>,
    /// The long keys of each block.
    arenas: Vec<Vec<u8>>,
    /// For shards that are to be settled.
    index: Index,
}

impl<C: Cell> Blocks<C> {
    pub(super) fn new() -> Blocks<C> {
        let (rows, arenas) = (Vec::new(), Vec::new());
        Blocks { rows, arenas, index: Index::default() }
    }

    /// Writes a row down.
    #[inline(always)]
    pub(super) fn write(&mut self, key: Key<'_>, cell: C, shards: &Shards<C>) {
        let at = (key.hash() >> (u64::BITS - BITS)) as usize;
        if self.rows.is_empty() {
            self.begin();
        }
        let (rows, arena) = (&mut self.rows[at], &mut self.arenas[at]);
        rows.push(Entry::new(key, cell, arena));
        let is_full = rows.len() >= shards.sizes.block;
        if is_full || key.is_long() && arena.len() > ARENA {
            self.hand_over_block(at, shards);
        }
    }

    /// Hands all rows over.
    pub(super) fn hand_over(&mut self, shards: &Shards<C>) {
        (0..self.rows.len()).for_each(|at| self.hand_over_block(at, shards));
    }

    /// Makes the blocks: most workers never need them.
    #[cold]
    fn begin(&mut self) {
        self.rows.resize_with(SHARDS, Vec::new);
        self.arenas.resize_with(SHARDS, Vec::new);
    }

    #[inline(never)]
    fn hand_over_block(&mut self, at: usize, shards: &Shards<C>) {
        let (rows, arena) = (&mut self.rows[at], &mut self.arenas[at]);
        if !rows.is_empty() {
            shards.take_block(at, rows, arena, &mut self.index);
        }
        if arena.capacity() > 4 * ARENA {
            *arena = Vec::new();
        }
    }
}
