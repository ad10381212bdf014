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

use std::io;
use std::path::{Path, PathBuf};

use super::batch::{Batch, OutputId, Promise};
use super::output::{Output, Staged};
use crate::clock::Stamp;
use crate::disk::Disk;
use crate::disk::folder::Folder;
use crate::disk::medium::{self, Medium, write};
use crate::error::{Context, Error};

/// How a checkpoint calls this output.
const KIND: &str = "dir";

/// A directory of batches.
pub struct Dir {
    path: PathBuf,
    folder: Box<dyn Folder>,
    extension: &'static str,
    open: Option<Hidden>,
    /// The batch that is complete and has no name yet.
    staged: Option<Hidden>,
    /// True if there is nothing left of runs before.
    is_clean: bool,
}

/// The file of a batch, before it has its name.
struct Hidden {
    file: Box<dyn Medium>,
    hidden: String,
    name: String,
    time: Stamp,
    written: u64,
}

impl Dir {
    /// Makes the directory if it is missing, and removes what killed runs have left.
    pub fn open(disk: &dyn Disk, path: &Path, extension: &'static str) -> Result<Dir, Error> {
        let mut dir = Dir::open_staged(disk, path, extension)?;
        dir.clean(|number| number.is_none())?;
        Ok(dir)
    }

    /// Makes the directory if it is missing, and removes nothing yet.
    pub fn open_staged(
        disk: &dyn Disk,
        path: &Path,
        extension: &'static str,
    ) -> Result<Dir, Error> {
        let (folder, path) = disk.folder(path).at(path)?;
        let dir = Dir { path, folder, extension, open: None, staged: None, is_clean: false };
        // What is no directory is found before anything is read.
        dir.left().map(|_| dir)
    }

    /// True if the promise was made in this directory.
    fn is_where(&self, promise: &Promise) -> Result<bool, Error> {
        let (is, was) = (self.id_now()?, &promise.output);
        Ok(is.is_same_place(was) && (is.is_named_as(was) || is.is_same_device(was)))
    }

    /// Which output it is, and which directory that is now.
    fn id_now(&self) -> Result<OutputId, Error> {
        Ok(OutputId::at(KIND, &self.path, Some(self.folder.identity().at(&self.path)?)))
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        self.folder.names().at(&self.path)
    }

    /// The hidden files that are there, with the names that they are to have, and their numbers.
    fn left(&self) -> Result<Vec<(String, String, Option<u64>)>, Error> {
        let batch = |hidden: String| batch_of(&hidden).map(|(name, number)| (hidden, name, number));
        Ok(self.names()?.into_iter().filter_map(batch).collect())
    }

    /// Removes what dead runs have left, as far as its number `is_void`.
    fn clean(&mut self, is_void: impl Fn(Option<u64>) -> bool) -> Result<(), Error> {
        for (hidden, ..) in self.left()?.iter().filter(|left| is_void(left.2)) {
            self.folder.remove_left(hidden).at(&self.path.join(hidden))?;
        }
        self.is_clean = true;
        Ok(())
    }

    /// The name of the batch of a Time.
    fn name_of(&self, time: Stamp) -> String {
        format!("batch-{}.{}", time.0, self.extension)
    }

    /// Its name until it is complete; under a checkpoint it has a number.
    fn hidden(&self, time: Stamp, number: Option<u64>) -> String {
        let number = number.map(|number| format!(".{number}")).unwrap_or_default();
        format!(".{}{number}.tmp", self.name_of(time))
    }

    /// Begins the file of a batch.
    fn hide(&self, time: Stamp, number: Option<u64>) -> io::Result<Hidden> {
        let (hidden, name) = (self.hidden(time, number), self.name_of(time));
        if self.folder.has(&name)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = self.folder.create(&hidden)?;
        Ok(Hidden { file, hidden, name, time, written: 0 })
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

    /// Gives the batch that is complete its name.
    fn place(&self, staged: &Hidden) -> Result<(), Error> {
        match self.folder.rename(&staged.hidden, &staged.name) {
            Err(error) if is_taken(&error) => Err(self.taken(&staged.name)),
            renamed => renamed.at(&self.path.join(&staged.name)),
        }?;
        self.sync()
    }

    /// The refusal of a name that somebody else has.
    fn taken(&self, name: &str) -> Error {
        let what = "is there already, and is not replaced; move it, or name another --output-dir";
        Error::Failed(format!("{}: {what}", self.path.join(name).display()))
    }

    /// True if the batch of which no hidden file is left was handed out here.
    fn has(&self, batch: &Batch, promise: &Promise) -> Result<bool, Error> {
        if self.is_where(promise)? {
            return Ok(true);
        }
        let name = self.name_of(batch.time);
        if !self.folder.has(&name).at(&self.path.join(&name))? {
            return Ok(false);
        }
        let holds = self.folder.open(&name).and_then(|mut file| holds(&mut *file, promise));
        holds.at(&self.path.join(name))
    }

    /// Takes up the file that a run before has left.
    fn take_up(
        &mut self,
        (hidden, name): (String, String),
        batch: &Batch,
        promise: &Promise,
    ) -> Result<(), Error> {
        let at = self.path.join(&hidden);
        let file = self.folder.open(&hidden).at(&at)?;
        let mut left = Hidden { file, hidden, name, time: batch.time, written: 0 };
        if !holds(&mut *left.file, promise).at(&at)? {
            // In place: were it ever gone, the batch would count as out.
            left.file.cut(0).at(&at)?;
            batch.each(true, |piece| left.write(&self.path, piece))?;
        }
        // What it holds may be in the system's memory alone, if a start before this one wrote it.
        if let Err(error) = left.file.sync() {
            let _ = left.file.cut(0);
            return Err(error).at(&at);
        }
        self.staged = Some(left);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        self.folder.sync().at(&self.path)
    }
}

/// True if somebody else has the name.
fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

/// What the names of batches may end with: the extensions of all formats.
pub const EXTENSIONS: [&str; 4] = ["txt", "tsv", "csv", "json"];

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
    let is_ours = EXTENSIONS.contains(&extension);
    is_ours.then(|| (format!("batch-{time}.{extension}"), number))
}

/// True if a batch is in the file as it was promised.
fn holds(file: &mut dyn Medium, promise: &Promise) -> io::Result<bool> {
    let len = file.held()?.len;
    let read = |at, into: &mut [u8]| file.read_at(at, into);
    Ok(len == promise.length && medium::crc(read, 0, len)? == promise.crc)
}

impl Hidden {
    fn write(&mut self, dir: &Path, text: &[u8]) -> Result<(), Error> {
        write(&mut *self.file, &dir.join(&self.name), text, &mut self.written)
    }
}

impl Output for Dir {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        let (time, hidden) = self.free(time, |time| self.hide(time, None));
        self.open = Some(hidden.at(&self.path.join(self.hidden(time, None)))?);
        self.write(header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let open = self.open.as_mut().expect("a batch is begun before it is written");
        open.write(&self.path, text)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        let open = self.open.as_mut().expect("a batch is begun before it ends");
        open.file.sync().at(&self.path.join(&open.name))?;
        let (hidden, time) = (open.hidden.clone(), open.time);
        let (time, renamed) =
            self.free(time, |time| self.folder.rename(&hidden, &self.name_of(time)));
        renamed.at(&self.path.join(self.name_of(time)))?;
        self.open = None;
        self.sync()
    }

    fn times(&self) -> Result<Vec<Stamp>, Error> {
        let names = self.names()?;
        Ok(names.iter().filter_map(|name| time_of(name, self.extension)).collect())
    }
}

impl Staged for Dir {
    fn id(&self) -> OutputId {
        OutputId::at(KIND, &self.path, self.folder.identity().ok())
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        if !self.is_clean {
            self.clean(|_| true)?;
        }
        let (number, name) = (Some(batch.number), self.name_of(batch.time));
        let mut hidden = match self.hide(batch.time, number) {
            Err(error) if is_taken(&error) => Err(self.taken(&name)),
            hidden => hidden.at(&self.path.join(self.hidden(batch.time, number))),
        }?;
        let written = batch
            .each(true, |piece| hidden.write(&self.path, piece))
            .and_then(|()| hidden.file.sync().at(&self.path.join(&name)));
        // Until it is complete it goes with us.
        self.open = Some(hidden);
        written?;
        self.staged = self.open.take();
        self.sync()?;
        Ok(batch.promise(self.id_now()?, 0, true))
    }

    fn publish(&mut self, _: &Batch) -> Result<(), Error> {
        let staged = self.staged.take().expect("a batch is staged before it is published");
        self.place(&staged)
    }

    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error> {
        let owed = Some(batch.number);
        self.clean(|number| number != owed)?;
        let name = format!("batch-{}.", batch.time.0);
        let mut left = self.left()?.into_iter();
        match left.find(|left| left.2 == owed && left.1.starts_with(&name)) {
            Some((hidden, name, _)) => self.take_up((hidden, name), batch, promise)?,
            None if self.has(batch, promise)? => return self.sync(),
            None => drop(self.stage(batch)?),
        }
        self.publish(batch)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if let Some(open) = &self.open {
            // The run has failed, which was said; the next start would remove it too.
            let _ = self.folder.remove(&open.hidden);
        }
    }
}

#[cfg(test)]
mod tests;
