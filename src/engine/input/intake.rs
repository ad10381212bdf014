//! Between the source and the steps: the log of the input, for sources that cannot be read again.
//!
//! ```text
//!             unread rest of the log, at a start
//!                         v
//! source ──chunk──> append to the log ──> steps ...            the chunk's mark is its frame's number
//!    ^                    └──> synced, by another thread
//!    └──── reached(Logged) ────┘
//! ```
//!
//! A chunk is folded at once; its batch waits for the sync before it is recorded. So nothing is out
//! or acknowledged that the log or a commit does not hold.

use std::sync::Arc;

use super::syncing::Syncing;
use crate::checkpoint::{Input, Syncer, Unread, Wal};
use crate::chunk::{Chunk, Mark};
use crate::clock::Stamp;
use crate::error::Error;
use crate::origin::Origin;

/// How the log is synced.
pub enum SyncMode {
    /// After each chunk, at once: so that a run is the same each time.
    AtOnce(Syncer),
    /// By a thread of its own.
    Aside(Arc<Syncing>),
}

/// The log of the input, if there is a checkpoint.
pub struct Log {
    /// Its end.
    pub wal: Wal,
    /// What is appended is synced so; `None`: nothing is appended.
    pub sync: Option<SyncMode>,
}

/// What stands between the source and the steps.
#[derive(Default)]
pub struct Intake {
    log: Option<Log>,
    unread: Option<Unread>,
    /// Rows on their way to the log.
    rows: Vec<u8>,
    /// The frame that was read or appended last.
    lsn: u64,
    /// How far the source knows its records to be in the log.
    told: Option<Mark>,
}

impl Intake {
    /// Reads what the log holds beyond frame `lsn`, then appends.
    pub fn new(log: Option<Log>, unread: Option<Unread>, lsn: u64) -> Intake {
        Intake { log, unread, rows: Vec::new(), lsn, told: None }
    }

    /// The frame up to which all has come into chunks.
    pub fn lsn(&self) -> u64 {
        self.lsn
    }

    /// The mark of what the source reads next, behind `last`.
    pub fn next(&self, last: Mark) -> Mark {
        let log = self.log.as_ref().filter(|log| log.sync.is_some());
        Mark(log.map_or(last.0 + 1, |log| log.wal.next()))
    }

    /// The Time of the batch that the next frame was read in that no batch has had: none, if there is no
    /// such frame or its Time was not noted.
    pub fn time(&mut self) -> Result<Option<Stamp>, Error> {
        self.unread.as_mut().map_or(Ok(None), Unread::time)
    }

    /// True if there is a frame that no batch has had.
    pub fn is_behind(&mut self) -> Result<bool, Error> {
        let Some(unread) = &mut self.unread else { return Ok(false) };
        Ok(unread.peek()?.is_some())
    }

    /// Puts the next frame that no batch has had into the chunk; false if there is none.
    pub fn again(&mut self, chunk: &mut Chunk) -> Result<bool, Error> {
        let Some(unread) = &mut self.unread else { return Ok(false) };
        let lsn = &mut self.lsn;
        let read = unread.next(|number, input| {
            input.fill(chunk);
            // A frame does not say who has sent what.
            chunk.origins.add(&Origin::new("log"), 0..chunk.len(), None);
            chunk.mark = Mark(number);
            *lsn = number;
        })?;
        if read.is_none() {
            self.unread = None;
        }
        Ok(read.is_some())
    }

    /// Appends what was read in the batch of `time` to the log.
    pub fn take(&mut self, chunk: &mut Chunk, time: Stamp) -> Result<(), Error> {
        let Some(Log { wal, sync: Some(sync) }) = &mut self.log else { return Ok(()) };
        let input = Input::of(Some(time), chunk, &mut self.rows);
        self.lsn = wal.append(&input)?;
        chunk.mark = Mark(self.lsn);
        match sync {
            SyncMode::AtOnce(syncer) => syncer.sync().map(drop),
            SyncMode::Aside(syncing) => {
                syncing.poke();
                Ok(())
            }
        }
    }

    /// True if what is read is in the log.
    pub fn is_logging(&self) -> bool {
        matches!(self.log, Some(Log { sync: Some(_), .. }))
    }

    /// Leaves what was read to the next start: true if all of it is in the log, and that on the disk.
    pub fn leave(&mut self) -> Result<bool, Error> {
        let Some(Log { wal, sync: Some(_) }) = &self.log else { return Ok(false) };
        wal.syncer().sync().map(|_| true)
    }

    /// Returns when all that was appended is on the disk.
    pub fn sync(&self) -> Result<(), Error> {
        let Some(Log { wal, sync: Some(_) }) = &self.log else { return Ok(()) };
        wal.syncer().sync().map(drop)
    }

    /// How far the log is on the disk, if that is news.
    pub fn news(&mut self) -> Result<Option<Mark>, Error> {
        let Some(Log { sync: Some(sync), .. }) = &self.log else { return Ok(None) };
        let mark = Some(Mark(match sync {
            SyncMode::AtOnce(syncer) => syncer.synced(),
            SyncMode::Aside(syncing) => syncing.synced()?,
        }));
        Ok(if std::mem::replace(&mut self.told, mark) == mark { None } else { mark })
    }

    /// Says that frames up to `mark` are in batches that are recorded.
    pub fn release(&mut self, mark: Mark) -> Result<(), Error> {
        let covered = mark.0.min(self.lsn);
        self.log.as_mut().map_or(Ok(()), |log| log.wal.release(covered))
    }
}
