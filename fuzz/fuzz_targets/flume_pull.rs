//! The client's end of a SparkSink's connection: whatever is answered, one thing at a time is asked.
//!
//! The first byte: how long the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::chunk::{Chunk, Mark};
use weir::origin::Origin;
use weir::wire::Framing;
use weir::wire::flume::client::Client;
use weir::wire::flume::rows::{Key, Rows};

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let rows = Rows { key: Key::None, max: 1000 };
    let mut client = Client::new(Origin::peer("here"), rows, 1000, 1 << 16);
    let (mut chunk, mut asked) = (Chunk::default(), Vec::new());
    for piece in stream.chunks(4 * (usize::from(*cut) + 1)) {
        client.answer(Mark(u64::MAX), &mut asked);
        let start = client.begin(&mut chunk);
        chunk.append(piece);
        client.end(&mut chunk, start, &mut usize::MAX.clone());
        client.news();
        client.go_on();
        if client.broken().is_some() {
            break;
        }
    }
    assert!(chunk.keys.len() <= stream.len());
    client.part();
    client.answer(Mark(u64::MAX), &mut asked);
});
