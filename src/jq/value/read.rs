//! A record as a value: JSON, held to the same grammar as by `--json`.
//!
//! Numbers keep their text. Of members of one name the last counts, in the place of the first. A mark of
//! the byte order at the beginning is passed over.

use std::sync::Arc;

use super::number::Number;
use super::{Name, Object, Value};
use crate::jq::meter;
use crate::selector::Lack;
use crate::selector::json::syntax::{Fault, Syntax};
use crate::selector::json::text::unescape;

/// Reads a record that is one value of JSON. What is wrong is told; if the meter is spent, that is it.
pub fn read(record: &[u8]) -> Result<Value, Lack> {
    let mut open = Vec::new();
    let mut reader = Reader { syntax: Syntax::new(record, &mut open), made: Vec::new() };
    let start = if record.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let start = reader.syntax.token(start);
    let read = reader.value(start, 1).and_then(|(value, end)| {
        let end = reader.syntax.token(end);
        match end < record.len() {
            true => Err(reader.syntax.fault(end, "no JSON: something follows it")),
            false => Ok(value),
        }
    });
    read.map_err(Fault::lack)
}

struct Reader<'a> {
    syntax: Syntax<'a>,
    /// Memory for strings with escapes.
    made: Vec<u8>,
}

impl Reader<'_> {
    /// The value that begins there, in so many levels of others, and its end.
    fn value(&mut self, at: usize, level: u32) -> Result<(Value, usize), Fault> {
        match self.syntax.peek(at) {
            b'"' => {
                let end = self.string(at)?;
                Ok((Value::Text(Arc::new(self.made.clone())), end))
            }
            b'-' | b'0'..=b'9' => {
                let end = self.syntax.number(at)?;
                Ok((Value::Number(Number::read(&self.syntax.bytes[at..end])), end))
            }
            b'[' => self.list(at, level),
            b'{' => self.object(at, level),
            first => {
                let end = self.syntax.word(at)?;
                let value = match first {
                    b'n' => Value::Null,
                    first => Value::Bool(first == b't'),
                };
                Ok((value, end))
            }
        }
    }

    fn list(&mut self, start: usize, level: u32) -> Result<(Value, usize), Fault> {
        self.go_deeper(start, level)?;
        let mut items = Vec::new();
        if let Some(end) = self.syntax.opened(start, b']') {
            return Ok((Value::list(items), end));
        }
        let mut at = start;
        loop {
            let (item, end) = self.value(self.syntax.token(at + 1), level + 1)?;
            items.push(item);
            at = self.syntax.token(end);
            match self.syntax.peek(at) {
                b',' => {}
                b']' => return Ok((Value::list(items), at + 1)),
                _ => return Err(self.syntax.unended(at, false)),
            }
        }
    }

    fn object(&mut self, start: usize, level: u32) -> Result<(Value, usize), Fault> {
        self.go_deeper(start, level)?;
        let mut object = Object::default();
        if let Some(end) = self.syntax.opened(start, b'}') {
            return Ok((Value::object(object), end));
        }
        let mut at = start;
        loop {
            let name = self.syntax.token(at + 1);
            self.syntax.name(name)?;
            let end = self.string(name)?;
            let name = Name::new(&self.made);
            let (value, end) = self.value(self.syntax.colon(end)?, level + 1)?;
            object.set(name, value);
            at = self.syntax.token(end);
            match self.syntax.peek(at) {
                b',' => {}
                b'}' => return Ok((Value::object(object), at + 1)),
                _ => return Err(self.syntax.unended(at, true)),
            }
        }
    }

    /// The end of the string that begins there; its bytes are in `made` then.
    fn string(&mut self, at: usize) -> Result<usize, Fault> {
        let (end, has_escape) = self.syntax.string(at + 1)?;
        let inner = &self.syntax.bytes[at + 1..end - 1];
        self.made.clear();
        match has_escape {
            true => unescape(inner, &mut self.made),
            false => self.made.extend_from_slice(inner),
        }
        Ok(end)
    }

    fn go_deeper(&self, at: usize, level: u32) -> Result<(), Fault> {
        match meter::depth(level) {
            true => Ok(()),
            false => Err(self.syntax.fault(at, "no JSON: nested too deep")),
        }
    }
}
