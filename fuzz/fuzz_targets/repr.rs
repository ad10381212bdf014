//! Python's repr of any bytes: one line of text, quoted, from which nothing can break out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::format::python::{Object, repr};

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    repr(&mut out, Object::Text(bytes));
    let text = std::str::from_utf8(&out).expect("text");
    let quote = text.chars().next().expect("a quote");
    let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    let inner = inner.expect("the same quote at both ends");
    assert!(quote == '\'' || quote == '"');
    assert!(!text.chars().any(char::is_control));
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        assert_ne!(c, quote, "{text}");
        if c == '\\' {
            chars.next().expect("an escape has a second character");
        }
    }
});
