//! One SparkSink's connection, from the side of the client: one request at a time, and a batch is
//! acknowledged when it is safe.
//!
//! ```text
//! ask ──> getEventBatch ──batch──> rows in the chunk, marked ──safe──> ack ──> ask again
//!              │ error, or n above the channel's capacity
//!              '──> rest, until whoever has a clock says that it is over ──> ask again, for half as many
//! ```
//!
//! What it has to say stands in one place, [`Client::owes`]: nothing, something at once, or something when
//! a mark is safe. A sink serves a connection strictly in order, so nothing is ever sent ahead.

use super::Wrong;
use super::avro::Take;
use super::frames::{self, Frames};
use super::handshake::{Match, Request as Handshake, Response};
use super::pull::{self, Head, PROTOCOL, Request};
use super::rows::{Key, Rows};
use crate::chunk::{Chunk, Mark};
use crate::origin::Origin;
use crate::wire::Framing;

/// Where the conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// This is to be asked once all up to the mark is safe.
    Ready(Mark, Request),
    /// This was asked, and nothing has been answered.
    Asked(Request),
    /// An error was answered: nothing is asked before the rest is over.
    Resting,
    /// Nothing more is asked.
    Over,
}

/// What there is to be told of a connection, for whoever has a clock and a voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A batch has come.
    Batch,
    /// The sink had nothing.
    Empty,
    /// The sink has answered with an error, in these words: it is to rest.
    Error(String),
    /// It was asked for more than its channel gives at a time; for so many it is asked now.
    Halved(usize),
    /// A batch is acknowledged, and the sink has said that it knows.
    Acknowledged,
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    origin: Origin,
    rows: Rows,
    frames: Frames,
    serial: i32,
    /// What is sent before a request: a handshake, until one was answered.
    handshake: Option<Handshake<'static>>,
    at: At,
    /// How many events are asked for.
    most: usize,
    /// The number of the batch that is not acknowledged, and how many events it has.
    open: Option<(Vec<u8>, usize)>,
    news: Vec<News>,
    /// True once no more events are asked for.
    is_parting: bool,
    broken: Option<String>,
}

impl Client {
    /// A connection that will ask for at most so many events; messages have at most `longest` bytes.
    pub fn new(origin: Origin, rows: Rows, most: usize, longest: usize) -> Client {
        let (client, server) = (PROTOCOL.hash, PROTOCOL.hash);
        Client {
            origin,
            rows,
            frames: Frames::new(longest),
            serial: 0,
            handshake: Some(Handshake { client, text: None, server }),
            at: At::Ready(Mark::default(), Request::GetEventBatch(most)),
            most,
            open: None,
            news: Vec::new(),
            is_parting: false,
            broken: None,
        }
    }

    /// What has happened since this was asked last.
    pub fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// How many events there are that the sink does not know to be kept.
    pub fn open(&self) -> usize {
        self.open.as_ref().map_or(0, |(_, count)| *count)
    }

    /// How many events it asks for.
    pub fn most(&self) -> usize {
        self.most
    }

    /// True if it waits for the answer to a request for events.
    pub fn is_polling(&self) -> bool {
        matches!(self.at, At::Asked(Request::GetEventBatch(_)))
    }

    /// True if the sink is to say something that is not long in coming.
    pub fn is_talking(&self) -> bool {
        self.frames.held() > 0 || matches!(self.at, At::Asked(Request::Ack(_) | Request::Nack(_)))
    }

    /// The rest is over.
    pub fn go_on(&mut self) {
        if self.at == At::Resting {
            self.ask();
        }
    }

    /// Asks for no more events; a batch that is not safe by now is given back.
    pub fn part(&mut self) {
        self.is_parting = true;
        self.at = match std::mem::replace(&mut self.at, At::Over) {
            At::Ready(_, Request::Ack(number)) => At::Ready(Mark::default(), Request::Nack(number)),
            At::Ready(..) | At::Resting => At::Over,
            other => other,
        };
    }

    fn ask(&mut self) {
        self.at = At::Ready(Mark::default(), Request::GetEventBatch(self.most));
    }

    /// Takes the answer that the message is.
    fn take(&mut self, serial: i32, chunk: &mut Chunk) -> Result<(), Wrong> {
        let At::Asked(request) = &self.at else {
            return Err(Wrong::new("an answer to no request"));
        };
        if serial != self.serial {
            return Err(Wrong::new("an answer to another request"));
        }
        let request = request.clone();
        let message = self.frames.message();
        let mut take = Take::new(message);
        if let Some(handshake) = &mut self.handshake {
            let response = Response::take(message, &mut take)
                .map_err(|_| Wrong::new("no SparkSink: its handshake cannot be read"))?;
            if response.matched == Match::None {
                if handshake.text.is_some() {
                    return Err(Wrong::new("it does not take the protocol that SparkSinks speak"));
                }
                handshake.text = Some(PROTOCOL.text.as_bytes());
                handshake.server = response.server.unwrap_or(handshake.server);
                self.at = At::Ready(Mark::default(), request);
                return Ok(());
            }
            self.handshake = None;
        }
        match (pull::take_answer(message, &mut take)?, request) {
            (Some(words), Request::GetEventBatch(_)) => self.failed(words),
            (None, Request::GetEventBatch(_)) => {
                let head = Head::take(message, &mut take)?;
                let number = message[head.number].to_vec();
                if !head.error.is_empty() || number.is_empty() {
                    self.failed(head.error);
                } else if self.is_parting {
                    self.at = At::Ready(Mark::default(), Request::Nack(number));
                } else {
                    let read = |visit: &mut dyn FnMut(_)| pull::events(&mut take, visit);
                    let (rows, origin) = (&self.rows, &self.origin);
                    let (count, ()) = rows.put(chunk, origin, message, read)?;
                    self.batch(number, count, chunk);
                }
            }
            (_, Request::Ack(_)) => {
                let kept = self.open.take().map_or(0, |(_, count)| count);
                self.news.push(News::Acknowledged);
                match kept {
                    // A sink that has nothing is not asked in a loop.
                    0 => self.at = At::Resting,
                    _ => self.ask(),
                }
            }
            (_, Request::Nack(_)) => {
                self.open = None;
                self.at = At::Over;
            }
        }
        if self.is_parting && !matches!(self.at, At::Ready(_, Request::Nack(_))) {
            self.at = At::Over;
        }
        Ok(())
    }

    /// A batch is in the chunk.
    fn batch(&mut self, number: Vec<u8>, count: usize, chunk: &Chunk) {
        let after = if count > 0 { chunk.mark } else { Mark::default() };
        let has_come = count > 0 || !chunk.bad.is_empty();
        self.news.push(if has_come { News::Batch } else { News::Empty });
        self.at = At::Ready(after, Request::Ack(number.clone()));
        self.open = Some((number, count.max(has_come.into())));
    }

    /// The sink has no batch to give.
    fn failed(&mut self, words: String) {
        match capacity(&words).filter(|_| self.most > 1) {
            Some(capacity) => {
                self.most = (self.most / 2).min(capacity).max(1);
                self.news.push(News::Halved(self.most));
                self.ask();
            }
            None => {
                self.news.push(News::Error(words));
                self.at = At::Resting;
            }
        }
    }
}

/// How many events a channel gives at a time, if a sink says that it was asked for more.
fn capacity(words: &str) -> Option<usize> {
    let (_, behind) = words.split_once("capacity ")?;
    let (number, rest) = behind.split_once(' ')?;
    if rest.starts_with("full") { number.parse().ok() } else { None }
}

impl Framing for Client {
    fn unfinished(&self) -> usize {
        self.frames.held()
    }

    fn has_whole(&self) -> bool {
        false
    }

    fn release(&mut self, _chunk: &mut Chunk, _limit: &mut usize) {}

    fn begin(&mut self, chunk: &mut Chunk) -> usize {
        chunk.set_pairs(self.rows.key != Key::None);
        chunk.len()
    }

    fn end(&mut self, chunk: &mut Chunk, start: usize, limit: &mut usize) {
        let raw = chunk.bytes()[start..].to_vec();
        chunk.truncate(start);
        let (mut rest, before) = (&raw[..], chunk.keys.len());
        loop {
            let taken = match self.frames.feed(&mut rest) {
                Ok(None) => break,
                Ok(Some(serial)) => self.take(serial, chunk),
                Err(wrong) => Err(wrong),
            };
            if let Err(Wrong(what)) = taken {
                self.broken.get_or_insert(what);
                break;
            }
        }
        if *limit < usize::MAX {
            *limit = limit.saturating_sub(chunk.keys.len() - before);
        }
    }

    /// What is not whole is nothing: the sink takes it back.
    fn finish(&mut self, _chunk: &mut Chunk) {}

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
        match self.at {
            At::Ready(after, _) => Some(after),
            _ => None,
        }
    }

    fn answer(&mut self, safe: Mark, out: &mut Vec<u8>) {
        if self.owes().is_none_or(|after| after > safe) {
            return;
        }
        let At::Ready(_, request) = std::mem::replace(&mut self.at, At::Over) else { return };
        self.serial = self.serial.wrapping_add(1);
        let (name, parameter) = request.put();
        let mut first = Vec::new();
        self.handshake.iter().for_each(|handshake| handshake.put(&mut first));
        first.extend_from_slice(&name);
        frames::put(out, self.serial, &[&first, &parameter]);
        self.at = At::Asked(request);
    }

    fn broken(&mut self) -> Option<String> {
        self.broken.take()
    }
}

#[cfg(test)]
mod tests;
