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
use std::net::SocketAddr;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::Interest;
use mio::event::Event;
use mio::net::TcpStream;

use crate::chunk::{Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::Error;
use crate::origin::Origin;
use crate::say::{detail, note, say};
use crate::source::peers::address::Address;
use crate::source::peers::door::{self, Door};
use crate::source::peers::farewell::{Farewells, Receipt};
use crate::source::peers::peer::{self, Peer};
use crate::source::peers::{self, Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec, Stage};
use crate::wire::lines::Lines;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "listen", hidden: false, arguments, build };

/// The token of the client with number 0.
const FIRST_CLIENT: usize = FIRST_TOKEN + 1;
/// How many clients are let in at a time, before those that are there are read.
const ADMITTED: usize = 256;

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    /// Where to listen: a port, for this machine only, or an address and a port
    ///
    /// HOST is 127.0.0.1 if it is not given, so that nobody else can connect. 0.0.0.0:PORT (or
    /// [::]:PORT) opens the port to the network. With port 0 the system chooses one, and weir says
    /// which.
    #[arg(value_name = "[HOST:]PORT")]
    address: String,
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
    let address = Address::listening(&flags.address)?;
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
    address: Address,
    /// True if clients are told how many of their lines are kept.
    answers: bool,
    settings: Settings,
    /// The listening socket, once it is open.
    door: Option<Door>,
    /// The numbers below that of the last client that nobody has.
    free: Vec<usize>,
    /// Those who have left and wait for the log, if there is one.
    farewells: Option<Farewells<TcpStream>>,
    /// True once a client has closed, which ends a run with `--once`.
    one_has_left: bool,
}

impl Source for Listen {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let clients = &mut self.clients;
        let door = Door::open(&clients.address, clients.settings.acknowledges, wait)?;
        note(&door::welcome(door.address(), "listen"));
        clients.door = Some(door);
        Ok(())
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
        let address = match &self.clients.door {
            Some(door) => door.address().to_string(),
            None => self.clients.address.to_string(),
        };
        match self.peers.count() {
            0 => format!("connections on {address} (0 clients)"),
            1 => format!("lines on {address} (1 client)"),
            count => format!("lines on {address} ({count} clients)"),
        }
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
            address,
            answers,
            settings: settings.clone(),
            door: None,
            free: Vec::new(),
            farewells: settings.acknowledges.then(Farewells::new),
            one_has_left: false,
        };
        let peers = Peers::new("clients", FIRST_CLIENT, settings);
        Listen { peers, clients, with_peer: false }
    }
}

impl Host for Clients {
    type Transport = TcpStream;
    type Framing = Lines;

    fn place(&self) -> &dyn Display {
        &self.address
    }

    fn deadline(&self) -> Stamp {
        self.door.as_ref().map_or(Stamp::NEVER, Door::deadline)
    }

    fn note(&mut self, event: &Event, _peers: &mut Streams, _wait: &dyn Wait, _now: Stamp) {
        if event.token() == door::TOKEN {
            self.door.iter_mut().for_each(Door::knocked);
        }
    }

    /// Lets in who waits, but not so many that those who are in must wait for it.
    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        for _ in 0..ADMITTED {
            let Some((stream, peer)) = self.door.as_mut().and_then(|door| door.accept(now)) else {
                break;
            };
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port()).to_string();
            if let Err(error) = self.seat(stream, &peer, peers, wait) {
                say(&format!("{peer}: not let in: {}", crate::error::said(&error)));
            }
        }
    }

    fn gone(
        &mut self,
        number: usize,
        client: Peer<TcpStream, Lines>,
        why: Option<io::Error>,
        _now: Stamp,
    ) {
        self.free.push(number);
        self.one_has_left = true;
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
            self.door.iter_mut().for_each(Door::left);
        }
    }

    fn is_leaving(&self) -> bool {
        self.settings.once && self.one_has_left
    }

    /// Who waits at the door when the first client has closed is let in too.
    fn last_turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        self.door.iter_mut().for_each(Door::knocked);
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
    fn seat(
        &mut self,
        mut stream: TcpStream,
        name: &str,
        peers: &mut Streams,
        wait: &dyn Wait,
    ) -> io::Result<()> {
        let number = self.free.last().copied().unwrap_or(peers.count());
        wait.registry().register(&mut stream, peers.token(number), Interest::READABLE)?;
        self.free.pop();
        // Without it a client whose machine has died would stay for ever; nothing worse.
        let _ = peer::keep_alive(&stream);
        detail(&format!("{name}: connected"));
        let (delimiter, max) = (self.settings.delimiter, self.settings.max_record);
        let mut client = Peer::new(stream, Lines::new(delimiter, max, Origin::peer(name)));
        if self.answers {
            client.receipt = Receipt::counting();
        }
        peers.join(number, client);
        Ok(())
    }

    /// The log has all records up to `mark`.
    fn logged(&mut self, mark: Mark) {
        let farewells = self.farewells.as_mut();
        if farewells.is_some_and(|farewells| farewells.reached(mark)) {
            self.door.iter_mut().for_each(Door::left);
        }
    }
}

#[cfg(test)]
mod tests;
