//! `weir checkpoint reset`: forgetting state and windows, with or without the place in the input.
//!
//! An empty snapshot that stands for all files there are takes their place, in one rename. Without
//! the positions nothing of the old files is read, so damaged ones can be forgotten too.

use std::path::Path;
use std::sync::Arc;

use super::birth::foreign;
use super::disk::Disk;
use super::lock::Lock;
use super::meta::{self, Meta};
use super::recover::{Standing, highest, recover};
use super::snapshot::{self, Writer};
use crate::error::{Context, Error};

/// What a reset has kept and what it has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The record after whose input the next start goes on; `None`: from the beginning.
    pub kept: Option<u64>,
    /// The record whose output was still owed, and now is not.
    pub owed: Option<u64>,
}

/// Forgets all that the checkpoint in `dir` holds, but, if asked, not where its input had come to.
pub fn forget(disk: &Arc<dyn Disk>, dir: &Path, keep_offsets: bool) -> Result<Forgotten, Error> {
    if !disk.list(dir).at(dir)?.iter().any(|name| name == meta::NAME) {
        return Err(foreign(dir));
    }
    let _lock = Lock::take(&**disk, dir)?;
    // As at a start: names that were seen are on the disk before any is made.
    disk.sync_dir(dir).at(dir)?;
    let meta = Meta::read(&**disk, dir)?;
    let number = highest(&**disk, dir)? + 1;
    let (mut standing, mut next) = (Standing::default(), 1);
    if keep_offsets {
        let found = recover(disk, dir, &meta.uuid)?;
        next = found.next + found.tail.len() as u64;
        standing = found.standing;
    }
    let n = standing.record.as_ref().map(|record| record.n);
    let forgotten = Forgotten { kept: n, owed: n.filter(|_| !standing.done) };
    // Its output cannot be made again from a state that is forgotten.
    standing.done = true;
    let writer = Writer::create(disk, dir, &meta.uuid, number, next, &standing)?;
    writer.finish(&**disk, dir)?;
    let kept = snapshot::name(number);
    let is_old = |name: &String| {
        *name != kept && ["log-", "snap-", "meta.tmp"].iter().any(|old| name.starts_with(old))
    };
    for name in disk.list(dir).at(dir)?.into_iter().filter(is_old) {
        let path = dir.join(name);
        disk.remove(&path).at(&path)?;
    }
    // Last, so that a reset cut short leaves a pipeline that does not fit: it is asked for again.
    Meta { uuid: meta.uuid, pipeline: None }.write(&**disk, dir)?;
    Ok(forgotten)
}
