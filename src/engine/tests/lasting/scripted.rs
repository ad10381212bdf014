//! A source that reads a script: of parts that have positions, or without, when what was read is gone.
//!
//! ```text
//! sender   chunk 0   1   2   3   4 ...        sent once, whatever becomes of them
//! told          0 .. 1   2                    in the log: from now on nobody may lose them
//!                        '-- the disk as it would be if the power failed now
//! ```
//!
//! It notes what somebody outside can see, over all lives.

pub mod agents;
pub mod files;
mod many;
mod parts;
#[cfg(feature = "kafka")]
pub mod topics;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use self::parts::Parts;
use super::{Case, Lived, difference};
use crate::chunk::{Chunk, Half, Mark};
use crate::clock::{Stamp, Wait};
use crate::disk::sim::mistake::{Mistake, made};
use crate::disk::sim::{SimDisk, Tape};
use crate::error::Error;
use crate::process::signal::Stop;
use crate::source::{Changed, Form, Read, Source, Stage};

/// Chunks of lines, and when each can be read; one without a line ends the batch.
pub type Script = Arc<Vec<(i64, String)>>;

/// What is seen of a stream from outside.
#[derive(Default)]
pub struct Seen {
    /// What a source without a position has sent: all chunks before this one.
    pub next: usize,
    /// The chunks that were acknowledged.
    pub logged: Vec<usize>,
    /// The last record, with its number, and its Time, at each start.
    pub records: Vec<(u64, Stamp)>,
    /// FILE at each start, after all that is owed was handed out.
    pub begun: Vec<String>,
    /// The directory's files at each start, with their names.
    pub parts: Vec<BTreeMap<String, String>>,
    /// When the source was read last.
    pub now: i64,
    /// True if the last life was ended by somebody, and in order.
    pub was_stopped: bool,
    /// Decides when the power might fail, if it might.
    pub choice: Option<Tape>,
    /// The disk as it would be then, and how many chunks had been acknowledged.
    pub images: Vec<(SimDisk, usize)>,
}

impl Seen {
    /// A life begins, and all that is owed was handed out.
    pub fn begin(&mut self, disk: &SimDisk) {
        self.begun.push(disk.text_outside("out"));
        // What has no name yet is no batch.
        let mut parts = disk.files_in("od");
        parts.retain(|name, _| !name.starts_with('.'));
        self.parts.push(parts);
    }

    /// Numbers of records and their Times grow, and what was in FILE stays there.
    pub fn check(&self) -> Lived {
        for pair in self.records.windows(2) {
            let ((n, time), (next, later)) = (pair[0], pair[1]);
            let grows = if n == next { time == later } else { n < next && time <= later };
            ensure!(grows, "record {n} of {time:?} was followed by {next} of {later:?}");
        }
        for pair in self.begun.windows(2) {
            let is_longer = pair[1].starts_with(&pair[0]);
            ensure!(is_longer, "FILE is, {}", difference(&pair[1], &pair[0]));
        }
        for pair in self.parts.windows(2) {
            let gone = pair[0].iter().find(|(name, text)| pair[1].get(*name) != Some(text));
            ensure!(gone.is_none(), "gone from the directory, or another: {gone:?}");
        }
        Ok(())
    }

    /// Notes that chunks are acknowledged, and perhaps the disk as it is if the power fails now.
    pub fn acknowledge(&mut self, chunks: impl Iterator<Item = usize>, disk: &SimDisk) {
        self.logged.extend(chunks);
        let Some(choice) = &mut self.choice else { return };
        if !choice.chance(8) {
            return;
        }
        let image = disk.fork(choice.below(u64::MAX));
        match choice.chance(70) {
            true => image.world().lose_unsynced(),
            false => image.world().lose_power(),
        }
        self.images.push((image, self.logged.len()));
    }
}

/// Reads a script.
pub struct Scripted {
    script: Script,
    has_position: bool,
    pairs: Option<Half>,
    /// Where the source has positions.
    parts: Parts,
    /// The chunks that are still to be read.
    left: VecDeque<usize>,
    seen: Arc<Mutex<Seen>>,
    disk: SimDisk,
    /// Asked when a batch is to end, if the run is to end with it.
    stop: Option<Arc<Stop>>,
    /// The marks of the chunks that were read in this life, and are not acknowledged.
    read: Vec<(Mark, usize)>,
}

impl Scripted {
    /// Reads the script of a case; where a batch ends, `stop` is asked, if there is one.
    pub fn new(case: &Case, stop: Option<Arc<Stop>>) -> Scripted {
        let Case { script, has_position, pairs, parts, seen, disk, .. } = case;
        let left = if *has_position {
            VecDeque::new()
        } else {
            (case.seen().next..script.len()).collect()
        };
        Scripted {
            script: script.clone(),
            has_position: *has_position,
            pairs: *pairs,
            parts: Parts::new(*parts),
            left,
            seen: Arc::clone(seen),
            disk: disk.clone(),
            stop,
            read: Vec::new(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn end_batch(&self) -> Read {
        let Some(stop) = &self.stop else { return Read::Cut };
        stop.ask();
        self.seen().was_stopped = true;
        Read::Idle
    }
}

/// Makes pairs of lines, of which each is a half; the other one has what no line can have, and keys may be
/// missing, or follow each other.
fn put_pairs(chunk: &mut Chunk, text: &str, half: Half) {
    for (number, line) in text.lines().enumerate() {
        let key = [Some(&b"a peer"[..]), Some(b"a peer"), None, Some(b"")][number % 4];
        match half {
            Half::Key => chunk.push_pair(Some(line.as_bytes()), b"of two\nlines\n"),
            Half::Value => chunk.push_pair(key, line.as_bytes()),
        }
    }
}

impl Source for Scripted {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        self.seen().begin(&self.disk);
        if self.has_position {
            self.parts.open();
            self.left = self.parts.left(self.script.len());
        }
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        _limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        let script = Arc::clone(&self.script);
        let Some(&next) = self.left.front() else { return Ok(Read::End) };
        let (time, text) = &script[next];
        if wait.now() < Stamp(*time) {
            wait.until(until.min(Stamp(*time))).unwrap();
        }
        self.seen().now = wait.now().0;
        if wait.now() < Stamp(*time) || wait.now() >= until {
            if self.has_position && made(Mistake::NotedEarly) {
                self.parts.note_early(next);
            }
            return Ok(Read::Idle);
        }
        self.left.pop_front();
        match self.has_position {
            true => self.parts.read(next),
            false => self.seen().next = next + 1,
        }
        if text.is_empty() {
            return Ok(self.end_batch());
        }
        match self.pairs {
            Some(half) => put_pairs(chunk, text, half),
            None => {
                chunk.append(text.as_bytes());
                chunk.set_uncut(b'\n');
            }
        }
        if !self.has_position {
            self.read.push((chunk.mark, next));
        }
        Ok(Read::Rows)
    }

    fn form(&self) -> Form {
        self.pairs.map_or(Form::Uncut, |_| Form::Pairs)
    }

    fn waiting(&self) -> String {
        "a script".to_string()
    }

    fn is_replayable(&self) -> bool {
        self.has_position
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        if self.has_position {
            self.parts.moved(note);
        }
    }

    fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        self.parts.resume(positions);
        Ok(Vec::new())
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        let is_safe = |(read, _): &(Mark, usize)| *read <= mark;
        if stage == Stage::Logged && self.read.iter().any(is_safe) {
            let safe: Vec<_> = self.read.extract_if(.., |read| is_safe(read)).collect();
            let chunks = safe.into_iter().map(|(_, chunk)| chunk);
            self.seen.lock().unwrap().acknowledge(chunks, &self.disk);
        }
        Ok(())
    }
}
