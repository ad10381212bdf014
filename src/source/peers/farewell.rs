//! Clients that have sent all they have: each waits until the log has it, and is then closed.
//!
//! The close is the acknowledgement. Every client's socket lingers for no time from the moment it
//! is accepted (see `source::peers::door`), so that whatever ends the process closes it by a reset; only
//! [`Farewells`] closes one in order, when what the client sent is on disk:
//!
//! ```text
//! client    a\n b\n, half-closed          .......... waits ..........  "ok 2", end of file
//! weir      read: marks 7 and 8 ──────────> farewell at 8 ────────────> "ok 2", linger off, shutdown
//! engine                      log written, synced ── reached(Logged, 8) ──^
//! ```
//!
//! With `--ack` no moment lies between the answer and the end of the file at which dying would show the
//! one without the other: `ok N` is sent first, and only what has been sent lets the socket close in
//! order. Killed in between, weir leaves a reset behind `ok N`; a client that has read that knows all,
//! whatever follows. Linux hands it over even then, if it has arrived; if not, the client sees a reset
//! alone, which tells nothing.
//!
//! A client is in nobody's way while it waits: it is not read, and whoever calls holds no more of
//! it. Its socket stays registered, but mio reports edges and the last one has been seen: at most a
//! reset is still reported, to a number that is free or another's, who is then read once for nothing.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::Shutdown;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::chunk::Mark;
use crate::wire::Framing;

/// What can be confirmed to a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receipt {
    /// The mark of its last record; none if it has sent none.
    mark: Option<Mark>,
    /// How many records there were, if they are counted.
    records: Option<u64>,
}

impl Receipt {
    /// A receipt that says how many records there were.
    pub fn counting() -> Receipt {
        Receipt { records: Some(0), ..Receipt::default() }
    }

    /// Notes records that its framing has left in a chunk; there may be none.
    pub fn note(&mut self, mark: Mark, records: &[u8], framing: &impl Framing) {
        if records.is_empty() {
            return;
        }
        self.mark = Some(mark);
        if let Some(count) = &mut self.records {
            *count += framing.count(records);
        }
    }
}

/// The clients that wait for the log.
#[derive(Debug)]
pub struct Farewells<P> {
    /// Up to where the log is on disk.
    logged: Option<Mark>,
    waiting: BTreeMap<Mark, Vec<(P, Receipt)>>,
}

impl<P: Parting> Farewells<P> {
    /// Nobody waits yet, and nothing is in the log.
    pub fn new() -> Farewells<P> {
        Farewells { logged: None, waiting: BTreeMap::new() }
    }

    /// Takes a client that has sent all; true if the log has it already and it is closed.
    pub fn wait(&mut self, client: P, receipt: Receipt) -> bool {
        match receipt.mark {
            Some(mark) if self.logged < Some(mark) => {
                self.waiting.entry(mark).or_default().push((client, receipt));
                false
            }
            _ => {
                acknowledge(client, receipt);
                true
            }
        }
    }

    /// Closes those whose records are in the log, which has all up to `mark`; true if there were any.
    pub fn reached(&mut self, mark: Mark) -> bool {
        self.logged = self.logged.max(Some(mark));
        let before = self.waiting.len();
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= mark
        {
            first.remove().into_iter().for_each(|(client, receipt)| acknowledge(client, receipt));
        }
        self.waiting.len() < before
    }
}

/// Tells a client that the log has what it sent, and closes.
///
/// It may have gone by now, or not read what it is told; nobody waits for that.
fn acknowledge(mut client: impl Parting, receipt: Receipt) {
    let answer = receipt.records.map(|count| format!("ok {count}\n"));
    if answer.is_none_or(|answer| client.tell(answer.as_bytes())) {
        client.close_in_order();
    }
}

/// A client to part from; it is reset when it is dropped, unless it was closed in order.
pub trait Parting {
    /// Sends an answer; true if all of it is on its way.
    fn tell(&mut self, answer: &[u8]) -> bool;

    /// Ends the stream.
    fn close_in_order(&mut self);
}

impl Parting for TcpStream {
    fn tell(&mut self, answer: &[u8]) -> bool {
        self.write(answer).is_ok_and(|sent| sent == answer.len())
    }

    fn close_in_order(&mut self) {
        // Where this fails there is no connection any more.
        let _ = SockRef::from(&*self).set_linger(None);
        let _ = self.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};
    use std::time::Duration;

    use super::*;
    use crate::origin::Origin;
    use crate::wire::lines::Lines;

    #[test]
    fn a_receipt_has_the_last_mark_under_which_there_was_a_record() {
        let (mut receipt, lines) =
            (Receipt::counting(), Lines::new(b'\n', 100, Origin::new("a client")));
        receipt.note(Mark(1), b"", &lines);
        assert_eq!((receipt.mark, receipt.records), (None, Some(0)));
        receipt.note(Mark(2), b"a\n\nb\n", &lines);
        receipt.note(Mark(3), b"", &lines);
        assert_eq!((receipt.mark, receipt.records), (Some(Mark(2)), Some(3)));
    }

    /// What a client has seen so far; weir may die after each step.
    struct Client<'a> {
        seen: &'a mut Vec<String>,
        takes_all: bool,
    }

    impl Parting for Client<'_> {
        fn tell(&mut self, answer: &[u8]) -> bool {
            self.seen.push(String::from_utf8_lossy(answer).into_owned());
            self.takes_all
        }

        fn close_in_order(&mut self) {
            self.seen.push("end".to_string());
        }
    }

    #[test]
    fn the_end_of_the_file_comes_after_the_answer_and_not_without_it() {
        let counting = Receipt { records: Some(3), ..Receipt::default() };
        let table: [(Receipt, bool, &[&str]); 3] = [
            (counting, true, &["ok 3\n", "end"]),
            (counting, false, &["ok 3\n"]),
            (Receipt::default(), false, &["end"]),
        ];
        for (receipt, takes_all, expected) in table {
            let mut seen = Vec::new();
            acknowledge(Client { seen: &mut seen, takes_all }, receipt);
            assert_eq!(seen, expected);
        }
    }

    /// A client, and its connection as the door lets it in.
    fn connected() -> (std::net::TcpStream, TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).set_linger(Some(Duration::ZERO)).unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        accepted.set_nonblocking(true).unwrap();
        (client, TcpStream::from_std(accepted))
    }

    /// What a client reads, and how that ends.
    fn read(mut client: std::net::TcpStream) -> (String, Option<ErrorKind>) {
        let mut text = Vec::new();
        let end = client.read_to_end(&mut text).err();
        (String::from_utf8(text).unwrap(), end.map(|error| error.kind()))
    }

    #[test]
    fn an_answer_is_read_also_if_weir_dies_before_it_has_closed() {
        let (client, mut ours) = connected();
        assert!(ours.tell(b"ok 3\n"));
        drop(ours);
        assert_eq!(read(client), ("ok 3\n".to_string(), Some(ErrorKind::ConnectionReset)));
    }

    #[test]
    fn a_client_that_takes_no_answer_sees_a_reset() {
        let (client, mut ours) = connected();
        while ours.write(&[b'.'; 4096]).is_ok() {}
        acknowledge(ours, Receipt::counting());
        let (text, end) = read(client);
        assert!(!text.contains("ok"));
        assert_eq!(end, Some(ErrorKind::ConnectionReset));
    }
}
