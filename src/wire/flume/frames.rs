//! Netty's frames: a message in pieces, with a number by which its answer is known.
//!
//! ```text
//! serial i32 | count i32 | count times: length i32 | so many bytes
//! ```
//!
//! All buffers of a frame, joined, are one message; where they are cut means nothing, and empty ones are
//! common. Bytes come however the network has cut them, so [`Frames`] stops anywhere and goes on there. No
//! length is believed before its bytes are there: what is kept of a message is what has come of it.

use super::{Wrong, strangers};

/// How many buffers a frame may have: Java fills 8 KiB each, so a message of 8 GiB would have so many.
const MOST: i32 = 1 << 20;
/// A message that was longer than this gives its memory back.
const KEPT: usize = 1 << 20;

/// Where in a frame the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In serial and count, the first bytes of a frame.
    Head,
    /// In the length of a buffer; so many buffers are still to come, this one too.
    Length(i32),
    /// In a buffer of which so many bytes are missing; so many buffers come behind it.
    Buffer(usize, i32),
    /// All of the message is there.
    Whole,
}

/// Makes messages of one direction of a connection.
#[derive(Debug)]
pub struct Frames {
    at: At,
    /// What has come of a head or a length.
    some: Vec<u8>,
    serial: i32,
    message: Vec<u8>,
    /// The longest message.
    longest: usize,
    /// True until the first head was there: who has connected is told by its first bytes.
    is_first: bool,
}

impl Frames {
    /// At the beginning of a stream whose messages have at most so many bytes.
    pub fn new(longest: usize) -> Frames {
        let (some, message) = (Vec::new(), Vec::new());
        Frames { at: At::Head, some, serial: 0, message, longest, is_first: true }
    }

    /// Takes bytes off the front of `bytes` until a message is whole, or all are taken: the number of the
    /// message, which is there until the next call.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Result<Option<i32>, Wrong> {
        if self.at == At::Whole {
            self.forget();
        }
        loop {
            match self.at {
                At::Head => {
                    let Some(head) = self.gather::<8>(bytes) else { return Ok(None) };
                    self.begin(head)?;
                }
                At::Length(left) => {
                    let Some(length) = self.gather::<4>(bytes) else { return Ok(None) };
                    self.at = At::Buffer(self.length(length)?, left - 1);
                }
                At::Buffer(0, 0) => {
                    self.at = At::Whole;
                    return Ok(Some(self.serial));
                }
                At::Buffer(0, left) => self.at = At::Length(left),
                At::Buffer(missing, left) => {
                    if bytes.is_empty() {
                        return Ok(None);
                    }
                    let (some, rest) = bytes.split_at(missing.min(bytes.len()));
                    self.message.extend_from_slice(some);
                    *bytes = rest;
                    self.at = At::Buffer(missing - some.len(), left);
                }
                At::Whole => return Ok(Some(self.serial)),
            }
        }
    }

    /// The message that is whole.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// How many bytes of an unfinished message are held.
    pub fn held(&self) -> usize {
        if self.at == At::Whole { 0 } else { self.message.len() + self.some.len() }
    }

    /// What has come of a head that is not whole.
    pub fn first(&self) -> &[u8] {
        if self.at == At::Head { &self.some } else { &[] }
    }

    fn forget(&mut self) {
        self.message.clear();
        if self.message.capacity() > KEPT {
            self.message = Vec::new();
        }
        self.at = At::Head;
    }

    /// `N` bytes, once all are there.
    fn gather<const N: usize>(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (some, rest) = bytes.split_at((N - self.some.len()).min(bytes.len()));
        self.some.extend_from_slice(some);
        *bytes = rest;
        let whole = self.some.as_slice().try_into().ok()?;
        self.some.clear();
        Some(whole)
    }

    fn begin(&mut self, head: [u8; 8]) -> Result<(), Wrong> {
        if std::mem::take(&mut self.is_first) && strangers::is_strange(&head) {
            return Err(strangers::wrong(&head));
        }
        let [a, b, c, d, rest @ ..] = head;
        self.serial = i32::from_be_bytes([a, b, c, d]);
        match i32::from_be_bytes(rest) {
            count @ 1..=MOST => self.at = At::Length(count),
            count @ ..=0 => return Err(Wrong::new(format!("a frame of {count} buffers"))),
            count => {
                return Err(Wrong::new(format!("a frame of {count} buffers: the most is {MOST}")));
            }
        }
        Ok(())
    }

    fn length(&self, length: [u8; 4]) -> Result<usize, Wrong> {
        let length = i32::from_be_bytes(length);
        let Ok(length) = usize::try_from(length) else {
            return Err(Wrong::new(format!("a buffer of {length} bytes")));
        };
        match self.message.len() + length {
            whole if whole > self.longest => Err(Wrong::new(format!(
                "a message of {whole} bytes or more: the longest is {}; a smaller batch-size makes shorter \
                 ones, a larger --max-record allows longer ones",
                self.longest
            ))),
            _ => Ok(length),
        }
    }
}

/// Appends a frame of these buffers, of which there is at least one.
pub fn put(out: &mut Vec<u8>, serial: i32, buffers: &[&[u8]]) {
    debug_assert!(!buffers.is_empty(), "Java would be out of step for ever");
    out.extend_from_slice(&serial.to_be_bytes());
    out.extend_from_slice(&(buffers.len() as i32).to_be_bytes());
    for buffer in buffers {
        out.extend_from_slice(&(buffer.len() as i32).to_be_bytes());
        out.extend_from_slice(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Messages = Vec<(i32, Vec<u8>)>;

    /// The messages of a stream that comes in pieces, and what is held behind them.
    fn messages(pieces: &[&[u8]], longest: usize) -> Result<(Messages, usize), Wrong> {
        let (mut frames, mut found) = (Frames::new(longest), Vec::new());
        for piece in pieces {
            let mut left = *piece;
            while let Some(serial) = frames.feed(&mut left)? {
                found.push((serial, frames.message().to_vec()));
                assert_eq!(frames.held(), 0);
            }
            assert!(left.is_empty());
        }
        Ok((found, frames.held()))
    }

    #[test]
    fn buffers_of_any_length_are_one_message() {
        let mut stream = Vec::new();
        put(&mut stream, 1, &[b"", b"he", b"", b"llo", b""]);
        put(&mut stream, 2, &[b""]);
        let expected = vec![(1, b"hello".to_vec()), (2, Vec::new())];
        assert_eq!(messages(&[&stream], 5).unwrap(), (expected.clone(), 0));
        let pieces: Vec<_> = stream.chunks(1).collect();
        assert_eq!(messages(&pieces, 5).unwrap(), (expected, 0));
        assert_eq!(messages(&[&stream[..14]], 5).unwrap(), (Vec::new(), 2), "a half length");
    }

    #[test]
    fn what_no_frame_can_be_is_said() {
        let table: [(&[u8], &str); 6] = [
            (b"\0\0\0\x01\0\0\0\0", "a frame of 0 buffers"),
            (b"\0\0\0\x01\xff\xff\xff\xff", "a frame of -1 buffers"),
            (b"\0\0\0\x01\x7f\0\0\0", "the most is 1048576"),
            (b"\0\0\0\x01\0\0\0\x01\xff\xff\xff\xff", "a buffer of -1 bytes"),
            (
                b"\0\0\0\x01\0\0\0\x02\0\0\0\x04abcd\0\0\0\x07",
                "of 11 bytes or more: the longest is 10",
            ),
            (b"GET / HTTP/1.1", "HTTP"),
        ];
        for (bytes, reason) in table {
            let wrong = messages(&[bytes], 10).unwrap_err();
            assert!(wrong.0.contains(reason), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn messages_come_back_however_they_are_cut(
            sent in prop::collection::vec(
                (0i32..1 << 24, prop::collection::vec("[a-z]{0,9}", 1..5)), 0..6,
            ),
            cuts in prop::collection::vec(1usize..20, 1..40),
        ) {
            let (mut stream, mut expected) = (Vec::new(), Vec::new());
            for (serial, buffers) in &sent {
                let buffers: Vec<_> = buffers.iter().map(|buffer| buffer.as_bytes()).collect();
                put(&mut stream, *serial, &buffers);
                expected.push((*serial, buffers.concat()));
            }
            let (mut rest, mut pieces) = (&stream[..], Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, behind) = rest.split_at(rest.len().min(*cut));
                pieces.push(piece);
                rest = behind;
            }
            prop_assert_eq!(messages(&pieces, 100).unwrap(), (expected, 0));
        }

        #[test]
        fn any_bytes_are_messages_or_wrong_and_no_more_is_held_than_came(
            bytes in prop::collection::vec(prop_oneof![4 => 0u8..4, 1 => any::<u8>()], 0..60),
        ) {
            if let Ok((found, held)) = messages(&[&bytes], 20) {
                let whole: usize = found.iter().map(|(_, message)| message.len()).sum();
                prop_assert!(whole + held <= bytes.len());
            }
        }
    }
}
