//! Where to listen, as it is typed: the kinds of sockets, and which are opened at all.
//!
//! ```text
//! 9999  0.0.0.0:9999  [::]:9999     TCP
//! unix:/run/weir  unix:@weir        of this machine
//! udp:5140  udp:0.0.0.0:5140        datagrams
//! fd:  fd:NAME                      passed on (process::inherited): all, or those with this name
//! (nothing)                         all that were passed on
//! ```

use std::ffi::{OsStr, OsString};
use std::net::UdpSocket;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use mio::net::{TcpListener, UnixListener};

use crate::error::{Context, Error};
use crate::process::inherited::{self, Inherited, Socket};
use crate::source::peers::address::Address;
use crate::source::peers::door::unix::Name;
use crate::source::peers::door::{Entrance, Listener};

/// What is listened at.
#[derive(Debug, Default)]
pub struct Places {
    /// Where clients come in.
    pub entrances: Vec<Entrance>,
    /// Where datagrams come.
    pub addresses: Vec<Address>,
    /// Sockets of datagrams that were passed on.
    pub passed: Vec<UdpSocket>,
}

impl Places {
    /// Reads what was typed.
    pub fn parse(typed: &[OsString]) -> Result<Places, Error> {
        let mut places = Places::default();
        let mut passed = None;
        if typed.is_empty() {
            if !inherited::are_announced() {
                return Err(Error::usage(
                    "listen: no address is given: weir listen 9999 ..., or unix:PATH, or udp:PORT",
                ));
            }
            places.inherit(None, &mut passed)?;
        }
        for (number, text) in typed.iter().enumerate() {
            if typed[..number].contains(text) && !is_chosen(text) {
                return Err(Error::usage(format!("{}: is given twice", text.display())));
            }
            if let Some(why) = strange(text, typed.get(number + 1)) {
                return Err(Error::usage(format!("{}: {why}", text.display())));
            }
            places.add(text, &mut passed)?;
        }
        Ok(places)
    }

    /// True if clients can come; others send datagrams, and never leave.
    pub fn has_doors(&self) -> bool {
        !self.entrances.is_empty()
    }

    /// True if datagrams can come.
    pub fn has_mail(&self) -> bool {
        !self.addresses.is_empty() || !self.passed.is_empty()
    }

    fn add(&mut self, text: &OsStr, passed: &mut Option<Vec<Inherited>>) -> Result<(), Error> {
        let bytes = text.as_bytes();
        if let Some(name) = bytes.strip_prefix(b"unix:") {
            self.entrances.push(Entrance::Unix(Name::parse(OsStr::from_bytes(name))?));
        } else if let Some(name) = bytes.strip_prefix(b"fd:") {
            self.inherit(Some(name), passed)?;
        } else {
            let text = text
                .to_str()
                .ok_or_else(|| Error::usage(format!("{}: this names no host", text.display())))?;
            match text.strip_prefix("udp:") {
                Some(address) => self.addresses.push(Address::for_datagrams(address)?),
                None => self.entrances.push(Entrance::Tcp(Address::listening(text)?)),
            }
        }
        Ok(())
    }

    /// Takes the sockets that were passed on by the name that was typed, or all of them.
    fn inherit(
        &mut self,
        typed: Option<&[u8]>,
        passed: &mut Option<Vec<Inherited>>,
    ) -> Result<(), Error> {
        let announced = inherited::announced();
        if passed.is_none() {
            *passed = Some(inherited::take()?);
        }
        let all = passed.get_or_insert_default();
        let name = typed.unwrap_or_default();
        let is_meant = |one: &mut Inherited| name.is_empty() || one.name.as_bytes() == name;
        let (before, has_any) = (self.count(), !all.is_empty());
        for one in all.extract_if(.., is_meant) {
            self.take(one)?;
        }
        if self.count() > before {
            return Ok(());
        }
        let what = match typed {
            Some(_) => format!("fd:{}", String::from_utf8_lossy(name)),
            None => "listen: no address is given, and LISTEN_FDS is set".to_string(),
        };
        Err(Error::usage(match has_any {
            true => format!(
                "{what}: no socket was passed on by this name; LISTEN_FDNAMES has the names"
            ),
            false => format!(
                "{what}: no socket was passed on to this process ({announced}); weir listen PORT opens one of \
                 its own"
            ),
        }))
    }

    fn take(&mut self, Inherited { name, socket }: Inherited) -> Result<(), Error> {
        let place = format!("fd:{name}");
        match socket {
            Socket::Tcp(tcp) => {
                tcp.set_nonblocking(true).place(&place)?;
                let listener = Listener::Tcp(TcpListener::from_std(tcp));
                self.entrances.push(Entrance::Passed(listener));
            }
            Socket::Unix(unix) => {
                unix.set_nonblocking(true).place(&place)?;
                // Its file is of the one who has made it.
                let listener = Listener::Unix(None, UnixListener::from_std(unix));
                self.entrances.push(Entrance::Passed(listener));
            }
            Socket::Udp(udp) => self.passed.push(udp),
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.entrances.len() + self.addresses.len() + self.passed.len()
    }
}

/// Why a word is no address, if it is another thing that people type there.
fn strange(text: &OsStr, next: Option<&OsString>) -> Option<String> {
    let text = text.to_str().filter(|text| !text.contains(':'))?;
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match next.and_then(|next| next.to_str()).filter(|next| is_port(next)) {
        _ if is_port(text) => None,
        _ if Path::new(text).exists() => {
            Some("a file, and no address; weir files FILE ... reads a file".to_string())
        }
        next => Some(format!("an address is one word: weir listen {text}:{}", next?)),
    }
}

/// True if the system chooses the port, each time another.
fn is_chosen(text: &OsStr) -> bool {
    let text = text.as_bytes();
    text == b"0" || text.ends_with(b":0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &[&str]) -> Result<Places, Error> {
        Places::parse(&typed.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn kinds_are_told_by_what_stands_before_the_colon() {
        let places =
            parsed(&["9999", "unix:/run/weir", "udp:5140", "udp:[::1]:7", "unix:@a"]).unwrap();
        let entrances: Vec<_> = places
            .entrances
            .iter()
            .map(|entrance| match entrance {
                Entrance::Tcp(address) => address.to_string(),
                Entrance::Unix(name) => name.to_string(),
                Entrance::Passed(_) => "passed".to_string(),
            })
            .collect();
        assert_eq!(entrances, ["127.0.0.1:9999", "unix:/run/weir", "unix:@a"]);
        let addresses: Vec<_> = places.addresses.iter().map(Address::to_string).collect();
        assert_eq!(addresses, ["127.0.0.1:5140", "[::1]:7"]);
        assert!(places.has_doors() && !parsed(&["udp:0"]).unwrap().has_doors());
    }

    #[test]
    fn what_is_typed_wrongly_is_named_as_it_was_typed() {
        let table = [
            (&["udp:http"][..], "udp:http: "),
            (&["udp:"], "udp:: no port"),
            (&["udp:h:99999"], "udp:h:99999: a port is at most 65535"),
            (&["9999", "unix:"], "unix:: no path"),
            (&["unix:a", "9", "unix:a"], "unix:a: is given twice"),
            (&["fd:"], "fd:: no socket was passed on"),
            (&[], "listen: no address is given"),
            (&["localhost", "9"], "localhost: an address is one word: weir listen localhost:9"),
            (&["localhost"], "localhost: no port"),
            (&["9", "/etc/passwd"], "/etc/passwd: a file, and no address; weir files FILE"),
            (&["h:http"], "h:http: `http` is no port"),
        ];
        for (typed, start) in table {
            let err = parsed(typed).unwrap_err();
            assert_eq!(err.exit_status(), 2);
            assert!(err.to_string().starts_with(start), "{err}");
        }
        assert!(parsed(&["0", "0", "udp:0", "udp:0"]).is_ok(), "the system chooses each");
    }
}
