//! Asking a page over HTTP, as plainly as can be: what goes over the wire is what the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::{PATIENCE, Patience, Run};

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The lines of the head, in lower case.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }

    /// The body, which is JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!((self.status, self.header("content-type")), (200, "application/json"));
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The port at which a run says that its page is.
pub fn page_port(run: &mut Run) -> u16 {
    let line = run.err.line("weir: the page is at http://127.0.0.1:");
    line.split(':').nth(3).unwrap().split('/').next().unwrap().parse().unwrap()
}

/// A connection whose reads end with the test's patience.
pub fn connection(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request as it is, and reads until the connection is closed.
pub fn ask(port: u16, request: &str) -> Answer {
    let mut stream = connection(port);
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let all = String::from_utf8(all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {all:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_string() }
}

/// What a method gets at a path, with more lines of the head.
pub fn asked(port: u16, method: &str, path: &str, head: &str) -> Answer {
    let host = if head.to_ascii_lowercase().contains("host:") { "" } else { "Host: localhost\r\n" };
    ask(port, &format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{head}\r\n"))
}

/// What is at a path.
pub fn get(port: u16, path: &str) -> Answer {
    asked(port, "GET", path, "")
}

/// Somebody who listens to events.
pub struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// Begins to listen.
    pub fn of(port: u16) -> Events {
        let mut stream = connection(port);
        stream.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        Events { lines: BufReader::new(stream) }
    }

    /// The data of the next event of this name; none if the connection ends before.
    pub fn next(&mut self, name: &str) -> Option<Value> {
        let (wanted, mut is_it) = (format!("event: {name}"), false);
        let patience = Patience::new();
        loop {
            patience.lasts(&wanted);
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            match line.strip_prefix("data: ") {
                Some(data) if is_it => return Some(serde_json::from_str(data).unwrap()),
                Some(_) => {}
                None if line.starts_with("event: ") => is_it = line == wanted,
                None => {}
            }
        }
    }

    /// The next batch with records.
    pub fn batch(&mut self) -> Value {
        let patience = Patience::new();
        loop {
            patience.lasts("a batch with records");
            let batch = self.next("batch").expect("the connection stands");
            if batch["records"] != 0 {
                return batch;
            }
        }
    }
}
