//! The one way to files, as few operations as checkpoint and outputs need: tests put a disk in its
//! place that breaks.
//!
//! ```text
//! Disk      files that are ours alone, in a directory that is ours: the checkpoint
//! Medium    a file at a path that others may move, cut and append to: -o
//! Folder    a directory of files that get their names when they are complete: --output-dir
//! Tree      files of others, that are only read: files
//! ```
//!
//! Files of the checkpoint are written once, from the front to the back (over zeros where room was laid out, or over a
//! file that is not needed any more), and are never changed after that; so a file is created, appended to and synced,
//! gone on with if it has no name of its own yet, and all else is names. A name is on the disk only when its directory
//! has been synced after it was made, changed or removed.
//!
//! A disk that has entered a directory goes to what is in it by that directory's descriptor. So one
//! that was moved away under a running stream stays its own, and what has come in its place is not
//! touched: `mv ck old` is no way to a log that two streams write.

pub mod folder;
pub mod medium;
#[cfg(test)]
pub(crate) mod scratch;
#[cfg(test)]
pub(crate) mod sim;
pub mod tree;

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::fs::{flock, fstatvfs, mkdirat, openat, renameat, renameat_with, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use rustix::rand::{GetRandomFlags, getrandom};

use self::folder::{Folder, RealFolder};
use self::medium::{Medium, Named};

/// What has come of asking for a lock.
#[derive(Debug)]
pub enum Asked {
    /// It is ours until this is dropped, or the process ends in whatever way.
    Ours(Box<dyn Held>),
    /// It is another's, who wrote this into the file.
    Theirs(Vec<u8>),
}

/// A lock that is held.
pub trait Held: Debug + Send + Sync {}

impl Held for File {}

/// A file that is being written.
pub trait Append: Debug + Send + Sync {
    /// Appends all of `bytes`; after an error some of them may stand there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Lays so many zeros behind what was appended, which is what comes next written over: a sync of bytes for
    /// which the file has a place already does not write where that is, and takes half the time.
    fn reserve(&mut self, bytes: u64) -> io::Result<()>;

    /// Returns when all that was appended is on the disk and would be found again.
    ///
    /// After an error nothing is known about any of it, and asking again does not help: the system
    /// has dropped what it could not write, and says so once.
    fn sync(&mut self) -> io::Result<()>;

    /// Another handle on the same file, to sync it while this one appends.
    fn twin(&self) -> io::Result<Box<dyn Append>>;
}

/// A disk.
pub trait Disk: Debug + Send + Sync {
    /// The same disk, for which `dir` is the directory that has this name now, whatever becomes of
    /// the name.
    fn enter(&self, dir: &Path) -> io::Result<Arc<dyn Disk>>;

    /// Makes a new file, which must not be there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>>;

    /// Writes over a file from its front on, and leaves behind that what stands there.
    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn Append>>;

    /// Goes on with a file that an earlier process has begun, after its first `len` bytes; the rest is
    /// cut off, on the disk too.
    fn reopen(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>>;

    /// How long a file is if it is one, and has this name alone; else none.
    fn len_of_sole(&self, path: &Path) -> io::Result<Option<u64>>;

    /// How many bytes are left to be written on the disk that a directory is on.
    fn free(&self, dir: &Path) -> io::Result<u64>;

    /// How many bytes a file has.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// Reads from byte `at` on; less than asked for only at the file's end.
    fn read(&self, path: &Path, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// The names in a directory, in any order.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes a directory; its parent must be there.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Gives a file another name, which must not be there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of the file that has that name.
    fn replace(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in a directory are on the disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Asks for the lock on a file, which is made if it is not there, and writes `holder` into it.
    fn lock(&self, path: &Path, holder: &[u8]) -> io::Result<Asked>;

    /// Random bytes, for a name that nobody else has.
    fn random(&self) -> io::Result<[u8; 16]>;

    /// Opens a file that others may append to and replace as well, or makes it; waits for the reader of
    /// a FIFO.
    fn medium(&self, path: &Path) -> io::Result<Box<dyn Medium>>;

    /// Opens a directory whose files get their names when they are complete, or makes it. Its path
    /// without links is returned too.
    fn folder(&self, path: &Path) -> io::Result<(Box<dyn Folder>, PathBuf)>;
}

/// Reads a whole file of at most `limit` bytes; a longer one is cut there.
pub fn read_whole(disk: &dyn Disk, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; disk.len(path)?.min(limit) as usize];
    let len = disk.read(path, 0, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

/// The system's disk.
#[derive(Clone, Debug, Default)]
pub struct RealDisk {
    entered: Option<Arc<Entered>>,
}

/// A directory, and how it was called.
#[derive(Debug)]
struct Entered {
    name: PathBuf,
    dir: OwnedFd,
}

/// What files and directories may be to others, but for what the process's mask takes away.
const FILE: Mode = Mode::from_raw_mode(0o666);
const DIRECTORY: Mode = Mode::from_raw_mode(0o777);

impl RealDisk {
    /// From where the system is to go to a path, and on which way.
    fn way<'a>(&'a self, path: &'a Path) -> (BorrowedFd<'a>, &'a Path) {
        let Some(Entered { name, dir }) = self.entered.as_deref() else { return (CWD, path) };
        match path.file_name() {
            _ if path == name => (dir.as_fd(), Path::new(".")),
            Some(file) if path.parent() == Some(name) => (dir.as_fd(), Path::new(file)),
            _ => (CWD, path),
        }
    }

    fn open(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let (from, path) = self.way(path);
        // Children do not inherit them, and a pipe in the place of a file is not waited for.
        let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(retry_on_intr(|| openat(from, path, flags, FILE))?)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<OwnedFd> {
        self.open(dir, OFlags::RDONLY | OFlags::DIRECTORY)
    }
}

/// A file of the system that is being written.
#[derive(Debug)]
struct Own {
    file: File,
    /// Where what was appended ends.
    end: u64,
}

impl Append for Own {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.end)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        const ZEROS: &[u8] = &[0; 1 << 16];
        for at in (0..bytes).step_by(ZEROS.len()) {
            let len = ZEROS.len().min((bytes - at) as usize);
            self.file.write_all_at(&ZEROS[..len], self.end + at)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // A file without a name takes bytes as before, and nobody will ever find them.
        match self.file.metadata()?.nlink() {
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "removed while in use")),
            _ => Ok(()),
        }
    }

    fn twin(&self) -> io::Result<Box<dyn Append>> {
        Ok(Box::new(Own { file: self.file.try_clone()?, end: self.end }))
    }
}

impl Disk for RealDisk {
    fn enter(&self, dir: &Path) -> io::Result<Arc<dyn Disk>> {
        let entered = Entered { name: dir.to_path_buf(), dir: self.open_dir(dir)? };
        Ok(Arc::new(RealDisk { entered: Some(Arc::new(entered)) }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        let new = OFlags::CREATE | OFlags::EXCL;
        let file = File::from(self.open(path, new | OFlags::WRONLY)?);
        Ok(Box::new(Own { file, end: 0 }))
    }

    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        let file = File::from(self.open(path, OFlags::WRONLY | OFlags::NOFOLLOW)?);
        Ok(Box::new(Own { file, end: 0 }))
    }

    fn reopen(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>> {
        let file = File::from(self.open(path, OFlags::WRONLY)?);
        file.set_len(len)?;
        file.sync_all()?;
        Ok(Box::new(Own { file, end: len }))
    }

    fn len_of_sole(&self, path: &Path) -> io::Result<Option<u64>> {
        let (from, path) = self.way(path);
        match statat(from, path, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(stat) => {
                let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
                Ok((is_file && stat.st_nlink == 1).then_some(stat.st_size.unsigned_abs()))
            }
        }
    }

    fn free(&self, dir: &Path) -> io::Result<u64> {
        let stat = fstatvfs(self.open_dir(dir)?)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let (from, path) = self.way(path);
        Ok(statat(from, path, AtFlags::empty())?.st_size.unsigned_abs())
    }

    fn read(&self, path: &Path, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let (file, mut done) = (File::from(self.open(path, OFlags::RDONLY)?), 0);
        while done < into.len() {
            match file.read_at(&mut into[done..], at + done as u64) {
                Ok(0) => break,
                Ok(len) => done += len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::new(self.open_dir(dir)?)? {
            let entry = entry?;
            // A name that is no text is none of ours; what it looks like shows that well enough.
            match entry.file_name().to_bytes() {
                b"." | b".." => {}
                name => names.push(String::from_utf8_lossy(name).into_owned()),
            }
        }
        Ok(names)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let (from, dir) = self.way(dir);
        Ok(mkdirat(from, dir, DIRECTORY)?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((from_dir, from_name), (to_dir, to_name)) = (self.way(from), self.way(to));
        match renameat_with(from_dir, from_name, to_dir, to_name, RenameFlags::NOREPLACE) {
            // Not every file system can do it at once.
            Err(Errno::INVAL | Errno::NOSYS) => match self.len(to) {
                Ok(_) => Err(Errno::EXIST.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.replace(from, to),
                Err(error) => Err(error),
            },
            renamed => Ok(renamed?),
        }
    }

    fn replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((from_dir, from), (to_dir, to)) = (self.way(from), self.way(to));
        Ok(renameat(from_dir, from, to_dir, to)?)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let (from, path) = self.way(path);
        Ok(unlinkat(from, path, AtFlags::empty())?)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::from(self.open_dir(dir)?).sync_all()
    }

    fn lock(&self, path: &Path, holder: &[u8]) -> io::Result<Asked> {
        let mut file = File::from(self.open(path, OFlags::RDWR | OFlags::CREATE)?);
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                file.set_len(0)?;
                file.write_all(holder)?;
                Ok(Asked::Ours(Box::new(file)))
            }
            Err(Errno::WOULDBLOCK) => {
                let mut theirs = Vec::new();
                file.rewind()?;
                file.take(64).read_to_end(&mut theirs)?;
                Ok(Asked::Theirs(theirs))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut bytes = [0; 16];
        // The system gives up to 256 bytes at once, whole.
        getrandom(&mut bytes[..], GetRandomFlags::empty())?;
        Ok(bytes)
    }

    fn medium(&self, path: &Path) -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(Named::open(path)?))
    }

    fn folder(&self, path: &Path) -> io::Result<(Box<dyn Folder>, PathBuf)> {
        let (folder, path) = RealFolder::make(path)?;
        Ok((Box::new(folder), path))
    }
}
