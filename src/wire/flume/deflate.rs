//! `compression-type = deflate`: one zlib stream for all that one direction of a connection ever carries.
//!
//! ```text
//! 78 9c | frame, compressed | 00 00 ff ff | frame, compressed | 00 00 ff ff | ...  the end, and a checksum
//! ```
//!
//! A flush ends each write, so what has come can be inflated at once. A few bytes may become a thousand
//! times as many, so they are inflated a piece at a time, and whoever takes the pieces stops where they
//! get too long for him. What comes behind the end of the stream is passed over.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::Wrong;

/// How much is inflated at once.
const PIECE: usize = 64 << 10;

/// What comes in.
#[derive(Debug)]
pub struct Inflate {
    stream: Decompress,
    piece: Vec<u8>,
    is_over: bool,
}

impl Default for Inflate {
    fn default() -> Inflate {
        Inflate { stream: Decompress::new(true), piece: vec![0; PIECE], is_over: false }
    }
}

impl Inflate {
    /// True once something has come.
    pub fn has_begun(&self) -> bool {
        self.stream.total_in() > 0
    }

    /// Takes bytes off the front of `bytes` and returns what they become, at most a piece; nothing once all
    /// are taken and nothing is left in here.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Result<&[u8], Wrong> {
        let mut count = 0;
        while count == 0 && !self.is_over {
            let (read, made) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(bytes, &mut self.piece, FlushDecompress::Sync);
            let status =
                status.map_err(|_| Wrong::new("what came is not compressed as it should be"))?;
            let read = (self.stream.total_in() - read) as usize;
            *bytes = &bytes[read..];
            count = (self.stream.total_out() - made) as usize;
            self.is_over = status == Status::StreamEnd;
            if read == 0 && count == 0 {
                break;
            }
        }
        if self.is_over {
            *bytes = &[];
        }
        Ok(&self.piece[..count])
    }
}

/// What goes out.
#[derive(Debug)]
pub struct Deflate(Compress);

impl Default for Deflate {
    fn default() -> Deflate {
        // Answers are a few bytes: nothing is gained by trying harder.
        Deflate(Compress::new(Compression::fast(), true))
    }
}

impl Deflate {
    /// Appends what becomes of `bytes`, all of it, and of nothing else.
    pub fn put(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        let (mut rest, before) = (bytes, self.0.total_in());
        loop {
            out.reserve(64 + rest.len());
            let done = self.0.compress_vec(rest, out, FlushCompress::Sync);
            done.expect("a stream that has begun goes on");
            rest = &bytes[(self.0.total_in() - before) as usize..];
            // Room that is left says that all of the flush has found room.
            if rest.is_empty() && out.len() < out.capacity() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inflate(stream: &mut Inflate, mut bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let piece = stream.feed(&mut bytes).unwrap();
            if piece.is_empty() {
                assert!(bytes.is_empty());
                return all;
            }
            all.extend_from_slice(piece);
        }
    }

    #[test]
    fn a_bomb_goes_off_a_piece_at_a_time() {
        let (mut deflate, mut bomb) = (Deflate::default(), Vec::new());
        deflate.put(&mut bomb, &vec![0; 10 << 20]);
        assert!(bomb.len() < 200_000);
        let (mut stream, mut rest) = (Inflate::default(), &bomb[..]);
        assert_eq!(stream.feed(&mut rest).unwrap().len(), PIECE);
        assert!(rest.len() > bomb.len() / 2);
        assert_eq!(inflate(&mut stream, rest).len(), (10 << 20) - PIECE);
    }

    #[test]
    fn what_is_not_compressed_is_wrong() {
        let mut rest = &b"\0\0\0\x01\0\0\0\x02"[..];
        assert!(Inflate::default().feed(&mut rest).is_err());
    }

    proptest! {
        #[test]
        fn what_is_flushed_is_there_however_it_comes(
            sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5),
            cut in 1usize..50,
        ) {
            let (mut deflate, mut inflating) = (Deflate::default(), Inflate::default());
            for bytes in sent {
                let mut out = Vec::new();
                deflate.put(&mut out, &bytes);
                let pieces = out.chunks(cut);
                let back: Vec<_> = pieces.flat_map(|piece| inflate(&mut inflating, piece)).collect();
                prop_assert_eq!(back, bytes);
            }
        }

        #[test]
        fn any_bytes_are_inflated_or_wrong(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (mut stream, mut rest) = (Inflate::default(), &[b"\x78\x9c", &bytes[..]].concat()[..]);
            while let Ok(piece) = stream.feed(&mut rest) {
                if piece.is_empty() {
                    break;
                }
            }
        }
    }
}
