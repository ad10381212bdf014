//! The parts of a scripted input: each chunk is of one of them, and a part's position is how many of its
//! chunks were read.
//!
//! ```text
//! script     chunk 0   1   2   3   4 ...
//! of part          a   b   a   c   b        behind chunk 3 stand   a 2   b 1   c 1
//! ```
//!
//! Each position is taken at its word: a part that is behind gives its chunks again, and one that is ahead
//! leaves some out. Some parts are found only when their first chunk comes.

use std::collections::{BTreeSet, VecDeque};

/// How far each part is read.
#[derive(Default)]
pub struct Parts {
    /// How many chunks of each were read.
    read: Vec<u64>,
    /// Those that were given a position, or have noted one.
    known: BTreeSet<usize>,
    /// Those that have moved since that was noted.
    moved: BTreeSet<usize>,
    /// A chunk that is noted already, though nobody has had it.
    early: Option<usize>,
}

impl Parts {
    /// So many parts, of which nothing is read.
    pub fn new(count: usize) -> Parts {
        Parts { read: vec![0; count], ..Parts::default() }
    }

    /// Goes to the positions that were noted.
    pub fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) {
        for (name, position) in positions {
            let part: usize = String::from_utf8(name).unwrap()[5..].parse().unwrap();
            self.read[part] = u64::from_le_bytes(position.try_into().unwrap());
            assert!(self.known.insert(part), "part {part} has two positions");
        }
    }

    /// Resolves where parts begin of which nothing was noted.
    pub fn open(&mut self) {
        let named = (0..self.read.len()).filter(|part| part % 4 != 3 && !self.known.contains(part));
        self.moved.extend(named);
    }

    /// The chunks that are still to be read, in order, of a script that has so many.
    pub fn left(&self, chunks: usize) -> VecDeque<usize> {
        let mut seen = vec![0; self.read.len()];
        let is_left = |chunk: &usize| {
            let part = self.of(*chunk);
            seen[part] += 1;
            seen[part] > self.read[part]
        };
        (0..chunks).filter(is_left).collect()
    }

    /// A chunk is handed over.
    pub fn read(&mut self, chunk: usize) {
        let part = self.of(chunk);
        self.read[part] += 1;
        self.moved.insert(part);
        self.early = None;
    }

    /// A chunk is noted before it is handed over, which is a mistake.
    pub fn note_early(&mut self, chunk: usize) {
        self.moved.insert(self.of(chunk));
        self.early = Some(chunk);
    }

    /// Notes what has moved.
    pub fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        for part in std::mem::take(&mut self.moved) {
            let early = self.early.is_some_and(|chunk| self.of(chunk) == part);
            let position = self.read[part] + u64::from(early);
            note(format!("part-{part:05}").as_bytes(), &position.to_le_bytes());
            self.known.insert(part);
        }
    }

    fn of(&self, chunk: usize) -> usize {
        (chunk.wrapping_mul(0x9e37_79b9) >> 7) % self.read.len()
    }
}
