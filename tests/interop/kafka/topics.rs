//! Topics that are not what they were: unknown, several, grown, made anew, shortened.

use rustix::process::Signal;

use super::{Broker, Topic, numbers};
use crate::common::{Dir, Ended, Run, start, weir};

/// `weir kafka` on topics by whatever names.
fn weir_on(topics: &[&str], flags: &[&str]) -> Run {
    let topics: Vec<_> = topics.iter().flat_map(|topic| ["--topic", topic]).collect();
    let broker = ["kafka", "--brokers", Broker::shared().at("BROKERS")];
    start(weir(&[&broker, &topics[..], flags].concat()))
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn an_unknown_topic_is_refused_with_names_like_it() {
    let broker = Broker::shared();
    broker.named("visits-of-pages", 1, &[]);
    let ended = weir_on(&["visits-of-page"], &["--once", "--count"]).end();
    let said = ended.failed(1);
    assert!(said.contains("visits-of-page") && said.contains("visits-of-pages"), "{said}");
    // It was not made by asking for it.
    let ended = weir_on(&["visits-of-page"], &["--once", "--count"]).end();
    ended.failed(1);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn topics_are_a_list_or_a_pattern() {
    let broker = Broker::shared();
    let topics = ["logs-a", "logs-b", "other-logs-c"];
    for (topic, text) in topics.iter().zip(["1\n", "2\n3\n", "4\n5\n6\n"]) {
        broker.named(topic, 2, &[]).send(&[], text);
    }
    let flags = ["--once", "--with-topic", "--count-by-key", "--sort", "key", "--format", "tsv"];
    let flags = [&flags[..], &["--no-time"]].concat();
    let count = |topics: &[&str]| {
        let ended = weir_on(topics, &flags).end();
        assert_eq!(ended.status, 0, "{}", ended.err);
        ended.out
    };
    assert_eq!(count(&["^logs-.*"]), "logs-a\t1\nlogs-b\t2\n");
    assert_eq!(count(&["logs-b", "other-logs-c"]), "logs-b\t2\nother-logs-c\t3\n");
    assert_eq!(count(&["logs-a,other-logs-c"]), "logs-a\t1\nother-logs-c\t3\n");
}

/// A count since the beginning, kept in a checkpoint.
struct Kept<'a> {
    topic: Topic<'a>,
    checkpoint: String,
    _dir: Dir,
}

impl Kept<'_> {
    fn new(partitions: i32) -> Kept<'static> {
        let dir = Dir::new();
        let checkpoint = dir.path("checkpoint").display().to_string();
        Kept { topic: Broker::shared().topic(partitions), checkpoint, _dir: dir }
    }

    fn run(&self, flags: &[&str]) -> Run {
        let kept = ["--count", "--update-state", "--checkpoint", &self.checkpoint];
        self.topic.run(&[&kept, flags, &["--format", "tsv", "--no-time"]].concat())
    }

    fn once(&self) -> Ended {
        self.run(&["--from", "earliest", "--once"]).end()
    }

    /// What it has kept, as `weir checkpoint show --state` has it.
    fn shown(&self) -> String {
        let ended = start(weir(&["checkpoint", "show", "--state", &self.checkpoint])).end();
        assert_eq!(ended.status, 0, "{}", ended.err);
        ended.out
    }
}

/// A start on a topic that was made anew is refused, and changes nothing.
fn is_refused(kept: &Kept) {
    let before = kept.shown();
    for _ in 0..2 {
        let ended = kept.once();
        let said = ended.failed(2);
        for part in [&kept.topic.name, "weir checkpoint reset", "[0]"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    assert_eq!(kept.shown(), before);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_topic_made_anew_with_fewer_records_is_refused() {
    let kept = Kept::new(1);
    kept.topic.send(&[], numbers(1, 10));
    assert_eq!(kept.once().out, "10\n");
    kept.topic.delete();
    kept.topic.create(1, &[]);
    kept.topic.send(&[], numbers(1, 3));
    is_refused(&kept);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_topic_made_anew_with_more_records_is_refused() {
    let kept = Kept::new(1);
    kept.topic.send(&[], numbers(1, 10));
    assert_eq!(kept.once().out, "10\n");
    kept.topic.delete();
    kept.topic.create(1, &[]);
    kept.topic.send(&[], numbers(101, 115));
    is_refused(&kept);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn records_that_were_deleted_unread_are_said_to_be_lost() {
    let kept = Kept::new(1);
    kept.topic.send(&[], numbers(1, 10));
    assert_eq!(kept.once().out, "10\n");
    kept.topic.send(&[], numbers(11, 20));
    kept.topic.cut(15);
    let ended = kept.run(&["--once", "--on-offset-reset", "earliest"]).end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "15\n"), "{}", ended.err);
    assert!(ended.err.contains(&kept.topic.name) && ended.err.contains('5'), "{}", ended.err);
    assert_eq!(kept.run(&["--once"]).end().out, "15\n");
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn an_offset_that_is_gone_names_partition_offset_and_what_there_is() {
    let kept = Kept::new(1);
    kept.topic.send(&[], numbers(1, 10));
    assert_eq!(kept.once().out, "10\n");
    kept.topic.send(&[], numbers(11, 20));
    kept.topic.cut(15);
    let ended = kept.once();
    let said = ended.failed(2);
    for part in [&kept.topic.name, "[0]", "10", "15", "20", "--on-offset-reset"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// The next total that is printed is this one, at last.
fn comes_to(run: &mut Run, total: &str) {
    let mut last = String::new();
    while last != total {
        last = run.out.line("");
        let count: u32 = last.parse().unwrap();
        assert!(count <= total.parse().unwrap(), "{count}, which is more than {total}");
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn partitions_that_are_added_are_read_from_their_beginning() {
    let kept = Kept::new(1);
    kept.topic.send(&[], numbers(1, 5));
    let quick = ["--from", "latest", "--interval", "200ms", "-v"];
    let flags = [&quick[..], &["-X", "topic.metadata.refresh.interval.ms=3000"]].concat();
    let mut run = kept.run(&flags);
    run.err.line("1 partition");
    kept.topic.send(&[], numbers(1, 10));
    comes_to(&mut run, "10");
    kept.topic.grow(2);
    kept.topic.send_to(1, &numbers(1, 20));
    comes_to(&mut run, "30");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
    kept.topic.grow(3);
    kept.topic.send_to(2, &numbers(1, 7));
    let mut run = kept.run(&flags);
    comes_to(&mut run, "37");
    run.signal(Signal::KILL);
    run.end();
    kept.topic.grow(4);
    kept.topic.send_to(3, &numbers(1, 3));
    comes_to(&mut kept.run(&flags), "40");
}
