//! What steps do with the rows of a chunk, a call a chunk.
//!
//! ```text
//! edit       one row of each, or none        its bytes, a part of them, or bytes made anew
//! flat_map   any number of rows of each
//! pair       any number of pairs of each plain record
//! retain     the rows that are wanted
//! keep       plain records of pairs: one half of each
//! ```
//!
//! A step works on the records; of pairs on one half, which [`Chunk::turn`] chooses for all steps that
//! follow, and it need not know which. What it makes anew is gathered apart while the rows are looked
//! at, and stands at the arena's end then, so no byte moves that a span points to.
//!
//! No half of a pair that is there begins at the arena's first byte, because a part of it could then look
//! like [`Span::MISSING`]: the one record that does is copied before it becomes a pair.

use std::borrow::Cow;

use super::{Chunk, Span};
use crate::origin::Origins;

/// A half of a pair. A plain record is all key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Half {
    /// What the pair is counted by.
    #[default]
    Key,
    /// What is counted.
    Value,
}

/// What becomes of what a step edits: of a plain record, or of one half of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It stays.
    Keep,
    /// A part takes its place: from the first byte to before the second.
    Within(usize, usize),
    /// What was written takes its place.
    Anew,
    /// The row goes.
    Drop,
    /// The row is bad, for this reason.
    Bad(Cow<'static, str>),
}

/// So much a step makes anew of a chunk, or as much as there is: a peer sends what he likes.
const MOST: usize = 256 << 20;
/// As far as all steps fill an arena: its spans are 32 bits wide.
const FULL: usize = 1 << 30;
/// Why a row is bad of which more would be made.
const SWOLLEN: &str = "what a step makes of it and of its neighbours is more than 256 MiB";

/// Rows that are bad, with the reasons why.
type Refused = Vec<(Span, Cow<'static, str>)>;

impl Chunk {
    /// Turns the steps that follow to a half of the pairs.
    pub fn turn(&mut self, half: Half) {
        debug_assert!(self.pairs || half == Half::Key, "a plain record has no value");
        self.half = half;
    }

    /// Makes plain records of pairs, of one half each. A key that is missing becomes an empty record.
    pub fn keep(&mut self, half: Half) {
        debug_assert!(self.pairs, "a plain record has no halves");
        if half == Half::Value {
            std::mem::swap(&mut self.keys, &mut self.values);
        }
        self.values.clear();
        (self.pairs, self.half) = (false, Half::Key);
    }

    /// Edits each row as `edit` says of its bytes. What is to take their place and is no part of them,
    /// `edit` appends to the vector. A key that is missing stays so.
    #[inline(always)]
    pub fn edit(&mut self, mut edit: impl FnMut(&[u8], &mut Vec<u8>) -> Edit) {
        self.face();
        let (end, pairs) = (self.used.max(1), self.pairs);
        let (mut kept, mut refused) = (0, Refused::new());
        for index in 0..self.keys.len() {
            let (span, made) = (self.keys[index], self.made.len());
            let is_missing = pairs && span == Span::MISSING;
            let bytes = &self.arena[span.range()];
            let outcome = if is_missing { Edit::Keep } else { edit(bytes, &mut self.made) };
            let becomes = match outcome {
                Edit::Keep => span,
                Edit::Within(from, to) => within(span, from, to),
                Edit::Anew if is_swollen(end, self.made.len()) => {
                    self.made.truncate(made);
                    refused.push((span, SWOLLEN.into()));
                    continue;
                }
                Edit::Anew => placed(&mut self.origins, &mut self.made, span, made, end),
                Edit::Drop => continue,
                Edit::Bad(reason) => {
                    refused.push((span, reason));
                    continue;
                }
            };
            self.keys[kept] = becomes;
            if pairs {
                self.values[kept] = self.values[index];
            }
            kept += 1;
        }
        self.filtered += (self.keys.len() - kept - refused.len()) as u64;
        self.keys.truncate(kept);
        self.values.truncate(kept);
        self.settle(refused);
        self.face_back();
    }

    /// Makes one row of each: the part of it that `part` returns. A key that is missing stays so: it reads
    /// as empty, and the only part of that is where it is.
    #[inline(always)]
    pub fn map(&mut self, mut part: impl FnMut(&[u8]) -> Span) {
        self.face();
        for key in &mut self.keys {
            let within = part(&self.arena[key.range()]);
            *key = Span { start: key.start + within.start, len: within.len };
        }
        self.face_back();
    }

    /// Keeps the rows that are wanted, and counts the others. A key that is missing is looked at as an
    /// empty one.
    #[inline(always)]
    pub fn retain(&mut self, mut wanted: impl FnMut(&[u8]) -> bool) {
        self.face();
        let mut kept = 0;
        for index in 0..self.keys.len() {
            if wanted(&self.arena[self.keys[index].range()]) {
                self.keys.swap(kept, index);
                if self.pairs {
                    self.values.swap(kept, index);
                }
                kept += 1;
            }
        }
        self.filtered += (self.keys.len() - kept) as u64;
        self.keys.truncate(kept);
        self.values.truncate(kept);
        self.face_back();
    }

    /// Makes any number of rows of each; the other half of a pair is repeated with each of them. A key
    /// that is missing stays so.
    #[inline(always)]
    pub fn flat_map(&mut self, mut parts: impl FnMut(&[u8], &mut Parts<'_>)) {
        self.face();
        let end = self.used.max(1);
        let ([edited, _], mut none, mut refused) = (&mut self.spare, Vec::new(), Refused::new());
        std::mem::swap(&mut self.keys, edited);
        for &of in &*edited {
            let before = self.keys.len();
            let (rows, made, record) = (&mut self.keys, &mut self.made, &self.arena[of.range()]);
            let (values, origins) = (&mut none, &mut self.origins);
            let mut made = Parts { rows, values, made, origins, end, of, bad: None };
            parts(record, &mut made);
            if let Some(reason) = made.bad {
                self.keys.truncate(before);
                if !self.pairs || of != Span::MISSING {
                    refused.push((of, reason));
                }
            }
            if self.pairs {
                self.ends.push(self.keys.len());
            }
        }
        if self.pairs {
            self.go_along();
        }
        self.spare[0].clear();
        self.settle(refused);
        self.face_back();
    }

    /// Repeats the other half of each pair with all rows that were made of the one: apart from the loop
    /// that makes them, whose registers plain records need.
    #[inline(never)]
    fn go_along(&mut self) {
        let [edited, made] = &mut self.spare;
        std::mem::swap(&mut self.keys, made);
        let (others, mut start) = (std::mem::take(&mut self.values), 0);
        for ((&was, other), &end) in edited.iter().zip(others).zip(&self.ends) {
            match was {
                Span::MISSING => self.keys.push(was),
                _ => self.keys.extend_from_slice(&made[start..end]),
            }
            self.values.resize(self.keys.len(), other);
            start = end;
        }
        made.clear();
        self.ends.clear();
    }

    /// Makes any number of pairs of each plain record.
    #[inline(always)]
    pub fn pair(&mut self, mut parts: impl FnMut(&[u8], &mut Parts<'_>)) {
        debug_assert!(!self.pairs, "pairs are pairs already");
        self.cut();
        let end = self.used.max(1);
        let [records, _] = &mut self.spare;
        std::mem::swap(&mut self.keys, records);
        let mut refused = Refused::new();
        for &span in &*records {
            let (before, record) = (self.keys.len(), &self.arena[span.range()]);
            let (rows, values, made) = (&mut self.keys, &mut self.values, &mut self.made);
            let origins = &mut self.origins;
            let mut made = Parts { rows, values, made, origins, end, of: span, bad: None };
            if span.start == 0 {
                made.copy(record);
            }
            parts(record, &mut made);
            if let Some(reason) = made.bad {
                self.keys.truncate(before);
                self.values.truncate(before);
                refused.push((span, reason));
            }
        }
        records.clear();
        self.pairs = true;
        self.settle(refused);
    }

    /// Cuts the chunk, and has the half that is edited stand where keys do, until it is done.
    fn face(&mut self) {
        self.cut();
        self.face_back();
    }

    fn face_back(&mut self) {
        if self.half == Half::Value {
            std::mem::swap(&mut self.keys, &mut self.values);
        }
    }

    /// Puts what was made anew where the spans look for it, and counts what is bad.
    fn settle(&mut self, refused: Refused) {
        if !self.made.is_empty() {
            self.begin();
            let mut made = std::mem::take(&mut self.made);
            self.append(&made);
            made.clear();
            self.made = made;
            self.origins.made_until(self.used);
        }
        self.refuse(refused);
    }
}

/// True if so much is not to be made of a chunk whose arena ends there.
#[inline]
fn is_swollen(end: usize, made: usize) -> bool {
    made > MOST.max(end) || end + made > FULL
}

/// Where what was made of `of` will stand, which begins at `start` of all that was made; the arena ends at `end`.
#[inline]
fn placed(origins: &mut Origins, made: &mut Vec<u8>, of: Span, start: usize, end: usize) -> Span {
    let row = Span::new(end + start, end + made.len());
    origins.made(of.range().start, end + start);
    if row.len == 0 {
        // So that each has a place of its own.
        made.push(b'\0');
    }
    row
}

/// A part of a span.
#[inline(always)]
fn within(span: Span, from: usize, to: usize) -> Span {
    debug_assert!(from <= to && to <= span.len as usize, "a part is within");
    Span { start: span.start + from as u32, len: (to - from) as u32 }
}

/// Takes the parts of one record, or of a half of a pair: see [`Chunk::flat_map`] and [`Chunk::pair`].
pub struct Parts<'a> {
    rows: &'a mut Vec<Span>,
    values: &'a mut Vec<Span>,
    made: &'a mut Vec<u8>,
    origins: &'a mut Origins,
    /// Where the arena will end when what is made anew is appended.
    end: usize,
    /// What is taken apart.
    of: Span,
    bad: Option<Cow<'static, str>>,
}

impl Parts<'_> {
    /// Adds the part from `start` to `end` as a row.
    #[inline(always)]
    pub fn push(&mut self, start: usize, end: usize) {
        self.rows.push(within(self.of, start, end));
    }

    /// Adds bytes made anew as a row: those that `write` appends.
    pub fn push_anew(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let row = self.anew(write);
        self.rows.push(row);
    }

    /// Adds what [`Parts::part`] or [`Parts::anew`] made as a row.
    pub fn push_span(&mut self, row: Span) {
        self.rows.push(row);
    }

    /// Adds a pair; halves are made by [`Parts::part`] and [`Parts::anew`], and a key can be missing.
    pub fn push_pair(&mut self, key: Option<Span>, value: Span) {
        self.rows.push(key.unwrap_or(Span::MISSING));
        self.values.push(value);
    }

    /// The part from `start` to `end`.
    #[inline]
    pub fn part(&self, start: usize, end: usize) -> Span {
        within(self.of, start, end)
    }

    /// Bytes made anew: those that `write` appends.
    pub fn anew(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.made.len();
        write(self.made);
        if is_swollen(self.end, self.made.len()) {
            self.made.truncate(start);
            self.refuse(SWOLLEN);
            return self.of;
        }
        placed(self.origins, self.made, self.of, start, self.end)
    }

    /// Has what is taken apart stand where halves of pairs may begin.
    fn copy(&mut self, record: &[u8]) {
        let start = self.end + self.made.len();
        self.made.extend_from_slice(record);
        self.made.push(b'\0');
        self.origins.copied(self.of.range().start, start..self.end + self.made.len());
        self.of = Span { start: start as u32, ..self.of };
    }

    /// Says that the record is bad, so that it has no parts, and why.
    pub fn refuse(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.bad = Some(reason.into());
    }
}

#[cfg(test)]
mod tests;
