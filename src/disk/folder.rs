//! A directory of files that get their names when they are complete, as few operations as that takes:
//! what tests put another in place of.
//!
//! A file that is being written is locked, so that another run can tell it from what a dead one has left.
//! Its name is on the disk when the directory has been synced after it was made, changed or removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::medium::{self, Identity, Medium, Named};

/// A directory.
pub trait Folder: Send {
    /// Which directory it is.
    fn identity(&self) -> io::Result<Identity>;

    /// The names in it that are text, in any order.
    fn names(&self) -> io::Result<Vec<String>>;

    /// True if a file has this name.
    fn has(&self, name: &str) -> io::Result<bool>;

    /// Makes a file, which must not be there, and locks it.
    fn create(&self, name: &str) -> io::Result<Box<dyn Medium>>;

    /// Opens a file that is there, and locks it.
    fn open(&self, name: &str) -> io::Result<Box<dyn Medium>>;

    /// Gives a file another name; an error if there is another file of that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Removes the file of a run that is dead. One that is alive may rename its own meanwhile.
    fn remove_left(&self, name: &str) -> io::Result<()>;

    /// Returns when the names in it are on the disk.
    fn sync(&self) -> io::Result<()>;
}

/// A directory of the system.
#[derive(Debug)]
pub struct RealFolder {
    path: PathBuf,
}

impl RealFolder {
    /// The directory at `path`; it is made if it is missing. Its path without links is returned too.
    pub fn make(path: &Path) -> io::Result<(RealFolder, PathBuf)> {
        match fs::create_dir(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            // Whoever has made it may not have got so far.
            _ => medium::sync_name(path)?,
        }
        // A link may lead elsewhere tomorrow, and another way may lead here.
        let path = fs::canonicalize(path)?;
        Ok((RealFolder { path: path.clone() }, path))
    }

    fn file(&self, name: &str, options: &OpenOptions) -> io::Result<Box<dyn Medium>> {
        let path = self.path.join(name);
        let file = Named::of(options.open(&path)?, path);
        // A file system without locks has no way to tell who is alive; that is no reason to fail.
        let _ = file.lock();
        Ok(Box::new(file))
    }
}

impl Folder for RealFolder {
    fn identity(&self) -> io::Result<Identity> {
        Ok(Identity::of(&fs::metadata(&self.path)?))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.map(|entry| entry.file_name().into_string().ok()).transpose()
        };
        fs::read_dir(&self.path)?.filter_map(name).collect()
    }

    fn has(&self, name: &str) -> io::Result<bool> {
        match fs::symlink_metadata(self.path.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            found => found.map(|_| true),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Medium>> {
        self.file(name, OpenOptions::new().append(true).create_new(true))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Medium>> {
        self.file(name, OpenOptions::new().append(true))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.path.join(from), self.path.join(to));
        match rename(&from, &to) {
            // It has both names, as between the two steps where one does not do.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_same(&from, &to) => {
                fs::remove_file(&from)
            }
            renamed => renamed,
        }
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn remove_left(&self, name: &str) -> io::Result<()> {
        let path = self.path.join(name);
        let removed = File::open(&path).and_then(|file| {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => Ok(()),
                _ => fs::remove_file(&path),
            }
        });
        match removed {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system cannot rename like this, as NFS.
        Err(Errno::INVAL | Errno::NOSYS) => rename_by_link(from, to),
        renamed => Ok(renamed?),
    }
}

/// The same in two steps: a link replaces nothing either.
fn rename_by_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// True if both are names of one file.
fn is_same(from: &Path, to: &Path) -> bool {
    let file = |path| fs::symlink_metadata(path).map(|file| Identity::of(&file));
    file(from).is_ok_and(|from| file(to).is_ok_and(|to| to == from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::scratch::Scratch;

    #[test]
    fn a_link_serves_where_a_file_system_cannot_rename_without_replacing() {
        let scratch = Scratch::new();
        let [hidden, path] = ["hidden", "name"].map(|name| scratch.path(name));
        for rename in [rename, rename_by_link] {
            fs::write(&hidden, "text").unwrap();
            rename(&hidden, &path).unwrap();
            assert_eq!([hidden.exists(), path.exists()], [false, true]);
            fs::write(&hidden, "more").unwrap();
            let error = rename(&hidden, &path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&path).unwrap(), "text");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_file_that_has_both_names_keeps_the_second() {
        let scratch = Scratch::new();
        let [hidden, path] = ["hidden", "name"].map(|name| scratch.path(name));
        fs::write(&hidden, "text").unwrap();
        fs::hard_link(&hidden, &path).unwrap();
        let (folder, _) = RealFolder::make(&scratch.path("")).unwrap();
        folder.rename("hidden", "name").unwrap();
        assert_eq!(folder.names().unwrap(), ["name"]);
    }
}
