//! Recovery: from the files of a checkpoint to what is believed of them. Nothing is written here.
//!
//! Snapshot, then logs, frame by frame: what they say is folded into one [`Standing`]. Which frames
//! are believed is `belief`'s matter. Those that are sound but not proven count too, but only after
//! they have been written again, into the next log.

use std::path::Path;
use std::sync::Arc;

use super::belief::Past;
use super::snapshot::{self, Snapshot};
use super::walk::Piece;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::{Chain, Commit, Standing, decode_done};
use crate::checkpoint::frames::log::{LOGS, SEGMENTS, Written};
use crate::checkpoint::frames::{Frame, Kind};
use crate::checkpoint::names::Names;
use crate::checkpoint::wal::backlog::Backlog;
use crate::checkpoint::{damaged, temporary};
use crate::disk::Disk;
use crate::error::Error;

/// What was found.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The snapshot that everything goes on from.
    pub snapshot: Option<Snapshot>,
    /// The logs after it, as far as they are proven.
    pub logs: Vec<Written>,
    /// The frames after those: to be written again before they are believed.
    pub tail: Option<Piece>,
    /// The log that they stand in, to their end.
    pub tail_log: Option<Written>,
    /// The number of the first of them.
    pub next: u64,
    /// Where all that together has come to.
    pub standing: Standing,
    /// The number of the first frame of the last commit, parts included.
    pub last_first: u64,
    /// What the write-ahead log holds beyond the last commit.
    pub backlog: Backlog,
    /// The greatest number of a file of whatever kind.
    pub highest: u64,
    /// The number of a snapshot that was left half done, and may be gone on with.
    pub half: Option<u64>,
    /// Files that hold nothing any more.
    pub garbage: Vec<String>,
    /// Names that are not the checkpoint's.
    pub others: Vec<String>,
}

impl Recovered {
    /// The logs with all frames that are sound, also those that are not proven.
    pub fn all_logs(&self) -> Vec<Written> {
        let mut logs = self.logs.clone();
        if let Some(tail) = &self.tail_log {
            logs.retain(|log| log.number != tail.number);
            logs.push(tail.clone());
        }
        logs
    }
}

/// Reads all logs, and of the snapshot its two ends.
pub fn recover(disk: &Arc<dyn Disk>, dir: &Path, uuid: &[u8; 16]) -> Result<Recovered, Error> {
    let mut names = Names::list(&**disk, dir)?;
    let mut garbage = names.temporary.clone();
    let last = names.snapshots.pop();
    let snapshot = last.map(|number| Snapshot::open(&**disk, dir, uuid, number)).transpose()?;
    garbage.extend(names.snapshots.iter().map(|&number| snapshot::name(number)));
    let mut covered = snapshot.as_ref().map_or(0, |snapshot| snapshot.number);
    let half = names.half_snapshot().filter(|&number| number > covered);
    let half_name = half.map(|number| temporary(&snapshot::name(number)));
    garbage.retain(|name| Some(name) != half_name.as_ref());
    if planted(Bug::TrustTheCut) {
        covered = half.unwrap_or(0).max(covered);
    }
    if planted(Bug::KeepTheCut) {
        garbage.clear();
    }
    let (old, logs): (Vec<u64>, _) = names.logs.iter().partition(|&&number| number <= covered);
    garbage.extend(old.into_iter().map(|number| LOGS.name(number)));

    let standing = snapshot.as_ref().map_or_else(Standing::default, |snap| snap.standing.clone());
    let next = snapshot.as_ref().map_or(1, |snapshot| snapshot.next);
    let mut readers = Vec::new();
    for number in logs {
        readers.push(Past::open(disk, dir, uuid, LOGS, number)?);
    }
    if readers.is_empty() && snapshot.is_none() {
        return Err(damaged(&dir.join("log-1"), 0, "it is gone, and no snapshot is there"));
    }
    let (pending, chain) = (Vec::new(), Chain::default());
    let mut replay = Replay { standing, next, pending, chain, open: next, last_first: next };
    let mut written = Vec::new();
    for at in 0..readers.len() {
        let limit = readers.get(at + 1).map(|log| log.first);
        written.push(replay.log(disk, &mut readers[at], limit)?);
    }
    let Replay { standing, next, pending, last_first, .. } = replay;
    let (tail_log, tail) = unproven(pending.last(), written.last(), next).unzip();
    garbage.extend(
        written.iter().filter(|log| log.first == log.next).map(|log| LOGS.name(log.number)),
    );
    written.retain(|log| log.first < log.next);
    let void = snapshot.as_ref().map_or(0, |snapshot| snapshot.void);
    let (old, segments): (Vec<_>, Vec<_>) = names.segments.iter().partition(|&&at| at <= void);
    let read = standing.commit.as_ref().map_or(0, |commit| commit.wal);
    let mut backlog = Backlog::find(disk, dir, uuid, &segments, read)?;
    garbage.extend(old.into_iter().map(|number| SEGMENTS.name(number)));
    garbage.append(&mut backlog.garbage);
    let (logs, highest, others) = (written, names.highest, names.others);
    Ok(Recovered {
        snapshot,
        logs,
        tail,
        tail_log,
        next,
        standing,
        last_first,
        backlog,
        highest,
        half,
        garbage,
        others,
    })
}

/// The log with frames from `next` on that nothing proves to be on the disk, and where in it these are.
fn unproven(last: Option<&Pending>, log: Option<&Written>, next: u64) -> Option<(Written, Piece)> {
    let (last, log) = last.zip(log)?;
    let (path, seed, bytes) = (log.path.clone(), log.seed, log.bytes..last.end);
    let tail = Piece { path, seed, bytes, lsn: next };
    Some((Written { next: last.lsn + 1, bytes: last.end, ..log.clone() }, tail))
}

/// A frame that nothing proves to be on the disk yet.
struct Pending {
    lsn: u64,
    end: u64,
    kind: Kind,
}

/// What the frames read so far come to.
struct Replay {
    standing: Standing,
    /// The number of the first frame that is not proven.
    next: u64,
    /// The frames from there on.
    pending: Vec<Pending>,
    /// The parts since the last commit.
    chain: Chain,
    /// The number of the first frame since the last commit, and that of the last commit's own.
    open: u64,
    last_first: u64,
}

impl Replay {
    /// Reads a log up to the frame `limit`, with which the next log begins; the last one to its end.
    fn log(
        &mut self,
        disk: &Arc<dyn Disk>,
        log: &mut Past,
        limit: Option<u64>,
    ) -> Result<Written, Error> {
        if log.first != self.next {
            let what = format!("frames {} to {} are missing before it", self.next, log.first);
            return Err(damaged(log.path(), 0, &what));
        }
        let mut bytes = log.end();
        let extent = log.read(disk, limit, 0, |frame, end, proven| {
            self.frame(frame)?;
            self.pending.push(Pending { lsn: frame.lsn, end, kind: frame.kind });
            self.prove(proven, &mut bytes);
            Some(())
        })?;
        self.prove(extent.proven, &mut bytes);
        self.cut();
        let (path, seed, number, first) =
            (log.path().to_path_buf(), log.seed, log.number, log.first);
        Ok(Written { path, seed, number, first, next: self.next, bytes })
    }

    /// Takes frames up to `proven` for granted; `bytes` is where the last of them ends.
    fn prove(&mut self, proven: u64, bytes: &mut u64) {
        let count = self.pending.partition_point(|frame| frame.lsn <= proven);
        if let Some(last) = self.pending.drain(..count).next_back() {
            *bytes = last.end;
            self.next = last.lsn + 1;
        }
    }

    /// Drops the parts of a commit that never came.
    fn cut(&mut self) {
        let whole = |frame: &Pending| matches!(frame.kind, Kind::Commit | Kind::Done);
        let len = self.pending.iter().rposition(whole).map_or(0, |last| last + 1);
        self.pending.truncate(len);
        self.chain = Chain::default();
    }

    /// Takes in a frame; `None` if it does not go on where the last one ended.
    fn frame(&mut self, frame: &Frame<'_>) -> Option<()> {
        match frame.kind {
            Kind::Changes | Kind::Pane => self.chain.part(frame.payload),
            Kind::Commit => {
                let (commit, chain) = Commit::decode(frame.payload)?;
                let expected = self.standing.commit.as_ref().map_or(0, |last| last.n + 1);
                self.chain.before = self.standing.chain;
                (commit.n == expected && chain == self.chain).then_some(())?;
                self.chain = Chain::default();
                let chain = crc32c::crc32c(frame.payload);
                // What has no output has nothing to be done with.
                let done = commit.outputs.is_empty();
                self.standing = Standing { commit: Some(commit), chain, done };
                (self.last_first, self.open) = (self.open, frame.lsn + 1);
            }
            Kind::Done => {
                let last = self.standing.commit.as_ref()?;
                (decode_done(frame.payload)? == last.n).then_some(())?;
                self.standing.done = true;
                self.open = frame.lsn + 1;
            }
            Kind::Head | Kind::Foot | Kind::Input => return None,
        }
        Some(())
    }
}
