//! Whoever speaks something else is told by the first bytes: whatever they are, something is said, and the same of
//! what can be told of fewer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::wire::flume::strangers::{is_strange, is_tls, looks, looks_without_tls, wrong};

fuzz_target!(|first: &[u8]| {
    for what in [looks(first), looks_without_tls(first), &wrong(first).0] {
        assert!(!what.is_empty() && !what.contains(char::is_control));
    }
    assert_eq!(is_tls(first), looks(first).starts_with("TLS"));
    if let Some(head) = first.first_chunk()
        && !is_strange(head)
        && head[1] == 0
    {
        // What may be the first frame, whose number is low, is not taken for another protocol.
        assert_eq!(looks_without_tls(first), looks_without_tls(&[0, 0, 0, 1, 0, 0, 0, 1]));
    }
});
