//! Frames: what every file of a checkpoint is made of, so that damage is always noticed.
//!
//! ```text
//! 0     4     8          16           24     25
//! | len | crc |   lsn    |   synced   | kind | payload (len bytes) ...
//!          '--> CRC-32C of: uuid, letter and number of the file; then all of the frame but itself
//! ```
//!
//! `lsn` numbers the frames, one after the other. `synced` says up to which lsn all was on the disk
//! when the frame was written. The checksum begins with what only this file has, so a frame that
//! stood in another file, in another checkpoint or in a record's own bytes is none here.
//!
//! [`Reader`] gives frame after frame while they are sound. What a bad one means (a torn tail, or
//! damage) is for the caller to say.

pub(super) mod codec;
pub(super) mod input;
pub(super) mod log;
pub(super) mod rows;
pub(super) mod sums;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::codec::Take;
use self::sums::Sums;
use crate::disk::Disk;
use crate::error::{Context, Error};

/// How many bytes stand before a frame's payload.
pub const HEAD: usize = 25;

/// How much a reader asks the disk for at once.
pub const BLOCK: u64 = 1 << 20;

/// What a frame's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first frame of a file.
    Head = 1,
    /// A part of the changed state of the commit that follows; in a snapshot, a part of a shard.
    Changes = 2,
    /// A part of a pane.
    Pane = 3,
    /// A commit: the batch is decided.
    Commit = 4,
    /// The commit before is done: its output is out.
    Done = 5,
    /// The last frame of a snapshot.
    Foot = 6,
    /// Records as they came in.
    Input = 7,
}

impl Kind {
    fn of(byte: u8) -> Option<Kind> {
        use Kind::*;
        let kinds = [Head, Changes, Pane, Commit, Done, Foot, Input];
        kinds.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What the checksums of a file begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u32);

impl Seed {
    /// The seed of the log (`l`), snapshot (`s`) or segment (`w`) of this number in this checkpoint.
    pub fn new(uuid: &[u8; 16], letter: u8, number: u64) -> Seed {
        let crc = crc32c::crc32c_append(crc32c::crc32c(uuid), &[letter]);
        Seed(crc32c::crc32c_append(crc, &number.to_le_bytes()))
    }
}

/// A sound frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its number.
    pub lsn: u64,
    /// Up to which number all was on the disk when it was written.
    pub synced: u64,
    /// What it holds.
    pub kind: Kind,
    /// The bytes of that.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Appends the frame to `out`; `None` if it is longer than a frame can be.
    pub fn encode(&self, seed: Seed, out: &mut Vec<u8>) -> Option<()> {
        let len = u32::try_from(self.payload.len()).ok()?.to_le_bytes();
        let start = out.len();
        out.extend_from_slice(&len);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.lsn.to_le_bytes());
        out.extend_from_slice(&self.synced.to_le_bytes());
        out.push(self.kind as u8);
        out.extend_from_slice(self.payload);
        let crc = checksum(seed, &out[start..]);
        out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        Some(())
    }

    /// The frame that `bytes` begin with, if they begin with a sound one.
    pub fn decode(seed: Seed, bytes: &'a [u8]) -> Option<Frame<'a>> {
        let whole = bytes.get(..length(bytes)?)?;
        let crc = Take(&whole[4..]).u32()?;
        (crc == checksum(seed, whole)).then(|| Frame::parse(whole))?
    }

    fn parse(whole: &'a [u8]) -> Option<Frame<'a>> {
        let mut take = Take(&whole[8..]);
        let (lsn, synced, kind) = (take.u64()?, take.u64()?, Kind::of(take.u8()?)?);
        Some(Frame { lsn, synced, kind, payload: take.0 })
    }

    /// How many bytes it takes in a file.
    pub fn len(&self) -> u64 {
        (HEAD + self.payload.len()) as u64
    }
}

/// How long the frame says it is.
fn length(bytes: &[u8]) -> Option<usize> {
    (bytes.len() >= HEAD).then(|| Take(bytes).u32())?.map(|len| HEAD + len as usize)
}

fn checksum(seed: Seed, whole: &[u8]) -> u32 {
    sums::append(sums::append(seed.0, &whole[..4]), &whole[8..])
}

/// The numbers that frames can have behind a bad one that should have been number `least`, in so many bytes.
pub fn numbers(least: u64, bytes: u64) -> RangeInclusive<u64> {
    least..=least.saturating_add(bytes / HEAD as u64)
}

/// True if anything in `bytes` looks like the head of a frame with one of these numbers.
pub fn any_plausible(numbers: &RangeInclusive<u64>, bytes: &[u8]) -> bool {
    bytes.windows(HEAD).any(|head| plausible(head, numbers).is_some())
}

/// What a head says of its number and of what was synced, if it can be one.
fn plausible(head: &[u8], numbers: &RangeInclusive<u64>) -> Option<(u64, u64)> {
    // First what most bytes are not.
    Kind::of(head[HEAD - 1])?;
    let mut take = Take(&head[8..]);
    let (lsn, synced) = (take.u64()?, take.u64()?);
    (numbers.contains(&lsn) && synced < lsn).then_some((lsn, synced))
}

/// The greatest number and the greatest `synced` of all sound frames anywhere in `bytes` whose number
/// is at least `least`.
///
/// After a bad frame nothing says where the next one begins, so every byte is tried. Records may be
/// full of what looks like the heads of long frames: the checksum of one is not made by reading it.
pub fn sound_anywhere(seed: Seed, least: u64, bytes: &[u8]) -> Option<(u64, u64)> {
    let numbers = numbers(least, bytes.len() as u64);
    let sums = Sums::new(bytes);
    let sound = |(at, head): (usize, &[u8])| {
        let (lsn, synced) = plausible(head, &numbers)?;
        let end = length(head).and_then(|len| at.checked_add(len))?;
        let crc = Take(&head[4..]).u32().filter(|_| end <= bytes.len())?;
        let before = sums::append(seed.0, &head[..4]);
        (crc == sums.append(before, at + 8..end)).then_some((lsn, synced))
    };
    let all = bytes.windows(HEAD).enumerate().filter_map(sound);
    all.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))
}

/// What a reader has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A sound frame: see [`Reader::frame`].
    Frame,
    /// The end, right behind a frame.
    End,
    /// Bytes that are no frame, or not the one that belongs here.
    Bad,
}

/// Reads a part of a file frame by frame.
#[derive(Debug)]
pub struct Reader {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    seed: Seed,
    /// The number of the next frame; none: any will do.
    lsn: Option<u64>,
    /// Where the buffer begins in the file, and where the part ends.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    /// The frame in the buffer, and behind it what is to come.
    start: usize,
    next: usize,
}

impl Reader {
    /// Reads bytes `from..to` of a file; the first frame has number `lsn`, if that is known.
    pub fn new(
        disk: &Arc<dyn Disk>,
        path: &Path,
        seed: Seed,
        part: std::ops::Range<u64>,
        lsn: Option<u64>,
    ) -> Reader {
        let (disk, path, buffer) = (disk.clone(), path.to_path_buf(), Vec::new());
        Reader { disk, path, seed, lsn, at: part.start, end: part.end, buffer, start: 0, next: 0 }
    }

    /// Goes on to the next frame.
    pub fn advance(&mut self) -> Result<Found, Error> {
        self.start = self.next;
        if self.offset() >= self.end {
            return Ok(Found::End);
        }
        self.fill(HEAD)?;
        if let Some(len) = length(&self.buffer[self.start..]) {
            let lsn = Take(&self.buffer[self.start + 8..]).u64();
            if self.lsn.is_some_and(|expected| Some(expected) != lsn) {
                // What is no frame may say that it is as long as the file.
                return Ok(Found::Bad);
            }
            self.fill(len)?;
        }
        let Some(frame) = Frame::decode(self.seed, &self.buffer[self.start..]) else {
            return Ok(Found::Bad);
        };
        let (lsn, len) = (frame.lsn, frame.len() as usize);
        self.lsn = Some(lsn.wrapping_add(1));
        self.next = self.start + len;
        Ok(Found::Frame)
    }

    /// The frame that was found.
    pub fn frame(&self) -> Frame<'_> {
        Frame::parse(&self.buffer[self.start..self.next]).expect("advance has found it sound")
    }

    /// Steps back, so that the frame is found once more.
    pub fn again(&mut self) {
        self.next = self.start;
        self.lsn = self.lsn.map(|lsn| lsn.wrapping_sub(1));
    }

    /// Where in the file the frame begins, or what is bad.
    pub fn offset(&self) -> u64 {
        self.at + self.start as u64
    }

    /// Where in the file the frame ends.
    pub fn end(&self) -> u64 {
        self.at + self.next as u64
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads until `len` bytes from the frame's start on are in the buffer, if there are so many.
    fn fill(&mut self, len: usize) -> Result<(), Error> {
        if self.buffer.len() - self.start >= len {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.at += self.start as u64;
        (self.start, self.next) = (0, 0);
        let had = self.buffer.len();
        // What a bad frame says of its length is believed only as far as there is a file.
        let rest = self.end.saturating_sub(self.at + had as u64);
        let more = BLOCK.max((len - had) as u64).min(rest);
        self.buffer.resize(had + more as usize, 0);
        let place = self.at + had as u64;
        let read = self.disk.read(&self.path, place, &mut self.buffer[had..]).at(&self.path)?;
        self.buffer.truncate(had + read);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed(7);

    fn encoded(lsn: u64, synced: u64, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Frame { lsn, synced, kind: Kind::Commit, payload }.encode(SEED, &mut out).unwrap();
        out
    }

    #[test]
    fn a_frame_comes_back_and_only_from_its_own_file() {
        let bytes = encoded(9, 8, b"payload");
        let frame = Frame { lsn: 9, synced: 8, kind: Kind::Commit, payload: b"payload" };
        assert_eq!(Frame::decode(SEED, &bytes), Some(frame));
        assert_eq!(Frame::decode(Seed(8), &bytes), None);
        let seeds =
            [([1; 16], b'l', 3), ([2; 16], b'l', 3), ([1; 16], b's', 3), ([1; 16], b'l', 4)];
        let seeds = seeds.map(|(uuid, letter, number)| Seed::new(&uuid, letter, number).0);
        assert!((1..4).all(|other| seeds[other] != seeds[0]));
    }

    #[test]
    fn a_flipped_bit_anywhere_makes_it_none() {
        let bytes = encoded(9, 8, b"payload");
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Frame::decode(SEED, &bad), None, "bit {bit}");
        }
        (0..bytes.len()).for_each(|len| assert_eq!(Frame::decode(SEED, &bytes[..len]), None));
    }

    #[test]
    fn what_a_frame_behind_a_gap_says_is_found() {
        let bytes = [b"rubbish".to_vec(), encoded(6, 4, b"x"), vec![0; 9], encoded(8, 5, b"")];
        assert_eq!(sound_anywhere(SEED, 6, &bytes.concat()), Some((8, 5)));
        assert_eq!(sound_anywhere(SEED, 9, &bytes.concat()), None);
    }

    /// Heads of frames one after the other, each of which claims all that follows.
    fn fakes(heads: usize) -> Vec<u8> {
        let len = heads * HEAD;
        let head = |at: usize| {
            let rest = (len - (at + 1) * HEAD) as u32;
            let mut head = rest.to_le_bytes().to_vec();
            head.extend_from_slice(&[0; 4]);
            head.extend_from_slice(&(at as u64 + 6).to_le_bytes());
            head.extend_from_slice(&5_u64.to_le_bytes());
            head.push(Kind::Input as u8);
            head
        };
        (0..heads).flat_map(head).collect()
    }

    #[test]
    fn the_work_over_heads_of_frames_that_are_none_grows_with_their_bytes_alone() {
        for heads in [1000, 10_000, 100_000] {
            let sound = encoded(7, 6, b"behind them");
            let bytes = [fakes(heads), sound].concat();
            sums::READ.set(0);
            assert_eq!(sound_anywhere(SEED, 6, &bytes), Some((7, 6)));
            // Two sums of less than 64 bytes for what looks like a head, whatever length it claims.
            let read = sums::READ.get();
            assert!(read < bytes.len() as u64 * 10, "{read} bytes for {}", bytes.len());
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_found_anywhere_is_what_decoding_at_each_byte_finds(
            parts in proptest::collection::vec((0..4_u8, 0..30_u64, 0..40_usize), 0..12)
        ) {
            let part = |&(kind, lsn, len): &(u8, u64, usize)| match kind {
                0 => vec![lsn as u8; len],
                1 => fakes(len),
                _ => encoded(lsn, lsn.saturating_sub(len as u64), &vec![7; len]),
            };
            let bytes: Vec<u8> = parts.iter().flat_map(part).collect();
            let frames = (0..bytes.len()).filter_map(|at| Frame::decode(SEED, &bytes[at..]));
            let most = 6 + (bytes.len() / HEAD) as u64;
            let frames = frames.filter(|frame| (6..=most).contains(&frame.lsn));
            let frames = frames.filter(|frame| frame.synced < frame.lsn);
            let wanted = frames.map(|frame| (frame.lsn, frame.synced));
            let wanted = wanted.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)));
            proptest::prop_assert_eq!(sound_anywhere(SEED, 6, &bytes), wanted);
        }
    }
}
