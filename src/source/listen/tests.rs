//! `listen` against real clients over the loopback: whatever they do, their lines come through.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::*;
use crate::chunk::CHUNK;
use crate::clock::{RealTime, VirtualTime};
use crate::source::peers::budget::Budget;
use crate::source::peers::door;

mod acknowledged;
mod mail;
mod sealed;

const KIB: usize = 1 << 10;
/// How long a test waits for what must come at once, before it fails.
const LONG: Duration = Duration::from_secs(30);

fn settings() -> Settings {
    Settings {
        delimiter: b'\n',
        max_record: 16 << 20,
        once: false,
        acknowledges: false,
        lasts: false,
        keeps_state: false,
        start: Stamp(0),
    }
}

/// A listening source with the clock it lives by.
struct Room {
    listen: Listen,
    wait: Box<dyn Wait>,
    chunk: Chunk,
    /// How often a read may find nothing. A virtual clock runs ahead of the system, which may still
    /// be about to deliver what a client has sent.
    idle: usize,
    /// The mark of the next records.
    mark: Mark,
}

impl Room {
    fn new(settings: &Settings) -> Room {
        Room::with(settings, Box::new(RealTime::new().unwrap().0))
    }

    fn virtual_time(settings: &Settings) -> Room {
        let room = Room::with(settings, Box::new(VirtualTime::new(Stamp(0)).unwrap().0));
        Room { idle: 10_000, ..room }
    }

    fn with(settings: &Settings, wait: Box<dyn Wait>) -> Room {
        Room::at(&["0"], settings, wait)
    }

    fn at(typed: &[&str], settings: &Settings, mut wait: Box<dyn Wait>) -> Room {
        let typed: Vec<OsString> = typed.iter().map(OsString::from).collect();
        let places = Places::parse(&typed).unwrap();
        let mut listen = Listen::new(places, settings.acknowledges, settings);
        listen.open(wait.as_mut()).unwrap();
        Room { listen, wait, chunk: Chunk::default(), idle: 0, mark: Mark(1) }
    }

    fn address(&self) -> SocketAddr {
        self.listen.clients.reception.address().unwrap()
    }

    fn client(&self) -> TcpStream {
        TcpStream::connect(self.address()).unwrap()
    }

    /// One read; what it has left is in `self.chunk`.
    fn read(&mut self, limit: usize, time: Duration) -> Read {
        self.chunk.clear();
        self.chunk.mark = self.mark;
        let until = self.wait.now().after(time);
        let read = self.listen.read(&mut self.chunk, limit, self.wait.as_mut(), until).unwrap();
        self.mark.0 += u64::from(!self.chunk.is_empty());
        read
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.chunk.bytes().to_vec()).unwrap();
        text.lines().map(str::to_string).collect()
    }

    /// Reads until `count` lines have come, and returns them sorted.
    fn gather(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            if self.read(usize::MAX, LONG) == Read::Idle {
                self.idle = self.idle.checked_sub(1).unwrap_or_else(|| panic!("after {lines:?}"));
            }
            lines.extend(self.lines());
        }
        lines.sort();
        lines
    }

    /// Reads, without waiting for more, until the clients together hold `count` bytes.
    fn hold(&mut self, count: usize) {
        while self.listen.unfinished() < count {
            assert_eq!(self.read(usize::MAX, Duration::from_millis(1)), Read::Idle);
        }
        assert_eq!(self.listen.unfinished(), count);
    }
}

#[test]
fn half_a_line_at_the_end_of_a_client_is_a_record() {
    let mut room = Room::new(&settings());
    let [mut a, mut b, mut c] = [(); 3].map(|()| room.client());
    a.write_all(b"a1\na2\na half").unwrap();
    b.write_all(b"b1\nb ").unwrap();
    c.write_all(b"\nc1\n").unwrap();
    assert_eq!(room.gather(5), ["", "a1", "a2", "b1", "c1"]);
    assert!(room.listen.waiting().ends_with(" (3 clients)"), "{}", room.listen.waiting());
    drop(a);
    b.write_all(b"goes on\n").unwrap();
    assert_eq!(room.gather(2), ["a half", "b goes on"]);
    drop((b, c));
    assert_eq!(room.read(usize::MAX, Duration::from_millis(50)), Read::Idle);
    let waiting = format!("connections on {} (0 clients)", room.address());
    assert_eq!(room.listen.waiting(), waiting);
}

#[test]
fn a_client_that_resets_is_one_that_leaves() {
    let mut room = Room::new(&settings());
    let mut client = room.client();
    client.write_all(b"whole\nhalf").unwrap();
    assert_eq!(room.gather(1), ["whole"]);
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(room.gather(1), ["half"]);
    room.client().write_all(b"the next\n").unwrap();
    assert_eq!(room.gather(1), ["the next"]);
}

#[test]
fn a_thousand_clients_have_a_line_each() {
    let mut room = Room::new(&settings());
    let (mut clients, mut lines) = (Vec::new(), Vec::new());
    for number in 0..1000 {
        let mut client = room.client();
        writeln!(client, "{number:04}").unwrap();
        clients.push(client);
        // The system's queue of clients that are not let in yet may be as short as 128.
        if number % 100 == 99 {
            lines.extend(room.gather(100));
        }
    }
    assert_eq!(lines, (0..1000).map(|number| format!("{number:04}")).collect::<Vec<_>>());
    assert!(room.listen.waiting().ends_with(" (1000 clients)"));
}

#[test]
fn a_client_that_floods_does_not_starve_another() {
    let mut room = Room::new(&settings());
    let mut flood = room.client();
    let flooding = std::thread::spawn(move || {
        // Ends when the source goes and takes the connection along.
        while flood.write_all(&b"flood\n".repeat(100_000)).is_ok() {}
    });
    let mut slow = room.client();
    for number in 0..10 {
        writeln!(slow, "slow {number}").unwrap();
        let found = (0..20).any(|_| {
            assert_eq!(room.read(usize::MAX, LONG), Read::Rows);
            assert!(room.chunk.len() <= 2 * CHUNK, "a chunk stays a chunk");
            room.lines().contains(&format!("slow {number}"))
        });
        assert!(found, "line {number} of the slow client");
    }
    drop(room);
    flooding.join().unwrap();
}

#[test]
fn a_limit_holds_and_the_rest_is_at_hand_without_another_event() {
    let mut room = Room::new(&settings());
    let mut client = room.client();
    client.write_all(b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\nhalf").unwrap();
    for pair in 0..5 {
        assert_eq!(room.read(2, LONG), Read::Rows);
        assert_eq!(room.lines(), [0, 1].map(|one| (2 * pair + one).to_string()));
    }
    drop(client);
    assert_eq!(room.read(0, Duration::from_millis(1)), Read::Idle, "none allowed");
    assert_eq!(room.read(2, LONG), Read::Rows);
    assert_eq!(room.lines(), ["half"]);
}

#[test]
fn once_ends_after_the_first_client_with_all_that_is_at_hand() {
    let mut room = Room::new(&Settings { once: true, ..settings() });
    let [mut a, mut b] = [(); 2].map(|()| room.client());
    b.write_all(b"b1\nb half").unwrap();
    a.write_all(b"a1\na half").unwrap();
    assert_eq!(room.gather(2), ["a1", "b1"]);
    drop(a);
    assert_eq!(room.gather(1), ["a half"]);
    assert_eq!(room.read(usize::MAX, LONG), Read::End);
}

#[test]
fn once_ends_though_another_client_never_pauses() {
    let mut room = Room::new(&Settings { once: true, ..settings() });
    let mut flood = room.client();
    let mut other = room.client();
    other.write_all(b"other\nhalf").unwrap();
    let flooding =
        std::thread::spawn(move || while flood.write_all(&b"flood\n".repeat(100_000)).is_ok() {});
    let mut first = room.client();
    first.write_all(b"first").unwrap();
    drop(first);
    let mut ends = Vec::new();
    while room.read(usize::MAX, LONG) == Read::Rows {
        ends.extend(room.lines().into_iter().filter(|line| line != "flood"));
    }
    // The flood is cut where it was when the first client had closed.
    assert_eq!(room.read(usize::MAX, LONG), Read::End);
    ends.sort();
    assert_eq!(ends, ["first", "other"]);
    drop(room);
    flooding.join().unwrap();
}

#[test]
fn a_line_that_is_too_long_is_bad_and_the_client_goes_on() {
    let mut room = Room::new(&Settings { max_record: 4, ..settings() });
    let mut client = room.client();
    client.write_all(b"123456789").unwrap();
    assert_eq!(room.read(usize::MAX, LONG), Read::Rows);
    assert_eq!(room.chunk.bad[0].position, format!("{}, byte 0", client.local_addr().unwrap()));
    client.write_all(b"0\n1234\n").unwrap();
    assert_eq!(room.gather(1), ["1234"]);
}

#[test]
fn another_threads_call_ends_a_read() {
    let (wait, waker) = RealTime::new().unwrap();
    let mut room = Room::with(&settings(), Box::new(wait));
    let _client = room.client();
    waker.wake().unwrap();
    assert_eq!(room.read(usize::MAX, LONG), Read::Idle);
}

#[test]
fn long_unfinished_lines_of_many_clients_wait_for_the_longest_of_them() {
    let mut room = Room::new(&settings());
    room.listen.peers.budget = Budget::new(100 * KIB);
    let [mut a, mut b, mut c] = [(); 3].map(|()| room.client());
    a.write_all(&[b'a'; 60 * KIB]).unwrap();
    room.hold(60 * KIB);
    b.write_all(&[b'b'; 50 * KIB]).unwrap();
    room.hold(110 * KIB);
    b.write_all(b"b\n").unwrap();
    c.write_all(b"c\n").unwrap();
    assert_eq!(room.gather(1), ["c"], "short lines come through, the second longest is parked");
    a.write_all(b"a\n").unwrap();
    let lines = room.gather(2).into_iter().map(|line| (line.len(), line.as_bytes()[0]));
    assert_eq!(lines.collect::<Vec<_>>(), [(60 * KIB + 1, b'a'), (50 * KIB + 1, b'b')]);
}

#[test]
fn a_long_line_that_does_not_go_on_is_given_up_when_others_wait_for_it() {
    let mut room = Room::virtual_time(&settings());
    room.listen.peers.budget = Budget::new(100 * KIB);
    let [mut a, mut b] = [(); 2].map(|()| room.client());
    a.write_all(&[b'a'; 60 * KIB]).unwrap();
    room.hold(60 * KIB);
    b.write_all(&[b'b'; 50 * KIB]).unwrap();
    room.hold(110 * KIB);
    let nobody_waits = room.read(usize::MAX, Duration::from_secs(60));
    assert_eq!((nobody_waits, room.chunk.bad.len()), (Read::Idle, 0));
    b.write_all(b"b\n").unwrap();
    let before = room.wait.now();
    while room.read(usize::MAX, Duration::from_secs(60)) == Read::Idle {}
    assert!(room.wait.now().since(before) >= Duration::from_secs(5));
    let bad = &room.chunk.bad[0];
    assert_eq!(bad.position, format!("{}, byte 0", a.local_addr().unwrap()));
    assert!(bad.reason.starts_with("unfinished, and given up"), "{}", bad.reason);
    assert_eq!(room.gather(1)[0].len(), 50 * KIB + 1, "whoever waited goes on");
    a.write_all(b"rest\nnew\n").unwrap();
    assert_eq!(room.gather(1), ["new"]);
}

#[test]
fn what_is_said_at_the_start_tells_how_to_open_the_port() {
    assert_eq!(
        door::welcome("127.0.0.1:9999".parse().unwrap(), "listen ", ""),
        "listening on 127.0.0.1:9999, for this machine only; \
         `weir listen 0.0.0.0:9999` opens it to the network"
    );
    assert_eq!(
        door::welcome("[::]:9999".parse().unwrap(), "listen ", ""),
        "listening on [::]:9999"
    );
}

/// Runs a test in a process of its own, as the limit of open files holds for a whole process.
fn in_another_process(test: &str) {
    let test = format!("source::listen::tests::{test}");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--include-ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}{said}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(said.matches("too many open files").count(), 1, "{said}");
}

/// Ten clients have sent a line each, and files for three of them can be opened at our end.
fn short_of_files(room: &Room) -> Vec<TcpStream> {
    let mut clients: Vec<_> = (0..10).map(|_| room.client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        writeln!(client, "{number}").unwrap();
    }
    // Files have ascending numbers and the limit is on the number.
    let limit = Some(clients[9].as_raw_fd() as u64 + 4);
    setrlimit(Resource::Nofile, Rlimit { current: limit, maximum: limit }).unwrap();
    clients
}

#[test]
fn clients_beyond_the_limit_of_open_files_come_in_when_others_leave() {
    in_another_process("child_short_of_files");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn child_short_of_files() {
    let mut room = Room::virtual_time(&settings());
    let mut clients = short_of_files(&room);
    assert_eq!(room.gather(3), ["0", "1", "2"]);
    assert_eq!(room.read(usize::MAX, Duration::from_secs(20)), Read::Idle, "waits, spins not");
    assert!(room.listen.waiting().ends_with(" (3 clients)"));
    // Each closed client gives two files back: its own, and the one at our end.
    clients.drain(..3);
    assert_eq!(room.gather(6), ["3", "4", "5", "6", "7", "8"]);
    clients.drain(..1);
    assert_eq!(room.gather(1), ["9"]);
}

#[test]
fn a_row_that_is_bad_after_the_steps_is_of_the_client_that_sent_it_at_its_place() {
    let mut room = Room::new(&Settings { max_record: 6, ..settings() });
    let [mut a, mut b] = [(); 2].map(|()| room.client());
    let [to_a, to_b] = [&a, &b].map(|client| client.local_addr().unwrap());
    a.write_all(b"a one\ntoo long\na").unwrap();
    assert_eq!(room.gather(1), ["a one"]);
    a.write_all(b" two\n").unwrap();
    b.write_all(b"b one\n").unwrap();
    let mut chunk = std::mem::take(&mut room.chunk);
    let mut bad = Vec::new();
    while bad.len() < 4 {
        chunk.clear();
        room.listen.read(&mut chunk, usize::MAX, room.wait.as_mut(), Stamp::NEVER).unwrap();
        chunk.split_uncut(b' ');
        chunk.cut();
        chunk.refuse(chunk.keys.iter().map(|&part| (part, "no number")).collect());
        bad.extend(chunk.bad.iter().map(|bad| {
            let part = bad.part.as_ref().unwrap();
            (part.bytes.clone(), bad.record.clone(), bad.to_string())
        }));
    }
    bad.sort();
    let expected = [
        ("a", Some("a two"), format!("{to_a}, byte 15: no number")),
        ("b", Some("b one"), format!("{to_b}, byte 0: no number")),
        ("one", None, format!("{to_b}, byte 0 (byte 2 of it): no number")),
        ("two", None, format!("{to_a}, byte 15 (byte 2 of it): no number")),
    ];
    let expected = expected.map(|(part, record, shown)| {
        (part.as_bytes().to_vec(), record.map(|record: &str| record.as_bytes().to_vec()), shown)
    });
    assert_eq!(bad, expected);
}
