//! Kafka's topics around lives that begin and end at any time: they grow, are compacted, cut and made anew.
//!
//! ```text
//! records that are there  =  counted once          undone ones never; deleted ones once, or not at all
//! ```
//!
//! The source is the one of `weir kafka`, with all that it decides; only the cluster is played. What comes next in the
//! input may be gone: then a life is refused, or goes on as --on-offset-reset says. A group that is told how far
//! reading has come is told no more than is out.

use std::collections::BTreeMap;

use super::super::*;
use crate::checkpoint::tests::seeds;
use crate::chunk::{Chunk, Mark};
use crate::clock::Wait;
use crate::disk::sim::mistake::made;
use crate::say;
use crate::source::kafka::sim::{self, Manners, Shared, World};
use crate::source::{Changed, Form, Read, Settings, Source, Stage};

/// How long one read may wait for what is there.
const LONGEST: i64 = 600_000;
/// So much time passes between two looks when nothing more comes to pass.
const MOMENT: i64 = 500;

/// The topics, which outlive weir, and how a life reads them.
#[derive(Clone)]
pub struct Topics {
    world: Shared,
    /// Where the stream begins.
    from: &'static str,
    /// Further flags of this life.
    flags: Arc<Mutex<String>>,
}

impl Topics {
    /// The source of a life that begins at `start`; before the `first` nothing was recorded.
    pub fn source(&self, case: &Case, start: i64, is_first: bool) -> Consumed {
        let settings = Settings {
            delimiter: b'\n',
            max_record: 1 << 20,
            once: false,
            acknowledges: false,
            lasts: true,
            keeps_state: false,
            start: Stamp(start),
        };
        let flags = self.flags.lock().unwrap();
        let words = format!("kafka -b sim:1 --from={} {flags}", self.from);
        let source = sim::source(&words, &settings, &self.world, &case.disk);
        let mut world = self.world.lock().unwrap();
        world.happen(start);
        world.answer();
        if is_first {
            world.begin(self.from);
        }
        let (world, seen, disk) =
            (Arc::clone(&self.world), Arc::clone(&case.seen), case.disk.clone());
        Consumed { source, world, seen, disk }
    }

    /// True if the input may be refused.
    pub fn may_refuse(&self) -> bool {
        self.world.lock().unwrap().may_refuse()
    }
}

/// The source of a life, and what is seen of it.
pub struct Consumed {
    source: Box<dyn Source>,
    world: Shared,
    seen: Arc<Mutex<Seen>>,
    disk: SimDisk,
}

impl Consumed {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// What a mistake makes of a position, `NEXT` or `NEXT OFFSET TIME SUM`.
    fn mistaken(&self, part: &[u8], position: &[u8]) -> Vec<u8> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (name, noted) = (text(part), text(position));
        // What is noted of a regular expression, or of a partition that is gone, is no position.
        let is_position = !name.starts_with('^') && !noted.is_empty();
        let part = name.strip_suffix(']').filter(|_| is_position);
        let Some((topic, number)) = part.and_then(|name| name.split_once('[')) else {
            return position.to_vec();
        };
        let (next, last) = noted.split_once(' ').unwrap_or((&noted, ""));
        let next: i64 = next.parse().unwrap();
        let joined = |next: i64, last: &str| format!("{next} {last}").trim_end().into();
        match () {
            () if made(Mistake::NotedBeyond) => joined(next + 1, last),
            () if made(Mistake::NotedEarly) => {
                let ahead = self.world().ahead(topic, number.parse().unwrap());
                joined(ahead.unwrap_or(next), last)
            }
            () => position.to_vec(),
        }
    }
}

impl Source for Consumed {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        self.seen.lock().unwrap().begin(&self.disk);
        self.source.open(wait)
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let begun = wait.now();
        loop {
            let now = wait.now();
            if now < until {
                self.world().happen(now.0);
            }
            self.seen.lock().unwrap().now = now.0;
            let next = self.world().next().unwrap_or(now.0 + MOMENT);
            let read = self.source.read(chunk, limit, wait, until.min(Stamp(next)))?;
            let is_drained = read == Read::Idle && self.world().is_drained();
            match read {
                Read::Idle if is_drained => return Ok(Read::End),
                Read::Idle if wait.now() < until => {}
                _ => return Ok(read),
            }
            assert!(now.0 < begun.0 + LONGEST, "what is there does not come");
        }
    }

    fn form(&self) -> Form {
        self.source.form()
    }

    fn waiting(&self) -> String {
        self.source.waiting()
    }

    fn is_replayable(&self) -> bool {
        true
    }

    fn behind(&self, note: &mut dyn FnMut(&str, u64)) {
        self.source.behind(note);
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        let mut moved = Vec::new();
        self.source.moved(&mut |part, position| moved.push((part.to_vec(), position.to_vec())));
        for (part, position) in moved {
            note(&part, &self.mistaken(&part, &position));
        }
    }

    fn resume(&mut self, mut positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        if made(Mistake::Unrecognized) {
            for (_, position) in &mut positions {
                position.truncate(position.iter().take_while(|byte| **byte != b' ').count());
            }
        }
        self.source.resume(positions)
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        self.source.reached(stage, mark)?;
        match stage {
            Stage::Closed if made(Mistake::ToldEarly) => {
                self.source.reached(Stage::Committed, mark)
            }
            _ => Ok(()),
        }
    }
}

/// What a life adds to what is typed.
fn flags(tape: &mut Tape, has_new: bool, tells: bool, is_last: bool) -> String {
    let topics = if has_new { "-t ^t" } else { "-t t0" };
    let reset = ["earliest", "latest", "fail"][tape.below(if is_last { 2 } else { 3 }) as usize];
    let refresh = [100, 1000, 5000][tape.below(3) as usize];
    let group = if tells { " --group-id g" } else { "" };
    let rate = ["", "", "", " --max-rate-per-partition 20"][tape.below(4) as usize];
    format!(
        "{topics} --on-offset-reset {reset} -X topic.metadata.refresh.interval.ms={refresh}{group}{rate}"
    )
}

/// A case of such topics, and whether its batches have all that is in them.
fn case(tape: &mut Tape, seed: u64) -> (Case, Topics, bool) {
    let pipeline = sent::COUNTS[tape.below(sent::COUNTS.len() as u64) as usize];
    let manners = Manners { is_rough: tape.chance(60), has_new: tape.chance(70) };
    let world = World::new(tape.below(u64::MAX), 10 + tape.below(60), manners, START);
    let from = ["earliest", "latest", "-3"][tape.below(3) as usize];
    let topics = Topics { world: Arc::new(Mutex::new(world)), from, flags: Arc::default() };
    let none: Script = Arc::default();
    let case = Case::new(pipeline, &none, true, !seed);
    (Case { topics: Some(topics.clone()), ..case }, topics, manners.has_new)
}

/// Checks, at the end of all lives, how often each record was counted, and that they came in their order.
fn check(case: &Case, topics: &Topics) -> Lived {
    let (out, world) = (case.out(), topics.world.lock().unwrap());
    world.check(&sent::counted(case.flags, &out)?)?;
    if !case.flags.contains("count") {
        let fields = out.lines().flat_map(|row| row.split('\t'));
        world.check_order(fields.filter(|field| field.starts_with('i')))?;
    }
    drop(world);
    case.compare()
}

/// Lives all lives of a seed.
pub fn live(seed: u64) -> Lived {
    say::hold(|| ());
    let mut tape = Tape(seed);
    let (case, topics, has_new) = case(&mut tape, seed);
    let tells = !case.flags.contains("window") && tape.chance(50);
    case.seen().now = START;
    let lives = 2 + tape.below(6);
    for life in 1..=lives {
        let is_last = life == lives;
        let flags = flags(&mut tape, has_new, tells, is_last);
        topics.flags.lock().unwrap().clone_from(&flags);
        let gap = [0, 0, 100, 700, 9000][tape.below(5) as usize];
        let manner = Manner {
            start: Some(case.seen().now + gap),
            lasts: (!is_last && tape.chance(50)).then(|| 1 + tape.below(20_000)),
            threads: threads(&mut tape),
            leaves: (!is_last && tape.chance(15)).then(|| tape.below(10)),
            ..ON
        };
        let fault = (!is_last && tape.chance(70)).then(|| fault(&mut tape, 600));
        let lived = case.disturbed(manner, fault, tape.chance(50));
        let of = format!("{}, {flags}, life {life} of {lives}", case.flags);
        lived.map_err(|wrong| format!("{of}, {manner:?}, {fault:?}: {wrong}"))?;
    }
    let of = format!("{} from {}", case.flags, topics.from);
    check(&case, &topics).map_err(|wrong| format!("{of}: {wrong}"))
}

#[test]
fn what_is_there_is_counted_once_whatever_becomes_of_topics_and_however_often_it_is_killed() {
    for seed in seeds(2500) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}

#[test]
fn all_that_can_become_of_topics_does() {
    say::hold(|| ());
    let mut troubles = BTreeMap::new();
    for seed in 0..60 {
        let (case, topics, has_new) = case(&mut Tape(seed), seed);
        *topics.flags.lock().unwrap() = flags(&mut Tape(seed), has_new, false, true);
        // Some of it comes to pass while nobody reads.
        case.disturbed(Manner { lasts: Some(3000), ..ON }, None, false).unwrap();
        let start = Some(case.seen().now + 20_000);
        case.disturbed(Manner { start, ..ON }, None, false).unwrap();
        check(&case, &topics).unwrap();
        for (what, count) in &topics.world.lock().unwrap().troubles {
            *troubles.entry(*what).or_insert(0) += count;
        }
    }
    let found: Vec<_> = troubles.keys().copied().collect();
    let all = [
        "a control record",
        "a gap",
        "a partition that is added",
        "a topic that appears",
        "a topic that is made anew",
        "a topic with fewer partitions",
        "a transaction that is undone",
        "an outage",
        "records that are deleted",
    ];
    assert_eq!(found, all, "{troubles:?}");
}
