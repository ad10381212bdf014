//! What is said of what cannot be.

use crate::broker::Broker;
use crate::common::{Dir, start, weir};

fn refused(args: &[&str]) -> String {
    start(weir(args)).end().failed(2).to_string()
}

#[test]
fn an_unknown_topic_ends_the_run_and_those_that_look_like_it_are_named() {
    let broker = Broker::new(&[("orders", 1), ("payments", 1)]);
    let ended = broker.weir("order", &["--count"]).end();
    assert_eq!(ended.failed(1), "weir: order: no such topic; there is orders\n");
}

#[test]
fn an_expression_that_matches_no_topic_is_said() {
    let broker = Broker::new(&[("orders", 1)]);
    let ended = broker.weir("^zzz", &["--once", "--count", "--format", "text"]).end();
    let found = (ended.status, ended.out.as_str(), ended.err.as_str());
    assert_eq!(found, (0, "0\n", "weir: ^zzz: no topic matches\n"));
}

#[test]
fn a_broker_that_never_answers_ends_the_run() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    for args in [
        ["kafka", "-b", &address, "-t", "t", "--count"],
        ["stdin", "--to-brokers", &address, "--to-kafka", "t", "--count"],
    ] {
        let ended = start(weir(&[&args[..], &["--connect-timeout", "1"]].concat())).end();
        let said = ended.failed(1);
        assert!(said.starts_with(&format!("weir: {address}: no answer within 1s: ")), "{said}");
        assert!(said.contains("Connection refused"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_timeout_is_refused_where_nobody_talks_to_brokers() {
    let said = refused(&["connect", "localhost:1", "--connect-timeout", "1"]);
    assert!(
        said.starts_with("weir: --connect-timeout: ") && said.contains("--reconnect-delay"),
        "{said}"
    );
}

#[test]
fn brokers_and_topics_have_to_be_named() {
    assert!(refused(&["kafka", "-t", "t", "--count"]).contains("--brokers"));
    assert!(refused(&["kafka", "-b", "b:1", "--count"]).contains("--topic"));
    assert!(refused(&["kafka", "-b", "b:1", "-t", "a b"]).starts_with("weir: --topic a b: "));
    assert!(refused(&["kafka", "-b", "b:1", "-t", "t", "--from", "noon"]).contains("--from"));
    let said = refused(&["kafka", "-b", "b:1", "-t", "t", "-G", ""]);
    assert_eq!(said, "weir: --group-id: what is empty names no group\n");
    let both = refused(&["kafka", "-b", "b:1", "-t", "t", "--with-key", "--with-topic"]);
    assert!(both.contains("--with-key") && both.contains("--with-topic"), "{both}");
}

#[test]
fn properties_are_judged_before_anything_is_done_and_secrets_are_not_said() {
    let kafka = |args: &[&str]| refused(&[&["kafka", "-b", "b:1", "-t", "t"], args].concat());
    let said = kafka(&["-X", "securty.protocol=ssl"]);
    assert_eq!(said, "weir: -X securty.protocol: no such property; there is security.protocol\n");
    assert!(kafka(&["-X", "group.id=g"]).starts_with("weir: -X group.id: cannot be set"));
    assert!(kafka(&["-X", "acks"]).starts_with("weir: -X: a property is key=value"));
    let dir = Dir::new();
    let file = dir.file("conf", "# secret\nsasl.password=hunter2\nsasl.passwort=hunter2\n");
    let file = file.to_str().unwrap();
    let said = kafka(&["-F", file]);
    assert!(
        said.starts_with(&format!("weir: -F {file}:3 sasl.passwort: no such property")),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert!(refused(&["stdin", "-X", "acks=1"]).contains("nothing here talks to Kafka"));
}

#[test]
fn the_version_tells_what_is_linked_in() {
    let ended = start(weir(&["--version", "-v"])).end();
    let out = ended.ok();
    assert!(out.starts_with("weir ") && out.contains("\nlibrdkafka 2."), "{out}");
    for feature in ["ssl", "sasl_scram", "sasl_plain", "gzip", "snappy", "lz4", "zstd"] {
        assert!(out.contains(feature), "{feature}: {out}");
    }
}
