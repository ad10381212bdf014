//! What happens in order: serial steps, records as they come, and batches on their way out.
//!
//! With an aggregate, a batch is written when it has ended. Without one, its records are written as
//! they come: whoever has chunk n waits until chunk n - 1 is out, so records keep their order
//! whatever the workers do. Serial steps take chunks by the same turn, and so does state that gives
//! a result for each record. Text is written in large pieces; each batch, and each chunk of records,
//! is out completely before the next thing is begun.
//!
//! With a checkpoint, text is gathered instead, and each moment at which something was taken in, has
//! left or was reported is a record of its own: [`super::ledger`].

use std::time::Duration;

use super::input::times::Passed;
use super::kept::{Keeper, Tick};
use super::ledger::Way;
use crate::agg::{Pane, StateStore};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::engine::input::cursor::{Closed, Reached};
use crate::error::Error;
use crate::format::{Format, Rows};
use crate::process::signal::Stop;
use crate::report::changed::Changes;
use crate::report::{Collector, Report, Selection, Sort};
use crate::step::Step;

/// As much text as this is written at once.
const LARGE: usize = 64 << 10;

/// How reports become text.
pub struct Output {
    pub(super) parts: Parts,
    text: Vec<u8>,
    /// True once the open batch is begun.
    pub(super) begun: bool,
    /// How many rows of it have been written.
    pub(super) batch_rows: u64,
    /// The chunk whose turn it is.
    pub(super) turn: u64,
    /// How many rows were in the batches before it.
    rows: u64,
}

/// What an [`Output`] is made of.
pub struct Parts {
    pub format: Box<dyn Format>,
    pub way: Way,
    pub selection: Selection,
    /// How many values a row has.
    pub width: usize,
    pub skip_empty: bool,
    /// True for `--interval 0`: there are no batches.
    pub bare: bool,
    /// The first serial step and all after it.
    pub serial: Vec<Box<dyn Step>>,
    /// True if there is no aggregate: rows are written as they come.
    pub writes_records: bool,
    /// What is kept from batch to batch.
    pub kept: Option<Keeper>,
    /// Compares each report with the one before.
    pub changes: Option<Changes>,
}

impl Output {
    /// Makes the way out.
    pub fn new(parts: Parts) -> Output {
        Output { parts, text: Vec::new(), begun: false, batch_rows: 0, turn: 0, rows: 0 }
    }

    /// True if chunks have to come here by turn.
    pub fn takes_chunks(&self) -> bool {
        self.parts.writes_records || self.parts.bare || !self.parts.serial.is_empty()
    }

    /// True if windows are reported.
    pub fn has_window(&self) -> bool {
        self.parts.kept.as_ref().is_some_and(|kept| kept.window().is_some())
    }

    /// The number of the chunk that is to be written next.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// How many rows have been reported.
    pub fn rows(&self) -> u64 {
        self.rows + self.batch_rows
    }

    /// Takes a chunk whose turn it is through the serial steps, and writes it if records are.
    pub fn take(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.turn += 1;
        self.pass_on(chunk, 0)
    }

    /// Ends the batch for the serial steps; `fold` takes in what they still had.
    pub fn finish(&mut self, mut fold: impl FnMut(&mut Chunk)) -> Result<(), Error> {
        for index in 0..self.parts.serial.len() {
            let mut chunk = Chunk::default();
            chunk.number = self.turn;
            self.parts.serial[index].finish(&mut chunk)?;
            self.pass_on(&mut chunk, index + 1)?;
            fold(&mut chunk);
        }
        Ok(())
    }

    fn pass_on(&mut self, chunk: &mut Chunk, from: usize) -> Result<(), Error> {
        for step in &mut self.parts.serial[from..] {
            step.apply(chunk)?;
        }
        match (self.parts.writes_records, self.parts.bare) {
            (true, _) => self.records(chunk),
            (false, true) => self.results(chunk),
            (false, false) => Ok(()),
        }
    }

    /// Takes each record of a chunk into what is kept, and writes its result.
    fn results(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let Some(kept) = &mut self.parts.kept else { return Ok(()) };
        let all = Selection { top: None, ascending: false, sort: Sort::First, shown: usize::MAX };
        let mut report = all.collector(self.parts.width);
        match &mut self.parts.way {
            Way::Straight(_) => kept.kept().each(chunk, &mut report, None)?,
            Way::Recorded(ledger) => {
                let mut note = |key: &[u8], held: Option<&[u8]>| ledger.note(key, held);
                kept.kept().each(chunk, &mut report, Some(&mut note))?;
            }
        }
        let report = report.finish();
        if report.is_empty() {
            return Ok(());
        }
        self.begin(chunk.time)?;
        self.pieces(&report)
    }

    fn records(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.cut();
        if chunk.keys.is_empty() {
            return Ok(());
        }
        if !self.begun {
            self.begin(chunk.time)?;
        }
        self.batch_rows += chunk.keys.len() as u64;
        self.parts.format.rows(&mut self.text, Rows::Chunk(chunk));
        if self.parts.bare { self.end() } else { self.flush() }
    }

    /// Takes a batch that has ended, and writes the reports that are due with it; `pane` holds what it
    /// came to, if there is an aggregate.
    pub fn close(&mut self, closed: &Closed, pane: Option<Box<dyn Pane>>) -> Result<(), Error> {
        self.take_batch(closed, pane)?;
        match &mut self.parts.way {
            Way::Recorded(ledger) if closed.flushes.is_some() => ledger.tidy_all(),
            _ => Ok(()),
        }
    }

    /// The run begins, and all that was owed is out.
    pub fn relieve(&mut self, stop: &Stop) -> Result<(), Error> {
        match &mut self.parts.way {
            Way::Recorded(ledger) => ledger.relieve(|| stop.is_asked()),
            Way::Straight(_) => Ok(()),
        }
    }

    /// Tidies up what is nearly over, because the run ends in order.
    pub fn tidy_rest(&mut self) -> Result<(), Error> {
        match &mut self.parts.way {
            Way::Recorded(ledger) => ledger.tidy_rest(),
            Way::Straight(_) => Ok(()),
        }
    }

    fn take_batch(&mut self, closed: &Closed, pane: Option<Box<dyn Pane>>) -> Result<(), Error> {
        if self.parts.bare {
            return self.commit(closed.time, &closed.reached);
        }
        match (self.parts.kept.take(), pane) {
            (Some(mut kept), Some(pane)) => {
                kept.close(closed, pane, |kept, tick| self.tick(kept, tick, &closed.reached))?;
                self.parts.kept = Some(kept);
            }
            (_, pane) => self.alone(closed.time, &pane, &closed.reached)?,
        }
        Ok(())
    }

    /// Lets batches pass in which nobody has read: the windows that were due meanwhile are reported.
    pub fn pass(&mut self, passed: &Passed, reached: &Reached) -> Result<(), Error> {
        let Some(mut kept) = self.parts.kept.take() else { return Ok(()) };
        let Passed { from, until, .. } = *passed;
        kept.pass(from, until, |kept, tick| self.tick(kept, tick, reached))?;
        self.parts.kept = Some(kept);
        Ok(())
    }

    /// Leaves the open batch to the next start: what it has come to is recorded, and nothing is out.
    pub fn leave(
        &mut self,
        time: Stamp,
        pane: Option<Box<dyn Pane>>,
        reached: &Reached,
    ) -> Result<(), Error> {
        self.flush()?;
        match &mut self.parts.way {
            Way::Straight(_) => Ok(()),
            Way::Recorded(ledger) => ledger.leave(time, pane.as_deref(), self.batch_rows, reached),
        }
    }

    /// How many keys are kept, if any are.
    pub fn keys(&mut self) -> Option<usize> {
        self.parts.kept.as_mut().and_then(|keeper| keeper.kept().keys())
    }

    /// What took longest on the way out since this was asked last.
    pub fn slowest(&mut self) -> Option<(&str, Duration)> {
        self.parts.way.outputs().slowest()
    }

    /// Records where the stream begins.
    pub fn start(&mut self, reached: &Reached) -> Result<(), Error> {
        match &mut self.parts.way {
            Way::Straight(_) => Ok(()),
            Way::Recorded(ledger) => ledger.start(reached),
        }
    }

    /// Reports a batch that stands alone.
    fn alone(
        &mut self,
        time: Stamp,
        pane: &Option<Box<dyn Pane>>,
        reached: &Reached,
    ) -> Result<(), Error> {
        if let (Way::Recorded(ledger), Some(pane)) = (&mut self.parts.way, pane) {
            // Of nothing the next report may be told apart.
            ledger.pane(time, &**pane, self.parts.changes.is_some())?;
        }
        self.batch(time, |report| pane.as_ref().map_or(Ok(()), |pane| pane.report(report)))?;
        self.commit(time, reached)
    }

    /// Takes in what there is at a moment, and reports if that is due.
    fn tick(
        &mut self,
        kept: &mut dyn StateStore,
        tick: Tick,
        reached: &Reached,
    ) -> Result<(), Error> {
        let Tick { time, pane, began, reports } = tick;
        match &mut self.parts.way {
            Way::Straight(_) => {
                began.map_or(Ok(()), |began| kept.absorb(began, None, None))?;
                kept.absorb(time, pane, None)?;
            }
            Way::Recorded(ledger) => {
                if let (true, Some(pane)) = (ledger.has_window(), &pane) {
                    ledger.pane(time, &**pane, false)?;
                }
                let mut note = |key: &[u8], held: Option<&[u8]>| ledger.note(key, held);
                began.map_or(Ok(()), |began| kept.absorb(began, None, Some(&mut note)))?;
                kept.absorb(time, pane, Some(&mut note))?;
            }
        }
        if reports {
            self.batch(time, |report| kept.report(report))?;
        }
        self.commit(time, reached)
    }

    /// Makes it last, if there is a checkpoint: what was noted since the last call, and the text.
    fn commit(&mut self, time: Stamp, reached: &Reached) -> Result<(), Error> {
        match &mut self.parts.way {
            Way::Straight(_) => Ok(()),
            Way::Recorded(ledger) => ledger.commit(time, reached),
        }
    }

    /// Writes a report; `offer` offers its rows.
    pub(super) fn batch(
        &mut self,
        time: Stamp,
        offer: impl FnOnce(&mut Collector) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut report = self.parts.selection.collector(self.parts.width);
        offer(&mut report)?;
        let mut report = report.finish();
        if let Some(changes) = &mut self.parts.changes {
            report = changes.of(report);
        }
        if self.parts.skip_empty && report.is_empty() && !self.begun {
            return Ok(());
        }
        if !self.begun {
            self.begin(time)?;
        }
        self.pieces(&report)
    }

    /// Writes the rows of a report, and the batch's end.
    fn pieces(&mut self, report: &Report) -> Result<(), Error> {
        self.batch_rows += report.len() as u64;
        for piece in report.pieces() {
            self.parts.format.rows(&mut self.text, Rows::Report(piece));
            if self.text.len() > LARGE {
                self.flush()?;
            }
        }
        self.end()
    }

    fn begin(&mut self, time: Stamp) -> Result<(), Error> {
        self.begun = true;
        self.parts.way.begin(time, self.parts.format.header())?;
        self.parts.format.begin(&mut self.text, time);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.begun = false;
        if !self.parts.bare {
            self.parts.format.end(&mut self.text);
        }
        self.flush()?;
        let rows = std::mem::take(&mut self.batch_rows);
        self.rows += rows;
        self.parts.way.end(rows)
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.parts.way.write(&self.text);
        self.text.clear();
        written
    }
}
