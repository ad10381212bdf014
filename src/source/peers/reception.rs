//! How clients of a listening source come and go: those at the door get a number and a seat, and a number whose
//! client has gone is given to the next.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Token};

use super::Peers;
use super::address::Address;
use super::door::{self, Door};
use super::peer::{self, Peer};
use super::transport::Transport;
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{self, Error};
use crate::metrics::link::Link;
use crate::say::{detail, note, say};
use crate::wire::Framing;

/// The token of the client with number 0.
pub const FIRST_CLIENT: usize = FIRST_TOKEN + 1;
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

/// The door of a source, and the numbers of its clients.
pub struct Reception {
    address: Address,
    /// The listening socket, once it is open.
    door: Option<Door>,
    /// The numbers below that of the last client that nobody has.
    free: Vec<usize>,
    /// True once a client has closed.
    pub one_has_left: bool,
    /// The client whose connection broke last, and how.
    pub broken: Option<Link>,
}

impl Reception {
    /// The door at this address is not open yet.
    pub fn new(address: Address) -> Reception {
        Reception { address, door: None, free: Vec::new(), one_has_left: false, broken: None }
    }

    /// Opens the door of the source with this name, and says where it is; `resets` as for [`Door::open`].
    pub fn open(&mut self, resets: bool, source: &str, wait: &dyn Wait) -> Result<(), Error> {
        let door = Door::open(&self.address, resets, wait)?;
        note(&door::welcome(door.address(), source));
        self.door = Some(door);
        Ok(())
    }

    /// The address as it was typed.
    pub fn place(&self) -> &dyn Display {
        &self.address
    }

    /// The address of the door once it is open.
    pub fn address(&self) -> Option<SocketAddr> {
        self.door.as_ref().map(Door::address)
    }

    /// What is waited for while nothing comes, by the words for nobody and for somebody, and what they are called.
    pub fn waiting(&self, count: usize, [nobody, somebody, one, many]: [&str; 4]) -> String {
        let address = match self.address() {
            Some(address) => address.to_string(),
            None => self.address.to_string(),
        };
        match count {
            0 => format!("{nobody} on {address} (0 {many})"),
            1 => format!("{somebody} on {address} (1 {one})"),
            count => format!("{somebody} on {address} ({count} {many})"),
        }
    }

    /// When the door is to be looked at again.
    pub fn deadline(&self) -> Stamp {
        self.door.as_ref().map_or(Stamp::NEVER, Door::deadline)
    }

    /// Takes note of what was found ready.
    pub fn note(&mut self, event: &Event) {
        if event.token() == door::TOKEN {
            self.knocked();
        }
    }

    /// Remembers that somebody may be waiting.
    pub fn knocked(&mut self) {
        self.door.iter_mut().for_each(Door::knocked);
    }

    /// Lets in who waits, but not so many that those who are in must wait for it; `greet` makes a peer of each, by
    /// the name it has in messages.
    pub fn admit<T: Transport, F: Framing>(
        &mut self,
        peers: &mut Peers<T, F>,
        interest: Interest,
        wait: &dyn Wait,
        now: Stamp,
        mut greet: impl FnMut(TcpStream, &str) -> Peer<T, F>,
    ) {
        for _ in 0..ADMITTED {
            let Some((mut stream, peer)) = self.door.as_mut().and_then(|door| door.accept(now))
            else {
                break;
            };
            let name = SocketAddr::new(peer.ip().to_canonical(), peer.port()).to_string();
            let number = self.free.last().copied().unwrap_or(peers.count());
            let token: Token = peers.token(number);
            if let Err(error) = wait.registry().register(&mut stream, token, interest) {
                say(&format!("{name}: not let in: {}", error::said(&error)));
                continue;
            }
            self.free.pop();
            // Without it a client whose machine has died would stay for ever; nothing worse.
            let _ = peer::keep_alive(&stream);
            detail(&format!("{name}: connected"));
            peers.join(number, greet(stream, &name));
        }
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
        self.door.iter_mut().for_each(Door::left);
    }
}
