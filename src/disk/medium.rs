//! A file at a path, as few operations as appending to it takes: what tests put another in place of.
//!
//! What is held and what the path names may be two files, since files are replaced and deleted while
//! we write. Bytes are appended by the system, behind whatever is there; they are written by way of
//! [`Write`], and seen by others at once.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::{Error, said};
pub use crate::process::descriptor::Identity;

/// The file that is held, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which it is.
    pub identity: Identity,
    /// True for a regular file: not for a FIFO or a device, which cannot be read again.
    pub is_regular: bool,
    /// How long it is.
    pub len: u64,
}

/// A file at a path.
pub trait Medium: Write + Send {
    /// The file that is held.
    fn held(&self) -> io::Result<Held>;

    /// The file that the path names; none, if there is none.
    fn named(&self) -> io::Result<Option<Identity>>;

    /// Holds the file that the path names; makes it, if it is missing.
    fn reopen(&mut self) -> io::Result<()>;

    /// The regular file of this number under another name in the same directory; none where there is none.
    fn moved(&self, _inode: u64) -> io::Result<Option<Box<dyn Medium>>> {
        Ok(None)
    }

    /// Takes the lock on what is held; false if another has it.
    fn lock(&self) -> io::Result<bool>;

    /// Reads from byte `at` on; nothing only at the file's end.
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Cuts the file.
    fn cut(&mut self, len: u64) -> io::Result<()>;

    /// Returns when all bytes are on the disk and would be found again.
    fn sync(&mut self) -> io::Result<()>;

    /// Returns when the file's name is on the disk.
    fn sync_name(&mut self) -> io::Result<()>;
}

/// A file of the system.
#[derive(Debug)]
pub struct Named {
    path: PathBuf,
    file: File,
    /// The same file to be read, once that was asked for: a FIFO must not be opened so.
    reader: Option<File>,
}

impl Named {
    /// Opens the file, or makes it; waits for the reader of a FIFO.
    pub fn open(path: &Path) -> io::Result<Named> {
        Ok(Named::of(open(path)?, path.to_path_buf()))
    }

    /// A file that is open, and its path.
    pub fn of(file: File, path: PathBuf) -> Named {
        Named { path, file, reader: None }
    }

    fn reader(&mut self) -> io::Result<&File> {
        if self.reader.is_none() {
            let reader = File::open(&self.path)?;
            if Identity::of(&reader.metadata()?) != Identity::of(&self.file.metadata()?) {
                return Err(io::Error::other("was replaced while in use"));
            }
            self.reader = Some(reader);
        }
        Ok(self.reader.as_ref().expect("it was just opened"))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The regular file that is at a path, if one is there.
pub fn regular(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().filter(Metadata::is_file).map(|file| Identity::of(&file))
}

/// Returns when the name of a file or directory is on the disk: the directory above it is.
pub(crate) fn sync_name(path: &Path) -> io::Result<()> {
    // Where a symbolic link leads to is where the name is.
    let path = match fs::canonicalize(path) {
        // It was moved a moment ago, mostly within its directory, which has the new name then.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let above = path.parent().filter(|above| !above.as_os_str().is_empty());
            fs::canonicalize(above.unwrap_or(Path::new(".")))?.join("moved")
        }
        path => path?,
    };
    let above = path.parent().unwrap_or(&path);
    match File::open(above).and_then(|above| above.sync_all()) {
        // A directory that we may not read, or that cannot be synced: it is left to itself.
        Err(error)
            if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

impl Write for Named {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Named {
    fn moved(&self, inode: u64) -> io::Result<Option<Box<dyn Medium>>> {
        let Some(name) = self.path.file_name() else { return Ok(None) };
        let dir = self.path.with_file_name("");
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { &dir };
        let device = self.file.metadata()?.dev();
        // What cannot be listed is not searched.
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let is_it =
                |file: Metadata| file.is_file() && file.ino() == inode && file.dev() == device;
            if entry.file_name() != name && entry.metadata().is_ok_and(is_it) {
                let path = entry.path();
                let file = OpenOptions::new().append(true).open(&path)?;
                return match is_it(file.metadata()?) {
                    true => Ok(Some(Box::new(Named::of(file, path)))),
                    false => Ok(None),
                };
            }
        }
        Ok(None)
    }

    fn held(&self) -> io::Result<Held> {
        let file = self.file.metadata()?;
        Ok(Held { identity: Identity::of(&file), is_regular: file.is_file(), len: file.len() })
    }

    fn named(&self) -> io::Result<Option<Identity>> {
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            named => named.map(|file| Some(Identity::of(&file))),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        *self = Named::open(&self.path)?;
        Ok(())
    }

    fn lock(&self) -> io::Result<bool> {
        match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            // A file system without locks is no reason to fail.
            Err(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.reader()?.read_at(into, at)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // A file without a name takes bytes as before, and nobody will ever find them.
        match self.file.metadata()?.nlink() {
            0 => Err(io::Error::new(ErrorKind::NotFound, "removed while in use")),
            _ => Ok(()),
        }
    }

    fn sync_name(&mut self) -> io::Result<()> {
        sync_name(&self.path)
    }
}

/// The checksum of a part of a file that `read` reads.
pub(crate) fn crc(
    mut read: impl FnMut(u64, &mut [u8]) -> io::Result<usize>,
    mut from: u64,
    to: u64,
) -> io::Result<u32> {
    let (mut piece, mut crc) = (vec![0; 128 << 10], 0);
    while from < to {
        let wanted = piece.len().min(usize::try_from(to - from).unwrap_or(usize::MAX));
        read_all(&mut read, from, &mut piece[..wanted])?;
        crc = crc32c::crc32c_append(crc, &piece[..wanted]);
        from += wanted as u64;
    }
    Ok(crc)
}

/// Reads as many bytes as are asked for; an error if there are less.
pub(crate) fn read_all(
    mut read: impl FnMut(u64, &mut [u8]) -> io::Result<usize>,
    mut at: u64,
    mut into: &mut [u8],
) -> io::Result<()> {
    while !into.is_empty() {
        match read(at, into) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                at += len as u64;
                into = &mut into[len..];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all bytes and counts them; an error says how much of the batch is written.
pub(crate) fn write(
    file: &mut (impl Write + ?Sized),
    path: &Path,
    mut text: &[u8],
    written: &mut u64,
) -> Result<(), Error> {
    while !text.is_empty() {
        match file.write(text) {
            Ok(count @ 1..) => {
                *written += count as u64;
                text = &text[count..];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            failed => {
                let error = failed.err().unwrap_or_else(|| ErrorKind::WriteZero.into());
                let (path, what) = (path.display(), said(&error));
                let message = format!("{path}: {what}; {written} bytes of the batch are written");
                return Err(Error::Failed(message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::scratch::Scratch;

    #[test]
    fn what_is_held_is_appended_to_read_cut_and_synced() {
        let dir = Scratch::new();
        let path = dir.path("out");
        fs::write(&path, "abc").unwrap();
        let mut file = Named::open(&path).unwrap();
        file.write_all(b"defg").unwrap();
        let mut read = [0; 9];
        assert_eq!((file.read_at(2, &mut read).unwrap(), &read[..5]), (5, &b"cdefg"[..]));
        file.cut(4).unwrap();
        file.write_all(b"x").unwrap();
        file.sync().unwrap();
        file.sync_name().unwrap();
        let held = file.held().unwrap();
        assert_eq!((held.len, held.is_regular), (5, true));
        assert_eq!(file.named().unwrap(), Some(held.identity));
        assert_eq!(fs::read(&path).unwrap(), b"abcdx");
    }

    #[test]
    fn a_file_that_is_removed_or_replaced_is_not_taken_for_what_is_there() {
        let dir = Scratch::new();
        let path = dir.path("out");
        let mut file = Named::open(&path).unwrap();
        let before = file.held().unwrap().identity;
        fs::remove_file(&path).unwrap();
        assert_eq!(file.named().unwrap(), None);
        assert_eq!(file.sync().unwrap_err().to_string(), "removed while in use");
        assert_eq!(file.read_at(0, &mut [0]).unwrap_err().kind(), ErrorKind::NotFound);
        fs::write(&path, "another").unwrap();
        assert!(file.read_at(0, &mut [0]).is_err());
        assert_ne!(file.named().unwrap(), Some(before));
        file.reopen().unwrap();
        assert_eq!(file.named().unwrap(), Some(file.held().unwrap().identity));
    }

    #[test]
    fn a_lock_is_held_until_its_holder_goes() {
        let dir = Scratch::new();
        let [one, two] = [0; 2].map(|_| Named::open(&dir.path("out")).unwrap());
        assert!(one.lock().unwrap());
        assert!(!two.lock().unwrap());
        drop(one);
        assert!(two.lock().unwrap());
    }
}
