//! `weir checkpoint reset`: forgetting state and windows, with or without the place in the input.
//!
//! An empty snapshot that stands for all files there are takes their place, in one rename. With the
//! positions the write-ahead log stays, and the next start reads what is unread of it. Without them
//! nothing of the old files matters, so damaged ones can be forgotten too.

use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;

use super::commits::commit::Standing;
use super::commits::recover::recover;
use super::frames::log::SEGMENTS;
use super::lock::Lock;
use super::meta::{self, Meta};
use super::names::Names;
use super::open;
use super::wal::backlog::Amount;
use crate::checkpoint::commits::snapshot::{self, Writer};
use crate::disk::Disk;
use crate::error::{Context, Error};

/// What a reset has kept and what it has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The commit after whose input the next start goes on; `None`: from the beginning.
    pub kept: Option<u64>,
    /// True if it was asked for that, whether or not there is a commit.
    pub keeps_positions: bool,
    /// The commit whose output was still owed, and now is not.
    pub owed: Option<u64>,
    /// The input beyond that commit in the write-ahead log: kept with the commit, or given up with
    /// everything; `None` if it cannot be read.
    pub unread: Option<Amount>,
}

impl Display for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kept {
            Some(n) => write!(f, "reset; the next start goes on behind record {n}")?,
            None if self.keeps_positions => f.write_str("reset; there was no record")?,
            None => f.write_str("reset; the next start begins afresh")?,
        }
        if let Some(n) = self.owed {
            write!(f, "; the output of record {n} was owed, and is given up")?;
        }
        let bytes = self.unread.map_or(0, |unread| unread.bytes);
        match (bytes, self.keeps_positions) {
            (0, _) => Ok(()),
            (_, true) => write!(f, "; {bytes} bytes of input that no batch has had come first"),
            (_, false) => write!(f, "; {bytes} bytes of input that no batch has had are given up"),
        }
    }
}

/// Forgets all that the checkpoint in `dir` holds, but, if asked, not where its input had come to.
pub fn forget(disk: &Arc<dyn Disk>, dir: &Path, keep_offsets: bool) -> Result<Forgotten, Error> {
    let disk = &disk.enter(dir).at(dir)?;
    open::expect(&**disk, dir)?;
    let _lock = Lock::take(&**disk, dir)?;
    // As at a start: names that were seen are on the disk before any is made.
    disk.sync_dir(dir).at(dir)?;
    let meta = Meta::read(&**disk, dir)?;
    let number = Names::list(&**disk, dir)?.highest + 1;
    let found = recover(disk, dir, &meta.uuid);
    let unread = found.as_ref().ok().map(|found| found.backlog.amount);
    let owed = found.as_ref().ok().filter(|found| !found.standing.done);
    let owed = owed.and_then(|found| found.standing.commit.as_ref()).map(|commit| commit.n);
    let (mut standing, mut next, mut void) = (Standing::default(), 1, number);
    if keep_offsets {
        let found = found?;
        next = found.tail_log.map_or(found.next, |log| log.next);
        standing = found.standing;
        void = found.snapshot.map_or(0, |snapshot| snapshot.void);
    }
    let n = standing.commit.as_ref().map(|commit| commit.n);
    let forgotten = Forgotten { kept: n, keeps_positions: keep_offsets, owed, unread };
    // Its output cannot be made again from a state that is forgotten, and windows are partial that
    // reach back to that.
    standing.done = true;
    standing.commit.iter_mut().for_each(|commit| commit.began = commit.time);
    let writer = Writer::create(disk, dir, &meta.uuid, number, next, (&standing, void))?;
    writer.finish(&**disk, dir)?;
    let kept = snapshot::name(number);
    let names = Names::list(&**disk, dir)?;
    let is_old = |name: &String| {
        *name != kept && name != meta::NAME && !(keep_offsets && SEGMENTS.number(name).is_some())
    };
    for name in names.whole().filter(is_old).chain(names.temporary.iter().cloned()) {
        let path = dir.join(name);
        disk.remove(&path).at(&path)?;
    }
    // Last, so that a reset cut short leaves a pipeline that does not fit: it is asked for again.
    Meta { uuid: meta.uuid, pipeline: None }.write(&**disk, dir)?;
    Ok(forgotten)
}
