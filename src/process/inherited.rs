//! Sockets that the process was started with: socket activation, as systemd does it.
//!
//! ```text
//! LISTEN_PID=4711  LISTEN_FDS=3  LISTEN_FDNAMES=lines:local:syslog
//!                                fd 3 ──────────┘     │     │
//!                                fd 4 ────────────────┘     │
//!                                fd 5 ──────────────────────┘
//! ```
//!
//! They are taken once, and marked so that no command that weir starts has them. What is read from them
//! is left to whoever takes them.

use std::env;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;
use socket2::SockRef;

use crate::error::Error;

/// The first of the descriptors that are passed on.
const FIRST: usize = 3;

/// A socket that was passed on.
#[derive(Debug)]
pub struct Inherited {
    /// What the one who passed it calls it; systemd the name of the unit, unless it is told another.
    pub name: String,
    /// The socket.
    pub socket: Socket,
}

/// A socket that listens.
#[derive(Debug)]
pub enum Socket {
    /// For connections over TCP.
    Tcp(TcpListener),
    /// For connections on this machine.
    Unix(UnixListener),
    /// For datagrams.
    Udp(UdpSocket),
}

/// True if somebody says that sockets were passed on, to this process or to another.
pub fn are_announced() -> bool {
    env::var_os("LISTEN_FDS").is_some()
}

/// What is said of sockets that were passed on, and this process has none of; to be asked before they are taken,
/// which takes the variables away.
pub fn announced() -> String {
    let own = std::process::id();
    match ["LISTEN_FDS", "LISTEN_PID"].map(env::var) {
        [Ok(count), _] if count.parse::<usize>().unwrap_or(0) == 0 => {
            format!("LISTEN_FDS={count} announces none")
        }
        [Ok(count), Ok(process)] => {
            format!("LISTEN_FDS={count} is for process {process}, and this is {own}")
        }
        _ => "LISTEN_FDS would say how many there are, and LISTEN_PID to whom".to_string(),
    }
}

/// Takes the sockets that were passed on to this process, in their order; there are none the second time.
pub fn take() -> Result<Vec<Inherited>, Error> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    check_count()?;
    let mut passed = ListenFd::from_env();
    let mut taken = Vec::new();
    for index in 0..passed.len() {
        let number = FIRST + index;
        let name = match names.next() {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => number.to_string(),
        };
        let socket = socket(&mut passed, index).ok_or_else(|| {
            Error::usage(format!(
                "fd {number} ({name}): no socket of TCP, of UDP, or of a stream on this machine, which are \
                 what weir reads of those that are passed on"
            ))
        })?;
        if !listens(&socket) {
            return Err(Error::usage(format!(
                "fd {number} ({name}): one connection, and no socket that listens; systemd passes that \
                 with Accept=no, and a single connection is read by `weir stdin` with StandardInput=socket"
            )));
        }
        taken.push(Inherited { name, socket });
    }
    Ok(taken)
}

/// Refuses a count of more descriptors than are open, for this process: room would be made for each of them.
fn check_count() -> Result<(), Error> {
    let count = env::var("LISTEN_FDS").ok().and_then(|count| count.parse::<usize>().ok());
    let process = env::var("LISTEN_PID").unwrap_or_default();
    let is_for_us = process.is_empty() || process == std::process::id().to_string();
    let open = fs::read_dir("/proc/self/fd").map_or(usize::MAX, Iterator::count);
    match count.filter(|&count| is_for_us && count > open) {
        Some(count) => Err(Error::usage(format!(
            "LISTEN_FDS={count}: not so many files are open; it is how many sockets were passed on, from fd \
             {FIRST} on"
        ))),
        None => Ok(()),
    }
}

/// The socket with this index, if it is of a kind that is read.
fn socket(passed: &mut ListenFd, index: usize) -> Option<Socket> {
    if let Ok(Some(tcp)) = passed.take_tcp_listener(index) {
        return Some(Socket::Tcp(tcp));
    }
    if let Ok(Some(unix)) = passed.take_unix_listener(index) {
        return Some(Socket::Unix(unix));
    }
    passed.take_udp_socket(index).ok().flatten().map(Socket::Udp)
}

/// True unless it is a connection.
fn listens(socket: &Socket) -> bool {
    let listens = match socket {
        Socket::Tcp(tcp) => SockRef::from(tcp).is_listener(),
        Socket::Unix(unix) => SockRef::from(unix).is_listener(),
        Socket::Udp(_) => return true,
    };
    // What cannot be asked is found out when somebody connects.
    listens.unwrap_or(true)
}
