//! Where the bytes of a chunk came from, so that a record that is bad can be found again.
//!
//! A chunk's arena is filled in runs: each is from one origin, and stands there as it stands here. So
//! the place of a byte is found by the run it is in, and no row has to carry it. What a step makes is a
//! piece, which knows what it was made of:
//!
//! ```text
//! arena    a line\na line\n | another\n   | a line\n      | made | copied | ...
//! run      10.0.0.7:4012    | 10.0.0.9:80 | 10.0.0.7:4012 |
//!          from byte 512    | from byte 0 | from byte 900 |
//! piece                                                   | of 7 | of 16  |
//! ```
//!
//! Whatever part of a record is asked for, the answer is the same: the place of the whole record, as it was
//! read, and the bytes of it; beside it, where the part begins in it, as long as that stands as it was read.
//! Of bytes of which nothing was said it is known only that they are from one of the origins of the chunk.
//! Nothing is ever guessed.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// So many origins are named where a record may be from any of them.
const NAMED: usize = 3;

/// Something that records come from, by its name: "stdin", "127.0.0.1:40112", or a path, which may have any
/// bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    name: Arc<[u8]>,
    kind: Kind,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// One that the user named.
    Named,
    /// One who sends what he likes.
    Peer,
    /// One whose places are records, not bytes.
    Partition,
}

impl Origin {
    /// The origin with this name, which was given by the user, as stdin is.
    pub fn new(name: impl Into<String>) -> Origin {
        Origin { name: name.into().into_bytes().into(), kind: Kind::Named }
    }

    /// The file at this path.
    pub fn file(path: &Path) -> Origin {
        Origin { name: path.as_os_str().as_bytes().into(), kind: Kind::Named }
    }

    /// The peer with this name, who sends what he likes.
    pub fn peer(name: impl Into<String>) -> Origin {
        Origin { name: name.into().into_bytes().into(), kind: Kind::Peer }
    }

    /// The partition with this name, in which each record has a number: `topic[3]`.
    pub fn partition(name: impl Into<String>) -> Origin {
        Origin { name: name.into().into_bytes().into(), kind: Kind::Partition }
    }

    /// True for a peer: what comes from there must not end the run.
    pub fn is_peer(&self) -> bool {
        self.kind == Kind::Peer
    }

    /// True while somebody else holds it: its source, because more may come of it, or a chunk.
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.name) > 1
    }

    /// Its name, as it is.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// A place of it, as in "stdin, byte 512", or `topic[3]@77` of a partition's record.
    pub fn at(&self, place: u64) -> String {
        match self.kind {
            Kind::Partition => format!("{self}@{place}"),
            _ => format!("{self}, byte {place}"),
        }
    }
}

/// Its name for people: in one line, whatever bytes a path has.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.name).chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_default()),
            false => f.write_char(c),
        })
    }
}

/// What is known of where a run stands in its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Unknown,
    /// Its first byte is this one, and the others follow.
    From(u64),
    /// Its records are numbered from `first` on; they are those noted from the place `noted` on.
    Numbered { first: u64, noted: usize },
    /// It is of the record at this place.
    Of(u64),
}

#[derive(Clone, Debug)]
struct Run {
    bytes: Range<usize>,
    origin: Origin,
    place: Place,
}

impl Run {
    /// True if bytes at this place are those that follow.
    fn goes_on(&self, place: Place) -> bool {
        match (self.place, place) {
            (Place::From(first), Place::From(next)) => first + self.bytes.len() as u64 == next,
            (before, place) => before == Place::Unknown && place == Place::Unknown,
        }
    }
}

/// Bytes that a step has put behind those that were read, up to where the next piece begins.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    /// The first byte of what it was made of; nothing is known of a piece of [`NOTHING`].
    of: u32,
    /// True if they are the same bytes.
    is_copy: bool,
}

/// Where no byte stands that something is made of.
const NOTHING: u32 = u32::MAX;

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it is from, as in "stdin, byte 512".
    pub position: String,
    /// Where it stands in the arena, if that is known.
    pub bytes: Option<Range<usize>>,
    /// Which byte of it was asked for, if that is one.
    pub at: Option<usize>,
}

/// The origins of a chunk's bytes.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// In the order of the arena. Between them may be bytes of which nothing is known.
    runs: Vec<Run>,
    /// What ends each record in all runs, if one byte does.
    delimiter: Option<u8>,
    /// From where to where records stand that nothing ends, in the order of the arena.
    records: Vec<(u32, u32)>,
    /// In the order of the arena.
    pieces: Vec<Piece>,
}

impl Origins {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.records.clear();
        self.pieces.clear();
        self.delimiter = None;
    }

    /// Says that this byte ends each record.
    pub fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = Some(delimiter);
    }

    /// Says that `bytes` of the arena, behind all that were named before, are those of the origin from
    /// byte `first` on; without that, only that they are of it.
    pub fn add(&mut self, origin: &Origin, bytes: Range<usize>, first: Option<u64>) {
        let place = first.map_or(Place::Unknown, Place::From);
        if bytes.is_empty() {
            return;
        }
        if let Some(run) = self.runs.last_mut()
            && run.bytes.end == bytes.start
            && run.origin == *origin
            && run.goes_on(place)
        {
            run.bytes.end = bytes.end;
            return;
        }
        self.runs.push(Run { bytes, origin: origin.clone(), place });
    }

    /// Says where in the arena a record stands, behind those of which this was said before.
    #[inline]
    pub fn note(&mut self, record: Range<usize>) {
        self.records.push((record.start as u32, record.end as u32));
    }

    /// Says that `bytes` of the arena, behind all that were named before, are the record with this number, with
    /// what belongs to it before and behind `record`.
    ///
    /// No record is without a byte behind it, so that each has a place of its own.
    #[inline]
    pub fn add_record(
        &mut self,
        origin: &Origin,
        bytes: Range<usize>,
        record: Range<usize>,
        number: u64,
    ) {
        debug_assert!(record.end < bytes.end, "a byte ends an empty record");
        self.note(record);
        let last = self.records.len() - 1;
        if let Some(run) = self.runs.last_mut()
            && let Place::Numbered { first, noted } = run.place
            && run.bytes.end == bytes.start
            && first + (last - noted) as u64 == number
            && run.origin == *origin
        {
            run.bytes.end = bytes.end;
            return;
        }
        let place = Place::Numbered { first: number, noted: last };
        self.runs.push(Run { bytes, origin: origin.clone(), place });
    }

    /// Says that what stands in the arena from `start` on was made of what begins at `of`.
    #[inline]
    pub fn made(&mut self, of: usize, start: usize) {
        self.piece(of as u32, start, false);
    }

    /// Says that `bytes`, behind all that were named before, are a copy of those from `of` on.
    pub fn copied(&mut self, of: usize, bytes: Range<usize>) {
        self.piece(of as u32, bytes.start, true);
        self.made_until(bytes.end);
    }

    /// Says that the last piece ends there.
    pub fn made_until(&mut self, end: usize) {
        self.piece(NOTHING, end, false);
    }

    #[inline]
    fn piece(&mut self, of: u32, start: usize, is_copy: bool) {
        debug_assert!(of == NOTHING || (of as usize) < start, "what it is made of stands before");
        self.pieces.push(Piece { start: start as u32, of, is_copy });
    }

    /// The record that the byte `at` of the arena, which is given, is of; none if no origin is known at all.
    /// Where one stands that was found before needs not be looked for: a peer's is as long as he likes, and
    /// all its words may be bad.
    pub fn record(&self, arena: &[u8], at: usize, before: Option<&Range<usize>>) -> Option<Record> {
        let (byte, is_same) = self.source(at);
        let Some(run) = self.find(byte) else {
            return self.any().map(|position| Record { position, bytes: None, at: None });
        };
        let (bytes, number) = match (self.delimiter, self.noted_at(run, byte)) {
            (Some(delimiter), _) => {
                let found = before.filter(|bytes| bytes.start <= byte && byte <= bytes.end);
                let find = || delimited(arena, &run.bytes, byte, delimiter);
                (Some(found.cloned().unwrap_or_else(find)), None)
            }
            (None, Some((bytes, number))) => (Some(bytes), number),
            (None, None) => (None, None),
        };
        let start = bytes.as_ref().map(|bytes| bytes.start).filter(|&start| start <= byte);
        let position = match (run.place, number) {
            (Place::From(first), _) => {
                run.origin.at(first + (start.unwrap_or(byte) - run.bytes.start) as u64)
            }
            (Place::Of(place), _) | (_, Some(place)) => run.origin.at(place),
            _ => run.origin.to_string(),
        };
        let at = start.filter(|_| is_same).map(|start| byte - start);
        Some(Record { position, bytes, at })
    }

    /// The byte that was read of which the byte `at` was made, and whether it is the same.
    fn source(&self, mut at: usize) -> (usize, bool) {
        let mut is_same = true;
        while self.find(at).is_none() {
            let behind = self.pieces.partition_point(|piece| piece.start as usize <= at);
            match behind.checked_sub(1).map(|piece| self.pieces[piece]) {
                None | Some(Piece { of: NOTHING, .. }) => break,
                Some(Piece { start, of, is_copy: true }) => at = of as usize + at - start as usize,
                Some(Piece { of, .. }) => (at, is_same) = (of as usize, false),
            }
        }
        (at, is_same)
    }

    /// The noted record to which the byte `at` of a run belongs, and its number, if it has one.
    fn noted_at(&self, run: &Run, at: usize) -> Option<(Range<usize>, Option<u64>)> {
        let numbered = match run.place {
            Place::Numbered { first, noted } => Some((first, noted)),
            _ => None,
        };
        let records = &self.records[numbered.map_or(0, |(_, noted)| noted)..];
        let before = records.partition_point(|record| (record.1 as usize) < at);
        let (start, end) = *records.get(before)?;
        let number = numbered.map(|(first, _)| first + before as u64);
        // What stands before a record belongs to it where each has a number.
        let is_of = number.is_some() || start as usize <= at;
        is_of.then_some((start as usize..end as usize, number))
    }

    /// The origin of the byte `at` of the arena, and the bytes around it that are of the same run, or were
    /// made of it.
    pub fn run_at(&self, at: usize) -> Option<(&Origin, Range<usize>)> {
        let run = self.find(self.source(at).0)?;
        if run.bytes.contains(&at) {
            return Some((&run.origin, run.bytes.clone()));
        }
        let behind = self.pieces.partition_point(|piece| piece.start as usize <= at);
        let is_other = |piece: &&Piece| {
            piece.of == NOTHING || !run.bytes.contains(&self.source(piece.of as usize).0)
        };
        let end = self.pieces[behind..].iter().find(is_other);
        Some((&run.origin, at..end.map_or(usize::MAX, |piece| piece.start as usize)))
    }

    /// The origins of which the first byte is here.
    pub fn beginnings(&self) -> impl Iterator<Item = &Origin> {
        self.runs.iter().filter(|run| run.place == Place::From(0)).map(|run| &run.origin)
    }

    /// Says that `bytes` are what stands at the byte `at` of another arena.
    pub fn taken(&mut self, bytes: Range<usize>, from: &Origins, at: usize) {
        let Some(run) = from.find(at).filter(|_| !bytes.is_empty()) else { return };
        let place = match (run.place, from.noted_at(run, at)) {
            (Place::From(first), _) => Place::From(first + (at - run.bytes.start) as u64),
            (Place::Numbered { .. }, Some((_, Some(number)))) => Place::Of(number),
            (place, _) => place,
        };
        self.runs.push(Run { bytes, origin: run.origin.clone(), place });
    }

    /// The runs, each with its origin.
    pub fn runs(&self) -> impl Iterator<Item = (&Origin, Range<usize>)> {
        self.runs.iter().map(|run| (&run.origin, run.bytes.clone()))
    }

    /// The run in which the byte `at` stands.
    fn find(&self, at: usize) -> Option<&Run> {
        let found = self.runs.partition_point(|run| run.bytes.start <= at).checked_sub(1)?;
        Some(&self.runs[found]).filter(|run| run.bytes.contains(&at))
    }

    /// What is known of bytes that nothing was said of.
    fn any(&self) -> Option<String> {
        let mut names: Vec<&Origin> = Vec::new();
        for run in &self.runs {
            if !names.contains(&&run.origin) {
                names.push(&run.origin);
            }
        }
        let (last, others) = names.split_last()?;
        let list = |names: &[&Origin]| {
            names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
        };
        Some(match names.len() {
            1 => last.to_string(),
            2..=NAMED => format!("{} or {last}", list(others)),
            count => match count - NAMED {
                1 => format!("{} or 1 other", list(&names[..NAMED])),
                others => format!("{} or {others} others", list(&names[..NAMED])),
            },
        })
    }
}

/// The record around the byte `at`, without what ends it.
fn delimited(arena: &[u8], run: &Range<usize>, at: usize, delimiter: u8) -> Range<usize> {
    let start = memchr::memrchr(delimiter, &arena[run.start..at]);
    let start = start.map_or(run.start, |last| run.start + last + 1);
    let end = memchr::memchr(delimiter, &arena[at..run.end]).map_or(run.end, |next| at + next);
    let returns = delimiter == b'\n' && arena[start..end].ends_with(b"\r");
    start..end - usize::from(returns)
}

#[cfg(test)]
mod tests;
