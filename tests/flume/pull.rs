//! `flume-pull` and its sinks.

use std::collections::BTreeMap;

use rustix::process::Signal;

use crate::common::{Dir, start, weir};
use crate::spark::{Faults, SparkSink};

fn pull(sinks: &[&SparkSink], args: &[&str]) -> crate::common::Run {
    let addresses: Vec<_> = sinks.iter().map(|sink| sink.address()).collect();
    let mut all: Vec<&str> = vec!["flume-pull"];
    all.extend(addresses.iter().map(String::as_str));
    all.extend(args);
    start(weir(&all))
}

/// Of each number how often it was counted, by the last report that names it.
fn counts(text: &str) -> BTreeMap<u64, u64> {
    let pair = |line: &str| {
        let (key, count) = line.split_once('\t').unwrap();
        (key.parse().unwrap(), count.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

/// All numbers below `total` were counted and committed, and none too often.
fn hold(text: &str, total: u64, sink: &SparkSink) {
    let counts = counts(text);
    assert_eq!(counts.len() as u64, total);
    sink.look(|state| {
        let mut committed = state.committed.clone();
        committed.sort_unstable();
        assert!(committed.into_iter().eq(0..total), "each is committed once");
        for (number, count) in counts {
            let came = 1 + state.again.iter().filter(|again| **again == number).count() as u64;
            assert!(count <= came, "{number} came {came} times and was counted {count} times");
        }
    });
}

const COUNT: [&str; 5] = ["--count-by-key", "--format", "text", "--sort", "none"];

#[test]
fn once_takes_all_that_several_sinks_have() {
    let faults = Faults { answers_empty: true, knows_nothing: true, ..Faults::default() };
    let (a, b) = (SparkSink::start(0..2500, faults), SparkSink::start(2500..2600, faults));
    let ended = pull(&[&a, &b], &[&COUNT[..], &["--once"]].concat()).end();
    let counts = counts(ended.ok());
    assert!(counts.keys().copied().eq(0..2600) && counts.values().all(|count| *count == 1));
    assert_eq!(a.look(|state| state.committed.len()) + b.look(|state| state.committed.len()), 2600);
}

#[test]
fn once_ends_when_nothing_has_come_for_a_while() {
    let sink = SparkSink::start(0..10, Faults::default());
    let ended = pull(&[&sink], &["--count", "--format", "text", "--once"]).end();
    assert_eq!(ended.ok(), "10\n");
    assert_eq!(sink.look(|state| state.committed.len()), 10);
}

#[test]
fn once_fails_where_there_is_no_sink() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = start(weir(&["flume-pull", &port.to_string(), "--count", "--once"])).end();
    assert_eq!((ended.status, ended.err), (1, format!("weir: {port}: connection refused\n")));
}

#[test]
fn a_sink_is_asked_for_as_many_as_its_channel_gives() {
    let faults = Faults { capacity: 100, answers_empty: true, ..Faults::default() };
    let sink = SparkSink::start(0..1000, faults);
    let ended = pull(&[&sink], &["--count", "--format", "text", "--once"]).end();
    assert_eq!((ended.status, &ended.out[..]), (0, "1000\n"));
    assert!(ended.err.contains("it is asked for 100 events at a time now"), "{}", ended.err);
}

#[test]
fn headers_of_a_sink_are_keys() {
    let faults = Faults { answers_empty: true, ..Faults::default() };
    let sink = SparkSink::start(0..3, faults);
    let args = ["--with-header", "number", "--count-by-key", "--format", "text", "--once"];
    assert_eq!(pull(&[&sink], &args).end().ok(), "0\t1\n1\t1\n2\t1\n");
}

#[test]
fn acks_that_are_lost_and_answers_that_are_cut_repeat_their_batch_alone() {
    let faults = Faults { lose_ack_every: 5, cut_every: 7, ..Faults::default() };
    let sink = SparkSink::start(0..3000, faults);
    let args = ["--update-state", "--interval", "50ms", "--max-batch", "100"];
    let more = ["--reconnect-delay", "50ms"];
    let mut run = pull(&[&sink], &[&COUNT[..], &args, &more].concat());
    sink.wait(|state| state.committed.len() == 3000);
    run.err.line("trying again every 50ms");
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.status, 0);
    hold(&ended.out, 3000, &sink);
}

#[test]
fn after_an_error_a_sink_is_asked_again() {
    let sink = SparkSink::start(0..300, Faults { error_every: 3, ..Faults::default() });
    let args = ["--update-state", "--interval", "50ms", "--max-batch", "100"];
    let mut run = pull(&[&sink], &[&COUNT[..], &args].concat());
    run.err.line("the sink says: on purpose; asking again every 6 s");
    sink.wait(|state| state.committed.len() == 300);
    run.signal(Signal::TERM);
    hold(&run.end().out, 300, &sink);
}

#[test]
fn a_start_says_how_many_events_may_come_twice() {
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let sink = SparkSink::start(0..1000, Faults::default());
    let args = ["--count", "--interval", "1h", "--max-batch", "20"];
    let args = [&args[..], &["--checkpoint", checkpoint.to_str().unwrap()]].concat();
    let mut run = pull(&[&sink], &args);
    sink.wait(|state| state.committed.len() >= 500);
    run.press(Signal::KILL);
    let mut run = pull(&[&sink], &args);
    run.err
        .line("up to 20 of the events in the log may come twice, unless weir was stopped in order");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_weir_is_killed() {
    let dir = Dir::new();
    let (checkpoint, out) = (dir.path("ck"), dir.path("out"));
    let faults = Faults { lose_ack_every: 50, cut_every: 70, ..Faults::default() };
    let sink = SparkSink::start(0..10_000, faults);
    let args = ["--update-state", "--interval", "20ms", "--max-batch", "20"];
    let kept = ["--checkpoint", checkpoint.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let more = ["--reconnect-delay", "10ms"];
    let args = [&COUNT[..], &args, &kept, &more].concat();
    for kills in 1..=8 {
        let mut run = pull(&[&sink], &args);
        sink.wait(|state| state.committed.len() >= kills * 900);
        run.press(Signal::KILL);
    }
    let run = pull(&[&sink], &args);
    sink.wait(|state| state.committed.len() == 10_000);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
    let run = pull(&[&sink], &[&args[..], &["--batches", "2"]].concat());
    assert_eq!(run.end().status, 0);
    hold(&std::fs::read_to_string(&out).unwrap(), 10_000, &sink);
}
