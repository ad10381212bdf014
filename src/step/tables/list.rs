//! `--in LIST|@FILE` and `--not-in LIST|@FILE`: keep or drop what is in a table.

use std::os::unix::ffi::OsStrExt;

use super::{Current, Table, lines, named};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::part::{Flag, Shape, Words};
use crate::step::{Built, Spec, Step, Unbuilt};

/// `--in`.
pub const IN: Spec = Spec {
    flag: Flag {
        name: "in",
        takes: &["LIST|@FILE"],
        help: "Keep the records that are in a list: A,B,... or the lines of FILE\n\n\
            A record is in it if it is the same, byte for byte. In a file, blank lines and those that begin \
            with # pass. A file that has changed is read again when the next batch begins; one that is gone \
            or cannot be read then leaves what was read before, which is said. With --checkpoint, the name \
            of the file must stay, and not what is in it.",
    },
    own: &[],
    build: |words, rows| build(words, rows, true),
};

/// `--not-in`.
pub const NOT_IN: Spec = Spec {
    flag: Flag {
        name: "not-in",
        takes: &["LIST|@FILE"],
        help: "Drop the records that are in a list: A,B,... or the lines of FILE\n\n\
            See --in.",
    },
    own: &[],
    build: |words, rows| build(words, rows, false),
};

fn build(words: &Words, rows: Shape, keep: bool) -> Result<Built, Unbuilt> {
    let argument = words.argument(0);
    let list = match named(argument)? {
        Some(path) => Current::of_file(path, words.flag().name, parse)?,
        None => Current::typed(table(argument.as_bytes().split(|&byte| byte == b','))),
    };
    Ok(Built::new(Within { list, keep }, words, rows))
}

/// The list that a file holds.
pub fn parse(bytes: &[u8]) -> Result<Table, String> {
    Ok(table(lines(bytes).map(|(_, line)| line)))
}

fn table<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Table {
    entries.map(|entry| (Box::from(entry), Box::default())).collect()
}

#[derive(Clone)]
struct Within {
    list: Current,
    keep: bool,
}

impl Step for Within {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let (list, keep) = (self.list.at(chunk.time), self.keep);
        chunk.retain(|record| list.contains_key(record) == keep);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::{applied, applied_to_pairs, built};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_in_the_list_is_kept_or_dropped(
            list in prop::collection::vec("[ab]{0,2}", 1..4),
            records in prop::collection::vec("[ab]{0,2}", 0..8),
        ) {
            let borrowed: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
            for (spec, keep) in [(&IN, true), (&NOT_IN, false)] {
                let mut step = built(spec, &[&list.join(",")]).unwrap().fork();
                let wanted = records.iter().filter(|record| list.contains(record) == keep);
                let wanted: Vec<_> = wanted.map(|record| record.as_bytes().to_vec()).collect();
                prop_assert_eq!(applied(&mut *step, &borrowed), wanted);
            }
        }
    }

    #[test]
    fn a_pair_is_kept_by_its_key() {
        let mut step = built(&IN, &["a,c"]).unwrap();
        let pairs = applied_to_pairs(&mut *step, &[("a", "b"), ("b", "a")]);
        assert_eq!(pairs, [("a".to_string(), "b".to_string())]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let why = built(&IN, &["@no/such"]).err().unwrap();
        assert_eq!(why, "no/such: no such file or directory");
    }
}
