//! An output, and how long it takes.

use std::time::Duration;

use super::batch::{Batch, OutputId, Promise};
use super::output::{Output, Staged};
use crate::clock::{Stamp, Stopwatch};
use crate::error::Error;

/// An output that is watched.
pub struct Timed {
    output: Box<dyn Staged>,
    what: String,
    took: Duration,
}

impl Timed {
    /// Watches an output, which is called `what` on the command line.
    pub fn new(output: Box<dyn Staged>, what: String) -> Timed {
        Timed { output, what, took: Duration::ZERO }
    }

    /// What it is called.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// How long it has taken since this was asked last.
    pub fn take(&mut self) -> Duration {
        std::mem::take(&mut self.took)
    }

    fn watch<T>(&mut self, act: impl FnOnce(&mut dyn Staged) -> T) -> T {
        let watch = Stopwatch::start();
        let result = act(&mut *self.output);
        self.took += watch.elapsed();
        result
    }
}

impl Output for Timed {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.watch(|output| output.begin(time, header))
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.watch(|output| output.write(text))
    }

    fn send(&mut self, messages: &[u8]) -> Result<(), Error> {
        self.watch(|output| output.send(messages))
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.watch(|output| output.end(rows))
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.output.reopen()
    }

    fn takes_messages(&self) -> bool {
        self.output.takes_messages()
    }

    fn times(&self) -> Result<Vec<Stamp>, Error> {
        self.output.times()
    }
}

impl Staged for Timed {
    fn id(&self) -> OutputId {
        self.output.id()
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        self.watch(|output| output.stage(batch))
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        self.watch(|output| output.publish(batch))
    }

    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error> {
        self.watch(|output| output.redeem(batch, promise))
    }
}
