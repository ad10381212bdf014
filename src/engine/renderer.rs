//! Rows become text: reports of batches that have ended, and records as they come.
//!
//! Where an output needs the rows apart they become messages too, or instead; what is said of text here
//! holds of both. Text is handed over in large pieces; each batch, and each chunk of records, is out completely before
//! the next thing is begun.

use std::sync::Arc;
use std::time::Duration;

use super::delivery::Delivery;
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::Error;
use crate::format::{Format, Rows};
use crate::metrics::Metrics;
use crate::report::changed::Changes;
use crate::report::viewer::Viewers;
use crate::report::{Collector, Report, Selection, Sort};

/// As much text as this is written at once.
const LARGE: usize = 64 << 10;

/// Makes text of rows, by a format.
pub struct Renderer {
    layout: Layout,
    /// When the first batch of the stream began.
    began: Stamp,
    text: Vec<u8>,
    messages: Vec<u8>,
    /// True once the open batch is begun.
    is_begun: bool,
    /// How many rows of it have been written.
    batch_rows: u64,
    metrics: Arc<Metrics>,
    /// Who is shown the same, beside the outputs.
    pub viewers: Viewers,
}

/// Which rows are shown, and how.
pub struct Layout {
    /// Makes text of them, if an output takes that.
    pub text: Option<Box<dyn Format>>,
    /// Makes messages of them, if an output takes those.
    pub messages: Option<Box<dyn Format>>,
    /// Which rows of a report, and in which order.
    pub selection: Selection,
    /// How many values a row has.
    pub width: usize,
    /// Compares each report with the one before, if what is kept does not do so.
    pub changes: Option<Changes>,
    /// How much time a report covers, unless that is all since the stream began.
    pub covers: Option<Duration>,
    /// True if nothing is written of a batch without rows.
    pub skip_empty: bool,
    /// True for `--interval 0`: there are no batches.
    pub bare: bool,
}

impl Renderer {
    /// Makes text by this layout, of a stream whose first batch began at some moment.
    pub fn new(layout: Layout, began: Stamp, metrics: &Arc<Metrics>, viewers: Viewers) -> Renderer {
        let (text, messages, metrics) = (Vec::new(), Vec::new(), Arc::clone(metrics));
        Renderer { layout, began, text, messages, is_begun: false, batch_rows: 0, metrics, viewers }
    }

    /// How many rows of the open batch have been written.
    pub fn batch_rows(&self) -> u64 {
        self.batch_rows
    }

    /// True if a report is told apart from the one before.
    pub fn compares(&self) -> bool {
        self.layout.changes.is_some()
    }

    /// True if there are no batches, only rows.
    pub fn is_bare(&self) -> bool {
        self.layout.bare
    }

    /// What a stream or a file of batches begins with.
    pub fn header(&self) -> &[u8] {
        self.layout.text.as_ref().map_or(&[], |format| format.header())
    }

    /// Goes on in a batch of which so many rows were written before a restart.
    pub fn go_on(&mut self, time: Stamp, rows: u64) {
        (self.batch_rows, self.is_begun) = (rows, rows > 0);
        self.metrics.rows.add(rows);
        let Layout { text, messages, .. } = &mut self.layout;
        text.iter_mut().chain(messages).for_each(|format| format.go_on(time, rows));
    }

    /// Writes the records of a chunk into the open batch.
    pub fn records(&mut self, chunk: &mut Chunk, to: &mut dyn Delivery) -> Result<(), Error> {
        chunk.cut();
        if chunk.keys.is_empty() {
            return Ok(());
        }
        if !self.is_begun {
            self.begin(chunk.time, to)?;
        }
        self.count(chunk.keys.len());
        self.viewers.records(chunk);
        self.rows(Rows::Chunk(chunk));
        if self.layout.bare { self.end(to) } else { self.flush(to) }
    }

    /// Writes the results of single records, which `offer` offers in their order.
    pub fn results(
        &mut self,
        time: Stamp,
        to: &mut dyn Delivery,
        offer: impl FnOnce(&mut Collector, &mut dyn Delivery) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Selection { measure, may_lack_keys, .. } = self.layout.selection.clone();
        let all = Selection { measure, may_lack_keys, ..Selection::all(Sort::First) };
        let mut report = all.collector(self.layout.width);
        offer(&mut report, to)?;
        let report = report.finish()?;
        if report.is_empty() {
            return Ok(());
        }
        self.viewers.report(time, &report);
        self.begin(time, to)?;
        self.pieces(&report, to)
    }

    /// Writes a report, whose rows `offer` offers, as a batch.
    pub fn report(
        &mut self,
        time: Stamp,
        to: &mut dyn Delivery,
        offer: impl FnOnce(&mut Collector) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut report = self.selected(time, offer)?;
        if let Some(changes) = &mut self.layout.changes {
            report = changes.of(report);
        }
        self.viewers.report(time, &report);
        if self.layout.skip_empty && report.is_empty() && !self.is_begun {
            return Ok(());
        }
        if !self.is_begun {
            self.begin(time, to)?;
        }
        self.pieces(&report, to)
    }

    /// Takes a report for the one that the next is compared with, and writes nothing.
    pub fn compare(
        &mut self,
        time: Stamp,
        offer: impl FnOnce(&mut Collector) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let report = self.selected(time, offer)?;
        if let Some(changes) = &mut self.layout.changes {
            changes.of(report);
        }
        Ok(())
    }

    /// Hands over what has become text.
    pub fn flush(&mut self, to: &mut dyn Delivery) -> Result<(), Error> {
        let written = to.write(&self.text).and_then(|()| match self.messages.is_empty() {
            true => Ok(()),
            false => to.send(&self.messages),
        });
        self.text.clear();
        self.messages.clear();
        written
    }

    fn selected(
        &self,
        time: Stamp,
        offer: impl FnOnce(&mut Collector) -> Result<(), Error>,
    ) -> Result<Report, Error> {
        let start = self.layout.covers.map_or(self.began, |covers| time.before(covers));
        // By Times alone, so that a report is the same whenever it is made.
        let covered = time.since(start.max(self.began));
        let report = self.layout.selection.collector(self.layout.width);
        let mut report = report.covering(covered);
        offer(&mut report)?;
        report.finish()
    }

    /// Writes the rows of a report, and the batch's end.
    fn pieces(&mut self, report: &Report, to: &mut dyn Delivery) -> Result<(), Error> {
        self.count(report.len());
        for piece in report.pieces() {
            self.rows(Rows::Report(piece));
            if self.text.len().max(self.messages.len()) > LARGE {
                self.flush(to)?;
            }
        }
        self.end(to)
    }

    fn rows(&mut self, rows: Rows<'_>) {
        if let Some(messages) = &mut self.layout.messages {
            messages.rows(&mut self.messages, rows.clone());
        }
        if let Some(text) = &mut self.layout.text {
            text.rows(&mut self.text, rows);
        }
    }

    fn count(&mut self, rows: usize) {
        self.batch_rows += rows as u64;
        self.metrics.rows.add(rows as u64);
    }

    fn begin(&mut self, time: Stamp, to: &mut dyn Delivery) -> Result<(), Error> {
        self.is_begun = true;
        to.begin(time, self.header())?;
        let Layout { text, messages, .. } = &mut self.layout;
        text.iter_mut().for_each(|format| format.begin(&mut self.text, time));
        messages.iter_mut().for_each(|format| format.begin(&mut self.messages, time));
        Ok(())
    }

    fn end(&mut self, to: &mut dyn Delivery) -> Result<(), Error> {
        self.is_begun = false;
        if !self.layout.bare {
            let Layout { text, messages, .. } = &mut self.layout;
            text.iter_mut().for_each(|format| format.end(&mut self.text));
            messages.iter_mut().for_each(|format| format.end(&mut self.messages));
        }
        self.flush(to)?;
        to.end(std::mem::take(&mut self.batch_rows))
    }
}
