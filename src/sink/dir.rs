//! `--output-dir DIR`: each batch is a file of its own, which is complete when it appears.
//!
//! ```text
//! begin    DIR/.batch-1544488281000.tsv.tmp      locked while it is written
//! end      sync the file, rename it without replacing anything, sync DIR
//!          DIR/batch-1544488281000.tsv
//! ```
//!
//! A hidden file that a killed run has left is removed at the next start, unless somebody holds its
//! lock: then it is the open batch of a run that is alive. A name that somebody else has taken meanwhile
//! is left to him, and the batch gets the next free one, a millisecond later.
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
//! A name that is taken is found by staging, when nothing is decided yet. Which directory it is, its
//! inode says, whatever it is called today and whichever way leads to it; the number of the device too,
//! unless the name is the same: that number may be another when the machine has started again. One that
//! was replaced gets the batch, if it has not got it.
//!
//! So such a file is never removed by a run without a checkpoint, and by one with a checkpoint only
//! when it is known which batch is owed: in `redeem`, or when the first batch is staged. A directory
//! is for one checkpoint.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::FORMATS;
use super::batch::{Batch, Promise};
use super::medium::{self, Identity, sync_name, write};
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
    time: Stamp,
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
        // A link may lead elsewhere tomorrow, and another way may lead here.
        let path = fs::canonicalize(path).at(path)?;
        let dir = Dir { path, extension, open: None, staged: None, is_clean: false };
        // What is no directory is found before anything is read.
        dir.left().map(|_| dir)
    }

    /// Which directory it is.
    fn identity(&self) -> Result<Identity, Error> {
        let found = fs::metadata(&self.path).at(&self.path)?;
        Ok(Identity { device: found.dev(), inode: found.ino() })
    }

    /// True if the promise was made in this directory.
    fn is_where(&self, promise: &Promise) -> Result<bool, Error> {
        let is_named = promise.name() == self.name();
        let Some(was) = promise.identity() else { return Ok(is_named) };
        let is = self.identity()?;
        Ok(was.inode == is.inode && (is_named || was.device == is.device))
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

    /// The name of the batch of a Time.
    fn name_of(&self, time: Stamp) -> String {
        format!("batch-{}.{}", time.0, self.extension)
    }

    /// Its name until it is complete; under a checkpoint it has a number.
    fn hidden(&self, time: Stamp, number: Option<u64>) -> PathBuf {
        let number = number.map(|number| format!(".{number}")).unwrap_or_default();
        self.path.join(format!(".{}{number}.tmp", self.name_of(time)))
    }

    /// Begins the file of a batch.
    fn hide(&self, time: Stamp, number: Option<u64>) -> io::Result<Hidden> {
        let (hidden, path) = (self.hidden(time, number), self.path.join(self.name_of(time)));
        if is_there(&path)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&hidden)?;
        lock(&file);
        Ok(Hidden { file, hidden, path, time, written: 0 })
    }

    /// Does something for the first Time from `time` on whose name nobody else has.
    fn free<T>(
        &self,
        mut time: Stamp,
        act: impl Fn(Stamp) -> io::Result<T>,
    ) -> (Stamp, io::Result<T>) {
        loop {
            match act(time) {
                Err(error) if is_taken(&error) => time = Stamp(time.0 + 1),
                done => return (time, done),
            }
        }
    }

    /// True if the batch of which no hidden file is left was handed out here.
    fn has(&self, batch: &Batch, promise: &Promise) -> Result<bool, Error> {
        if self.is_where(promise)? {
            return Ok(true);
        }
        let path = self.path.join(self.name_of(batch.time));
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            file => file.and_then(|file| holds(&file, promise)).at(&path),
        }
    }

    fn hand_out(&mut self, batch: &Batch) -> Result<(), Error> {
        self.stage(batch)?;
        Staged::publish(self, batch)
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

/// True if a file has this name.
fn is_there(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        found => found.map(|_| true),
    }
}

/// True if somebody else has the name.
fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

/// The refusal of a name that somebody else has.
fn taken(path: &Path) -> Error {
    let what = "is there already, and is not replaced; move it, or name another --output-dir";
    Error::Failed(format!("{}: {what}", path.display()))
}

/// The Time in the name of a batch with this extension.
fn time_of(name: &str, extension: &str) -> Option<Stamp> {
    let time = name.strip_prefix("batch-")?.strip_suffix(extension)?.strip_suffix('.')?;
    time.parse().ok().map(Stamp)
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
    fn take_up(hidden: PathBuf, path: PathBuf, time: Stamp) -> Result<Hidden, Error> {
        let file = OpenOptions::new().read(true).write(true).open(&hidden).at(&hidden)?;
        lock(&file);
        Ok(Hidden { file, hidden, path, time, written: 0 })
    }

    fn publish(&self) -> Result<(), Error> {
        match publish(&self.hidden, &self.path) {
            Err(error) if is_taken(&error) && is_same(&self.hidden, &self.path) => {
                fs::remove_file(&self.hidden).at(&self.hidden)
            }
            Err(error) if is_taken(&error) => Err(taken(&self.path)),
            published => published.at(&self.path),
        }
    }
}

/// True if a batch is in the file as it was promised.
fn holds(file: &File, promise: &Promise) -> io::Result<bool> {
    let len = file.metadata()?.len();
    let read = |at, into: &mut [u8]| file.read_at(into, at);
    Ok(len == promise.length && medium::crc(read, 0, len)? == promise.crc)
}

impl Output for Dir {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        let (time, hidden) = self.free(time, |time| self.hide(time, None));
        self.open = Some(hidden.at(&self.hidden(time, None))?);
        self.write(header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.open.as_mut().expect("a batch is begun before it is written").write(text)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        let open = self.open.as_ref().expect("a batch is begun before it ends");
        open.file.sync_all().at(&open.path)?;
        let name = |time| self.path.join(self.name_of(time));
        let (time, published) = self.free(open.time, |time| publish(&open.hidden, &name(time)));
        published.at(&name(time))?;
        self.open = None;
        self.sync()
    }

    fn times(&self) -> Result<Vec<Stamp>, Error> {
        let names = fs::read_dir(&self.path).at(&self.path)?;
        let names = names.map(|entry| entry.map(|entry| entry.file_name()).at(&self.path));
        let time = |name: OsString| time_of(name.to_str()?, self.extension);
        names.filter_map(|name| name.map(time).transpose()).collect()
    }
}

impl Staged for Dir {
    fn name(&self) -> Vec<u8> {
        output::name("dir", &self.path)
    }

    fn is_promised(&self, promise: &Promise) -> bool {
        // It may have been moved, or another way leads to it.
        let is = self.identity().map(|is| is.inode).ok();
        promise.target.starts_with(b"dir ")
            && is.is_some_and(|is| promise.identity().is_some_and(|was| was.inode == is))
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        if !self.is_clean {
            self.clean(|_| true)?;
        }
        let number = Some(batch.number);
        let mut hidden = match self.hide(batch.time, number) {
            Err(error) if is_taken(&error) => Err(taken(&self.path.join(self.name_of(batch.time)))),
            hidden => hidden.at(&self.hidden(batch.time, number)),
        }?;
        let written = batch
            .each(true, |piece| hidden.write(piece))
            .and_then(|()| hidden.file.sync_all().at(&hidden.path));
        // Until it is complete it goes with us.
        self.open = Some(hidden);
        written?;
        self.staged = self.open.take();
        self.sync()?;
        Ok(batch.promise(self.identity()?.target(self.name()), 0, true))
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
            return if self.has(batch, promise)? { self.sync() } else { self.hand_out(batch) };
        };
        let mut hidden = Hidden::take_up(hidden, path, batch.time)?;
        if !holds(&hidden.file, promise).at(&hidden.hidden)? {
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
