//! Where clients come in: the listening socket, and what to do when no more files can be open.
//!
//! mio reports a waiting connection once, so that one may be waiting is remembered until accepting
//! has shown that none is. When no more files can be open for clients (see `ulimit`), one
//! connection waits here and the others in the system's queue; it is tried again when a client leaves
//! or after [`RETRY`], never in a loop, and it is said once while that goes on.

mod local;
mod stream;
pub mod unix;

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Token};
use rustix::io::Errno;
use socket2::{Domain, SockRef, Socket, Type};

use crate::clock::{Stamp, Wait};
use crate::error::{Context, Error};
use crate::process::ulimit::{self, Bound};
use crate::say::say;
use crate::source::peers::address::Address;
use local::Local;
pub use stream::Stream;
use unix::{Kept, Name};

/// How many clients may wait to be let in; the system takes what it allows of it.
const LONGEST_QUEUE: i32 = u16::MAX as i32;
/// How long after running out of open files accepting is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is looked whether a file at which clients come in is still there.
const LOOK: Duration = Duration::from_secs(10);
/// It is said again that open files have run out if that has not happened for this long.
const EPISODE: Duration = Duration::from_secs(60);

/// What a door is opened at.
#[derive(Debug)]
pub enum Entrance {
    /// An address, at each of which the name stands for.
    Tcp(Address),
    /// A name on this machine.
    Unix(Name),
    /// A socket that listens already.
    Passed(Listener),
}

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// For connections over TCP.
    Tcp(TcpListener),
    /// For those of this machine; the file goes first, if it is ours.
    Unix(Option<Kept>, UnixListener),
}

/// A door that is open.
#[derive(Debug)]
pub struct Door {
    listener: Listener,
    /// Where it is, for messages.
    name: String,
    /// True if a close of a connection is a reset unless it is told otherwise.
    resets: bool,
    /// How many have come in.
    count: u64,
    /// Which of the numbers of open files clients may have.
    bound: Bound,
    /// A connection that has none of these yet.
    waiting: Option<(Stream, String)>,
    /// True if a connection may be waiting.
    pending: bool,
    /// Not before this moment is accepting tried.
    retry: Stamp,
    /// When open files were last found to have run out.
    full: Option<Stamp>,
    /// When it is to be looked whether its file is still there.
    look: Stamp,
}

impl Entrance {
    /// Listens there: at every address that a name stands for, as its clients may try any of them.
    /// With `resets`, a close of a connection is a reset unless it is told otherwise.
    pub fn listen(self, resets: bool) -> Result<Vec<Listener>, Error> {
        match self {
            Entrance::Tcp(address) => {
                let listen = |address| tcp(address, resets);
                let refused = |port, error| refusal(&address, "ltnp", port, error);
                let all = everywhere(&address, listen, refused)?;
                Ok(all.into_iter().map(Listener::Tcp).collect())
            }
            Entrance::Unix(name) => {
                let listener = name.listen()?;
                Ok(vec![Listener::Unix(Kept::of(&name), listener)])
            }
            Entrance::Passed(listener) => {
                if let Listener::Tcp(tcp) = &listener {
                    // Whoever had it before may have left it otherwise.
                    SockRef::from(tcp).set_linger(resets.then_some(Duration::ZERO)).place("fd")?;
                }
                Ok(vec![listener])
            }
        }
    }
}

impl Listener {
    /// The address, if it has one with a port.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(tcp) => tcp.local_addr().ok(),
            Listener::Unix(..) => None,
        }
    }

    /// Where it listens, for messages.
    fn name(&self) -> String {
        match self {
            Listener::Tcp(tcp) => match tcp.local_addr() {
                Ok(address) => address.to_string(),
                Err(error) => crate::error::said(&error),
            },
            Listener::Unix(_, unix) => {
                let name = unix.local_addr().ok().and_then(|address| Name::of(&address));
                name.map_or_else(|| "unix:".to_string(), |name| name.to_string())
            }
        }
    }

    /// Takes in one connection, with the name that it has in messages.
    fn accept(&self, door: &str, resets: bool, count: u64) -> io::Result<(Stream, String)> {
        match self {
            Listener::Tcp(tcp) => {
                let (stream, peer) = tcp.accept()?;
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                Ok((Stream::Tcp(stream), peer.to_string()))
            }
            Listener::Unix(_, unix) => {
                let (stream, _) = unix.accept()?;
                Ok((Stream::Local(Local::new(stream, resets)), format!("{door}:{}", count + 1)))
            }
        }
    }
}

impl Door {
    /// A door for those who come to this socket, of which events have this token.
    pub fn open(
        mut listener: Listener,
        resets: bool,
        token: Token,
        wait: &dyn Wait,
    ) -> Result<Door, Error> {
        ulimit::raise_limit();
        let name = listener.name();
        let source: &mut dyn mio::event::Source = match &mut listener {
            Listener::Tcp(tcp) => tcp,
            Listener::Unix(_, unix) => unix,
        };
        wait.registry().register(source, token, Interest::READABLE).place(&name)?;
        let bound = Bound::now();
        let has_file = matches!(listener, Listener::Unix(Some(_), _));
        Ok(Door {
            look: if has_file { Stamp(0) } else { Stamp::NEVER },
            listener,
            name,
            resets,
            count: 0,
            bound,
            waiting: None,
            pending: true,
            retry: Stamp(0),
            full: None,
        })
    }

    /// Where it is, with the port the system has chosen if that was 0.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address, if it has one with a port.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.address()
    }

    /// Remembers that a connection is waiting.
    pub fn knocked(&mut self) {
        self.pending = true;
    }

    /// Takes in one connection, if one waits and files can be opened, with its name for messages.
    pub fn accept(&mut self, now: Stamp) -> Option<(Stream, String)> {
        self.look_after(now);
        while self.pending && self.retry <= now {
            match self.waiting.take().map_or_else(|| self.knock(), Ok) {
                Ok((stream, peer)) => match stream.below(self.bound) {
                    Ok(stream) => return Some((stream, peer)),
                    Err(stream) => {
                        self.waiting = Some((stream, peer));
                        self.wait_for_room(&Errno::MFILE.into(), now);
                    }
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.pending = false,
                Err(error) if is_shortage(&error) => self.wait_for_room(&error, now),
                // The client was gone before it was let in; the next one may be there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.retry = now.after(RETRY),
            }
        }
        None
    }

    /// Says it once if its file is gone: some machines remove what is old in /tmp.
    fn look_after(&mut self, now: Stamp) {
        if now < self.look {
            return;
        }
        self.look = now.after(LOOK);
        if let Listener::Unix(Some(file), _) = &self.listener
            && !file.is_there()
        {
            self.look = Stamp::NEVER;
            say(&format!(
                "{}: the file is gone, so nobody can connect any more; a new start makes it again",
                self.name
            ));
        }
    }

    fn knock(&mut self) -> io::Result<(Stream, String)> {
        let come = self.listener.accept(&self.name, self.resets, self.count)?;
        self.count += 1;
        Ok(come)
    }

    /// A client has gone: there is room for the next.
    pub fn left(&mut self) {
        self.retry = Stamp(0);
    }

    /// When accepting is to be tried again; a moment past if one may be waiting.
    pub fn deadline(&self) -> Stamp {
        if self.pending { self.retry.min(self.look) } else { self.look }
    }

    fn wait_for_room(&mut self, error: &io::Error, now: Stamp) {
        if self.full.is_none_or(|last| now.since(last) > EPISODE) {
            let (said, name) = (crate::error::said(error), &self.name);
            say(&format!(
                "{name}: {said}: more clients must wait until others leave; \
                 `ulimit -n` shows and raises the limit"
            ));
        }
        self.full = Some(now);
        self.retry = now.after(RETRY);
    }
}

/// What is said when the port of the source that is typed so is open, for `what` if that is not connections.
pub fn welcome(address: SocketAddr, source: &str, what: &str) -> String {
    let port = address.port();
    match address.ip().is_loopback() {
        true => format!(
            "listening{what} on {address}, for this machine only; \
             `weir {source}{}:{port}` opens it to the network",
            if address.is_ipv6() { "[::]" } else { "0.0.0.0" }
        ),
        false => format!("listening{what} on {address}"),
    }
}

/// Listens at every address that a name stands for. One that this machine does not have is passed over if
/// there is another; where the system chooses the port, one address is enough.
pub fn everywhere<T>(
    address: &Address,
    listen: impl Fn(SocketAddr) -> io::Result<T>,
    refused: impl Fn(u16, io::Error) -> Error,
) -> Result<Vec<T>, Error> {
    let mut found = address.resolve()?;
    // IPv4 comes first, as the default is 127.0.0.1.
    found.sort_by_key(SocketAddr::is_ipv6);
    let (mut all, mut lacking) = (Vec::new(), None);
    for one in found {
        match listen(one) {
            Ok(listener) => all.push(listener),
            Err(error) if is_lacking(&error) => lacking = Some(error),
            Err(error) => return Err(refused(one.port(), error)),
        }
        if one.port() == 0 && !all.is_empty() {
            break;
        }
    }
    match lacking {
        Some(error) if all.is_empty() => Err(refused(0, error)),
        _ => Ok(all),
    }
}

/// True if the machine has no such address.
fn is_lacking(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

/// As `TcpListener::bind`, but with as long a queue as the system allows: when a thousand clients
/// come at once, those for whom there is no place in it are stopped for a second, then for two.
fn tcp(address: SocketAddr, resets: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if resets {
        // Accepted sockets inherit it. Were it set on each, a process that is killed right before
        // would close it in order.
        socket.set_linger(Some(Duration::ZERO))?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(LONGEST_QUEUE)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    shortages.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Why it cannot be listened there, and what to do about it; `ss` says what programs use which port.
pub fn refusal(place: impl Display, ss: &str, port: u16, error: io::Error) -> Error {
    Error::Failed(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{place}: address in use: another program listens there; \
             `ss -{ss} 'sport = :{port}'` names it, or choose another port"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "{place}: permission denied: ports below 1024 are for root; \
             choose a port from 1024 on"
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "{place}: this machine has no such address; `ip address` lists those it has, \
             and 0.0.0.0 stands for all of them"
        ),
        _ => return Error::Io { place: place.to_string(), source: error },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{FIRST_TOKEN, RealTime};

    fn open(text: &str) -> Result<Door, Error> {
        let (wait, _) = RealTime::new().unwrap();
        let listeners = Entrance::Tcp(Address::listening(text).unwrap()).listen(true)?;
        Door::open(listeners.into_iter().next().unwrap(), true, Token(FIRST_TOKEN), &wait)
    }

    #[test]
    fn a_port_in_use_is_named_with_what_to_do() {
        let first = open("0").unwrap();
        let err = open(first.name()).unwrap_err();
        let text = err.to_string();
        assert_eq!(err.exit_status(), 1);
        assert!(text.starts_with(&format!("{}: address in use: ", first.name())), "{text}");
        let port = first.address().unwrap().port();
        assert!(text.contains(&format!("`ss -ltnp 'sport = :{port}'`")), "{text}");
    }

    #[test]
    fn a_connection_is_reset_by_a_close_from_the_moment_it_is_accepted() {
        let mut door = open("0").unwrap();
        let mut client = std::net::TcpStream::connect(door.address().unwrap()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let (accepted, _) = door.accept(Stamp(0)).unwrap();
        drop(accepted);
        let error = io::Read::read(&mut client, &mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_name_is_listened_at_by_all_its_addresses_that_the_machine_has() {
        let listened = |kinds: &[io::ErrorKind]| {
            let kinds = kinds.to_vec();
            let address = Address::listening("localhost:7").unwrap();
            let listen = |one: SocketAddr| match kinds.get(usize::from(one.is_ipv6())) {
                Some(&kind) if kind != io::ErrorKind::Other => Err(kind.into()),
                _ => Ok(one.is_ipv6()),
            };
            everywhere(&address, listen, |port, error| refusal("here", "x", port, error))
        };
        let [works, lacks, used] =
            [io::ErrorKind::Other, io::ErrorKind::AddrNotAvailable, io::ErrorKind::AddrInUse];
        let count = Address::listening("localhost:7").unwrap().resolve().unwrap().len();
        assert_eq!(listened(&[works, works]).unwrap().len(), count);
        assert_eq!(listened(&[works, lacks]).unwrap(), [false]);
        let err = listened(&[lacks, lacks]).unwrap_err().to_string();
        assert!(err.starts_with("here: this machine has no such address"), "{err}");
        assert!(listened(&[used, works]).unwrap_err().to_string().contains("address in use"));
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let err = open("192.0.2.1:0").unwrap_err().to_string();
        assert!(err.starts_with("192.0.2.1:0: this machine has no such address"), "{err}");
    }

    #[test]
    fn a_shortage_of_files_is_waited_out_and_not_retried_in_a_loop() {
        let mut door = open("0").unwrap();
        let error = io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
        assert!(is_shortage(&error));
        door.wait_for_room(&error, Stamp(5000));
        assert_eq!(door.deadline(), Stamp(6000));
        assert!(door.accept(Stamp(5999)).is_none());
        assert!(door.pending, "not tried before its time");
        door.left();
        assert!(door.deadline() <= Stamp(5999), "room: at once");
        assert!(door.accept(Stamp(5999)).is_none());
        assert_eq!(door.deadline(), Stamp::NEVER, "tried, and nobody waits");
    }
}
