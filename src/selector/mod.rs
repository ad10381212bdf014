//! Selectors: which parts of a record are meant, and where they stand in it.
//!
//! ```text
//! SEL      7,NF              items: what was typed, between commas
//! record   a b c d e f g h   bytes, nothing else: no chunk, no place
//! found    Within(12, 13) Within(14, 15)      a part of each item
//! ```
//!
//! A [`Selector`] is made of the items of a SEL, and finds the parts of all of them in one pass over a
//! record. A part stands in the record, or is made anew where its bytes do not stand there as they are
//! (an escape in a string), or is not there, and why. What becomes of the parts, and what stands in for
//! those that are not there, is for the step to say.

pub mod access_log;
pub mod csv;
pub mod field;
pub mod json;
pub mod logfmt;

use std::fmt::{self, Display};
use std::ops::Range;

use crate::units::pointed;

/// Finds parts of records. Each worker has its own copy, so there may be scratch memory in it.
pub trait Selector: Clone + Send + 'static {
    /// Finds the parts of one record, and gives each to `found` by the number of its item, from 0. The
    /// items may come in any order; one of which nothing is said is not there.
    fn select(&mut self, record: &[u8], found: &mut Found<'_>);

    /// True if a record can make several rows, or none without being amiss, as it does by `.tags[]`:
    /// then the parts of each row are followed by [`Found::end_row`]. A selector of which this is false
    /// gives one part an item at most.
    fn is_many(&self) -> bool {
        false
    }
}

/// Why a part is not there: made where it is found to be amiss, and put into words only if somebody reads
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    why: &'static str,
    at: Option<usize>,
}

impl Lack {
    /// Nothing is wrong with the record, but it has no such part.
    pub const NOT_THERE: Lack = Lack::of("not there");

    /// What is wrong, as in "a quote that does not end".
    pub const fn of(why: &'static str) -> Lack {
        Lack { why, at: None }
    }

    /// The same of a place: a byte of the record, from 0.
    pub const fn at(why: &'static str, byte: usize) -> Lack {
        Lack { why, at: Some(byte) }
    }

    /// What is wrong.
    pub fn why(self) -> &'static str {
        self.why
    }

    /// The byte where, if that is known.
    pub fn byte(self) -> Option<usize> {
        self.at
    }
}

impl Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)?;
        self.at.map_or(Ok(()), |at| write!(f, ", at byte {at} of it"))
    }
}

/// What a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// Nothing is known of it, so it is not there.
    #[default]
    Unsaid,
    /// It stands in the record: from the first byte to before the second.
    Within(usize, usize),
    /// It was made anew: its bytes among those that were.
    Made(usize, usize),
    /// It is not there.
    Lacks(Lack),
}

/// Takes the parts of one record.
pub struct Found<'a> {
    /// The part of each item, of the row that is open.
    parts: &'a mut [Part],
    /// The parts of the rows that are ended, one row after the other.
    rows: &'a mut Vec<Part>,
    made: &'a mut Vec<u8>,
    passes: bool,
}

impl<'a> Found<'a> {
    /// Takes parts of as many items as there is room for in `parts`, all of which are `Unsaid`; bytes
    /// made anew are appended to `made`.
    #[inline(always)]
    pub fn new(parts: &'a mut [Part], rows: &'a mut Vec<Part>, made: &'a mut Vec<u8>) -> Found<'a> {
        Found { parts, rows, made, passes: false }
    }

    /// The part is these bytes of the record.
    #[inline(always)]
    pub fn within(&mut self, item: usize, bytes: Range<usize>) {
        self.put(item, Part::Within(bytes.start, bytes.end));
    }

    /// The part is what `write` appends.
    #[inline(always)]
    pub fn anew(&mut self, item: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.made.len();
        write(self.made);
        self.put(item, Part::Made(start, self.made.len()));
    }

    /// The part is not there, and that is amiss.
    #[inline(always)]
    pub fn lacks(&mut self, item: usize, why: Lack) {
        self.put(item, Part::Lacks(why));
    }

    /// No part of any item is there, for the same reason: the record cannot be read. What was said of
    /// them before does not count.
    #[cold]
    pub fn fails(&mut self, why: Lack) {
        self.rows.clear();
        self.parts.fill(Part::Lacks(why));
        self.passes = false;
    }

    /// The record yields nothing, and nothing is amiss: a line of names.
    pub fn pass(&mut self) {
        self.passes = true;
    }

    /// True if the record is to yield nothing.
    #[inline(always)]
    pub fn passes(&self) -> bool {
        self.passes
    }

    /// What was said so far is a row, and what follows is of the next one.
    pub fn end_row(&mut self) {
        self.rows.extend_from_slice(self.parts);
        self.parts.fill(Part::Unsaid);
    }

    #[inline(always)]
    fn put(&mut self, item: usize, part: Part) {
        debug_assert_eq!(self.parts[item], Part::Unsaid, "an item has one part a row");
        self.parts[item] = part;
    }
}

/// The items of a SEL in which a comma stands between items only, each with where it begins.
pub fn items(sel: &str) -> impl Iterator<Item = (usize, &str)> {
    sel.split(',').map(move |item| (item.as_ptr() as usize - sel.as_ptr() as usize, item))
}

/// Says what is wrong with a SEL, and points at the byte where.
pub fn mistake(sel: &str, at: usize, what: impl Display) -> String {
    format!("cannot be read:\n{}\nerror: {what}", pointed(sel, at))
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of all selectors share.

    use super::{Found, Part, Selector};

    /// The parts of a record as text, row by row; of what lacks `-` and why.
    pub(crate) fn selected(
        selector: &mut impl Selector,
        items: usize,
        record: &[u8],
    ) -> Vec<String> {
        let (mut parts, mut rows, mut made) = (vec![Part::Unsaid; items], Vec::new(), Vec::new());
        let mut found = Found::new(&mut parts, &mut rows, &mut made);
        selector.select(record, &mut found);
        assert!(rows.is_empty() || selector.is_many());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let shown = |part: &Part| match *part {
            Part::Unsaid => "-".to_string(),
            Part::Within(start, end) => text(&record[start..end]),
            Part::Made(start, end) => text(&made[start..end]),
            Part::Lacks(lack) => format!("-{lack}"),
        };
        let open = if selector.is_many() { &parts[..0] } else { &parts };
        rows.iter().chain(open).map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_pointed_at() {
        let expected = "cannot be read:\n    é,x\n      ^\nerror: no number";
        assert_eq!(mistake("é,x", 3, "no number"), expected);
        let places: Vec<_> = items("é,x,").collect();
        assert_eq!(places, [(0, "é"), (3, "x"), (5, "")]);
    }

    #[test]
    fn a_lack_says_where_if_that_is_known() {
        assert_eq!(Lack::NOT_THERE.to_string(), "not there");
        assert_eq!(Lack::at("no JSON", 7).to_string(), "no JSON, at byte 7 of it");
    }
}
