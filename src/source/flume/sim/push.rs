//! Avro sinks in memory: each sends a batch and waits, and sends again what was not answered OK.

use std::fmt::Display;
use std::sync::Arc;

use mio::event::Event;

use super::*;
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::origin::Origin;
use crate::source::peers::peer::Peer;
use crate::source::peers::transport::Waiting;
use crate::source::peers::{Host, PeerOf, PeersOf};
use crate::source::{Read, Settings};
use crate::wire::flume::avro::Take;
use crate::wire::flume::frames::{self, Frames};
use crate::wire::flume::handshake::{Known, Request, Response};
use crate::wire::flume::push::{PROTOCOL, put_batch};
use crate::wire::flume::rows::{Key, Rows};
use crate::wire::flume::server::{Server, Terms};

/// How long a sink waits for an answer, and rests after a failure.
const PATIENCE: i64 = 20_000;
const REST: i64 = 5_000;

/// A sink, and the channel that it empties.
struct Sink {
    channel: VecDeque<u64>,
    /// When it looks into the channel again.
    next: i64,
    line: Option<Line>,
    serial: i32,
    /// What is still to be sent of the batch.
    unsent: VecDeque<u8>,
    /// The batch that is not answered, and since when it is out.
    batch: Vec<u64>,
    since: i64,
}

/// All sinks.
pub struct Sinks {
    sinks: Vec<Sink>,
    fate: Fate,
    /// What they know.
    pub ledger: Ledger,
    /// Connections that weir has not let in.
    knocking: Vec<Line>,
}

impl Sinks {
    /// So many, which share so many events, and begin at `now`.
    pub fn new(count: u64, events: u64, fate: Fate, now: i64) -> Sinks {
        let sink = |number| Sink {
            channel: (1..=events).filter(|event| event % count == number).collect(),
            next: now,
            line: None,
            serial: 0,
            unsent: VecDeque::new(),
            batch: Vec::new(),
            since: now,
        };
        let sinks = (0..count).map(sink).collect();
        Sinks { sinks, fate, ledger: Ledger::default(), knocking: Vec::new() }
    }

    /// True if all is kept.
    fn is_done(&self) -> bool {
        self.sinks.iter().all(|sink| sink.channel.is_empty() && sink.batch.is_empty())
    }

    /// When a sink does something next by itself.
    fn next(&self) -> i64 {
        let next = |sink: &Sink| match (sink.batch.is_empty(), sink.unsent.is_empty()) {
            (true, _) if sink.channel.is_empty() => i64::MAX,
            (true, _) | (false, false) => sink.next,
            (false, true) => sink.since + PATIENCE,
        };
        self.sinks.iter().map(next).min().unwrap_or(i64::MAX)
    }

    /// Does what is due.
    fn turn(&mut self, now: i64) {
        let Sinks { sinks, fate, ledger, knocking } = self;
        for sink in sinks {
            sink.hear(fate, ledger, now);
            if sink.batch.is_empty() && !sink.channel.is_empty() && sink.next <= now {
                knocking.extend(sink.begin(fate, now));
            }
            if !sink.unsent.is_empty() && sink.next <= now {
                sink.send(fate, ledger, now);
            }
        }
    }

    /// Has those hear who were answered.
    fn hear(&mut self, now: i64) {
        let Sinks { sinks, fate, ledger, .. } = self;
        sinks.iter_mut().for_each(|sink| sink.hear(fate, ledger, now));
    }
}

impl Sink {
    /// Takes a batch out of the channel; the connection, if it is a new one.
    fn begin(&mut self, fate: &mut Fate, now: i64) -> Option<Line> {
        let count = (1 + fate.tape.below(6) as usize).min(self.channel.len());
        self.batch = self.channel.drain(..count).collect();
        let is_new = self.line.is_none();
        let line = self.line.get_or_insert_default().clone();
        let mut message = Vec::new();
        if is_new {
            self.serial = 0;
            Request { client: PROTOCOL.hash, text: None, server: PROTOCOL.hash }.put(&mut message);
        }
        let bodies: Vec<String> = self.batch.iter().map(|event| format!("i{event}-")).collect();
        let events: Vec<_> = bodies.iter().map(|body| (&[][..], body.as_bytes())).collect();
        put_batch(&mut message, &events);
        self.serial += 1;
        let mut frame = Vec::new();
        let buffers: Vec<_> = message.chunks(1 + fate.tape.below(60) as usize).collect();
        frames::put(&mut frame, self.serial, &buffers);
        self.unsent.extend(frame);
        (self.next, self.since) = (now, now);
        is_new.then_some(line)
    }

    /// Sends some of it, or all.
    fn send(&mut self, fate: &mut Fate, ledger: &mut Ledger, now: i64) {
        let Some(line) = &self.line else { return };
        let count = match fate.tape.chance(40) {
            true => fate.tape.below(self.unsent.len() as u64) as usize,
            false => self.unsent.len(),
        };
        line.wire().to_weir.extend(self.unsent.drain(..count));
        self.next = now + fate.tape.below(50) as i64;
        self.since = now;
        if fate.strikes() {
            ledger.trouble(if self.unsent.is_empty() { "does not wait" } else { "cut off" });
            self.fail(ledger, now);
        }
    }

    /// Looks what it was answered, and gives up if that takes too long.
    fn hear(&mut self, fate: &mut Fate, ledger: &mut Ledger, now: i64) {
        let Some(line) = self.line.clone() else { return };
        let answer: Vec<u8> = line.wire().to_agent.drain(..).collect();
        if !answer.is_empty() && fate.strikes() {
            ledger.trouble("hears nothing");
            return self.fail(ledger, now);
        }
        match (self.is_kept(&answer), answer.is_empty()) {
            (true, _) => {
                let batch = std::mem::take(&mut self.batch);
                ledger.give(&batch);
                ledger.keep(&batch);
                self.next = now + [0, 0, 100, 700, 4000][fate.tape.below(5) as usize];
            }
            (false, false) => {
                ledger.trouble("refused");
                self.fail(ledger, now);
            }
            (false, true) if line.wire().weir_has_gone => self.fail(ledger, now),
            (false, true) if !self.batch.is_empty() && now >= self.since + PATIENCE => {
                ledger.trouble("waited too long");
                self.fail(ledger, now);
            }
            (false, true) => {}
        }
    }

    /// True if the answer says that the batch is kept. One comes whole, since weir sends it so.
    fn is_kept(&self, mut answer: &[u8]) -> bool {
        let mut frames = Frames::new(1 << 20);
        let Some(serial) = frames.feed(&mut answer).unwrap() else { return false };
        assert_eq!((serial, answer.len()), (self.serial, 0), "one answer to one call");
        let message = frames.message();
        let mut take = Take::new(message);
        if serial == 1 {
            Response::take(message, &mut take).unwrap();
        }
        take.map().unwrap();
        (take.byte().unwrap(), take.long().unwrap()) == (0, 0)
    }

    /// Closes, and takes the batch back.
    fn fail(&mut self, ledger: &mut Ledger, now: i64) {
        let Some(line) = self.line.take() else { return };
        let mut wire = line.wire();
        wire.agent_has_gone = true;
        // What weir has not read by now it will not take for a batch.
        if self.unsent.is_empty() && wire.to_weir.is_empty() {
            ledger.give(&self.batch);
        }
        self.unsent.clear();
        while let Some(event) = self.batch.pop() {
            self.channel.push_front(event);
        }
        self.next = now + REST;
    }
}

/// weir's side of a life.
pub type Pushed = Played<Door>;

/// Lets sinks in.
pub struct Door {
    sinks: Arc<Mutex<Sinks>>,
    terms: Terms,
    inside: Vec<(usize, Line)>,
    next: usize,
}

impl Pushed {
    /// A life of which the sinks have not heard.
    pub fn new(sinks: &Arc<Mutex<Sinks>>, logs_input: bool, settings: &Settings) -> Pushed {
        let rows = Rows { key: Key::None, max: 1000 };
        let known = Arc::new(Known::new(PROTOCOL));
        let terms = Terms { rows, compressed: false, longest: 1 << 20, known };
        let door = Door { sinks: Arc::clone(sinks), terms, inside: Vec::new(), next: 0 };
        Played::over(door, logs_input, settings)
    }
}

impl Agents for Door {
    fn hear(&self, now: Option<i64>) {
        let mut sinks = self.sinks.lock().unwrap();
        let since = sinks.sinks.iter().map(|sink| sink.since).max().unwrap_or(0);
        sinks.hear(now.unwrap_or(since));
    }
}

impl Host for Door {
    type Transport = Waiting<Ours>;
    type Framing = Server;

    fn place(&self) -> &dyn Display {
        &"sinks"
    }

    fn deadline(&self) -> Stamp {
        if self.inside.iter().any(|(_, line)| line.has_news()) {
            return Stamp(0);
        }
        Stamp(self.sinks.lock().unwrap().next())
    }

    fn note(&mut self, _: &Event, _: &mut PeersOf<Self>, _: &dyn Wait, _: Stamp) {}

    fn turn(&mut self, peers: &mut PeersOf<Self>, _wait: &dyn Wait, now: Stamp) {
        let mut sinks = self.sinks.lock().unwrap();
        sinks.turn(now.0);
        for line in sinks.knocking.drain(..) {
            let server = Server::new(&self.terms, Origin::peer("sink"));
            peers.join(self.next, Peer::new(Waiting(Ours(line.clone())), server));
            self.inside.push((self.next, line));
            self.next += 1;
        }
        drop(sinks);
        for (number, line) in &self.inside {
            if line.has_news() {
                peers.rouse(*number, now);
            }
        }
    }

    fn gone(&mut self, number: usize, _: PeerOf<Self>, _: Option<io::Error>, _: Stamp) {
        self.inside.retain(|(other, _)| *other != number);
    }

    fn is_leaving(&self) -> bool {
        self.sinks.lock().unwrap().is_done()
    }

    fn end(&mut self, _: &PeersOf<Self>) -> Result<Read, Error> {
        Ok(Read::End)
    }
}
