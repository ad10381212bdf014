//! Agents in memory, for the simulation of whole runs: they outlive weir, forget, cut and do not hear.
//!
//! ```text
//! agent: channel ──batch──> line ──> Peers, Server or Client ──> chunk ──> log         the same code as ever
//!    ^                       │
//!    └── again, if no answer ┴── dropped in a frame, an answer that nobody hears
//! ```
//!
//! The ledger holds what an agent can know: which events are kept for good, and how often each was given away
//! whole. Of the first none may be lost, and none may be counted more often than the second says.

pub mod pull;
pub mod push;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::chunk::{Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::disk::sim::Tape;
use crate::disk::sim::mistake::{Mistake, made};
use crate::error::Error;
use crate::source::peers::transport::Transport;
use crate::source::peers::{Host, Peers, PeersOf};
use crate::source::{Form, Read, Settings, Source, Stage};

/// The longest wait at a time: another thread may be about to tell that something is safe, and a virtual clock does
/// not wait for it.
const MOMENT: Duration = Duration::from_millis(100);

/// What agents know of events.
#[derive(Debug, Default)]
pub struct Ledger {
    /// How often each was in a message of which weir has read all.
    pub given: BTreeMap<u64, u64>,
    /// Those that will not be sent again.
    pub kept: BTreeSet<u64>,
    /// Those of them of which nobody has asked yet.
    news: Vec<u64>,
    /// What has come to pass: how often each kind of trouble.
    pub troubles: BTreeMap<&'static str, u64>,
}

impl Ledger {
    fn give(&mut self, events: &[u64]) {
        for event in events {
            *self.given.entry(*event).or_default() += 1;
        }
    }

    fn keep(&mut self, events: &[u64]) {
        self.kept.extend(events);
        self.news.extend(events);
    }

    fn trouble(&mut self, what: &'static str) {
        *self.troubles.entry(what).or_default() += 1;
    }

    /// What is kept since this was asked last.
    pub fn news(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.news)
    }
}

/// How often something goes wrong, in a hundred, and the chance that it is.
#[derive(Debug)]
pub struct Fate {
    tape: Tape,
    percent: u64,
}

impl Fate {
    /// By this tape, so often.
    pub fn new(seed: u64, percent: u64) -> Fate {
        Fate { tape: Tape(seed), percent }
    }

    fn strikes(&mut self) -> bool {
        self.tape.below(100) < self.percent
    }
}

/// What is on its way between an agent and weir.
#[derive(Debug, Default)]
struct Wire {
    to_weir: VecDeque<u8>,
    to_agent: VecDeque<u8>,
    agent_has_gone: bool,
    weir_has_gone: bool,
}

/// A connection, from the agent's side.
#[derive(Clone, Debug, Default)]
struct Line(Arc<Mutex<Wire>>);

impl Line {
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap()
    }

    /// True if weir has something to find there.
    fn has_news(&self) -> bool {
        let wire = self.wire();
        !wire.to_weir.is_empty() || wire.agent_has_gone
    }
}

/// The same, from the side of weir.
pub struct Ours(Line);

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.wire().weir_has_gone = true;
    }
}

impl Transport for Ours {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut wire = self.0.wire();
        if wire.to_weir.is_empty() && !wire.agent_has_gone {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = wire.to_weir.len().min(room.len());
        for (place, byte) in room.iter_mut().zip(wire.to_weir.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn peek(&mut self) -> io::Result<bool> {
        let wire = self.0.wire();
        match (wire.to_weir.is_empty(), wire.agent_has_gone) {
            (true, false) => Err(io::ErrorKind::WouldBlock.into()),
            (is_empty, _) => Ok(!is_empty),
        }
    }

    fn arrived(&self) -> io::Result<usize> {
        Ok(self.0.wire().to_weir.len())
    }

    fn has_pending(&self) -> bool {
        false
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut wire = self.0.wire();
        if wire.agent_has_gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        wire.to_agent.extend(bytes);
        Ok(bytes.len())
    }
}

/// Agents that the loop over peers has to do with.
pub trait Agents: Host<Transport: Send, Framing: Send> + Send {
    /// Has them hear what they were answered: at this time, or when they did something last.
    fn hear(&self, now: Option<i64>);

    /// weir's last word to them.
    fn part(&self, _peers: &mut PeersOf<Self>) {}
}

/// weir's side of a life: the source, as far as it is not sockets.
pub struct Played<A: Agents> {
    peers: PeersOf<A>,
    agents: A,
    safe: Stage,
}

impl<A: Agents> Played<A> {
    fn over(agents: A, logs_input: bool, settings: &Settings) -> Played<A> {
        let safe = if logs_input { Stage::Logged } else { Stage::Folded };
        Played { peers: Peers::new("sinks", FIRST_TOKEN, settings), agents, safe }
    }
}

impl<A: Agents> Source for Played<A> {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        Ok(())
    }

    fn form(&self) -> Form {
        Form::Records
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let until = until.min(wait.now().after(MOMENT));
        let read = self.peers.read(&mut self.agents, chunk, limit, wait, until)?;
        if made(Mistake::AnsweredEarly) {
            self.peers.reached(chunk.mark);
            self.agents.hear(Some(wait.now().0));
        }
        Ok(read)
    }

    fn waiting(&self) -> String {
        self.agents.place().to_string()
    }

    fn acknowledges(&self) -> Option<Stage> {
        Some(self.safe)
    }

    fn lone_waits(&self) -> bool {
        self.peers.lone_waits()
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == self.safe {
            self.peers.reached(mark);
            // What is told to somebody is true from then on.
            self.agents.hear(None);
        }
        Ok(())
    }

    fn close(&mut self, _wait: &mut dyn Wait) {
        self.agents.part(&mut self.peers);
    }
}
