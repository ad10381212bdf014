//! Programs of the user on the real binary, by scripts under the virtual clock: the examples of Spark's guide against
//! a plain model, and the same bytes whatever the threads.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as a test does")]

mod common;

use std::collections::BTreeMap;

use common::{on_file, replayed, start, weir};
use proptest::prelude::*;

/// What comes in each second: keys and numbers.
type Seconds = Vec<Vec<(char, i64)>>;

/// A script in which each second has a batch.
fn script(seconds: &Seconds) -> String {
    let text = |rows: &[(char, i64)]| {
        rows.iter().map(|(key, n)| format!("{key} {n}\\n")).collect::<String>()
    };
    let second = |(at, rows): (usize, &Vec<_>)| format!("[{at}.5, \"{}\"]", text(rows));
    // Nothing comes in a second without rows.
    let all = seconds.iter().enumerate().filter(|(_, rows)| !rows.is_empty());
    let all: Vec<_> = all.map(second).collect();
    format!("[{}]", all.join(", "))
}

/// The rows of each second, as `key value`.
fn rows(seconds: &Seconds, flags: &[&str]) -> Vec<Vec<String>> {
    let common =
        ["--pair", " ", "--interval", "1", "--format", "tsv", "--epoch", "--sort", "key", "-q"];
    let ended = replayed(&script(seconds), &[&common[..], flags].concat());
    let mut batches = vec![Vec::new(); seconds.len()];
    let mut first = None;
    for line in ended.ok().lines() {
        let (time, row) = line.split_once('\t').unwrap();
        // With a window its start follows.
        let row = if flags.contains(&"--window") { row.split_once('\t').unwrap().1 } else { row };
        let time: usize = time.parse().unwrap();
        let at = time - *first.get_or_insert(time);
        batches[at].push(row.replace('\t', " "));
    }
    batches
}

/// What a state is in each batch, by a model: its function has the values and the state.
fn model<S: Clone>(
    seconds: &Seconds,
    update: impl Fn(&[i64], Option<S>) -> Option<S>,
    show: impl Fn(&S) -> String,
) -> Vec<Vec<String>> {
    let mut state: BTreeMap<char, S> = BTreeMap::new();
    let mut batch = |rows: &Vec<(char, i64)>| {
        let mut keys: Vec<char> =
            state.keys().copied().chain(rows.iter().map(|row| row.0)).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let values: Vec<_> = rows.iter().filter(|row| row.0 == key).map(|row| row.1).collect();
            if let Some(new) = update(&values, state.remove(&key)) {
                state.insert(key, new);
            }
        }
        state.iter().map(|(key, state)| format!("{key} {}", show(state))).collect()
    };
    seconds.iter().map(&mut batch).collect()
}

fn seconds() -> impl Strategy<Value = Seconds> {
    let row = (prop::sample::select(vec!['a', 'b', 'c']), -9i64..10);
    let rest = prop::collection::vec(prop::collection::vec(row.clone(), 0..4), 0..12);
    // The first batch has something, so that its Time is known, and so has the last, which ends the input.
    let some = prop::collection::vec(row, 1..4);
    (some.clone(), rest, some)
        .prop_map(|(first, rest, last)| [vec![first], rest, vec![last]].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn states_of_the_guide_are_those_of_a_model(seconds in seconds()) {
        let by = |program: &str| rows(&seconds, &["--update-state-by", program]);
        // Keys that are there from the first batch on keep batches in step: a first one without a row would not.
        let sum = model(
            &seconds, |new, last: Option<i64>| Some(new.iter().sum::<i64>() + last.unwrap_or(0)), i64::to_string,
        );
        prop_assert_eq!(by("(.values | add // 0) + (.state // 0)"), sum);
        let most = model(&seconds, |new, last| new.iter().copied().chain(last).max(), i64::to_string);
        prop_assert_eq!(by("[.values[], .state // empty] | max"), most);
        let last_ten = model(
            &seconds,
            |new, last: Option<Vec<i64>>| {
                let all = [last.unwrap_or_default(), new.to_vec()].concat();
                Some(all[all.len().saturating_sub(10)..].to_vec())
            },
            |all| serde_json::to_string(all).unwrap(),
        );
        prop_assert_eq!(by("((.state // []) + .values)[-10:]"), last_ten);
        let session = model(
            &seconds,
            |new, last: Option<(i64, i64, usize)>| match (new, last) {
                ([], Some((_, _, 5))) => None,
                ([], last) => last.map(|(first, last, quiet)| (first, last, quiet + 1)),
                ([one, ..], last) => {
                    Some((last.map_or(*one, |last| last.0), *new.last().unwrap(), 0))
                }
            },
            |(first, last, n)| format!("{{\"first\":{first},\"last\":{last},\"n\":{n}}}"),
        );
        let program = "if .values == [] then (if .state.n == 5 then null else .state | .n += 1 end)
            else {first: (if .state then .state.first else .values[0] end), last: .values[-1], n: 0} end";
        prop_assert_eq!(by(program), session);
    }

    #[test]
    fn plus_and_minus_as_programs_are_sums_in_windows(seconds in seconds(), length in 1usize..6) {
        let length = length.to_string();
        let window = ["--window", &length, "--slide", "1"];
        let sums = rows(&seconds, &[&["--sum-by-key", "--inverse"], &window[..]].concat());
        let plus = ["--reduce-by-key", ". + $x"];
        let anew = rows(&seconds, &[&plus[..], &window].concat());
        prop_assert_eq!(&sums, &anew);
        let minus = ["--inverse-by", ". - $x", "--inverse"];
        prop_assert_eq!(&sums, &rows(&seconds, &[&plus[..], &minus, &window].concat()));
    }
}

#[test]
fn one_input_gives_the_same_bytes_whatever_the_threads() {
    // Some megabytes are many chunks.
    let lines = (0..150_000)
        .map(|n: u64| format!("{} {}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58, n % 1009));
    let input: String = lines.collect();
    let programs: [&[&str]; 3] = [
        &["--pair", " ", "--reduce-by-key", "(. * 31 + $x) % 1000003"],
        &["--field", "2", "--reduce", "(. * 31 + $x) % 1000003"],
        &[
            "--pair",
            " ",
            "--update-state-by",
            "reduce .values[] as $x (0; (. * 31 + $x) % 1000003)",
        ],
    ];
    for program in programs {
        let by = |threads: &str| {
            let common = ["--once", "--format", "text", "--threads", threads];
            on_file(&[&common[..], program].concat(), &input).ok().to_string()
        };
        let one = by("1");
        assert!(!one.is_empty() && one == by("4") && one == by("3"), "{program:?}");
    }
}

#[test]
fn a_program_that_takes_too_much_ends_neither_the_stream_nor_its_memory() {
    let programs = [
        "if . == 2 then (def f: f; f) else . end",
        "if . == 2 then [range(infinite)] else . end",
        "if . == 2 then \"x\" * 1e15 else . end",
        "if . == 2 then (def f: [f]; f) else . end",
        "if . == 2 then reduce range(99) as $i ([1]; . + .) else . end",
        "if . == 2 then reduce range(99999) as $i (0; [.]) else . end",
        "if . == 2 then (def f(g): f(g + 1); f(0)) else . end",
    ];
    for program in programs {
        let mut run = start(weir(&["--jq", program, "--format", "text"]));
        run.write("1\n2\n3\n");
        assert_eq!(run.out.lines(2), ["1", "3"], "{program}");
        let peak = run.peak() >> 10;
        run.close();
        let ended = run.end();
        assert!(ended.err.contains("a bad record is skipped"), "{program}: {}", ended.err);
        assert!(ended.status == 0 && peak < 700, "{program}: {peak} MiB");
    }
}

#[test]
fn what_a_program_may_make_follows_the_longest_record() {
    let made = |flags: &[&str]| {
        let command = ["--jq", "\"x\" * 2e7 | length", "--format", "text", "--once"];
        on_file(&[&command[..], flags].concat(), "null\n")
    };
    assert_eq!(made(&[]).ok(), "20000000\n");
    let ended = made(&["--max-record", "1M"]);
    assert!(ended.err.contains("the program makes too much of the record"), "{}", ended.err);
}

#[test]
fn the_memory_that_a_program_takes_is_what_it_may_make_and_no_more_than_twice_that() {
    // 8 times --max-record, and 64 times the record.
    let record = format!("[{}]\n", ["[]"; 20_000].join(","));
    let limit = (8 << 20) + 64 * record.len() as u64;
    let peak = |program: &str| {
        let mut run = start(weir(&["--jq", program, "--max-record", "1M", "--format", "text"]));
        run.write(&record);
        // What comes behind it says that it is done.
        run.write("null\n");
        assert_eq!(run.out.lines(1), ["null"], "{program}");
        let peak = run.peak() << 10;
        run.close();
        let ended = run.end();
        (peak, ended.err)
    };
    let (base, _) = peak("if . then empty else . end");
    for made in [
        "[range(infinite) | []]",
        "[range(infinite) | {}]",
        "[range(infinite) | {a: [.]}]",
        "[range(infinite) | tostring]",
        "[range(infinite) | {\"k\\(.)\": .}]",
        "reduce range(infinite) as $i ({}; .[\"k\\($i)\"] = $i)",
        "reduce range(infinite) as $i ([]; . + [[$i]])",
        "[range(9) as $i | .[] | {a: .}]",
        "[range(9) as $i | .[] | [.[], 1.25]]",
        "[range(9) as $i | .[] | \"\\(.)\"]",
    ] {
        let (peak, err) = peak(&format!("if . then {made} | length else . end"));
        assert!(err.contains("makes too much"), "{made}: {err}");
        let taken = peak.saturating_sub(base);
        assert!(taken <= 2 * limit, "{made}: {} of {} KiB", taken >> 10, limit >> 10);
    }
}
