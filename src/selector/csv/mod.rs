//! Columns of CSV, by their numbers or their names.
//!
//! ```text
//! column   what was typed: numbers, and names that come to numbers
//! record   one record with quotes in it, taken apart as RFC 4180 has it
//! ```
//!
//! A record without a quote is what stands between its separators, and is taken apart as `--field` does it.
//! Names that the input says itself may differ from record to record, as those of two connections do: the
//! step says by [`Csv::take_turns`] which record goes by which names, and which is a line of names.

pub mod column;
pub mod record;

use std::ops::Range;
use std::sync::Arc;

use self::column::Column;
use self::record::{Field, unmarked};
use super::field::Separator;
use super::{Found, Lack, Selector};

/// What becomes of a record.
#[derive(Clone, Debug)]
pub enum Turn {
    /// It is a line of names.
    Pass,
    /// These columns are taken of it.
    Take(Arc<Vec<Column>>),
    /// It has no columns that have names.
    Fail(Lack),
}

/// What separates columns.
#[derive(Clone, Debug)]
pub struct Between {
    text: Vec<u8>,
    separator: Separator,
}

impl Between {
    /// The separator that was typed.
    pub fn new(typed: &[u8]) -> Result<Between, String> {
        if typed.contains(&b'"') || typed.contains(&b'\n') {
            return Err("a quote or a newline separates no columns".to_string());
        }
        Ok(Between { text: typed.to_vec(), separator: Separator::new(typed)? })
    }
}

/// Finds columns.
#[derive(Clone, Debug)]
pub struct Csv {
    between: Between,
    columns: Vec<Column>,
    /// What joins the fields of an item of several.
    joint: Vec<u8>,
    /// The turns of the records that come, each with the number of the first that is not of it.
    turns: Vec<(usize, Turn)>,
    /// Which record comes next, and whose turn that is.
    next: (usize, usize),
    plain: Vec<Range<usize>>,
    fields: Vec<Field>,
}

impl Csv {
    /// Finds these columns; several of one item are joined by `joint`.
    pub fn new(columns: Vec<Column>, between: Between, joint: Vec<u8>) -> Csv {
        let (turns, plain, fields) = (Vec::new(), Vec::new(), Vec::new());
        Csv { between, columns, joint, turns, next: (0, 0), plain, fields }
    }

    /// The columns that were typed.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What separates columns.
    pub fn separator(&self) -> &[u8] {
        &self.between.text
    }

    /// Gives the columns the numbers that they have by these names.
    pub fn name(&mut self, names: &[Vec<u8>]) -> Result<(), String> {
        self.columns = column::resolved(&self.columns, names)?;
        Ok(())
    }

    /// Says what becomes of the records that come next: each turn is of those before the number beside it,
    /// counted from now. All records that come must have a turn.
    pub fn take_turns(&mut self, turns: Vec<(usize, Turn)>) {
        (self.turns, self.next) = (turns, (0, 0));
    }

    /// The turn of the next record.
    fn turn(&mut self) -> Option<&Turn> {
        let (record, turn) = &mut self.next;
        while self.turns.get(*turn).is_some_and(|(end, _)| end <= record) {
            *turn += 1;
        }
        *record += 1;
        self.turns.get(*turn).map(|(_, turn)| turn)
    }

    /// Gives the columns of one record.
    #[inline(always)]
    fn take(&mut self, columns: &[Column], record: &[u8], found: &mut Found<'_>) {
        let (mark, record) = unmarked(record);
        if record.is_empty() {
            return;
        }
        if memchr::memchr2(b'"', b'\n', record).is_some() {
            self.fields.clear();
            if let Err(lack) = record::fields(record, &self.between.text, &mut self.fields) {
                return found.fails(lack);
            }
        } else if let [Column::Nth(number)] = columns {
            if let Some(field) = self.between.separator.nth(record, *number) {
                found.within(0, field.start + mark..field.end + mark);
            }
            return;
        } else {
            self.plain.clear();
            self.between.separator.fields(record, last(columns), &mut self.plain);
            self.fields.clear();
            let field = |range: &Range<usize>| Field {
                start: range.start,
                end: range.end,
                is_doubled: false,
            };
            self.fields.extend(self.plain.iter().map(field));
        }
        for (item, column) in columns.iter().enumerate() {
            match *column {
                Column::Nth(number) => {
                    if let Some(field) = self.fields.get(number - 1) {
                        give(item, *field, mark, record, found);
                    }
                }
                Column::Several(first, end) => {
                    let end = end.unwrap_or(usize::MAX).min(self.fields.len());
                    let several = self.fields.get(first - 1..end).unwrap_or_default();
                    give_several(item, several, &self.joint, record, found);
                }
                Column::Named(_) => {}
            }
        }
    }
}

/// Up to which field those of a record are needed.
fn last(columns: &[Column]) -> usize {
    let last = |column: &Column| match *column {
        Column::Nth(last) | Column::Several(_, Some(last)) => last,
        Column::Several(_, None) => usize::MAX,
        Column::Named(_) => 0,
    };
    columns.iter().map(last).max().unwrap_or(0)
}

#[inline(always)]
fn give(item: usize, field: Field, mark: usize, record: &[u8], found: &mut Found<'_>) {
    if field.is_doubled {
        found.anew(item, |out| field.write(record, out));
    } else {
        found.within(item, field.start + mark..field.end + mark);
    }
}

fn give_several(item: usize, fields: &[Field], joint: &[u8], record: &[u8], found: &mut Found<'_>) {
    if fields.is_empty() {
        return;
    }
    found.anew(item, |out| {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(joint);
            }
            field.write(record, out);
        }
    });
}

impl Selector for Csv {
    fn select(&mut self, record: &[u8], found: &mut Found<'_>) {
        let columns = match self.turn() {
            None => {
                let columns = std::mem::take(&mut self.columns);
                self.take(&columns, record, found);
                self.columns = columns;
                return;
            }
            Some(Turn::Pass) => return found.pass(),
            Some(Turn::Fail(lack)) => {
                let lack = *lack;
                return found.fails(lack);
            }
            Some(Turn::Take(columns)) => Arc::clone(columns),
        };
        self.take(&columns, record, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::selected;
    use super::*;
    use proptest::prelude::*;

    fn csv(sel: &str, separator: &str) -> (Csv, usize) {
        let columns = column::parse(sel).unwrap();
        let count = columns.len();
        let between = Between::new(separator.as_bytes()).unwrap();
        (Csv::new(columns, between, b"+".to_vec()), count)
    }

    fn values(sel: &str, separator: &str, record: &[u8]) -> Vec<String> {
        let (mut csv, count) = csv(sel, separator);
        selected(&mut csv, count, record)
    }

    #[test]
    fn columns_are_found_by_their_numbers() {
        let table: [(&str, &str, &[u8], &[&str]); 13] = [
            ("2", ",", b"a,b,c", &["b"]),
            ("3,1", ",", b"a,b,c", &["c", "a"]),
            ("4,2", ",", b"a,b,c", &["-", "b"]),
            ("1", ",", b"", &["-"]),
            ("1,2", ",", b",", &["", ""]),
            ("2-3,3-,2-9,4-", ",", b"a,b,c", &["b+c", "c", "b+c", "-"]),
            ("2", ",", b"7,\"Rome, EUR\",a", &["Rome, EUR"]),
            ("3,2", ",", b"8,\"the \"\"Hague\"\"\",b", &["b", "the \"Hague\""]),
            ("1,2-", ",", b"\"a\",\"b\",\"\"\"\"", &["a", "b+\""]),
            ("2", "\t", b"a\t\"b\tc\"\td", &["b\tc"]),
            ("1", ",", b"\xef\xbb\xbfa,b", &["a"]),
            ("1,2", ",", b"\xef\xbb\xbf\"a\",b", &["a", "b"]),
            ("2,1", ";;", b"a;;b;c;;", &["b;c", "a"]),
        ];
        for (sel, separator, record, expected) in table {
            assert_eq!(values(sel, separator, record), expected, "{sel} of {record:?}");
        }
    }

    #[test]
    fn a_record_that_is_no_csv_has_no_columns() {
        let why = "-a quote that does not end, at byte 2 of it";
        assert_eq!(values("1,2", ",", b"a,\"b"), [why, why]);
        assert!(Between::new(b"\"").is_err() && Between::new(b"").is_err());
    }

    #[test]
    fn names_come_to_numbers_before_the_records_or_with_them() {
        let (mut named, _) = csv("b", ",");
        assert!(named.name(&[b"a".to_vec()]).is_err());
        named.name(&[b"a".to_vec(), b"b".to_vec()]).unwrap();
        assert_eq!(selected(&mut named, 1, b"1,2"), ["2"]);
        let (mut turned, _) = csv("b", ",");
        let take = |number| Turn::Take(Arc::new(vec![Column::Nth(number)]));
        let turns = [(1, Turn::Pass), (3, take(1)), (4, Turn::Fail(Lack::of("why"))), (5, take(2))];
        turned.take_turns(turns.to_vec());
        let found: Vec<_> = (0..5).flat_map(|_| selected(&mut turned, 1, b"x,y")).collect();
        assert_eq!(found, ["-", "x", "x", "-why", "y"]);
    }

    proptest! {
        #[test]
        fn with_and_without_quotes_the_same_is_found(
            fields in prop::collection::vec("[ab ]{0,80}", 1..7), sel in "[1-7](,[1-7](-[7-9]?)?){0,2}",
        ) {
            let quoted: Vec<_> = fields.iter().map(|field| format!("\"{field}\"")).collect();
            let plain = fields.join(",");
            if !plain.is_empty() {
                let found = values(&sel, ",", plain.as_bytes());
                prop_assert_eq!(&found, &values(&sel, ",", quoted.join(",").as_bytes()));
                let first: usize = sel[..1].parse().unwrap();
                prop_assert_eq!(&found[0], fields.get(first - 1).map_or("-", |field| field));
            }
        }

        #[test]
        fn any_bytes_have_an_answer(
            record in prop::collection::vec(prop::sample::select(&b"a,\"\n\xef\xbb\xbf"[..]), 0..20),
        ) {
            values("1,2-", ",", &record);
        }
    }
}
