//! Where reading begins and where `--once` ends.

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rustix::process::Signal;

use super::{Broker, Topic, numbers, until};
use crate::common::{Dir, PATIENCE};

/// The milliseconds since the epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A transaction of messages in partition 0.
struct Transaction(BaseProducer);

impl Transaction {
    /// Begins one; its messages are in the topic.
    fn open(topic: &Topic, text: &str) -> Transaction {
        let mut config = topic.broker.client();
        let id = format!("{}-{}", topic.name, topic.ends(0).1);
        let producer: BaseProducer = config.set("transactional.id", id).create().unwrap();
        producer.init_transactions(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        for line in text.lines() {
            let record = BaseRecord::<(), str>::to(&topic.name).partition(0).payload(line);
            producer.send(record).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
        Transaction(producer)
    }

    fn commit(self) {
        self.0.commit_transaction(PATIENCE).unwrap();
    }

    fn abort(self) {
        self.0.abort_transaction(PATIENCE).unwrap();
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn once_ends_where_the_partitions_ended() {
    let topic = Broker::shared().topic(3);
    assert_eq!(topic.once(&["--count", "--format", "text"]), "0\n");
    topic.send_to(0, &numbers(1, 10_000));
    topic.send_to(2, &numbers(1, 1));
    assert_eq!(topic.once(&["--count", "--format", "text"]), "10001\n");
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn once_sees_what_is_committed_and_ends_behind_control_records() {
    let topic = Broker::shared().topic(1);
    let text = ["--format", "text"];
    Transaction::open(&topic, &numbers(1, 5)).commit();
    // The last offset is a control record.
    assert_eq!(topic.once(&text), numbers(1, 5));
    Transaction::open(&topic, &numbers(6, 9)).abort();
    assert_eq!(topic.once(&text), numbers(1, 5));
    Transaction::open(&topic, &numbers(10, 12)).commit();
    topic.send(&[], numbers(13, 13));
    Transaction::open(&topic, &numbers(14, 20)).abort();
    let all = topic.once(&text);
    assert_eq!(all, format!("{}{}", numbers(1, 5), numbers(10, 13)));
    assert_eq!(all, topic.read(&["-X", "isolation.level=read_committed"]));
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn once_does_not_wait_for_an_open_transaction() {
    let topic = Broker::shared().topic(1);
    topic.send(&[], numbers(1, 3));
    let transaction = Transaction::open(&topic, &numbers(4, 6));
    topic.send(&[], numbers(7, 7));
    // What is behind the beginning of an open transaction nobody has who reads committed messages.
    assert_eq!(topic.ends(0), (0, 3));
    assert_eq!(topic.once(&["--format", "text"]), numbers(1, 3));
    transaction.commit();
    assert_eq!(topic.once(&["--format", "text"]), numbers(1, 7));
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_compacted_topic_has_gaps_which_are_passed() {
    let settings = [
        ("cleanup.policy", "compact"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("segment.ms", "100"),
        ("min.compaction.lag.ms", "0"),
    ];
    let topic = Broker::shared().topic_with(1, &settings);
    for round in 1..=5 {
        let text: String = (0..100).map(|key| format!("k{key}:{round}\n")).collect();
        topic.send(&["-K:"], text);
    }
    topic.send(&["-K:", "-Z"], "k0:\n");
    // A segment is closed, and so can be compacted, when the next message comes.
    until("compaction", || {
        topic.send(&["-K:"], "again:1\n");
        topic.read(&[]).lines().count() < 300
    });
    // What is compacted while both read differs between them, which does not last.
    until("the same as kcat's", || {
        let theirs = topic.read(&["-o", "120", "-f", "%k:%s\n"]);
        let flags = ["--with-key", "--from", "120", "--format", "text"];
        topic.once(&flags).replace('\t', ":") == theirs
    });
    // Where nothing is left, reading ends all the same.
    let dir = Dir::new();
    let checkpoint = dir.path("checkpoint").display().to_string();
    let flags = ["--count", "--update-state", "--checkpoint", &checkpoint, "--format", "tsv"];
    let flags = [&flags[..], &["--no-time"]].concat();
    let first = topic.once(&flags);
    topic.send(&["-K:"], "new:1\n");
    let count = |text: &str| text.trim().parse::<u64>().unwrap();
    assert_eq!(count(&topic.once(&flags)), count(&first) + 1);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn from_takes_offsets_counts_spans_and_times() {
    let topic = Broker::shared().topic(1);
    topic.send(&[], numbers(1, 10));
    let between = now();
    topic.send(&[], numbers(11, 20));
    let from = |position: &str| topic.once(&["--from", position, "--format", "text"]);
    assert_eq!(from("earliest"), numbers(1, 20));
    assert_eq!(from("latest"), "");
    assert_eq!(from("15"), numbers(16, 20));
    assert_eq!(from("-3"), numbers(18, 20));
    assert_eq!(from("-1000"), numbers(1, 20));
    assert_eq!(from("-10m"), numbers(1, 20));
    assert_eq!(from(&format!("@{between}")), numbers(11, 20));
    let time = jiff::Timestamp::from_millisecond(between).unwrap().to_string();
    assert_eq!(from(&format!("@{time}")), numbers(11, 20));
    assert_eq!(from(&format!("@{}", now() + 3_600_000)), "");
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn the_last_messages_of_each_partition_are_taken() {
    let topic = Broker::shared().topic(3);
    for partition in 0..3 {
        topic.send_to(partition, &numbers(1, 5));
    }
    let flags = ["--from", "-2", "--with-partition", "--count-by-key", "--sort", "key"];
    let out = topic.once(&[&flags[..], &["--format", "tsv", "--no-time"]].concat());
    assert_eq!(out, "0\t2\n1\t2\n2\t2\n");
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_stream_begins_at_the_end_and_says_so() {
    let topic = Broker::shared().topic(1);
    topic.send(&[], numbers(1, 10));
    let mut run = topic.run(&["--format", "text", "--interval", "0"]);
    run.err.line("latest");
    topic.send(&[], numbers(11, 12));
    assert_eq!(run.out.lines(2), ["11", "12"]);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}
