//! `weir listen udp:PORT`: what is a line, who has sent it, and what is said of those that are lost.

use std::net::UdpSocket;

use rustix::process::Signal;

use crate::common::{Dir, start, weir};
use crate::{ended_by, from, mail_port, sorted};

#[test]
fn a_datagram_is_one_line_or_several_and_its_end_ends_the_last() {
    let mut run =
        start(weir(&["listen", "udp:0", "--interval", "0", "--format", "json", "--no-time"]));
    let port = mail_port(&mut run);
    let (a, b) = (from(port), from(port));
    // The loopback keeps the order, whoever sends.
    for (socket, text) in [
        (&a, &b"one"[..]),
        (&b, b"two"),
        (&a, b"one\n"),
        (&a, b"x\ny"),
        (&b, b"two\r\n"),
        (&a, b""),
        (&b, b"\n"),
        (&a, b"\xff\0 end\n"),
    ] {
        assert_eq!(socket.send(text).unwrap(), text.len());
    }
    let records = ["one", "two", "one", "x", "y", "two", "", "\u{fffd}\\u0000 end"];
    let records = records.map(|record| format!("{{\"record\":\"{record}\"}}"));
    assert_eq!(run.out.lines(8), records);
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn the_longest_datagram_is_one_record_and_under_max_record_one_bad_one() {
    let long = [b'L'; 65_507];
    let mut run = start(weir(&["listen", "udp:0", "--interval", "0"]));
    let port = mail_port(&mut run);
    assert_eq!(from(port).send(&long).unwrap(), long.len());
    assert_eq!(run.out.line("").len(), long.len());
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
    let mut run = start(weir(&["listen", "udp:0", "--interval", "0", "--max-record", "1000"]));
    let port = mail_port(&mut run);
    let socket = from(port);
    socket.send(&long).unwrap();
    socket.send(b"short").unwrap();
    assert_eq!(run.out.line(""), "short");
    let sender = socket.local_addr().unwrap();
    let said = format!("weir: a bad record is skipped: {sender}: longer than --max-record 1000");
    assert_eq!(run.err.line("bad"), said);
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}

#[test]
fn with_peer_the_key_is_the_sender_and_with_nul_newlines_are_the_records_own() {
    let flags = ["--interval", "0", "--with-peer", "-0", "--format", "json", "--no-time"];
    let mut run = start(weir(&[&["listen", "udp:0"], &flags[..]].concat()));
    let port = mail_port(&mut run);
    let (a, b) = (from(port), from(port));
    let [to_a, to_b] = [&a, &b].map(|socket| socket.local_addr().unwrap());
    a.send(b"one\n\0two").unwrap();
    b.send(b"three").unwrap();
    let row = |key, value| format!("{{\"key\":\"{key}\",\"value\":\"{value}\"}}");
    let rows = [row(to_a, "one\\n"), row(to_a, "two"), row(to_b, "three")];
    assert_eq!(run.out.lines(3), rows);
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn ten_thousand_datagrams_in_a_burst_are_all_counted_as_read_or_as_lost() {
    let flags = ["--count", "--update-state", "--interval", "100ms", "--format", "text"];
    let mut run = start(weir(&[&["listen", "udp:0", "--changed"], &flags[..]].concat()));
    let socket = from(mail_port(&mut run));
    // More than fit into the queue, which nobody empties meanwhile.
    run.signal(Signal::STOP);
    const SENT: u64 = 60_000;
    for _ in 0..SENT {
        socket.send(b"a datagram of some length, as those of statsd are").unwrap();
    }
    run.signal(Signal::CONT);
    let said = run.err.line("lost");
    let lost: u64 = said.split(": ").nth(2).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(
        said.contains("they came faster than they were read, and the system's queue of "),
        "{said}"
    );
    let read = loop {
        let count: u64 = run.out.line("").parse().unwrap();
        if count + lost == SENT {
            break count;
        }
    };
    assert!(read > 0 && lost > 0, "{read} and {lost}");
    let ended = ended_by(Signal::TERM, run);
    // Batches that passed while it was stopped may be said.
    assert!(ended.status == 0 && !ended.err.contains("datagram"), "said once: {}", ended.err);
}

#[test]
fn what_no_client_closes_is_refused_with_once_and_nobody_is_answered() {
    let ended = start(weir(&["listen", "udp:0", "--once", "--count"])).end();
    let said = "weir: --once: ends when the first client closes, which nobody does who sends datagrams; \
                --batches 1 ends after a batch, --duration 10 after ten seconds\n";
    assert_eq!(ended.failed(2), said);
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let args =
        ["listen", "udp:0", "--ack", "--count", "--checkpoint", checkpoint.to_str().unwrap()];
    let ended = start(weir(&args)).end();
    assert_eq!(ended.failed(2), "weir: --ack: who sends datagrams cannot be answered\n");
    assert!(!checkpoint.exists(), "nothing is written");
}

#[test]
fn a_port_in_use_is_refused_and_named() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let ended = start(weir(&["listen", &format!("udp:{port}")])).end();
    let said = format!(
        "weir: udp:127.0.0.1:{port}: address in use: another program listens there; \
         `ss -lunp 'sport = :{port}'` names it, or choose another port\n"
    );
    assert_eq!(ended.failed(1), said);
}

#[test]
fn what_was_logged_outlives_a_kill() {
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let args = ["listen", "udp:0", "--count-by-key", "--update-state", "--interval", "200ms"];
    let rest = [
        "--format",
        "text",
        "--changed",
        "--skip-empty",
        "--checkpoint",
        checkpoint.to_str().unwrap(),
    ];
    let args = [&args[..], &rest].concat();
    for count in [1, 2, 3] {
        let mut run = start(weir(&args));
        let socket = from(mail_port(&mut run));
        socket.send(b"a\nb").unwrap();
        let expected = [format!("a\t{count}"), format!("b\t{count}")];
        // What was out last may be out again.
        while sorted(run.out.lines(2)) != expected {}
        assert_eq!(ended_by(Signal::KILL, run).status, 137);
    }
}

#[test]
fn a_name_takes_datagrams_at_all_its_addresses_and_ipv6_stands_in_brackets() {
    // A machine may have no IPv6.
    let Ok(six) = UdpSocket::bind("[::1]:0") else {
        return;
    };
    let mut run = start(weir(&["listen", "udp:[::1]:0", "--interval", "0", "--with-peer"]));
    let port = mail_port(&mut run);
    six.send_to(b"six", ("::1", port)).unwrap();
    let from_six = six.local_addr().unwrap();
    assert_eq!(run.out.line(""), format!("('{from_six}', 'six')"));
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
    // A port that was free a moment ago, in both families.
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let both = format!("udp:localhost:{port}");
    let mut run = start(weir(&["listen", &both, "--interval", "0"]));
    run.err.line("listening for datagrams on 127.0.0.1:");
    from(port).send(b"four").unwrap();
    assert_eq!(run.out.line(""), "four");
    use std::net::ToSocketAddrs;
    if ("localhost", port).to_socket_addrs().unwrap().any(|address| address.is_ipv6()) {
        run.err.line("listening for datagrams on [::1]:");
        six.send_to(b"six", ("::1", port)).unwrap();
        assert_eq!(run.out.line(""), "six");
    }
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}
