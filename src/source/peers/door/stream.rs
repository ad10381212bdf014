//! A connection that has come in by a door, of whichever kind that is.

use std::io;
use std::os::fd::OwnedFd;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token, event};

use super::local::Local;
use crate::process::ulimit::Bound;
use crate::source::peers::farewell::Parting;
use crate::source::peers::peer;
use crate::source::peers::transport::Transport;

/// A connection to a client.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// On this machine.
    Local(Local),
}

impl Stream {
    /// The same connection under a number below the bound; as it was, if none is free there.
    pub fn below(self, bound: Bound) -> Result<Stream, Stream> {
        let tcp = |fd: OwnedFd| Stream::Tcp(TcpStream::from_std(fd.into()));
        match self {
            Stream::Tcp(stream) => bound.below(stream.into()).map(tcp).map_err(tcp),
            Stream::Local(local) => local.below(bound).map(Stream::Local).map_err(Stream::Local),
        }
    }

    /// Has the system find out whether a silent peer is still there, where it may be on another machine.
    pub fn keep_alive(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => peer::keep_alive(stream),
            Stream::Local(_) => Ok(()),
        }
    }

    /// Sends answers at once, and not together with others.
    pub fn hurry(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_nodelay(true),
            Stream::Local(_) => Ok(()),
        }
    }

    fn transport(&mut self) -> &mut dyn Transport {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Local(local) => local,
        }
    }

    fn source(&mut self) -> &mut dyn event::Source {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Local(local) => local.stream(),
        }
    }

    fn parting(&mut self) -> &mut dyn Parting {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Local(local) => local,
        }
    }
}

impl Transport for Stream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.transport().read(room)
    }

    fn peek(&mut self) -> io::Result<bool> {
        Transport::peek(self.transport())
    }

    fn arrived(&self) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.arrived(),
            Stream::Local(local) => local.arrived(),
        }
    }

    fn has_pending(&self) -> bool {
        false
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.transport().send(bytes)
    }
}

impl Parting for Stream {
    fn tell(&mut self, answer: &[u8]) -> bool {
        self.parting().tell(answer)
    }

    fn close_in_order(&mut self) {
        self.parting().close_in_order();
    }
}

impl event::Source for Stream {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.source().register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.source().reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source().deregister(registry)
    }
}
