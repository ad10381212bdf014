//! State as it is now: the snapshot and the logs after it, merged shard by shard.
//!
//! A key's shard is a byte of its hash, the same in every process. The snapshot stands in the order
//! of the shards and is read once. The logs are read once for each group of shards; groups are as
//! many as keep what is held of the logs small, up to four.
//!
//! ```text
//! snapshot   | shard 0 | shard 1 | ... | shard 127 | shard 128 ...
//! logs       '---- group 0: one walk over the logs ----' '-- group 1: another --
//! ```
//!
//! [`Merge::step`] does a little of that a call, so that it can go on beside a running stream. All
//! that is read has been checked: whoever writes it again does not sign what is damaged.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use ahash::RandomState;

use super::commit::Entries;
use super::snapshot::{Snapshot, shard_of_part};
use super::walk::{Piece, Walk};
use crate::checkpoint::frames::Kind;
use crate::checkpoint::frames::codec::Take;
use crate::checkpoint::frames::log::{Written, take_version};
use crate::checkpoint::{Limits, SHARDS};
use crate::disk::Disk;
use crate::error::Error;

/// There are no more groups than this, however long the logs are: each is one more walk over them,
/// and a compaction must be over before as much has come again.
const GROUPS: u64 = 4;

/// Takes a key and its cell.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), Error> + 'a;

/// The shard of a key.
pub fn shard(key: &[u8]) -> usize {
    crc32c::crc32c(key) as usize % SHARDS
}

/// The merge under way.
#[derive(Debug)]
pub struct Merge {
    disk: Arc<dyn Disk>,
    limits: Limits,
    snapshot: Walk,
    logs: Vec<Piece>,
    /// The walk over the logs for the group, while it lasts.
    walk: Option<Walk>,
    /// The shards of the group, and the first that is still to be merged.
    group: Range<usize>,
    size: usize,
    /// The first shard of all: those before it were merged by an earlier process.
    from: usize,
    /// What the logs say of each shard of the group, in order.
    changes: Vec<Vec<u8>>,
    hash: RandomState,
}

impl Merge {
    /// Merges `logs` over `snapshot`, from shard `from` on.
    pub fn new(
        disk: &Arc<dyn Disk>,
        limits: &Limits,
        snapshot: Option<&Snapshot>,
        logs: &[Written],
        from: usize,
    ) -> Merge {
        let bytes: u64 = logs.iter().map(|log| log.bytes).sum();
        let groups = bytes.div_ceil(limits.held.max(1)).clamp(1, GROUPS) as usize;
        let snapshot = Walk::new(disk, snapshot.map(Snapshot::shards).into_iter().collect());
        let mut merge = Merge {
            disk: disk.clone(),
            limits: limits.clone(),
            snapshot,
            logs: logs.iter().map(Piece::log).collect(),
            walk: None,
            group: from..from,
            size: SHARDS.div_ceil(groups),
            from,
            changes: Vec::new(),
            hash: RandomState::new(),
        };
        merge.next_group();
        merge
    }

    /// Does a little; `visit` gets every key of the shards it comes to. False when all is done.
    pub fn step(&mut self, visit: &mut Visit<'_>) -> Result<bool, Error> {
        if let Some(walk) = &mut self.walk {
            let (group, changes) = (&self.group, &mut self.changes);
            if gather(walk, group, changes, self.limits.step)? {
                return Ok(true);
            }
            self.walk = None;
        }
        if self.group.is_empty() {
            return Ok(false);
        }
        let mut read = 0;
        while read < self.limits.step && !self.group.is_empty() {
            read += self.merge_shard(visit)?;
            self.group.start += 1;
        }
        if self.group.is_empty() {
            self.next_group();
        }
        Ok(!self.group.is_empty())
    }

    /// How many shards it has merged, and how many it has not.
    pub fn progress(&self) -> (u64, u64) {
        ((self.group.start - self.from) as u64, (SHARDS - self.group.start) as u64)
    }

    fn next_group(&mut self) {
        let start = self.group.end;
        self.group = start..SHARDS.min(start + self.size);
        self.changes.clear();
        self.changes.resize(self.group.len(), Vec::new());
        let walk = !self.group.is_empty() && !self.logs.is_empty();
        self.walk = walk.then(|| Walk::new(&self.disk, self.logs.clone()));
    }

    /// Merges the first shard of the group, and returns how many bytes it was made of.
    fn merge_shard(&mut self, visit: &mut Visit<'_>) -> Result<u64, Error> {
        let place = self.changes.len() - self.group.len();
        let changes = std::mem::take(&mut self.changes[place]);
        let mut read = changes.len() as u64;
        let entries = || Entries(Take(&changes)).flatten().enumerate();
        let mut latest = HashMap::with_hasher(self.hash.clone());
        latest.extend(entries().map(|(at, entry)| (entry.key, at)));
        while self.snapshot.advance()? {
            let frame = self.snapshot.frame();
            let part =
                (frame.kind == Kind::Changes).then(|| shard_of_part(frame.payload)).flatten();
            let (shard, part) = part.ok_or_else(|| self.snapshot.nonsense())?;
            if shard > self.group.start {
                self.snapshot.again();
                break;
            }
            read += frame.len();
            if shard < self.from {
                continue;
            }
            if shard < self.group.start {
                return Err(self.snapshot.nonsense());
            }
            for entry in Entries(part) {
                let entry = entry.and_then(|entry| Some((entry.key, entry.cell?)));
                let (key, cell) = entry.ok_or_else(|| self.snapshot.nonsense())?;
                if latest.is_empty() || !latest.contains_key(key) {
                    visit(key, cell)?;
                }
            }
        }
        for (at, entry) in entries() {
            match entry.cell {
                Some(cell) if latest.get(entry.key) == Some(&at) => visit(entry.key, cell)?,
                _ => {}
            }
        }
        Ok(read)
    }
}

/// Reads some `limit` bytes of changes and keeps those of the shards in `group`; false at the end.
fn gather(
    walk: &mut Walk,
    group: &Range<usize>,
    changes: &mut [Vec<u8>],
    limit: u64,
) -> Result<bool, Error> {
    let mut read = 0;
    while read < limit {
        if !walk.advance()? {
            return Ok(false);
        }
        let frame = walk.frame();
        read += frame.len();
        if frame.kind != Kind::Changes {
            continue;
        }
        let entries = take_version(frame.payload).ok_or_else(|| walk.nonsense())?;
        for entry in Entries(entries) {
            let entry = entry.ok_or_else(|| walk.nonsense())?;
            let shard = shard(entry.key);
            if group.contains(&shard) {
                changes[shard - group.start].extend_from_slice(entry.raw);
            }
        }
    }
    Ok(true)
}
