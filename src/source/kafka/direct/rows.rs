//! From messages to the rows of a chunk: each value is copied once, with a byte behind it.
//!
//! ```text
//! arena   \0 orders value\0 value\0 \0 value\0      with --with-topic the name once for a run
//! ```
//!
//! A value may hold any byte, so the chunk is cut as it is made. The byte behind each value gives an empty
//! one a place of its own, by which a bad record is found (`origin`).

use crate::chunk::{Bad, Chunk, Span};
use crate::kafka::seam::Message;
use crate::source::kafka::flags::With;
use crate::source::kafka::parts::Part;

/// Of a record that is too long so much is kept.
const KEPT: usize = 256;

/// Makes rows of messages.
pub struct Rows {
    with: Option<With>,
    max_record: usize,
    /// The key of all messages of a run, if they have the same.
    name: Option<Span>,
    /// A key on its way.
    key: Vec<u8>,
}

impl Rows {
    /// Rows whose key is as `with` says; a longer value than `max_record` is bad.
    pub fn new(with: Option<With>, max_record: usize) -> Rows {
        Rows { with, max_record, name: None, key: Vec::new() }
    }

    /// Begins with messages of another partition, or with another chunk.
    pub fn begin(&mut self, chunk: &mut Chunk, part: &Part) {
        self.name = match &self.with {
            Some(With::Topic) => Some(named(chunk, part.topic.as_bytes())),
            Some(With::Partition) => Some(named(chunk, part.partition.to_string().as_bytes())),
            _ => None,
        };
    }

    /// Adds a message of the partition with which was begun.
    #[inline]
    pub fn add<'m>(&mut self, chunk: &mut Chunk, part: &Part, message: impl Message<'m>) {
        let value = message.value().unwrap_or_default();
        let key = match &self.with {
            None => None,
            Some(With::Key) => message.key(),
            Some(_) if self.name.is_some() => None,
            Some(With::Header(name)) => header(message, name),
            Some(_) => {
                headers(message, &mut self.key);
                Some(self.key.as_slice())
            }
        };
        let longest = value.len().max(key.map_or(0, <[u8]>::len));
        if longest > self.max_record {
            chunk.bad.push(self.too_long(part, message.offset(), value));
            return;
        }
        if self.with.is_some() && chunk.is_empty() {
            chunk.append(b"\0");
        }
        let start = chunk.len();
        let key = match self.name {
            Some(name) => Some(name),
            None => key.map(|key| chunk.append(key)),
        };
        let span = chunk.append(value);
        chunk.append(b"\0");
        match self.with {
            Some(_) => chunk.put_pair(key, span),
            None => chunk.keys.push(span),
        }
        let (bytes, number) = (start..chunk.len(), message.offset() as u64);
        chunk.origins.add_record(&part.origin, bytes, span.range(), number);
    }

    fn too_long(&self, part: &Part, offset: i64, value: &[u8]) -> Bad {
        let reason = format!("longer than --max-record {}", self.max_record);
        Bad::shown(reason, part.origin.at(offset as u64), value, KEPT)
    }
}

/// Puts a key into the arena that stands for all rows of a run.
fn named(chunk: &mut Chunk, name: &[u8]) -> Span {
    if chunk.is_empty() {
        chunk.append(b"\0");
    }
    chunk.append(name)
}

/// The last header of this name that has a value.
fn header<'a>(message: impl Message<'a>, name: &[u8]) -> Option<&'a [u8]> {
    let mut found = None;
    message.headers(|header, value| {
        if header == name {
            found = value;
        }
    });
    found
}

/// All headers, as a JSON object.
fn headers<'a>(message: impl Message<'a>, json: &mut Vec<u8>) {
    json.clear();
    json.push(b'{');
    message.headers(|name, value| {
        let text = |bytes| serde_json::Value::from(String::from_utf8_lossy(bytes));
        let comma = if json.len() > 1 { "," } else { "" };
        let value = value.map_or(serde_json::Value::Null, text);
        json.extend(format!("{comma}{}:{value}", text(name)).into_bytes());
    });
    json.push(b'}');
}
