//! Cells: what is kept for one key, or for all records together.
//!
//! Cells form an exactly commutative monoid: whatever way a stream is cut, whichever thread folds
//! which part, in whatever order the parts are merged, the result is the same bit for bit. Where
//! nothing of it is [`Cell::indelible`], taking a part out again gives what there would be without it.
//! Of a window, in which what came first goes first, each part can leave ([`Cell::Trail`]).
//! Everything above rests on this law; one test in [`crate::agg`] holds it over all cells there are.
//!
//! What is asked of a cell is its plan: of a count nothing, of others a list of statistics. It stands
//! once for all keys, so a cell holds numbers only.

mod count;
mod group;
mod least;
mod parts;
mod placed;
#[cfg(test)]
pub(crate) mod sample;
mod stated;
pub mod statistic;
mod statistics;
mod summary;
mod total;

pub use count::{Count, Presence};
pub use group::{Group, Members};
pub use placed::Placed;
pub use stated::Stated;
pub use statistics::{Statistics, Wanted};
pub use summary::Summary;
pub use total::Total;

use std::fmt::Debug;

use crate::error::Error;
use crate::number::Number;
use crate::report::value::Value;

/// What a cell takes in: one row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The value of a pair; of a plain record nothing with `-by-key`, else the record.
    pub value: &'a [u8],
    /// Its place in the stream: grows from row to row.
    pub place: u64,
}

impl Row<'_> {
    /// The number that its value is; an error says why it is none.
    #[inline(always)]
    fn number(self) -> Result<Number, &'static str> {
        Number::read(self.value).map_err(|refused| refused.reason())
    }
}

/// A result that cannot be shown, in words: `the sum is beyond 64 bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow(pub &'static str);

impl Overflow {
    /// The error that names the key; an empty one is that of all records together.
    pub fn of(self, key: &[u8]) -> Error {
        let whose = match key {
            [] => String::new(),
            key => format!("the key {:?}: ", String::from_utf8_lossy(key)),
        };
        Error::Failed(format!("{whose}{}", self.0))
    }
}

/// What is kept for one key.
pub trait Cell: Clone + Default + Send + 'static {
    /// What is asked of all cells of an aggregate; `()` where that is always the same.
    type Plan: Clone + Send + Sync + 'static;

    /// What a cell needs of a row.
    type Input<'a>;

    /// What a window keeps beside a cell so that panes can leave it again, the oldest first; `()` where
    /// [`Cell::unmerge`] needs nothing. It is no larger than what is kept of the panes.
    type Trail: Debug + Default + Send;

    /// True if a window keeps the cells of its panes as bytes, which takes less memory and more work.
    const PACKED: bool = true;

    /// What of it [`Cell::unmerge`] does not undo exactly, in words; none if it undoes all.
    fn indelible(plan: &Self::Plan) -> Option<&'static str>;

    /// Reads a row before its key is looked up, so that a bad one makes no key; an error says why.
    fn read<'a>(plan: &Self::Plan, row: Row<'a>) -> Result<Self::Input<'a>, &'static str>;

    /// Takes a row in.
    fn push(&mut self, plan: &Self::Plan, input: Self::Input<'_>);

    /// Takes in what another cell has taken in.
    fn merge(&mut self, other: &Self);

    /// Takes out what `other` has taken in, all of which this cell has taken in before.
    fn unmerge(&mut self, other: &Self);

    /// Takes in a part that enters a window with a pane, of which the number never falls.
    #[inline(always)]
    fn enter(&mut self, _trail: &mut Self::Trail, _pane: u64, part: &Self) {
        self.merge(part);
    }

    /// Takes out all that has entered with a pane, which is the oldest that is left: `part` is all parts
    /// merged, or what [`Cell::save_parting`] has left of it.
    #[inline(always)]
    fn leave(&mut self, _trail: &mut Self::Trail, _pane: u64, part: &Self) {
        self.unmerge(part);
    }

    /// How many rows it has taken in, and not out again; a cell of none is as a new one.
    fn records(&self) -> u64;

    /// Appends the results, one a column of the aggregate.
    fn values(&self, plan: &Self::Plan, out: &mut Vec<Value>) -> Result<(), Overflow>;

    /// The place at which the key first appeared, where that is kept.
    fn first(&self) -> u64 {
        0
    }

    /// Appends the cell as bytes: little endian, no padding, the same on every machine.
    fn save(&self, out: &mut Vec<u8>);

    /// Appends as much of it as [`Cell::leave`] asks for, in the same form.
    fn save_parting(&self, out: &mut Vec<u8>) {
        self.save(out);
    }

    /// Takes a cell off the front of bytes that [`Cell::save`] wrote; `None` if they are not such.
    fn load(from: &mut &[u8]) -> Option<Self>;
}

/// Takes some bytes off the front.
fn bytes<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*bytes)
}
