//! Where the bytes of a chunk came from, so that a record that is bad can be found again.
//!
//! A chunk's arena is filled in runs: each is from one origin, and stands there as it stands here. So
//! the place of a byte is found by the run it is in, and no row has to carry it:
//!
//! ```text
//! arena    a line\na line\n | another\n | a line\n | made by a step | ...
//! run      10.0.0.7:4012    | 10.0.0.9:80 | 10.0.0.7:4012 | of a run before | none
//!          from byte 512    | from byte 0 | from byte 900 | its bytes 0 to 7
//! ```
//!
//! Steps move spans within the arena, which changes no place. Of bytes that are made anew it is known
//! only what is said of them by [`Origins::made`]; of others, only that they are from one of the origins
//! of the chunk. Nothing is ever guessed.

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

    /// All places from one to another.
    fn between(&self, from: u64, to: u64) -> String {
        match self.kind {
            _ if from == to => self.at(from),
            Kind::Partition => format!("{self}@{from} to {to}"),
            _ => format!("{self}, bytes {from} to {to}"),
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
    /// It was made of what is there from the record at the first byte to the one at the second.
    Of(u64, u64),
    /// Its records are numbered from `first` on; where they begin is noted from the place `noted` on.
    Numbered { first: u64, noted: usize },
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

/// The origins of a chunk's bytes.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// In the order of the arena. Between them may be bytes of which nothing is known.
    runs: Vec<Run>,
    /// The run that was looked at last by [`Origins::made`]: rows come in order.
    last: usize,
    /// Where numbered records begin in the arena, run by run.
    beginnings: Vec<u32>,
}

impl Origins {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.beginnings.clear();
        self.last = 0;
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

    /// Says that `bytes` of the arena, behind all that were named before, are the record with this number.
    ///
    /// No record is without a byte here, so that each has a place of its own.
    #[inline]
    pub fn add_record(&mut self, origin: &Origin, bytes: Range<usize>, number: u64) {
        debug_assert!(!bytes.is_empty(), "a byte ends an empty record");
        self.beginnings.push(bytes.start as u32);
        if let Some(run) = self.runs.last_mut()
            && let Place::Numbered { first, noted } = run.place
            && run.bytes.end == bytes.start
            && first + (self.beginnings.len() - 1 - noted) as u64 == number
            && run.origin == *origin
        {
            run.bytes.end = bytes.end;
            return;
        }
        let place = Place::Numbered { first: number, noted: self.beginnings.len() - 1 };
        self.runs.push(Run { bytes, origin: origin.clone(), place });
    }

    /// Where the byte `at` of a run stands, or what it was made of.
    fn place(&self, run: &Run, at: usize) -> Place {
        match run.place {
            Place::From(first) => Place::From(first + (at - run.bytes.start) as u64),
            Place::Numbered { first, noted } => {
                let behind =
                    self.beginnings[noted..].partition_point(|&start| start as usize <= at);
                let number = first + behind.saturating_sub(1) as u64;
                Place::Of(number, number)
            }
            other => other,
        }
    }

    /// Says that `bytes`, behind all that were named before, were made of the record at `of`.
    #[inline]
    pub fn made(&mut self, of: usize, bytes: Range<usize>) {
        if !self.runs.get(self.last).is_some_and(|run| run.bytes.contains(&of)) {
            let Some(found) = self.find(of) else { return };
            self.last = found;
        }
        let place = match self.place(&self.runs[self.last], of) {
            Place::From(byte) => Place::Of(byte, byte),
            other => other,
        };
        let newest = self.runs.len() - 1;
        let is_same = self.runs[newest].origin == self.runs[self.last].origin;
        let run = &mut self.runs[newest];
        match (&mut run.place, place) {
            _ if bytes.is_empty() => return,
            (Place::Of(first, last), Place::Of(from, to))
                if is_same && run.bytes.end == bytes.start =>
            {
                (*first, *last) = ((*first).min(from), (*last).max(to));
            }
            (Place::Unknown, Place::Unknown) if is_same && run.bytes.end == bytes.start => {}
            _ => {
                let origin = self.runs[self.last].origin.clone();
                return self.runs.push(Run { bytes, origin, place });
            }
        }
        run.bytes.end = bytes.end;
    }

    /// Where the byte `at` of the arena is from; none if no origin is known at all.
    pub fn position(&self, at: usize) -> Option<String> {
        let Some(run) = self.find(at).map(|found| &self.runs[found]) else { return self.any() };
        Some(match self.place(run, at) {
            Place::From(byte) => run.origin.at(byte),
            Place::Of(from, to) => run.origin.between(from, to),
            Place::Unknown | Place::Numbered { .. } => run.origin.to_string(),
        })
    }

    /// The origin of the byte `at` of the arena, and the bytes around it that are of the same run.
    pub fn run_at(&self, at: usize) -> Option<(&Origin, Range<usize>)> {
        let run = &self.runs[self.find(at)?];
        Some((&run.origin, run.bytes.clone()))
    }

    /// The origins of which the first byte is here.
    pub fn beginnings(&self) -> impl Iterator<Item = &Origin> {
        self.runs.iter().filter(|run| run.place == Place::From(0)).map(|run| &run.origin)
    }

    /// Says that `bytes` are what stands at the byte `at` of another arena.
    pub fn copied(&mut self, bytes: Range<usize>, from: &Origins, at: usize) {
        let Some(found) = from.find(at) else { return };
        let origin = &from.runs[found].origin;
        match from.place(&from.runs[found], at) {
            Place::From(byte) => self.add(origin, bytes, Some(byte)),
            place @ Place::Of(..) if !bytes.is_empty() => {
                self.runs.push(Run { bytes, origin: origin.clone(), place });
            }
            _ => self.add(origin, bytes, None),
        }
    }

    /// The runs, each with its origin.
    pub fn runs(&self) -> impl Iterator<Item = (&Origin, Range<usize>)> {
        self.runs.iter().map(|run| (&run.origin, run.bytes.clone()))
    }

    fn find(&self, at: usize) -> Option<usize> {
        let found = self.runs.partition_point(|run| run.bytes.start <= at).checked_sub(1)?;
        self.runs[found].bytes.contains(&at).then_some(found)
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
            count => format!("{} or {} others", list(&names[..NAMED]), count - NAMED),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(runs: &[(&str, Range<usize>, u64)]) -> Origins {
        let mut origins = Origins::default();
        for (name, bytes, first) in runs {
            origins.add(&Origin::new(*name), bytes.clone(), Some(*first));
        }
        origins
    }

    fn positions(origins: &Origins, at: &[usize]) -> Vec<String> {
        at.iter().map(|&at| origins.position(at).unwrap()).collect()
    }

    #[test]
    fn a_byte_has_the_place_of_its_run() {
        let origins = origins(&[("a", 0..10, 100), ("b", 10..20, 0), ("a", 20..30, 110)]);
        let found = positions(&origins, &[0, 9, 10, 29]);
        assert_eq!(found, ["a, byte 100", "a, byte 109", "b, byte 0", "a, byte 119"]);
    }

    #[test]
    fn what_goes_on_where_it_was_is_one_run() {
        let origins = origins(&[("a", 0..10, 0), ("a", 10..20, 10), ("a", 20..30, 25)]);
        assert_eq!(origins.runs().count(), 2, "there is a gap before byte 25");
        assert_eq!(positions(&origins, &[19, 20]), ["a, byte 19", "a, byte 25"]);
    }

    #[test]
    fn what_is_made_has_the_place_of_what_it_is_made_of() {
        let mut origins = origins(&[("a", 0..10, 0), ("b", 10..20, 7)]);
        origins.made(2, 20..25);
        assert_eq!(positions(&origins, &[20, 24]), ["a, byte 2", "a, byte 2"]);
        origins.made(5, 25..30);
        origins.made(12, 30..35);
        assert_eq!(origins.runs().count(), 4, "one run for all that follow each other");
        assert_eq!(
            positions(&origins, &[24, 29, 30]),
            ["a, bytes 2 to 5", "a, bytes 2 to 5", "b, byte 9"]
        );
        origins.made(22, 35..40);
        assert_eq!(positions(&origins, &[35]), ["a, bytes 2 to 5"], "made twice");
    }

    #[test]
    fn records_of_a_partition_have_numbers_also_where_some_are_missing_or_empty() {
        let (mut origins, a) = (Origins::default(), Origin::partition("t[3]"));
        for (bytes, number) in [(1..5, 7), (5..6, 8), (6..9, 9), (9..12, 12)] {
            origins.add_record(&a, bytes, number);
        }
        origins.add_record(&Origin::partition("t[4]"), 12..14, 13);
        assert_eq!(origins.runs().count(), 3, "10 and 11 are missing");
        let found = positions(&origins, &[1, 4, 5, 6, 8, 9, 13]);
        assert_eq!(found, ["t[3]@7", "t[3]@7", "t[3]@8", "t[3]@9", "t[3]@9", "t[3]@12", "t[4]@13"]);
        origins.made(2, 14..16);
        origins.made(7, 16..18);
        assert_eq!(positions(&origins, &[14]), ["t[3]@7 to 9"]);
        let mut copy = Origins::default();
        copy.copied(0..3, &origins, 9);
        assert_eq!(positions(&copy, &[2]), ["t[3]@12"]);
    }

    #[test]
    fn of_bytes_that_nothing_is_said_of_only_the_origins_of_the_chunk_are_known() {
        assert_eq!(Origins::default().position(0), None);
        let mut runs = vec![("a", 0..10, 0)];
        assert_eq!(positions(&origins(&runs), &[10]), ["a"]);
        runs.extend([("b", 10..20, 0), ("a", 20..30, 10), ("c", 30..40, 0)]);
        assert_eq!(positions(&origins(&runs[..2]), &[99]), ["a or b"]);
        assert_eq!(positions(&origins(&runs), &[99]), ["a, b or c"]);
        runs.extend([("d", 40..50, 0), ("e", 50..60, 0)]);
        assert_eq!(positions(&origins(&runs), &[99]), ["a, b, c or 2 others"]);
    }

    #[test]
    fn where_an_origin_begins_is_known_and_goes_along_with_a_copy() {
        let origins = origins(&[("a", 0..10, 100), ("b", 10..20, 0), ("b", 20..30, 10)]);
        let b = Origin::new("b");
        assert_eq!(origins.beginnings().collect::<Vec<_>>(), [&b]);
        assert_eq!(origins.run_at(25), Some((&b, 10..30)));
        assert_eq!(origins.run_at(30), None);
        let mut copy = Origins::default();
        copy.copied(0..3, &origins, 10);
        copy.copied(3..5, &origins, 4);
        assert_eq!(copy.beginnings().collect::<Vec<_>>(), [&b]);
        assert_eq!(positions(&copy, &[0, 4]), ["b, byte 0", "a, byte 105"]);
    }

    #[test]
    fn a_path_is_shown_in_one_line_and_keeps_its_bytes() {
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\nb\xff, \xc3\xa9"));
        let origin = Origin::file(path);
        assert_eq!(origin.at(7), "a\\nb\u{fffd}, \u{e9}, byte 7");
        assert_eq!(origin.name(), b"a\nb\xff, \xc3\xa9");
    }

    #[test]
    fn an_origin_is_held_by_whoever_more_may_come_from() {
        let source = Origin::peer("a");
        let learned = source.clone();
        assert!(learned.is_held() && learned.is_peer() && !Origin::new("a").is_peer());
        drop(source);
        assert!(!learned.is_held());
    }

    #[test]
    fn an_origin_without_places_is_named_alone() {
        let mut origins = Origins::default();
        origins.add(&Origin::new("log"), 0..10, None);
        origins.made(3, 10..12);
        assert_eq!(positions(&origins, &[5, 11]), ["log", "log"]);
        origins.add(&Origin::new("log"), 12..14, Some(7));
        origins.made(12, 14..16);
        origins.made(3, 16..18);
        assert_eq!(
            positions(&origins, &[14, 16]),
            ["log, byte 7", "log"],
            "known or not, not both"
        );
    }
}
