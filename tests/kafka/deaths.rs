//! Killed at any moment, a start with the same checkpoint counts each message once.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::broker::Broker;
use crate::common::chance::{Chance, asked};
use crate::common::{Dir, Run, start, until, weir};

const PARTITIONS: i32 = 3;

/// A run that counts all records since the beginning, and appends each report.
fn counting(broker: &Broker, dir: &Dir, args: &[&str]) -> Run {
    let (checkpoint, out) = (dir.path("ck"), dir.path("out.tsv"));
    let args = [
        &["--from", "earliest", "--interval", "0.05", "--count", "--update-state"][..],
        &["--no-time", "--checkpoint", checkpoint.to_str().unwrap(), "-o", out.to_str().unwrap()],
        args,
    ];
    broker.weir("t", &args.concat())
}

/// The counts that were reported.
fn reported(dir: &Dir) -> Vec<u64> {
    let text = fs::read_to_string(dir.path("out.tsv")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn each_message_counts_once_however_often_it_is_killed() {
    let (broker, dir) = (Broker::new(&[("t", PARTITIONS)]), Dir::new());
    let mut sent = 0;
    for life in 0..12u64 {
        let mut run = counting(&broker, &dir, &[]);
        // One that has gone on, or has just begun.
        if life % 3 > 0 {
            run.err.line("weir: ");
        }
        for _ in 0..=life % 4 {
            let lines: Vec<String> = (0..97).map(|n| format!("{}", sent + n)).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            broker.lines("t", (sent / 97 % PARTITIONS as u64) as i32, &lines);
            sent += 97;
        }
        if life % 2 == 1 {
            let before = reported(&dir).len();
            until(|| reported(&dir).len() >= before + 2);
        }
        run.signal(Signal::KILL);
        run.end();
    }
    assert_eq!(counting(&broker, &dir, &["--once"]).end().status, 0);
    let counts = reported(&dir);
    assert_eq!(counts.last(), Some(&sent));
    assert!(counts.is_sorted(), "{counts:?}");
}

/// Lives that are ended at any moment while messages come, and one to the end.
fn live(broker: &Broker, chance: &mut Chance, args: &[&str]) {
    for life in 0..15 {
        let run = broker.weir("t", args);
        // When it is killed is decided by chance, so here time passes.
        let span = Duration::from_millis(chance.below(150) / 4);
        for part in 0..4 {
            let lines: Vec<String> =
                (0..40).map(|n| format!("{} {life} {part} {n}", chance.below(9))).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            broker.lines("t", chance.below(PARTITIONS as u64) as i32, &lines);
            thread::park_timeout(span);
        }
        run.signal(Signal::KILL);
        run.end();
    }
    let last = broker.weir("t", &[args, &["--once"]].concat()).end();
    assert_eq!((last.status, last.err.as_str()), (0, ""));
}

/// The lines of a text in the order of their bytes.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn killed_at_any_moment_it_comes_to_what_an_undisturbed_run_comes_to() {
    let seed = asked("WEIR_SEED").unwrap_or(u64::from(std::process::id()));
    let (broker, mut chance) = (Broker::new(&[("t", PARTITIONS)]), Chance(seed));
    let text = ["--from", "earliest", "--interval", "0.02", "--format", "text", "-q"];
    for flags in [&["--field", "1", "--count-by-key", "--update-state"][..], &[]] {
        let (dir, keeps) = (Dir::new(), !flags.is_empty());
        let (checkpoint, out) = (dir.path("ck"), dir.path("out"));
        let kept = ["--checkpoint", checkpoint.to_str().unwrap(), "-o", out.to_str().unwrap()];
        live(&broker, &mut chance, &[&text[..], &kept, flags].concat());
        let came = match keeps {
            true => start(weir(&["checkpoint", "show", "--state", kept[1]])).end().ok().to_string(),
            false => fs::read_to_string(&out).unwrap(),
        };
        let flags = if keeps { &flags[..3] } else { flags };
        let once = broker.weir("t", &[&["--once", "--format", "text", "-q"], flags].concat()).end();
        assert!(sorted(&came) == sorted(once.ok()), "WEIR_SEED={seed}: {came}");
    }
}

#[test]
fn a_stop_goes_on_where_it_was() {
    let (broker, dir) = (Broker::new(&[("t", PARTITIONS)]), Dir::new());
    broker.lines("t", 1, &["a", "b"]);
    for count in [2, 4, 6] {
        let ended = counting(&broker, &dir, &["--once"]).end();
        assert_eq!((ended.status, reported(&dir).last()), (0, Some(&count)), "{}", ended.err);
        broker.lines("t", 0, &["c", "d"]);
    }
}

#[test]
fn a_topic_that_comes_to_match_while_nobody_runs_is_read_from_its_first_record_on() {
    let (broker, dir) = (Broker::new(&[("logs-a", 1)]), Dir::new());
    let checkpoint = dir.path("ck");
    let kept = ["--checkpoint", checkpoint.to_str().unwrap(), "--format", "text", "-q"];
    let once = |more: &[&str]| {
        let args = ["--count", "--update-state", "--from", "latest", "--once"];
        broker.weir("^logs-", &[&kept[..], &args, more].concat()).end().ok().to_string()
    };
    broker.lines("logs-a", 0, &["old"; 5]);
    assert_eq!(once(&[]), "0\n");
    broker.lines("logs-a", 0, &["new"; 2]);
    broker.cluster.create_topic("logs-b", 2, 1).unwrap();
    broker.lines("logs-b", 1, &["new"; 3]);
    assert_eq!(once(&[]), "5\n");
    // One that is typed for the first time begins where --from says, and what it came to is kept.
    broker.cluster.create_topic("other", 1, 1).unwrap();
    broker.lines("other", 0, &["old"; 7]);
    assert_eq!(once(&["-t", "other"]), "5\n");
}

#[test]
fn a_topic_that_was_made_anew_is_refused() {
    let dir = Dir::new();
    let old = Broker::new(&[("t", 1)]);
    old.lines("t", 0, &["a"; 10]);
    counting(&old, &dir, &["--once"]).end().ok();
    // Fewer records than before, and more: which are others than those that were read.
    for (count, expected) in [(3, "ends at 3 now"), (15, "has another record before that now")] {
        let new = Broker::new(&[("t", 1)]);
        new.lines("t", 0, &vec!["other"; count]);
        let before = reported(&dir);
        let ended = counting(&new, &dir, &["--once"]).end();
        let said = ended.failed(2);
        assert!(said.contains("weir: t[0] was read up to 10, and "), "{said}");
        assert!(said.contains(expected) && said.contains("weir checkpoint reset"), "{said}");
        assert_eq!(reported(&dir), before);
    }
    let new = Broker::new(&[("t", 1)]);
    new.lines("t", 0, &["new"; 3]);
    let ended = counting(&new, &dir, &["--once", "--on-offset-reset", "earliest"]).end();
    assert_eq!((ended.status, reported(&dir).last()), (0, Some(&13)), "{}", ended.err);
    assert!(ended.err.contains("it is read from its first record on"), "{}", ended.err);
}
