//! Lines out of datagrams: each has whole lines, and its end ends the last one, as a disconnect does.
//!
//! ```text
//! datagram   one | two\n | (empty) | x\ny | z\r\n
//! lines      one | two   |         | x  y | z
//! ```
//!
//! So nothing is kept from one to the next, and nothing can be glued together, whoever sent it. A line that
//! is too long is bad; those beside it are not. What a limit leaves of a datagram is taken from there the
//! next time, which is up to the caller.

use crate::chunk::{Bad, Chunk};
use crate::origin::Origin;

/// How much of a record that is too long is kept, to show which one it was.
const SHOWN: usize = 1024;

/// What makes lines of datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Datagrams {
    /// What ends a line.
    pub delimiter: u8,
    /// The longest record, without what ends it.
    pub max: usize,
}

impl Datagrams {
    /// Leaves the lines of a datagram, or of what is left of one, in the chunk, as many as `limit` allows, and
    /// returns how many bytes of it are done. `limit` goes down by the lines, unless it is none
    /// (`usize::MAX`).
    pub fn unpack(
        self,
        bytes: &[u8],
        origin: &Origin,
        chunk: &mut Chunk,
        limit: &mut usize,
    ) -> usize {
        chunk.set_uncut(self.delimiter);
        if *limit == usize::MAX && bytes.len() <= self.max {
            self.put(bytes, origin, chunk);
            return bytes.len();
        }
        let mut done = 0;
        while done < bytes.len() && *limit > 0 {
            let rest = &bytes[done..];
            let end = memchr::memchr(self.delimiter, rest).map_or(rest.len(), |end| end + 1);
            done += end;
            match self.too_long(&rest[..end], origin) {
                Some(bad) => chunk.bad.push(bad),
                None => {
                    self.put(&rest[..end], origin, chunk);
                    *limit -= usize::from(*limit < usize::MAX);
                }
            }
        }
        done
    }

    /// Puts lines into the chunk, of which the last one may lack its end.
    fn put(self, lines: &[u8], origin: &Origin, chunk: &mut Chunk) {
        let start = chunk.len();
        chunk.append(lines);
        if lines.last().is_some_and(|&last| last != self.delimiter) {
            chunk.append(&[self.delimiter]);
        }
        // Of a datagram that did not come nobody knows, so its bytes have no place among others.
        chunk.origins.add(origin, start..chunk.len(), None);
    }

    /// What is wrong with a line, if it is too long; one `\r` before a newline is no part of it.
    fn too_long(self, line: &[u8], origin: &Origin) -> Option<Bad> {
        let bare = line.strip_suffix(&[self.delimiter]).unwrap_or(line);
        let bare = match self.delimiter {
            b'\n' => bare.strip_suffix(b"\r").unwrap_or(bare),
            _ => bare,
        };
        let why = || format!("longer than --max-record {}", self.max);
        (bare.len() > self.max).then(|| Bad::shown(why(), origin.to_string(), bare, SHOWN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes of datagrams, taken under limits: records, and how many were too long.
    fn unpacked(datagrams: &[Vec<u8>], how: Datagrams, limits: &[usize]) -> (Vec<Vec<u8>>, usize) {
        let (mut chunk, origin) = (Chunk::default(), Origin::peer("10.0.0.7:40112"));
        let (mut records, mut bad) = (Vec::new(), 0);
        let mut limits = limits.iter().copied().cycle();
        for datagram in datagrams {
            let mut rest = &datagram[..];
            while !rest.is_empty() {
                let allowed = limits.next().unwrap();
                let mut limit = allowed;
                let done = how.unpack(rest, &origin, &mut chunk, &mut limit);
                rest = &rest[done..];
                assert!(done > 0 || allowed == 0);
                if allowed < usize::MAX {
                    assert_eq!(chunk.count(), allowed - limit, "what is counted is there");
                }
                chunk.cut();
                records.extend((0..chunk.keys.len()).map(|row| chunk.key(row).unwrap().to_vec()));
                bad += chunk.bad.len();
                chunk.clear();
            }
        }
        (records, bad)
    }

    fn lines(datagrams: &[&str]) -> Vec<String> {
        let datagrams: Vec<_> = datagrams.iter().map(|text| text.as_bytes().to_vec()).collect();
        let how = Datagrams { delimiter: b'\n', max: 100 };
        let (records, _) = unpacked(&datagrams, how, &[usize::MAX]);
        records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
    }

    #[test]
    fn the_end_of_a_datagram_ends_its_last_line() {
        assert_eq!(lines(&["one", "two", "one\n"]), ["one", "two", "one"]);
        assert_eq!(lines(&["x\ny", "two\r\n"]), ["x", "y", "two"]);
        assert_eq!(lines(&["", "a", ""]), ["a"], "an empty one has no line");
        assert_eq!(lines(&["\n", "\n\na"]), ["", "", "", "a"], "an empty line is one");
        assert_eq!(lines(&["cr\r"]), ["cr"], "as at a disconnect");
    }

    #[test]
    fn a_line_that_is_too_long_is_one_bad_record_and_names_its_sender() {
        let how = Datagrams { delimiter: b'\n', max: 4 };
        let (mut chunk, origin) = (Chunk::default(), Origin::peer("10.0.0.7:40112"));
        let bytes = b"1234\r\n12345\n12";
        assert_eq!(how.unpack(bytes, &origin, &mut chunk, &mut usize::MAX.clone()), bytes.len());
        assert_eq!(chunk.bytes(), b"1234\r\n12\n");
        let bad = &chunk.bad[0];
        assert_eq!(
            (&*bad.reason, &*bad.position),
            ("longer than --max-record 4", "10.0.0.7:40112")
        );
        assert_eq!((bad.record.as_deref(), bad.cut), (Some(&b"12345"[..]), false));
        let long = [b'L'; 60_000];
        how.unpack(&long, &origin, &mut chunk, &mut usize::MAX.clone());
        assert_eq!(
            (chunk.bad.len(), chunk.bad[1].record.as_ref().unwrap().len(), chunk.bad[1].cut),
            (2, SHOWN, true)
        );
        assert_eq!(chunk.position(crate::chunk::Span::new(0, 4)), "10.0.0.7:40112");
    }

    #[test]
    fn what_a_limit_leaves_comes_next() {
        let how = Datagrams { delimiter: b'\n', max: 100 };
        let (mut chunk, origin) = (Chunk::default(), Origin::peer("a"));
        let mut limit = 2;
        assert_eq!(how.unpack(b"a\nb\nc", &origin, &mut chunk, &mut limit), 4);
        assert_eq!((chunk.bytes(), limit), (&b"a\nb\n"[..], 0));
        assert_eq!(how.unpack(b"c", &origin, &mut chunk, &mut limit), 0);
    }

    proptest! {
        #[test]
        fn records_are_those_of_each_datagram_alone(
            datagrams in proptest::collection::vec(proptest::collection::vec(0..3_u8, 0..30), 0..12),
            limits in proptest::collection::vec(prop_oneof![1..4_usize, Just(usize::MAX)], 1..5),
            max in 1..12_usize,
        ) {
            let (expected, bad): (Vec<_>, Vec<_>) = datagrams
                .iter()
                .filter(|datagram| !datagram.is_empty())
                .flat_map(|datagram| datagram.strip_suffix(&[0]).unwrap_or(datagram).split(|&byte| byte == 0))
                .map(<[u8]>::to_vec)
                .partition(|record| record.len() <= max);
            let how = Datagrams { delimiter: 0, max };
            prop_assert_eq!(unpacked(&datagrams, how, &limits), (expected, bad.len()));
        }
    }
}
