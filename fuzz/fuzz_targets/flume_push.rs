//! The server's end of an avro sink's connection: however what comes is cut, the rows are the same.
//!
//! The first bytes: how long the pieces are, and what the keys are.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use weir::chunk::{Chunk, Mark};
use weir::origin::Origin;
use weir::wire::Framing;
use weir::wire::flume::handshake::Known;
use weir::wire::flume::push::PROTOCOL;
use weir::wire::flume::rows::{Key, Rows};
use weir::wire::flume::server::{Server, Terms};

fn rows(pieces: &[&[u8]], key: Key, compressed: bool) -> (Vec<Option<Vec<u8>>>, Vec<u8>) {
    let rows = Rows { key, max: 1000 };
    let terms = Terms { rows, compressed, longest: 1 << 16, known: Arc::new(Known::new(PROTOCOL)) };
    let mut server = Server::new(&terms, Origin::peer("here"));
    let (mut chunk, mut answers) = (Chunk::default(), Vec::new());
    for piece in pieces {
        let start = server.begin(&mut chunk);
        chunk.append(piece);
        server.end(&mut chunk, start, &mut usize::MAX.clone());
        server.answer(Mark(u64::MAX), &mut answers);
        if server.broken().is_some() {
            break;
        }
    }
    ((0..chunk.keys.len()).map(|row| chunk.key(row).map(<[u8]>::to_vec)).collect(), answers)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[cut, kind], stream)) = bytes.split_first_chunk() else { return };
    let key = [Key::None, Key::All, Key::Header("k".to_string())][usize::from(kind % 3)].clone();
    let pieces: Vec<&[u8]> = stream.chunks(usize::from(cut) + 1).collect();
    let compressed = kind & 0x80 != 0;
    let (found, answers) = rows(&pieces, key.clone(), compressed);
    let (whole, all) = rows(&[stream], key, compressed);
    assert_eq!(found, whole);
    // Compressed, each write is flushed by itself.
    assert!(compressed || answers == all);
});
