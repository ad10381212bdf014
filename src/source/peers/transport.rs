//! What a peer's bytes come over: a connection that poll tells of, bare or wrapped.
//!
//! Poll shows what has come to the socket, and nothing else. A transport that unwraps what comes may
//! hold bytes behind that, which were whole only together with others:
//!
//! ```text
//! peer ──> socket ──> unwrapped, and not read yet ──> framing
//!            │               │
//!           poll        has_pending
//! ```
//!
//! So whoever reads asks both: see `source::peers::peer`.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

/// A connection, from the side of whoever reads it; it never blocks.
pub trait Transport: Send {
    /// Reads what there is into `room`, or fails with `WouldBlock`; nothing means the end.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize>;

    /// Looks what a read would find, in what it holds too, and takes nothing: true for bytes, false
    /// for the end.
    fn peek(&mut self) -> io::Result<bool>;

    /// How many bytes there are to be read now, what it holds among them, or a few more.
    fn arrived(&self) -> io::Result<usize>;

    /// True if it holds bytes that poll does not show; a read takes some of them.
    fn has_pending(&self) -> bool;

    /// Sends what there is room for, or fails with `WouldBlock`; returns how many bytes that were.
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Sends what it holds of that, and of its own, as far as there is room.
    fn flush(&mut self) {}

    /// True from the first byte of its handshake until that is over, if it has one.
    fn is_opening(&self) -> bool {
        false
    }

    /// What is to be said of a handshake that takes too long.
    fn overdue(&self) -> io::Error {
        io::ErrorKind::TimedOut.into()
    }
}

impl Transport for TcpStream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Read::read(self, room)
    }

    fn peek(&mut self) -> io::Result<bool> {
        TcpStream::peek(self, &mut [0]).map(|count| count > 0)
    }

    fn arrived(&self) -> io::Result<usize> {
        Ok(rustix::io::ioctl_fionread(self)? as usize)
    }

    fn has_pending(&self) -> bool {
        false
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }
}

/// A connection whose peer waits for an answer to what it sends.
///
/// One that does not wait any longer, because it was not answered in time, has closed; and it sends the
/// same again over another connection. So what comes with the end of the stream right behind it is not
/// read: it would be there twice, and nobody is left to be told that it is kept.
pub struct Waiting<T>(pub T);

impl<T: Transport> Transport for Waiting<T> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(room)?;
        match self.0.peek() {
            Ok(false) => Ok(0),
            Err(error) if is_passing(&error) => Ok(count),
            Err(error) => Err(error),
            Ok(true) => Ok(count),
        }
    }

    fn peek(&mut self) -> io::Result<bool> {
        self.0.peek()
    }

    fn arrived(&self) -> io::Result<usize> {
        self.0.arrived()
    }

    fn has_pending(&self) -> bool {
        self.0.has_pending()
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes)
    }

    fn flush(&mut self) {
        self.0.flush();
    }

    fn is_opening(&self) -> bool {
        self.0.is_opening()
    }

    fn overdue(&self) -> io::Error {
        self.0.overdue()
    }
}

/// True if the connection stands, and there is only nothing to be done at the moment.
pub fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
