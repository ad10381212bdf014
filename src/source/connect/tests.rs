//! `connect` against real servers over the loopback: they close, refuse, reset and come back.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use super::*;
use crate::clock::RealTime;
use crate::source::peers::budget::Budget;

/// How long a test waits for what must come soon, before it fails.
const LONG: Duration = Duration::from_secs(30);

fn settings(once: bool) -> Settings {
    let (delimiter, max_record) = (b'\n', 16 << 20);
    Settings {
        delimiter,
        max_record,
        once,
        acknowledges: false,
        lasts: false,
        keeps_state: false,
        start: Stamp(0),
    }
}

/// A connecting source with the clock it lives by.
struct Line {
    connect: Connect,
    wait: RealTime,
    chunk: Chunk,
}

impl Line {
    fn new(servers: &[&str], once: bool) -> Line {
        let servers = servers.iter().map(|text| Address::remote(text).unwrap()).collect();
        let dial = Dial::new(servers, Duration::from_millis(20), once);
        let mut connect = Connect::new(dial, &settings(once));
        let mut wait = RealTime::new().unwrap().0;
        connect.open(&mut wait).unwrap();
        Line { connect, wait, chunk: Chunk::default() }
    }

    fn read(&mut self, limit: usize, time: Duration) -> Result<Read, Error> {
        self.chunk.clear();
        let until = self.wait.now().after(time);
        self.connect.read(&mut self.chunk, limit, &mut self.wait, until)
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.chunk.bytes().to_vec()).unwrap();
        text.lines().map(str::to_string).collect()
    }

    /// Reads until `count` lines have come, and returns them sorted.
    fn gather(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            assert_eq!(self.read(usize::MAX, LONG).unwrap(), Read::Rows, "after {lines:?}");
            lines.extend(self.lines());
        }
        lines.sort();
        lines
    }

    /// Reads in short turns until `done`.
    fn read_until(&mut self, done: impl Fn(&Connect) -> bool) {
        for _ in 0..10_000 {
            if done(&self.connect) {
                return;
            }
            assert_eq!(self.read(usize::MAX, Duration::from_millis(1)).unwrap(), Read::Idle);
        }
        panic!("{}", self.connect.waiting());
    }
}

/// A server, its address, and the same under a name that has two addresses where IPv6 is at hand.
fn server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    (server, address)
}

/// An address that refuses for as long as the socket lives: bound, and nobody listens.
fn refusing() -> (socket2::Socket, String) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    (socket, address)
}

#[test]
fn a_server_that_has_closed_is_connected_again_and_its_half_line_is_a_record() {
    let (server, address) = server();
    let mut line = Line::new(&[&address], false);
    assert_eq!(line.connect.waiting(), format!("{address}, which has not answered yet"));
    line.read_until(|connect| connect.waiting().starts_with("lines from"));
    assert_eq!(line.connect.waiting(), format!("lines from {address}"));
    server.accept().unwrap().0.write_all(b"one\nhalf").unwrap();
    assert_eq!(line.gather(2), ["half", "one"]);
    line.read_until(|connect| connect.waiting().starts_with("lines from"));
    server.accept().unwrap().0.write_all(b"two\n").unwrap();
    assert_eq!(line.gather(1), ["two"]);
}

#[test]
fn a_server_that_refuses_is_tried_until_it_listens() {
    let (socket, address) = refusing();
    let mut line = Line::new(&[&address], false);
    let waiting = format!("{address}, which refuses connections");
    line.read_until(|connect| connect.waiting() == waiting);
    for _ in 0..10 {
        assert_eq!(line.read(usize::MAX, Duration::from_millis(10)).unwrap(), Read::Idle);
        assert_eq!(line.connect.waiting(), waiting, "an outage lasts until there is a connection");
    }
    socket.listen(1).unwrap();
    line.read_until(|connect| connect.waiting().starts_with("lines from"));
    let server: TcpListener = socket.into();
    server.accept().unwrap().0.write_all(b"at last\n").unwrap();
    assert_eq!(line.gather(1), ["at last"]);
}

#[test]
fn every_address_of_a_name_is_tried() {
    let (server, _) = server();
    let port = server.local_addr().unwrap().port();
    // ::1 comes first where localhost stands for both, and nobody listens there.
    let mut line = Line::new(&[&format!("localhost:{port}")], true);
    let refuses = refusing().1.parse().unwrap();
    line.connect.servers.dial.servers[0].found.insert(0, refuses);
    line.read_until(|connect| connect.waiting().starts_with("lines from"));
    server.accept().unwrap().0.write_all(b"found\n").unwrap();
    assert_eq!(line.gather(1), ["found"]);
}

#[test]
fn several_servers_are_one_stream_and_one_that_is_away_does_not_disturb() {
    let ((one, first), (two, second), (_away, third)) = (server(), server(), refusing());
    let mut line = Line::new(&[&first, &second, &third], false);
    let waiting = format!("lines from {first}, {second}; {third}, which refuses connections");
    line.read_until(|connect| connect.waiting() == waiting);
    let [mut one, mut two] = [one, two].map(|server| server.accept().unwrap().0);
    one.write_all(b"1\n").unwrap();
    two.write_all(b"2\n").unwrap();
    assert_eq!(line.gather(2), ["1", "2"]);
}

#[test]
fn a_limit_holds_and_the_rest_is_at_hand_without_another_event() {
    let (server, address) = server();
    let mut line = Line::new(&[&address], false);
    line.read_until(|connect| connect.waiting().starts_with("lines from"));
    let mut peer = server.accept().unwrap().0;
    peer.write_all(b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n").unwrap();
    for pair in 0..5 {
        assert_eq!(line.read(2, LONG).unwrap(), Read::Rows);
        assert_eq!(line.lines(), [0, 1].map(|one| (2 * pair + one).to_string()));
    }
}

const KIB: usize = 1 << 10;

impl Line {
    /// Reads until so many bytes of unfinished lines are held.
    fn hold(&mut self, bytes: usize) {
        self.read_until(|connect| connect.unfinished() == bytes);
    }
}

/// Two servers of a stream with 100 KiB for unfinished lines, of which 60 and 50 KiB have come.
fn long_lines() -> (Line, [std::net::TcpStream; 2]) {
    let ((one, first), (two, second)) = (server(), server());
    let mut line = Line::new(&[&first, &second], false);
    line.connect.peers.budget = Budget::new(100 * KIB);
    line.read_until(|connect| connect.waiting() == format!("lines from {first}, {second}"));
    let [mut one, mut two] = [one, two].map(|server| server.accept().unwrap().0);
    one.write_all(&[b'1'; 60 * KIB]).unwrap();
    line.hold(60 * KIB);
    two.write_all(&[b'2'; 50 * KIB]).unwrap();
    line.hold(110 * KIB);
    (line, [one, two])
}

#[test]
fn long_unfinished_lines_of_several_servers_wait_for_the_longest_of_them() {
    let (mut line, [mut one, mut two]) = long_lines();
    two.write_all(b"2\n").unwrap();
    line.read_until(|connect| connect.peers.budget.has_parked());
    assert_eq!(line.read(usize::MAX, Duration::from_millis(20)).unwrap(), Read::Idle);
    one.write_all(b"1\n").unwrap();
    let lengths: Vec<_> = line.gather(2).iter().map(String::len).collect();
    assert_eq!(lengths, [60 * KIB + 1, 50 * KIB + 1]);
    assert_eq!(line.connect.unfinished(), 0);
}

#[test]
fn a_long_line_that_does_not_go_on_is_given_up_when_another_server_waits_for_it() {
    let (mut line, [mut one, mut two]) = long_lines();
    two.write_all(b"2\n").unwrap();
    line.read_until(|connect| connect.peers.budget.has_parked());
    line.chunk.clear();
    let late = line.connect.peers.budget.deadline();
    line.connect.peers.give_up_stuck(&mut line.chunk, late);
    assert!(line.chunk.bad[0].reason.starts_with("unfinished, and given up"));
    assert_eq!(line.gather(1)[0].len(), 50 * KIB + 1, "whoever waited goes on");
    one.write_all(b"rest\nnew\n").unwrap();
    assert_eq!(line.gather(1), ["new"]);
}

#[test]
fn a_server_that_is_lost_gives_its_memory_back() {
    let (mut line, [one, mut two]) = long_lines();
    two.write_all(b"2\n").unwrap();
    line.read_until(|connect| connect.peers.budget.has_parked());
    drop(one);
    let lengths: Vec<_> = line.gather(2).iter().map(String::len).collect();
    assert_eq!(lengths, [60 * KIB, 50 * KIB + 1]);
}

#[test]
fn once_ends_when_the_first_server_closes() {
    let ((one, first), (two, second)) = (server(), server());
    let mut line = Line::new(&[&first, &second], true);
    line.read_until(|connect| connect.waiting() == format!("lines from {first}, {second}"));
    let [mut one, _two] = [one, two].map(|server| server.accept().unwrap().0);
    one.write_all(b"whole\nhalf").unwrap();
    drop(one);
    assert_eq!(line.gather(2), ["half", "whole"]);
    assert_eq!(line.read(usize::MAX, LONG).unwrap(), Read::End);
}

#[test]
fn once_ends_though_another_server_never_pauses() {
    let ((one, first), (two, second)) = (server(), server());
    let mut line = Line::new(&[&first, &second], true);
    line.read_until(|connect| connect.waiting() == format!("lines from {first}, {second}"));
    let [mut one, mut flood] = [one, two].map(|server| server.accept().unwrap().0);
    let flooding =
        std::thread::spawn(move || while flood.write_all(&b"flood\n".repeat(100_000)).is_ok() {});
    one.write_all(b"half").unwrap();
    drop(one);
    let mut ends = Vec::new();
    while line.read(usize::MAX, LONG).unwrap() == Read::Rows {
        ends.extend(line.lines().into_iter().filter(|line| line != "flood"));
    }
    assert_eq!(ends, ["half"]);
    drop(line);
    flooding.join().unwrap();
}

#[test]
fn once_fails_when_a_server_refuses() {
    let (_socket, address) = refusing();
    let err = Line::new(&[&address], true).read(usize::MAX, LONG).unwrap_err();
    assert_eq!(err.to_string(), format!("{address}: connection refused"));
    assert_eq!(err.exit_status(), 1);
}

#[test]
fn once_fails_when_a_server_is_lost_but_not_before_its_lines_are_out() {
    let (server, address) = server();
    let mut line = Line::new(&[&address], true);
    line.read_until(|connect| connect.waiting().starts_with("lines from"));
    let mut peer = server.accept().unwrap().0;
    peer.write_all(b"whole\nhalf").unwrap();
    assert_eq!(line.gather(1), ["whole"]);
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    assert_eq!(line.gather(1), ["half"]);
    let err = line.read(usize::MAX, LONG).unwrap_err();
    assert_eq!(err.to_string(), format!("{address}: connection reset by peer"));
}

#[test]
fn a_name_that_does_not_resolve_is_an_error_at_the_start() {
    let servers = vec![Address::remote("nowhere.invalid:9").unwrap()];
    let dial = Dial::new(servers, Duration::ZERO, false);
    let mut connect = Connect::new(dial, &settings(false));
    let err = connect.open(&mut RealTime::new().unwrap().0).unwrap_err();
    assert!(err.to_string().starts_with("nowhere.invalid:9: "), "{err}");
}

#[test]
fn the_command_line_is_understood() {
    let typed = |args: &[&str]| {
        let command = arguments(Command::new("connect"));
        let matches = command.try_get_matches_from([&["connect"], args].concat());
        matches.map_err(|err| err.to_string()).and_then(|matches| {
            let flags = Flags::from_arg_matches(&matches).unwrap();
            build(&matches, &settings(false)).map_err(|err| err.to_string())?;
            Ok((flags.servers.join(" "), flags.reconnect_delay.as_millis()))
        })
    };
    assert_eq!(typed(&["a:1", "b:2"]).unwrap(), ("a:1 b:2".to_string(), 2000));
    assert_eq!(typed(&["--reconnect-delay", "0.5", "a:1"]).unwrap().1, 500);
    assert!(typed(&["--reconnect-delay", "5x", "a:1"]).unwrap_err().contains("`x`"));
    assert!(typed(&["a"]).unwrap_err().starts_with("a: no port"));
    assert!(typed(&[]).is_err());
}
