//! `connect`: lines from servers, one union; a server that is lost or refuses is tried again.
//!
//! ```text
//!            ┌────────── every address of the name has been tried ──────────┐
//!            v                                                              │
//! Waiting ──delay──> Connecting ──next address──> Connecting ──> Connected ─┤
//!                                                                    lost ──┘
//! ```
//!
//! Nothing here blocks: a name is resolved once, at the start, and a connection is made in the
//! background, like everything that is waited for. An outage is said once, and its end once.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::chunk::Chunk;
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{self, Error};
use crate::origin::Origin;
use crate::say::{detail, note, say};
use crate::source::peers::address::Address;
use crate::source::peers::peer::{self, Peer};
use crate::source::peers::{self, Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec};
use crate::units;
use crate::wire::lines::Lines;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "connect", hidden: false, arguments, build };

/// How long one address may take to answer.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The shortest time between two attempts, whatever was asked for: a refusal comes at once, and
/// without a pause the machine would do nothing else.
const SHORTEST_DELAY: Duration = Duration::from_millis(10);

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    /// The servers to read from
    ///
    /// Several servers give one stream. Every address that a name stands for is tried. `nc -lk
    /// PORT` is such a server.
    #[arg(value_name = "HOST:PORT", required = true)]
    servers: Vec<String>,

    /// How long to wait before a server that is lost or refuses is tried again
    #[arg(long, value_name = "D", default_value = "2s", value_parser = units::duration)]
    reconnect_delay: Duration,

    /// Make a pair of each line: the server it came from, and the line
    ///
    /// The key is the server as messages name it, HOST:PORT, as in localhost:9999: the same whichever of
    /// its addresses has answered. Steps work on the key, and --values gives the lines back.
    #[arg(long)]
    with_peer: bool,
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Read lines from servers, and stay connected")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let servers = flags.servers.iter().map(|text| Address::remote(text));
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    let connect = Connect::new(servers, flags.reconnect_delay, settings);
    let identity = peers::identity(flags.with_peer);
    Ok(Built::new(Connect { with_peer: flags.with_peer, ..connect }, identity))
}

/// The servers that are connected.
type Streams = Peers<TcpStream, Lines>;

struct Connect {
    peers: Streams,
    servers: Servers,
    /// True if each line is a pair, whose key is its server.
    with_peer: bool,
}

/// Who is to be read from, and how far that has come. A server that is connected is the peer with its
/// number.
struct Servers {
    servers: Vec<Server>,
    delay: Duration,
    settings: Settings,
    /// True once a server has closed in order, which ends a run with `--once`.
    one_has_closed: bool,
    /// Why a run with `--once` fails, when all lines at hand are out.
    failed: Option<Error>,
}

struct Server {
    address: Address,
    /// What the name stands for.
    found: Vec<SocketAddr>,
    state: State,
    /// Why there is no connection, once that has been said; kept until there is one again.
    outage: Option<io::ErrorKind>,
}

enum State {
    /// No connection; the next attempt comes at this moment.
    Waiting(Stamp),
    /// `found[index]` is tried until the deadline.
    Connecting { stream: TcpStream, index: usize, deadline: Stamp, refused: Option<io::Error> },
    /// Lines may come.
    Connected,
}

impl Source for Connect {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        for server in &mut self.servers.servers {
            server.found = server.address.resolve()?;
        }
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let read = self.peers.read(&mut self.servers, chunk, limit, wait, until)?;
        if self.with_peer {
            chunk.key_by_origin();
        }
        Ok(read)
    }

    fn form(&self) -> Form {
        peers::form(self.with_peer)
    }

    fn unfinished(&self) -> usize {
        self.peers.unfinished()
    }

    fn waiting(&self) -> String {
        let (mut there, mut others) = (Vec::new(), Vec::new());
        for server in &self.servers.servers {
            match server.lack() {
                None => there.push(server.address.to_string()),
                Some(lack) => others.push(format!("{}, {lack}", server.address)),
            }
        }
        if !there.is_empty() {
            others.insert(0, format!("lines from {}", there.join(", ")));
        }
        others.join("; ")
    }
}

impl Connect {
    fn new(servers: Vec<Address>, delay: Duration, settings: &Settings) -> Connect {
        let server = |address| Server {
            address,
            found: Vec::new(),
            state: State::Waiting(Stamp(0)),
            outage: None,
        };
        let servers = Servers {
            servers: servers.into_iter().map(server).collect(),
            delay: delay.max(SHORTEST_DELAY),
            settings: settings.clone(),
            one_has_closed: false,
            failed: None,
        };
        let peers = Peers::new("servers", FIRST_TOKEN, settings);
        Connect { peers, servers, with_peer: false }
    }
}

impl Host for Servers {
    type Transport = TcpStream;
    type Framing = Lines;

    fn place(&self) -> &dyn Display {
        &"connect"
    }

    fn deadline(&self) -> Stamp {
        let own = self.servers.iter().map(|server| match server.state {
            State::Waiting(next) => next,
            State::Connecting { deadline, .. } => deadline,
            State::Connected => Stamp::NEVER,
        });
        own.fold(Stamp::NEVER, Stamp::min)
    }

    fn note(&mut self, event: &Event, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        if let Some(number) = peers.number(event.token())
            && number < self.servers.len()
        {
            self.answered(number, peers, wait.registry(), now);
        }
    }

    /// Begins what is due: attempts after the delay, and the next address after a silent one.
    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        for number in 0..self.servers.len() {
            match &mut self.servers[number].state {
                State::Waiting(next) if *next <= now => {
                    self.connect(number, 0, None, peers.token(number), wait.registry(), now);
                }
                State::Connecting { index, deadline, refused, .. } if *deadline <= now => {
                    let (next, silent) = (*index + 1, io::ErrorKind::TimedOut.into());
                    let why = more_telling(refused.take(), silent);
                    self.connect(
                        number,
                        next,
                        Some(why),
                        peers.token(number),
                        wait.registry(),
                        now,
                    );
                }
                _ => {}
            }
        }
    }

    fn gone(
        &mut self,
        number: usize,
        _peer: Peer<TcpStream, Lines>,
        why: Option<io::Error>,
        now: Stamp,
    ) {
        self.lose(number, why, now);
    }

    fn is_leaving(&self) -> bool {
        self.settings.once && (self.one_has_closed || self.failed.is_some())
    }

    fn end(&mut self, _peers: &Streams) -> Result<Read, Error> {
        self.failed.take().map_or(Ok(Read::End), Err)
    }
}

impl Servers {
    /// Tries the server's addresses from `index` on; `refused` is why those before it failed.
    fn connect(
        &mut self,
        number: usize,
        index: usize,
        mut refused: Option<io::Error>,
        token: Token,
        registry: &Registry,
        now: Stamp,
    ) {
        let server = &mut self.servers[number];
        for index in index..server.found.len() {
            let stream = TcpStream::connect(server.found[index]).and_then(|mut stream| {
                registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                Ok(stream)
            });
            match stream {
                Ok(stream) => {
                    let deadline = now.after(ATTEMPT);
                    server.state = State::Connecting { stream, index, deadline, refused };
                    return;
                }
                Err(error) => refused = Some(more_telling(refused, error)),
            }
        }
        let why = refused.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
        self.lose(number, Some(why), now);
    }

    /// There is news of an attempt.
    fn answered(&mut self, number: usize, peers: &mut Streams, registry: &Registry, now: Stamp) {
        let server = &mut self.servers[number];
        match std::mem::replace(&mut server.state, State::Waiting(now)) {
            State::Connecting { stream, index, deadline, refused } => match settle(&stream) {
                Ok(true) => peers.join(number, self.welcome(number, stream)),
                Ok(false) => {
                    server.state = State::Connecting { stream, index, deadline, refused };
                }
                Err(error) => {
                    let (next, why) = (index + 1, more_telling(refused, error));
                    self.connect(number, next, Some(why), peers.token(number), registry, now);
                }
            },
            other => server.state = other,
        }
    }

    /// A server has answered.
    fn welcome(&mut self, number: usize, stream: TcpStream) -> Peer<TcpStream, Lines> {
        let server = &mut self.servers[number];
        server.state = State::Connected;
        match server.outage.take() {
            Some(_) => note(&format!("{}: connected again", server.address)),
            None => detail(&format!("{}: connected", server.address)),
        }
        // Without it a server whose machine has died would be waited for for ever; nothing worse.
        let _ = peer::keep_alive(&stream);
        let (delimiter, max) = (self.settings.delimiter, self.settings.max_record);
        let lines = Lines::new(delimiter, max, Origin::peer(server.address.to_string()));
        let mut peer = Peer::new(stream, lines);
        // The event that told of the connection may have told of its first lines too.
        peer.readable = true;
        peer
    }

    /// A server is lost, by an error or because it has closed; its lines are all in the chunk.
    fn lose(&mut self, number: usize, why: Option<io::Error>, now: Stamp) {
        let server = &mut self.servers[number];
        server.state = State::Waiting(now.after(self.delay));
        if self.settings.once {
            self.one_has_closed |= why.is_none();
            let failure = why.map(|source| Error::Io { place: server.address.to_string(), source });
            self.failed = self.failed.take().or(failure);
            return;
        }
        let kind = why.as_ref().map_or(io::ErrorKind::UnexpectedEof, io::Error::kind);
        if server.outage.replace(kind).is_none() {
            let what = why.map_or("closed by the server".to_string(), |why| error::said(&why));
            let delay = units::show_duration(self.delay);
            say(&format!("{}: {what}; trying again every {delay}", server.address));
        }
    }
}

impl Server {
    /// What is wrong with it, if it is not connected.
    fn lack(&self) -> Option<&'static str> {
        match (&self.state, self.outage) {
            (State::Connected, _) => None,
            (_, Some(io::ErrorKind::ConnectionRefused)) => Some("which refuses connections"),
            (_, Some(io::ErrorKind::UnexpectedEof)) => Some("which has closed the connection"),
            (_, Some(io::ErrorKind::TimedOut)) => Some("which does not answer"),
            (_, Some(_)) => Some("which cannot be reached"),
            (_, None) => Some("which has not answered yet"),
        }
    }
}

/// True if the connection stands, false if that is still open, an error if there will be none.
fn settle(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        // When nobody listens on a port from which connections are made, the system can connect a
        // socket to itself.
        Ok(peer) if peer == stream.local_addr()? => Err(io::ErrorKind::ConnectionRefused.into()),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// Of two reasons why a name cannot be reached, the one that says more: a refusal shows that
/// somebody is there, which an address of a kind that this machine does not have cannot.
fn more_telling(before: Option<io::Error>, now: io::Error) -> io::Error {
    match before {
        Some(before) if before.kind() == io::ErrorKind::ConnectionRefused => before,
        _ => now,
    }
}

#[cfg(test)]
mod tests;
