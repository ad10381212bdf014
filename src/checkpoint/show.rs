//! `weir checkpoint show`: what a checkpoint holds, for people. Nothing is locked or changed.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::backlog::{Amount, Backlog};
use super::birth;
use super::disk::Disk;
use super::frame::Kind;
use super::log::Written;
use super::merge::Merge;
use super::meta::Meta;
use super::record::{Record, decode_pane};
use super::recover::recover;
use super::snapshot::Snapshot;
use super::walk::Walk;
use super::{Limits, pane_pieces};
use crate::clock::Stamp;
use crate::error::Error;
use crate::sink::time::{Clockface, Style};

/// How often a stream may take files away under us before we give up.
const ATTEMPTS: usize = 5;

/// Describes the checkpoint in `dir`, which a stream may be using.
pub fn show(disk: &Arc<dyn Disk>, dir: &Path) -> Result<String, Error> {
    birth::expect(&**disk, dir)?;
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
    let Meta { uuid, pipeline } = Meta::read(&**disk, dir)?;
    let found = recover(disk, dir, &uuid)?;
    let mut text = String::new();
    let typed = pipeline.map(|pipeline| pipeline.typed());
    line(&mut text, "pipeline", typed.as_deref().unwrap_or("any: it was reset"));
    let owed = "its output is owed: the next start begins with it";
    let done = if found.standing.done { "its output is out" } else { owed };
    match &found.standing.record {
        Some(record) => describe_record(&mut text, record, done),
        None => line(&mut text, "record", "none"),
    }
    let Backlog { segments, amount, .. } = &found.backlog;
    let Amount { frames, bytes, .. } = amount;
    let s = if *frames == 1 { "" } else { "s" };
    line(&mut text, "unread", &format!("{bytes} bytes of input in {frames} frame{s} of its log"));
    let mut logs = found.logs;
    if let Some(log) = found.tail_log {
        logs.retain(|other| other.number != log.number);
        logs.push(log);
    }
    let snapshot = found.snapshot.as_ref();
    let (keys, panes) = count(disk, snapshot, &logs)?;
    line(&mut text, "keys", &keys.to_string());
    line(&mut text, "panes", &panes.to_string());
    if let Some(Snapshot { number, bytes, keys, .. }) = snapshot {
        line(&mut text, &format!("snap-{number}"), &format!("{bytes} bytes, {keys} keys"));
    }
    let mut file = |name: String, bytes: u64| line(&mut text, &name, &format!("{bytes} bytes"));
    logs.iter().for_each(|log| file(format!("log-{}", log.number), log.bytes));
    segments.iter().for_each(|wal| file(format!("wal-{}", wal.number), wal.bytes));
    line(&mut text, "uuid", &format!("{:032x}", u128::from_be_bytes(uuid)));
    Ok(text)
}

/// A line for people: what it is about, and what there is to say.
fn line(text: &mut String, about: &str, what: &str) {
    let _ = writeln!(text, "{about:<9} {what}");
}

fn describe_record(text: &mut String, record: &Record, done: &str) {
    let Record { n, time, from, to, outputs, wal, began, .. } = record;
    line(text, "began", &moment(*began));
    line(text, "record", &format!("{n}; {done}"));
    line(text, "time", &moment(*time));
    if !to.is_empty() {
        line(text, "input", &format!("from {} to {}", readable(from), readable(to)));
    }
    if *wal > 0 {
        line(text, "input", &format!("up to frame {wal} of its log"));
    }
    for output in outputs {
        let (target, before, length) = (readable(&output.target), output.before, output.length);
        line(text, "output", &format!("{length} bytes at byte {before} of {target}"));
    }
}

/// A moment as the formats write it, in UTC, and its milliseconds, by which files are named.
fn moment(time: Stamp) -> String {
    let mut text = Vec::new();
    Clockface::new(true, Style::Rfc3339).styled(&mut text, time);
    format!("{}, {} ms", String::from_utf8_lossy(&text), time.0)
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
