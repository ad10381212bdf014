//! Writing to a stream that somebody else opened, and noticing that its reader has gone.
//!
//! stdout may have been left non-blocking by another process that holds the same pipe or terminal.
//! The flag belongs to all of them, so it is neither cleared nor set: where the stream takes
//! nothing now, [`write()`] waits until it does. A reader that has gone is [`Error::Closed`], a
//! quiet end; a stream that is idle learns of it by asking [`is_closed`].

pub(super) mod printed;

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use mio::unix::SourceFd;
use mio::{Interest, Registry};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::isatty;

use crate::clock;
use crate::error::{Context, Error};
use crate::process::descriptor;
use crate::say::{Hidden, has_status, hide_status};

/// The stream that batches are written to.
#[derive(Debug)]
pub struct Stdout {
    fd: OwnedFd,
    is_open: bool,
}

impl Stdout {
    /// Takes a handle of its own to a stream.
    pub fn new(fd: impl AsFd) -> Result<Stdout, Error> {
        let fd = fd.as_fd().try_clone_to_owned().place("stdout")?;
        Ok(Stdout { fd, is_open: true })
    }

    /// Makes another handle to the same stream.
    pub fn try_clone(&self) -> Result<Stdout, Error> {
        Ok(Stdout { is_open: self.is_open, ..Stdout::new(&self.fd)? })
    }

    /// The same stream, which takes nothing if we were started without it: what is to be printed is
    /// then not thrown away.
    pub fn if_open(&self) -> Result<Stdout, Error> {
        Ok(Stdout { is_open: descriptor::is_open(&self.fd), ..self.try_clone()? })
    }

    /// False if it takes nothing because we were started without it.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Writes all bytes; see [`write()`]. A stream that is not open takes as few as one whose reader
    /// has gone.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        match self.is_open || bytes.is_empty() {
            true => write(&self.fd, bytes),
            false => Err(Error::Closed),
        }
    }

    /// Lets a wait end when the reader goes; returns a handle to be asked whether it has.
    ///
    /// A stream that cannot be waited for, as a regular file, has no reader that could go.
    pub fn watch(&self, registry: &Registry) -> Result<Stdout, Error> {
        let fd = self.fd.as_raw_fd();
        match registry.register(&mut SourceFd(&fd), clock::STDOUT, Interest::READABLE) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                Err(error).place("stdout")
            }
            _ => self.try_clone(),
        }
    }

    /// Takes what is drawn on a terminal out of the way, if what is written may come there.
    pub fn cleared(&self) -> Option<Hidden> {
        if !has_status() {
            return None;
        }
        let is_terminal = isatty(&self.fd);
        let may_be_seen = is_terminal || descriptor::is_passed_on(&self.fd);
        may_be_seen.then(|| hide_status(is_terminal))
    }

    /// Returns true if nobody can read what is written; see [`is_closed`].
    pub fn is_closed(&self) -> bool {
        is_closed(&self.fd)
    }
}

/// Writes all bytes, however often the stream takes only some of them.
pub fn write(fd: impl AsFd, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        match rustix::io::write(&fd, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(&fd)?,
            // A socket says of a reader that left bytes unread that it has reset the connection.
            Err(Errno::PIPE | Errno::CONNRESET) => return Err(Error::Closed),
            Err(errno) => return Err(errno.into()).place("stdout"),
        }
    }
    Ok(())
}

/// Blocks until the stream takes bytes or fails, either of which the next write tells.
fn wait(fd: impl AsFd) -> Result<(), Error> {
    match poll(&mut [PollFd::new(&fd, PollFlags::OUT)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()).place("stdout"),
    }
}

/// Returns true if nobody can read what is written; asks and does not wait.
pub fn is_closed(fd: impl AsFd) -> bool {
    // These three are reported unasked; asking for nothing else leaves out "can be written".
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    let mut fds = [PollFd::new(&fd, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok() && fds[0].revents().intersects(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write, pipe};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    fn noise(len: u32) -> Vec<u8> {
        (0..len).map(|n| (n ^ n >> 8) as u8).collect()
    }

    #[test]
    fn everything_arrives_through_a_pipe_that_does_not_block() {
        let (mut reader, mut writer) = pipe().unwrap();
        let flags = fcntl_getfl(&writer).unwrap() | OFlags::NONBLOCK;
        fcntl_setfl(&writer, flags).unwrap();
        let mut expected = vec![0; 4096];
        while writer.write(&expected[..4096]).is_ok() {
            expected.extend_from_within(..4096);
        }
        // The pipe is full now, so that the first write finds no room.
        expected.truncate(expected.len() - 4096);
        let more = noise(1 << 20);
        expected.extend_from_slice(&more);
        let taker = thread::spawn(move || {
            let mut taken = Vec::new();
            reader.read_to_end(&mut taken).map(|_| taken)
        });
        write(&writer, &more).unwrap();
        assert_eq!(fcntl_getfl(&writer).unwrap(), flags, "the flags are left alone");
        drop(writer);
        assert!(taker.join().unwrap().unwrap() == expected);
    }

    #[test]
    fn everything_arrives_through_a_pipe_that_blocks() {
        let (mut reader, writer) = pipe().unwrap();
        let giver = thread::spawn(move || write(&writer, &noise(1 << 20)).is_ok());
        let mut taken = Vec::new();
        reader.read_to_end(&mut taken).unwrap();
        assert!(giver.join().unwrap());
        assert!(taken == noise(1 << 20));
    }

    #[test]
    fn a_reader_that_goes_is_noticed_by_asking_and_by_writing() {
        let (reader, writer) = pipe().unwrap();
        assert!(!is_closed(&writer));
        write(&writer, b"unread").unwrap();
        assert!(!is_closed(&writer));
        drop(reader);
        assert!(is_closed(&writer));
        assert!(matches!(write(&writer, b"more"), Err(Error::Closed)));
        assert!(write(&writer, b"").is_ok());
    }

    #[test]
    fn a_reader_that_goes_wakes_a_writer_that_waits() {
        let (mut reader, writer) = pipe().unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        let giver = thread::spawn(move || write(&writer, &noise(1 << 20)));
        reader.read_exact(&mut [0; 100]).unwrap();
        drop(reader);
        assert!(matches!(giver.join().unwrap(), Err(Error::Closed)));
    }

    #[test]
    fn a_socket_whose_other_side_is_gone_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (reader, _) = listener.accept().unwrap();
        assert!(!is_closed(&writer));
        write(&writer, b"unread").unwrap();
        reader.peek(&mut [0; 6]).unwrap();
        drop(reader);
        assert!(matches!(write(&writer, b"more"), Err(Error::Closed)));
        assert!(is_closed(&writer));
    }

    #[test]
    fn a_stream_that_is_not_open_takes_nothing() {
        let null = OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
        let stdout = Stdout::new(&null).unwrap();
        assert!(stdout.write(b"x").is_ok(), "it is thrown away, unless somebody minds");
        let stdout = stdout.if_open().unwrap().try_clone().unwrap();
        assert!(matches!(stdout.write(b"x"), Err(Error::Closed)));
        assert!(stdout.write(b"").is_ok());
        let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
        assert!(Stdout::new(&null).unwrap().if_open().unwrap().write(b"x").is_ok());
    }

    #[test]
    fn files_are_never_closed_and_their_errors_are_told() {
        let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
        assert!(!is_closed(&null));
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = write(&full, b"x").unwrap_err();
        assert_eq!(error.to_string(), "stdout: no space left on device");
        let unwritable = File::open("/dev/null").unwrap();
        assert!(matches!(write(&unwritable, b"x"), Err(Error::Io { .. })));
    }
}
