//! `weir checkpoint show`: what a checkpoint holds, for people. Nothing is locked or changed.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::backlog::Backlog;
use super::birth::foreign;
use super::disk::Disk;
use super::frame::Kind;
use super::log::Written;
use super::merge::{Merge, Walk};
use super::meta::{self, Meta};
use super::record::{Record, decode_pane};
use super::recover::recover;
use super::snapshot::Snapshot;
use super::{Limits, pane_pieces};
use crate::error::{Context, Error};

/// How often a stream may take files away under us before we give up.
const ATTEMPTS: usize = 5;

/// Describes the checkpoint in `dir`, which a stream may be using.
pub fn show(disk: &Arc<dyn Disk>, dir: &Path) -> Result<String, Error> {
    if !disk.list(dir).at(dir)?.iter().any(|name| name == meta::NAME) {
        return Err(foreign(dir));
    }
    let mut attempt = 1;
    loop {
        // A compaction removes files that were just listed; then there is a new snapshot to read.
        match describe(disk, dir) {
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            shown => return shown,
        }
    }
}

fn describe(disk: &Arc<dyn Disk>, dir: &Path) -> Result<String, Error> {
    let meta = Meta::read(&**disk, dir)?;
    let found = recover(disk, dir, &meta.uuid)?;
    // The last line is the checksum of the others, and says nothing.
    let mut text: String =
        meta.encode().split_inclusive('\n').filter(|line| !line.starts_with("crc ")).collect();
    let done = if found.standing.done { "done" } else { "its output is owed" };
    match &found.standing.record {
        Some(record) => describe_record(&mut text, record, done),
        None => text.push_str("no record\n"),
    }
    let mut logs = found.logs;
    if let Some(log) = found.tail_log {
        logs.retain(|other| other.number != log.number);
        logs.push(log);
    }
    let snapshot = found.snapshot.as_ref();
    let (keys, panes) = count(disk, snapshot, &logs)?;
    let _ = writeln!(text, "keys {keys}\npanes {panes}");
    if let Some(Snapshot { number, bytes, keys, .. }) = snapshot {
        let _ = writeln!(text, "snap-{number} {bytes} bytes {keys} keys");
    }
    for log in &logs {
        let _ = writeln!(text, "log-{} {} bytes", log.number, log.bytes);
    }
    let Backlog { segments, amount, .. } = &found.backlog;
    for segment in segments {
        let _ = writeln!(text, "wal-{} {} bytes", segment.number, segment.bytes);
    }
    if !segments.is_empty() {
        let _ = writeln!(text, "unread {} frames {} bytes", amount.frames, amount.bytes);
    }
    Ok(text)
}

fn describe_record(text: &mut String, record: &Record, done: &str) {
    let Record { n, time, from, to, outputs, wal, began, chunks: _ } = record;
    let _ = writeln!(text, "record {n} {done}\ntime {}\nbegan {}", time.0, began.0);
    let _ = writeln!(text, "from {}\nto {}\nwal {wal}", readable(from), readable(to));
    for output in outputs {
        let (target, before, length) = (readable(&output.target), output.before, output.length);
        let _ = writeln!(text, "output {target} {length} bytes at {before}");
    }
}

/// Text as it is, other bytes as hexadecimal digits.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_string(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// How many keys and panes there are.
fn count(
    disk: &Arc<dyn Disk>,
    snapshot: Option<&Snapshot>,
    logs: &[Written],
) -> Result<(u64, u64), Error> {
    let (mut keys, mut panes) = (0, 0);
    let mut merge = Merge::new(disk, &Limits::default(), snapshot, logs);
    let mut visit = |_: &[u8], _: &[u8]| {
        keys += 1;
        Ok(())
    };
    while merge.step(&mut visit)? {}
    let mut walk = Walk::new(disk, pane_pieces(snapshot, logs));
    while walk.advance()? {
        let frame = walk.frame();
        if frame.kind == Kind::Pane {
            let (_, part, _) = decode_pane(frame.payload).ok_or_else(|| walk.nonsense())?;
            panes += u64::from(part == 0);
        }
    }
    Ok((keys, panes))
}
