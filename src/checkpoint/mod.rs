//! The checkpoint: what a stream has come to, in a directory that survives anything.
//!
//! ```text
//!                 append n, sync            compact_step ...
//! batch n ──────────> log-5 ──────────────────> snap-5 (stands for log-5 and all before it)
//!    └── publish, done n ──^                    log-6  (goes on meanwhile)
//!
//! DIR/ lock    who has it                       lock.rs
//!      meta    whose it is, of which pipeline   meta.rs
//!      log-K   commits, frame by frame          frames/, commits/commit.rs
//!      snap-K  all that logs 1 to K come to     commits/: snapshot.rs, merge.rs, compact.rs
//!      wal-K   input that no commit covers yet  wal/
//! ```
//!
//! One append a batch decides. Commit n holds the positions that have moved, the changed cells, the pane,
//! and what the batch is to write; when [`Checkpoint::sync`] has returned it is committed, whatever
//! happens. State is the fold of commits 0 to n, and nothing else ever is: a directory is read as
//! exactly that, or refused. Output is published after the sync and before commit n + 1, and
//! [`Checkpoint::done`] says that it was; if that is missing at a start, the output is still owed.
//!
//! Input that cannot be asked for again goes into the write-ahead log first ([`Checkpoint::wal`]); a
//! commit says how far of it the batches have come.
//!
//! After any error a checkpoint takes nothing more: what the disk holds is then known only to the
//! next start. What cells, panes, positions and outputs mean is for the callers to know.

pub(crate) mod bug;
pub mod commits;
mod frames;
mod held;
mod keyspace;
mod lock;
pub mod meta;
mod names;
mod open;
mod reset;
mod show;
#[cfg(test)]
pub(crate) mod tests;
mod wal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::bug::{Bug, planted};
use self::commits::commit::{self, Chain, Changes, Commit, PART, Standing, encode_done};
use self::commits::compact::{self, Compaction};
use self::commits::snapshot::Snapshot;
use self::frames::Kind;
use self::frames::log::{Log, Written};
use self::keyspace::Keys;
use self::lock::Lock;
use self::wal::backlog::Backlog;
use crate::clock::Stamp;
use crate::disk::{Append, Disk};
use crate::error::{Context, Error};
use crate::units::quoted;

pub use self::frames::input::{Body, Input};
pub use self::frames::rows::Rows;
pub use self::held::{Noted, Positions};
pub use self::reset::{Forgotten, forget};
pub use self::show::{Look, look};
pub use self::wal::Wal;
pub use self::wal::backlog::{Amount, Unread};
pub use self::wal::syncer::Syncer;

/// How many shards a snapshot has: a shard is a byte.
const SHARDS: usize = 256;

/// How much is written, held and done at once; tests make it small.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The logs are compacted when they have this many bytes, and no less than the snapshot has.
    pub log: u64,
    /// The logs are compacted when they are so many files.
    pub logs: usize,
    /// How much of the logs' bytes a compaction holds in memory, or a fourth of them if that is more.
    pub held: u64,
    /// How many bytes one step of a compaction reads or writes, about.
    pub step: u64,
    /// How many bytes of a new snapshot are left to the system's cache.
    pub settle: u64,
    /// A segment of the write-ahead log is full when it has this many bytes.
    pub segment: u64,
    /// A part of a commit or a snapshot is closed when it has this many bytes; a single longer entry
    /// makes a longer part.
    pub part: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        let (log, held, step) = (16 << 20, 32 << 20, 1 << 20);
        Limits { log, logs: 64, held, step, settle: 4 << 20, segment: 64 << 20, part: PART }
    }
}

/// A checkpoint that is open, and locked.
#[derive(Debug)]
pub struct Checkpoint {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    uuid: [u8; 16],
    /// How its keys are written.
    keys: Keys,
    limits: Limits,
    snapshot: Option<Snapshot>,
    /// The logs since the snapshot that are closed, and the open one.
    closed: Vec<Written>,
    log: Log,
    standing: Standing,
    /// The number of the first frame of the commit that was the last one at the start.
    last_first: u64,
    /// The parts of the commit that is being made.
    chain: Chain,
    /// How long the log was when tidying up ended last.
    paced: u64,
    /// Panes before this Time are not needed.
    needed: Stamp,
    /// What the write-ahead log held at the start, and the number of its next segment.
    backlog: Option<(u64, Backlog)>,
    compaction: Option<Compaction>,
    /// Files that are not needed.
    garbage: Vec<String>,
    /// Names in the directory that are not the checkpoint's.
    others: Vec<String>,
    broken: bool,
    _lock: Lock,
}

impl Checkpoint {
    /// Opens the checkpoint in `dir`, or makes one there if there is nothing yet.
    ///
    /// One of another pipeline is refused, and so is one that is damaged as far as its logs tell;
    /// damage in the snapshot shows when [`Checkpoint::state`] or [`Checkpoint::panes`] reads it.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        pipeline: &meta::Pipeline,
        limits: Limits,
    ) -> Result<Checkpoint, Error> {
        open::open(disk, dir, pipeline, limits)
    }

    /// Its directory, as it was named.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What no other checkpoint is called, whatever its directory is.
    pub fn name(&self) -> String {
        self.uuid.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is to be said of a directory that held more than the checkpoint at the start.
    pub fn beside(&self) -> Option<String> {
        let (first, rest) = self.others.split_at(self.others.len().min(3));
        let more =
            if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let (dir, first) = (self.dir.display(), first.join(", "));
        (!first.is_empty()).then(|| {
            format!(
                "{dir} also holds what is not the checkpoint's, and is left alone: {first}{more}"
            )
        })
    }

    /// The last commit; none in a new checkpoint.
    pub fn last(&self) -> Option<&Commit> {
        self.standing.commit.as_ref()
    }

    /// True if the last commit's output is out, or there is none.
    pub fn is_done(&self) -> bool {
        self.standing.done || self.standing.commit.is_none()
    }

    /// The number of the next commit.
    pub fn next(&self) -> u64 {
        self.last().map_or(0, |last| last.n + 1)
    }

    /// How many bytes a part of a commit has, about.
    pub fn part(&self) -> usize {
        self.limits.part
    }

    /// No changes yet, to be filled with those of a commit.
    pub fn changes(&self) -> Changes {
        Changes::of(self.keys, self.limits.part)
    }

    /// How many bytes its logs and its snapshot have; what the write-ahead log has comes on top.
    pub fn bytes(&self) -> u64 {
        let logs = self.closed.iter().map(|log| log.bytes).sum::<u64>() + self.log.written().bytes;
        logs + self.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes)
    }

    /// Appends a part of the pane of the next commit, whose Time is `time`: for what is too long to
    /// be held whole.
    pub fn pane_part(&mut self, time: Stamp, bytes: &[u8]) -> Result<(), Error> {
        self.guarded(|this| {
            let part = commit::encode_pane_part(time, this.chain.parts, bytes);
            this.chain.part(&part);
            this.log.append(Kind::Pane, &part)
        })
    }

    /// Appends the next commit and hands it to the system; it is committed after [`Checkpoint::sync`].
    pub fn append(&mut self, commit: Commit, changes: &Changes) -> Result<(), Error> {
        self.guarded(|this| {
            if commit.n != this.next() {
                let (dir, n, next) = (this.dir.display(), commit.n, this.next());
                return Err(Error::Failed(format!("{dir}: record {n} instead of {next}")));
            }
            let mut chain = std::mem::take(&mut this.chain);
            chain.before = this.standing.chain;
            for part in &changes.parts {
                chain.part(part);
                this.log.append(Kind::Changes, part)?;
            }
            let payload = commit.encode(chain);
            this.log.append(Kind::Commit, &payload)?;
            let chain = crc32c::crc32c(&payload);
            let done = commit.outputs.is_empty();
            this.standing = Standing { commit: Some(commit), chain, done };
            this.log.flush()
        })
    }

    /// Returns when all that was appended is on the disk: the commit.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.guarded(|this| this.log.sync())
    }

    /// Says that the output of commit `n`, the last one, is out. Not synced: the next commit is.
    pub fn done(&mut self, n: u64) -> Result<(), Error> {
        self.guarded(|this| {
            if this.last().map(|last| last.n) != Some(n) {
                let dir = this.dir.display();
                return Err(Error::Failed(format!("{dir}: {n} is not the last record")));
            }
            this.standing.done = true;
            this.log.append(Kind::Done, &encode_done(n))?;
            this.log.flush()
        })
    }

    /// Opens the write-ahead log, once, before the first commit is appended: its end, for more input,
    /// and what it holds beyond the last commit, which comes before that.
    ///
    /// No segment is begun before something is appended, unless there is input that must be written
    /// again; so a stream that does without the log just appends nothing.
    pub fn wal(&mut self) -> Result<(Wal, Unread), Error> {
        self.guarded(|this| {
            let Some((number, backlog)) = this.backlog.take() else {
                let dir = this.dir.display();
                return Err(Error::Failed(format!("{dir}: the write-ahead log is open already")));
            };
            let Checkpoint { disk, dir, uuid, limits, .. } = &*this;
            Wal::open(disk, dir, *uuid, limits.segment, number, backlog)
        })
    }

    /// Says that panes before `from` are not needed any more; they go with the next compaction.
    pub fn keep_panes_from(&mut self, from: Stamp) {
        self.needed = self.needed.max(from);
    }

    /// Tidies up as much as is due for what was appended since the last call.
    ///
    /// A compaction reads each byte of the logs up to four times, and writes it and the snapshot once
    /// more. Twelve bytes for each that was appended are enough for it to end before the logs have
    /// grown by half of what they were; where earlier processes have left more, it is to be faster.
    pub fn tidy(&mut self) -> Result<(), Error> {
        let bytes = self.log.written().bytes;
        let pace = if compact::quarters(self) < 5 { 12 } else { 36 };
        let steps = 2 + pace * bytes.saturating_sub(self.paced) / self.limits.step;
        let steps = if planted(Bug::RestartForever) { 1 } else { steps };
        for _ in 0..steps {
            if !self.compact_step()? {
                break;
            }
        }
        self.paced = self.log.written().bytes;
        self.relieve(|| false)
    }

    /// Tidies up all that is due, because nothing will come: what a process has left half done, the
    /// next one begins again.
    pub fn tidy_all(&mut self) -> Result<(), Error> {
        while self.compact_step()? {}
        Ok(())
    }

    /// Tidies up what is nearly over, because the process ends.
    pub fn tidy_rest(&mut self) -> Result<(), Error> {
        self.guarded(compact::rest)
    }

    /// Compacts what is overdue, however long that takes, unless `gives_up` says that it is enough:
    /// called at a start, before anything comes on top of what earlier processes have left.
    pub fn relieve(&mut self, mut gives_up: impl FnMut() -> bool) -> Result<(), Error> {
        self.guarded(|this| {
            if compact::is_overdue(this) {
                while !gives_up() && compact::step(this)? {}
            }
            Ok(())
        })
    }

    /// Does a little of what there is to tidy up; false if that is nothing, for now.
    ///
    /// It is called between batches, as often as there is time for: a step takes some milliseconds,
    /// and syncs at most `Limits::settle` bytes.
    pub fn compact_step(&mut self) -> Result<bool, Error> {
        self.guarded(compact::step)
    }

    /// All logs since the snapshot.
    fn logs(&self) -> Vec<Written> {
        let mut logs = self.closed.clone();
        logs.push(self.log.written());
        logs
    }

    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.broken {
            let dir = self.dir.display();
            return Err(Error::Failed(format!("{dir}: not usable after an earlier failure")));
        }
        let result = act(self);
        self.broken = result.is_err() && !planted(Bug::SyncAgain);
        result
    }
}

/// What the name of a file that is not whole yet ends with.
const TEMPORARY: &str = ".tmp";

/// The name that a file has until it is whole.
fn temporary(name: &str) -> String {
    format!("{name}{TEMPORARY}")
}

/// The number behind `prefix` in a name, if that is how a checkpoint writes it.
///
/// Numbers count files, so none is near the greatest that there can be.
fn numbered(prefix: &str, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let number = digits.parse().ok().filter(|number| (1..=u64::MAX / 2).contains(number))?;
    (number.to_string() == digits).then_some(number)
}

/// Gives a file that was written under its temporary name its own: it is never seen half written.
fn place(disk: &dyn Disk, file: &mut dyn Append, dir: &Path, name: &str) -> Result<(), Error> {
    let (temp, path) = (dir.join(temporary(name)), dir.join(name));
    // Data first, then the name: a rename may reach the disk before the bytes it points to.
    if !planted(Bug::NameBeforeBytes) {
        file.sync().at(&temp)?;
    }
    // Only `meta` is ever replaced; under any other name whatever stands there is somebody else's.
    let renamed =
        if name == meta::NAME { disk.replace(&temp, &path) } else { disk.rename(&temp, &path) };
    renamed.at(&path)?;
    // The name itself lives in the directory and is lost without this.
    if planted(Bug::NoDirectorySync) { Ok(()) } else { disk.sync_dir(dir).at(dir) }
}

/// A file is not what it must be.
fn damaged(path: &Path, offset: u64, what: &str) -> Error {
    let dir = path.parent().unwrap_or(path).to_string_lossy();
    Error::Refused(format!(
        "{}, byte {offset}: damaged: {what}; `weir checkpoint reset {}` forgets all it holds",
        path.display(),
        quoted(&dir)
    ))
}
