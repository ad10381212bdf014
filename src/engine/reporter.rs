//! What goes out in order: records as they come, and the reports of batches that have ended.
//!
//! ```text
//! chunk n ──────────────────────────> records, or each one's result
//! pane of a batch ──> store ──┐
//!   └─────────────────────────┴─────> report, when the schedule says so ──> renderer ──> delivery
//! ```
//!
//! With an aggregate, a batch is written when it has ended. Without one, its records are written as
//! they come: chunks are let in by turn, so records keep their order whatever the workers do. So does
//! state that gives a result for each record.
//!
//! Each moment at which something was taken in, has left or was reported is committed by itself.

use std::sync::Arc;
use std::time::Duration;

use super::delivery::Delivery;
use super::input::cursor::{Closed, Reached};
use super::input::times::Passed;
use super::renderer::Renderer;
use super::schedule::{Due, Schedule, Tick};
use super::{Settings, Stateful};
use crate::agg::{Aggregate, Note, Pane, StateStore};
use crate::chunk::Chunk;
use crate::clock::{Stamp, Stopwatch};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::metrics::batch::Tally;
use crate::process::signal::Stop;
use crate::say::note;
use crate::units::show_duration;
use crate::window::Window;

/// Makes reports, and hands them out.
pub struct Reporter {
    renderer: Renderer,
    writes: Writes,
    /// What is kept of many batches, and when it is reported.
    history: Option<History>,
    delivery: Box<dyn Delivery>,
    /// Once it is asked, nothing is reported any more that was due before.
    stop: Arc<Stop>,
    /// True once windows were left to the next start: what is recorded before them would have them pass.
    leaves: bool,
    /// True if it was said that windows are partial, or is not to be.
    told: bool,
    /// Measures batches, if somebody looks.
    tally: Tally,
}

/// What is written, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// The records themselves, as they come.
    Records,
    /// What each record changes, as it comes: `--interval 0`.
    Results,
    /// Reports of batches that have ended.
    Reports,
}

/// What is kept of many batches, and when it is reported.
pub struct History {
    /// What is kept.
    pub store: Box<dyn StateStore>,
    /// When something is due.
    pub schedule: Schedule,
}

impl History {
    /// Keeps what `stateful` says of an aggregate, for a stream that began at `began`; if it `lasts`,
    /// it can be noted down as it changes.
    pub fn new(
        stateful: &Stateful,
        aggregate: &dyn Aggregate,
        began: Stamp,
        lasts: bool,
        settings: &Settings,
    ) -> History {
        let store = aggregate.store(&stateful.retention, stateful.changes, lasts);
        let schedule = Schedule::new(stateful, began, settings.interval, settings.once);
        History { store, schedule }
    }
}

impl Reporter {
    /// Makes it; if it is for `once`, of partial windows nothing is said.
    pub fn new(
        renderer: Renderer,
        writes: Writes,
        history: Option<History>,
        delivery: Box<dyn Delivery>,
        stop: Arc<Stop>,
        once: bool,
    ) -> Reporter {
        let tally = Tally::default();
        Reporter { renderer, writes, history, delivery, stop, leaves: false, told: once, tally }
    }

    /// True if chunks have to come here, by turn.
    pub fn takes_chunks(&self) -> bool {
        self.writes != Writes::Reports
    }

    /// True if windows are reported.
    pub fn has_window(&self) -> bool {
        self.window().is_some()
    }

    /// What took longest on the way out since this was asked last.
    pub fn slowest(&mut self) -> Option<(&str, Duration)> {
        self.delivery.slowest()
    }

    /// Writes the records of a chunk whose turn it is, or what each of them changes.
    pub fn take(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        match self.writes {
            Writes::Records => self.renderer.records(chunk, &mut *self.delivery),
            Writes::Results => self.results(chunk),
            Writes::Reports => Ok(()),
        }
    }

    /// Takes a batch that has ended, and writes the reports that are due with it; `pane` holds what it
    /// came to, if there is an aggregate.
    pub fn close(&mut self, closed: &Closed, pane: Option<Box<dyn Pane>>) -> Result<(), Error> {
        let (time, reached) = (closed.time, &closed.reached);
        match pane {
            _ if self.renderer.is_bare() => self.delivery.commit(time, reached)?,
            Some(pane) if self.history.is_some() => self.kept(closed, pane)?,
            pane => self.alone(time, pane.as_deref(), reached)?,
        }
        if closed.flushes.is_some() {
            self.delivery.tidy_all()?;
        }
        Ok(())
    }

    /// Measures a batch that is closed, before the next one is read, if somebody looks. That has begun so much
    /// later than it was due, when `watch` was started.
    pub fn measure(&mut self, metrics: &Metrics, delay: Duration, watch: Stopwatch) {
        if !self.renderer.viewers.is_empty() {
            self.tally.close(metrics, delay, watch);
        }
    }

    /// The batch of `time` is out: shows it to whoever looks.
    pub fn show(&mut self, metrics: &Metrics, time: Stamp) {
        let keys = self.history.as_ref().and_then(|history| history.store.keys());
        if let Some(batch) = self.tally.out(metrics, time, keys.map(|keys| keys as u64)) {
            self.renderer.viewers.batch(&batch);
        }
    }

    /// Lets batches pass in which nobody has read: the windows that were due meanwhile are reported.
    pub fn pass(&mut self, passed: &Passed, reached: &Reached) -> Result<(), Error> {
        let Some(history) = &self.history else { return Ok(()) };
        let mut ticks = history.schedule.pass(passed.from, passed.until);
        while !self.stop.is_asked() {
            let Some(history) = &mut self.history else { return Ok(()) };
            let tick = ticks.next(|at| history.holds(at))?;
            let Some(tick) = tick else { return history.store.absorb(passed.until, None, None) };
            self.tick(tick, None, reached)?;
        }
        self.leaves = self.delivery.takes_notes();
        Ok(())
    }

    /// True once nothing more is to be recorded: the next start has more to report before it.
    pub fn leaves(&self) -> bool {
        self.leaves
    }

    /// Leaves the open batch to the next start: what it has come to is recorded, and nothing is out.
    pub fn leave(
        &mut self,
        time: Stamp,
        pane: Option<Box<dyn Pane>>,
        reached: &Reached,
    ) -> Result<(), Error> {
        self.renderer.flush(&mut *self.delivery)?;
        self.delivery.leave(time, pane.as_deref(), self.renderer.batch_rows(), reached)
    }

    /// Opens the files of outputs anew.
    pub fn reopen(&mut self) -> Result<(), Error> {
        self.delivery.reopen()
    }

    /// Tidies up what is nearly over, because the run ends in order.
    pub fn tidy_rest(&mut self) -> Result<(), Error> {
        self.delivery.tidy_rest()
    }

    fn window(&self) -> Option<&Window> {
        self.history.as_ref().and_then(|history| history.schedule.window())
    }

    /// Takes each record of a chunk into what is kept, and writes what it changes.
    fn results(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let Some(history) = &mut self.history else { return Ok(()) };
        self.renderer.results(chunk.time, &mut *self.delivery, |report, delivery| {
            noting(delivery, |note| history.store.each(chunk, report, note))
        })
    }

    /// Reports a batch that stands alone.
    fn alone(
        &mut self,
        time: Stamp,
        pane: Option<&dyn Pane>,
        reached: &Reached,
    ) -> Result<(), Error> {
        match pane {
            Some(pane) => {
                // Of nothing the next report may be told apart.
                self.delivery.pane(time, pane, self.renderer.compares())?;
                self.renderer.report(time, &mut *self.delivery, |report| pane.report(report))?;
            }
            None => self.renderer.end_records(time, &mut *self.delivery)?,
        }
        self.delivery.commit(time, reached)
    }

    /// Takes a batch into what is kept.
    fn kept(&mut self, closed: &Closed, pane: Box<dyn Pane>) -> Result<(), Error> {
        let Some(history) = &self.history else { return Ok(()) };
        let Closed { time, flushes, ref reached, .. } = *closed;
        let (mut ticks, mut pane) =
            (history.schedule.close(time, flushes, reached.clock), Some(pane));
        while let Some(history) = &mut self.history {
            let Some(tick) = ticks.next(|at| history.holds(at))? else { break };
            self.tick(tick, pane.take_if(|_| tick.ends_batch), reached)?;
        }
        Ok(())
    }

    /// Takes in what there is at a moment, and reports if that is due.
    fn tick(
        &mut self,
        tick: Tick,
        pane: Option<Box<dyn Pane>>,
        reached: &Reached,
    ) -> Result<(), Error> {
        let reports = self.reports(tick.due);
        let Some(History { store, schedule }) = &mut self.history else { return Ok(()) };
        let delivery = &mut *self.delivery;
        if let (Some(pane), Some(_)) = (&pane, schedule.window()) {
            delivery.pane(tick.time, &**pane, false)?;
        }
        let steps = tick.began.map(|began| (began, None)).into_iter().chain([(tick.time, pane)]);
        for (time, pane) in steps {
            noting(delivery, |note| store.absorb(time, pane, note))?;
        }
        if reports {
            self.renderer.report(tick.time, delivery, |report| store.report(report))?;
        }
        delivery.commit(tick.time, reached)
    }

    /// True if something is due; says what is unusual about it.
    fn reports(&mut self, due: Due) -> bool {
        match due {
            Due::Partial if !self.told => {
                self.told = true;
                let length = self.window().map_or(Duration::ZERO, |window| window.length());
                note(&format!(
                    "the first windows are partial, as the stream began less than {} ago; \
                     --skip-partial leaves them out",
                    show_duration(length)
                ));
            }
            Due::Early(left) if !self.told => {
                // Whole seconds, unless that is nothing.
                let left =
                    Duration::from_secs(left.as_secs()).max(left.min(Duration::from_secs(1)));
                let left = show_duration(left);
                note(&format!("the last window is partial: it is printed {left} before it is due"));
            }
            _ => {}
        }
        due != Due::Nothing
    }
}

/// Has `act` note what changes, if the delivery takes that down.
fn noting<T>(delivery: &mut dyn Delivery, act: impl FnOnce(Option<&mut Note<'_>>) -> T) -> T {
    let takes_notes = delivery.takes_notes();
    let mut note = |key: &[u8], held: Option<&[u8]>| delivery.note(key, held);
    act(if takes_notes { Some(&mut note) } else { None })
}

impl History {
    /// True if something is held when time has passed to `at`, or is now.
    fn holds(&mut self, at: Option<Stamp>) -> Result<bool, Error> {
        at.map_or(Ok(()), |at| self.store.absorb(at, None, None))?;
        Ok(self.store.holds())
    }
}
