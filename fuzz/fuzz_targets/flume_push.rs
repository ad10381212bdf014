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

/// What comes of a connection: its rows, what is answered, and whether it is cut off.
type Came = (Vec<Option<Vec<u8>>>, Vec<u8>, bool);

fn rows(pieces: &[&[u8]], key: Key, compressed: bool) -> Came {
    let rows = Rows { key, max: 1000 };
    let terms = Terms { rows, compressed, longest: 1 << 16, known: Arc::new(Known::new(PROTOCOL)) };
    let mut server = Server::new(&terms, Origin::peer("here"));
    let (mut chunk, mut answers, mut is_broken) = (Chunk::default(), Vec::new(), false);
    for piece in pieces {
        let start = server.begin(&mut chunk);
        chunk.append(piece);
        server.end(&mut chunk, start, &mut usize::MAX.clone());
        server.answer(Mark(u64::MAX), &mut answers);
        is_broken = server.broken().is_some();
        if is_broken {
            break;
        }
    }
    let rows = (0..chunk.keys.len()).map(|row| chunk.key(row).map(<[u8]>::to_vec)).collect();
    (rows, answers, is_broken)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[cut, kind], stream)) = bytes.split_first_chunk() else { return };
    let key = [Key::None, Key::All, Key::Header("k".to_string())][usize::from(kind % 3)].clone();
    let pieces: Vec<&[u8]> = stream.chunks(usize::from(cut) + 1).collect();
    let compressed = kind & 0x80 != 0;
    let (found, answers, is_broken) = rows(&pieces, key.clone(), compressed);
    let (whole, all, is_also_broken) = rows(&[stream], key, compressed);
    // What is inflated in one go with some damage is not seen: it is not answered, and comes again.
    let is_same = match compressed && (is_broken || is_also_broken) {
        true => found.starts_with(&whole) || whole.starts_with(&found),
        false => found == whole,
    };
    assert!(is_same, "{found:?} {whole:?}");
    // Compressed, each write is flushed by itself.
    assert!(compressed || answers == all);
});
