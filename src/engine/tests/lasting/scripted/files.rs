//! The source `files` with a script: a file is followed, and rotated now and then before a chunk is written.
//!
//! ```text
//! chunk      0    1    2    3 ...        each is appended to `log` when its time has come
//! rotated         ^         ^            `log` becomes `log.1`, and later `log.3`
//! ```
//!
//! The files are what the script has made of them until a life begins, so that a life which goes on from a record
//! finds them as they were then.

use std::path::Path;

use super::super::*;
use crate::checkpoint::tests::seeds;
use crate::chunk::Chunk;
use crate::clock::Wait;
use crate::disk::sim::tree::SimTree;
use crate::disk::tree::Tree as _;
use crate::source::files::Files;
use crate::source::{Changed, Read, Source};

/// The file.
const LOG: &str = "log";

/// Writes the script into a file, and follows that.
pub struct Rotated {
    files: Files,
    tree: SimTree,
    script: Script,
    /// The chunk that is written next.
    next: usize,
    seen: Arc<Mutex<Seen>>,
    disk: SimDisk,
}

impl Rotated {
    /// Begins when the files are as they were at `start`.
    pub fn new(case: &Case, start: i64) -> Rotated {
        let tree = SimTree::new(&[""]);
        let files = Files::following(&tree, LOG);
        let (script, seen, disk) = (case.script.clone(), Arc::clone(&case.seen), case.disk.clone());
        let mut rotated = Rotated { files, tree, script, next: 0, seen, disk };
        while rotated.is_due(start) {
            rotated.write(None);
        }
        rotated
    }

    fn is_due(&self, now: i64) -> bool {
        self.script.get(self.next).is_some_and(|(time, _)| *time <= now)
    }

    /// Writes the next chunk; who follows the file is told at once.
    fn write(&mut self, told: Option<Stamp>) {
        let (number, (time, text)) = (self.next, &self.script[self.next]);
        self.next += 1;
        // Twice in a moment, and nobody could have seen what came between.
        let is_later = number.checked_sub(1).is_none_or(|before| self.script[before].0 < *time);
        self.tree.set_time(*time);
        if is_later && number % 3 == 1 && self.tree.has(LOG) {
            let name = format!("{LOG}.{number}");
            self.tree.move_to(LOG, &name);
            told.into_iter().for_each(|now| self.files.told(&name, now));
        }
        if !text.is_empty() {
            self.tree.append(LOG, text.as_bytes());
        }
        told.into_iter().for_each(|now| self.files.told(LOG, now));
    }
}

impl Source for Rotated {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        self.seen.lock().unwrap().begin(&self.disk);
        self.files.open(wait)
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        loop {
            let now = wait.now();
            if now < until {
                while self.is_due(now.0) {
                    self.write(Some(now));
                }
            }
            self.seen.lock().unwrap().now = now.0;
            let next = self.script.get(self.next).map(|(time, _)| Stamp(*time));
            let read = self.files.read(chunk, limit, wait, until.min(next.unwrap_or(now)))?;
            match (read, next) {
                (Read::Idle, None) => return Ok(Read::End),
                (Read::Idle, _) if wait.now() < until => {}
                _ => return Ok(read),
            }
        }
    }

    fn waiting(&self) -> String {
        self.files.waiting()
    }

    fn is_replayable(&self) -> bool {
        true
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        self.files.moved(note);
    }

    fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        self.files.resume(positions)
    }
}

fn case(flags: &'static str, script: &Script, seed: u64) -> Case {
    Case { is_file: true, ..Case::new(flags, script, true, seed) }
}

/// Lives all lives of a seed.
fn live(seed: u64) -> Lived {
    let mut tape = Tape(seed);
    let flags = KINDS[tape.below(KINDS.len() as u64) as usize];
    let script = super::super::script(tape.below(u64::MAX), 5 + tape.below(40) as usize);
    let (wanted, operations) = case(flags, &script, 1).undisturbed();
    let case = case(flags, &script, !seed);
    for _ in 0..1 + tape.below(4) {
        let fault = tape.chance(95).then(|| fault(&mut tape, operations));
        let manner = Manner { threads: 1 + tape.below(2) as usize, ..ON };
        let lived = case.disturbed(manner, fault, tape.chance(50));
        lived.map_err(|wrong| format!("{flags}, {fault:?}: {wrong}"))?;
    }
    case.disturbed(ON, None, false).map_err(|wrong| format!("{flags}: {wrong}"))?;
    let out = case.out();
    ensure!(out.starts_with(&wanted), "{flags}: FILE is, {}", difference(&out, &wanted));
    case.compare()
}

#[test]
fn a_file_that_is_rotated_is_counted_as_if_nothing_had_failed() {
    for seed in seeds(600) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}

#[test]
fn the_script_rotates_the_file_and_all_of_it_comes_out() {
    let script = super::super::script(3, 40);
    let case = case("--format text", &script, 1);
    let (out, _) = case.undisturbed();
    let written: String = script.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(out, written);
    let end = Rotated::new(&case, i64::MAX);
    let names: Vec<_> = end.tree.names(Path::new("")).unwrap().collect();
    assert!(names.len() > 5, "{names:?}");
}
