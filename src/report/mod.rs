//! From all cells of a batch to the rows that are shown: `--top`, `--sort` and how many are printed.
//!
//! Rows are offered one by one, and only those that may still be shown are kept: of 20 million keys
//! under `--top 10` some hundred at a time. What is kept lies in three columns, so that a full report
//! of millions of rows is sorted without following pointers:
//!
//! ```text
//! rows     rank | first 8 bytes of the key | place in keys | place in values
//! keys     one after the other
//! values   as many a row as there are statistics
//! ```
//!
//! The rank is a number whose ascending order is the order of the report, so descending values,
//! ascending keys and first appearance are all sorted by the same comparison. Equal ranks are
//! ordered by key, so a report is the same whatever order its rows were offered in.

pub mod changed;
pub mod value;

use std::cmp::Ordering;
use std::ops::Range;

use crate::error::Error;
use crate::part::{Given, hold};
use crate::report::value::Value;

/// What orders the rows: `--sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// By the value, largest first; equal ones by key
    Value,
    /// By the bytes of the key
    Key,
    /// As the keys first appeared
    #[value(name = "none")]
    First,
}

/// Flags that choose and order rows, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Report")]
pub struct Flags {
    /// Report only the N largest values
    #[arg(long, value_name = "N", value_parser = rows)]
    pub top: Option<usize>,

    /// Smallest first: for --top, and for --sort value
    #[arg(long)]
    pub ascending: bool,

    /// What orders the rows [default: value]
    #[arg(long, value_name = "ORDER")]
    pub sort: Option<Sort>,

    /// Report only rows that are new, or differ from the last report
    ///
    /// Rows are compared after --top has selected them. A row that is no longer there is not said to
    /// be gone; one that comes back is new.
    #[arg(long)]
    pub changed: bool,
}

impl Flags {
    /// Refuses what does not go with what else was given.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        let (alone, bare) = (given.aggregate.is_none(), given.record_at_a_time);
        hold(&[
            (self.top.is_some() && alone, "--top: needs an aggregate, as --count-by-key is"),
            (self.sort.is_some() && alone, "--sort: needs an aggregate; records keep their order"),
            (self.ascending && alone, "--ascending: needs an aggregate; records keep their order"),
            (
                self.changed && alone,
                "--changed: needs an aggregate; records are printed as they come",
            ),
            (
                self.top.is_some() && bare,
                "--top: with --interval 0 each record is a report of its own; nothing is selected",
            ),
            (
                self.sort.is_some() && bare,
                "--sort: with --interval 0 results come in the order of their records",
            ),
            (
                self.ascending && bare,
                "--ascending: with --interval 0 results come in the order of their records",
            ),
        ])
    }
}

fn rows(text: &str) -> Result<usize, String> {
    Ok(usize::try_from(crate::units::whole(text, 1)?).unwrap_or(usize::MAX))
}

/// Which rows are shown, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// `--top N`: the rows of the N largest values.
    pub top: Option<usize>,
    /// `--ascending`: the smallest, and values in ascending order.
    pub ascending: bool,
    /// `--sort`: the order of what is left.
    pub sort: Sort,
    /// How many rows the output can use; `usize::MAX` for all.
    pub shown: usize,
}

/// The rows of one batch, in the order in which they are shown.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    keys: Vec<u8>,
    values: Vec<Value>,
    width: usize,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    rank: u64,
    prefix: u64,
    /// When the key first appeared.
    first: u64,
    key: u64,
    len: u32,
    index: u32,
}

impl Report {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A report of such rows, without any.
    pub fn empty(&self) -> Report {
        Report { width: self.width, ..Report::default() }
    }

    /// The key and the values of a row.
    pub fn row(&self, index: usize) -> (&[u8], &[Value]) {
        (self.key(&self.rows[index]), self.values(&self.rows[index]))
    }

    /// Adds a row of another report at the end.
    pub fn copy(&mut self, from: &Report, index: usize) {
        let row = &from.rows[index];
        self.push(row.rank, row.first, from.key(row), from.values(row));
    }

    /// The report in pieces of some hundred rows, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let starts = (0..self.rows.len()).step_by(512);
        starts.map(|start| Piece { report: self, rows: start..self.len().min(start + 512) })
    }

    fn key(&self, row: &Row) -> &[u8] {
        &self.keys[row.key as usize..][..row.len as usize]
    }

    fn values(&self, row: &Row) -> &[Value] {
        &self.values[row.index as usize * self.width..][..self.width]
    }

    fn push(&mut self, rank: u64, first: u64, key: &[u8], values: &[Value]) {
        let index = u32::try_from(self.rows.len()).expect("memory ends before 4 billion rows");
        let place = self.keys.len() as u64;
        self.keys.extend_from_slice(key);
        self.values.extend_from_slice(values);
        let (prefix, len) = (prefix(key), key.len() as u32);
        self.rows.push(Row { rank, prefix, first, key: place, len, index });
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let by_key = || a.prefix.cmp(&b.prefix).then_with(|| self.key(a).cmp(self.key(b)));
        a.rank.cmp(&b.rank).then_with(by_key)
    }

    /// Keeps the first `limit` rows, in any order, and the memory of these alone.
    fn keep(&mut self, limit: usize) {
        if limit == 0 || self.rows.len() <= limit {
            self.rows.truncate(limit);
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.select_nth_unstable_by(limit - 1, |a, b| self.compare(a, b));
        rows.truncate(limit);
        let mut kept = Report { width: self.width, ..Report::default() };
        rows.iter().for_each(|row| kept.push(row.rank, row.first, self.key(row), self.values(row)));
        *self = kept;
    }

    fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by(|a, b| self.compare(a, b));
        self.rows = rows;
    }

    fn rank_again(&mut self, rank: impl Fn(&[Value], u64) -> u64) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.iter_mut().for_each(|row| row.rank = rank(self.values(row), row.first));
        self.rows = rows;
    }
}

/// Some rows of a report.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    report: &'a Report,
    rows: Range<usize>,
}

impl<'a> Piece<'a> {
    /// The key and the values of each row; without a key (`--count`) the key is empty.
    pub fn rows(&self) -> impl Iterator<Item = (&'a [u8], &'a [Value])> + use<'a> {
        let report = self.report;
        let rows = report.rows[self.rows.clone()].iter();
        rows.map(|row| (report.key(row), report.values(row)))
    }
}

impl Selection {
    /// Begins a report whose rows have `width` values each.
    pub fn collector(&self, width: usize) -> Collector {
        let (order, limit) = match self.top {
            Some(top) => (Sort::Value, top),
            None => (self.sort, self.shown),
        };
        let order = Order { sort: order, ascending: self.ascending, doubles: false };
        let report = Report { width, ..Report::default() };
        Collector { selection: *self, order, limit, report, bar: u64::MAX }
    }
}

/// What makes a rank of a row.
#[derive(Clone, Copy, Debug)]
struct Order {
    sort: Sort,
    ascending: bool,
    /// True once one of the values is a double: then all are compared as doubles.
    doubles: bool,
}

impl Order {
    fn rank(self, values: &[Value], first: u64) -> u64 {
        match self.sort {
            Sort::Key => 0,
            Sort::First => first,
            Sort::Value if self.ascending => values[0].rank(self.doubles),
            Sort::Value => !values[0].rank(self.doubles),
        }
    }
}

/// Collects the rows of one report.
#[derive(Debug)]
pub struct Collector {
    selection: Selection,
    /// The order in which rows are chosen: that of `--top` if there is one.
    order: Order,
    limit: usize,
    report: Report,
    /// The greatest rank that may still be shown.
    bar: u64,
}

impl Collector {
    /// Offers a row; `first` says when its key first appeared and counts only for [`Sort::First`].
    #[inline]
    pub fn offer(&mut self, key: &[u8], values: &[Value], first: u64) {
        if !self.order.doubles && matches!(values.first(), Some(Value::Float(_))) {
            self.order.doubles = true;
            self.report.rank_again(|values, first| self.order.rank(values, first));
            self.bar = u64::MAX;
        }
        let rank = self.order.rank(values, first);
        if rank > self.bar {
            return;
        }
        self.report.push(rank, first, key, values);
        if self.report.len() / 2 > self.limit.max(64) {
            self.report.keep(self.limit);
            self.bar = self.report.rows.iter().map(|row| row.rank).max().unwrap_or(0);
        }
    }

    /// Ends the report.
    pub fn finish(mut self) -> Report {
        self.report.keep(self.limit);
        if self.selection.sort != self.order.sort {
            let order = Order { sort: self.selection.sort, ..self.order };
            self.report.rank_again(|values, first| order.rank(values, first));
        }
        self.report.sort();
        self.report.rows.truncate(self.selection.shown);
        self.report
    }
}

/// The first bytes of a key, as a number that orders as they do.
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sort() -> impl Strategy<Value = Sort> {
        prop::sample::select(&[Sort::Value, Sort::Key, Sort::First][..])
    }

    fn limit() -> impl Strategy<Value = usize> {
        prop::sample::select(&[0usize, 1, 2, 5, 70, usize::MAX][..])
    }

    type Shown = Vec<(Vec<u8>, i64)>;

    fn shown(selection: Selection, rows: &[(Vec<u8>, i64)], offered: &[usize]) -> Shown {
        let mut collector = selection.collector(1);
        for &at in offered {
            collector.offer(&rows[at].0, &[Value::Int(rows[at].1)], at as u64);
        }
        let report = collector.finish();
        let row = |(key, values): (&[u8], &[Value])| match values {
            [Value::Int(value)] => (key.to_vec(), *value),
            other => panic!("{other:?} is no count"),
        };
        report.pieces().flat_map(|piece| piece.rows().map(row).collect::<Vec<_>>()).collect()
    }

    /// The same by the definition: sort everything, then cut.
    fn model(selection: Selection, rows: &[(Vec<u8>, i64)]) -> Shown {
        let mut rows: Vec<_> = rows.iter().cloned().enumerate().collect();
        let by_value = |rows: &mut Vec<(usize, (Vec<u8>, i64))>| match selection.ascending {
            true => rows.sort_by_key(|(_, (key, value))| (*value, key.clone())),
            false => rows.sort_by_key(|(_, (key, value))| (-i128::from(*value), key.clone())),
        };
        if let Some(top) = selection.top {
            by_value(&mut rows);
            rows.truncate(top);
        }
        match selection.sort {
            Sort::Value => by_value(&mut rows),
            Sort::Key => rows.sort_by_key(|(_, (key, _))| key.clone()),
            Sort::First => rows.sort_by_key(|(first, _)| *first),
        }
        rows.truncate(selection.shown);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    proptest! {
        #[test]
        fn a_report_is_what_sorting_everything_gives(
            counts in prop::collection::btree_map(
                prop::collection::vec(prop::sample::select(&b"a\0b"[..]), 0..11),
                prop::sample::select(&[i64::MIN, -1, 0, 1, 2, i64::MAX - 1, i64::MAX][..]),
                0..300,
            ),
            top in prop::option::of(limit()), ascending: bool, sort in sort(), shown_rows in limit(),
            turn in 0usize..300,
        ) {
            let rows: Vec<_> = counts.into_iter().collect();
            let mut offered: Vec<_> = (0..rows.len()).collect();
            offered.rotate_left(turn.min(rows.len()));
            let selection = Selection { top, ascending, sort, shown: shown_rows };
            prop_assert_eq!(shown(selection, &rows, &offered), model(selection, &rows));
        }
    }

    #[test]
    fn integers_and_doubles_are_ordered_together() {
        let selection =
            Selection { top: None, ascending: true, sort: Sort::Value, shown: usize::MAX };
        let mut collector = selection.collector(1);
        for value in [Value::Int(2), Value::Float(1.5), Value::Int(-3), Value::None] {
            collector.offer(b"", &[value], 0);
        }
        let report = collector.finish();
        let values: Vec<_> =
            report.pieces().next().unwrap().rows().map(|row| row.1[0].clone()).collect();
        assert_eq!(values, [Value::None, Value::Int(-3), Value::Float(1.5), Value::Int(2)]);
    }
}
