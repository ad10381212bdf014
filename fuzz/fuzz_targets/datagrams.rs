//! Datagrams: however they are limited, the records are the lines of each alone.
//!
//! The first bytes: the longest record, how many come at once; 0xff ends a datagram.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::chunk::Chunk;
use weir::origin::Origin;
use weir::wire::datagrams::Datagrams;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[max, limit], bytes)) = bytes.split_first_chunk() else { return };
    let (max, limit) = (usize::from(max) + 1, usize::from(limit) + 1);
    let datagrams = || bytes.split(|&byte| byte == 0xff);
    let (how, origin) = (Datagrams { delimiter: b'\n', max }, Origin::peer("here"));
    let mut chunk = Chunk::default();
    let mut records: Vec<Vec<u8>> = Vec::new();
    for datagram in datagrams() {
        let mut rest = datagram;
        while !rest.is_empty() {
            let done = how.unpack(rest, &origin, &mut chunk, &mut limit.clone());
            assert!(done > 0 && chunk.count() <= limit);
            rest = &rest[done..];
            let whole = chunk.bytes().split_inclusive(|&byte| byte == b'\n');
            records.extend(whole.map(|record| record.strip_suffix(b"\n").unwrap().to_vec()));
            chunk.clear();
        }
    }

    let lines = datagrams().flat_map(|datagram| datagram.split_inclusive(|&byte| byte == b'\n'));
    let lines = lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line));
    // The end of a line is no part of what is too long.
    let length = |record: &[u8]| record.strip_suffix(b"\r").unwrap_or(record).len();
    let expected: Vec<_> = lines.filter(|record| length(record) <= max).collect();
    assert_eq!(records, expected);
});
