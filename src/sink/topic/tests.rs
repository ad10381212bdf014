//! What comes of a topic when its brokers fail, and when somebody else writes for the same checkpoint.

use std::sync::{Arc, Mutex};

use super::sim::{Client, Cluster};
use super::*;
use crate::disk::sim::SimDisk;
use crate::sink::spool::Spool;
use crate::wire::message::put;

fn client(cluster: &Arc<Mutex<Cluster>>) -> Topic {
    Topic::new("t", Box::new(Client::new(cluster, &SimDisk::new(1))))
}

/// The messages of a batch: so many, with its number in each.
fn messages(number: u64, rows: u64) -> Spool {
    let mut spool = Spool::in_pieces(7);
    for row in 0..rows {
        let mut message = Vec::new();
        put(&mut message, Some(b"k"), |out| out.extend(format!("{number}-{row}").bytes()));
        spool.write(&message).unwrap();
    }
    spool
}

fn sent(topic: &mut Topic, number: u64, rows: u64, how: &str) -> Result<(), Error> {
    let (messages, text) = (messages(number, rows), Spool::new());
    let time = Stamp(1000 + number as i64);
    let batch = Batch { number, time, rows, header: b"", text: &text, messages: Some(&messages) };
    match how {
        "publish" => topic.stage(&batch).and_then(|_| topic.publish(&batch)),
        _ => topic.redeem(&batch, &Promise::default()),
    }
}

/// The values in the topic, batch by batch.
fn seen(cluster: &Arc<Mutex<Cluster>>) -> Vec<Vec<String>> {
    let text = |(_, value): &(_, Vec<u8>)| String::from_utf8(value.clone()).unwrap();
    let cluster = cluster.lock().unwrap();
    cluster.seen.iter().map(|(_, messages)| messages.iter().map(text).collect()).collect()
}

#[test]
fn each_batch_comes_once_whatever_the_brokers_lose() {
    for seed in 0..300 {
        let cluster = Cluster::new(seed, seed % 60);
        let mut topic = client(&cluster).opened().unwrap();
        let batches = [(0, 3), (1, 0), (2, 1), (5, 2)];
        let all = batches.map(|(number, rows)| {
            sent(&mut topic, number, rows, "publish").unwrap();
            (0..rows).map(|row| format!("{number}-{row}")).collect::<Vec<_>>()
        });
        let wanted: Vec<_> = all.into_iter().filter(|batch| !batch.is_empty()).collect();
        assert_eq!(seen(&cluster), wanted, "{seed}");
    }
}

#[test]
fn an_owed_batch_is_sent_if_its_mark_is_not_there() {
    let cluster = Cluster::new(1, 0);
    sent(&mut client(&cluster).opened().unwrap(), 0, 1, "publish").unwrap();
    for _ in 0..2 {
        for number in [0, 1] {
            let mut topic = client(&cluster).opened().unwrap();
            let owed = sent(&mut topic, number, 1, "redeem");
            assert_eq!(owed.is_ok(), number == 1 || seen(&cluster).len() == 1, "{owed:?}");
        }
    }
    assert_eq!(seen(&cluster), [["0-0"], ["1-0"]]);
}

#[test]
fn what_was_left_under_way_is_undone() {
    let cluster = Cluster::new(1, 0);
    let mut old = Client::new(&cluster, &SimDisk::new(1));
    old.reopen(0).unwrap();
    old.begin().unwrap();
    old.send(Message { key: None, value: b"half" }).unwrap();
    sent(&mut client(&cluster).opened().unwrap(), 0, 1, "publish").unwrap();
    assert!(matches!(old.commit(Mark { next: 9, time: Stamp(9) }), Err(Trouble::Again(_))));
    assert_eq!(seen(&cluster), [["0-0"]]);
}

#[test]
fn a_copy_of_the_checkpoint_is_told_that_it_is_behind() {
    let cluster = Cluster::new(1, 0);
    let mut one = client(&cluster).opened().unwrap();
    sent(&mut one, 0, 1, "publish").unwrap();
    let mut other = client(&cluster).opened().unwrap();
    sent(&mut other, 1, 1, "publish").unwrap();
    sent(&mut other, 2, 1, "publish").unwrap();
    let error = sent(&mut one, 1, 1, "publish").unwrap_err();
    assert_eq!(error.exit_status(), 2);
    let told = "topic t: has batch 2 of this checkpoint, and here it is the turn of batch 1";
    assert!(error.to_string().starts_with(told), "{error}");
    // It has shut out the other, which has done nothing wrong, and goes on.
    sent(&mut other, 3, 1, "publish").unwrap();
    assert_eq!(seen(&cluster), [["0-0"], ["1-0"], ["2-0"], ["3-0"]]);
}

#[test]
fn a_mark_that_brokers_have_forgotten_is_nobody_else() {
    let cluster = Cluster::new(1, 0);
    let mut topic = client(&cluster).opened().unwrap();
    sent(&mut topic, 0, 1, "publish").unwrap();
    let _shut_out = client(&cluster).opened().unwrap();
    cluster.lock().unwrap().mark = None;
    sent(&mut topic, 1, 1, "publish").unwrap();
    assert_eq!(seen(&cluster), [["0-0"], ["1-0"]]);
}

#[test]
fn numbers_that_begin_anew_behind_a_reset_are_those_of_later_times() {
    let cluster = Cluster::new(1, 0);
    sent(&mut client(&cluster).opened().unwrap(), 7, 1, "publish").unwrap();
    let mut topic = client(&cluster).opened().unwrap();
    let messages = messages(0, 1);
    let (text, time) = (Spool::new(), Stamp(5000));
    let messages = Some(&messages);
    let batch = Batch { number: 0, time, rows: 1, header: b"", text: &text, messages };
    topic.publish(&batch).unwrap();
    assert_eq!(seen(&cluster), [["7-0"], ["0-0"]]);
}
