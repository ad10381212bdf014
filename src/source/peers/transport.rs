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

use std::io::{self, Read};

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
}
