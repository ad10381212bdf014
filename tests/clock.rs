//! Batches in time: scripts under the virtual clock, two of them against what Spark Streaming printed.
//!
//! `tests/golden` holds what a server sent and what Spark printed. weir prints the same words and
//! counts in the same batches, but for these decided differences, each of which is code below:
//!
//! - Rows are in the order of value and key, Spark's in that of a hash; so which ten are shown of
//!   more differs, and rows are compared as sets, with `--num all` here.
//! - A lone `\r` ends a line for Spark and is a byte like others for weir.
//! - Spark gives what comes in the last 200 ms of an interval to the next batch. The scripts send
//!   nothing then, so that the batches can be the same; weir's rule has a test of its own.
//! - Spark prints batches before the server sends and after it has gone silent; a script begins at
//!   `base` and ends with its last event.
//! - Spark is connected again 2 s after a server has closed; a script has no connections, and CLOSE
//!   only ends the half line.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use std::fs::OpenOptions;
use std::io::Write as _;

use common::{Batch, Dir, batches, replayed, start, weir};
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;

/// Rows by the seconds from base to their batch's Time; batches without rows are left out.
type Rows = BTreeMap<i64, BTreeSet<String>>;

fn rows(batches: Vec<Batch>, seconds: impl Fn(&str) -> i64) -> Rows {
    let full = batches.into_iter().filter(|(_, rows)| !rows.is_empty());
    full.map(|(time, rows)| (seconds(&time), rows.into_iter().collect())).collect()
}

/// What Spark printed.
fn spark(transcript: &str) -> Rows {
    let seconds = |time: &str| {
        let offset = time.strip_prefix("base").unwrap().strip_suffix(".0").unwrap();
        offset.parse().unwrap()
    };
    // The transcript begins with the empty line of whatever Spark said before.
    rows(batches(transcript.trim_start()), seconds)
}

/// What weir prints, with the Times checked: one a second, from base on.
fn ours(script: &str, args: &[&str]) -> Rows {
    let printed = replayed(script, &[args, &["--num", "all"]].concat());
    let batches = batches(printed.ok());
    let time = |n: usize| format!("2018-12-11 00:31:{}", 20 + n);
    for (n, batch) in batches.iter().enumerate() {
        assert_eq!(batch.0, time(n), "every batch is printed, also an empty one");
    }
    let count = batches.len();
    rows(batches, |at| (0..count).position(|n| time(n) == at).unwrap() as i64)
}

fn set(rows: &[&str]) -> BTreeSet<String> {
    rows.iter().map(|row| row.to_string()).collect()
}

#[test]
fn the_word_count_has_the_words_and_counts_of_spark_in_the_same_batches() {
    let mut spark = spark(include_str!("golden/a_wordcount/stdout.txt.rel"));
    let script = include_str!("golden/a_wordcount/input.json");
    let mut ours = ours(script, &["--split", " ", "--count-by-key"]);

    // Spark shows ten of the twelve words, then dots; weir was asked for all.
    let (shown, all) = (spark.remove(&3).unwrap(), ours.remove(&3).unwrap());
    let words = "abcdefghijkl".chars().map(|word| format!("('{word}', 1)"));
    assert_eq!(all, words.collect());
    assert_eq!(shown.difference(&all).collect::<Vec<_>>(), ["..."]);
    assert_eq!(shown.len(), 10 + 1);

    // The line `lone\rcr`: two lines for Spark, one word for weir.
    let lone = spark.get_mut(&5).unwrap();
    assert!(lone.remove("('lone', 1)") && lone.remove("('cr', 1)"));
    assert!(lone.insert(r"('lone\rcr', 1)".to_string()));

    assert_eq!(ours, spark);
}

#[test]
fn rows_are_sorted_where_spark_has_the_order_of_a_hash() {
    let script = include_str!("golden/a_wordcount/input.json");
    let printed = replayed(script, &["--split", " ", "--count-by-key"]);
    let batches = batches(printed.ok());
    let words = "abcdefghij".chars().map(|word| format!("('{word}', 1)"));
    assert_eq!(batches[3].1, words.chain(["...".to_string()]).collect::<Vec<_>>());
    assert_eq!(batches[4].1, ["('', 5)", r"('spaces', 1)", r"('tab\tword', 1)", "('two', 1)"]);
    assert_eq!(batches[9].1, ["('a', 4)", "('b', 1)"]);
}

#[test]
fn a_stream_that_is_interrupted_has_the_lines_of_spark_in_the_same_batches() {
    let spark = spark(include_str!("golden/h_reconnect/stdout.txt.rel"));
    let ours = ours(include_str!("golden/h_reconnect/input.json"), &[]);
    assert_eq!(ours, spark);
    let lines = [(1, "one"), (2, "no newline at end"), (6, "two"), (17, "three")];
    assert_eq!(ours, lines.map(|(time, line)| (time, set(&[line]))).into());
}

#[test]
fn a_record_belongs_to_the_batch_in_which_it_was_read_to_the_millisecond() {
    let script = r#"[[0.0, "a\n"], [0.001, "b\n"], [0.999, "c\n"], [1.0, "d\n"], [1.0, "e\n"],
        [1.801, "late\n"], [2.0, "f\n"]]"#;
    let ours = ours(script, &[]);
    let expected = [(1, &["a", "b", "c"][..]), (2, &["d", "e", "late"]), (3, &["f"])];
    assert_eq!(ours, expected.map(|(time, rows)| (time, set(rows))).into());
}

#[test]
fn half_a_line_waits_for_its_end() {
    let script = r#"[[0.5, "half"], [1.5, " a line\nan"], [2.5, {"hex": "64ff0a"}], [2.6, "x"],
        [3.5, "CLOSE"], [3.6, "y"]]"#;
    let ours = ours(script, &[]);
    let expected = [(2, &["half a line"][..]), (3, &["and\u{fffd}"]), (4, &["x", "y"])];
    assert_eq!(ours, expected.map(|(time, rows)| (time, set(rows))).into());
}

#[test]
fn a_batch_cut_short_keeps_its_time_and_what_follows_belongs_to_the_next() {
    let script = r#"[[0.2, "a\n"], [0.4, "b\nhal"], [0.5, "CUT"], [0.6, "f\n"], [0.7, "c\n"],
        [1.2, "d\n"]]"#;
    let ours = ours(script, &["--count-by-key"]);
    let expected = [
        (1, set(&["('a', 1)", "('b', 1)"])),
        // The interval that was cut has had its Time; all that is read before the next one's end.
        (2, set(&["('half', 1)", "('c', 1)", "('d', 1)"])),
    ];
    assert_eq!(ours, expected.into());
}

#[test]
fn batches_end_at_multiples_of_the_interval_since_the_epoch() {
    // The script begins at 1544488280, which is no multiple of 7; 1544488281 is one.
    let script = r#"[[0.5, "a\n"], [1.0, "b\n"], [15.0, "c\n"]]"#;
    let args = ["--interval", "7", "--count", "--format", "tsv", "--epoch"];
    let expected = "1544488281\t1\n1544488288\t1\n1544488295\t0\n1544488302\t1\n";
    assert_eq!(replayed(script, &args).ok(), expected);
}

#[test]
fn an_hour_of_a_script_takes_a_moment_and_gives_every_batch() {
    let script = r#"[[0.5, "a\n"], [3599.5, "b\n"]]"#;
    let args = ["--count", "--format", "tsv", "--epoch"];
    let printed = replayed(script, &args);
    let rows: Vec<_> = printed.ok().lines().collect();
    assert_eq!(rows.len(), 3601);
    for (n, row) in rows.iter().enumerate() {
        let count = i32::from([1, 3600].contains(&n));
        assert_eq!(*row, format!("{}\t{count}", 1_544_488_280 + n));
    }
}

/// The clock of a run jumps when the process is stopped for a while. How long that is, another weir
/// measures, so nothing here depends on how busy the machine is.
#[test]
fn what_passed_while_a_process_was_stopped_is_not_printed_but_said() {
    let args = ["listen", "0", "--count", "--interval", "20ms", "--format", "tsv", "--epoch"];
    let mut run = start(weir(&args));
    let mut rows = run.out.lines(2);
    run.signal(Signal::STOP);
    let other = [&args[..], &["--batches", "30"]].concat();
    start(weir(&other)).end();
    run.signal(Signal::CONT);
    let count = |line: &String| {
        let count = line.strip_prefix("weir: ").unwrap().split(' ').next().unwrap();
        count.parse::<i64>().unwrap()
    };
    // On a busy machine others may have passed before. What took the time is that nothing ran, or, if it
    // was stopped while it wrote, that stdout did.
    let mut said = vec![run.err.line(" passed unread: ")];
    while said.iter().map(count).sum::<i64>() < 25 {
        said.push(run.err.line(" passed unread: "));
    }
    rows.extend(run.out.lines(3));
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.status, 0);
    rows.extend(ended.out.lines().map(str::to_string));
    said.extend(ended.err.lines().map(str::to_string));
    said.retain(|line| line.contains(" passed unread: "));

    let seconds = |row: &String| row.strip_suffix("\t0").unwrap().parse::<f64>().unwrap();
    let ticks: Vec<i64> = rows.iter().map(|row| (seconds(row) / 0.02).round() as i64).collect();
    assert!(ticks.is_sorted_by(|a, b| a < b), "Times grow: {rows:?}");
    let passed: i64 = ticks.windows(2).map(|pair| pair[1] - pair[0] - 1).sum();
    assert_eq!(passed, said.iter().map(count).sum::<i64>(), "{rows:?} {said:?}");
    assert!(passed >= 25, "the other has measured 29 whole batches");
}

#[test]
fn what_passed_while_a_command_was_slow_is_not_printed_but_said() {
    let dir = Dir::new();
    let fifo = dir.path("fifo");
    mkfifoat(CWD, &fifo, Mode::RWXU).unwrap();
    let wait = format!("cat; read x < {}", fifo.display());
    let args =
        ["stdin", "--count", "--interval", "20ms", "--format", "text", "--exec", &wait, "-v"];
    let mut run = start(weir(&args));
    run.out.line("0");
    // While the command waits, batches pass; how many, another weir measures.
    run.write("a\nb\n");
    start(weir(&["listen", "0", "--count", "--interval", "20ms", "--batches", "30"])).end();
    // From now on commands end at once.
    let mut open = OpenOptions::new();
    let _fifo = open.read(true).write(true).open(&fifo).map(|mut fifo| {
        fifo.write_all("\n".repeat(10_000).as_bytes()).unwrap();
        fifo
    });
    let said = run.err.line(" passed unread: --exec \"cat; read x <");
    let passed: u32 =
        said.strip_prefix("weir: ").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(passed >= 25 && said.contains("\" took "), "{said}");
    // The batch that comes after them has what came meanwhile, unless the open one had it already.
    run.out.line("2");
    run.close();
    assert_eq!(run.end().status, 0);
}
