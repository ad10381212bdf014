//! stdout as an output: the header once a run, and a reader that may go before the others.
//!
//! What a reader of a pipe has taken nobody can tell after a crash, so a batch that is owed is printed
//! again. Without a checkpoint a run with other outputs goes on to the end of the open batch when the
//! reader has gone; with one that is told at once, since each batch is handed out whole.

use super::Stdout;
use crate::clock::Stamp;
use crate::error::Error;
use crate::sink::batch::{Batch, OutputId, Promise};
use crate::sink::output::{Output, Staged};

/// stdout, which others may outlive.
pub struct Printed {
    stdout: Stdout,
    has_begun: bool,
    /// True if the run goes on when the reader has gone: to the end of the open batch, which the
    /// other outputs get. Who watches stdout ends it then.
    outlives: bool,
}

impl Printed {
    /// Prints to a stream; `outlives` says that there are other outputs.
    pub fn new(stdout: Stdout, outlives: bool) -> Printed {
        Printed { stdout, has_begun: false, outlives }
    }
}

impl Output for Printed {
    fn begin(&mut self, _: Stamp, header: &[u8]) -> Result<(), Error> {
        match std::mem::replace(&mut self.has_begun, true) {
            true => Ok(()),
            false => self.write(header),
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let _hidden = self.stdout.cleared();
        match self.stdout.write(text) {
            Err(Error::Closed) if self.outlives => Ok(()),
            written => written,
        }
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        Ok(())
    }
}

impl Staged for Printed {
    fn id(&self) -> OutputId {
        OutputId::of("stdout")
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        Ok(batch.promise(self.id(), 0, !self.has_begun))
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        let _hidden = self.stdout.cleared();
        let has_header = !std::mem::replace(&mut self.has_begun, true);
        batch.each(has_header, |piece| self.stdout.write(piece))
    }

    fn redeem(&mut self, batch: &Batch, _: &Promise) -> Result<(), Error> {
        self.publish(batch)
    }
}
