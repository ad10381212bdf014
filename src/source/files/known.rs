//! A file that is known: which one it is, how far it is read, and what is waited for.
//!
//! ```text
//! Waiting ──complete, or followed──> Queued ──nothing more at the moment──> Idle
//!    ^                                 ^                                      │
//!    └───────── changed ───────────────┴──────────────────────────────────────┘
//! ```
//!
//! One whose name has gone is *leaving*: as long as it is open and written to, it is read on.

use std::io;
use std::path::PathBuf;

use super::place::position::{End, Position};
use super::place::print::{Prints, Trail};
use super::reading::Reading;
use super::sought::Manner;
use super::unpack::{Packing, Unpacking};
use crate::clock::Stamp;
use crate::disk::tree::{Readable, Seen, Tree};
use crate::origin::Origin;
use crate::wire::lines::{Lines, Place};

/// The place behind all of a file that is packed, when nobody knows how long that is.
const ALL: u64 = u64::MAX;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// That nobody writes to it any more.
    Waiting,
    /// Its turn.
    Queued,
    /// That it changes.
    Idle,
}

/// What has come of opening a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is open, where it was left.
    Here,
    /// It has the same number, and not what was read of it.
    Other,
    /// Its name leads to another file.
    Another,
}

/// A file.
#[derive(Debug)]
pub struct Known {
    /// The path by which it was taken: what its records are said to be from.
    pub home: PathBuf,
    /// Where it is now, as far as that is known.
    pub path: PathBuf,
    /// Which of the paths that were typed has led to it.
    pub of: usize,
    /// How.
    pub manner: Manner,
    /// What was seen of it last.
    pub seen: Seen,
    /// What is waited for.
    pub state: State,
    /// Until when it must not grow, while that is waited for.
    pub due: Stamp,
    /// What is known of its end.
    pub end: End,
    /// Since when its name has gone, or it was written to after that.
    pub leaving: Option<Stamp>,
    /// The scan that has seen it.
    pub scan: u64,
    /// While it is open.
    pub reading: Option<Box<Reading>>,
    /// While it is not: how far it is read, and what is known of it.
    place: Place,
    prints: Prints,
}

/// How records end, and how long they may be.
#[derive(Clone, Copy, Debug)]
pub struct Records {
    /// The byte that ends one.
    pub delimiter: u8,
    /// The longest one.
    pub max: usize,
}

impl Known {
    /// A file of which nothing is read.
    pub fn new(path: PathBuf, of: usize, manner: Manner, seen: Seen) -> Known {
        Known {
            home: path.clone(),
            path,
            of,
            manner,
            seen,
            state: State::Idle,
            due: Stamp::default(),
            end: End::Open,
            leaving: None,
            scan: 0,
            reading: None,
            place: Place::default(),
            prints: Prints::default(),
        }
    }

    /// The same, which was taken by another path.
    pub fn taken_by(self, home: PathBuf) -> Known {
        Known { home, ..self }
    }

    /// The same, which was read so far.
    pub fn read_to(self, position: &Position) -> Known {
        let Position { place, prints, end, .. } = *position;
        Known { place, prints, end, ..self }
    }

    /// How many bytes of it are not read, as far as that is known.
    pub fn left(&self) -> u64 {
        match self.seen.len {
            u64::MAX => 0,
            // All that is packed is unpacked again.
            len if self.is_packed() => len,
            len => len.saturating_sub(self.place.offset),
        }
    }

    /// The name of its records.
    pub fn origin(&self) -> Origin {
        Origin::file(&self.home)
    }

    /// True if what is in it is packed.
    pub fn is_packed(&self) -> bool {
        Packing::of(&self.path).is_some()
    }

    /// Leaves all that is in it now; a line that has begun and not ended is still to come.
    pub fn pass(&mut self, tree: &dyn Tree, delimiter: u8) -> io::Result<()> {
        let file = tree.open(&self.path)?;
        let len = file.seen()?.len;
        self.place = match self.is_packed() {
            // What is packed is whole; how long it is, only reading tells.
            true => Place { offset: ALL, skips: false },
            false => last_line(&*file, len, delimiter)?,
        };
        if !self.is_packed() {
            self.prints = Trail::found(&*file, self.place.offset)?.prints();
        }
        Ok(())
    }

    /// Opens it where it was left.
    pub fn open(&mut self, tree: &dyn Tree, records: Records) -> io::Result<Opened> {
        let file = tree.open(&self.path)?;
        if file.seen()?.identity != self.seen.identity {
            return Ok(Opened::Another);
        }
        let lines = Lines::new(records.delimiter, records.max, self.origin());
        let reading = match Packing::of(&self.path) {
            Some(packing) => {
                let reading = Reading::packed(Unpacking::new(file, packing)?, lines, self.place)?;
                let is_known = ![0, ALL].contains(&self.place.offset);
                if is_known && reading.place().1 != self.prints {
                    return Ok(Opened::Other);
                }
                reading
            }
            None if self.prints.are_of(&*file, self.place.offset)? => {
                Reading::new(file, lines, self.place)?
            }
            None => return Ok(Opened::Other),
        };
        self.reading = Some(Box::new(reading));
        Ok(Opened::Here)
    }

    /// Closes it; it can be opened again where it was left.
    pub fn close(&mut self) {
        if let Some(reading) = self.reading.take() {
            (self.place, self.prints) = reading.place();
        }
    }

    /// Its position.
    pub fn position(&self) -> Position {
        let (place, prints) = match &self.reading {
            Some(reading) => reading.place(),
            None => (self.place, self.prints),
        };
        let (identity, len, path) = (self.seen.identity, self.seen.len, self.path.clone());
        Position { place, end: self.end, identity, len, prints, path }
    }
}

/// Where the line begins that has no end yet; in the middle of one that is long, the rest of which is skipped.
fn last_line(file: &dyn Readable, len: u64, delimiter: u8) -> io::Result<Place> {
    const FAR: usize = 64 << 10;
    let from = len.saturating_sub(FAR as u64);
    let end = super::place::print::piece(file, from, (len - from) as usize)?;
    Ok(match memchr::memrchr(delimiter, &end) {
        Some(last) => Place { offset: from + last as u64 + 1, skips: false },
        None if from == 0 => Place::default(),
        None => Place { offset: from + end.len() as u64, skips: true },
    })
}
