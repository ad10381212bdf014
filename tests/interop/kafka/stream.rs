//! A stream as the tutorial of Spark Streaming has it.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::Broker;
use crate::common::{RULE, batches, shell, start};

/// What the tutorial's producer sends every two seconds.
const LINE: &str = "hello,kafka,spark,streaming,kafka";
/// How often.
const TIMES: u32 = 4;

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn the_tutorial_s_words_are_counted_in_each_batch() {
    let topic = Broker::shared().topic(1);
    let flags = ["--split", ",", "--count-by-key", "--interval", "3"];
    let mut run = topic.run(&flags);
    run.err.line("latest");
    // The one test that lets time pass as the tutorial does.
    let script = format!(
        "for n in $(seq {TIMES}); do echo {LINE}; sleep 2; done | \
         kcat -q -P -X linger.ms=0 -b {} -t {}",
        topic.broker.at("BROKERS"),
        topic.name
    );
    let producer = start(shell(&script));
    let mut text = String::new();
    let mut seen = 0;
    while seen < TIMES * 2 {
        let line = run.out.line("");
        if let Some(count) = line.strip_prefix("('kafka', ").and_then(|rest| rest.strip_suffix(')')) {
            seen += count.parse::<u32>().unwrap();
        }
        text.push_str(&format!("{line}\n"));
    }
    assert_eq!(producer.end().status, 0);
    run.signal(Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.status, 0, "{}", ended.err);
    text.push_str(&ended.out);
    assert!(text.starts_with(RULE), "{text}");
    let batches = batches(&text);
    for (time, rows) in &batches {
        assert!(time[17..].parse::<u32>().unwrap() % 3 == 0 || time == &batches.last().unwrap().0);
        let Some(once) = rows.first().map(|_| rows.len()) else { continue };
        assert_eq!(once, 4, "{rows:?}");
        let times: u32 = rows[0].strip_prefix("('kafka', ").unwrap().trim_end_matches(')').parse().unwrap();
        let others = ["hello", "spark", "streaming"].map(|word| format!("('{word}', {})", times / 2));
        assert_eq!(rows[1..], others);
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn with_a_key_and_no_steps_messages_are_printed_as_pairs() {
    let topic = Broker::shared().topic(1);
    let mut run = topic.run(&["--with-key", "--interval", "200ms"]);
    run.err.line("latest");
    topic.send(&[], format!("{LINE}\n"));
    assert_eq!(run.out.line("hello"), format!("(None, '{LINE}')"));
    topic.send(&["-K:"], format!("it's:{LINE}\n"));
    assert_eq!(run.out.line("hello"), format!("(\"it's\", '{LINE}')"));
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_stream_that_is_faster_than_its_output_is_held_up() {
    // 60 MB wait in the topic, and nobody reads what is printed.
    let topic = Broker::shared().topic(3);
    let line = "x".repeat(100);
    for partition in 0..3 {
        topic.send_to(partition, &format!("{line}\n").repeat(200_000));
    }
    let script = format!(
        "exec \"$WEIR\" kafka -v -b {} -t {} --from earliest --format text --interval 200ms",
        topic.broker.at("BROKERS"),
        topic.name
    );
    let mut command = shell(&script);
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdout(writer);
    let mut run = start(command);
    run.err.line("3 partitions");
    thread::sleep(Duration::from_secs(3));
    let peak = run.peak();
    assert!(peak < 128 * 1024, "{peak} KiB");
    drop(reader);
    run.write("");
    assert_eq!(run.end().status, 0);
}
