//! Connections that we make: to servers that are tried again when they refuse or are lost.
//!
//! ```text
//!            ┌────────── every address of the name has been tried ──────────┐
//!            v                                                              │
//! Waiting ──delay──> Connecting ──next address──> Connecting ──> Connected ─┤
//!                                                                    lost ──┘
//! ```
//!
//! Nothing here blocks: a name is resolved once, at the start, and a connection is made in the
//! background, like everything that is waited for. An outage is said once, and its end once. With `--once`
//! a server that is lost or refuses is the end, which whoever dials is asked for.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::clock::Stamp;
use crate::error::{self, Error};
use crate::metrics::link::{Link, Said, TOLD};
use crate::say::{detail, note, say};
use crate::source::peers::address::Address;
use crate::source::peers::peer;
use crate::source::peers::tls::given::Trust;
use crate::source::peers::tls::{Call, MaybeTls};
use crate::units;

/// How long one address may take to answer.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The shortest time between two attempts, whatever was asked for: a refusal comes at once, and
/// without a pause the machine would do nothing else.
const SHORTEST_DELAY: Duration = Duration::from_millis(10);

/// Who is dialled, and how far that has come. A server that is connected is the peer with its number.
pub struct Dial {
    /// The servers, in the order in which they were named.
    pub servers: Vec<Server>,
    delay: Duration,
    once: bool,
    /// True once a server has closed in order.
    one_has_closed: bool,
    /// Why a run with `--once` fails.
    failed: Option<Error>,
}

/// A server.
pub struct Server {
    /// Its address, as it was typed.
    pub address: Address,
    /// What the name stands for.
    pub found: Vec<SocketAddr>,
    /// True if nothing has come over its last connection, where that is looked at.
    pub is_mute: bool,
    /// How it is called, if by TLS.
    call: Option<Call>,
    state: State,
    /// Why there is no connection, once that has been said; kept until there is one again.
    outage: Option<io::ErrorKind>,
    /// What went wrong last; kept also when there is a connection again.
    error: Option<String>,
}

enum State {
    /// No connection; the next attempt comes at this moment.
    Waiting(Stamp),
    /// `found[index]` is tried until the deadline, the handshake too, if there is one.
    Connecting {
        link: MaybeTls<TcpStream>,
        index: usize,
        deadline: Stamp,
        refused: Option<io::Error>,
    },
    /// It has answered.
    Connected,
}

impl Dial {
    /// Nobody is dialled yet; one that is lost or refuses is tried again after `delay`.
    pub fn new(addresses: Vec<Address>, delay: Duration, once: bool) -> Dial {
        let server = |address| Server {
            address,
            found: Vec::new(),
            is_mute: false,
            call: None,
            state: State::Waiting(Stamp(0)),
            outage: None,
            error: None,
        };
        let servers = addresses.into_iter().map(server).collect();
        let delay = delay.max(SHORTEST_DELAY);
        Dial { servers, delay, once, one_has_closed: false, failed: None }
    }

    /// The same by TLS, if it is known whom to trust.
    pub fn by(mut self, trust: Option<&Trust>) -> Result<Dial, Error> {
        for server in &mut self.servers {
            server.call = trust.map(|trust| trust.call(server.address.host())).transpose()?;
        }
        Ok(self)
    }

    /// Finds out what the names stand for.
    pub fn resolve(&mut self) -> Result<(), Error> {
        for server in &mut self.servers {
            server.found = server.address.resolve()?;
        }
        Ok(())
    }

    /// When something is due.
    pub fn deadline(&self) -> Stamp {
        let own = self.servers.iter().map(|server| match server.state {
            State::Waiting(next) => next,
            State::Connecting { deadline, .. } => deadline,
            State::Connected => Stamp::NEVER,
        });
        own.fold(Stamp::NEVER, Stamp::min)
    }

    /// Begins what is due: attempts after the delay, and the next address after a silent one. `token` is
    /// that of a number.
    pub fn turn(&mut self, token: impl Fn(usize) -> Token, registry: &Registry, now: Stamp) {
        for number in 0..self.servers.len() {
            match &mut self.servers[number].state {
                State::Waiting(next) if *next <= now => {
                    self.connect(number, 0, None, token(number), registry, now);
                }
                State::Connecting { index, deadline, refused, .. } if *deadline <= now => {
                    let (next, silent) = (*index + 1, io::ErrorKind::TimedOut.into());
                    let why = more_telling(refused.take(), silent);
                    self.connect(number, next, Some(why), token(number), registry, now);
                }
                _ => {}
            }
        }
    }

    /// There is news of an attempt: the connection, if it stands.
    pub fn answered(
        &mut self,
        number: usize,
        token: Token,
        registry: &Registry,
        now: Stamp,
    ) -> Option<MaybeTls<TcpStream>> {
        let server = self.servers.get_mut(number)?;
        match std::mem::replace(&mut server.state, State::Waiting(now)) {
            State::Connecting { mut link, index, deadline, refused } => match settle(&mut link) {
                Ok(true) => {
                    server.welcome(link.stream());
                    return Some(link);
                }
                Ok(false) => {
                    server.state = State::Connecting { link, index, deadline, refused };
                }
                Err(error) => {
                    let (next, why) = (index + 1, more_telling(refused, error));
                    self.connect(number, next, Some(why), token, registry, now);
                }
            },
            other => server.state = other,
        }
        None
    }

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
                    let (link, deadline) = (server.link(stream), now.after(ATTEMPT));
                    server.state = State::Connecting { link, index, deadline, refused };
                    return;
                }
                Err(error) => refused = Some(more_telling(refused, error)),
            }
        }
        let why = refused.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
        self.lose(number, Some(why), now);
    }

    /// A server is lost, by an error or because it has closed; what came of it is in the chunk.
    pub fn lose(&mut self, number: usize, why: Option<io::Error>, now: Stamp) {
        let server = &mut self.servers[number];
        server.state = State::Waiting(now.after(self.delay));
        if self.once {
            self.one_has_closed |= why.is_none();
            if why.is_none() && server.is_unheard() {
                note(&format!("{}: {}", server.address, server.closed()));
            }
            let failure = why.map(|source| Error::Io { place: server.address.to_string(), source });
            self.failed = self.failed.take().or(failure);
            return;
        }
        let kind = why.as_ref().map_or(io::ErrorKind::UnexpectedEof, io::Error::kind);
        let what = why.map_or_else(|| server.closed().to_string(), |why| error::said(&why));
        server.error = Some(what.clone());
        // What is wrong with a certificate is said though it was said before that nobody was there.
        let is_news = |before| kind == io::ErrorKind::InvalidData && before != kind;
        if server.outage.replace(kind).is_none_or(is_news) {
            let delay = units::show_duration(self.delay);
            say(&format!("{}: {what}; trying again every {delay}", server.address));
        }
    }

    /// True if the run ends, because a server has closed or is not to be had.
    pub fn is_leaving(&self) -> bool {
        self.once && (self.one_has_closed || self.failed.is_some())
    }

    /// True if the run ends because a server is not to be had.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Why the run fails, if it does.
    pub fn failure(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Tells how the connections stand.
    pub fn links(&self, said: &mut Said) {
        let is_up = |server: &&Server| matches!(server.state, State::Connected);
        said.up = Some(self.servers.iter().filter(is_up).count() as u64);
        for server in self.servers.iter().take(TOLD) {
            let (name, error) = (server.address.to_string(), server.error.clone());
            said.links.push(Link { name, is_up: is_up(&server), is_guest: false, error });
        }
    }

    /// What is waited for, as in "lines from localhost:9999".
    pub fn waiting(&self, what: &str) -> String {
        let (mut there, mut others) = (Vec::new(), Vec::new());
        for server in &self.servers {
            match server.lack() {
                None => there.push(server.address.to_string()),
                Some(lack) => others.push(format!("{}, {lack}", server.address)),
            }
        }
        if !there.is_empty() {
            others.insert(0, format!("{what} from {}", there.join(", ")));
        }
        others.join("; ")
    }
}

impl Server {
    /// A connection to it that is being made.
    fn link(&self, stream: TcpStream) -> MaybeTls<TcpStream> {
        match &self.call {
            Some(call) => call.over(stream),
            None => MaybeTls::bare(stream),
        }
    }

    /// True if it has said nothing before it closed, and may have waited for a client that speaks TLS.
    fn is_unheard(&self) -> bool {
        self.is_mute && self.call.is_none()
    }

    /// What is said of it when it has closed in order.
    fn closed(&self) -> &'static str {
        match self.is_unheard() {
            true => {
                "closed by the server before anything came; one that speaks TLS waits for --tls"
            }
            false => "closed by the server",
        }
    }

    /// It has answered.
    fn welcome(&mut self, stream: &TcpStream) {
        self.state = State::Connected;
        match self.outage.take() {
            Some(_) => note(&format!("{}: connected again", self.address)),
            None => detail(&format!("{}: connected", self.address)),
        }
        // Without it a server whose machine has died would be waited for for ever; nothing worse.
        let _ = peer::keep_alive(stream);
    }

    /// What is wrong with it, if it is not connected.
    fn lack(&self) -> Option<&'static str> {
        match (&self.state, self.outage) {
            (State::Connected, _) => None,
            (_, Some(io::ErrorKind::ConnectionRefused)) => Some("which refuses connections"),
            (_, Some(io::ErrorKind::UnexpectedEof)) => Some("which has closed the connection"),
            (_, Some(io::ErrorKind::TimedOut)) => Some("which does not answer"),
            (_, Some(io::ErrorKind::InvalidData)) => Some("whose TLS is not good"),
            (_, Some(_)) => Some("which cannot be reached"),
            (_, None) => Some("which has not answered yet"),
        }
    }
}

/// True if the connection stands, false if that is still open, an error if there will be none.
fn settle(link: &mut MaybeTls<TcpStream>) -> io::Result<bool> {
    let stream = link.stream();
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        // When nobody listens on a port from which connections are made, the system can connect a
        // socket to itself.
        Ok(peer) if peer == stream.local_addr()? => Err(io::ErrorKind::ConnectionRefused.into()),
        Ok(_) => link.open(),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// Of two reasons why a name cannot be reached, the one that says more: a refusal shows that
/// somebody is there, which an address of a kind that this machine does not have cannot, and a bad certificate that
/// it is a server.
fn more_telling(before: Option<io::Error>, now: io::Error) -> io::Error {
    let telling = [io::ErrorKind::InvalidData, io::ErrorKind::ConnectionRefused];
    match before {
        _ if now.kind() == io::ErrorKind::InvalidData => now,
        Some(before) if telling.contains(&before.kind()) => before,
        _ => now,
    }
}
