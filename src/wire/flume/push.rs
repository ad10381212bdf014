//! `AvroSourceProtocol`: what avro sinks call, and what they are answered.
//!
//! ```text
//! call     metadata | name | one event                    append
//!          metadata | name | events in blocks             appendBatch
//! event    headers, a map of texts | body
//! answer   (handshake) | metadata | 0 | status            or 1 | 0 | what was wrong
//! ```

use std::ops::Range;

use super::avro::{Take, put_bytes, put_long};
use super::handshake::Protocol;
use super::{Wrong, frames};

/// The protocol.
pub const PROTOCOL: Protocol = Protocol {
    text: include_str!("AvroSourceProtocol.json"),
    hash: *b"\x86\xaa\xda\xe2\xc4\x54\x74\xc0\xfe\x93\xff\xd0\xf2\x35\x0a\x65",
};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// One event is to be kept.
    Append,
    /// Several are, all or none.
    AppendBatch,
    /// Nothing: the handshake was what it was for.
    Ping,
}

impl Call {
    /// Reads metadata, which nobody sends, and the name.
    pub fn take(take: &mut Take<'_>) -> Result<Call, Wrong> {
        take.map()?;
        match take.bytes()? {
            b"append" => Ok(Call::Append),
            b"appendBatch" => Ok(Call::AppendBatch),
            b"" => Ok(Call::Ping),
            name => Err(Wrong::new(format!(
                "no message is called {:?}",
                String::from_utf8_lossy(&name[..name.len().min(64)])
            ))),
        }
    }

    /// Gives `visit` the events of the call, one after the other; they count only if no error follows.
    pub fn events(self, take: &mut Take<'_>, mut visit: impl FnMut(Event)) -> Result<(), Wrong> {
        match self {
            Call::Ping => {}
            Call::Append => visit(Event::take(take)?),
            Call::AppendBatch => loop {
                let count = take.block(2)?;
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    visit(Event::take(take)?);
                }
            },
        }
        Ok(())
    }
}

/// Where an event stands in its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its headers, for [`super::avro::entries`].
    pub headers: Range<usize>,
    /// What it carries.
    pub body: Range<usize>,
}

impl Event {
    /// Reads one.
    #[inline]
    pub fn take(take: &mut Take<'_>) -> Result<Event, Wrong> {
        Ok(Event { headers: take.map()?, body: take.span()? })
    }
}

/// What has become of a call's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// They are kept.
    Ok = 0,
    /// They are not.
    Failed = 1,
    /// Nobody knows.
    Unknown = 2,
}

/// Appends the answer to call `serial`, behind a handshake if one is due.
pub fn put_status(out: &mut Vec<u8>, serial: i32, handshake: &[u8], status: Status) {
    frames::put(out, serial, &[handshake, &[0], &[0, (status as u8) << 1]]);
}

/// Appends that call `serial` has failed, and why.
pub fn put_error(out: &mut Vec<u8>, serial: i32, handshake: &[u8], why: &str) {
    let mut error = vec![1, 0];
    put_bytes(&mut error, why.as_bytes());
    frames::put(out, serial, &[handshake, &[0], &error]);
}

/// Headers to be written: names and values.
pub type Headers<'a> = &'a [(&'a str, &'a str)];

/// Appends the parameters of `appendBatch`: its name, and events of headers and body. What a sink sends.
pub fn put_batch(out: &mut Vec<u8>, events: &[(Headers<'_>, &[u8])]) {
    put_long(out, 0);
    put_bytes(out, b"appendBatch");
    if !events.is_empty() {
        put_long(out, events.len() as i64);
    }
    for (headers, body) in events {
        put_headers(out, headers);
        put_bytes(out, body);
    }
    put_long(out, 0);
}

/// Appends headers.
pub fn put_headers(out: &mut Vec<u8>, headers: Headers<'_>) {
    if !headers.is_empty() {
        put_long(out, headers.len() as i64);
    }
    for (name, value) in headers {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
    put_long(out, 0);
}
