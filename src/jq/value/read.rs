//! A record as a value: JSON, held to the same grammar as by `--json`.
//!
//! Numbers keep their text. Of members of one name the last counts, in the place of the first. A mark of
//! the byte order at the beginning is passed over. What the program does not look at is held to the grammar as
//! all else is, but no value is made of it.

use std::borrow::Cow;

use super::number::Number;
use super::{Name, Need, Object, Value};
use crate::jq::meter;
use crate::selector::Lack;
use crate::selector::json::syntax::{Fault, Syntax};
use crate::selector::json::text::unescape;

/// Reads what is needed of a record that is one value of JSON. What is wrong is told; if the meter is spent, that
/// is it.
pub fn read(record: &[u8], need: &Need) -> Result<Value, Lack> {
    let mut open = Vec::new();
    let reader = Reader { syntax: Syntax::new(record, &mut open) };
    let start = if record.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let start = reader.syntax.token(start);
    let read = reader.value(start, 1, Some(need)).and_then(|(value, end)| {
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
}

impl Reader<'_> {
    /// The value that begins there, in so many levels of others, and its end; null if it is not needed.
    fn value(&self, at: usize, level: u32, need: Option<&Need>) -> Result<(Value, usize), Fault> {
        let (made, end) = match self.syntax.peek(at) {
            b'"' => {
                let (end, has_escape) = self.syntax.string(at + 1)?;
                (need.map(|_| Value::text(&self.text(at, end, has_escape))), end)
            }
            b'-' | b'0'..=b'9' => {
                let end = self.syntax.number(at)?;
                let number = || Value::Number(Number::read(&self.syntax.bytes[at..end]));
                (need.map(|_| number()), end)
            }
            b'[' => return self.list(at, level, need),
            b'{' => return self.object(at, level, need),
            first => {
                let end = self.syntax.word(at)?;
                let value = match first {
                    b'n' => Value::Null,
                    first => Value::Bool(first == b't'),
                };
                (Some(value), end)
            }
        };
        Ok((made.unwrap_or_default(), end))
    }

    fn list(&self, start: usize, level: u32, need: Option<&Need>) -> Result<(Value, usize), Fault> {
        self.go_deeper(start, level)?;
        let made = |items| if need.is_some() { Value::list(items) } else { Value::Null };
        // A program that does not need all of it fails on a list.
        let each = need.filter(|need| need.is_whole());
        let mut items = Vec::new();
        if let Some(end) = self.syntax.opened(start, b']') {
            return Ok((made(items), end));
        }
        let mut at = start;
        loop {
            let (item, end) = self.value(self.syntax.token(at + 1), level + 1, each)?;
            if each.is_some() {
                items.push(item);
            }
            at = self.syntax.token(end);
            match self.syntax.peek(at) {
                b',' => {}
                b']' => return Ok((made(items), at + 1)),
                _ => return Err(self.syntax.unended(at, false)),
            }
        }
    }

    fn object(
        &self,
        start: usize,
        level: u32,
        need: Option<&Need>,
    ) -> Result<(Value, usize), Fault> {
        self.go_deeper(start, level)?;
        let made = |object| if need.is_some() { Value::object(object) } else { Value::Null };
        let mut object = Object::with_room(need.map_or(0, Need::count));
        if let Some(end) = self.syntax.opened(start, b'}') {
            return Ok((made(object), end));
        }
        let mut at = start;
        loop {
            let start = self.syntax.token(at + 1);
            let (end, has_escape) = self.syntax.name(start)?;
            let colon = self.syntax.colon(end)?;
            at = match need {
                None => self.value(colon, level + 1, None)?.1,
                Some(need) => {
                    let name = self.text(start, end, has_escape);
                    let of = need.of(&name);
                    let (value, end) = self.value(colon, level + 1, of)?;
                    if of.is_some() {
                        object.set(Name::new(&name), value);
                    }
                    end
                }
            };
            at = self.syntax.token(at);
            match self.syntax.peek(at) {
                b',' => {}
                b'}' => return Ok((made(object), at + 1)),
                _ => return Err(self.syntax.unended(at, true)),
            }
        }
    }

    /// The bytes of the string from its first quote to behind its last.
    fn text(&self, start: usize, end: usize, has_escape: bool) -> Cow<'_, [u8]> {
        let inner = &self.syntax.bytes[start + 1..end - 1];
        match has_escape {
            false => Cow::Borrowed(inner),
            true => {
                let mut made = Vec::with_capacity(inner.len());
                unescape(inner, &mut made);
                Cow::Owned(made)
            }
        }
    }

    fn go_deeper(&self, at: usize, level: u32) -> Result<(), Fault> {
        match meter::depth(level) {
            true => Ok(()),
            false => Err(self.syntax.fault(at, "no JSON: nested too deep")),
        }
    }
}
