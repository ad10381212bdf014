//! What sockets share: a connection that lines come from.
//!
//! mio reports edges: a socket that was ready and was not read until it would block is not reported
//! again. So a [`Connection`] remembers that it is readable, until a read has shown that it is not:
//!
//! ```text
//! event ──> readable ──read──> More ──read──> More ──read──> Drained      not readable
//!                                       └──read──> End                    gone, half line is out
//! ```
//!
//! Who is read when, and how much, is left to the source.

use std::io::{self, Read as _};
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};

use crate::chunk::Chunk;
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::source::Settings;
use crate::source::peers::budget::{Budget, SMALL};
use crate::source::peers::farewell::Receipt;
use crate::wire::lines::Lines;

/// Has the system find out whether a silent peer is still there: after two minutes it is not.
pub fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(10))
        .with_retries(6);
    SockRef::from(stream).set_tcp_keepalive(&probes)
}

/// True if another thread has called, also if the last wait ended for several reasons at once.
pub fn was_called(wait: &dyn Wait) -> bool {
    wait.events().iter().any(|event| event.token().0 < FIRST_TOKEN)
}

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

/// A connection that lines come from.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    lines: Lines,
    /// The other side's name, for what is said of it.
    pub peer: String,
    /// True if a read may find something; see the head of this file.
    pub readable: bool,
    /// What has come of it.
    pub receipt: Receipt,
    /// How many bytes may still be read.
    left: usize,
}

impl Connection {
    /// Takes over a connected socket, of which nothing is known yet.
    pub fn new(stream: TcpStream, peer: String, settings: &Settings) -> Connection {
        let lines = Lines::new(settings.delimiter, settings.max_record);
        let receipt = Receipt::default();
        Connection { stream, lines, peer, readable: false, receipt, left: usize::MAX }
    }

    /// How many bytes of an unfinished line are held.
    pub fn unfinished(&self) -> usize {
        self.lines.unfinished()
    }

    /// True if lines are at hand that a limit has held back: the next read takes them first.
    pub fn has_whole(&self) -> bool {
        self.lines.has_whole()
    }

    /// Reads once, at most `most` bytes, and leaves at most `limit` lines in the chunk.
    pub fn read(&mut self, chunk: &mut Chunk, most: usize, limit: &mut usize) -> Got {
        let start = chunk.len();
        let got = self.take(chunk, most, limit);
        self.receipt.note(chunk.mark, &chunk.bytes()[start..]);
        got
    }

    fn take(&mut self, chunk: &mut Chunk, most: usize, limit: &mut usize) -> Got {
        if *limit == 0 {
            return Got::More(0);
        }
        let got = match self.lines.has_whole() {
            true => {
                self.lines.release(chunk, limit);
                Got::More(0)
            }
            false => self.read_socket(chunk, most.min(self.left), limit),
        };
        match got {
            Got::More(_) if self.left == 0 && !self.lines.has_whole() => {
                self.readable = false;
                return Got::Drained;
            }
            Got::More(_) => {}
            Got::Drained => self.readable = false,
            Got::End(_) => self.finish(chunk, limit),
        }
        got
    }

    fn read_socket(&mut self, chunk: &mut Chunk, most: usize, limit: &mut usize) -> Got {
        let start = self.lines.begin(chunk);
        let read = self.stream.read(&mut chunk.room(most)[..most]);
        let count = *read.as_ref().unwrap_or(&0);
        chunk.filled(count);
        self.left -= count;
        // Also if nothing was read: what was held stands in the chunk now and is taken back.
        self.lines.end(chunk, start, limit, &self.peer);
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
    /// The connection is readable afterwards, until reads have taken that.
    pub fn seal(&mut self) {
        // One more than there is, so that an end of the stream behind it is found too.
        self.left = rustix::io::ioctl_fionread(&self.stream).map_or(1, |count| count as usize + 1);
        self.readable = true;
    }

    /// Looks what the next read would find, and takes nothing.
    pub fn peek(&mut self) -> Got {
        if self.left == 0 {
            self.readable = false;
            return Got::Drained;
        }
        match self.stream.peek(&mut [0]) {
            Ok(0) => Got::End(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Got::Drained
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Got::End(Some(error)),
            Ok(_) | Err(_) => Got::More(0),
        }
    }

    /// How many bytes are to be read now of this connection, which has this number in the budget; none
    /// if nothing, because it is parked there or has nothing more.
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
            None if self.has_whole() => Some(SMALL),
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

    /// Ends the framing: all lines are out. What is left of it is the socket.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Gives up the unfinished line, which becomes a bad record.
    pub fn give_up(&mut self, chunk: &mut Chunk, reason: &str) {
        self.lines.give_up(chunk, reason, &self.peer);
    }

    /// The half line at the end of the stream is a record.
    fn finish(&mut self, chunk: &mut Chunk, limit: &mut usize) {
        if self.lines.unfinished() > 0 && *limit < usize::MAX {
            *limit -= 1;
        }
        self.lines.finish(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let settings = Settings {
            delimiter: b'\n',
            max_record: 100,
            once: true,
            quiet: true,
            verbose: false,
            acknowledges: false,
            start: crate::clock::Stamp(0),
        };
        let mut connection = Connection::new(stream, "peer".to_string(), &settings);
        let (mut chunk, mut limit) = (Chunk::default(), usize::MAX);
        connection.seal();
        assert!(matches!(connection.read(&mut chunk, 1 << 16, &mut limit), Got::More(8)));
        assert!(matches!(connection.read(&mut chunk, 1 << 16, &mut limit), Got::End(None)));
        assert_eq!(chunk.bytes(), b"one\nhalf\n");
    }
}
