//! `--output-dir DIR`: each batch is a file of its own, which is complete when it appears.
//!
//! ```text
//! begin    DIR/.batch-1544488281000.tsv.tmp    locked while it is written
//! end      sync the file, rename it without replacing anything, sync DIR
//!          DIR/batch-1544488281000.tsv
//! ```
//!
//! A hidden file that a killed run has left is removed at the next start, unless somebody holds its
//! lock: then it is the open batch of a run that is alive.
//!
//! ```text
//! stage    DIR/.batch-1544488281000.tsv.17-5f0c27f2.tmp    written, synced, and DIR
//!          record 17 decides
//! publish  renamed without replacing anything, DIR synced
//! ```
//!
//! With a checkpoint a hidden file has the number of its record, so it is there exactly while the
//! batch is not published; the checkpoint's tag keeps it from those of others.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::FORMATS;
use super::file::write;
use super::medium::sync_parent;
use super::output::{Batch, Lasting, Output, Promise};
use crate::clock::Stamp;
use crate::error::{Context, Error};

/// A directory of batches.
pub struct Dir {
    path: PathBuf,
    /// The same for whoever starts us from elsewhere.
    absolute: PathBuf,
    extension: &'static str,
    /// What ends the names of staged files, if there is a checkpoint.
    tag: String,
    open: Option<Hidden>,
}

/// The file of the open batch, before it has its name.
struct Hidden {
    file: File,
    hidden: PathBuf,
    path: PathBuf,
    written: u64,
}

impl Dir {
    /// Makes the directory if it is missing, and removes what killed runs have left.
    pub fn open(
        path: &Path,
        extension: &'static str,
        lasting: Option<&Lasting>,
    ) -> Result<Dir, Error> {
        match fs::create_dir(path) {
            Ok(()) => sync_parent(path).at(path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).at(path),
        }
        for entry in fs::read_dir(path).at(path)? {
            let entry = entry.at(path)?;
            let is_left = |name: &str| is_hidden(name) || is_staged_in_vain(name, lasting);
            if entry.file_name().to_str().is_some_and(is_left) {
                remove_left_over(&entry.path()).at(&entry.path())?;
            }
        }
        let tag = lasting.map_or(String::new(), |lasting| lasting.tag.clone());
        let absolute = std::path::absolute(path).at(path)?;
        Ok(Dir { path: path.to_path_buf(), absolute, extension, tag, open: None })
    }

    /// The hidden and the public path of a staged batch.
    fn staged(&self, batch: &Batch<'_>, extension: &str) -> (PathBuf, PathBuf) {
        let name = format!("batch-{}.{extension}", batch.time.0);
        let hidden = format!(".{name}.{}-{}.tmp", batch.number, self.tag);
        (self.path.join(hidden), self.path.join(name))
    }

    fn sync(&self) -> Result<(), Error> {
        File::open(&self.path).and_then(|dir| dir.sync_all()).at(&self.path)
    }

    /// Gives a hidden file its name, for good.
    fn show(&self, hidden: &Path, path: &Path) -> Result<(), Error> {
        match publish(hidden, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = "is there already, and is not replaced; move it, or name another";
                return Err(Error::Failed(format!("{}: {what} --output-dir", path.display())));
            }
            published => published.at(path)?,
        }
        self.sync()
    }
}

/// True for a staged file of ours whose batch was never decided on.
fn is_staged_in_vain(name: &str, lasting: Option<&Lasting>) -> bool {
    let Some(Lasting { tag, owed }) = lasting else { return false };
    let inner = name.strip_prefix(".batch-").and_then(|name| name.strip_suffix(".tmp"));
    let number =
        inner.and_then(|inner| inner.rsplit_once('.')?.1.strip_suffix(tag)?.strip_suffix('-'));
    number.is_some_and(|number| number.parse().is_ok_and(|number: u64| Some(number) != *owed))
}

/// True for the name of an open batch's file.
fn is_hidden(name: &str) -> bool {
    let inner = name.strip_prefix(".batch-").and_then(|name| name.strip_suffix(".tmp"));
    inner.and_then(|inner| inner.split_once('.')).is_some_and(|(time, extension)| {
        time.parse::<i64>().is_ok() && FORMATS.iter().any(|spec| spec.extension == extension)
    })
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

/// Gives a file its name; an error if there is one of that name.
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

impl Output for Dir {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        let name = format!("batch-{}.{}", time.0, self.extension);
        let hidden = self.path.join(format!(".{name}.tmp"));
        let file = OpenOptions::new().write(true).create_new(true).open(&hidden).at(&hidden)?;
        // A file system without locks has no way to tell who is alive; that is no reason to fail.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        self.open = Some(Hidden { file, hidden, path: self.path.join(name), written: 0 });
        self.write(header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let open = self.open.as_mut().expect("a batch is begun before it is written");
        write(&mut open.file, &open.path, text, &mut open.written)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        let Hidden { file, hidden, path, .. } =
            self.open.as_ref().expect("a batch is begun before it ends");
        file.sync_all().at(path)?;
        self.show(hidden, path)?;
        self.open = None;
        Ok(())
    }

    fn name(&self) -> Vec<u8> {
        let head = format!("dir {} ", self.extension).into_bytes();
        [&head, self.absolute.as_os_str().as_encoded_bytes()].concat()
    }

    /// Files of another format are promised just as well.
    fn is_promised(&self, promise: &Promise) -> bool {
        let path = self.absolute.as_os_str().as_encoded_bytes();
        extension(promise).is_some_and(|(_, promised)| promised == path)
    }

    fn stage(&mut self, batch: &Batch<'_>) -> Result<Promise, Error> {
        let (hidden, _) = self.staged(batch, self.extension);
        // One that was staged and never decided on may stand there.
        match fs::remove_file(&hidden) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).at(&hidden),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&hidden).at(&hidden)?;
        let mut length = 0;
        write(&mut file, &hidden, batch.header, &mut length)?;
        batch.text.each(|piece| write(&mut file, &hidden, piece, &mut length))?;
        file.sync_all().at(&hidden)?;
        self.sync()?;
        Ok(Promise { target: self.name(), before: 0, length, crc: batch.crc(true) })
    }

    fn publish(&mut self, batch: &Batch<'_>) -> Result<(), Error> {
        let (hidden, path) = self.staged(batch, self.extension);
        self.show(&hidden, &path)
    }

    fn redeem(&mut self, batch: &Batch<'_>, promise: &Promise) -> Result<(), Error> {
        let (extension, _) = extension(promise).unwrap_or((self.extension, b""));
        let (hidden, path) = self.staged(batch, extension);
        // It was on the disk before the batch was decided on: if it is gone, it has its name.
        if hidden.try_exists().at(&hidden)? { self.show(&hidden, &path) } else { self.sync() }
    }
}

/// What files of a promise are called at the end, and where they are.
fn extension(promise: &Promise) -> Option<(&str, &[u8])> {
    let rest = promise.target.strip_prefix(b"dir ")?;
    let (end, path) = rest.split_at(rest.iter().position(|&byte| byte == b' ')?);
    Some((std::str::from_utf8(end).ok()?, &path[1..]))
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
mod tests {
    use super::*;
    use crate::sink::samples::Scratch;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_batch_has_its_name_when_it_is_complete() {
        let scratch = Scratch::new();
        let path = scratch.path("out");
        let mut dir = Dir::open(&path, "json", None).unwrap();
        dir.begin(Stamp(5), b"").unwrap();
        dir.write(b"a\n").unwrap();
        assert_eq!(names(&path), [".batch-5.json.tmp"]);
        dir.end(1).unwrap();
        assert_eq!(names(&path), ["batch-5.json"]);
        assert_eq!(fs::read_to_string(path.join("batch-5.json")).unwrap(), "a\n");
    }

    #[test]
    fn nothing_is_replaced_and_a_batch_that_fails_leaves_nothing() {
        let scratch = Scratch::new();
        fs::write(scratch.path("batch-5.txt"), "kept").unwrap();
        let mut dir = Dir::open(&scratch.path(""), "txt", None).unwrap();
        dir.begin(Stamp(5), b"header").unwrap();
        let message = dir.end(0).unwrap_err().to_string();
        assert!(message.contains("/batch-5.txt: is there already"), "{message}");
        drop(dir);
        assert_eq!(names(&scratch.path("")), ["batch-5.txt"]);
        assert_eq!(fs::read_to_string(scratch.path("batch-5.txt")).unwrap(), "kept");
    }

    #[test]
    fn a_link_serves_where_a_file_system_cannot_rename_without_replacing() {
        let scratch = Scratch::new();
        let [hidden, path] = ["hidden", "name"].map(|name| scratch.path(name));
        for publish in [publish, publish_by_link] {
            fs::write(&hidden, "text").unwrap();
            publish(&hidden, &path).unwrap();
            assert_eq!(names(&scratch.path("")), ["name"]);
            fs::write(&hidden, "more").unwrap();
            let error = publish(&hidden, &path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&path).unwrap(), "text");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn at_the_start_only_hidden_files_that_nobody_writes_are_removed() {
        let scratch = Scratch::new();
        let others =
            [".batch-.txt.tmp", ".batch-5.txt", ".batch-5.exe.tmp", ".x.tmp", "batch-5.txt"];
        for name in others.iter().chain(&[".batch-5.txt.tmp", ".batch--7.tsv.tmp"]) {
            fs::write(scratch.path(name), "").unwrap();
        }
        let mut alive = Dir::open(&scratch.path(""), "txt", None).unwrap();
        alive.begin(Stamp(9), b"").unwrap();
        Dir::open(&scratch.path(""), "json", None).unwrap();
        let mut expected: Vec<_> = others.iter().chain(&[".batch-9.txt.tmp"]).collect();
        expected.sort();
        assert_eq!(names(&scratch.path("")).iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_directory_is_named() {
        let scratch = Scratch::new();
        let path = scratch.path("file");
        fs::write(&path, "").unwrap();
        for path in [path.clone(), path.join("below"), scratch.path("missing/below")] {
            let error = Dir::open(&path, "txt", None).err().unwrap();
            let named = error.to_string().starts_with(&path.display().to_string());
            assert_eq!((named, error.exit_status()), (true, 1), "{error}");
        }
    }
}
