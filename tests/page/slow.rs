//! Nobody who looks, and does not read, holds up a batch, or takes more than its place.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::Counting;
use crate::common::http::{Events, connection, get};
use crate::common::until;

/// Somebody who asks for events and reads nothing, of which the system takes little for him.
fn deaf(port: u16) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let address: std::net::SocketAddr = ([127, 0, 0, 1], port).into();
    socket.connect(&SockAddr::from(address)).unwrap();
    (&socket).write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    socket
}

fn listeners(port: u16) -> usize {
    let text = get(port, "/metrics").body;
    let line = text.lines().find_map(|line| line.strip_prefix("weir_page_listeners "));
    line.unwrap().parse().unwrap()
}

#[test]
fn who_does_not_read_is_put_out_and_holds_up_nobody() {
    let mut counting = Counting::with(&["--interval", "20ms", "--update-state"]);
    let words: Vec<_> = (0..20).map(|number| format!("{number}{}", "x".repeat(150))).collect();
    counting.send(format!("{}\n", words.join(" ")));
    let mut events = Events::of(counting.page);
    let deaf: Vec<_> = (0..30).map(|_| deaf(counting.page)).collect();
    until(|| listeners(counting.page) == 31);
    // Each batch comes to who reads, and to the output, whoever does not.
    let times: Vec<_> =
        (0..50).map(|_| events.next("batch").unwrap()["time_ms"].as_i64().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    let reading = std::thread::spawn(move || while events.next("batch").is_some() {});
    until(|| listeners(counting.page) <= 1);
    drop(deaf);
    counting.run.signal(Signal::TERM);
    counting.run.end().ok();
    reading.join().unwrap();
}

#[test]
fn there_are_no_more_connections_than_so_many() {
    let counting = Counting::with(&[]);
    let crowd: Vec<TcpStream> = (0..200).map(|_| connection(counting.page)).collect();
    let mut one_more = connection(counting.page);
    let _ = one_more.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let read = one_more.read(&mut [0; 100]);
    assert!(!matches!(read, Ok(1..)), "it is put out: {read:?}");
    drop(crowd);
    until(|| {
        let mut stream = connection(counting.page);
        let asked = stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.contains(" 200 ")
    });
}

#[test]
fn a_request_that_never_ends_does_not_hold_up_others() {
    let counting = Counting::with(&[]);
    let mut slow = connection(counting.page);
    slow.write_all(b"GET / HTTP/1.1\r\nHost: lo").unwrap();
    assert_eq!(get(counting.page, "/healthz").status, 200);
    slow.write_all(b"calhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    slow.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"));
}
