//! Clients that have sent all they have: each waits until the log has it, and is then closed.
//!
//! The close is the acknowledgement. Every client's socket lingers for no time from the moment it
//! is accepted (see `source::door`), so that whatever ends the process closes it by a reset; only
//! [`Farewells`] closes one in order, when what the client sent is on disk:
//!
//! ```text
//! client    a\n b\n, half-closed          .......... waits ..........  "ok 2", end of file
//! weir      read: marks 7 and 8 ──────────> farewell at 8 ────────────> linger off, shutdown
//! engine                      log written, synced ── reached(Logged, 8) ──^
//! ```
//!
//! A client is in nobody's way while it waits: it is not read, and whoever calls holds no more of
//! it. Its socket stays registered, but mio reports edges and the last one has been seen: at most a
//! reset is still reported, to a number that is free or another's, who is then read once for nothing.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::Shutdown;

use mio::net::TcpStream;
use socket2::SockRef;

use crate::record::Mark;

/// What can be confirmed to a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receipt {
    /// The mark of its last record; none if it has sent none.
    mark: Option<Mark>,
    /// The byte by whose number records are counted, if they are.
    counted: Option<u8>,
    lines: u64,
}

impl Receipt {
    /// A receipt that says how many records there were, told by the byte that ends each.
    pub fn counting(delimiter: u8) -> Receipt {
        Receipt { counted: Some(delimiter), ..Receipt::default() }
    }

    /// Notes records that went into a chunk; there may be none.
    pub fn note(&mut self, mark: Mark, records: &[u8]) {
        if records.is_empty() {
            return;
        }
        self.mark = Some(mark);
        if let Some(delimiter) = self.counted {
            self.lines += memchr::memchr_iter(delimiter, records).count() as u64;
        }
    }
}

/// The clients that wait for the log.
#[derive(Debug, Default)]
pub struct Farewells {
    /// Up to where the log is on disk.
    logged: Option<Mark>,
    waiting: BTreeMap<Mark, Vec<(TcpStream, Receipt)>>,
}

impl Farewells {
    /// Takes a client that has sent all; true if the log has it already and it is closed.
    pub fn wait(&mut self, stream: TcpStream, receipt: Receipt) -> bool {
        match receipt.mark {
            Some(mark) if self.logged < Some(mark) => {
                self.waiting.entry(mark).or_default().push((stream, receipt));
                false
            }
            _ => {
                acknowledge(stream, receipt);
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
            first.remove().into_iter().for_each(|(stream, receipt)| acknowledge(stream, receipt));
        }
        self.waiting.len() < before
    }
}

/// Tells a client that the log has what it sent, and closes.
///
/// It may have gone by now, or not read what it is told; nobody waits for that.
fn acknowledge(mut stream: TcpStream, receipt: Receipt) {
    // As long as it lingers for no time, a close would discard the answer.
    let _ = SockRef::from(&stream).set_linger(None);
    if receipt.counted.is_some() {
        let _ = stream.write(format!("ok {}\n", receipt.lines).as_bytes());
    }
    let _ = stream.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_has_the_last_mark_under_which_there_was_a_record() {
        let mut receipt = Receipt::counting(b'\n');
        receipt.note(Mark(1), b"");
        assert_eq!((receipt.mark, receipt.lines), (None, 0));
        receipt.note(Mark(2), b"a\n\nb\n");
        receipt.note(Mark(3), b"");
        assert_eq!((receipt.mark, receipt.lines), (Some(Mark(2)), 3));
    }
}
