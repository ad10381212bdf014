//! How values are written: as compact JSON, a string that stands alone also bare; and characters of strings.

use std::fmt::{self, Display};
use std::ops::Range;

use super::{TEXT, Value, heap};
use crate::jq::meter;
use crate::selector::json::text::escape;

impl Value {
    /// Its kind and the beginning of it, as messages have it.
    pub fn named(&self) -> String {
        format!("{} ({self})", self.kind())
    }

    /// It as a string of JSON.
    pub fn json(&self) -> Value {
        let mut out = Vec::new();
        match write(self, &mut out) && meter::bytes(TEXT + heap(out.capacity())) {
            true => Value::told(out),
            false => Value::Null,
        }
    }
}

/// The beginning of it as JSON: for messages.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So much of it is shown.
        const SHOWN: usize = 40;
        let mut out = Vec::new();
        beginning(self, SHOWN, &mut out);
        let text = String::from_utf8_lossy(&out);
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{}...", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

/// Appends a value as a record: a string bare, all else as compact JSON. False if it makes too much.
pub fn write_bare(value: &Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Text(text) => {
            out.extend_from_slice(text);
            meter::bytes(text.len())
        }
        other => write(other, out),
    }
}

/// Appends a value as compact JSON. False if it makes too much, and is not written to its end.
pub fn write(value: &Value, out: &mut Vec<u8>) -> bool {
    let before = out.len();
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => number.write(out),
        Value::Text(text) => escape(text, out),
        Value::List(list) => {
            out.push(b'[');
            for (place, item) in list.items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                if !write(item, out) {
                    return false;
                }
            }
            out.push(b']');
            return meter::bytes(2 + list.items.len());
        }
        Value::Object(object) => {
            out.push(b'{');
            for (place, (name, value)) in object.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                let before = out.len();
                escape(name.bytes(), out);
                out.push(b':');
                if !meter::bytes(out.len() - before + 1) || !write(value, out) {
                    return false;
                }
            }
            out.push(b'}');
            return meter::bytes(2);
        }
    }
    meter::bytes(out.len() - before)
}

/// Appends the beginning of a value as JSON: as many bytes as are asked for, or somewhat more.
pub fn beginning(value: &Value, most: usize, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => escape(&text[..text.len().min(4 * most)], out),
        Value::List(list) => {
            out.push(b'[');
            for (place, item) in list.items.iter().enumerate() {
                if out.len() > 4 * most {
                    return;
                }
                if place > 0 {
                    out.push(b',');
                }
                beginning(item, most, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (place, (name, value)) in object.iter().enumerate() {
                if out.len() > 4 * most {
                    return;
                }
                if place > 0 {
                    out.push(b',');
                }
                escape(name.bytes(), out);
                out.push(b':');
                beginning(value, most, out);
            }
            out.push(b'}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            write(value, out);
        }
    }
}

/// How long the character is that begins with this byte, of bytes that need not be UTF-8.
pub fn length(text: &[u8]) -> usize {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return 1,
    };
    match text.get(..length).map(std::str::from_utf8) {
        Some(Ok(_)) => length,
        _ => 1,
    }
}

/// How many characters there are; of what is no UTF-8, each byte is one.
pub fn characters(text: &[u8]) -> usize {
    if let Ok(text) = std::str::from_utf8(text) {
        return text.chars().count();
    }
    let (mut rest, mut count) = (text, 0);
    while !rest.is_empty() {
        rest = &rest[length(rest)..];
        count += 1;
    }
    count
}

/// Some of the characters.
pub fn part(text: &[u8], part: Range<usize>) -> &[u8] {
    let skip = |text: &[u8], count: usize| {
        let mut at = 0;
        for _ in 0..count {
            if at == text.len() {
                break;
            }
            at += length(&text[at..]);
        }
        at
    };
    let rest = &text[skip(text, part.start)..];
    &rest[..skip(rest, part.len())]
}

/// The parts between separators; without one, each character, and of nothing none.
pub fn parts<'a>(text: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), text);
    if text.is_empty() {
        return parts;
    }
    if by.is_empty() {
        while !rest.is_empty() {
            let (part, after) = rest.split_at(length(rest));
            parts.push(part);
            rest = after;
        }
        return parts;
    }
    let mut start = 0;
    for at in memchr::memmem::find_iter(text, by) {
        parts.push(&text[start..at]);
        start = at + by.len();
    }
    parts.push(&text[start..]);
    parts
}
