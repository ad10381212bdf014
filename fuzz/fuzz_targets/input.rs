//! Input in the log: any bytes are a frame of records or pairs, which come back as they are, or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::checkpoint::{Body, Input};
use weir::chunk::Chunk;

/// A key and a value, each of which may be missing.
type Row<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

fn rows(chunk: &Chunk) -> Vec<Row<'_>> {
    (0..chunk.keys.len()).map(|row| (chunk.key(row), chunk.value(row))).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(input) = Input::decode(bytes) else { return };
    let (count, size) = input.size();
    assert!(count <= size && size <= bytes.len() as u64);
    // Delimited records are whole where they were written; nothing here has to be.
    let Body::Rows(_) = input.body else { return };
    let mut chunk = Chunk::default();
    input.fill(&mut chunk);
    assert_eq!((chunk.keys.len() as u64, chunk.is_pairs()), (count, input.is_pairs() && count > 0));
    assert!(chunk.len() <= bytes.len());

    let (mut out, mut payload) = (Vec::new(), Vec::new());
    Input::of(input.time, &chunk, &mut out).encode(&mut payload);
    let mut again = Chunk::default();
    Input::decode(&payload).expect("what was written is read").fill(&mut again);
    assert_eq!(rows(&again), rows(&chunk));
});
