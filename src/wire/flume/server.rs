//! One avro sink's connection, from the side of the server: bytes become batches in a chunk, and each call
//! gets its answer when its batch is safe.
//!
//! ```text
//! bytes ──> inflated ──> frames ──call──> rows in the chunk, marked       answers, in the order of calls
//!                          │                └── owed: OK, once the mark is reached ──────┐
//!                          '── handshake, ping, what is no call: owed at once ───────────┴──> deflated
//! ```
//!
//! A batch goes into one chunk as a whole. What makes no sense within a call is answered by an error and
//! the connection goes on; what makes none of the stream ends it, see [`Framing::broken`].

use std::collections::VecDeque;
use std::sync::Arc;

use super::avro::Take;
use super::deflate::{Deflate, Inflate};
use super::frames::Frames;
use super::handshake::{Known, Match, Request, put_response};
use super::push::{Call, Status, put_error, put_status};
use super::rows::{Key, Rows};
use super::{Wrong, frames, strangers};
use crate::chunk::{Chunk, Mark};
use crate::origin::Origin;
use crate::wire::Framing;

/// How many answers a client may be owed: one that waits for each, as sinks do, is owed one.
const MOST_OWED: usize = 1 << 16;

/// An answer, and what it waits for.
#[derive(Debug)]
struct Owed {
    after: Mark,
    serial: i32,
    /// What was found of the handshake, if the call had one.
    handshake: Option<Match>,
    what: Answer,
}

#[derive(Debug)]
enum Answer {
    /// The handshake is all.
    Nothing,
    Kept,
    /// Nobody has looked at it.
    Failed,
    Refused(String),
}

/// Both directions of a compressed connection.
#[derive(Debug, Default)]
struct Zlib {
    inflate: Inflate,
    deflate: Deflate,
}

impl Zlib {
    fn has_begun(&self) -> bool {
        self.inflate.has_begun()
    }
}

/// What all connections of a server have.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How events become rows.
    pub rows: Rows,
    /// True if the sinks compress.
    pub compressed: bool,
    /// The longest message.
    pub longest: usize,
    /// Whom the server knows.
    pub known: Arc<Known>,
}

/// A connection.
#[derive(Debug)]
pub struct Server {
    terms: Terms,
    origin: Origin,
    zlib: Option<Zlib>,
    frames: Frames,
    /// Bytes that have come and were not looked at; from `at` on.
    raw: Vec<u8>,
    at: usize,
    /// True once the handshake is done.
    is_connected: bool,
    owed: VecDeque<Owed>,
    /// True while no batch is taken.
    refuses: bool,
    broken: Option<String>,
}

impl Server {
    /// A connection of which nothing has come.
    pub fn new(terms: &Terms, origin: Origin) -> Server {
        Server {
            zlib: terms.compressed.then(Zlib::default),
            frames: Frames::new(terms.longest),
            terms: terms.clone(),
            origin,
            raw: Vec::new(),
            at: 0,
            is_connected: false,
            owed: VecDeque::new(),
            refuses: false,
            broken: None,
        }
    }

    /// Looks at what has come, as far as the limit allows.
    fn go_on(&mut self, chunk: &mut Chunk, limit: &mut usize) {
        let raw = std::mem::take(&mut self.raw);
        let mut rest = &raw[self.at..];
        if let Err(Wrong(what)) = self.take(&mut rest, chunk, limit) {
            self.broken.get_or_insert(what);
            rest = &[];
        }
        self.at = raw.len() - rest.len();
        self.raw = raw;
        if self.at == self.raw.len() {
            self.raw.clear();
            self.at = 0;
        }
    }

    fn take(
        &mut self,
        bytes: &mut &[u8],
        chunk: &mut Chunk,
        limit: &mut usize,
    ) -> Result<(), Wrong> {
        let Some(mut zlib) = self.zlib.take() else {
            return self.take_plain(bytes, chunk, limit);
        };
        let mut taken = match bytes.first() {
            Some(0) if !zlib.has_begun() => Err(Wrong::new(
                "what came is not compressed: the sink lacks compression-type = deflate, or here \
                 --compression deflate is too much",
            )),
            Some(first) if !zlib.has_begun() && *first != 0x78 => Err(strangers::wrong(bytes)),
            _ => Ok(()),
        };
        let (before, mut is_first) = (chunk.keys.len(), !zlib.has_begun());
        while taken.is_ok() {
            taken = match zlib.inflate.feed(bytes) {
                Ok([]) => break,
                Ok(piece) if std::mem::take(&mut is_first) && strangers::is_tls(piece) => {
                    Err(Wrong::new(format!("what came is {}", strangers::SWAPPED)))
                }
                // What has been inflated cannot be put back, and may be the rest of a call that is waited
                // for, so it is taken whatever the limit.
                Ok(mut piece) => self.take_plain(&mut piece, chunk, &mut usize::MAX.clone()),
                Err(wrong) => Err(wrong),
            };
        }
        self.zlib = Some(zlib);
        if *limit < usize::MAX {
            *limit = limit.saturating_sub(chunk.keys.len() - before);
        }
        taken
    }

    fn take_plain(
        &mut self,
        bytes: &mut &[u8],
        chunk: &mut Chunk,
        limit: &mut usize,
    ) -> Result<(), Wrong> {
        while *limit > 0
            && let Some(serial) = self.frames.feed(bytes)?
        {
            let before = chunk.keys.len();
            self.call(serial, chunk)?;
            if *limit < usize::MAX {
                *limit = limit.saturating_sub(chunk.keys.len() - before);
            }
        }
        Ok(())
    }

    /// Takes the call that the message is.
    fn call(&mut self, serial: i32, chunk: &mut Chunk) -> Result<(), Wrong> {
        let message = self.frames.message();
        let mut take = Take::new(message);
        let mut handshake = None;
        if !self.is_connected {
            let request = Request::take(message, &mut take).map_err(|wrong| {
                Wrong::new(format!("no avro sink: its handshake cannot be read: {wrong}"))
            })?;
            let matched = self.terms.known.answer(&request)?;
            self.is_connected = matched != Match::None;
            handshake = Some(matched);
        }
        let (mut after, mut what) = (Mark::default(), Answer::Nothing);
        if self.is_connected {
            match Call::take(&mut take) {
                Ok(Call::Ping) => {}
                Ok(_) if self.refuses => what = Answer::Failed,
                Ok(call) => {
                    let read = |visit: &mut dyn FnMut(_)| call.events(&mut take, visit);
                    what = match self.terms.rows.put(chunk, &self.origin, message, read) {
                        Ok((count, ())) => {
                            after = if count > 0 { chunk.mark } else { after };
                            Answer::Kept
                        }
                        Err(Wrong(why)) => Answer::Refused(why),
                    };
                }
                Err(Wrong(why)) => what = Answer::Refused(why),
            }
        }
        self.owed.push_back(Owed { after, serial, handshake, what });
        match self.owed.len() {
            ..MOST_OWED => Ok(()),
            count => Err(Wrong::new(format!("{count} calls without waiting for an answer"))),
        }
    }

    fn put(&self, owed: &Owed, out: &mut Vec<u8>) {
        let mut handshake = Vec::new();
        if let Some(matched) = owed.handshake {
            put_response(&mut handshake, matched, self.terms.known.protocol());
        }
        match &owed.what {
            Answer::Nothing => frames::put(out, owed.serial, &[&handshake]),
            Answer::Kept => put_status(out, owed.serial, &handshake, Status::Ok),
            Answer::Failed => put_status(out, owed.serial, &handshake, Status::Failed),
            Answer::Refused(why) => {
                put_error(out, owed.serial, &handshake, &format!("weir: {why}"))
            }
        }
    }
}

impl Framing for Server {
    fn unfinished(&self) -> usize {
        self.frames.held() + self.raw.len() - self.at
    }

    fn has_whole(&self) -> bool {
        !self.raw.is_empty()
    }

    fn release(&mut self, chunk: &mut Chunk, limit: &mut usize) {
        self.begin(chunk);
        self.go_on(chunk, limit);
    }

    fn begin(&mut self, chunk: &mut Chunk) -> usize {
        chunk.set_pairs(self.terms.rows.key != Key::None);
        chunk.len()
    }

    fn end(&mut self, chunk: &mut Chunk, start: usize, limit: &mut usize) {
        self.raw.extend_from_slice(&chunk.bytes()[start..]);
        chunk.truncate(start);
        self.go_on(chunk, limit);
    }

    /// What is not whole is nothing: its sink sends it again.
    fn finish(&mut self, _chunk: &mut Chunk) {
        if self.broken.is_none() && !self.is_connected && self.frames.held() > 0 {
            let first = self.frames.first();
            if first.first().is_some_and(|&byte| byte != 0) {
                self.broken = Some(strangers::wrong(first).0);
            }
        }
    }

    fn give_up(&mut self, _chunk: &mut Chunk, reason: &str) {
        self.broken.get_or_insert(reason.to_string());
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn count(&self, _records: &[u8]) -> u64 {
        0
    }

    fn owes(&self) -> Option<Mark> {
        self.owed.front().map(|owed| owed.after)
    }

    fn answer(&mut self, safe: Mark, out: &mut Vec<u8>) {
        let mut answers = Vec::new();
        while let Some(owed) = self.owed.front()
            && owed.after <= safe
        {
            self.put(owed, &mut answers);
            self.owed.pop_front();
        }
        match &mut self.zlib {
            Some(zlib) if !answers.is_empty() => zlib.deflate.put(out, &answers),
            _ => out.extend_from_slice(&answers),
        }
    }

    fn refuse(&mut self, refuses: bool) -> bool {
        self.refuses = refuses;
        true
    }

    fn broken(&mut self) -> Option<String> {
        self.broken.take()
    }
}

#[cfg(test)]
mod tests;
