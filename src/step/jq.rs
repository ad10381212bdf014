//! `--jq FILTER`: each record through a program, as often as that has outputs.
//!
//! ```text
//! .user                 a plain path: looked up in the record as --json does, no tree is made
//!   └─ not there, a list, an escape: as any other program
//! select(.ms > 9)|.at   the record as a value, the outputs written as records
//! ```
//!
//! A record is one row, several or none. What a program fails on is bad as a whole, also where it has had
//! outputs before, so that a record never counts in part.

use std::ffi::OsStr;

use super::{Built, Spec, Step, Unbuilt, own};
use crate::chunk::{Chunk, Edit, Parts};
use crate::error::Error;
use crate::jq::{Failure, Need, Program, Rooms, Value, part, write_bare};
use crate::part::{Flag, Shape, Words};
use crate::selector::json::{Json, path};
use crate::selector::{Found, Part, Selector};
use crate::units;

/// The record as text.
const RAW: Flag = Flag {
    name: "raw",
    takes: &[],
    help: "Give the program of the --jq before each record as a string, not as JSON",
};

/// `--jq`.
pub const JQ: Spec = Spec {
    flag: Flag {
        name: "jq",
        takes: &["FILTER"],
        help: "Run a jq program on each record, which is JSON; each output is a record\n\n\
            A string is written bare, all else as compact JSON. With --raw the record is a string. \
            --value FILTER makes pairs: each output of the one with each of the other. What a program \
            fails on is bad, with what jq says, or see --else; what it has no output for is dropped. The language is \
            that of jq 1.7, by jaq; numbers keep their text until they are calculated with. Nothing is there \
            that would come to something else when records are run again: now, localtime, $ENV, input, halt. \
            A record is bad for which a program takes more than a million steps and 64 for each of its bytes, or \
            makes more bytes of values than 8 times --max-record and 64 times its length, or a value that is nested deeper \
            than 10000 levels.",
    },
    own: &[RAW, own::VALUE, own::ELSE],
    build,
};

/// Runs a program on each record.
#[derive(Clone)]
struct Jq {
    key: Asked,
    value: Option<Asked>,
    /// Finds what is asked for where that is a plain path, or two.
    plain: Option<Json>,
    /// What the programs look at.
    need: Need,
    raw: bool,
    otherwise: Option<Vec<u8>>,
    rooms: Rooms,
    scratch: Vec<Part>,
}

/// A program, and what it has come to.
#[derive(Clone)]
struct Asked {
    program: Program,
    outputs: Outputs,
}

/// Records that were made of one.
#[derive(Clone, Debug, Default)]
struct Outputs {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// So much room is kept for outputs.
const KEPT: usize = 1 << 20;

fn build(words: &Words, rows: Shape) -> Result<Built, Unbuilt> {
    let text = text(words.argument(0))?;
    let value = words.value(own::VALUE.name);
    if value.is_some() {
        rows.must_be_records()?;
    }
    let of_value = |why| format!("--{}: {why}", own::VALUE.name);
    let value = value.map(|typed| self::text(typed).map_err(of_value)).transpose()?;
    let key = Asked::new(text)?;
    let raw = words.has(RAW.name);
    let paths: Option<Vec<_>> = [Some(text), value].into_iter().flatten().map(plain).collect();
    let plain = paths.filter(|_| !raw).map(Json::new);
    let value = value.map(|text| Asked::new(text).map_err(of_value)).transpose()?;
    let otherwise = words.value(own::ELSE.name).map(units::escaped).transpose();
    let otherwise = otherwise.map_err(|why| format!("--{}: {why}", own::ELSE.name))?;
    let leaves = if value.is_some() { Shape::Pairs } else { rows };
    let (rooms, scratch) = (Rooms::default(), Vec::new());
    let mut need = key.program.need().clone();
    value.iter().for_each(|value| need.add(value.program.need()));
    let step = Jq { key, value, plain, need, raw, otherwise, rooms, scratch };
    Ok(Built::new(step, words, leaves))
}

fn text(typed: &OsStr) -> Result<&str, String> {
    typed.to_str().ok_or_else(|| "a program is typed in UTF-8".to_string())
}

/// The path that a program is, if it is nothing else and means the same to `--json`.
fn plain(text: &str) -> Option<path::Path> {
    let mut is_quoted = false;
    for byte in text.bytes() {
        is_quoted ^= byte == b'"';
        let is_plain = byte.is_ascii_alphanumeric() || b"_.[]\"".contains(&byte);
        if !is_quoted && !is_plain || byte == b'\\' {
            return None;
        }
    }
    let mut paths = path::parse(text).ok()?;
    let path = paths.pop().filter(path::Path::is_one_value)?;
    paths.is_empty().then_some(path)
}

impl Jq {
    /// One program, of whose outputs each is a row.
    fn rows(&mut self, chunk: &mut Chunk) {
        chunk.flat_map(|record, rows| match self.run(record) {
            Ok(()) => self.key.outputs.iter().for_each(|output| match output == record {
                true => rows.push(0, record.len()),
                false => rows.push_anew(|out| out.extend_from_slice(output)),
            }),
            Err(why) => rows.refuse(why),
        });
    }

    /// Two programs, of whose outputs each two are a pair.
    fn pairs(&mut self, chunk: &mut Chunk) {
        chunk.pair(|record, rows| {
            if let Some([key, value]) = self.found(record) {
                let (key, value) = (rows.part(key.0, key.1), rows.part(value.0, value.1));
                rows.push_pair(Some(key), value);
                return;
            }
            match self.run(record) {
                Ok(()) => self.put_pairs(record, rows),
                Err(why) => rows.refuse(why),
            }
        });
    }

    fn put_pairs(&self, record: &[u8], rows: &mut Parts<'_>) {
        let Some(value) = &self.value else { return };
        let mut made = |output: &[u8]| match output == record {
            true => rows.part(0, record.len()),
            false => rows.anew(|out| out.extend_from_slice(output)),
        };
        let keys: Vec<_> = self.key.outputs.iter().map(&mut made).collect();
        let values: Vec<_> = value.outputs.iter().map(&mut made).collect();
        if keys.len().saturating_mul(values.len()) > MOST_PAIRS.max(record.len()) {
            return rows.refuse(format!("--jq: more than {MOST_PAIRS} pairs would come of it"));
        }
        for key in keys {
            values.iter().for_each(|value| rows.push_pair(Some(key), *value));
        }
    }

    /// A plain path: one row of each record.
    fn paths(&mut self, chunk: &mut Chunk) {
        chunk.edit(|record, made| {
            if let Some([(start, end)]) = self.found(record) {
                return Edit::Within(start, end);
            }
            match self.run(record) {
                Ok(()) => {
                    made.extend_from_slice(&self.key.outputs.bytes);
                    Edit::Anew
                }
                Err(why) => Edit::Bad(why.into()),
            }
        });
    }

    /// Where the values stand that are asked for, if each is there, is neither list nor object, and stands in
    /// the record as it is to be written.
    #[inline(always)]
    fn found<const N: usize>(&mut self, record: &[u8]) -> Option<[(usize, usize); N]> {
        let plain = self.plain.as_mut()?;
        let (mut parts, made) = ([Part::Unsaid; N], &mut self.key.outputs.bytes);
        made.clear();
        plain.select(record, &mut Found::new(&mut parts, &mut self.scratch, made));
        let mut places = [(0, 0); N];
        for (place, part) in places.iter_mut().zip(parts) {
            let Part::Within(start, end) = part else { return None };
            let is_string = start > 0 && record[start - 1] == b'"';
            if !is_string && matches!(record.get(start), Some(b'{' | b'[')) {
                return None;
            }
            *place = (start, end);
        }
        Some(places)
    }

    /// Runs the programs on a record; outputs are there then. An error says why it is bad.
    fn run(&mut self, record: &[u8]) -> Result<(), String> {
        let Jq { key, value, need, raw, rooms, otherwise, .. } = self;
        let both = rooms.within(record.len(), || {
            if value.is_none() && !*raw && !key.program.passes(record) {
                key.outputs.clear();
                return Ok(());
            }
            let input = part(record, *raw, need)?;
            if let Some(value) = value {
                value.run(input.clone())?;
            }
            key.run(input)
        });
        match (both, otherwise) {
            (Ok(()), _) => Ok(()),
            (Err(why), None) => Err(format!("--jq: {why}")),
            (Err(_), Some(text)) => {
                for asked in [Some(key), value.as_mut()].into_iter().flatten() {
                    let one = rooms.within(record.len(), || asked.run(part(record, *raw, need)?));
                    if one.is_err() {
                        asked.outputs.clear();
                        asked.outputs.push(|out| out.extend_from_slice(text));
                    }
                }
                Ok(())
            }
        }
    }
}

/// So many pairs are made of one record, or as many as it has bytes.
const MOST_PAIRS: usize = 1 << 20;

impl Step for Jq {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        match (&self.value, &self.plain) {
            (Some(_), _) => self.pairs(chunk),
            (None, Some(_)) => self.paths(chunk),
            (None, None) => self.rows(chunk),
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }

    fn is_steady(&self) -> bool {
        self.plain.is_some()
    }
}

impl Asked {
    fn new(text: &str) -> Result<Asked, String> {
        Ok(Asked { program: Program::new(text, &[])?, outputs: Outputs::default() })
    }

    fn run(&mut self, input: Value) -> Result<(), Failure> {
        let Asked { program, outputs } = self;
        outputs.clear();
        program.run(input, [], |output| {
            let mut is_whole = true;
            outputs.push(|out| is_whole = write_bare(&output, out));
            is_whole
        })
    }
}

impl Outputs {
    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.ends.clear();
        self.ends.shrink_to(KEPT / size_of::<usize>());
    }

    fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{applied, applied_to_pairs, built, built_for, stream};
    use super::*;
    use crate::step::select::json::JSON;
    use proptest::prelude::*;

    fn step(text: &str) -> Box<dyn Step> {
        built(&JQ, &[text]).unwrap()
    }

    fn texts(step: &mut dyn Step, records: &[&str]) -> Vec<String> {
        let records: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
        let rows = applied(step, &records).into_iter();
        rows.map(|row| String::from_utf8(row).unwrap()).collect()
    }

    #[test]
    fn each_output_is_a_record_and_none_drops_it() {
        let records = [r#"{"u":"ann","n":[1,2]}"#, r#"{"u":"bob","n":[]}"#, r#"{ "u": 3 }"#];
        assert_eq!(texts(&mut *step(".u"), &records), ["ann", "bob", "3"]);
        assert_eq!(texts(&mut *step(".n[]?"), &records), ["1", "2"]);
        assert_eq!(texts(&mut *step("select(.u == 3)"), &records), [r#"{"u":3}"#]);
        assert_eq!(texts(&mut *step(".u, .n"), &records[..1]), ["ann", "[1,2]"]);
        assert_eq!(texts(&mut *step(".x"), &records), ["null", "null", "null"]);
    }

    #[test]
    fn what_fails_is_bad_and_the_rest_of_it_too() {
        let mut chunk = stream(&[br#"{"a":1}"#, b"5", b"{", br#"{"a":"x"}"#]);
        step("1, .a").apply(&mut chunk).unwrap();
        let reasons: Vec<_> = chunk.bad.iter().map(|bad| bad.reason.to_string()).collect();
        let no_json = "--jq: no JSON: the record ends too early, at byte 1 of it";
        assert_eq!(reasons, ["--jq: Cannot index number with \"a\"", no_json]);
        assert_eq!(chunk.keys.len(), 4);
    }

    #[test]
    fn raw_records_are_strings() {
        // Flags of its own: --raw stands for itself.
        let mut words = Words::new(&JQ.flag, ["split(\" \") | .[1]"]);
        words.bind(Words::new(&RAW, [""; 0]));
        let mut step = (JQ.build)(&words, Shape::Records).unwrap().step;
        assert_eq!(texts(&mut *step, &["a b c", "{"]), ["b", "null"]);
    }

    fn pairs(key: &str, value: &str, otherwise: Option<&str>, records: &[&str]) -> Vec<String> {
        let mut words = Words::new(&JQ.flag, [key]);
        words.bind(Words::new(&own::VALUE, [value]));
        if let Some(text) = otherwise {
            words.bind(Words::new(&own::ELSE, [text]));
        }
        let built = (JQ.build)(&words, Shape::Records).unwrap();
        assert_eq!(built.leaves, Shape::Pairs);
        let (mut step, mut chunk) = (built.step, Chunk::default());
        records.iter().for_each(|record| chunk.push(record.as_bytes()));
        step.apply(&mut chunk).unwrap();
        let text = |half: Option<&[u8]>| String::from_utf8(half.unwrap().to_vec()).unwrap();
        let row = |row| format!("{}={}", text(chunk.key(row)), text(chunk.value(row)));
        (0..chunk.keys.len()).map(row).collect()
    }

    #[test]
    fn two_programs_make_pairs_of_all_their_outputs() {
        let records = [r#"{"u":"ann","n":[1,2]}"#, r#"{"u":["b","c"],"n":"x"}"#];
        assert_eq!(pairs(".u", ".n", None, &records), ["ann=[1,2]", "[\"b\",\"c\"]=x"]);
        let all = pairs(".u | (arrays | .[]) // .", ".n[]?", None, &records);
        assert_eq!(all, ["ann=1", "ann=2"]);
        let all = pairs(".u[]", ".n", Some("-"), &records);
        assert_eq!(all, ["-=[1,2]", "b=x", "c=x"]);
    }

    #[test]
    fn of_a_pair_it_is_a_half() {
        let mut step = built_for(&JQ, &[".[]"], Shape::Pairs).unwrap().step;
        let rows = applied_to_pairs(&mut *step, &[("[1,2]", "x"), ("[]", "y")]);
        assert_eq!(rows, [("1".into(), "x".into()), ("2".into(), "x".into())]);
        let mut words = Words::new(&JQ.flag, ["."]);
        words.bind(Words::new(&own::VALUE, ["."]));
        assert!((JQ.build)(&words, Shape::Pairs).is_err());
    }

    #[test]
    fn plain_paths_are_told_from_programs() {
        for text in [".a", ".a.b[0]", ".[\"odd key\"]", ".\"a b\".c", ".[3]"] {
            assert!(plain(text).is_some() && Program::new(text, &[]).is_ok(), "{text}");
        }
        for text in [".", ".a[]", ".user-agent", ".a|.b", ".a,.b", ".a?", ".größe", ".\"\\(1)\""]
        {
            assert!(plain(text).is_none(), "{text}");
        }
    }

    /// JSON that is nested a little, as text.
    fn json() -> impl Strategy<Value = String> {
        let texts =
            vec![r#""""#, r#""x""#, r#""é\n""#, "null", "true", "-1.50", "7340012345678901235"];
        let leaf = prop::sample::select(texts).prop_map(str::to_string);
        leaf.prop_recursive(3, 12, 3, |inner| {
            let name = prop::sample::select(&["a", "b", "odd key"][..]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3)
                    .prop_map(|items| format!("[{}]", items.join(", "))),
                prop::collection::vec((name, inner), 0..3).prop_map(|members| {
                    let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_plain_path_comes_to_what_the_program_comes_to(record in json()) {
            for text in [".a", ".a.b", ".[\"odd key\"]", ".a[1]", ".[0].a"] {
                let mut as_path = step(text);
                // The same that is no path any more.
                let mut as_program = step(&format!("{text} | ."));
                let both = [&mut as_path, &mut as_program].map(|step| {
                    let mut chunk = stream(&[record.as_bytes()]);
                    step.apply(&mut chunk).unwrap();
                    let mut rows = Vec::new();
                    chunk.for_each_key(|arena, start, end| rows.push(arena[start..end].to_vec()));
                    (rows, chunk.bad.iter().map(|bad| bad.reason.to_string()).collect::<Vec<_>>())
                });
                prop_assert_eq!(&both[0], &both[1], "{} of {}", text, record);
                // What --json finds and is no list is the same, too.
                let found = texts(&mut *built(&JSON, &[text]).unwrap(), &[&record]);
                if let [found] = &found[..] && !found.starts_with(['[', '{']) {
                    prop_assert_eq!(&both[0].0, &vec![found.clone().into_bytes()]);
                }
            }
        }
    }
}
