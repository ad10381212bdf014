//! A socket to which datagrams come: taken from the system many at a time, and unpacked as there is room.
//!
//! ```text
//! system's queue ──one call──> sack of 32 ──unpack──> chunk
//!    │                           └── what chunk or limit leave is first the next time
//!    └── full: the system drops what comes, and counts it (losses)
//! ```
//!
//! Who sends too fast is not slowed, so the system is asked for a long queue. A place in the sack has room for the
//! longest datagram there can be; memory that nothing has come to is not used. Nothing is acknowledged.

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use mio::{Interest, Token};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg};
use rustix::net::sockopt;
use socket2::{Domain, Socket, Type};

use super::losses::Losses;
use crate::chunk::{CHUNK, Chunk};
use crate::clock::{Stamp, Wait};
use crate::error::{Context, Error};
use crate::origin::Origin;
use crate::say::{detail, say};
use crate::source::peers::address::Address;
use crate::source::peers::door;
use crate::wire::datagrams::Datagrams;

/// How long a queue the system is asked for, in bytes: some ten thousand short datagrams.
const QUEUE: usize = 8 << 20;
/// How many datagrams are taken with one call.
const MANY: usize = 32;
/// The longest datagram there can be.
const LONGEST: usize = 64 << 10;
/// So many senders are known by name at a time.
const KNOWN: usize = 1024;
/// What a datagram takes of the queue beside its bytes, at least.
const BESIDE: usize = 256;

/// A socket to which datagrams come.
pub struct Mailbox {
    socket: UdpSocket,
    address: SocketAddr,
    /// Its name in messages.
    name: String,
    /// How many bytes the system's queue has room for.
    pub(super) queue: usize,
    /// True if a call may find something.
    readable: bool,
    sack: Sack,
    senders: HashMap<SocketAddr, Origin>,
    losses: Losses,
    /// How much of the queue is still taken.
    left: usize,
    /// Why the system gave nothing, once that was said.
    failed: Option<io::ErrorKind>,
}

impl Mailbox {
    /// Opens sockets at an address: at all that the name stands for.
    pub fn listen(address: &Address) -> Result<Vec<std::net::UdpSocket>, Error> {
        let place = format!("udp:{address}");
        door::everywhere(address, bind, |port, error| door::refusal(&place, "lunp", port, error))
    }

    /// A mailbox of a socket, of which events have this token.
    pub fn open(
        socket: std::net::UdpSocket,
        token: Token,
        wait: &dyn Wait,
    ) -> Result<Mailbox, Error> {
        let address = socket.local_addr().place("udp")?;
        let name = format!("udp:{address}");
        socket.set_nonblocking(true).place(&name)?;
        let queue = lengthen(&socket).place(&name)?;
        if queue < 2 * QUEUE {
            detail(&format!(
                "{name}: the system queues {} KiB; `sysctl -w net.core.rmem_max={QUEUE}` allows more",
                queue >> 10
            ));
        }
        let losses = Losses::of(&socket, address);
        let mut socket = UdpSocket::from_std(socket);
        wait.registry().register(&mut socket, token, Interest::READABLE).place(&name)?;
        Ok(Mailbox {
            socket,
            address,
            name,
            queue,
            readable: true,
            sack: Sack::default(),
            senders: HashMap::new(),
            losses,
            left: usize::MAX,
            failed: None,
        })
    }

    /// The address it has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Something has come.
    pub fn rang(&mut self) {
        self.readable = true;
    }

    /// True if there may be something to be unpacked at once.
    pub fn has_mail(&self) -> bool {
        !self.sack.is_empty() || (self.readable && self.left > 0)
    }

    /// How many bytes of datagrams were taken from the system, and are in no chunk.
    pub fn held(&self) -> usize {
        self.sack.held()
    }

    /// Leaves it at what has come by now.
    pub fn seal(&mut self) {
        // There cannot be more in the queue.
        (self.left, self.readable) = (self.queue, true);
    }

    /// When it is to be looked what was lost.
    pub fn deadline(&self) -> Stamp {
        self.losses.deadline()
    }

    /// How many datagrams were lost.
    pub fn lost(&self) -> u64 {
        self.losses.total()
    }

    /// Says what was lost, if it is time to.
    pub fn turn(&mut self, now: Stamp) {
        if self.losses.deadline() <= now {
            self.tell_losses();
        }
    }

    /// Says what was lost.
    pub fn tell_losses(&mut self) {
        self.losses.tell(&self.name, self.queue, QUEUE);
    }

    /// Unpacks what has come, until chunk or limit are full or nothing is there any more.
    pub fn collect(&mut self, how: Datagrams, chunk: &mut Chunk, limit: &mut usize, now: Stamp) {
        // What is taken counts too: nothing comes into the chunk of empty datagrams, nor of lines that are too long.
        let mut taken = 0;
        loop {
            self.unpack(how, chunk, limit);
            let is_full = *limit == 0 || chunk.len().max(taken) >= CHUNK;
            if is_full || !self.sack.is_empty() || !self.readable || self.left == 0 {
                return;
            }
            match self.sack.fill(&self.socket, *limit) {
                Ok(size) => {
                    taken += size;
                    self.left = self.left.saturating_sub(size);
                    self.failed = None;
                    self.losses.came(now);
                }
                Err(error) => self.found_nothing(error),
            }
        }
    }

    fn found_nothing(&mut self, error: io::Error) {
        let is_again = error.kind() == io::ErrorKind::Interrupted;
        self.readable &= is_again;
        let is_news = self.failed != Some(error.kind());
        if is_news && !is_again && error.kind() != io::ErrorKind::WouldBlock {
            self.failed = Some(error.kind());
            say(&format!("{}: {}", self.name, crate::error::said(&error)));
        }
    }

    fn unpack(&mut self, how: Datagrams, chunk: &mut Chunk, limit: &mut usize) {
        while *limit > 0 && chunk.len() < CHUNK {
            let Some((bytes, sender)) = self.sack.first() else { return };
            if self.senders.len() > KNOWN {
                self.senders.clear();
            }
            let origin = self.senders.entry(sender).or_insert_with(|| {
                let sender = SocketAddr::new(sender.ip().to_canonical(), sender.port());
                Origin::peer(sender.to_string())
            });
            let done = how.unpack(bytes, origin, chunk, limit);
            self.sack.done(done);
        }
    }
}

/// Datagrams that were taken with one call.
#[derive(Debug, Default)]
struct Sack {
    /// Places for them, each for the longest.
    room: Vec<u8>,
    /// Of each how long it is, and who sent it.
    letters: Vec<(usize, SocketAddr)>,
    /// How many of them are done, and how many bytes of the next.
    next: usize,
    done: usize,
}

impl Sack {
    fn is_empty(&self) -> bool {
        self.next == self.letters.len()
    }

    fn held(&self) -> usize {
        let lengths = self.letters[self.next..].iter().map(|&(length, _)| length);
        lengths.sum::<usize>() - self.done
    }

    /// Takes what there is, of which at most `most` are of use; returns how much of the queue that was, or fails
    /// with `WouldBlock` if there is nothing.
    fn fill(&mut self, socket: &UdpSocket, most: usize) -> io::Result<usize> {
        if self.room.is_empty() {
            self.room = vec![0; MANY * LONGEST];
        }
        (self.next, self.done) = (0, 0);
        self.letters.clear();
        let places = self.room.chunks_mut(LONGEST).take(most);
        let mut places: Vec<_> = places.map(|place| [IoSliceMut::new(place)]).collect();
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(places.len(), None);
        let fd = socket.as_raw_fd();
        let found = recvmmsg(fd, &mut headers, places.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
        self.letters.extend(found.map(|one| (one.bytes, sender(one.address))));
        Ok(self.letters.iter().map(|&(length, _)| length + BESIDE).sum())
    }

    /// What is left of the next datagram, and who sent it.
    fn first(&self) -> Option<(&[u8], SocketAddr)> {
        let &(length, sender) = self.letters.get(self.next)?;
        let place = self.next * LONGEST;
        Some((&self.room[place + self.done..place + length], sender))
    }

    /// So much more of the next one is done.
    fn done(&mut self, count: usize) {
        self.done += count;
        if self.letters[self.next].0 == self.done {
            (self.next, self.done) = (self.next + 1, 0);
        }
    }
}

/// Who has sent a datagram; of one that has no sender it is nobody.
fn sender(address: Option<SockaddrStorage>) -> SocketAddr {
    let v4 = address.as_ref().and_then(SockaddrStorage::as_sockaddr_in);
    let v6 = address.as_ref().and_then(SockaddrStorage::as_sockaddr_in6);
    v4.map(|&address| address.into())
        .or_else(|| v6.map(|&address| address.into()))
        .unwrap_or_else(|| SocketAddr::from(([0; 4], 0)))
}

fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Asks for a long queue, and returns how long it is.
fn lengthen(socket: &std::net::UdpSocket) -> io::Result<usize> {
    // The system doubles what it is asked for, since what it keeps beside the bytes counts as well. What
    // was passed on may have a longer one already.
    if sockopt::socket_recv_buffer_size(socket)? < 2 * QUEUE
        && sockopt::set_socket_recv_buffer_size_force(socket, QUEUE).is_err()
    {
        sockopt::set_socket_recv_buffer_size(socket, QUEUE)?;
    }
    Ok(sockopt::socket_recv_buffer_size(socket)?)
}
