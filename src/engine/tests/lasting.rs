//! A run with a checkpoint, on a disk that breaks at each of its operations: what comes out must be
//! what comes out when nothing breaks.
//!
//! ```text
//! life 1   source from 0   x                   killed, out of power, out of space, an error
//! life 2           from the last record   x    and again
//! life 3                         ... to the end
//! ```
//!
//! Checkpoint, log of the input and the file of `-o` are on one simulated disk. A life begins when the
//! last record ended, so that its batches are those that nobody has disturbed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::checkpoint::Checkpoint;
use crate::checkpoint::disk::Disk as _;
use crate::checkpoint::sim::{FAULTS, Fault, SimDisk, Tape};
use crate::checkpoint::tests::tiny;
use crate::cli::{self, Asked};
use crate::clock::{Stamp, VirtualTime, Wait};
use crate::engine::{self, Saved, Surroundings};
use crate::error::{Context, Error};
use crate::plan::{self, Plan};
use crate::record::{Chunk, Mark};
use crate::sink::file::Appended;
use crate::sink::output::Outputs;
use crate::source::{Read, Source, Stage};

/// When the first life begins.
const START: i64 = 1000;

/// Chunks of lines, and when each can be read.
type Script = Arc<Vec<(i64, String)>>;

/// Reads a script; with a position, or without, when what was read is gone.
struct Scripted {
    script: Script,
    next: usize,
    /// What a source without a position has left, and what it was told is in the log.
    shared: Option<Arc<Mutex<Sent>>>,
    /// The marks of the chunks that were read in this life.
    read: Vec<(Mark, usize)>,
}

#[derive(Debug, Default)]
struct Sent {
    next: usize,
    /// The chunks that were acknowledged.
    logged: Vec<usize>,
}

impl Source for Scripted {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        _limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let next = self.shared.as_ref().map_or(self.next, |sent| sent.lock().unwrap().next);
        let Some((time, text)) = self.script.get(next) else { return Ok(Read::End) };
        if wait.now() < Stamp(*time) {
            wait.until(until.min(Stamp(*time))).unwrap();
        }
        if wait.now() < Stamp(*time) || wait.now() >= until {
            return Ok(Read::Idle);
        }
        chunk.append(text.as_bytes());
        chunk.set_uncut(b'\n');
        self.next = next + 1;
        if let Some(sent) = &self.shared {
            sent.lock().unwrap().next = next + 1;
            self.read.push((chunk.mark, next));
        }
        Ok(Read::Rows)
    }

    fn waiting(&self) -> String {
        "a script".to_string()
    }

    fn is_replayable(&self) -> bool {
        self.shared.is_none()
    }

    fn position(&self, out: &mut Vec<u8>) {
        if self.shared.is_none() {
            out.extend_from_slice(&(self.next as u64).to_le_bytes());
        }
    }

    fn resume(&mut self, from: &[u8], _upto: Option<&[u8]>) -> Result<(), Error> {
        self.next = u64::from_le_bytes(from.try_into().unwrap()) as usize;
        Ok(())
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        if let (Stage::Logged, Some(sent)) = (stage, &self.shared) {
            let safe = self.read.iter().filter(|(read, _)| *read <= mark);
            sent.lock().unwrap().logged.extend(safe.map(|(_, chunk)| *chunk));
            self.read.retain(|(read, _)| *read > mark);
        }
        Ok(())
    }
}

/// A run: what was typed, its script, and the disk.
struct Case<'a> {
    flags: &'a str,
    script: Script,
    disk: SimDisk,
    sent: Option<Arc<Mutex<Sent>>>,
    threads: usize,
}

impl Case<'_> {
    fn plan(&self, start: i64) -> Result<Plan, Error> {
        let interval = if self.flags.contains("--interval") { "" } else { "--interval 1s " };
        let words = format!("weir stdin --utc --quiet --checkpoint ck {interval}{}", self.flags);
        match cli::parse(words.split(' ').map(OsString::from))? {
            Asked::Run(typed) => plan::plan(&typed, Stamp(start)),
            _ => unreachable!("a stream was typed"),
        }
    }

    /// Lives until the script ends or something fails.
    fn live(&self) -> Result<(), Error> {
        let (disk, pipeline) =
            (Arc::new(self.disk.clone()), self.plan(START)?.saving.unwrap().pipeline);
        let checkpoint = Checkpoint::open(disk, Path::new("ck"), &pipeline, tiny())?;
        // A life begins when the last record ended: so its batches are those that nobody disturbed.
        let start = checkpoint.last().map_or(START, |last| last.time.0);
        let Plan { mut pipeline, mut settings, .. } = self.plan(start)?;
        let (script, shared) = (self.script.clone(), self.sent.clone());
        let source = Scripted { script, next: 0, shared, read: Vec::new() };
        let logs_input = !source.is_replayable();
        pipeline.source = Box::new(source);
        (settings.threads, settings.once) = (self.threads, false);
        let file = self.disk.outside("out").place("out")?;
        let file = Appended::over("out".as_ref(), Box::new(file), true).locked()?;
        let outputs = Outputs::of(vec![Box::new(file)]);
        let saved = Some(Saved { checkpoint, logs_input, syncs_at_once: true });
        let (wait, waker) = VirtualTime::new(Stamp(start)).unwrap();
        let (wait, stop) = (Box::new(wait), Arc::default());
        engine::run(pipeline, &settings, Surroundings { wait, waker, outputs, stop, saved })
    }

    /// Lives once without a fault; returns what came out, and how many operations it took.
    fn undisturbed(&self) -> (String, u64) {
        self.disk.world().start(None);
        self.live().unwrap();
        let operations = self.disk.world().operations;
        (self.out(), operations)
    }

    fn out(&self) -> String {
        self.disk.text_outside("out")
    }

    /// Lives until a fault strikes, and then without: to the end.
    fn disturbed(&self, at: u64, fault: Fault) {
        self.disk.world().start(Some((at, fault)));
        let result = self.live();
        let mut world = self.disk.world();
        // A crash right after the very last operation goes unnoticed.
        assert!(result.is_ok() || world.struck.is_some(), "{result:?}");
        if fault == Fault::Power || fault == Fault::Device && at.is_multiple_of(2) {
            world.lose_power();
        }
        world.start(None);
    }
}

fn case<'a>(flags: &'a str, script: &Script, seed: u64, threads: usize) -> Case<'a> {
    Case { flags, script: script.clone(), disk: SimDisk::new(seed), sent: None, threads }
}

/// Chunks of words, some a batch, some batches without any.
fn script(seed: u64, chunks: usize) -> Script {
    let (mut tape, mut time) = (Tape(seed), START);
    let mut chunk = |number: usize| {
        time += [0, 300, 400, 500, 900, 3700][tape.below(6) as usize];
        let words = (0..1 + tape.below(4)).map(|_| match tape.below(12) {
            rare @ 0 => format!("{rare}-{number}-and-more-than-fits-into-an-entry\n"),
            word => format!("w{word}\n"),
        });
        (time, words.collect())
    };
    Arc::new((0..chunks).map(&mut chunk).collect())
}

/// All that is kept in different ways.
const KINDS: &[&str] = &[
    "--count-by-key --format tsv",
    "--count --format tsv --skip-empty",
    "--count-by-key --format tsv --header --changed",
    "--count-by-key --format json --window 6s --slide 3s",
    "--count-by-key --format tsv --window 4s --slide 2s --changed",
    "--count-by-key --format tsv --window 4s --inverse --keep-zeros",
    "--count-by-key --format tsv --window 6s --slide 2s --sort none --changed --top 3",
    "--count --format tsv --window 5s --slide 5s --skip-partial",
    "--count-by-key --format tsv --update-state",
    "--count-by-key --format tsv --update-state --changed --skip-empty",
    "--count-by-key --format tsv --update-state --sort none --top 4 --changed",
    "--count-by-key --format tsv --update-state --state-ttl 3s",
    "--count-by-key --format tsv --update-state --max-keys 5 --on-full oldest --changed",
    "--count --update-state",
    "--filter w --format text",
    "--filter 9 --format pprint --num all",
    "--format text --interval 0",
    "--count-by-key --update-state --format text --interval 0 --state-ttl 2s",
    "--count-by-key --update-state --format text --interval 0 --max-keys 4 --on-full oldest --changed",
];

#[test]
fn whatever_fails_once_the_file_is_what_it_would_have_been() {
    for (number, flags) in KINDS.iter().enumerate() {
        let script = script(number as u64, 40);
        let (wanted, operations) = case(flags, &script, 1, 1).undisturbed();
        assert!(wanted.lines().count() > 2, "{flags}: {wanted}");
        for fault in FAULTS {
            let step = 1 + operations / 60;
            for at in (1..=operations).step_by(step as usize) {
                let case = case(flags, &script, at, 1 + at as usize % 2);
                case.disturbed(at, fault);
                let result = case.live();
                let out = case.out();
                let lines = out.lines().zip(wanted.lines()).enumerate().find(|(_, (a, b))| a != b);
                assert!(
                    // A start after the last batch has an open batch of its own, without records.
                    result.is_ok() && out.starts_with(&wanted),
                    "{flags}, {fault:?} at {at}: {result:?}, {} bytes, not {}, {lines:?}",
                    out.len(),
                    wanted.len(),
                );
            }
        }
    }
}

#[test]
fn runs_that_end_soon_leave_nothing_half_tidied() {
    let disk = SimDisk::new(1);
    let mut snapshots = BTreeSet::new();
    for run in 1..=40 {
        let script = script(1, run * 4);
        let flags = "--count-by-key --format tsv --update-state";
        let case = Case { flags, script, disk: disk.clone(), sent: None, threads: 1 };
        case.undisturbed();
        let names = disk.list("ck".as_ref()).unwrap();
        assert!(!names.iter().any(|name| name.ends_with(".tmp")), "run {run}: {names:?}");
        snapshots.extend(names.into_iter().filter(|name| name.starts_with("snap-")));
    }
    assert!(snapshots.len() > 3, "{snapshots:?}");
}
