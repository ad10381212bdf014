//! Events become rows of a chunk: their bodies, or pairs of something of their headers and the body.
//!
//! ```text
//! arena   ... | message, as it came: metadata, headers, body, headers, body ... | {"host":"a"}
//! rows                                                 (body)         (body)      keys of --with-headers
//! ```
//!
//! A message is copied into the arena as a whole, and rows point into it. A batch is there with all its
//! rows or not at all: [`Rows::put`] takes back what it has put, if a later event is wrong.

use std::ops::Range;

use super::Wrong;
use super::avro::entries;
use super::push::Event;
use crate::chunk::{Bad, Chunk, Span};
use crate::origin::Origin;

/// How many events a batch may have: their rows take memory beside their bytes.
const MOST: usize = 1 << 22;
/// How much of a body that is too long is kept, to show which one it was.
const SHOWN: usize = 1024;

/// What stands before the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Nothing: rows are bodies.
    None,
    /// All headers, as a JSON object in the order of their names.
    All,
    /// The header of this name, which may be missing.
    Header(String),
}

/// How events become rows.
#[derive(Clone, Debug)]
pub struct Rows {
    /// What stands before the body.
    pub key: Key,
    /// The longest body.
    pub max: usize,
}

impl Rows {
    /// Puts the events that `read` finds in a message into a chunk, all or none; returns how many rows they
    /// made, and what `read` did.
    pub fn put<T>(
        &self,
        chunk: &mut Chunk,
        origin: &Origin,
        message: &[u8],
        read: impl FnOnce(&mut dyn FnMut(Event)) -> Result<T, Wrong>,
    ) -> Result<(usize, T), Wrong> {
        let before = (chunk.len(), chunk.keys.len(), chunk.bad.len());
        let mut putting =
            Putting { rows: self, at: chunk.append(message), count: 0, last: None, chunk };
        let done = read(&mut |event| putting.event(&event, message, origin));
        let done = match putting.count {
            count if count > MOST => Err(Wrong::new(format!("more than {MOST} events in a batch"))),
            _ => done,
        };
        let count = chunk.keys.len() - before.1;
        if done.is_err() || count == 0 {
            chunk.truncate(before.0);
        }
        if done.is_err() {
            chunk.keys.truncate(before.1);
            chunk.values.truncate(before.1);
            chunk.bad.truncate(before.2);
        }
        chunk.origins.add(origin, before.0..chunk.len(), None);
        let bodies = if self.key == Key::None { &chunk.keys } else { &chunk.values };
        bodies[before.1..].iter().for_each(|body| chunk.origins.note(body.range()));
        Ok((count, done?))
    }
}

/// A message on its way into a chunk.
struct Putting<'a> {
    rows: &'a Rows,
    chunk: &'a mut Chunk,
    /// Where the message stands.
    at: Span,
    /// How many events there were.
    count: usize,
    /// The headers of the event before, and the key that was made of them.
    last: Option<(Range<usize>, Span)>,
}

impl Putting<'_> {
    #[inline]
    fn event(&mut self, event: &Event, message: &[u8], origin: &Origin) {
        self.count += 1;
        if self.count > MOST {
            return;
        }
        if event.body.len() > self.rows.max {
            return self.refuse(&message[event.body.clone()], origin);
        }
        let body = self.placed(event.body.clone());
        match &self.rows.key {
            Key::None => self.chunk.keys.push(body),
            Key::Header(name) => {
                let found = entries(&message[event.headers.clone()])
                    .find(|(other, _)| *other == name.as_bytes());
                let value = found.map(|(_, value)| {
                    // It is a part of the message, so its place is where it stands there.
                    let start = value.as_ptr() as usize - message.as_ptr() as usize;
                    self.placed(start..start + value.len())
                });
                self.chunk.put_pair(value, body);
            }
            Key::All => {
                let key = self.all(event.headers.clone(), message);
                self.chunk.put_pair(Some(key), body);
            }
        }
    }

    fn placed(&self, range: Range<usize>) -> Span {
        let start = self.at.range().start;
        Span::new(start + range.start, start + range.end)
    }

    /// The key of all headers; made once for events that follow each other and have the same.
    fn all(&mut self, headers: Range<usize>, message: &[u8]) -> Span {
        if let Some((last, key)) = &self.last
            && message[last.clone()] == message[headers.clone()]
        {
            return *key;
        }
        let key = self.chunk.append(json(&message[headers.clone()]).as_bytes());
        self.last = Some((headers, key));
        key
    }

    fn refuse(&mut self, body: &[u8], origin: &Origin) {
        let reason = format!("longer than --max-record {}", self.rows.max);
        self.chunk.bad.push(Bad::shown(reason, origin.to_string(), body, SHOWN));
    }
}

/// Headers as a JSON object, in the order of their names; of equal names the last one counts.
fn json(headers: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let sorted: std::collections::BTreeMap<String, String> =
        entries(headers).map(|(name, value)| (text(name), text(value))).collect();
    serde_json::to_string(&sorted).expect("texts by name are JSON")
}

#[cfg(test)]
mod tests {
    use super::super::avro::Take;
    use super::super::push::{Call, Headers, put_batch};
    use super::*;

    fn put(key: Key, events: &[(Headers<'_>, &[u8])], cut: usize) -> (Chunk, Result<usize, Wrong>) {
        let (mut message, mut chunk) = (Vec::new(), Chunk::default());
        put_batch(&mut message, events);
        message.truncate(message.len() - cut);
        let rows = Rows { key, max: 5 };
        let mut take = Take::new(&message);
        let call = Call::take(&mut take).unwrap();
        let read = |visit: &mut dyn FnMut(Event)| call.events(&mut take, visit);
        let count = rows.put(&mut chunk, &Origin::peer("sink"), &message, read);
        (chunk, count.map(|(count, ())| count))
    }

    #[test]
    fn bodies_are_records_whatever_they_hold() {
        let (chunk, count) =
            put(Key::None, &[(&[("k", "v")], b"a\nb"), (&[], b""), (&[], b"\xff")], 0);
        assert_eq!(count, Ok(3));
        let records: Vec<_> = (0..3).map(|row| chunk.key(row).unwrap()).collect();
        assert_eq!(records, [&b"a\nb"[..], b"", b"\xff"]);
        assert!(!chunk.is_pairs());
    }

    #[test]
    fn a_header_that_is_missing_is_no_empty_one() {
        let events: [(Headers<'_>, &[u8]); 4] = [
            (&[("a", "1"), ("k", "v")], b"x"),
            (&[("k", "")], b"y"),
            (&[], b"z"),
            (&[("K", "v")], b""),
        ];
        let (chunk, _) = put(Key::Header("k".to_string()), &events, 0);
        let keys: Vec<_> = (0..4).map(|row| chunk.key(row)).collect();
        assert_eq!(keys, [Some(&b"v"[..]), Some(b""), None, None]);
        assert_eq!(chunk.value(1), Some(&b"y"[..]));
    }

    #[test]
    fn all_headers_are_one_key_whatever_their_order() {
        let events: [(Headers<'_>, &[u8]); 4] = [
            (&[("b", "\"2\""), ("a", "1")], b"x"),
            (&[("a", "1"), ("b", "\"2\"")], b"y"),
            (&[("a", "1"), ("b", "\"2\"")], b"z"),
            (&[], b""),
        ];
        let (chunk, _) = put(Key::All, &events, 0);
        let keys: Vec<_> = (0..4).map(|row| chunk.key(row).unwrap()).collect();
        let both = &br#"{"a":"1","b":"\"2\""}"#[..];
        assert_eq!(keys, [both, both, both, b"{}"]);
        assert_eq!(chunk.keys[1], chunk.keys[2], "made once");
    }

    #[test]
    fn a_body_that_is_too_long_is_bad_alone() {
        let (chunk, count) = put(Key::None, &[(&[], b"12345"), (&[], b"123456")], 0);
        assert_eq!((count, chunk.keys.len(), chunk.bad.len()), (Ok(1), 1, 1));
        assert_eq!(chunk.bad[0].reason, "longer than --max-record 5");
        let (chunk, count) = put(Key::None, &[(&[], b"123456")], 0);
        assert_eq!((count, chunk.is_empty(), chunk.has_come()), (Ok(0), true, true));
    }

    #[test]
    fn of_a_batch_that_is_cut_nothing_is_left() {
        for key in [Key::None, Key::All, Key::Header("k".to_string())] {
            let (chunk, count) = put(key, &[(&[("k", "v")], b"123456"), (&[("k", "v")], b"b")], 2);
            assert!(count.is_err());
            assert!(!chunk.has_come() && chunk.values.is_empty());
        }
    }
}
