//! Several addresses at once are one stream, and a checkpoint does not mind which.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use crate::common::{Dir, Over, PATIENCE, Run, start, weir};
use crate::{Short, answer, client, ended_by, from, listens, mail_port, sender, sorted, unix};

/// A client over TCP that has sent something.
fn tcp(port: u16, text: &str) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(text.as_bytes()).unwrap();
    client
}

fn count(run: &mut Run, row: &str) {
    run.out.line(row);
}

#[test]
fn clients_of_all_kinds_make_one_stream() {
    let dir = Short::new();
    let path = dir.path("a");
    let at = unix(&path);
    let args =
        ["listen", "0", &at, "udp:0", "--count-by-key", "--update-state", "--interval", "100ms"];
    let mut run = start(weir(&[&args[..], &["--format", "text", "--changed"]].concat()));
    let port = run.port();
    listens(&mut run, &path);
    let socket = from(mail_port(&mut run));
    socket.send(b"a\nb").unwrap();
    count(&mut run, "a\t1");
    let _local = client(&path, "a\n");
    count(&mut run, "a\t2");
    let _tcp = tcp(port, "a\n");
    count(&mut run, "a\t3");
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
    assert!(dir.files().is_empty());
}

#[test]
fn with_once_the_first_client_ends_it_and_datagrams_that_have_come_count() {
    let mut run = start(weir(&["listen", "0", "udp:0", "--once", "--count", "--format", "text"]));
    let port = run.port();
    let socket = from(mail_port(&mut run));
    (0..100).for_each(|_| assert_eq!(socket.send(b"a\nb").unwrap(), 3));
    drop(tcp(port, "c"));
    assert_eq!(run.end().ok(), "201\n");
}

#[test]
fn a_place_that_cannot_be_had_is_named_and_leaves_nothing_behind() {
    let dir = Short::new();
    let at = unix(&dir.path("a"));
    let holds = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holds.local_addr().unwrap();
    let ended = start(weir(&["listen", "0", &at, &taken.to_string()])).end();
    assert_eq!(ended.status, 1);
    assert!(ended.err.starts_with(&format!("weir: {taken}: address in use")), "{}", ended.err);
    assert!(dir.files().is_empty());
    let ended = start(weir(&["listen", "9999", "9999"])).end();
    assert_eq!(ended.failed(2), "weir: 9999: is given twice\n");
}

#[test]
fn what_is_counted_at_one_address_goes_on_at_others() {
    let (dir, keep) = (Short::new(), Dir::new());
    let (path, checkpoint) = (dir.path("a"), keep.path("ck"));
    let at = unix(&path);
    let rest =
        ["--count-by-key", "--update-state", "--interval", "100ms", "--format", "text", "--ack"];
    let go = |places: &[&str]| {
        let args =
            [&["listen"], places, &rest[..], &["--checkpoint", checkpoint.to_str().unwrap()]];
        start(weir(&args.concat()))
    };
    let mut run = go(&["0"]);
    let port = run.port();
    tcp(port, "a\n");
    count(&mut run, "a\t1");
    assert_eq!(ended_by(Signal::KILL, run).status, 137);
    let mut run = go(&[&at, "udp:0", "0"]);
    let port = run.port();
    let socket = from(mail_port(&mut run));
    assert_eq!(answer(sender(&path, "a\na")), ("ok 2\n".to_string(), None));
    socket.send(b"a").unwrap();
    count(&mut run, "a\t4");
    tcp(port, "a\n");
    count(&mut run, "a\t5");
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
    let mut run = go(&[&at]);
    listens(&mut run, &path);
    assert_eq!(answer(sender(&path, "a\n")).0, "ok 1\n");
    count(&mut run, "a\t6");
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}

#[test]
fn a_flood_of_datagrams_does_not_starve_a_client_nor_the_other_way_round() {
    let args = ["listen", "0", "udp:0", "--interval", "100ms", "--reject", "^flood"];
    let mut run = start(weir(&[&args[..], &["--format", "text"]].concat()));
    let port = run.port();
    let mail = mail_port(&mut run);
    let is_over = AtomicBool::new(false);
    let goes_on = || !is_over.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let _over = Over(&is_over);
        scope.spawn(|| {
            let (socket, text) = (from(mail), "flood\n".repeat(200));
            for number in (0..).take_while(|_| goes_on()) {
                let text = if number % 256 == 0 { "mail\n" } else { &text };
                // One that finds no room is lost, which is what this is about.
                let _ = socket.send(text.as_bytes());
            }
        });
        scope.spawn(|| {
            let mut flood = tcp(port, "");
            flood.set_write_timeout(Some(PATIENCE)).unwrap();
            let text = "flood\n".repeat(10_000);
            while goes_on() {
                flood.write_all(text.as_bytes()).unwrap();
            }
        });
        let mut slow = tcp(port, "");
        for number in 0..5 {
            writeln!(slow, "slow {number}").unwrap();
            assert_eq!(run.out.line("slow"), format!("slow {number}"));
            run.out.line("mail");
        }
    });
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn where_nothing_comes_all_places_are_named() {
    let dir = Short::new();
    let path = dir.path("a");
    let at = unix(&path);
    let mut run = start(weir(&["listen", &at, "udp:0", "--count", "--interval", "10ms", "-v"]));
    listens(&mut run, &path);
    let port = mail_port(&mut run);
    let said = run.err.line("connections on");
    let places = format!("connections on {at} (0 clients), datagrams on udp:127.0.0.1:{port}");
    assert!(said.contains(&places), "{said}");
    assert_eq!(sorted(vec![]), Vec::<String>::new());
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}
