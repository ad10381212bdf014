//! Sockets that are passed on, as systemd does it: the test is systemd.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;

use rustix::process::Signal;

use crate::common::{Ended, Run, shell, start, until};
use crate::{Short, answer, ended_by, from, sender};

/// Starts a script with these sockets as its stdin and, if there are two, its stdout. A shell can only copy
/// them to where they are to be.
fn passed(sockets: Vec<OwnedFd>, script: &str) -> Run {
    let mut command = shell(script);
    for (number, socket) in sockets.into_iter().enumerate() {
        match number {
            0 => command.stdin(Stdio::from(socket)),
            _ => command.stdout(Stdio::from(socket)),
        };
    }
    start(command)
}

/// As systemd starts a service.
const AS_A_SERVICE: &str = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$WEIR\" ";

#[test]
fn without_an_address_the_sockets_are_taken_that_were_passed_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It has come before weir was started, as with the first connection of a unit.
    let mut early = TcpStream::connect(address).unwrap();
    early.write_all(b"early\n").unwrap();
    for flags in ["listen --interval 0", "listen fd: --interval 0"] {
        let socket = listener.try_clone().unwrap().into();
        let mut run = passed(vec![socket], &format!("{AS_A_SERVICE}{flags}"));
        let said = format!("weir: listening on {address}, which was passed on");
        assert_eq!(run.err.line("listening"), said);
        if flags == "listen --interval 0" {
            assert_eq!(run.out.line(""), "early");
        }
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"hello\n").unwrap();
        assert_eq!(run.out.line(""), "hello");
        // The socket is of whoever passed it on, and still there for the next start.
        assert_eq!(ended_by(Signal::TERM, run).ok(), "");
    }
    TcpStream::connect(address).unwrap();
}

#[test]
fn sockets_have_names_of_which_some_can_be_taken_beside_other_addresses() {
    let (dir, tcp) = (Short::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (address, udp) = (tcp.local_addr().unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let mail = from(udp.local_addr().unwrap().port());
    let out = dir.path("out");
    let script = |places: &str| {
        format!(
            "exec 3<&0 4>&1 </dev/null >{}; LISTEN_FDS=2 LISTEN_FDNAMES=lines:mail LISTEN_PID=$$ \
             exec \"$WEIR\" listen {places} --interval 0",
            out.display()
        )
    };
    let go = |places: &str| {
        let sockets = vec![tcp.try_clone().unwrap().into(), udp.try_clone().unwrap().into()];
        passed(sockets, &script(places))
    };
    let has = |text: &str| until(|| fs::read_to_string(&out).unwrap() == text);
    let mut run = go("");
    let passed_on = ["listening on", "listening for datagrams on"];
    let addresses = [address, mail.peer_addr().unwrap()];
    for (what, at) in passed_on.iter().zip(addresses) {
        assert_eq!(run.err.line("listening"), format!("weir: {what} {at}, which was passed on"));
    }
    mail.send(b"mail").unwrap();
    has("mail\n");
    TcpStream::connect(address).unwrap().write_all(b"line").unwrap();
    has("mail\nline\n");
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
    let mut run = go("fd:mail 0");
    assert!(run.err.line("listening on").starts_with("weir: listening on 127.0.0.1:"));
    run.err.line("listening for datagrams");
    mail.send(b"again").unwrap();
    has("again\n");
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
    let ended = go("fd:mail fd:other").end();
    let said =
        "weir: fd:other: no socket was passed on by this name; LISTEN_FDNAMES has the names\n";
    assert_eq!((ended.status, &*ended.err), (2, said));
}

#[test]
fn a_file_that_somebody_else_has_made_stays_and_clients_are_acknowledged() {
    let dir = Short::new();
    let path = dir.path("a");
    let listener = UnixListener::bind(&path).unwrap();
    let script = format!(
        "{AS_A_SERVICE}listen --ack --count --interval 100ms --checkpoint {}",
        dir.path("ck").display()
    );
    let mut run = passed(vec![listener.into()], &script);
    let said = format!("weir: listening on unix:{}, which was passed on", path.display());
    assert_eq!(run.err.line("listening"), said);
    assert_eq!(answer(sender(&path, "a\nb")), ("ok 2\n".to_string(), None));
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
    assert!(path.exists());
}

/// What weir says when it is started so; it reads nothing.
fn refused(script: &str, socket: Option<OwnedFd>) -> Ended {
    let ended = passed(socket.into_iter().collect(), script).end();
    assert_eq!((ended.status, &*ended.out), (2, ""), "{}", ended.err);
    ended
}

#[test]
fn what_is_no_socket_that_listens_is_refused_with_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let said =
        refused("LISTEN_FDS=1 LISTEN_PID=1 exec \"$WEIR\" listen", Some(listener.into())).err;
    let nobody = "listen: no address is given, and LISTEN_FDS is set: no socket was passed on to this process";
    assert!(
        said.starts_with(&format!("weir: {nobody} (LISTEN_FDS=1 is for process 1, and this is ")),
        "{said}"
    );
    let said = refused("exec \"$WEIR\" listen --count", None).err;
    assert!(said.starts_with("weir: listen: no address is given: weir listen 9999"), "{said}");
    let said = refused(&format!("{AS_A_SERVICE}listen"), None).err;
    assert!(said.starts_with("weir: fd 3 (3): no socket of TCP, of UDP, or of a stream"), "{said}");
    let (connection, _other) = UnixStream::pair().unwrap();
    let said = refused(&format!("{AS_A_SERVICE}listen"), Some(connection.into())).err;
    assert!(
        said.starts_with("weir: fd 3 (3): one connection, and no socket that listens; "),
        "{said}"
    );
    assert!(said.contains("Accept=no"), "{said}");
}

#[test]
fn a_count_that_is_none_or_of_more_than_is_there_is_refused() {
    let said = |count: &str| {
        let script = format!("LISTEN_FDS={count} LISTEN_PID=$$ exec \"$WEIR\" listen");
        refused(&script, None).err
    };
    let nobody = "weir: listen: no address is given, and LISTEN_FDS is set: no socket was passed on to this process";
    for count in ["0", "-1", "abc", "''"] {
        let shown = count.trim_matches('\'');
        let why = format!("{nobody} (LISTEN_FDS={shown} announces none)");
        assert!(said(count).starts_with(&why), "{}", said(count));
    }
    for count in ["2147483647", "1000000", "4294967296", "18446744073709551615"] {
        let why = format!("weir: LISTEN_FDS={count}: not so many files are open; ");
        assert!(said(count).starts_with(&why), "{}", said(count));
    }
}

#[test]
fn commands_that_weir_starts_have_none_of_the_sockets() {
    let (dir, listener) = (Short::new(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let seen = dir.path("seen");
    let script = format!(
        "{AS_A_SERVICE}listen --count --interval 100ms --skip-empty --having '>=1' \
         --exec 'ls -l /proc/self/fd > {}'",
        seen.display()
    );
    let mut run = passed(vec![listener.into()], &script);
    run.err.line("listening");
    TcpStream::connect(address).unwrap().write_all(b"a\n").unwrap();
    until(|| fs::read_to_string(&seen).is_ok_and(|seen| seen.contains("/proc/")));
    assert!(!fs::read_to_string(&seen).unwrap().contains("socket:"));
    assert_eq!(ended_by(Signal::TERM, run).status, 0);
}
