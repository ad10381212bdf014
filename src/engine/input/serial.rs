//! Serial steps: those that must see the stream in its order, and all after them.
//!
//! They belong to the way in. A chunk passes them by turn, before it is folded or written, and no
//! report waits for them.

use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::Error;
use crate::step::Step;

/// The first serial step and all after it.
pub struct Serial {
    steps: Vec<Box<dyn Step>>,
}

impl Serial {
    /// Takes the serial part off the steps; none, if no step is serial.
    pub fn split_off(steps: &mut Vec<Box<dyn Step>>) -> Option<Serial> {
        let first = steps.iter().position(|step| step.is_serial())?;
        Some(Serial { steps: steps.split_off(first) })
    }

    /// Takes a chunk whose turn it is through the steps.
    pub fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.steps.iter_mut().try_for_each(|step| step.apply(chunk))
    }

    /// The batch of `time` ends: gives `take` what the steps still had, which is behind all chunks
    /// before number `next`.
    pub fn finish(
        &mut self,
        time: Stamp,
        next: u64,
        mut take: impl FnMut(Chunk) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for index in 0..self.steps.len() {
            let mut chunk = Chunk::default();
            (chunk.number, chunk.time) = (next, time);
            self.steps[index].finish(&mut chunk)?;
            self.steps[index + 1..].iter_mut().try_for_each(|step| step.apply(&mut chunk))?;
            take(chunk)?;
        }
        Ok(())
    }
}
