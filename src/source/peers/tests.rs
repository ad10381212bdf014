//! The loop over connections that are scripts: what poll does not show, and whose turn it is.

use super::*;
use crate::clock::RealTime;
use crate::origin::Origin;
use crate::wire::lines::Lines;

/// A connection of which poll never tells anything.
#[derive(Default)]
struct Script {
    /// What one read after the other finds; none: nothing, though there may be more.
    reads: VecDeque<Option<&'static str>>,
    /// True if it tells that it holds bytes.
    tells: bool,
}

impl Script {
    fn new(reads: &[Option<&'static str>]) -> Script {
        Script { reads: reads.iter().copied().collect(), tells: true }
    }
}

impl Transport for Script {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let text = self.reads.pop_front().flatten().ok_or(io::ErrorKind::WouldBlock)?;
        room[..text.len()].copy_from_slice(text.as_bytes());
        Ok(text.len())
    }

    fn peek(&mut self) -> io::Result<bool> {
        if self.has_pending() { Ok(true) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    fn arrived(&self) -> io::Result<usize> {
        Ok(self.reads.iter().flatten().map(|text| text.len()).sum())
    }

    fn has_pending(&self) -> bool {
        self.tells && !self.reads.is_empty()
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
}

/// Whoever is there from the beginning.
#[derive(Default)]
struct Company {
    leaving: bool,
    gone: Vec<usize>,
}

impl Host for Company {
    type Transport = Script;
    type Framing = Lines;

    fn place(&self) -> &dyn Display {
        &"script"
    }

    fn deadline(&self) -> Stamp {
        Stamp::NEVER
    }

    fn note(&mut self, _: &Event, _: &mut PeersOf<Self>, _: &dyn Wait, _: Stamp) {}

    fn turn(&mut self, _: &mut PeersOf<Self>, _: &dyn Wait, _: Stamp) {}

    fn gone(&mut self, number: usize, _: PeerOf<Self>, _: Option<io::Error>, _: Stamp) {
        self.gone.push(number);
    }

    fn is_leaving(&self) -> bool {
        self.leaving
    }

    fn end(&mut self, _: &PeersOf<Self>) -> Result<Read, Error> {
        Ok(Read::End)
    }
}

struct Loop {
    host: Company,
    peers: PeersOf<Company>,
    wait: RealTime,
}

impl Loop {
    fn new(scripts: Vec<Script>) -> Loop {
        let settings = Settings {
            delimiter: b'\n',
            max_record: 100,
            once: false,
            acknowledges: false,
            lasts: false,
            keeps_state: false,
            start: Stamp(0),
        };
        let mut peers = Peers::new("scripts", FIRST_TOKEN, &settings);
        for (number, script) in scripts.into_iter().enumerate() {
            let origin = Origin::new(number.to_string());
            peers.join(number, Peer::new(script, Lines::new(b'\n', settings.max_record, origin)));
        }
        Loop { host: Company::default(), peers, wait: RealTime::new().unwrap().0 }
    }

    /// Reads without waiting.
    fn read(&mut self, limit: usize) -> (Read, String) {
        let (mut chunk, now) = (Chunk::default(), self.wait.now());
        let read = self.peers.read(&mut self.host, &mut chunk, limit, &mut self.wait, now);
        assert!(self.wait.events().is_empty(), "poll knows of nothing");
        (read.unwrap(), String::from_utf8(chunk.bytes().to_vec()).unwrap())
    }
}

fn rows(text: &str) -> (Read, String) {
    (Read::Rows, text.to_string())
}

fn idle() -> (Read, String) {
    (Read::Idle, String::new())
}

#[test]
fn bytes_that_a_transport_holds_are_read_without_an_event() {
    let held = Script::new(&[Some("a\nb"), None, Some("c\n"), Some("d\n"), None]);
    let mut all = Loop::new(vec![held, Script::default()]);
    assert_eq!(all.read(1), rows("a\n"));
    assert_eq!(all.read(usize::MAX), rows("bc\nd\n"), "though a read has found nothing in between");
    assert_eq!(all.read(usize::MAX), idle());
}

#[test]
fn a_transport_that_holds_nothing_is_left_alone_until_there_is_an_event() {
    let silent = Script { tells: false, ..Script::new(&[Some("a\n")]) };
    let mut all = Loop::new(vec![silent]);
    assert_eq!(all.read(usize::MAX), idle());
    assert!(!all.peers.has_work(&all.host));
}

#[test]
fn what_a_transport_holds_when_the_end_comes_is_still_read() {
    let mut all = Loop::new(vec![Script::new(&[Some("a\n"), None, Some("half")])]);
    all.host.leaving = true;
    assert_eq!(all.read(1), rows("a\n"));
    assert_eq!(all.read(usize::MAX), (Read::End, String::new()));
    assert_eq!(all.peers.unfinished(), 4);
}

#[test]
fn each_peer_has_its_turn_and_one_that_has_closed_leaves_its_half_record() {
    let reads = |one, two| Script::new(&[Some(one), Some(two), Some("")]);
    let mut all = Loop::new(vec![reads("a1\n", "a2\na3"), reads("b1\n", "b2\n")]);
    assert_eq!(all.read(usize::MAX), rows("a1\nb1\na2\nb2\na3\n"));
    assert_eq!((all.host.gone, all.peers.count(), all.peers.unfinished()), (vec![0, 1], 0, 0));
}
