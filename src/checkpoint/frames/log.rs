//! The log: an append-only file of frames, a new one at every start.
//!
//! An old log is never appended to: what its end looks like in the system's cache need not be what
//! is on the disk. A new log instead *begins* with all that the old one's last frames say and that
//! nothing proves to be on the disk, and gets its name only when that is synced:
//!
//! ```text
//! log-3   | head 0 | 1 | 2 | 3 | 4 | 5 | to      proven up to 3; 4 and 5 are sound; the rest is torn
//! log-4                   | head 3 | 4 | 5 | 6 | 7 ...
//!                          '-- synced, then named -'
//! ```
//!
//! So a log that has a name has a sound head, and the head says that all frames before it were on
//! the disk: they stand in older logs or in a snapshot. What an older log holds beyond that is void.
//!
//! Where a log is synced often (the write-ahead log), frames are written over what stands in the file already, its
//! *room*: that of a log that is not needed any more, or zeros that are laid out for short ones. A sync writes their
//! bytes alone then, and not where the file has its place, for which the file system has a journal: half the time, and
//! half the processor's. Zeros are no frame, and those of another log have other checksums; so the log ends where
//! its room begins, as at a torn tail.
//!
//! A failed append or sync poisons the log for ever: the system may have dropped what it could not
//! write, and would call the next sync a success.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::codec::Take;
use super::{Frame, Kind, Seed};
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::VERSION;
use crate::checkpoint::{numbered, place, temporary};
use crate::disk::{Append, Disk};
use crate::error::{Context, Error};

/// What is gathered before it is handed to the disk.
const BUFFER: usize = 1 << 20;

/// What is handed to the disk at once and is not longer than this is written into room: beyond it, what a sync
/// gains is less than the zeros cost (ext4).
const SHORT: usize = 64 << 10;

/// How much room is laid out at once: as much as is written, but no less and no more than this.
const ROOM: RangeInclusive<u64> = 4 << 10..=1 << 20;

/// Logs that go on from each other, as their names tell.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    prefix: &'static str,
    letter: u8,
}

/// The logs of records.
pub const LOGS: Series = Series::new("log-", b'l');

/// The segments of the write-ahead log.
pub const SEGMENTS: Series = Series::new("wal-", b'w');

impl Series {
    /// Logs whose names begin with `prefix`; no other kind of file has this letter.
    pub const fn new(prefix: &'static str, letter: u8) -> Series {
        Series { prefix, letter }
    }

    /// The name of log number `number`.
    pub fn name(&self, number: u64) -> String {
        format!("{}{number}", self.prefix)
    }

    /// The number of the log of this name, if it is one of these.
    pub fn number(&self, name: &str) -> Option<u64> {
        numbered(self.prefix, name)
    }

    /// What the checksums of log number `number` begin with.
    pub fn seed(&self, uuid: &[u8; 16], number: u64) -> Seed {
        Seed::new(uuid, self.letter, number)
    }
}

/// Reads a log's head: the number that its first frame has.
pub fn decode_head(frame: &Frame<'_>) -> Option<u64> {
    let is_head = frame.kind == Kind::Head && frame.payload == [VERSION];
    is_head.then(|| frame.lsn.checked_add(1))?
}

/// The log that is being written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: Box<dyn Append>,
    seed: Seed,
    number: u64,
    first: u64,
    next: u64,
    synced: u64,
    written: u64,
    /// How many bytes stand in the file behind that.
    room: u64,
    buffer: Vec<u8>,
    poisoned: bool,
}

impl Log {
    /// Makes a log of this series and number, whose frames begin with `first` and with what `carry` appends.
    /// Where it writes over a file that has its temporary name, `over` says how long that is.
    ///
    /// When it returns, all that is on the disk, under the log's name.
    pub fn create(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        uuid: &[u8; 16],
        (series, number): (Series, u64),
        first: u64,
        over: Option<u64>,
        carry: impl FnOnce(&mut Log) -> Result<(), Error>,
    ) -> Result<Log, Error> {
        let name = series.name(number);
        let temp = dir.join(temporary(&name));
        let file = if over.is_some() { disk.overwrite(&temp) } else { disk.create(&temp) };
        let (file, room, seed) = (file.at(&temp)?, over.unwrap_or(0), series.seed(uuid, number));
        let (path, before) = (temp, first - 1);
        let (written, buffer, poisoned) = (0, Vec::new(), false);
        let mut log = Log {
            path,
            file,
            seed,
            number,
            first,
            next: before,
            synced: before,
            written,
            room,
            buffer,
            poisoned,
        };
        log.append(Kind::Head, &[VERSION])?;
        carry(&mut log)?;
        log.flush()?;
        place(&**disk, &mut *log.file, dir, &name)?;
        log.path = dir.join(name);
        log.synced = log.next - 1;
        Ok(log)
    }

    /// Appends a frame; it is handed to the disk at [`Log::flush`].
    pub fn append(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Error> {
        let frame = Frame { lsn: self.next, synced: self.synced, kind, payload };
        if frame.encode(self.seed, &mut self.buffer).is_none() {
            let len = payload.len();
            return Err(Error::Failed(format!("{}: {len} bytes at once", self.path.display())));
        }
        self.next += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Hands all that was appended to the disk, which may keep it in its cache.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.check()?;
        let (len, at) = (self.buffer.len(), self.written);
        let result = self.file.append(&self.buffer);
        self.poisoned = result.is_err();
        self.buffer.clear();
        self.written += len as u64;
        self.room = self.room.saturating_sub(len as u64);
        result.place(format_args!("{} ({len} bytes at {at})", self.path.display()))
    }

    /// Lays out room for what comes with the next [`Log::flush`], if that is short and finds none.
    pub fn make_room(&mut self) -> Result<(), Error> {
        self.check()?;
        let len = self.buffer.len();
        if len > SHORT || len as u64 <= self.room {
            return Ok(());
        }
        let more = self.written.clamp(*ROOM.start(), *ROOM.end());
        match self.file.reserve(more) {
            Ok(()) => self.room = more,
            // What is to be written may have a place still, without room behind it.
            Err(error) if is_full(&error) => {}
            Err(error) => {
                self.poisoned = true;
                return Err(error).at(&self.path);
            }
        }
        Ok(())
    }

    /// Returns when all that was flushed is on the disk.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.check()?;
        if self.synced + 1 < self.next && !planted(Bug::AckBeforeSync) {
            let result = self.file.sync();
            self.poisoned = result.is_err() && !planted(Bug::SyncAgain);
            result.at(&self.path)?;
        }
        self.synced = self.next - 1;
        Ok(())
    }

    /// Takes note that another handle has synced all frames up to `lsn`.
    pub fn trust(&mut self, lsn: u64) {
        self.synced = self.synced.max(lsn);
    }

    /// Another handle on the file, to sync it from elsewhere, and the file's path.
    pub fn twin(&self) -> Result<(PathBuf, Box<dyn Append>), Error> {
        Ok((self.path.clone(), self.file.twin().at(&self.path)?))
    }

    /// The number of the first frame behind the head.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many bytes were handed to the disk.
    pub fn bytes(&self) -> u64 {
        self.written
    }

    /// How many bytes stand in the file behind those.
    pub fn room(&self) -> u64 {
        self.room
    }

    fn check(&self) -> Result<(), Error> {
        match self.poisoned {
            true => Err(Error::Failed(format!("{}: not usable any more", self.path.display()))),
            false => Ok(()),
        }
    }

    /// The log as a file that others read.
    pub fn written(&self) -> Written {
        let (path, seed) = (self.path.clone(), self.seed);
        Written {
            path,
            seed,
            number: self.number,
            first: self.first,
            next: self.next,
            bytes: self.written,
        }
    }
}

/// The part of a log that is believed.
#[derive(Clone, Debug)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// What its checksums begin with.
    pub seed: Seed,
    /// The log's number.
    pub number: u64,
    /// The number of its first frame behind the head.
    pub first: u64,
    /// The number of the first frame that is not its any more.
    pub next: u64,
    /// Where that would begin.
    pub bytes: u64,
}

/// True if a file cannot grow so much.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

/// Reads a version and nothing else, for heads that have more to say.
pub fn take_version(payload: &[u8]) -> Option<Take<'_>> {
    let mut take = Take(payload);
    (take.u8()? == VERSION).then_some(take)
}
