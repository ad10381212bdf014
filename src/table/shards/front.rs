//! What a worker has in front of the shards: a table in its cache, which catches keys that come often.
//!
//! The table decides by its own rows whether it is of use. When enough keys were new to it and it met
//! fewer than two rows for each of them, most look-ups were in vain: all it has is written down, and the
//! next rows are written down at once, without a look-up. Otherwise it grows to what the cache holds,
//! then keeps what it met often and writes the rest down. While neither happens, which is so for all
//! streams of few keys, nothing is written down at all, and the table is handed over as it is.

use super::Shards;
use super::blocks::Blocks;
use crate::cell::Cell;
use crate::table::keys::{Key, Table};

/// So many times the usual number of bytes may pass a front by that has been of no use again and again.
const MOST: usize = 16;

/// A key of which the table met more rows than this since it was poured may stay in it.
const OFTEN: u64 = 2;

/// A worker's part of the open batch.
#[derive(Debug)]
pub struct Front<C> {
    table: Table<C>,
    blocks: Blocks<C>,
    /// True if rows have been written down since all was handed over.
    wrote: bool,
    /// How many rows the table met since it was poured last.
    met: usize,
    /// How many keys it has kept then.
    kept: usize,
    /// How many bytes of rows are still to pass it by.
    pass: usize,
    /// How many bytes pass it by when it is of no use next.
    next_pass: usize,
}

impl<C: Cell> Front<C> {
    /// Makes it empty.
    pub fn new(shards: &Shards<C>) -> Front<C> {
        let (table, blocks) = (Table::new(&shards.seeds, 0), Blocks::new());
        let (met, kept, pass, next_pass) = (0, 0, 0, shards.sizes.pass);
        Front { table, blocks, wrote: false, met, kept, pass, next_pass }
    }

    /// The table, unless rows are to be written down at once: see [`Front::write`].
    #[inline(always)]
    pub fn table(&mut self) -> Option<&mut Table<C>> {
        (self.pass == 0).then_some(&mut self.table)
    }

    /// Writes a row down, which the table does not see.
    #[inline(always)]
    pub fn write(&mut self, key: Key<'_>, cell: C, shards: &Shards<C>) {
        self.wrote = true;
        self.blocks.write(key, cell, shards);
    }

    /// Says how many rows, of how many bytes, have come since this was said last.
    pub fn note(&mut self, rows: usize, bytes: usize, shards: &Shards<C>) {
        if self.pass > 0 {
            self.pass = self.pass.saturating_sub(bytes);
            return;
        }
        self.met += rows;
        let (sizes, keys) = (&shards.sizes, self.table.len());
        let new = keys.saturating_sub(self.kept);
        if keys > sizes.front && self.met < 2 * new {
            self.pour(0, shards);
            self.pass = self.next_pass;
            self.next_pass = (2 * self.next_pass).min(MOST * sizes.pass);
        } else if self.table.size() > sizes.cached {
            self.pour(keys / 2, shards);
            self.next_pass = sizes.pass;
        }
    }

    /// Hands over all that was taken in.
    pub fn hand_over(&mut self, shards: &Shards<C>) {
        if std::mem::take(&mut self.wrote) {
            self.pour(0, shards);
            self.blocks.hand_over(shards);
        } else {
            shards.take_few(&mut self.table);
        }
        // Each batch is tried anew: many may be small among large ones.
        (self.met, self.kept, self.pass, self.wrote) = (0, 0, 0, false);
    }

    /// Writes down what the table has, but for so many keys that it met often.
    fn pour(&mut self, most: usize, shards: &Shards<C>) {
        let Front { table, blocks, .. } = self;
        let mut left = most;
        let stays = |cell: &C| {
            let stays = cell.records() > OFTEN && left > 0;
            left -= usize::from(stays);
            stays
        };
        table.pour(&shards.seeds, stays, |key, cell| blocks.write(key, cell, shards));
        (self.met, self.kept, self.wrote) = (0, table.len(), true);
    }
}
