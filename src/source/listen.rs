//! `listen`: lines from any number of clients at once, for as long as they come, and datagrams.
//!
//! Whoever has something to say is read in turn (source::peers). One that has sent all leaves; where a
//! log keeps the lines, it waits outside for its acknowledgement (source::peers::farewell):
//!
//! ```text
//! door ──> client, a peer ──> gone ──> farewell, until the log has its lines ──> closed
//! mailbox ──> datagrams, whose senders nobody knows and nobody answers
//! ```
//!
//! All that is listened at (source::listen::place) is one stream.

mod losses;
mod mail;
mod place;

use std::ffi::OsString;
use std::fmt::Display;
use std::io;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::event::Event;
use mio::{Interest, Token};

use crate::chunk::{Chunk, Mark};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::metrics::link::Said;
use crate::origin::Origin;
use crate::say::{detail, note, say};
use crate::source::peers::door::{self, Stream};
use crate::source::peers::farewell::{Farewells, Receipt};
use crate::source::peers::peer::Peer;
use crate::source::peers::reception::{FIRST_CLIENT, FIRST_OTHER, PLACES, Reception};
use crate::source::peers::tls::{MaybeTls, Welcome, given, words};
use crate::source::peers::{self, Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec, Stage};
use crate::wire::datagrams::Datagrams;
use crate::wire::lines::Lines;
use mail::Mailbox;
use place::Places;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "listen", hidden: false, arguments, build };

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    /// Where to listen: [HOST:]PORT, unix:PATH, or udp:[HOST:]PORT; several are one stream
    ///
    /// HOST is 127.0.0.1 if it is not given, so that nobody else can connect. 0.0.0.0:PORT (or
    /// [::]:PORT) opens the port to the network. With port 0 the system chooses one, and weir says
    /// which. A name is listened at by all its addresses.
    ///
    /// unix:PATH is a socket of this machine, to which those can connect who may write to the file: umask
    /// decides that, as for every file, so by default only its owner does. A file that a dead process
    /// has left there is replaced, one at which somebody listens is refused, and at the end it is
    /// removed. unix:@NAME is a name without a file, to which everybody on the machine can connect; a path
    /// that begins with @ is typed ./@NAME.
    ///
    /// udp:PORT takes datagrams. Each is one line or several; its end ends the last one, as a disconnect
    /// does. What the system had no room for is lost: it is counted, and said at most once a second. A
    /// long queue is asked for, of which the system gives what net.core.rmem_max allows.
    ///
    /// Without an address the sockets are taken that systemd has passed on (LISTEN_FDS; Accept=no in
    /// the unit), all of them, as fd: does beside others; fd:NAME takes those that FileDescriptorName= or
    /// LISTEN_FDNAMES calls so.
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<OsString>,

    /// Answer `ok N` to each client that has sent all: how many of its lines are kept
    ///
    /// The answer comes when these lines are in the log of --checkpoint, and then the end of the
    /// file, which never comes without it. A client that is reset before it has read the answer does
    /// not know what became of them. Who sends datagrams is told nothing.
    #[arg(long)]
    ack: bool,
    /// Make a pair of each line: the client it came from, and the line
    ///
    /// The key is the client as messages name it, ADDRESS:PORT, as in 10.0.0.7:40112; of a socket of this
    /// machine, whose clients have no names, unix:PATH:N, which is its Nth connection. Each connection has a
    /// key of its own; a step that keeps what stands before the last colon makes one key of all
    /// connections of a machine. Steps work on the key, and --values gives the lines back.
    #[arg(long)]
    with_peer: bool,

    #[command(flatten)]
    tls: given::Listening,
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Read lines of any number of clients, and datagrams")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let places = Places::parse(&flags.addresses)?;
    if flags.ack && !settings.acknowledges {
        return Err(Error::usage(
            "--ack: needs --checkpoint, and no --no-wal: the log keeps the lines",
        ));
    }
    if flags.ack && !places.has_doors() {
        return Err(Error::usage("--ack: who sends datagrams cannot be answered"));
    }
    if settings.once && !places.has_doors() {
        return Err(Error::usage(
            "--once: ends when the first client closes, which nobody does who sends datagrams; \
             --batches 1 ends after a batch, --duration 10 after ten seconds",
        ));
    }
    let welcome = flags.tls.welcome()?;
    if welcome.is_tls() && places.has_mail() {
        return Err(Error::usage(
            "--tls-cert: datagrams are not sealed by TLS; another weir listens for them without it",
        ));
    }
    let mut listen = Listen::new(places, flags.ack, settings);
    listen.clients.welcome = welcome;
    let identity = peers::identity(flags.with_peer);
    Ok(Built::new(Listen { with_peer: flags.with_peer, ..listen }, identity))
}

/// The clients that are connected.
type Streams = Peers<MaybeTls<Stream>, Lines>;

struct Listen {
    peers: Streams,
    clients: Clients,
    /// True if each line is a pair, whose key is its client.
    with_peer: bool,
}

/// How clients come and go.
struct Clients {
    reception: Reception,
    welcome: Welcome,
    /// Where datagrams come, before it is open.
    places: Places,
    mail: Vec<Mailbox>,
    /// How often they were emptied: each is the first in turn.
    turns: usize,
    /// True if clients are told how many of their lines are kept.
    answers: bool,
    settings: Settings,
    /// Those who have left and wait for the log, if there is one.
    farewells: Option<Farewells<MaybeTls<Stream>>>,
}

impl Source for Listen {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let Clients { reception, settings, .. } = &mut self.clients;
        reception.open(settings.acknowledges, "listen", wait)?;
        self.clients.open_mail(wait)
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
        self.peers.unfinished() + self.clients.mail.iter().map(Mailbox::held).sum::<usize>()
    }

    fn waiting(&self) -> String {
        let Clients { reception, mail, .. } = &self.clients;
        let words = ["connections", "lines", "client", "clients"];
        let clients =
            (!reception.has_no_door()).then(|| reception.waiting(self.peers.count(), words));
        let names: Vec<&str> = mail.iter().map(Mailbox::name).collect();
        let mail = (!names.is_empty()).then(|| format!("datagrams on {}", names.join(", ")));
        clients.into_iter().chain(mail).collect::<Vec<_>>().join(", ")
    }

    fn close(&mut self, _wait: &mut dyn Wait) {
        self.clients.mail.iter_mut().for_each(Mailbox::tell_losses);
    }

    fn links(&self, said: &mut Said) {
        let Clients { reception, mail, .. } = &self.clients;
        self.peers.links(reception.broken.as_ref(), said);
        said.lost = (!mail.is_empty()).then(|| mail.iter().map(Mailbox::lost).sum());
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == Stage::Logged {
            self.clients.logged(mark);
        }
        Ok(())
    }
}

impl Listen {
    fn new(mut places: Places, answers: bool, settings: &Settings) -> Listen {
        let clients = Clients {
            reception: Reception::new(std::mem::take(&mut places.entrances)),
            places,
            mail: Vec::new(),
            turns: 0,
            welcome: Welcome::default(),
            answers,
            settings: settings.clone(),
            farewells: settings.acknowledges.then(Farewells::new),
        };
        let peers = Peers::new("clients", FIRST_CLIENT, settings);
        Listen { peers, clients, with_peer: false }
    }
}

impl Host for Clients {
    type Transport = MaybeTls<Stream>;
    type Framing = Lines;

    fn place(&self) -> &dyn Display {
        &"listen"
    }

    fn deadline(&self) -> Stamp {
        let mail = self.mail.iter().map(Mailbox::deadline);
        mail.fold(self.reception.deadline(), Stamp::min)
    }

    fn note(&mut self, event: &Event, _peers: &mut Streams, _wait: &dyn Wait, _now: Stamp) {
        match event.token().0.checked_sub(FIRST_OTHER) {
            Some(number) => self.mail.get_mut(number).into_iter().for_each(Mailbox::rang),
            None => self.reception.note(event),
        }
    }

    fn collect(&mut self, chunk: &mut Chunk, limit: &mut usize, now: Stamp) {
        let Settings { delimiter, max_record: max, .. } = self.settings;
        let first = self.turns % self.mail.len().max(1);
        self.turns = self.turns.wrapping_add(1);
        let (before, from) = self.mail.split_at_mut(first);
        for mailbox in from.iter_mut().chain(before) {
            mailbox.collect(Datagrams { delimiter, max }, chunk, limit, now);
        }
    }

    fn has_mail(&self) -> bool {
        self.mail.iter().any(Mailbox::has_mail)
    }

    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        self.mail.iter_mut().for_each(|mailbox| mailbox.turn(now));
        self.welcome.renew(now);
        let Settings { delimiter, max_record, .. } = self.settings;
        // With TLS who reads has something to send, too.
        let interest = match self.welcome.is_tls() {
            true => Interest::READABLE | Interest::WRITABLE,
            false => Interest::READABLE,
        };
        self.reception.admit(peers, interest, wait, now, |stream, name| {
            let link = self.welcome.let_in(stream, words::client).guarded();
            let mut client = Peer::new(link, Lines::new(delimiter, max_record, Origin::peer(name)));
            if self.answers {
                client.receipt = Receipt::counting();
            }
            client
        });
    }

    fn gone(
        &mut self,
        number: usize,
        client: Peer<MaybeTls<Stream>, Lines>,
        why: Option<io::Error>,
        _now: Stamp,
    ) {
        let one_has_left = self.reception.one_has_left;
        self.reception.gone(number);
        if let Some(why) = &why {
            self.reception.broke(client.name(), why);
        }
        match &why {
            // Who speaks something else is no client of which the lines are waited for.
            Some(why) if why.kind() == io::ErrorKind::InvalidData => {
                self.reception.one_has_left = one_has_left;
                say(&format!("{}: cut off: {why}", client.name()));
            }
            Some(why) => detail(&format!("{}: {}", client.name(), crate::error::said(why))),
            None => detail(&format!("{}: closed", client.name())),
        }
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
        self.mail.iter_mut().for_each(Mailbox::seal);
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
    /// Opens the sockets for datagrams, and says where they are.
    fn open_mail(&mut self, wait: &dyn Wait) -> Result<(), Error> {
        let mut sockets = Vec::new();
        for address in &self.places.addresses {
            sockets.extend(Mailbox::listen(address)?);
        }
        let own = sockets.len();
        sockets.append(&mut self.places.passed);
        if sockets.len() > PLACES {
            return Err(Error::usage(format!("listen: at most {PLACES} addresses for datagrams")));
        }
        for (number, socket) in sockets.into_iter().enumerate() {
            let mailbox = Mailbox::open(socket, Token(FIRST_OTHER + number), wait)?;
            let address = mailbox.address();
            note(&match number < own {
                true => door::welcome(address, "listen udp:", " for datagrams"),
                false => format!("listening for datagrams on {address}, which was passed on"),
            });
            self.mail.push(mailbox);
        }
        Ok(())
    }

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
