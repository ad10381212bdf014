//! Opening a checkpoint, and making one where there is none.
//!
//! What is not ours is not touched: before the lock file is made, what stands under the names of a
//! checkpoint must be nothing at all, a checkpoint, or the beginnings of one whose making was cut
//! short. Other names may be there, and stay as they are.
//!
//! ```text
//! nothing > DIR > lock > log-1 > meta       a checkpoint, from here on
//! ```

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::bug::{Bug, planted};
use super::commits::commit::Chain;
use super::commits::compact;
use super::commits::walk::Walk;
use super::frames::HEAD;
use super::lock::{self, Lock};
use super::meta::{Meta, Pipeline};
use super::names::Names;
use super::wal::backlog::Backlog;
use super::{Checkpoint, Limits};
use crate::checkpoint::commits::recover::{Recovered, recover};
use crate::checkpoint::frames::log::{LOGS, Log};
use crate::clock::Stamp;
use crate::disk::{Disk, read_whole};
use crate::error::{Context, Error};
use crate::units::{pasted, quoted};

/// What stands in a directory.
enum Stands {
    /// A checkpoint.
    Checkpoint,
    /// Nothing, or the first of these, of one that was never finished; and the second, of others.
    Beginnings(Vec<String>, Vec<String>),
}

/// See [`Checkpoint::open`].
pub fn open(
    disk: Arc<dyn Disk>,
    dir: &Path,
    pipeline: &Pipeline,
    limits: Limits,
) -> Result<Checkpoint, Error> {
    make_dir(&*disk, dir)?;
    // From here on it is this directory, even if another takes its name.
    let disk = disk.enter(dir).at(dir)?;
    survey(&*disk, dir)?;
    let lock = Lock::take(&*disk, dir)?;
    // Another process may have made it before we had the lock.
    match survey(&*disk, dir)? {
        Stands::Checkpoint => reopen(disk, dir, pipeline, limits, lock),
        Stands::Beginnings(begun, others) => {
            for path in begun.iter().map(|name| dir.join(name)) {
                disk.remove(&path).at(&path)?;
            }
            create(disk, dir, pipeline, limits, lock, others)
        }
    }
}

fn make_dir(disk: &dyn Disk, dir: &Path) -> Result<(), Error> {
    match disk.list(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
            match (disk.create_dir(dir), parent) {
                (Err(error), Some(parent)) if error.kind() == ErrorKind::NotFound => {
                    Err(homeless(dir, parent))
                }
                (made, _) => made.at(dir),
            }
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            let dir = dir.display();
            Err(Error::Refused(format!("--checkpoint {dir}: this is no directory")))
        }
        listed => listed.at(dir).map(drop),
    }
}

/// The refusal of a directory that is to be made in one that is not there.
fn homeless(dir: &Path, parent: &Path) -> Error {
    Error::Failed(format!(
        "--checkpoint {}: there is no directory {} to make it in; mkdir -p {} makes one",
        dir.display(),
        parent.display(),
        pasted(parent.as_os_str())
    ))
}

/// Makes the directory's own name last, whoever has made it.
fn sync_name(disk: &dyn Disk, dir: &Path) -> Result<(), Error> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    match disk.sync_dir(parent) {
        // One that we may not read is left to itself.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        synced => synced.at(parent),
    }
}

fn survey(disk: &dyn Disk, dir: &Path) -> Result<Stands, Error> {
    let names = Names::list(disk, dir)?;
    if names.has_meta {
        return Ok(Stands::Checkpoint);
    }
    let begun: Vec<String> = names.whole().chain(names.temporary.iter().cloned()).collect();
    let lock = names.has_lock.then_some(lock::NAME);
    for name in begun.iter().map(String::as_str).chain(lock) {
        let path = dir.join(name);
        let head = || read_whole(disk, &path, 64).at(&path);
        let is_ours = match name {
            lock::NAME => Lock::is_ours(&head()?),
            // A log without a commit: there is nothing in it to be lost.
            "log-1" | "log-1.tmp" => disk.len(&path).at(&path)? <= HEAD as u64 + 1,
            "meta.tmp" => Meta::is_begun(&head()?),
            _ => false,
        };
        if !is_ours {
            return Err(foreign(dir, name));
        }
    }
    Ok(Stands::Beginnings(begun, names.others))
}

/// The refusal of a directory in which a name is taken.
fn foreign(dir: &Path, name: &str) -> Error {
    let dir = dir.display();
    Error::Refused(format!(
        "--checkpoint {dir}: this is no checkpoint, and `{name}` in it has a name that one needs; \
         take another directory"
    ))
}

/// Refuses what is no checkpoint, for those who make none.
pub fn expect(disk: &dyn Disk, dir: &Path) -> Result<(), Error> {
    match Names::list(disk, dir)?.has_meta {
        true => Ok(()),
        false => Err(Error::Refused(format!("{}: this is no checkpoint", dir.display()))),
    }
}

fn create(
    disk: Arc<dyn Disk>,
    dir: &Path,
    pipeline: &Pipeline,
    limits: Limits,
    lock: Lock,
    others: Vec<String>,
) -> Result<Checkpoint, Error> {
    sync_name(&*disk, dir)?;
    let uuid = disk.random().at(dir)?;
    let log = Log::create(&disk, dir, &uuid, (LOGS, 1), 1, None, |_| Ok(()))?;
    let meta = Meta { uuid, pipeline: pipeline.clone(), is_reset: false };
    meta.write(&*disk, dir)?;
    let backlog = Backlog { next: 1, ..Backlog::default() };
    let found = Recovered { next: 1, backlog, others, ..Recovered::default() };
    Ok(assemble(disk, dir, &meta, limits, lock, log, found))
}

fn assemble(
    disk: Arc<dyn Disk>,
    dir: &Path,
    meta: &Meta,
    limits: Limits,
    lock: Lock,
    log: Log,
    found: Recovered,
) -> Checkpoint {
    Checkpoint {
        disk,
        dir: dir.to_path_buf(),
        uuid: meta.uuid,
        keys: meta.keys(),
        limits,
        snapshot: found.snapshot,
        closed: found.logs,
        log,
        standing: found.standing,
        last_first: found.last_first,
        chain: Chain::default(),
        paced: 0,
        needed: Stamp(i64::MIN),
        backlog: Some((found.highest + 1, found.backlog)),
        compaction: None,
        garbage: Vec::new(),
        others: found.others,
        broken: false,
        _lock: lock,
    }
}

fn reopen(
    disk: Arc<dyn Disk>,
    dir: &Path,
    pipeline: &Pipeline,
    limits: Limits,
    lock: Lock,
) -> Result<Checkpoint, Error> {
    // After a kill the names seen here may stand in the system's cache alone, and a power loss could
    // take `meta` and leave what is made next.
    disk.sync_dir(dir).at(dir)?;
    let mut meta = Meta::read(&*disk, dir)?;
    let uuid = meta.uuid;
    fits(dir, &meta, pipeline)?;
    let mut found = recover(&disk, dir, &uuid)?;
    can_read(dir, &found.backlog, pipeline)?;
    if planted(Bug::BelieveTheCache) {
        found.tail = None;
        if let Some(log) = found.tail_log.take() {
            found.next = log.next;
            found.logs.retain(|other| other.number != log.number);
            found.garbage.retain(|name| *name != LOGS.name(log.number));
            found.logs.push(log);
        }
    }
    let tail = Walk::new(&disk, found.tail.take().into_iter().collect());
    let number = found.highest + 1;
    let carry = |log: &mut Log| tail.carry(log);
    let log = Log::create(&disk, dir, &uuid, (LOGS, number), found.next, None, carry)?;
    // The new log's name is on the disk, and with it all names before: nothing else is needed.
    for path in found.garbage.iter().map(|name| dir.join(name)) {
        disk.remove(&path).at(&path)?;
    }
    if meta.is_reset {
        // Its log may still have what another source has read.
        let logs_rows = pipeline.logs_rows() || meta.pipeline.logs_rows();
        let pipeline = pipeline.clone().with_logged_rows(logs_rows);
        // Where positions are kept there are keys that tell them from those of the state.
        let has_positions = pipeline.has_positions() || meta.pipeline.has_positions();
        let pipeline = pipeline.with_positions(has_positions);
        meta = Meta { uuid, pipeline, is_reset: false };
        meta.write(&*disk, dir)?;
    }
    let half = found.half;
    let mut checkpoint = assemble(disk, dir, &meta, limits, lock, log, found);
    half.map_or(Ok(()), |number| compact::take_up(&mut checkpoint, number))?;
    Ok(checkpoint)
}

/// Refuses a pipeline that means something else than what the checkpoint holds.
fn fits(dir: &Path, meta: &Meta, is: &Pipeline) -> Result<(), Error> {
    let (was, place) = (&meta.pipeline, dir.display());
    let reset = format!("weir checkpoint reset {}", quoted(&dir.to_string_lossy()));
    let differences = was.differences(is);
    if !meta.is_reset && !differences.is_empty() {
        return Err(Error::Refused(format!(
            "--checkpoint {place}: of another pipeline: {}; `{reset} --keep-offsets` forgets its state \
             and goes on from where it was",
            differences.join(", ")
        )));
    }
    if meta.is_reset && !was.has_positions() {
        // It holds nothing, so that any source may come.
        return Ok(());
    }
    let why = match (was.source(), is.source()) {
        (was, is) if was != is => {
            let [was, is] = [was, is].map(Option::unwrap_or_default);
            format!("the positions it keeps are of `{was}`, and this is `{is}`")
        }
        _ if is.takes_either() || was.has_positions() == is.has_positions() => return Ok(()),
        _ if was.has_positions() => "it keeps positions, and this source has none".to_string(),
        _ => "it keeps no positions, and this source has some".to_string(),
    };
    Err(Error::Refused(format!("--checkpoint {place}: {why}; `{reset}` forgets all it holds")))
}

/// Refuses a source that gives something else than the log holds: another one may have read that, before a
/// reset that has kept it.
fn can_read(dir: &Path, backlog: &Backlog, is: &Pipeline) -> Result<(), Error> {
    let (was, gives, others) = match is.gives_pairs() {
        true => ("records", "pairs", backlog.amount.frames - backlog.pairs),
        false => ("pairs", "records", backlog.pairs),
    };
    if others == 0 {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "--checkpoint {}: the input in its log is {was}, and this source gives {gives}; \
         `weir checkpoint reset {}` forgets all it holds",
        dir.display(),
        quoted(&dir.to_string_lossy())
    )))
}
