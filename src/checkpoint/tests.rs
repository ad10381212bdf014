//! Random lives of a checkpoint on a disk that breaks, against a plain model.
//!
//! A life is some sessions: open, some commits, and an end by power loss, kill, device error or full
//! disk at one operation. At each opening the state must be the fold of exactly the commits up to
//! some n, no earlier than the last that was acknowledged. One number determines a life: a failure
//! prints it, and `WEIR_SIM=NUMBER cargo test checkpoint` lives it again.

macro_rules! ensure {
    ($holds:expr, $($what:tt)*) => {
        if !$holds {
            return Err(format!($($what)*));
        }
    };
}

mod facts;
mod input;
mod planted;
mod positions;
mod real;
mod segments;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use self::input::Input;
use super::commits::merge::Merge;
use super::keyspace::Keyspace;
use super::meta::Pipeline;
use super::*;
use crate::checkpoint::commits::commit::{Changes, Commit};
use crate::disk::Disk;
use crate::disk::sim::{FAULTS, Fault, SimDisk, Tape};
use crate::sink::batch::{OutputId, Promise};

/// What a life has shown to be wrong.
type Life = Result<(), String>;

/// Limits so small that everything happens often.
pub(crate) fn tiny() -> Limits {
    Limits { log: 1500, logs: 5, held: 700, step: 300, settle: 600, segment: 400, part: 40 }
}

/// A chunk of input for the write-ahead log.
fn chunk(delimiter: u8, records: &[u8]) -> crate::checkpoint::Input<'_> {
    let time = Some(Stamp(i64::from(delimiter)));
    crate::checkpoint::Input { time, body: Body::Delimited(delimiter, records) }
}

fn pipeline() -> Pipeline {
    Pipeline::new([("--window", "6s"), ("--split", " ")])
}

type Cells = BTreeMap<Vec<u8>, Vec<u8>>;

/// Takes in what was said of some keys.
fn set(cells: &mut Cells, all: &[Noted<'_>]) -> Result<(), Error> {
    for (key, cell) in all {
        match cell {
            Some(cell) => drop(cells.insert(key.to_vec(), cell.to_vec())),
            None => drop(cells.remove(*key)),
        }
    }
    Ok(())
}

/// What is left of what was said of keys.
fn folded<'a>(said: impl Iterator<Item = &'a (Vec<u8>, Option<Vec<u8>>)>) -> Cells {
    let said: Vec<Noted<'_>> = said.map(|(key, cell)| (&key[..], cell.as_deref())).collect();
    let mut cells = Cells::new();
    set(&mut cells, &said).expect("it takes all");
    cells
}

/// A commit and all it says.
#[derive(Clone, Debug)]
struct Step {
    commit: Commit,
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Parts of the input and their positions; their names are those of keys.
    moves: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pane: Option<Vec<u8>>,
    /// `done` was called.
    marked: bool,
    /// That it is done was read after a start, or synced.
    believed: bool,
}

/// What the checkpoint should hold.
#[derive(Default)]
struct Model {
    /// The source has positions.
    has_positions: bool,
    steps: Vec<Step>,
    /// So many commits were acknowledged, or read after a start.
    acked: usize,
    /// So many were, before the last sync; all of these are proven by a later frame.
    proven: usize,
    /// Panes from here on are needed.
    needed: i64,
}

fn bytes(tape: &mut Tape, limit: u64) -> Vec<u8> {
    (0..tape.below(limit)).map(|_| tape.below(256) as u8).collect()
}

impl Model {
    fn invent(&self, tape: &mut Tape) -> Step {
        let n = self.steps.len() as u64;
        let long = if tape.chance(5) { 1200 } else { 12 };
        let change = |tape: &mut Tape| {
            let key = vec![b'k'; tape.below(9) as usize];
            (key, tape.chance(80).then(|| bytes(tape, long)))
        };
        let changes = (0..tape.below(6)).map(|_| change(tape)).collect();
        let output = |tape: &mut Tape| Promise {
            output: OutputId::decode(&bytes(tape, 4)),
            before: tape.below(99),
            length: tape.below(99),
            crc: tape.below(99) as u32,
        };
        let commit = Commit {
            n,
            time: Stamp(n as i64 * 10),
            from: bytes(tape, 9),
            to: bytes(tape, 9),
            outputs: (0..tape.below(3)).map(|_| output(tape)).collect(),
            wal: tape.below(1000),
            began: Stamp(7),
            chunks: tape.below(1000),
            clock: None,
            open: false,
            before: None,
        };
        let pane = tape.chance(40).then(|| bytes(tape, long * 2));
        // What has no output has nothing to be done with.
        let done = commit.outputs.is_empty();
        let moves = if self.has_positions { tape.below(4) } else { 0 };
        let moves = (0..moves).map(|_| change(tape)).collect();
        Step { commit, changes, moves, pane, marked: done, believed: done }
    }

    /// How far the write-ahead log has been read.
    fn read(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.commit.wal)
    }

    fn state(&self, steps: usize) -> Cells {
        folded(self.steps[..steps].iter().flat_map(|step| &step.changes))
    }

    fn positions(&self) -> Cells {
        folded(self.steps.iter().flat_map(|step| &step.moves))
    }

    /// All entries, with what stands before their keys.
    fn entries(&self) -> Cells {
        let keys = Keys::of(self.has_positions);
        let state = (Keyspace::State, self.state(self.steps.len()));
        [state, (Keyspace::Position, self.positions())]
            .into_iter()
            .flat_map(|(space, cells)| {
                cells.into_iter().map(move |(key, cell)| ([keys.lead(space), &key].concat(), cell))
            })
            .collect()
    }

    /// Holds the checkpoint, just opened, against the model. A bit that was flipped may have cost what
    /// no later frame proves to have been on the disk, and nothing else.
    fn check(&mut self, checkpoint: &Checkpoint, flipped: bool) -> Life {
        let least = if flipped { self.proven } else { self.acked };
        let n = checkpoint.next() as usize;
        ensure!(n >= least, "{n} records are left of {least} that were acknowledged");
        ensure!(n <= self.steps.len(), "{n} records, but only {} were made", self.steps.len());
        self.steps.truncate(n);
        (self.acked, self.proven) = (n, self.proven.min(n));
        if let Some(last) = self.steps.last_mut() {
            ensure!(checkpoint.last() == Some(&last.commit), "the last record is another");
            let done = checkpoint.is_done();
            ensure!(last.marked || !done, "record {} was never done", n - 1);
            ensure!(!last.believed || done || flipped, "record {} is not done any more", n - 1);
            (last.marked, last.believed) = (done, done);
        }
        Ok(())
    }

    /// The same, of one that has just been opened: what a commit that is not done has changed.
    fn check_last(&self, checkpoint: &Checkpoint) -> Result<Life, Error> {
        let (mut before, mut changes) = (Cells::new(), Vec::new());
        if let (Some(last), false) = (self.steps.last(), checkpoint.is_done()) {
            checkpoint.state_before(|all| set(&mut before, all))?;
            checkpoint.last_changes(|all| {
                let owned = |(key, cell): &Noted<'_>| (key.to_vec(), cell.map(<[u8]>::to_vec));
                changes.extend(all.iter().map(owned));
                Ok(())
            })?;
            if (&before, &changes) != (&self.state(self.steps.len() - 1), &last.changes) {
                return Ok(Err("what the last record changed is not told apart".to_string()));
            }
        }
        Ok(Ok(()))
    }

    /// Holds what can be read against the model; an error is for the caller to judge.
    fn check_contents(&self, checkpoint: &Checkpoint) -> Result<Life, Error> {
        let (mut state, mut merged, mut twice) = (Cells::new(), Cells::new(), BTreeSet::new());
        checkpoint.state(|all| set(&mut state, all))?;
        let positions: Cells = checkpoint.positions()?.into_iter().collect();
        let Checkpoint { disk, limits, snapshot, .. } = checkpoint;
        let mut merge = Merge::new(disk, limits, snapshot.as_ref(), &checkpoint.logs(), 0);
        let mut visit = |key: &[u8], cell: &[u8]| {
            if merged.insert(key.to_vec(), cell.to_vec()).is_some() {
                twice.insert(key.to_vec());
            }
            Ok(())
        };
        while merge.step(&mut visit)? {}
        let mut panes = Vec::new();
        checkpoint.panes(Stamp(self.needed), |time, pane| {
            panes.push((time, pane.to_vec()));
            Ok(())
        })?;
        let wanted = self.steps.iter().filter(|step| step.commit.time.0 >= self.needed);
        let wanted = wanted.filter_map(|step| Some((step.commit.time, step.pane.clone()?)));
        let wanted: Vec<_> = wanted.collect();
        Ok(match () {
            () if !twice.is_empty() => Err(format!("keys come twice: {twice:?}")),
            () if state != self.state(self.steps.len()) => {
                Err("the state is no fold of the records".to_string())
            }
            () if positions != self.positions() => Err("the positions are others".to_string()),
            () if merged != self.entries() => {
                Err("a compaction would come to something else".to_string())
            }
            () if panes != wanted => Err("the panes are others".to_string()),
            () => Ok(()),
        })
    }
}

/// A life under way.
struct Sim {
    disk: SimDisk,
    tape: Tape,
    model: Model,
    input: Input,
    /// A bit that was flipped while nobody looked.
    flipped: Option<(usize, usize)>,
    /// The checkpoint has failed.
    failed: bool,
}

impl Sim {
    fn new(seed: u64) -> Sim {
        let (disk, tape, has_positions) = (SimDisk::new(!seed), Tape(seed), seed % 2 == 1);
        let model = Model { has_positions, ..Model::default() };
        let input = Input::new(seed % 3 == 1);
        Sim { disk, tape, model, input, flipped: None, failed: false }
    }

    fn open(&self) -> Result<Checkpoint, Error> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let pipeline = pipeline().with_pairs(self.input.is_pairs());
        let pipeline = pipeline.with_positions(self.model.has_positions);
        Checkpoint::open(disk, Path::new("ck"), &pipeline, tiny())
    }

    /// An error must have a cause: a fault that has struck.
    fn excuse(&self, error: &Error) -> Life {
        ensure!(self.disk.world().struck.is_some(), "without a cause: {error}");
        ensure!(error.exit_status() == 1, "a fault is no damage: {error}");
        Ok(())
    }

    fn session(&mut self, fault: Option<(u64, Fault)>) -> Life {
        self.disk.world().start(fault);
        self.failed = false;
        match self.start() {
            Ok(started) => {
                self.flipped = None;
                let (checkpoint, wal) = started?;
                self.run(checkpoint, wal)?;
            }
            // Damage that was done is refused as such, and reading on goes well when it is mended.
            Err(error) if error.exit_status() == 2 && self.flipped.is_some() => {
                let (inode, bit) = self.flipped.take().unwrap_or_default();
                self.disk.world().flip_bit(inode, bit);
            }
            Err(error) => self.excuse(&error)?,
        }
        self.end();
        Ok(())
    }

    fn start(&mut self) -> Result<Result<(Checkpoint, Wal), String>, Error> {
        let (mut checkpoint, flipped) = (self.open()?, self.flipped.is_some());
        if (checkpoint.next() as usize) < self.model.acked && flipped {
            self.input.forget_covered();
        }
        if let Err(wrong) = self.model.check(&checkpoint, flipped) {
            return Ok(Err(wrong));
        }
        let contents = self.model.check_contents(&checkpoint)?;
        let contents = contents.and(self.model.check_last(&checkpoint)?);
        let (wal, unread) = checkpoint.wal()?;
        let read = self.input.check(&wal, unread, self.model.read(), flipped)?;
        Ok(contents.and(read).map(|()| (checkpoint, wal)))
    }

    /// The process is over, in one way or another.
    fn end(&mut self) {
        let mut world = self.disk.world();
        let power = match world.struck {
            Some(Fault::Power) => true,
            Some(Fault::Kill) => false,
            _ => self.tape.chance(50),
        };
        if power {
            world.lose_power();
        }
        if self.flipped.is_none() && self.tape.chance(20) {
            self.flipped = world.flip(&mut self.tape);
        }
    }

    fn run(&mut self, mut checkpoint: Checkpoint, mut wal: Wal) -> Life {
        let takes_input = self.tape.chance(80);
        for _ in 0..self.tape.below(40) {
            match self.turn(&mut checkpoint, &mut wal, takes_input) {
                Ok(lived) => lived?,
                Err(error) => {
                    self.excuse(&error)?;
                    return self.insist(&mut checkpoint, &mut wal);
                }
            }
        }
        match self.model.check_contents(&checkpoint) {
            Ok(checked) => checked,
            Err(error) => self.excuse(&error),
        }
    }

    fn turn(
        &mut self,
        checkpoint: &mut Checkpoint,
        wal: &mut Wal,
        takes_input: bool,
    ) -> Result<Life, Error> {
        if takes_input && let Err(wrong) = self.input.come(wal, &mut self.tape)? {
            return Ok(Err(wrong));
        }
        let batch = self.batch(checkpoint);
        self.failed = batch.is_err();
        batch?;
        if self.model.acked == self.model.steps.len() && self.tape.chance(60) {
            wal.release(self.model.read())?;
        }
        Ok(Ok(()))
    }

    fn batch(&mut self, checkpoint: &mut Checkpoint) -> Result<(), Error> {
        let mut step = self.model.invent(&mut self.tape);
        let read = self.model.read();
        step.commit.wal = read + self.tape.below(self.input.last - read + 1);
        let mut changes = checkpoint.changes();
        step.changes.iter().for_each(|(key, cell)| changes.set(key, cell.as_deref()));
        step.moves.iter().for_each(|(part, position)| changes.moved(part, position.as_deref()));
        let (commit, pane) = (step.commit.clone(), step.pane.clone());
        self.model.steps.push(step);
        match pane {
            Some(pane) if commit.n.is_multiple_of(2) => {
                checkpoint.pane_part(commit.time, &pane)?;
            }
            // What is given in parts may be cut anywhere.
            Some(pane) => {
                let (front, back) = pane.split_at(pane.len() / 3);
                checkpoint.pane_part(commit.time, front)?;
                checkpoint.pane_part(commit.time, back)?;
            }
            None => {}
        }
        checkpoint.append(commit, &changes)?;
        if self.tape.chance(90) {
            checkpoint.sync()?;
            self.model.proven = self.model.acked;
            self.model.acked = self.model.steps.len();
        }
        let last = self.model.steps.last_mut().expect("it was just pushed");
        if self.tape.chance(80) {
            last.marked = true;
            checkpoint.done(last.commit.n)?;
            if self.tape.chance(10) {
                checkpoint.sync()?;
                last.believed = true;
                self.model.acked = self.model.steps.len();
            }
        }
        if self.tape.chance(20) {
            let needed = self.model.steps.len() as i64 * 10 - self.tape.below(90) as i64;
            self.model.needed = self.model.needed.max(needed);
            checkpoint.keep_panes_from(Stamp(self.model.needed));
        }
        let steps = if self.tape.chance(10) { 400 } else { self.tape.below(40) };
        for _ in 0..steps {
            if !checkpoint.compact_step()? {
                break;
            }
        }
        Ok(())
    }

    /// After a failure nothing is taken any more, however often it is tried.
    fn insist(&mut self, checkpoint: &mut Checkpoint, wal: &mut Wal) -> Life {
        self.input.insist(wal)?;
        if checkpoint.sync().is_ok() {
            self.model.acked = self.model.steps.len();
        }
        let taken = self.failed && checkpoint.compact_step().is_ok();
        ensure!(!taken || bug::PLANTED.get().is_some(), "a failed checkpoint goes on");
        Ok(())
    }
}

/// Lives a whole life.
fn live(seed: u64) -> Life {
    let mut sim = Sim::new(seed);
    for _ in 0..1 + sim.tape.below(6) {
        // Most of what happens, happens early: at the opening, or in a compaction.
        let range = [15, 60, 120, 300][sim.tape.below(4) as usize];
        let fault = (1 + sim.tape.below(range), FAULTS[sim.tape.below(4) as usize]);
        let fault = sim.tape.chance(85).then_some(fault);
        sim.session(fault)?;
    }
    afterwards(&mut sim)
}

/// When faults stop, everything works.
fn afterwards(sim: &mut Sim) -> Life {
    // The first session may still find a flipped bit, and refuse.
    for _ in 0..3 {
        sim.session(None)?;
        let mut world = sim.disk.world();
        sim.flipped.take().into_iter().for_each(|(inode, bit)| world.flip_bit(inode, bit));
    }
    Ok(())
}

/// A number that is asked for by a variable of the environment.
pub(crate) fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The lives to be lived: so many, or as many as `WEIR_SIM_LIVES` says, or the one of `WEIR_SIM`.
pub(crate) fn seeds(count: u64) -> std::ops::Range<u64> {
    match asked("WEIR_SIM") {
        Some(seed) => seed..seed + 1,
        None => 0..asked("WEIR_SIM_LIVES").unwrap_or(count),
    }
}

#[test]
fn whatever_fails_the_state_is_that_of_records_one_to_n() {
    for seed in seeds(2000) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}

#[test]
fn a_fault_at_any_operation_does_no_harm() {
    for fault in FAULTS {
        for at in 1..400 {
            let seed = at % 7;
            let mut sim = Sim::new(seed);
            let lived = (0..3)
                .try_for_each(|session| sim.session((session != 2).then_some((at, fault))))
                .and_then(|()| afterwards(&mut sim));
            lived.unwrap_or_else(|wrong| panic!("seed {seed}, {fault:?} at {at}: {wrong}"));
        }
    }
}

#[test]
fn a_start_cut_short_twice_is_a_start_the_third_time() {
    let cuts = (1..25).flat_map(|first| (1..25).map(move |second| (first, second)));
    for (first, second) in cuts {
        for seed in 0..8 {
            let sim = Sim::new(seed);
            for fault in [(first, Fault::Kill), (second, Fault::Power)] {
                sim.disk.world().start(Some(fault));
                // However it ended, what is left must be a beginning.
                drop(sim.open());
            }
            sim.disk.world().lose_power();
            sim.disk.world().start(None);
            let opened = sim.open();
            assert!(opened.is_ok(), "seed {seed}, cut at {first} and {second}: {opened:?}");
        }
    }
}
