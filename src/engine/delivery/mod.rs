//! How batches get to the outputs: as they come, or recorded before anybody sees them.
//!
//! ```text
//! renderer ──begin, write, send, end──> direct    ──> outputs, at once
//!                                       recorded  ──> a commit, and then the outputs
//! reporter ──note, pane, commit─────────^
//! ```
//!
//! Who makes reports does not know which of them it is.

pub mod direct;
pub mod recorded;
pub mod resume;

use std::time::Duration;

use crate::agg::Pane;
use crate::clock::Stamp;
use crate::engine::input::cursor::Reached;
use crate::error::Error;

/// All frames are sound, and yet what they say cannot be: it was written by another pipeline.
pub fn nonsense() -> Error {
    Error::Refused("--checkpoint: its records make no sense for this pipeline".to_string())
}

/// The way from a batch's text to the outputs.
pub trait Delivery: Send {
    /// A batch begins; `header` is what a stream or a file of such batches begins with.
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error>;

    /// Some text of it: whole rows.
    fn write(&mut self, text: &[u8]) -> Result<(), Error>;

    /// Some rows of it as messages, for outputs that need them apart.
    fn send(&mut self, messages: &[u8]) -> Result<(), Error>;

    /// It is complete, with so many rows.
    fn end(&mut self, rows: u64) -> Result<(), Error>;

    /// Records where the stream begins, if it can go on there: it must, even if no batch ever ends.
    fn start(&mut self, _reached: &Reached) -> Result<(), Error> {
        Ok(())
    }

    /// True if what changes in the state is to be noted.
    fn takes_notes(&self) -> bool {
        false
    }

    /// Takes down what is held of a key from now on.
    fn note(&mut self, _key: &[u8], _held: Option<&[u8]>) {}

    /// Takes down what a batch has come to; nothing only if `even_nothing` is of interest.
    fn pane(&mut self, _time: Stamp, _pane: &dyn Pane, _even_nothing: bool) -> Result<(), Error> {
        Ok(())
    }

    /// All that was noted and written since the last call is one moment of the stream: if it is to last,
    /// it is recorded, and then handed out.
    fn commit(&mut self, _time: Stamp, _reached: &Reached) -> Result<(), Error> {
        Ok(())
    }

    /// Leaves a batch that is not over to the next start: its pane, or how many rows of text it has.
    fn leave(
        &mut self,
        _time: Stamp,
        _pane: Option<&dyn Pane>,
        _rows: u64,
        _reached: &Reached,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// Opens the files of outputs anew: between two commits, or, where text goes out as it comes, between two rows.
    fn reopen(&mut self) -> Result<(), Error>;

    /// Tidies up, because the input has ended.
    fn tidy_all(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Tidies up what is nearly over, because the run ends in order.
    fn tidy_rest(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Which output took longest since this was asked last, and how long.
    fn slowest(&mut self) -> Option<(&str, Duration)>;
}
