//! SparkSinks in memory: each gives batches out of its channel, and takes back what is not acknowledged.

use std::fmt::Display;
use std::sync::Arc;

use mio::event::Event;

use super::*;
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::origin::Origin;
use crate::source::peers::peer::Peer;
use crate::source::peers::{Host, PeerOf, PeersOf};
use crate::source::{Read, Settings};
use crate::wire::flume::avro::{Take, put_bytes, put_long};
use crate::wire::flume::client::{Client, News};
use crate::wire::flume::frames::{self, Frames};
use crate::wire::flume::handshake::{Match, Request, put_response};
use crate::wire::flume::pull::PROTOCOL;
use crate::wire::flume::rows::{Key, Rows};

/// After so long a transaction is rolled back that nobody has acknowledged.
const TIMEOUT: i64 = 10_000;
/// How long weir rests after an error, and before it calls again.
const REST: i64 = 6_000;
const DELAY: i64 = 500;

/// A sink, its channel, and its one client.
struct Sink {
    channel: VecDeque<u64>,
    /// Transactions: number, events, and when they were given out.
    open: Vec<(u64, Vec<u64>, i64)>,
    last: u64,
    line: Option<Line>,
    frames: Frames,
    is_connected: bool,
    /// A request for events that waits for some: its serial, and for how many.
    polls: Option<(i32, usize)>,
    /// What its answer begins with.
    handshake: Vec<u8>,
    /// What is still to be sent, and when.
    unsent: VecDeque<u8>,
    next: i64,
}

/// All sinks.
pub struct Sinks {
    sinks: Vec<Sink>,
    fate: Fate,
    /// What they know.
    pub ledger: Ledger,
}

impl Sinks {
    /// So many, which share so many events, and begin at `now`.
    pub fn new(count: u64, events: u64, fate: Fate, now: i64) -> Sinks {
        let sink = |number| Sink {
            channel: (1..=events).filter(|event| event % count == number).collect(),
            open: Vec::new(),
            last: 0,
            line: None,
            frames: Frames::new(1 << 20),
            is_connected: false,
            polls: None,
            handshake: Vec::new(),
            unsent: VecDeque::new(),
            next: now,
        };
        let sinks = (0..count).map(sink).collect();
        Sinks { sinks, fate, ledger: Ledger::default() }
    }

    /// True if all is committed.
    fn is_done(&self) -> bool {
        self.sinks.iter().all(|sink| sink.channel.is_empty() && sink.open.is_empty())
    }

    /// When a sink does something next by itself.
    fn next(&self) -> i64 {
        let next = |sink: &Sink| {
            let back = sink.open.iter().map(|(_, _, since)| since + TIMEOUT).min();
            let sends = if sink.unsent.is_empty() { i64::MAX } else { sink.next };
            back.unwrap_or(i64::MAX).min(sends)
        };
        self.sinks.iter().map(next).min().unwrap_or(i64::MAX)
    }

    /// Does what is due, and answers what has come.
    fn turn(&mut self, now: i64) {
        let Sinks { sinks, fate, ledger } = self;
        for sink in sinks {
            sink.take_back(ledger, now);
            sink.hear(fate, ledger, now);
            sink.give(fate, ledger, now);
            sink.send(fate, now);
        }
    }
}

impl Sink {
    fn called(&mut self) -> Line {
        let line = Line::default();
        (self.line, self.frames) = (Some(line.clone()), Frames::new(1 << 20));
        (self.is_connected, self.polls) = (false, None);
        self.unsent.clear();
        line
    }

    fn hang_up(&mut self) {
        if let Some(line) = self.line.take() {
            line.wire().agent_has_gone = true;
        }
        self.polls = None;
        self.unsent.clear();
    }

    /// Rolls back what was given out too long ago.
    fn take_back(&mut self, ledger: &mut Ledger, now: i64) {
        while let Some(at) = self.open.iter().position(|(_, _, since)| since + TIMEOUT <= now) {
            ledger.trouble("timed out");
            let (_, events, _) = self.open.remove(at);
            events.into_iter().rev().for_each(|event| self.channel.push_front(event));
        }
    }

    /// Takes the requests that have come.
    fn hear(&mut self, fate: &mut Fate, ledger: &mut Ledger, now: i64) {
        let Some(line) = self.line.clone() else { return };
        let bytes: Vec<u8> = line.wire().to_agent.drain(..).collect();
        let mut rest = &bytes[..];
        while let Some(serial) = self.frames.feed(&mut rest).unwrap() {
            let message = self.frames.message().to_vec();
            self.request(serial, &message, fate, ledger, now);
            if self.line.is_none() {
                return;
            }
        }
        if line.wire().weir_has_gone {
            self.hang_up();
        }
    }

    fn request(
        &mut self,
        serial: i32,
        message: &[u8],
        fate: &mut Fate,
        ledger: &mut Ledger,
        now: i64,
    ) {
        let mut take = Take::new(message);
        let mut handshake = Vec::new();
        if !self.is_connected {
            let text = Request::take(message, &mut take).unwrap().text;
            // Some do not know the protocol before they are told it.
            self.is_connected = text.is_some() || self.last % 3 != 1;
            let matched = if self.is_connected { Match::Both } else { Match::None };
            put_response(&mut handshake, matched, &PROTOCOL);
            if !self.is_connected {
                return self.answer(serial, &[&handshake], now);
            }
        }
        take.map().unwrap();
        let name = take.bytes().unwrap();
        if name == b"getEventBatch" {
            self.polls = Some((serial, usize::try_from(take.long().unwrap()).unwrap()));
            self.handshake = handshake;
            return;
        }
        let number = std::str::from_utf8(take.bytes().unwrap()).unwrap();
        let number: u64 = number.parse().unwrap();
        let at = self.open.iter().position(|(open, _, _)| *open == number);
        if fate.strikes() {
            ledger.trouble("an ack that does not arrive");
            return self.hang_up();
        }
        let Some((_, events, _)) = at.map(|at| self.open.remove(at)) else {
            return self.answer(serial, &[&handshake, &[0], &[0]], now);
        };
        match name {
            b"ack" => ledger.keep(&events),
            _ => {
                ledger.trouble("given back");
                events.into_iter().rev().for_each(|event| self.channel.push_front(event));
            }
        }
        if fate.strikes() {
            ledger.trouble("an ack that is not answered");
            return self.hang_up();
        }
        self.answer(serial, &[&handshake, &[0], &[0]], now);
    }

    /// Gives out a batch, if one is asked for and there are events.
    fn give(&mut self, fate: &mut Fate, ledger: &mut Ledger, now: i64) {
        let Some((serial, most)) = self.polls.filter(|_| !self.channel.is_empty()) else { return };
        self.polls = None;
        let handshake = std::mem::take(&mut self.handshake);
        if fate.strikes() {
            ledger.trouble("an error");
            let mut error = vec![0];
            put_bytes(&mut error, b"on purpose");
            error.extend([0, 0]);
            return self.answer(serial, &[&handshake, &[0], &error], now);
        }
        let count = most.min(self.channel.len()).min(1 + fate.tape.below(6) as usize);
        let events: Vec<u64> = self.channel.drain(..count).collect();
        self.last += 1;
        let mut out = vec![0, 0];
        put_bytes(&mut out, self.last.to_string().as_bytes());
        put_long(&mut out, events.len() as i64);
        for event in &events {
            put_long(&mut out, 0);
            put_bytes(&mut out, format!("i{event}-").as_bytes());
        }
        put_long(&mut out, 0);
        self.answer(serial, &[&handshake, &[0], &out], now);
        if fate.strikes() {
            ledger.trouble("cut off");
            let half = self.unsent.len() / 2;
            let line = self.line.clone();
            if let Some(line) = line {
                line.wire().to_weir.extend(self.unsent.drain(..half));
            }
            self.hang_up();
        } else {
            ledger.give(&events);
        }
        self.open.push((self.last, events, now));
    }

    fn answer(&mut self, serial: i32, buffers: &[&[u8]], now: i64) {
        let mut frame = Vec::new();
        frames::put(&mut frame, serial, buffers);
        self.unsent.extend(frame);
        self.next = now;
    }

    /// Sends some of what there is, or all.
    fn send(&mut self, fate: &mut Fate, now: i64) {
        let Some(line) = self.line.as_ref().filter(|_| self.next <= now) else { return };
        let count = match fate.tape.chance(30) {
            true => fate.tape.below(1 + self.unsent.len() as u64) as usize,
            false => self.unsent.len(),
        };
        line.wire().to_weir.extend(self.unsent.drain(..count));
        self.next = now + fate.tape.below(50) as i64;
    }
}

/// weir's side of a life.
pub type Pulled = Played<Calls>;

/// Calls the sinks, each again when it is lost.
pub struct Calls {
    sinks: Arc<Mutex<Sinks>>,
    /// Of each sink its connection, or when it is called again; and when its rest is over.
    lines: Vec<(Result<Line, i64>, i64)>,
}

impl Pulled {
    /// A life of which the sinks have not heard.
    pub fn new(sinks: &Arc<Mutex<Sinks>>, logs_input: bool, settings: &Settings) -> Pulled {
        let count = sinks.lock().unwrap().sinks.len();
        let lines = vec![(Err(0), i64::MAX); count];
        Played::over(Calls { sinks: Arc::clone(sinks), lines }, logs_input, settings)
    }
}

impl Agents for Calls {
    fn hear(&self, now: Option<i64>) {
        let mut sinks = self.sinks.lock().unwrap();
        let next = sinks.sinks.iter().map(|sink| sink.next).max().unwrap_or(0);
        let Sinks { sinks, fate, ledger } = &mut *sinks;
        sinks.iter_mut().for_each(|sink| sink.hear(fate, ledger, now.unwrap_or(next)));
    }

    fn part(&self, peers: &mut PeersOf<Self>) {
        for number in 0..self.lines.len() {
            if let Some(peer) = peers.get(number) {
                peer.framing().part();
            }
            peers.answer(number);
        }
    }
}

impl Host for Calls {
    type Transport = Ours;
    type Framing = Client;

    fn place(&self) -> &dyn Display {
        &"sinks"
    }

    fn deadline(&self) -> Stamp {
        let has_news = |line: &Result<Line, i64>| line.as_ref().is_ok_and(Line::has_news);
        if self.lines.iter().any(|(line, _)| has_news(line)) {
            return Stamp(0);
        }
        let own = self.lines.iter().map(|(line, rest)| *line.as_ref().err().unwrap_or(rest));
        Stamp(own.fold(self.sinks.lock().unwrap().next(), i64::min))
    }

    fn note(&mut self, _: &Event, _: &mut PeersOf<Self>, _: &dyn Wait, _: Stamp) {}

    fn turn(&mut self, peers: &mut PeersOf<Self>, _wait: &dyn Wait, now: Stamp) {
        let mut sinks = self.sinks.lock().unwrap();
        for (number, (line, rest)) in self.lines.iter_mut().enumerate() {
            if matches!(line, Err(next) if *next <= now.0) {
                let called = sinks.sinks[number].called();
                let rows = Rows { key: Key::None, max: 1000 };
                let client = Client::new(Origin::peer("sink"), rows, 5, 1 << 20);
                peers.join(number, Peer::new(Ours(called.clone()), client));
                (*line, *rest) = (Ok(called), i64::MAX);
            }
        }
        sinks.turn(now.0);
        for (number, (line, rest)) in self.lines.iter_mut().enumerate() {
            if *rest <= now.0 {
                *rest = i64::MAX;
                peers.get(number).into_iter().for_each(|peer| peer.framing().go_on());
                peers.answer(number);
            }
            if line.as_ref().is_ok_and(Line::has_news) {
                peers.rouse(number, now);
            }
        }
    }

    fn noted(&mut self, peers: &mut PeersOf<Self>, now: Stamp) {
        for (number, (_, rest)) in self.lines.iter_mut().enumerate() {
            let Some(peer) = peers.get(number) else { continue };
            for news in peer.framing().news() {
                if matches!(news, News::Error(_) | News::Empty) {
                    *rest = now.0 + REST;
                }
            }
            peers.answer(number);
        }
        self.sinks.lock().unwrap().turn(now.0);
    }

    fn gone(&mut self, number: usize, _: PeerOf<Self>, _: Option<io::Error>, now: Stamp) {
        self.lines[number] = (Err(now.0 + DELAY), i64::MAX);
    }

    fn is_leaving(&self) -> bool {
        self.sinks.lock().unwrap().is_done()
    }

    fn end(&mut self, _: &PeersOf<Self>) -> Result<Read, Error> {
        Ok(Read::End)
    }
}
