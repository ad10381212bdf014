//! `flume-pull`: events taken from SparkSinks, each batch acknowledged when it is kept.
//!
//! ```text
//! sink, a peer ──batch──> chunk ──> the log, or the fold
//!      ^                                 │
//!      └──────────── ack ────────────────┘ reached          then the next batch is asked for
//! ```
//!
//! One connection a sink and one request at a time: a sink serves a connection in order, and a request
//! that waits for events keeps other connections waiting too. It is waited for as long as it takes, since a
//! sink goes on with a request whose client has gone, and holds what it finds back for its timeout.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use mio::event::Event;
use mio::net::TcpStream;

use super::{form, longest};
use crate::chunk::{Chunk, Mark};
use crate::clock::{FIRST_TOKEN, Stamp, Wait};
use crate::error::Error;
use crate::metrics::link::Said;
use crate::origin::Origin;
use crate::say::{note, say};
use crate::source::peers::address::Address;
use crate::source::peers::dial::Dial;
use crate::source::peers::peer::Peer;
use crate::source::peers::tls::MaybeTls;
use crate::source::peers::{Host, Peers};
use crate::source::{Built, Form, Read, Settings, Source, Spec, Stage};
use crate::units;
use crate::wire::flume::client::{Client, News};
use crate::wire::flume::rows::Rows;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "flume-pull", hidden: false, arguments, build };

/// How long a sink rests after an error: each of them keeps one of its threads for its timeout, by default
/// 60 s, and there are 10.
const REST: Duration = Duration::from_secs(6);
/// How long a sink rests that had nothing, though it should wait for something.
const SHORT_REST: Duration = Duration::from_secs(1);
/// With `--once`: how long nothing comes before a sink is drained. A memory channel waits 3 s for more.
const DRAINED: Duration = Duration::from_secs(5);
/// How long the last words to the sinks may take.
const PARTING: Duration = Duration::from_secs(1);
/// After so long without an acknowledgement half of a sink's timeout of 60 s is over.
const LATE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
#[group(skip)]
struct Flags {
    /// The SparkSinks to take events from
    ///
    /// Several sinks give one stream. Each has one connection, and is asked for the next batch when the
    /// one before is acknowledged.
    #[arg(value_name = "HOST:PORT", required = true)]
    sinks: Vec<String>,

    #[command(flatten)]
    events: super::Flags,

    /// How many events a sink is asked for at a time
    ///
    /// More than the transactionCapacity of its channel it cannot give; asked for more, it says so, and is
    /// asked for fewer from then on.
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    max_batch: u32,

    /// How long to wait before a sink that is lost or refuses is tried again
    #[arg(long, value_name = "D", default_value = "2s", value_parser = units::duration)]
    reconnect_delay: Duration,
}

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Take events from Spark's sinks in Flume agents")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let flags = Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
    let sinks = flags.sinks.iter().map(|text| Address::remote(text));
    let sinks = sinks.collect::<Result<Vec<_>, _>>()?;
    let rows = flags.events.rows(settings.max_record);
    let dial = Dial::new(sinks, flags.reconnect_delay, settings.once);
    let pull = FlumePull::new(dial, rows, flags.max_batch as usize, settings);
    Ok(Built::new(pull, flags.events.identity()))
}

/// The sinks that are connected.
type Streams = Peers<MaybeTls<TcpStream>, Client>;

pub(super) struct FlumePull {
    peers: Streams,
    sinks: Sinks,
    /// When a batch is safe.
    safe: Stage,
}

/// Who is taken from, and what is known of each.
struct Sinks {
    dial: Dial,
    rows: Rows,
    max: usize,
    once: bool,
    sinks: Vec<Sink>,
    /// True once nobody is dialled any more: a new connection would ask for events.
    is_parting: bool,
}

/// What is known of a sink beside its connection.
#[derive(Clone, Debug)]
struct Sink {
    /// How many events it is asked for.
    most: usize,
    /// Since when it has been asked for events and has not answered.
    asked: Option<Stamp>,
    /// Since when a batch of it is not acknowledged.
    open: Option<Stamp>,
    /// When its rest is over.
    rest: Stamp,
    /// The error that was said last: it is said once.
    error: Option<String>,
    is_drained: bool,
}

impl FlumePull {
    pub(super) fn new(dial: Dial, rows: Rows, most: usize, settings: &Settings) -> FlumePull {
        let max = settings.max_record;
        // Unfinished messages are what takes memory here.
        let longest = Settings { max_record: longest(max), ..settings.clone() };
        let sink = Sink {
            most,
            asked: None,
            open: None,
            rest: Stamp::NEVER,
            error: None,
            is_drained: false,
        };
        let sinks = vec![sink; dial.servers.len()];
        let sinks = Sinks { dial, rows, max, once: settings.once, sinks, is_parting: false };
        let safe = if settings.acknowledges { Stage::Logged } else { Stage::Folded };
        FlumePull { peers: Peers::new("sinks", FIRST_TOKEN, &longest), sinks, safe }
    }
}

impl Source for FlumePull {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        self.sinks.dial.resolve()
    }

    fn form(&self) -> Form {
        form(&self.sinks.rows)
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        self.peers.read(&mut self.sinks, chunk, limit, wait, until)
    }

    fn waiting(&self) -> String {
        self.sinks.dial.waiting("events")
    }

    fn links(&self, said: &mut Said) {
        self.sinks.dial.links(said);
    }

    fn acknowledges(&self) -> Option<Stage> {
        Some(self.safe)
    }

    fn lone_waits(&self) -> bool {
        self.peers.lone_waits()
    }

    /// A batch that is not acknowledged is among the last in the log, and each sink has had one at most. What a
    /// commit covers was acknowledged before.
    fn left_over(&mut self, records: u64) {
        let most: u64 = self.sinks.sinks.iter().map(|sink| sink.most as u64).sum();
        match most.min(records) {
            0 => {}
            count => note(&format!(
                "up to {count} of the events in the log may come twice, unless weir was stopped in order: the sinks \
                 may not know that they are kept"
            )),
        }
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if stage == self.safe {
            self.peers.reached(mark);
        }
        Ok(())
    }

    /// Gives back what is not kept, and waits a moment until the sinks know what is.
    fn close(&mut self, wait: &mut dyn Wait) {
        self.sinks.is_parting = true;
        for number in 0..self.sinks.sinks.len() {
            if let Some(peer) = self.peers.get(number) {
                peer.framing().part();
            }
            self.peers.answer(number);
        }
        let (mut chunk, until) = (Chunk::default(), wait.now().after(PARTING));
        while self.is_talking() && wait.now() < until {
            if self.peers.read(&mut self.sinks, &mut chunk, usize::MAX, wait, until).is_err() {
                break;
            }
        }
        for number in 0..self.sinks.sinks.len() {
            let open = self.peers.get(number).map_or(0, |peer| peer.framing().open());
            self.sinks.say_twice(number, open);
        }
    }
}

impl FlumePull {
    fn is_talking(&mut self) -> bool {
        let numbers = 0..self.sinks.sinks.len();
        numbers
            .into_iter()
            .any(|number| self.peers.get(number).is_some_and(|peer| peer.framing().is_talking()))
    }
}

impl Host for Sinks {
    type Transport = MaybeTls<TcpStream>;
    type Framing = Client;

    fn place(&self) -> &dyn Display {
        &"flume-pull"
    }

    fn deadline(&self) -> Stamp {
        let own = self.sinks.iter().map(|sink| match sink.asked {
            Some(asked) if self.once && !sink.is_drained => asked.after(DRAINED).min(sink.rest),
            _ => sink.rest,
        });
        let dial = if self.is_parting { Stamp::NEVER } else { self.dial.deadline() };
        own.fold(dial, Stamp::min)
    }

    fn note(&mut self, event: &Event, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        let Some(number) = peers.number(event.token()).filter(|_| !self.is_parting) else { return };
        if let Some(link) = self.dial.answered(number, event.token(), wait.registry(), now) {
            // Without it an answer waits for others; nothing worse.
            let _ = link.stream().set_nodelay(true);
            let origin = Origin::peer(self.dial.servers[number].address.to_string());
            let most = self.sinks[number].most;
            let client = Client::new(origin, self.rows.clone(), most, longest(self.max));
            peers.join(number, Peer::new(link, client));
        }
    }

    fn turn(&mut self, peers: &mut Streams, wait: &dyn Wait, now: Stamp) {
        if !self.is_parting {
            self.dial.turn(|number| peers.token(number), wait.registry(), now);
        }
    }

    fn noted(&mut self, peers: &mut Streams, now: Stamp) {
        for number in 0..self.sinks.len() {
            if let Some(peer) = peers.get(number) {
                self.look_after(number, peer.framing(), now);
                peers.answer(number);
            }
        }
    }

    fn gone(
        &mut self,
        number: usize,
        mut peer: Peer<MaybeTls<TcpStream>, Client>,
        why: Option<io::Error>,
        now: Stamp,
    ) {
        self.hear(number, peer.framing(), now);
        let sink = &mut self.sinks[number];
        (sink.asked, sink.open, sink.rest) = (None, None, Stamp::NEVER);
        let open = peer.framing().open();
        self.say_twice(number, open);
        // With --once one that has closed is lost all the same: it would have waited.
        let why = why.or_else(|| self.once.then(|| io::ErrorKind::UnexpectedEof.into()));
        self.dial.lose(number, why, now);
    }

    fn is_leaving(&self) -> bool {
        self.dial.has_failed() || self.once && self.sinks.iter().all(|sink| sink.is_drained)
    }

    fn end(&mut self, _peers: &Streams) -> Result<Read, Error> {
        self.dial.failure().map(|()| Read::End)
    }
}

impl Sinks {
    /// Notes where the conversation with a sink stands, and has it go on after a rest.
    fn look_after(&mut self, number: usize, client: &mut Client, now: Stamp) {
        self.hear(number, client, now);
        let once = self.once;
        let sink = &mut self.sinks[number];
        sink.most = client.most();
        if sink.rest <= now {
            sink.rest = Stamp::NEVER;
            client.go_on();
        }
        let asked = sink.asked.filter(|_| !client.is_talking()).unwrap_or(now);
        sink.asked = client.is_polling().then_some(asked);
        sink.is_drained |= once && sink.asked.is_some() && now >= asked.after(DRAINED);
    }

    /// Takes note of what a sink has answered.
    fn hear(&mut self, number: usize, client: &mut Client, now: Stamp) {
        let place = self.dial.servers[number].address.to_string();
        for news in client.news() {
            let sink = &mut self.sinks[number];
            sink.asked = None;
            match news {
                News::Batch => (sink.open, sink.error) = (Some(now), None),
                News::Empty => {
                    sink.is_drained |= self.once;
                    sink.rest = now.after(SHORT_REST);
                }
                News::Acknowledged => {
                    let open = sink.open.take();
                    if let Some(late) =
                        open.map(|open| now.since(open)).filter(|late| *late >= LATE)
                    {
                        say(&format!(
                            "{place}: a batch was acknowledged after {} s: if the sink's timeout is \
                             shorter, its events come twice",
                            late.as_secs()
                        ));
                    }
                }
                News::Halved(most) => note(&format!(
                    "{place}: its channel has a smaller transactionCapacity than --max-batch; it is \
                     asked for {most} events at a time now"
                )),
                News::Error(words) => {
                    sink.rest = now.after(REST);
                    if sink.error.as_ref() != Some(&words) {
                        say(&format!(
                            "{place}: the sink says: {words}; asking again every {} s",
                            REST.as_secs()
                        ));
                        sink.error = Some(words);
                    }
                }
            }
        }
    }

    /// Says how many events may come twice, because a sink does not know that they are kept.
    fn say_twice(&self, number: usize, open: usize) {
        let place = &self.dial.servers[number].address;
        match open {
            0 => {}
            1 => say(&format!(
                "{place}: 1 event may come twice: the sink may not know that it is kept"
            )),
            count => say(&format!(
                "{place}: up to {count} events may come twice: the sink may not know that they are kept"
            )),
        }
    }
}
