//! Selecting where an item may come to several parts, or to none: each makes a row of its own.
//!
//! ```text
//! .user,.tags[]    {"user":"u","tags":["x","y"]}   ->   u x, u y
//! .a[],.b[]        all combinations, those of the last item first
//! ```
//!
//! Combinations grow with the square of a record, or faster, so they are bounded: rows of one record come
//! to at most a thousand times its length.

use std::ops::Range;

use super::{Asked, Scratch, Select};
use crate::chunk::{Chunk, Parts, Span};
use crate::selector::{Part, Selector};

/// How many bytes the rows of one record may come to, for each of its own.
const SWELL: usize = 1024;
/// How many bytes they may come to in any case: an arena stays below 4 GiB.
const MOST: usize = 1 << 30;
/// What a row counts beside its bytes.
const ROW: usize = 16;

impl<S: Selector> Select<S> {
    /// Makes any number of rows, or pairs, of each record.
    pub(super) fn many(&mut self, chunk: &mut Chunk) {
        let Select { selector, asked, scratch } = self;
        let all = asked.labels.len();
        let rows = |record: &[u8], rows: &mut Parts<'_>| {
            if scratch.find(selector, all, record)
                && let Err(reason) = asked.combine(record, scratch, rows)
            {
                rows.refuse(reason);
            }
        };
        if asked.pairs { chunk.pair(rows) } else { chunk.flat_map(rows) }
    }
}

impl Asked {
    /// Makes a row of each combination of parts. An error says why the record is bad.
    fn combine(
        &self,
        record: &[u8],
        found: &mut Scratch,
        rows: &mut Parts<'_>,
    ) -> Result<(), String> {
        let least =
            record.len() + self.joint.len() + self.otherwise.as_ref().map_or(1, Vec::len) + 1;
        let mut left = least.saturating_mul(SWELL).min(MOST);
        if found.more.is_empty() {
            return self.row(record, found, rows, &mut left);
        }
        let mut more = std::mem::take(&mut found.more);
        // The parts of an item stay in their order.
        more.sort_by_key(|&(item, _)| item);
        let firsts = found.parts.clone();
        // Which part of each item the row has, its first one being 0.
        let mut turn = vec![0; firsts.len()];
        let of = |item| {
            let start = more.partition_point(|&(other, _)| other < item);
            &more[start..more.partition_point(|&(other, _)| other <= item)]
        };
        let others: Vec<&[(usize, Part)]> = (0..firsts.len()).map(of).collect();
        let made = loop {
            if let Err(reason) = self.row(record, found, rows, &mut left) {
                break Err(reason);
            }
            let Some(item) = (0..turn.len()).rfind(|&item| turn[item] < others[item].len()) else {
                break Ok(());
            };
            found.parts[item] = others[item][turn[item]].1;
            turn[item] += 1;
            for later in item + 1..turn.len() {
                (found.parts[later], turn[later]) = (firsts[later], 0);
            }
        };
        found.more = more;
        made
    }

    /// Makes one row of one part of each item.
    fn row(
        &self,
        record: &[u8],
        found: &Scratch,
        rows: &mut Parts<'_>,
        left: &mut usize,
    ) -> Result<(), String> {
        let (keys, all) = (self.keys, self.labels.len());
        let key = self.half(0..keys, record, found, rows, left)?;
        if self.pairs {
            let value = self.half(keys..all, record, found, rows, left)?;
            rows.push_pair(Some(key), value);
        } else {
            rows.push_span(key);
        }
        Ok(())
    }

    fn half(
        &self,
        items: Range<usize>,
        record: &[u8],
        found: &Scratch,
        rows: &mut Parts<'_>,
        left: &mut usize,
    ) -> Result<Span, String> {
        let span = self.span(items.clone(), record, &found.parts);
        let span = span.map_err(|item| self.reason(item, found.parts[item]))?;
        let joints = self.joint.len() * (items.len() - 1);
        let bytes = |item| self.bytes(found.parts[item], record, &found.made).len();
        let size =
            ROW + span.map_or_else(|| joints + items.clone().map(bytes).sum::<usize>(), |_| 0);
        *left = left.checked_sub(size).ok_or_else(|| {
            let all = self.labels.join(" ");
            format!("{all}: more than {SWELL} times its length would come of it")
        })?;
        Ok(match span {
            Some((start, end)) => rows.part(start, end),
            None => rows.anew(|out| self.write(items, record, found, out)),
        })
    }
}
