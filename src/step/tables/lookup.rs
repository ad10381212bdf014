//! `--lookup TABLE|@FILE`: what a table has for each record takes its place.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{Current, Table, lines, named};
use crate::chunk::{Chunk, Edit};
use crate::error::Error;
use crate::part::{Flag, Shape, Words};
use crate::step::{Built, Spec, Step, Unbuilt, own};
use crate::units::{pasted, pointed};

/// `--lookup`.
pub const LOOKUP: Spec = Spec {
    flag: Flag {
        name: "lookup",
        takes: &["TABLE|@FILE"],
        help: "Take what a table has for each record: KEY=VALUE,... or the lines of FILE\n\n\
            What is not in it stays as it is, or is TEXT with --else TEXT behind it. A line of a file is a \
            key, a tab and a value; without a tab, KEY=VALUE, up to the first =. Blank lines and those that \
            begin with # pass; of equal keys the last one counts. A file that has changed is read again when \
            the next batch begins, so write it anew under another name and rename it; one that is gone or \
            wrong then leaves what was read before, which is said. With --checkpoint, the name of the file \
            must stay, and not what is in it.",
    },
    own: &[own::ELSE],
    build,
};

fn build(words: &Words, rows: Shape) -> Result<Built, Unbuilt> {
    let argument = words.argument(0);
    let table = match named(argument)? {
        Some(path) => Current::of_file(path, words.flag().name, parse)?,
        None => Current::typed(typed(argument)?),
    };
    let instead = words.value("else").map(|text| text.as_bytes().to_vec());
    Ok(Built::new(Lookup { table, instead }, words, rows))
}

/// The table that was typed.
fn typed(argument: &OsStr) -> Result<Table, String> {
    let (mut table, mut at) = (Table::default(), 0);
    for entry in argument.as_bytes().split(|&byte| byte == b',') {
        let Some((key, value)) = halves(entry, b'=') else { return Err(lacking(argument, at)) };
        table.insert(key.into(), value.into());
        at += entry.len() + 1;
    }
    Ok(table)
}

/// Says that the entry at this byte of what was typed has no `=`.
fn lacking(argument: &OsStr, at: usize) -> String {
    if !argument.as_bytes().contains(&b'=') {
        let shown = pasted(argument);
        return format!(
            "{shown} has no =; a table is KEY=VALUE,... and @{shown} the file of that name"
        );
    }
    let before = String::from_utf8_lossy(&argument.as_bytes()[..at]).len();
    let pointed = pointed(&argument.to_string_lossy(), before);
    format!("an entry without =, each is KEY=VALUE:\n{pointed}")
}

/// The table that a file holds.
pub fn parse(bytes: &[u8]) -> Result<Table, String> {
    let mut table = Table::default();
    for (number, line) in lines(bytes) {
        let Some((key, value)) = halves(line, b'\t').or_else(|| halves(line, b'=')) else {
            let shown = pasted(OsStr::from_bytes(&line[..line.len().min(60)]));
            return Err(format!("line {number}, {shown}, has neither a tab nor a ="));
        };
        table.insert(key.into(), value.into());
    }
    Ok(table)
}

/// What stands before and after the first `separator`.
fn halves(entry: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, entry)?;
    Some((&entry[..at], &entry[at + 1..]))
}

#[derive(Clone)]
struct Lookup {
    table: Current,
    /// What stands in for what the table lacks.
    instead: Option<Vec<u8>>,
}

impl Step for Lookup {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let (table, instead) = (self.table.at(chunk.time), self.instead.as_deref());
        chunk.edit(|record, made| match table.get(record).map(Box::as_ref).or(instead) {
            Some(value) => {
                made.extend_from_slice(value);
                Edit::Anew
            }
            None => Edit::Keep,
        });
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::{applied, applied_to_pairs, built, built_for};
    use proptest::prelude::*;

    fn step(arguments: &[&str]) -> Box<dyn Step> {
        built_for(&LOOKUP, arguments, Shape::Records).unwrap().step.fork()
    }

    proptest! {
        #[test]
        fn a_record_becomes_what_the_last_equal_entry_says(
            entries in prop::collection::vec(("[ab]{0,2}", "[xy=]{0,2}"), 1..5),
            records in prop::collection::vec("[ab]{0,2}", 0..8),
            instead in prop::option::of("[z]{0,1}"),
        ) {
            let borrowed: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
            let wanted = records.iter().map(|record| {
                let found = entries.iter().rev().find(|(key, _)| key == record);
                let value = found.map(|(_, value)| value).or(instead.as_ref()).unwrap_or(record);
                value.as_bytes().to_vec()
            });
            let wanted: Vec<_> = wanted.collect();
            let list: Vec<_> = entries.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let table = list.join(",");
            let arguments: Vec<&str> = std::iter::once(&*table).chain(instead.as_deref()).collect();
            prop_assert_eq!(applied(&mut *step(&arguments), &borrowed), wanted);
            let tabs: Vec<_> = entries.iter().map(|(key, value)| format!("{key}\t{value}\n")).collect();
            let equal: Vec<_> = list.iter().map(|line| format!("{line}\r\n\n#a=b\n")).collect();
            // A line of nothing but a tab is blank.
            if entries.iter().all(|(key, value)| !key.is_empty() || !value.is_empty()) {
                prop_assert_eq!(parse(tabs.concat().as_bytes()).unwrap(), typed(table.as_ref()).unwrap());
            }
            prop_assert_eq!(parse(equal.concat().as_bytes()).unwrap(), typed(table.as_ref()).unwrap());
        }

        #[test]
        fn any_file_is_a_table_or_its_first_wrong_line_is_named(
            file in prop::collection::vec(prop::sample::select(&b"ab\t=\r\n#\xff"[..]), 0..40),
        ) {
            match parse(&file) {
                Ok(table) => prop_assert!(table.len() <= lines(&file).count()),
                Err(what) => {
                    let wrong = |line: &[u8]| !line.contains(&b'\t') && !line.contains(&b'=');
                    let (number, _) = lines(&file).find(|(_, line)| wrong(line)).unwrap();
                    let expected = format!("line {number}, ");
                    prop_assert!(what.starts_with(&expected), "{}", what);
                }
            }
        }
    }

    #[test]
    fn a_line_has_a_tab_or_else_an_equals_sign() {
        let table = parse(b"a=b\tc\nd=e=f\n=g\n").unwrap();
        let get = |key: &str| table.get(key.as_bytes()).map(|value| &value[..]);
        assert_eq!([get("a=b"), get("d"), get("")], [&b"c"[..], b"e=f", b"g"].map(Some));
    }

    #[test]
    fn a_key_is_looked_up_and_its_value_stays() {
        let pairs = applied_to_pairs(&mut *step(&["a=1"]), &[("a", "a"), ("b", "a")]);
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(pairs, [("1", "a"), ("b", "a")]);
    }

    #[test]
    fn what_is_no_table_is_pointed_at() {
        let why = |table| built(&LOOKUP, &[table]).err().unwrap();
        assert_eq!(
            why("é=1,ind,b=2"),
            "an entry without =, each is KEY=VALUE:\n    é=1,ind,b=2\n        ^"
        );
        assert_eq!(why("a=1,"), "an entry without =, each is KEY=VALUE:\n    a=1,\n        ^");
        assert_eq!(
            why("countries"),
            "countries has no =; a table is KEY=VALUE,... and @countries the file of that name"
        );
        assert_eq!(parse(b"a=1\n\nb c\n").unwrap_err(), "line 3, 'b c', has neither a tab nor a =");
    }
}
