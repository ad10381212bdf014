//! Recovery: from the files of a checkpoint to what is believed of them. Nothing is written here.
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
//! S (none here) are believed too, but only after they have been written again, into the next log.

use std::path::Path;
use std::sync::Arc;

use super::bug::{Bug, planted};
use super::damaged;
use super::disk::Disk;
use super::frame::{Found, Frame, Kind, Reader, Seed, synced_anywhere};
use super::log::{self, Written};
use super::record::{Chain, Record, decode_done};
use super::snapshot::{self, Snapshot};
use crate::error::{Context, Error};

/// Where the records have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last record.
    pub record: Option<Record>,
    /// Its checksum, which the next one carries.
    pub chain: u32,
    /// True if its output is out.
    pub done: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The snapshot that everything goes on from.
    pub snapshot: Option<Snapshot>,
    /// The logs after it, as far as they are proven.
    pub logs: Vec<Written>,
    /// The frames after those: to be written again before they are believed.
    pub tail: Vec<(Kind, Vec<u8>)>,
    /// The log that they stand in, to their end.
    pub tail_log: Option<Written>,
    /// The number of the first of them.
    pub next: u64,
    /// Where all that together has come to.
    pub standing: Standing,
    /// The greatest number of a file of whatever kind.
    pub highest: u64,
    /// Files that hold nothing any more.
    pub garbage: Vec<String>,
}

/// The files of a checkpoint by their names.
#[derive(Debug, Default)]
struct Names {
    logs: Vec<u64>,
    snapshots: Vec<u64>,
    temporary: Vec<String>,
    highest: u64,
}

impl Names {
    fn list(disk: &dyn Disk, dir: &Path) -> Result<Names, Error> {
        let mut names = Names::default();
        for name in disk.list(dir).at(dir)? {
            let stem = name.strip_suffix(".tmp").unwrap_or(&name);
            let number = |prefix| stem.strip_prefix(prefix)?.parse::<u64>().ok();
            let (log, snapshot) = (number("log-"), number("snap-"));
            names.highest = names.highest.max(log.or(snapshot).unwrap_or(0));
            match (log, snapshot) {
                _ if stem.len() < name.len() => names.temporary.push(name),
                (Some(log), _) => names.logs.push(log),
                (_, Some(snapshot)) => names.snapshots.push(snapshot),
                _ => {}
            }
        }
        names.logs.sort_unstable();
        names.snapshots.sort_unstable();
        Ok(names)
    }
}

/// The greatest number of a file in `dir`.
pub fn highest(disk: &dyn Disk, dir: &Path) -> Result<u64, Error> {
    Ok(Names::list(disk, dir)?.highest)
}

/// Reads all logs, and of the snapshot its two ends.
pub fn recover(disk: &Arc<dyn Disk>, dir: &Path, uuid: &[u8; 16]) -> Result<Recovered, Error> {
    let mut names = Names::list(&**disk, dir)?;
    let mut garbage = std::mem::take(&mut names.temporary);
    let snapshot = match names.snapshots.pop() {
        Some(number) => Some(Snapshot::open(&**disk, dir, uuid, number)?),
        None => None,
    };
    garbage.extend(names.snapshots.iter().map(|&number| snapshot::name(number)));
    let covered = snapshot.as_ref().map_or(0, |snapshot| snapshot.number);
    let (old, logs): (Vec<u64>, _) = names.logs.iter().partition(|&&number| number <= covered);
    garbage.extend(old.into_iter().map(log::name));

    let standing = snapshot.as_ref().map_or_else(Standing::default, |snap| snap.standing.clone());
    let next = snapshot.as_ref().map_or(1, |snapshot| snapshot.next);
    let mut readers = Vec::new();
    for number in logs {
        readers.push((number, open_log(disk, dir, uuid, number)?));
    }
    if readers.is_empty() && snapshot.is_none() {
        return Err(damaged(&dir.join("log-1"), 0, "it is gone, and no snapshot is there"));
    }
    let mut replay = Replay { standing, next, pending: Vec::new(), chain: Chain::default() };
    let mut written = Vec::new();
    for at in 0..readers.len() {
        let limit = readers.get(at + 1).map(|(_, log)| log.first);
        written.push(replay.log(disk, &mut readers[at], limit)?);
    }
    let Replay { standing, next, pending, .. } = replay;
    let tail_log = pending.last().zip(written.last()).map(|(tail, log)| {
        let (path, seed, number, first) = (log.path.clone(), log.seed, log.number, log.first);
        Written { path, seed, number, first, next: tail.lsn + 1, bytes: tail.end }
    });
    garbage.extend(
        written.iter().filter(|log| log.first == log.next).map(|log| log::name(log.number)),
    );
    written.retain(|log| log.first < log.next);
    let tail = pending.into_iter().map(|frame| (frame.kind, frame.payload)).collect();
    let highest = names.highest;
    Ok(Recovered { snapshot, logs: written, tail, tail_log, next, standing, highest, garbage })
}

/// A log that is being read, behind its head.
struct Opened {
    reader: Reader,
    seed: Seed,
    first: u64,
    bytes: u64,
}

fn open_log(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    uuid: &[u8; 16],
    number: u64,
) -> Result<Opened, Error> {
    let (path, seed) = (dir.join(log::name(number)), Seed::new(uuid, log::LETTER, number));
    let bytes = disk.len(&path).at(&path)?;
    let mut reader = Reader::new(disk, &path, seed, 0..bytes, None);
    // A log has its name only since its head was on the disk.
    let first = match reader.advance()? {
        Found::Frame => log::decode_head(&reader.frame()),
        Found::End | Found::Bad => None,
    };
    let first = first.ok_or_else(|| damaged(&path, 0, "this is not how a log begins"))?;
    Ok(Opened { reader, seed, first, bytes })
}

/// A frame that nothing proves to be on the disk yet.
struct Pending {
    lsn: u64,
    end: u64,
    kind: Kind,
    payload: Vec<u8>,
}

/// What the frames read so far come to.
struct Replay {
    standing: Standing,
    /// The number of the first frame that is not proven.
    next: u64,
    /// The frames from there on.
    pending: Vec<Pending>,
    /// The parts since the last record.
    chain: Chain,
}

impl Replay {
    /// Reads a log up to the frame `limit`, with which the next log begins; the last one to its end.
    fn log(
        &mut self,
        disk: &Arc<dyn Disk>,
        (number, log): &mut (u64, Opened),
        limit: Option<u64>,
    ) -> Result<Written, Error> {
        let reader = &mut log.reader;
        let path = reader.path().to_path_buf();
        if log.first != self.next {
            let what = format!("frames {} to {} are missing before it", self.next, log.first);
            return Err(damaged(&path, 0, &what));
        }
        let (mut lsn, mut proven) = (log.first, log.first - 1);
        let mut bytes = reader.end();
        let mut found = Found::Frame;
        while limit != Some(lsn) {
            found = reader.advance()?;
            if found != Found::Frame {
                break;
            }
            let (frame, end) = (reader.frame(), reader.end());
            self.frame(&frame).ok_or_else(|| damaged(&path, reader.offset(), "out of place"))?;
            let payload = frame.payload.to_vec();
            self.pending.push(Pending { lsn, end, kind: frame.kind, payload });
            proven = proven.max(frame.synced.min(frame.lsn));
            self.prove(proven, &mut bytes);
            lsn += 1;
        }
        let proven = match limit {
            Some(limit) => limit - 1,
            None if found == Found::Bad => proven.max(claimed_beyond(disk, log, lsn)?),
            None => proven,
        };
        let reader = &log.reader;
        if lsn <= proven && !planted(Bug::CutRegardless) {
            return Err(damaged(&path, reader.offset(), "a frame does not fit its checksum"));
        }
        self.prove(proven.min(lsn - 1), &mut bytes);
        self.cut();
        let (seed, number, first) = (log.seed, *number, log.first);
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

    /// Drops the parts of a record that never came.
    fn cut(&mut self) {
        let whole = |frame: &Pending| matches!(frame.kind, Kind::Record | Kind::Done);
        let len = self.pending.iter().rposition(whole).map_or(0, |last| last + 1);
        self.pending.truncate(len);
        self.chain = Chain::default();
    }

    /// Takes in a frame; `None` if it does not go on where the last one ended.
    fn frame(&mut self, frame: &Frame<'_>) -> Option<()> {
        match frame.kind {
            Kind::Changes | Kind::Pane => self.chain.part(frame.payload),
            Kind::Record => {
                let (record, chain) = Record::decode(frame.payload)?;
                let expected = self.standing.record.as_ref().map_or(0, |last| last.n + 1);
                self.chain.before = self.standing.chain;
                (record.n == expected && chain == self.chain).then_some(())?;
                self.chain = Chain::default();
                let chain = crc32c::crc32c(frame.payload);
                self.standing = Standing { record: Some(record), chain, done: false };
            }
            Kind::Done => {
                let last = self.standing.record.as_ref()?;
                (decode_done(frame.payload)? == last.n).then_some(())?;
                self.standing.done = true;
            }
            Kind::Head | Kind::Foot => return None,
        }
        Some(())
    }
}

/// What sound frames behind the bad one that should be frame `lsn` say was synced.
fn claimed_beyond(disk: &Arc<dyn Disk>, log: &Opened, lsn: u64) -> Result<u64, Error> {
    let (path, at) = (log.reader.path(), log.reader.offset());
    let mut bytes = vec![0; log.bytes.saturating_sub(at) as usize];
    let len = disk.read(path, at, &mut bytes).at(path)?;
    Ok(synced_anywhere(log.seed, lsn, &bytes[..len]).unwrap_or(0))
}
