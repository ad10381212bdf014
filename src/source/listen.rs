//! `listen`: lines from any number of clients at once, for as long as they come.
//!
//! Whoever has something to say is read in turn (source::peers). One that has sent all leaves; where a
//! log keeps the lines, it waits outside for its acknowledgement (source::peers::farewell):
//!
//! ```text
//! door ──> client, a peer ──> gone ──> farewell, until the log has its lines ──> closed
//! ```

use std::fmt::Display;
use std::io;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::Interest;
use mio::event::Event;
use mio::net::TcpStream;

use crate::chunk::{Chunk, Mark};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::metrics::link::Said;
use crate::origin::Origin;
use crate::say::{detail, say};
use crate::source::peers::address::Address;
use crate::source::peers::farewell::{Farewells, Receipt};
use crate::source::peers::peer::Peer;
use crate::source::peers::reception::{self, FIRST_CLIENT, Reception};
use crate::source::peers::{self, Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec, Stage};
use crate::wire::lines::Lines;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "listen", hidden: false, arguments, build };

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    #[command(flatten)]
    at: reception::Flags,

    /// Answer `ok N` to each client that has sent all: how many of its lines are kept
    ///
    /// The answer comes when these lines are in the log of --checkpoint, and then the end of the
    /// file, which never comes without it. A client that is reset before it has read the answer does
    /// not know what became of them.
    #[arg(long)]
    ack: bool,
    /// Make a pair of each line: the client it came from, and the line
    ///
    /// The key is the client as messages name it, ADDRESS:PORT, as in 10.0.0.7:40112. Each connection has
    /// a port of its own, so it is a key of its own; a step that keeps what stands before the last colon
    /// makes one key of all connections of a machine. Steps work on the key, and --values gives the lines
    /// back.
    #[arg(long)]
    with_peer: bool,
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Read lines from any number of clients that connect")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let address = flags.at.address()?;
    if flags.ack && !settings.acknowledges {
        return Err(Error::usage(
            "--ack: needs --checkpoint, and no --no-wal: the log keeps the lines",
        ));
    }
    let listen = Listen::new(address, flags.ack, settings);
    let identity = peers::identity(flags.with_peer);
    Ok(Built::new(Listen { with_peer: flags.with_peer, ..listen }, identity))
}

/// The clients that are connected.
type Streams = Peers<TcpStream, Lines>;

struct Listen {
    peers: Streams,
    clients: Clients,
    /// True if each line is a pair, whose key is its client.
    with_peer: bool,
}

/// How clients come and go.
struct Clients {
    reception: Reception,
    /// True if clients are told how many of their lines are kept.
    answers: bool,
    settings: Settings,
    /// Those who have left and wait for the log, if there is one.
    farewells: Option<Farewells<TcpStream>>,
}

impl Source for Listen {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let Clients { reception, settings, .. } = &mut self.clients;
        reception.open(settings.acknowledges, "listen", wait)
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let read = self.peers.read(&mut self.clients, chunk, limit, wait, until)?;
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
        let words = ["connections", "lines", "client", "clients"];
        self.clients.reception.waiting(self.peers.count(), words)
    }

    fn links(&self, said: &mut Said) {
        self.peers.links(self.clients.reception.broken.as_ref(), said);
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == Stage::Logged {
            self.clients.logged(mark);
        }
        Ok(())
    }
}

impl Listen {
    fn new(address: Address, answers: bool, settings: &Settings) -> Listen {
        let clients = Clients {
            reception: Reception::new(address),
            answers,
            settings: settings.clone(),
            farewells: settings.acknowledges.then(Farewells::new),
        };
        let peers = Peers::new("clients", FIRST_CLIENT, settings);
        Listen { peers, clients, with_peer: false }
    }
}

impl Host for Clients {
    type Transport = TcpStream;
    type Framing = Lines;

    fn place(&self) -> &dyn Display {
        self.reception.place()
    }

    fn deadline(&self) -> Stamp {
        self.reception.deadline()
    }

    fn note(&mut self, event: &Event, _peers: &mut Streams, _wait: &dyn Wait, _now: Stamp) {
        self.reception.note(event);
    }

    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        let Settings { delimiter, max_record, .. } = self.settings;
        self.reception.admit(peers, Interest::READABLE, wait, now, |stream, name| {
            let mut client =
                Peer::new(stream, Lines::new(delimiter, max_record, Origin::peer(name)));
            if self.answers {
                client.receipt = Receipt::counting();
            }
            client
        });
    }

    fn gone(
        &mut self,
        number: usize,
        client: Peer<TcpStream, Lines>,
        why: Option<io::Error>,
        _now: Stamp,
    ) {
        self.reception.gone(number);
        if let Some(why) = &why {
            self.reception.broke(client.name(), why);
        }
        let how = why.as_ref().map_or("closed".to_string(), crate::error::said);
        detail(&format!("{}: {how}", client.name()));
        // Its socket must be closed before another can take its place. Of one whose connection
        // broke nobody is left to be told anything.
        let is_closed = match &mut self.farewells {
            Some(farewells) if why.is_none() => {
                let receipt = client.receipt;
                farewells.wait(client.into_transport(), receipt)
            }
            _ => {
                drop(client);
                true
            }
        };
        if is_closed {
            self.reception.left();
        }
    }

    fn is_leaving(&self) -> bool {
        self.settings.once && self.reception.one_has_left
    }

    /// Who waits at the door when the first client has closed is let in too.
    fn last_turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        self.reception.knocked();
        self.turn(peers, wait, now);
    }

    /// Says who has not closed: what they may still have sent is not read.
    fn end(&mut self, peers: &Streams) -> Result<Read, Error> {
        match peers.count() {
            0 => {}
            1 => say("1 other client was still connected and is cut off by --once"),
            count => say(&format!(
                "{count} other clients were still connected and are cut off by --once"
            )),
        }
        Ok(Read::End)
    }
}

impl Clients {
    /// The log has all records up to `mark`.
    fn logged(&mut self, mark: Mark) {
        let farewells = self.farewells.as_mut();
        if farewells.is_some_and(|farewells| farewells.reached(mark)) {
            self.reception.left();
        }
    }
}

#[cfg(test)]
mod tests;
