//! Aggregates: what becomes of many records, and the table of those there are.
//!
//! Everything that is kept for a key, or for all records together, is a [`Cell`]. Cells form an
//! exactly commutative monoid: whatever way a stream is cut into chunks, whichever thread folds
//! which, in whatever order the parts are merged, the result is the same bit for bit. One test holds
//! this law over all of them.
//!
//! Above the cells nothing knows their type: a worker has a [`Fold`], a batch that has ended is a
//! [`Pane`], and one call serves a whole chunk.

pub mod count;
pub mod fold;
#[cfg(test)]
mod law;

use std::sync::Arc;

use crate::error::Error;
use crate::record::Chunk;
use crate::report::Collector;
use crate::value::Value;

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

/// An aggregate that runs: it makes folds for the workers, and panes of what they fold.
pub trait Aggregate: Send + Sync {
    /// Makes the fold of a worker.
    fn fold(self: Arc<Self>, worker: usize) -> Box<dyn Fold>;

    /// Ends the batch: takes all that was flushed since the last batch ended.
    fn close(self: Arc<Self>) -> Box<dyn Pane>;
}

/// A worker's part of the open batch.
pub trait Fold: Send {
    /// Takes in all rows of a chunk; those that are bad go to `chunk.bad`.
    fn fold(&mut self, chunk: &mut Chunk);

    /// Hands over all that was taken in, so that [`Aggregate::close`] finds it.
    fn flush(&mut self);
}

/// What a batch has come to.
pub trait Pane: Send {
    /// Offers a row for each key to the report.
    fn report(&self, report: &mut Collector) -> Result<(), Error>;
}

/// An aggregate as the command line knows it.
pub struct Spec {
    /// The flag, without `--`.
    pub name: &'static str,
    /// True for `...-by-key`.
    pub keyed: bool,
    /// What it does, for help and man page.
    pub help: &'static str,
    /// What its values are called in `tsv` and `json`.
    pub columns: &'static [&'static str],
    /// Makes it; with `placed`, it also keeps where each key first appeared.
    pub build: fn(placed: bool) -> Arc<dyn Aggregate>,
}

/// The aggregates there are, in the order in which help names them.
pub const AGGS: &[Spec] = &[count::COUNT, count::COUNT_BY_KEY];
