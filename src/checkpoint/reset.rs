//! `weir checkpoint reset`: forgetting state and windows, with or without the place in the input.
//!
//! A snapshot without state that stands for all files there are takes their place, in one rename. If the
//! place is kept, it holds the positions of a source that has some, the write-ahead log stays, and the next
//! start reads what is unread of it. Without that nothing of the old files matters, so damaged ones can be
//! forgotten too.

use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;

use super::commits::commit::Standing;
use super::commits::merge::{Merge, shard};
use super::commits::recover::{Recovered, recover};
use super::frames::log::SEGMENTS;
use super::keyspace::{Keys, Keyspace};
use super::lock::Lock;
use super::meta::{self, Meta, Pipeline};
use super::names::Names;
use super::wal::backlog::Amount;
use super::{Limits, open};
use crate::checkpoint::commits::snapshot::{self, Writer};
use crate::disk::Disk;
use crate::error::{Context, Error};
use crate::units::counted;

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
            Some(n) => write!(f, "reset; the next start goes on behind batch {n}")?,
            None if self.keeps_positions => f.write_str("reset; there was no record")?,
            None => f.write_str("reset; the next start begins afresh")?,
        }
        if let Some(n) = self.owed {
            write!(f, "; the output of batch {n} was owed, and is given up")?;
        }
        let bytes = self.unread.map_or(0, |unread| unread.bytes);
        let unread = format!("{} of input that no batch has had", counted(bytes, "byte"));
        let (comes, is) = if bytes == 1 { ("comes", "is") } else { ("come", "are") };
        match (bytes, self.keeps_positions) {
            (0, _) => Ok(()),
            (_, true) => write!(f, "; {unread} {comes} first"),
            (_, false) => write!(f, "; {unread} {is} given up"),
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
    let found = if keep_offsets { Some(found?) } else { None };
    let n = place(disk, dir, &meta, number, found)?;
    remove_old(&**disk, dir, number, keep_offsets)?;
    // Last, so that a reset cut short leaves a pipeline that does not fit: it is asked for again.
    let left = if keep_offsets { meta.pipeline.of_positions() } else { Pipeline::default() };
    Meta { uuid: meta.uuid, pipeline: left, is_reset: true }.write(&**disk, dir)?;
    Ok(Forgotten { kept: n, keeps_positions: keep_offsets, owed, unread })
}

/// Puts a snapshot in the place of all there is: of what was found it keeps where the input had come to.
/// Returns the commit after whose input the next start goes on.
fn place(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    meta: &Meta,
    number: u64,
    found: Option<Recovered>,
) -> Result<Option<u64>, Error> {
    let Some(found) = found else {
        let standing = Standing { done: true, ..Standing::default() };
        let writer = Writer::create(disk, dir, &meta.uuid, number, 1, (&standing, number))?;
        return writer.finish(&**disk, dir).map(|()| None);
    };
    let next = found.tail_log.as_ref().map_or(found.next, |log| log.next);
    let void = found.snapshot.as_ref().map_or(0, |snapshot| snapshot.void);
    let mut standing = found.standing.clone();
    // Its output cannot be made again from a state that is forgotten, and windows are partial that
    // reach back to that.
    standing.done = true;
    standing.commit.iter_mut().for_each(|commit| commit.began = commit.time);
    let mut writer = Writer::create(disk, dir, &meta.uuid, number, next, (&standing, void))?;
    if meta.pipeline.has_positions() {
        keep_positions(disk, &found, meta.keys(), &mut writer)?;
    }
    writer.finish(&**disk, dir)?;
    Ok(standing.commit.map(|commit| commit.n))
}

/// Writes the last position of each part of the input, as all the old files have it.
fn keep_positions(
    disk: &Arc<dyn Disk>,
    found: &Recovered,
    keys: Keys,
    writer: &mut Writer,
) -> Result<(), Error> {
    let (snapshot, logs) = (found.snapshot.as_ref(), found.all_logs());
    let mut merge = Merge::new(disk, &Limits::default(), snapshot, &logs, 0);
    while merge.step(&mut |key, cell| match keys.split(key) {
        Some((Keyspace::Position, _)) => writer.entry(shard(key), key, cell),
        _ => Ok(()),
    })? {}
    writer.close_part()
}

/// Removes the files that snapshot `number` stands for, but not the log of the input if that is kept.
fn remove_old(disk: &dyn Disk, dir: &Path, number: u64, keeps_input: bool) -> Result<(), Error> {
    let kept = snapshot::name(number);
    let names = Names::list(disk, dir)?;
    let is_old = |name: &String| {
        *name != kept && name != meta::NAME && !(keeps_input && SEGMENTS.number(name).is_some())
    };
    for name in names.whole().filter(is_old).chain(names.temporary.iter().cloned()) {
        let path = dir.join(name);
        disk.remove(&path).at(&path)?;
    }
    Ok(())
}
