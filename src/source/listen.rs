//! `listen`: lines from any number of clients at once, for as long as they come.
//!
//! Clients that have something to read stand in a queue. Whoever is first is read once, some 64 KiB
//! at most, and goes to the end, so that no client starves another, and no event costs time in
//! proportion to the number of clients:
//!
//! ```text
//!          event                       turn
//! client ────────> queue  c7 c2 c9 ──────────> chunk, until it is full or nobody has more
//!                    ^                 │
//!                    ├──── there is more
//!                    └──── parked (source::peers::budget) until there is memory for long lines
//! ```
//!
//! A client is in the queue or parked exactly while it is `readable`. One that has sent all leaves;
//! where a log keeps the lines, it waits outside for its acknowledgement (source::peers::farewell).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Token};

use crate::chunk::{CHUNK, Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::{Context, Error};
use crate::say::say;
use crate::source::peers::address::Address;
use crate::source::peers::budget::Budget;
use crate::source::peers::door::{self, Door};
use crate::source::peers::farewell::{Farewells, Receipt};
use crate::source::peers::peer::{self, Connection, Got};
use crate::source::{Read, Settings, Source, Spec, Stage};

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "listen", hidden: false, arguments, build };

/// The token of the client with number 0.
const FIRST_CLIENT: usize = FIRST_TOKEN + 1;
/// How many clients are let in at a time, before those that are there are read.
const ADMITTED: usize = 256;

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    /// Where to listen: a port, for this machine only, or an address and a port
    ///
    /// HOST is 127.0.0.1 if it is not given, so that nobody else can connect. 0.0.0.0:PORT (or
    /// [::]:PORT) opens the port to the network. With port 0 the system chooses one, and weir says
    /// which.
    #[arg(value_name = "[HOST:]PORT")]
    address: String,
    /// Answer `ok N` to each client that has sent all: how many of its lines are kept
    ///
    /// The answer comes when these lines are in the log of --checkpoint, and then the end of the
    /// file, which never comes without it. A client that is reset before it has read the answer does
    /// not know what became of them.
    #[arg(long)]
    ack: bool,
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Read lines from any number of clients that connect")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Box<dyn Source>, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let address = Address::listening(&flags.address)?;
    if flags.ack && !settings.acknowledges {
        return Err(Error::usage(
            "--ack: needs --checkpoint, and no --no-wal: the log keeps the lines",
        ));
    }
    Ok(Box::new(Listen::new(address, flags.ack, settings)))
}

struct Listen {
    address: Address,
    /// True if clients are told how many of their lines are kept.
    answers: bool,
    settings: Settings,
    /// The listening socket, once it is open.
    door: Option<Door>,
    clients: Vec<Option<Connection>>,
    /// The numbers in `clients` that are free.
    free: Vec<usize>,
    queue: VecDeque<usize>,
    budget: Budget,
    /// Those who have left and wait for the log, if there is one.
    farewells: Option<Farewells>,
    /// True once a client has closed, which ends a run with `--once`.
    one_has_left: bool,
    /// True once that is so, and what is at hand from the others is all that is still read.
    sealed: bool,
}

impl Source for Listen {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        let door = Door::open(&self.address, self.settings.acknowledges, wait)?;
        if !self.settings.quiet {
            say(&welcome(door.address()));
        }
        self.door = Some(door);
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        mut limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        loop {
            // With work at hand this only looks whether there is news.
            let deadline = self.deadline(limit, until, wait.now());
            wait.until(deadline).place(&self.address)?;
            let now = wait.now();
            if !self.sealed {
                wait.events().iter().for_each(|event| self.note(event));
                self.admit(wait, now);
            }
            self.fill(chunk, &mut limit, now);
            if self.settings.once && self.one_has_left && !self.sealed {
                self.seal(wait, now);
            }
            self.give_up_stuck(chunk, now);
            if chunk.end_read(self.settings.delimiter) {
                return Ok(Read::Rows);
            }
            if self.sealed && !self.has_work() {
                self.say_cut_off();
                return Ok(Read::End);
            }
            if now >= until || peer::was_called(wait) {
                return Ok(Read::Idle);
            }
        }
    }

    fn unfinished(&self) -> usize {
        self.budget.held()
    }

    fn waiting(&self) -> String {
        let address = match &self.door {
            Some(door) => door.address().to_string(),
            None => self.address.to_string(),
        };
        match self.clients.len() - self.free.len() {
            0 => format!("connections on {address} (0 clients)"),
            1 => format!("lines on {address} (1 client)"),
            count => format!("lines on {address} ({count} clients)"),
        }
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        let farewells = self.farewells.as_mut().filter(|_| stage == Stage::Logged);
        if farewells.is_some_and(|farewells| farewells.reached(mark)) {
            self.door.iter_mut().for_each(Door::left);
        }
        Ok(())
    }
}

impl Listen {
    fn new(address: Address, answers: bool, settings: &Settings) -> Listen {
        Listen {
            address,
            answers,
            settings: settings.clone(),
            door: None,
            clients: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            budget: Budget::beside(settings.max_record),
            farewells: settings.acknowledges.then(Farewells::default),
            one_has_left: false,
            sealed: false,
        }
    }

    /// True if a read would find something at once.
    fn has_work(&self) -> bool {
        !self.queue.is_empty() || self.budget.has_parked()
    }

    /// How long to wait for news.
    fn deadline(&self, limit: usize, until: Stamp, now: Stamp) -> Stamp {
        let can_read = !self.queue.is_empty() || self.budget.can_unpark();
        if (limit > 0 && can_read) || self.sealed && !self.has_work() {
            return now;
        }
        let door = self.door.as_ref().filter(|_| !self.sealed);
        let until = until.min(door.map_or(Stamp::NEVER, Door::deadline));
        if limit > 0 { until.min(self.budget.deadline()) } else { until }
    }

    /// Notes what an event says.
    fn note(&mut self, event: &Event) {
        if event.token() == door::TOKEN {
            self.door.iter_mut().for_each(Door::knocked);
        }
        let Some(number) = event.token().0.checked_sub(FIRST_CLIENT) else { return };
        let Some(Some(client)) = self.clients.get_mut(number) else { return };
        if !client.readable {
            client.readable = true;
            self.queue.push_back(number);
        }
    }

    /// Lets in who waits, but not so many that those who are in must wait for it.
    fn admit(&mut self, wait: &dyn Wait, now: Stamp) {
        for _ in 0..ADMITTED {
            let Some((stream, peer)) = self.door.as_mut().and_then(|door| door.accept(now)) else {
                break;
            };
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port()).to_string();
            if let Err(error) = self.seat(stream, &peer, wait) {
                say(&format!("{peer}: not let in: {}", crate::error::said(&error)));
            }
        }
    }

    fn seat(&mut self, mut stream: TcpStream, peer: &str, wait: &dyn Wait) -> io::Result<()> {
        let number = self.free.last().copied().unwrap_or(self.clients.len());
        let token = Token(FIRST_CLIENT + number);
        wait.registry().register(&mut stream, token, Interest::READABLE)?;
        if self.free.pop().is_none() {
            self.clients.push(None);
        }
        // Without it a client whose machine has died would stay for ever; nothing worse.
        let _ = peer::keep_alive(&stream);
        if self.settings.verbose {
            say(&format!("{peer}: connected"));
        }
        let mut client = Connection::new(stream, peer.to_string(), &self.settings);
        if self.answers {
            client.receipt = Receipt::counting(self.settings.delimiter);
        }
        self.clients[number] = Some(client);
        Ok(())
    }

    /// Reads from one client after the other, until the chunk is full or nobody has more.
    fn fill(&mut self, chunk: &mut Chunk, limit: &mut usize, now: Stamp) {
        // What is read counts too: of lines that are too long nothing comes into the chunk.
        let mut taken = 0;
        while *limit > 0 && taken < CHUNK && chunk.len() < CHUNK {
            self.queue.extend(self.budget.unpark());
            let Some(number) = self.queue.pop_front() else { return };
            taken += self.turn(number, chunk, limit, now);
        }
    }

    /// One client's turn; returns how many bytes were read.
    fn turn(&mut self, number: usize, chunk: &mut Chunk, limit: &mut usize, now: Stamp) -> usize {
        let Some(client) = &mut self.clients[number] else { return 0 };
        let before = client.unfinished();
        let Some(most) = client.share(number, &mut self.budget, *limit, now) else { return 0 };
        let got = client.read(chunk, most, limit);
        self.budget.moved(number, before, client.unfinished(), now);
        match got {
            Got::More(count) => {
                self.queue.push_back(number);
                return count;
            }
            Got::Drained => {}
            Got::End(why) => self.leave(number, why, now),
        }
        0
    }

    /// A client has gone; its lines are all in the chunk.
    fn leave(&mut self, number: usize, why: Option<io::Error>, now: Stamp) {
        let Some(client) = self.clients[number].take() else { return };
        self.free.push(number);
        self.budget.leave(number, client.unfinished(), now);
        self.one_has_left = true;
        if self.settings.verbose {
            let how = why.as_ref().map_or("closed".to_string(), crate::error::said);
            say(&format!("{}: {how}", client.peer));
        }
        // Its socket must be closed before another can take its place. Of one whose connection
        // broke nobody is left to be told anything.
        let is_closed = match &mut self.farewells {
            Some(farewells) if why.is_none() => {
                let receipt = client.receipt;
                farewells.wait(client.into_stream(), receipt)
            }
            _ => {
                drop(client);
                true
            }
        };
        if is_closed {
            self.door.iter_mut().for_each(Door::left);
        }
    }

    /// A client has closed, which ends the run: what has come from the others is still read, and
    /// of those who wait at the door too, but nothing that comes later.
    fn seal(&mut self, wait: &dyn Wait, now: Stamp) {
        self.door.iter_mut().for_each(Door::knocked);
        self.admit(wait, now);
        for (number, client) in self.clients.iter_mut().enumerate() {
            let Some(client) = client else { continue };
            if !client.readable {
                self.queue.push_back(number);
            }
            client.seal();
        }
        self.sealed = true;
    }

    /// Says who has not closed: what they may still have sent is not read.
    fn say_cut_off(&self) {
        match self.clients.len() - self.free.len() {
            0 => {}
            1 => say("1 other client was still connected and is cut off by --once"),
            count => say(&format!(
                "{count} other clients were still connected and are cut off by --once"
            )),
        }
    }

    /// Gives up the longest unfinished line if it does not go on and others wait for its memory.
    fn give_up_stuck(&mut self, chunk: &mut Chunk, now: Stamp) {
        if now < self.budget.deadline() {
            return;
        }
        let Some(number) = self.budget.leader() else { return };
        let Some(client) = &mut self.clients[number] else { return };
        let is_queued = client.readable;
        if !client.stands_still() {
            if !is_queued {
                self.queue.push_back(number);
            }
            return;
        }
        let before = client.unfinished();
        let reason = "unfinished, and given up: other clients' lines waited for its memory";
        client.give_up(chunk, reason);
        self.budget.moved(number, before, client.unfinished(), now);
    }
}

/// What is said when the port is open.
fn welcome(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip().is_loopback() {
        true => format!(
            "listening on {address}, for this machine only; \
             `weir listen {}:{port}` opens it to the network",
            if address.is_ipv6() { "[::]" } else { "0.0.0.0" }
        ),
        false => format!("listening on {address}"),
    }
}

#[cfg(test)]
mod tests;
