//! `--output-dir DIR`: each batch is a file of its own, which is complete when it appears.
//!
//! ```text
//! begin    DIR/.batch-1544488281000.tsv.tmp      locked while it is written
//! end      sync the file, rename it without replacing anything, sync DIR
//!          DIR/batch-1544488281000.tsv
//! ```
//!
//! A hidden file that a killed run has left is removed at the next start, unless somebody holds its
//! lock: then it is the open batch of a run that is alive.
//!
//! With a checkpoint the hidden file has the number of its batch as well. It is on the disk before the
//! batch is decided on, so after a crash it tells whether the batch is out:
//!
//! ```text
//! stage    DIR/.batch-1544488281000.tsv.7.tmp    written, synced; DIR synced
//! publish  DIR/batch-1544488281000.tsv           renamed, DIR synced
//! redeem   .7.tmp is there: renamed now          it is not: the batch was out already
//! ```
//!
//! So such a file is never removed by a run without a checkpoint, and by one with a checkpoint only
//! when it is known which batch is owed: in `redeem`, or when the first batch is staged. A directory
//! is for one checkpoint.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::FORMATS;
use super::batch::{Batch, Promise};
use super::medium::{self, sync_name, write};
use super::output::{self, Output, Staged};
use crate::clock::Stamp;
use crate::error::{Context, Error};

/// A directory of batches.
pub struct Dir {
    path: PathBuf,
    extension: &'static str,
    open: Option<Hidden>,
    /// The batch that is complete and has no name yet.
    staged: Option<Hidden>,
    /// True if there is nothing left of runs before.
    is_clean: bool,
}

/// The file of a batch, before it has its name.
struct Hidden {
    file: File,
    hidden: PathBuf,
    path: PathBuf,
    written: u64,
}

impl Dir {
    /// Makes the directory if it is missing, and removes what killed runs have left.
    pub fn open(path: &Path, extension: &'static str) -> Result<Dir, Error> {
        let mut dir = Dir::open_staged(path, extension)?;
        dir.clean(|number| number.is_none())?;
        Ok(dir)
    }

    /// Makes the directory if it is missing, and removes nothing yet.
    pub fn open_staged(path: &Path, extension: &'static str) -> Result<Dir, Error> {
        match fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).at(path);
            }
            // Whoever has made it may not have got so far.
            _ => sync_name(path).at(path)?,
        }
        let path = path.to_path_buf();
        let dir = Dir { path, extension, open: None, staged: None, is_clean: false };
        // What is no directory is found before anything is read.
        dir.left().map(|_| dir)
    }

    /// The hidden files that are there, with the names that they are to have, and their numbers.
    fn left(&self) -> Result<Vec<(PathBuf, PathBuf, Option<u64>)>, Error> {
        let mut left = Vec::new();
        for entry in fs::read_dir(&self.path).at(&self.path)? {
            let entry = entry.at(&self.path)?;
            if let Some((name, number)) = entry.file_name().to_str().and_then(batch_of) {
                left.push((entry.path(), self.path.join(name), number));
            }
        }
        Ok(left)
    }

    /// Removes what dead runs have left, as far as its number `is_void`.
    fn clean(&mut self, is_void: impl Fn(Option<u64>) -> bool) -> Result<(), Error> {
        for (hidden, _, _) in self.left()?.iter().filter(|left| is_void(left.2)) {
            remove_left_over(hidden).at(hidden)?;
        }
        self.is_clean = true;
        Ok(())
    }

    /// Begins the file of a batch; under a checkpoint it has a number.
    fn hide(&self, time: Stamp, number: Option<u64>) -> Result<Hidden, Error> {
        let name = format!("batch-{}.{}", time.0, self.extension);
        let number = number.map(|number| format!(".{number}")).unwrap_or_default();
        let hidden = self.path.join(format!(".{name}{number}.tmp"));
        let file = OpenOptions::new().write(true).create_new(true).open(&hidden).at(&hidden)?;
        lock(&file);
        Ok(Hidden { file, hidden, path: self.path.join(name), written: 0 })
    }

    fn sync(&self) -> Result<(), Error> {
        File::open(&self.path).and_then(|dir| dir.sync_all()).at(&self.path)
    }
}

/// Tells others that the file is in use. A file system without locks has no way to tell who is alive;
/// that is no reason to fail.
fn lock(file: &File) {
    let _ = flock(file, FlockOperation::NonBlockingLockExclusive);
}

/// Of the name of a hidden file, the name that the batch is to have, and its number.
fn batch_of(name: &str) -> Option<(String, Option<u64>)> {
    let inner = name.strip_prefix(".batch-")?.strip_suffix(".tmp")?;
    let mut parts = inner.splitn(3, '.');
    let (time, extension) = (parts.next()?.parse::<i64>().ok()?, parts.next()?);
    let number = parts.next().map(str::parse).transpose().ok()?;
    let is_ours = FORMATS.iter().any(|spec| spec.extension == extension);
    is_ours.then(|| (format!("batch-{time}.{extension}"), number))
}

/// Removes the file of a run that is dead. One that is alive may rename its own meanwhile.
fn remove_left_over(path: &Path) -> io::Result<()> {
    let removed = File::open(path).and_then(|file| {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Ok(()),
            _ => fs::remove_file(path),
        }
    });
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Gives a file its name; an error if there is another one of that name.
fn publish(hidden: &Path, path: &Path) -> io::Result<()> {
    match renameat_with(CWD, hidden, CWD, path, RenameFlags::NOREPLACE) {
        // The file system cannot rename like this, as NFS.
        Err(Errno::INVAL | Errno::NOSYS) => publish_by_link(hidden, path),
        renamed => Ok(renamed?),
    }
}

/// The same in two steps: a link replaces nothing either.
fn publish_by_link(hidden: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(hidden, path)?;
    fs::remove_file(hidden)
}

/// True if both are names of one file, as between those two steps.
fn is_same(hidden: &Path, path: &Path) -> bool {
    let file = |path| fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()));
    file(hidden).is_ok_and(|hidden| file(path).is_ok_and(|path| path == hidden))
}

impl Hidden {
    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        write(&mut self.file, &self.path, text, &mut self.written)
    }

    /// Takes up a file that a run before has left.
    fn take_up(hidden: PathBuf, path: PathBuf) -> Result<Hidden, Error> {
        let file = OpenOptions::new().read(true).write(true).open(&hidden).at(&hidden)?;
        lock(&file);
        Ok(Hidden { file, hidden, path, written: 0 })
    }

    /// True if the batch is in it as it was promised.
    fn holds(&self, promise: &Promise) -> io::Result<bool> {
        let len = self.file.metadata()?.len();
        let read = |at, into: &mut [u8]| self.file.read_at(into, at);
        Ok(len == promise.length && medium::crc(read, 0, len)? == promise.crc)
    }

    fn publish(&self) -> Result<(), Error> {
        match publish(&self.hidden, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if is_same(&self.hidden, &self.path) {
                    return fs::remove_file(&self.hidden).at(&self.hidden);
                }
                let what = "is there already, and is not replaced; move it, or name another";
                let path = self.path.display();
                Err(Error::Failed(format!("{path}: {what} --output-dir")))
            }
            published => published.at(&self.path),
        }
    }
}

impl Output for Dir {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.open = Some(self.hide(time, None)?);
        self.write(header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.open.as_mut().expect("a batch is begun before it is written").write(text)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        let open = self.open.as_ref().expect("a batch is begun before it ends");
        open.file.sync_all().at(&open.path)?;
        open.publish()?;
        self.open = None;
        self.sync()
    }
}

impl Staged for Dir {
    fn name(&self) -> Vec<u8> {
        output::name("dir", &self.path)
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        if !self.is_clean {
            self.clean(|_| true)?;
        }
        let mut hidden = self.hide(batch.time, Some(batch.number))?;
        let written = batch
            .each(true, |piece| hidden.write(piece))
            .and_then(|()| hidden.file.sync_all().at(&hidden.path));
        // Until it is complete it goes with us.
        self.open = Some(hidden);
        written?;
        self.staged = self.open.take();
        self.sync()?;
        Ok(batch.promise(self.name(), 0, true))
    }

    fn publish(&mut self, _: &Batch) -> Result<(), Error> {
        self.staged.take().expect("a batch is staged before it is published").publish()?;
        self.sync()
    }

    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error> {
        let owed = Some(batch.number);
        self.clean(|number| number != owed)?;
        let name = format!("batch-{}", batch.time.0);
        let ours = |left: &(PathBuf, PathBuf, _)| {
            left.2 == owed && left.1.file_stem().is_some_and(|stem| *stem == *name)
        };
        let Some((hidden, path, _)) = self.left()?.into_iter().find(ours) else {
            return self.sync();
        };
        let mut hidden = Hidden::take_up(hidden, path)?;
        if !hidden.holds(promise).at(&hidden.hidden)? {
            // In place: were it ever gone, the batch would count as out.
            hidden.file.set_len(0).at(&hidden.hidden)?;
            batch.each(true, |piece| hidden.write(piece))?;
        }
        // What it holds may be in the system's memory alone, if a start before this one wrote it.
        if let Err(error) = hidden.file.sync_all() {
            let _ = hidden.file.set_len(0);
            return Err(error).at(&hidden.path);
        }
        self.staged = Some(hidden);
        self.publish(batch)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if let Some(open) = &self.open {
            // The run has failed, which was said; the next start would remove it too.
            let _ = fs::remove_file(&open.hidden);
        }
    }
}

#[cfg(test)]
mod tests;
