//! Keys of logfmt: `at=info msg="it \"works\"" dry-run took=3ms`.
//!
//! ```text
//! took=3ms             up to the next byte that is a space or below
//! msg="it \"works\""   up to a quote that no backslash escapes; escapes are those of JSON
//! dry-run   took=      a key without a value has an empty one
//! ```
//!
//! This is what Go's parsers take, and more: words before the first key, quoted or not, are passed over,
//! a backslash that begins no escape is one, and what stands close behind a quoted value is the next key.
//! Of equal keys the last counts, as in a JSON object.

use std::ops::Range;

use super::{Found, Lack, Selector, items, mistake};

/// Reads a SEL of keys.
pub fn parse(sel: &str) -> Result<Vec<String>, String> {
    let key = |(at, typed): (usize, &str)| {
        let wrong = |byte: u8| byte <= b' ' || byte == b'=' || byte == b'"';
        match typed.bytes().position(wrong) {
            None if typed.is_empty() => Err(mistake(sel, at, "here a key is missing")),
            None => Ok(typed.to_string()),
            Some(place) => Err(mistake(sel, at + place, "no key has this in it")),
        }
    };
    items(sel).map(key).collect()
}

/// Finds the values of keys.
#[derive(Clone, Debug)]
pub struct Logfmt {
    keys: Vec<String>,
    /// The last value of each key.
    values: Vec<Option<Value>>,
}

impl Logfmt {
    /// Finds the values of these keys.
    pub fn new(keys: Vec<String>) -> Logfmt {
        Logfmt { values: vec![None; keys.len()], keys }
    }
}

/// A value, as it stands.
#[derive(Clone, Debug)]
struct Value {
    bytes: Range<usize>,
    /// True if there is a backslash in it that may escape something.
    is_escaped: bool,
}

impl Selector for Logfmt {
    fn select(&mut self, record: &[u8], found: &mut Found<'_>) {
        self.values.fill(None);
        let mut at = 0;
        while let Some(start) = record[at..].iter().position(|&byte| byte > b' ') {
            let start = at + start;
            let (key, value) = match pair(record, start) {
                Ok(pair) => pair,
                Err(lack) => return found.fails(lack),
            };
            // A quote of the value is beyond its bytes.
            at = value.bytes.end + usize::from(record.get(value.bytes.end) == Some(&b'"'));
            for (wanted, last) in self.keys.iter().zip(&mut self.values) {
                if wanted.as_bytes() == &record[key.clone()] {
                    *last = Some(value.clone());
                }
            }
        }
        for (item, value) in self.values.iter().enumerate() {
            match value {
                None => (),
                Some(Value { bytes, is_escaped: false }) => found.within(item, bytes.clone()),
                Some(Value { bytes, .. }) => {
                    found.anew(item, |out| unescape(&record[bytes.clone()], out));
                }
            }
        }
    }
}

/// The key that begins at `start`, and its value. Quoted text that is no value has no key.
#[inline(always)]
fn pair(record: &[u8], start: usize) -> Result<(Range<usize>, Value), Lack> {
    if record[start] == b'"' {
        return Ok((start..start, quoted(record, start)?));
    }
    let is_end = |&byte: &u8| byte <= b' ' || byte == b'=';
    let end = record[start..].iter().position(is_end).map_or(record.len(), |len| start + len);
    let key = start..end;
    if record.get(end) != Some(&b'=') {
        return Ok((key, Value { bytes: end..end, is_escaped: false }));
    }
    let start = end + 1;
    if record.get(start) == Some(&b'"') {
        return Ok((key, quoted(record, start)?));
    }
    let end = record[start..].iter().position(|&byte| byte <= b' ');
    let bytes = start..end.map_or(record.len(), |len| start + len);
    Ok((key, Value { bytes, is_escaped: false }))
}

/// The value in the quotes that begin at `start`.
fn quoted(record: &[u8], start: usize) -> Result<Value, Lack> {
    let (mut at, mut is_escaped) = (start + 1, false);
    loop {
        match memchr::memchr2(b'"', b'\\', &record[at.min(record.len())..]) {
            None => return Err(Lack::at("a quote that does not end", start)),
            Some(next) if record[at + next] == b'"' => {
                return Ok(Value { bytes: start + 1..at + next, is_escaped });
            }
            Some(next) => (at, is_escaped) = (at + next + 2, true),
        }
    }
}

/// Appends text of which the escapes are undone. Half a pair of surrogates becomes U+FFFD.
fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(&text[..at]);
        let escape = &text[at..];
        let (byte, len) = match escape.get(1) {
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b't') => (b'\t', 2),
            Some(b'b') => (8, 2),
            Some(b'f') => (12, 2),
            Some(&byte @ (b'"' | b'\\' | b'/')) => (byte, 2),
            _ => match unicode(escape) {
                Some((c, len)) => {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    text = &escape[len..];
                    continue;
                }
                None => (b'\\', 1),
            },
        };
        out.push(byte);
        text = &escape[len..];
    }
    out.extend_from_slice(text);
}

/// The character that `\uXXXX` stands for at the beginning of `text`, or two of these, and their length.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |text: &[u8]| {
        let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
        let digit = |value: u32, digit: &u8| Some(value << 4 | char::from(*digit).to_digit(16)?);
        digits.iter().try_fold(0, digit)
    };
    let first = unit(text)?;
    if let 0xd800..0xdc00 = first
        && let Some(second @ 0xdc00..0xe000) = unit(&text[6..])
    {
        let both = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(both)?, 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

#[cfg(test)]
mod tests {
    use super::super::testing::selected;
    use super::*;
    use proptest::prelude::*;

    fn values(sel: &str, record: &str) -> Vec<String> {
        let keys = parse(sel).unwrap();
        let count = keys.len();
        selected(&mut Logfmt::new(keys), count, record.as_bytes())
    }

    #[test]
    fn values_are_found_by_their_keys() {
        let table: [(&str, &str, &[&str]); 16] = [
            ("a,b", "a=1 b=2", &["1", "2"]),
            ("b,c", "  a=1\tb=  ", &["", "-"]),
            ("dry-run,a", "a=1 dry-run", &["", "1"]),
            ("a", "a=1 a=2", &["2"]),
            ("a", "a=1 a", &[""]),
            ("a", "a=b=c", &["b=c"]),
            ("a", "ba=1 ab=2", &["-"]),
            ("a,b", "a=\"x b=1\" b=2", &["x b=1", "2"]),
            (
                "a",
                r#"a="x \"y\" \\ \n \t \u00e9 \ud83d\ude00 \ud83d \q \u12""#,
                &["x \"y\" \\ \n \t é \u{1f600} \u{fffd} \\q \\u12"],
            ),
            ("a,b", "a=\"\"b=1", &["", "1"]),
            ("a", "a=x\"y\"", &["x\"y\""]),
            ("level", "2018-12-11 \"it level=1\" level=2 =3", &["2"]),
            ("a", "", &["-"]),
            ("a,b", "b=1 a=\"x", &[U, U]),
            ("a,b", "b=1 a=\"x\\\"", &[U, U]),
            ("a,b", "b=1 a=\"x\\", &[U, U]),
        ];
        for (sel, record, expected) in table {
            assert_eq!(values(sel, record), expected, "{record}");
        }
    }

    const U: &str = "-a quote that does not end, at byte 6 of it";

    #[test]
    fn what_is_no_key_is_pointed_at() {
        for (sel, at) in [("", 0), ("a,", 2), ("a,b c", 3), ("a=", 1), ("\"a\"", 0)] {
            let why = parse(sel).unwrap_err();
            assert_eq!(why.lines().nth(2).unwrap().len() - "    ^".len(), at, "{why}");
        }
    }

    /// A value as a logger writes it.
    fn written(value: &str) -> String {
        if value.bytes().all(|byte| byte > b' ' && byte != b'"') && !value.is_empty() {
            return value.to_string();
        }
        let mut out = String::from("\"");
        for c in value.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => out.push(c),
            }
        }
        out + "\""
    }

    proptest! {
        #[test]
        fn what_a_logger_writes_is_read_back(
            pairs in prop::collection::vec(("[abc]", "[ a\"=\\\\\n\u{1}é😀]{0,6}"), 0..8),
        ) {
            let line: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={}", written(value))).collect();
            let last = |key: &str| {
                let pair = pairs.iter().rfind(|(other, _)| other == key);
                pair.map_or("-".to_string(), |(_, value)| value.clone())
            };
            prop_assert_eq!(values("a,b,c", &line.join(" ")), ["a", "b", "c"].map(last));
        }

        #[test]
        fn any_bytes_have_an_answer(record in prop::collection::vec(prop::sample::select(&b"a=\"\\ud8\xff "[..]), 0..30)) {
            selected(&mut Logfmt::new(vec!["a".into()]), 1, &record);
        }
    }
}
