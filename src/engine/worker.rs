//! The workers: each takes a chunk from the cursor, applies the steps, folds or writes the rows; and
//! whoever finds that the batch is over closes it.
//!
//! Locks are taken in the order cursor, serial steps, then reporter or fold; nobody takes the cursor while
//! holding another.

mod attending;
mod pace;
mod status;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use mio::Waker;
use status::Status;

use super::bad::BadLog;
use super::input::cursor::{Cursor, Next, Reached};
use super::input::serial::Serial;
use super::input::syncing::Syncing;
use super::input::times::Passed;
use super::input::under_way::UnderWay;
use super::lateness::Lateness;
use super::opening::Ready;
use super::reporter::Reporter;
use super::turns::{Held, InTurn};
use crate::agg::{Aggregate, Fold, Pane};
use crate::chunk::{Chunk, Mark};
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::metrics::{Counter, Metrics};
use crate::process::supervisor::Supervisor;
use crate::source::Stage;
use crate::step::Step;
use crate::units::counted;
use attending::{Attending, EVERY};
use pace::Pace;

/// What the workers share.
pub struct Engine {
    cursor: Mutex<Cursor>,
    /// Syncs the log of the input, if there is one and a thread for it.
    syncing: Option<Arc<Syncing>>,
    /// The steps that workers copy: all before the first serial one.
    steps: Mutex<Vec<Box<dyn Step>>>,
    /// The steps that chunks pass by turn.
    serial: Option<InTurn<Serial>>,
    /// True if chunks pass through the reporter by turn.
    is_ordered: bool,
    /// What chunks pass by turn to be folded, if the aggregate must see them in their order.
    folding: Option<InTurn<()>>,
    /// True if how long a chunk takes says something of the next one.
    is_steady: bool,
    /// True if something is due also while nothing is read.
    has_window: bool,
    aggregate: Option<Arc<dyn Aggregate>>,
    /// Each worker's part of the open batch; without an aggregate there are none.
    folds: Vec<Mutex<Box<dyn Fold>>>,
    reporter: InTurn<Reporter>,
    bad: BadLog,
    /// The chunks between cursor and fold, or output.
    under_way: UnderWay,
    /// True if somebody waits to be told that what he has sent is folded.
    tells_folded: bool,
    /// Looks after those who wait for an answer while all workers are busy, if there may be any.
    attending: Option<Attending>,
    /// How far the batches that are out reach.
    committed: AtomicU64,
    /// True once a worker has failed: nobody waits for its chunk any more.
    failed: Arc<AtomicBool>,
    waker: Arc<Waker>,
    lateness: Lateness,
    /// Runs as long as the engine does.
    watch: Stopwatch,
    metrics: Arc<Metrics>,
    status: Status,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A worker that panicked ends the run with its panic; until then the others may look.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Makes an engine of parts that are ready to run, with so many workers, under a manager.
    pub fn new(ready: Ready, threads: usize, supervisor: Arc<Supervisor>) -> Engine {
        let Ready { cursor, syncing, steps, serial, aggregate, reporter, .. } = ready;
        let (next, failed) = (cursor.next_number(), Arc::default());
        // With one worker, whoever has folded asks next what is to be done, and tells it then.
        let tells_folded = cursor.tells(Stage::Folded) && threads > 1;
        let attending = cursor.has_waiting().then(Attending::default);
        let is_serial = aggregate.as_ref().is_some_and(|aggregate| aggregate.is_serial());
        let fold = |worker| aggregate.iter().map(move |a| Mutex::new(Arc::clone(a).fold(worker)));
        Engine {
            cursor: Mutex::new(cursor),
            syncing,
            is_steady: steps.iter().all(|step| step.is_steady()),
            steps: Mutex::new(steps),
            serial: serial.map(|serial| InTurn::new(serial, next, &failed)),
            is_ordered: reporter.takes_chunks(),
            folding: is_serial.then(|| InTurn::new((), next, &failed)),
            has_window: reporter.has_window(),
            folds: (0..threads).flat_map(fold).collect(),
            aggregate,
            reporter: InTurn::new(reporter, next, &failed),
            bad: ready.bad,
            under_way: UnderWay::default(),
            tells_folded,
            attending,
            committed: AtomicU64::new(0),
            failed,
            waker: ready.waker,
            lateness: ready.lateness,
            watch: Stopwatch::start(),
            metrics: ready.metrics,
            status: Status::new(supervisor),
        }
    }

    /// Runs so many workers until all are done; the first error is the result.
    pub fn run(&self, threads: usize) -> Result<(), Error> {
        let result = std::thread::scope(|scope| {
            if let Some(syncing) = &self.syncing {
                scope.spawn(|| syncing.run(|| self.synced()));
            }
            let _end = self.syncing.as_ref().map(|syncing| syncing.until_dropped());
            let attended = self
                .attending
                .as_ref()
                .map(|attending| scope.spawn(|| self.or_failed(attending.run(|| self.attend()))));
            let left = self.attending.as_ref().map(|attending| attending.until_dropped());
            let others: Vec<_> =
                (1..threads).map(|worker| scope.spawn(move || self.work(worker))).collect();
            let first = self.work(0);
            let joined = others.into_iter().map(|other| match other.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            // All are joined before the first error is chosen.
            let result = joined.collect::<Vec<_>>().into_iter().fold(first, Result::and);
            drop(left);
            let attended = attended.map_or(Ok(Ok(())), ScopedJoinHandle::join);
            result.and(attended.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        self.lateness.say_rest();
        self.bad.say_all();
        let mut cursor = lock(&self.cursor);
        let told = result.and_then(|()| {
            cursor.say_lost();
            cursor.logged()?;
            cursor.committed(Mark(self.committed.load(Relaxed)))?;
            cursor.tidy()
        });
        cursor.part();
        told?;
        self.reporter.hold().tidy_rest()
    }

    /// More of the log is on the disk: says so, unless somebody holds the cursor, who is called to say it.
    fn synced(&self) -> Result<(), Error> {
        self.cursor.try_lock().map_or(Ok(()), |mut cursor| cursor.logged())
    }

    /// Nobody may have come by the cursor for a while: looks after those who wait for an answer.
    fn attend(&self) -> Result<(), Error> {
        self.cursor.try_lock().map_or(Ok(()), |mut cursor| cursor.attend(&self.bad))
    }

    /// What the run has done, in one line.
    pub fn summary(&self) -> String {
        let Metrics { records, bytes, bad, filtered, rows, late_batches, .. } = &*self.metrics;
        let counts = [records, bytes, bad, filtered, rows, late_batches].map(Counter::get);
        let [records, bytes, bad, filtered, rows, late] = counts;
        let [read, bytes, rows, late] =
            [(records, "record"), (bytes, "byte"), (rows, "row"), (late, "late batch")]
                .map(|(count, what)| counted(count, what));
        let seconds = self.watch.elapsed().as_secs_f64();
        let rate = records as f64 / seconds.max(1e-9);
        format!(
            "{read} read, {bad} bad, {filtered} filtered, {rows}, {late}; {bytes} in {seconds:.1} s, \
             {rate:.0} records a second"
        )
    }

    /// How far each partition was behind when the last batch ended, in one line; none if that is not known.
    pub fn behind(&self) -> Option<String> {
        let all = self.metrics.behind.get();
        let parts = all.iter().map(|(part, count)| format!("{part} {count}"));
        (!all.is_empty())
            .then(|| format!("records not read: {}", parts.collect::<Vec<_>>().join(", ")))
    }

    fn work(&self, worker: usize) -> Result<(), Error> {
        self.or_failed(self.work_until_done(worker))
    }

    /// Has all know of a failure.
    fn or_failed(&self, result: Result<(), Error>) -> Result<(), Error> {
        if result.is_err() {
            self.failed.store(true, Relaxed);
            // Whoever waits for a chunk, for its turn or for the source has to look again.
            self.under_way.wake();
            self.serial.iter().for_each(InTurn::wake);
            self.folding.iter().for_each(InTurn::wake);
            self.reporter.wake();
            let _ = self.waker.wake();
        }
        result
    }

    fn work_until_done(&self, worker: usize) -> Result<(), Error> {
        let mut steps: Vec<_> = lock(&self.steps).iter().map(|step| step.fork()).collect();
        let (mut chunk, mut pace, mut held) = (Chunk::default(), Pace::default(), None);
        loop {
            chunk.clear();
            let mut cursor = held.take().unwrap_or_else(|| lock(&self.cursor));
            if self.failed.load(Relaxed) {
                return Ok(());
            }
            self.noted(cursor.folded(self.under_way.folded()))?;
            self.noted(cursor.committed(Mark(self.committed.load(Relaxed))))?;
            let next = cursor.next(&mut chunk, &self.bad);
            match self.noted(next)? {
                Next::Chunk => {
                    let mark = chunk.mark;
                    self.under_way.begin(mark);
                    if self.is_brief(&cursor, &chunk, pace) {
                        held = Some(cursor);
                    } else {
                        cursor.sync_beside();
                        drop(cursor);
                    }
                    let (watch, len) = (Stopwatch::start(), chunk.len());
                    self.process(worker, &mut steps, &mut chunk)?;
                    pace.note(len, watch.elapsed());
                    self.metrics.busy.add(watch.elapsed().as_micros() as u64);
                    if self.under_way.end(mark) && self.tells_folded && held.is_none() {
                        let _ = self.waker.wake();
                    }
                }
                Next::Idle => held = Some(cursor),
                Next::Close { last } => self.close(cursor, last)?,
                Next::Pass { passed, overslept, is_start } => {
                    let overslept = (!is_start).then_some(overslept);
                    self.pass(cursor, &passed, overslept)?;
                }
                Next::Reopen => self.reopen(cursor)?,
                Next::Leave => self.leave(cursor)?,
                Next::Done => return Ok(()),
            }
        }
    }

    /// True if a chunk is to be folded with the cursor in hand: somebody waits for an answer, and another worker would
    /// find nothing to read, or be woken, and wake us to answer, for longer than that takes.
    fn is_brief(&self, cursor: &Cursor, chunk: &Chunk, pace: Pace) -> bool {
        // Nobody may be waited for with the cursor in hand.
        let waits = self.serial.is_some() || self.folding.is_some() || self.is_ordered;
        let limit = || {
            if cursor.lone_waits() && self.under_way.is_one() {
                pace::BRIEF_ALONE
            } else {
                pace::BRIEF
            }
        };
        self.is_steady && !waits && cursor.has_waiting() && pace.time(chunk.len()) <= limit()
    }

    /// Takes a chunk through the steps, and into the fold or out.
    fn process(
        &self,
        worker: usize,
        steps: &mut [Box<dyn Step>],
        chunk: &mut Chunk,
    ) -> Result<(), Error> {
        self.metrics.records.add(chunk.count() as u64);
        self.metrics.bytes.add(chunk.bytes().len() as u64);
        let watch = Stopwatch::start();
        for step in steps {
            step.apply(chunk)?;
        }
        self.lateness.note(|| "the steps".to_string(), watch.elapsed());
        if let Some(serial) = &self.serial {
            let watch = Stopwatch::start();
            let take = &mut |part: &mut Chunk| self.take(worker, part, false);
            serial.pass(chunk.number, |steps| steps.apply(chunk, take))?;
            self.lateness.note(|| "the steps".to_string(), watch.elapsed());
        }
        self.take(worker, chunk, true)
    }

    /// Writes or folds what the steps have made of a chunk, or of a part of it that is not the last.
    fn take(&self, worker: usize, chunk: &mut Chunk, is_last: bool) -> Result<(), Error> {
        if self.is_ordered {
            let number = chunk.number;
            let act = |reporter: &mut Reporter| {
                let taken = reporter.take(chunk);
                self.note_slowest(reporter);
                taken
            };
            match is_last {
                true => self.reporter.pass(number, act)?,
                false => self.reporter.pass_part(number, act)?,
            }
        }
        self.fold(worker, chunk, is_last)?;
        self.metrics.filtered.add(chunk.filtered);
        if self.bad.take(&mut chunk.bad)? {
            // Whoever waits for input says it.
            let _ = self.waker.wake();
        }
        if !is_last {
            chunk.follow();
        }
        Ok(())
    }

    /// Folds what the steps have made of a chunk, or of a part of it that is not the last.
    fn fold(&self, worker: usize, chunk: &mut Chunk, is_last: bool) -> Result<(), Error> {
        let Some(own) = self.folds.get(worker) else { return Ok(()) };
        let Some(folding) = &self.folding else {
            lock(own).fold(chunk);
            return Ok(());
        };
        // One fold sees all.
        let (number, fold) = (chunk.number, &self.folds[0]);
        let act = |(): &mut ()| {
            lock(fold).fold(chunk);
            Ok(())
        };
        if is_last { folding.pass(number, act) } else { folding.pass_part(number, act) }
    }

    /// Has the reporter do something, unless the run has failed or leaves that to the next start; tells whether it
    /// was done.
    fn put(
        &self,
        mut reporter: Held<'_, Reporter>,
        act: impl FnOnce(&mut Reporter) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        if self.failed.load(Relaxed) || reporter.leaves() {
            return Ok(false);
        }
        self.noted(act(&mut reporter)).map(|()| true)
    }

    /// Notes a failure while the lock that it came under is held: whoever takes that lock next would
    /// go on past the failure, or take it for an end.
    fn noted<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.failed.store(true, Relaxed);
        }
        result
    }

    /// Waits for the chunks under way; false if the run has failed meanwhile.
    fn settle(&self, cursor: &mut Cursor) -> bool {
        cursor.sync_beside();
        let has_failed = || self.failed.load(Relaxed);
        self.under_way.settle(has_failed, EVERY, || self.attend_in(cursor))
    }

    /// Waits for the reporter, with the cursor in hand.
    fn reporter(&self, cursor: &mut Cursor) -> Held<'_, Reporter> {
        cursor.sync_beside();
        self.reporter.hold_or(EVERY, || self.attend_in(cursor))
    }

    /// Looks after those who wait for an answer while the cursor is held. What fails, fails again when something is
    /// read.
    fn attend_in(&self, cursor: &mut Cursor) {
        let _ = cursor.attend(&self.bad);
    }

    /// What the open batch has come to: takes the pane.
    fn pane(&self) -> Option<Box<dyn Pane>> {
        self.folds.iter().for_each(|fold| lock(fold).flush());
        self.aggregate.as_ref().map(|aggregate| Arc::clone(aggregate).close())
    }

    /// Closes the batch: waits for the chunks under way, takes the pane, lets the cursor go, reports.
    fn close(&self, mut cursor: MutexGuard<'_, Cursor>, last: bool) -> Result<(), Error> {
        let (began, watch) = (cursor.reached().clock, Stopwatch::start());
        if !self.settle(&mut cursor) {
            return Ok(());
        }
        self.finish_steps(&mut cursor)?;
        let closed = self.noted(cursor.close(last))?;
        self.noted(cursor.confirm())?;
        if closed.is_on_time {
            self.lateness.clear();
        }
        let pane = self.pane();
        let mut reporter = self.reporter(&mut cursor);
        reporter.measure(&self.metrics, began.since(closed.time), watch);
        drop(cursor);
        // What a report lacks is told before it, not beside it.
        self.bad.say(closed.reached.clock);
        let is_out = self.put(reporter, |reporter| {
            let watch = Stopwatch::start();
            let result = reporter.close(&closed, pane);
            self.note_slowest(reporter);
            self.lateness.note(|| "the report".to_string(), watch.elapsed() / 2);
            result.map(|()| reporter.show(&self.metrics, closed.time))
        })?;
        if is_out {
            // Another batch may have been out, and noted, between that and this.
            self.committed.fetch_max(closed.reached.mark.0, Relaxed);
            self.status.tell(closed.time, &self.metrics);
        }
        Ok(())
    }

    /// Has outputs open their files anew, whatever stands in the open batch.
    fn reopen(&self, mut cursor: MutexGuard<'_, Cursor>) -> Result<(), Error> {
        let reporter = self.reporter(&mut cursor);
        drop(cursor);
        self.put(reporter, Reporter::reopen)?;
        self.noted(self.bad.reopen())?;
        self.status.reopened();
        Ok(())
    }

    /// Ends the batch for the serial steps, and takes in what they still had.
    fn finish_steps(&self, cursor: &mut Cursor) -> Result<(), Error> {
        let Some(serial) = &self.serial else { return Ok(()) };
        let (number, time) = (cursor.take_number(), cursor.open_time());
        let watch = Stopwatch::start();
        let take = &mut |part: &mut Chunk| self.take(0, part, false);
        let finished = serial.pass(number, |steps| steps.finish(time, number, take));
        self.lateness.note(|| "the steps".to_string(), watch.elapsed());
        self.noted(finished)?;
        if let Some(folding) = &self.folding {
            folding.pass(number, |()| Ok(()))?;
        }
        match self.is_ordered {
            true => self.reporter.pass(number, |_| Ok(())),
            false => Ok(()),
        }
    }

    /// Notes which output has kept us longest.
    fn note_slowest(&self, reporter: &mut Reporter) {
        if let Some((what, took)) = reporter.slowest() {
            self.lateness.note(|| what.to_string(), took);
        }
    }

    /// Lets batches pass in which nobody has read, and says so unless that was before this run.
    fn pass(
        &self,
        mut cursor: MutexGuard<'_, Cursor>,
        passed: &Passed,
        overslept: Option<Duration>,
    ) -> Result<(), Error> {
        self.noted(cursor.confirm())?;
        let reached = cursor.reached();
        if let Some(overslept) = overslept {
            self.lateness.say(passed, overslept, reached.clock);
        }
        if !self.has_window {
            return Ok(());
        }
        let reporter = self.reporter(&mut cursor);
        // After a signal nothing is recorded any more, as windows may be left to the next start. What cannot be read
        // again then is not read meanwhile.
        let _unread = (!cursor.is_read_again()).then_some(cursor);
        let is_out = self.put(reporter, |reporter| {
            let passed = reporter.pass(passed, &reached);
            self.note_slowest(reporter);
            passed
        });
        is_out.map(drop)
    }

    /// Ends the run, and leaves the open batch to the next start.
    fn leave(&self, mut cursor: MutexGuard<'_, Cursor>) -> Result<(), Error> {
        if !self.settle(&mut cursor) {
            return Ok(());
        }
        let Some((time, reached)) = self.noted(cursor.leave())? else { return Ok(()) };
        self.finish_steps(&mut cursor)?;
        let reached = Reached { chunks: cursor.next_number(), ..reached };
        let pane = self.pane();
        let reporter = self.reporter(&mut cursor);
        drop(cursor);
        self.put(reporter, |reporter| reporter.leave(time, pane, &reached)).map(drop)
    }
}
