//! Steps: what is done to each record on its way, and the table of those there are.
//!
//! A step edits the rows of a chunk: it moves spans, drops them or makes several of one, and one
//! virtual call serves a whole chunk. On a pair it works on the key and leaves the value. Each worker
//! has its own copy of every step, so a step may keep scratch memory.

pub mod case;
pub mod comparing;
pub mod counted;
pub mod halves;
pub mod jq;
pub mod own;
pub mod pair;
pub mod pattern;
pub mod pipe;
pub mod sample;
pub mod select;
pub mod split;
pub mod tables;
pub mod text;

use std::fmt::{self, Display, Formatter};

use crate::chunk::Chunk;
use crate::error::Error;
use crate::part::{Flag, Resolved, Shape, Words};

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

    /// True if what it takes for a record follows from how long that is, within reason: no program of the user.
    fn is_steady(&self) -> bool {
        true
    }

    /// True if a serial step has more than it has put into the chunk: it is called again in the same way, with
    /// a chunk that is clear. So it holds no more than a chunk, whatever it makes of one.
    fn has_more(&self) -> bool {
        false
    }

    /// True if it must see all that it is given from its first byte on, as for a line of names: behind
    /// that a checkpoint would go on.
    fn needs_beginnings(&self) -> bool {
        false
    }

    /// The batch ends: a serial step puts what it still has into `chunk`, which is clear and cut.
    fn finish(&mut self, _chunk: &mut Chunk) -> Result<(), Error> {
        Ok(())
    }
}

/// A step as the command line knows it.
pub struct Spec {
    /// Its flag.
    pub flag: Flag,
    /// Flags of its own, which are typed behind its flag. Several steps may have the same one.
    pub own: &'static [Flag],
    /// Makes it of what was typed and of the shape of the rows that come: records or pairs.
    pub build: fn(&Words, Shape) -> Result<Built, Unbuilt>,
}

/// Why a step cannot be made, in words and without its flag.
#[derive(Debug, PartialEq, Eq)]
pub enum Unbuilt {
    /// What was typed, or stands in the file that was, makes no sense.
    Wrong(String),
    /// A file cannot be read: it is not there, or not ours. That may change.
    Unread(String),
}

impl Unbuilt {
    /// The error, which names the flag.
    pub fn of(self, flag: &Flag) -> Error {
        let what = format!("--{}: {self}", flag.name);
        match self {
            Unbuilt::Wrong(_) => Error::Usage(what),
            Unbuilt::Unread(_) => Error::Failed(what),
        }
    }
}

impl Display for Unbuilt {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (Unbuilt::Wrong(what) | Unbuilt::Unread(what)) = self;
        f.write_str(what)
    }
}

impl<T: Into<String>> From<T> for Unbuilt {
    fn from(what: T) -> Unbuilt {
        Unbuilt::Wrong(what.into())
    }
}

/// A step that is made, and what is to be known of it.
pub struct Built {
    /// The step.
    pub step: Box<dyn Step>,
    /// The shape of the rows that leave it: records or pairs.
    pub leaves: Shape,
    /// By what a checkpoint knows it.
    pub identity: Resolved,
}

impl Built {
    /// A step of which all that was typed is identity.
    pub fn new(step: impl Step + 'static, words: &Words, leaves: Shape) -> Built {
        Built { step: Box::new(step), leaves, identity: words.identity() }
    }
}

/// The steps there are, in the order in which help names them.
pub const STEPS: &[Spec] = &[
    split::SPLIT,
    text::WORDS,
    text::TRIM,
    case::LOWER,
    case::UPPER,
    pattern::filter::FILTER,
    pattern::filter::REJECT,
    tables::list::IN,
    tables::list::NOT_IN,
    comparing::WHERE,
    pattern::extract::EXTRACT,
    pattern::replace::REPLACE,
    tables::lookup::LOOKUP,
    pair::PAIR,
    select::field::FIELD,
    select::csv::CSV,
    select::json::JSON,
    select::logfmt::LOGFMT,
    select::access_log::ACCESS_LOG,
    jq::JQ,
    halves::KEYS,
    halves::VALUES,
    halves::ON,
    sample::SAMPLE,
    pipe::PIPE,
];

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of all steps share.

    use super::{Built, Spec, Step};
    use crate::chunk::Chunk;
    use crate::part::{Shape, Words};

    /// A step as it is typed, with its arguments, for plain records.
    pub(crate) fn built(spec: &'static Spec, arguments: &[&str]) -> Result<Box<dyn Step>, String> {
        built_for(spec, arguments, Shape::Records).map(|built| built.step)
    }

    /// A step as it is typed, for rows of a shape; behind its arguments come values of its own flags, in the
    /// order in which it has them.
    pub(crate) fn built_for(
        spec: &'static Spec,
        arguments: &[&str],
        rows: Shape,
    ) -> Result<Built, String> {
        let (arguments, own) = arguments.split_at(spec.flag.takes.len());
        let mut words = Words::new(&spec.flag, arguments);
        for (flag, value) in spec.own.iter().zip(own) {
            words.bind(Words::new(flag, [value]));
        }
        (spec.build)(&words, rows).map_err(|why| why.to_string())
    }

    /// Records that come uncut, as from a source of lines.
    pub(crate) fn stream(records: &[&[u8]]) -> Chunk {
        let mut chunk = Chunk::default();
        for record in records {
            chunk.append(record);
            chunk.append(b"\n");
        }
        chunk.set_uncut(b'\n');
        chunk
    }

    /// Applies a step to such records.
    pub(crate) fn applied(step: &mut dyn Step, records: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut chunk = stream(records);
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
            chunk.push_pair(Some(key.as_bytes()), value.as_bytes());
        }
        step.apply(&mut chunk).unwrap();
        let text = |half: Option<&[u8]>| String::from_utf8(half.unwrap().to_vec()).unwrap();
        let rows = 0..chunk.keys.len();
        rows.map(|row| (text(chunk.key(row)), text(chunk.value(row)))).collect()
    }
}
