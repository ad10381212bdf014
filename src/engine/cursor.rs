//! The source behind its lock: what comes next, a chunk or the end of a batch.
//!
//! There is no thread that reads. A worker takes the lock, reads one chunk, learns its number and its
//! batch, and lets go; whoever holds the lock when the batch ends closes it. So reading stops when
//! nobody has room for a chunk, and with one worker nothing is different.

use std::sync::Arc;

use super::rate::Rate;
use super::times::{Missed, Times};
use super::{Settings, bad::BadLog};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::record::{Chunk, Mark};
use crate::say::say;
use crate::signal::Stop;
use crate::sink::stdout::Stdout;
use crate::source::{Read, Source, Stage};

/// After so many batches without a record, a line says what weir waits for.
const SILENT: u32 = 10;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The chunk is to be folded.
    Chunk,
    /// The open batch is to be closed; with `last`, the run ends with it.
    Close {
        /// True if nothing comes after this batch.
        last: bool,
    },
    /// The run is over.
    Done,
}

/// A batch that is over.
#[derive(Debug)]
pub struct Closed {
    /// Its Time.
    pub time: Stamp,
    /// The batches that passed with it, all empty.
    pub missed: Missed,
    /// The records it ends with.
    pub mark: Mark,
    /// True if the run ends with it.
    pub is_last: bool,
}

/// Who reads our stdout, if it is in use.
pub struct Reader {
    /// The stream, to be asked.
    pub watched: Option<Stdout>,
    /// True if there are other outputs, which get the open batch when the reader has gone.
    pub has_others: bool,
}

impl Reader {
    fn has_gone(&self) -> bool {
        self.watched.as_ref().is_some_and(Stdout::is_closed)
    }
}

/// The source, and where in time it stands.
pub struct Cursor {
    source: Box<dyn Source>,
    wait: Box<dyn Wait>,
    times: Times,
    rate: Option<Rate>,
    stop: Arc<Stop>,
    reader: Reader,
    once: bool,
    /// When `--duration` is over.
    end: Stamp,
    /// How many batches `--batches` leaves.
    batches: u64,
    done: bool,
    next_number: u64,
    mark: Mark,
    /// How far the source knows its records to be out.
    committed: Mark,
    /// True if the open batch has records.
    has_records: bool,
    /// How many batches without a record came one after another.
    silent: u32,
    says_silent: bool,
    says_missed: bool,
    late: u64,
}

impl Cursor {
    /// Opens the source, and with it the first batch.
    pub fn open(
        mut source: Box<dyn Source>,
        mut wait: Box<dyn Wait>,
        settings: &Settings,
        stop: Arc<Stop>,
        reader: Reader,
    ) -> Result<Cursor, Error> {
        source.open(&mut *wait)?;
        let start = wait.now();
        Ok(Cursor {
            source,
            wait,
            times: Times::new(settings.interval, start),
            rate: settings.max_rate.map(|rate| Rate::new(rate, start)),
            stop,
            reader,
            once: settings.once,
            end: settings.duration.map_or(Stamp::NEVER, |span| start.after(span)),
            batches: settings.batches.unwrap_or(u64::MAX),
            done: false,
            next_number: 0,
            mark: Mark::default(),
            committed: Mark::default(),
            has_records: false,
            silent: 0,
            says_silent: settings.says_silent,
            says_missed: settings.says_missed,
            late: 0,
        })
    }

    /// How many batches were closed more than an interval after their Time.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Reads into `chunk`, or finds that something else is to be done.
    pub fn next(&mut self, chunk: &mut Chunk, bad: &mut BadLog) -> Result<Next, Error> {
        loop {
            if self.done {
                return Ok(Next::Done);
            }
            let now = self.wait.now();
            let is_left = self.reader.has_others && self.reader.has_gone();
            if self.stop.is_asked() || now >= self.end || is_left {
                return Ok(Next::Close { last: true });
            }
            if now >= self.deadline() {
                return Ok(Next::Close { last: false });
            }
            let until = self.deadline().min(self.end).min(bad.say(now));
            match self.read(chunk, now, until)? {
                Read::Rows => {
                    bad.take(&mut chunk.bad)?;
                    self.number(chunk);
                    return Ok(Next::Chunk);
                }
                Read::Idle if self.is_useless() => return Err(Error::Closed),
                Read::Idle => {}
                Read::Cut => return Ok(Next::Close { last: false }),
                Read::End => return Ok(Next::Close { last: true }),
            }
        }
    }

    /// True if nobody is left to read what we write.
    fn is_useless(&self) -> bool {
        !self.reader.has_others && self.reader.has_gone()
    }

    /// When the open batch ends.
    fn deadline(&self) -> Stamp {
        match self.once || self.times.interval().is_zero() {
            true => Stamp::NEVER,
            false => self.times.open(),
        }
    }

    fn read(&mut self, chunk: &mut Chunk, now: Stamp, until: Stamp) -> Result<Read, Error> {
        let Some(rate) = &mut self.rate else {
            return self.source.read(chunk, usize::MAX, &mut *self.wait, until);
        };
        match rate.allowed(now) {
            0 => {
                self.wait.pause(rate.next().min(until));
                Ok(Read::Idle)
            }
            limit => {
                let read = self.source.read(chunk, limit, &mut *self.wait, until)?;
                rate.read(chunk.count(), self.wait.now());
                Ok(read)
            }
        }
    }

    fn number(&mut self, chunk: &mut Chunk) {
        chunk.number = self.next_number;
        self.next_number += 1;
        chunk.time = match self.times.interval().is_zero() {
            true => self.wait.now(),
            false => self.times.open(),
        };
        self.mark = self.mark.max(chunk.mark);
        self.has_records = true;
    }

    /// Closes the open batch, all records of which are folded.
    pub fn close(&mut self, last: bool) -> Result<Closed, Error> {
        if self.is_useless() {
            // A batch that prints nothing would not find out.
            return Err(Error::Closed);
        }
        self.source.reached(Stage::Folded, self.mark)?;
        let now = self.wait.now();
        let (time, mut missed) = self.times.close(now);
        if last || self.once {
            // Nothing was missed: the batches after the last one are not owed to anybody.
            missed.keep(0);
        }
        let left = usize::try_from(self.batches - 1).unwrap_or(usize::MAX);
        if left < missed.printed.len() {
            missed.keep(left);
        }
        self.late += u64::from(!missed.printed.is_empty());
        if missed.skipped > 0 && self.says_missed {
            let skipped = missed.skipped;
            say(&format!("{skipped} more batches hold nothing and are not printed"));
        }
        self.batches -= 1 + missed.printed.len() as u64;
        self.done = last || self.batches == 0;
        self.note_silence();
        Ok(Closed { time, missed, mark: self.mark, is_last: self.done })
    }

    fn note_silence(&mut self) {
        self.silent = if std::mem::take(&mut self.has_records) { 0 } else { self.silent + 1 };
        if self.silent == SILENT && self.says_silent && !self.done {
            let what = self.source.waiting();
            say(&format!("no record in {SILENT} batches; waiting for {what}"));
        }
    }

    /// Says what is lost because the run ends here.
    pub fn say_lost(&self) {
        match self.source.unfinished() {
            0 => {}
            1 => say("1 byte of an unfinished line is lost"),
            bytes => say(&format!("{bytes} bytes of unfinished lines are lost")),
        }
    }

    /// Tells the source that all records up to `mark` are out.
    pub fn committed(&mut self, mark: Mark) -> Result<(), Error> {
        if mark <= self.committed {
            return Ok(());
        }
        self.committed = mark;
        self.source.reached(Stage::Committed, mark)
    }
}
