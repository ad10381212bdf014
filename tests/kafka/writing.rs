//! `--to-kafka`: each row is a message. What a transaction hides, a mock does not: that is for a real broker.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::broker::{Broker, Got};
use crate::common::{Dir, Ended, Run, complaints, piped, start, until, weir};

/// A run on lines of stdin, which end at once.
fn sent(broker: &Broker, input: &str, args: &[&str]) -> Ended {
    piped(&[&to(broker), args].concat(), input)
}

fn to(broker: &Broker) -> [&str; 5] {
    ["stdin", "--to-kafka", "out", "--to-brokers", broker.address()]
}

/// A run that reads stdin.
fn running(broker: &Broker, args: &[&str]) -> Run {
    start(weir(&[&to(broker), args].concat()))
}

fn got(key: Option<&str>, value: &str) -> Got {
    (key.map(|key| key.as_bytes().to_vec()), Some(value.as_bytes().to_vec()))
}

#[test]
fn a_row_is_a_message_with_its_key_and_its_value() {
    let table: [(&[&str], &str, Vec<Got>); 6] = [
        (&[], "a\n\nb\tc\n", vec![got(None, ""), got(None, "a"), got(None, "b\tc")]),
        (&["--pair", "="], "k=v\n=w\n", vec![got(Some("k"), "v"), got(Some(""), "w")]),
        (&["--count-by-key"], "a\nb\na\n", vec![got(Some("b"), "1"), got(Some("a"), "2")]),
        (&["--count"], "a\nb\n", vec![got(None, "2")]),
        (
            &["--pair", "=", "--stats-by-key", "count,max"],
            "k=1\nk=5\n",
            vec![got(Some("k"), "2\t5")],
        ),
        (
            &["--count-by-key", "--format", "json", "--no-time"],
            "a\n",
            vec![got(Some("a"), r#"{"key":"a","value":1}"#)],
        ),
    ];
    for (args, input, expected) in table {
        let broker = Broker::new(&[("out", 3)]);
        let out = sent(&broker, input, &[args, &["--once"]].concat());
        assert_eq!((out.status, out.out.as_str(), out.err.as_str()), (0, "", ""), "{args:?}");
        assert_eq!(broker.messages("out"), expected, "{args:?}");
    }
}

#[test]
fn other_outputs_have_their_text_beside_it() {
    let (broker, dir) = (Broker::new(&[("out", 1)]), Dir::new());
    let file = dir.path("out.json");
    let args = ["--count-by-key", "--once", "--no-time", "-o", file.to_str().unwrap()];
    assert_eq!(sent(&broker, "a\n", &args).status, 0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"key\":\"a\",\"value\":1}\n");
    assert_eq!(broker.messages("out"), [got(Some("a"), "1")]);
}

#[test]
fn all_rows_are_sent_however_many_are_printed() {
    let broker = Broker::new(&[("out", 1)]);
    let input: String = (0..5000).map(|n| format!("{n}\n")).collect();
    let limits = ["-X", "queue.buffering.max.messages=100", "-o", "-", "--once"];
    let out = sent(&broker, &input, &limits);
    assert_eq!((out.status, out.out.lines().count()), (0, 15), "{}", out.err);
    assert_eq!(broker.messages("out").len(), 5000);
}

#[test]
fn with_a_checkpoint_a_batch_is_sent_once_and_a_start_goes_on() {
    let (broker, dir) = (Broker::new(&[("out", 2)]), Dir::new());
    let checkpoint = dir.path("ck");
    let args = ["--count-by-key", "--update-state", "--once", "--checkpoint"];
    let args = [&args[..], &[checkpoint.to_str().unwrap(), "-q"]].concat();
    for count in 1..=3 {
        let out = sent(&broker, "a\n", &args);
        assert_eq!((out.status, out.err.as_str()), (0, ""));
        let messages = broker.messages("out");
        assert_eq!(messages.len(), count);
        assert!(messages.contains(&got(Some("a"), &count.to_string())), "{messages:?}");
    }
}

#[test]
fn what_the_broker_refuses_ends_the_run_and_is_told_with_the_topic() {
    let broker = Broker::new(&[("out", 1)]);
    let long = format!("{}\n", "x".repeat(2000));
    let out = sent(&broker, &long, &["--once", "-X", "message.max.bytes=1000"]);
    let said = out.failed(1);
    assert!(said.starts_with("weir: topic out: a message of 2000 bytes: "), "{said}");
    assert!(said.contains("-X message.max.bytes=N"), "{said}");
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let lasting = ["--once", "--checkpoint", checkpoint.to_str().unwrap()];
    let out = sent(&broker, &long, &[&lasting[..], &["-X", "message.max.bytes=1000"]].concat());
    assert!(out.failed(1).contains("-X message.max.bytes=N"), "{}", out.err);
    // It is owed, and goes when it may.
    let out = sent(&broker, "", &lasting);
    assert_eq!(out.status, 0, "{}", out.err);
    assert_eq!(broker.messages("out"), [got(None, long.trim_end())]);
}

#[test]
fn brokers_that_never_answer_and_what_cannot_be_end_the_run() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let refused = |args: &[&str], status| {
        piped(&[&["stdin", "--count"], args].concat(), "").failed(status).to_string()
    };
    let told = refused(&["--to-kafka", "t"], 2);
    assert!(told.starts_with("weir: --to-brokers: which brokers?"), "{told}");
    let told = refused(&["--to-brokers", &address], 2);
    assert!(told.starts_with("weir: --to-brokers: needs --to-kafka"), "{told}");
    let told = refused(&["--to-kafka", "t", "--to-brokers", &address, "--format", "tsv"], 2);
    assert!(told.starts_with("weir: --to-kafka: a message has"), "{told}");
    let told = refused(&["--to-kafka", "t", "-X", "acks=1", "--to-brokers", &address], 2);
    assert!(told.starts_with("weir: -X: "), "{told}");
}

#[test]
fn brokers_that_go_away_are_waited_for_until_a_signal_comes() {
    let broker = Broker::new(&[("out", 1)]);
    let mut run = running(&broker, &["--interval", "0.1"]);
    run.write("a\n");
    until(|| !broker.messages("out").is_empty());
    broker.cluster.broker_down(-1).unwrap();
    run.write("b\n");
    let line = run.err.line("cannot be reached");
    assert!(line.contains("waiting for it"), "{line}");
    broker.cluster.broker_up(-1).unwrap();
    run.err.line("answers again");
    until(|| broker.messages("out").len() >= 2);
    broker.cluster.broker_down(-1).unwrap();
    run.write("c\n");
    run.err.line("cannot be reached");
    run.signal(Signal::INT);
    let out = run.end();
    assert_eq!(out.status, 1, "{}", out.err);
    assert!(complaints(&out.err).contains("a signal came, and the batch is lost"), "{}", out.err);
}
