//! Selecting where a record may make several rows, or none.
//!
//! ```text
//! .user,.tags[]    {"user":"u","tags":["x","y"]}   ->   u x, u y
//! ```
//!
//! What stands once in a record is repeated with each row, so rows can grow with the square of a record,
//! and are bounded: those of one record come to at most a thousand times its length.

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
                && let Err(reason) = asked.rows(record, scratch, rows)
            {
                rows.refuse(reason);
            }
        };
        if asked.pairs { chunk.pair(rows) } else { chunk.flat_map(rows) }
    }
}

impl Asked {
    /// Makes the rows that were found. An error says why the record is bad.
    fn rows(&self, record: &[u8], found: &mut Scratch, rows: &mut Parts<'_>) -> Result<(), String> {
        let least =
            record.len() + self.joint.len() + self.otherwise.as_ref().map_or(1, Vec::len) + 1;
        let mut left = least.saturating_mul(SWELL).min(MOST);
        // What was said and is of no row that has ended is of the record as a whole: it fails.
        if found.parts.iter().any(|part| *part != Part::Unsaid) {
            return self.row(record, found, rows, &mut left);
        }
        let all = std::mem::take(&mut found.rows);
        let made = all.chunks(found.parts.len()).try_for_each(|parts| {
            found.parts.copy_from_slice(parts);
            self.row(record, found, rows, &mut left)
        });
        found.rows = all;
        made
    }

    /// Makes one row.
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
