//! The key table: from a key to its cell, with one look-up a row.
//!
//! Open addressing with linear probing. A key of up to 15 bytes stands in the entry itself, as two
//! words that are loaded, hashed and compared without a loop; a longer one stands in the table's
//! arena, and its entry holds the hash and the place.
//!
//! ```text
//! short    | byte 0 .. 7      | byte 8 .. 14             | 1 + length |  cell
//! long     | hash             | place in the arena       | 255        |  cell
//! free     | 0                | 0                        | 0          |
//! ```
//!
//! The length is part of the comparison: `a` is not `a\0`. How keys are hashed and compared is in `hash`.
//!
//! An entry's home is given by the highest bits of its hash, so a walk through a table meets the
//! keys in the order of their hashes. Entries also stand without a table: see [`crate::table::shards`].
//!
//! Keys come from the network, so the hash is keyed with random numbers, and a table in which a
//! probe gets long takes new ones.

mod hash;

pub use hash::Seeds;

/// The longest key that stands in the entry itself.
const INLINE: usize = 15;
/// The tag of an entry whose key stands in the arena.
const LONG: u64 = 255;
/// A table starts with this many entries.
const SMALLEST: usize = 16;
/// A table that nobody shares is at most a quarter full while it takes no more bytes than this.
const SPARSE: usize = 512 << 10;
/// A probe longer than this means that the hash does not spread these keys: 4096 entries of a table
/// that is at most 7/8 full are beyond anything chance does.
const LONGEST_PROBE: usize = 4096;

/// For each length of a short key, what of its two words belongs to it, and its tag.
static KEEP: [[u64; 3]; INLINE + 1] = {
    let mut keep = [[0; 3]; INLINE + 1];
    let mut len = 0;
    while len <= INLINE {
        let mut byte = 0;
        while byte < len {
            keep[len][byte / 8] |= 0xff << (byte % 8 * 8);
            byte += 1;
        }
        keep[len][2] = (len as u64 + 1) << 56;
        len += 1;
    }
    keep
};

impl Seeds {
    /// The hash of a key that was loaded with other seeds.
    pub fn hash_again(&self, key: Key<'_>) -> u64 {
        match key.is_long() {
            true => self.of_long(key.bytes),
            false => self.of_words(key.low, key.high),
        }
    }
}

/// A key, loaded and hashed once, ready to be looked up.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    low: u64,
    high: u64,
    hash: u64,
    /// The key itself; only long ones are asked for it.
    bytes: &'a [u8],
}

impl<'a> Key<'a> {
    /// The hash, whose highest bits choose a shard.
    #[inline(always)]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// True if it does not fit into an entry.
    #[inline(always)]
    pub fn is_long(&self) -> bool {
        self.high == LONG << 56
    }

    /// The key itself; a short one is put together in `inline`.
    pub fn bytes<'b>(&'b self, inline: &'b mut [u8; 16]) -> &'b [u8] {
        if self.high == LONG << 56 {
            return self.bytes;
        }
        unload(self.low, self.high, inline)
    }

    /// Loads `arena[start..end]`, which [`crate::scan::PAD`] more bytes must follow. Most are words, and short.
    #[inline(always)]
    pub fn load(arena: &'a [u8], start: usize, end: usize, seeds: &Seeds) -> Key<'a> {
        if end - start > INLINE {
            return Key::rarely_long(&arena[start..end], seeds);
        }
        Key::load_any(arena, start, end, seeds)
    }

    /// The same where long keys come as often as short ones: see [`Table::cell_of_any`].
    #[inline(always)]
    pub fn load_any(arena: &'a [u8], start: usize, end: usize, seeds: &Seeds) -> Key<'a> {
        let len = end - start;
        if len > INLINE {
            return Key::long(&arena[start..end], seeds);
        }
        let wide = &arena[start..start + 16];
        let word = |at: usize| u64::from_le_bytes(wide.as_chunks::<8>().0[at]);
        Key::short(word(0), word(1), len, seeds, &wide[..len])
    }

    /// Loads a key that stands alone, without padding behind it.
    pub fn copied(bytes: &'a [u8], seeds: &Seeds) -> Key<'a> {
        if bytes.len() > INLINE {
            return Key::long(bytes, seeds);
        }
        let mut wide = [0; 16];
        wide[..bytes.len()].copy_from_slice(bytes);
        let word = |at: usize| u64::from_le_bytes(wide.as_chunks::<8>().0[at]);
        Key::short(word(0), word(1), bytes.len(), seeds, bytes)
    }

    #[inline(always)]
    fn short(low: u64, high: u64, len: usize, seeds: &Seeds, bytes: &'a [u8]) -> Key<'a> {
        // What follows the key in the arena is masked off.
        let [keep_low, keep_high, tag] = KEEP[len];
        let low = low & keep_low;
        let high = high & keep_high | tag;
        Key { low, high, hash: seeds.of_words(low, high), bytes }
    }

    #[cold]
    #[inline(never)]
    fn rarely_long(bytes: &'a [u8], seeds: &Seeds) -> Key<'a> {
        Key::long(bytes, seeds)
    }

    #[inline(always)]
    fn long(bytes: &'a [u8], seeds: &Seeds) -> Key<'a> {
        let hash = seeds.of_long(bytes);
        Key { low: hash, high: LONG << 56, hash, bytes }
    }
}

/// A key and its cell; a long key stands in an arena beside it. A new one is free.
#[derive(Clone, Debug, Default)]
pub struct Entry<C> {
    low: u64,
    high: u64,
    /// What is kept for the key.
    pub cell: C,
}

impl<C> Entry<C> {
    /// Makes an entry; a long key goes to `arena`.
    #[inline(always)]
    pub fn new(key: Key<'_>, cell: C, arena: &mut Vec<u8>) -> Entry<C> {
        let mut high = key.high;
        if key.is_long() {
            high |= arena.len() as u64;
            store_long(arena, key.bytes);
        }
        Entry { low: key.low, high, cell }
    }

    /// True if there is no key.
    #[inline(always)]
    pub fn is_free(&self) -> bool {
        self.high == 0
    }

    /// True if its key stands in the arena.
    #[inline(always)]
    pub fn is_long(&self) -> bool {
        self.high >> 56 == LONG
    }

    /// True if `key` is its key.
    #[inline(always)]
    pub fn is(&self, key: Key<'_>, arena: &[u8]) -> bool {
        if !key.is_long() {
            // One branch for both words: either alone is guessed wrong more often.
            return (self.low ^ key.low) | (self.high ^ key.high) == 0;
        }
        let is_of_hash = (self.low ^ key.low) | (self.high ^ key.high) >> 56 == 0;
        is_of_hash && hash::are_same(long_key(arena, self.high), key.bytes)
    }

    /// The key with its hash by the common seeds, ready to be looked up.
    #[inline(always)]
    pub fn key<'a>(&self, arena: &'a [u8], common: &Seeds) -> Key<'a> {
        let &Entry { low, high, .. } = self;
        match self.is_long() {
            // The common hash is what marks the entry of a long key.
            true => Key { low, high: LONG << 56, hash: low, bytes: long_key(arena, high) },
            false => Key { low, high, hash: common.of_words(low, high), bytes: &[] },
        }
    }

    /// The key itself; a short one is put together in `inline`.
    #[inline]
    pub fn bytes<'a>(&self, arena: &'a [u8], inline: &'a mut [u8; 16]) -> &'a [u8] {
        match self.is_long() {
            true => long_key(arena, self.high),
            false => unload(self.low, self.high, inline),
        }
    }

    /// Moves the key, if it is long, from one arena to another.
    #[inline(always)]
    pub fn move_key(&mut self, from: &[u8], to: &mut Vec<u8>) {
        if self.is_long() {
            let key = long_key(from, self.high);
            self.high = LONG << 56 | to.len() as u64;
            store_long(to, key);
        }
    }

    /// Takes the cell out; the entry is free then.
    #[inline(always)]
    pub fn take(&mut self) -> C
    where
        C: Default,
    {
        std::mem::take(self).cell
    }
}

/// A table of keys and their cells; see the module's head for its layout.
#[derive(Debug)]
pub struct Table<C> {
    entries: Vec<Entry<C>>,
    len: usize,
    /// The keys of more than 15 bytes: length (u32, little endian), then bytes.
    arena: Vec<u8>,
    /// How many high bits of the hash are spent before this table's own: those that chose the shard.
    spent: u32,
    seeds: Seeds,
    /// True once this table has taken new seeds: hashes made with the common ones do not hold here.
    reseeded: bool,
}

impl<C: Default + Clone> Table<C> {
    /// Makes an empty table; `spent` says how many high bits of the hash chose this table.
    pub fn new(seeds: &Seeds, spent: u32) -> Table<C> {
        let entries = vec![Entry::default(); SMALLEST];
        let (len, arena) = (0, Vec::new());
        Table { entries, len, arena, spent, seeds: seeds.clone(), reseeded: false }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes that the keys and their cells take, without free entries.
    pub fn size(&self) -> usize {
        self.len * size_of::<Entry<C>>() + self.arena.len()
    }

    /// Brings the home of `key` and what a usual probe meets into the cache.
    ///
    /// The result means nothing; it is there so that the loads are not taken for useless.
    #[inline(always)]
    pub fn touch(&self, key: Key<'_>) -> u64 {
        let (home, last) = (self.home(key.hash), self.entries.len() - 1);
        // Five entries end in the second of two lines, where most probes are over.
        self.entries[home].low | self.entries[(home + 4) & last].low
    }

    /// Returns the cell of `key`, a new one if the key was not there.
    #[inline(always)]
    pub fn cell(&mut self, key: Key<'_>) -> &mut C {
        if key.is_long() {
            let at = self.find_slowly(key);
            return &mut self.entries[at].cell;
        }
        self.cell_of_any(key)
    }

    /// The same where long keys come as often as short ones: their way is taken in line, too, which makes that
    /// of words longer (`scripts/bench words stats`).
    #[inline(always)]
    pub fn cell_of_any(&mut self, key: Key<'_>) -> &mut C {
        if self.reseeded {
            let at = self.find_slowly(key);
            return &mut self.entries[at].cell;
        }
        let last = self.entries.len() - 1;
        let home = self.home(key.hash);
        let mut at = home;
        loop {
            let entry = &self.entries[at];
            if entry.is(key, &self.arena) {
                return &mut self.entries[at].cell;
            }
            if entry.high == 0 {
                at = self.insert(key, at, home);
                return &mut self.entries[at].cell;
            }
            at = (at + 1) & last;
        }
    }

    /// Returns the cell of `key`, if the key is there.
    pub fn get(&self, key: Key<'_>) -> Option<&C> {
        let last = self.entries.len() - 1;
        let mut at = self.home(self.hash_here(key));
        while self.entries[at].high != 0 {
            if self.holds(at, key) {
                return Some(&self.entries[at].cell);
            }
            at = (at + 1) & last;
        }
        None
    }

    /// Keeps the keys whose cell is wanted, and no more memory than these need to grow by half.
    pub fn retain(&mut self, mut wanted: impl FnMut(&C) -> bool) {
        let (old, old_arena) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.arena));
        let kept: Vec<_> =
            old.into_iter().filter(|entry| entry.high != 0 && wanted(&entry.cell)).collect();
        self.len = kept.len();
        self.entries = vec![Entry::default(); (self.len * 2).next_power_of_two().max(SMALLEST)];
        for mut entry in kept {
            entry.move_key(&old_arena, &mut self.arena);
            self.place(entry);
        }
    }

    /// Gives away all keys but those whose cell stays, each with its hash by the common seeds.
    pub fn pour(
        &mut self,
        common: &Seeds,
        mut stays: impl FnMut(&C) -> bool,
        mut leave: impl FnMut(Key<'_>, C),
    ) {
        let (arena, mut staying) = (std::mem::take(&mut self.arena), Vec::new());
        for entry in self.entries.iter_mut().filter(|entry| entry.high != 0) {
            if stays(&entry.cell) {
                let mut entry = std::mem::take(entry);
                entry.move_key(&arena, &mut self.arena);
                staying.push(entry);
            } else {
                leave(entry.key(&arena, common), entry.take());
            }
        }
        self.len = staying.len();
        staying.into_iter().for_each(|entry| self.place(entry));
    }

    /// Calls `visit` for each key and its cell, in the order of the hashes.
    pub fn for_each(&self, mut visit: impl FnMut(&[u8], &C)) {
        self.for_each_entry(|entry, arena| visit(entry.bytes(arena, &mut [0; 16]), &entry.cell));
    }

    /// Calls `visit` for each entry and the arena of its key, in the order of the hashes.
    pub fn for_each_entry<'a>(&'a self, mut visit: impl FnMut(&'a Entry<C>, &'a [u8])) {
        let taken = self.entries.iter().filter(|entry| entry.high != 0);
        taken.for_each(|entry| visit(entry, &self.arena));
    }

    /// Forgets all keys, and gives memory back if there is much more than was needed.
    pub fn clear(&mut self) {
        if self.len * 32 < self.entries.len() && self.entries.len() > SMALLEST {
            let half = self.entries.len() / 2;
            self.entries = Vec::new();
            self.entries = vec![Entry::default(); half];
        } else if self.len > 0 {
            self.entries.fill(Entry::default());
        }
        self.len = 0;
        self.arena.clear();
    }

    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        // The length is a power of two of at least 16, so the shift is at most 60.
        ((hash << self.spent) >> (self.entries.len().leading_zeros() + 1)) as usize
    }

    /// Finds the place of a key, the hash of which may have to be made anew.
    #[inline(never)]
    fn find_slowly(&mut self, key: Key<'_>) -> usize {
        let last = self.entries.len() - 1;
        let home = self.home(self.hash_here(key));
        let mut at = home;
        while self.entries[at].high != 0 {
            if self.holds(at, key) {
                return at;
            }
            at = (at + 1) & last;
        }
        self.insert(key, at, home)
    }

    fn hash_here(&self, key: Key<'_>) -> u64 {
        if self.reseeded { self.seeds.hash_again(key) } else { key.hash }
    }

    fn holds(&self, at: usize, key: Key<'_>) -> bool {
        self.entries[at].is(key, &self.arena)
    }

    /// Puts a new key at the free place `at`, or elsewhere if the table must grow first.
    #[inline(never)]
    fn insert(&mut self, key: Key<'_>, at: usize, home: usize) -> usize {
        let last = self.entries.len() - 1;
        if at.wrapping_sub(home) & last > LONGEST_PROBE {
            self.reseeded = true;
            self.seeds = Seeds::random();
            self.rebuild(self.entries.len());
            return self.find_slowly(key);
        }
        if self.len >= self.room() {
            self.rebuild(self.entries.len() * 2);
            return self.find_slowly(key);
        }
        self.entries[at] = Entry::new(key, C::default(), &mut self.arena);
        self.len += 1;
        at
    }

    /// How many keys there may be in so many entries.
    fn room(&self) -> usize {
        let all = self.entries.len();
        // Where all of it is in the cache, the shortest probes are worth more than the room.
        let is_sparse = self.spent == 0 && all * size_of::<Entry<C>>() <= SPARSE;
        if is_sparse { all / 4 } else { all / 8 * 7 }
    }

    #[cold]
    fn rebuild(&mut self, capacity: usize) {
        let old = std::mem::replace(&mut self.entries, vec![Entry::default(); capacity]);
        old.into_iter().filter(|entry| entry.high != 0).for_each(|entry| self.place(entry));
    }

    /// Puts an entry that is not there at its place.
    fn place(&mut self, entry: Entry<C>) {
        let last = self.entries.len() - 1;
        let mut at = self.home(self.hash_of(&entry));
        while self.entries[at].high != 0 {
            at = (at + 1) & last;
        }
        self.entries[at] = entry;
    }

    #[inline]
    fn hash_of(&self, entry: &Entry<C>) -> u64 {
        match (entry.is_long(), self.reseeded) {
            (false, _) => self.seeds.of_words(entry.low, entry.high),
            (true, false) => entry.low,
            (true, true) => self.seeds.of_long(long_key(&self.arena, entry.high)),
        }
    }
}

/// The long key of an entry whose second word is `high`.
#[inline]
fn long_key(arena: &[u8], high: u64) -> &[u8] {
    let at = (high & !(LONG << 56)) as usize;
    let (len, rest) = arena[at..].split_first_chunk().expect("each long key has a length");
    &rest[..u32::from_le_bytes(*len) as usize]
}

fn store_long(arena: &mut Vec<u8>, key: &[u8]) {
    arena.extend_from_slice(&(key.len() as u32).to_le_bytes());
    arena.extend_from_slice(key);
}

/// A short key of its two words.
#[inline]
fn unload(low: u64, high: u64, inline: &mut [u8; 16]) -> &[u8] {
    inline[..8].copy_from_slice(&low.to_le_bytes());
    inline[8..].copy_from_slice(&high.to_le_bytes());
    &inline[..(high >> 56) as usize - 1]
}

#[cfg(test)]
mod tests;
