//! A service manager that wants to hear from weir hears of it while brokers are waited for.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use rustix::process::Signal;

use crate::broker::Broker;
use crate::common::{Dir, PATIENCE, start, until, weir};

/// A manager that listens at a path.
struct Manager {
    socket: UnixDatagram,
    dir: Dir,
}

impl Manager {
    fn new() -> Manager {
        let dir = Dir::new();
        let socket = UnixDatagram::bind(dir.path("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Manager { socket, dir }
    }

    /// Has it watch a command.
    fn watch(&self, mut command: Command) -> Command {
        command.env("NOTIFY_SOCKET", self.dir.path("notify")).env("WATCHDOG_USEC", "200000");
        command
    }

    fn heard(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let len = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..len]).into_owned())
    }

    /// Hears so many signs of life from now on.
    #[track_caller]
    fn hears(&self, signs: usize) {
        self.socket.set_nonblocking(true).unwrap();
        while self.heard().is_some() {}
        self.socket.set_nonblocking(false).unwrap();
        for _ in 0..signs {
            while !self.heard().expect("a sign of life comes").starts_with("WATCHDOG=1") {}
        }
    }
}

#[test]
fn brokers_that_are_waited_for_at_the_start_are_no_standstill() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    for args in [
        ["kafka", "-b", &address, "-t", "t", "--count"],
        ["stdin", "--to-brokers", &address, "--to-kafka", "t", "--count"],
    ] {
        let manager = Manager::new();
        let command = weir(&[&args[..], &["--connect-timeout", "1h"]].concat());
        let run = start(manager.watch(command));
        manager.hears(3);
        run.signal(Signal::KILL);
        run.end();
    }
}

#[test]
fn brokers_that_have_gone_are_no_standstill() {
    let (broker, manager) = (Broker::new(&[("t", 1), ("out", 1)]), Manager::new());
    let args =
        ["kafka", "-b", broker.address(), "-t", "t", "--format", "text", "--interval", "0.1"];
    let to = ["--to-kafka", "out", "--to-brokers", broker.address(), "--threads", "1"];
    let mut run = start(manager.watch(weir(&[&args[..], &to].concat())));
    run.err.line("1 partition,");
    broker.lines("t", 0, &["a"]);
    until(|| !broker.messages("out").is_empty());
    broker.lines("t", 0, &["b"]);
    broker.cluster.broker_down(-1).unwrap();
    run.err.line("cannot be reached");
    manager.hears(20);
    broker.cluster.broker_up(-1).unwrap();
    until(|| broker.messages("out").len() >= 2);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}
