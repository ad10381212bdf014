//! PySpark's own transcripts, printed again.
//!
//! `tests/data/p_types_num*.txt` are what PySpark 3.5.6 printed of records of all kinds, every half
//! second a batch, with four values of `num`. Batches that weir could have are compared whole,
//! header and all; of the others, those records that are of weir's types.

use super::pprint::SPEC;
use crate::clock::Stamp;
use crate::format::python::{Object, print};
use crate::format::samples::{pieces, records, report, settings};
use crate::format::{Rows, Settings, Shape};
use crate::report::Report;
use crate::report::value::Value::{self, Float, Int};

const TRANSCRIPTS: [(usize, &str); 4] = [
    (0, include_str!("../../../tests/data/p_types_num0.txt")),
    (3, include_str!("../../../tests/data/p_types_num3.txt")),
    (10, include_str!("../../../tests/data/p_types_numdefault.txt")),
    (60, include_str!("../../../tests/data/p_types_num60.txt")),
];

const WORDS: &str = "plain|it's|dq\"x|both'\"x|back\\slash|tab\tx|nul\0x|del\x7fx|esc\x1bx|cr\rx|\
    nl\nx|vt\x0bff\x0c|nel\u{85}x|nbsp\u{a0}x|shy\u{ad}x|zwsp\u{200b}x|zwj\u{200d}x|ls\u{2028}x|\
    ps\u{2029}x|bom\u{feff}x|fffd\u{fffd}x|pua\u{e000}x|nonchar\u{ffff}x|emoji\u{1f600}x|\
    emoji15\u{1fae8}x|family\u{1f468}\u{200d}\u{1f469}|vs16\u{2764}\u{fe0f}|cjk漢字|comb e\u{301}|\
    ideospace\u{3000}x|tag\u{e0041}x|unassigned\u{378}x|e9\u{e9}|ja ファイル|arabic \u{627}\u{644}|\
    rlm\u{200f}x|ogham\u{1680}x|empty:|";

/// The batches of a transcript: each one's Time, and all that was printed of it.
fn batches(text: &str) -> Vec<(Stamp, String)> {
    let rule = format!("{}\n", "-".repeat(43));
    let parts: Vec<_> = text.split(&rule).skip(1).collect();
    let batch = |part: &[&str]| {
        let time: jiff::civil::DateTime = part[0]["Time: ".len()..].trim().parse().unwrap();
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        (Stamp(time.as_millisecond()), format!("{rule}{}{rule}{}", part[0], part[1]))
    };
    parts.chunks_exact(2).map(batch).collect()
}

fn printed(time: Stamp, shape: Shape, num: usize, rows: Vec<Rows<'_>>) -> String {
    let mut format = (SPEC.build)(&Settings { num, ..settings(shape, &["value"]) });
    let mut out = Vec::new();
    format.begin(&mut out, time);
    rows.into_iter().for_each(|rows| format.rows(&mut out, rows));
    format.end(&mut out);
    String::from_utf8(out).unwrap()
}

/// One number a row: what `--count` has, were it to have many.
fn numbers(values: impl IntoIterator<Item = Value>) -> Report {
    report(&values.into_iter().map(|value| ("", vec![value])).collect::<Vec<_>>())
}

#[test]
fn what_pyspark_printed_is_printed_again() {
    let inf = f64::INFINITY;
    let floats = [1.0, 0.1, 1e16, 1e15, 123456789012345680.0, 1e-5, 0.0001, inf, f64::NAN];
    let floats = numbers(floats.into_iter().chain([-0.0, 1.5e300, 1.0 / 3.0, 100.0]).map(Float));
    let ranges = [10, 11, 25].map(|end| numbers((0..end).map(Int)));
    let words: Vec<_> = WORDS.split('|').collect();
    let counts = report(&words.iter().map(|word| (word, vec![Int(1)])).collect::<Vec<_>>());
    let (strings, words) = (records(&["str", "", "a b"]), records(&words));
    for (num, text) in TRANSCRIPTS {
        let batches = batches(text);
        let check = |n: usize, shape, rows| {
            let (time, expected) = &batches[n];
            assert_eq!(&printed(*time, shape, num, rows), expected, "batch {n} with num {num}");
        };
        check(0, Shape::Records, vec![Rows::of(&strings)]);
        check(2, Shape::Whole, pieces(&floats));
        check(7, Shape::Whole, pieces(&ranges[0]));
        check(8, Shape::Whole, pieces(&ranges[1]));
        check(9, Shape::Whole, pieces(&ranges[2]));
        check(10, Shape::Records, vec![]);
        check(11, Shape::Records, vec![Rows::of(&words)]);
        check(12, Shape::Keyed, pieces(&counts));
        check(13, Shape::Records, vec![]);
    }
}

#[test]
fn records_of_mixed_batches_are_printed_as_python_printed_them() {
    use Object::{Text, Tuple};
    let values = [Int(0), Int(1), Int(2), Int(3), Int(-5), Float(2.5), Value::None];
    let [zero, one, two, three, less, half, none] = values.each_ref().map(Object::Value);
    let pair = [Int(1), Float(2.0)];
    let table: [(usize, usize, Object); 14] = [
        (1, 0, zero),
        (1, 1, one),
        (1, 2, less),
        (1, 6, none),
        (3, 0, Tuple(&[Text(b"a"), one])),
        (3, 1, Tuple(&[Text(b"b"), half])),
        (3, 2, Tuple(&[Text(b"c"), none])),
        (4, 0, Tuple(&[Text(b"k"), Object::of(&pair)])),
        (4, 1, Tuple(&[Text(b"k2"), Tuple(&[Text(b"x"), none])])),
        (4, 2, Tuple(&[Tuple(&[one, two]), three])),
        (4, 3, Tuple(&[Tuple(&[Text(b"a"), Text(b"b")]), one])),
        (6, 2, Tuple(&[one])),
        (6, 3, Tuple(&[])),
        (6, 6, Tuple(&[Text(b"s"), Text(b"x y")])),
    ];
    let batches = batches(TRANSCRIPTS[3].1);
    for (batch, row, object) in table {
        let mut out = Vec::new();
        print(&mut out, object);
        let expected = batches[batch].1.lines().nth(3 + row).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
