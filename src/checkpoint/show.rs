//! `weir checkpoint show`: what a checkpoint holds. Nothing is locked or changed.
//!
//! A [`Look`] is what stands in the directory at one moment; [`Look::text`] is for people,
//! [`Look::json`] for programs. What cells and panes mean is for the engine to say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::commits::merge::Merge;
use super::commits::recover::recover;
use super::commits::snapshot::{self, Snapshot};
use super::commits::walk::Walk;
use super::frames::Kind;
use super::frames::log::Written;
use super::held::{pane_pieces, panes};
use super::keyspace::{Keys, Keyspace};
use super::meta::{Meta, Pipeline};
use super::names::Names;
use super::open;
use super::{Limits, Noted};
use crate::checkpoint::commits::commit::{Commit, Standing, decode_pane};
use crate::checkpoint::wal::backlog::{Amount, Backlog};
use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::disk::Disk;
use crate::error::{Context, Error};
use crate::source::files::shown;
use crate::units::counted;

/// How often a stream may take files away under us before we give up.
const ATTEMPTS: usize = 5;

/// A checkpoint as it stands.
#[derive(Debug)]
pub struct Look {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    meta: Meta,
    snapshot: Option<Snapshot>,
    logs: Vec<Written>,
    standing: Standing,
    backlog: Backlog,
    /// Its files but the lock, and how many bytes each has.
    files: Vec<(String, u64)>,
}

/// Looks at the checkpoint in `dir`, which a stream may be using; `act` may be called again.
pub fn look<T>(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    act: impl Fn(&Look) -> Result<T, Error>,
) -> Result<T, Error> {
    let disk = disk.enter(dir).at(dir)?;
    open::expect(&*disk, dir)?;
    let mut attempt = 1;
    loop {
        // A compaction removes files that were just listed; then there is a new snapshot to read.
        match Look::at(&disk, dir).and_then(|look| act(&look)) {
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            seen => return seen,
        }
    }
}

impl Look {
    fn at(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Look, Error> {
        let meta = Meta::read(&**disk, dir)?;
        let found = recover(disk, dir, &meta.uuid)?;
        let logs = found.all_logs();
        let names = Names::list(&**disk, dir)?;
        let all = names.whole().chain(names.temporary.iter().cloned());
        // What has gone meanwhile takes no place.
        let files = all.map(|name| {
            let bytes = disk.len(&dir.join(&name)).unwrap_or(0);
            (name, bytes)
        });
        Ok(Look {
            disk: disk.clone(),
            dir: dir.to_path_buf(),
            meta,
            snapshot: found.snapshot,
            logs,
            standing: found.standing,
            backlog: found.backlog,
            files: files.collect(),
        })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The pipeline; none after a reset.
    pub fn pipeline(&self) -> Option<&Pipeline> {
        Some(&self.meta.pipeline).filter(|_| !self.meta.is_reset)
    }

    /// The last commit.
    pub fn last(&self) -> Option<&Commit> {
        self.standing.commit.as_ref()
    }

    /// Gives each key and what is held of it to `visit`.
    pub fn state(
        &self,
        mut visit: impl FnMut(Noted<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.each(|space, key, cell| match space {
            Keyspace::State => visit((key, Some(cell))),
            Keyspace::Position => Ok(()),
        })
    }

    /// Gives each key of whatever keyspace, and what is held of it, to `visit`.
    fn each(
        &self,
        mut visit: impl FnMut(Keyspace, &[u8], &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (snapshot, limits, keys) =
            (self.snapshot.as_ref(), Limits::default(), self.meta.keys());
        let mut merge = Merge::new(&self.disk, &limits, snapshot, &self.logs, 0);
        while merge.step(&mut |written, cell| {
            let (space, key) = keys.split(written).ok_or_else(|| self.nonsense(written))?;
            visit(space, key, cell)
        })? {}
        Ok(())
    }

    /// Says that a key is of no keyspace.
    fn nonsense(&self, key: &[u8]) -> Error {
        let (dir, key) = (self.dir.display(), readable(key));
        Error::Refused(format!("{dir}: damaged: {key} is neither of state nor of a position"))
    }

    /// Gives the panes of Time `from` and later to `visit`, in the order of their commits.
    pub fn panes(
        &self,
        from: Stamp,
        visit: impl FnMut(Stamp, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        panes(&self.disk, pane_pieces(self.snapshot.as_ref(), &self.logs), from, visit)
    }

    /// Counts what there is.
    fn count(&self) -> Result<Counted, Error> {
        let mut counted = Counted::default();
        self.each(|space, key, cell| {
            match space {
                Keyspace::State => counted.keys += 1,
                Keyspace::Position => {
                    drop(counted.positions.insert(key.to_vec(), cell.to_vec()));
                }
            }
            Ok(())
        })?;
        let mut walk = Walk::new(&self.disk, pane_pieces(self.snapshot.as_ref(), &self.logs));
        while walk.advance()? {
            let frame = walk.frame();
            if frame.kind == Kind::Pane {
                let (_, part, _) = decode_pane(frame.payload).ok_or_else(|| walk.nonsense())?;
                counted.panes += u64::from(part == 0);
            }
        }
        Ok(counted)
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }

    fn typed(&self) -> Option<String> {
        self.pipeline().map(Pipeline::typed)
    }

    fn uuid(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.meta.uuid))
    }

    /// What there is, a line each.
    pub fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        let source = self.meta.pipeline.source();
        let any = source.map_or("any".to_string(), |source| format!("any that reads {source}"));
        let pipeline = self.typed().unwrap_or_else(|| format!("{any}: it was reset"));
        line(&mut text, "pipeline", &pipeline);
        match self.last() {
            Some(commit) => describe(&mut text, commit, self.standing.done),
            None => line(&mut text, "batch", "none"),
        }
        let Amount { records, bytes, .. } = self.backlog.amount;
        let (records, bytes) = (counted(records, "record"), counted(bytes, "byte"));
        line(&mut text, "unread", &format!("{records} of input in its log, {bytes}"));
        let Counted { keys, panes, positions } = self.count()?;
        list(&mut text, source, &positions);
        line(&mut text, "keys", &keys.to_string());
        line(&mut text, "panes", &panes.to_string());
        let files = counted(self.files.len() as u64, "file");
        line(&mut text, "on disk", &format!("{} in {files}", size(self.bytes())));
        for (name, bytes) in &self.files {
            let of_snapshot =
                self.snapshot.as_ref().filter(|of| snapshot::name(of.number) == *name);
            let what = of_snapshot.map(|Snapshot { keys, .. }| match self.meta.keys() {
                Keys::Plain => format!(", {}", counted(*keys, "key")),
                Keys::Spaced => format!(", {keys} keys and positions"),
            });
            let bytes = counted(*bytes, "byte");
            line(&mut text, name, &format!("{bytes}{}", what.unwrap_or_default()));
        }
        line(&mut text, "uuid", &self.uuid());
        Ok(text)
    }

    /// The same as one object, in a line.
    pub fn json(&self) -> Result<String, Error> {
        let Counted { keys, panes, positions } = self.count()?;
        let Amount { frames, records, bytes } = self.backlog.amount;
        let files = self.files.iter().map(|(name, bytes)| (name.clone(), json!(bytes)));
        let last = self.last();
        let outputs = last.iter().flat_map(|commit| &commit.outputs);
        let positions = positions.iter();
        let positions =
            positions.map(|(part, position)| (readable(part), readable(position).into()));
        let outputs = outputs.map(|output| {
            json!({
                "target": readable(&output.output.encode()),
                "at": output.before,
                "bytes": output.length,
            })
        });
        let object = json!({
            "directory": self.dir.to_string_lossy(),
            "pipeline": self.typed(),
            "began": last.map(|commit| rfc3339(commit.began)),
            "began_ms": last.map(|commit| commit.began.0),
            "record": last.map(|commit| commit.n),
            "done": self.standing.done || last.is_none(),
            "time": last.map(|commit| rfc3339(commit.time)),
            "time_ms": last.map(|commit| commit.time.0),
            "input": {
                "from": last.map(|commit| readable(&commit.from)),
                "to": last.map(|commit| readable(&commit.to)),
                "log": last.map(|commit| commit.wal),
            },
            "outputs": outputs.collect::<Vec<Value>>(),
            "unread": { "records": records, "bytes": bytes, "frames": frames },
            "positions": positions.collect::<Map<String, Value>>(),
            "keys": keys,
            "panes": panes,
            "bytes": self.bytes(),
            "files": files.collect::<Map<String, Value>>(),
            "uuid": self.uuid(),
        });
        Ok(format!("{object}\n"))
    }
}

/// What there is in a checkpoint.
#[derive(Default)]
struct Counted {
    keys: u64,
    panes: u64,
    /// The last position of each part of the input.
    positions: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// So many positions are shown to people.
const SHOWN: usize = 10;

/// Says how far parts of the input are read, and how many more there are; of files in a table.
fn list(text: &mut String, source: Option<&str>, positions: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let all = positions.iter().map(|(part, position)| (&part[..], &position[..]));
    let of_files = source.filter(|source| ["files", "stdin"].contains(source));
    if let Some(lines) = of_files.and_then(|_| shown::lines(all)) {
        lines.iter().for_each(|(about, what)| line(text, about, what));
        return;
    }
    for (part, position) in positions.iter().take(SHOWN) {
        line(text, "position", &format!("{} of {}", readable(position), readable(part)));
    }
    if positions.len() > SHOWN {
        line(text, "position", &format!("and of {} more", positions.len() - SHOWN));
    }
}

/// A line for people: what it is about, and what there is to say.
fn line(text: &mut String, about: &str, what: &str) {
    let _ = writeln!(text, "{about:<9} {what}");
}

fn describe(text: &mut String, commit: &Commit, done: bool) {
    let owed = "its output is owed: the next start begins with it";
    let done = if done { "its output is out" } else { owed };
    line(text, "began", &moment(commit.began));
    line(text, "batch", &format!("{}; {done}", commit.n));
    line(text, "time", &moment(commit.time));
    if !commit.to.is_empty() {
        let (from, to) = (readable(&commit.from), readable(&commit.to));
        line(text, "input", &format!("from {from} to {to}"));
    }
    if commit.wal > 0 {
        line(text, "input", &format!("up to entry {} of its log", commit.wal));
    }
    for output in &commit.outputs {
        let (target, before, length) =
            (readable(&output.output.encode()), output.before, counted(output.length, "byte"));
        line(text, "output", &format!("{length} at byte {before} of {target}"));
    }
}

/// A moment as the formats write it, in UTC.
fn rfc3339(time: Stamp) -> String {
    let mut text = Vec::new();
    Clockface::new(true, Style::Rfc3339).styled(&mut text, time);
    String::from_utf8_lossy(&text).into_owned()
}

/// The same, and its milliseconds, by which files are named.
fn moment(time: Stamp) -> String {
    format!("{}, {} ms", rfc3339(time), time.0)
}

/// A size as people say it, in the units that flags take.
fn size(bytes: u64) -> String {
    let units = [(30, "G"), (20, "M"), (10, "K")];
    match units.iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => {
            let tenths = (u128::from(bytes) * 10) >> shift;
            format!("{}.{}{unit}", tenths / 10, tenths % 10)
        }
        None => counted(bytes, "byte"),
    }
}

/// Text as it is, other bytes as hexadecimal digits.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_string(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_largest_unit_of_which_there_is_one() {
        let sizes = [0, 1023, 1024, 1590, (1 << 20) - 1, 36_895_993, 5 << 30].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.0K", "1.5K", "1023.9K", "35.1M", "5.0G"]);
    }
}
