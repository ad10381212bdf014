//! What happens in order: serial steps, records as they come, and batches on their way out.
//!
//! With an aggregate, a batch is written when it has ended. Without one, its records are written as
//! they come: whoever has chunk n waits until chunk n - 1 is out, so records keep their order
//! whatever the workers do. Serial steps take chunks by the same turn. Text is written in large
//! pieces; each batch, and each chunk of records, is out completely before the next thing is begun.

use crate::agg::Pane;
use crate::clock::Stamp;
use crate::error::Error;
use crate::record::Chunk;
use crate::report::Selection;
use crate::sink::stdout::Stdout;
use crate::sink::{Format, Rows};
use crate::step::Step;

/// As much text as this is written at once.
const LARGE: usize = 64 << 10;

/// How reports become text.
pub struct Output {
    parts: Parts,
    text: Vec<u8>,
    /// True once the open batch's header is out.
    begun: bool,
    /// The chunk whose turn it is.
    turn: u64,
    rows: u64,
}

/// What an [`Output`] is made of.
pub struct Parts {
    pub format: Box<dyn Format>,
    pub stdout: Stdout,
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
}

impl Output {
    /// Makes the way out.
    pub fn new(parts: Parts) -> Output {
        Output { parts, text: Vec::new(), begun: false, turn: 0, rows: 0 }
    }

    /// True if chunks have to come here by turn.
    pub fn takes_chunks(&self) -> bool {
        self.parts.writes_records || !self.parts.serial.is_empty()
    }

    /// The number of the chunk that is to be written next.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// How many rows have been reported.
    pub fn rows(&self) -> u64 {
        self.rows
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
        if self.parts.writes_records { self.records(chunk) } else { Ok(()) }
    }

    fn records(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.cut();
        if chunk.keys.is_empty() {
            return Ok(());
        }
        if !self.begun || self.parts.bare {
            self.parts.format.begin(&mut self.text, chunk.time);
            self.begun = true;
        }
        self.rows += chunk.keys.len() as u64;
        self.parts.format.rows(&mut self.text, Rows::Chunk(chunk));
        self.flush()
    }

    /// Writes a batch that has ended; `pane` holds what it came to, if there is an aggregate.
    pub fn batch(&mut self, time: Stamp, pane: Option<&dyn Pane>) -> Result<(), Error> {
        if self.parts.bare {
            return Ok(());
        }
        let mut report = self.parts.selection.collector(self.parts.width);
        if let Some(pane) = pane {
            pane.report(&mut report)?;
        }
        let report = report.finish();
        if self.parts.skip_empty && report.is_empty() && !self.begun {
            return Ok(());
        }
        if !std::mem::take(&mut self.begun) {
            self.parts.format.begin(&mut self.text, time);
        }
        self.rows += report.len() as u64;
        for piece in report.pieces() {
            self.parts.format.rows(&mut self.text, Rows::Report(piece));
            if self.text.len() > LARGE {
                self.flush()?;
            }
        }
        self.parts.format.end(&mut self.text);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.parts.stdout.write(&self.text);
        self.text.clear();
        written
    }
}
