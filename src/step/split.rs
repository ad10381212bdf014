//! `--split SEP`: Python's `s.split(SEP)` to the letter.
//!
//! n separators make n + 1 parts; empty ones are kept, and an empty record gives one empty part. With
//! a separator of one byte the chunk can stay uncut: then splitting costs nothing here, and the fold
//! finds lines and parts in one scan.

use std::ffi::OsStr;

use memchr::memmem::Finder;

use super::{Built, Spec, Step};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::part::Flag;
use crate::units;

/// `--split`.
pub const SPLIT: Spec = Spec {
    flag: Flag {
        name: "split",
        takes: &["SEP"],
        help: "Split each record at SEP, as Python's s.split(SEP) does\n\n\
            Empty parts are kept, and an empty record gives one empty part. SEP is one byte or more and \
            understands \\t \\n \\0 \\\\ \\xNN.",
    },
    own: &[],
    build: |words, rows| Ok(Built::new(Split::new(words.argument(0))?, words, rows)),
};

#[derive(Clone, Debug)]
struct Split {
    finder: Finder<'static>,
}

impl Split {
    fn new(separator: &OsStr) -> Result<Split, String> {
        let separator = units::escaped(separator)?;
        if separator.is_empty() {
            return Err("an empty separator splits nothing; --words splits at white space".into());
        }
        Ok(Split { finder: Finder::new(&separator).into_owned() })
    }
}

impl Step for Split {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let separator = self.finder.needle();
        if let &[byte] = separator {
            if !chunk.split_uncut(byte) {
                chunk.flat_map(|record, parts| {
                    let starts = memchr::memchr_iter(byte, record);
                    let last = starts.fold(0, |start, end| {
                        parts.push(start, end);
                        end + 1
                    });
                    parts.push(last, record.len());
                });
            }
            return Ok(());
        }
        chunk.flat_map(|record, parts| {
            let last = self.finder.find_iter(record).fold(0, |start, end| {
                parts.push(start, end);
                end + separator.len()
            });
            parts.push(last, record.len());
        });
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{applied, applied_to_pairs};
    use super::*;
    use proptest::prelude::*;

    /// Python's `str.split(sep)`, by its definition.
    fn model(record: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
        let (mut parts, mut part, mut at) = (Vec::new(), Vec::new(), 0);
        while at < record.len() {
            if record[at..].starts_with(separator) {
                parts.push(std::mem::take(&mut part));
                at += separator.len();
            } else {
                part.push(record[at]);
                at += 1;
            }
        }
        parts.push(part);
        parts
    }

    proptest! {
        #[test]
        fn parts_are_those_of_python(
            records in prop::collection::vec(
                prop::collection::vec(prop::sample::select(&b"ab, \r\xff"[..]), 0..80), 0..5),
            separator in prop::sample::select(&["a", " ", ",", "ab", ", ", "aa", "\\\\xff"][..]),
            twice: bool,
        ) {
            let records: Vec<_> = records.into_iter().filter(|r| r.last() != Some(&b'\r')).collect();
            let mut split = Split::new(separator.as_ref()).unwrap();
            let bytes = split.finder.needle().to_vec();
            let borrowed: Vec<_> = records.iter().map(Vec::as_slice).collect();
            let mut wanted: Vec<_> = records.iter().flat_map(|r| model(r, &bytes)).collect();
            let mut found = applied(&mut split, &borrowed);
            if twice {
                wanted = wanted.iter().flat_map(|r| model(r, b"b")).collect();
                let mut chunk = Chunk::default();
                borrowed.iter().for_each(|r| { chunk.append(r); chunk.append(b"\n"); });
                chunk.set_uncut(b'\n');
                split.apply(&mut chunk).unwrap();
                Split::new("b".as_ref()).unwrap().apply(&mut chunk).unwrap();
                found.clear();
                chunk.for_each_key(|arena, start, end| found.push(arena[start..end].to_vec()));
            }
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn each_part_of_a_key_gets_the_value() {
        let mut split = Split::new(",".as_ref()).unwrap();
        let pairs = applied_to_pairs(&mut split, &[("a,b", "1"), ("", "2")]);
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "1"), ("", "2")]);
    }

    #[test]
    fn an_empty_separator_is_refused() {
        assert!(Split::new("".as_ref()).unwrap_err().contains("--words"));
    }
}
