//! Two runs on one checkpoint are one run: state, windows, reports and Times go on.

use crate::common::Ended;
use crate::{BASE, Place};
use rustix::process::Signal;

/// Some ten seconds of a stream.
const EVENTS: &[(i64, &str)] = &[
    (300, "a b\na\n"),
    (1200, "c\n"),
    (1700, "a\nz\nb\n"),
    (3400, "b d\n"),
    (3600, "a\n"),
    (6100, "e\n"),
    (7500, "c c\na\n"),
    (9500, "d\n"),
];

/// Every kind of what is kept.
const PIPELINES: &[&str] = &[
    "--count-by-key --update-state",
    "--count-by-key --update-state --changed",
    "--count-by-key --update-state --changed --top 2",
    "--count-by-key --update-state --state-ttl 2 --changed",
    "--count-by-key --update-state --max-keys 3 --on-full oldest",
    "--count-by-key --update-state --sort none",
    "--count-by-key --update-state --interval 0",
    "--count --update-state",
    "--count-by-key --window 4 --slide 2",
    "--count-by-key --window 4 --slide 2 --inverse",
    "--count-by-key --window 4 --slide 2 --inverse --keep-zeros",
    "--count-by-key --window 6 --slide 3 --changed",
    "--count-by-key --window 4 --inverse --changed",
    "--count-by-key --window 6 --slide 2 --sort none --skip-partial",
    "--count --window 4 --slide 2 --skip-empty",
    "--count-by-key --changed",
    "--count-by-key --sort none",
    "--count --interval 2",
    "--split=a",
    "--words --format text",
    "--interval 0",
];

/// Runs to `cut` and from there on, on one checkpoint, and has every output printed.
fn cut(place: &Place, args: &str, cut: i64) -> [Ended; 2] {
    let args = format!("{args} --checkpoint ck -o out -o -");
    let first = format!("{args} --duration {}ms", cut - 50);
    [place.replay(EVENTS, 50, &first), place.replay(EVENTS, cut, &args)]
}

/// One run without a checkpoint, whose batch is cut short where the others are.
fn whole(place: &Place, args: &str, cut: i64) -> Ended {
    let mut events = EVENTS.to_vec();
    if cut % 1000 != 0 {
        events.push((cut, "CUT"));
        events.sort_by_key(|(at, _)| *at);
    }
    place.replay(&events, 50, args)
}

#[test]
fn two_runs_on_one_checkpoint_print_what_one_run_prints() {
    let cuts = [(500, ""), (4000, "--no-wal"), (7700, "--threads 1")];
    for (args, (at, flags)) in PIPELINES.iter().flat_map(|args| cuts.map(|cut| (args, cut))) {
        let place = Place::new();
        let runs = cut(&place, &format!("{args} {flags}"), at);
        let printed: String = runs.iter().map(Ended::ok).collect();
        let expected = whole(&place, args, at);
        assert_eq!(printed, expected.ok(), "{args}, cut at {at} ms");
        assert_eq!(place.text("out"), expected.ok(), "{args}, cut at {at} ms");
    }
}

#[test]
fn before_the_first_batch_ends_a_start_goes_on_from_the_log() {
    let place = Place::new();
    let args = "--count --interval 10000d --max-record 3 --format text --checkpoint ck";
    let stop = |lines: &str, signal: Signal| {
        let mut run = place.start(args);
        run.write(format!("{lines}too long\n"));
        run.err.line("a bad record is skipped");
        run.signal(signal);
        let _stdin = run.take_stdin();
        run.end();
    };
    // Stops and a kill: what was read goes on in one batch, under one Time.
    for (number, signal) in [Signal::TERM, Signal::KILL, Signal::INT].into_iter().enumerate() {
        stop("a\nb\n", signal);
        let ended = place.piped("checkpoint show --json ck", "");
        let records = format!("\"records\":{}", 2 * (number + 1));
        assert!(ended.ok().contains(&records), "{}", ended.out);
    }
    let ended = place.piped(args, "c\n");
    assert_eq!((ended.status, ended.out.as_str()), (0, "7\n"));
    assert_eq!(ended.err, "weir: going on from ck: 6 lines in the log\n");
}

#[test]
fn a_key_that_was_not_seen_for_its_time_is_forgotten_whatever_the_interval_of_a_single_batch() {
    let place = Place::new();
    let args = "--once --interval 1h --count-by-key --update-state --state-ttl 2 --format text \
                --checkpoint ck";
    let piped = |second: i64| {
        let clock = BASE + second * 1000 + 50;
        place.piped(&format!("{args} --virtual-clock {clock}"), "k\n")
    };
    assert_eq!(["k\t1\n", "k\t2\n"], [piped(0).ok(), piped(1).ok()]);
    assert_eq!(piped(5).ok(), "k\t1\n");
}

#[test]
fn a_second_pipe_is_counted_with_the_first() {
    let place = Place::new();
    let args = "--words --count-by-key --update-state --format text --checkpoint ck -o out -o -";
    let piped = |second: i64, flags: &str, input: &str| {
        let clock = BASE + second * 1000 + 50;
        place.piped(&format!("{args} {flags} --virtual-clock {clock}"), input)
    };
    assert_eq!(piped(0, "--once", "a b\na\n").ok(), "a\t2\nb\t1\n");
    assert_eq!(piped(1, "--once", "b c").ok(), "a\t2\nb\t2\nc\t1\n");
    assert_eq!(place.text("out"), "a\t2\nb\t1\na\t2\nb\t2\nc\t1\n");
    assert_eq!(piped(2, "--interval 0", "c a\nc\n").ok(), "c\t2\na\t3\nc\t3\n");
    assert_eq!(piped(3, "--interval 0", "c\n").ok(), "c\t4\n");
    assert!(place.text("out").ends_with("c\t1\nc\t2\na\t3\nc\t3\nc\t4\n"));
}

/// A window of batches that never end by themselves; the line that is too long is said when the lines
/// before it have been read.
const LONG: &str = "--count --window 10000d --slide 10000d --interval 5000d --max-record 3";

fn read_and_stopped(place: &Place, args: &str, signal: Signal) -> Ended {
    let mut run = place.start(&format!("{LONG} --format text {args}"));
    run.write("a\nb\ntoo long\n");
    run.err.line("a bad record is skipped");
    run.signal(signal);
    let _stdin = run.take_stdin();
    run.end()
}

#[test]
fn an_open_window_is_not_printed_by_a_signal_and_goes_on() {
    // Of who has a file SIGHUP asks to open it anew.
    let to_file = "-o out -o -";
    for (signal, to) in [(Signal::TERM, to_file), (Signal::INT, to_file), (Signal::HUP, "")] {
        let place = Place::new();
        assert_eq!(read_and_stopped(&place, "", signal).ok(), "2\n", "without a checkpoint");
        assert_eq!(read_and_stopped(&place, &format!("--checkpoint ck {to}"), signal).ok(), "");
        if !to.is_empty() {
            assert_eq!(place.text("out"), "");
        }
        let ended = place.piped(&format!("{LONG} --format text --checkpoint ck"), "c\n");
        assert_eq!(ended.ok(), "3\n", "the end of the input prints it");
    }
}

#[test]
fn an_open_window_is_not_printed_by_batches_and_duration_and_goes_on() {
    for (end, before, after) in [("--batches 2", "6\n", "7\n"), ("--duration 1s", "2\n", "3\n")] {
        let place = Place::new();
        let args = "--count --window 60 --slide 60 --format text";
        let first = format!("{args} {end}");
        assert_eq!(place.replay(EVENTS, 50, &first).ok(), before, "{end}");
        let saved = format!("{args} --checkpoint ck");
        assert_eq!(place.replay(EVENTS, 50, &format!("{saved} {end}")).ok(), "", "{end}");
        assert_eq!(place.replay(&[(5000, "x\n")], 5000, &saved).ok(), after, "{end}");
    }
}

#[test]
fn a_key_for_which_there_was_no_room_is_counted_once_there_is() {
    let place = Place::new();
    let args = "--once --count-by-key --update-state --format text --checkpoint ck -q";
    assert_eq!(place.piped(args, "a\n").ok(), "a\t1\n");
    for input in ["b\n", ""] {
        let ended = place.piped(&format!("{args} --max-keys 1"), input);
        let said = "weir: --max-keys 1: there is no room for the key \"b\"";
        assert!(ended.failed(1).starts_with(said), "{ended:?}");
    }
    assert_eq!(place.piped(args, "").ok(), "a\t1\nb\t1\n");
}
