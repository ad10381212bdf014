//! `weir listen unix:PATH`: what becomes of the file, and of clients whom nobody but this machine knows.

use std::fs;
use std::io::Write;
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::Sender;

use rustix::process::Signal;

use crate::common::{Dir, PATIENCE, start, weir};
use crate::{Short, answer, client, ended_by, listens, sender, sorted, unix};

#[test]
fn clients_make_one_stream_and_half_a_line_counts_at_the_close() {
    let dir = Short::new();
    let path = dir.path("a");
    let mut run = start(weir(&["listen", &unix(&path), "--interval", "0"]));
    listens(&mut run, &path);
    let [mut a, mut b] = [client(&path, "a1\nhalf "), client(&path, "b1\r\n")];
    assert_eq!(sorted(run.out.lines(2)), ["a1", "b1"]);
    b.write_all(b"half of b").unwrap();
    drop(b);
    assert_eq!(run.out.line(""), "half of b");
    a.write_all(b"of a\n").unwrap();
    assert_eq!(run.out.line(""), "half of a");
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
    assert!(dir.files().is_empty(), "the file goes with weir");
}

#[test]
fn with_peer_each_connection_is_a_key_that_begins_with_the_address() {
    let dir = Short::new();
    let path = dir.path("a");
    let at = unix(&path);
    let flags = ["listen", &at, "--interval", "0", "--with-peer", "--format", "text", "-v"];
    let mut run = start(weir(&flags));
    listens(&mut run, &path);
    let first = client(&path, "one\ntwo\n");
    assert_eq!(run.out.lines(2), [format!("{at}:1\tone"), format!("{at}:1\ttwo")]);
    let _second = client(&path, "three\n");
    assert_eq!(run.out.line(""), format!("{at}:2\tthree"));
    drop(first);
    assert_eq!(run.err.line("closed"), format!("weir: {at}:1: closed"));
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}

#[test]
fn what_a_weir_that_was_killed_has_left_is_replaced_and_a_live_one_is_refused() {
    let dir = Short::new();
    let path = dir.path("a");
    let at = unix(&path);
    let mut run = start(weir(&["listen", &at, "--interval", "0"]));
    listens(&mut run, &path);
    assert_eq!(ended_by(Signal::KILL, run).status, 137);
    assert_eq!(dir.files(), ["a"]);
    let mut run = start(weir(&["listen", &at, "--interval", "0"]));
    listens(&mut run, &path);
    let ended = start(weir(&["listen", &at])).end();
    let said = format!(
        "weir: {at}: address in use: another program listens there; `ss -xlp` names it, or choose another \
         path\n"
    );
    assert_eq!(ended.failed(1), said);
    let _client = client(&path, "still here\n");
    assert_eq!(run.out.line(""), "still here");
    // A process that only bound the name, and one that listens there for once, are live as well.
    assert_eq!(ended_by(Signal::INT, run).ok(), "");
    assert!(dir.files().is_empty());
}

#[test]
fn of_many_that_start_at_once_where_one_was_killed_exactly_one_listens() {
    let dir = Short::new();
    let path = dir.path("a");
    let at = unix(&path);
    drop(UnixListener::bind(&path).unwrap());
    let mut runs: Vec<_> =
        (0..8).map(|_| start(weir(&["listen", &at, "--interval", "0"]))).collect();
    let said: Vec<_> = runs.iter_mut().map(|run| run.err.line("weir: ")).collect();
    let live: Vec<_> = (0..8).filter(|&run| said[run].contains("listening on")).collect();
    assert_eq!(live.len(), 1, "{said:?}");
    let _client = client(&path, "hello\n");
    assert_eq!(runs[live[0]].out.line(""), "hello");
    assert_eq!(dir.files(), ["a"], "nothing is left beside it");
}

#[test]
fn what_is_no_socket_stays_and_a_path_that_is_too_long_is_said() {
    let dir = Short::new();
    let file = dir.path("file");
    fs::write(&file, "precious").unwrap();
    let ended = start(weir(&["listen", &unix(&file)])).end();
    let said = format!(
        "weir: {}: there is a file that is no socket, which is left alone; choose another path\n",
        unix(&file)
    );
    assert_eq!(ended.failed(1), said);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    let long = format!("unix:/{}", "a".repeat(107));
    let ended = start(weir(&["listen", &long])).end();
    let said = format!(
        "weir: {long}: 108 bytes are too long for the name of a socket, which has at most 107"
    );
    assert!(ended.failed(2).starts_with(&said), "{}", ended.err);
    let nowhere = unix(&dir.path("none/a"));
    let ended = start(weir(&["listen", &nowhere])).end();
    assert_eq!(ended.failed(1), format!("weir: {nowhere}: no such file or directory\n"));
}

#[test]
fn who_may_connect_is_said_by_umask() {
    let dir = Short::new();
    for (mask, mode) in [("022", 0o755), ("007", 0o770)] {
        let path = dir.path(mask);
        let script = format!("umask {mask}; exec \"$WEIR\" listen {}", unix(&path));
        let mut run = start(crate::common::shell(&script));
        listens(&mut run, &path);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        assert_eq!(ended_by(Signal::TERM, run).status, 0);
    }
}

#[test]
fn a_name_without_a_file_is_free_when_weir_is_killed() {
    let name = format!("weir-test-{}", std::process::id());
    let at = format!("unix:@{name}");
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    for _ in 0..2 {
        let mut run = start(weir(&["listen", &at, "--interval", "0"]));
        assert_eq!(run.err.line("listening"), format!("weir: listening on {at}"));
        let mut client = UnixStream::connect_addr(&address).unwrap();
        client.write_all(b"hello\n").unwrap();
        assert_eq!(run.out.line(""), "hello");
        let ended = start(weir(&["listen", &at])).end();
        assert!(ended.failed(1).contains("address in use"), "{}", ended.err);
        assert_eq!(ended_by(Signal::KILL, run).status, 137);
    }
}

#[test]
fn a_client_reads_the_end_when_the_log_has_its_lines_and_a_reset_when_weir_is_killed() {
    let (dir, keep) = (Short::new(), Dir::new());
    let (path, checkpoint) = (dir.path("a"), keep.path("ck"));
    let at = unix(&path);
    let args = ["listen", &at, "--count-by-key", "--update-state", "--interval", "200ms", "--ack"];
    let rest = [
        "--format",
        "text",
        "--changed",
        "--skip-empty",
        "--checkpoint",
        checkpoint.to_str().unwrap(),
    ];
    let args = [&args[..], &rest].concat();
    let mut run = start(weir(&args));
    listens(&mut run, &path);
    assert_eq!(answer(sender(&path, "a\nb\na")), ("ok 3\n".to_string(), None));
    assert_eq!(answer(sender(&path, "")), ("ok 0\n".to_string(), None));
    let open = client(&path, "c\n");
    assert_eq!(run.out.line("c"), "c\t1");
    assert_eq!(ended_by(Signal::KILL, run).status, 137);
    assert_eq!(answer(open), (String::new(), Some(std::io::ErrorKind::ConnectionReset)));
    let mut run = start(weir(&args));
    listens(&mut run, &path);
    // Ones that never read their answer hold nobody up.
    let silent: Vec<_> = (0..20).map(|_| sender(&path, "a\n")).collect();
    run.out.line("a\t22");
    assert_eq!(answer(sender(&path, "b\nc\n")), ("ok 2\n".to_string(), None));
    assert_eq!(sorted(run.out.lines(2)), ["b\t2", "c\t2"]);
    drop(silent);
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}

#[test]
fn once_ends_when_the_first_client_closes() {
    let dir = Short::new();
    let path = dir.path("a");
    let mut run = start(weir(&["listen", &unix(&path), "--once", "--count", "--format", "text"]));
    listens(&mut run, &path);
    // Whoever asks whether somebody listens is no client.
    let refused = start(weir(&["listen", &unix(&path)])).end();
    assert_eq!(refused.status, 1);
    drop(client(&path, "a\nb\nhalf"));
    assert_eq!(run.end().ok(), "3\n");
    assert!(dir.files().is_empty());
}

/// Sends two lines over one connection after the other, until weir is gone; says which were acknowledged.
fn sends(path: &Path, name: &str, news: &Sender<()>) -> Vec<String> {
    let mut told = Vec::new();
    for turn in 0.. {
        let line = format!("{name}-{turn}");
        let Ok(mut client) = UnixStream::connect(path) else { break };
        let sent = client.write_all(format!("{line}\n{line}").as_bytes());
        if sent.and_then(|()| client.shutdown(Shutdown::Write)).is_err() {
            break;
        }
        match answer(client) {
            // With the answer all is known, whatever follows.
            (text, _) if text == "ok 2\n" => told.push(line),
            (text, None) => panic!("the end after {text:?}"),
            (_, Some(_)) => break,
        }
        let _ = news.send(());
    }
    told
}

#[test]
fn what_was_acknowledged_is_kept_however_often_weir_is_killed() {
    let (dir, keep) = (Short::new(), Dir::new());
    let (path, checkpoint, out) = (dir.path("a"), keep.path("ck"), keep.path("out"));
    let at = unix(&path);
    let args = ["listen", &at, "--interval", "20ms", "--format", "text", "--ack"];
    let files = ["--checkpoint", checkpoint.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let args = [&args[..], &files].concat();
    let mut told: Vec<String> = Vec::new();
    for life in 0..12 {
        let mut run = start(weir(&args));
        listens(&mut run, &path);
        let ended = std::thread::scope(|scope| {
            // Whatever fails in here ends it, and so those who send.
            let run = run;
            let (news, heard) = std::sync::mpsc::channel();
            let clients: Vec<_> = (0..4)
                .map(|number| {
                    let (path, news) = (&path, news.clone());
                    scope.spawn(move || sends(path, &format!("{life}-{number}"), &news))
                })
                .collect();
            (0..=3 * life).for_each(|_| heard.recv_timeout(PATIENCE).unwrap());
            run.signal(Signal::KILL);
            told.extend(clients.into_iter().flat_map(|client| client.join().unwrap()));
            run.end()
        });
        assert_eq!(ended.status, 137);
    }
    assert_eq!(start(weir(&[&args[..], &["--duration", "1ms"]].concat())).end().status, 0);
    let text = fs::read_to_string(&out).unwrap();
    assert!(told.len() >= 12, "{}", told.len());
    for name in &told {
        assert_eq!(text.lines().filter(|line| line == name).count(), 2, "{name} was acknowledged");
    }
}
