//! Input frames: what came in, a chunk a frame, as it came.
//!
//! ```text
//! 1 |            delimiter | whole records, each with its delimiter
//! 2 | Time i64 | delimiter | the same
//! 3 | Time i64 | pairs u8  | rows (frames::rows)
//! ```
//!
//! Records that end with a delimiter, as lines do, are written as they stand in the chunk, by one copy.
//! Those that may hold any byte, and pairs, have their lengths with them, which older programs do not
//! know: who writes such frames says so in `meta`. A frame is a chunk, whatever its size: what was one
//! batch for its sender is in the log as a whole or not at all.

use super::codec::Take;
use super::rows::Rows;
use crate::checkpoint::commits::commit::VERSION;
use crate::chunk::Chunk;
use crate::clock::Stamp;

/// The version of frames that have a Time; those of version 1 have none.
const TIMED: u8 = 2;
/// The version of frames of rows.
const ROWS: u8 = 3;
/// The Time of a frame of rows that has none.
const NEVER: i64 = i64::MIN;

/// Input as it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// The Time of the batch that it was read in, if it was noted.
    pub time: Option<Stamp>,
    /// The records.
    pub body: Body<'a>,
}

/// Records as they stand in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Whole records, each with what ends it: the delimiter, and all of them.
    Delimited(u8, &'a [u8]),
    /// Records with their lengths, or pairs.
    Rows(Rows<'a>),
}

impl<'a> Input<'a> {
    /// What a source has left in a chunk, uncut or in rows; of rows the bytes are written into `out`.
    pub fn of(time: Option<Stamp>, chunk: &'a Chunk, out: &'a mut Vec<u8>) -> Input<'a> {
        let body = match chunk.delimiter() {
            Some(delimiter) => Body::Delimited(delimiter, chunk.bytes()),
            None => Body::Rows(Rows::of(chunk, out)),
        };
        Input { time, body }
    }

    /// Puts it into a chunk that is clear, as the source has left it.
    pub fn fill(&self, chunk: &mut Chunk) {
        match self.body {
            Body::Delimited(delimiter, records) => {
                chunk.append(records);
                chunk.set_uncut(delimiter);
            }
            Body::Rows(rows) => rows.fill(chunk),
        }
    }

    /// True if it is pairs.
    pub fn is_pairs(&self) -> bool {
        matches!(self.body, Body::Rows(rows) if rows.is_pairs())
    }

    /// How many records it has, and how many bytes they are.
    pub fn size(&self) -> (u64, u64) {
        match self.body {
            Body::Delimited(delimiter, records) => {
                let count = memchr::memchr_iter(delimiter, records).count();
                (count as u64, records.len() as u64)
            }
            Body::Rows(rows) => (rows.count(), rows.bytes().len() as u64),
        }
    }

    /// Appends the payload of an input frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut head = |version: u8, time: &[u8], kind: u8| {
            out.push(version);
            out.extend_from_slice(time);
            out.push(kind);
        };
        let bytes = match (self.body, self.time) {
            (Body::Delimited(delimiter, records), Some(time)) => {
                head(TIMED, &time.0.to_le_bytes(), delimiter);
                records
            }
            (Body::Delimited(delimiter, records), None) => {
                head(VERSION, &[], delimiter);
                records
            }
            (Body::Rows(rows), time) => {
                let time = time.map_or(NEVER, |time| time.0);
                head(ROWS, &time.to_le_bytes(), rows.is_pairs().into());
                rows.bytes()
            }
        };
        out.extend_from_slice(bytes);
    }

    /// Reads what [`Input::encode`] wrote.
    pub fn decode(payload: &'a [u8]) -> Option<Input<'a>> {
        let mut take = Take(payload);
        let version = take.u8()?;
        let time = match version {
            VERSION => None,
            TIMED | ROWS => Some(Stamp(take.i64()?)),
            _ => return None,
        };
        let kind = take.u8()?;
        Some(match version {
            ROWS => {
                let rows = Rows::decode([false, true].get(usize::from(kind)).copied()?, take.0)?;
                Input { time: time.filter(|time| time.0 != NEVER), body: Body::Rows(rows) }
            }
            _ => Input { time, body: Body::Delimited(kind, take.0) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(time: Option<Stamp>, chunk: &Chunk) -> Vec<u8> {
        let (mut rows, mut payload) = (Vec::new(), Vec::new());
        Input::of(time, chunk, &mut rows).encode(&mut payload);
        payload
    }

    fn again(payload: &[u8]) -> Chunk {
        let mut chunk = Chunk::default();
        Input::decode(payload).unwrap().fill(&mut chunk);
        chunk
    }

    #[test]
    fn lines_are_written_as_they_always_were() {
        let mut chunk = Chunk::default();
        chunk.append(b"a\r\nb\n");
        chunk.set_uncut(b'\n');
        assert_eq!(payload(None, &chunk), b"\x01\na\r\nb\n");
        let timed = payload(Some(Stamp(258)), &chunk);
        assert_eq!(timed, b"\x02\x02\x01\0\0\0\0\0\0\na\r\nb\n");
        let input = Input::decode(&timed).unwrap();
        assert_eq!((input.time, input.size()), (Some(Stamp(258)), (2, 5)));
        let back = again(&timed);
        assert_eq!((back.delimiter(), back.bytes()), (Some(b'\n'), chunk.bytes()));
    }

    #[test]
    fn records_that_hold_the_delimiter_and_pairs_are_rows() {
        let mut chunk = Chunk::default();
        chunk.push(b"two\nlines");
        chunk.push(b"");
        assert_eq!(payload(Some(Stamp(1)), &chunk), b"\x03\x01\0\0\0\0\0\0\0\0\x09two\nlines\0");
        let back = again(&payload(None, &chunk));
        assert_eq!((back.key(0), back.key(1)), (Some(&b"two\nlines"[..]), Some(&b""[..])));
        assert!(!back.is_pairs() && back.delimiter().is_none());

        let mut chunk = Chunk::default();
        chunk.push_pair(None, b"");
        chunk.push_pair(Some(b""), b"v\n");
        let bytes = payload(None, &chunk);
        let input = Input::decode(&bytes).unwrap();
        assert_eq!((input.time, input.is_pairs(), input.size()), (None, true, (2, 6)));
        let back = again(&bytes);
        assert_eq!((back.key(0), back.value(0)), (None, Some(&b""[..])));
        assert_eq!((back.key(1), back.value(1)), (Some(&b""[..]), Some(&b"v\n"[..])));
    }

    #[test]
    fn a_frame_of_another_kind_or_version_is_none_of_ours() {
        let mut chunk = Chunk::default();
        chunk.push_pair(Some(b"key"), b"value");
        let whole = payload(Some(Stamp(1)), &chunk);
        for len in 0..whole.len() {
            // Nothing behind its kind is a frame without rows.
            assert_eq!(Input::decode(&whole[..len]).is_some(), len == 10, "{len}");
        }
        for (at, byte) in [(0, 0), (0, 4), (0, 255), (9, 2), (9, 255)] {
            let mut other = whole.clone();
            other[at] = byte;
            assert_eq!(Input::decode(&other), None, "byte {at} is {byte}");
        }
    }
}
