//! Times over a restart: down-time, a clock that was set, the end of summer, a machine that slept.

use crate::common::{Ended, batches, complaints, start, weir};
use crate::{BASE, Place};
use rustix::process::Signal;

const HOUR: i64 = 3_600_000;

/// The counts that were printed, by the seconds from [`BASE`] to their Time.
fn counts(text: &str) -> Vec<(i64, u64)> {
    let row = |line: &str| {
        let (time, rest) = line.split_once('\t').unwrap();
        let count = rest.rsplit('\t').next().unwrap();
        (time.parse::<i64>().unwrap() - BASE / 1000, count.parse().unwrap())
    };
    text.lines().map(row).collect()
}

/// Counts by window, on one checkpoint; the clock starts at `from`.
fn windows(place: &Place, records: &[(i64, &str)], from: i64, flags: &str) -> Ended {
    let args = "--count --window 6 --slide 2 --format tsv --epoch --checkpoint ck -o out -o -";
    place.replay(records, from, &format!("{args} {flags}"))
}

/// Two records in the first two seconds; then nothing runs.
fn two_records(place: &Place) {
    let ended = windows(place, &[(300, "a\n"), (1200, "a\n")], 50, "--duration 1950ms");
    assert_eq!(counts(ended.ok()), [(2, 2)]);
}

#[test]
fn windows_that_came_due_while_nothing_ran_come_first_under_their_own_times() {
    let place = Place::new();
    two_records(&place);
    let ended = windows(&place, &[(20_300, "a\n")], 20_050, "");
    let expected = [(4, 2), (6, 2), (22, 1)];
    assert_eq!(
        counts(ended.ok()),
        expected,
        "of later ones nobody has measured that they hold nothing"
    );
    assert_eq!(counts(&place.text("out"))[1..], expected);
}

#[test]
fn a_start_says_from_where_it_goes_on() {
    let place = Place::new();
    two_records(&place);
    let ended = windows(&place, &[], 24 * HOUR + 50, "");
    assert_eq!(counts(&ended.out), [(4, 2), (6, 2)]);
    let said: Vec<_> = ended.err.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0], "weir: going on from ck: behind batch 1");
    assert!(said[1].starts_with("weir: the first windows are partial, "), "{said:?}");
    let quiet = windows(&place, &[], 48 * HOUR, "-q");
    assert_eq!((quiet.status, quiet.err.as_str()), (0, ""), "of nothing but losses and errors");
}

#[test]
fn over_a_clock_that_was_set_back_times_go_on_from_the_last_one() {
    let place = Place::new();
    two_records(&place);
    // What a script sends is in the past for a clock that has gone on, and so comes at once.
    let ended = windows(&place, &[(300 - HOUR, "a\na\n"), (5300 - HOUR, "a\n")], -HOUR, "");
    assert_eq!((ended.status, counts(&ended.out)), (0, vec![(4, 5)]));
    let said = "weir: the clock is 3601 s behind what it was; Times go on from there\n";
    assert_eq!(complaints(&ended.err), said);
    // Set right, it is followed again.
    let ended = windows(&place, &[(10_300, "a\n")], 10_050, "");
    assert_eq!(counts(ended.ok()), [(6, 5), (8, 3), (12, 1)]);
}

#[test]
fn batches_without_a_window_are_not_made_up_for_the_time_in_which_nothing_ran() {
    let place = Place::new();
    let args = "--count --update-state --format tsv --epoch --checkpoint ck";
    let first = format!("{args} --duration 950ms");
    assert_eq!(counts(place.replay(&[(300, "a\n")], 50, &first).ok()), [(1, 1)]);
    let later = place.replay(&[(24 * HOUR + 300, "a\n")], 24 * HOUR + 50, args);
    assert_eq!(counts(later.ok()), [(24 * 3600 + 1, 2)]);
}

#[test]
fn at_the_end_of_summer_times_are_shown_twice_and_go_on() {
    let place = Place::new();
    // 2018-10-28T01:00:00Z: clocks in Berlin go from 03:00 to 02:00.
    let change = 1_540_688_400_000 - BASE;
    let args = "--count --window 4 --slide 2 --checkpoint ck -o -";
    let run = |records: &[(i64, &str)], from: i64, flags: &str| {
        let mut command = place.replaying(records, from, &format!("{args} {flags}"));
        command.env("TZ", "Europe/Berlin");
        batches(start(command).end().ok())
    };
    let pair = |time: &str, count: u64| (format!("2018-10-28 {time}"), vec![count.to_string()]);
    let records = [(change - 3500, "a\n"), (change - 1500, "a\n"), (change + 500, "a\n")];
    let first = run(&records, change - 3950, "--duration 2950ms");
    assert_eq!(first, [pair("02:59:58", 1)]);
    let second = run(&records[2..], change - 900, "");
    assert_eq!(second, [pair("02:00:00", 2), pair("02:00:02", 2)]);
    assert_eq!(place.shown("time"), "2018-10-28T01:00:02+00:00, 1540688402000 ms");
}

/// What the clock of a run does when the machine sleeps, the clock of a stopped process does too. How
/// long that is, another weir measures.
#[test]
fn over_a_sleep_and_a_kill_times_go_on() {
    let place = Place::new();
    let args = "--interval 20ms --count --update-state --format tsv --epoch --checkpoint ck -o out";
    let listen = format!("listen 0 {args} -o -");
    let mut run = place.start(&listen);
    run.out.lines(2);
    run.signal(Signal::STOP);
    start(weir(&["listen", "0", "--count", "--interval", "20ms", "--batches", "30"])).end();
    run.signal(Signal::CONT);
    // On a busy machine it may be said of an earlier batch, for another reason.
    run.err.line("passed unread");
    run.out.lines(3);
    run.signal(Signal::KILL);
    assert_eq!(run.end().status, 128 + 9);
    let mut run = place.start(&listen);
    run.out.lines(3);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
    let out = place.text("out");
    let times: Vec<f64> =
        out.lines().map(|line| line.split('\t').next().unwrap().parse().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}
