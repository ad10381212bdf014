//! Stdout as an output: nobody can ask its reader what has come, so the last batch may come again.
//!
//! ```text
//! life 1   | 3 | 5 | 6 |        records without text have no block
//! life 2       | 6 | 7 |        owed: again, byte for byte
//! life 3           | 8 | 9 |    done 7 was on the disk
//! ```
//!
//! A reader that goes has not got the batch that was for it, though FILE has.

use std::sync::{Arc, Mutex};

use super::{Lived, difference};
use crate::clock::Stamp;
use crate::error::Error;
use crate::process::signal::Stop;
use crate::sink::batch::{Batch, OutputId, Promise};
use crate::sink::output::{Output, Staged};

/// A batch that was printed.
#[derive(PartialEq, Eq)]
struct Block {
    number: u64,
    time: Stamp,
    text: String,
    rows: u64,
}

/// Whoever reads stdout: remembers all that ever came, over all lives.
#[derive(Default)]
pub struct Reader {
    /// What a file of it would begin with.
    header: String,
    blocks: Vec<Block>,
    /// True if something came in this life: then nothing may come again.
    has_begun: bool,
    /// What came wrong first.
    wrong: Option<String>,
    /// It goes after so many blocks.
    pub leaves: Option<u64>,
    /// It asks for the end after so many.
    pub asks: Option<(u64, Arc<Stop>)>,
}

impl Reader {
    fn take(&mut self, header: String, block: Block) {
        let may_repeat = !std::mem::replace(&mut self.has_begun, true);
        if !self.blocks.is_empty() && header != self.header {
            let wrong = format!("{:?} begins with {header:?}", block.time);
            self.wrong.get_or_insert(wrong);
        }
        let Some(last) = self.blocks.last() else {
            self.header = header;
            return self.blocks.push(block);
        };
        if may_repeat && *last == block {
            return;
        }
        let (number, time, before) = (block.number, block.time, last.time);
        if number <= last.number || time <= before {
            let wrong = format!(
                "batch {number} of {time:?} was printed after {} of {before:?}: {}",
                last.number,
                difference(&block.text, &last.text)
            );
            self.wrong.get_or_insert(wrong);
        }
        self.blocks.push(block);
    }

    /// What has come wrong so far.
    pub fn check(&self) -> Lived {
        self.wrong.clone().map_or(Ok(()), Err)
    }

    /// What each file begins with.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// All that came, without what came again.
    pub fn text(&self) -> String {
        let blocks = self.blocks.iter().map(|block| block.text.as_str());
        [self.header.as_str()].into_iter().chain(blocks).collect()
    }
}

/// Stdout in one life.
pub struct Printed(Arc<Mutex<Reader>>);

impl Printed {
    /// Begins a life.
    pub fn new(reader: Arc<Mutex<Reader>>) -> Printed {
        reader.lock().unwrap().has_begun = false;
        Printed(reader)
    }
}

impl Output for Printed {
    fn begin(&mut self, _: Stamp, _: &[u8]) -> Result<(), Error> {
        unreachable!("with a checkpoint batches come whole")
    }

    fn write(&mut self, _: &[u8]) -> Result<(), Error> {
        unreachable!("with a checkpoint batches come whole")
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        unreachable!("with a checkpoint batches come whole")
    }
}

impl Staged for Printed {
    fn id(&self) -> OutputId {
        OutputId::of("stdout")
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        Ok(batch.promise(self.id(), 0, false))
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        let mut text = Vec::new();
        batch.each(false, |piece| {
            text.extend_from_slice(piece);
            Ok(())
        })?;
        let (number, time, rows) = (batch.number, batch.time, batch.rows);
        let [header, text] = [batch.header, &text].map(|it| String::from_utf8_lossy(it).into());
        let mut reader = self.0.lock().unwrap();
        reader.leaves = match reader.leaves {
            Some(0) => return Err(Error::Closed),
            left => left.map(|left| left - 1),
        };
        reader.take(header, Block { number, time, text, rows });
        if let Some((left, stop)) = &mut reader.asks {
            *left = left.saturating_sub(1);
            if *left == 0 {
                stop.ask();
            }
        }
        Ok(())
    }

    fn redeem(&mut self, batch: &Batch, _: &Promise) -> Result<(), Error> {
        self.publish(batch)
    }
}
