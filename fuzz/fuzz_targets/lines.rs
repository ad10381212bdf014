//! Line framing: however a stream is cut and limited, its records are those of the whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::chunk::Chunk;
use weir::origin::Origin;
use weir::wire::Framing;
use weir::wire::lines::Lines;

fn take(chunk: &mut Chunk, records: &mut Vec<Vec<u8>>) {
    let whole = chunk.bytes().split_inclusive(|&byte| byte == b'\n');
    records.extend(whole.map(|record| record.strip_suffix(b"\n").unwrap_or(record).to_vec()));
    chunk.clear();
}

fuzz_target!(|input: (u8, u8, Vec<Vec<u8>>)| {
    let (max, limit, pieces) = input;
    let (max, limit) = (usize::from(max) + 1, usize::from(limit) + 1);
    let (mut lines, mut chunk) = (Lines::new(b'\n', max, Origin::new("here")), Chunk::default());
    let mut records = Vec::new();
    for piece in &pieces {
        while lines.has_whole() {
            lines.release(&mut chunk, &mut limit.clone());
            take(&mut chunk, &mut records);
        }
        let start = lines.begin(&mut chunk);
        chunk.append(piece);
        lines.end(&mut chunk, start, &mut limit.clone());
        take(&mut chunk, &mut records);
    }
    while lines.has_whole() {
        lines.release(&mut chunk, &mut limit.clone());
        take(&mut chunk, &mut records);
    }
    lines.finish(&mut chunk);
    take(&mut chunk, &mut records);

    let stream = pieces.concat();
    let expected = stream.split_inclusive(|&byte| byte == b'\n');
    let expected = expected.map(|record| record.strip_suffix(b"\n").unwrap_or(record));
    // The end of a line is no part of what is too long.
    let length = |record: &[u8]| record.strip_suffix(b"\r").unwrap_or(record).len();
    let expected: Vec<_> = expected.filter(|record| length(record) <= max).collect();
    assert_eq!(records, expected);
});
