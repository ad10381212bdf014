//! The backlog: what the write-ahead log holds beyond the last commit when a stream starts.
//!
//! ```text
//! wal-3   | head 0 | 1 | 2 | 3 |                      void: the next begins no later than 5 + 1
//! wal-5   | head 3 | 4 | 5 | 6 |                      6 is unread, and proven by the head that follows
//! wal-6   | head 6 | 7 | 8 | 9 | to                   7 is proven; 8 and 9 are sound; the rest is torn
//!                      '-- the last commit's `wal` is 5
//! wal-7                   | head 7 | 8 | 9 | 10 ...   written, synced and named before 8 is read
//! ```
//!
//! All that is unread is checked before anything is written, and then read once more, frame by frame,
//! by whoever wants it: it need not fit into memory. A frame that is unread and missing is damage. One
//! that the commit covers may be missing: its segment may have been removed.

use std::ops::{AddAssign, Range, SubAssign};
use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::belief::Past;
use crate::checkpoint::commits::walk::{Piece, Walk};
use crate::checkpoint::damaged;
use crate::checkpoint::frames::input::Input;
use crate::checkpoint::frames::log::SEGMENTS;
use crate::checkpoint::frames::{Frame, Kind};
use crate::clock::Stamp;
use crate::disk::Disk;
use crate::error::Error;

/// How much input it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many frames of whole records.
    pub frames: u64,
    /// How many records.
    pub records: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Amount {
    /// What one frame is.
    fn of(input: &Input<'_>) -> Amount {
        let (records, bytes) = input.size();
        Amount { frames: 1, records, bytes }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        self.frames += other.frames;
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Amount) {
        self.frames -= other.frames;
        self.records -= other.records;
        self.bytes -= other.bytes;
    }
}

/// A segment that is left.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// The number of its first frame.
    pub first: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Backlog {
    /// The segments that hold something, the oldest first.
    pub segments: Vec<Segment>,
    /// The unread frames that are proven.
    pub proven: Vec<Piece>,
    /// The frames after those: to be written again before they are believed.
    pub tail: Option<Piece>,
    /// The number of the next frame.
    pub next: u64,
    /// How much is unread.
    pub amount: Amount,
    /// How many frames of that are pairs.
    pub pairs: u64,
    /// Segments that hold nothing any more.
    pub garbage: Vec<String>,
}

impl Backlog {
    /// Reads the segments `numbers`, of whose frames a commit covers those up to `read`.
    pub fn find(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        uuid: &[u8; 16],
        numbers: &[u64],
        read: u64,
    ) -> Result<Backlog, Error> {
        let open = |&number: &u64| Past::open(disk, dir, uuid, SEGMENTS, number);
        let mut past = numbers.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let void = past.iter().rposition(|segment| segment.first <= read + 1).unwrap_or(0);
        let garbage = past.drain(..void).map(|segment| SEGMENTS.name(segment.number)).collect();
        let mut backlog = Backlog { next: read + 1, garbage, ..Backlog::default() };
        if let Some(segment) = past.first().filter(|segment| segment.first > read + 1) {
            let what =
                format!("frames {} to {} are missing before it", read + 1, segment.first - 1);
            return Err(damaged(segment.path(), 0, &what));
        }
        for at in 0..past.len() {
            let limit = past.get(at + 1).map(|segment| segment.first);
            backlog.segment(disk, &mut past[at], limit, read)?;
        }
        if backlog.next == read + 1 {
            let names = backlog.segments.drain(..).map(|segment| SEGMENTS.name(segment.number));
            backlog.garbage.extend(names);
        }
        Ok(backlog)
    }

    /// Reads a segment up to frame `limit`, with which the next begins; the last one to its end.
    fn segment(
        &mut self,
        disk: &Arc<dyn Disk>,
        segment: &mut Past,
        limit: Option<u64>,
        read: u64,
    ) -> Result<(), Error> {
        let Past { number, seed, first, .. } = *segment;
        if limit.is_some_and(|limit| limit < first) {
            return Err(damaged(segment.path(), 0, "the next segment begins before it"));
        }
        let start = first.max(read + 1);
        // Where the unread frames end, and where the first of them begins.
        let (mut ends, mut from) = (Vec::new(), segment.end());
        let extent = segment.read(disk, limit, read, |frame, end, _| {
            let input = input(frame)?;
            if frame.lsn < start {
                from = end;
            } else {
                ends.push(end);
                self.amount += Amount::of(&input);
                self.pairs += u64::from(input.is_pairs());
            }
            Some(())
        })?;
        self.next = self.next.max(extent.next);
        let proven = match planted(Bug::BelieveTheWal) {
            true => ends.len(),
            false => (extent.proven + 1).saturating_sub(start) as usize,
        };
        let end = |frames: usize| frames.checked_sub(1).map_or(from, |last| ends[last]);
        let piece = |frames: Range<usize>| {
            let (path, lsn) = (segment.path().to_path_buf(), start + frames.start as u64);
            let bytes = end(frames.start)..end(frames.end);
            (!frames.is_empty()).then_some(Piece { path, seed, bytes, lsn })
        };
        self.proven.extend(piece(0..proven));
        self.tail = piece(proven..ends.len());
        self.segments.push(Segment { number, first });
        Ok(())
    }
}

/// What a frame of the log holds.
fn input<'a>(frame: &Frame<'a>) -> Option<Input<'a>> {
    (frame.kind == Kind::Input).then(|| Input::decode(frame.payload))?
}

/// What the write-ahead log holds beyond the last commit; it is read once, from the front.
#[derive(Debug)]
pub struct Unread {
    walk: Walk,
    left: Amount,
    /// True if the walk stands at a frame that is still to be read.
    is_found: bool,
}

impl Unread {
    pub(super) fn new(disk: &Arc<dyn Disk>, pieces: Vec<Piece>, left: Amount) -> Unread {
        Unread { walk: Walk::new(disk, pieces), left, is_found: false }
    }

    /// How much is still to be read.
    pub fn left(&self) -> Amount {
        self.left
    }

    /// Looks at the next frame without reading it: its lsn, and what it holds. `None` at the end.
    pub fn peek(&mut self) -> Result<Option<(u64, Input<'_>)>, Error> {
        while !self.is_found {
            if !self.walk.advance()? {
                return Ok(None);
            }
            self.is_found = self.walk.frame().kind != Kind::Head;
        }
        let frame = self.walk.frame();
        let found = input(&frame).ok_or_else(|| self.walk.nonsense())?;
        Ok(Some((frame.lsn, found)))
    }

    /// The Time of the batch that the next frame was read in; none, if there is no such frame or its Time
    /// was not noted.
    pub fn time(&mut self) -> Result<Option<Stamp>, Error> {
        Ok(self.peek()?.and_then(|(_, input)| input.time))
    }

    /// Gives the next frame to `visit`: its lsn, and what it holds. `None` at the end.
    pub fn next<T>(&mut self, visit: impl FnOnce(u64, Input<'_>) -> T) -> Result<Option<T>, Error> {
        let Some((lsn, input)) = self.peek()? else { return Ok(None) };
        let amount = Amount::of(&input);
        let visited = visit(lsn, input);
        self.is_found = false;
        self.left -= amount;
        Ok(Some(visited))
    }
}
