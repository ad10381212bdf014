//! The page of a running weir: what it serves to whom, and that nobody who looks holds anything up.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

#[path = "../common/mod.rs"]
mod common;

mod asking;
mod figures;
mod slow;

use std::io::Write;
use std::net::TcpStream;

use common::http::page_port;
use common::{Run, start, weir};

/// A run that counts the words of its clients, and has a page.
struct Counting {
    run: Run,
    page: u16,
    client: TcpStream,
}

impl Counting {
    fn with(flags: &[&str]) -> Counting {
        let command = ["listen", "0", "--ui", "0", "--split", " ", "--count-by-key"];
        let mut run = start(weir(&[&command, flags].concat()));
        let page = page_port(&mut run);
        let port = run.port();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        Counting { run, page, client }
    }

    fn send(&mut self, text: impl AsRef<[u8]>) {
        self.client.write_all(text.as_ref()).unwrap();
    }
}
