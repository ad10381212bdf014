//! A model of an avro sink: it sends a batch, waits for its answer, and sends again what was not answered OK,
//! over a new connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use crate::common::Patience;
use weir::wire::flume::frames::{self, Frames};
use weir::wire::flume::handshake::{Match, Request, Response};
use weir::wire::flume::push::{PROTOCOL, put_batch};
use weir::wire::flume::{avro::Take, deflate};

/// What a sink's bytes come over.
pub trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// A connection of a sink.
pub struct Sink {
    stream: Box<dyn Stream>,
    frames: Frames,
    serial: i32,
    zlib: Option<(deflate::Inflate, deflate::Deflate)>,
}

/// What a sink was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Ok,
    Failed,
    Error(String),
    /// The connection was closed, or nothing came in time.
    Nothing,
}

impl Sink {
    /// Connects, if somebody listens.
    pub fn connect(port: u16) -> Option<Sink> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Some(Sink::over(stream))
    }

    /// A connection that stands.
    pub fn over(stream: impl Stream + 'static) -> Sink {
        let frames = Frames::new(1 << 20);
        Sink { stream: Box::new(stream), frames, serial: 0, zlib: None }
    }

    /// The same, compressed.
    pub fn compressed(self) -> Sink {
        Sink { zlib: Some(Default::default()), ..self }
    }

    /// The bytes of the next call.
    fn frame(&mut self, headers: &[(&str, &str)], bodies: &[String]) -> Vec<u8> {
        let (mut message, mut frame) = (Vec::new(), Vec::new());
        if self.serial == 0 {
            let hash = PROTOCOL.hash;
            Request { client: hash, text: None, server: hash }.put(&mut message);
        }
        let events: Vec<_> = bodies.iter().map(|body| (headers, body.as_bytes())).collect();
        put_batch(&mut message, &events);
        self.serial += 1;
        let buffers: Vec<_> = message.chunks(8192).collect();
        frames::put(&mut frame, self.serial, &buffers);
        match &mut self.zlib {
            None => frame,
            Some((_, deflate)) => {
                let mut out = Vec::new();
                deflate.put(&mut out, &frame);
                out
            }
        }
    }

    /// Sends half of a batch, and goes.
    pub fn send_half(mut self, bodies: &[String]) {
        let frame = self.frame(&[], bodies);
        self.stream.write_all(&frame[..frame.len() / 2]).unwrap();
    }

    /// Sends a batch and waits for what it is told.
    pub fn send(&mut self, bodies: &[String]) -> Told {
        self.send_with(&[], bodies)
    }

    pub fn send_with(&mut self, headers: &[(&str, &str)], bodies: &[String]) -> Told {
        let frame = self.frame(headers, bodies);
        if self.stream.write_all(&frame).is_err() {
            return Told::Nothing;
        }
        self.answer()
    }

    /// Sends bytes that are no batch, and waits for the end.
    pub fn send_raw(mut self, bytes: &[u8]) -> Vec<u8> {
        let _ = self.stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = self.stream.read_to_end(&mut answer);
        answer
    }

    fn answer(&mut self) -> Told {
        let mut bytes = [0; 4096];
        loop {
            let Ok(count @ 1..) = self.stream.read(&mut bytes) else { return Told::Nothing };
            let mut plain = bytes[..count].to_vec();
            if let Some((inflate, _)) = &mut self.zlib {
                let (mut rest, mut all) = (&bytes[..count], Vec::new());
                while let piece @ [_, ..] = inflate.feed(&mut rest).unwrap() {
                    all.extend_from_slice(piece);
                }
                plain = all;
            }
            let mut rest = &plain[..];
            if let Some(serial) = self.frames.feed(&mut rest).unwrap() {
                assert_eq!((serial, rest.len()), (self.serial, 0));
                return self.told();
            }
        }
    }

    fn told(&self) -> Told {
        let message = self.frames.message();
        let mut take = Take::new(message);
        if self.serial == 1 {
            let response = Response::take(message, &mut take).unwrap();
            assert_eq!(response.matched, Match::Both);
        }
        take.map().unwrap();
        match (take.byte().unwrap(), take.long().unwrap()) {
            (0, 0) => Told::Ok,
            (0, 1) => Told::Failed,
            (1, 0) => Told::Error(String::from_utf8_lossy(take.bytes().unwrap()).into_owned()),
            other => panic!("{other:?}"),
        }
    }
}

/// What a sink has been told of numbered events that it sends until all are kept.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Those that it has sent more than once, because it was not told that they are kept.
    pub again: Vec<u64>,
}

/// Sends the numbers below `total` in batches until each was answered OK; connects to whatever port `port`
/// gives, again and again. `kept` is how many are kept so far.
pub fn deliver(
    total: u64,
    batch: u64,
    kept: &AtomicU64,
    mut port: impl FnMut() -> Option<u16>,
) -> Ledger {
    let (mut ledger, mut next, mut sink) = (Ledger::default(), 0, None);
    let mut patience = Patience::new();
    while next < total {
        patience.lasts("an answer");
        let numbers: Vec<u64> = (next..total.min(next + batch)).collect();
        let bodies: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let Some(there) = sink.as_mut() else {
            sink = port().and_then(Sink::connect);
            continue;
        };
        match there.send(&bodies) {
            Told::Ok => {
                next += numbers.len() as u64;
                kept.store(next, SeqCst);
                patience = Patience::new();
            }
            Told::Failed | Told::Error(_) | Told::Nothing => {
                ledger.again.extend(numbers);
                sink = None;
            }
        }
    }
    ledger
}
