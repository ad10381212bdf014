//! zlib streams: any bytes are inflated or wrong, and what was deflated comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::wire::flume::deflate::{Deflate, Inflate};

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut stream, mut rest, mut all) = (Inflate::default(), bytes, Vec::new());
    loop {
        match stream.feed(&mut rest) {
            Ok([]) => return Some(all),
            Ok(piece) if all.len() < 1 << 20 => all.extend_from_slice(piece),
            _ => return None,
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    inflate(bytes);
    let mut out = Vec::new();
    Deflate::default().put(&mut out, bytes);
    assert_eq!(inflate(&out).as_deref(), Some(bytes));
});
