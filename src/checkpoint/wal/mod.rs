//! The write-ahead log: records as they came in, on the disk before any batch has counted them.
//!
//! A log like that of the commits, in segments of its own. They stand in the directory of the
//! checkpoint and in none below it: one directory, one sync.
//!
//! ```text
//! wal-3   | head 0 | 1 | 2 | 3 |          closed: all of it is on the disk
//! wal-5   | head 3 | 4 | 5 | 6 |          closed
//! wal-6   | head 6 | 7 | 8 ...            open: appended to, synced beside that
//!                ^           ^
//!        a commit's `wal`    what was promised to be durable
//!
//! Input   a chunk as it came (frames::input): delimited records, or rows with their lengths
//! ```
//!
//! A segment is begun with the first append after a start, and when the open one is full; what an
//! earlier start could not prove to be on the disk is carried over into a new one at once. A segment
//! is removed when a commit that is done covers all its frames. Removals are not synced: whichever
//! segments come back, those before the last that begins at or before the commit's `wal` + 1 are void.
//!
//! A segment that is full and not needed any more is not removed but written over, as long as about so many are
//! begun and the disk has room: until then it has a temporary name, which it must have on the disk before the first byte
//! of it changes. One that somebody has made another link to is his.
//!
//! What is left of the log at a start is `backlog`'s matter, syncing is `syncer`'s.

pub(super) mod backlog;
pub(super) mod syncer;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bug::{Bug, planted};
use super::frames::Kind;
use super::temporary;
use super::wal::syncer::Syncer;
use crate::checkpoint::commits::walk::{Piece, Walk};
use crate::checkpoint::frames::input::Input;
use crate::checkpoint::frames::log::{Log, SEGMENTS, Written};
use crate::checkpoint::wal::backlog::{Backlog, Unread};
use crate::disk::Disk;
use crate::error::{Context, Error};

/// So many batches back it is looked how many segments one begins.
const REMEMBERED: usize = 4;

/// A disk with room for fewer segments than this has none to keep.
const SCARCE: u64 = 16;

/// The end of the write-ahead log, where it is appended to.
#[derive(Debug)]
pub struct Wal {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    uuid: [u8; 16],
    /// A segment with so many bytes is full.
    full: u64,
    /// The segments that are closed, the oldest first: number, and lsn of the first frame.
    closed: VecDeque<(u64, u64)>,
    open: Option<Log>,
    /// The number of the first segment that this run has begun.
    own: u64,
    /// Segments that are to be written over: they have their temporary names.
    spare: Vec<u64>,
    /// How many were begun in the open batch and in those before it, the newest first.
    begun: [usize; REMEMBERED],
    /// The number of the segment that is begun next.
    number: u64,
    next: u64,
    payload: Vec<u8>,
    syncer: Syncer,
}

impl Wal {
    /// Goes on behind `backlog`, with segment `number`; what that holds unproven is carried over.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        uuid: [u8; 16],
        full: u64,
        number: u64,
        backlog: Backlog,
    ) -> Result<(Wal, Unread), Error> {
        let closed = backlog.segments.iter().map(|segment| (segment.number, segment.first));
        let mut wal = Wal {
            disk: disk.clone(),
            dir: dir.to_path_buf(),
            uuid,
            full,
            closed: closed.collect(),
            open: None,
            own: number,
            spare: Vec::new(),
            begun: [0; REMEMBERED],
            number,
            next: backlog.next,
            payload: Vec::new(),
            syncer: Syncer::new(backlog.next - 1),
        };
        let mut pieces = backlog.proven;
        if let Some(tail) = backlog.tail {
            let first = tail.lsn;
            wal.begin(first, |log| Walk::new(disk, vec![tail]).carry(log))?;
            pieces.extend(wal.open.as_ref().map(|log| Piece::log(&log.written())));
        }
        Ok((wal, Unread::new(disk, pieces, backlog.amount)))
    }

    /// The lsn that the next frame will have.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Appends input as one frame and hands it to the system; gives its lsn.
    ///
    /// It is durable after [`Syncer::sync`].
    pub fn append(&mut self, input: &Input<'_>) -> Result<u64, Error> {
        self.syncer.check()?;
        let lsn = self.next;
        self.write(input).inspect_err(|error| self.syncer.poison(error))?;
        self.syncer.has_appended(lsn);
        self.next += 1;
        Ok(lsn)
    }

    /// What makes durable what was appended, from whichever thread.
    pub fn syncer(&self) -> Syncer {
        self.syncer.clone()
    }

    /// Gives up the segments that hold nothing behind frame `upto`.
    ///
    /// The commit that covers these frames must be committed, and its batch done.
    pub fn release(&mut self, upto: u64) -> Result<(), Error> {
        while let Some(&(number, _)) = self.closed.front() {
            let open = self.open.as_ref().map_or(self.next, Log::first);
            let end = self.closed.get(1).map_or(open, |(_, first)| *first);
            if end - 1 > upto && !planted(Bug::ReleaseEarly) {
                break;
            }
            let path = self.dir.join(SEGMENTS.name(number));
            // Those of earlier runs need not be full.
            if number >= self.own && self.spare.len() < self.wanted() {
                let temp = self.temporary(number);
                self.disk.rename(&path, &temp).at(&path)?;
                self.spare.push(number);
            } else {
                self.disk.remove(&path).at(&path)?;
            }
            self.closed.pop_front();
        }
        Ok(())
    }

    /// How many segments are worth to be kept: as many as were begun in a batch, of late.
    fn wanted(&self) -> usize {
        // Where nobody says how much is free, nothing is kept.
        let free = self.disk.free(&self.dir).unwrap_or(0);
        let begun = self.begun.iter().max().copied().unwrap_or(0);
        if free < SCARCE.saturating_mul(self.full) { 0 } else { begun }
    }

    /// Takes note that a batch is over; what is kept for segments to come and not needed so soon is removed.
    pub fn end_batch(&mut self) -> Result<(), Error> {
        self.begun.rotate_right(1);
        self.begun[0] = 0;
        if self.spare.is_empty() {
            return Ok(());
        }
        self.keep_spare(self.wanted())
    }

    /// Gives back what is there for segments and frames to come: none will.
    pub fn tidy(&mut self) -> Result<(), Error> {
        self.keep_spare(0)?;
        let Some(log) = self.open.as_ref().filter(|log| log.room() > 0) else { return Ok(()) };
        let Written { path, bytes, .. } = log.written();
        self.disk.reopen(&path, bytes).at(&path).map(drop)
    }

    fn keep_spare(&mut self, most: usize) -> Result<(), Error> {
        while self.spare.len() > most
            && let Some(number) = self.spare.pop()
        {
            let path = self.temporary(number);
            match self.disk.remove(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.at(&path)?,
            }
        }
        Ok(())
    }

    fn temporary(&self, number: u64) -> PathBuf {
        self.dir.join(temporary(&SEGMENTS.name(number)))
    }

    fn write(&mut self, input: &Input<'_>) -> Result<(), Error> {
        self.payload.clear();
        input.encode(&mut self.payload);
        if self.open.as_ref().is_none_or(|log| log.bytes() >= self.full) {
            self.begin(self.next, |_| Ok(()))?;
        }
        let log = self.open.as_mut().expect("it was begun if there was none");
        log.trust(self.syncer.synced());
        log.append(Kind::Input, &self.payload)?;
        log.make_room()?;
        log.flush()
    }

    /// Begins a segment with frame `first` and with what `carry` appends; closes the open one.
    fn begin(
        &mut self,
        first: u64,
        carry: impl FnOnce(&mut Log) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let over = self.take_spare()?;
        let Wal { disk, dir, uuid, number, .. } = &*self;
        let make = || Log::create(disk, dir, uuid, (SEGMENTS, *number), first, over, carry);
        let log = self.syncer.change(make)?;
        if let Some(closed) = self.open.take() {
            self.closed.push_back((self.number - 1, closed.first()));
        }
        self.number += 1;
        self.begun[0] += 1;
        self.open = Some(log);
        Ok(())
    }

    /// Gives a file that is not needed any more the temporary name of the next segment, and says how long it is.
    fn take_spare(&mut self) -> Result<Option<u64>, Error> {
        let Some(number) = self.spare.pop() else { return Ok(None) };
        let (old, temp) = (self.temporary(number), self.temporary(self.number));
        // Somebody may have taken it for what it looks like: of no use.
        let Some(len) = self.disk.len_of_sole(&old).at(&old)? else { return Ok(None) };
        self.disk.rename(&old, &temp).at(&old)?;
        // Under the name of a segment it would be taken for a damaged one.
        if !planted(Bug::OverwriteEarly) {
            self.disk.sync_dir(&self.dir).at(&self.dir)?;
        }
        Ok(Some(len))
    }
}
