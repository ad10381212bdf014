//! Where fields begin and end, by what separates them.
//!
//! A record is looked at in blocks of 64 bytes, of each of which [`scan::mask`] makes bits. The last block of
//! a record is loaded so that it ends with the record, and what was seen before is shifted out; a record
//! that is shorter is copied.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::scan::{self, PAD};

/// What separates fields.
#[derive(Clone, Debug)]
pub enum Separator {
    /// Runs of blanks, which are spaces, tabs and newlines; those at both ends of a record do not count.
    Blanks,
    /// One byte, each time.
    Byte(u8),
    /// Several bytes, as they stand.
    Text(Box<Finder<'static>>),
}

impl Separator {
    /// The separator that was typed: an error if it is empty.
    pub fn new(typed: &[u8]) -> Result<Separator, String> {
        match typed {
            [] => Err("an empty separator separates nothing".into()),
            &[byte] => Ok(Separator::Byte(byte)),
            text => Ok(Separator::Text(Box::new(Finder::new(text).into_owned()))),
        }
    }

    /// A field by its number, from 1.
    #[inline]
    pub fn nth(&self, record: &[u8], number: usize) -> Option<Range<usize>> {
        match self {
            Separator::Blanks => nth_word(record, number),
            Separator::Byte(byte) => nth_between(record, *byte, number),
            Separator::Text(finder) => {
                let mut starts = Starts::new(finder, record);
                starts.nth(number - 1)
            }
        }
    }

    /// The last field, or the one so many before it.
    #[inline]
    pub fn nth_last(&self, record: &[u8], back: usize) -> Option<Range<usize>> {
        match self {
            Separator::Blanks => nth_last_word(record, back),
            Separator::Byte(byte) => nth_last_between(record, *byte, back),
            Separator::Text(finder) => {
                // Where a text stands is decided from the left: `aa` stands once in `aaa`.
                let count = finder.find_iter(record).count() + 1;
                self.nth(record, count.checked_sub(back).filter(|&number| number > 0)?)
            }
        }
    }

    /// All fields, but none behind the one of the number `upto`.
    pub fn fields(&self, record: &[u8], upto: usize, fields: &mut Vec<Range<usize>>) {
        match self {
            Separator::Blanks => words(record, upto, fields),
            Separator::Byte(byte) => {
                let ends = memchr::memchr_iter(*byte, record).chain([record.len()]);
                let mut start = 0;
                fields
                    .extend(ends.take(upto).map(|end| std::mem::replace(&mut start, end + 1)..end));
            }
            Separator::Text(finder) => fields.extend(Starts::new(finder, record).take(upto)),
        }
    }
}

/// The fields of a record between texts.
struct Starts<'a> {
    finder: &'a Finder<'static>,
    record: &'a [u8],
    start: Option<usize>,
}

impl<'a> Starts<'a> {
    fn new(finder: &'a Finder<'static>, record: &'a [u8]) -> Starts<'a> {
        Starts { finder, record, start: Some(0) }
    }
}

impl Iterator for Starts<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.start?;
        let end = self.finder.find(&self.record[start..]).map(|at| start + at);
        self.start = end.map(|end| end + self.finder.needle().len());
        Some(start..end.unwrap_or(self.record.len()))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// Bits of 64 bytes of a record from `base` on: those that are blank, or equal a byte. There are none
/// beyond the record's end.
#[inline(always)]
fn bits(record: &[u8], base: usize, mask: impl Fn(&[u8; PAD]) -> u64) -> u64 {
    if let Some(block) = record[base..].first_chunk() {
        return mask(block);
    }
    let left = record.len() - base;
    match record.last_chunk() {
        // Fewer bytes are left than a block has, so this shifts by at least one; if none is left, by all.
        Some(block) => mask(block).checked_shr((PAD - left) as u32).unwrap_or(0),
        None => {
            let mut block = [0; PAD];
            block[..left].copy_from_slice(&record[base..]);
            mask(&block) & ((1 << left) - 1)
        }
    }
}

#[inline(always)]
fn blanks(block: &[u8; PAD]) -> u64 {
    scan::mask(block, b' ', b'\t') | scan::mask(block, b'\n', b'\n')
}

/// The end of what begins at `start`: the first bit at or after it.
#[inline(always)]
fn end(record: &[u8], start: usize, mask: impl Fn(&[u8; PAD]) -> u64) -> usize {
    let mut base = start;
    while base < record.len() {
        let found = bits(record, base, &mask);
        if found != 0 {
            return base + found.trailing_zeros() as usize;
        }
        base += PAD;
    }
    record.len()
}

#[inline(always)]
fn nth_word(record: &[u8], number: usize) -> Option<Range<usize>> {
    let (mut left, mut base, mut before) = (number - 1, 0, 1);
    while base < record.len() {
        let mut blank = bits(record, base, blanks);
        let len = record.len() - base;
        if len < PAD {
            blank |= u64::MAX << len;
        }
        let mut begins = !blank & (blank << 1 | before);
        while begins != 0 {
            if left == 0 {
                let start = begins.trailing_zeros();
                let behind = blank >> start;
                let start = base + start as usize;
                let end = match behind {
                    0 => end(record, base + PAD, blanks),
                    _ => start + behind.trailing_zeros() as usize,
                };
                return Some(start..end.min(record.len()));
            }
            begins &= begins - 1;
            left -= 1;
        }
        before = blank >> 63;
        base += PAD;
    }
    None
}

#[inline(always)]
fn nth_between(record: &[u8], byte: u8, number: usize) -> Option<Range<usize>> {
    let mask = |block: &[u8; PAD]| scan::mask(block, byte, byte);
    // The field begins behind so many separators.
    let (mut left, mut base, mut start) = (number - 1, 0, 0);
    while base < record.len() {
        let mut ends = bits(record, base, mask);
        while ends != 0 {
            let at = base + ends.trailing_zeros() as usize;
            if left == 0 {
                return Some(start..at);
            }
            (start, left) = (at + 1, left - 1);
            ends &= ends - 1;
        }
        base += PAD;
    }
    (left == 0).then_some(start..record.len())
}

fn nth_last_word(record: &[u8], back: usize) -> Option<Range<usize>> {
    let (mut end, mut back) = (record.len(), back);
    loop {
        end = record[..end].iter().rposition(|&byte| !is_blank(byte))? + 1;
        let start = record[..end].iter().rposition(|&byte| is_blank(byte)).map_or(0, |at| at + 1);
        if back == 0 {
            return Some(start..end);
        }
        (end, back) = (start, back - 1);
    }
}

fn nth_last_between(record: &[u8], byte: u8, back: usize) -> Option<Range<usize>> {
    let mut end = record.len();
    for _ in 0..back {
        end = memchr::memrchr(byte, &record[..end])?;
    }
    let start = memchr::memrchr(byte, &record[..end]).map_or(0, |at| at + 1);
    Some(start..end)
}

fn words(record: &[u8], upto: usize, fields: &mut Vec<Range<usize>>) {
    let mut base = 0;
    let mut start = None;
    'blocks: while base < record.len() {
        let mut blank = bits(record, base, blanks);
        let len = record.len() - base;
        if len < PAD {
            blank |= 1 << len;
        }
        // Bits where it changes between blank and not.
        let mut turns = blank ^ (blank << 1 | u64::from(start.is_none()));
        if len < PAD {
            turns &= u64::MAX >> (63 - len);
        }
        while turns != 0 {
            let at = base + turns.trailing_zeros() as usize;
            match start.take() {
                None => start = Some(at),
                Some(begin) => {
                    fields.push(begin..at);
                    if fields.len() >= upto {
                        break 'blocks;
                    }
                }
            }
            turns &= turns - 1;
        }
        base += PAD;
    }
    if let Some(begin) = start
        && fields.len() < upto
    {
        fields.push(begin..record.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The fields by their definition: awk's words, or Python's `s.split(sep)`.
    fn model(separator: &str, record: &[u8]) -> Vec<Range<usize>> {
        let mut fields = Vec::new();
        if separator.is_empty() {
            for (at, _) in record.iter().enumerate().filter(|(_, byte)| !b" \t\n".contains(byte)) {
                match fields.last_mut() {
                    Some(Range { end, .. }) if *end == at => *end = at + 1,
                    _ => fields.push(at..at + 1),
                }
            }
            return fields;
        }
        let (mut start, mut at) = (0, 0);
        while at < record.len() {
            if record[at..].starts_with(separator.as_bytes()) {
                fields.push(start..at);
                at += separator.len();
                start = at;
            } else {
                at += 1;
            }
        }
        fields.push(start..record.len());
        fields
    }

    fn record() -> impl Strategy<Value = Vec<u8>> {
        // Long words and long gaps cross the blocks that are looked at.
        let piece = prop_oneof![
            prop::sample::select(vec!["a", "b", " ", "\t", "\n", ",", "aa", "\u{e9}"])
                .prop_map(str::to_string),
            (prop::sample::select(vec!["x", " ", ","]), 1usize..90)
                .prop_map(|(of, times)| of.repeat(times)),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn fields_are_those_of_a_plain_split(
            record in record(),
            typed in prop::sample::select(vec!["", " ", ",", "a", "aa", ", "]),
            number in 1usize..40,
        ) {
            let separator = match typed {
                "" => Separator::Blanks,
                typed => Separator::new(typed.as_bytes()).unwrap(),
            };
            let wanted = model(typed, &record);
            prop_assert_eq!(separator.nth(&record, number), wanted.get(number - 1).cloned());
            let last = wanted.len().checked_sub(number).map(|at| wanted[at].clone());
            prop_assert_eq!(separator.nth_last(&record, number - 1), last);
            for upto in [number, usize::MAX] {
                let mut fields = Vec::new();
                separator.fields(&record, upto, &mut fields);
                prop_assert_eq!(fields, &wanted[..wanted.len().min(upto)]);
            }
        }
    }

    #[test]
    fn a_field_that_ends_where_a_block_ends_is_whole() {
        for len in 60..70 {
            for record in [format!("{} b", "a".repeat(len)), format!("{}b", " ".repeat(len))] {
                let fields = model("", record.as_bytes());
                for (at, field) in fields.iter().enumerate() {
                    let found = Separator::Blanks.nth(record.as_bytes(), at + 1);
                    assert_eq!(found.as_ref(), Some(field), "{record:?}");
                }
            }
        }
    }
}
