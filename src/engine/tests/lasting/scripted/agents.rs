//! Flume's agents around lives that begin and end at any time: sinks that push, and sinks that are asked.
//!
//! ```text
//! kept, as an agent knows  <=  counted  <=  given away         each event has an id of its own
//! ```
//!
//! What an agent was told of is counted at least once, also if the power fails the moment it was told; what it was
//! not told of comes again, and is counted at most as often as weir has read it to its end.

use std::collections::BTreeMap;

use super::super::*;
use crate::checkpoint::tests::seeds;
use crate::chunk::{Chunk, Mark};
use crate::clock::Wait;
use crate::source::flume::sim::{Fate, Ledger, pull, push};
use crate::source::{Form, Read, Settings, Source, Stage};

/// The agents, which outlive weir.
#[derive(Clone)]
pub enum Agents {
    /// Avro sinks.
    Push(Arc<Mutex<push::Sinks>>),
    /// SparkSinks.
    Pull(Arc<Mutex<pull::Sinks>>),
}

impl Agents {
    fn new(pulls: bool, tape: &mut Tape) -> Agents {
        let (count, events) = (1 + tape.below(4), 10 + tape.below(80));
        let fate = Fate::new(tape.below(u64::MAX), [0, 3, 10][tape.below(3) as usize]);
        match pulls {
            false => {
                Agents::Push(Arc::new(Mutex::new(push::Sinks::new(count, events, fate, START))))
            }
            true => {
                Agents::Pull(Arc::new(Mutex::new(pull::Sinks::new(count, events, fate, START))))
            }
        }
    }

    fn ledger<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        match self {
            Agents::Push(sinks) => look(&mut sinks.lock().unwrap().ledger),
            Agents::Pull(sinks) => look(&mut sinks.lock().unwrap().ledger),
        }
    }
}

/// The source of a life, and what is seen of it.
pub struct Watched {
    source: Box<dyn Source>,
    agents: Agents,
    seen: Arc<Mutex<Seen>>,
    disk: SimDisk,
}

impl Watched {
    /// The source that a case's agents talk to.
    pub fn new(case: &Case, agents: &Agents, logs_input: bool) -> Watched {
        let settings = Settings {
            delimiter: b'\n',
            max_record: 1 << 20,
            once: false,
            acknowledges: logs_input,
            lasts: true,
            keeps_state: false,
            start: Stamp(0),
        };
        let source: Box<dyn Source> = match agents {
            Agents::Push(sinks) => Box::new(push::Pushed::new(sinks, logs_input, &settings)),
            Agents::Pull(sinks) => Box::new(pull::Pulled::new(sinks, logs_input, &settings)),
        };
        let (seen, disk) = (Arc::clone(&case.seen), case.disk.clone());
        Watched { source, agents: agents.clone(), seen, disk }
    }

    fn note(&self) {
        let kept = self.agents.ledger(Ledger::news);
        if !kept.is_empty() {
            let ids = kept.into_iter().map(|id| id as usize);
            self.seen.lock().unwrap().acknowledge(ids, &self.disk);
        }
    }
}

impl Source for Watched {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        self.source.open(wait)
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let read = self.source.read(chunk, limit, wait, until)?;
        self.seen.lock().unwrap().now = wait.now().0;
        self.note();
        Ok(read)
    }

    fn form(&self) -> Form {
        self.source.form()
    }

    fn waiting(&self) -> String {
        self.source.waiting()
    }

    fn acknowledges(&self) -> Option<Stage> {
        self.source.acknowledges()
    }

    fn lone_waits(&self) -> bool {
        self.source.lone_waits()
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        self.source.reached(stage, mark)?;
        self.note();
        Ok(())
    }

    fn close(&mut self, wait: &mut dyn Wait) {
        self.source.close(wait);
    }
}

/// Checks that what an agent knows to be kept is counted, and that nothing is counted more often than it was given
/// away.
fn check(case: &Case, kept: &[usize], given: &BTreeMap<u64, u64>) -> Lived {
    let out = case.out();
    let counts = sent::counted(case.flags, &out)?;
    for (id, count) in &counts {
        let number: u64 =
            id[1..].trim_end_matches('-').parse().map_err(|_| format!("no id: {id}"))?;
        let most = given.get(&number).copied().unwrap_or_default();
        ensure!(*count <= most, "{id} was given away {most} times and is counted {count} times");
    }
    let lost = kept.iter().find(|id| !counts.contains_key(&format!("i{id}-")[..]));
    ensure!(lost.is_none(), "{lost:?} is known to be kept and is lost");
    Ok(())
}

/// Lives once more, on a disk as it was after an answer; no agent is there.
fn recover(case: &Case, image: &SimDisk, kept: &[usize], start: i64) -> Lived {
    let none: Script = Arc::default();
    let again = Case::on(image.clone(), case.flags, &none, false);
    again.disturbed(Manner { start: Some(start), ..ON }, None, false)?;
    check(&again, kept, &(1..=1000).map(|id| (id, u64::MAX)).collect())
}

/// Lives all lives of a seed.
pub fn live(seed: u64) -> Lived {
    let mut tape = Tape(seed);
    let flags = sent::COUNTS[tape.below(sent::COUNTS.len() as u64) as usize];
    let agents = Agents::new(tape.chance(50), &mut tape);
    let none: Script = Arc::default();
    let case = Case { agents: Some(agents.clone()), ..Case::new(flags, &none, false, !seed) };
    case.seen().choice = Some(Tape(seed ^ 1));
    case.seen().now = START;
    let (lives, logs) = (2 + tape.below(5), tape.chance(85));
    for life in 1..=lives {
        let gap = [0, 0, 100, 700, 4000][tape.below(5) as usize];
        let manner = Manner {
            start: Some(case.seen().now + gap),
            lasts: (life < lives && tape.chance(60)).then(|| 1 + tape.below(6000)),
            threads: threads(&mut tape),
            logs_input: logs,
            leaves: (life < lives && tape.chance(15)).then(|| tape.below(10)),
            ..ON
        };
        let fault = (life < lives && tape.chance(70)).then(|| fault(&mut tape, 600));
        let lived = case.disturbed(manner, fault, tape.chance(50));
        lived.map_err(|wrong| format!("{flags}, life {life}, {manner:?}, {fault:?}: {wrong}"))?;
    }
    let Seen { logged, images, now, .. } = std::mem::take(&mut *case.seen());
    let given = agents.ledger(|ledger| ledger.given.clone());
    let all = agents.ledger(|ledger| ledger.kept.len());
    ensure!(all == given.len(), "{all} of {} events are kept in the end", given.len());
    // Without the log what was open when weir died is lost, and was acknowledged.
    let kept = if logs { &logged[..] } else { &[] };
    check(&case, kept, &given)
        .and_then(|()| case.compare())
        .map_err(|wrong| format!("{flags}: {wrong}"))?;
    images.iter().filter(|_| logs).try_for_each(|(image, safe)| {
        let recovered = recover(&case, image, &logged[..*safe], now);
        recovered.map_err(|wrong| format!("{flags}, power off after {safe} events: {wrong}"))
    })
}

#[test]
fn what_an_agent_knows_to_be_kept_is_counted_and_nothing_more_often_than_it_was_given() {
    for seed in seeds(600) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}

#[test]
fn all_that_can_go_wrong_with_agents_does() {
    let mut troubles = BTreeMap::new();
    for seed in 0..40 {
        let mut tape = Tape(seed);
        let agents = Agents::new(seed % 2 == 0, &mut tape);
        let none: Script = Arc::default();
        let flags = sent::COUNTS[0];
        let case = Case { agents: Some(agents.clone()), ..Case::new(flags, &none, false, seed) };
        case.disturbed(ON, None, false).unwrap();
        for (what, count) in agents.ledger(|ledger| ledger.troubles.clone()) {
            *troubles.entry(what).or_insert(0) += count;
        }
    }
    let found: Vec<_> = troubles.keys().copied().collect();
    let all = [
        "an ack that does not arrive",
        "an ack that is not answered",
        "an error",
        "cut off",
        "does not wait",
        "hears nothing",
        "timed out",
    ];
    assert_eq!(found, all, "{troubles:?}");
}
