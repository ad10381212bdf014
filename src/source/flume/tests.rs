//! `flume-push` over real sockets, read by hand: who is told what, and when.

use std::io::{Read as _, Write};
use std::net::TcpStream;

use super::push::FlumePush;
use super::*;
use crate::chunk::{Chunk, Mark};
use crate::clock::{RealTime, Stamp, VirtualTime, Wait};
use crate::source::peers::address::Address;
use crate::source::{Read, Settings, Source, Stage};
use crate::wire::flume::handshake::{Known, Request};
use crate::wire::flume::push::{PROTOCOL, put_batch};
use crate::wire::flume::server::Terms;
use crate::wire::flume::{avro, frames};

/// A source, and what it has read so far.
struct Room {
    source: FlumePush,
    wait: Box<dyn Wait>,
    address: String,
    mark: u64,
    bodies: Vec<Vec<u8>>,
}

impl Room {
    fn new(acknowledges: bool) -> Room {
        Room::with(acknowledges, Box::new(RealTime::new().unwrap().0))
    }

    fn with(acknowledges: bool, mut wait: Box<dyn Wait>) -> Room {
        let settings = Settings {
            delimiter: b'\n',
            max_record: 100,
            once: false,
            acknowledges,
            lasts: false,
            keeps_state: false,
            start: Stamp(0),
        };
        let rows = Rows { key: Key::None, max: 100 };
        let known = std::sync::Arc::new(Known::new(PROTOCOL));
        let terms = Terms { rows, compressed: false, longest: longest(100), known };
        let address = Address::listening("0").unwrap();
        let mut source = FlumePush::new(address, terms, Default::default(), &settings);
        source.open(&mut *wait).unwrap();
        let waiting = source.waiting();
        let address = waiting.split_whitespace().nth(3).unwrap().to_string();
        Room { source, wait, address, mark: 0, bodies: Vec::new() }
    }

    fn connect(&self) -> Sink {
        Sink { stream: TcpStream::connect(&self.address).unwrap(), serial: 0 }
    }

    /// Reads until something has come; returns its mark.
    fn read(&mut self) -> Mark {
        let mut chunk = Chunk::default();
        chunk.mark = Mark(self.mark + 1);
        loop {
            let until = self.wait.now().after(std::time::Duration::from_millis(100));
            let read = self.source.read(&mut chunk, usize::MAX, &mut *self.wait, until).unwrap();
            if read == Read::Rows {
                self.mark += 1;
                self.bodies
                    .extend((0..chunk.keys.len()).map(|row| chunk.key(row).unwrap().to_vec()));
                return chunk.mark;
            }
        }
    }

    /// Reads for a moment, in which nothing comes.
    fn look(&mut self) {
        let mut chunk = Chunk::default();
        let until = self.wait.now().after(std::time::Duration::from_millis(20));
        while self.wait.now() < until {
            let read = self.source.read(&mut chunk, usize::MAX, &mut *self.wait, until).unwrap();
            assert_eq!(read, Read::Idle);
        }
    }
}

struct Sink {
    stream: TcpStream,
    serial: i32,
}

impl Sink {
    fn frame(&mut self, bodies: &[&str]) -> Vec<u8> {
        let (mut message, mut frame) = (Vec::new(), Vec::new());
        if self.serial == 0 {
            let hash = PROTOCOL.hash;
            Request { client: hash, text: None, server: hash }.put(&mut message);
        }
        let events: Vec<(&[_], _)> = bodies.iter().map(|body| (&[][..], body.as_bytes())).collect();
        put_batch(&mut message, &events);
        self.serial += 1;
        frames::put(&mut frame, self.serial, &[&message]);
        frame
    }

    fn send(&mut self, bodies: &[&str]) {
        let frame = self.frame(bodies);
        self.stream.write_all(&frame).unwrap();
    }

    /// True if an answer has come by now.
    fn is_answered(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        peeked.is_ok_and(|count| count > 0)
    }

    /// Waits for an answer, and says if that was OK.
    fn is_kept(&mut self) -> bool {
        let mut frames = frames::Frames::new(1 << 20);
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            if let Some(serial) = frames.feed(&mut &byte[..]).unwrap() {
                assert_eq!(serial, self.serial);
                let message = frames.message();
                // Behind a handshake, if any: no metadata, no error, OK.
                return message.ends_with(&[0, 0, 0]);
            }
        }
    }
}

#[test]
fn a_batch_is_answered_when_it_is_safe_and_not_before() {
    for (acknowledges, safe, other) in
        [(true, Stage::Logged, Stage::Folded), (false, Stage::Folded, Stage::Committed)]
    {
        let mut room = Room::new(acknowledges);
        assert_eq!(room.source.acknowledges(), Some(safe));
        let (mut a, mut b) = (room.connect(), room.connect());
        a.send(&["a1", "a2"]);
        let first = room.read();
        b.send(&["b1"]);
        let second = room.read();
        room.source.reached(other, second).unwrap();
        assert!(!a.is_answered() && !b.is_answered());
        room.source.reached(safe, first).unwrap();
        assert!(a.is_kept() && !b.is_answered());
        room.source.reached(safe, second).unwrap();
        assert!(b.is_kept());
        a.send(&["a3"]);
        let third = room.read();
        room.source.reached(safe, third).unwrap();
        assert!(a.is_kept());
        assert_eq!(room.bodies, [&b"a1"[..], b"a2", b"b1", b"a3"]);
    }
}

#[test]
fn of_a_sink_that_does_not_wait_for_its_answer_nothing_is_kept() {
    let mut room = Room::new(true);
    let mut gone = room.connect();
    gone.send(&["given up"]);
    drop(gone);
    let mut half = room.connect();
    let frame = half.frame(&["half", "of it"]);
    half.stream.write_all(&frame[..frame.len() - 3]).unwrap();
    drop(half);
    room.look();
    let mut there = room.connect();
    there.send(&["kept"]);
    room.read();
    assert_eq!(room.bodies, [b"kept"]);
}

#[test]
fn a_batch_of_which_nothing_is_to_be_kept_is_answered_at_once() {
    let mut room = Room::new(true);
    let mut sink = room.connect();
    sink.send(&[]);
    room.look();
    assert!(sink.is_kept());
    let long = "x".repeat(101);
    sink.send(&[&long]);
    room.read();
    assert!(room.bodies.is_empty());
    assert!(sink.is_kept(), "else it comes again for ever");
}

#[test]
fn who_sends_rubbish_is_cut_off_alone() {
    let mut room = Room::new(true);
    let (mut sink, mut stranger) = (room.connect(), room.connect());
    stranger.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    sink.send(&["a"]);
    let mark = room.read();
    room.look();
    let mut rest = Vec::new();
    let _ = stranger.stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
    room.source.reached(Stage::Logged, mark).unwrap();
    assert!(sink.is_kept());
    let mut nonsense = vec![0, 0];
    avro::put_bytes(&mut nonsense, b"appendBatch");
    sink.serial += 1;
    let mut frame = Vec::new();
    frames::put(&mut frame, sink.serial, &[&nonsense]);
    sink.stream.write_all(&frame).unwrap();
    room.look();
    assert!(!sink.is_kept(), "an error");
    sink.send(&["b"]);
    room.read();
    assert_eq!(room.bodies, [b"a", b"b"]);
}

#[test]
fn who_may_not_be_read_is_refused_before_he_gives_up() {
    let mut room = Room::with(true, Box::new(VirtualTime::new(Stamp(0)).unwrap().0));
    let mut sink = room.connect();
    sink.send(&["not now"]);
    let mut chunk = Chunk::default();
    let mut read = |until| {
        let read = room.source.read(&mut chunk, 0, &mut *room.wait, Stamp(until));
        assert_eq!((read.unwrap(), chunk.has_come()), (Read::Idle, false));
    };
    read(14_000);
    assert!(!sink.is_answered());
    read(16_000);
    assert!(sink.is_answered() && !sink.is_kept());
    let mut later = room.connect();
    later.send(&["now"]);
    room.read();
    assert_eq!(room.bodies, [b"now"]);
}
