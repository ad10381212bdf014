//! Aggregates: what becomes of many records, and the table of those there are.
//!
//! Everything that is kept for a key, or for all records together, is a [`Cell`].
//!
//! Above the cells nothing knows their type: a worker has a [`Fold`], a batch that has ended is a
//! [`Pane`], what is kept of many batches is a [`StateStore`], and one call serves a whole chunk.

pub mod count;
pub mod fold;
mod history;
#[cfg(test)]
mod law;
mod pane;
pub mod programs;
pub mod stats;
pub mod values;

use std::any::Any;
use std::sync::Arc;

pub use crate::cell::{Cell, Row};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::Error;
use crate::part::{Flag, Given, Resolved, Shape, Words};
use crate::report::Collector;
use crate::state::Retention;

/// An aggregate that runs: it makes folds for the workers, and panes of what they fold.
pub trait Aggregate: Send + Sync {
    /// Makes the fold of a worker.
    fn fold(self: Arc<Self>, worker: usize) -> Box<dyn Fold>;

    /// Ends the batch: takes all that was flushed since the last batch ended.
    fn close(self: Arc<Self>) -> Box<dyn Pane>;

    /// Makes the store of what is kept of many batches; with `changes` its reports have only rows that changed,
    /// with `lasts` it can be noted down as it changes.
    fn store(&self, retention: &Retention, changes: bool, lasts: bool) -> Box<dyn StateStore>;

    /// Makes the pane again that [`Pane::save`] wrote; `None` if these are not such entries.
    fn load<'a>(
        self: Arc<Self>,
        entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Box<dyn Pane>>;

    /// Takes what [`Pane::save`] wrote into the batch that is open; `None` if these are not such entries.
    fn reopen<'a>(&self, entries: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<()>;

    /// What of it cannot be subtracted, in words, if there is such.
    fn indelible(&self) -> Option<&'static str>;

    /// True if it must see all chunks of the stream in their order, and by one fold.
    fn is_serial(&self) -> bool {
        false
    }

    /// Refuses what does not go with what else was given.
    fn check(&self, _given: &Given) -> Result<(), Error> {
        Ok(())
    }
}

/// A worker's part of the open batch.
pub trait Fold: Send {
    /// Takes in all rows of a chunk; those that are bad go to `chunk.bad`.
    fn fold(&mut self, chunk: &mut Chunk);

    /// Hands over all that was taken in, so that [`Aggregate::close`] finds it.
    fn flush(&mut self);
}

/// What a batch has come to.
pub trait Pane: Any + Send {
    /// Offers a row for each key to the report.
    fn report(&self, report: &mut Collector) -> Result<(), Error>;

    /// Gives each key and the bytes of its cell to `visit`.
    fn save(&self, visit: &mut dyn FnMut(&[u8], &[u8]));
}

/// Takes down a key, and all that is held of it now; `None`: nothing is, any more.
pub type Note<'a> = dyn FnMut(&[u8], Option<&[u8]>) + 'a;

/// What is kept of many batches: the panes of a window, or running state.
pub trait StateStore: Send {
    /// Takes in the batch of `time`, which is later than all before; its pane is of this aggregate.
    ///
    /// Without a pane only time passes: what is over by the report of `time` goes. `note` takes down
    /// what has changed and does not follow from the panes alone.
    fn absorb(
        &mut self,
        time: Stamp,
        pane: Option<Box<dyn Pane>>,
        note: Option<&mut Note<'_>>,
    ) -> Result<(), Error>;

    /// Sets keys to what was noted of them; `None` if these are no such bytes. With `fresh` they have
    /// changed since the last report.
    fn put(&mut self, noted: &[(&[u8], Option<&[u8]>)], fresh: bool) -> Option<()>;

    /// Says that all that was noted is there again, and reported.
    fn restored(&mut self);

    /// True if some record is held.
    fn holds(&self) -> bool;

    /// How many keys hold records; none if all records are held together.
    fn keys(&self) -> Option<usize>;

    /// Offers a row for each key to the report, or for each that changed since the last one.
    fn report(&mut self, report: &mut Collector) -> Result<(), Error>;

    /// Takes in the records of a chunk one by one, and offers each one's result, in their order.
    fn each(
        &mut self,
        chunk: &mut Chunk,
        report: &mut Collector,
        note: Option<&mut Note<'_>>,
    ) -> Result<(), Error>;
}

/// An aggregate as the command line knows it.
pub struct Spec {
    /// Its flag.
    pub flag: Flag,
    /// Flags of its own, which may be typed anywhere.
    pub own: &'static [Flag],
    /// True if it is running state by itself.
    pub is_state: bool,
    /// The shape of the rows that it is of: pairs, if it needs their values; none if it is of any.
    pub of: Option<Shape>,
    /// Makes it of what was typed; with `placed`, it also keeps where each key first appeared. An error
    /// says what is wrong, without the flag.
    pub build: fn(words: &Words, placed: bool) -> Result<Built, String>,
}

/// An aggregate that is made, and what is to be known of it.
pub struct Built {
    /// The aggregate.
    pub aggregate: Arc<dyn Aggregate>,
    /// What it makes of rows: one for each key, or one alone.
    pub leaves: Shape,
    /// Its values, in their order.
    pub columns: Vec<Column>,
    /// By what a checkpoint knows it.
    pub identity: Resolved,
}

/// A value of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called in `tsv`, `csv` and `json`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What a value is, as far as others have to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number of records.
    Count,
    /// A sum.
    Sum,
    /// Anything else: the value of all records does not follow from the values of their parts.
    Other,
}

impl Built {
    /// An aggregate with one value, of which all that was typed is identity.
    pub fn of_value(aggregate: Arc<dyn Aggregate>, words: &Words, leaves: Shape) -> Built {
        Built::of_one(Kind::Other, aggregate, words, leaves)
    }

    /// The same of a value of some kind.
    pub fn of_one(
        kind: Kind,
        aggregate: Arc<dyn Aggregate>,
        words: &Words,
        leaves: Shape,
    ) -> Built {
        let columns = vec![Column { name: "value".to_string(), kind }];
        Built { aggregate, leaves, columns, identity: words.identity() }
    }
}

impl Spec {
    /// Refuses rows of a shape that it is not of; tells which step is missing.
    pub fn check(&self, rows: Shape) -> Result<(), String> {
        match self.of {
            Some(Shape::Pairs) => rows.must_be_pairs(),
            Some(_) => rows.must_be_records(),
            None => Ok(()),
        }
    }
}

/// The aggregates there are, in the order in which help names them.
pub const AGGS: &[Spec] = &[
    count::COUNT,
    count::COUNT_BY_KEY,
    stats::SUM,
    stats::SUM_BY_KEY,
    stats::MIN,
    stats::MIN_BY_KEY,
    stats::MAX,
    stats::MAX_BY_KEY,
    stats::MEAN,
    stats::MEAN_BY_KEY,
    stats::STATS,
    stats::STATS_BY_KEY,
    values::DISTINCT,
    values::DISTINCT_BY_KEY,
    values::GROUP,
    values::GROUP_BY_KEY,
    programs::REDUCE,
    programs::REDUCE_BY_KEY,
    programs::UPDATE_STATE_BY,
];
