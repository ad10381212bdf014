//! Both sides of a connection by TLS over a pipe in memory, which cuts where it likes.

use std::collections::VecDeque;
use std::sync::Mutex;

use clap::{Args, FromArgMatches};
use proptest::prelude::*;

use super::given::{Calling, Listening};
use super::*;
use crate::chunk::Chunk;
use crate::error::Error;
use crate::origin::Origin;
use crate::source::peers::peer::{Got, Peer};
use crate::wire::lines::Lines;

/// The file of a certificate or a key of the tests.
pub fn file(name: &str) -> String {
    format!("{}/tests/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn typed<F: Args + FromArgMatches>(words: &[&str]) -> F {
    let command = F::augment_args(clap::Command::new("weir"));
    let matches = command.try_get_matches_from([&["weir"], words].concat()).unwrap();
    F::from_arg_matches(&matches).unwrap()
}

/// What is made of the flags of a source that listens.
pub fn listening(words: &[&str]) -> Result<Welcome, Error> {
    typed::<Listening>(words).welcome()
}

/// How `host` is called with the flags of a source that connects.
pub fn calling(host: &str, words: &[&str]) -> Result<Option<Call>, Error> {
    typed::<Calling>(words).trust()?.map(|trust| trust.call(host)).transpose()
}

/// How clients of `localhost` are let in.
pub fn welcome() -> Welcome {
    let (cert, key) = (file("localhost.pem"), file("key-pkcs8.pem"));
    listening(&["--tls-cert", &cert, "--tls-key", &key]).unwrap()
}

/// How a server is called by somebody who trusts the authority of the tests.
pub fn call(host: &str) -> Call {
    calling(host, &["--tls", "--tls-ca", &file("ca.pem")]).unwrap().unwrap()
}

#[derive(Default)]
struct Way {
    bytes: VecDeque<u8>,
    is_over: bool,
}

/// One end of a pipe; each read and each write takes the next number of bytes at most.
struct End {
    from: Arc<Mutex<Way>>,
    to: Arc<Mutex<Way>>,
    cuts: Vec<usize>,
    turn: usize,
}

impl End {
    fn most(&mut self) -> io::Result<usize> {
        self.turn += 1;
        // By chance, or reads could always meet the same cut.
        let chance = (self.turn.wrapping_mul(0x9e37_79b9) >> 7) % self.cuts.len();
        match self.cuts[chance] {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            most => Ok(most),
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.to.lock().unwrap().is_over = true;
    }
}

impl Transport for End {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = self.most()?;
        let mut way = self.from.lock().unwrap();
        let count = way.bytes.len().min(room.len()).min(most);
        if count == 0 && !way.is_over {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        for (place, byte) in room.iter_mut().zip(way.bytes.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn peek(&mut self) -> io::Result<bool> {
        let way = self.from.lock().unwrap();
        match (way.bytes.is_empty(), way.is_over) {
            (true, false) => Err(io::ErrorKind::WouldBlock.into()),
            (is_empty, _) => Ok(!is_empty),
        }
    }

    fn arrived(&self) -> io::Result<usize> {
        Ok(self.from.lock().unwrap().bytes.len())
    }

    fn has_pending(&self) -> bool {
        false
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.most()?.min(bytes.len());
        self.to.lock().unwrap().bytes.extend(&bytes[..count]);
        Ok(count)
    }
}

impl Parting for End {
    fn tell(&mut self, _: &[u8]) -> bool {
        unreachable!("nothing goes out that is not sealed")
    }

    fn close_in_order(&mut self) {
        self.to.lock().unwrap().is_over = true;
    }
}

/// Two ends that are cut so, each way.
fn pipe(cuts: &[usize]) -> (End, End) {
    let (a, b) = (Arc::<Mutex<Way>>::default(), Arc::<Mutex<Way>>::default());
    let end = |from: &Arc<Mutex<Way>>, to: &Arc<Mutex<Way>>, turn| {
        let (from, to, cuts) = (Arc::clone(from), Arc::clone(to), cuts.to_vec());
        End { from, to, cuts, turn }
    };
    (end(&a, &b, 0), end(&b, &a, 1))
}

const WHOLE: &[usize] = &[1 << 20];

/// A client and a server whose handshake is over.
fn opened(cuts: &[usize]) -> (MaybeTls<End>, MaybeTls<End>) {
    let (ours, theirs) = pipe(cuts);
    let mut server = welcome().let_in(ours, words::client);
    let mut client = call("localhost").over(theirs);
    for _ in 0..100_000 {
        let is_open = client.open().unwrap();
        // As an event would have it that tells of room.
        server.flush();
        assert!(server.peek().is_err(), "nothing was sent yet");
        if is_open && !server.is_opening() {
            return (client, server);
        }
    }
    panic!("no end");
}

fn session<S>(link: &mut MaybeTls<S>) -> &mut Connection {
    match link {
        MaybeTls::Sealed(sealed) => &mut sealed.session,
        MaybeTls::Bare { .. } => panic!("bare"),
    }
}

/// All that a client sends while a server reads in turns of at most so many bytes and records; then how it
/// ended.
fn read_all(
    (mut client, server): (MaybeTls<End>, MaybeTls<End>),
    text: &[u8],
    (most, records): (usize, usize),
    ends: bool,
) -> (Vec<u8>, Option<io::Error>) {
    let mut peer = Peer::new(server, Lines::new(b'\n', 1 << 20, Origin::new("peer")));
    let (mut rest, mut all, mut said) = (text, Vec::new(), false);
    for _ in 0..1_000_000 {
        if !rest.is_empty() {
            rest = &rest[client.send(rest).unwrap_or(0)..];
        } else if !said {
            said = true;
            if ends {
                session(&mut client).send_close_notify();
            }
        }
        client.flush();
        if said && !session(&mut client).wants_write() && !ends {
            match &client {
                MaybeTls::Sealed(sealed) => sealed.stream.to.lock().unwrap().is_over = true,
                MaybeTls::Bare { .. } => {}
            }
        }
        let (mut chunk, mut limit) = (Chunk::default(), records);
        peer.readable = true;
        let got = peer.read(&mut chunk, most, &mut limit);
        all.extend_from_slice(chunk.bytes());
        if let Got::End(why) = got {
            return (all, why);
        }
    }
    panic!("no end after {} bytes", all.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn lines_come_through_however_both_ways_are_cut(
        lines in prop::collection::vec("[a-z]{0,300}", 0..40),
        cuts in prop::collection::vec(prop_oneof![1usize..40, 100usize..5000, Just(0)], 1..20),
        most in prop_oneof![1usize..50, Just(1 << 16)],
        records in prop_oneof![1usize..4, Just(usize::MAX)],
    ) {
        prop_assume!(cuts.iter().any(|cut| *cut > 0));
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let (came, why) = read_all(opened(&cuts), text.as_bytes(), (most, records), true);
        prop_assert!(why.is_none(), "{why:?}");
        prop_assert_eq!(String::from_utf8(came).unwrap(), text);
    }

    #[test]
    fn any_bytes_at_a_port_for_tls_are_an_end_and_no_panic(
        bytes in prop::collection::vec(prop_oneof![0u8..=3, 20u8..24, any::<u8>()], 1..600),
    ) {
        let (ours, theirs) = pipe(WHOLE);
        let mut server = welcome().let_in(ours, words::client);
        theirs.to.lock().unwrap().bytes.extend(&bytes);
        drop(theirs);
        let mut room = [0; 100];
        let error = (0..100).find_map(|_| server.read(&mut room).err()).unwrap();
        let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
        prop_assert!(kinds.contains(&error.kind()), "{error}");
    }
}

#[test]
fn a_stream_that_ends_without_its_end_is_an_error_behind_what_came() {
    let (came, why) = read_all(opened(WHOLE), b"a\nhalf", (1 << 16, usize::MAX), false);
    assert_eq!(came, b"a\nhalf\n");
    let why = why.unwrap();
    assert_eq!(why.kind(), io::ErrorKind::UnexpectedEof);
    assert!(why.to_string().contains("may have been cut off"), "{why}");
}

#[test]
fn what_a_read_has_left_is_held_and_no_event_tells_of_it() {
    let (mut client, mut server) = opened(WHOLE);
    assert_eq!(client.send(b"0123456789").unwrap(), 10);
    assert!(!server.has_pending());
    let mut room = [0; 4];
    assert_eq!(server.read(&mut room).unwrap(), 4);
    assert!(server.has_pending() && server.peek().unwrap());
    assert_eq!(server.arrived().unwrap(), 6);
    assert_eq!((server.read(&mut room).unwrap(), server.read(&mut room).unwrap()), (4, 2));
    assert!(!server.has_pending());
    assert_eq!(server.read(&mut room).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn the_end_of_the_stream_is_sealed_and_comes_behind_the_answer() {
    let (mut client, mut server) = opened(WHOLE);
    assert!(server.tell(b"ok 3\n"));
    server.close_in_order();
    let mut room = [0; 100];
    assert_eq!(client.read(&mut room).unwrap(), 5);
    assert_eq!(client.read(&mut room).unwrap(), 0);
    // One that is dropped says nothing.
    let (mut client, server) = opened(WHOLE);
    drop(server);
    assert_eq!(client.read(&mut room).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn an_answer_that_does_not_get_out_is_not_told_and_nothing_is_closed() {
    let (_client, mut server) = opened(WHOLE);
    match &mut server {
        MaybeTls::Sealed(sealed) => sealed.stream.cuts = vec![0],
        MaybeTls::Bare { .. } => panic!("bare"),
    }
    assert!(!server.tell(b"ok 3\n"));
    server.close_in_order();
    assert!(!server.stream().to.lock().unwrap().is_over);
}

/// What a client finds who calls `host` where the certificate is the one of these files.
fn refused(cert: &str, key: &str, call: &Call) -> String {
    let words = [&file(cert)[..], &file(key)];
    let server = listening(&["--tls-cert", words[0], "--tls-key", words[1]]).unwrap();
    let (ours, theirs) = pipe(WHOLE);
    let (mut server, mut client) = (server.let_in(ours, words::client), call.over(theirs));
    for _ in 0..1000 {
        match client.open() {
            Ok(false) => drop(server.peek()),
            Ok(true) => return String::new(),
            Err(error) => {
                // The other side is told, and says so.
                let told = server.peek().unwrap_err();
                assert_eq!(told.kind(), io::ErrorKind::InvalidData, "{told}");
                return error.to_string();
            }
        }
    }
    panic!("no end");
}

#[test]
fn a_bad_certificate_is_said_in_plain_words() {
    let key = "key-pkcs8.pem";
    let good = call("localhost");
    assert_eq!(refused("localhost.pem", key, &good), "");
    assert_eq!(refused("localhost.pem", key, &call("127.0.0.1")), "");
    assert_eq!(refused("localhost.pem", "key-sec1.pem", &good), "");
    assert_eq!(refused("localhost-rsa.pem", "key-pkcs1.pem", &good), "");
    let said = refused("expired.pem", key, &good);
    assert_eq!(said, "the server's certificate has expired, on 2020-02-01");
    let said = refused("elsewhere.pem", key, &good);
    assert_eq!(said, "the server's certificate is not for localhost but for elsewhere.example");
    let said = refused("self.pem", key, &good);
    assert!(said.starts_with("nobody whom this machine trusts"), "{said}");
    let itself = calling("localhost", &["--tls", "--tls-ca", &file("self.pem")]);
    assert_eq!(refused("self.pem", key, &itself.unwrap().unwrap()), "");
    let itself = calling("localhost", &["--tls", "--tls-ca", &file("self-ca.pem")]);
    let said = refused("self-ca.pem", key, &itself.unwrap().unwrap());
    assert!(said.contains("CA:TRUE"), "{said}");
}
