//! Line framing: however a stream is cut and limited, its records are those of the whole.
//!
//! The first bytes: the longest record, how many come at once, how long the pieces are, by turns.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::chunk::Chunk;
use weir::origin::Origin;
use weir::wire::Framing;
use weir::wire::lines::Lines;

fn take(chunk: &mut Chunk, delimiter: u8, records: &mut Vec<Vec<u8>>) {
    let whole = chunk.bytes().split_inclusive(|&byte| byte == delimiter);
    records.extend(whole.map(|record| record.strip_suffix(&[delimiter]).unwrap().to_vec()));
    chunk.clear();
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[max, limit, cut], stream)) = bytes.split_first_chunk() else { return };
    // One in two streams is one of -0.
    let delimiter = if max % 2 == 0 { b'\n' } else { 0 };
    let (max, limit) = (usize::from(max / 2) + 1, usize::from(limit) + 1);
    let (mut lines, mut chunk) =
        (Lines::new(delimiter, max, Origin::new("here")), Chunk::default());
    let (mut records, mut rest) = (Vec::new(), stream);
    for turn in 0.. {
        let length = if turn % 2 == 0 { cut & 15 } else { cut >> 4 };
        let (piece, after) = rest.split_at(rest.len().min(usize::from(length) + 1));
        while lines.has_whole() {
            lines.release(&mut chunk, &mut limit.clone());
            take(&mut chunk, delimiter, &mut records);
        }
        if piece.is_empty() {
            break;
        }
        let start = lines.begin(&mut chunk);
        chunk.append(piece);
        lines.end(&mut chunk, start, &mut limit.clone());
        assert!(chunk.count() <= limit);
        take(&mut chunk, delimiter, &mut records);
        rest = after;
    }
    lines.finish(&mut chunk);
    take(&mut chunk, delimiter, &mut records);
    assert_eq!(lines.held(), 0);

    let expected = stream.split_inclusive(|&byte| byte == delimiter);
    let expected = expected.map(|record| record.strip_suffix(&[delimiter]).unwrap_or(record));
    // The end of a line is no part of what is too long.
    let length = |record: &[u8]| match delimiter {
        b'\n' => record.strip_suffix(b"\r").unwrap_or(record).len(),
        _ => record.len(),
    };
    let expected: Vec<_> = expected.filter(|record| length(record) <= max).collect();
    assert_eq!(records, expected);
});
