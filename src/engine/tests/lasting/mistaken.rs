//! Outputs that make mistakes: they do a thing before it is decided, or not when it is owed.

use crate::clock::Stamp;
use crate::disk::sim::mistake::{Mistake, made};
use crate::error::Error;
use crate::sink::batch::{Batch, OutputId, Promise};
use crate::sink::output::{Output, Staged};

/// An output that may be mistaken.
pub struct Mistaken {
    inner: Box<dyn Staged>,
    /// The mistake of handing out what is not decided.
    early: Mistake,
    /// The mistake of not handing out what is owed.
    once: Option<Mistake>,
}

impl Mistaken {
    /// Makes these mistakes, if the test does, on top of an output that makes none.
    pub fn over(inner: impl Staged + 'static, early: Mistake, once: Option<Mistake>) -> Mistaken {
        Mistaken { inner: Box::new(inner), early, once }
    }
}

impl Output for Mistaken {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.inner.begin(time, header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.inner.write(text)
    }

    fn send(&mut self, messages: &[u8]) -> Result<(), Error> {
        self.inner.send(messages)
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.inner.end(rows)
    }

    fn takes_messages(&self) -> bool {
        self.inner.takes_messages()
    }

    fn times(&self) -> Result<Vec<Stamp>, Error> {
        self.inner.times()
    }
}

impl Staged for Mistaken {
    fn id(&self) -> OutputId {
        self.inner.id()
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        let promise = self.inner.stage(batch)?;
        if made(self.early) {
            self.inner.publish(batch)?;
        }
        Ok(promise)
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        if made(self.early) { Ok(()) } else { self.inner.publish(batch) }
    }

    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error> {
        match self.once.is_some_and(made) {
            true => Ok(()),
            false => self.inner.redeem(batch, promise),
        }
    }
}
