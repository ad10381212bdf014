//! A file of --lookup, with any bytes: a table, or the first line that is wrong.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::step::tables::{list, lookup};

fuzz_target!(|bytes: &[u8]| {
    let lines = list::parse(bytes).expect("any line is an entry");
    match lookup::parse(bytes) {
        Ok(table) => {
            for (key, value) in &table {
                let written = [[key, &b"\t"[..], value].concat(), [key, &b"="[..], value].concat()];
                assert!(written.iter().any(|line| lines.contains_key(&line[..])));
            }
        }
        Err(what) => assert!(what.starts_with("line ")),
    }
});
