//! Durations, sizes and escapes: any text is refused in words, or means what is shown of it.
#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use libfuzzer_sys::fuzz_target;
use weir::units::{duration, escaped, show_duration, size};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(span) = duration(&text) {
        assert_eq!(duration(&show_duration(span)), Ok(span));
    }
    let _ = size(&text);
    if let Ok(read) = escaped(OsStr::from_bytes(bytes)) {
        assert!(read.len() <= bytes.len());
    }
});
