//! `--filter REGEX` and `--reject REGEX`: keep or drop what matches.

use regex::bytes::Regex;

use super::parse;
use crate::chunk::Chunk;
use crate::error::Error;
use crate::part::{Flag, Shape, Words};
use crate::step::{Built, Spec, Step, Unbuilt};

/// `--filter`.
pub const FILTER: Spec = Spec {
    flag: Flag {
        name: "filter",
        takes: &["REGEX"],
        help: "Keep the records in which REGEX matches\n\n\
            The syntax is that of the Rust regex crate: much like Perl's, without look-around and \
            back-references. It matches anywhere in the record unless anchored with ^ and $. A record \
            need not be UTF-8; (?-u) matches single bytes.",
    },
    own: &[],
    build: |words, rows| build(words, rows, true),
};

/// `--reject`.
pub const REJECT: Spec = Spec {
    flag: Flag {
        name: "reject",
        takes: &["REGEX"],
        help: "Drop the records in which REGEX matches",
    },
    own: &[],
    build: |words, rows| build(words, rows, false),
};

fn build(words: &Words, rows: Shape, keep: bool) -> Result<Built, Unbuilt> {
    let regex = parse(words.argument(0))?;
    Ok(Built::new(Match { regex, keep }, words, rows))
}

#[derive(Debug)]
struct Match {
    regex: Regex,
    keep: bool,
}

impl Step for Match {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.retain(|record| self.regex.is_match(record) == self.keep);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(Match { regex: self.regex.clone(), keep: self.keep })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::{applied, applied_to_pairs, built};

    #[test]
    fn keeps_or_drops_what_matches() {
        let records: [&[u8]; 4] = [b"an ERROR", b"ok", b"ERROR\xff", b""];
        let mut filter = built(&FILTER, &["ERROR"]).unwrap();
        assert_eq!(applied(&mut *filter, &records), [&b"an ERROR"[..], b"ERROR\xff"]);
        let mut reject = built(&REJECT, &["ERROR"]).unwrap().fork();
        assert_eq!(applied(&mut *reject, &records), [&b"ok"[..], b""]);
    }

    #[test]
    fn a_pair_stays_a_pair() {
        let mut filter = built(&FILTER, &["^b"]).unwrap();
        let pairs = applied_to_pairs(&mut *filter, &[("a", "1"), ("b", "2")]);
        assert_eq!(pairs, [("b".to_string(), "2".to_string())]);
    }

    #[test]
    fn an_invalid_expression_is_pointed_at() {
        let error = built(&FILTER, &["a(b"]).err().unwrap();
        assert!(error.contains("a(b\n     ^\n") && error.contains("unclosed group"), "{error}");
    }
}
