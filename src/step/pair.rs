//! `--pair SEP`: a pair of each record, before and after the first SEP.

use memchr::memmem::Finder;

use super::{Built, Spec, Step};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::part::{Flag, Shape};
use crate::units;

/// `--pair`.
pub const PAIR: Spec = Spec {
    flag: Flag {
        name: "pair",
        takes: &["SEP"],
        help: "Make a pair of each record: key and value, before and after the first SEP\n\n\
            A record without SEP is bad. The steps behind it work on the key; one that makes several of \
            it repeats the value with each. SEP is one byte or more and understands \\t \\n \\0 \\\\ \\xNN.",
    },
    own: &[],
    build: |words, rows| {
        rows.must_be_records()?;
        let typed = words.argument(0);
        let separator = units::escaped(typed)?;
        if separator.is_empty() {
            return Err("an empty separator stands nowhere".into());
        }
        let lack = format!("without the SEP of --pair {}", units::pasted(typed));
        let step = Pair { finder: Finder::new(&separator).into_owned(), lack };
        Ok(Built::new(step, words, Shape::Pairs))
    },
};

#[derive(Clone, Debug)]
struct Pair {
    finder: Finder<'static>,
    /// Why a record is bad.
    lack: String,
}

impl Step for Pair {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        if let [separator] = self.finder.needle()
            && chunk.pair_at(*separator, &self.lack)
        {
            return Ok(());
        }
        let len = self.finder.needle().len();
        chunk.pair(|record, parts| match self.finder.find(record) {
            Some(at) => {
                let (key, value) = (parts.part(0, at), parts.part(at + len, record.len()));
                parts.push_pair(Some(key), value);
            }
            None => parts.refuse(self.lack.clone()),
        });
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{built, stream};
    use super::*;
    use crate::part::Words;

    fn paired(separator: &str, records: &[&[u8]]) -> Chunk {
        let mut chunk = stream(records);
        built(&PAIR, &[separator]).unwrap().fork().apply(&mut chunk).unwrap();
        chunk
    }

    #[test]
    fn a_pair_is_what_stands_before_and_after_the_first_separator() {
        let table: [(&str, [&[u8]; 3]); 7] = [
            (" ", [b"a 1", b"a", b"1"]),
            (" ", [b"a 1 2", b"a", b"1 2"]),
            (" ", [b" 1", b"", b"1"]),
            (" ", [b"a ", b"a", b""]),
            (" ", [b" ", b"", b""]),
            ("=>", [b"a=b=>\xff=>", b"a=b", b"\xff=>"]),
            ("\\t", [b"a\t\t", b"a", b"\t"]),
        ];
        for (separator, [record, key, value]) in table {
            let chunk = paired(separator, &[record]);
            assert_eq!((chunk.key(0), chunk.value(0)), (Some(key), Some(value)), "{record:?}");
        }
    }

    #[test]
    fn a_record_without_the_separator_is_bad_and_says_why() {
        let chunk = paired(" ", &[b"a 1", b"bad", b"", b"b 2"]);
        assert_eq!((chunk.keys.len(), chunk.values.len(), chunk.filtered), (2, 2, 0));
        let bad: Vec<_> =
            chunk.bad.iter().map(|bad| (bad.record.as_deref().unwrap(), &*bad.reason)).collect();
        let reason = "without the SEP of --pair ' '";
        assert_eq!(bad, [(&b"bad"[..], reason), (b"", reason)]);
    }

    #[test]
    fn pairs_and_empty_separators_are_refused() {
        let words = |separator| Words::new(&PAIR.flag, [separator]);
        let why =
            |separator, rows| (PAIR.build)(&words(separator), rows).err().unwrap().to_string();
        assert!(why(" ", Shape::Pairs).starts_with("needs records, and pairs come"));
        assert!(why("", Shape::Records).contains("empty separator"));
    }
}
