//! What `weir listen` listens at beside TCP: sockets of this machine, datagrams, sockets that are passed on, and
//! several at once.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

#[path = "../common/mod.rs"]
mod common;
mod datagrams;
mod local;
mod passed;
mod together;

use std::io::{self, Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use common::{Ended, PATIENCE, Run};
use rustix::process::Signal;

/// A directory whose path is short enough for sockets, wherever the project lies.
struct Short(PathBuf);

impl Short {
    fn new() -> Short {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("weir-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Short(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.0).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Short {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The address to type for a path.
fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

/// A client of a socket of this machine that has sent something.
fn client(path: &Path, text: impl AsRef<[u8]>) -> UnixStream {
    let mut client = UnixStream::connect(path).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(text.as_ref()).unwrap();
    client
}

/// One that has sent all.
fn sender(path: &Path, text: impl AsRef<[u8]>) -> UnixStream {
    let client = client(path, text);
    client.shutdown(Shutdown::Write).unwrap();
    client
}

/// What a client reads, and how that ends.
fn answer(mut client: UnixStream) -> (String, Option<io::ErrorKind>) {
    let mut text = String::new();
    let end = client.read_to_string(&mut text).err();
    (text, end.map(|error| error.kind()))
}

/// Waits until weir says that it listens at a path.
fn listens(run: &mut Run, path: &Path) {
    assert_eq!(run.err.line("listening"), format!("weir: listening on {}", unix(path)));
}

/// The port for datagrams that weir says.
fn mail_port(run: &mut Run) -> u16 {
    let line = run.err.line("weir: listening for datagrams on ");
    let port = line.split("]:").nth(1).or_else(|| line.split(':').nth(2)).unwrap();
    port.split(',').next().unwrap().parse().unwrap()
}

/// Something from which datagrams go to a port.
fn from(port: u16) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    socket
}

fn ended_by(signal: Signal, run: Run) -> Ended {
    run.signal(signal);
    run.end()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}
