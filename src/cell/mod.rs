//! Cells: what is kept for one key, or for all records together.
//!
//! Cells form an exactly commutative monoid: whatever way a stream is cut, whichever thread folds
//! which part, in whatever order the parts are merged, the result is the same bit for bit. Where
//! [`Cell::INVERTIBLE`], taking a part out again gives what there would be without it. Everything
//! above rests on this law; one test in [`crate::agg`] holds it over all cells there are.

use crate::report::value::Value;

/// What a cell takes in: one row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The value of a pair; of a plain record nothing with `-by-key`, else the record.
    pub value: &'a [u8],
    /// Its place in the stream: grows from row to row.
    pub place: u64,
}

/// What is kept for one key.
pub trait Cell: Clone + Default + Send + 'static {
    /// True if [`Cell::unmerge`] undoes [`Cell::merge`] exactly.
    const INVERTIBLE: bool;

    /// What of it cannot be subtracted, in words; asked only where `INVERTIBLE` is false.
    const INDELIBLE: &'static str = "this aggregate";

    /// What a cell needs of a row.
    type Input<'a>;

    /// Reads a row before its key is looked up, so that a bad one makes no key; an error says why.
    fn read(row: Row<'_>) -> Result<Self::Input<'_>, &'static str>;

    /// Takes a row in.
    fn push(&mut self, input: Self::Input<'_>);

    /// Takes in what another cell has taken in.
    fn merge(&mut self, other: &Self);

    /// Takes out what `other` has taken in, all of which this cell has taken in before.
    fn unmerge(&mut self, other: &Self);

    /// How many rows it has taken in, and not out again; a cell of none is as a new one.
    fn records(&self) -> u64;

    /// Appends the results, one a column of the aggregate.
    fn values(&self, out: &mut Vec<Value>);

    /// The place at which the key first appeared, where that is kept.
    fn first(&self) -> u64 {
        0
    }

    /// Appends the cell as bytes: little endian, no padding, the same on every machine.
    fn save(&self, out: &mut Vec<u8>);

    /// Takes a cell off the front of bytes that [`Cell::save`] wrote; `None` if they are not such.
    fn load(from: &mut &[u8]) -> Option<Self>;
}
