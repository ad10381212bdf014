//! Records that cannot be used: each with its place, and as it was read, whatever part of it was refused.
//!
//! ```text
//! record   web GET x          at byte 512 of stdin
//! part             x          is no number: at byte 8 of the record
//! ```
//!
//! Of several parts of a record only the first has the record: a peer could have a long one kept as often as it
//! has words.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::{Chunk, Span};
use crate::origin::Record;

/// A record that could not be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// What is wrong with it, as in "longer than --max-record 16777216".
    pub reason: String,
    /// Where it came from, as in "stdin, byte 512" or "127.0.0.1:40112, byte 0"; see [`crate::origin`].
    pub position: String,
    /// The record as it was read, or its beginning if it was too long to keep; none if it is that of the bad
    /// one before, of which this is another part.
    pub record: Option<Vec<u8>>,
    /// True if it goes on, or may have when it was refused: what is kept is its beginning.
    pub cut: bool,
    /// What of it could not be used, if it is not all of it.
    pub part: Option<BadPart>,
}

/// A part of a record, or what was made of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPart {
    /// At which byte of the record it begins, if it stands there.
    pub at: Option<usize>,
    /// What it is.
    pub bytes: Vec<u8>,
}

impl Bad {
    /// A record that a source refuses, of which no more is shown than `most` bytes.
    pub fn shown(reason: String, position: String, record: &[u8], most: usize) -> Bad {
        let shown = &record[..record.len().min(most)];
        let cut = shown.len() < record.len();
        Bad { reason, position, record: Some(shown.to_vec()), cut, part: None }
    }
}

/// Where and why, in a line for people.
impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.part.as_ref().and_then(|part| part.at).filter(|&at| at > 0);
        let within = at.map(|at| format!(" (byte {at} of it)")).unwrap_or_default();
        write!(f, "{}{within}: {}", self.position, self.reason)
    }
}

impl Chunk {
    /// Counts rows as bad: what of each could not be used, and the reason why.
    pub fn refuse<R: Into<Cow<'static, str>>>(&mut self, refused: Vec<(Span, R)>) {
        let mut before: Option<Range<usize>> = None;
        for (span, reason) in refused {
            let (reason, bytes) = (reason.into().into_owned(), self.at(span).to_vec());
            let Record { position, bytes: whole, at } = self.record(span, before.as_ref());
            let is_again = whole.is_some() && whole == before;
            before.clone_from(&whole);
            let whole = whole.map(|whole| &self.arena[whole]).filter(|whole| *whole != bytes);
            let (record, part) = match whole {
                None => (Some(bytes), None),
                Some(whole) => ((!is_again).then(|| whole.to_vec()), Some(BadPart { at, bytes })),
            };
            self.bad.push(Bad { reason, position, record, cut: false, part });
        }
    }

    /// Where the record came from that a span is of, as far as that is known.
    pub fn position(&self, span: Span) -> String {
        self.record(span, None).position
    }

    /// The record that a span is of; `before` is that of the span before.
    fn record(&self, span: Span, before: Option<&Range<usize>>) -> Record {
        let known = self.origins.record(self.bytes(), span.range().start, before);
        let unknown =
            || Record { position: format!("chunk {}", self.number), bytes: None, at: None };
        known.unwrap_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Edit;
    use crate::origin::Origin;

    fn read(text: &str) -> Chunk {
        let mut chunk = Chunk::default();
        chunk.append(text.as_bytes());
        chunk.origins.add(&Origin::new("in"), 0..text.len(), Some(0));
        chunk.set_uncut(b'\n');
        chunk
    }

    /// Of each bad row what is told of it, its record and the part.
    fn told(chunk: &Chunk) -> Vec<(String, Option<&str>, Option<&str>)> {
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        let all = chunk.bad.iter().map(|bad| {
            let part = bad.part.as_ref().map(|part| text(&part.bytes));
            (bad.to_string(), bad.record.as_deref().map(text), part)
        });
        all.collect()
    }

    #[test]
    fn whatever_part_is_refused_the_record_has_one_place_and_is_whole() {
        let mut chunk = read("x\na 1 b\r\n\n");
        chunk.flat_map(|record, parts| {
            let mut start = 0;
            for part in record.split(|&byte| byte == b' ') {
                parts.push(start, start + part.len());
                start += part.len() + 1;
            }
        });
        chunk.edit(|part, _| if part == b"1" { Edit::Keep } else { Edit::Bad("why".into()) });
        let expected = [
            ("in, byte 0: why".to_string(), Some("x"), None),
            ("in, byte 2: why".to_string(), Some("a 1 b"), Some("a")),
            ("in, byte 2 (byte 4 of it): why".to_string(), None, Some("b")),
            ("in, byte 9: why".to_string(), Some(""), None),
        ];
        assert_eq!(told(&chunk), expected);
    }

    #[test]
    fn what_was_made_of_a_record_is_a_part_of_it_without_a_place_of_its_own() {
        let mut chunk = read("a\nb\n");
        chunk.edit(|record, made| {
            made.extend_from_slice(if record == b"a" { b"" } else { b"new" });
            Edit::Anew
        });
        chunk.edit(|_, _| Edit::Bad("why".into()));
        let expected = [
            ("in, byte 0: why".to_string(), Some("a"), Some("")),
            ("in, byte 2: why".to_string(), Some("b"), Some("new")),
        ];
        assert_eq!(told(&chunk), expected);
        assert!(chunk.bad.iter().all(|bad| bad.part.as_ref().unwrap().at.is_none()));
    }

    #[test]
    fn the_first_pair_of_a_chunk_is_found_where_it_was_read() {
        for separator in [b' ', b':'] {
            let mut chunk = read("a b:x\nc d:y\n");
            assert!(chunk.pair_at(separator, ""));
            let values = chunk.values.iter().map(|&value| (value, "why")).collect();
            chunk.refuse(values);
            let at = if separator == b' ' { 2 } else { 4 };
            let place = |byte| format!("in, byte {byte} (byte {at} of it): why");
            let expected = [place(0), place(6)];
            assert_eq!(chunk.bad.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
        }
    }
}
