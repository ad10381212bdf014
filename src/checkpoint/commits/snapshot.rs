//! A snapshot: all that a checkpoint's closed logs come to, in one file, shard by shard.
//!
//! ```text
//! snap-7   | head | shard 0 .. | shard 1 .. | ... | shard 255 .. | pane .. | pane .. | foot |
//! log-8                                                                  goes on from here
//! ```
//!
//! `snap-7` stands for log 7 and all before it. The head says where the commits had come to, and
//! how much of the write-ahead log a reset has forgotten; the foot, which has a fixed length, where
//! the panes begin, and that the file is whole. It is made of frames like a log, numbered from 0; but
//! it gets its name only when all of it is on the disk, so any bad frame in it is damage.
//!
//! One that a process has left half done goes on in the next: at the last border of shards up to which
//! a frame says that all was on the disk. What stands behind that is cut off.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::walk::Piece;
use crate::checkpoint::commits::commit::{Commit, Entries, PART, Standing, VERSION, put_entry};
use crate::checkpoint::frames::codec::{Take, put_bytes};
use crate::checkpoint::frames::log::take_version;
use crate::checkpoint::frames::{Found, Frame, HEAD, Kind, Reader, Seed};
use crate::checkpoint::{SHARDS, damaged, numbered, place, temporary};
use crate::disk::{Append, Disk};
use crate::error::{Context, Error};

/// How many bytes a foot takes.
const FOOT: u64 = HEAD as u64 + 33;

/// What is gathered before it is handed to the disk.
const BUFFER: usize = 1 << 20;

/// The name of the snapshot that stands for log `number` and all before it.
pub fn name(number: u64) -> String {
    format!("snap-{number}")
}

/// The number of the snapshot of this name, if it is one.
pub fn number(name: &str) -> Option<u64> {
    numbered("snap-", name)
}

fn seed(uuid: &[u8; 16], number: u64) -> Seed {
    Seed::new(uuid, b's', number)
}

/// A snapshot as its two ends describe it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The last log it stands for.
    pub number: u64,
    /// The number of the first frame of the log that follows.
    pub next: u64,
    /// Where the commits had come to.
    pub standing: Standing,
    /// Segments of the write-ahead log up to this number mean nothing: a reset has forgotten them.
    pub void: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many keys it holds.
    pub keys: u64,
    path: PathBuf,
    seed: Seed,
    head: u64,
    panes_at: u64,
    panes_lsn: u64,
}

impl Snapshot {
    /// Reads head and foot.
    pub fn open(
        disk: &dyn Disk,
        dir: &Path,
        uuid: &[u8; 16],
        number: u64,
    ) -> Result<Snapshot, Error> {
        let (path, seed) = (dir.join(name(number)), seed(uuid, number));
        let bytes = disk.len(&path).at(&path)?;
        let foot_at = bytes.saturating_sub(FOOT);
        let mut foot = vec![0; FOOT.min(bytes) as usize];
        let len = disk.read(&path, foot_at, &mut foot).at(&path)?;
        let foot = Frame::decode(seed, &foot[..len]).filter(|frame| frame.len() == FOOT);
        let foot = foot.and_then(|frame| decode_foot(&frame));
        let (keys, panes_at, panes_lsn) =
            foot.ok_or_else(|| damaged(&path, foot_at, "this is not how a snapshot ends"))?;
        let mut front = vec![0; bytes.min(HEAD as u64) as usize];
        disk.read(&path, 0, &mut front).at(&path)?;
        let len = Take(&front).u32().map_or(0, u64::from);
        let mut front = vec![0; bytes.min(HEAD as u64 + len) as usize];
        disk.read(&path, 0, &mut front).at(&path)?;
        let head = Frame::decode(seed, &front).filter(|frame| frame.lsn == 0);
        let (next, standing, void) = head
            .and_then(|frame| decode_head(&frame))
            .ok_or_else(|| damaged(&path, 0, "this is not how a snapshot begins"))?;
        let head = front.len() as u64;
        Ok(Snapshot {
            number,
            next,
            standing,
            void,
            bytes,
            keys,
            path,
            seed,
            head,
            panes_at,
            panes_lsn,
        })
    }

    /// Its shards.
    pub fn shards(&self) -> Piece {
        let (path, seed) = (self.path.clone(), self.seed);
        Piece { path, seed, bytes: self.head..self.panes_at, lsn: 1 }
    }

    /// Its panes.
    pub fn panes(&self) -> Piece {
        let (path, seed, bytes) = (self.path.clone(), self.seed, self.panes_at..self.bytes - FOOT);
        Piece { path, seed, bytes, lsn: self.panes_lsn }
    }
}

fn encode_head(next: u64, standing: &Standing, void: u64) -> Vec<u8> {
    let mut out = vec![VERSION];
    out.extend_from_slice(&next.to_le_bytes());
    out.extend_from_slice(&standing.chain.to_le_bytes());
    out.push(u8::from(standing.done));
    let commit = standing.commit.as_ref().map(|commit| commit.encode(Default::default()));
    put_bytes(&mut out, &commit.unwrap_or_default());
    if void > 0 {
        out.extend_from_slice(&void.to_le_bytes());
    }
    out
}

fn decode_head(frame: &Frame<'_>) -> Option<(u64, Standing, u64)> {
    let mut take = take_version(frame.payload).filter(|_| frame.kind == Kind::Head)?;
    let (next, chain, done) = (take.u64()?, take.u32()?, take.u8()? != 0);
    let commit = take.bytes()?;
    let commit = if commit.is_empty() { None } else { Some(Commit::decode(commit)?.0) };
    let void = if take.0.is_empty() { 0 } else { take.u64()? };
    // The first frame that a log can have is 1.
    let whole = take.0.is_empty() && next > 0;
    whole.then_some((next, Standing { commit, chain, done }, void))
}

fn decode_foot(frame: &Frame<'_>) -> Option<(u64, u64, u64)> {
    let mut take = take_version(frame.payload).filter(|_| frame.kind == Kind::Foot)?;
    let (keys, panes_at, panes_lsn, frames) = (take.u64()?, take.u64()?, take.u64()?, take.u64()?);
    (frames == frame.lsn).then_some((keys, panes_at, panes_lsn))
}

/// The shard that a part belongs to, and its entries.
pub fn shard_of_part(payload: &[u8]) -> Option<(usize, Take<'_>)> {
    let mut take = take_version(payload)?;
    Some((usize::from(take.u8()?), take))
}

/// The last border of shards up to which all frames are proven to be on the disk.
fn border(reader: &mut Reader) -> Result<Option<Border>, Error> {
    let (mut borders, mut proven, mut keys) = (Vec::<Border>::new(), 0, 0);
    while reader.advance()? == Found::Frame {
        let frame = reader.frame();
        proven = proven.max(frame.synced.min(frame.lsn));
        let part = (frame.kind == Kind::Changes).then(|| shard_of_part(frame.payload)).flatten();
        // Behind the shards a new one begins with the panes.
        let (shard, entries) = part.map_or((SHARDS, None), |(shard, part)| (shard, Some(part)));
        if borders.last().is_none_or(|last| last.shard != shard) {
            borders.push(Border { shard, lsn: frame.lsn, at: reader.offset(), keys });
        }
        match entries {
            Some(part) => keys += Entries(part).flatten().count() as u64,
            None => break,
        }
    }
    Ok(borders.into_iter().rfind(|border| border.lsn > 1 && border.lsn <= proven + 1))
}

/// A snapshot that is being written: first all shards, then all panes.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: Box<dyn Append>,
    number: u64,
    seed: Seed,
    lsn: u64,
    buffer: Vec<u8>,
    written: u64,
    synced: u64,
    /// How many frames are handed to the disk, and the number of the last that is on it.
    flushed: u64,
    proven: u64,
    part: Vec<u8>,
    /// A part is closed when it has this many bytes.
    limit: usize,
    keys: u64,
    panes: Option<(u64, u64)>,
}

/// Where a snapshot that was left half done can be gone on with.
#[derive(Clone, Copy, Debug)]
struct Border {
    /// The shard that comes next; the number of its first frame, and where that begins.
    shard: usize,
    lsn: u64,
    at: u64,
    /// How many keys stand before it.
    keys: u64,
}

impl Writer {
    /// Begins the snapshot of logs up to `number`, whose last frame is the one before `next`; segments
    /// of the write-ahead log up to `void` mean nothing.
    pub fn create(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        uuid: &[u8; 16],
        number: u64,
        next: u64,
        (standing, void): (&Standing, u64),
    ) -> Result<Writer, Error> {
        let path = dir.join(temporary(&name(number)));
        let (file, seed) = (disk.create(&path).at(&path)?, seed(uuid, number));
        let start = Border { shard: 0, lsn: 0, at: 0, keys: 0 };
        let mut writer = Writer::begin(path, file, number, seed, start);
        writer.frame(Kind::Head, &encode_head(next, standing, void))?;
        Ok(writer)
    }

    /// Goes on with the snapshot of logs up to `number`, the frame after which is `next`; also gives
    /// the shard that comes next. None if nothing of it can be used.
    pub fn resume(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        uuid: &[u8; 16],
        number: u64,
        next: u64,
    ) -> Result<Option<(Writer, usize)>, Error> {
        let (path, seed) = (dir.join(temporary(&name(number))), seed(uuid, number));
        let bytes = disk.len(&path).at(&path)?;
        let mut reader = Reader::new(disk, &path, seed, 0..bytes, Some(0));
        let is_head = reader.advance()? == Found::Frame
            && decode_head(&reader.frame()).is_some_and(|(after, ..)| after == next);
        let Some(border) = is_head.then(|| border(&mut reader)).transpose()?.flatten() else {
            return Ok(None);
        };
        let file = disk.reopen(&path, border.at).at(&path)?;
        Ok(Some((Writer::begin(path, file, number, seed, border), border.shard)))
    }

    fn begin(
        path: PathBuf,
        file: Box<dyn Append>,
        number: u64,
        seed: Seed,
        border: Border,
    ) -> Writer {
        let Border { lsn, at, keys, .. } = border;
        Writer {
            path,
            file,
            number,
            seed,
            lsn,
            buffer: Vec::new(),
            written: at,
            synced: at,
            flushed: lsn,
            proven: lsn.saturating_sub(1),
            part: Vec::new(),
            limit: PART,
            keys,
            panes: None,
        }
    }

    /// The same, in parts of so many bytes.
    pub fn in_parts(self, limit: usize) -> Writer {
        Writer { limit, ..self }
    }

    /// Adds a key of a shard; shards come in order.
    pub fn entry(&mut self, shard: usize, key: &[u8], cell: &[u8]) -> Result<(), Error> {
        if self.part.get(1).is_some_and(|&open| usize::from(open) != shard) {
            self.close_part()?;
        }
        if self.part.is_empty() {
            self.part.extend_from_slice(&[VERSION, shard as u8]);
        }
        put_entry(&mut self.part, key, Some(cell));
        self.keys += 1;
        if self.part.len() >= self.limit { self.close_part() } else { Ok(()) }
    }

    /// Ends a part.
    pub fn close_part(&mut self) -> Result<(), Error> {
        if self.part.is_empty() {
            return Ok(());
        }
        let mut part = std::mem::take(&mut self.part);
        let result = self.frame(Kind::Changes, &part);
        part.clear();
        self.part = part;
        result
    }

    /// Adds a part of a pane.
    pub fn pane(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.begin_panes();
        self.frame(Kind::Pane, payload)
    }

    fn begin_panes(&mut self) {
        self.panes.get_or_insert((self.written + self.buffer.len() as u64, self.lsn));
    }

    fn frame(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Error> {
        let frame = Frame { lsn: self.lsn, synced: self.proven, kind, payload };
        if frame.encode(self.seed, &mut self.buffer).is_none() {
            let len = payload.len();
            return Err(Error::Failed(format!("{}: {len} bytes at once", self.path.display())));
        }
        self.lsn += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let (len, at) = (self.buffer.len(), self.written);
        let result = self.file.append(&self.buffer);
        result.place(format_args!("{} ({len} bytes at {at})", self.path.display()))?;
        self.buffer.clear();
        self.written += len as u64;
        self.flushed = self.lsn;
        Ok(())
    }

    /// Syncs what there is if it is more than `limit`: the last sync is not to be a long one, and a
    /// process that ends loses no more than that.
    pub fn settle(&mut self, limit: u64) -> Result<(), Error> {
        if self.written + self.buffer.len() as u64 - self.synced >= limit {
            self.flush()?;
            self.file.sync().at(&self.path)?;
            (self.synced, self.proven) = (self.written, self.flushed - 1);
        } else if self.synced == self.written && !self.buffer.is_empty() {
            // The first frames after a sync say that it was; the next process is to read that.
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the snapshot and gives it its name; then the files it stands for are not needed.
    pub fn finish(mut self, disk: &dyn Disk, dir: &Path) -> Result<(), Error> {
        self.begin_panes();
        let (at, lsn) = self.panes.unwrap_or_default();
        let numbers = [self.keys, at, lsn, self.lsn].map(u64::to_le_bytes);
        self.frame(Kind::Foot, &[&[VERSION][..], &numbers.concat()].concat())?;
        self.flush()?;
        place(disk, &mut *self.file, dir, &name(self.number))
    }
}
