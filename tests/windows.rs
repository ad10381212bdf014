//! Windows, running state and --changed, on the real binary, by scripts under the virtual clock.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as a test does")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};

/// 2018-12-11T00:31:20Z, in seconds.
const BASE: i64 = 1_544_488_280;

/// Runs weir over a script of [seconds, text]; the clock starts at `start`, in ms.
fn run(script: &Value, start: i64, args: &[&str]) -> Output {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("windows-{}-{number}.json", std::process::id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, script.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.env("TZ", "UTC").arg("replay").arg(&path);
    command.args(["--virtual-clock", &start.to_string()]).args(args);
    let output = command.output().unwrap();
    fs::remove_file(&path).unwrap();
    output
}

/// What a run that does well prints; it says nothing but how much a long slide leaves out.
#[track_caller]
fn printed(script: &Value, start: i64, args: &[&str]) -> String {
    // That the first windows are partial is said, and is not what these tests are about.
    let output = run(script, start, &[args, &["--quiet"]].concat());
    let err = String::from_utf8(output.stderr).unwrap();
    let err: String = err.lines().filter(|line| !line.contains(" are in no report")).collect();
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of `--format tsv --epoch --sort key`, with Times counted from BASE and spaces for tabs.
#[track_caller]
fn rows(script: &Value, args: &str) -> Vec<String> {
    let mut all: Vec<_> = args.split(' ').collect();
    all.extend(["--format", "tsv", "--epoch"]);
    let text = printed(script, BASE * 1000 + 50, &all);
    let fields = |line: &str| {
        let fields = line.split('\t').map(|field| match field.parse::<i64>() {
            Ok(time) if time > BASE / 2 => (time - BASE).to_string(),
            _ => field.to_string(),
        });
        fields.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(fields).collect()
}

/// The blocks of pprint: the seconds from `base` of each, and its rows in order of their bytes.
fn blocks(text: &str, time: impl Fn(&str) -> i64) -> BTreeMap<i64, Vec<String>> {
    let rule = format!("{}\n", "-".repeat(43));
    let parts: Vec<_> = text.split(&rule).skip(1).collect();
    let block = |part: &[&str]| {
        let mut rows: Vec<_> = part[1].lines().map(str::to_string).collect();
        assert_eq!(rows.pop().as_deref(), Some(""), "a block ends with an empty line");
        rows.sort();
        (time(part[0]["Time: ".len()..].trim()), rows)
    };
    parts.chunks_exact(2).map(block).collect()
}

/// Seconds since midnight of `2018-12-11 00:31:20`, or those behind `base` of `base+3.0`.
fn seconds(time: &str) -> i64 {
    match time.strip_prefix("base") {
        Some(offset) => offset.parse::<f64>().unwrap() as i64,
        None => {
            let clock = time.split(' ').nth(1).unwrap();
            clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap())
        }
    }
}

/// What Spark printed, from the first batch with data on, and what weir prints of the same input.
///
/// Decided differently, and so not compared here: Spark's windows end at multiples of the slide since
/// the application began, weir's since the epoch, so the script begins at a `start` (seconds after
/// BASE) where both fall together; Spark's rows come in the order of its hash, so they are sorted;
/// of nothing Spark counts nothing until the first record ever, weir 0 from the beginning.
fn golden(case: &str, start: i64, args: &str) -> [BTreeMap<i64, Vec<String>>; 2] {
    let read = |name: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        fs::read_to_string(format!("{root}/tests/golden/{case}/{name}")).ok()
    };
    let mut script: Value = serde_json::from_str(&read("input.json").unwrap()).unwrap();
    let text = read("stdout.txt.rel").or_else(|| read("stdout.txt")).unwrap();
    let spark = blocks(&text, seconds);
    // The first record comes in the first second of each script, or in the first batch of three.
    let interval = if args.contains("--interval 3") { 3 } else { 1 };
    let zero = if text.contains("base") {
        0
    } else {
        let first = spark.iter().find(|(_, rows)| !rows.is_empty()).unwrap();
        first.0 - interval
    };
    let spark: BTreeMap<_, _> = spark.into_iter().map(|(time, rows)| (time - zero, rows)).collect();
    let end = *spark.keys().last().unwrap();
    script.as_array_mut().unwrap().push(json!([end as f64 + 0.5, "ACCEPT"]));
    let mut all = vec!["--split", " ", "--num", "all"];
    all.extend(args.split(' '));
    let text = printed(&script, (BASE + start) * 1000, &all);
    let midnight = 31 * 60 + 20 + start;
    let weir = blocks(&text, |time| seconds(time) - midnight);
    let compared = |blocks: BTreeMap<i64, Vec<String>>| {
        blocks.into_iter().filter(|(time, _)| (1..=end).contains(time)).collect()
    };
    [compared(spark), compared(weir)]
}

fn without_zeros(blocks: BTreeMap<i64, Vec<String>>) -> BTreeMap<i64, Vec<String>> {
    let some = |rows: Vec<String>| rows.into_iter().filter(|row| !row.ends_with(", 0)")).collect();
    blocks.into_iter().map(|(time, rows)| (time, some(rows))).collect()
}

#[test]
fn windows_with_subtraction_are_those_of_spark() {
    // Spark keeps a key that has left at 0 for ever; weir does so with --keep-zeros.
    let case = "c_w6s1_inv";
    let [spark, weir] = golden(case, 0, "--count-by-key --window 6 --inverse --keep-zeros");
    assert_eq!(weir, spark);
    assert_eq!(weir[&16], ["('a', 1)", "('b', 0)", "('c', 0)", "('d', 1)"]);
    let [spark, weir] = golden(case, 0, "--count-by-key --window 6 --inverse");
    assert_eq!(weir, without_zeros(spark));
    // With a filter for what is above 0, Spark's keys leave too.
    let [spark, weir] = golden("c_w6s1_inv_filter", 0, "--count-by-key --window 6 --inverse");
    assert_eq!(weir, spark);
}

#[test]
fn windows_without_subtraction_are_those_of_spark() {
    for sort in ["--sort value", "--sort none"] {
        let args = format!("--count-by-key --window 6 {sort}");
        let [spark, weir] = golden("c_w6s1_noinv", 0, &args);
        assert_eq!(weir, spark);
    }
}

#[test]
fn windows_that_slide_by_more_than_a_batch_are_those_of_spark() {
    // PySpark does not subtract here, though it was told how, since the window is shorter than five
    // slides. weir does, and a key that has left is gone all the same.
    let args = "--count-by-key --window 6 --slide 3 --inverse";
    let [spark, weir] = golden("c_w6s3_inv", 2, args);
    assert_eq!(weir, spark);
    assert_eq!(weir.keys().collect::<Vec<_>>(), [&2, &5, &8, &11, &14, &17, &20]);
}

#[test]
fn counts_of_windows_are_those_of_spark() {
    // In this run Spark gave the records of 3.3 to the batch of 3, which was late; weir's clock is
    // exact. So the reports are compared one after another, each of several equal ones once.
    let reports = |blocks: BTreeMap<i64, Vec<String>>| {
        let mut reports: Vec<_> = blocks.into_values().collect();
        reports.dedup();
        reports
    };
    let [spark, weir] = golden("c_countByWindow_6_1", 0, "--count --window 6 --inverse");
    assert_eq!(weir.get(&13), Some(&vec!["0".to_string()]));
    assert_eq!(reports(weir), reports(spark));
    let [spark, weir] = golden("c_countByValueAndWindow_6_1", 0, "--count-by-key --window 6");
    assert_eq!(weir, spark);
}

#[test]
fn running_state_is_that_of_spark() {
    let [spark, weir] = golden("b_state", 1, "--count-by-key --update-state --interval 3");
    assert!(spark.keys().eq(weir.keys()));
    for (time, rows) in &spark {
        // Of more than ten rows Spark prints the first ten of its order.
        let of_spark: BTreeSet<_> = rows.iter().filter(|row| *row != "...").collect();
        let of_weir: BTreeSet<_> = weir[time].iter().collect();
        assert!(of_spark.is_subset(&of_weir), "at {time}");
        assert_eq!(of_weir.len() > 10, rows.contains(&"...".to_string()), "at {time}");
        assert!(of_weir.len() == of_spark.len() || of_spark.len() == 10, "at {time}");
    }
}

#[test]
fn a_report_says_where_its_window_starts() {
    let script = json!([[0.3, "a\n"], [3.3, "b\n"]]);
    let args = "--count-by-key --window 4 --slide 2 --header";
    let wanted = ["time start key value", "2 -2 a 1", "4 0 a 1", "4 0 b 1"];
    assert_eq!(rows(&script, args), wanted);
    let args = ["--count", "--window", "4", "--slide", "2", "--format", "json", "--skip-partial"];
    let wanted = "{\"time\":\"2018-12-11T00:31:24+00:00\",\"start\":\"2018-12-11T00:31:20+00:00\",\
        \"value\":2}\n";
    assert_eq!(printed(&script, BASE * 1000, &args), wanted);
    let args = ["--count", "--window", "4", "--no-time", "--format", "tsv", "--header"];
    assert_eq!(printed(&script, BASE * 1000 + 50, &args), "value\n1\n1\n1\n2\n");
}

#[test]
fn at_the_end_every_record_has_been_in_a_window() {
    let script = json!([[0.3, "a\n"], [3.3, "b\n"]]);
    // The window of 3 has a alone; the next one, not yet due, has both. Later ones only drain.
    let rows_of = |args: &str| rows(&script, args).join(", ");
    assert_eq!(rows_of("--count --window 6 --slide 3"), "1 -5 1, 4 -2 2");
    assert_eq!(rows_of("--count --window 6 --slide 5"), "5 -1 2");
    assert_eq!(rows_of("--count --window 6 --slide 5 --batches 2"), "5 -1 1");
    assert_eq!(rows_of("--count --window 6 --slide 5 --duration 1.5"), "5 -1 1");
    assert_eq!(rows_of("--count --window 6 --slide 5 --once"), "5 -1 2");
    // Nothing is held, so nothing is due but with --once, which is one report.
    let nothing = json!([[0.3, "ACCEPT"]]);
    assert_eq!(rows(&nothing, "--count --window 6 --slide 5"), Vec::<String>::new());
    assert_eq!(rows(&nothing, "--count --window 6 --slide 5 --once"), ["5 -1 0"]);
}

#[test]
fn a_slide_longer_than_the_window_leaves_gaps() {
    let script = json!([[0.3, "a\n"], [1.3, "b\n"], [4.3, "c\n"], [7.3, "d\n"], [9.6, "e\n"]]);
    // BASE is a multiple of 5: windows end at 5 and 10, and cover (3, 5] and (8, 10].
    let args = "--count-by-key --window 2 --slide 5";
    assert_eq!(rows(&script, args), ["5 3 c 1", "10 8 e 1"]);
    // Of the last batch no window will tell, and that of the next slide holds nothing.
    let script = json!([[4.3, "c\n"], [7.3, "d\n"]]);
    assert_eq!(rows(&script, args), ["5 3 c 1"]);
}

#[test]
fn what_a_slide_longer_than_the_window_leaves_out_is_said_at_the_start() {
    let table = [
        (
            &["--window", "1", "--slide", "3"],
            "weir: --slide 3s: is longer than --window 1s, so of every 3s the first 2s are in no report\n",
        ),
        (&["--window", "3", "--slide", "3"], ""),
        (&["--window", "3", "--slide", "1"], ""),
    ];
    for (args, said) in table {
        for more in ["-v", "-q", "--once"] {
            let output =
                run(&json!([[0.3, "a\n"]]), BASE, &[&args[..], &["--count", more]].concat());
            let err = String::from_utf8(output.stderr).unwrap();
            let others = [" read, ", "windows are partial"];
            let lines = err.lines().filter(|line| !others.iter().any(|it| line.contains(it)));
            let err: String = lines.map(|line| format!("{line}\n")).collect();
            assert_eq!((output.status.code(), err.as_str()), (Some(0), said), "{args:?} {more}");
        }
    }
}

#[test]
fn changed_rows_are_those_that_a_comparison_finds() {
    let script = json!([[0.3, "a\nb\nb\n"], [1.3, "c\n"], [2.3, "b\n"], [4.6, "ACCEPT"]]);
    let table = [
        ("--update-state", "1 a 1, 1 b 2, 2 c 1, 3 b 3"),
        ("--update-state --state-ttl 1", "1 a 1, 1 b 2, 2 c 1, 3 b 1"),
        ("--window 2", "1 -1 a 1, 1 -1 b 2, 2 0 c 1, 3 1 b 1"),
        ("", "1 a 1, 1 b 2, 2 c 1, 3 b 1"),
        // b and a are the first two; then b and c would be, were a not before c in bytes.
        ("--update-state --top 2", "1 a 1, 1 b 2, 3 b 3"),
    ];
    for (args, wanted) in table {
        let args = format!("--count-by-key {args} --changed --sort key");
        assert_eq!(rows(&script, args.replace("  ", " ").trim()).join(", "), wanted, "{args}");
    }
    assert_eq!(
        rows(&script, "--count --window 2 --changed").join(", "),
        "1 -1 3, 2 0 4, 3 1 2, \
        4 2 1, 5 3 0"
    );
    assert_eq!(rows(&script, "--count --changed").join(", "), "1 3, 2 1, 4 0");
    // What is not printed for want of room has been reported; the next batch does not repeat it.
    let args = ["--count-by-key", "--update-state", "--changed", "--num", "1", "--skip-empty"];
    let text = printed(&script, BASE * 1000 + 50, &args);
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with(['(', '.'])).collect();
    assert_eq!(lines, ["('b', 2)", "...", "('c', 1)", "('b', 3)"]);
}

#[test]
fn record_at_a_time_gives_each_records_result_at_once() {
    let script = json!([[0.3, "a\nb\na\n"], [5.3, "a\nb\n"]]);
    let result = |args: &str| {
        let all: Vec<_> = args.split(' ').chain(["--interval", "0", "--update-state"]).collect();
        printed(&script, BASE * 1000, &all).lines().map(str::to_string).collect::<Vec<_>>()
    };
    let wanted = ["('a', 1)", "('b', 1)", "('a', 2)", "('a', 3)", "('b', 2)"];
    assert_eq!(result("--count-by-key"), wanted);
    assert_eq!(result("--count-by-key --threads 3 --changed"), wanted);
    assert_eq!(result("--count"), ["1", "2", "3", "4", "5"]);
    let forgetful = result("--count-by-key --state-ttl 5");
    assert_eq!(forgetful, ["('a', 1)", "('b', 1)", "('a', 2)", "('a', 1)", "('b', 1)"]);
    let forgetful = result("--count-by-key --max-keys 1 --on-full oldest");
    assert_eq!(forgetful, ["('a', 1)", "('b', 1)", "('a', 1)", "('a', 2)", "('b', 1)"]);
    let timed = result("--count-by-key --format tsv --epoch");
    assert_eq!((timed.len(), timed[4].as_str()), (5, "1544488285.3\tb\t2"));
}

#[test]
fn too_many_keys_end_the_run_and_name_one() {
    let script = json!([[0.3, "a\nb\n"], [1.3, "d\nc\n"]]);
    for interval in ["1", "0"] {
        let args = ["--count-by-key", "--update-state", "--max-keys", "3", "--interval", interval];
        let output = run(&script, BASE * 1000, &args);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        let key = if interval == "0" { "c" } else { "d" };
        assert!(
            err.starts_with(&format!("weir: --max-keys 3: there is no room for the key {key:?}"))
        );
        assert!(err.contains("--on-full oldest"), "{err}");
    }
    let args = "--count-by-key --update-state --max-keys 3 --on-full oldest --sort key";
    assert_eq!(rows(&script, args).join(", "), "1 a 1, 1 b 1, 2 b 1, 2 c 1, 2 d 1");
}

#[test]
fn what_cannot_be_meant_is_refused_in_plain_words() {
    let table = [
        ("--count --window 7 --interval 2", "--window: 7s is no multiple of the interval, 2s"),
        ("--count --window 6 --slide 1.5", "--slide: 1.5s is no multiple of the interval, 1s"),
        ("--count --window 0", "--window: 0s is no length"),
        ("--count --slide 2", "--slide: needs --window"),
        ("--count --inverse", "--inverse: needs --window"),
        ("--count --window 2 --keep-zeros", "--keep-zeros: needs --inverse"),
        ("--count --skip-partial", "--skip-partial: needs --window"),
        ("--count --window 2 --once --skip-partial", "--skip-partial: all input is one batch"),
        ("--window 2", "--window: needs an aggregate"),
        ("--update-state", "--update-state: needs an aggregate"),
        ("--count --window 2 --update-state", "--window: goes without --update-state"),
        ("--count --window 2 --state-ttl 3", "--state-ttl: needs --update-state"),
        ("--count --update-state --state-ttl 0", "--state-ttl: 0s is no length"),
        ("--count --max-keys 2", "--max-keys: needs --update-state"),
        ("--count --update-state --on-full fail", "--on-full: needs --max-keys"),
        ("--count --interval 0 --window 3", "--interval 0: a window needs batches"),
        ("--count --interval 0", "--interval 0: an aggregate needs --update-state"),
        ("--count-by-key --interval 0 --update-state --top 3", "--top: with --interval 0"),
        ("--count-by-key --interval 0 --update-state --sort key", "--sort: with --interval 0"),
        ("--changed", "--changed: needs an aggregate"),
        (
            "--count-by-key --window 3 --inverse --sort none",
            "--inverse: the place of first appearance, which --sort none needs, cannot be subtracted",
        ),
    ];
    for (args, message) in table {
        let output = run(&json!([]), BASE * 1000, &args.split(' ').collect::<Vec<_>>());
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args}");
        assert!(err.starts_with(&format!("weir: {message}")), "{args}: {err}");
    }
}

/// A stream: after how many tenths of a second each text comes, and its lines.
fn stream() -> impl Strategy<Value = Vec<(i64, Vec<String>)>> {
    let key = prop_oneof![
        6 => "[ab]{0,2}",
        1 => prop::sample::select(&["0123456789abcde", "0123456789abcdef", "a long key, longer"][..])
            .prop_map(str::to_string),
    ];
    let text = (prop_oneof![6 => 0i64..12, 1 => 20i64..90], prop::collection::vec(key, 0..6));
    prop::collection::vec(text, 1..25)
}

fn script(stream: &[(i64, Vec<String>)]) -> Value {
    let mut at = 0;
    let events = stream.iter().map(|(wait, lines)| {
        at += wait;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        json!([at as f64 / 10.0, text])
    });
    Value::Array(events.collect())
}

/// How reports are ordered, and a key's place in that order.
const SORTS: [&str; 3] = ["value", "key", "none"];

fn ordered(counts: &BTreeMap<&str, (i64, usize)>, sort: &str) -> Vec<(String, i64)> {
    let mut rows: Vec<_> = counts.iter().collect();
    match sort {
        "value" => rows.sort_by_key(|(key, (count, _))| (-count, key.to_string())),
        "none" => rows.sort_by_key(|(_, (_, place))| *place),
        _ => {}
    }
    rows.into_iter().map(|(key, (count, _))| (key.to_string(), *count)).collect()
}

/// What a stream comes to by the definition: each report's Time and rows.
fn naive(
    stream: &[(i64, Vec<String>)],
    [window, slide, interval]: [i64; 3],
    is_whole: bool,
    sort: &str,
) -> Vec<String> {
    let start = BASE * 1000 + 50;
    let next = |time: i64, of: i64| time + (-time).rem_euclid(of * 1000);
    let (mut now, mut records) = (start, Vec::new());
    for (wait, lines) in stream {
        now += wait * 100;
        let batch = next(now, interval);
        records.extend(lines.iter().map(|line| (batch, line.as_str())));
    }
    let (first, last) = (next(start, interval), next(now, interval));
    let inside = |due: i64| {
        let all = records.iter().enumerate();
        all.filter(move |(_, (batch, _))| due - window * 1000 < *batch && *batch <= due)
    };
    let mut dues: Vec<_> = (first..=last).filter(|due| due % (slide * 1000) == 0).collect();
    let open = next(last, slide);
    if open > last && inside(open).next().is_some() {
        dues.push(open);
    }
    let mut lines = Vec::new();
    for due in dues {
        let mut counts: BTreeMap<&str, (i64, usize)> = BTreeMap::new();
        for (place, (_, key)) in inside(due) {
            let key = if is_whole { "" } else { key };
            counts.entry(key).or_insert((0, place)).0 += 1;
        }
        let lead = format!("{}\t{}", due / 1000, due / 1000 - window);
        if is_whole {
            lines.push(format!("{lead}\t{}", counts.get("").map_or(0, |(count, _)| *count)));
        } else {
            let rows = ordered(&counts, sort);
            lines.extend(rows.iter().map(|(key, count)| format!("{lead}\t{key}\t{count}")));
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn changed_rows_are_those_that_comparing_full_reports_finds(
        stream in stream(), window in 1u64..6, slide in 1u64..4, top in prop::option::of(1usize..4),
        kind in 0usize..5, is_whole: bool, threads in 1usize..4,
    ) {
        let top = top.map_or(String::new(), |top| format!(" --top {top}"));
        let kind = match kind {
            0 => String::new(),
            1 => " --update-state".to_string(),
            2 => format!(" --update-state --state-ttl {slide}"),
            3 => format!(" --window {window} --slide {slide} --inverse --keep-zeros"),
            _ => format!(" --window {window} --slide {slide} --sort none"),
        };
        let aggregate = if is_whole { "--count" } else { "--count-by-key" };
        let args = format!("{aggregate}{kind}{top} --num all --threads {threads}");
        let blocks_of = |args: &str| {
            let text = printed(&script(&stream), BASE * 1000 + 50, &args.split(' ').collect::<Vec<_>>());
            blocks(&text, seconds)
        };
        let (full, changed) = (blocks_of(&args), blocks_of(&format!("{args} --changed")));
        let mut last: Vec<String> = Vec::new();
        let wanted: BTreeMap<_, _> = full.into_iter().map(|(time, rows)| {
            let new = rows.iter().filter(|row| !last.contains(row)).cloned().collect();
            last = rows;
            (time, new)
        }).collect();
        prop_assert_eq!(changed, wanted, "{}", args);
    }

    #[test]
    fn a_window_is_what_its_records_come_to(
        stream in stream(), window in 1i64..9, slide in 1i64..7, interval in 1i64..4,
        threads in 1usize..4, is_whole: bool, inverse: bool, sort in prop::sample::select(&SORTS[..]),
    ) {
        let (window, slide) = (window * interval, slide * interval);
        let script = script(&stream);
        let aggregate = if is_whole { "--count" } else { "--count-by-key" };
        let numbers = [window, slide, interval].map(|number| number.to_string());
        let threads = threads.to_string();
        let mut args = vec![
            aggregate, "--window", &numbers[0], "--slide", &numbers[1], "--interval", &numbers[2],
            "--threads", &threads, "--sort", sort, "--format", "tsv", "--epoch",
        ];
        if inverse && (is_whole || sort != "none") {
            args.push("--inverse");
        }
        let text = printed(&script, BASE * 1000 + 50, &args);
        let wanted = naive(&stream, [window, slide, interval], is_whole, sort);
        prop_assert_eq!(text.lines().collect::<Vec<_>>(), wanted, "{:?}", args);
    }
}
