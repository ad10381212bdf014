//! A connection against the vectors: what other implementations have sent, and must be answered.

use super::super::push::PROTOCOL;
use super::*;
use proptest::prelude::*;

/// A file of tests/data/flume.
fn data(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(format!("tests/data/flume/{name}")).unwrap();
    if !name.ends_with(".hex") {
        return bytes;
    }
    let digits: String = String::from_utf8(bytes).unwrap().split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn terms(compressed: bool) -> Terms {
    let rows = Rows { key: Key::None, max: 1 << 20 };
    Terms { rows, compressed, longest: 1 << 20, known: Arc::new(Known::new(PROTOCOL)) }
}

struct Connection(Server, Chunk);

impl Connection {
    fn new(terms: &Terms) -> Connection {
        let mut chunk = Chunk::default();
        chunk.mark = Mark(1);
        Connection(Server::new(terms, Origin::peer("sink")), chunk)
    }

    /// Gives it bytes; returns what it answers once all is safe.
    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (Connection(server, chunk), mut out) = (self, Vec::new());
        let start = server.begin(chunk);
        chunk.append(bytes);
        server.end(chunk, start, &mut usize::MAX.clone());
        server.answer(Mark(1), &mut out);
        out
    }

    fn bodies(&self) -> Vec<&[u8]> {
        (0..self.1.keys.len()).map(|row| self.1.key(row).unwrap()).collect()
    }

    /// Brings the handshake behind it.
    fn connected(mut self) -> Connection {
        let answer = self.feed(&data("push_10_ping.hex"));
        assert_eq!(answer, data("push_15_res_ping.hex"));
        self
    }
}

/// The answer of a file with another number.
fn numbered(name: &str, serial: u8) -> Vec<u8> {
    let mut answer = data(name);
    answer[3] = serial;
    answer
}

fn long_body() -> Vec<u8> {
    (0..70_000u32).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn the_first_call_and_all_that_follow_it() {
    let mut all = Connection::new(&terms(false));
    let ok = "push_12_res_OK.hex";
    assert_eq!(all.feed(&data("push_01_handshake_append.hex")), data("push_11_res_both_OK.hex"));
    assert_eq!(all.feed(&data("push_02_append_connected.hex")), data(ok));
    let batches = ["push_03_appendBatch_3", "push_04_appendBatch_1_buffer"]
        .into_iter()
        .chain(["push_05_appendBatch_tiny_buffers", "push_06_appendBatch_negative_block"])
        .chain(["push_07_appendBatch_empty"]);
    for (serial, name) in (3..).zip(batches) {
        assert_eq!(all.feed(&data(&format!("{name}.hex"))), numbered(ok, serial), "{name}");
    }
    let answer = all.feed(&data("push_23_unknown_message.hex"));
    assert_eq!(answer[..12], [0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 0]);
    assert!(String::from_utf8_lossy(&answer).ends_with("weir: no message is called \"nope\""));
    assert_eq!(all.feed(&data("push_02_append_connected.hex")), data(ok), "it goes on");
    let (long, first) = (long_body(), "première ligne".as_bytes());
    let mut expected: Vec<&[u8]> = vec![b"single", b"single", first, b"", &long];
    expected.extend([first, b"", first, b"", first, b"", b"single"]);
    assert_eq!(all.bodies(), expected);
    assert_eq!(all.0.broken(), None);
}

#[test]
fn an_unknown_hash_is_asked_for_its_text_and_then_known_to_all() {
    let terms = terms(false);
    let mut first = Connection::new(&terms);
    let unknown = data("push_08_unknown_client_hash.hex");
    assert_eq!(first.feed(&unknown), data("push_13_res_none.hex"));
    assert!(first.bodies().is_empty(), "the call comes again");
    let both = numbered("push_11_res_both_OK.hex", 2);
    assert_eq!(first.feed(&data("push_09_client_text.hex")), both);
    assert_eq!(first.bodies(), [b"single"]);
    // What it guesses of us is wrong.
    let mut second = Connection::new(&terms);
    assert_eq!(second.feed(&unknown), data("push_14_res_client_OK.hex"));
    let mut third = Connection::new(&terms);
    let answer = third.feed(&data("push_22_wrong_server_hash.hex"));
    assert_eq!(answer, data("push_14_res_client_OK.hex"));
}

#[test]
fn two_calls_in_one_write_have_two_answers_in_order() {
    let mut both = Connection::new(&terms(false));
    let answers = [data("push_11_res_both_OK.hex"), data("push_12_res_OK.hex")].concat();
    assert_eq!(both.feed(&data("push_21_two_calls_one_write.hex")), answers);
}

#[test]
fn an_answer_waits_until_its_batch_is_safe_and_those_behind_it_wait_too() {
    let mut all = Connection::new(&terms(false)).connected();
    all.1.mark = Mark(7);
    assert_eq!(all.feed(&data("push_02_append_connected.hex")), b"");
    assert_eq!(all.feed(&data("push_07_appendBatch_empty.hex")), b"", "it has its turn");
    assert_eq!(all.0.owes(), Some(Mark(7)));
    let mut out = Vec::new();
    all.0.answer(Mark(6), &mut out);
    assert!(out.is_empty());
    all.0.answer(Mark(7), &mut out);
    assert_eq!(out, [data("push_12_res_OK.hex"), numbered("push_12_res_OK.hex", 7)].concat());
    assert_eq!(all.0.owes(), None);
}

#[test]
fn what_is_refused_is_answered_so_and_leaves_nothing() {
    let mut all = Connection::new(&terms(false)).connected();
    assert!(all.0.refuse(true));
    let failed = numbered("push_16_res_FAILED.hex", 2);
    assert_eq!(all.feed(&data("push_02_append_connected.hex")), failed);
    assert!(all.0.refuse(false) && !all.1.has_come());
    assert_eq!(all.feed(&data("push_02_append_connected.hex")), data("push_12_res_OK.hex"));
}

#[test]
fn what_java_clients_have_sent_is_understood() {
    let mut plain = Connection::new(&terms(false));
    plain.feed(&data("java_flume_none_then_batch.bin"));
    // The first call is answered BOTH or NONE by whether the hash is known; here it is.
    assert_eq!(plain.0.broken(), None);
    assert!(plain.bodies().iter().any(|body| *body == [0; 70_000]), "{}", plain.bodies().len());
    let mut compressed = Connection::new(&terms(true));
    compressed.feed(&data("java_flume_deflate.bin"));
    assert_eq!((compressed.0.broken(), compressed.bodies().len()), (None, 9));
    assert_eq!(compressed.0.unfinished(), 0, "also of what stands behind the end of the stream");
}

#[test]
fn a_compressed_connection_is_one_stream_each_way() {
    let mut all = Connection::new(&terms(true));
    let mut answers = all.feed(&data("push_31_deflate_1.hex"));
    answers.extend(all.feed(&data("push_32_deflate_2.hex")));
    let inflated = |bytes: &[u8]| {
        let (mut stream, mut rest, mut all) = (Inflate::default(), bytes, Vec::new());
        loop {
            match stream.feed(&mut rest).unwrap() {
                [] => return all,
                piece => all.extend_from_slice(piece),
            }
        }
    };
    assert_eq!(inflated(&answers), inflated(&data("push_33_deflate_answers.hex")));
    assert_eq!(all.bodies().len(), 4);
}

#[test]
fn strangers_are_told_what_they_look_like() {
    let table: [(bool, Vec<u8>, &str); 4] = [
        (false, b"GET / HTTP/1.1\r\n\r\n".to_vec(), "HTTP"),
        (false, data("java_flume_deflate.bin"), "--compression deflate"),
        (true, data("push_01_handshake_append.hex"), "not compressed"),
        (true, data("java_flume111_tls_inside_deflate.bin"), "as Flume from 1.10 on sends"),
    ];
    for (compressed, bytes, seen) in table {
        let mut stranger = Connection::new(&terms(compressed));
        assert_eq!(stranger.feed(&bytes), b"");
        let what = stranger.0.broken().unwrap();
        assert!(what.contains(seen), "{what}");
        assert!(!stranger.1.has_come() && stranger.0.unfinished() == 0);
    }
    let mut short = Connection::new(&terms(false));
    short.feed(b"hi\n");
    short.0.finish(&mut short.1);
    assert!(short.0.broken().unwrap().contains("lines of text"));
}

#[test]
fn a_message_that_is_too_long_ends_the_connection_and_says_what_helps() {
    let terms = Terms { longest: 60_000, ..terms(false) };
    let mut all = Connection::new(&terms).connected();
    all.feed(&data("push_03_appendBatch_3.hex"));
    assert!(all.0.broken().unwrap().contains("a smaller batch-size makes shorter ones"));
    assert!(all.bodies().is_empty());
}

#[test]
fn a_limit_holds_whole_batches_back_and_parts_none() {
    let mut all = Connection::new(&terms(false)).connected();
    let two = data("push_04_appendBatch_1_buffer.hex").repeat(3);
    let Connection(server, chunk) = &mut all;
    let (start, mut limit) = (server.begin(chunk), 1);
    chunk.append(&two);
    server.end(chunk, start, &mut limit);
    assert_eq!((chunk.keys.len(), limit, server.has_whole()), (2, 0, true));
    let mut limit = 3;
    server.release(chunk, &mut limit);
    assert_eq!((chunk.keys.len(), limit, server.has_whole()), (6, 0, false));
    assert_eq!(server.unfinished(), 0);
}

/// All vectors that a server may get, with what comes before each.
fn requests() -> Vec<(Vec<u8>, Vec<u8>, bool)> {
    let names = std::fs::read_dir("tests/data/flume").unwrap();
    let mut names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let calls = names.iter().filter(|name| name.starts_with("push_") && !name.contains("_res_"));
    let java = names.iter().filter(|name| name.starts_with("java_"));
    let found: Vec<_> = calls
        .chain(java)
        .filter(|name| !name.contains("answers"))
        .map(|name| {
            let compressed = name.contains("deflate");
            let is_later = name.starts_with("push_3") && name.contains("32");
            let before = match () {
                () if is_later => data("push_31_deflate_1.hex"),
                () if compressed || name.contains("java") => Vec::new(),
                () if data(name)[3] == 1 || name.contains("text") => Vec::new(),
                () => data("push_10_ping.hex"),
            };
            (before, data(name), compressed)
        })
        .collect();
    assert!(found.len() >= 15);
    found
}

#[test]
fn of_every_vector_each_beginning_asks_for_more() {
    for (before, bytes, compressed) in requests() {
        let is_stranger = bytes == data("java_flume111_tls_inside_deflate.bin");
        let step = bytes.len().div_ceil(400);
        for cut in (0..bytes.len()).step_by(step) {
            let mut some = Connection::new(&terms(compressed));
            some.feed(&before);
            some.feed(&bytes[..cut]);
            assert!(some.0.broken().is_none() || is_stranger);
            let first = some.bodies().len();
            // The rest makes of it what the whole is.
            some.feed(&bytes[cut..]);
            let mut whole = Connection::new(&terms(compressed));
            whole.feed(&before);
            whole.feed(&bytes);
            assert_eq!(some.bodies(), whole.bodies(), "cut at {cut}, {first} before");
        }
    }
}

proptest! {
    #[test]
    fn a_vector_with_bytes_changed_is_served_or_refused_and_never_a_panic(
        which in 0usize..15,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (before, mut bytes, compressed) = requests().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut some = Connection::new(&terms(compressed));
        some.feed(&before);
        some.feed(&bytes);
        let broken = some.0.broken().is_some();
        prop_assert!(!broken || some.0.unfinished() < 200_000);
    }
}
