//! Durations, sizes, counts and escapes: any text is refused in words, or means what is shown of it. An
//! argument that is shown is one word for a shell, and that argument.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use libfuzzer_sys::fuzz_target;
use weir::units::{duration, escaped, pasted, show_duration, size, whole};

/// The one word that a shell makes of this, by as much of its grammar as is needed.
fn unquoted(text: &str) -> Vec<u8> {
    let Some(inner) = text.strip_prefix("$'").and_then(|rest| rest.strip_suffix('\'')) else {
        return in_quotes(text);
    };
    let (mut bytes, mut rest) = (Vec::new(), inner.as_bytes());
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        assert!(first == b' ' || first.is_ascii_graphic() && first != b'\'');
        if first != b'\\' {
            bytes.push(first);
            continue;
        }
        let (escape, behind) = rest.split_first().expect("an escape has a letter");
        rest = behind;
        bytes.push(match escape {
            b't' => b'\t',
            b'n' => b'\n',
            b'r' => b'\r',
            b'x' => {
                let (digits, behind) = rest.split_at(2);
                rest = behind;
                let digits = std::str::from_utf8(digits).expect("digits");
                u8::from_str_radix(digits, 16).expect("digits")
            }
            other => *other,
        });
    }
    bytes
}

/// The same without `$'...'`.
fn in_quotes(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '\'' => {
                let (inner, behind) = rest.split_once('\'').expect("a quote ends");
                bytes.extend_from_slice(inner.as_bytes());
                rest = behind;
            }
            '\\' => {
                rest = rest.strip_prefix('\'').expect("a quote");
                bytes.push(b'\'');
            }
            plain => {
                assert!(plain.is_ascii_alphanumeric() || "-_./:=,@%+".contains(plain), "{text}");
                bytes.push(plain as u8);
            }
        }
    }
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    match duration(&text) {
        Ok(span) => assert_eq!(duration(&show_duration(span)), Ok(span)),
        Err(why) => assert!(!why.is_empty()),
    }
    if let Ok(size) = size(&text) {
        assert_eq!(weir::units::size(&size.to_string()), Ok(size));
    }
    if let Ok(count) = whole(&text, 1) {
        assert!(count >= 1);
    }
    let typed = OsStr::from_bytes(bytes);
    if let Ok(read) = escaped(typed) {
        assert!(read.len() <= bytes.len());
    }
    // No argument holds a NUL.
    if !bytes.contains(&0) {
        let shown = pasted(typed);
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert_eq!(unquoted(&shown), bytes, "{shown}");
    }
});
