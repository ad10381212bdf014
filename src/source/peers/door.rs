//! Where clients come in: the listening socket, and what to do when no more files can be open.
//!
//! mio reports a waiting connection once, so that one may be waiting is remembered until accepting
//! has shown that none is. When no more files can be open for clients (see `ulimit`), one
//! connection waits here and the others in the system's queue; it is tried again when a client leaves
//! or after [`RETRY`], never in a loop, and it is said once while that goes on.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token};
use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{Context, Error};
use crate::process::ulimit::{self, Bound};
use crate::say::say;
use crate::source::peers::address::Address;

/// The token of the listening socket.
pub const TOKEN: Token = Token(FIRST_TOKEN);
/// How many clients may wait to be let in; the system takes what it allows of it.
const LONGEST_QUEUE: i32 = u16::MAX as i32;
/// How long after running out of open files accepting is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// It is said again that open files have run out if that has not happened for this long.
const EPISODE: Duration = Duration::from_secs(60);

/// A listening socket.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    /// Which of the numbers of open files clients may have.
    bound: Bound,
    /// A connection that has none of these yet.
    waiting: Option<(TcpStream, SocketAddr)>,
    /// True if a connection may be waiting.
    pending: bool,
    /// Not before this moment is accepting tried.
    retry: Stamp,
    /// When open files were last found to have run out.
    full: Option<Stamp>,
}

impl Door {
    /// Listens on the address; IPv4 comes first where a name stands for both, as the default is
    /// 127.0.0.1. With `resets`, a close of a connection is a reset unless it is told otherwise.
    pub fn open(address: &Address, resets: bool, wait: &dyn Wait) -> Result<Door, Error> {
        ulimit::raise_limit();
        let mut found = address.resolve()?;
        found.sort_by_key(SocketAddr::is_ipv6);
        let mut listener = Err(io::ErrorKind::AddrNotAvailable.into());
        for &one in &found {
            listener = listener.or_else(|_: io::Error| listen(one, resets));
        }
        let mut listener = listener.map_err(|error| refusal(address, found[0].port(), error))?;
        wait.registry().register(&mut listener, TOKEN, Interest::READABLE).place(address)?;
        let address = listener.local_addr().place(address)?;
        let bound = Bound::now();
        Ok(Door {
            listener,
            address,
            bound,
            waiting: None,
            pending: true,
            retry: Stamp(0),
            full: None,
        })
    }

    /// The address it listens on, with the port the system has chosen if that was 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Remembers that a connection is waiting.
    pub fn knocked(&mut self) {
        self.pending = true;
    }

    /// Takes in one connection, if one waits and files can be opened.
    pub fn accept(&mut self, now: Stamp) -> Option<(TcpStream, SocketAddr)> {
        while self.pending && self.retry <= now {
            match self.waiting.take().map_or_else(|| self.listener.accept(), Ok) {
                Ok((stream, peer)) => match self.bound.below(stream.into()) {
                    Ok(stream) => return Some((connection(stream), peer)),
                    Err(stream) => {
                        self.waiting = Some((connection(stream), peer));
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

    /// A client has gone: there is room for the next.
    pub fn left(&mut self) {
        self.retry = Stamp(0);
    }

    /// When accepting is to be tried again; a moment past if one may be waiting.
    pub fn deadline(&self) -> Stamp {
        if self.pending { self.retry } else { Stamp::NEVER }
    }

    fn wait_for_room(&mut self, error: &io::Error, now: Stamp) {
        if self.full.is_none_or(|last| now.since(last) > EPISODE) {
            let (said, address) = (crate::error::said(error), self.address);
            say(&format!(
                "{address}: {said}: more clients must wait until others leave; \
                 `ulimit -n` shows and raises the limit"
            ));
        }
        self.full = Some(now);
        self.retry = now.after(RETRY);
    }
}

/// What is said when the port of the source with this name is open.
pub fn welcome(address: SocketAddr, source: &str) -> String {
    let port = address.port();
    match address.ip().is_loopback() {
        true => format!(
            "listening on {address}, for this machine only; \
             `weir {source} {}:{port}` opens it to the network",
            if address.is_ipv6() { "[::]" } else { "0.0.0.0" }
        ),
        false => format!("listening on {address}"),
    }
}

/// As `TcpListener::bind`, but with as long a queue as the system allows: when a thousand clients
/// come at once, those for whom there is no place in it are stopped for a second, then for two.
fn listen(address: SocketAddr, resets: bool) -> io::Result<TcpListener> {
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

/// The connection of a descriptor, which has been one before.
fn connection(stream: OwnedFd) -> TcpStream {
    TcpStream::from_std(stream.into())
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    shortages.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Why it cannot be listened there, and what to do about it.
fn refusal(address: &Address, port: u16, error: io::Error) -> Error {
    Error::Failed(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address}: address in use: another program listens there; \
             `ss -ltnp 'sport = :{port}'` names it, or choose another port"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "{address}: permission denied: ports below 1024 are for root; \
             choose a port from 1024 on"
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "{address}: this machine has no such address; `ip address` lists those it has, \
             and 0.0.0.0 stands for all of them"
        ),
        _ => return Error::Io { place: address.to_string(), source: error },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RealTime;

    fn open(text: &str) -> Result<Door, Error> {
        let (wait, _) = RealTime::new().unwrap();
        Door::open(&Address::listening(text).unwrap(), true, &wait)
    }

    #[test]
    fn a_port_in_use_is_named_with_what_to_do() {
        let first = open("0").unwrap();
        let address = first.address().to_string();
        let err = open(&address).unwrap_err();
        let text = err.to_string();
        assert_eq!(err.exit_status(), 1);
        assert!(text.starts_with(&format!("{address}: address in use: ")), "{text}");
        assert!(text.contains(&format!("'sport = :{}'", first.address().port())), "{text}");
    }

    #[test]
    fn a_connection_is_reset_by_a_close_from_the_moment_it_is_accepted() {
        let mut door = open("0").unwrap();
        let mut client = std::net::TcpStream::connect(door.address()).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let (accepted, _) = door.accept(Stamp(0)).unwrap();
        drop(accepted);
        let error = io::Read::read(&mut client, &mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
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
