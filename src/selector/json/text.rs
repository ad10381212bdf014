//! How values are written: as `jq -r` does, a string bare, lists and objects as `jq -c` does.
//!
//! Numbers stay as they stand in the record, since read as doubles two ids could become one. Mostly a
//! value is already written so, and a part of the record serves: [`Shown::Within`]. Half a surrogate pair
//! becomes U+FFFD.

use memchr::memchr;

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It stands in the record so: from the first byte to before the second.
    Within(usize, usize),
    /// It has to be written anew, by [`write()`].
    Anew,
}

/// How the value from `start` to `end` of a record is shown; it is one value of JSON.
#[inline]
pub fn shown(record: &[u8], start: usize, end: usize) -> Shown {
    let value = &record[start..end];
    let is_plain = match value[0] {
        b'"' => {
            return match memchr(b'\\', value) {
                None => Shown::Within(start + 1, end - 1),
                Some(_) => Shown::Anew,
            };
        }
        b'{' | b'[' => value.iter().all(|&byte| !matches!(byte, 0..=b' ' | b'\\' | 0x7f)),
        _ => true,
    };
    if is_plain { Shown::Within(start, end) } else { Shown::Anew }
}

/// Appends a value, which is one value of JSON.
pub fn write(value: &[u8], out: &mut Vec<u8>) {
    match value {
        [b'"', inner @ .., b'"'] => unescape(inner, out),
        _ => compact(value, out),
    }
}

/// Appends a list or an object without white space, its strings as jq escapes them.
fn compact(value: &[u8], out: &mut Vec<u8>) {
    let (mut at, mut plain) = (0, Vec::new());
    while let Some(&byte) = value.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' => {
                let start = at;
                while value[at] != b'"' {
                    at += 1 + usize::from(value[at] == b'\\');
                }
                plain.clear();
                unescape(&value[start..at], &mut plain);
                escape(&plain, out);
                at += 1;
            }
            other => out.push(other),
        }
    }
}

/// Appends a text as a string of JSON.
pub fn escape(text: &[u8], out: &mut Vec<u8>) {
    let is_escaped = |byte: &u8| matches!(byte, 0..=0x1f | b'"' | b'\\' | 0x7f);
    let mut rest = text;
    out.push(b'"');
    while let Some(at) = rest.iter().position(is_escaped) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends what stands between the quotes of a string, its escapes resolved.
pub fn unescape(mut inner: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(b'\\', inner) {
        out.extend_from_slice(&inner[..at]);
        let (escape, rest) = inner[at + 1..].split_at(1);
        inner = rest;
        match escape[0] {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let c = unit(&mut inner);
                let c = match (c, inner) {
                    (0xd800..=0xdbff, [b'\\', b'u', after @ ..]) => joined(c, after, &mut inner),
                    _ => c,
                };
                let c = char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
    }
    out.extend_from_slice(inner);
}

/// The first half of a pair and what stands behind it: the character, if that is the second half.
fn joined<'a>(high: u32, mut after: &'a [u8], inner: &mut &'a [u8]) -> u32 {
    let low = unit(&mut after);
    if !(0xdc00..=0xdfff).contains(&low) {
        return high;
    }
    *inner = after;
    0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
}

/// Takes four hexadecimal digits.
fn unit(inner: &mut &[u8]) -> u32 {
    let (digits, rest) = inner.split_at(4);
    *inner = rest;
    let value = |&digit: &u8| char::from(digit).to_digit(16).unwrap_or(0);
    digits.iter().fold(0, |unit, digit| unit << 4 | value(digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn text_of(value: &str) -> String {
        let record = value.as_bytes();
        let mut out = Vec::new();
        match shown(record, 0, record.len()) {
            Shown::Within(start, end) => out.extend_from_slice(&record[start..end]),
            Shown::Anew => write(record, &mut out),
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_is_written_as_jq_writes_it() {
        let table = [
            (r#""ann""#, "ann"),
            (r#""\u0061\n\"\\\/\u00e9""#, "a\n\"\\/é"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""x\ud83d""#, "x\u{fffd}"),
            (r#""\ude00\ud83d\ud83d\ude00\ud83d\u0041""#, "\u{fffd}\u{fffd}😀\u{fffd}A"),
            ("7340012345678901235", "7340012345678901235"),
            ("-0", "-0"),
            ("1.0", "1.0"),
            ("1e999", "1e999"),
            ("null", "null"),
            ("true", "true"),
            ("[]", "[]"),
            ("[ 1 , { \"a b\" : \" c\" } ]", "[1,{\"a b\":\" c\"}]"),
            (
                r#"{"\u0061\/":"\u007f\u0001\b\f\n\r\t\"\\é"}"#,
                r#"{"a/":"\u007f\u0001\b\f\n\r\t\"\\é"}"#,
            ),
        ];
        for (value, expected) in table {
            assert_eq!(text_of(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_out_as_it_went_in(text in ".{0,12}", each: bool) {
            let value = match each {
                true => text.encode_utf16().fold(String::new(), |all, unit| format!("{all}\\u{unit:04x}")),
                false => text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t"),
            };
            prop_assert_eq!(text_of(&format!("\"{value}\"")), text);
        }

        #[test]
        fn a_list_is_the_same_to_serde_json(texts in prop::collection::vec(any::<String>(), 0..4)) {
            let value = serde_json::to_string_pretty(&texts).unwrap();
            let found: Value = serde_json::from_str(&text_of(&value)).unwrap();
            prop_assert_eq!(found, serde_json::from_str::<Value>(&value).unwrap());
        }
    }
}
