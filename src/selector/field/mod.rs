//! Fields, counted from 1: those of awk between runs of blanks, those of cut between separators.
//!
//! ```text
//! record   ␣ a b ␣ ␣ c d ␣       blanks before and behind do not count
//! blank    1 0 0 1 1 0 0 1
//! begins   0 1 0 0 0 1 0 0       no blank, but one before: field n is at the bit n
//! ```
//!
//! Bits of 64 bytes are found at once ([`crate::scan`]), and nobody looks further than to the end of the
//! last field that is asked for; `NF` is looked for from behind.

mod walk;

use std::fmt::{self, Display};
use std::ops::Range;

use super::{Found, Selector, items, mistake};
pub use walk::Separator;

/// One item of a SEL, as in `3`, `NF-1`, `2-4`, `3-` or `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The record as it is.
    All,
    /// One field.
    One(Place),
    /// The fields from one to another, as many of them as there are.
    Several(Place, Place),
}

/// Which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one of this number, from 1.
    Nth(usize),
    /// The last one, or so many before it: `NF` and `NF-1`.
    Last(usize),
}

/// Reads a SEL of fields.
pub fn parse(sel: &str) -> Result<Vec<Item>, String> {
    let item = |(at, typed): (usize, &str)| {
        item(typed).map_err(|(within, what)| mistake(sel, at + within, what))
    };
    items(sel).map(item).collect()
}

/// Reads one item; a mistake has its place there.
fn item(typed: &str) -> Result<Item, (usize, &'static str)> {
    if typed == "0" {
        return Ok(Item::All);
    }
    let (first, rest) = place(typed, 0)?;
    let Some(to) = rest.strip_prefix('-') else {
        return if rest.is_empty() {
            Ok(Item::One(first))
        } else {
            Err((typed.len() - rest.len(), EXPECTED))
        };
    };
    if to.is_empty() {
        return Ok(Item::Several(first, Place::Last(0)));
    }
    let at = typed.len() - to.len();
    let (last, rest) = place(to, at)?;
    match (first, last) {
        _ if !rest.is_empty() => Err((typed.len() - rest.len(), EXPECTED)),
        (Place::Nth(first), Place::Nth(last)) if first > last => {
            Err((at, "it ends before it begins"))
        }
        (Place::Last(first), Place::Last(last)) if first < last => {
            Err((at, "it ends before it begins"))
        }
        _ => Ok(Item::Several(first, last)),
    }
}

const EXPECTED: &str = "a field is `3`, `NF` or `NF-1`; `2-4` and `3-` are several, `0` is all";

/// Reads a place at the beginning of `typed`, which stands at `at`, and returns what follows it.
fn place(typed: &str, at: usize) -> Result<(Place, &str), (usize, &'static str)> {
    if let Some(rest) = typed.strip_prefix("NF") {
        let back =
            rest.strip_prefix('-').filter(|back| back.starts_with(|c: char| c.is_ascii_digit()));
        return match back {
            None => Ok((Place::Last(0), rest)),
            Some(back) => {
                let (back, rest) = number(back, at + 3)?;
                Ok((Place::Last(back), rest))
            }
        };
    }
    if typed.starts_with('-') {
        return Err((at, "`NF`, `NF-1` and so on count from the end; `1-3` are the first three"));
    }
    match number(typed, at)? {
        (0, _) => Err((at, "fields are counted from 1; `0` alone is all of the record")),
        (number, rest) => Ok((Place::Nth(number), rest)),
    }
}

fn number(typed: &str, at: usize) -> Result<(usize, &str), (usize, &'static str)> {
    let end = typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len());
    let (digits, rest) = typed.split_at(end);
    match digits.parse() {
        Ok(number) => Ok((number, rest)),
        Err(_) if digits.is_empty() => Err((at, EXPECTED)),
        Err(_) => Err((at, "no record has so many fields")),
    }
}

/// As it is typed.
impl Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::All => f.write_str("0"),
            Item::One(place) => place.fmt(f),
            Item::Several(first, Place::Last(0)) => write!(f, "{first}-"),
            // `NF-3` would be another field.
            Item::Several(Place::Last(0), Place::Nth(last)) => write!(f, "NF-0-{last}"),
            Item::Several(first, last) => write!(f, "{first}-{last}"),
        }
    }
}

/// As it is typed.
impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Nth(number) => number.fmt(f),
            Place::Last(0) => f.write_str("NF"),
            Place::Last(back) => write!(f, "NF-{back}"),
        }
    }
}

/// Finds fields.
#[derive(Clone, Debug)]
pub struct Fields {
    separator: Separator,
    items: Vec<Item>,
    /// What joins the fields of an item of several.
    joint: Vec<u8>,
    /// Up to which field all are needed.
    upto: usize,
    /// The fields of a record.
    fields: Vec<Range<usize>>,
}

impl Fields {
    /// Finds these items; several fields of one are joined by `joint`.
    pub fn new(items: Vec<Item>, separator: Separator, joint: Vec<u8>) -> Fields {
        let last = |item: &Item| match *item {
            Item::All => 0,
            Item::One(Place::Nth(last)) | Item::Several(Place::Nth(_), Place::Nth(last)) => last,
            _ => usize::MAX,
        };
        let upto = items.iter().map(last).max().unwrap_or(0);
        Fields { separator, items, joint, upto, fields: Vec::new() }
    }

    /// Gives the fields from `first` to `last`, as many as there are.
    fn several(
        &self,
        item: usize,
        first: Place,
        last: Place,
        record: &[u8],
        found: &mut Found<'_>,
    ) {
        let (Some(first), Some(last)) = (self.index(first), self.index(last)) else { return };
        let end = self.fields.len().min(last + 1);
        let fields = self.fields.get(first..end).unwrap_or_default();
        let (Some(from), Some(to)) = (fields.first(), fields.last()) else { return };
        let gaps = fields.windows(2).map(|pair| &record[pair[0].end..pair[1].start]);
        if gaps.clone().all(|gap| gap == self.joint) {
            return found.within(item, from.start..to.end);
        }
        found.anew(item, |out| {
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(&self.joint);
                }
                out.extend_from_slice(&record[field.clone()]);
            }
        });
    }

    /// Where a field is among those that were found.
    fn index(&self, place: Place) -> Option<usize> {
        match place {
            Place::Nth(number) => Some(number - 1),
            Place::Last(back) => self.fields.len().checked_sub(1)?.checked_sub(back),
        }
    }
}

impl Selector for Fields {
    #[inline]
    fn select(&mut self, record: &[u8], found: &mut Found<'_>) {
        match self.items[..] {
            [Item::One(Place::Nth(number))] => {
                if let Some(field) = self.separator.nth(record, number) {
                    found.within(0, field);
                }
            }
            [Item::One(Place::Last(back))] => {
                if let Some(field) = self.separator.nth_last(record, back) {
                    found.within(0, field);
                }
            }
            _ => self.select_several(record, found),
        }
    }
}

impl Fields {
    fn select_several(&mut self, record: &[u8], found: &mut Found<'_>) {
        self.fields.clear();
        self.separator.fields(record, self.upto, &mut self.fields);
        for (index, &item) in self.items.iter().enumerate() {
            match item {
                Item::All => found.within(index, 0..record.len()),
                Item::One(place) => {
                    let field = self.index(place).and_then(|at| self.fields.get(at));
                    if let Some(field) = field {
                        found.within(index, field.clone());
                    }
                }
                Item::Several(first, last) => self.several(index, first, last, record, found),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::selected;
    use super::*;

    fn fields(sel: &str, separator: &str, record: &str) -> Vec<String> {
        let items = parse(sel).unwrap();
        let (count, joint) = (items.len(), if separator.is_empty() { " " } else { separator });
        let separator = match separator {
            "" => Separator::Blanks,
            typed => Separator::new(typed.as_bytes()).unwrap(),
        };
        selected(&mut Fields::new(items, separator, joint.into()), count, record.as_bytes())
    }

    #[test]
    fn fields_are_found_by_number_and_from_the_end() {
        let table: [(&str, &str, &str, &[&str]); 13] = [
            ("1", "", " a b ", &["a"]),
            ("3", "", " a b ", &["-"]),
            ("NF", "", " a b ", &["b"]),
            ("NF-1,NF-2", "", " a b ", &["a", "-"]),
            ("0", "", " a b ", &[" a b "]),
            ("2-3,3-", "", "a b  c d", &["b c", "c d"]),
            ("2-9,5-", "", "a b  c d", &["b c d", "-"]),
            ("2-NF-1,NF-1-NF,NF-9-2", "", "a b c d", &["b c", "c d", "-"]),
            ("1,2,3", ",", "a,,b", &["a", "", "b"]),
            ("1,NF", ",", "", &["", ""]),
            ("1,NF", "", "", &["-", "-"]),
            ("NF,NF-1,NF-2", "::", "a::b", &["b", "a", "-"]),
            ("1-", "", "", &["-"]),
        ];
        for (sel, separator, record, expected) in table {
            assert_eq!(fields(sel, separator, record), expected, "{sel} of {record:?}");
        }
    }

    #[test]
    fn what_is_typed_wrongly_is_pointed_at() {
        let table = [
            ("", 0),
            ("1,", 2),
            ("1,x", 2),
            ("-1", 0),
            ("1,00", 2),
            ("3-2", 2),
            ("NF-1-NF-2", 5),
            ("1-0", 2),
            ("2x", 1),
            ("NFx", 2),
            ("1--2", 2),
            ("99999999999999999999999", 0),
            ("nf", 0),
            ("$1", 0),
            ("1 ", 1),
        ];
        for (sel, at) in table {
            let why = parse(sel).unwrap_err();
            let caret = why.lines().nth(2).unwrap().len() - "    ^".len();
            assert_eq!(caret, at, "{sel}: {why}");
        }
    }

    #[test]
    fn an_item_is_shown_as_it_is_typed() {
        for sel in ["3", "NF", "NF-1", "2-4", "3-", "0", "2-NF-1", "NF-2-NF-1", "NF-1-"] {
            let items = parse(sel).unwrap();
            assert_eq!(items[0].to_string(), sel);
        }
    }
}
