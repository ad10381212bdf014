//! Members of a group that share the partitions, of which one is killed.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::{Broker, Topic, numbers, until};
use crate::common::{Dir, Run};

/// How many messages there are.
const MESSAGES: u32 = 60_000;
/// How many a member takes in a batch.
const BATCH: u32 = 2_000;

fn member(topic: &Topic, group: &str, out: &Path) -> Run {
    let rate = (BATCH * 5).to_string();
    let flags = ["-G", group, "--from", "earliest", "--max-rate", &rate, "--format", "tsv"];
    let more = ["--interval", "200ms", "--epoch", "-o", out.to_str().unwrap()];
    topic.run(&[&flags[..], &more, &["-X", "session.timeout.ms=6000"]].concat())
}

/// How often a file has each message, and the messages of each batch in order.
fn rows(path: &Path) -> Vec<(String, u32)> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let row = |line: &str| {
        let (time, record) = line.split_once('\t').unwrap();
        (time.to_string(), record.parse().unwrap())
    };
    whole.lines().map(row).collect()
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn of_two_members_one_is_killed_and_each_message_is_counted() {
    let topic = Broker::shared().topic(4);
    for partition in 0..4 {
        let text: String =
            (0..MESSAGES).filter(|n| n % 4 == partition).map(|n| format!("{n}\n")).collect();
        topic.send_to(partition as i32, &text);
    }
    let (dir, group) = (Dir::new(), format!("group-{}", topic.name));
    let (one, other) = (dir.path("one.tsv"), dir.path("other.tsv"));
    let (first, second) = (member(&topic, &group, &one), member(&topic, &group, &other));
    until("both have something", || rows(&one).len() > 100 && rows(&other).len() > 100);
    second.signal(Signal::KILL);
    second.end();
    let killed = rows(&other);
    let has_all = || {
        let mut seen = vec![false; MESSAGES as usize];
        for (_, number) in killed.iter().chain(&rows(&one)) {
            seen[*number as usize] = true;
        }
        seen.iter().all(|seen| *seen)
    };
    until("every message is there", has_all);
    first.signal(Signal::TERM);
    assert_eq!(first.end().status, 0);
    let mut times: HashMap<u32, u32> = HashMap::new();
    for (_, number) in killed.iter().chain(&rows(&one)) {
        *times.entry(*number).or_default() += 1;
    }
    let repeated: Vec<_> = times.iter().filter(|(_, times)| **times > 1).map(|(n, _)| *n).collect();
    let last = &killed.last().unwrap().0;
    let of_the_last = |n: &u32| killed.iter().any(|(time, number)| number == n && time == last);
    assert!(repeated.iter().all(of_the_last), "{} repeat, and not of one batch", repeated.len());
    assert!(times.values().all(|times| *times <= 2));
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_member_that_joins_gets_what_comes_behind_the_batch_that_is_cut_for_it() {
    let topic = Broker::shared().topic(4);
    for partition in 0..4 {
        topic.send_to(partition, &numbers(1, 10));
    }
    let group = format!("group-{}", topic.name);
    let flags = ["-G", &group, "-v", "--format", "text", "--from", "earliest", "--interval"];
    // Without a cut the batch would end in an hour.
    let mut first = topic.run(&[&flags[..], &["1h"]].concat());
    first.out.lines(40);
    let mut second = topic.run(&[&flags[..], &["0.2"]].concat());
    second.err.line(": 2 partitions");
    first.err.line(": 2 partitions");
    second.signal(Signal::INT);
    assert_eq!(second.end().out, "", "what was out is committed");
    first.signal(Signal::INT);
    assert_eq!(first.end().status, 0);
}
