//! The source behind its lock: what comes next, a chunk or the end of a batch.
//!
//! There is no thread that reads. A worker takes the lock, reads one chunk, learns its number and its
//! batch, and lets go; whoever holds the lock when the batch ends closes it. So reading stops when
//! nobody has room for a chunk, and with one worker nothing is different.

mod attend;
mod next;
mod start;

use std::sync::Arc;
use std::time::Duration;

use super::intake::Intake;
pub use super::reached::Reached;
pub use super::reader::Reader;
use super::times::{Passed, Times};
use super::{changed, standing};
use crate::checkpoint::Positions;
use crate::checkpoint::bug::{Bug, planted};
use crate::chunk::{Chunk, Mark};
use crate::clock::rate::Rate;
use crate::clock::{Stamp, Wait};
use crate::engine::{Settings, bad::BadLog};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::process::signal::Stop;
use crate::process::supervisor::Supervisor;
use crate::say::say;
use crate::source::{Read, Source, Stage};
pub use next::{Closed, Flush, Next};
pub use start::Start;

/// After so many batches without a record, a line says what weir waits for.
const SILENT: u32 = 10;

/// For so long at most what is in the log waits for a moment in which nothing comes, to be synced.
const OWED: Duration = Duration::from_millis(1);

/// What is longer than this, in bytes, is synced for longer than it takes others to send something.
const LONG: usize = 64 << 10;

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
    /// True if the next start goes back to the positions that are noted.
    is_replayable: bool,
    intake: Intake,
    next_number: u64,
    mark: Mark,
    /// How many moves were taken from the source.
    moved: u64,
    /// How far the source knows its records to be folded.
    folded: Mark,
    /// How far the source knows its records to be out.
    committed: Mark,
    /// True if the open batch has records.
    has_records: bool,
    /// True if somebody has read in the open batch, so that it is measured.
    was_read: bool,
    /// True once the source was read: what passed before that, passed before this run.
    is_live: bool,
    /// What passed before the first batch of this run.
    passed: Option<Passed>,
    /// How long after its time the last read came back, if that is more than an interval.
    overslept: Duration,
    /// How many batches without a record came one after another.
    silent: u32,
    says_silent: bool,
    /// When it was noted last how the input stands.
    noted: Stamp,
    metrics: Arc<Metrics>,
    supervisor: Arc<Supervisor>,
}

impl Cursor {
    /// Opens the source, and with it the first batch: the one that the last run left open, if any.
    pub fn open(
        mut source: Box<dyn Source>,
        mut wait: Box<dyn Wait>,
        settings: &Settings,
        stop: Arc<Stop>,
        reader: Reader,
        start: Start,
    ) -> Result<Cursor, Error> {
        let Start { reached, positions, time, left, is_open, single, taken, .. } = start;
        let Start { intake, lasts, keeps_positions, metrics, supervisor, .. } = start;
        let is_replayable = keeps_positions && source.is_replayable();
        if !positions.is_empty() {
            changed::tell(&source.resume(positions)?);
        }
        source.open(&mut *wait)?;
        let now = wait.now();
        let time = time.max(taken);
        let mut times = match single {
            Some(single) => Times::once(now, time, single),
            None => Times::new(settings.interval, now, time),
        };
        let passed = times.begin(left.filter(|_| single.is_none()));
        Ok(Cursor {
            source,
            wait,
            was_read: is_open || times.open() == now,
            is_live: false,
            times,
            rate: settings.max_rate.map(|rate| Rate::new(rate, now)),
            stop,
            reader,
            once: settings.once,
            end: settings.duration.map_or(Stamp::NEVER, |span| now.after(span)),
            batches: settings.batches.unwrap_or(u64::MAX),
            done: false,
            ended: false,
            lasts,
            is_replayable,
            intake,
            next_number: reached.chunks,
            mark: reached.mark,
            moved: 0,
            folded: Mark::default(),
            committed: Mark::default(),
            has_records: is_open,
            passed,
            overslept: Duration::ZERO,
            silent: 0,
            says_silent: settings.says_silent,
            noted: now,
            metrics,
            supervisor,
        })
    }

    /// The Time of the batch that is open.
    pub fn open_time(&self) -> Stamp {
        self.times.open()
    }

    /// The number of the chunk that is read next.
    pub fn next_number(&self) -> u64 {
        self.next_number
    }

    /// Takes the next number for a chunk that is not read, but what serial steps had left at a batch's end.
    pub fn take_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// Reads into `chunk`, or finds that something else is to be done.
    pub fn next(&mut self, chunk: &mut Chunk, bad: &BadLog) -> Result<Next, Error> {
        if self.done {
            return Ok(Next::Done);
        }
        self.logged()?;
        self.supervisor.beat();
        if self.stop.take_reopen() {
            return Ok(Next::Reopen);
        }
        if self.has_records && self.lasts && self.times.is_bare() {
            // What has come at once is a batch, or nothing would ever be recorded.
            return Ok(Next::Close { last: false });
        }
        let now = self.wait.now();
        let is_left = self.reader.closes_batch && self.reader.has_gone();
        if self.stop.is_asked() || is_left {
            return self.stopped(chunk, bad, now);
        }
        if now >= self.end && !self.intake.is_behind()? {
            return Ok(Next::Close { last: true });
        }
        if self.intake.unasked().is_some_and(|since| now.since(since) > OWED) {
            // So much comes that there may be no moment in which nothing does.
            self.sync_beside();
        }
        if let Some(next) = self.turn(now)? {
            return Ok(next);
        }
        let until = self.deadline().min(self.end).min(bad.say(now));
        self.read_on(chunk, bad, now, until)
    }

    /// What is to be done once the end was asked for, or the reader of stdout has gone.
    fn stopped(&mut self, chunk: &mut Chunk, bad: &BadLog, now: Stamp) -> Result<Next, Error> {
        if self.lasts {
            return Ok(Next::Leave);
        }
        if self.was_read || !self.has_deadlines() {
            return Ok(Next::Close { last: true });
        }
        // The open batch was not measured yet: it has what is at hand.
        self.times.pass(now);
        self.read_on(chunk, bad, now, now)
    }

    fn read_on(
        &mut self,
        chunk: &mut Chunk,
        bad: &BadLog,
        now: Stamp,
        until: Stamp,
    ) -> Result<Next, Error> {
        let is_owed = self.intake.unasked().is_some();
        match self.read(chunk, now, if is_owed { now } else { until })? {
            Read::Idle if is_owed => {
                // Who could send something more waits for us, it seems: so nobody is faster than this.
                self.sync_idly()?;
                Ok(Next::Idle)
            }
            Read::Rows => {
                bad.take(&mut chunk.bad)?;
                self.number(chunk);
                if self.intake.unasked().is_some() && self.source.lone_waits() {
                    // Before it is folded, which nobody can foresee the length of.
                    self.sync_idly()?;
                } else if chunk.len() > LONG || !self.tells(Stage::Logged) {
                    self.sync_beside();
                }
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

    /// True if batches end by the clock.
    fn has_deadlines(&self) -> bool {
        !self.once && !self.times.is_bare()
    }

    /// When the open batch ends.
    fn deadline(&self) -> Stamp {
        if self.has_deadlines() { self.times.open() } else { Stamp::NEVER }
    }

    /// What is to be done before anything is read, because time has passed.
    fn turn(&mut self, now: Stamp) -> Result<Option<Next>, Error> {
        if let Some(passed) = self.passed.take() {
            return Ok(Some(Next::Pass { passed, overslept: Duration::ZERO, is_start: true }));
        }
        if !self.has_deadlines() {
            return Ok(None);
        }
        // What was read by the last run belongs to the batches in which it was read.
        let logged = self.intake.time()?;
        let is_over = logged.map_or(now >= self.times.open(), |time| time > self.times.open());
        if !is_over {
            return Ok(None);
        }
        if self.was_read {
            return Ok(Some(Next::Close { last: false }));
        }
        let passed = match logged {
            Some(time) => self.times.pass_to(time),
            None => self.times.pass(now),
        };
        let overslept = std::mem::take(&mut self.overslept);
        Ok(passed.map(|passed| {
            if self.is_live {
                self.metrics.late_batches.add(passed.count);
            }
            Next::Pass { passed, overslept, is_start: !self.is_live }
        }))
    }

    fn read(&mut self, chunk: &mut Chunk, now: Stamp, until: Stamp) -> Result<Read, Error> {
        self.was_read = true;
        if self.intake.again(chunk)? {
            return Ok(Read::Rows);
        }
        self.is_live = true;
        chunk.mark = self.intake.next(self.mark);
        let read = self.read_source(chunk, now, until)?;
        if let Some(extent) = self.source.extent() {
            self.metrics.extent.set(extent);
        }
        let now = self.wait.now();
        if now.since(self.noted) >= standing::SECOND {
            self.noted = now;
            standing::note(&*self.source, &self.metrics);
        }
        let overslept = now.since(until);
        if overslept > self.times.interval() {
            self.overslept = overslept;
        }
        match read {
            Read::Rows if chunk.is_empty() => chunk.mark = self.mark,
            Read::Rows => self.intake.take(chunk, self.times.open(), now)?,
            _ => {}
        }
        Ok(read)
    }

    /// Nothing can be read meanwhile, it seems: has the log synced, and tells who waits for that.
    fn sync_idly(&mut self) -> Result<(), Error> {
        self.intake.sync_idly()?;
        self.logged()
    }

    /// Whoever has the cursor turns to something that may take long: has the log synced beside that.
    pub fn sync_beside(&mut self) {
        self.intake.ask();
    }

    fn read_source(&mut self, chunk: &mut Chunk, now: Stamp, until: Stamp) -> Result<Read, Error> {
        let Some(rate) = &mut self.rate else {
            return self.source.read(chunk, usize::MAX, &mut *self.wait, until);
        };
        match rate.allowed(now) {
            // Who waits for an answer is looked after meanwhile.
            0 if self.source.acknowledges().is_some() => {
                let until = rate.next().min(until);
                self.source.read(chunk, 0, &mut *self.wait, until)
            }
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
        chunk.set_number(self.next_number);
        self.next_number += 1;
        chunk.time = match self.times.is_bare() {
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
        self.folded(self.mark)?;
        self.source.reached(Stage::Closed, self.mark)?;
        if planted(Bug::ReleaseBeforeRecord) {
            self.intake.release(self.mark)?;
        }
        let now = self.wait.now();
        let time = self.times.close(now);
        self.intake.end_batch()?;
        self.batches -= 1;
        self.metrics.batches.add(1);
        self.done = last || self.batches == 0;
        self.note_silence();
        let flushes = match (self.done, self.ended) {
            (true, true) => Some(Flush::Ended),
            (true, false) if !self.lasts => Some(Flush::Stopped),
            _ => None,
        };
        standing::note(&*self.source, &self.metrics);
        let is_on_time = now.since(time) < self.times.interval();
        Ok(Closed { time, is_on_time, reached: self.take_moves(), flushes })
    }

    /// Ends the run and leaves the open batch to the next one. If it is not in the log, and cannot be
    /// read again: its Time and where its input ends, for it to be recorded. What can be read again has
    /// not moved, for all that is recorded.
    pub fn leave(&mut self) -> Result<Option<(Stamp, Reached)>, Error> {
        self.done = true;
        let is_kept = self.intake.leave()? || self.is_replayable;
        Ok((self.has_records && !is_kept).then(|| (self.times.open(), self.reached())))
    }

    /// True if nothing is lost when the run ends and leaves what it has read to the next one, unrecorded: it is read
    /// again. Without a checkpoint nothing is recorded.
    pub fn is_read_again(&self) -> bool {
        !self.lasts || self.is_replayable || self.intake.is_logging()
    }

    /// How far the input has been read. What has moved stays with the source until a batch is closed.
    pub fn reached(&mut self) -> Reached {
        let (mark, wal, chunks) = (self.mark, self.intake.lsn(), self.next_number);
        let (moved, clock, moves) = (self.moved, self.wait.now(), Positions::new());
        Reached { mark, wal, chunks, clock, moved, moves }
    }

    /// The same, with what has moved: whoever has it must record it, since the source does not note it a
    /// second time.
    pub fn take_moves(&mut self) -> Reached {
        let mut moves = Positions::new();
        if self.is_replayable {
            self.source.moved(&mut |part, position| moves.push((part.to_vec(), position.to_vec())));
        }
        self.moved += moves.len() as u64;
        Reached { moves, ..self.reached() }
    }

    fn note_silence(&mut self) {
        self.was_read = false;
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

    /// True if the source tells its peers when records have reached this stage.
    pub fn tells(&self, stage: Stage) -> bool {
        self.source.acknowledges() == Some(stage)
    }

    /// Tells the source that all records up to `mark` are folded.
    pub fn folded(&mut self, mark: Mark) -> Result<(), Error> {
        if mark <= self.folded {
            return Ok(());
        }
        self.folded = mark;
        self.source.reached(Stage::Folded, mark)
    }

    /// Has peers told of all that the log has: to be called where the cursor is held while a report is
    /// waited for, which nobody can foresee the length of.
    pub fn confirm(&mut self) -> Result<(), Error> {
        if !self.tells(Stage::Logged) {
            return Ok(());
        }
        self.intake.sync()?;
        self.logged()
    }

    /// The run is over, and all that is recorded is told: nothing more will come to the log.
    pub fn tidy(&mut self) -> Result<(), Error> {
        self.intake.tidy()
    }

    /// The run is over: lets the source part from its peers.
    pub fn part(&mut self) {
        self.source.close(&mut *self.wait);
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

    /// Tells the source what is in the log.
    pub fn logged(&mut self) -> Result<(), Error> {
        match self.intake.news()? {
            Some(mark) => self.source.reached(Stage::Logged, mark),
            None => Ok(()),
        }
    }
}
