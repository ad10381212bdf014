//! The source behind its lock: what comes next, a chunk or the end of a batch.
//!
//! There is no thread that reads. A worker takes the lock, reads one chunk, learns its number and its
//! batch, and lets go; whoever holds the lock when the batch ends closes it. So reading stops when
//! nobody has room for a chunk, and with one worker nothing is different.

use std::sync::Arc;

use super::intake::Intake;
use super::rate::Rate;
use super::times::{Missed, Times};
use super::{Settings, bad::BadLog};
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::record::Record;
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
    /// Nothing has come; whoever holds the cursor looks whether the others have failed meanwhile.
    Idle,
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
    /// Where its input ends.
    pub reached: Reached,
    /// True if windows that are not due yet are to be reported with it: nothing will ever come.
    pub flushes: bool,
}

/// How far the input has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// The mark of the last chunk.
    pub mark: Mark,
    /// The last frame of the log of the input that is in a chunk.
    pub wal: u64,
    /// The source's position.
    pub position: Vec<u8>,
    /// How many chunks there were.
    pub chunks: u64,
}

impl Reached {
    /// Where a record's input ends.
    pub fn of(record: &Record) -> Reached {
        let (mark, wal, position) = (Mark(record.wal), record.wal, record.to.clone());
        Reached { mark, wal, position, chunks: record.chunks }
    }
}

/// Where a run begins.
pub struct Start {
    /// How far the last one had come.
    pub reached: Reached,
    /// The last Time.
    pub time: Option<Stamp>,
    /// The last Time of which an output has a batch of its own already.
    pub taken: Option<Stamp>,
    /// The log of the input.
    pub intake: Intake,
    /// True if there is a checkpoint: what is open at the end goes on at the next start.
    pub lasts: bool,
}

/// Who reads our stdout, if it is in use.
pub struct Reader {
    /// The stream, to be asked.
    pub watched: Option<Stdout>,
    /// True if the open batch is closed when the reader has gone: other outputs get it, or the next
    /// reader does.
    pub closes_batch: bool,
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
    /// True once nothing will ever come.
    ended: bool,
    lasts: bool,
    intake: Intake,
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
        start: Start,
    ) -> Result<Cursor, Error> {
        let Start { reached, time, taken, intake, lasts } = start;
        if !reached.position.is_empty() {
            source.resume(&reached.position, None)?;
        }
        source.open(&mut *wait)?;
        let start = wait.now();
        Ok(Cursor {
            source,
            wait,
            times: Times::new(settings.interval, start, time.max(taken)),
            rate: settings.max_rate.map(|rate| Rate::new(rate, start)),
            stop,
            reader,
            once: settings.once,
            end: settings.duration.map_or(Stamp::NEVER, |span| start.after(span)),
            batches: settings.batches.unwrap_or(u64::MAX),
            done: false,
            ended: false,
            lasts,
            intake,
            next_number: reached.chunks,
            mark: reached.mark,
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
        if self.done {
            return Ok(Next::Done);
        }
        if let Some(mark) = self.intake.news()? {
            self.source.reached(Stage::Logged, mark)?;
        }
        if self.has_records && self.lasts && self.times.interval().is_zero() {
            // What has come at once is a batch, or nothing would ever be recorded.
            return Ok(Next::Close { last: false });
        }
        let now = self.wait.now();
        let is_left = self.reader.closes_batch && self.reader.has_gone();
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
                Ok(Next::Chunk)
            }
            Read::Idle if self.is_useless() => Err(Error::Closed),
            Read::Idle => Ok(Next::Idle),
            Read::Cut => Ok(Next::Close { last: false }),
            Read::End => {
                self.ended = true;
                Ok(Next::Close { last: true })
            }
        }
    }

    /// True if nobody is left to read what we write.
    fn is_useless(&self) -> bool {
        !self.reader.closes_batch && self.reader.has_gone()
    }

    /// When the open batch ends.
    fn deadline(&self) -> Stamp {
        match self.once || self.times.interval().is_zero() {
            true => Stamp::NEVER,
            false => self.times.open(),
        }
    }

    fn read(&mut self, chunk: &mut Chunk, now: Stamp, until: Stamp) -> Result<Read, Error> {
        if self.intake.again(chunk)? {
            return Ok(Read::Rows);
        }
        chunk.mark = self.intake.next(self.mark);
        let read = self.read_source(chunk, now, until)?;
        match read {
            Read::Rows if chunk.is_empty() => chunk.mark = self.mark,
            Read::Rows => self.intake.take(chunk)?,
            _ => {}
        }
        Ok(read)
    }

    fn read_source(&mut self, chunk: &mut Chunk, now: Stamp, until: Stamp) -> Result<Read, Error> {
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
            true => self.wait.now().max(self.times.open()),
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
        if planted(Bug::ReleaseBeforeRecord) {
            self.intake.release(self.mark)?;
        }
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
        let flushes = self.done && (self.ended || !self.lasts);
        Ok(Closed { time, missed, reached: self.reached(), flushes })
    }

    /// How far the input has been read.
    pub fn reached(&self) -> Reached {
        let mut position = Vec::new();
        self.source.position(&mut position);
        let (mark, wal, chunks) = (self.mark, self.intake.lsn(), self.next_number);
        Reached { mark, wal, position, chunks }
    }

    /// The Time of the open batch.
    pub fn open_time(&self) -> Stamp {
        self.times.open()
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
        self.intake.release(mark)?;
        self.source.reached(Stage::Committed, mark)
    }

    /// Tells the source what is in the log, for the last time.
    pub fn logged(&mut self) -> Result<(), Error> {
        match self.intake.news()? {
            Some(mark) => self.source.reached(Stage::Logged, mark),
            None => Ok(()),
        }
    }
}
