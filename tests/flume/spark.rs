//! A model of a SparkSink: a channel of numbered events, transactions that are rolled back after a time, and
//! faults on purpose.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use weir::wire::flume::avro::{Take, put_bytes, put_long};
use weir::wire::flume::frames::{self, Frames};
use weir::wire::flume::handshake::{Match, Request, put_response};
use weir::wire::flume::pull::PROTOCOL;
use weir::wire::flume::push::put_headers;

/// What goes wrong; 0: never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Every so many requests for events are answered by an error.
    pub error_every: u64,
    /// Every so many acknowledgements are answered, and the batch is rolled back.
    pub lose_ack_every: u64,
    /// Every so many batches are cut off half way.
    pub cut_every: u64,
    /// More events than that at a time are an error.
    pub capacity: usize,
    /// The first handshake is not known.
    pub knows_nothing: bool,
    /// An empty channel answers an empty batch.
    pub answers_empty: bool,
}

#[derive(Default)]
pub struct State {
    channel: VecDeque<u64>,
    open: BTreeMap<u64, Vec<u64>>,
    pub committed: Vec<u64>,
    /// Events of batches that were taken and not committed: they came, or may have come, more than once.
    pub again: Vec<u64>,
    counts: [u64; 4],
    pub nacks: u64,
}

/// A sink that serves.
#[derive(Clone)]
pub struct SparkSink {
    pub port: u16,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl SparkSink {
    /// Serves the numbers of a range.
    pub fn start(events: std::ops::Range<u64>, faults: Faults) -> SparkSink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { channel: events.collect(), ..State::default() };
        let sink = SparkSink { port, shared: Arc::new((Mutex::new(state), Condvar::new())) };
        let serving = sink.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let serving = serving.clone();
                thread::spawn(move || drop(serving.serve(stream.unwrap(), faults)));
            }
        });
        sink
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn wait(&self, mut is_so: impl FnMut(&State) -> bool) {
        let state = self.shared.0.lock().unwrap();
        let waited =
            self.shared.1.wait_timeout_while(state, crate::common::PATIENCE, |state| !is_so(state));
        assert!(!waited.unwrap().1.timed_out());
    }

    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.shared.0.lock().unwrap())
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.shared.0.lock().unwrap());
        self.shared.1.notify_all();
        changed
    }

    fn serve(&self, mut stream: TcpStream, faults: Faults) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut frames, mut bytes, mut is_connected) = (Frames::new(1 << 20), [0; 4096], false);
        let mut mine = Vec::new();
        let served = loop {
            let count = match stream.read(&mut bytes) {
                Ok(count @ 1..) => count,
                _ => break Ok(()),
            };
            let mut rest = &bytes[..count];
            let Some(serial) = frames.feed(&mut rest).unwrap() else { continue };
            assert!(rest.is_empty(), "nothing is sent ahead");
            let message = frames.message().to_vec();
            let mut take = Take::new(&message);
            let mut handshake = Vec::new();
            if !is_connected {
                let request = Request::take(&message, &mut take).unwrap();
                is_connected = !faults.knows_nothing || request.text.is_some();
                let matched = if is_connected { Match::Both } else { Match::None };
                put_response(&mut handshake, matched, &PROTOCOL);
            }
            let (mut frame, mut is_cut) = (Vec::new(), false);
            if is_connected {
                let answer;
                (answer, is_cut) = self.answer(&mut take, faults, &mut mine);
                frames::put(&mut frame, serial, &[&handshake, &[0], &answer]);
            } else {
                frames::put(&mut frame, serial, &[&handshake]);
            }
            if is_cut {
                stream.write_all(&frame[..frame.len() / 2])?;
                break Ok(());
            }
            stream.write_all(&frame)?;
        };
        // The timeout of the transactions of whoever has gone: short.
        thread::park_timeout(Duration::from_millis(100));
        for number in mine {
            self.finish(number, false);
        }
        served
    }

    /// Ends a transaction, if it is open.
    fn finish(&self, number: u64, commits: bool) {
        self.change(|state| {
            let Some(events) = state.open.remove(&number) else { return };
            match commits {
                true => state.committed.extend(events),
                false => {
                    state.again.extend(&events);
                    events.into_iter().rev().for_each(|event| state.channel.push_front(event));
                }
            }
        });
    }

    fn answer(&self, take: &mut Take<'_>, faults: Faults, mine: &mut Vec<u64>) -> (Vec<u8>, bool) {
        take.map().unwrap();
        let name = take.bytes().unwrap().to_vec();
        if name == b"getEventBatch" {
            let most = usize::try_from(take.long().unwrap()).unwrap();
            return self.batch(most, faults, mine);
        }
        let number = String::from_utf8(take.bytes().unwrap().to_vec()).unwrap();
        let number: u64 = number.strip_prefix("base").unwrap().parse().unwrap();
        let is_lost = self.change(|state| {
            state.nacks += u64::from(name == b"nack");
            state.counts[1] += u64::from(name == b"ack");
            faults.lose_ack_every > 0 && state.counts[1].is_multiple_of(faults.lose_ack_every)
        });
        self.finish(number, name == b"ack" && !is_lost);
        mine.retain(|other| *other != number);
        (vec![0], false)
    }

    fn batch(&self, most: usize, faults: Faults, mine: &mut Vec<u64>) -> (Vec<u8>, bool) {
        let error = |words: &str| {
            let mut out = vec![0];
            put_bytes(&mut out, words.as_bytes());
            out.extend([0, 0]);
            (out, false)
        };
        let every = |every: u64, count: u64| every > 0 && count.is_multiple_of(every);
        let state = self.shared.0.lock().unwrap();
        let waits = |state: &mut State| state.channel.is_empty() && !faults.answers_empty;
        let mut state = self.shared.1.wait_while(state, waits).unwrap();
        state.counts[0] += 1;
        if every(faults.error_every, state.counts[0]) {
            return error("on purpose");
        }
        let count = most.min(state.channel.len());
        if faults.capacity > 0 && count > faults.capacity {
            return error(&format!(
                "Take list for MemoryTransaction, capacity {} full",
                faults.capacity
            ));
        }
        let events: Vec<u64> = state.channel.drain(..count).collect();
        let number = state.counts[0];
        let mut out = vec![0, 0];
        put_bytes(&mut out, format!("base{number}").as_bytes());
        if !events.is_empty() {
            put_long(&mut out, events.len() as i64);
        }
        for event in &events {
            put_headers(&mut out, &[("number", &event.to_string())]);
            put_bytes(&mut out, event.to_string().as_bytes());
        }
        put_long(&mut out, 0);
        state.open.insert(number, events);
        state.counts[2] += 1;
        let is_cut = every(faults.cut_every, state.counts[2]);
        drop(state);
        mine.push(number);
        self.shared.1.notify_all();
        (out, is_cut)
    }
}
