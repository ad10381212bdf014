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

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::chunk::{CHUNK, Chunk};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{self, Context, Error};
use crate::say::say;
use crate::source::peers::address::Address;
use crate::source::peers::budget::Budget;
use crate::source::peers::peer::{self, Connection, Got};
use crate::source::{Read, Settings, Source, Spec};
use crate::units;

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
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Read lines from servers, and stay connected")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Box<dyn Source>, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let servers = flags.servers.iter().map(|text| Address::remote(text));
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(Connect::new(servers, flags.reconnect_delay, settings)))
}

struct Connect {
    servers: Vec<Server>,
    delay: Duration,
    settings: Settings,
    /// The server whose turn is next.
    turn: usize,
    /// Memory for the unfinished lines of all servers.
    budget: Budget,
    /// True once a server has closed in order, which ends a run with `--once`.
    one_has_closed: bool,
    /// True once the run ends, and what is at hand from the others is all that is still read.
    sealed: bool,
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
    Connected(Connection),
}

impl Source for Connect {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        for server in &mut self.servers {
            server.found = server.address.resolve()?;
        }
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        mut limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        loop {
            let now = wait.now();
            self.attempt(wait.registry(), now);
            // With work at hand this only looks whether there is news.
            wait.until(self.deadline(limit, until, now)).place("connect")?;
            let (now, leaving) = (wait.now(), self.is_leaving());
            for event in wait.events().iter().filter(|_| !leaving) {
                self.note(event.token(), wait.registry(), now);
            }
            self.fill(chunk, &mut limit, now);
            self.give_up_stuck(chunk, now);
            if self.is_leaving() && !self.sealed {
                self.servers.iter_mut().for_each(Server::seal);
                self.sealed = true;
            }
            if chunk.end_read(self.settings.delimiter) {
                return Ok(Read::Rows);
            }
            if self.sealed && !self.has_work() {
                return self.failed.take().map_or(Ok(Read::End), Err);
            }
            if now >= until || peer::was_called(wait) {
                return Ok(Read::Idle);
            }
        }
    }

    fn unfinished(&self) -> usize {
        self.budget.held()
    }

    fn waiting(&self) -> String {
        let (mut there, mut others) = (Vec::new(), Vec::new());
        for server in &self.servers {
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
        Connect {
            servers: servers.into_iter().map(server).collect(),
            delay: delay.max(SHORTEST_DELAY),
            settings: settings.clone(),
            turn: 0,
            budget: Budget::beside(settings.max_record),
            one_has_closed: false,
            sealed: false,
            failed: None,
        }
    }

    /// True if a read would find something at once.
    fn has_work(&self) -> bool {
        self.servers.iter().any(Server::is_readable)
    }

    /// True if a read would find something at once and there is memory for it.
    fn can_read(&self) -> bool {
        let mut servers = self.servers.iter().enumerate();
        self.budget.can_unpark()
            || servers
                .any(|(number, server)| server.is_readable() && !self.budget.is_parked(number))
    }

    /// True if the run ends when nothing more is at hand.
    fn is_leaving(&self) -> bool {
        self.settings.once && (self.one_has_closed || self.failed.is_some())
    }

    /// How long to wait for news.
    fn deadline(&self, limit: usize, until: Stamp, now: Stamp) -> Stamp {
        if (limit > 0 && self.can_read()) || self.is_leaving() && !self.has_work() {
            return now;
        }
        let until = if limit > 0 { until.min(self.budget.deadline()) } else { until };
        let own = self.servers.iter().map(|server| match server.state {
            State::Waiting(_) if self.is_leaving() => Stamp::NEVER,
            State::Waiting(next) => next,
            State::Connecting { deadline, .. } => deadline,
            State::Connected(_) => Stamp::NEVER,
        });
        own.fold(until, Stamp::min)
    }

    /// Begins what is due: attempts after the delay, and the next address after a silent one.
    fn attempt(&mut self, registry: &Registry, now: Stamp) {
        let leaving = self.is_leaving();
        for number in 0..self.servers.len() {
            let server = &mut self.servers[number];
            match &mut server.state {
                State::Waiting(next) if *next <= now && !leaving => {
                    self.connect(number, 0, None, registry, now);
                }
                State::Connecting { index, deadline, refused, .. } if *deadline <= now => {
                    let (next, silent) = (*index + 1, io::ErrorKind::TimedOut.into());
                    let why = more_telling(refused.take(), silent);
                    self.connect(number, next, Some(why), registry, now);
                }
                _ => {}
            }
        }
    }

    /// Tries the server's addresses from `index` on; `refused` is why those before it failed.
    fn connect(
        &mut self,
        number: usize,
        index: usize,
        mut refused: Option<io::Error>,
        registry: &Registry,
        now: Stamp,
    ) {
        let server = &mut self.servers[number];
        let token = Token(FIRST_TOKEN + number);
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

    /// Notes what an event says about a server.
    fn note(&mut self, token: Token, registry: &Registry, now: Stamp) {
        let Some(number) = token.0.checked_sub(FIRST_TOKEN) else { return };
        let Some(server) = self.servers.get_mut(number) else { return };
        match std::mem::replace(&mut server.state, State::Waiting(now)) {
            State::Connecting { stream, index, deadline, refused } => match settle(&stream) {
                Ok(true) => self.welcome(number, stream),
                Ok(false) => {
                    server.state = State::Connecting { stream, index, deadline, refused };
                }
                Err(error) => {
                    let why = more_telling(refused, error);
                    self.connect(number, index + 1, Some(why), registry, now);
                }
            },
            State::Connected(mut connection) => {
                connection.readable = true;
                server.state = State::Connected(connection);
            }
            waiting @ State::Waiting(_) => server.state = waiting,
        }
    }

    /// A server has answered.
    fn welcome(&mut self, number: usize, stream: TcpStream) {
        let server = &mut self.servers[number];
        // Without it a server whose machine has died would be waited for for ever; nothing worse.
        let _ = peer::keep_alive(&stream);
        let mut connection = Connection::new(stream, server.address.to_string(), &self.settings);
        // The event that told of the connection may have told of its first lines too.
        connection.readable = true;
        server.state = State::Connected(connection);
        if server.outage.take().is_some() {
            if !self.settings.quiet {
                say(&format!("{}: connected again", server.address));
            }
        } else if self.settings.verbose {
            say(&format!("{}: connected", server.address));
        }
    }

    /// A server is lost, by an error or because it has closed; its lines are all in the chunk.
    fn lose(&mut self, number: usize, why: Option<io::Error>, now: Stamp) {
        self.budget.leave(number, 0, now);
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

    /// Reads from one server after the other, until the chunk is full or none has more.
    fn fill(&mut self, chunk: &mut Chunk, limit: &mut usize, now: Stamp) {
        let (count, mut taken, mut idle) = (self.servers.len(), 0, 0);
        while idle < count && *limit > 0 && taken < CHUNK && chunk.len() < CHUNK {
            self.turn = (self.turn + 1) % count;
            idle += 1;
            while self.budget.unpark().is_some() {}
            let State::Connected(connection) = &mut self.servers[self.turn].state else { continue };
            if !connection.readable || self.budget.is_parked(self.turn) {
                continue;
            }
            let Some(most) = connection.share(self.turn, &mut self.budget, *limit, now) else {
                continue;
            };
            let before = connection.unfinished();
            let got = connection.read(chunk, most, limit);
            self.budget.moved(self.turn, before, connection.unfinished(), now);
            match got {
                Got::More(count) => (taken, idle) = (taken + count, 0),
                Got::Drained => {}
                Got::End(why) => self.lose(self.turn, why, now),
            }
        }
    }

    /// Gives up the longest unfinished line if it does not go on and others wait for its memory.
    fn give_up_stuck(&mut self, chunk: &mut Chunk, now: Stamp) {
        if now < self.budget.deadline() {
            return;
        }
        let Some(number) = self.budget.leader() else { return };
        let State::Connected(connection) = &mut self.servers[number].state else { return };
        if connection.stands_still() {
            let before = connection.unfinished();
            let reason = "unfinished, and given up: other servers' lines waited for its memory";
            connection.give_up(chunk, reason);
            self.budget.moved(number, before, connection.unfinished(), now);
        }
    }
}

impl Server {
    /// Leaves it at what has come by now.
    fn seal(&mut self) {
        if let State::Connected(connection) = &mut self.state {
            connection.seal();
        }
    }

    fn is_readable(&self) -> bool {
        matches!(&self.state, State::Connected(connection) if connection.readable)
    }

    /// What is wrong with it, if it is not connected.
    fn lack(&self) -> Option<&'static str> {
        match (&self.state, self.outage) {
            (State::Connected(_), _) => None,
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
