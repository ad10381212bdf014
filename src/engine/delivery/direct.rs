//! Delivery without a checkpoint: text goes to the outputs as it comes, and nothing outlives us.

use std::time::Duration;

use super::Delivery;
use crate::clock::Stamp;
use crate::error::Error;
use crate::sink::output::Output as _;
use crate::sink::outputs::Outputs;

/// The outputs, and nothing between.
pub struct Direct(pub Outputs);

impl Delivery for Direct {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.0.begin(time, header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.0.write(text)
    }

    fn send(&mut self, messages: &[u8]) -> Result<(), Error> {
        self.0.send(messages)
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.0.end(rows)
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.0.reopen()
    }

    fn slowest(&mut self) -> Option<(&str, Duration)> {
        self.0.slowest()
    }
}
