//! Lines over TCP: many clients, ones that vanish, servers that come back, and no more files to open.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use common::{Dir, Ended, Patience, Run, accepted, batches, shell, start, weir};
use rustix::process::Signal;
use socket2::SockRef;

/// A client that has sent something.
fn client(port: u16, text: impl AsRef<[u8]>) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(text.as_ref()).unwrap();
    client
}

/// Has the connection broken, not closed.
fn reset(client: TcpStream) {
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn ended_by(signal: Signal, run: Run) -> Ended {
    run.signal(signal);
    run.end()
}

#[test]
fn several_clients_make_one_stream_and_half_a_line_counts_at_the_close() {
    let mut run = start(weir(&["listen", "0", "--interval", "0"]));
    let port = run.port();
    let [mut a, mut b] = [client(port, "a1\nhalf "), client(port, "b1\n")];
    assert_eq!(sorted(run.out.lines(2)), ["a1", "b1"]);
    b.write_all(b"b2\nhalf of b").unwrap();
    assert_eq!(run.out.line(""), "b2");
    drop(b);
    assert_eq!(run.out.line(""), "half of b");
    a.write_all(b"of a\n").unwrap();
    assert_eq!(run.out.line(""), "half of a", "each has its own unfinished line");
    let _late = client(port, "c1\r\n");
    assert_eq!(run.out.line(""), "c1");
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn where_nul_ends_records_newlines_are_theirs_from_servers_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let run = start(weir(&["connect", &address, "-0", "--once", "--format", "json", "--no-time"]));
    drop(accept(&listener, "a\nb\0c\r\0\0half\n"));
    let records = ["a\\nb", "c\\r", "", "half\\n"];
    let lines = records.map(|record| format!("{{\"record\":\"{record}\"}}\n"));
    assert_eq!(run.end().ok(), lines.concat());
}

#[test]
fn with_peer_each_line_has_its_client_for_key_and_steps_work_on_it() {
    let flags = ["listen", "0", "--interval", "0", "--with-peer", "--format", "text"];
    let mut run = start(weir(&flags));
    let port = run.port();
    let [mut a, b] = [client(port, "a1\r\na2\nhalf"), client(port, "\n")];
    let [name, other] = [&a, &b].map(|client| client.local_addr().unwrap().to_string());
    let expected = [format!("{name}\ta1"), format!("{name}\ta2"), format!("{other}\t")];
    assert_eq!(sorted(run.out.lines(3)), sorted(expected.to_vec()));
    a.write_all(b" of a\n").unwrap();
    assert_eq!(run.out.line(""), format!("{name}\thalf of a"));
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
    let mut run =
        start(weir(&[&flags[..], &["--filter", "^127", "--values", "--split", ","]].concat()));
    let _client = client(run.port(), "a,b\n");
    assert_eq!(run.out.lines(2), ["a", "b"]);
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn with_peer_the_lines_of_several_servers_are_told_apart_by_what_was_typed() {
    let servers = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let names = servers
        .each_ref()
        .map(|server| format!("localhost:{}", server.local_addr().unwrap().port()));
    let flags = ["--with-peer", "--interval", "0", "--reconnect-delay", "10ms"];
    let mut run = start(weir(&[&["connect", &names[0], &names[1]], &flags[..]].concat()));
    // A server that has closed has the same key when it comes back.
    for text in ["one\n", "two\n"] {
        for (server, name) in servers.iter().zip(&names) {
            accept(server, text);
            assert_eq!(run.out.line(""), format!("('{name}', '{}')", text.trim_end()));
        }
    }
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn a_client_that_resets_takes_nobody_with_it() {
    let mut run = start(weir(&["listen", "0", "--interval", "0", "-v"]));
    let port = run.port();
    let mut other = client(port, "other\n");
    assert_eq!(run.out.line(""), "other");
    let broken = client(port, "whole\n");
    let peer = broken.local_addr().unwrap();
    assert_eq!(run.out.line(""), "whole");
    reset(broken);
    assert_eq!(run.err.line("reset"), format!("weir: {peer}: connection reset by peer"));
    other.write_all(b"goes on\n").unwrap();
    assert_eq!(run.out.line(""), "goes on");
    let ended = ended_by(Signal::TERM, run);
    assert_eq!((ended.status, ended.out.as_str()), (0, ""));
}

#[test]
fn five_hundred_clients_at_once_are_all_heard() {
    let mut run = start(weir(&["listen", "0", "--interval", "0"]));
    let port = run.port();
    let mut clients: Vec<_> =
        (0..500).map(|n| client(port, format!("{n} hello\n{n} ha"))).collect();
    let mut lines = run.out.lines(500);
    for (n, client) in clients.iter_mut().enumerate() {
        write!(client, "lf\n{n} end").unwrap();
    }
    drop(clients);
    lines.extend(run.out.lines(1000));
    let expected =
        (0..500).flat_map(|n| ["hello", "half", "end"].map(|word| format!("{n} {word}")));
    assert_eq!(sorted(lines), sorted(expected.collect()));
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn once_ends_when_the_first_client_closes() {
    let mut run = start(weir(&["listen", "0", "--once", "--count-by-key"]));
    let port = run.port();
    let _stays = client(port, "a\nb\nun");
    drop(client(port, "a"));
    let ended = run.end();
    let said = "weir: 1 other client was still connected and is cut off by --once\n\
                weir: 2 bytes of unfinished lines are lost\n";
    assert_eq!((ended.status, &*ended.err), (0, said));
    let batches = batches(&ended.out);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].1, ["('a', 2)", "('b', 1)"], "what the other had not ended is no line");
}

/// A server that weir is connected to.
fn accept(listener: &TcpListener, text: &str) -> TcpStream {
    let mut stream = accepted(listener);
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn two_servers_make_one_stream() {
    let [(a, to_a), (b, to_b)] = [server(), server()];
    let mut run = start(weir(&["connect", &to_a, &to_b, "--interval", "0"]));
    let (mut a, mut b) = (accept(&a, "a1\n"), accept(&b, "b1\nhalf"));
    assert_eq!(sorted(run.out.lines(2)), ["a1", "b1"]);
    b.write_all(b" of b\n").unwrap();
    assert_eq!(run.out.line(""), "half of b");
    a.write_all(b"a2\n").unwrap();
    assert_eq!(run.out.line(""), "a2");
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn a_server_that_goes_away_is_tried_again_and_said_once_an_outage() {
    let (listener, address) = server();
    let args = ["connect", &address, "--interval", "25ms", "--reconnect-delay", "10ms"];
    let args = [&args[..], &["--format", "text"]].concat();
    let mut run = start(weir(&args));
    for outage in 0..2 {
        let stream = accept(&listener, "line\nhalf a line");
        assert_eq!(run.out.line(""), "line");
        if outage > 0 {
            assert_eq!(run.err.line(""), format!("weir: {address}: connected again"));
        }
        drop(stream);
        assert_eq!(run.out.line(""), "half a line");
        let said = format!("weir: {address}: closed by the server; trying again every 10ms");
        assert_eq!(run.err.line(""), said);
    }
    // Refused again and again for as long as another run takes for ten batches.
    drop(listener);
    let other = ["listen", "0", "-q", "--interval", "25ms", "--batches", "10"];
    start(weir(&other)).end();
    let listener = TcpListener::bind(&address).unwrap();
    let _stream = accept(&listener, "back\n");
    assert_eq!(run.out.line(""), "back");
    assert_eq!(run.err.line(""), format!("weir: {address}: connected again"), "said once");
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let (listener, address) = server();
    drop(listener);
    let args = ["connect", &address, "--interval", "0", "--reconnect-delay", "10ms"];
    let mut run = start(weir(&args));
    let said = format!("weir: {address}: connection refused; trying again every 10ms");
    assert_eq!(run.err.line(""), said);
    let listener = TcpListener::bind(&address).unwrap();
    let _stream = accept(&listener, "there\n");
    assert_eq!(run.out.line(""), "there");
    assert_eq!(run.err.line(""), format!("weir: {address}: connected again"));
    assert_eq!(ended_by(Signal::TERM, run).ok(), "");
}

#[test]
fn with_once_a_server_that_closes_ends_the_run() {
    let (listener, address) = server();
    let run = start(weir(&["connect", &address, "--once", "--count-by-key"]));
    drop(accept(&listener, "b\na\nb"));
    let ended = run.end();
    let batches = batches(ended.ok());
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].1, ["('b', 2)", "('a', 1)"]);
}

#[test]
fn a_server_that_closes_without_a_word_may_have_waited_for_tls() {
    let (listener, address) = server();
    let run = start(weir(&["connect", &address, "--once", "--count", "--format", "text"]));
    drop(accept(&listener, ""));
    let why = "closed by the server before anything came; one that speaks TLS waits for --tls";
    let ended = run.end();
    let said = format!("weir: {address}: {why}\n");
    assert_eq!((ended.status, ended.out.as_str(), ended.err), (0, "0\n", said));
    let mut run = start(weir(&["connect", &address]));
    drop(accept(&listener, ""));
    assert_eq!(run.err.line(""), format!("weir: {address}: {why}; trying again every 2s"));
    run.signal(Signal::TERM);
    run.end();
}

#[test]
fn with_once_a_server_that_breaks_off_is_an_error_after_its_lines() {
    let (listener, address) = server();
    let mut run = start(weir(&["connect", &address, "--once", "--format", "text"]));
    let stream = accept(&listener, "a\n");
    assert_eq!(run.out.line(""), "a");
    reset(stream);
    assert_eq!(run.end().failed(1), format!("weir: {address}: connection reset by peer\n"));
}

#[test]
fn when_no_more_files_can_be_open_clients_wait_their_turn_and_the_cpu_rests() {
    let script = r#"ulimit -n 24; exec "$WEIR" listen 0 --interval 100ms --format tsv --header"#;
    let mut run = start(shell(script));
    let port = run.port();
    let clients: Vec<_> = (0..40).map(|n| client(port, format!("line {n:02}\n"))).collect();
    let said = run.err.line("open files");
    let expected = format!(
        "weir: 127.0.0.1:{port}: too many open files: more clients must wait until others leave; \
         `ulimit -n` shows and raises the limit"
    );
    assert_eq!(said, expected);
    // Whoever is in has been heard; then nothing happens for as long as another run takes.
    assert_eq!(run.out.line(""), "time\trecord");
    let mut lines = run.out.lines(5);
    let before = run.cpu();
    let other = ["listen", "0", "-q", "--interval", "100ms", "--batches", "15"];
    start(weir(&other)).end();
    let used = run.cpu() - before;
    assert!(used < 30, "{used} hundredths of a second of CPU in 1.5 s of waiting");

    drop(clients);
    lines.extend(run.out.lines(35));
    let mut lines: Vec<_> = lines.iter().map(|line| line.split('\t').nth(1).unwrap()).collect();
    lines.sort_unstable();
    assert!(lines.iter().copied().eq((0..40).map(|n| format!("line {n:02}"))), "{lines:?}");
    assert_eq!(ended_by(Signal::TERM, run).ok(), "", "said once");
}

#[test]
fn clients_leave_files_to_the_log_the_outputs_and_the_command() {
    let dir = Dir::new();
    let place = dir.path("").display().to_string();
    let script = format!(
        r#"ulimit -n 64; cd {place}; exec "$WEIR" listen 0 --count-by-key --interval 50ms --skip-empty \
           --format tsv --no-time --checkpoint kept --output-dir each -o rotated -o - --exec 'cat >> run'"#
    );
    let mut run = start(shell(&script));
    let port = run.port();
    let mut first = client(port, "");
    let others: Vec<_> = (0..80).map(|_| client(port, "other\n")).collect();
    run.err.line("more clients must wait until others leave");
    for turn in 0..10 {
        if turn == 5 {
            fs::rename(dir.path("rotated"), dir.path("before")).unwrap();
        }
        first.write_all(b"first\n").unwrap();
        run.out.line("first\t1");
    }
    drop(others);
    let counted = |path: &str, word: &str| -> u64 {
        let text = fs::read_to_string(dir.path(path)).unwrap();
        let count =
            |line: &str| line.strip_prefix(word).map(|count| count.trim().parse::<u64>().unwrap());
        text.lines().filter_map(count).sum()
    };
    let patience = Patience::new();
    while counted("run", "other") < 80 {
        patience.lasts("the last of 80 others");
        first.write_all(b"again\n").unwrap();
        run.out.line("again\t");
    }
    assert_eq!(counted("run", "first"), 10);
    assert_eq!(counted("before", "first") + counted("rotated", "first"), 10);
    let ended = ended_by(Signal::TERM, run);
    assert_eq!(ended.status, 0);
    assert!(
        ended.err.lines().all(|line| line.starts_with("weir: rotated: was replaced")),
        "{}",
        ended.err
    );
}

#[test]
fn a_command_has_the_limit_of_open_files_that_weir_was_started_with() {
    let script =
        r#"ulimit -S -n 77; exec "$WEIR" listen 0 --count --interval 20ms --exec 'ulimit -n'"#;
    let mut run = start(shell(script));
    assert_eq!(run.out.line(""), "77");
    let limits = fs::read_to_string(format!("/proc/{}/limits", run.id())).unwrap();
    let own = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert!(!own.contains(" 77 "), "its own is raised: {own}");
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}
