//! Real servers and real clients: `nc` of OpenBSD and `ncat`.

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::Signal;

use crate::common::{Run, start, weir};

/// A netcat that is ended with the test.
struct Netcat {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Netcat {
    fn start(program: &str, args: &[&str]) -> Netcat {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("scripts/check installs it");
        Netcat { stdin: child.stdin.take(), child }
    }

    fn write(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Netcat {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// The number of a word in the next batch that has it.
fn count(run: &mut Run, word: &str) -> String {
    run.out.line(&format!("\t{word}\t")).rsplit('\t').next().unwrap().to_string()
}

/// weir goes on when the server is killed and started again.
fn survives(program: &str) {
    let port = free_port();
    let address = format!("localhost:{port}");
    let args = ["connect", &address, "--split", " ", "--count-by-key", "--interval", "200ms"];
    let args = [&args[..], &["--format", "tsv", "--reconnect-delay", "50ms"]].concat();
    let mut run = start(weir(&args));
    run.err.line("connection refused; trying again every 50ms");
    for server in ["first", "second", "third"] {
        let mut netcat = Netcat::start(program, &["-lk", "127.0.0.1", &port]);
        assert_eq!(run.err.line(""), format!("weir: {address}: connected again"));
        netcat.write(&format!("{server} {server} word\n"));
        assert_eq!(count(&mut run, server), "2");
        netcat.write("more\nhalf");
        assert_eq!(count(&mut run, "more"), "1");
        drop(netcat);
        run.err.line("; trying again every 50ms");
    }
    run.signal(Signal::TERM);
    assert_eq!((run.end().status), 0);
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn connect_survives_the_end_of_nc() {
    survives("nc.openbsd");
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn connect_survives_the_end_of_ncat() {
    survives("ncat");
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn listen_hears_three_ncs_at_once_one_of_which_is_closed_midway() {
    let mut run = start(weir(&["listen", "0", "--split", " ", "--interval", "0"]));
    let port = run.port().to_string();
    let mut clients = ["a", "b", "c"].map(|name| {
        let mut client = Netcat::start("nc.openbsd", &["-N", "127.0.0.1", &port]);
        client.write(&format!("{name} 1\n{name} 2 ha"));
        assert_eq!(run.out.lines(2), [name, "1"]);
        client
    });
    // The second one goes in the middle of a line, the others end theirs.
    clients[1].stdin = None;
    assert_eq!(run.out.lines(3), ["b", "2", "ha"]);
    for (at, name) in [(0, "a"), (2, "c")] {
        clients[at].write("lf\n");
        assert_eq!(run.out.lines(3), [name, "2", "half"]);
    }
    let mut late = Netcat::start("nc.openbsd", &["-N", "127.0.0.1", &port]);
    late.write("late\n");
    assert_eq!(run.out.line(""), "late");
    run.signal(Signal::TERM);
    assert_eq!(run.end().ok(), "");
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn listen_takes_the_place_of_nc_lk_for_ncat() {
    let mut run = start(weir(&["listen", "0", "--once", "--count", "--format", "text"]));
    let port = run.port().to_string();
    let mut client = Netcat::start("ncat", &["--send-only", "127.0.0.1", &port]);
    client.write(&"a line\n".repeat(50_000));
    client.stdin = None;
    assert_eq!(run.end().ok(), "50000\n");
    match TcpStream::connect(format!("127.0.0.1:{port}")) {
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        Ok(_) => panic!("somebody still listens"),
    }
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn sockets_of_this_machine_are_reached_by_nc_and_ncat() {
    let path = std::env::temp_dir().join(format!("weir-interop-{}", std::process::id()));
    let path = path.to_str().unwrap();
    let at = format!("unix:{path}");
    for (program, flags) in [("nc.openbsd", ["-NU"]), ("ncat", ["-U"])] {
        let mut run = start(weir(&["listen", &at, "--interval", "0"]));
        assert_eq!(run.err.line("listening"), format!("weir: listening on {at}"));
        let mut client = Netcat::start(program, &[&flags[..], &[path]].concat());
        client.write("one\nhalf");
        assert_eq!(run.out.line(""), "one");
        client.stdin = None;
        if program == "ncat" {
            // It stays until the other side closes, which weir does not do before it has.
            drop(client);
        }
        assert_eq!(run.out.line(""), "half");
        run.signal(Signal::TERM);
        assert_eq!(run.end().ok(), "");
    }
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn datagrams_of_nc_and_ncat_are_lines() {
    let mut run = start(weir(&["listen", "udp:0", "--interval", "0"]));
    let said = run.err.line("weir: listening for datagrams on 127.0.0.1:");
    let port = said.split(':').nth(2).unwrap().split(',').next().unwrap().to_string();
    for program in ["nc.openbsd", "ncat"] {
        let mut client = Netcat::start(program, &["-u", "127.0.0.1", &port]);
        client.write("one\ntwo\n");
        assert_eq!(run.out.lines(2), ["one", "two"]);
        client.write("no newline");
        assert_eq!(run.out.line(""), "no newline");
    }
    run.signal(Signal::TERM);
    assert_eq!(run.end().ok(), "");
}

#[test]
#[ignore = "needs nc, ncat, mawk: scripts/check runs it"]
fn an_answer_over_a_socket_of_this_machine_is_seen_in_nc() {
    let dir = crate::common::Dir::new();
    let path = std::env::temp_dir().join(format!("weir-interop-ack-{}", std::process::id()));
    let (at, checkpoint) = (format!("unix:{}", path.display()), dir.path("ck"));
    let args = ["listen", &at, "--count", "--interval", "200ms", "--ack", "--checkpoint"];
    let mut run = start(weir(&[&args[..], &[checkpoint.to_str().unwrap()]].concat()));
    run.err.line("listening");
    let script = format!("printf 'a\\nb\\n' | nc.openbsd -NU {}", path.display());
    assert_eq!(start(crate::common::shell(&script)).end().ok(), "ok 2\n");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}
