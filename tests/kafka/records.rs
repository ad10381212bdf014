//! What a record is: values that are there or not, keys, topics, partitions and headers.

use crate::broker::{Broker, Sent};

/// What a run printed that reads all of `t`.
fn once(broker: &Broker, args: &[&str]) -> String {
    broker.weir("t", &[&["--once", "--no-time", "-q"], args].concat()).end().ok().to_string()
}

/// As case 47 has them: with a value, without one, with an empty one, without a key, large.
fn odd() -> Broker {
    let broker = Broker::new(&[("t", 1)]);
    let large = vec![b'v'; 900_000];
    let sent = |key, value| Sent { key, value, ..Sent::default() };
    let key = Some(&b"k1"[..]);
    broker.send(
        "t",
        &[
            sent(key, Some(b"v")),
            sent(key, None),
            sent(None, Some(b"")),
            sent(None, None),
            sent(Some(b"large"), Some(&large)),
        ],
    );
    broker
}

#[test]
fn none_of_the_odd_ones_stops_the_stream() {
    let broker = odd();
    assert_eq!(once(&broker, &["--count", "--format", "tsv"]), "5\n");
    let lengths = once(&broker, &["--format", "text"]);
    let lengths: Vec<usize> = lengths.lines().map(str::len).collect();
    assert_eq!(lengths, [1, 0, 0, 0, 900_000]);
}

#[test]
fn a_key_that_is_missing_is_none_that_is_empty() {
    let broker = odd();
    broker.send("t", &[Sent { key: Some(b""), value: Some(b"x"), ..Sent::default() }]);
    let args = ["--with-key", "--reject", "large", "--format", "json"];
    let json = once(&broker, &args);
    let rows: Vec<&str> = json.lines().collect();
    assert_eq!(rows[..2], [r#"{"key":"k1","value":"v"}"#, r#"{"key":"k1","value":""}"#]);
    assert_eq!(rows[2..4], [r#"{"key":null,"value":""}"#; 2]);
    assert_eq!(rows[4], r#"{"key":"","value":"x"}"#);
}

#[test]
fn a_record_that_is_bad_names_its_topic_partition_and_offset() {
    let broker = odd();
    // Of two workers either may be the first that refuses something: one has the large message, the other all else.
    let alone = ["--once", "--json", ".a", "--count", "--threads", "1"];
    let ended = broker.weir("t", &[&alone[..], &["--format", "text"]].concat()).end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "0\n"));
    assert!(ended.err.contains("t[0]@4"), "{}", ended.err);
    let failed = broker.weir("t", &[&alone[..], &["--on-bad", "fail"]].concat()).end();
    assert!(failed.failed(1).contains("weir: t[0]@0: "), "{}", failed.err);
}

#[test]
fn what_is_too_long_is_bad_and_passed() {
    let broker = odd();
    let args = ["--once", "--max-record", "1000", "--count", "--format", "text"];
    let ended = broker.weir("t", &args).end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "4\n"));
    assert!(ended.err.contains("t[0]@4: longer than --max-record 1000"), "{}", ended.err);
}

#[test]
fn a_key_is_what_was_asked_for() {
    let broker = Broker::new(&[("t", 2)]);
    let headers: [(&str, Option<&[u8]>); 3] =
        [("trace", Some(b"1")), ("trace", Some(b"2")), ("none", None)];
    broker.send(
        "t",
        &[
            Sent { partition: 0, key: Some(b"k"), value: Some(b"a"), headers: &headers },
            Sent { partition: 1, key: None, value: Some(b"b"), headers: &[] },
        ],
    );
    let rows = |args: &[&str]| {
        let out = once(&broker, &[args, &["--format", "json"]].concat());
        let mut rows: Vec<String> = out.lines().map(str::to_string).collect();
        rows.sort_by_key(|row| row.contains(r#""value":"b""#));
        rows
    };
    let pair = |key: &str, value: &str| format!(r#"{{"key":{key},"value":"{value}"}}"#);
    assert_eq!(rows(&["--with-key"]), [pair("\"k\"", "a"), pair("null", "b")]);
    assert_eq!(rows(&["--with-topic"]), [pair("\"t\"", "a"), pair("\"t\"", "b")]);
    assert_eq!(rows(&["--with-partition"]), [pair("\"0\"", "a"), pair("\"1\"", "b")]);
    assert_eq!(rows(&["--with-header", "trace"]), [pair("\"2\"", "a"), pair("null", "b")]);
    let all = r#""{\"trace\":\"1\",\"trace\":\"2\",\"none\":null}""#;
    assert_eq!(rows(&["--with-headers"]), [pair(all, "a"), pair("\"{}\"", "b")]);
}

#[test]
fn a_pair_prints_as_a_tuple() {
    let broker = Broker::new(&[("t", 1)]);
    broker.lines("t", 0, &["hello,kafka,spark,streaming,kafka"]);
    let ended = broker.weir("t", &["--once", "-q", "--with-key"]).end();
    assert!(
        ended.ok().contains("\n(None, 'hello,kafka,spark,streaming,kafka')\n"),
        "{}",
        ended.out
    );
}
