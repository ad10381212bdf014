//! Members of a group: each message at least once, and after a death those of one batch again at most.
//!
//! The mock of a cluster does not list the members of a group, so a group beside a checkpoint is not tried here.

use std::collections::BTreeMap;

use rustix::process::Signal;

use crate::broker::Broker;
use crate::common::{Run, complaints};

const GROUP: [&str; 8] = ["-G", "g", "--interval", "0.2", "--from", "earliest", "--format", "text"];
/// A member that dies is missed soon.
const SOON: [&str; 4] = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=500"];

fn member(broker: &Broker, args: &[&str]) -> Run {
    broker.weir("t", &[&GROUP[..], &SOON, args].concat())
}

/// Sends numbers to each partition.
fn send(broker: &Broker, numbers: std::ops::Range<u32>) {
    let lines: Vec<String> = numbers.map(|n| n.to_string()).collect();
    for partition in 0..4 {
        let lines = lines.iter().filter(|line| line.parse::<i32>().unwrap() % 4 == partition);
        broker.lines("t", partition, &lines.map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_out_is_committed_and_the_next_member_goes_on_behind_it() {
    let broker = Broker::new(&[("t", 4)]);
    send(&broker, 0..40);
    let mut run = member(&broker, &[]);
    let mut seen = run.out.lines(40);
    run.signal(Signal::INT);
    assert_eq!(complaints(&run.end().err), "");
    send(&broker, 40..60);
    let mut run = member(&broker, &[]);
    seen.extend(run.out.lines(20));
    run.signal(Signal::INT);
    assert_eq!(run.end().out, "");
    let mut seen: Vec<u32> = seen.iter().map(|line| line.parse().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
}

#[test]
fn members_share_the_partitions_and_take_those_of_one_that_dies() {
    let broker = Broker::new(&[("t", 4)]);
    let mut first = member(&broker, &["-v"]);
    first.err.line("group g: 4 partitions");
    let mut second = member(&broker, &["-v"]);
    second.err.line("group g: 2 partitions");
    first.err.line("group g: 2 partitions");
    send(&broker, 0..200);
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    let mut note = |lines: Vec<String>| {
        for line in lines {
            *counts.entry(line.parse().unwrap()).or_default() += 1;
        }
    };
    note(first.out.lines(100));
    note(second.out.lines(100));
    first.signal(Signal::KILL);
    first.end();
    send(&broker, 200..300);
    second.err.line("group g: 4 partitions");
    second.signal(Signal::INT);
    note(second.end().out.lines().map(str::to_string).collect());
    let last = broker.weir("t", &[&GROUP[..], &SOON, &["--once", "-q"]].concat()).end();
    note(last.out.lines().map(str::to_string).collect());
    assert_eq!(counts.len(), 300, "each number has come");
    let again = counts.values().filter(|count| **count > 1).count();
    assert!(again <= 100, "{again} came again: more than the one batch of the dead member");
}

#[test]
fn a_member_that_joins_has_the_open_batch_cut_short_whatever_its_interval() {
    let broker = Broker::new(&[("t", 4)]);
    send(&broker, 0..40);
    let joins = |group: &[&str], interval| {
        broker.weir("t", &[group, &GROUP[4..], &SOON, &["-v", "--interval", interval]].concat())
    };
    let mut first = joins(&["--group", "g"], "1h");
    first.out.lines(40);
    let mut second = joins(&["--group=g"], "0.2");
    // The mock takes no offsets while members come and go, as a broker does, so these come again here.
    second.err.line("group g: 2 partitions");
    first.err.line("group g: 2 partitions");
    for run in [first, second] {
        run.signal(Signal::INT);
        assert_eq!(run.end().status, 0);
    }
}

#[test]
fn without_a_word_behind_it_group_is_the_aggregate() {
    let broker = Broker::new(&[("t", 1)]);
    broker.lines("t", 0, &["a", "b"]);
    for args in [&["--group", "--once"][..], &["--once", "--group"]] {
        let ended = broker.weir("t", &[args, &["--format", "json", "--no-time"]].concat()).end();
        assert_eq!(ended.out, "{\"value\":[\"a\",\"b\"]}\n", "{}", ended.err);
    }
}
