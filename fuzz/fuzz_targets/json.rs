//! JSON: what is read as a value is what `--json` takes for JSON, and what others do; written, it is the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use weir::jq::{Rooms, input, json};
use weir::selector::json::{self as selector, Json};
use weir::selector::{Found, Part, Selector};

/// What `--json .` makes of a record; none if it is no JSON.
fn selected(record: &[u8]) -> Option<Vec<u8>> {
    let paths = selector::path::parse(".").expect("it is a path");
    let (mut parts, mut rows, mut made) = ([Part::Unsaid], Vec::new(), Vec::new());
    Json::new(paths).select(record, &mut Found::new(&mut parts, &mut rows, &mut made));
    match parts[0] {
        Part::Within(start, end) => Some(record[start..end].to_vec()),
        Part::Made(start, end) => Some(made[start..end].to_vec()),
        Part::Unsaid | Part::Lacks(_) => None,
    }
}

fuzz_target!(|record: &[u8]| {
    let read = Rooms::default().within(record.len(), || input(record, false));
    let selected = selected(record);
    assert_eq!(read.is_ok(), selected.is_some(), "{read:?}");

    // Text that others take is taken, but where it is nested deeper than they go. What others do not take is
    // not UTF-8, half a surrogate pair, or nested too deep.
    let bare = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
    let others = serde_json::from_slice::<Value>(bare);
    match &others {
        Ok(_) => assert!(read.is_ok(), "{read:?}"),
        Err(error) if read.is_ok() => {
            let why = error.to_string();
            let is_wider = std::str::from_utf8(bare).is_err()
                || ["surrogate", "hex escape", "recursion limit", "number out of range"]
                    .iter()
                    .any(|word| why.contains(word));
            assert!(is_wider, "{why}");
        }
        Err(_) => {}
    }

    let Ok(value) = read else { return };
    let written = json(&value);
    let again = Rooms::default().within(written.len(), || input(&written, false));
    let again = again.expect("what was written is read");
    assert_eq!(json(&again), written);
    // A string stands bare in a record.
    if let Some(selected) = selected.filter(|_| !written.starts_with(b"\"")) {
        let others = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
        // The record may have members that another one of the same name has taken the place of.
        if let Some(selected) = others(&selected) {
            assert_eq!(Some(selected), others(&written));
        }
    }
    if let Ok(others) = others {
        assert_eq!(serde_json::from_slice::<Value>(&written).ok(), Some(others));
    }
});
