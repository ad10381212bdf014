//! Steps: what is done to each record on its way, and the table of those there are.
//!
//! A step edits the rows of a chunk: it moves spans, drops them or makes several of one, and one
//! virtual call serves a whole chunk. On a pair it works on the key and leaves the value. Each worker
//! has its own copy of every step, so a step may keep scratch memory.

pub mod matching;
pub mod split;
pub mod text;

use std::ffi::OsStr;

use crate::chunk::Chunk;
use crate::error::Error;

/// One step of the pipeline.
pub trait Step: Send {
    /// Does its work on all rows of a chunk; those that are bad go to `chunk.bad`.
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error>;

    /// Makes a copy for another worker. A serial step is never copied.
    fn fork(&self) -> Box<dyn Step>;

    /// True if the step must see all chunks of the stream in their order, as a process does that the
    /// records are piped through. It and all steps after it then run for one chunk at a time.
    fn is_serial(&self) -> bool {
        false
    }

    /// The batch ends: a serial step puts what it still has into `chunk`, which is clear and cut.
    fn finish(&mut self, _chunk: &mut Chunk) -> Result<(), Error> {
        Ok(())
    }
}

/// A step as the command line knows it.
pub struct Spec {
    /// The flag, without `--`.
    pub name: &'static str,
    /// What its argument is called, if it has one.
    pub value: Option<&'static str>,
    /// What it does, for help and man page: one line, and more after an empty one.
    pub help: &'static str,
    /// Makes it of its argument (empty if it has none); an error says what is wrong with that.
    pub build: fn(&OsStr) -> Result<Box<dyn Step>, String>,
}

/// The steps there are, in the order in which help names them.
pub const STEPS: &[Spec] =
    &[split::SPLIT, text::WORDS, text::TRIM, matching::FILTER, matching::REJECT];

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of all steps share.

    use super::Step;
    use crate::chunk::{Chunk, Span};

    /// Applies a step to records that come uncut, as from a source of lines.
    pub(crate) fn applied(step: &mut dyn Step, records: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut chunk = Chunk::default();
        for record in records {
            chunk.append(record);
            chunk.append(b"\n");
        }
        chunk.set_uncut(b'\n');
        step.apply(&mut chunk).unwrap();
        let mut keys = Vec::new();
        chunk.for_each_key(|arena, start, end| keys.push(arena[start..end].to_vec()));
        keys
    }

    /// Applies a step to pairs.
    pub(crate) fn applied_to_pairs(
        step: &mut dyn Step,
        pairs: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let mut chunk = Chunk::default();
        for (key, value) in pairs {
            let (key, value) = (chunk.append(key.as_bytes()), chunk.append(value.as_bytes()));
            chunk.keys.push(key);
            chunk.values.push(value);
        }
        step.apply(&mut chunk).unwrap();
        let text = |span: Span| String::from_utf8(chunk.at(span).to_vec()).unwrap();
        let pairs = chunk.keys.iter().zip(&chunk.values);
        pairs.map(|(key, value)| (text(*key), text(*value))).collect()
    }
}
