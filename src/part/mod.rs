//! Parts: what sources, steps, aggregates, formats and flags have in common for whoever puts them
//! together.
//!
//! ```text
//! --field 7 --else -    the words of one part: its flag, and flags of its own behind that
//! record -> pair        the shape of the rows that come to it, and of those that leave it
//! --field=7 --else=-    what of it is identity: all by which it changes what is counted
//! ```
//!
//! A part is built of its words and of the shape of the rows that come, and says the rest itself; it
//! knows what goes with it and what does not. The plan, the identity in a checkpoint and `--explain`
//! only read that. So nothing here knows a part by its name.

mod given;
pub mod likeness;
pub mod outline;
mod words;

pub use given::{Ability, Aggregate, Given, Header, Times, hold};
pub use words::Words;

/// What rows look like: between the steps records or pairs, behind an aggregate what it makes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Plain records.
    Records,
    /// Pairs of bytes: a key and a value as they came.
    Pairs,
    /// A key and its statistics.
    Keyed,
    /// Statistics of all records together, without a key.
    Whole,
}

impl Shape {
    /// Refuses rows that are no pairs; tells which step is missing.
    pub fn must_be_pairs(self) -> Result<(), String> {
        match self {
            Shape::Pairs => Ok(()),
            _ => Err("needs pairs, and records come; --pair SEP before it makes them".into()),
        }
    }

    /// Refuses rows that are pairs already.
    pub fn must_be_records(self) -> Result<(), String> {
        match self {
            Shape::Pairs => {
                Err("needs records, and pairs come; --keys or --values before it keeps a half"
                    .into())
            }
            _ => Ok(()),
        }
    }
}

/// A flag, as help, man page and completions know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name, without `--`.
    pub name: &'static str,
    /// What its arguments are called; one that takes none has none.
    pub takes: &'static [&'static str],
    /// What it does: one line, and more after an empty one.
    pub help: &'static str,
}

/// Flags and their resolved values, by which a checkpoint knows a part; one without a value has an empty one.
pub type Resolved = Vec<(String, String)>;
