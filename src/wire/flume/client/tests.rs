//! A connection against the vectors: what SparkSinks are asked, byte by byte, and what they answer.

use super::*;
use proptest::prelude::*;

/// A file of tests/data/flume.
fn data(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(format!("tests/data/flume/{name}.hex")).unwrap();
    let digits: String = text.split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The same with another number.
fn numbered(name: &str, serial: u8) -> Vec<u8> {
    let mut answer = data(name);
    answer[3] = serial;
    answer
}

struct Connection(Client, Chunk);

impl Connection {
    fn new(most: usize) -> Connection {
        let mut chunk = Chunk::default();
        chunk.mark = Mark(7);
        let rows = Rows { key: Key::Header("host".to_string()), max: 1 << 20 };
        Connection(Client::new(Origin::peer("sink"), rows, most, 1 << 20), chunk)
    }

    /// What it sends once all up to the mark is safe.
    fn says(&mut self, safe: u64) -> Vec<u8> {
        let mut out = Vec::new();
        self.0.answer(Mark(safe), &mut out);
        out
    }

    fn feed(&mut self, bytes: &[u8]) {
        let Connection(client, chunk) = self;
        let start = client.begin(chunk);
        chunk.append(bytes);
        client.end(chunk, start, &mut usize::MAX.clone());
    }

    /// One that has asked for 1000 events.
    fn asked() -> Connection {
        let mut all = Connection::new(1000);
        assert_eq!(all.says(0), data("pull_01_handshake_getEventBatch"));
        assert!(all.0.is_polling());
        all
    }

    /// One that has acknowledged a batch, and asked for the next.
    fn connected() -> Connection {
        let mut all = Connection::asked();
        all.feed(&data("pull_11_res_batch_2"));
        assert_eq!(all.says(7), data("pull_03_ack"));
        all.feed(&data("pull_16_res_ack"));
        assert_eq!(all.says(0), numbered("pull_02_getEventBatch", 3));
        assert_eq!(all.0.news(), [News::Batch, News::Acknowledged]);
        all
    }
}

#[test]
fn a_batch_is_acknowledged_when_it_is_safe_and_then_the_next_is_asked_for() {
    let mut all = Connection::asked();
    all.feed(&data("pull_11_res_batch_2"));
    assert_eq!((all.1.keys.len(), all.0.open(), all.0.owes()), (2, 2, Some(Mark(7))));
    assert_eq!(all.1.key(0), Some(&b"a"[..]));
    assert_eq!(
        (all.1.value(0), all.1.key(1), all.1.value(1)),
        (Some(&b"first"[..]), None, Some(&b""[..]))
    );
    assert_eq!(all.says(6), b"");
    assert_eq!(all.says(7), data("pull_03_ack"));
    assert_eq!(all.0.open(), 2, "the sink may not know it");
    all.feed(&data("pull_16_res_ack"));
    assert_eq!((all.0.open(), all.0.broken()), (0, None));
    let mut all = Connection::connected();
    all.feed(&numbered("pull_13_res_batch_big", 3));
    assert_eq!(all.1.value(2).unwrap().len(), 70_000);
}

#[test]
fn a_sink_that_does_not_know_us_is_sent_the_text() {
    let mut all = Connection::asked();
    let mut none = Vec::new();
    super::super::handshake::put_response(&mut none, Match::None, &PROTOCOL);
    let mut frame = Vec::new();
    frames::put(&mut frame, 1, &[&none]);
    all.feed(&frame);
    // The parts are cut elsewhere; where buffers are cut means nothing.
    let message = |bytes: &[u8]| {
        let mut frames = Frames::new(1 << 20);
        assert_eq!(frames.feed(&mut &bytes[..]), Ok(Some(2)));
        frames.message().to_vec()
    };
    assert_eq!(message(&all.says(0)), message(&data("pull_05_handshake_text")));
    frame[3] = 2;
    all.feed(&frame);
    assert!(all.0.broken().is_some(), "not for ever");
}

#[test]
fn errors_of_both_kinds_are_rested_after() {
    for error in ["pull_14_res_error_batch", "pull_15_res_rpc_error"] {
        let mut all = Connection::connected();
        all.feed(&numbered(error, 3));
        let [News::Error(words)] = &all.0.news()[..] else { panic!("an error") };
        assert!(words == "Unknown Error" || words == "java.lang.NullPointerException", "{words}");
        assert_eq!((all.0.owes(), all.says(9)), (None, Vec::new()));
        all.0.go_on();
        assert_eq!(all.says(0), numbered("pull_02_getEventBatch", 4));
    }
}

#[test]
fn as_many_are_asked_for_as_the_channel_gives() {
    let table: [(&str, Option<usize>); 4] = [
        ("Take list for MemoryTransaction, capacity 100 full, consider committing", Some(100)),
        ("Take list for FileBackedTransaction, capacity 800 full", Some(500)),
        ("capacity full", None),
        ("Unknown Error", None),
    ];
    for (words, most) in table {
        let mut all = Connection::connected();
        all.0.failed(words.to_string());
        assert_eq!(all.0.most(), most.unwrap_or(1000));
        let expected = most.map_or(News::Error(words.to_string()), News::Halved);
        assert_eq!(all.0.news(), [expected]);
    }
}

#[test]
fn what_is_not_safe_at_the_end_is_given_back() {
    let mut all = Connection::asked();
    all.feed(&data("pull_11_res_batch_2"));
    all.0.part();
    assert_eq!(all.says(0), numbered("pull_04_nack", 2));
    all.feed(&data("pull_16_res_ack"));
    assert_eq!((all.0.owes(), all.0.open()), (None, 0));
    // What comes after the end too; what is safe stays acknowledged.
    let mut all = Connection::asked();
    all.0.part();
    all.feed(&data("pull_11_res_batch_2"));
    assert!(all.1.keys.is_empty());
    assert_eq!(all.says(0), numbered("pull_04_nack", 2));
    let mut all = Connection::asked();
    all.feed(&data("pull_11_res_batch_2"));
    assert_eq!(all.says(7), data("pull_03_ack"));
    all.0.part();
    assert!(all.0.is_talking());
    all.feed(&data("pull_16_res_ack"));
    assert!(!all.0.is_talking() && all.0.owes().is_none());
}

#[test]
fn of_every_answer_each_beginning_asks_for_more() {
    let later = ["pull_12_res_batch_connected", "pull_13_res_batch_big", "pull_14_res_error_batch"]
        .into_iter()
        .chain(["pull_15_res_rpc_error"])
        .map(|name| (Connection::connected as fn() -> Connection, numbered(name, 3)));
    let first = (Connection::asked as fn() -> Connection, data("pull_11_res_batch_2"));
    for (begin, bytes) in later.chain([first]) {
        for cut in (0..bytes.len()).step_by(bytes.len().div_ceil(300)) {
            let mut some = begin();
            let before = some.1.keys.len();
            some.feed(&bytes[..cut]);
            assert_eq!((some.0.broken(), some.1.keys.len()), (None, before));
            some.feed(&bytes[cut..]);
            assert!(some.1.keys.len() > before || !some.0.news().is_empty());
        }
    }
}

#[test]
fn what_no_sink_answers_ends_the_connection() {
    let mut text = Connection::asked();
    text.feed(b"HTTP/1.1 400 Bad Request\r\n");
    assert!(text.0.broken().unwrap().contains("lines of text"));
    let mut other = Connection::connected();
    other.feed(&numbered("pull_12_res_batch_connected", 9));
    assert!(other.0.broken().unwrap().contains("another request"));
    let mut twice = Connection::connected();
    twice.feed(&numbered("pull_12_res_batch_connected", 3).repeat(2));
    assert!(twice.0.broken().unwrap().contains("no request"));
}

proptest! {
    #[test]
    fn an_answer_with_bytes_changed_is_taken_or_refused_and_never_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = numbered("pull_12_res_batch_connected", 3);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut all = Connection::connected();
        let before = all.1.keys.len();
        all.feed(&bytes);
        prop_assert!(all.0.broken().is_none() || all.1.keys.len() <= before + 2);
    }
}
