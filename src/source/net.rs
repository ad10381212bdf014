//! What sockets share: addresses as they are typed, and a connection that lines come from.
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
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use mio::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};

use crate::clock::{FIRST_TOKEN, Wait};
use crate::error::Error;
use crate::record::Chunk;
use crate::source::Settings;
use crate::wire::lines::Lines;

/// An address as it was typed, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// Reads `[HOST:]PORT`, for a source that listens; the host is 127.0.0.1 if none is given.
    pub fn listening(text: &str) -> Result<Address, Error> {
        let shape = "an address to listen on is [HOST:]PORT, as in 9999 or 0.0.0.0:9999";
        Address::parse(text, shape, Some("127.0.0.1"))
    }

    /// Reads `HOST:PORT`, for a source that connects.
    pub fn remote(text: &str) -> Result<Address, Error> {
        let shape = "an address to connect to is HOST:PORT, as in localhost:9999";
        let address = Address::parse(text, shape, text.starts_with(':').then_some("localhost"))?;
        match address.port {
            0 => Err(Error::usage(format!("{text}: nothing can be reached on port 0; {shape}"))),
            _ => Ok(address),
        }
    }

    fn parse(text: &str, shape: &str, default: Option<&str>) -> Result<Address, Error> {
        let wrong = |what: &str| Error::usage(format!("{text}: {what}; {shape}"));
        if text.starts_with("unix:") || text.starts_with("udp:") {
            return Err(wrong("only TCP is spoken here"));
        }
        let (host, digits) = text.rsplit_once(':').unwrap_or(("", text));
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) && text.contains(':') {
            return Err(wrong(&format!("`{digits}` is no port number")));
        }
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("no port is given"));
        }
        let port = digits.parse().map_err(|_| wrong("a port is at most 65535"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains(':') && !host.contains('/') {
            return Err(wrong("an IPv6 address stands in brackets, as in [::1]:9999"));
        }
        let host = match (bare, host) {
            (None, "") => default.ok_or_else(|| wrong("no host is given"))?,
            (bare, host) => bare.unwrap_or(host),
        };
        let named = |c: char| c.is_alphanumeric() || "-_.:%".contains(c);
        if host.is_empty() || !host.chars().all(named) {
            return Err(wrong("this names no host"));
        }
        Ok(Address { host: host.to_string(), port })
    }

    /// The addresses that the name stands for; asks the network, and may take its time.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Error> {
        let wrong = |what: &str| {
            Error::Failed(format!("{self}: the name {} cannot be resolved: {what}", self.host))
        };
        let found = (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| {
            let said = crate::error::said(&error);
            wrong(said.rsplit(": ").next().unwrap_or(&said))
        })?;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(wrong("it has no address")) } else { Ok(addresses) }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

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
    /// There may be more.
    More,
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
    /// How many bytes may still be read.
    left: usize,
}

impl Connection {
    /// Takes over a connected socket, of which nothing is known yet.
    pub fn new(stream: TcpStream, peer: String, settings: &Settings) -> Connection {
        let lines = Lines::new(settings.delimiter, settings.max_record);
        Connection { stream, lines, peer, readable: false, left: usize::MAX }
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
        if *limit == 0 {
            return Got::More;
        }
        let got = match self.lines.has_whole() {
            true => {
                self.lines.release(chunk, limit);
                Got::More
            }
            false => self.read_socket(chunk, most.min(self.left), limit),
        };
        match got {
            Got::More if self.left > 0 || self.lines.has_whole() => return Got::More,
            Got::More | Got::Drained => self.readable = false,
            Got::End(_) => self.finish(chunk, limit),
        }
        if matches!(got, Got::More) { Got::Drained } else { got }
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
            Ok(_) => Got::More,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Got::Drained,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Got::More,
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
        match self.stream.peek(&mut [0]) {
            Ok(0) => Got::End(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Got::Drained
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Got::End(Some(error)),
            Ok(_) | Err(_) => Got::More,
        }
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
    fn an_address_has_a_host_and_a_port() {
        let listening = [
            ("9999", "127.0.0.1:9999"),
            (":9999", "127.0.0.1:9999"),
            ("0", "127.0.0.1:0"),
            ("0.0.0.0:9999", "0.0.0.0:9999"),
            ("localhost:65535", "localhost:65535"),
            ("[::1]:9999", "[::1]:9999"),
            ("[::]:9999", "[::]:9999"),
            ("[fe80::1%eth0]:1", "[fe80::1%eth0]:1"),
        ];
        for (text, shown) in listening {
            assert_eq!(Address::listening(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Address::remote(":9999").unwrap().to_string(), "localhost:9999");
        assert_eq!(Address::remote("my-host.example:1").unwrap().to_string(), "my-host.example:1");
    }

    #[test]
    fn what_is_no_address_is_a_usage_error_that_starts_with_it() {
        let table = [
            ("", "no port"),
            ("localhost", "no port"),
            ("localhost:", "no port"),
            (":", "no port"),
            ("h:http", "`http` is no port"),
            ("h:+1", "`+1` is no port"),
            (":65536", "at most 65535"),
            ("h:99999999999999999999", "at most 65535"),
            ("::1", "brackets"),
            ("::1:9999", "brackets"),
            ("[::1]", "`1]` is no port"),
            ("[]:1", "no host"),
            ("a b:1", "no host"),
            ("http://localhost:80", "no host"),
            ("udp:9999", "only TCP"),
            ("udp:0.0.0.0:9999", "only TCP"),
            ("unix:/run/weir", "only TCP"),
        ];
        for (text, reason) in table {
            for parse in [Address::listening, Address::remote] {
                let err = parse(text).unwrap_err();
                assert_eq!(err.exit_status(), 2);
                let err = err.to_string();
                assert!(err.starts_with(&format!("{text}: ")), "{text}: {err}");
                assert!(err.contains(reason), "{text}: {err}");
            }
        }
        assert!(Address::remote("9999").unwrap_err().to_string().contains("no host is given"));
        assert!(Address::remote("h:0").unwrap_err().to_string().contains("port 0"));
    }

    #[test]
    fn a_name_that_does_not_resolve_is_named() {
        let err = Address::remote("nowhere.invalid:9").unwrap().resolve().unwrap_err();
        let text = err.to_string();
        assert_eq!(err.exit_status(), 1);
        let start = "nowhere.invalid:9: the name nowhere.invalid cannot be resolved: ";
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn an_address_in_digits_resolves_to_itself() {
        let address = Address::listening("[::1]:9").unwrap();
        assert_eq!(address.resolve().unwrap(), ["[::1]:9".parse().unwrap()]);
    }

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
            start: crate::clock::Stamp(0),
        };
        let mut connection = Connection::new(stream, "peer".to_string(), &settings);
        let (mut chunk, mut limit) = (Chunk::default(), usize::MAX);
        connection.seal();
        assert!(matches!(connection.read(&mut chunk, 1 << 16, &mut limit), Got::More));
        assert!(matches!(connection.read(&mut chunk, 1 << 16, &mut limit), Got::End(None)));
        assert_eq!(chunk.bytes(), b"one\nhalf\n");
    }
}
