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
use std::sync::Arc;

use clap::{ArgMatches, Command, FromArgMatches, ValueEnum};
use mio::Interest;
use mio::event::Event;

use super::{form, longest};
use crate::chunk::{Chunk, Mark};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::metrics::link::Said;
use crate::origin::Origin;
use crate::say::{detail, say};
use crate::source::peers::address::Address;
use crate::source::peers::door::{Entrance, Stream};
use crate::source::peers::peer::Peer;
use crate::source::peers::reception::{self, FIRST_CLIENT, Reception};
use crate::source::peers::tls::{MaybeTls, Welcome, given};
use crate::source::peers::transport::Waiting;
use crate::source::peers::{Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec, Stage};
use crate::wire::flume::handshake::Known;
use crate::wire::flume::push::PROTOCOL;
use crate::wire::flume::server::{Server, Terms};
use crate::wire::flume::strangers;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "flume-push", hidden: false, arguments, build };

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    #[command(flatten)]
    at: reception::Flags,

    #[command(flatten)]
    events: super::Flags,

    /// How the sinks compress: what their compression-type says
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Compression::None)]
    compression: Compression,

    #[command(flatten)]
    tls: given::Listening,
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
    let address = flags.at.address()?;
    let terms = Terms {
        rows: flags.events.rows(settings.max_record),
        compressed: flags.compression == Compression::Deflate,
        longest: longest(settings.max_record),
        known: Arc::new(Known::new(PROTOCOL)),
    };
    let welcome = flags.tls.welcome()?;
    let push = FlumePush::new(address, terms, welcome, settings);
    Ok(Built::new(push, flags.events.identity()))
}

/// The sinks that are connected.
type Streams = Peers<Waiting<MaybeTls<Stream>>, Server>;

pub(super) struct FlumePush {
    peers: Streams,
    sinks: Sinks,
    /// When a batch is safe.
    safe: Stage,
}

/// How sinks come and go.
struct Sinks {
    reception: Reception,
    terms: Terms,
    welcome: Welcome,
    once: bool,
}

impl FlumePush {
    pub(super) fn new(
        address: Address,
        terms: Terms,
        welcome: Welcome,
        settings: &Settings,
    ) -> FlumePush {
        // Unfinished messages are what takes memory here.
        let settings = Settings { max_record: terms.longest, ..settings.clone() };
        let reception = Reception::new(vec![Entrance::Tcp(address)]);
        let sinks = Sinks { reception, terms, welcome, once: settings.once };
        let safe = if settings.acknowledges { Stage::Logged } else { Stage::Folded };
        FlumePush { peers: Peers::new("sinks", FIRST_CLIENT, &settings), sinks, safe }
    }
}

impl Source for FlumePush {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        // A close in order: what was answered right before the end arrives.
        self.sinks.reception.open(false, "flume-push", wait)
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
        let words = ["avro sinks", "events", "connection", "connections"];
        self.sinks.reception.waiting(self.peers.count(), words)
    }

    fn links(&self, said: &mut Said) {
        self.peers.links(self.sinks.reception.broken.as_ref(), said);
    }

    fn acknowledges(&self) -> Option<Stage> {
        Some(self.safe)
    }

    fn lone_waits(&self) -> bool {
        self.peers.lone_waits()
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == self.safe {
            self.peers.reached(mark);
        }
        Ok(())
    }
}

impl Host for Sinks {
    type Transport = Waiting<MaybeTls<Stream>>;
    type Framing = Server;

    fn place(&self) -> &dyn Display {
        &"flume-push"
    }

    fn deadline(&self) -> Stamp {
        self.reception.deadline()
    }

    fn note(&mut self, event: &Event, _peers: &mut Streams, _wait: &dyn Wait, _now: Stamp) {
        self.reception.note(event);
    }

    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.welcome.renew(now);
        self.reception.admit(peers, interest, wait, now, |stream, name| {
            // Without it an answer waits for others; nothing worse.
            let _ = stream.hurry();
            let link = self.welcome.let_in(stream, strangers::looks_without_tls);
            Peer::new(Waiting(link), Server::new(&self.terms, Origin::peer(name)))
        });
    }

    fn gone(
        &mut self,
        number: usize,
        sink: Peer<Waiting<MaybeTls<Stream>>, Server>,
        why: Option<io::Error>,
        _now: Stamp,
    ) {
        self.reception.gone(number);
        why.iter().for_each(|why| self.reception.broke(sink.name(), why));
        match why {
            Some(why) if why.kind() == io::ErrorKind::InvalidData => {
                say(&format!("{}: cut off: {why}", sink.name()));
            }
            Some(why) => detail(&format!("{}: {}", sink.name(), crate::error::said(&why))),
            None => detail(&format!("{}: closed", sink.name())),
        }
        // Its socket must be closed before another can take its place.
        drop(sink);
        self.reception.left();
    }

    fn is_leaving(&self) -> bool {
        self.once && self.reception.one_has_left
    }

    fn end(&mut self, _peers: &Streams) -> Result<Read, Error> {
        Ok(Read::End)
    }
}
