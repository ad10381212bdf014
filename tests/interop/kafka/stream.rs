//! A stream as the tutorial of Spark Streaming has it.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{Broker, until};
use crate::common::{batches, shell, start};

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
    // The one test that lets time pass as the tutorial does. kcat sends when its input ends.
    let script = format!(
        "for n in $(seq {TIMES}); do echo {LINE} | kcat -q -P -b {} -t {}; sleep 2; done",
        topic.broker.at("BROKERS"),
        topic.name
    );
    let producer = start(shell(&script));
    let (mut text, mut seen) = (String::new(), 0);
    while seen < TIMES {
        let line = run.out.line("");
        seen += times(&line).unwrap_or(0);
        text.push_str(&format!("{line}\n"));
    }
    assert_eq!(producer.end().status, 0);
    run.signal(Signal::TERM);
    text.push_str(run.end().ok());
    let batches = batches(&text);
    let full: Vec<_> = batches.iter().filter(|(_, rows)| !rows.is_empty()).collect();
    assert!(full.len() > 1, "{text}");
    for (time, rows) in full {
        assert_eq!(time[17..].parse::<u32>().unwrap() % 3, 0, "{time}");
        let times = times(&rows[0]).unwrap();
        let others = ["hello", "spark", "streaming"].map(|word| format!("('{word}', {times})"));
        assert_eq!(rows[1..], others);
    }
}

/// How many lines there were if this row counts the word that is in each twice.
fn times(row: &str) -> Option<u32> {
    let count: u32 = row.strip_prefix("('kafka', ")?.strip_suffix(')')?.parse().unwrap();
    assert_eq!(count % 2, 0, "{row}");
    Some(count / 2)
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
    let mut before = run.cpu();
    until("that it reads no more", || {
        thread::park_timeout(Duration::from_millis(500));
        std::mem::replace(&mut before, run.cpu()) == run.cpu()
    });
    let peak = run.peak();
    assert!(peak < 128 * 1024, "{peak} KiB");
    drop(reader);
    run.write("");
    assert_eq!(run.end().status, 0);
}
