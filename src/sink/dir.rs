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

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::FORMATS;
use super::file::write;
use super::output::Output;
use crate::clock::Stamp;
use crate::error::{Context, Error};

/// A directory of batches.
pub struct Dir {
    path: PathBuf,
    extension: &'static str,
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
    pub fn open(path: &Path, extension: &'static str) -> Result<Dir, Error> {
        match fs::create_dir(path) {
            Ok(()) => sync_parent(path).at(path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).at(path),
        }
        for entry in fs::read_dir(path).at(path)? {
            let entry = entry.at(path)?;
            if entry.file_name().to_str().is_some_and(is_hidden) {
                remove_left_over(&entry.path()).at(&entry.path())?;
            }
        }
        Ok(Dir { path: path.to_path_buf(), extension, open: None })
    }
}

/// A directory that was made lasts when the one above it is on the disk.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
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
        match publish(hidden, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = "is there already, and is not replaced; move it, or name another";
                return Err(Error::Failed(format!("{}: {what} --output-dir", path.display())));
            }
            published => published.at(path)?,
        }
        self.open = None;
        File::open(&self.path).and_then(|dir| dir.sync_all()).at(&self.path)
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
        let mut dir = Dir::open(&path, "json").unwrap();
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
        let mut dir = Dir::open(&scratch.path(""), "txt").unwrap();
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
        let mut alive = Dir::open(&scratch.path(""), "txt").unwrap();
        alive.begin(Stamp(9), b"").unwrap();
        Dir::open(&scratch.path(""), "json").unwrap();
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
            let error = Dir::open(&path, "txt").err().unwrap();
            let named = error.to_string().starts_with(&path.display().to_string());
            assert_eq!((named, error.exit_status()), (true, 1), "{error}");
        }
    }
}
