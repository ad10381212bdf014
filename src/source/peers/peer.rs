//! One peer: the connection that its bytes come over, and the framing that makes records of them.
//!
//! mio reports edges: a socket that was ready and was not read until it would block is not reported
//! again. So a [`Peer`] remembers that it is readable, until a read has shown that it is not and its
//! transport holds nothing that poll does not show:
//!
//! ```text
//! event ──> readable ──read──> More ──read──> More ──read──> Drained      not readable
//!                                       └──read──> End                    gone, half line is out
//! ```
//!
//! What its framing answers is sent as far as the connection takes it; the rest goes when an event says
//! that there is room. Who is read when, and how much, is left to `source::peers`.

use std::io;
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};

use crate::chunk::{Chunk, Mark};
use crate::clock::Stamp;
use crate::origin::Origin;
use crate::source::peers::budget::{Budget, SMALL};
use crate::source::peers::farewell::Receipt;
use crate::source::peers::transport::Transport;
use crate::wire::Framing;

/// Has the system find out whether a silent peer is still there: after two minutes it is not.
pub fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(10))
        .with_retries(6);
    SockRef::from(stream).set_tcp_keepalive(&probes)
}

/// How many bytes of answers may wait for a peer to read them.
const UNREAD: usize = 256 << 10;

/// What one read of a connection has shown.
#[derive(Debug)]
pub enum Got {
    /// So many bytes, and there may be more.
    More(usize),
    /// There is no more at the moment.
    Drained,
    /// The other side has closed, or the connection broke (then the error says why).
    End(Option<io::Error>),
}

/// A peer that is connected.
#[derive(Debug)]
pub struct Peer<T, F> {
    transport: T,
    framing: F,
    /// True if a read may find something; see the head of this file.
    pub readable: bool,
    /// Since when it is, without having been read.
    pub since: Stamp,
    /// When its handshake began, if it has one.
    pub begun: Option<Stamp>,
    /// What has come of it.
    pub receipt: Receipt,
    /// How many bytes may still be read.
    left: usize,
    /// Answers that the connection has not taken yet.
    unsent: Vec<u8>,
}

impl<T: Transport, F: Framing> Peer<T, F> {
    /// Takes over a connection of which nothing has been read.
    pub fn new(transport: T, framing: F) -> Peer<T, F> {
        // Of what came before it was known to poll there may be no event.
        let readable = transport.has_pending();
        let receipt = Receipt::default();
        Peer {
            transport,
            framing,
            readable,
            since: Stamp::NEVER,
            begun: None,
            receipt,
            left: usize::MAX,
            unsent: Vec::new(),
        }
    }

    /// Its name, for what is said of it.
    pub fn name(&self) -> &Origin {
        self.framing.origin()
    }

    /// How many bytes of an unfinished record are held.
    pub fn unfinished(&self) -> usize {
        self.framing.unfinished()
    }

    /// Reads once, at most `most` bytes, and leaves at most `limit` records in the chunk.
    pub fn read(&mut self, chunk: &mut Chunk, most: usize, limit: &mut usize) -> Got {
        let start = chunk.len();
        let got = self.take(chunk, most, limit);
        self.receipt.note(chunk.mark, &chunk.bytes()[start..], &self.framing);
        match self.framing.broken() {
            Some(why) => Got::End(Some(io::Error::new(io::ErrorKind::InvalidData, why))),
            None if self.unsent.len() > UNREAD => {
                let why = "it does not read what it is answered";
                Got::End(Some(io::Error::new(io::ErrorKind::InvalidData, why)))
            }
            None => got,
        }
    }

    /// What makes records of its bytes.
    pub fn framing(&mut self) -> &mut F {
        &mut self.framing
    }

    /// The mark that its next answer waits for, if it is owed one.
    pub fn owes(&self) -> Option<Mark> {
        self.framing.owes()
    }

    /// Sends the answers that are due now that all records up to `safe` are safe.
    pub fn answer(&mut self, safe: Mark) {
        self.framing.answer(safe, &mut self.unsent);
        self.send();
    }

    /// Sends what waits, as far as there is room. That a connection is broken shows itself in a read.
    pub fn send(&mut self) {
        while !self.unsent.is_empty() {
            match self.transport.send(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.unsent.clear(),
            }
        }
        self.transport.flush();
    }

    /// What is to be said of its handshake, which takes too long.
    pub fn overdue(&self) -> io::Error {
        self.transport.overdue()
    }

    /// True while its handshake has begun and is not over.
    pub fn is_opening(&self) -> bool {
        self.transport.is_opening()
    }

    fn take(&mut self, chunk: &mut Chunk, most: usize, limit: &mut usize) -> Got {
        if *limit == 0 {
            return Got::More(0);
        }
        let got = match self.framing.has_whole() {
            true => {
                self.framing.release(chunk, limit);
                Got::More(0)
            }
            false => self.read_transport(chunk, most.min(self.left), limit),
        };
        match got {
            Got::More(_) if self.left == 0 && !self.framing.has_whole() => self.drained(),
            Got::More(_) => got,
            Got::Drained => self.drained(),
            Got::End(_) => {
                self.finish(chunk, limit);
                got
            }
        }
    }

    /// Nothing more is to be read, unless the transport holds something.
    fn drained(&mut self) -> Got {
        self.readable = self.left > 0 && self.transport.has_pending();
        Got::Drained
    }

    fn read_transport(&mut self, chunk: &mut Chunk, most: usize, limit: &mut usize) -> Got {
        let start = self.framing.begin(chunk);
        let read = self.transport.read(&mut chunk.room(most)[..most]);
        let count = *read.as_ref().unwrap_or(&0);
        chunk.filled(count);
        self.left -= count;
        // Also if nothing was read: what was held stands in the chunk now and is taken back.
        self.framing.end(chunk, start, limit);
        match read {
            Ok(0) => Got::End(None),
            Ok(count) => Got::More(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Got::Drained,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Got::More(0),
            Err(error) => Got::End(Some(error)),
        }
    }

    /// Leaves it at what has come by now: a sender that never pauses would not let a run end.
    ///
    /// It is readable afterwards, until reads have taken that.
    pub fn seal(&mut self) {
        // One more than there is, so that an end of the stream behind it is found too.
        self.left = self.transport.arrived().map_or(1, |count| count + 1);
        self.readable = true;
    }

    /// Looks what the next read would find, and takes nothing.
    fn peek(&mut self) -> Got {
        if self.left == 0 {
            self.readable = false;
            return Got::Drained;
        }
        match self.transport.peek() {
            Ok(false) => Got::End(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Got::Drained
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Got::End(Some(error)),
            Ok(true) | Err(_) => Got::More(0),
        }
    }

    /// How many bytes are to be read now of this peer, which has this number in the budget; none if
    /// nothing, because it is parked there or has nothing more.
    pub fn share(
        &mut self,
        number: usize,
        budget: &mut Budget,
        limit: usize,
        now: Stamp,
    ) -> Option<usize> {
        match budget.turn(number, self.unfinished()) {
            // Under a limit most of a full turn would only lie here.
            Some(most) if limit < usize::MAX => Some(most.min(SMALL)),
            Some(most) => Some(most),
            // What takes no memory, or gives some back, is always done.
            None if self.framing.has_whole() => Some(SMALL),
            None => match self.peek() {
                Got::End(_) => Some(SMALL),
                Got::Drained => None,
                Got::More(_) => {
                    budget.park(number, now);
                    None
                }
            },
        }
    }

    /// True if an unfinished line does not go on: nothing more of it has come.
    ///
    /// One that has something to read is late through our fault, not its own. Whether it has is asked
    /// anew: with many events at once the one that tells of it may still be to come.
    pub fn stands_still(&mut self) -> bool {
        if !self.readable {
            self.readable = !matches!(self.peek(), Got::Drained);
        }
        !self.readable
    }

    /// Ends the framing: all records are out. What is left of it is the connection.
    pub fn into_transport(self) -> T {
        self.transport
    }

    /// Gives up the unfinished record, which becomes a bad one.
    pub fn give_up(&mut self, chunk: &mut Chunk, reason: &str) {
        self.framing.give_up(chunk, reason);
    }

    /// The half record at the end of the stream is one.
    fn finish(&mut self, chunk: &mut Chunk, limit: &mut usize) {
        if self.framing.unfinished() > 0 && *limit < usize::MAX {
            *limit -= 1;
        }
        self.framing.finish(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{FIRST_TOKEN, Wait};
    use crate::wire::lines::Lines;

    #[test]
    fn a_sealed_connection_gives_what_has_come_and_the_end_behind_it() {
        use std::io::Write;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut stream = TcpStream::from_std(listener.accept().unwrap().0);
        SockRef::from(&stream).set_nonblocking(true).unwrap();
        let (mut wait, _) = crate::clock::RealTime::new().unwrap();
        let token = mio::Token(FIRST_TOKEN);
        wait.registry().register(&mut stream, token, mio::Interest::READABLE).unwrap();
        client.write_all(b"one\nhalf").unwrap();
        drop(client);
        while !wait.events().iter().any(mio::event::Event::is_read_closed) {
            wait.until(crate::clock::Stamp::NEVER).unwrap();
        }
        let mut peer = Peer::new(stream, Lines::new(b'\n', 100, Origin::new("peer")));
        let (mut chunk, mut limit) = (Chunk::default(), usize::MAX);
        peer.seal();
        assert!(matches!(peer.read(&mut chunk, 1 << 16, &mut limit), Got::More(8)));
        assert!(matches!(peer.read(&mut chunk, 1 << 16, &mut limit), Got::End(None)));
        assert_eq!(chunk.bytes(), b"one\nhalf\n");
    }
}
