//! A connection with TLS over it, or bare: one more transport, over whatever other one.
//!
//! ```text
//! peer ──> socket ──sealed──> session ──plain──> framing          what was unsealed waits in the session,
//!     <──        <──sealed──         <──plain── answers           where poll does not see it
//! ```
//!
//! A record of TLS is unsealed when all of it is there, and then as a whole, so a read may leave some of it
//! behind ([`Transport::has_pending`]). Reading makes the session send too: the handshake is nothing but
//! that. The end of the stream is the peer's word (close_notify): where the connection ends without it, what
//! came may have been cut, and that is an error. Which certificates there are is left to `given`, when they are
//! read again to `renewal`, what an error is called to `words`, and how long a handshake may take to `haste`.

pub mod given;
pub mod haste;
mod renewal;
pub mod words;

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection};
use rustls::{ProtocolVersion, ServerConnection};

use super::farewell::Parting;
use super::transport::{Transport, is_passing};
use crate::clock::Stamp;
use renewal::Renewal;
use words::Looks;

/// By how many of its first bytes somebody is told who does not speak TLS.
const FIRST: usize = 64;
/// How many sealed bytes of one peer are looked at in a turn, if nothing comes of them.
const TURN: usize = 64 << 10;

/// How clients are let in: by TLS, or bare.
#[derive(Default)]
pub struct Welcome {
    renewal: Option<Renewal>,
}

impl Welcome {
    /// True if it is by TLS.
    pub fn is_tls(&self) -> bool {
        self.renewal.is_some()
    }

    /// Looks whether those who come now are shown another certificate.
    pub fn renew(&mut self, now: Stamp) {
        if let Some(renewal) = &mut self.renewal {
            renewal.look(now);
        }
    }

    /// A client that has come in; `looks` knows who else could be there.
    pub fn let_in<S>(&self, stream: S, looks: Looks) -> MaybeTls<S> {
        let Some(renewal) = &self.renewal else { return MaybeTls::bare(stream) };
        let session = ServerConnection::new(renewal.config());
        let session = session.expect("the configuration was whole when it was made");
        MaybeTls::Sealed(Box::new(Sealed::new(stream, session.into(), looks)))
    }
}

/// How a server is called.
#[derive(Clone)]
pub struct Call {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Call {
    /// A connection to the server.
    pub fn over<S>(&self, stream: S) -> MaybeTls<S> {
        let session = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        let session = session.expect("the configuration was whole when it was made");
        MaybeTls::Sealed(Box::new(Sealed::new(stream, session.into(), words::server)))
    }
}

/// A connection with TLS over it, or bare.
pub enum MaybeTls<S> {
    /// Bytes as they come. `guards` is true until something has come, if that is looked at: who begins as TLS
    /// does is told that here nobody speaks it.
    Bare {
        /// What they come over.
        stream: S,
        /// See above.
        guards: bool,
    },
    /// TLS.
    Sealed(Box<Sealed<S>>),
}

impl<S> MaybeTls<S> {
    /// A connection as it is.
    pub fn bare(stream: S) -> MaybeTls<S> {
        MaybeTls::Bare { stream, guards: false }
    }

    /// The same, but if it is bare, and a client begins as TLS does, that is an error.
    pub fn guarded(self) -> MaybeTls<S> {
        match self {
            MaybeTls::Bare { stream, .. } => MaybeTls::Bare { stream, guards: true },
            sealed => sealed,
        }
    }

    /// What it is made over.
    pub fn stream(&self) -> &S {
        match self {
            MaybeTls::Bare { stream, .. } => stream,
            MaybeTls::Sealed(sealed) => &sealed.stream,
        }
    }
}

impl<S: Transport> MaybeTls<S> {
    /// Goes on with the handshake of a server that was called; true once there is none, or no more.
    pub fn open(&mut self) -> io::Result<bool> {
        match self {
            MaybeTls::Bare { .. } => Ok(true),
            MaybeTls::Sealed(sealed) => sealed.open(),
        }
    }
}

impl<S: Transport> Transport for MaybeTls<S> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            MaybeTls::Bare { stream, guards } => {
                let count = stream.read(room)?;
                if std::mem::take(guards) && words::is_hello(&room[..count]) {
                    return Err(words::unsealed());
                }
                Ok(count)
            }
            MaybeTls::Sealed(sealed) => sealed.read(room),
        }
    }

    fn peek(&mut self) -> io::Result<bool> {
        match self {
            MaybeTls::Bare { stream, .. } => stream.peek(),
            MaybeTls::Sealed(sealed) => sealed.peek(),
        }
    }

    fn arrived(&self) -> io::Result<usize> {
        match self {
            MaybeTls::Bare { stream, .. } => stream.arrived(),
            // What is sealed is longer than what comes of it.
            MaybeTls::Sealed(sealed) => Ok(sealed.stream.arrived()? + sealed.held),
        }
    }

    fn has_pending(&self) -> bool {
        match self {
            MaybeTls::Bare { stream, .. } => stream.has_pending(),
            MaybeTls::Sealed(sealed) => {
                sealed.held > 0 || sealed.is_closed || sealed.stream.has_pending()
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            MaybeTls::Bare { stream, .. } => stream.send(bytes),
            MaybeTls::Sealed(sealed) => sealed.send(bytes),
        }
    }

    fn flush(&mut self) {
        match self {
            MaybeTls::Bare { stream, .. } => stream.flush(),
            MaybeTls::Sealed(sealed) => sealed.flush(),
        }
    }

    fn is_opening(&self) -> bool {
        match self {
            MaybeTls::Bare { stream, .. } => stream.is_opening(),
            MaybeTls::Sealed(sealed) => sealed.session.is_handshaking() && !sealed.first.is_empty(),
        }
    }

    fn overdue(&self) -> io::Error {
        match self {
            MaybeTls::Bare { stream, .. } => stream.overdue(),
            MaybeTls::Sealed(sealed) => {
                let is_newest = sealed.session.protocol_version() == Some(ProtocolVersion::TLSv1_3);
                words::overdue(&sealed.first, sealed.looks, is_newest)
            }
        }
    }
}

/// The end of the stream is sealed too, and then the connection ends in order. A client of which either cannot be
/// sent at once is reset, as one that is dropped.
impl<S: Transport + Parting> Parting for MaybeTls<S> {
    fn tell(&mut self, answer: &[u8]) -> bool {
        match self {
            MaybeTls::Bare { stream, .. } => stream.tell(answer),
            MaybeTls::Sealed(sealed) => {
                sealed.send(answer).is_ok_and(|sent| sent == answer.len()) && sealed.is_flushed()
            }
        }
    }

    fn close_in_order(&mut self) {
        match self {
            MaybeTls::Bare { stream, .. } => stream.close_in_order(),
            MaybeTls::Sealed(sealed) => {
                sealed.session.send_close_notify();
                sealed.flush();
                if sealed.is_flushed() {
                    sealed.stream.close_in_order();
                }
            }
        }
    }
}

/// One side of a connection by TLS.
pub struct Sealed<S> {
    stream: S,
    session: Connection,
    /// The first bytes that have come, until the handshake is over.
    first: Vec<u8>,
    looks: Looks,
    /// How many bytes the session holds that were unsealed and not read.
    held: usize,
    /// True once the peer has said that this is all.
    is_closed: bool,
    /// Why nothing more can come; told when what came before is read.
    failed: Option<io::Error>,
}

impl<S: Transport> Sealed<S> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let (mut count, mut came) = (self.take(room), 0);
        while count < room.len() && came < TURN && self.failed.is_none() {
            match self.receive() {
                Ok(0) => break,
                Ok(more) => came += more,
                Err(error) if is_passing(&error) && count > 0 => break,
                Err(error) if is_passing(&error) => return Err(error),
                Err(error) => self.failed = Some(error),
            }
            count += self.take(&mut room[count..]);
        }
        match (count, self.is_closed) {
            (1.., _) => Ok(count),
            (0, true) => Ok(0),
            // Others have their turn.
            (0, false) => Err(self.failed.take().unwrap_or(io::ErrorKind::Interrupted.into())),
        }
    }

    fn peek(&mut self) -> io::Result<bool> {
        let mut came = 0;
        while self.held == 0 && !self.is_closed && self.failed.is_none() && came < TURN {
            match self.receive() {
                Ok(more) => came += more,
                Err(error) if is_passing(&error) => return Err(error),
                Err(error) => self.failed = Some(error),
            }
        }
        match &self.failed {
            _ if self.held > 0 => Ok(true),
            _ if self.is_closed => Ok(false),
            // A read finds the same.
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    /// Takes what was unsealed.
    fn take(&mut self, room: &mut [u8]) -> usize {
        let mut count = 0;
        while let Ok(more @ 1..) = self.session.reader().read(&mut room[count..]) {
            count += more;
        }
        self.held = self.held.saturating_sub(count);
        count
    }

    /// Unseals more, and sends what is due because of it: how many bytes have come, none at the end.
    fn receive(&mut self) -> io::Result<usize> {
        if self.is_closed {
            return Ok(0);
        }
        let Sealed { stream, first, .. } = self;
        let count = self.session.read_tls(&mut Wire { stream, first: Some(first) })?;
        if count == 0 {
            self.failed = Some(self.cut_off());
            return Ok(0);
        }
        let unsealed = self.session.process_new_packets();
        // What the peer is to know, an alert too.
        self.flush();
        match unsealed {
            Ok(state) => {
                self.held = state.plaintext_bytes_to_read();
                self.is_closed = state.peer_has_closed();
            }
            Err(error) => return Err(words::failed(&error, &self.first, self.looks)),
        }
        if !self.session.is_handshaking() {
            self.first = Vec::new();
        }
        Ok(count)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // There may be room by now of which no event tells a second time.
        self.flush();
        let count = self.session.writer().write(bytes)?;
        self.flush();
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    /// Sends what is sealed, as far as there is room. That a connection is broken shows itself in a read.
    fn flush(&mut self) {
        let mut wire = Wire { stream: &mut self.stream, first: None };
        while self.session.wants_write() {
            match self.session.write_tls(&mut wire) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// The connection has ended, and the peer has not said that it would.
    fn cut_off(&self) -> io::Error {
        match self.session.is_handshaking() {
            true => words::unopened(&self.first, self.looks),
            false => words::cut_off(),
        }
    }

    /// True if all that is sealed was sent.
    fn is_flushed(&self) -> bool {
        !self.session.wants_write()
    }

    fn open(&mut self) -> io::Result<bool> {
        self.flush();
        while self.session.is_handshaking() {
            match self.receive() {
                Ok(1..) => {}
                Ok(0) => {
                    let why = self.failed.take();
                    return Err(why.unwrap_or_else(|| self.cut_off()));
                }
                Err(error) if is_passing(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

impl<S> Sealed<S> {
    fn new(stream: S, session: Connection, looks: Looks) -> Sealed<S> {
        let (first, held) = (Vec::new(), 0);
        Sealed { stream, session, first, looks, held, is_closed: false, failed: None }
    }
}

/// The sealed side, as the session knows it.
struct Wire<'a, S> {
    stream: &'a mut S,
    /// Where the first bytes are noted.
    first: Option<&'a mut Vec<u8>>,
}

impl<S: Transport> io::Read for Wire<'_, S> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(room)?;
        if let Some(first) = &mut self.first {
            let some = count.min(FIRST.saturating_sub(first.len()));
            first.extend_from_slice(&room[..some]);
        }
        Ok(count)
    }
}

impl<S: Transport> io::Write for Wire<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.send(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
