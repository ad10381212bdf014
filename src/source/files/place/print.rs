//! What a file is known by beside its number: hashes of its beginning, and of what stands before a place in it.
//!
//! ```text
//! file    | head: up to 1024 bytes ...             tail: 256 bytes | what was not read yet
//! place                                                            ^
//! ```
//!
//! Both are of bytes that were read, so what is overwritten while it is read is noticed, and a short file
//! stays itself when it grows. An inode alone says little: a file that is made when another was deleted is
//! given its number at once.

use std::fmt;
use std::io;

use twox_hash::XxHash64;

use crate::disk::tree::Readable;

/// How many bytes of its beginning a file is known by.
pub const HEAD: usize = 1024;
/// How many bytes before a place are.
pub const TAIL: usize = 256;

/// A hash of some bytes, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Print {
    /// How many.
    pub len: u16,
    hash: u64,
}

impl Print {
    /// The print of up to 65,535 bytes.
    pub fn of(bytes: &[u8]) -> Print {
        let hash = if bytes.is_empty() { 0 } else { XxHash64::oneshot(0, bytes) };
        Print { len: bytes.len() as u16, hash }
    }

    /// Reads what [`fmt::Display`] has written.
    pub fn parse(text: &str) -> Option<Print> {
        let (len, hash) = text.split_once(':')?;
        Some(Print { len: len.parse().ok()?, hash: u64::from_str_radix(hash, 16).ok()? })
    }
}

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:x}", self.len, self.hash)
    }
}

/// The two prints of a file that was read up to a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prints {
    /// Of its beginning.
    pub head: Print,
    /// Of what stands before the place.
    pub tail: Print,
}

/// What was read of a file, as far as prints are made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// How much was read.
    at: u64,
    /// The beginning.
    head: Vec<u8>,
    /// What was read last.
    recent: Vec<u8>,
    /// Up to where there are whole records, and what stands before that.
    place: u64,
    before: Vec<u8>,
}

impl Trail {
    /// The trail of a file that was read up to a place, or was not and is left there.
    pub fn found(file: &dyn Readable, at: u64) -> io::Result<Trail> {
        let head = piece(file, 0, at.min(HEAD as u64) as usize)?;
        let tail = at.min(TAIL as u64);
        let recent = piece(file, at - tail, tail as usize)?;
        Ok(Trail { at, head, before: recent.clone(), recent, place: at })
    }

    /// How much was read.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// More was read, in which there are whole records up to a length, if up to any.
    pub fn read(&mut self, bytes: &[u8], whole: Option<usize>) {
        if let Some(whole) = whole {
            self.before = last(&self.recent, &bytes[..whole]);
            self.place = self.at + whole as u64;
        }
        if self.head.len() < HEAD && self.head.len() as u64 == self.at {
            self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD - self.head.len())]);
        }
        self.recent = last(&self.recent, bytes);
        self.at += bytes.len() as u64;
    }

    /// All that was read are whole records.
    pub fn finish(&mut self) {
        self.before.clone_from(&self.recent);
        self.place = self.at;
    }

    /// The prints at the place up to which there are whole records.
    pub fn prints(&self) -> Prints {
        let head = &self.head[..self.head.len().min(self.place.min(HEAD as u64) as usize)];
        Prints { head: Print::of(head), tail: Print::of(&self.before) }
    }

    /// True if the file still has what was read of it, as far as it is known.
    pub fn is_of(&self, file: &dyn Readable) -> io::Result<bool> {
        let before = self.at - self.recent.len() as u64;
        Ok(piece(file, before, self.recent.len())? == self.recent
            && piece(file, 0, self.head.len())? == self.head)
    }

    /// True if what stands before the next byte is still what was read.
    pub fn goes_on(&self, file: &dyn Readable) -> io::Result<bool> {
        Ok(piece(file, self.at - self.recent.len() as u64, self.recent.len())? == self.recent)
    }
}

impl Prints {
    /// True if these are the prints of a file at a place.
    pub fn are_of(&self, file: &dyn Readable, place: u64) -> io::Result<bool> {
        let Some(before) = place.checked_sub(self.tail.len.into()) else { return Ok(false) };
        Ok(print(file, 0, self.head.len)? == self.head
            && print(file, before, self.tail.len)? == self.tail)
    }
}

fn print(file: &dyn Readable, at: u64, len: u16) -> io::Result<Print> {
    Ok(Print::of(&piece(file, at, len.into())?))
}

/// So many bytes of a file; less, where it ends before.
pub fn piece(file: &dyn Readable, at: u64, len: usize) -> io::Result<Vec<u8>> {
    let (mut bytes, mut done) = (vec![0; len], 0);
    while done < len {
        match file.read_at(at + done as u64, &mut bytes[done..])? {
            0 => break,
            count => done += count,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

/// The last bytes of both together.
fn last(before: &[u8], bytes: &[u8]) -> Vec<u8> {
    let of_bytes = &bytes[bytes.len().saturating_sub(TAIL)..];
    let room = TAIL - of_bytes.len();
    [&before[before.len().saturating_sub(room)..], of_bytes].concat()
}
