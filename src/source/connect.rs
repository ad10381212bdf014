//! `connect`: lines from servers, one union; a server that is lost or refuses is tried again
//! (source::peers::dial).

use std::fmt::Display;
use std::io;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::event::Event;
use mio::net::TcpStream;

use crate::chunk::Chunk;
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::Error;
use crate::metrics::link::Said;
use crate::origin::Origin;
use crate::source::peers::address::Address;
use crate::source::peers::dial::Dial;
use crate::source::peers::peer::Peer;
use crate::source::peers::tls::{MaybeTls, given};
use crate::source::peers::{self, Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec};
use crate::units;
use crate::wire::lines::Lines;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "connect", hidden: false, arguments, build };

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

    #[command(flatten)]
    tls: given::Calling,

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
    let dial = Dial::new(servers, flags.reconnect_delay, settings.once);
    let connect = Connect::new(dial.by(flags.tls.trust()?.as_ref())?, settings);
    let identity = peers::identity(flags.with_peer);
    Ok(Built::new(Connect { with_peer: flags.with_peer, ..connect }, identity))
}

/// The servers that are connected.
type Streams = Peers<MaybeTls<TcpStream>, Lines>;

struct Connect {
    peers: Streams,
    servers: Servers,
    /// True if each line is a pair, whose key is its server.
    with_peer: bool,
}

/// Who is read from.
struct Servers {
    dial: Dial,
    settings: Settings,
}

impl Source for Connect {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        self.servers.dial.resolve()
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
        self.servers.dial.waiting("lines")
    }

    fn links(&self, said: &mut Said) {
        self.servers.dial.links(said);
    }
}

impl Connect {
    fn new(dial: Dial, settings: &Settings) -> Connect {
        let servers = Servers { dial, settings: settings.clone() };
        let peers = Peers::new("servers", FIRST_TOKEN, settings);
        Connect { peers, servers, with_peer: false }
    }
}

impl Host for Servers {
    type Transport = MaybeTls<TcpStream>;
    type Framing = Lines;

    fn place(&self) -> &dyn Display {
        &"connect"
    }

    fn deadline(&self) -> Stamp {
        self.dial.deadline()
    }

    fn note(&mut self, event: &Event, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        let Some(number) = peers.number(event.token()) else { return };
        if let Some(link) = self.dial.answered(number, event.token(), wait.registry(), now) {
            let (delimiter, max) = (self.settings.delimiter, self.settings.max_record);
            let name = self.dial.servers[number].address.to_string();
            let lines = Lines::new(delimiter, max, Origin::peer(name));
            let mut peer = Peer::new(link, lines);
            // The event that told of the connection may have told of its first lines too.
            peer.readable = true;
            peers.join(number, peer);
        }
    }

    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        self.dial.turn(|number| peers.token(number), wait.registry(), now);
    }

    fn gone(
        &mut self,
        number: usize,
        mut peer: Peer<MaybeTls<TcpStream>, Lines>,
        why: Option<io::Error>,
        now: Stamp,
    ) {
        self.dial.servers[number].is_mute = peer.framing().is_new();
        self.dial.lose(number, why, now);
    }

    fn is_leaving(&self) -> bool {
        self.dial.is_leaving()
    }

    fn end(&mut self, _peers: &Streams) -> Result<Read, Error> {
        self.dial.failure().map(|()| Read::End)
    }
}

#[cfg(test)]
mod tests;
