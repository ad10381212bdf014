//! While nothing can be read: whoever waits for an answer to what he has sent is looked after all the same.
//!
//! A sink gives up after a time, and knows then as little as before; refused, it knows that it has to send again.

use super::Cursor;
use crate::chunk::Chunk;
use crate::engine::bad::BadLog;
use crate::error::Error;

impl Cursor {
    /// True if somebody may wait for an answer while nothing is read.
    pub fn has_waiting(&self) -> bool {
        !self.once && self.source.acknowledges().is_some()
    }

    /// True if one alone is connected, and waits for an answer to what was read.
    pub fn lone_waits(&self) -> bool {
        self.source.lone_waits()
    }

    /// Has the source look after those who wait; nothing is read, and nobody waits here.
    pub fn attend(&mut self, bad: &BadLog) -> Result<(), Error> {
        if self.done || !self.has_waiting() {
            return Ok(());
        }
        self.logged()?;
        let (mut chunk, now) = (Chunk::default(), self.wait.now());
        self.source.read(&mut chunk, 0, &mut *self.wait, now)?;
        debug_assert!(chunk.is_empty(), "the limit is 0");
        bad.take(&mut chunk.bad).map(drop)
    }
}
