//! A file that is appended to, and its name: a few operations that tests can break.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Which file it is, and what it has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The device and the inode.
    pub id: (u64, u64),
    /// How many bytes it has.
    pub len: u64,
    /// True for a file on a disk; not for a FIFO or a device.
    pub is_regular: bool,
    /// True unless its last name was removed.
    pub is_named: bool,
}

/// An open file; what is written goes to its end.
pub trait Medium: Write + Send {
    /// Which file it is.
    fn identity(&self) -> io::Result<Identity>;

    /// Asks for the lock on it; false if somebody else has it.
    fn lock(&self) -> io::Result<bool>;

    /// Reads from byte `at` on; 0 at its end.
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize>;

    /// Writes bytes that are there already once more, so that they are to be synced again.
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Cuts it off at `len`.
    fn cut(&mut self, len: u64) -> io::Result<()>;

    /// Returns when all that was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// Where files are opened.
pub trait Files: Send {
    /// Opens a file to append to it, or makes it.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Medium>>;

    /// Which file a path names.
    fn named(&self, path: &Path) -> io::Result<Option<Identity>>;

    /// Returns when the name of a file is on the disk.
    fn sync_name(&self, path: &Path) -> io::Result<()>;
}

/// The system's files.
#[derive(Clone, Copy, Debug)]
pub struct RealFiles;

impl Files for RealFiles {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Medium>> {
        // For writing alone: whoever opens a FIFO so waits for its reader.
        Ok(Box::new(OpenOptions::new().create(true).append(true).open(path)?))
    }

    fn named(&self, path: &Path) -> io::Result<Option<Identity>> {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            metadata => Ok(Some(identity(&metadata?))),
        }
    }

    fn sync_name(&self, path: &Path) -> io::Result<()> {
        sync_parent(path)
    }
}

/// Returns when what a path is called is on the disk: the directory above it is.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn identity(metadata: &fs::Metadata) -> Identity {
    Identity {
        id: (metadata.dev(), metadata.ino()),
        len: metadata.len(),
        is_regular: metadata.is_file(),
        is_named: metadata.nlink() > 0,
    }
}

/// The path of an open file, whatever it is called now.
fn itself(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

impl Medium for File {
    fn identity(&self) -> io::Result<Identity> {
        Ok(identity(&self.metadata()?))
    }

    fn lock(&self) -> io::Result<bool> {
        match flock(self, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Ok(false),
            // A file system without locks has no way to tell; that is no reason to fail.
            Err(Errno::NOTSUP | Errno::NOLCK | Errno::NOSYS) => Ok(true),
            locked => locked.map(|()| true).map_err(io::Error::from),
        }
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        // It is open for writing alone; what it is, not what it was called, is opened for reading.
        FileExt::read_at(&File::open(itself(self))?, into, at)
    }

    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        // What this file handle writes goes to the end, wherever it is told to go.
        let file = OpenOptions::new().write(true).open(itself(self))?;
        file.write_all_at(bytes, at)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.sync_data() {
            // FIFOs and devices have nothing to be synced.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }
}
