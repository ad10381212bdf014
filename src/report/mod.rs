//! From all cells of a batch to the rows that are shown: `--top`, `--sort` and how many are printed.
//!
//! Rows are offered one by one, and only those that may still be shown are kept: of 20 million keys
//! under `--top 10` some hundred at a time. A row holds all that orders it and, if the key is short,
//! all that is shown of it, so that a full report of millions of rows is sorted and written without
//! following pointers: see `row`.
//!
//! The rank is a number whose ascending order is the order of the report, so descending values,
//! ascending keys and first appearance are all sorted by the same comparison. Equal ranks are
//! ordered by key, so a report is the same whatever order its rows were offered in, and whatever
//! parts of it were collected apart and joined.

pub mod changed;
mod flags;
pub mod measure;
mod row;
pub mod value;
pub mod viewer;

use std::ops::Range;
use std::time::Duration;

pub use flags::Flags;
use measure::Measure;
use row::{Beside, Row};

use crate::cell::{Overflow, Total};
use crate::error::Error;
use crate::report::value::{Value, prefix};
use crate::table::missing;

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

/// Which rows are shown, and in which order.
#[derive(Clone, Debug)]
pub struct Selection {
    /// What is made of results before that.
    pub measure: Measure,
    /// `--top N`: the rows of the N largest values.
    pub top: Option<usize>,
    /// `--ascending`: the smallest, and values in ascending order.
    pub ascending: bool,
    /// `--sort`: the order of what is left.
    pub sort: Sort,
    /// How many rows the output can use; `usize::MAX` for all.
    pub shown: usize,
    /// True if keys can be missing, as those of pairs can.
    pub may_lack_keys: bool,
}

/// The rows of one batch, in the order in which they are shown.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    beside: Beside,
    /// True if keys are held as [`missing`] has it.
    may_lack_keys: bool,
}

impl Report {
    fn new(width: usize, may_lack_keys: bool) -> Report {
        Report { rows: Vec::new(), beside: Beside::new(width), may_lack_keys }
    }

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
        Report::new(self.beside.width, self.may_lack_keys)
    }

    /// The key, as it is held, and the values of a row.
    pub fn row(&self, index: usize) -> (&[u8], &[Value]) {
        let row = &self.rows[index];
        (row.key(&self.beside), row.values(&self.beside))
    }

    /// Adds a row of another report at the end.
    pub fn copy(&mut self, from: &Report, index: usize) {
        let ((key, values), row) = (from.row(index), &from.rows[index]);
        self.push(row.rank, row.first, key, values);
    }

    /// The report in pieces of some hundred rows, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let starts = (0..self.rows.len()).step_by(512);
        starts.map(|start| Piece { report: self, rows: start..self.len().min(start + 512) })
    }

    #[inline]
    fn push(&mut self, rank: u64, first: u64, key: &[u8], values: &[Value]) {
        let row = Row::new(rank, first, key, values, &mut self.beside);
        self.rows.push(row);
    }

    /// Takes in all rows of another report, in any order.
    fn append(&mut self, mut other: Report) {
        if other.beside.is_empty() {
            self.rows.append(&mut other.rows);
            return;
        }
        let rows = other.rows.into_iter().map(|row| row.behind(&self.beside));
        self.rows.extend(rows);
        self.beside.append(other.beside);
    }

    /// Keeps the first `limit` rows, in any order, and the memory of these alone.
    fn keep(&mut self, limit: usize) {
        if limit == 0 || self.rows.len() <= limit {
            self.rows.truncate(limit);
            return;
        }
        let beside = &self.beside;
        self.rows.select_nth_unstable_by(limit - 1, |a, b| a.order(b, beside));
        self.rows.truncate(limit);
        let mut kept = self.empty();
        (0..limit).for_each(|index| kept.copy(self, index));
        *self = kept;
    }

    fn rank_again(&mut self, rank: impl Fn(&[Value], u64) -> u64) {
        let beside = &self.beside;
        self.rows.iter_mut().for_each(|row| row.rank = rank(row.values(beside), row.first));
    }
}

/// Some rows of a report.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    report: &'a Report,
    rows: Range<usize>,
}

impl<'a> Piece<'a> {
    /// The key, unless it is missing, and the values of each row; without a key (`--count`) the key is empty.
    pub fn rows(&self) -> impl Iterator<Item = (Option<&'a [u8]>, &'a [Value])> + use<'a> {
        let report = self.report;
        let rows = report.rows[self.rows.clone()].iter();
        rows.map(|row| {
            let key = row.key(&report.beside);
            let shown = if report.may_lack_keys { missing::shown(key) } else { Some(key) };
            (shown, row.values(&report.beside))
        })
    }
}

impl Selection {
    /// All rows, as they are, in some order.
    pub fn all(sort: Sort) -> Selection {
        let measure = Measure::default();
        let (top, shown) = (None, usize::MAX);
        Selection { measure, top, ascending: false, sort, shown, may_lack_keys: false }
    }

    /// Begins a report whose rows have `width` values each.
    pub fn collector(&self, width: usize) -> Collector {
        let (order, limit) = match self.top {
            Some(top) => (Sort::Value, top),
            None => (self.sort, self.shown),
        };
        let by = self.measure.by;
        let order = Order { sort: order, ascending: self.ascending, doubles: false, by };
        let report = Report::new(width, self.may_lack_keys);
        Collector {
            selection: self.clone(),
            is_plain: self.measure.is_plain(),
            order,
            limit,
            shared: report.empty(),
            report,
            bar: NO_BAR,
            parts: 1,
            refused: None,
            covered: Duration::ZERO,
            values: Vec::new(),
        }
    }
}

/// What makes a rank of a row.
#[derive(Clone, Copy, Debug)]
struct Order {
    sort: Sort,
    ascending: bool,
    /// True once one of the values is a double: then all are compared as doubles.
    doubles: bool,
    /// The column that is looked at.
    by: usize,
}

impl Order {
    fn rank(self, values: &[Value], first: u64) -> u64 {
        match self.sort {
            Sort::Key => 0,
            Sort::First => first,
            Sort::Value => {
                // A record without values, of --distinct, is ordered by itself.
                let rank = values.get(self.by).map_or(0, |value| value.rank(self.doubles));
                if self.ascending || values.is_empty() { rank } else { !rank }
            }
        }
    }
}

/// What no row is beyond.
const NO_BAR: (u64, u64) = (u64::MAX, u64::MAX);

/// Collects the rows of one report.
#[derive(Debug)]
pub struct Collector {
    selection: Selection,
    /// True if results are reported as they are.
    is_plain: bool,
    /// The order in which rows are chosen: that of `--top` if there is one.
    order: Order,
    limit: usize,
    report: Report,
    /// The greatest rank that may still be shown, and the greatest beginning of a key with it: else
    /// all rows would pass where all ranks are equal.
    bar: (u64, u64),
    /// How many collectors have shared the work.
    parts: usize,
    /// The least key of which a result cannot be shown, and why.
    refused: Option<(Vec<u8>, Overflow)>,
    /// The rows of which shares are made once all are there.
    shared: Report,
    /// The time that the report covers.
    covered: Duration,
    /// Memory for what is made of a row's values.
    values: Vec<Value>,
}

impl Collector {
    /// The same for a report that covers so much time.
    pub fn covering(mut self, covered: Duration) -> Collector {
        self.covered = covered;
        self
    }

    /// Offers a row; `first` says when its key first appeared and counts only for [`Sort::First`].
    #[inline]
    pub fn offer(&mut self, key: &[u8], values: &[Value], first: u64) {
        match self.is_plain {
            true => self.choose(key, values, first),
            false => self.measure(key, values, first),
        }
    }

    /// Chooses of what is made of a row's values.
    fn measure(&mut self, key: &[u8], values: &[Value], first: u64) {
        let mut made = std::mem::take(&mut self.values);
        made.clear();
        made.extend_from_slice(values);
        let measure = &self.selection.measure;
        measure.rate(&mut made, self.covered);
        if measure.share {
            self.shared.push(0, first, key, &made);
        } else if measure.has(&made) {
            self.choose(key, &made, first);
        }
        self.values = made;
    }

    /// Chooses of all rows, now that their totals are known.
    fn share(&mut self) {
        let shared = std::mem::take(&mut self.shared);
        let mut totals = vec![Total::default(); shared.beside.width];
        for values in shared.pieces().flat_map(|piece| piece.rows().map(|(_, values)| values)) {
            self.selection.measure.add(values, &mut totals);
        }
        for (index, row) in shared.rows.iter().enumerate() {
            let (key, values) = shared.row(index);
            let mut made = values.to_vec();
            self.selection.measure.shares(&mut made, &totals);
            if self.selection.measure.has(&made) {
                self.choose(key, &made, row.first);
            }
        }
    }

    /// Keeps a row if it may be shown.
    #[inline]
    fn choose(&mut self, key: &[u8], values: &[Value], first: u64) {
        if !self.order.doubles && matches!(values.get(self.order.by), Some(Value::Float(_))) {
            self.compare_doubles();
        }
        let rank = self.order.rank(values, first);
        if rank >= self.bar.0 && (rank, prefix(key)) > self.bar {
            return;
        }
        self.report.push(rank, first, key, values);
        if self.report.len() / 2 > self.limit.max(64) {
            self.lower();
        }
    }

    /// Offers a key of which a result cannot be shown, so that there will be no report.
    #[cold]
    pub fn refuse(&mut self, key: &[u8], why: Overflow) {
        // The least one, so that it is the same whatever the threads did.
        if self.refused.as_ref().is_none_or(|(least, _)| key < &**least) {
            self.refused = Some((key.to_vec(), why));
        }
    }

    /// Begins another collector of the same report, which takes some of its rows elsewhere.
    pub fn part(&self) -> Collector {
        let mut part = self.selection.collector(self.report.beside.width).covering(self.covered);
        (part.order, part.bar) = (self.order, self.bar);
        part
    }

    /// Takes in what another collector of the same report has been offered.
    pub fn join(&mut self, mut part: Collector) {
        if self.order.doubles != part.order.doubles {
            self.compare_doubles();
            part.compare_doubles();
        }
        self.parts += part.parts;
        self.shared.append(part.shared);
        if let Some((key, why)) = part.refused {
            self.refuse(&key, why);
        }
        self.report.append(part.report);
        if self.report.len() > self.limit {
            self.lower();
        }
    }

    /// Ends the report; an error names a key of which a result cannot be shown.
    pub fn finish(mut self) -> Result<Report, Error> {
        if let Some((key, why)) = &self.refused {
            let shown = if self.report.may_lack_keys { missing::shown(key) } else { Some(&**key) };
            return Err(why.of(shown.unwrap_or(b"None")));
        }
        if self.selection.measure.share {
            self.share();
        }
        self.report.keep(self.limit);
        if self.selection.sort != self.order.sort {
            let order = Order { sort: self.selection.sort, ..self.order };
            self.report.rank_again(|values, first| order.rank(values, first));
        }
        let Report { rows, beside, .. } = &mut self.report;
        row::sort(rows, beside, self.parts);
        rows.truncate(self.selection.shown);
        Ok(self.report)
    }

    /// Forgets what cannot be shown any more.
    fn lower(&mut self) {
        self.report.keep(self.limit);
        self.bar = self.report.rows.iter().map(Row::start).max().unwrap_or((0, 0));
    }

    /// From now on all values are compared as doubles.
    #[cold]
    fn compare_doubles(&mut self) {
        self.order.doubles = true;
        self.report.rank_again(|values, first| self.order.rank(values, first));
        self.bar = NO_BAR;
    }
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

    /// What is shown of rows that are dealt out to so many parts.
    fn shown(
        selection: &Selection,
        rows: &[(Vec<u8>, i64)],
        offered: &[usize],
        parts: usize,
    ) -> Shown {
        let mut collector = selection.collector(1);
        let mut others: Vec<_> = (1..parts).map(|_| collector.part()).collect();
        for &at in offered {
            let part = others.get_mut(at % parts).unwrap_or(&mut collector);
            part.offer(&rows[at].0, &[Value::Int(rows[at].1)], at as u64);
        }
        others.into_iter().for_each(|part| collector.join(part));
        let report = collector.finish().unwrap();
        let row = |(key, values): (Option<&[u8]>, &[Value])| match values {
            [Value::Int(value)] => (key.expect("none is missing").to_vec(), *value),
            other => panic!("{other:?} is no count"),
        };
        report.pieces().flat_map(|piece| piece.rows().map(row).collect::<Vec<_>>()).collect()
    }

    /// The same by the definition: sort everything, then cut.
    fn model(selection: &Selection, rows: &[(Vec<u8>, i64)]) -> Shown {
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
                prop::collection::vec(prop::sample::select(&b"a\0b"[..]), 0..19),
                prop::sample::select(&[i64::MIN, -1, 0, 1, 2, i64::MAX - 1, i64::MAX][..]),
                0..300,
            ),
            top in prop::option::of(limit()), ascending: bool, sort in sort(), shown_rows in limit(),
            turn in 0usize..300, parts in 1usize..4,
        ) {
            let rows: Vec<_> = counts.into_iter().collect();
            let mut offered: Vec<_> = (0..rows.len()).collect();
            offered.rotate_left(turn.min(rows.len()));
            let measure = Measure::default();
            let may_lack_keys = false;
            let selection = Selection { measure, top, ascending, sort, shown: shown_rows, may_lack_keys };
            prop_assert_eq!(shown(&selection, &rows, &offered, parts), model(&selection, &rows));
        }
    }

    #[test]
    fn integers_and_doubles_are_ordered_together() {
        let selection = Selection { ascending: true, ..Selection::all(Sort::Value) };
        let mut collector = selection.collector(1);
        for value in [Value::Int(2), Value::Float(1.5), Value::Int(-3), Value::None] {
            let mut part = collector.part();
            part.offer(b"", &[value], 0);
            collector.join(part);
        }
        let report = collector.finish().unwrap();
        let values: Vec<_> =
            report.pieces().next().unwrap().rows().map(|row| row.1[0].clone()).collect();
        assert_eq!(values, [Value::None, Value::Int(-3), Value::Float(1.5), Value::Int(2)]);
    }
}
