//! Steps that select: parts of a record take its place, or make a pair of it.
//!
//! ```text
//! --field 2,4 --output-delimiter +        a b c d   ->   b+d
//! --field 2 --value NF                    a b c d   ->   (b, d)
//! --json .a --value .tags[]               {"a":1,"tags":["x","y"]}   ->   (1, x) (1, y)
//! ```
//!
//! Where parts stand in a record a [`Selector`] finds; it is made of the items of the key and, behind
//! them, of those of the value, so each record is read once. This is what becomes of them: one that is a span
//! stays one; several are joined anew, unless they stand in the record as if they had been joined; `--else`
//! stands in for what is not there, whatever keeps it from being found. Some selectors make several rows of
//! a record.

pub mod access_log;
pub mod csv;
pub mod field;
pub mod json;
pub mod logfmt;
mod many;

use std::ffi::OsStr;
use std::ops::Range;

use super::{Built, Step, Unbuilt, own};
use crate::chunk::{Chunk, Edit};
use crate::error::Error;
use crate::part::{Flag, Shape, Words};
use crate::selector::{Found, Lack, Part, Selector};
use crate::units;

/// Makes a step of what was typed: `parse` reads a SEL, `make` makes the selector of the items of key and
/// value, in that order. How an item is shown is how it is typed. Flags of its own are `own::VALUE`,
/// `own::ELSE`, `own::OUTPUT_DELIMITER`, and `own::DELIMITER` of a step that splits.
pub fn build<I: ToString, S: Selector>(
    words: &Words,
    rows: Shape,
    parse: impl Fn(&str) -> Result<Vec<I>, String>,
    make: impl FnOnce(Vec<I>) -> S,
) -> Result<Built, Unbuilt> {
    let (select, leaves) = Select::new(words, rows, parse, make)?;
    Ok(Built::new(select, words, leaves))
}

/// A step that selects.
#[derive(Clone, Debug)]
pub struct Select<S> {
    selector: S,
    asked: Asked,
    scratch: Scratch,
}

/// What was asked for.
#[derive(Clone, Debug)]
struct Asked {
    /// Each item with its flag, as typed: for the reason why a record is bad.
    labels: Vec<String>,
    /// How many items are of the key.
    keys: usize,
    /// True if there is a value.
    pairs: bool,
    /// What joins several parts.
    joint: Vec<u8>,
    /// What stands in for a part that is not there.
    otherwise: Option<Vec<u8>>,
}

/// So many parts of rows are kept room for.
const KEPT: usize = 1 << 12;

/// Memory for the parts of one record.
#[derive(Clone, Debug, Default)]
struct Scratch {
    parts: Vec<Part>,
    rows: Vec<Part>,
    made: Vec<u8>,
}

impl<S: Selector> Select<S> {
    /// The step, and the shape of what leaves it: see [`build`].
    pub fn new<I: ToString>(
        words: &Words,
        rows: Shape,
        parse: impl Fn(&str) -> Result<Vec<I>, String>,
        make: impl FnOnce(Vec<I>) -> S,
    ) -> Result<(Select<S>, Shape), String> {
        let mut items = parse(text(words.argument(0))?)?;
        let keys = items.len();
        let value = words.value(own::VALUE.name);
        if let Some(value) = value {
            rows.must_be_records()?;
            let of_value = text(value).and_then(&parse);
            items.extend(of_value.map_err(|why| format!("--{}: {why}", own::VALUE.name))?);
        }
        let flag = |item| if item < keys { words.flag().name } else { own::VALUE.name };
        let label = |(item, typed): (usize, &I)| format!("--{} {}", flag(item), typed.to_string());
        let labels = items.iter().enumerate().map(label).collect();
        let (otherwise, pairs) = (escaped(words, &own::ELSE)?, value.is_some());
        let joint = joint(words)?;
        let asked = Asked { labels, keys, pairs, joint, otherwise };
        let leaves = if pairs { Shape::Pairs } else { rows };
        Ok((Select { selector: make(items), asked, scratch: Scratch::default() }, leaves))
    }

    /// The selector, for a step that has more to tell it.
    pub fn selector(&mut self) -> &mut S {
        &mut self.selector
    }

    /// Edits all rows of a chunk.
    pub fn select(&mut self, chunk: &mut Chunk) {
        match self.asked.labels.len() {
            _ if self.selector.is_many() => self.many(chunk),
            _ if self.asked.pairs => self.pairs(chunk),
            1 => self.one(chunk),
            _ => self.joined(chunk),
        }
    }

    /// One part takes the place of each record.
    fn one(&mut self, chunk: &mut Chunk) {
        let Select { selector, asked, scratch: Scratch { rows, .. } } = self;
        chunk.edit(|record, made| {
            let (mut part, before) = ([Part::Unsaid], made.len());
            let mut found = Found::new(&mut part, rows, made);
            selector.select(record, &mut found);
            let passes = found.passes();
            match part[0] {
                _ if passes => {
                    made.truncate(before);
                    Edit::Drop
                }
                Part::Within(start, end) => Edit::Within(start, end),
                Part::Made(..) => Edit::Anew,
                Part::Unsaid | Part::Lacks(_) => {
                    made.truncate(before);
                    asked.lacking(&part, made)
                }
            }
        });
    }

    /// Several parts, joined, take the place of each record.
    fn joined(&mut self, chunk: &mut Chunk) {
        let Select { selector, asked, scratch } = self;
        let items = 0..asked.labels.len();
        chunk.edit(|record, made| {
            if !scratch.find(selector, items.len(), record) {
                return Edit::Drop;
            }
            match asked.span(items.clone(), record, &scratch.parts) {
                Ok(Some((start, end))) => Edit::Within(start, end),
                Ok(None) => {
                    asked.write(items.clone(), record, scratch, made);
                    Edit::Anew
                }
                Err(item) => Edit::Bad(asked.reason(item, scratch.parts[item]).into()),
            }
        });
    }

    /// Parts of each record make a pair.
    fn pairs(&mut self, chunk: &mut Chunk) {
        let Select { selector, asked, scratch } = self;
        let (keys, all) = (asked.keys, asked.labels.len());
        chunk.pair(|record, pair| {
            if !scratch.find(selector, all, record) {
                return;
            }
            let mut half = |items: Range<usize>| {
                let span = asked.span(items.clone(), record, &scratch.parts)?;
                Ok(match span {
                    Some((start, end)) => pair.part(start, end),
                    None => pair.anew(|out| asked.write(items, record, scratch, out)),
                })
            };
            match half(0..keys).and_then(|key| Ok((key, half(keys..all)?))) {
                Ok((key, value)) => pair.push_pair(Some(key), value),
                Err(item) => pair.refuse(asked.reason(item, scratch.parts[item])),
            }
        });
    }
}

impl Scratch {
    /// Finds the parts of a record; false if it is to yield nothing.
    #[inline(always)]
    fn find<S: Selector>(&mut self, selector: &mut S, items: usize, record: &[u8]) -> bool {
        self.parts.clear();
        self.parts.resize(items, Part::Unsaid);
        self.rows.clear();
        // What an uncommon record has taken is given back.
        self.rows.shrink_to(KEPT);
        self.made.clear();
        let mut found = Found::new(&mut self.parts, &mut self.rows, &mut self.made);
        selector.select(record, &mut found);
        !found.passes()
    }
}

impl Asked {
    /// Where in the record the items stand as they are to be; none if they are to be made anew. The error
    /// is the first item that is not there, if nothing stands in for it.
    #[inline]
    fn span(
        &self,
        items: Range<usize>,
        record: &[u8],
        parts: &[Part],
    ) -> Result<Option<(usize, usize)>, usize> {
        let mut whole: Option<(usize, usize)> = None;
        let mut stands = true;
        for item in items {
            match parts[item] {
                Part::Within(start, end) => {
                    whole = Some(match whole {
                        None => (start, end),
                        Some((first, last)) => {
                            stands &= record.get(last..start) == Some(&self.joint);
                            (first, end)
                        }
                    });
                }
                Part::Made(..) => stands = false,
                Part::Unsaid | Part::Lacks(_) if self.otherwise.is_some() => stands = false,
                Part::Unsaid | Part::Lacks(_) => return Err(item),
            }
        }
        Ok(whole.filter(|_| stands))
    }

    /// Writes the items, joined.
    fn write(&self, items: Range<usize>, record: &[u8], found: &Scratch, out: &mut Vec<u8>) {
        for item in items.clone() {
            if item > items.start {
                out.extend_from_slice(&self.joint);
            }
            out.extend_from_slice(self.bytes(found.parts[item], record, &found.made));
        }
    }

    /// The bytes of a part, or of what stands in for it.
    fn bytes<'a>(&'a self, part: Part, record: &'a [u8], made: &'a [u8]) -> &'a [u8] {
        match part {
            Part::Within(start, end) => &record[start..end],
            Part::Made(start, end) => &made[start..end],
            Part::Unsaid | Part::Lacks(_) => self.otherwise.as_deref().unwrap_or_default(),
        }
    }

    /// What becomes of a record whose one part is not there.
    #[cold]
    fn lacking(&self, part: &[Part; 1], made: &mut Vec<u8>) -> Edit {
        match &self.otherwise {
            Some(text) => {
                made.extend_from_slice(text);
                Edit::Anew
            }
            None => Edit::Bad(self.reason(0, part[0]).into()),
        }
    }

    /// Why a record is bad.
    #[cold]
    fn reason(&self, item: usize, part: Part) -> String {
        let lack = if let Part::Lacks(lack) = part { lack } else { Lack::NOT_THERE };
        format!("{}: {lack}", self.labels[item])
    }
}

impl<S: Selector> Step for Select<S> {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        self.select(chunk);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

/// What joins several parts.
fn joint(words: &Words) -> Result<Vec<u8>, String> {
    let joint = match escaped(words, &own::OUTPUT_DELIMITER)? {
        None => escaped(words, &own::DELIMITER)?,
        joint => joint,
    };
    Ok(joint.unwrap_or_else(|| b" ".to_vec()))
}

/// The text that was typed for a flag.
fn escaped(words: &Words, flag: &Flag) -> Result<Option<Vec<u8>>, String> {
    let text = words.value(flag.name).map(units::escaped).transpose();
    text.map_err(|why| format!("--{}: {why}", flag.name))
}

fn text(typed: &OsStr) -> Result<&str, String> {
    typed.to_str().ok_or_else(|| "what it selects is typed in UTF-8".to_string())
}

#[cfg(test)]
mod tests;
