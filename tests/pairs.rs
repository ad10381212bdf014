//! Pairs, from `--pair` to whatever prints, counts or keeps them.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs;

use common::{Dir, batch, on_file, piped};

const INPUT: &str = "a 1\nb 2\nbad\na 3\n";
const SKIPPED: &str =
    "weir: a bad record is skipped: stdin, byte 8: without the SEP of --pair ' '\n";

/// The arguments of a line, in which SPACE stands for one.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').map(|word| if word == "SPACE" { " " } else { word }).collect()
}

/// What is printed of records that are all pairs.
#[track_caller]
fn printed(args: &str, input: &str) -> String {
    on_file(&words(args), input).ok().to_string()
}

#[test]
fn a_pair_is_printed_as_python_prints_a_tuple() {
    let ended = on_file(&["stdin", "--pair", " "], INPUT);
    assert_eq!(ended.out, batch(&["('a', '1')", "('b', '2')", "('a', '3')"]));
    assert_eq!((ended.status, ended.err.as_str()), (0, SKIPPED));
    assert_eq!(printed("--pair =", "it's=a\tb\n=\n"), batch(&["(\"it's\", 'a\\tb')", "('', '')"]));
}

#[test]
fn each_format_has_a_column_for_each_half() {
    let table = [
        ("tsv --no-time --header", "key\tvalue\na\t1\na\t2 3\n"),
        ("json --no-time", "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"a\",\"value\":\"2 3\"}\n"),
        ("text", "a\t1\na\t2 3\n"),
    ];
    for (format, expected) in table {
        assert_eq!(printed(&format!("--pair SPACE --format {format}"), "a 1\na 2 3\n"), expected);
    }
}

#[test]
fn pairs_are_counted_by_their_keys() {
    assert_eq!(
        printed("--pair SPACE --count-by-key", "a 1\nb 2\na 3\n"),
        batch(&["('a', 2)", "('b', 1)"])
    );
    assert_eq!(printed("--pair SPACE --count", "a 1\nb 2\na 3\n"), batch(&["3"]));
    let args = "--pair SPACE --count-by-key --update-state --interval 0 --format text";
    assert_eq!(printed(args, "a 1\nb 2\na 3\n"), "a\t1\nb\t1\na\t2\n");
    let args = "--pair SPACE --interval 0";
    assert_eq!(printed(args, "a 1\nb 2\n"), "('a', '1')\n('b', '2')\n");
}

#[test]
fn steps_behind_work_on_the_key_and_repeat_the_value() {
    let table = [
        ("--split ,", "a,b\t1\n,\t2\n", "a\t1\nb\t1\n\t2\n\t2\n"),
        ("--words", "a  b\t1\n \t2\n", "a\t1\nb\t1\n"),
        ("--trim", " a \t 1 \n \t2\n", "a\t 1 \n\t2\n"),
        ("--filter a", "a\tb\nb\ta\n", "a\tb\n"),
        ("--reject a", "a\tb\nb\ta\n", "b\ta\n"),
        ("--split , --filter b --trim", " b ,b,c\t1\nc\t2\n", "b\t1\nb\t1\n"),
        ("--keys", "a\t1\nb\t2\n", "a\nb\n"),
        ("--values --pair =", "a\tx=1\nb\ty=2\n", "x\t1\ny\t2\n"),
    ];
    for (steps, input, expected) in table {
        let found = printed(&format!("--pair \\t {steps} --format text"), input);
        assert_eq!(found, expected, "{steps}");
    }
}

#[test]
fn rows_of_another_shape_than_a_step_needs_are_a_mistake_that_names_the_missing_step() {
    let keep = "--pair: needs records, and pairs come; --keys or --values before it keeps a half";
    let make = "needs pairs, and records come; --pair SEP before it makes them";
    let table = [
        ("--pair = --pair =", keep.to_string()),
        ("--pair = --trim --pair = --count", keep.to_string()),
        ("--keys", format!("--keys: {make}")),
        ("--pair = --values --values", format!("--values: {make}")),
        ("--pair ", "--pair: an empty separator stands nowhere".to_string()),
        (r"--pair \q", r"--pair: `\q` is no escape: there are \t, \n, \0, \\ and \xNN".to_string()),
    ];
    for (args, expected) in table {
        let args: Vec<_> = args.split(' ').collect();
        assert_eq!(piped(&args, "a=b\n").failed(2), format!("weir: {expected}\n"), "{args:?}");
    }
}

#[test]
fn bad_records_of_pairs_go_where_all_bad_records_go() {
    let dir = Dir::new();
    let path = dir.path("bad.json");
    let on_bad = path.to_str().unwrap();
    let ended =
        piped(&["-1", "--pair", " ", "--count", "--format", "text", "--on-bad", on_bad], INPUT);
    assert_eq!(ended.ok(), "3\n");
    let line: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(
        (&line["record"], &line["reason"]),
        (&"bad".into(), &"without the SEP of --pair ' '".into())
    );
    let ended = piped(&["-1", "--pair", " ", "--count", "--on-bad", "fail"], INPUT);
    assert!(ended.failed(1).contains("without the SEP of --pair ' '; --on-bad fail ends"));
}

#[test]
fn explain_shows_where_records_become_pairs() {
    let args = ["--trim", "--pair", " ", "--split", ",", "--explain"];
    let ended = on_file(&args, "a,b 1\nbad\n");
    assert_eq!(
        ended.ok(),
        "source     stdin                            -> record\n\
         step       --trim                           -> record\n\
         step       --pair ' '                       -> pair\n\
         step       --split ,                        -> pair\n\
         no         aggregate                        -> pair, as it comes, one batch, at the end of \
         the input\n\
         format     pprint                           -> stdout\n\
         \n'a,b 1'\n  \
           --trim                                   'a,b 1'\n  \
           --pair ' '                               ('a,b', '1')\n  \
           --split ,                                ('a', '1'), ('b', '1')\n\
         \n'bad'\n  \
           --trim                                   'bad'\n  \
           --pair ' '                               bad: without the SEP of --pair ' '\n"
    );
    let counted = on_file(&["--pair", " ", "--count-by-key", "--explain"], "");
    assert!(
        counted.ok().contains("--count-by-key                   -> pair (key, value), one batch")
    );
}

#[test]
fn a_checkpoint_knows_its_pairs_and_goes_on_with_them() {
    let dir = Dir::new();
    let kept = dir.path("kept");
    let run = |args: &str, input: &str| {
        let args = args.replace("DIR", kept.to_str().unwrap());
        piped(&words(&args), input)
    };
    let counted = "-1 --pair SPACE --count-by-key --update-state --format text --checkpoint DIR";
    assert_eq!(run(counted, "a 1\nb 2\na 3\n").ok(), "a\t2\nb\t1\n");
    assert_eq!(run(counted, "b 1\nb 1\n").ok(), "b\t3\na\t2\n");
    let meta = fs::read_to_string(kept.join("meta")).unwrap();
    assert!(meta.contains("\npipeline\nsource=stdin\n--pair= \n--count-by-key=\n"), "{meta}");
    let other = run(&counted.replace("SPACE", "="), "a=1\n");
    assert!(other.failed(2).contains("--pair was  , is =;"), "{}", other.err);
    // Records as they come are recorded as text.
    fs::remove_dir_all(&kept).unwrap();
    let records = "-1 --pair SPACE --split , --format json --no-time --checkpoint DIR";
    let expected = "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"1\"}\n";
    assert_eq!(run(records, "a,b 1\n").ok(), expected);
    assert_eq!(run(records, "c 2\n").ok(), "{\"key\":\"c\",\"value\":\"2\"}\n");
}
