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

    /// Takes a chunk whose turn it is through the steps. Where one of them has more than a chunk holds, `take`
    /// gets what there is, and the chunk is used again; the last of it is left in the chunk.
    pub fn apply(
        &mut self,
        chunk: &mut Chunk,
        take: &mut impl FnMut(&mut Chunk) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.apply_from(0, chunk, take)
    }

    fn apply_from(
        &mut self,
        first: usize,
        chunk: &mut Chunk,
        take: &mut impl FnMut(&mut Chunk) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.steps[first..].iter_mut().try_for_each(|step| step.apply(chunk))?;
        // What stands further behind has come earlier, and goes out first.
        while let Some(at) = self.steps[first..].iter().rposition(|step| step.has_more()) {
            take(chunk)?;
            chunk.clear();
            self.steps[first + at..].iter_mut().try_for_each(|step| step.apply(chunk))?;
        }
        Ok(())
    }

    /// The batch of `time` ends: gives `take` what the steps still had, as parts of chunk `number`.
    pub fn finish(
        &mut self,
        time: Stamp,
        number: u64,
        take: &mut impl FnMut(&mut Chunk) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut chunk = Chunk::default();
        (chunk.number, chunk.time) = (number, time);
        for index in 0..self.steps.len() {
            loop {
                chunk.clear();
                self.steps[index].finish(&mut chunk)?;
                // It is asked again by `finish`, and not by a chunk.
                let has_more = self.steps[index].has_more();
                // Nothing has not the shape that the steps behind were built for, as of pairs.
                if chunk.has_come() {
                    self.apply_from(index + 1, &mut chunk, take)?;
                }
                take(&mut chunk)?;
                if !has_more {
                    break;
                }
            }
        }
        Ok(())
    }
}
