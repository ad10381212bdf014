//! Pairs of what a source reads: the key is the name of what it came from.
//!
//! ```text
//! arena    a line\na line\n | another\n | a line\n || a line | host:1 | host:2 | host:1
//! run      host:1           | host:2    | host:1      again    names
//! keys     (host:1) (host:1)  (host:2)    (host:1)
//! values   (a line) (a line)  (another)   (a line)    the first one is where it stands again
//! ```
//!
//! A name stands once in the arena for all rows that follow each other and have it, and nothing is done
//! for a row but what cutting does: its key is a span that is repeated. The first record is copied, since
//! no half of a pair begins where the arena does.

use std::ops::Range;

use super::{Chunk, Span};
use crate::origin::Origin;

impl Chunk {
    /// Makes pairs of the records that a source has read: the key of each is the name of its origin.
    ///
    /// To be called when the read is over, and by whoever knows that all bytes have an origin: a record
    /// without one gets no key.
    pub fn key_by_origin(&mut self) {
        debug_assert!(!self.pairs, "pairs have keys");
        self.cut();
        self.pairs = true;
        std::mem::swap(&mut self.keys, &mut self.values);
        let runs = self.origins.runs().map(|(origin, bytes)| (origin.clone(), bytes));
        let runs: Vec<(Origin, Range<usize>)> = runs.collect();
        let mut named: Option<(Origin, Span)> = None;
        for (origin, bytes) in runs {
            let done = self.keys.len();
            let end = bytes.end as u32;
            let count = self.values[done..].partition_point(|record| record.start < end);
            if count == 0 {
                continue;
            }
            let name = match named.take_if(|(last, _)| *last == origin) {
                Some((_, name)) => name,
                None => self.name(&origin),
            };
            self.keys.resize(done + count, name);
            named = Some((origin, name));
        }
        self.keys.resize(self.values.len(), Span::MISSING);
        self.move_first();
    }

    /// Puts the name of an origin into the arena.
    fn name(&mut self, origin: &Origin) -> Span {
        let name = self.append(origin.name());
        self.origins.add(origin, name.range(), None);
        name
    }

    /// Has the value that begins where the arena does begin elsewhere, with what ends it behind it.
    fn move_first(&mut self) {
        if let Some(first) = self.values.first().copied().filter(|first| first.start == 0) {
            let at = self.copy_beginning(first.range().end + 1);
            self.values[0] = Span::new(at, self.used - 1);
        }
    }

    /// Copies the first bytes of the arena to where it ends, and returns that place: no half of a pair
    /// begins where the arena does.
    pub(super) fn copy_beginning(&mut self, length: usize) -> usize {
        let at = self.used;
        self.room(length);
        self.arena.copy_within(..length, at);
        self.filled(length);
        self.origins.copied(0, at..self.used);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{CHUNK, Half};
    use crate::wire::Framing;
    use crate::wire::lines::Lines;
    use proptest::prelude::*;

    /// A chunk as peers leave it, who have sent so much one after the other.
    fn read(sent: &[(u8, &str)]) -> Chunk {
        let mut chunk = Chunk::default();
        let mut peers: Vec<_> =
            (0..4).map(|peer| Lines::new(b'\n', 9, Origin::new(format!("p{peer}")))).collect();
        for (peer, text) in sent {
            let lines = &mut peers[usize::from(*peer)];
            let start = lines.begin(&mut chunk);
            chunk.append(text.as_bytes());
            lines.end(&mut chunk, start, &mut usize::MAX.clone());
        }
        chunk
    }

    fn rows(chunk: &Chunk) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let row = |row| (text(chunk.key(row).unwrap()), text(chunk.value(row).unwrap()));
        (0..chunk.keys.len()).map(row).collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_string(), value.to_string())
    }

    #[test]
    fn each_record_has_the_name_of_its_peer_for_key() {
        let mut chunk =
            read(&[(0, "\na\r\nhalf"), (1, "b\n"), (2, "part"), (0, " done\n"), (0, "c\n")]);
        chunk.key_by_origin();
        assert!(chunk.is_pairs() && chunk.delimiter().is_none());
        let expected = [("p0", ""), ("p0", "a"), ("p1", "b"), ("p0", "half done"), ("p0", "c")];
        assert_eq!(rows(&chunk), expected.map(|(key, value)| pair(key, value)));
        assert_eq!(chunk.count(), 5);
        assert!(chunk.bytes().ends_with(b"p0p1p0\n"), "one name for what follows each other");
        // An empty first value is there, and not missing.
        assert_eq!(chunk.position(chunk.values[0]), "p0, byte 0");
        assert_eq!(chunk.position(chunk.values[3]), "p0, byte 4");
        assert_eq!(chunk.position(chunk.keys[2]), "p1");
        chunk.turn(Half::Value);
        let mut seen = 0;
        chunk.retain(|_| {
            seen += 1;
            true
        });
        assert_eq!(seen, 5);
    }

    #[test]
    fn where_nothing_has_come_there_are_pairs_too_but_none() {
        let mut chunk = read(&[(0, "too long to be kept\n")]);
        chunk.key_by_origin();
        assert!(chunk.is_pairs() && chunk.is_empty() && chunk.has_come());
    }

    #[test]
    fn bad_records_between_others_leave_one_name() {
        let mut chunk = read(&[(0, "a\ntoo long to be kept\nb\n")]);
        assert_eq!(chunk.origins.runs().count(), 2);
        chunk.key_by_origin();
        assert_eq!(rows(&chunk), [pair("p0", "a"), pair("p0", "b")]);
        assert!(chunk.bytes().ends_with(b"a\nb\np0a\n"));
    }

    #[test]
    fn names_fit_behind_a_full_chunk() {
        let line = "x".repeat(7) + "\n";
        let text = line.repeat(CHUNK / line.len());
        let mut chunk = read(&[(0, &text), (1, &text)]);
        chunk.key_by_origin();
        assert_eq!(chunk.keys.len(), 2 * CHUNK / line.len());
        assert_eq!(rows(&chunk).last(), Some(&pair("p1", "xxxxxxx")));
    }

    proptest! {
        #[test]
        fn pairs_are_those_of_the_peers_streams(
            sent in prop::collection::vec((0u8..4, "[ab\r\n]{0,12}"), 0..12),
        ) {
            let sent: Vec<_> = sent.iter().map(|(peer, text)| (*peer, text.as_str())).collect();
            let mut chunk = read(&sent);
            let records = chunk.count();
            chunk.key_by_origin();
            prop_assert_eq!(chunk.count(), records);
            for peer in 0..4u8 {
                let name = format!("p{peer}");
                let stream: String =
                    sent.iter().filter(|(of, _)| *of == peer).map(|(_, text)| *text).collect();
                let whole = stream.rsplit_once('\n').map_or("", |(whole, _)| whole);
                let lines = if stream.contains('\n') { whole.split('\n').collect() } else { vec![] };
                let bare = lines.iter().map(|line| line.strip_suffix('\r').unwrap_or(line));
                let expected: Vec<_> = bare.filter(|line| line.len() <= 9).collect();
                let found = rows(&chunk);
                let found: Vec<_> =
                    found.iter().filter(|(key, _)| *key == name).map(|(_, value)| value).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
