//! How clients of a listening source come and go: those at the door get a number and a seat, and a number whose
//! client has gone is given to the next.

use std::fmt::Display;
use std::io;
#[cfg(test)]
use std::net::SocketAddr;

use mio::event::Event;
use mio::{Interest, Token};

use super::Peers;
use super::address::Address;
use super::door::{self, Door, Entrance, Stream};
use super::peer::Peer;
use super::transport::Transport;
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{self, Error};
use crate::metrics::link::Link;
use crate::say::{detail, note, say};
use crate::wire::Framing;

/// How many doors there are at most, and how many other sockets a source may have.
pub const PLACES: usize = 256;
/// The token of the first of a source's other sockets.
pub const FIRST_OTHER: usize = FIRST_TOKEN + PLACES;
/// The token of the client with number 0.
pub const FIRST_CLIENT: usize = FIRST_OTHER + PLACES;
/// How many are let in at a time, before those that are there are read.
const ADMITTED: usize = 256;

/// Where to listen, as it is typed.
#[derive(clap::Args)]
#[group(skip)]
pub struct Flags {
    /// Where to listen: a port, for this machine only, or an address and a port
    ///
    /// HOST is 127.0.0.1 if it is not given, so that nobody else can connect. 0.0.0.0:PORT (or
    /// [::]:PORT) opens the port to the network. With port 0 the system chooses one, and weir says
    /// which.
    #[arg(value_name = "[HOST:]PORT")]
    address: String,
}

impl Flags {
    /// The address that is meant.
    pub fn address(&self) -> Result<Address, Error> {
        Address::listening(&self.address)
    }
}

/// The doors of a source, and the numbers of its clients.
pub struct Reception {
    /// What is to be opened.
    entrances: Vec<Entrance>,
    doors: Vec<Door>,
    /// The door that is looked at first when somebody has come: each in turn.
    first: usize,
    /// The numbers below that of the last client that nobody has.
    free: Vec<usize>,
    /// True once a client has closed.
    pub one_has_left: bool,
    /// The client whose connection broke last, and how.
    pub broken: Option<Link>,
}

impl Reception {
    /// The doors at these places are not open yet.
    pub fn new(entrances: Vec<Entrance>) -> Reception {
        Reception {
            entrances,
            doors: Vec::new(),
            first: 0,
            free: Vec::new(),
            one_has_left: false,
            broken: None,
        }
    }

    /// Opens the doors of the source with this name, and says where they are; with `resets`, a close of a
    /// connection is a reset unless it is told otherwise.
    pub fn open(&mut self, resets: bool, source: &str, wait: &dyn Wait) -> Result<(), Error> {
        let mut said = Vec::new();
        for entrance in self.entrances.drain(..) {
            let is_passed = matches!(entrance, Entrance::Passed(_));
            for listener in entrance.listen(resets)? {
                if self.doors.len() == PLACES {
                    return Err(Error::usage(format!("{source}: at most {PLACES} addresses")));
                }
                let token = Token(FIRST_TOKEN + self.doors.len());
                let door = Door::open(listener, resets, token, wait)?;
                said.push(match door.address() {
                    _ if is_passed => format!("listening on {}, which was passed on", door.name()),
                    Some(address) => door::welcome(address, &format!("{source} "), ""),
                    None => format!("listening on {}", door.name()),
                });
                self.doors.push(door);
            }
        }
        said.iter().for_each(|said| note(said));
        Ok(())
    }

    /// True if nobody can come.
    pub fn has_no_door(&self) -> bool {
        self.doors.is_empty()
    }

    /// The address of the first door once it is open, if it has one with a port.
    #[cfg(test)]
    pub fn address(&self) -> Option<SocketAddr> {
        self.doors.first().and_then(Door::address)
    }

    /// What is waited for while nothing comes, by the words for nobody and for somebody, and what they are called.
    pub fn waiting(&self, count: usize, [nobody, somebody, one, many]: [&str; 4]) -> String {
        let doors: Vec<&str> = self.doors.iter().map(Door::name).collect();
        let doors = doors.join(", ");
        match count {
            0 => format!("{nobody} on {doors} (0 {many})"),
            1 => format!("{somebody} on {doors} (1 {one})"),
            count => format!("{somebody} on {doors} ({count} {many})"),
        }
    }

    /// When a door is to be looked at again.
    pub fn deadline(&self) -> Stamp {
        self.doors.iter().map(Door::deadline).fold(Stamp::NEVER, Stamp::min)
    }

    /// Takes note of what was found ready.
    pub fn note(&mut self, event: &Event) {
        let door = event.token().0.checked_sub(FIRST_TOKEN);
        if let Some(door) = door.and_then(|number| self.doors.get_mut(number)) {
            door.knocked();
        }
    }

    /// Remembers that somebody may be waiting.
    pub fn knocked(&mut self) {
        self.doors.iter_mut().for_each(Door::knocked);
    }

    /// Lets in who waits, but not so many that those who are in must wait for it; `greet` makes a peer of each, by
    /// the name it has in messages.
    pub fn admit<T: Transport, F: Framing>(
        &mut self,
        peers: &mut Peers<T, F>,
        interest: Interest,
        wait: &dyn Wait,
        now: Stamp,
        mut greet: impl FnMut(Stream, &str) -> Peer<T, F>,
    ) {
        for _ in 0..ADMITTED {
            let Some((mut stream, name)) = self.accept(now) else { break };
            let number = self.free.last().copied().unwrap_or(peers.count());
            let token: Token = peers.token(number);
            if let Err(error) = wait.registry().register(&mut stream, token, interest) {
                say(&format!("{name}: not let in: {}", error::said(&error)));
                continue;
            }
            self.free.pop();
            // Without it a client whose machine has died would stay for ever; nothing worse.
            let _ = stream.keep_alive();
            detail(&format!("{name}: connected"));
            peers.join(number, greet(stream, &name));
        }
    }

    /// Whoever waits at one of the doors, each of which has its turn.
    fn accept(&mut self, now: Stamp) -> Option<(Stream, String)> {
        for _ in 0..self.doors.len() {
            self.first = (self.first + 1) % self.doors.len();
            let come = self.doors[self.first].accept(now);
            if come.is_some() {
                return come;
            }
        }
        None
    }

    /// The connection of a client has broken.
    pub fn broke(&mut self, name: &impl Display, why: &io::Error) {
        let error = Some(error::said(why));
        self.broken = Some(Link { name: name.to_string(), is_up: false, is_guest: true, error });
    }

    /// The client with this number is no peer any more.
    pub fn gone(&mut self, number: usize) {
        self.free.push(number);
        self.one_has_left = true;
    }

    /// Its socket is closed: there is room for the next.
    pub fn left(&mut self) {
        self.doors.iter_mut().for_each(Door::left);
    }
}
