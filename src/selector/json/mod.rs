//! Parts of JSON, by paths as jq has them: `.user.name`, `.a[0]`, `.["odd key"]`, `.tags[]`, `.`.
//!
//! ```text
//! path     what was typed, as one tree of all paths
//! find     one walk over the record along that tree: where each part stands
//! syntax   the grammar, to which all of the record is held
//! text     how a value is written, which mostly is as it stands
//! ```
//!
//! No tree is made of a record, and nothing is copied of it but what is escaped. A record of which any
//! part is no JSON has no parts at all: half a line that was cut off must not be counted.

mod find;
pub mod path;
pub mod syntax;
pub mod text;

use self::find::{Rows, Slot};
use self::path::{Path, Paths};
use self::text::{Shown, shown, write};
use super::{Found, Selector};

/// Finds the parts at the end of paths.
#[derive(Clone, Debug)]
pub struct Json {
    paths: Paths,
    rows: Rows,
}

impl Json {
    /// Finds what stands at these paths, of which [`path::must_go_together`] holds.
    pub fn new(list: Vec<Path>) -> Json {
        Json { paths: Paths::new(&list), rows: Rows::default() }
    }
}

impl Selector for Json {
    fn select(&mut self, record: &[u8], found: &mut Found<'_>) {
        if let Err(fault) = self.rows.read(&self.paths, record) {
            return found.fails(fault.lack());
        }
        if !self.is_many() {
            return self.rows.iter().for_each(|row| give(row, record, found));
        }
        for row in self.rows.iter() {
            give(row, record, found);
            found.end_row();
        }
    }

    fn is_many(&self) -> bool {
        self.paths.levels.len() > 1
    }
}

/// Gives the parts of a row.
#[inline(always)]
fn give(row: &[Slot], record: &[u8], found: &mut Found<'_>) {
    for (item, slot) in row.iter().enumerate() {
        let &Slot::At(start, end) = slot else {
            found.lacks(item, slot.lack());
            continue;
        };
        let (start, end) = (start as usize, end as usize);
        match shown(record, start, end) {
            Shown::Within(start, end) => found.within(item, start..end),
            Shown::Anew => found.anew(item, |out| write(&record[start..end], out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::selected;
    use super::*;

    fn values(sel: &str, record: &str) -> Vec<String> {
        let paths = path::parse(sel).unwrap();
        let count = paths.len();
        selected(&mut Json::new(paths), count, record.as_bytes())
    }

    #[test]
    fn parts_are_written_as_jq_writes_them() {
        let record = r#"{"user":"\u0061nn","id":7340012345678901235,"at":[1, "x"],"no":null}"#;
        assert_eq!(values(".user,.id", record), ["ann", "7340012345678901235"]);
        assert_eq!(values(".at,.no,.x", record), ["[1,\"x\"]", "null", "-not there"]);
    }

    #[test]
    fn a_record_that_is_no_json_has_no_parts_and_says_where() {
        let why = "-no JSON: the record ends within a string, at byte 13 of it";
        assert_eq!(values(".a,.b", r#"{"a":1,"b":"x"#), [why, why]);
    }
}
