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
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FlockOperation, OFlags, RenameFlags, flock, linkat, renameat_with, unlinkat,
};
use rustix::io::Errno;

use super::FORMATS;
use super::file::write;
use super::output::Output;
use crate::clock::Stamp;
use crate::error::{Context, Error};

/// A directory of batches.
pub struct Dir {
    path: PathBuf,
    /// The directory itself, whatever its name becomes.
    dir: File,
    extension: &'static str,
    open: Option<Hidden>,
}

/// The file of the open batch, before it has its name.
struct Hidden {
    file: File,
    name: String,
    written: u64,
}

impl Dir {
    /// Opens the directory, or makes it, and removes what killed runs have left.
    pub fn open(path: &Path, extension: &'static str) -> Result<Dir, Error> {
        match fs::create_dir(path) {
            Ok(()) => sync_parent(path).at(path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).at(path),
        }
        let flags = OFlags::DIRECTORY.bits() as i32;
        let dir = OpenOptions::new().read(true).custom_flags(flags).open(path).at(path)?;
        for entry in fs::read_dir(path).at(path)? {
            let entry = entry.at(path)?;
            if entry.file_name().to_str().is_some_and(is_hidden) {
                remove_left_over(&entry.path()).at(&entry.path())?;
            }
        }
        Ok(Dir { path: path.to_path_buf(), dir, extension, open: None })
    }

    /// Gives the file its name; an error if there is one of that name.
    fn publish(&self, hidden: &str, name: &str) -> Result<(), Errno> {
        match renameat_with(&self.dir, hidden, &self.dir, name, RenameFlags::NOREPLACE) {
            // The file system cannot rename like this, as NFS: a link replaces nothing either.
            Err(Errno::INVAL | Errno::NOSYS) => self.publish_by_link(hidden, name),
            renamed => renamed,
        }
    }

    fn publish_by_link(&self, hidden: &str, name: &str) -> Result<(), Errno> {
        linkat(&self.dir, hidden, &self.dir, name, AtFlags::empty())?;
        unlinkat(&self.dir, hidden, AtFlags::empty())
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

fn remove_left_over(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => fs::remove_file(path),
        Err(Errno::WOULDBLOCK) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

impl Output for Dir {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        let name = format!("batch-{}.{}", time.0, self.extension);
        let path = self.path.join(format!(".{name}.tmp"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path).at(&path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(io::Error::from)
            .at(&path)?;
        self.open = Some(Hidden { file, name, written: 0 });
        self.write(header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let hidden = self.open.as_mut().expect("a batch is begun before it is written");
        write(&mut hidden.file, &self.path.join(&hidden.name), text, &mut hidden.written)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        let hidden = self.open.as_ref().expect("a batch is begun before it ends");
        let path = self.path.join(&hidden.name);
        hidden.file.sync_all().at(&path)?;
        self.publish(&format!(".{}.tmp", hidden.name), &hidden.name).map_err(|errno| match errno {
            Errno::EXIST => Error::Failed(format!(
                "{}: is there already, and is not replaced; move it, or name another --output-dir",
                path.display()
            )),
            errno => Error::Io { place: path.display().to_string(), source: errno.into() },
        })?;
        self.open = None;
        self.dir.sync_all().at(&self.path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if let Some(hidden) = &self.open {
            // The run has failed, which was said; the next start would remove it too.
            let _ = unlinkat(&self.dir, format!(".{}.tmp", hidden.name), AtFlags::empty());
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
        for by_link in [false, true] {
            let mut dir = Dir::open(&scratch.path(""), "txt").unwrap();
            fs::write(scratch.path("batch-5.txt"), "kept").unwrap();
            dir.begin(Stamp(5), b"header").unwrap();
            if by_link {
                let taken = dir.publish_by_link(".batch-5.txt.tmp", "batch-5.txt");
                assert_eq!(taken, Err(Errno::EXIST));
                dir.publish_by_link(".batch-5.txt.tmp", "batch-6.txt").unwrap();
                assert_eq!(fs::read_to_string(scratch.path("batch-6.txt")).unwrap(), "header");
                continue;
            }
            let message = dir.end(0).unwrap_err().to_string();
            assert!(message.contains("/batch-5.txt: is there already"), "{message}");
            drop(dir);
            assert_eq!(names(&scratch.path("")), ["batch-5.txt"]);
        }
        assert_eq!(fs::read_to_string(scratch.path("batch-5.txt")).unwrap(), "kept");
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
