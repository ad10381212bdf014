//! `SparkFlumeProtocol`: what a SparkSink is asked, and what it answers.
//!
//! ```text
//! getEventBatch(int n)    error text | number | events in blocks      an error has neither number nor events
//! ack(string number)      nothing
//! nack(string number)     nothing
//! ```
//!
//! An answer begins as all do: metadata, then 0 and the value, or 1 and an error in words.

use std::ops::Range;

use super::Wrong;
use super::avro::{Take, put_bytes, put_long};
use super::handshake::Protocol;
use super::push::Event;

/// The protocol.
pub const PROTOCOL: Protocol = Protocol {
    text: include_str!("SparkFlumeProtocol.json"),
    hash: *b"\x45\xf3\xc2\xc4\xaa\x53\x24\x4c\xea\xac\xda\x67\x31\xde\xdf\xfb",
};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// At most so many events.
    GetEventBatch(usize),
    /// The batch of this number is kept.
    Ack(Vec<u8>),
    /// It is not.
    Nack(Vec<u8>),
}

impl Request {
    /// The request as it stands in a message, in two buffers as Java has them.
    pub fn put(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut name, mut parameter) = (vec![0], Vec::new());
        match self {
            Request::GetEventBatch(most) => {
                put_bytes(&mut name, b"getEventBatch");
                put_long(&mut parameter, *most as i64);
            }
            Request::Ack(number) => {
                put_bytes(&mut name, b"ack");
                put_bytes(&mut parameter, number);
            }
            Request::Nack(number) => {
                put_bytes(&mut name, b"nack");
                put_bytes(&mut parameter, number);
            }
        }
        (name, parameter)
    }
}

/// Reads how an answer begins; the words, if it is an error.
pub fn take_answer(message: &[u8], take: &mut Take<'_>) -> Result<Option<String>, Wrong> {
    take.map()?;
    match take.byte()? {
        0 => Ok(None),
        1 => {
            // The one branch of the errors that there are.
            take.long()?;
            let words = take.span()?;
            Ok(Some(words_of(&message[words])))
        }
        _ => Err(Wrong::new("an answer that is none")),
    }
}

/// How a batch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Why it has no events, in words; empty if it is a batch.
    pub error: String,
    /// Where its number stands.
    pub number: Range<usize>,
}

impl Head {
    /// Reads it; the events follow.
    pub fn take(message: &[u8], take: &mut Take<'_>) -> Result<Head, Wrong> {
        let error = words_of(&message[take.span()?]);
        Ok(Head { error, number: take.span()? })
    }
}

/// Gives `visit` the events of a batch; they count only if no error follows.
pub fn events(take: &mut Take<'_>, mut visit: impl FnMut(Event)) -> Result<(), Wrong> {
    loop {
        let count = take.block(2)?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            visit(Event::take(take)?);
        }
    }
}

/// What a sink says, for people: not all of it, if that is much.
fn words_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
    text.lines().next().unwrap_or("").to_string()
}
