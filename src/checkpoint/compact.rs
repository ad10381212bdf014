//! Compaction: closed logs and the snapshot before them become one new snapshot, a little at a time.
//!
//! ```text
//! step 1        the log is closed, a new one begun; from here on only closed files are read
//! step 2 ..     logs gathered, shards merged, panes copied that are still needed
//! then          synced, named, the directory synced
//! then          what it stands for is removed, a file a step
//! ```
//!
//! It begins when the logs have as many bytes as the snapshot: so each byte of a record is written
//! about twice more, however large the state is. Each step is short, and a new snapshot is synced as
//! it grows, so that a batch between two steps is not late.

use super::bug::{Bug, planted};
use super::frame::Kind;
use super::log::{LOGS, Log};
use super::merge::{Merge, shard};
use super::record::decode_pane;
use super::snapshot::{self, Snapshot, Writer};
use super::walk::Walk;
use super::{Checkpoint, pane_pieces};
use crate::error::{Context, Error};

/// A compaction under way.
#[derive(Debug)]
pub struct Compaction {
    /// The number of the last log that it covers.
    number: u64,
    writer: Writer,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Shards(Box<Merge>),
    Panes(Walk),
    Finish,
}

/// See [`Checkpoint::compact_step`].
pub fn step(checkpoint: &mut Checkpoint) -> Result<bool, Error> {
    if let Some(name) = checkpoint.garbage.pop() {
        let path = checkpoint.dir.join(name);
        checkpoint.disk.remove(&path).at(&path)?;
        return Ok(true);
    }
    match checkpoint.compaction.take() {
        // What a record that is not done has changed must be told apart at the next start.
        None if !checkpoint.standing.done && !planted(Bug::SnapshotMeansDone) => return Ok(false),
        None if !is_due(checkpoint) => return Ok(false),
        None => checkpoint.compaction = Some(begin(checkpoint)?),
        Some(compaction) => checkpoint.compaction = go_on(checkpoint, compaction)?,
    }
    Ok(true)
}

fn is_due(checkpoint: &Checkpoint) -> bool {
    let (limits, log) = (&checkpoint.limits, checkpoint.log.written());
    let bytes = log.bytes + checkpoint.closed.iter().map(|log| log.bytes).sum::<u64>();
    let least = checkpoint.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes).max(limits.log);
    bytes >= least || checkpoint.closed.len() >= limits.logs
}

fn begin(checkpoint: &mut Checkpoint) -> Result<Compaction, Error> {
    // The next log's head says that all before it is on the disk.
    checkpoint.log.sync()?;
    let Checkpoint { disk, dir, uuid, .. } = &*checkpoint;
    let closed = checkpoint.log.written();
    let (number, next) = (closed.number, closed.next);
    let log = Log::create(disk, dir, uuid, LOGS, number + 1, next, |_| Ok(()))?;
    let mut standing = checkpoint.standing.clone();
    standing.done |= planted(Bug::SnapshotMeansDone);
    let void = checkpoint.snapshot.as_ref().map_or(0, |snapshot| snapshot.void);
    let writer = Writer::create(disk, dir, uuid, number, next, (&standing, void))?;
    let writer = writer.in_parts(checkpoint.limits.part);
    checkpoint.log = log;
    checkpoint.closed.push(closed);
    let Checkpoint { disk, limits, snapshot, closed, .. } = &*checkpoint;
    let merge = Merge::new(disk, limits, snapshot.as_ref(), closed);
    Ok(Compaction { number, writer, stage: Stage::Shards(Box::new(merge)) })
}

fn go_on(
    checkpoint: &mut Checkpoint,
    mut compaction: Compaction,
) -> Result<Option<Compaction>, Error> {
    let writer = &mut compaction.writer;
    let next = match &mut compaction.stage {
        Stage::Shards(merge) => {
            let is_more = merge.step(&mut |key, cell| writer.entry(shard(key), key, cell))?;
            // A step ends where a shard ends, or before one; panes may come next.
            writer.close_part()?;
            let pieces = || pane_pieces(checkpoint.snapshot.as_ref(), &checkpoint.closed);
            (!is_more).then(|| Stage::Panes(Walk::new(&checkpoint.disk, pieces())))
        }
        Stage::Panes(walk) => (!copy_panes(checkpoint, walk, writer)?).then_some(Stage::Finish),
        Stage::Finish => return finish(checkpoint, compaction).map(|()| None),
    };
    writer.settle(checkpoint.limits.settle)?;
    compaction.stage = next.unwrap_or(compaction.stage);
    Ok(Some(compaction))
}

fn copy_panes(
    checkpoint: &Checkpoint,
    walk: &mut Walk,
    writer: &mut Writer,
) -> Result<bool, Error> {
    let mut read = 0;
    while read < checkpoint.limits.step {
        if !walk.advance()? {
            return Ok(false);
        }
        let frame = walk.frame();
        read += frame.len();
        if frame.kind == Kind::Pane {
            let (time, ..) = decode_pane(frame.payload).ok_or_else(|| walk.nonsense())?;
            if time >= checkpoint.needed {
                writer.pane(frame.payload)?;
            }
        }
    }
    Ok(true)
}

fn finish(checkpoint: &mut Checkpoint, compaction: Compaction) -> Result<(), Error> {
    let Compaction { number, writer, .. } = compaction;
    let Checkpoint { disk, dir, uuid, .. } = &*checkpoint;
    let old = checkpoint.snapshot.as_ref().map(|old| snapshot::name(old.number));
    let names = checkpoint.closed.iter().map(|closed| LOGS.name(closed.number));
    let names: Vec<String> = names.chain(old).collect();
    if planted(Bug::RemoveBeforeDurable) {
        names.iter().try_for_each(|name| disk.remove(&dir.join(name)).at(dir))?;
    }
    writer.finish(&**disk, dir)?;
    checkpoint.snapshot = Some(Snapshot::open(&**disk, dir, uuid, number)?);
    checkpoint.closed.clear();
    if !planted(Bug::RemoveBeforeDurable) {
        checkpoint.garbage = names;
    }
    Ok(())
}
