//! A file's turn: it is opened, read once, and told whether that was its end.
//!
//! ```text
//!               more          it stays first
//! open ──read── no more now   followed: its name has gone, and it is quiet? let go. Else it waits
//!               its end       what is left is a record; it is closed, and done when its batch is out
//!               another       cut or overwritten: what is there now is another one, from its first byte
//! ```

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use super::Files;
use super::known::{Known, Opened, State};
use super::place::position::{End, Number};
use super::place::resume;
use super::reading::Got;
use super::shelf::{self, Shelf, Turn, Why};
use super::sought::Manner;
use crate::chunk::{Bad, Chunk};
use crate::clock::Stamp;
use crate::disk::tree::{Kind, Seen, is_absent};
use crate::error::{self, Context, Error};
use crate::origin::Origin;
use crate::say::{note, say};

/// How long a file whose name has gone is read on after somebody has written to it last: a daemon that was not
/// told yet writes to the old one.
const GRACE: Duration = Duration::from_secs(60);

/// What a turn has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// There is more, or another turn is to be looked at.
    On,
    /// The file was read to its end, which is one.
    Finished(Number),
}

impl Files {
    /// A file was renamed, of which only its last name was ever looked at: one that came to a path that was
    /// typed, and was rotated away before we looked, is read like others whose names have gone.
    pub(super) fn renamed(&mut self, first: &Path, last: &Path, now: Stamp) {
        let takes = |path| shelf::takes(&self.sought, path, &*self.shelf.tree, self.all_names);
        let Some((of, Manner::Named)) = takes(first).filter(|_| self.follows) else { return };
        let Ok(Some(seen)) = self.shelf.tree.look(last) else { return };
        let is_new = seen.kind == Kind::File && self.shelf.number(seen.identity).is_none();
        if is_new && takes(last).is_none() {
            let known = Known::new(last.to_path_buf(), of, Manner::Named, seen);
            self.shelf.take_leaving(known.taken_by(first.to_path_buf()), now);
        }
    }
}

impl Shelf {
    /// Takes a file whose name has gone already.
    fn take_leaving(&mut self, mut known: Known, now: Stamp) {
        (known.leaving, known.scan) = (Some(now), self.scan);
        let number = self.put(None, known);
        self.leaving.insert(number);
        self.moved.insert(number);
        self.queue_up(number);
    }

    /// Reads the file with this number, which is first in the queue.
    pub fn read(
        &mut self,
        number: Number,
        chunk: &mut Chunk,
        limit: &mut usize,
        now: Stamp,
    ) -> Result<Taken, Error> {
        if !self.has_open(number, chunk, now)? {
            return Ok(Taken::On);
        }
        let Some(known) = self.files.get_mut(&number) else { return Ok(Taken::On) };
        let guarded = self.rules.follows || known.manner == Manner::Listed;
        let Some(reading) = &mut known.reading else { return Ok(Taken::On) };
        let (before, taken) = (reading.at(), reading.taken());
        let got = reading.read(chunk, limit, guarded);
        self.extent.done += reading.taken() - taken;
        if reading.at() > before {
            self.moved.insert(number);
            if let Some(since) = &mut known.leaving {
                *since = now;
            }
        }
        match got {
            Ok(Got::Some) => Ok(Taken::On),
            Ok(Got::Other) => {
                self.begin_anew(number, chunk, now);
                Ok(Taken::On)
            }
            Ok(Got::End) => self.at_end(number, chunk, now),
            Err(error) => self.failed(number, &error, chunk),
        }
    }

    /// Opens a file if it is not; false if it is not to be read, and has left the queue.
    fn has_open(&mut self, number: Number, chunk: &mut Chunk, now: Stamp) -> Result<bool, Error> {
        let Some(known) = self.files.get_mut(&number) else {
            self.queue.pop_front();
            return Ok(false);
        };
        if known.reading.is_some() {
            return Ok(true);
        }
        self.make_room();
        let Some(known) = self.files.get_mut(&number) else { return Ok(false) };
        let opened = known.open(&*self.tree, self.rules.records);
        let (path, of, manner) = (known.path.clone(), known.of, known.manner);
        match opened {
            Ok(Opened::Here) => {
                // What was packed is unpacked again up to where it was left.
                let skipped = known.reading.as_ref().filter(|_| known.is_packed());
                self.extent.done += skipped.map_or(0, |reading| reading.taken());
                self.open.push_back(number);
                return Ok(true);
            }
            Ok(Opened::Other) => {
                let anew = self.renew(number, path);
                self.queue.pop_front();
                if let Some(anew) = anew {
                    self.queue_first(anew);
                }
            }
            Ok(Opened::Another) => {
                self.queue.pop_front();
                self.miss(number);
                if let Ok(Some(seen)) = self.tree.look(&path) {
                    self.sight(of, manner, &path, seen, Why::Found, now);
                }
            }
            Err(error) if is_absent(&error) && !self.is_named_once(manner) => {
                self.queue.pop_front();
                self.miss(number);
            }
            Err(error) => {
                let failed = self.failed(number, &error, chunk);
                return failed.map(|_| false);
            }
        }
        Ok(false)
    }

    /// A file is not at its name when it is opened: it may have another by now, where news or a scan find it.
    fn miss(&mut self, number: Number) {
        match self.files.get_mut(&number) {
            Some(known) if known.leaving.is_none() => {
                (known.state, known.seen.len) = (State::Idle, u64::MAX);
            }
            _ => self.forget(number),
        }
    }

    /// Closes a file that waits, if very many are open.
    fn make_room(&mut self) {
        for _ in 0..self.open.len() {
            if self.open.len() < self.most_open {
                return;
            }
            let Some(number) = self.open.pop_front() else { return };
            match self.files.get_mut(&number) {
                Some(known) if known.reading.is_none() => {}
                Some(known) if known.state == State::Idle && known.leaving.is_none() => {
                    known.close()
                }
                Some(_) => self.open.push_back(number),
                None => {}
            }
        }
    }

    /// True if the run is about files that were named, and ends with them.
    fn is_named_once(&self, manner: Manner) -> bool {
        manner == Manner::Named && !self.rules.follows
    }

    /// There is no more of a file at the moment.
    fn at_end(&mut self, number: Number, chunk: &mut Chunk, now: Stamp) -> Result<Taken, Error> {
        let path = self.path(number);
        let Some(known) = self.files.get_mut(&number) else { return Ok(Taken::On) };
        let is_packed = known.is_packed();
        let Some(reading) = &mut known.reading else { return Ok(Taken::On) };
        let seen = reading.seen().at(&path)?;
        let guarded = self.rules.follows || known.manner == Manner::Listed;
        if guarded && !is_packed && (seen.len < reading.at() || !reading.is_itself().at(&path)?) {
            self.begin_anew(number, chunk, now);
            return Ok(Taken::On);
        }
        known.seen = seen;
        if guarded && !is_packed && seen.len > reading.at() {
            // It has grown since.
            return Ok(Taken::On);
        }
        known.state = State::Idle;
        self.queue.pop_front();
        let ends = self.rules.once || !self.rules.follows || is_packed;
        if !ends {
            self.rest(number, chunk, now);
            return Ok(Taken::On);
        }
        let age = Duration::from_millis(
            now.0.saturating_sub((seen.modified / 1_000_000) as i64).max(0) as u64,
        );
        // Somebody may be about to end the line: the next run has it whole.
        let is_left = self.rules.lasts && self.rules.once && age < self.rules.quiet_after;
        if !is_left || known.leaving.is_some() {
            reading.finish(chunk);
        }
        let is_whole = reading.unfinished() == 0;
        known.end = if is_whole { End::Read } else { End::Open };
        let is_leaving = known.leaving.is_some();
        known.close();
        self.moved.insert(number);
        if is_leaving {
            self.forget(number);
            return Ok(Taken::On);
        }
        Ok(if is_whole { Taken::Finished(number) } else { Taken::On })
    }

    /// A file that is followed waits for more; one whose name has gone is let go in the end.
    fn rest(&mut self, number: Number, chunk: &mut Chunk, now: Stamp) {
        let Some(known) = self.files.get_mut(&number) else { return };
        let (Some(since), Some(reading)) = (known.leaving, &mut known.reading) else { return };
        let quiet = now.since(since);
        if quiet >= self.rules.quiet_after && reading.unfinished() > 0 {
            reading.finish(chunk);
            self.moved.insert(number);
        }
        if quiet >= GRACE.max(self.rules.quiet_after) {
            self.forget(number);
        }
    }

    /// A file was cut or overwritten: what it has now is read from its first byte. If it was copied before that,
    /// the copy has what was not read of it yet.
    fn begin_anew(&mut self, number: Number, chunk: &mut Chunk, now: Stamp) {
        let Some(known) = self.files.get(&number) else { return };
        let (position, home, of, manner) =
            (known.position(), known.home.clone(), known.of, known.manner);
        let is_free = |_: &Path, seen: Seen| self.number(seen.identity).is_none();
        let copy = resume::copy(&position, &home, &*self.tree, &is_free);
        let Some(known) = self.files.get_mut(&number) else { return };
        if let Some(reading) = &mut known.reading {
            let (origin, at) = (Origin::file(&home), reading.at());
            match &copy {
                Some((path, _)) => {
                    note(&format!(
                        "{origin} was cut behind byte {at}; {} has the rest",
                        path.display()
                    ));
                }
                None => {
                    note(&format!(
                        "{origin} was cut or overwritten behind byte {at}; it is read from its beginning"
                    ));
                    // Nobody will end that line.
                    reading.finish(chunk);
                }
            }
            if let Ok(seen) = reading.seen() {
                known.seen = seen;
            }
        }
        self.queue.pop_front();
        if let Some(anew) = self.renew(number, home.clone()) {
            self.queue_first(anew);
        }
        if let Some((path, seen)) = copy {
            let mut copy = Known::new(path, of, manner, seen).taken_by(home).read_to(&position);
            (copy.leaving, copy.scan) = (Some(now), self.scan);
            let copy = self.put(None, copy);
            self.leaving.insert(copy);
            self.moved.insert(copy);
            self.queue_first(copy);
        }
    }

    fn queue_first(&mut self, number: Number) {
        if let Some(known) = self.files.get_mut(&number) {
            known.state = State::Queued;
            self.queue.push_front(Turn::File(number));
        }
    }

    /// A file cannot be read, or not further.
    fn failed(
        &mut self,
        number: Number,
        error: &io::Error,
        chunk: &mut Chunk,
    ) -> Result<Taken, Error> {
        let Some(known) = self.files.get_mut(&number) else { return Ok(Taken::On) };
        let (origin, manner) = (known.origin(), known.manner);
        let is_damage = error.kind() == ErrorKind::InvalidData;
        let at = known.reading.as_ref().map_or(0, |reading| reading.at());
        let what = error::said(error);
        if manner == Manner::Named && !self.rules.follows {
            return Err(Error::Failed(format!("{origin}: {what}")));
        }
        known.state = State::Idle;
        known.close();
        self.queue.pop_front();
        self.moved.insert(number);
        match is_damage {
            true => {
                let bad = Bad::shown(what, origin.at(at), b"", 0);
                chunk.bad.push(Bad { cut: true, ..bad });
            }
            false => say(&format!("{origin}: {what}")),
        }
        Ok(Taken::On)
    }
}
