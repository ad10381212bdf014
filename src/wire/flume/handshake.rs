//! The handshake: both sides name their protocol by a hash, and send its text where the other lacks it.
//!
//! ```text
//! client ──> client hash | its text, or none | server hash, as guessed | meta
//!        <── BOTH                          both are known: the call is served
//!        <── CLIENT | our text | our hash  theirs is known, ours was guessed wrong: served
//!        <── NONE | our text | our hash    theirs is not known: the call comes again, with the text
//! ```
//!
//! It stands before the first call of a connection and before its answer; after NONE before the next,
//! and then no more.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::avro::{Take, put_bytes, put_long};
use super::{Wrong, schema};

/// A protocol's hash.
pub type Hash = [u8; 16];

/// How many other hashes are remembered: more than versions of a protocol will ever be.
const REMEMBERED: usize = 256;

/// A protocol as it is known on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Its text, as Java peers carry it.
    pub text: &'static str,
    /// The MD5 of that.
    pub hash: Hash,
}

/// What both sides know of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// All.
    Both,
    /// The server knows the client.
    Client,
    /// Nothing.
    None,
}

/// What a client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The hash of its protocol.
    pub client: Hash,
    /// The text of its protocol, if it sends it.
    pub text: Option<&'a [u8]>,
    /// The hash that it believes the server's protocol to have.
    pub server: Hash,
}

impl<'a> Request<'a> {
    /// Reads one.
    pub fn take(message: &'a [u8], take: &mut Take<'a>) -> Result<Request<'a>, Wrong> {
        let client = hash(message, take)?;
        let text = branch(take)?.then(|| take.bytes()).transpose()?;
        let server = hash(message, take)?;
        if branch(take)? {
            take.map()?;
        }
        Ok(Request { client, text, server })
    }

    /// Writes it, as Java does: with metadata that is there and empty.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.client);
        put_long(out, self.text.is_some().into());
        self.text.iter().for_each(|text| put_bytes(out, text));
        out.extend_from_slice(&self.server);
        put_long(out, 1);
        put_long(out, 0);
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// What is known.
    pub matched: Match,
    /// The hash of the server's protocol, if the client did not know it.
    pub server: Option<Hash>,
}

impl Response {
    /// Reads one; the server's text is passed over.
    pub fn take(message: &[u8], take: &mut Take<'_>) -> Result<Response, Wrong> {
        let matched = match take.long()? {
            0 => Match::Both,
            1 => Match::Client,
            2 => Match::None,
            _ => return Err(Wrong::new("a handshake that is none")),
        };
        if branch(take)? {
            take.span()?;
        }
        let server = branch(take)?.then(|| hash(message, take)).transpose()?;
        if branch(take)? {
            take.map()?;
        }
        Ok(Response { matched, server })
    }
}

/// Writes what the server with this protocol answers.
pub fn put_response(out: &mut Vec<u8>, matched: Match, protocol: &Protocol) {
    put_long(out, matched as i64);
    match matched {
        Match::Both => out.extend_from_slice(&[0, 0]),
        Match::Client | Match::None => {
            put_long(out, 1);
            put_bytes(out, protocol.text.as_bytes());
            put_long(out, 1);
            out.extend_from_slice(&protocol.hash);
        }
    }
    put_long(out, 0);
}

fn hash(message: &[u8], take: &mut Take<'_>) -> Result<Hash, Wrong> {
    let place = take.fixed(16)?;
    Ok(message[place].try_into().expect("16 bytes were taken"))
}

/// The branch of a union of nothing and something: true for something.
fn branch(take: &mut Take<'_>) -> Result<bool, Wrong> {
    match take.long()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Wrong::new("a handshake with a branch that is not there")),
    }
}

/// The hashes by which clients may name a server's protocol: shared by all its connections.
#[derive(Debug)]
pub struct Known {
    protocol: Protocol,
    form: String,
    others: Mutex<BTreeSet<Hash>>,
}

impl Known {
    /// Knows the protocol's own hash.
    pub fn new(protocol: Protocol) -> Known {
        let form = schema::form(protocol.text.as_bytes()).expect("our own text is a protocol");
        Known { protocol, form, others: Mutex::default() }
    }

    /// The server's protocol.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// What is to be answered; an error if the client speaks another protocol.
    pub fn answer(&self, request: &Request<'_>) -> Result<Match, Wrong> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if request.client != self.protocol.hash && !others.contains(&request.client) {
            let Some(text) = request.text else { return Ok(Match::None) };
            if schema::form(text)? != self.form {
                return Err(Wrong::new("it speaks another protocol than avro sinks do"));
            }
            if others.len() < REMEMBERED {
                others.insert(request.client);
            }
        }
        let knows = request.server == self.protocol.hash;
        Ok(if knows { Match::Both } else { Match::Client })
    }
}

#[cfg(test)]
mod tests {
    use super::super::push::PROTOCOL;
    use super::*;

    fn request(client: Hash, server: Hash, text: Option<&[u8]>) -> Request<'_> {
        Request { client, text, server }
    }

    #[test]
    fn each_case_has_its_answer() {
        let (known, ours, other) = (Known::new(PROTOCOL), PROTOCOL.hash, [7; 16]);
        let text = PROTOCOL.text.replace("Licensed", "Given");
        let answer = |request| known.answer(&request);
        assert_eq!(answer(request(ours, ours, None)), Ok(Match::Both));
        assert_eq!(answer(request(ours, other, None)), Ok(Match::Client));
        assert_eq!(answer(request(other, ours, None)), Ok(Match::None));
        assert!(answer(request(other, ours, Some(b"{\"messages\": {}}"))).is_err());
        assert_eq!(answer(request(other, ours, None)), Ok(Match::None), "refused, not remembered");
        assert_eq!(answer(request(other, ours, Some(text.as_bytes()))), Ok(Match::Both));
        assert_eq!(answer(request(other, other, None)), Ok(Match::Client), "remembered");
    }

    #[test]
    fn so_many_hashes_are_remembered_and_others_are_served_all_the_same() {
        let known = Known::new(PROTOCOL);
        for number in 0..2 * REMEMBERED as u32 {
            let mut hash = [9; 16];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            let text = Some(PROTOCOL.text.as_bytes());
            assert_eq!(known.answer(&request(hash, PROTOCOL.hash, text)), Ok(Match::Both));
        }
        assert_eq!(known.others.lock().unwrap().len(), REMEMBERED);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [None, Some(&b"{}"[..])] {
            let request = request([1; 16], [2; 16], text);
            let mut out = Vec::new();
            request.put(&mut out);
            assert_eq!(Request::take(&out, &mut Take::new(&out)).unwrap(), request);
        }
        for matched in [Match::Both, Match::Client, Match::None] {
            let mut out = Vec::new();
            put_response(&mut out, matched, &PROTOCOL);
            let server = (matched != Match::Both).then_some(PROTOCOL.hash);
            let mut take = Take::new(&out);
            assert_eq!(Response::take(&out, &mut take).unwrap(), Response { matched, server });
            assert_eq!(take.left(), 0);
        }
    }
}
