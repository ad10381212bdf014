//! Belief: how far the frames of logs that others wrote are taken for what was written.
//!
//! Each log's head says that all frames before it were on the disk, so of every log but the last all
//! frames up to the next log's head must be sound. In the last log, S is the greatest number up to
//! which a frame says that all was on the disk; frames behind a gap count too.
//!
//! ```text
//! log-3   | head 0 | 1 | 2 | 3 | void ...         3 is bad: damage
//! log-4                   | head 3 | 4 | 5 | 6 | bad | 8      8 says that 6 was synced: S = 6
//!                                          S ---'  '-- 7 > S: a torn tail, cut
//! ```
//!
//! A bad frame up to S is damage: the checkpoint is refused, with file and offset. Sound frames above
//! S (none here) are in the system's cache for all we know: whoever believes them writes them again.

use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::damaged;
use crate::checkpoint::frames::log::{self, Series};
use crate::checkpoint::frames::{BLOCK, Found, Frame, HEAD, Reader, Seed};
use crate::checkpoint::frames::{any_plausible, numbers, sound_anywhere};
use crate::disk::Disk;
use crate::error::{Context, Error};

/// A log of an earlier start, read as far as its head.
#[derive(Debug)]
pub struct Past {
    /// Its number.
    pub number: u64,
    /// What its checksums begin with.
    pub seed: Seed,
    /// The number of its first frame behind the head.
    pub first: u64,
    /// How many bytes it has.
    pub bytes: u64,
    reader: Reader,
}

/// How far a log goes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The number of the last frame that is proven to have been on the disk.
    pub proven: u64,
    /// The number of the first frame that is not there, or not sound.
    pub next: u64,
}

impl Past {
    /// Reads the head of log `number`.
    pub fn open(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        uuid: &[u8; 16],
        series: Series,
        number: u64,
    ) -> Result<Past, Error> {
        let (path, seed) = (dir.join(series.name(number)), series.seed(uuid, number));
        let bytes = disk.len(&path).at(&path)?;
        let mut reader = Reader::new(disk, &path, seed, 0..bytes, None);
        // A log has its name only since its head was on the disk.
        let first = match reader.advance()? {
            Found::Frame => log::decode_head(&reader.frame()),
            Found::End | Found::Bad => None,
        };
        let first = first.ok_or_else(|| damaged(&path, 0, "this is not how a log begins"))?;
        Ok(Past { number, seed, first, bytes, reader })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// Where in the file the last frame that was read ends.
    pub fn end(&self) -> u64 {
        self.reader.end()
    }

    /// Reads on up to the frame `limit`, with which the next log begins; the last log to its end.
    ///
    /// What holds nothing above `needless` may be damaged: it need not have been there any more.
    ///
    /// `visit` gets each sound frame, where it ends, and up to which number all is proven so far; it
    /// says `None` if the frame does not belong there.
    pub fn read(
        &mut self,
        disk: &Arc<dyn Disk>,
        limit: Option<u64>,
        needless: u64,
        mut visit: impl FnMut(&Frame<'_>, u64, u64) -> Option<()>,
    ) -> Result<Extent, Error> {
        let (mut next, mut proven) = (self.first, self.first - 1);
        let mut found = Found::Frame;
        while limit != Some(next) {
            found = self.reader.advance()?;
            if found != Found::Frame {
                break;
            }
            let frame = self.reader.frame();
            proven = proven.max(frame.synced.min(frame.lsn));
            let (path, at) = (self.reader.path(), self.reader.offset());
            visit(&frame, self.reader.end(), proven)
                .ok_or_else(|| damaged(path, at, "out of place"))?;
            next += 1;
        }
        let (last, proven) = match limit {
            Some(limit) => (limit - 1, limit - 1),
            None if found == Found::Bad => self.beyond(disk, next, proven)?,
            None => (next - 1, proven),
        };
        if next <= proven && last > needless && !planted(Bug::CutRegardless) {
            let (path, at) = (self.path(), self.reader.offset());
            return Err(damaged(path, at, "a frame does not fit its checksum"));
        }
        Ok(Extent { proven: proven.min(next - 1), next })
    }

    /// True if there may be a frame behind the bad one. Mostly it is room that nothing was written to, and what stands
    /// there is zeros or another log.
    fn has_more(&self, disk: &Arc<dyn Disk>, next: u64) -> Result<bool, Error> {
        let (path, mut at) = (self.path(), self.reader.offset());
        let numbers = numbers(next, self.bytes.saturating_sub(at));
        let mut block = vec![0; BLOCK as usize];
        loop {
            let len = disk.read(path, at, &mut block).at(path)?;
            if any_plausible(&numbers, &block[..len]) {
                return Ok(true);
            }
            if len < block.len() {
                return Ok(false);
            }
            // A head may begin in this one and end in the next.
            at += (len - HEAD + 1) as u64;
        }
    }

    /// The last sound frame, behind the bad one that should be frame `next`, and what is proven then.
    fn beyond(&self, disk: &Arc<dyn Disk>, next: u64, proven: u64) -> Result<(u64, u64), Error> {
        let (path, at) = (self.path(), self.reader.offset());
        if !self.has_more(disk, next)? {
            return Ok((next - 1, proven));
        }
        let mut bytes = vec![0; self.bytes.saturating_sub(at) as usize];
        let len = disk.read(path, at, &mut bytes).at(path)?;
        let (last, synced) = sound_anywhere(self.seed, next, &bytes[..len]).unwrap_or_default();
        Ok((last.max(next - 1), synced.max(proven)))
    }
}
