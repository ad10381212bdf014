//! Formats: how the rows of a batch become bytes, and the table of those there are.
//!
//! A format knows nothing of where its bytes go. A batch is begun, given its rows in any number of
//! pieces, and ended.

pub mod csv;
mod flags;
pub mod json;
mod number;
pub mod python;
#[cfg(test)]
pub(crate) mod samples;
mod separated;
pub mod spark;
pub mod text;
pub mod tsv;
pub mod uniq;

use std::ops::Range;
use std::time::Duration;

pub use flags::{Flags, FormatName};
pub use text::messages::messages;

use crate::chunk::{Chunk, Span};
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;
use crate::part::Ability;
pub use crate::part::Shape;
use crate::report::Piece;
use crate::report::value::Value;

/// Values of so many bytes become text before that is handed on.
const PIECE: usize = 1 << 20;

/// Rows on their way out.
#[derive(Clone, Debug)]
pub enum Rows<'a> {
    /// Records or pairs as they came: those of a chunk, which is cut, in a range of its rows.
    Records(&'a Chunk, Range<usize>),
    /// Part of the result of an aggregate.
    Report(Piece<'a>),
}

/// One row, as formats see it.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A plain record.
    Record(&'a [u8]),
    /// A key, unless it is missing, and a value as they came.
    Pair(Option<&'a [u8]>, &'a [u8]),
    /// A key, unless it is missing, and its statistics.
    Keyed(Option<&'a [u8]>, &'a [Value]),
    /// The statistics of all records.
    Whole(&'a [Value]),
}

impl<'a> Rows<'a> {
    /// All rows of a chunk.
    pub fn of(chunk: &'a Chunk) -> Rows<'a> {
        Rows::Records(chunk, 0..chunk.keys.len())
    }

    /// All rows of a chunk, in pieces of some mebibyte at most, or of one row. A value can stand in many
    /// pairs, so their text can be much more than the chunk.
    pub fn pieces(chunk: &'a Chunk) -> impl Iterator<Item = Rows<'a>> {
        let (values, mut start) = (&chunk.values, 0);
        std::iter::from_fn(move || {
            let mut bytes = 0;
            let fits = |value: &&Span| {
                bytes += value.range().len();
                bytes <= PIECE
            };
            let rows = match values.is_empty() {
                true => chunk.keys.len() - start,
                false => values[start..].iter().take_while(fits).count().max(1),
            };
            let piece = start..(start + rows).min(chunk.keys.len());
            start = piece.end;
            (!piece.is_empty()).then_some(Rows::Records(chunk, piece))
        })
    }

    /// Each row, in order; `shape` tells a report with keys from one without.
    pub fn each(&self, shape: Shape) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let (chunk, piece) = match self {
            Rows::Records(chunk, rows) => (Some((*chunk, rows.clone())), None),
            Rows::Report(piece) => (None, Some(piece.clone())),
        };
        let records = chunk.into_iter().flat_map(|(chunk, rows)| cut(chunk, rows));
        let results = piece.into_iter().flat_map(|piece| piece.rows());
        records.chain(results.map(move |(key, values)| match shape {
            Shape::Whole => Row::Whole(values),
            // Of a report without values: its keys are the records.
            Shape::Records => Row::Record(key.unwrap_or_default()),
            _ => Row::Keyed(key, values),
        }))
    }
}

fn cut(chunk: &Chunk, rows: Range<usize>) -> impl Iterator<Item = Row<'_>> {
    rows.map(|row| match chunk.value(row) {
        Some(value) => Row::Pair(chunk.key(row), value),
        None => Row::Record(chunk.at(chunk.keys[row])),
    })
}

/// Makes bytes of rows, and appends them to `out`.
pub trait Format: Send {
    /// What a stream or a file of batches begins with, before the first one.
    fn header(&self) -> &[u8] {
        &[]
    }

    /// A batch begins; `time` is its Time.
    fn begin(&mut self, out: &mut Vec<u8>, time: Stamp);

    /// Goes on in a batch of which some rows were written before a restart.
    fn go_on(&mut self, time: Stamp, _rows: u64) {
        self.begin(&mut Vec::new(), time);
    }

    /// Some rows of the batch, in order.
    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>);

    /// The batch ends.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// What formats are told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the rows look like.
    pub shape: Shape,
    /// The names of the statistics, one a value, as in `["value"]`.
    pub columns: Vec<String>,
    /// The zone, and how a Time is written.
    pub clockface: Clockface,
    /// `--num`: how many rows a batch the formats print at most that print a part.
    pub num: usize,
    /// `--window`: how far reports reach back; formats with a Time also write where they start.
    pub window: Option<Duration>,
    /// True if a line of names comes first: `--header`, or not `--no-header`.
    pub header: bool,
    /// What ends a record that comes in: a newline, or NUL for `-0`.
    pub delimiter: u8,
    /// True for `--interval 0`: each record at once, bare.
    pub bare: bool,
}

impl Settings {
    /// The names of all fields, in order: the Time, where a window starts, and those of the row.
    pub fn fields(&self) -> Vec<&str> {
        let time = self.clockface.is_shown().then_some("time");
        let start = self.window.and(time).map(|_| "start");
        time.into_iter().chain(start).chain(self.names()).collect()
    }

    /// The names of a row's fields, in order, without the Time.
    pub fn names(&self) -> Vec<&str> {
        let columns = self.columns.iter().map(String::as_str);
        match self.shape {
            Shape::Records => vec!["record"],
            Shape::Pairs => vec!["key", "value"],
            Shape::Keyed => std::iter::once("key").chain(columns).collect(),
            Shape::Whole => columns.collect(),
        }
    }
}

/// A format as the command line knows it.
pub struct Spec {
    /// What `--format` calls it.
    pub name: &'static str,
    /// What it is, for help and man page.
    pub help: &'static str,
    /// What the names of files in this format end with.
    pub extension: &'static str,
    /// What it can do.
    pub can: Ability,
    /// Makes it.
    pub build: fn(&Settings) -> Box<dyn Format>,
}

/// The formats there are; the first is the default.
pub const FORMATS: &[Spec] = &[
    spark::pprint::SPEC,
    spark::scala::SPEC,
    tsv::SPEC,
    csv::SPEC,
    json::SPEC,
    text::SPEC,
    uniq::SPEC,
];
