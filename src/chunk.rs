//! A chunk: some hundred KiB of whole records in one byte arena, with rows as spans into it.
//!
//! Records are never owned one by one. A source fills the arena; steps edit the spans, and append to
//! the arena only where they must make bytes; the fold reads. All rows of a chunk are plain records, or
//! all are pairs, and then `keys` and `values` run side by side:
//!
//! ```text
//! arena    from host a\nfrom host b\n.......... padding (PAD bytes, of any content)
//! keys          (5,6)          (17,6)
//! values   none of records; of pairs one for each key
//! ```
//!
//! Of a pair the key can be missing, which is not the same as empty: [`Span::MISSING`]. Plain rows pay
//! nothing for that, since nobody asks it of them. Steps edit one half of a pair, the key unless they
//! are turned to the value, and the other half goes along; of a plain record there is one half.
//!
//! Rows are cut as late as possible. As a source leaves it, a chunk is *uncut*: all its records end
//! with the delimiter, and nobody has looked for it yet. A split at one byte leaves it uncut, with a
//! second delimiter; so the fold of a word count finds the words by one scan over the arena, and no
//! span is ever stored. Whoever needs spans calls [`Chunk::cut`].

mod bad;
mod edit;
mod keyed;
mod paired;

pub use bad::{Bad, BadPart};
pub use edit::{Edit, Half, Parts};

use crate::clock::Stamp;
use crate::origin::Origins;
use crate::scan::{self, PAD};

/// How many bytes a source puts into one chunk, if no single record is longer.
pub const CHUNK: usize = 256 << 10;

/// A place in a chunk's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// How many bytes.
    pub len: u32,
}

impl Span {
    /// The key that a pair does not have. It reads as empty; nothing else of a pair begins there.
    pub const MISSING: Span = Span { start: 0, len: 0 };

    /// The span from `start` to `end`, both of which an arena's size (under 4 GiB) bounds.
    pub fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end && end <= u32::MAX as usize, "an arena stays below 4 GiB");
        Span { start: start as u32, len: (end - start) as u32 }
    }

    /// The byte range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// How far a source's records have come; see `source::Source::reached`. Marks grow with the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// Records on their way from a source through the steps to the fold.
#[derive(Debug)]
pub struct Chunk {
    arena: Vec<u8>,
    used: usize,
    /// The delimiters of an uncut chunk. The first ends records; the second, if it is another byte,
    /// parts of records.
    uncut: Option<[u8; 2]>,
    /// True if the rows are pairs, also while there are none.
    pairs: bool,
    /// Which half of pairs the steps edit.
    half: Half,
    /// The rows' keys; for plain records, the records.
    pub keys: Vec<Span>,
    /// The rows' values; empty for plain records.
    pub values: Vec<Span>,
    /// The memory of keys and values that have been replaced.
    spare: [Vec<Span>; 2],
    /// Behind which row those of each pair end that a step is making.
    ends: Vec<usize>,
    /// What a step makes anew, until it has looked at all rows.
    made: Vec<u8>,
    /// Which chunk of the stream this is, from 0.
    pub number: u64,
    /// How many places its number had for rows that went on before these, in parts of their own.
    gone: u64,
    /// The Time of the batch it belongs to.
    pub time: Stamp,
    /// How far the source has come with its records.
    pub mark: Mark,
    /// Where its bytes came from.
    pub origins: Origins,
    /// What could not be used.
    pub bad: Vec<Bad>,
    /// How many rows `--filter` and its like have dropped.
    pub filtered: u64,
}

impl Default for Chunk {
    fn default() -> Chunk {
        Chunk {
            arena: vec![0; PAD],
            used: 0,
            uncut: None,
            pairs: false,
            half: Half::Key,
            keys: Vec::new(),
            values: Vec::new(),
            spare: [Vec::new(), Vec::new()],
            ends: Vec::new(),
            made: Vec::new(),
            number: 0,
            gone: 0,
            time: Stamp(0),
            mark: Mark(0),
            origins: Origins::default(),
            bad: Vec::new(),
            filtered: 0,
        }
    }
}

impl Chunk {
    /// Makes it as new; the memory is kept, but for what an uncommonly long record has taken.
    pub fn clear(&mut self) {
        if self.arena.len() > 4 * CHUNK {
            self.arena = vec![0; CHUNK + PAD];
        }
        if self.made.capacity() > 4 * CHUNK {
            self.made = Vec::new();
        }
        self.used = 0;
        self.uncut = None;
        self.pairs = false;
        self.half = Half::Key;
        self.keys.clear();
        self.values.clear();
        self.origins.clear();
        self.bad.clear();
        self.filtered = 0;
    }

    /// The bytes that are in the arena.
    pub fn bytes(&self) -> &[u8] {
        &self.arena[..self.used]
    }

    /// The arena with its padding, for [`crate::table::keys::Key::load`].
    pub fn padded(&self) -> &[u8] {
        &self.arena
    }

    /// How many bytes are in the arena.
    pub fn len(&self) -> usize {
        self.used
    }

    /// True if there are no records: no bytes, and no rows, which may be empty.
    pub fn is_empty(&self) -> bool {
        self.used == 0 && self.keys.is_empty()
    }

    /// True if a read has left something here: records, or one that was too long, of which only
    /// [`Chunk::bad`] tells.
    pub fn has_come(&self) -> bool {
        !self.is_empty() || !self.bad.is_empty()
    }

    /// Room for at least `least` bytes behind those that are there: fill it, then [`Chunk::filled`].
    pub fn room(&mut self, least: usize) -> &mut [u8] {
        if self.arena.len() < self.used + least + PAD {
            // Zeroed once; later chunks use the same memory again.
            let size = (self.used + least).max(2 * self.used);
            // Spans are 32 bits wide: what they cannot reach is a bug of whoever lets it come so far.
            let size = size.min((u32::MAX as usize).max(self.used + least));
            assert!(size <= u32::MAX as usize, "an arena stays below 4 GiB");
            self.arena.resize(size + PAD, 0);
        }
        let end = self.arena.len() - PAD;
        &mut self.arena[self.used..end]
    }

    /// Says that `count` bytes of [`Chunk::room`] now hold data.
    pub fn filled(&mut self, count: usize) {
        assert!(self.used + count + PAD <= self.arena.len(), "filled no more than there was room");
        self.used += count;
    }

    /// Appends bytes, and returns where they stand.
    pub fn append(&mut self, bytes: &[u8]) -> Span {
        let start = self.used;
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
        Span::new(start, self.used)
    }

    /// Takes the bytes from `len` on away again.
    pub fn truncate(&mut self, len: usize) {
        self.used = self.used.min(len);
    }

    /// Says that all bytes are records that end with `delimiter`, the last one too.
    pub fn set_uncut(&mut self, delimiter: u8) {
        debug_assert!(self.bytes().last().is_none_or(|&last| last == delimiter));
        self.uncut = Some([delimiter; 2]);
        self.origins.set_delimiter(delimiter);
    }

    /// What ends each record, while the chunk is uncut.
    pub fn delimiter(&self) -> Option<u8> {
        self.uncut.map(|[end, _]| end)
    }

    /// Splits uncut records at `separator` without looking at them; false if that cannot be done.
    ///
    /// It cannot where a record may end with `\r`, which belongs to the line's end but is found only
    /// by looking at it, nor where the chunk has been split so before.
    pub fn split_uncut(&mut self, separator: u8) -> bool {
        match self.uncut {
            Some([end, other]) if end == other && !self.has_carriage_return(end) => {
                self.uncut = Some([end, separator]);
                true
            }
            _ => false,
        }
    }

    /// Has `edit` change the bytes of an uncut chunk where they stand, told which are the delimiters; false if
    /// the chunk is cut, or if `edit` says that it has changed nothing. The delimiters must stay what they
    /// are, and where.
    pub fn edit_uncut(&mut self, edit: impl FnOnce(&mut [u8], [u8; 2]) -> bool) -> bool {
        self.uncut.is_some_and(|delimiters| edit(&mut self.arena[..self.used], delimiters))
    }

    /// Cuts an uncut chunk into rows; one that is cut already stays as it is.
    pub fn cut(&mut self) {
        let Some([a, b]) = self.uncut.take() else { return };
        let carriage_return = a == b && self.has_carriage_return(a);
        let (arena, keys) = (&self.arena, &mut self.keys);
        scan::cuts(arena, self.used, a, b, |start, end| {
            let before = carriage_return && end > start && arena[end - 1] == b'\r';
            keys.push(Span::new(start, end - usize::from(before)));
        });
    }

    fn has_carriage_return(&self, end: u8) -> bool {
        end == b'\n' && memchr::memchr(b'\r', self.bytes()).is_some()
    }

    /// How many records a source has put here: to be asked before the steps.
    pub fn count(&self) -> usize {
        match self.uncut {
            Some([end, _]) => memchr::memchr_iter(end, self.bytes()).count(),
            None => self.keys.len(),
        }
    }

    /// How many rows there are now, whether they are cut or not.
    pub fn rows(&self) -> usize {
        let ends = |delimiter| memchr::memchr_iter(delimiter, self.bytes()).count();
        match self.uncut {
            Some([a, b]) if a != b => ends(a) + ends(b),
            Some([end, _]) => ends(end),
            None => self.keys.len(),
        }
    }

    /// Calls `visit(arena, start, end)` for the key of each row, in order; without spans if uncut.
    pub fn for_each_key(&mut self, mut visit: impl FnMut(&[u8], usize, usize)) {
        self.for_each_uncut(&mut visit);
        self.for_each_cut(visit);
    }

    /// The part of [`Chunk::for_each_key`] that does the work if the chunk is uncut; it may cut it.
    #[inline(always)]
    pub fn for_each_uncut(&mut self, mut visit: impl FnMut(&[u8], usize, usize)) {
        if self.uncut.is_some_and(|[a, b]| a == b && self.has_carriage_return(a)) {
            self.cut();
        }
        let arena = &self.arena;
        if let Some([a, b]) = self.uncut {
            scan::cuts(arena, self.used, a, b, |start, end| visit(arena, start, end));
        }
    }

    /// The part of [`Chunk::for_each_key`] that does the work if the chunk is cut.
    #[inline(always)]
    pub fn for_each_cut(&self, mut visit: impl FnMut(&[u8], usize, usize)) {
        self.keys.iter().for_each(|key| visit(&self.arena, key.range().start, key.range().end));
    }

    /// Appends a row that is a plain record.
    pub fn push(&mut self, record: &[u8]) {
        debug_assert!(!self.pairs && self.uncut.is_none());
        let record = self.append(record);
        self.keys.push(record);
    }

    /// Appends a row that is a pair, perhaps without a key: all rows are pairs then.
    pub fn push_pair(&mut self, key: Option<&[u8]>, value: &[u8]) {
        debug_assert!(self.uncut.is_none() && self.keys.len() == self.values.len());
        self.pairs = true;
        self.begin();
        let key = key.map_or(Span::MISSING, |key| self.append(key));
        let value = self.append(value);
        self.keys.push(key);
        self.values.push(value);
    }

    /// Adds a pair whose halves stand in the arena, though not at its beginning: all rows are pairs then.
    #[inline]
    pub fn put_pair(&mut self, key: Option<Span>, value: Span) {
        debug_assert!(self.uncut.is_none() && self.keys.len() == self.values.len());
        debug_assert!(value.start > 0 && key.is_none_or(|key| key.start > 0), "as no half may");
        self.pairs = true;
        self.keys.push(key.unwrap_or(Span::MISSING));
        self.values.push(value);
    }

    /// Puts a byte that is of no row where halves of pairs do not begin, if nothing is there.
    fn begin(&mut self) {
        if self.used == 0 {
            self.append(b"\0");
        }
    }

    /// Says, while there are no rows, whether those to come are pairs.
    pub fn set_pairs(&mut self, pairs: bool) {
        debug_assert!(self.keys.is_empty() || self.pairs == pairs);
        self.pairs = pairs;
    }

    /// True if the rows are pairs, also while there are none.
    pub fn is_pairs(&self) -> bool {
        self.pairs
    }

    /// The key of a row, or none if the row is a pair without one; of a plain record, the record.
    pub fn key(&self, row: usize) -> Option<&[u8]> {
        let key = self.keys[row];
        (!self.pairs || key != Span::MISSING).then(|| self.at(key))
    }

    /// The value of a row, if the rows are pairs.
    pub fn value(&self, row: usize) -> Option<&[u8]> {
        self.pairs.then(|| self.at(self.values[row]))
    }

    /// What steps edit of each row, in order: the record, or of a pair the half that they are turned to.
    /// Keys that are missing are left out.
    pub fn edited(&self) -> impl Iterator<Item = Span> + '_ {
        let spans = if self.half == Half::Value { &self.values } else { &self.keys };
        spans.iter().copied().filter(|&span| !self.pairs || span != Span::MISSING)
    }

    /// The place of the first row in the stream; the places of the others follow it.
    ///
    /// Places order the rows of a stream, they do not count them: each chunk has its own 4 billion.
    pub fn first_place(&self) -> u64 {
        (self.number << 32) + self.gone
    }

    /// Says which chunk of the stream this is; its first row is that chunk's first.
    pub fn set_number(&mut self, number: u64) {
        (self.number, self.gone) = (number, 0);
    }

    /// Says that its rows have gone on, and that what comes into it next is a part of the same chunk.
    pub fn follow(&mut self) {
        // A row that was not cut ends with a byte.
        self.gone += if self.uncut.is_some() { self.used } else { self.keys.len() } as u64;
    }

    /// The bytes of a span.
    pub fn at(&self, span: Span) -> &[u8] {
        &self.arena[span.range()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uncut(text: &str) -> Chunk {
        let mut chunk = Chunk::default();
        chunk.append(text.as_bytes());
        chunk.set_uncut(b'\n');
        chunk
    }

    fn keys(chunk: &mut Chunk) -> Vec<String> {
        let mut keys = Vec::new();
        chunk.for_each_key(|arena, start, end| {
            keys.push(String::from_utf8_lossy(&arena[start..end]).into_owned());
        });
        keys
    }

    #[test]
    fn one_carriage_return_before_the_newline_belongs_to_the_end_of_the_line() {
        let mut chunk = uncut("a\r\nb\r\r\n\r\nc\rd\n");
        assert_eq!(keys(&mut chunk), ["a", "b\r", "", "c\rd"]);
    }

    #[test]
    fn a_split_chunk_stays_uncut_and_gives_the_same_rows() {
        let mut chunk = uncut("a b\n\n c\n");
        assert!(chunk.split_uncut(b' '));
        assert_eq!(chunk.count(), 3, "three records");
        assert_eq!(keys(&mut chunk), ["a", "b", "", "", "c"]);
        chunk.cut();
        assert_eq!(keys(&mut chunk), ["a", "b", "", "", "c"]);
        assert!(!uncut("a b\r\n").split_uncut(b' '));
        assert!(!chunk.split_uncut(b','));
    }

    #[test]
    fn bytes_can_be_appended_and_taken_away_again() {
        let mut chunk = Chunk::default();
        chunk.append(b"a");
        chunk.append(b"bc");
        let span = chunk.append(b"d");
        assert_eq!((chunk.bytes(), chunk.at(span)), (&b"abcd"[..], &b"d"[..]));
        chunk.truncate(1);
        assert_eq!(chunk.bytes(), b"a");
    }
}
