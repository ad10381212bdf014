//! Files of others, which are only read, as few operations as that takes: what tests put another in place of.
//!
//! ```text
//! path  ──look──>  what it leads to now, if to anything: which file, how long, when it was changed
//!       ──open──>  that file, whatever its name leads to later
//! dir   ──names─>  what is in it
//! ```
//!
//! A name says nothing of a file: others rename, cut, overwrite and replace it while it is read. Which file it
//! is, is for the caller to know. What is taken out of the way when it was read is [`Tree::remove`]d or
//! [`Tree::rename`]d, and that is on the disk when [`Tree::sync`] has returned.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Debug, Formatter};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{Dir, DirEntry, Mode, OFlags, open};
use rustix::io::Errno;

use super::folder;
use crate::process::descriptor::Identity;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A pipe, a device, a socket: it cannot be read again.
    Other,
}

/// What was seen of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which file it is.
    pub identity: Identity,
    /// What it is.
    pub kind: Kind,
    /// How long it is, in bytes.
    pub len: u64,
    /// When what is in it was changed, in nanoseconds since the epoch.
    pub modified: i128,
    /// When anything of it was changed, its name too.
    pub changed: i128,
}

impl Seen {
    fn of(file: &Metadata) -> Seen {
        let time =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let kind = match file {
            file if file.is_file() => Kind::File,
            file if file.is_dir() => Kind::Directory,
            _ => Kind::Other,
        };
        Seen {
            identity: Identity::of(file),
            kind,
            len: file.len(),
            modified: time(file.mtime(), file.mtime_nsec()),
            changed: time(file.ctime(), file.ctime_nsec()),
        }
    }
}

/// A file that is open.
pub trait Readable: Debug + Send {
    /// What it is now.
    fn seen(&self) -> io::Result<Seen>;

    /// Reads from byte `at` on; nothing only at the file's end.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// Names in a directory.
pub struct Names(Box<dyn Iterator<Item = io::Result<OsString>> + Send>);

impl Names {
    /// These.
    pub fn new(names: impl Iterator<Item = io::Result<OsString>> + Send + 'static) -> Names {
        Names(Box::new(names))
    }
}

impl Iterator for Names {
    type Item = io::Result<OsString>;

    fn next(&mut self) -> Option<io::Result<OsString>> {
        self.0.next()
    }
}

impl Debug for Names {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

/// The files there are.
pub trait Tree: Debug + Send {
    /// What a path leads to; none if it leads nowhere.
    fn look(&self, path: &Path) -> io::Result<Option<Seen>>;

    /// The names in a directory, in any order; they are read as they are taken.
    fn names(&self, dir: &Path) -> io::Result<Names>;

    /// Opens a file.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Readable>>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name; an error if there is another file of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Returns when the names in a directory are on the disk.
    fn sync(&self, dir: &Path) -> io::Result<()>;
}

/// The files of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealTree;

impl Readable for File {
    fn seen(&self) -> io::Result<Seen> {
        Ok(Seen::of(&self.metadata()?))
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match FileExt::read_at(self, into, at) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl Tree for RealTree {
    fn look(&self, path: &Path) -> io::Result<Option<Seen>> {
        match fs::metadata(path) {
            Ok(file) => Ok(Some(Seen::of(&file))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names(&self, dir: &Path) -> io::Result<Names> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let entries = Dir::new(open(dir, flags, Mode::empty())?)?;
        let name = |entry: Result<DirEntry, Errno>| match entry {
            Ok(entry) => match entry.file_name().to_bytes() {
                b"." | b".." => None,
                name => Some(Ok(OsStr::from_bytes(name).to_owned())),
            },
            Err(error) => Some(Err(error.into())),
        };
        Ok(Names::new(entries.filter_map(name)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Readable>> {
        Ok(Box::new(File::open(path)?))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        folder::rename(from, to)
    }

    fn sync(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

/// True if there is nothing at a path, or no more of what is on the way to it.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::scratch::Scratch;

    #[test]
    fn what_is_open_stays_itself_whatever_its_name_leads_to() {
        let scratch = Scratch::new();
        let [path, other] = ["a", "b"].map(|name| scratch.path(name));
        fs::write(&path, "one").unwrap();
        let seen = RealTree.look(&path).unwrap().unwrap();
        let file = RealTree.open(&path).unwrap();
        RealTree.rename(&path, &other).unwrap();
        assert_eq!(RealTree.look(&path).unwrap(), None);
        assert_eq!(RealTree.look(&path.join("below")).unwrap(), None);
        let now = file.seen().unwrap();
        assert_eq!((now.identity, now.kind, now.len), (seen.identity, Kind::File, 3));
        let mut read = [0; 9];
        assert_eq!((file.read_at(1, &mut read).unwrap(), &read[..2]), (2, &b"ne"[..]));
        let names: io::Result<Vec<_>> = RealTree.names(&scratch.path("")).unwrap().collect();
        assert_eq!(names.unwrap(), ["b"]);
        fs::write(&path, "new").unwrap();
        let taken = RealTree.rename(&other, &path).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
        RealTree.remove(&other).unwrap();
        RealTree.sync(&scratch.path("")).unwrap();
        assert_eq!(RealTree.look(&scratch.path("")).unwrap().unwrap().kind, Kind::Directory);
    }
}
