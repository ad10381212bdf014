//! Who is shown what comes out, beside the outputs: a page, a terminal that is redrawn.
//!
//! ```text
//! reporter ──report──> format ──> outputs
//!              │
//!              └──────> viewers    what they are shown is theirs to copy: as little as they need
//! ```
//!
//! A viewer is called by whoever makes the report, and the batch waits for it: it takes what it needs and
//! returns, never waits for anybody, and cannot fail.

use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::metrics::batch::Batch;
use crate::report::Report;

/// Somebody who is shown what comes out.
pub trait Viewer: Send {
    /// The source is open and all that was kept is there again: records can come.
    fn begins(&mut self) {}

    /// A report is made; its rows, in the order in which they are shown, may be none. A format prints no more
    /// of them than it is told to.
    fn report(&mut self, _time: Stamp, _report: &Report) {}

    /// Records are written as they come, in the batch of `chunk.time`; the chunk is cut.
    fn records(&mut self, _chunk: &Chunk) {}

    /// A batch is out, with all reports that were due.
    fn batch(&mut self, _batch: &Batch) {}
}

/// All of them.
#[derive(Default)]
pub struct Viewers(pub Vec<Box<dyn Viewer>>);

impl Viewers {
    /// True if nobody looks.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// See [`Viewer::begins`].
    pub fn begin(&mut self) {
        self.0.iter_mut().for_each(|viewer| viewer.begins());
    }

    /// See [`Viewer::report`].
    pub fn report(&mut self, time: Stamp, report: &Report) {
        self.0.iter_mut().for_each(|viewer| viewer.report(time, report));
    }

    /// See [`Viewer::records`].
    pub fn records(&mut self, chunk: &Chunk) {
        self.0.iter_mut().for_each(|viewer| viewer.records(chunk));
    }

    /// See [`Viewer::batch`].
    pub fn batch(&mut self, batch: &Batch) {
        self.0.iter_mut().for_each(|viewer| viewer.batch(batch));
    }
}
