//! Pairs of uncut records at one byte: both delimiters are found by one scan.

use super::{Chunk, Span};
use crate::scan;

impl Chunk {
    /// Makes a pair of each record, before and after the first `separator`; one without it is bad, for `lack`.
    ///
    /// Does nothing and is false if the chunk is cut, or in parts of records, or if `separator` ends records.
    pub fn pair_at(&mut self, separator: u8, lack: &str) -> bool {
        let Some([end_of_record, part]) = self.uncut else { return false };
        if end_of_record != part || separator == end_of_record || separator == b'\r' {
            return false;
        }
        let strips = self.has_carriage_return(end_of_record);
        self.uncut = None;
        self.pairs = true;
        let (arena, keys, values) = (&self.arena, &mut self.keys, &mut self.values);
        let (mut start, mut found, mut refused) = (0, None, Vec::new());
        scan::cuts(arena, self.used, end_of_record, separator, |_, at| {
            if arena[at] == separator {
                found = found.or(Some(at));
                return;
            }
            let end = at - usize::from(strips && at > start && arena[at - 1] == b'\r');
            match found.take() {
                Some(middle) => {
                    keys.push(Span::new(start, middle));
                    values.push(Span::new(middle + 1, end));
                }
                None => refused.push((Span::new(start, end), lack.to_string())),
            }
            start = at + 1;
        });
        self.move_first_pair();
        self.refuse(refused);
        true
    }

    /// Has the pair that begins where the arena does begin elsewhere, as no half may begin there.
    fn move_first_pair(&mut self) {
        let (Some(key), Some(value)) = (self.keys.first().copied(), self.values.first().copied())
        else {
            return;
        };
        if key.start == 0 {
            let at = self.copy_beginning(value.range().end);
            self.keys[0] = Span::new(at, at + key.range().end);
            self.values[0] = Span::new(at + value.range().start, self.used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    /// The pairs and the bad records of a chunk.
    fn pairs(chunk: &Chunk) -> (Pairs, Vec<Vec<u8>>) {
        let row = |row| (chunk.key(row).unwrap().to_vec(), chunk.value(row).unwrap().to_vec());
        let bad = chunk.bad.iter().map(|bad| bad.record.clone().unwrap()).collect();
        ((0..chunk.keys.len()).map(row).collect(), bad)
    }

    proptest! {
        #[test]
        fn pairs_are_those_of_the_records_one_by_one(
            records in prop::collection::vec(
                prop::collection::vec(prop::sample::select(&b"ab; \r"[..]), 0..90), 0..20,
            ),
        ) {
            let mut text: Vec<u8> = records.join(&b'\n');
            text.extend(if records.is_empty() { &b""[..] } else { b"\n" });
            let read = || {
                let mut chunk = Chunk::default();
                chunk.append(&text);
                chunk.set_uncut(b'\n');
                chunk
            };
            let (mut scanned, mut plain) = (read(), read());
            prop_assert!(scanned.pair_at(b';', "none"));
            plain.pair(|record, parts| match record.iter().position(|byte| *byte == b';') {
                Some(at) => {
                    let (key, value) = (parts.part(0, at), parts.part(at + 1, record.len()));
                    parts.push_pair(Some(key), value);
                }
                None => parts.refuse("none"),
            });
            prop_assert_eq!(pairs(&scanned), pairs(&plain));
        }
    }

    #[test]
    fn what_is_cut_or_ends_with_the_separator_is_left_alone() {
        let mut chunk = Chunk::default();
        chunk.append(b"a;b\n");
        chunk.set_uncut(b'\n');
        assert!(!chunk.pair_at(b'\n', "") && !chunk.pair_at(b'\r', "") && chunk.keys.is_empty());
        chunk.cut();
        assert!(!chunk.pair_at(b';', ""));
    }
}
