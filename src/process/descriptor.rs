//! What a descriptor leads to: which regular file, and whether a standard stream is there at all.
//!
//! A process may be started without stdin or stdout. Rust then opens `/dev/null` in their place before
//! `main`, so that no other file comes to stand there, and opens it to be read and written; that tells it
//! from one that was given:
//!
//! ```text
//! <&-         >&-            /dev/null, read and write     not open
//! < /dev/null                /dev/null, read               an input that is empty
//!             > /dev/null    /dev/null, write              what is printed is thrown away
//! ```
//!
//! Who is given a `/dev/null` that is open for both, as some programs do for those they start, cannot be
//! told from who is given nothing. So what is made of that is said.

use std::fs::Metadata;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, makedev};
use rustix::termios::isatty;

/// Which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device's number.
    pub device: u64,
    /// The number on the device.
    pub inode: u64,
}

impl Identity {
    /// The identity of a file of any kind.
    pub fn of(file: &Metadata) -> Identity {
        Identity { device: file.dev(), inode: file.ino() }
    }
}

/// The regular file that a descriptor leads to, if it is one.
pub fn regular(fd: impl AsFd) -> Option<Identity> {
    let file = fstat(fd).ok()?;
    let is_regular = FileType::from_raw_mode(file.st_mode) == FileType::RegularFile;
    is_regular.then_some(Identity { device: file.st_dev, inode: file.st_ino })
}

/// True if what is written there is looked at or read by somebody at once: of a terminal, a pipe, a socket.
pub fn is_passed_on(fd: impl AsFd) -> bool {
    let kind = fstat(&fd).map(|file| FileType::from_raw_mode(file.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket)) || isatty(fd)
}

/// Where a descriptor leads to, as the system names it.
pub fn path(fd: impl AsFd) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())).ok()
}

/// True if a standard stream was open when the process was started.
pub fn is_open(fd: impl AsFd) -> bool {
    let (Ok(file), Ok(flags)) = (fstat(&fd), fcntl_getfl(&fd)) else { return false };
    let is_device = FileType::from_raw_mode(file.st_mode) == FileType::CharacterDevice;
    let is_null = is_device && file.st_rdev == makedev(1, 3);
    !(is_null && flags & OFlags::RWMODE == OFlags::RDWR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};

    #[test]
    fn a_null_device_for_both_is_what_stands_in_for_nothing() {
        let null = |read, write| {
            let file = OpenOptions::new().read(read).write(write).open("/dev/null");
            is_open(file.unwrap())
        };
        assert_eq!([null(true, false), null(false, true), null(true, true)], [true, true, false]);
        assert!(is_open(OpenOptions::new().read(true).write(true).open("/dev/zero").unwrap()));
        assert!(is_open(std::io::pipe().unwrap().0));
    }

    #[test]
    fn what_goes_through_a_pipe_is_passed_on_and_what_goes_to_a_file_is_not() {
        assert!(is_passed_on(std::io::pipe().unwrap().1));
        let opened = |path| OpenOptions::new().write(true).open(path).unwrap();
        assert!(!is_passed_on(opened("/dev/null")) && !is_passed_on(opened("Cargo.toml")));
    }

    #[test]
    fn only_a_regular_file_can_be_written_and_read_again() {
        let file = File::open("Cargo.toml").unwrap();
        assert_eq!(regular(&file), Some(Identity::of(&file.metadata().unwrap())));
        assert_eq!(regular(File::open("/dev/null").unwrap()), None);
        assert_eq!(regular(File::open("src").unwrap()), None);
        assert_eq!(regular(std::io::pipe().unwrap().0), None);
    }
}
