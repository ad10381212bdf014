//! The same by TLS: what holds without it holds with it.

use std::io::Read as _;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;
use crate::source::peers::tls::tests::{file, welcome};

type Sealed = StreamOwned<ClientConnection, TcpStream>;

fn room(settings: &Settings) -> Room {
    by_tls(Room::new(settings))
}

fn by_tls(mut room: Room) -> Room {
    room.listen.clients.welcome = welcome();
    room
}

fn acknowledging() -> Room {
    room(&Settings { acknowledges: true, ..settings() })
}

/// A client whose handshake has not begun.
fn client(room: &Room) -> Sealed {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = room.client();
    stream.set_read_timeout(Some(LONG)).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

/// Writes on a thread, while the room reads: the handshake takes both.
fn sending(mut client: Sealed, text: &str) -> std::thread::JoinHandle<Sealed> {
    let text = text.to_string();
    std::thread::spawn(move || {
        client.write_all(text.as_bytes()).unwrap();
        client.flush().unwrap();
        client
    })
}

/// The same, and the end of the stream behind it.
fn ending(client: Sealed, text: &str) -> std::thread::JoinHandle<Sealed> {
    let sent = sending(client, text);
    std::thread::spawn(move || {
        let mut client = sent.join().unwrap();
        client.conn.send_close_notify();
        client.conn.complete_io(&mut client.sock).unwrap();
        client
    })
}

/// Reads until so many have left.
fn until_left(room: &mut Room) {
    while !room.listen.clients.reception.one_has_left {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    room.listen.clients.reception.one_has_left = false;
}

#[test]
fn lines_of_many_clients_come_through() {
    let mut room = room(&settings());
    let clients: Vec<_> = (0..20)
        .map(|number| ending(client(&room), &format!("{number}a\n{number}b\n{number}half")))
        .collect();
    let lines = room.gather(60);
    assert_eq!((lines.len(), &lines[0][..], &lines[59][..]), (60, "0a", "9half"));
    clients.into_iter().for_each(|client| drop(client.join()));
}

#[test]
fn a_client_reads_the_end_of_the_stream_when_the_log_has_its_lines_and_not_before() {
    let mut room = acknowledging();
    let sent = ending(client(&room), "a\nb\n");
    until_left(&mut room);
    let mut client = sent.join().unwrap();
    client.sock.set_nonblocking(true).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    client.sock.set_nonblocking(false).unwrap();
    room.listen.reached(Stage::Logged, Mark(room.mark.0 - 1)).unwrap();
    let mut told = String::new();
    client.read_to_string(&mut told).unwrap();
    assert_eq!(told, "ok 2\n");
}

#[test]
fn a_client_whose_lines_are_not_in_the_log_is_reset() {
    let mut room = acknowledging();
    let sent = ending(client(&room), "a\n");
    until_left(&mut room);
    let mut client = sent.join().unwrap();
    drop(room);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_stream_that_is_cut_off_keeps_its_lines_and_is_not_acknowledged() {
    let mut room = acknowledging();
    let sent = sending(client(&room), "a\nhalf");
    assert_eq!(room.gather(1), ["a"]);
    let mut client = sent.join().unwrap();
    client.sock.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(room.gather(1), ["half"]);
    room.listen.reached(Stage::Logged, room.mark).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_client_that_is_not_read_is_held_up_and_loses_nothing() {
    let mut room = room(&settings());
    const LINES: usize = 40_000;
    let text: String = (0..LINES).map(|line| format!("{line:0100}\n")).collect();
    let sent = ending(client(&room), &text);
    // Some are read, and then nobody reads for as long as it takes to fill what the system holds.
    let mut all = Vec::new();
    while all.len() < 10 {
        room.read(3, LONG);
        all.extend(room.lines());
    }
    assert!(!sent.is_finished());
    while all.len() < LINES {
        room.read(1000, LONG);
        all.extend(room.lines());
    }
    assert!(all.iter().enumerate().all(|(line, text)| text.parse() == Ok(line)));
    drop(sent.join());
}

#[test]
fn a_record_that_is_too_long_is_bad_and_the_others_count() {
    let mut room = room(&Settings { max_record: 10, ..settings() });
    let sent = ending(client(&room), &format!("a\n{}\nb\n", "x".repeat(100_000)));
    let mut bad = 0;
    let mut lines = Vec::new();
    while lines.len() < 2 || bad == 0 {
        room.read(usize::MAX, LONG);
        bad += room.chunk.bad.len();
        lines.extend(room.lines());
    }
    assert_eq!((lines, bad), (vec!["a".to_string(), "b".to_string()], 1));
    drop(sent.join());
}

#[test]
fn who_speaks_something_else_is_cut_off_alone() {
    let mut room = room(&settings());
    let mut plain = room.client();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let sent = ending(client(&room), "a\n");
    assert_eq!(room.gather(1), ["a"]);
    let mut rest = Vec::new();
    // An alert at most, and the end.
    let _ = plain.read_to_end(&mut rest);
    assert!(rest.len() < 10, "{rest:?}");
    drop(sent.join());
}

#[test]
fn who_speaks_tls_to_a_plain_port_leaves_no_line() {
    let mut room = Room::new(&settings());
    let mut sealed = client(&room);
    let failed = std::thread::spawn(move || sealed.write_all(b"a\n").unwrap_err());
    for _ in 0..3 {
        assert_eq!(room.read(usize::MAX, Duration::from_millis(20)), Read::Idle);
    }
    failed.join().unwrap();
    let mut plain = room.client();
    plain.write_all(b"b\n").unwrap();
    assert_eq!(room.gather(1), ["b"]);
}

#[test]
fn a_handshake_that_does_not_end_is_given_up_and_one_that_has_not_begun_is_not() {
    let mut room = by_tls(Room::virtual_time(&settings()));
    let silent = room.client();
    let mut slow = room.client();
    slow.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01").unwrap();
    while room.listen.peers.count() < 2 {
        room.read(usize::MAX, Duration::from_millis(1));
    }
    // Its first bytes are read, in whatever time that takes.
    for _ in 0..200 {
        room.read(usize::MAX, Duration::from_millis(1));
        std::thread::yield_now();
    }
    room.read(usize::MAX, Duration::from_secs(60));
    room.read(usize::MAX, Duration::from_secs(60));
    assert_eq!(room.listen.peers.count(), 1);
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(rest.is_empty(), "closed");
    silent.set_nonblocking(true).unwrap();
    assert_eq!(silent.peek(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}
