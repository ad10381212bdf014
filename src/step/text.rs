//! `--words` and `--trim`: white space, as Python's str methods see it.
//!
//! They do to valid UTF-8 what `s.split()` and `s.strip()` do, and leave other bytes alone. White
//! space is Python 3.11's `str.isspace`: the ASCII blanks with the separators 0x1c to 0x1f, and
//! U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
//!
//! No decoding is needed to find these: a lead byte never stands inside another character, so the
//! bytes of one of them are that character wherever they stand.

use super::{Built, Spec, Step};
use crate::chunk::{Chunk, Span};
use crate::error::Error;
use crate::part::Flag;

/// `--words`.
pub const WORDS: Spec = Spec {
    flag: Flag {
        name: "words",
        takes: &[],
        help: "Split each record at white space, as Python's s.split() does\n\n\
            Runs of white space count once, and there are no empty words.",
    },
    own: &[],
    build: |words, rows| Ok(Built::new(Words, words, rows)),
};

/// `--trim`.
pub const TRIM: Spec = Spec {
    flag: Flag {
        name: "trim",
        takes: &[],
        help: "Take white space off both ends of each record, as Python's s.strip() does",
    },
    own: &[],
    build: |words, rows| Ok(Built::new(Trim, words, rows)),
};

#[derive(Clone, Debug)]
struct Words;

impl Step for Words {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.flat_map(|record, words| {
            let (mut start, mut at) = (0, 0);
            while at < record.len() {
                let space = space_at(&record[at..]);
                if space == 0 {
                    at += 1;
                    continue;
                }
                if at > start {
                    words.push(start, at);
                }
                at += space;
                start = at;
            }
            if at > start {
                words.push(start, at);
            }
        });
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[derive(Clone, Debug)]
struct Trim;

impl Step for Trim {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.map(|record| {
            let (mut start, mut end) = (0, record.len());
            loop {
                match space_at(&record[start..end]) {
                    0 => break,
                    space => start += space,
                }
            }
            loop {
                match space_before(&record[start..end]) {
                    0 => break,
                    space => end -= space,
                }
            }
            Span::new(start, end)
        });
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

/// How many bytes the white space at the beginning of `bytes` takes; 0 if there is none.
#[inline]
fn space_at(bytes: &[u8]) -> usize {
    match bytes {
        [9..=13 | 28..=32, ..] => 1,
        [..=0xc1, ..] | [] => 0,
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [a, b, c, ..] if is_wide_space([*a, *b, *c]) => 3,
        _ => 0,
    }
}

/// How many bytes the white space at the end of `bytes` takes; 0 if there is none.
#[inline]
fn space_before(bytes: &[u8]) -> usize {
    match bytes {
        [.., 9..=13 | 28..=32] => 1,
        [.., ..=0x7f] | [] => 0,
        [.., 0xc2, 0x85 | 0xa0] => 2,
        [.., a, b, c] if is_wide_space([*a, *b, *c]) => 3,
        _ => 0,
    }
}

fn is_wide_space(bytes: [u8; 3]) -> bool {
    matches!(
        bytes,
        [0xe1, 0x9a, 0x80]
            | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf]
            | [0xe2, 0x81, 0x9f]
            | [0xe3, 0x80, 0x80]
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::applied;
    use super::*;
    use proptest::prelude::*;

    /// `str.isspace`, character by character; what is not UTF-8 is no white space.
    fn is_space(c: char) -> bool {
        c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
    }

    /// Bytes as characters with their places; what is not UTF-8 becomes U+FFFD.
    fn pieces(bytes: &[u8]) -> Vec<(usize, usize, char)> {
        let (mut at, mut pieces) = (0, Vec::new());
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                pieces.push((at, at + c.len_utf8(), c));
                at += c.len_utf8();
            }
            if !chunk.invalid().is_empty() {
                pieces.push((at, at + chunk.invalid().len(), '\u{fffd}'));
                at += chunk.invalid().len();
            }
        }
        pieces
    }

    fn words_model(bytes: &[u8]) -> Vec<Vec<u8>> {
        let pieces = pieces(bytes);
        let words = pieces.split(|&(_, _, c)| is_space(c)).filter(|word| !word.is_empty());
        words.map(|word| bytes[word[0].0..word[word.len() - 1].1].to_vec()).collect()
    }

    fn trim_model(bytes: &[u8]) -> Vec<u8> {
        let pieces = pieces(bytes);
        let mut kept = pieces.iter().filter(|&&(_, _, c)| !is_space(c));
        let Some(first) = kept.next() else { return Vec::new() };
        bytes[first.0..kept.next_back().unwrap_or(first).1].to_vec()
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            "a", " ", "\t", "\x0b", "\x1c", "\u{85}", "\u{a0}", "\u{1680}", "\u{2003}", "\u{200b}",
            "\u{2028}", "\u{202f}", "\u{205f}", "\u{3000}", "é", "漢",
        ];
        let valid = prop::sample::select(pieces.to_vec()).prop_map(|s| s.as_bytes().to_vec());
        let lone = prop::sample::select(vec![0x80u8, 0x85, 0xa0, 0xc2, 0xe2, 0xe3, 0xff]);
        let piece = prop_oneof![4 => valid, 1 => lone.prop_map(|byte| vec![byte])];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn words_and_trim_are_those_of_python(record in text()) {
            prop_assert_eq!(applied(&mut Words, &[&record]), words_model(&record));
            prop_assert_eq!(applied(&mut Trim, &[&record]), [trim_model(&record)]);
        }
    }

    #[test]
    fn white_space_is_that_of_python() {
        // U+0085 and U+001C are white space for Python's str, U+200B is not.
        let words = applied(&mut Words, &["a\u{85}b\u{1c}c\u{200b}d".as_bytes()]);
        assert_eq!(words, [&b"a"[..], b"b", "c\u{200b}d".as_bytes()]);
    }
}
