//! The loop over many connections: who is read when, and how much of each.
//!
//! Peers that have something to read stand in a queue. Whoever is first is read once, some 64 KiB
//! at most, and goes to the end, so that no peer starves another, and no event costs time in
//! proportion to the number of peers:
//!
//! ```text
//!        event                       turn
//! peer ────────> queue  p7 p2 p9 ──────────> chunk, until it is full or nobody has more
//!                  ^                 │
//!                  ├──── there is more, or the transport holds some
//!                  └──── parked (peers::budget) until there is memory for long records
//! ```
//!
//! A peer that is owed an answer gets it when the engine says that its records are safe
//! ([`Peers::reached`]): at once, or when an event says that there is room. While nothing may be read (limit
//! 0) it is refused what it waits for before it gives up by itself.
//!
//! A peer is in the queue or parked exactly while it is `readable`. How peers come, and what becomes
//! of those that go, is the [`Host`]'s: it dials, or lets in and acknowledges.

pub mod address;
pub mod budget;
pub mod dial;
pub mod door;
pub mod farewell;
pub mod peer;
pub mod reception;
pub mod tls;
pub mod transport;

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::io;
use std::time::Duration;

use mio::Token;
use mio::event::Event;

use crate::chunk::{CHUNK, Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{Context, Error};
use crate::metrics::link::{Link, Said, TOLD};
use crate::part::Resolved;
use crate::source::{Form, Read, Settings};
use crate::wire::Framing;
use budget::Budget;
use peer::{Got, Peer};
use tls::haste::Haste;
use transport::Transport;

/// How long a peer that waits for an answer is left unread while nothing may be read: sinks give up after
/// 20 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a source of peers does beside reading them.
pub trait Host {
    /// What its peers' bytes come over.
    type Transport: Transport;
    /// What makes records of them.
    type Framing: Framing;

    /// Where it waits, for an error of waiting.
    fn place(&self) -> &dyn Display;

    /// When something is due without an event.
    fn deadline(&self) -> Stamp;

    /// Takes an event that is of no peer.
    fn note(&mut self, event: &Event, peers: &mut PeersOf<Self>, wait: &dyn Wait, now: Stamp);

    /// Does what is due: has peers come.
    fn turn(&mut self, peers: &mut PeersOf<Self>, wait: &dyn Wait, now: Stamp);

    /// Reads what comes without a peer, as datagrams do, until the chunk is full or there is no more.
    fn collect(&mut self, _chunk: &mut Chunk, _limit: &mut usize, _now: Stamp) {}

    /// True if that would find something.
    fn has_mail(&self) -> bool {
        false
    }

    /// Peers have been read: what they have said, and what is due because of it, is to be noted.
    fn noted(&mut self, _peers: &mut PeersOf<Self>, _now: Stamp) {}

    /// A peer has gone: it has closed, or the connection broke for a reason. All its records are in
    /// the chunk.
    fn gone(&mut self, number: usize, peer: PeerOf<Self>, why: Option<io::Error>, now: Stamp);

    /// True if the run ends when nothing more is at hand.
    fn is_leaving(&self) -> bool;

    /// The last moment at which peers can come, before what is at hand is all that is still read.
    fn last_turn(&mut self, _peers: &mut PeersOf<Self>, _wait: &dyn Wait, _now: Stamp) {}

    /// Nothing will ever come.
    fn end(&mut self, peers: &PeersOf<Self>) -> Result<Read, Error>;
}

/// By what a checkpoint knows `--with-peer`.
pub fn identity(with_peer: bool) -> Resolved {
    let flag = with_peer.then(|| ("--with-peer".to_string(), String::new()));
    flag.into_iter().collect()
}

/// How lines of peers stand in a chunk, with and without `--with-peer`.
pub fn form(with_peer: bool) -> Form {
    if with_peer { Form::Pairs } else { Form::Uncut }
}

/// The peers of a host.
pub type PeersOf<H> = Peers<<H as Host>::Transport, <H as Host>::Framing>;
/// One of them.
pub type PeerOf<H> = Peer<<H as Host>::Transport, <H as Host>::Framing>;

/// The peers that are connected, by number.
pub struct Peers<T, F> {
    /// What they are called, as in "clients".
    kind: &'static str,
    /// The token of number 0.
    first: usize,
    seats: Vec<Option<Peer<T, F>>>,
    /// How many of the seats are taken.
    count: usize,
    queue: VecDeque<usize>,
    /// Memory for the unfinished records of all peers.
    pub(super) budget: Budget,
    /// True once what is at hand is all that is still read.
    is_sealed: bool,
    /// True if what comes without a peer was read before the peers were.
    mail_was_first: bool,
    /// Up to where all records are safe.
    safe: Mark,
    /// Who is owed answers, by the mark that the next of them waits for; there may be some who are not.
    owed: BTreeSet<(Mark, usize)>,
    /// Handshakes that are to be over soon.
    haste: Haste,
}

impl<T: Transport, F: Framing> Peers<T, F> {
    /// Nobody is there yet. Peers have tokens from `first` on, and are called `kind`, as in "clients".
    pub fn new(kind: &'static str, first: usize, settings: &Settings) -> Peers<T, F> {
        Peers {
            kind,
            first,
            seats: Vec::new(),
            count: 0,
            queue: VecDeque::new(),
            budget: Budget::beside(settings.max_record),
            is_sealed: false,
            mail_was_first: false,
            safe: Mark::default(),
            owed: BTreeSet::new(),
            haste: Haste::default(),
        }
    }

    /// The token under which the peer with this number is to be registered.
    pub fn token(&self, number: usize) -> Token {
        Token(self.first + number)
    }

    /// The number of a token, if it can be a peer's.
    pub fn number(&self, token: Token) -> Option<usize> {
        token.0.checked_sub(self.first)
    }

    /// How many are connected.
    pub fn count(&self) -> usize {
        self.count
    }

    /// True if there is one alone, and it is owed an answer.
    pub fn lone_waits(&self) -> bool {
        self.count == 1 && !self.owed.is_empty()
    }

    /// How many bytes of unfinished records are held.
    pub fn unfinished(&self) -> usize {
        self.budget.held()
    }

    /// Tells who is connected, and how the one that broke last has broken.
    pub fn links(&self, broken: Option<&Link>, said: &mut Said) {
        said.up = Some(self.count as u64);
        said.links.extend(broken.cloned());
        for peer in self.seats.iter().flatten().take(TOLD - 1) {
            let name = peer.name().to_string();
            said.links.push(Link { name, is_up: true, is_guest: true, error: None });
        }
    }

    /// Takes in a peer under a number that nobody has.
    pub fn join(&mut self, number: usize, peer: Peer<T, F>) {
        if self.seats.len() <= number {
            self.seats.resize_with(number + 1, || None);
        }
        if peer.readable {
            self.queue.push_back(number);
        }
        self.seats[number] = Some(peer);
        self.count += 1;
        self.answer(number);
    }

    /// The peer with this number, if it is connected.
    pub fn get(&mut self, number: usize) -> Option<&mut Peer<T, F>> {
        self.seats.get_mut(number)?.as_mut()
    }

    /// All records up to `safe` are safe: whoever was waiting for that is told.
    pub fn reached(&mut self, safe: Mark) {
        self.safe = self.safe.max(safe);
        while let Some(&(mark, number)) = self.owed.first()
            && mark <= self.safe
        {
            self.owed.pop_first();
            self.answer(number);
        }
    }

    /// Sends a peer what it is owed, or notes what that waits for.
    pub fn answer(&mut self, number: usize) {
        let safe = self.safe;
        let Some(peer) = self.get(number) else { return };
        if peer.owes().is_some_and(|mark| mark <= safe) {
            peer.answer(safe);
        }
        let owed = peer.owes().map(|mark| (mark, number));
        self.owed.extend(owed);
    }

    /// Reads from whoever has something, as `source::Source::read` does.
    pub fn read<H>(
        &mut self,
        host: &mut H,
        chunk: &mut Chunk,
        mut limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error>
    where
        H: Host<Transport = T, Framing = F>,
    {
        loop {
            // With work at hand this only looks whether there is news.
            let deadline = self.deadline(host, limit, until, wait.now());
            wait.until(deadline).place(host.place())?;
            let now = wait.now();
            if !self.is_sealed {
                wait.events().iter().for_each(|event| self.note(host, event, &*wait, now));
                host.turn(self, &*wait, now);
            }
            match limit {
                0 => self.refuse_late(host, chunk, now),
                _ => self.take_turns(host, chunk, &mut limit, now),
            }
            self.drop_late(host, now);
            host.noted(self, now);
            if host.is_leaving() && !self.is_sealed {
                host.last_turn(self, &*wait, now);
                self.seal();
            }
            self.give_up_stuck(chunk, now);
            if chunk.has_come() {
                return Ok(Read::Rows);
            }
            if self.is_sealed && !self.has_work(host) {
                return host.end(self);
            }
            if now >= until || was_called(wait) {
                return Ok(Read::Idle);
            }
        }
    }

    /// True if a read would find something at once.
    fn has_work(&self, host: &impl Host) -> bool {
        !self.queue.is_empty() || self.budget.has_parked() || host.has_mail()
    }

    /// How long to wait for news.
    fn deadline(&self, host: &impl Host, limit: usize, until: Stamp, now: Stamp) -> Stamp {
        let can_read = !self.queue.is_empty() || self.budget.can_unpark() || host.has_mail();
        if (limit > 0 && can_read) || host.is_leaving() && !self.has_work(host) {
            return now;
        }
        let until = if self.is_sealed { until } else { until.min(host.deadline()) };
        let until = until.min(self.haste.deadline());
        if limit > 0 { until.min(self.budget.deadline()) } else { until.min(self.patience()) }
    }

    /// When the first peer is to be refused that may not be read.
    fn patience(&self) -> Stamp {
        let since =
            self.queue.iter().filter_map(|&number| Some(self.seats[number].as_ref()?.since));
        since.min().unwrap_or(Stamp::NEVER).after(PATIENCE)
    }

    /// Refuses those who have waited long for an answer and may not be read.
    fn refuse_late<H>(&mut self, host: &mut H, chunk: &mut Chunk, now: Stamp)
    where
        H: Host<Transport = T, Framing = F>,
    {
        for _ in 0..self.queue.len() {
            let Some(number) = self.queue.pop_front() else { return };
            let Some(peer) = &mut self.seats[number] else { continue };
            if peer.since.after(PATIENCE) > now {
                self.queue.push_back(number);
                continue;
            }
            let before = peer.unfinished();
            // One that nobody can answer is left where it is.
            let waits = peer.framing().refuse(true);
            let mut got = Got::More(0);
            while waits && peer.readable && peer.owes().is_none() && !matches!(got, Got::End(_)) {
                got = peer.read(chunk, budget::TURN, &mut usize::MAX.clone());
            }
            peer.framing().refuse(false);
            peer.since = Stamp::NEVER;
            self.budget.moved(number, before, peer.unfinished(), now);
            if let Got::End(why) = got {
                self.leave(host, number, why, now);
            } else if peer.readable {
                self.queue.push_back(number);
            }
            self.answer(number);
        }
    }

    /// A peer has gone.
    fn leave<H>(&mut self, host: &mut H, number: usize, why: Option<io::Error>, now: Stamp)
    where
        H: Host<Transport = T, Framing = F>,
    {
        let Some(peer) = self.seats[number].take() else { return };
        self.count -= 1;
        self.budget.leave(number, peer.unfinished(), now);
        host.gone(number, peer, why, now);
    }

    /// Notes what an event says.
    fn note<H>(&mut self, host: &mut H, event: &Event, wait: &dyn Wait, now: Stamp)
    where
        H: Host<Transport = T, Framing = F>,
    {
        match self.number(event.token()) {
            Some(number) if self.get(number).is_some() => self.rouse(number, now),
            _ => host.note(event, self, wait, now),
        }
    }

    /// Something is new of a peer: it may have sent something, or have room for answers.
    pub fn rouse(&mut self, number: usize, now: Stamp) {
        let Some(peer) = self.get(number) else { return };
        peer.send();
        if !peer.readable {
            (peer.readable, peer.since) = (true, now);
            self.queue.push_back(number);
        }
    }

    /// Reads what comes with and without a peer: either is first every other time, so that neither starves
    /// the other.
    fn take_turns<H>(&mut self, host: &mut H, chunk: &mut Chunk, limit: &mut usize, now: Stamp)
    where
        H: Host<Transport = T, Framing = F>,
    {
        self.mail_was_first = !self.mail_was_first;
        if self.mail_was_first {
            host.collect(chunk, limit, now);
        }
        self.fill(host, chunk, limit, now);
        if !self.mail_was_first {
            host.collect(chunk, limit, now);
        }
    }

    /// Reads from one peer after the other, until the chunk is full or nobody has more.
    fn fill<H>(&mut self, host: &mut H, chunk: &mut Chunk, limit: &mut usize, now: Stamp)
    where
        H: Host<Transport = T, Framing = F>,
    {
        // What is read counts too: of records that are too long nothing comes into the chunk.
        let mut taken = 0;
        while *limit > 0 && taken < CHUNK && chunk.len() < CHUNK {
            self.queue.extend(self.budget.unpark());
            let Some(number) = self.queue.pop_front() else { return };
            match self.turn(number, chunk, limit, now) {
                Got::More(count) => taken += count,
                Got::Drained => {}
                Got::End(why) => self.leave(host, number, why, now),
            }
        }
    }

    /// One peer's turn; whoever has more goes to the end of the queue.
    fn turn(&mut self, number: usize, chunk: &mut Chunk, limit: &mut usize, now: Stamp) -> Got {
        let Some(peer) = &mut self.seats[number] else { return Got::Drained };
        let before = peer.unfinished();
        let Some(most) = peer.share(number, &mut self.budget, *limit, now) else {
            return Got::Drained;
        };
        let got = peer.read(chunk, most, limit);
        peer.since = Stamp::NEVER;
        self.budget.moved(number, before, peer.unfinished(), now);
        if peer.readable && !matches!(got, Got::End(_)) {
            self.queue.push_back(number);
        }
        if !matches!(got, Got::End(_)) {
            self.hurry(number, now);
            self.answer(number);
        }
        got
    }

    /// Notes that a peer's handshake has begun.
    fn hurry(&mut self, number: usize, now: Stamp) {
        let Some(peer) = self.seats.get_mut(number).and_then(Option::as_mut) else { return };
        if peer.begun.is_none() && peer.is_opening() {
            peer.begun = Some(now);
            self.haste.begin(number, now);
        }
    }

    /// Has those go whose handshakes do not come to an end.
    fn drop_late<H>(&mut self, host: &mut H, now: Stamp)
    where
        H: Host<Transport = T, Framing = F>,
    {
        while let Some((begun, number)) = self.haste.late(now) {
            let Some(peer) = self.get(number) else { continue };
            if peer.begun != Some(begun) || !peer.is_opening() {
                continue;
            }
            if peer.readable {
                // It is not its fault that nobody has read what it has sent.
                peer.begun = None;
                self.hurry(number, now);
                continue;
            }
            let why = peer.overdue();
            self.leave(host, number, Some(why), now);
        }
    }

    /// What has come by now is still read, but nothing that comes later.
    fn seal(&mut self) {
        for (number, peer) in self.seats.iter_mut().enumerate() {
            let Some(peer) = peer else { continue };
            if !peer.readable {
                self.queue.push_back(number);
            }
            peer.seal();
        }
        self.is_sealed = true;
    }

    /// Gives up the longest unfinished record if it does not go on and others wait for its memory.
    pub(super) fn give_up_stuck(&mut self, chunk: &mut Chunk, now: Stamp) {
        if now < self.budget.deadline() {
            return;
        }
        let Some(number) = self.budget.leader() else { return };
        let Some(peer) = &mut self.seats[number] else { return };
        let is_queued = peer.readable;
        if !peer.stands_still() {
            if !is_queued {
                self.queue.push_back(number);
            }
            return;
        }
        let before = peer.unfinished();
        let kind = self.kind;
        let reason = format!("unfinished, and given up: other {kind}' lines waited for its memory");
        peer.give_up(chunk, &reason);
        self.budget.moved(number, before, peer.unfinished(), now);
    }
}

/// True if another thread has called, also if the last wait ended for several reasons at once.
fn was_called(wait: &dyn Wait) -> bool {
    wait.events().iter().any(|event| event.token().0 < FIRST_TOKEN)
}

#[cfg(test)]
mod tests;
