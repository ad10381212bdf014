//! What becomes of the parts that a selector finds, with one that is easy to predict.

use super::*;
use crate::chunk::Chunk;
use crate::step::testing::stream;

/// Finds bytes: `a` is the first `a` of a record, `a*` each of them, a row each, and the second `a*` the
/// same again; capitals are made anew. What stands
/// behind `!` is to pass, and behind `?` cannot be read.
#[derive(Clone, Debug)]
struct Letters(Vec<(u8, bool)>);

impl Selector for Letters {
    fn select(&mut self, record: &[u8], found: &mut Found<'_>) {
        if record.first() == Some(&b'!') {
            found.pass();
        }
        let places = |letter| {
            move |row: usize| {
                record
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| **byte == letter)
                    .map(|(at, _)| at)
                    .nth(row)
            }
        };
        let lists = || self.0.iter().filter(|(_, all)| *all);
        let count = |&(letter, _): &(u8, bool)| {
            (0..).take_while(|&row| places(letter)(row).is_some()).count()
        };
        for row in 0..lists().map(count).max().unwrap_or(1) {
            for (item, &(letter, all)) in self.0.iter().enumerate() {
                match places(letter)(if all { row } else { 0 }) {
                    Some(at) if letter.is_ascii_uppercase() => {
                        found.anew(item, |out| out.extend_from_slice(&[b'+', record[at]]));
                    }
                    Some(at) => found.within(item, at..at + 1),
                    None => {}
                }
            }
            if self.is_many() {
                found.end_row();
            }
        }
        if record.first() == Some(&b'?') {
            found.fails(Lack::at("a riddle", 0));
        }
    }

    fn is_many(&self) -> bool {
        self.0.iter().any(|(_, all)| *all)
    }
}

fn parse(sel: &str) -> Result<Vec<String>, String> {
    let items = sel.split(',').map(str::to_string).collect::<Vec<_>>();
    if items.contains(&String::new()) { Err("no letter".into()) } else { Ok(items) }
}

fn make(items: Vec<String>) -> Letters {
    Letters(items.iter().map(|item| (item.as_bytes()[0], item.ends_with('*'))).collect())
}

static FLAG: Flag = Flag { name: "letters", takes: &["SEL"], help: "" };

/// `a --value b --else -` is typed so.
fn words(typed: &str) -> Words {
    let mut parts = typed.split(' ');
    let mut words = Words::new(&FLAG, parts.next());
    while let Some(flag) = parts.next() {
        let all = [&own::VALUE, &own::ELSE, &own::DELIMITER, &own::OUTPUT_DELIMITER];
        let flag = all.into_iter().find(|own| flag == format!("--{}", own.name)).unwrap();
        words.bind(Words::new(flag, parts.next()));
    }
    words
}

/// Rows as `record` or `key=value`, then what is bad and why.
fn selected(typed: &str, chunk: &mut Chunk) -> Vec<String> {
    let shape = if chunk.is_pairs() { Shape::Pairs } else { Shape::Records };
    let mut built = build(&words(typed), shape, parse, make).unwrap();
    assert_eq!(built.leaves == Shape::Pairs, chunk.is_pairs() || typed.contains("--value"));
    built.step = built.step.fork();
    built.step.apply(chunk).unwrap();
    let text = |half: Option<&[u8]>| {
        half.map_or("none".into(), |half| String::from_utf8_lossy(half).into_owned())
    };
    let row = |row| match chunk.is_pairs() {
        true => format!("{}={}", text(chunk.key(row)), text(chunk.value(row))),
        false => text(chunk.key(row)),
    };
    let rows = (0..chunk.keys.len()).map(row);
    let bad =
        chunk.bad.iter().map(|bad| format!("{}: {}", text(bad.record.as_deref()), bad.reason));
    rows.chain(bad).collect()
}

#[test]
fn parts_take_the_place_of_a_record() {
    let records: [&[u8]; 6] = [b"ab", b"xbAy", b"b", b"!a", b"", b"?a"];
    let table: [(&str, &[&str]); 8] = [
        (
            "a",
            &[
                "a",
                "xbAy: --letters a: not there",
                "b: --letters a: not there",
                ": --letters a: not there",
                "?a: --letters a: a riddle, at byte 0 of it",
            ],
        ),
        ("A --else -", &["-", "+A", "-", "-", "-"]),
        ("b --else \\t", &["b", "b", "b", "\t", "\t"]),
        ("b,A --else -", &["b -", "b +A", "b -", "- -", "- -"]),
        ("b,A --else - --delimiter ,", &["b,-", "b,+A", "b,-", "-,-", "-,-"]),
        (
            "b,b --else - --delimiter , --output-delimiter ..",
            &["b..b", "b..b", "b..b", "-..-", "-..-"],
        ),
        ("b --value A,b --else -", &["b=- b", "b=+A b", "b=- b", "-=- -", "-=- -"]),
        ("b* --value x --else -", &["b=-", "b=x", "b=-", "-=-"]),
    ];
    for (typed, expected) in table {
        assert_eq!(selected(typed, &mut stream(&records)), expected, "{typed}");
    }
}

#[test]
fn the_first_part_that_lacks_is_told_and_whose_it_is() {
    let bad = |typed| selected(typed, &mut stream(&[b"c"]));
    assert_eq!(bad("c,a,b"), ["c: --letters a: not there"]);
    assert_eq!(bad("c --value c,d"), ["c: --value d: not there"]);
    assert_eq!(bad("c,x --value d"), ["c: --letters x: not there"]);
}

#[test]
fn parts_that_stand_as_if_joined_are_not_copied() {
    let before = "a b,cd\n".len();
    for (typed, copied) in [("a,b", 0), ("b,c", 3), ("b,c --output-delimiter ,", 0), ("b,a", 3)] {
        let mut chunk = stream(&[b"a b,cd"]);
        selected(typed, &mut chunk);
        assert_eq!(chunk.len(), before + copied, "{typed}");
    }
}

#[test]
fn each_row_has_the_parts_of_its_own() {
    let table: [(&str, &[u8], &[&str]); 6] = [
        ("a*", b"xaxAa", &["a", "a"]),
        ("A*,b", b"AbA", &["+A b", "+A b"]),
        ("a*,b*", b"abab", &["a b", "a b"]),
        ("a*,b", b"b", &[]),
        ("a* --value b* --else -", b"bab", &["a=b", "-=b"]),
        ("a*,c", b"aa", &["aa: --letters c: not there"]),
    ];
    for (typed, record, expected) in table {
        assert_eq!(selected(typed, &mut stream(&[record])), expected, "{typed}");
    }
}

#[test]
fn a_record_that_would_swell_beyond_measure_is_bad() {
    let mut chunk = stream(&[b"ab", &b"a".repeat(3000), b"ab"]);
    let rows = selected(&format!("a*,b --else {}", "-".repeat(3000)), &mut chunk);
    assert_eq!(rows[..2], ["a b", "a b"]);
    let told = "--letters a* --letters b: more than 1024 times its length would come of it";
    assert!(rows[2].ends_with(told), "{}", rows[2]);
}

#[test]
fn of_a_pair_the_half_that_is_turned_to_is_selected() {
    let pairs = || {
        let mut chunk = Chunk::default();
        chunk.push_pair(Some(b"ab"), b"1a");
        chunk.push_pair(None, b"2a");
        chunk.push_pair(Some(b"Ab"), b"3b");
        chunk
    };
    assert_eq!(selected("b", &mut pairs()), ["b=1a", "none=2a", "b=3b"]);
    assert_eq!(selected("b,b*", &mut pairs()), ["b b=1a", "none=2a", "b b=3b"]);
    let mut chunk = pairs();
    chunk.turn(crate::chunk::Half::Value);
    assert_eq!(selected("a", &mut chunk), ["ab=a", "none=a", "3b: --letters a: not there"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let why = |typed, rows| build(&words(typed), rows, parse, make).err().unwrap().to_string();
    assert!(why("a --value b", Shape::Pairs).starts_with("needs records, and pairs come"));
    assert_eq!(why("a,", Shape::Records), "no letter");
    assert_eq!(why("a --value b,", Shape::Records), "--value: no letter");
    assert!(why("a --else \\q", Shape::Records).starts_with("--else: `\\q` is no escape"));
}
