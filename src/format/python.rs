//! Python's `print(x)` and `repr(x)`, to the byte, for what a report can hold.
//!
//! A stream's bytes are text here: what is not UTF-8 becomes U+FFFD. At the top, `print` shows text
//! as it is; inside a tuple it is quoted and what Python does not take for printable is escaped, so
//! that nothing in a key can be mistaken for the tuple around it. Nearly all keys are plain ASCII,
//! which needs one look and one copy; only the others are read character by character.

mod json;
mod printable;

use std::io::Write;

use self::printable::is_printable;
use super::number;
use crate::report::value::Value;

/// What Python would print.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// A `str`, of the stream's bytes.
    Text(&'a [u8]),
    /// `None`, an `int` or a `float`.
    Value(&'a Value),
    /// A tuple of values.
    Values(&'a [Value]),
    /// A tuple of anything.
    Tuple(&'a [Object<'a>]),
}

impl<'a> Object<'a> {
    /// The values of a row: one stands alone, several are a tuple.
    pub fn of(values: &'a [Value]) -> Object<'a> {
        match values {
            [Value::Bytes(text)] => Object::Text(&text.0),
            [value] => Object::Value(value),
            values => Object::Values(values),
        }
    }
}

/// Appends what `print(x)` prints, without the newline.
pub fn print(out: &mut Vec<u8>, object: Object<'_>) {
    match object {
        Object::Text(bytes) => print_text(out, bytes),
        other => repr(out, other),
    }
}

/// Appends `repr(x)`.
pub fn repr(out: &mut Vec<u8>, object: Object<'_>) {
    match object {
        Object::Text(bytes) => repr_text(out, bytes),
        Object::Value(Value::None) => out.extend_from_slice(b"None"),
        Object::Value(&Value::Int(value)) => number::int(out, value),
        Object::Value(&Value::Float(value)) => number::double(out, value),
        Object::Value(Value::Bytes(text)) => repr_text(out, &text.0),
        Object::Value(Value::Json(text)) => json::repr(out, &text.0),
        Object::Value(Value::List(texts)) => {
            out.push(b'[');
            for (place, text) in texts.iter().enumerate() {
                out.extend_from_slice(if place > 0 { b", " } else { b"" });
                repr_text(out, text);
            }
            out.push(b']');
        }
        Object::Values(values) => tuple(out, values.iter().map(Object::Value)),
        Object::Tuple(objects) => tuple(out, objects.iter().copied()),
    }
}

fn tuple<'a>(out: &mut Vec<u8>, objects: impl ExactSizeIterator<Item = Object<'a>>) {
    let alone = objects.len() == 1;
    out.push(b'(');
    for (place, object) in objects.enumerate() {
        if place > 0 {
            out.extend_from_slice(b", ");
        }
        repr(out, object);
    }
    out.extend_from_slice(if alone { b",)" } else { b")" });
}

fn print_text(out: &mut Vec<u8>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(_) => out.extend_from_slice(bytes),
        Err(_) => decode(bytes, |text| out.extend_from_slice(text.as_bytes())),
    }
}

fn repr_text(out: &mut Vec<u8>, bytes: &[u8]) {
    // No early exit: without one the loop is done many bytes at a time.
    if bytes.iter().fold(true, |plain, &byte| plain & is_plain(byte)) {
        out.push(b'\'');
        out.extend_from_slice(bytes);
        out.push(b'\'');
        return;
    }
    let double = bytes.contains(&b'\'') && !bytes.contains(&b'"');
    let quote = if double { '"' } else { '\'' };
    out.push(quote as u8);
    decode(bytes, |text| escape(out, text, quote));
    out.push(quote as u8);
}

/// Returns true for the ASCII that is shown as it is between any quotes that can be around it.
fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) & (byte != b'\'') & (byte != b'\\')
}

/// Calls `take` with the text of the bytes, piece by piece.
fn decode(bytes: &[u8], mut take: impl FnMut(&str)) {
    for piece in bytes.utf8_chunks() {
        take(piece.valid());
        if !piece.invalid().is_empty() {
            take("\u{fffd}");
        }
    }
}

fn escape(out: &mut Vec<u8>, text: &str, quote: char) {
    let mut copied = 0;
    for (place, c) in text.char_indices() {
        if c != '\\' && c != quote && is_printable(c) {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[copied..place]);
        copied = place + c.len_utf8();
        match (c, u32::from(c)) {
            ('\t', _) => out.extend_from_slice(b"\\t"),
            ('\n', _) => out.extend_from_slice(b"\\n"),
            ('\r', _) => out.extend_from_slice(b"\\r"),
            ('\\', _) => out.extend_from_slice(b"\\\\"),
            ('\'' | '"', code) => out.extend_from_slice(&[b'\\', code as u8]),
            (_, code @ ..0x100) => hex(out, b'x', 2, code),
            (_, code @ ..0x10000) => hex(out, b'u', 4, code),
            (_, code) => hex(out, b'U', 8, code),
        }
    }
    out.extend_from_slice(&text.as_bytes()[copied..]);
}

fn hex(out: &mut Vec<u8>, kind: u8, digits: usize, code: u32) {
    out.extend_from_slice(&[b'\\', kind]);
    write!(out, "{code:0digits$x}").expect("a Vec takes all bytes");
}

#[cfg(test)]
mod tests {
    use super::Object::{Text, Tuple};
    use super::*;
    use proptest::prelude::*;

    const NONE: Object = Object::Value(&Value::None);

    fn int(value: i64) -> Object<'static> {
        Object::Value(Box::leak(Box::new(Value::Int(value))))
    }

    fn printed(object: Object) -> String {
        let mut out = Vec::new();
        print(&mut out, object);
        String::from_utf8(out).unwrap()
    }

    fn quoted(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        repr(&mut out, Text(bytes));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_quoted_as_in_pythons_own_table() {
        let table = include_str!("../../tests/data/py_repr_table.tsv");
        let mut compared = 0;
        for line in table.lines().skip(1) {
            let mut fields = line.split('\t');
            let (input, expected) = (fields.next().unwrap(), fields.next().unwrap());
            // Bytes cannot become half a surrogate pair, so the one line with it cannot occur.
            let Ok(input) = serde_json::from_str::<String>(input) else {
                assert!(input.contains("surrogate"), "{line}");
                continue;
            };
            let bytes: String =
                quoted(input.as_bytes()).bytes().map(|b| format!("{b:02x}")).collect();
            assert_eq!(bytes, expected, "{line}");
            compared += 1;
        }
        assert_eq!(compared, 37);
    }

    #[test]
    fn tuples_nest_and_only_text_at_the_top_is_raw() {
        let float = Value::Float(2.0);
        let values = [Value::Int(1), float.clone()];
        let table: [(Object, &str); 11] = [
            (Text(b"it's \t\\"), "it's \t\\"),
            (Tuple(&[Text(b"k"), int(4)]), "('k', 4)"),
            (Tuple(&[Text(b"k"), Object::of(&values)]), "('k', (1, 2.0))"),
            (Tuple(&[NONE, int(3)]), "(None, 3)"),
            (Tuple(&[Text(b"it's"), Text(b"a\tb")]), r#"("it's", 'a\tb')"#),
            (Tuple(&[Tuple(&[int(1), int(2)]), int(3)]), "((1, 2), 3)"),
            (Tuple(&[int(1)]), "(1,)"),
            (Tuple(&[]), "()"),
            (Object::of(&values), "(1, 2.0)"),
            (Object::of(&values[..1]), "1"),
            (Object::of(&values[1..]), "2.0"),
        ];
        for (object, expected) in table {
            assert_eq!(printed(object), expected);
        }
    }

    #[test]
    fn what_is_not_utf_8_becomes_the_replacement_character() {
        for bytes in [&b"a\xffb"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf0\x9f\x98.", b"\xe2\x82"] {
            let lossy = String::from_utf8_lossy(bytes);
            assert_eq!(printed(Text(bytes)), lossy);
            assert_eq!(quoted(bytes), format!("'{lossy}'"));
        }
        assert_eq!(quoted(b"\xff'\"\n"), "'\u{fffd}\\'\"\\n'");
    }

    proptest! {
        #[test]
        fn raw_text_is_the_lossy_text(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(printed(Text(&bytes)), String::from_utf8_lossy(&bytes));
        }

        /// The fast way and the slow way agree on where they meet.
        #[test]
        fn ascii_is_escaped_alike_with_and_without_a_letter_behind_it(text in "[ -~]{0,40}") {
            let plain = quoted(text.as_bytes());
            let slow = quoted(format!("{text}\u{e9}").as_bytes());
            prop_assert_eq!(plain.len() + 2, slow.len());
            prop_assert_eq!(slow.replace('\u{e9}', ""), plain);
        }
    }
}
