//! The real binary against a plain model: random bytes, random steps, random reports.
//!
//! The model says in a few lines what each part means, without chunks, spans, threads or tables.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::collections::HashMap;
use std::thread;

use common::{start, weir};
use proptest::prelude::*;
use proptest::sample::select;
use regex::bytes::Regex;

/// A step as it is typed.
type Typed = Vec<&'static str>;

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Characters as pieces of the bytes, with whether they are white space; other bytes are not.
fn characters(record: &[u8]) -> Vec<(&[u8], bool)> {
    let mut characters = Vec::new();
    let mut at = 0;
    for chunk in record.utf8_chunks() {
        for c in chunk.valid().chars() {
            characters.push((&record[at..][..c.len_utf8()], is_space(c)));
            at += c.len_utf8();
        }
        characters.push((&record[at..][..chunk.invalid().len()], false));
        at += chunk.invalid().len();
    }
    characters.retain(|(bytes, _)| !bytes.is_empty());
    characters
}

fn joined(characters: &[(&[u8], bool)]) -> Vec<u8> {
    characters.iter().flat_map(|(bytes, _)| bytes.to_vec()).collect()
}

fn split(record: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while at + separator.len() <= record.len() {
        if record[at..].starts_with(separator) {
            parts.push(record[from..at].to_vec());
            (from, at) = (at + separator.len(), at + separator.len());
        } else {
            at += 1;
        }
    }
    parts.push(record[from..].to_vec());
    parts
}

/// What a step makes of a record.
fn apply(step: &Typed, regex: Option<&Regex>, record: &[u8]) -> Vec<Vec<u8>> {
    match step[..] {
        ["--split", separator] => split(record, separator.replace("\\t", "\t").as_bytes()),
        ["--words"] => {
            let characters = characters(record);
            let words = characters.split(|(_, space)| *space);
            words.filter(|word| !word.is_empty()).map(joined).collect()
        }
        ["--trim"] => {
            let characters = characters(record);
            let first = characters.iter().position(|(_, space)| !space);
            let last = characters.iter().rposition(|(_, space)| !space);
            match (first, last) {
                (Some(first), Some(last)) => vec![joined(&characters[first..=last])],
                _ => vec![Vec::new()],
            }
        }
        ["--filter" | "--reject", _] => {
            let kept = regex.unwrap().is_match(record) == (step[0] == "--filter");
            if kept { vec![record.to_vec()] } else { Vec::new() }
        }
        _ => unreachable!("there is no other step"),
    }
}

fn records(input: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = input.split(|&byte| byte == b'\n').collect();
    if lines.last() == Some(&&b""[..]) {
        lines.pop();
    }
    lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect()
}

/// What a run prints with `--format text`, which is to be one batch.
fn model(input: &[u8], steps: &[Typed], report: Option<&Report>) -> Vec<u8> {
    let mut records = records(input);
    for step in steps {
        let regex = ["--filter", "--reject"].contains(&step[0]);
        let regex = regex.then(|| Regex::new(step[1]).unwrap());
        let applied = records.iter().flat_map(|record| apply(step, regex.as_ref(), record));
        records = applied.collect();
    }
    let Some(report) = report else {
        return records.into_iter().flat_map(|record| [record, b"\n".to_vec()].concat()).collect();
    };
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut rows: Vec<(Vec<u8>, i64)> = Vec::new();
    for record in records {
        let place = *places.entry(record.clone()).or_insert(rows.len());
        if place == rows.len() {
            rows.push((record, 0));
        }
        rows[place].1 += 1;
    }
    let sign = if report.ascending { 1 } else { -1 };
    let by_value = |rows: &mut Vec<(Vec<u8>, i64)>| {
        rows.sort_by_key(|(key, count)| (sign * count, key.clone()));
    };
    if let Some(top) = report.top {
        by_value(&mut rows);
        rows.truncate(top);
    }
    match report.sort {
        "key" => rows.sort(),
        "value" => by_value(&mut rows),
        _ => rows.sort_by_key(|(key, _)| places[key]),
    }
    let line = |(key, count)| [key, format!("\t{count}\n").into_bytes()].concat();
    rows.into_iter().flat_map(line).collect()
}

#[derive(Clone, Debug)]
struct Report {
    top: Option<usize>,
    sort: &'static str,
    ascending: bool,
}

fn step() -> impl Strategy<Value = Typed> {
    let separators = select(&[",", " ", "ab", "aa", "\\t", "é", "-"][..]);
    let regexes = select(&["a", "^b", "[^a]b", " $", "é", "^$", "(?-u:\\xff)", "-|,"][..]);
    prop_oneof![
        separators.prop_map(|separator| vec!["--split", separator]),
        Just(vec!["--words"]),
        Just(vec!["--trim"]),
        regexes.clone().prop_map(|regex| vec!["--filter", regex]),
        regexes.prop_map(|regex| vec!["--reject", regex]),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    let top = prop::option::of(select(&[1usize, 2, 3, 1000][..]));
    let sort = select(&["value", "key", "none"][..]);
    (top, sort, any::<bool>()).prop_map(|(top, sort, ascending)| Report { top, sort, ascending })
}

/// Bytes that mean something to some step, in pieces as they are written into the pipe.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let bytes = &b"aaab\n\n,, \t\r-\0\xff\xc3\xa9\xc2\x85\xe3\x80\x80\x1c"[..];
    let word = prop::collection::vec(select(bytes), 0..40);
    let known = select(&["é", "\u{3000}", "ab", "a b,a\n", "\r\n", "a-long-key-of-20-bytes\n"][..]);
    let piece = prop_oneof![word, known.prop_map(|text| text.as_bytes().to_vec())];
    (prop::collection::vec(piece, 0..40), 1usize..200).prop_map(|(pieces, times)| {
        // Most inputs fit a chunk; some are cut into many.
        let times = if times > 195 { 400 } else { 1 };
        vec![pieces; times].concat()
    })
}

fn run(pieces: Vec<Vec<u8>>, args: &[&str]) -> Vec<u8> {
    let mut run = start(weir(args));
    let mut stdin = run.take_stdin();
    let writer = thread::spawn(move || {
        pieces.iter().for_each(|piece| std::io::Write::write_all(&mut stdin, piece).unwrap());
    });
    let out = run.out.rest();
    writer.join().unwrap();
    run.end().ok();
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn weir_prints_what_the_model_prints(
        pieces in pieces(),
        steps in prop::collection::vec(step(), 0..4),
        report in prop::option::of(report()),
        threads in select(&["1", "2", "3", "4"][..]),
    ) {
        let mut args = vec!["--once", "--format", "text", "--threads", threads];
        steps.iter().for_each(|step| args.extend(step));
        let top = report.as_ref().and_then(|report| report.top).map(|top| top.to_string());
        if let Some(report) = &report {
            args.extend(["--count-by-key", "--sort", report.sort]);
            args.extend(report.ascending.then_some("--ascending"));
            args.extend(top.iter().flat_map(|top| ["--top", top]));
        }
        let expected = model(&pieces.concat(), &steps, report.as_ref());
        let printed = run(pieces, &args);
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        prop_assert!(printed == expected, "{args:?}\n{}\n{}", shown(&printed), shown(&expected));
    }
}
