//! What is read, from where, and to where.

use std::time::Duration;

use rustix::process::Signal;
use weir::clock::Stopwatch;

use crate::broker::{Broker, Sent};
use crate::common::complaints;

const QUIET: [&str; 4] = ["--format", "tsv", "--no-time", "-q"];

/// What a run printed that reads all there is.
fn once(broker: &Broker, topic: &str, args: &[&str]) -> String {
    broker.weir(topic, &[&["--once"], args, &QUIET].concat()).end().ok().to_string()
}

#[test]
fn once_reads_all_partitions_of_all_topics_to_the_end_that_was_there() {
    let broker = Broker::new(&[("a", 3), ("b", 1), ("empty", 2)]);
    for partition in 0..3 {
        broker.lines("a", partition, &["x", "y"]);
    }
    broker.lines("b", 0, &["x"]);
    assert_eq!(once(&broker, "a", &["--count-by-key"]), "x\t3\ny\t3\n");
    assert_eq!(once(&broker, "a,b,empty", &["--count-by-key"]), "x\t4\ny\t3\n");
    assert_eq!(once(&broker, "^[ab]$", &["--count"]), "7\n");
    assert_eq!(once(&broker, "empty", &["--count"]), "0\n");
}

#[test]
fn from_says_where_each_partition_begins() {
    let broker = Broker::new(&[("t", 2)]);
    broker.lines("t", 0, &["a0", "a1", "a2", "a3"]);
    broker.lines("t", 1, &["b0", "b1"]);
    let from = |from: &str| {
        let out = once(&broker, "t", &["--from", from, "--count-by-key", "--sort", "key"]);
        out.lines()
            .map(|line| line.split('\t').next().unwrap().to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(from("earliest"), "a0 a1 a2 a3 b0 b1");
    assert_eq!(from("latest"), "");
    assert_eq!(from("1"), "a1 a2 a3 b1");
    assert_eq!(from("-1"), "a3 b1");
    assert_eq!(from("-3"), "a1 a2 a3 b0 b1");
}

#[test]
fn a_stream_begins_with_what_comes_and_says_so() {
    let broker = Broker::new(&[("t", 2)]);
    broker.lines("t", 0, &["old"]);
    let mut run = broker.weir("t", &["--interval", "0"]);
    let said = run.err.line("t: 2 partitions");
    assert_eq!(
        said,
        "weir: t: 2 partitions, from the latest record; --from earliest reads what is there"
    );
    broker.lines("t", 1, &["one"]);
    assert_eq!(run.out.line(""), "one");
    broker.lines("t", 0, &["two"]);
    assert_eq!(run.out.line(""), "two");
    run.signal(Signal::INT);
    assert_eq!(complaints(&run.end().err), "");
}

#[test]
fn a_topic_that_comes_to_match_is_read_from_its_first_record_on() {
    let broker = Broker::new(&[("logs-a", 1), ("other", 1)]);
    let refresh = ["-X", "topic.metadata.refresh.interval.ms=100"];
    let mut run = broker.weir("^logs-", &[&["--interval", "0"][..], &refresh].concat());
    run.err.line("1 partition,");
    broker.cluster.create_topic("logs-b", 2, 1).unwrap();
    broker.lines("logs-b", 1, &["early"]);
    assert_eq!(run.out.line(""), "early");
    assert!(run.err.line("logs-b[").contains("a new partition"));
}

#[test]
fn records_keep_the_order_of_their_partition_and_all_their_bytes() {
    let broker = Broker::new(&[("t", 1)]);
    let values: Vec<Vec<u8>> = (0..2000u32)
        .map(|n| format!("{n}\n\0\r\n{}", "x".repeat(n as usize % 300)).into_bytes())
        .collect();
    let all: Vec<Sent> =
        values.iter().map(|value| Sent { value: Some(value), ..Sent::default() }).collect();
    broker.send("t", &all);
    let out = once(&broker, "t", &[]);
    let escaped =
        |value: &Vec<u8>| String::from_utf8_lossy(value).replace('\n', "\\n").replace('\r', "\\r");
    let expected: String = values.iter().map(|value| format!("{}\n", escaped(value))).collect();
    assert!(out == expected, "{out}");
}

#[test]
fn a_broker_that_goes_away_is_said_once_and_waited_for() {
    let broker = Broker::new(&[("t", 1)]);
    let mut run = broker.weir("t", &["--interval", "0"]);
    run.err.line("1 partition,");
    broker.lines("t", 0, &["before"]);
    assert_eq!(run.out.line(""), "before");
    broker.cluster.broker_down(-1).unwrap();
    run.err.line("cannot be reached");
    broker.cluster.broker_up(-1).unwrap();
    broker.lines("t", 0, &["after"]);
    assert_eq!(run.out.line(""), "after");
    run.err.line("answers again");
    run.signal(Signal::INT);
    assert_eq!(complaints(&run.end().err), "");
}

#[test]
fn what_was_not_read_is_told_by_partition() {
    let broker = Broker::new(&[("t", 2)]);
    broker.lines("t", 1, &["x"; 10]);
    let args = ["--from", "earliest", "--max-rate", "100", "--count", "--batches", "3", "-v"];
    let ended = broker.weir("t", &args).end();
    assert!(ended.err.contains("weir: records not read: t[0] 0, t[1] 0\n"), "{}", ended.err);
}

#[test]
fn a_rate_is_kept_for_each_partition() {
    let broker = Broker::new(&[("t", 2)]);
    broker.lines("t", 0, &["much"; 100]);
    broker.lines("t", 1, &["little"; 10]);
    let watch = Stopwatch::start();
    let args = ["--max-rate-per-partition", "100", "--from", "earliest", "--interval", "0"];
    let mut run = broker.weir("t", &args);
    let lines = run.out.lines(60);
    let little = lines.iter().filter(|line| *line == "little").count();
    assert_eq!(little, 10, "one partition does not wait for the other: {lines:?}");
    run.out.lines(50);
    assert!(watch.elapsed() > Duration::from_millis(700), "{:?}", watch.elapsed());
    let all = once(&broker, "t", &["--max-rate-per-partition", "1k", "--count-by-key"]);
    assert_eq!(all, "much\t100\nlittle\t10\n");
}

#[test]
fn a_rate_is_kept() {
    let broker = Broker::new(&[("t", 1)]);
    broker.lines("t", 0, &["x"; 100]);
    let watch = Stopwatch::start();
    assert_eq!(once(&broker, "t", &["--max-rate", "100", "--count"]), "100\n");
    assert!(watch.elapsed() > Duration::from_millis(700), "{:?}", watch.elapsed());
}
