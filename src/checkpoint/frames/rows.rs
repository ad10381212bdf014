//! Rows as they stand in a frame: records that may hold any byte, or pairs.
//!
//! ```text
//! record   len | bytes
//! pair     key | len | value        key   0          it is missing
//!                                         1          that of the pair before
//!                                         len + 2    and so many bytes
//! ```
//!
//! What has the same key as the pair before, as the lines of a peer have, takes one byte more than the
//! record alone. Read again, the bytes stand in the chunk as they stand here, with all lengths between
//! them, and the rows point into them: no row is copied for itself.
//!
//! [`Rows::decode`] looks at every length before anything is made of them, so that bytes of whatever kind
//! are rows, all of them, or none.

use super::codec::{Take, put_bytes, put_len};
use crate::chunk::{Chunk, Span};

/// No key.
const MISSING: u64 = 0;
/// The key of the pair before.
const SAME: u64 = 1;
/// The length of a key of its own is so much more.
const OWN: u64 = 2;

/// Rows in a frame: records, or pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows<'a> {
    is_pairs: bool,
    count: u64,
    bytes: &'a [u8],
}

impl<'a> Rows<'a> {
    /// Takes the rows of a chunk that is cut down in `out`, and nothing else is there afterwards.
    pub fn of(chunk: &Chunk, out: &'a mut Vec<u8>) -> Rows<'a> {
        out.clear();
        for row in 0..chunk.keys.len() {
            match chunk.value(row) {
                None => put_bytes(out, chunk.at(chunk.keys[row])),
                Some(value) => {
                    put_key(chunk, row, out);
                    put_bytes(out, value);
                }
            }
        }
        Rows { is_pairs: chunk.is_pairs(), count: chunk.keys.len() as u64, bytes: out }
    }

    /// The rows that `bytes` are, if they are rows and nothing else.
    pub fn decode(is_pairs: bool, bytes: &'a [u8]) -> Option<Rows<'a>> {
        let mut count = 0;
        for row in Walk::over(is_pairs, bytes) {
            row?;
            count += 1;
        }
        Some(Rows { is_pairs, count, bytes })
    }

    /// Puts the rows into a chunk that is clear.
    pub fn fill(&self, chunk: &mut Chunk) {
        let start = chunk.append(self.bytes).start;
        let placed = |span: Span| Span { start: start + span.start, ..span };
        for (key, value) in Walk::over(self.is_pairs, self.bytes).flatten() {
            let record = placed(value);
            chunk.origins.note(record.range());
            match self.is_pairs {
                true => chunk.put_pair(key.map(placed), record),
                false => chunk.keys.push(record),
            }
        }
    }

    /// True if they are pairs.
    pub fn is_pairs(&self) -> bool {
        self.is_pairs
    }

    /// How many they are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The bytes of all of them.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Writes which key a pair has.
fn put_key(chunk: &Chunk, row: usize, out: &mut Vec<u8>) {
    let before = row.checked_sub(1);
    let is_same = |before: usize| {
        chunk.keys[before] == chunk.keys[row] || chunk.key(before) == chunk.key(row)
    };
    match chunk.key(row) {
        None => put_len(out, MISSING),
        Some(_) if before.is_some_and(is_same) => put_len(out, SAME),
        Some(key) => {
            put_len(out, key.len() as u64 + OWN);
            out.extend_from_slice(key);
        }
    }
}

/// Goes over rows: where the key and the value of each stand, or `None` for what is no row.
struct Walk<'a> {
    is_pairs: bool,
    /// How many bytes there are of all.
    len: usize,
    take: Take<'a>,
    /// The key of the pair before, if there was one; it may be missing.
    before: Option<Option<Span>>,
}

impl<'a> Walk<'a> {
    fn over(is_pairs: bool, bytes: &'a [u8]) -> Walk<'a> {
        Walk { is_pairs, len: bytes.len(), take: Take(bytes), before: None }
    }

    #[inline]
    fn row(&mut self) -> Option<(Option<Span>, Span)> {
        if self.is_pairs {
            self.before = Some(match self.take.len()? {
                MISSING => None,
                SAME => self.before?,
                len => Some(self.span(len - OWN)?),
            });
        }
        let len = self.take.len()?;
        Some((self.before.flatten(), self.span(len)?))
    }

    fn span(&mut self, len: u64) -> Option<Span> {
        let start = self.len - self.take.0.len();
        Some(Span::new(start, start + self.take.raw(len)?.len()))
    }
}

impl Iterator for Walk<'_> {
    type Item = Option<(Option<Span>, Span)>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.take.0.is_empty()).then(|| self.row())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Row = (Option<Vec<u8>>, Option<Vec<u8>>);

    fn rows(chunk: &Chunk) -> Vec<Row> {
        let row = |row| (chunk.key(row).map(<[u8]>::to_vec), chunk.value(row).map(<[u8]>::to_vec));
        (0..chunk.keys.len()).map(row).collect()
    }

    fn pairs(list: &[(Option<&str>, &str)]) -> Chunk {
        let mut chunk = Chunk::default();
        for (key, value) in list {
            chunk.push_pair(key.map(str::as_bytes), value.as_bytes());
        }
        chunk
    }

    fn filled(rows: &Rows<'_>) -> Chunk {
        let mut chunk = Chunk::default();
        rows.fill(&mut chunk);
        chunk
    }

    #[test]
    fn a_key_is_written_once_for_all_pairs_that_follow_each_other() {
        let chunk = pairs(&[
            (Some("peer"), "a"),
            (Some("peer"), "b\n"),
            (None, ""),
            (None, "c"),
            (Some(""), "d"),
            (Some(""), "e"),
        ]);
        let mut out = b"what was there".to_vec();
        let taken = Rows::of(&chunk, &mut out);
        let expected = b"\x06peer\x01a\x01\x02b\n\x00\x00\x00\x01c\x02\x01d\x01\x01e";
        assert_eq!((taken.bytes(), taken.count(), taken.is_pairs()), (&expected[..], 6, true));
        assert_eq!(rows(&filled(&taken)), rows(&chunk));
        assert_eq!(Rows::decode(true, taken.bytes()), Some(taken));
    }

    #[test]
    fn what_is_no_row_is_refused_whole() {
        let table: [(bool, &[u8]); 8] = [
            (true, b"\x01\x01a"),
            (true, b"\x03"),
            (true, b"\x03k"),
            (true, b"\x03k\x02a"),
            (true, b"\x00\x01a\x01"),
            (true, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k"),
            (false, b"\x02a"),
            (false, b"\x01a\x80"),
        ];
        for (is_pairs, bytes) in table {
            assert_eq!(Rows::decode(is_pairs, bytes), None, "{bytes:?}");
        }
        assert_eq!(Rows::decode(true, b"").unwrap().count(), 0);
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(
            list in prop::collection::vec(
                (prop::option::of("[ab]{0,2}"), "[a\\n]{0,3}|x{200}"), 0..20,
            ),
            is_pairs: bool,
        ) {
            let mut chunk = Chunk::default();
            for (key, value) in &list {
                match is_pairs {
                    true => chunk.push_pair(key.as_deref().map(str::as_bytes), value.as_bytes()),
                    false => chunk.push(value.as_bytes()),
                }
            }
            let mut out = Vec::new();
            let taken = Rows::of(&chunk, &mut out);
            prop_assert_eq!(Rows::decode(taken.is_pairs(), taken.bytes()), Some(taken));
            prop_assert_eq!(taken.count(), list.len() as u64);
            let again = filled(&taken);
            prop_assert_eq!(again.is_pairs(), chunk.is_pairs());
            prop_assert_eq!(rows(&again), rows(&chunk));
        }

        #[test]
        fn any_bytes_are_rows_or_none_and_make_no_more_than_they_are(
            bytes in prop::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..40),
            is_pairs: bool,
        ) {
            if let Some(found) = Rows::decode(is_pairs, &bytes) {
                let chunk = filled(&found);
                prop_assert_eq!(chunk.keys.len() as u64, found.count());
                prop_assert_eq!(chunk.len(), bytes.len());
                let mut out = Vec::new();
                prop_assert_eq!(rows(&filled(&Rows::of(&chunk, &mut out))), rows(&chunk));
            }
        }
    }
}
