//! Cells of a pane that is over, as bytes of which zeros take no room.
//!
//! Most of a cell of one record is zero: the upper halves of counts, sums without a fraction.
//!
//! ```text
//! how many words (1 to 5 bytes) | of each word a byte that says which of its 8 are not zero, and these
//! ```

use crate::cell::Cell;

const WORD: usize = 8;

/// Cells that are read once, in the order in which they were written.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
}

impl Packed {
    /// Writes what some cells leave with.
    pub fn new<C: Cell>(cells: &[C]) -> Packed {
        let (mut packed, mut saved) = (Packed::default(), Vec::new());
        for cell in cells {
            saved.clear();
            cell.save_parting(&mut saved);
            packed.write(&saved);
        }
        packed.bytes.shrink_to_fit();
        packed
    }

    fn write(&mut self, saved: &[u8]) {
        let mut words = saved.len().div_ceil(WORD);
        while words >= 0x80 {
            self.bytes.push(words as u8 | 0x80);
            words >>= 7;
        }
        self.bytes.push(words as u8);
        for word in saved.chunks(WORD) {
            let mut whole = [0; WORD];
            whole[..word.len()].copy_from_slice(word);
            self.write_word(u64::from_le_bytes(whole));
        }
    }

    fn write_word(&mut self, mut word: u64) {
        let (at, mut place, mut tag) = (self.bytes.len(), 0, 0u8);
        self.bytes.push(0);
        while word != 0 {
            let zeros = word.trailing_zeros() / 8;
            word >>= 8 * zeros;
            place += zeros;
            tag |= 1 << place;
            self.bytes.push(word as u8);
            word >>= 8;
            place += 1;
        }
        self.bytes[at] = tag;
    }

    /// Calls `visit` with each cell.
    pub fn for_each<C: Cell>(&self, mut visit: impl FnMut(C)) {
        let (mut rest, mut saved) = (&self.bytes[..], Vec::new());
        while !rest.is_empty() {
            read(&mut rest, &mut saved);
            visit(C::load(&mut &saved[..]).expect("what was saved is loaded"));
        }
    }
}

/// Takes one cell off the front; what follows its last byte in `saved` are zeros.
fn read(rest: &mut &[u8], saved: &mut Vec<u8>) {
    let mut next = || {
        let (byte, after) = rest.split_first().expect("a cell is whole");
        *rest = after;
        *byte
    };
    let (mut words, mut shift) = (0, 0);
    loop {
        let byte = next();
        words |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    saved.clear();
    for _ in 0..words {
        let (mut tag, mut word) = (next(), 0u64);
        while tag != 0 {
            word |= u64::from(next()) << (8 * tag.trailing_zeros());
            tag &= tag - 1;
        }
        saved.extend(word.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_come_back_as_they_were(cells in prop::collection::vec(
            prop::collection::vec(prop_oneof![4 => Just(0u8), 1 => any::<u8>()], 0..2000), 0..5,
        )) {
            let mut packed = Packed::default();
            cells.iter().for_each(|cell| packed.write(cell));
            let (mut rest, mut saved) = (&packed.bytes[..], Vec::new());
            for cell in cells {
                read(&mut rest, &mut saved);
                let (whole, zeros) = saved.split_at(cell.len());
                prop_assert!(whole == cell && zeros.iter().all(|byte| *byte == 0));
                prop_assert!(zeros.len() < WORD);
            }
            prop_assert!(rest.is_empty());
        }
    }
}
