//! What messages hold: compressed, without a value or a key, large, of any bytes, with headers.

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::{Broker, Topic, numbers, sorted};
use crate::common::PATIENCE;

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn every_compression_is_read() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = Broker::shared().topic(3);
        for partition in ["0", "1", "2"] {
            let flags = ["-X", &format!("compression.codec={codec}"), "-p", partition];
            topic.send(&flags, numbers(1, 20_000));
        }
        let out = topic.once(&["--stats", "count,sum", "--format", "tsv", "--no-time"]);
        assert_eq!(out, "60000\t600030000\n", "{codec}");
    }
}

/// Sends an empty value without a key, which kcat does not.
fn empty(topic: &Topic) {
    let producer: BaseProducer = topic.broker.client().create().unwrap();
    producer.send(BaseRecord::<(), str>::to(&topic.name).payload("")).unwrap();
    producer.flush(PATIENCE).unwrap();
}

/// `k1:v`, `k1` without a value, an empty value without a key, neither, and a value of 1 MiB.
fn odd_messages() -> Topic<'static> {
    let topic = Broker::shared().topic_with(1, &[("max.message.bytes", "4000000")]);
    topic.send(&["-K:"], "k1:v\n");
    topic.send(&["-K:", "-Z"], "k1:\n");
    empty(&topic);
    topic.send(&["-K:", "-Z"], ":w\n");
    let large = ["-K:", "-X", "message.max.bytes=4000000"];
    topic.send(&large, format!("large:{}\n", "x".repeat(1 << 20)));
    topic
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_message_without_a_value_is_an_empty_record_and_stops_nothing() {
    let topic = odd_messages();
    let all = topic.read(&["-f", "%k|%K|%S\n"]);
    assert_eq!(all, "k1|2|1\nk1|2|-1\n|-1|0\n|-1|1\nlarge|5|1048576\n");
    assert_eq!(topic.once(&["--count", "--format", "text"]), "5\n");
    let out = topic.once(&["--filter", "^.{0,9}$", "--format", "text"]);
    assert_eq!(out, "v\n\n\nw\n");
}

/// Those, and one with an empty key, which is not a missing one.
fn with_odd_keys() -> Topic<'static> {
    let topic = odd_messages();
    topic.send(&["-K:"], ":e\n");
    topic
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_missing_key_is_not_an_empty_one() {
    let topic = with_odd_keys();
    let small = ["--with-key", "--reject", "large", "--no-time", "--format"];
    let json = topic.once(&[&small[..], &["json"]].concat());
    let rows = [
        r#"{"key":"","value":"e"}"#,
        r#"{"key":"k1","value":""}"#,
        r#"{"key":"k1","value":"v"}"#,
        r#"{"key":null,"value":""}"#,
        r#"{"key":null,"value":"w"}"#,
    ];
    assert_eq!(sorted(&json), rows);
    let pprint = topic.once(&["--with-key", "--reject", "large"]);
    assert!(pprint.contains("\n(None, 'w')\n") && pprint.contains("\n('', 'e')\n"), "{pprint}");
    let tsv = topic.once(&[&small[..], &["tsv"]].concat());
    assert_eq!(sorted(&tsv), ["\t", "\te", "\tw", "k1\t", "k1\tv"]);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn counts_by_key_tell_a_missing_key_from_an_empty_one() {
    let topic = with_odd_keys();
    let count = ["--with-key", "--count-by-key", "--no-time", "--format", "json"];
    let rows = [
        r#"{"key":"","value":1}"#,
        r#"{"key":"k1","value":2}"#,
        r#"{"key":"large","value":1}"#,
        r#"{"key":null,"value":2}"#,
    ];
    assert_eq!(sorted(&topic.once(&count)), rows);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_bad_record_is_named_by_topic_partition_and_offset() {
    let topic = odd_messages();
    let json = ["--once", "--json", ".a", "--count", "--format", "text"];
    let ended = topic.run(&json).end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "0\n"), "{}", ended.err);
    assert!(ended.err.contains(&format!("{}[0]@", topic.name)), "{}", ended.err);
    let ended = topic.run(&[&json[..], &["--on-bad", "fail"]].concat()).end();
    let said = ended.failed(1);
    assert!(said.contains(&format!("{}[0]@0", topic.name)), "{said}");
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn bytes_pass_through_untouched() {
    let topic = Broker::shared().topic(1);
    let odd = b"\xff\xfe;\0nul\0;a\nb\r;\xc3\x28;";
    topic.send(&["-D;"], odd);
    let mut run = topic.run(&["--once", "--format", "text", "-0"]);
    let out = run.out.rest();
    assert_eq!(run.end().status, 0);
    // Each record is there, whatever the format puts between them.
    for record in odd.split(|byte| *byte == b';').filter(|record| !record.is_empty()) {
        let found = out.windows(record.len()).any(|window| window == record);
        assert!(found, "{record:?} is not in {out:?}");
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn headers_are_keys() {
    let topic = Broker::shared().topic(1);
    topic.send(&["-H", "host=a", "-H", "trace=1"], "one\n");
    topic.send(&["-H", "host=b"], "two\n");
    topic.send(&["-H", "host=a", "-H", "host=z"], "three\n");
    topic.send(&[], "four\n");
    let one = ["--with-header", "trace", "--format", "json", "--no-time"];
    let rows = topic.once(&one);
    let expected = [
        r#"{"key":"1","value":"one"}"#,
        r#"{"key":null,"value":"two"}"#,
        r#"{"key":null,"value":"three"}"#,
        r#"{"key":null,"value":"four"}"#,
    ];
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
    let all = topic.once(&["--with-headers", "--format", "tsv", "--no-time"]);
    let first = all.lines().next().unwrap();
    for part in ["host", "a", "trace", "1", "one"] {
        assert!(first.contains(part), "{first}");
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn topic_and_partition_are_keys() {
    let topic = Broker::shared().topic(3);
    topic.send_to(0, "a\nb\n");
    topic.send_to(2, "c\n");
    let count = |with| {
        let out = topic.once(&[with, "--count-by-key", "--format", "tsv", "--no-time"]);
        sorted(&out).join(" ")
    };
    assert_eq!(count("--with-partition"), "0\t2 2\t1");
    assert_eq!(count("--with-topic"), format!("{}\t3", topic.name));
}
