//! The rows of a shard, as they came, in pieces of the same number of rows.
//!
//! Pieces never move, and a row has a place by which it is found again. Each piece has an arena for its
//! long keys, so a piece that is not needed any more takes its keys along.

use crate::cell::Cell;
use crate::table::keys::Entry;

/// Rows that have places.
#[derive(Debug)]
pub(super) struct Rows<C> {
    /// All but the last are full.
    pieces: Vec<Piece<C>>,
    /// Pieces without rows, to be used again.
    free: Vec<Piece<C>>,
    /// A piece has two to this power of rows.
    bits: u32,
    len: usize,
    /// The bytes of the arenas.
    long: usize,
}

#[derive(Debug)]
struct Piece<C> {
    rows: Vec<Entry<C>>,
    arena: Vec<u8>,
}

impl<C> Piece<C> {
    fn cleared(mut self) -> Piece<C> {
        self.rows.clear();
        self.arena.clear();
        self
    }
}

impl<C: Cell> Rows<C> {
    pub(super) fn new(bits: u32) -> Rows<C> {
        Rows { pieces: Vec::new(), free: Vec::new(), bits, len: 0, long: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bytes that they and their keys take.
    pub(super) fn size(&self) -> usize {
        self.len * size_of::<Entry<C>>() + self.long
    }

    /// A row, and the arena of its key.
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> (&Entry<C>, &[u8]) {
        let piece = &self.pieces[place >> self.bits];
        (&piece.rows[place & ((1 << self.bits) - 1)], &piece.arena)
    }

    /// Merges a row into another one, and leaves it free.
    pub(super) fn merge(&mut self, from: usize, into: usize) {
        let row = |place: usize| (place >> self.bits, place & ((1 << self.bits) - 1));
        let (from, into) = (row(from), row(into));
        let cell = self.pieces[from.0].rows[from.1].take();
        self.pieces[into.0].rows[into.1].cell.merge(&cell);
    }

    /// Appends all rows of a block, and the keys that stand in its arena.
    pub(super) fn take_in(&mut self, block: &mut Vec<Entry<C>>, arena: &mut Vec<u8>) {
        self.len += block.len();
        self.long += arena.len();
        while !block.is_empty() {
            let full = 1 << self.bits;
            let piece = self.open();
            let room = full - piece.rows.len();
            if arena.is_empty() && block.len() <= room {
                piece.rows.append(block);
                continue;
            }
            for mut row in block.drain(..room.min(block.len())) {
                row.move_key(arena, &mut piece.arena);
                piece.rows.push(row);
            }
        }
        arena.clear();
    }

    /// Closes the gaps that rows have left which are free now.
    pub(super) fn close_ranks(&mut self) {
        let (mut next, mask) = (0, (1 << self.bits) - 1);
        for from in 0..self.pieces.len() {
            let keys = Vec::with_capacity(self.pieces[from].arena.len());
            let arena = std::mem::replace(&mut self.pieces[from].arena, keys);
            for at in 0..self.pieces[from].rows.len() {
                let row = &mut self.pieces[from].rows[at];
                if !row.is_free() {
                    let mut row = std::mem::take(row);
                    let into = &mut self.pieces[next >> self.bits];
                    row.move_key(&arena, &mut into.arena);
                    into.rows[next & mask] = row;
                    next += 1;
                }
            }
        }
        self.truncate(next);
    }

    /// Forgets all rows but the first ones; no keys of the others are left in the arenas of these.
    fn truncate(&mut self, len: usize) {
        let full = 1 << self.bits;
        let surplus = self.pieces.split_off(len.div_ceil(full));
        self.free.extend(surplus.into_iter().map(Piece::cleared));
        if let Some(last) = self.pieces.last_mut() {
            last.rows.truncate((len - 1) % full + 1);
        }
        (self.len, self.long) = (len, self.pieces.iter().map(|piece| piece.arena.len()).sum());
    }

    /// Calls `visit` for each row and its arena.
    pub(super) fn for_each(&self, mut visit: impl FnMut(&Entry<C>, &[u8])) {
        for piece in &self.pieces {
            piece.rows.iter().for_each(|row| visit(row, &piece.arena));
        }
    }

    /// Forgets all rows, and keeps as many pieces as were needed for them.
    pub(super) fn clear(&mut self) {
        self.free.clear();
        self.truncate(0);
    }

    /// The piece that has room.
    #[inline(always)]
    fn open(&mut self) -> &mut Piece<C> {
        if self.pieces.last().is_none_or(|piece| piece.rows.len() == 1 << self.bits) {
            self.begin_piece();
        }
        self.pieces.last_mut().expect("there is one that has room")
    }

    #[inline(never)]
    fn begin_piece(&mut self) {
        // The first one grows as it must: most shards of a batch of some thousand keys stay small.
        let room = if self.pieces.is_empty() { 0 } else { 1 << self.bits };
        let piece = self.free.pop();
        let mut piece = piece.unwrap_or_else(|| Piece { rows: Vec::new(), arena: Vec::new() });
        piece.rows.reserve_exact(room);
        self.pieces.push(piece);
    }
}
