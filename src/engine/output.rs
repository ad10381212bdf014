//! Batches on their way out, in order.
//!
//! With an aggregate, a batch is written when it has ended. Without one, its records are written as
//! they come: whoever has chunk n waits until chunk n - 1 is out, so records keep their order
//! whatever the workers do. Text is written in large pieces; each batch, and each chunk of records,
//! is out completely before the next thing is begun.

use crate::agg::Pane;
use crate::clock::Stamp;
use crate::error::Error;
use crate::record::Chunk;
use crate::report::Selection;
use crate::sink::stdout::Stdout;
use crate::sink::{Format, Rows};

/// As much text as this is written at once.
const LARGE: usize = 64 << 10;

/// How reports become text.
pub struct Output {
    format: Box<dyn Format>,
    stdout: Stdout,
    selection: Selection,
    width: usize,
    skip_empty: bool,
    /// True for `--interval 0`: there are no batches.
    bare: bool,
    text: Vec<u8>,
    /// True once the open batch's header is out.
    begun: bool,
    /// The chunk whose turn it is.
    turn: u64,
    rows: u64,
}

impl Output {
    /// Makes the way out; `width` says how many values a row has.
    pub fn new(
        format: Box<dyn Format>,
        stdout: Stdout,
        selection: Selection,
        width: usize,
        (skip_empty, bare): (bool, bool),
    ) -> Output {
        let (text, begun, turn, rows) = (Vec::new(), false, 0, 0);
        Output { format, stdout, selection, width, skip_empty, bare, text, begun, turn, rows }
    }

    /// The number of the chunk that is to be written next.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// How many rows have been reported.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the records of a chunk whose turn it is.
    pub fn records(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.turn += 1;
        chunk.cut();
        if chunk.keys.is_empty() {
            return Ok(());
        }
        if !self.begun || self.bare {
            self.format.begin(&mut self.text, chunk.time);
            self.begun = true;
        }
        self.rows += chunk.keys.len() as u64;
        self.format.rows(&mut self.text, Rows::Chunk(chunk));
        self.flush()
    }

    /// Writes a batch that has ended; `pane` holds what it came to, if there is an aggregate.
    pub fn batch(&mut self, time: Stamp, pane: Option<&dyn Pane>) -> Result<(), Error> {
        if self.bare {
            return Ok(());
        }
        let mut report = self.selection.collector(self.width);
        if let Some(pane) = pane {
            pane.report(&mut report)?;
        }
        let report = report.finish();
        if self.skip_empty && report.is_empty() && !self.begun {
            return Ok(());
        }
        if !std::mem::take(&mut self.begun) {
            self.format.begin(&mut self.text, time);
        }
        self.rows += report.len() as u64;
        for piece in report.pieces() {
            self.format.rows(&mut self.text, Rows::Report(piece));
            if self.text.len() > LARGE {
                self.flush()?;
            }
        }
        self.format.end(&mut self.text);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.stdout.write(&self.text);
        self.text.clear();
        written
    }
}
