//! Acknowledging: a client sees the end of the file when the log has its lines, and a reset otherwise.

use std::io::Read as _;
use std::net::Shutdown;

use super::*;

/// A client that has sent something and will send no more.
fn sender(room: &Room, text: &str) -> TcpStream {
    let mut client = room.client();
    client.set_read_timeout(Some(LONG)).unwrap();
    client.write_all(text.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client
}

/// Reads until a client has sent all, and returns it with the mark of the last records.
fn heard(room: &mut Room, text: &str) -> (TcpStream, Mark) {
    let client = sender(room, text);
    room.listen.clients.reception.one_has_left = false;
    while !room.listen.clients.reception.one_has_left {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    (client, Mark(room.mark.0 - 1))
}

fn room() -> Room {
    Room::new(&Settings { acknowledges: true, ..settings() })
}

impl Room {
    fn logged(&mut self, mark: Mark) {
        self.listen.reached(Stage::Logged, mark).unwrap();
    }
}

/// What a client is told before the end of the file.
fn answer(mut client: &TcpStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text
}

#[track_caller]
fn assert_waits(mut client: &TcpStream) {
    client.set_nonblocking(true).unwrap();
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    client.set_nonblocking(false).unwrap();
}

#[track_caller]
fn assert_reset(mut client: &TcpStream) {
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_client_is_acknowledged_when_the_log_has_its_last_record_and_not_before() {
    let mut room = room();
    let (client, mark) = heard(&mut room, "a\nb\n");
    room.listen.reached(Stage::Folded, mark).unwrap();
    room.logged(Mark(mark.0 - 1));
    assert_waits(&client);
    assert!(room.listen.waiting().ends_with(" (0 clients)"), "{}", room.listen.waiting());
    room.logged(mark);
    assert_eq!(answer(&client), "ok 2\n");
}

#[test]
fn without_an_answer_the_end_of_the_file_is_all() {
    let mut room = room();
    room.listen.clients.answers = false;
    let (client, mark) = heard(&mut room, "a\nb\n");
    assert_waits(&client);
    room.logged(mark);
    assert_eq!(answer(&client), "");
}

#[test]
fn whoever_is_not_acknowledged_when_all_ends_is_reset() {
    let mut room = room();
    let (waits, _) = heard(&mut room, "a\n");
    let mut connected = room.client();
    connected.write_all(b"b\nhalf").unwrap();
    assert_eq!(room.gather(1), ["b"]);
    let at_the_door = sender(&room, "c\n");
    drop(room);
    [waits, connected, at_the_door].iter().for_each(assert_reset);
}

#[test]
fn without_a_log_a_client_is_closed_in_order_at_its_end() {
    let mut room = Room::new(&settings());
    let (client, _) = heard(&mut room, "a\n");
    assert_eq!(answer(&client), "");
    let mut connected = room.client();
    connected.write_all(b"b\n").unwrap();
    assert_eq!(room.gather(1), ["b"]);
    drop(room);
    assert_eq!(answer(&connected), "");
}

#[test]
fn each_client_waits_for_its_own_last_record() {
    let mut room = room();
    let mut long = room.client();
    long.set_read_timeout(Some(LONG)).unwrap();
    long.write_all(b"1\n").unwrap();
    assert_eq!(room.gather(1), ["1"]);
    let (short, early) = heard(&mut room, "a\n");
    long.write_all(b"2\n").unwrap();
    assert_eq!(room.gather(1), ["2"]);
    let late = Mark(room.mark.0 - 1);
    room.logged(early);
    assert_eq!(answer(&short), "ok 1\n");
    long.shutdown(Shutdown::Write).unwrap();
    let (other, _) = heard(&mut room, "");
    assert_eq!(answer(&other), "ok 0\n", "nothing is to be logged for it");
    while room.listen.waiting().ends_with(" (1 client)") {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    assert_waits(&long);
    room.logged(late);
    assert_eq!(answer(&long), "ok 2\n");
}

#[test]
fn a_client_whose_records_are_in_the_log_is_acknowledged_at_its_end() {
    let mut room = room();
    let mut client = room.client();
    client.write_all(b"a\n").unwrap();
    assert_eq!(room.gather(1), ["a"]);
    room.logged(Mark(1));
    assert_waits(&client);
    client.shutdown(Shutdown::Write).unwrap();
    while !room.listen.clients.reception.one_has_left {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    assert_eq!(answer(&client), "ok 1\n");
}

#[test]
fn half_a_line_counts_and_a_line_that_is_too_long_does_not() {
    let mut room = Room::new(&Settings { acknowledges: true, max_record: 4, ..settings() });
    let (client, mark) = heard(&mut room, "12345\n1234\n\nhalf");
    assert_waits(&client);
    room.logged(mark);
    assert_eq!(answer(&client), "ok 3\n");
    let before = room.mark;
    let (client, _) = heard(&mut room, "12345\n1234567");
    assert_eq!(room.mark, before, "no record has come");
    assert_eq!(answer(&client), "ok 0\n");
}

#[test]
fn what_a_limit_holds_back_is_waited_for() {
    let mut room = room();
    let client = sender(&room, "1\n2\n3\n4\n5\nhalf");
    for lines in [&["1", "2"][..], &["3", "4"], &["5", "half"]] {
        assert_waits(&client);
        assert_eq!(room.read(2, LONG), Read::Rows);
        assert_eq!(room.lines(), lines);
        room.logged(Mark(room.mark.0 - 1));
    }
    assert_eq!(answer(&client), "ok 6\n");
}

#[test]
fn a_thousand_clients_are_acknowledged_together() {
    let mut room = room();
    let mut clients = Vec::new();
    for number in 0..1000 {
        clients.push(sender(&room, &format!("{number}\n")));
        // The system's queue of clients that are not let in yet may be as short as 128.
        if number % 100 == 99 {
            room.gather(100);
        }
    }
    while !room.listen.waiting().ends_with(" (0 clients)") {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    clients.iter().for_each(assert_waits);
    room.logged(Mark(room.mark.0 - 1));
    assert!(clients.iter().all(|client| answer(client) == "ok 1\n"));
}

#[test]
fn once_ends_with_clients_that_are_acknowledged_after_the_end() {
    let mut room = Room::new(&Settings { once: true, acknowledges: true, ..settings() });
    let mut other = room.client();
    other.write_all(b"other\nhalf").unwrap();
    assert_eq!(room.gather(1), ["other"]);
    let first = sender(&room, "first");
    assert_eq!(room.gather(1), ["first"]);
    assert_eq!(room.read(usize::MAX, LONG), Read::End);
    assert_waits(&first);
    room.logged(Mark(room.mark.0 - 1));
    assert_eq!(answer(&first), "ok 1\n");
    drop(room);
    assert_reset(&other);
}

#[test]
fn a_client_that_resets_while_it_waits_is_let_go() {
    let mut room = room();
    let (client, mark) = heard(&mut room, "a\n");
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    let (next, last) = heard(&mut room, "b\n");
    room.logged(mark);
    assert_waits(&next);
    room.logged(last);
    assert_eq!(answer(&next), "ok 1\n");
}

#[test]
fn a_client_whose_connection_breaks_is_not_waited_for() {
    let mut room = room();
    let mut client = room.client();
    client.write_all(b"a\n").unwrap();
    assert_eq!(room.gather(1), ["a"]);
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    while !room.listen.clients.reception.one_has_left {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    assert!(
        !room.listen.clients.farewells.as_mut().unwrap().reached(Mark(u64::MAX)),
        "nobody waited"
    );
}

#[test]
fn answers_need_a_log() {
    let matches = |args: &[&str]| arguments(clap::Command::new("listen")).get_matches_from(args);
    let matches = matches(&["listen", "0", "--ack"]);
    let error = build(&matches, &settings()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "--ack: needs --checkpoint, and no --no-wal: the log keeps the lines"
    );
    assert_eq!(error.exit_status(), 2);
    assert!(build(&matches, &Settings { acknowledges: true, ..settings() }).is_ok());
}

#[test]
fn clients_that_wait_for_the_log_make_room_when_they_are_acknowledged() {
    in_another_process("acknowledged::child_short_of_files");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn child_short_of_files() {
    let mut room = Room::virtual_time(&Settings { acknowledges: true, ..settings() });
    let clients = short_of_files(&room);
    clients.iter().for_each(|client| client.shutdown(Shutdown::Write).unwrap());
    for lines in [["0", "1", "2"], ["3", "4", "5"], ["6", "7", "8"]] {
        assert_eq!(room.gather(3), lines);
        assert_eq!(room.read(usize::MAX, Duration::from_secs(20)), Read::Idle, "no room yet");
        room.logged(Mark(room.mark.0 - 1));
    }
    let before = room.wait.now();
    assert_eq!(room.gather(1), ["9"]);
    assert_eq!(room.wait.now(), before, "at once");
}
