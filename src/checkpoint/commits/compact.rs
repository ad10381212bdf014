//! Compaction: closed logs and the snapshot before them become one new snapshot, a little at a time.
//!
//! ```text
//! step 1        the log is closed, a new one begun; from here on only closed files are read
//! step 2 ..     logs gathered, shards merged, panes copied that are still needed
//! then          synced, named, the directory synced
//! then          what it stands for is removed, a file a step
//! ```
//!
//! It begins when the logs have as many bytes as the snapshot: so each byte of a commit is written
//! about twice more, however large the state is. Each step is short, and a new snapshot is synced as
//! it grows, so that a batch between two steps is not late.
//!
//! Processes may end again and again before a compaction is over. So the next one takes it up where
//! the last was cut; and it is *overdue* when the logs are half as large again as what makes it due:
//! then it comes before anything else, at the start or after a commit, late or not. One that is let
//! run has ended by then.

use super::commit::decode_pane;
use super::merge::{Merge, shard};
use super::snapshot::{self, Snapshot, Writer};
use super::walk::Walk;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::frames::Kind;
use crate::checkpoint::frames::log::{LOGS, Log};
use crate::checkpoint::held::pane_pieces;
use crate::checkpoint::keyspace::Keyspace;
use crate::checkpoint::{Checkpoint, temporary};
use crate::error::{Context, Error};

/// A compaction under way.
#[derive(Debug)]
pub struct Compaction {
    /// The number of the last log that it covers.
    number: u64,
    writer: Writer,
    stage: Stage,
    /// How many steps it has taken.
    steps: u64,
}

/// When a process ends, as many steps are little.
const LITTLE: u64 = 64;

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
        // What a commit that is not done has changed must be told apart at the next start.
        None if !checkpoint.standing.done && !planted(Bug::SnapshotMeansDone) => return Ok(false),
        None if !is_due(checkpoint) => return Ok(false),
        None => checkpoint.compaction = Some(begin(checkpoint)?),
        Some(compaction) => checkpoint.compaction = go_on(checkpoint, compaction)?,
    }
    Ok(true)
}

/// How large the logs are, in quarters of what makes a compaction due.
pub fn quarters(checkpoint: &Checkpoint) -> u64 {
    let (limits, log) = (&checkpoint.limits, checkpoint.log.written());
    let bytes = log.bytes + checkpoint.closed.iter().map(|log| log.bytes).sum::<u64>();
    let due = checkpoint.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes).max(limits.log);
    let files = checkpoint.closed.len() * 4 / limits.logs;
    (bytes.saturating_mul(4) / due).max(files as u64)
}

fn is_due(checkpoint: &Checkpoint) -> bool {
    quarters(checkpoint) >= 4
}

/// See [`Checkpoint::tidy`].
pub fn is_overdue(checkpoint: &Checkpoint) -> bool {
    quarters(checkpoint) >= 6 && !planted(Bug::RestartForever)
}

/// True if a compaction is under way, and what is left of it is little by what there was so far.
pub fn is_nearly_over(checkpoint: &Checkpoint) -> bool {
    checkpoint.compaction.as_ref().is_some_and(|Compaction { stage, steps, .. }| match stage {
        Stage::Shards(merge) => {
            let (done, left) = merge.progress();
            done > 0 && steps * left <= LITTLE * done
        }
        Stage::Panes(_) | Stage::Finish => true,
    })
}

/// See [`Checkpoint::tidy_rest`].
pub fn rest(checkpoint: &mut Checkpoint) -> Result<(), Error> {
    let mut left = if is_nearly_over(checkpoint) { LITTLE * 2 } else { 0 };
    while left > 0 && (checkpoint.compaction.is_some() || !checkpoint.garbage.is_empty()) {
        step(checkpoint)?;
        left -= 1;
    }
    Ok(())
}

fn begin(checkpoint: &mut Checkpoint) -> Result<Compaction, Error> {
    close_log(checkpoint)?;
    let Checkpoint { disk, dir, uuid, limits, snapshot, closed, .. } = &*checkpoint;
    let last = closed.last().expect("what makes it due stands in logs");
    let mut standing = checkpoint.standing.clone();
    standing.done |= planted(Bug::SnapshotMeansDone);
    let (number, void) = (last.number, snapshot.as_ref().map_or(0, |snapshot| snapshot.void));
    let writer = Writer::create(disk, dir, uuid, number, last.next, (&standing, void))?;
    let writer = writer.in_parts(limits.part);
    let merge = Merge::new(disk, limits, snapshot.as_ref(), closed, 0);
    Ok(Compaction { number, writer, stage: Stage::Shards(Box::new(merge)), steps: 0 })
}

/// Closes the log and begins the next, unless there is nothing in it: then the next start would not
/// know it.
fn close_log(checkpoint: &mut Checkpoint) -> Result<(), Error> {
    let written = checkpoint.log.written();
    if written.first == written.next {
        return Ok(());
    }
    // The next log's head says that all before it is on the disk.
    checkpoint.log.sync()?;
    let Checkpoint { disk, dir, uuid, .. } = &*checkpoint;
    let (number, next) = (written.number + 1, written.next);
    checkpoint.log = Log::create(disk, dir, uuid, (LOGS, number), next, None, |_| Ok(()))?;
    checkpoint.closed.push(written);
    Ok(())
}

/// Goes on with the compaction of logs up to `number` that an earlier process has left, if it can be.
pub fn take_up(checkpoint: &mut Checkpoint, number: u64) -> Result<(), Error> {
    let Checkpoint { disk, dir, uuid, limits, snapshot, closed, .. } = &*checkpoint;
    let covered = closed.iter().filter(|log| log.number <= number).count();
    let last = covered.checked_sub(1).map(|last| &closed[last]);
    let writer = match last.filter(|last| last.number == number) {
        Some(last) => Writer::resume(disk, dir, uuid, number, last.next)?,
        None => None,
    };
    let Some((writer, from)) = writer else {
        let path = dir.join(temporary(&snapshot::name(number)));
        return disk.remove(&path).at(&path);
    };
    let writer = writer.in_parts(limits.part);
    let merge = Merge::new(disk, limits, snapshot.as_ref(), &closed[..covered], from);
    let stage = Stage::Shards(Box::new(merge));
    checkpoint.compaction = Some(Compaction { number, writer, stage, steps: 0 });
    Ok(())
}

fn go_on(
    checkpoint: &mut Checkpoint,
    mut compaction: Compaction,
) -> Result<Option<Compaction>, Error> {
    compaction.steps += 1;
    let writer = &mut compaction.writer;
    let next = match &mut compaction.stage {
        Stage::Shards(merge) => {
            let keys = checkpoint.keys;
            let is_more = merge.step(&mut |key, cell| match keys.split(key) {
                Some((Keyspace::Position, _)) if planted(Bug::ForgetPositions) => Ok(()),
                _ => writer.entry(shard(key), key, cell),
            })?;
            // A step ends where a shard ends, or before one; panes may come next.
            writer.close_part()?;
            let covered = checkpoint.closed.partition_point(|log| log.number <= compaction.number);
            let closed = &checkpoint.closed[..covered];
            let pieces = || pane_pieces(checkpoint.snapshot.as_ref(), closed);
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
    let covered = checkpoint.closed.partition_point(|log| log.number <= number);
    let names = checkpoint.closed[..covered].iter().map(|closed| LOGS.name(closed.number));
    let names: Vec<String> = names.chain(old).collect();
    if planted(Bug::RemoveBeforeDurable) {
        names.iter().try_for_each(|name| disk.remove(&dir.join(name)).at(dir))?;
    }
    writer.finish(&**disk, dir)?;
    checkpoint.snapshot = Some(Snapshot::open(&**disk, dir, uuid, number)?);
    checkpoint.closed.drain(..covered);
    if !planted(Bug::RemoveBeforeDurable) {
        checkpoint.garbage = names;
    }
    Ok(())
}
