//! Compact JSON as Python's `json.loads` has it shown: what a program of PySpark would hold there.
//!
//! ```text
//! {"n":1,"at":[true,null,"x"]}   ->   {'n': 1, 'at': [True, None, 'x']}
//! ```

use super::repr_text;
use crate::selector::json::text::unescape;

/// Appends it; the bytes are one value of JSON without white space.
pub fn repr(out: &mut Vec<u8>, json: &[u8]) {
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                let start = at + 1;
                at = start;
                while !matches!(json.get(at), Some(b'"') | None) {
                    at += 1 + usize::from(json[at] == b'\\');
                }
                let (mut text, end) = (Vec::new(), at.min(json.len()));
                unescape(&json[start..end], &mut text);
                repr_text(out, &text);
                at += 1;
            }
            b',' | b':' => {
                out.extend_from_slice(&[byte, b' ']);
                at += 1;
            }
            b't' | b'f' | b'n' => {
                let (word, len): (&[u8], _) = match byte {
                    b't' => (b"True", 4),
                    b'f' => (b"False", 5),
                    _ => (b"None", 4),
                };
                out.extend_from_slice(word);
                at += len;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_as_python_shows_it() {
        let table = [
            (r#"{"n":1,"at":[true,false,null,"x"]}"#, "{'n': 1, 'at': [True, False, None, 'x']}"),
            (r#"["it's",",:\"\\",{}]"#, r#"["it's", ',:"\\', {}]"#),
            ("true", "True"),
            ("12345678901234567890", "12345678901234567890"),
            ("[1.5,-0]", "[1.5, -0]"),
        ];
        for (json, expected) in table {
            let mut out = Vec::new();
            repr(&mut out, json.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
