//! `--replace REGEX TEXT`: every match gives way to a text, which may name groups of it.

use std::borrow::Cow;

use regex::bytes::Regex;

use super::parse;
use crate::chunk::{Chunk, Edit};
use crate::error::Error;
use crate::part::Flag;
use crate::step::{Built, Spec, Step};
use crate::units;

/// `--replace`.
pub const REPLACE: Spec = Spec {
    flag: Flag {
        name: "replace",
        takes: &["REGEX", "TEXT"],
        help: "Replace every match of REGEX by TEXT\n\n\
            In TEXT $1 is what the first group has matched, ${name} the group of that name, $0 the match; \
            $1 before a letter or a digit is ${1}, and $$ is a $. TEXT understands \\t \\n \\0 \\\\ \\xNN. For \
            the syntax of REGEX see --filter.",
    },
    own: &[],
    build: |words, rows| {
        let regex = parse(words.argument(0))?;
        let pieces = pieces(&units::escaped(words.argument(1))?, &regex)?;
        Ok(Built::new(Replace { regex, pieces }, words, rows))
    },
};

/// A piece of what is written for a match.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// This text.
    Text(Vec<u8>),
    /// What the group with this number has matched.
    Group(usize),
}

/// Takes a text apart into pieces.
fn pieces(text: &[u8], regex: &Regex) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut plain, mut left) = (Vec::new(), Vec::new(), text);
    while let Some(at) = memchr::memchr(b'$', left) {
        plain.extend_from_slice(&left[..at]);
        let rest = &left[at + 1..];
        if let Some(rest) = rest.strip_prefix(b"$") {
            plain.push(b'$');
            left = rest;
            continue;
        }
        let (name, behind) = name(rest)?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Group(group(&name, regex)?));
        left = behind;
    }
    plain.extend_from_slice(left);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// The name behind a `$`, and what comes behind that.
fn name(text: &[u8]) -> Result<(Cow<'_, str>, &[u8]), String> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let (name, behind) = match text.strip_prefix(b"{") {
        Some(braced) => {
            let end = memchr::memchr(b'}', braced).ok_or("`${` has no `}` behind it; $$ is a $")?;
            (&braced[..end], &braced[end + 1..])
        }
        None => text.split_at(text.iter().take_while(|byte| is_word(byte)).count()),
    };
    match name {
        [] => Err("a `$` names no group; $$ is a $".to_string()),
        name => Ok((String::from_utf8_lossy(name), behind)),
    }
}

/// The number of a group.
fn group(name: &str, regex: &Regex) -> Result<usize, String> {
    let found = match name.parse::<usize>() {
        Ok(number) => Some(number).filter(|&number| number < regex.captures_len()),
        Err(_) => regex.capture_names().position(|group| group == Some(name)),
    };
    found.ok_or_else(|| {
        let groups = regex.capture_names().enumerate().map(|(number, name)| match name {
            Some(name) => format!("${{{name}}}"),
            None => format!("${number}"),
        });
        let groups = groups.collect::<Vec<_>>().join(", ");
        // `$1a` is the group `1a`, which hardly anybody means.
        let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let meant = match digits {
            0 => String::new(),
            _ if digits == name.len() => String::new(),
            _ => format!("; ${{{}}}{} keeps them apart", &name[..digits], &name[digits..]),
        };
        format!("REGEX has no group `{name}`, it has {groups}{meant}; $$ is a $")
    })
}

#[derive(Debug)]
struct Replace {
    regex: Regex,
    pieces: Vec<Piece>,
}

impl Replace {
    /// Writes the record with its matches replaced; false, and nothing, if there are none.
    fn write(&self, record: &[u8], made: &mut Vec<u8>) -> bool {
        let mut end = None;
        match &self.pieces[..] {
            [] => self.by_text(b"", record, made, &mut end),
            [Piece::Text(text)] => self.by_text(text, record, made, &mut end),
            pieces => self.by_pieces(pieces, record, made, &mut end),
        }
        let Some(end) = end else { return false };
        made.extend_from_slice(&record[end..]);
        true
    }

    /// Writes all up to the end of the last match, which is put into `end`.
    fn by_text(&self, text: &[u8], record: &[u8], made: &mut Vec<u8>, end: &mut Option<usize>) {
        for found in self.regex.find_iter(record) {
            made.extend_from_slice(&record[end.unwrap_or(0)..found.start()]);
            made.extend_from_slice(text);
            *end = Some(found.end());
        }
    }

    /// The same, by pieces.
    fn by_pieces(
        &self,
        pieces: &[Piece],
        record: &[u8],
        made: &mut Vec<u8>,
        end: &mut Option<usize>,
    ) {
        for groups in self.regex.captures_iter(record) {
            let all = groups.get_match();
            made.extend_from_slice(&record[end.unwrap_or(0)..all.start()]);
            for piece in pieces {
                made.extend_from_slice(match piece {
                    Piece::Text(text) => text,
                    Piece::Group(number) => groups.get(*number).map_or(b"", |at| at.as_bytes()),
                });
            }
            *end = Some(all.end());
        }
    }
}

impl Step for Replace {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.edit(|record, made| match self.write(record, made) {
            true => Edit::Anew,
            false => Edit::Keep,
        });
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(Replace { regex: self.regex.clone(), pieces: self.pieces.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::{applied, applied_to_pairs, built};
    use proptest::prelude::*;

    fn replaced(regex: &str, text: &str, record: &str) -> String {
        let mut step = built(&REPLACE, &[regex, text]).unwrap().fork();
        String::from_utf8(applied(&mut *step, &[record.as_bytes()]).remove(0)).unwrap()
    }

    #[test]
    fn every_match_is_replaced() {
        let table = [
            ("[0-9]+", "N", "a1b23c", "aNbNc"),
            ("x", "", "axbx", "ab"),
            ("x", "y", "ab", "ab"),
            ("(.)=(.)", "$2:${1}$$$0", "a=b,", "b:a$a=b,"),
            ("(?<user>.)@", "${user}1 ", "a@b", "a1 b"),
            ("(a)|b", "<$1>", "ab", "<a><>"),
            (" ", r"\t\x41", "a b", "a\tAb"),
            ("", "-", "ab", "-a-b-"),
            ("^$", "empty", "", "empty"),
        ];
        for (regex, text, record, expected) in table {
            assert_eq!(replaced(regex, text, record), expected, "{regex} {text}");
        }
    }

    #[test]
    fn a_key_is_replaced_and_its_value_stays() {
        let mut step = built(&REPLACE, &["a", "b"]).unwrap();
        let pairs = applied_to_pairs(&mut *step, &[("aa", "a")]);
        assert_eq!(pairs, [("bb".to_string(), "a".to_string())]);
    }

    #[test]
    fn a_group_that_is_not_there_is_told_with_those_that_are() {
        let why = |text| built(&REPLACE, &["(a)(?<rest>b)", text]).err().unwrap();
        let there = "it has $0, $1, ${rest}";
        assert_eq!(why("$3"), format!("REGEX has no group `3`, {there}; $$ is a $"));
        assert_eq!(why("${res}"), format!("REGEX has no group `res`, {there}; $$ is a $"));
        assert!(why("$1x").contains("`1x`") && why("$1x").contains("${1}x keeps them apart"));
        assert_eq!(why("5 $"), "a `$` names no group; $$ is a $");
        assert_eq!(why("${1"), "`${` has no `}` behind it; $$ is a $");
        assert!(why(r"\1").contains(r"`\1` is no escape"));
    }

    proptest! {
        #[test]
        fn it_is_what_replace_all_says(
            records in prop::collection::vec("[ab1\u{e9} ]{0,8}", 0..6),
            regex in prop::sample::select(vec!["a", "a*", "(a)b", "(a)?(b)", "(1)|b", "", "\u{e9}(.)"]),
            text in prop::sample::select(vec!["", "x", "<$0>", "$0$$", "a${0}"]),
        ) {
            let model = Regex::new(regex).unwrap();
            let all = |record: &String| model.replace_all(record.as_bytes(), text.as_bytes()).into_owned();
            let wanted: Vec<_> = records.iter().map(all).collect();
            let borrowed: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
            let mut step = built(&REPLACE, &[regex, text]).unwrap();
            prop_assert_eq!(applied(&mut *step, &borrowed), wanted);
        }
    }
}
