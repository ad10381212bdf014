//! `--lower` and `--upper`: the case of letters, as Python's str methods change it.
//!
//! Valid UTF-8 becomes what `s.lower()` and `s.upper()` make of it, and other bytes are left alone. A text
//! may become longer or shorter: `ß` is `SS`, and what `Σ` becomes depends on what stands around it.
//! Which letters there are, Unicode says, and Rust's own tables know, which may be newer than Python's.
//!
//! Of ASCII a letter is a byte before and after, so a chunk that is ASCII only and uncut is changed where
//! it stands, and stays uncut.

use super::{Built, Spec, Step};
use crate::chunk::{Chunk, Edit};
use crate::error::Error;
use crate::part::Flag;

/// `--lower`.
pub const LOWER: Spec = Spec {
    flag: Flag {
        name: "lower",
        takes: &[],
        help: "Make all letters of each record small, as Python's s.lower() does\n\n\
            Bytes that are not UTF-8 are left alone.",
    },
    own: &[],
    build: |words, rows| Ok(Built::new(Case::lower(), words, rows)),
};

/// `--upper`.
pub const UPPER: Spec = Spec {
    flag: Flag {
        name: "upper",
        takes: &[],
        help: "Make all letters of each record capitals, as Python's s.upper() does\n\n\
            Bytes that are not UTF-8 are left alone.",
    },
    own: &[],
    build: |words, rows| Ok(Built::new(Case::upper(), words, rows)),
};

#[derive(Clone, Debug)]
struct Case {
    /// Of bytes that are ASCII.
    ascii: fn(&mut [u8]),
    /// Of any text.
    text: fn(&str) -> String,
}

impl Case {
    fn lower() -> Case {
        Case { ascii: <[u8]>::make_ascii_lowercase, text: str::to_lowercase }
    }

    fn upper() -> Case {
        Case { ascii: <[u8]>::make_ascii_uppercase, text: str::to_uppercase }
    }

    /// Changes an uncut chunk where it stands; false if that cannot be done.
    fn change_uncut(&self, chunk: &mut Chunk) -> bool {
        chunk.edit_uncut(|bytes, delimiters| {
            // A letter that is a delimiter would not be one any more, or there would be more of them.
            let can = !delimiters.iter().any(u8::is_ascii_alphabetic) && bytes.is_ascii();
            if can {
                (self.ascii)(bytes);
            }
            can
        })
    }

    fn change(&self, record: &[u8], made: &mut Vec<u8>) -> Edit {
        let start = made.len();
        if record.is_ascii() {
            made.extend_from_slice(record);
            (self.ascii)(&mut made[start..]);
        } else {
            for piece in record.utf8_chunks() {
                made.extend_from_slice((self.text)(piece.valid()).as_bytes());
                made.extend_from_slice(piece.invalid());
            }
        }
        if made[start..] == *record {
            made.truncate(start);
            return Edit::Keep;
        }
        Edit::Anew
    }
}

impl Step for Case {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        if !self.change_uncut(chunk) {
            chunk.edit(|record, made| self.change(record, made));
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{applied, applied_to_pairs, stream};
    use super::*;
    use proptest::prelude::*;

    /// What becomes of valid UTF-8, a character at a time but for the final sigma; bytes stay.
    fn model(record: &[u8], lower: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in record.utf8_chunks() {
            for c in piece.valid().chars() {
                let text: String =
                    if lower { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
                out.extend_from_slice(text.as_bytes());
            }
            out.extend_from_slice(piece.invalid());
        }
        out
    }

    fn record() -> impl Strategy<Value = Vec<u8>> {
        let pieces = ["a", "Z", "@[", "7 ", "é", "É", "ß", "İ", "ŉ", "Ǆ", "漢", "ﬁ", "\u{1e9e}"];
        let valid = prop::sample::select(pieces.to_vec()).prop_map(|s| s.as_bytes().to_vec());
        let lone = prop::sample::select(vec![0x80u8, 0xc3, 0xe2, 0xff]).prop_map(|byte| vec![byte]);
        let piece = prop_oneof![8 => valid, 1 => lone];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn letters_become_those_of_unicode_and_other_bytes_stay(
            records in prop::collection::vec(record(), 0..4),
        ) {
            let borrowed: Vec<_> = records.iter().map(Vec::as_slice).collect();
            let all = |lower| records.iter().map(|r| model(r, lower)).collect::<Vec<_>>();
            prop_assert_eq!(applied(&mut Case::lower(), &borrowed), all(true));
            prop_assert_eq!(applied(&mut Case::upper(), &borrowed), all(false));
        }
    }

    #[test]
    fn a_text_may_become_longer_and_a_sigma_looks_around() {
        let one = |mut case: Case, text: &str| {
            String::from_utf8(applied(&mut case, &[text.as_bytes()]).remove(0)).unwrap()
        };
        // What Python 3.11 prints for s.lower() and s.upper().
        for (text, lower) in [("ΟΔΟΣ", "οδος"), ("ΟΔΟΣ Σ.", "οδος σ."), ("İ", "i\u{307}")]
        {
            assert_eq!(one(Case::lower(), text), lower);
        }
        for (text, upper) in
            [("straße", "STRASSE"), ("ŉ", "ʼN"), ("ﬁ", "FI"), ("\u{390}", "\u{399}\u{308}\u{301}")]
        {
            assert_eq!(one(Case::upper(), text), upper);
        }
    }

    #[test]
    fn ascii_is_changed_where_it_stands_unless_a_letter_separates() {
        let mut chunk = stream(&[b"One TWO", b"x"]);
        assert!(chunk.split_uncut(b' '));
        Case::lower().apply(&mut chunk).unwrap();
        assert_eq!((chunk.bytes(), chunk.delimiter()), (&b"one two\nx\n"[..], Some(b'\n')));
        let mut chunk = stream(&[b"axA", b"x"]);
        assert!(chunk.split_uncut(b'x'));
        Case::upper().apply(&mut chunk).unwrap();
        let mut found = Vec::new();
        chunk.for_each_key(|arena, start, end| found.push(arena[start..end].to_vec()));
        assert_eq!(found, [&b"A"[..], b"A", b"", b""]);
    }

    #[test]
    fn the_key_of_a_pair_is_changed_and_no_value_that_is_the_same_bytes() {
        let pairs = applied_to_pairs(&mut Case::upper(), &[("a", "a"), ("É", "b"), ("7", "7")]);
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("A", "a"), ("É", "b"), ("7", "7")]);
    }
}
