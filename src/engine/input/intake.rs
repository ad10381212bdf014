//! Between the source and the steps: the log of the input, for sources that cannot be read again.
//!
//! ```text
//!             unread rest of the log, at a start
//!                         v
//! source ──chunk──> append to the log ──> steps ...            the chunk's mark is its frame's number
//!    ^                    └──> synced, by another thread or by whoever would wait for input
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
    /// Since when frames stand in the log that nobody was asked to sync, if there are any.
    unasked: Option<Stamp>,
    /// Up to which frame the other thread was asked to sync.
    asked: u64,
}

impl Intake {
    /// Reads what the log holds beyond frame `lsn`, then appends.
    pub fn new(log: Option<Log>, unread: Option<Unread>, lsn: u64) -> Intake {
        Intake { log, unread, rows: Vec::new(), lsn, told: None, unasked: None, asked: 0 }
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

    /// Appends what was read in the batch of `time` to the log, where [`Intake::ask`], [`Intake::sync_idly`] or
    /// [`Intake::sync`] is to have it synced.
    pub fn take(&mut self, chunk: &mut Chunk, time: Stamp, now: Stamp) -> Result<(), Error> {
        let Some(Log { wal, sync: Some(sync) }) = &mut self.log else { return Ok(()) };
        let input = Input::of(Some(time), chunk, &mut self.rows);
        self.lsn = wal.append(&input)?;
        chunk.mark = Mark(self.lsn);
        match sync {
            SyncMode::AtOnce(syncer) => syncer.sync().map(drop),
            SyncMode::Aside(_) => {
                self.unasked.get_or_insert(now);
                Ok(())
            }
        }
    }

    /// Since when frames stand in the log that nobody was asked to sync, if there are any.
    pub fn unasked(&self) -> Option<Stamp> {
        self.unasked
    }

    /// Has the other thread sync them.
    pub fn ask(&mut self) {
        let asked = self.unasked.take().is_some();
        if let Some(Log { sync: Some(SyncMode::Aside(syncing)), .. }) = &self.log
            && asked
        {
            self.asked = self.lsn;
            syncing.poke();
        }
    }

    /// Has them synced by whoever has nothing else to do: by us, unless the other thread is about it.
    pub fn sync_idly(&mut self) -> Result<(), Error> {
        let Some(Log { wal, sync: Some(SyncMode::Aside(_)) }) = &self.log else { return Ok(()) };
        if wal.syncer().synced() < self.asked {
            // Who waits for that is not to wait for us too.
            self.ask();
            return Ok(());
        }
        self.sync()
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
    pub fn sync(&mut self) -> Result<(), Error> {
        self.unasked = None;
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

    /// A batch is over.
    pub fn end_batch(&mut self) -> Result<(), Error> {
        self.log.as_mut().map_or(Ok(()), |log| log.wal.end_batch())
    }

    /// The run is over: nothing more will come to the log.
    pub fn tidy(&mut self) -> Result<(), Error> {
        self.log.as_mut().map_or(Ok(()), |log| log.wal.tidy())
    }

    /// Says that frames up to `mark` are in batches that are recorded.
    pub fn release(&mut self, mark: Mark) -> Result<(), Error> {
        let covered = mark.0.min(self.lsn);
        self.log.as_mut().map_or(Ok(()), |log| log.wal.release(covered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::tests::tiny;
    use crate::checkpoint::{Checkpoint, meta::Pipeline};
    use crate::clock::RealTime;
    use crate::disk::sim::SimDisk;

    /// With a log that another thread is to sync, of which there is none.
    fn intake() -> Intake {
        let (disk, pipeline) = (Arc::new(SimDisk::new(1)), Pipeline::default());
        let mut checkpoint = Checkpoint::open(disk, "ck".as_ref(), &pipeline, tiny()).unwrap();
        let (wal, _) = checkpoint.wal().unwrap();
        let syncing = Syncing::new(wal.syncer(), &RealTime::new().unwrap().1);
        Intake::new(Some(Log { wal, sync: Some(SyncMode::Aside(syncing)) }), None, 0)
    }

    fn take(intake: &mut Intake) {
        let mut chunk = Chunk::default();
        chunk.append(b"a\n");
        chunk.set_uncut(b'\n');
        intake.take(&mut chunk, Stamp(1), Stamp(5)).unwrap();
    }

    #[test]
    fn whoever_has_nothing_to_do_syncs_what_nobody_was_asked_to() {
        let mut intake = intake();
        (0..2).for_each(|_| take(&mut intake));
        assert_eq!((intake.unasked(), intake.news().unwrap()), (Some(Stamp(5)), Some(Mark(0))));
        intake.sync_idly().unwrap();
        assert_eq!((intake.unasked(), intake.news().unwrap()), (None, Some(Mark(2))));
    }

    #[test]
    fn what_the_other_thread_syncs_does_not_wait_for_what_has_come_since() {
        let mut intake = intake();
        take(&mut intake);
        intake.ask();
        take(&mut intake);
        assert_eq!(intake.news().unwrap(), Some(Mark(0)));
        intake.sync_idly().unwrap();
        assert_eq!(
            (intake.unasked(), intake.news().unwrap()),
            (None, None),
            "it was asked for that too"
        );
        // With that behind it, it would be done here again.
        intake.sync().unwrap();
        take(&mut intake);
        intake.sync_idly().unwrap();
        assert_eq!(intake.news().unwrap(), Some(Mark(3)));
    }
}
