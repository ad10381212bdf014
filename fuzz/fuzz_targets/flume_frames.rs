//! Netty frames: however a stream is cut, its messages are the same, and no more is held than came.
//!
//! The first byte: how long the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::wire::flume::frames::Frames;

fn messages(pieces: &[&[u8]]) -> (Vec<(i32, Vec<u8>)>, bool) {
    let (mut frames, mut found) = (Frames::new(1 << 16), Vec::new());
    for piece in pieces {
        let mut left = *piece;
        loop {
            match frames.feed(&mut left) {
                Ok(Some(serial)) => found.push((serial, frames.message().to_vec())),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    let whole: usize = found.iter().map(|(_, message)| message.len()).sum();
    assert!(whole + frames.held() <= pieces.iter().map(|piece| piece.len()).sum());
    (found, false)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let pieces: Vec<&[u8]> = stream.chunks(usize::from(*cut) + 1).collect();
    assert_eq!(messages(&pieces), messages(&[stream]));
});
