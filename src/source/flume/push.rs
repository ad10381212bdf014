//! `flume-push`: events that Flume's avro sinks send, each of which waits until its batch is kept.
//!
//! ```text
//! door ──> sink, a peer ──batch──> chunk ──> the log, or the fold
//!             ^                                   │
//!             └─────────────── OK ────────────────┘ reached
//! ```
//!
//! A sink sends a batch and waits. It is answered OK when the batch is safe, so what is slow here slows
//! it. One that has waited too long closes its connection, takes the batch back and sends it again; what
//! it had sent is not read then (`peers::transport::Waiting`).

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::{ArgMatches, Command, FromArgMatches, ValueEnum};
use mio::Interest;
use mio::event::Event;
use mio::net::TcpStream;

use super::{form, longest};
use crate::chunk::{Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::Error;
use crate::origin::Origin;
use crate::say::{detail, note, say};
use crate::source::peers::address::Address;
use crate::source::peers::door::{self, Door};
use crate::source::peers::peer::{self, Peer};
use crate::source::peers::transport::Waiting;
use crate::source::peers::{Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec, Stage};
use crate::wire::flume::handshake::Known;
use crate::wire::flume::push::PROTOCOL;
use crate::wire::flume::server::{Server, Terms};

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "flume-push", hidden: false, arguments, build };

/// The token of the sink with number 0.
const FIRST_SINK: usize = FIRST_TOKEN + 1;
/// How many sinks are let in at a time, before those that are there are read.
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

    #[command(flatten)]
    events: super::Flags,

    /// How the sinks compress: what their compression-type says
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Compression::None)]
    compression: Compression,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Compression {
    /// Not at all
    None,
    /// zlib, both ways
    Deflate,
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command).about("Take events that Flume's avro sinks send")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let address = Address::listening(&flags.address)?;
    let terms = Terms {
        rows: flags.events.rows(settings.max_record),
        compressed: flags.compression == Compression::Deflate,
        longest: longest(settings.max_record),
        known: Arc::new(Known::new(PROTOCOL)),
    };
    Ok(Built::new(FlumePush::new(address, terms, settings), flags.events.identity()))
}

/// The sinks that are connected.
type Streams = Peers<Waiting, Server>;

pub(super) struct FlumePush {
    peers: Streams,
    sinks: Sinks,
    /// When a batch is safe.
    safe: Stage,
}

/// How sinks come and go.
struct Sinks {
    address: Address,
    terms: Terms,
    once: bool,
    /// The listening socket, once it is open.
    door: Option<Door>,
    /// The numbers below that of the last sink that nobody has.
    free: Vec<usize>,
    /// True once a sink has closed, which ends a run with `--once`.
    one_has_left: bool,
}

impl FlumePush {
    pub(super) fn new(address: Address, terms: Terms, settings: &Settings) -> FlumePush {
        // Unfinished messages are what takes memory here.
        let settings = Settings { max_record: terms.longest, ..settings.clone() };
        let sinks = Sinks {
            address,
            terms,
            once: settings.once,
            door: None,
            free: Vec::new(),
            one_has_left: false,
        };
        let safe = if settings.acknowledges { Stage::Logged } else { Stage::Folded };
        FlumePush { peers: Peers::new("sinks", FIRST_SINK, &settings), sinks, safe }
    }
}

impl Source for FlumePush {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        // A close in order: what was answered right before the end arrives.
        let door = Door::open(&self.sinks.address, false, wait)?;
        note(&door::welcome(door.address(), "flume-push"));
        self.sinks.door = Some(door);
        Ok(())
    }

    fn form(&self) -> Form {
        form(&self.sinks.terms.rows)
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        self.peers.read(&mut self.sinks, chunk, limit, wait, until)
    }

    fn waiting(&self) -> String {
        let address = match &self.sinks.door {
            Some(door) => door.address().to_string(),
            None => self.sinks.address.to_string(),
        };
        match self.peers.count() {
            0 => format!("avro sinks on {address} (0 connections)"),
            1 => format!("events on {address} (1 connection)"),
            count => format!("events on {address} ({count} connections)"),
        }
    }

    fn acknowledges(&self) -> Option<Stage> {
        Some(self.safe)
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == self.safe {
            self.peers.reached(mark);
        }
        Ok(())
    }
}

impl Host for Sinks {
    type Transport = Waiting;
    type Framing = Server;

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
        sink: Peer<Waiting, Server>,
        why: Option<io::Error>,
        _now: Stamp,
    ) {
        self.free.push(number);
        self.one_has_left = true;
        match why {
            Some(why) if why.kind() == io::ErrorKind::InvalidData => {
                say(&format!("{}: cut off: {why}", sink.name()));
            }
            Some(why) => detail(&format!("{}: {}", sink.name(), crate::error::said(&why))),
            None => detail(&format!("{}: closed", sink.name())),
        }
        // Its socket must be closed before another can take its place.
        drop(sink);
        self.door.iter_mut().for_each(Door::left);
    }

    fn is_leaving(&self) -> bool {
        self.once && self.one_has_left
    }

    fn end(&mut self, _peers: &Streams) -> Result<Read, Error> {
        Ok(Read::End)
    }
}

impl Sinks {
    fn seat(
        &mut self,
        mut stream: TcpStream,
        name: &str,
        peers: &mut Streams,
        wait: &dyn Wait,
    ) -> io::Result<()> {
        let number = self.free.last().copied().unwrap_or(peers.count());
        let interest = Interest::READABLE | Interest::WRITABLE;
        wait.registry().register(&mut stream, peers.token(number), interest)?;
        self.free.pop();
        // Without these an answer waits for others, and a sink whose machine has died stays for ever;
        // nothing worse.
        let _ = stream.set_nodelay(true);
        let _ = peer::keep_alive(&stream);
        detail(&format!("{name}: connected"));
        let server = Server::new(&self.terms, Origin::peer(name));
        peers.join(number, Peer::new(Waiting(stream), server));
        Ok(())
    }
}
