//! The partitions that are read, and how far.
//!
//! A position is the offset of the record that comes next: that of the last message and one more, or where the
//! partition has said that it ends, since control records count too and nobody sees them. Beside it stands what
//! the last record was, so that a start can see whether it is still the same topic:
//!
//! ```text
//! part       orders[3]
//! position   78 77 1544488280000 2868024573      next; of the last record: offset, timestamp, checksum
//! part       ^logs-
//! position   all                                 topics that it matches and that have no position came later
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::Error;
use crate::metrics::Extent;
use crate::origin::Origin;

/// What a record was, to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// Its offset.
    pub offset: i64,
    /// Its time, in ms since the epoch.
    pub timestamp: i64,
    /// The checksum of its key and value.
    pub sum: u32,
}

impl Last {
    /// What is kept of a record.
    pub fn of(offset: i64, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> Last {
        // A length before each half, so that none is taken for a part of the other, nor for nothing.
        let size = |half: Option<&[u8]>| half.map_or(-1, |half| half.len() as i64).to_le_bytes();
        let mut sum = 0;
        for half in [key, value] {
            sum = crc32c::crc32c_append(sum, &size(half));
            sum = crc32c::crc32c_append(sum, half.unwrap_or_default());
        }
        Last { offset, timestamp, sum }
    }
}

/// Where a partition was, when that was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The offset that comes next.
    pub position: i64,
    /// The last record before it.
    pub last: Option<Last>,
}

impl Kept {
    /// As bytes, for the checkpoint.
    pub fn encode(&self) -> Vec<u8> {
        match self.last {
            Some(Last { offset, timestamp, sum }) => {
                format!("{} {offset} {timestamp} {sum}", self.position).into_bytes()
            }
            None => self.position.to_string().into_bytes(),
        }
    }

    /// Reads what was noted.
    pub fn decode(bytes: &[u8]) -> Option<Kept> {
        let words: Vec<&str> = std::str::from_utf8(bytes).ok()?.split(' ').collect();
        let number = |at: usize| words[at].parse::<i64>().ok();
        let last = match words.len() {
            1 => None,
            4 => Some(Last {
                offset: number(1)?,
                timestamp: number(2)?,
                sum: words[3].parse().ok()?,
            }),
            _ => return None,
        };
        Some(Kept { position: number(0)?, last })
    }
}

/// The topic and the number of a partition, of its name.
pub fn named(part: &[u8]) -> Option<(&str, i32)> {
    let (topic, number) = std::str::from_utf8(part).ok()?.strip_suffix(']')?.rsplit_once('[')?;
    Some((topic, number.parse().ok()?))
}

/// A partition that is read.
#[derive(Debug)]
pub struct Part {
    /// Its topic.
    pub topic: Arc<str>,
    /// Its number.
    pub partition: i32,
    /// Its name, as in `orders[3]`.
    pub origin: Origin,
    /// The offset that comes next.
    pub position: i64,
    /// The last record before it, if that is known.
    pub last: Option<Last>,
    /// With `--once`: where it ends.
    pub end: i64,
    /// Where it was at the start.
    begun: i64,
    /// True if its position is to be noted.
    has_moved: bool,
}

impl Part {
    /// True if nothing more of it is wanted.
    pub fn is_done(&self) -> bool {
        self.position >= self.end
    }
}

/// All partitions that are read.
#[derive(Debug, Default)]
pub struct Parts {
    list: Vec<Part>,
    /// By topic, and there by number, where in the list.
    index: HashMap<Arc<str>, HashMap<i32, usize>>,
    /// Those whose position is to be noted.
    moved: Vec<usize>,
}

impl Parts {
    /// Adds a partition that is read from `position` on, to `end`; returns its place.
    pub fn add(&mut self, topic: &Arc<str>, partition: i32, kept: Kept, end: i64) -> usize {
        let at = self.list.len();
        self.index.entry(Arc::clone(topic)).or_default().insert(partition, at);
        let origin = Origin::partition(format!("{topic}[{partition}]"));
        let Kept { position, last } = kept;
        let topic = Arc::clone(topic);
        let (begun, has_moved) = (position, true);
        self.list.push(Part { topic, partition, origin, position, last, end, begun, has_moved });
        self.moved.push(at);
        at
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The place of a partition.
    pub fn find(&self, topic: &str, partition: i32) -> Option<usize> {
        self.index.get(topic)?.get(&partition).copied()
    }

    /// The partition at this place.
    pub fn get(&self, at: usize) -> &Part {
        &self.list[at]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Part> {
        self.list.iter()
    }

    /// Moves a partition on; never back.
    #[inline]
    pub fn advance(&mut self, at: usize, position: i64) {
        let part = &mut self.list[at];
        if position > part.position {
            part.position = position;
            if !std::mem::replace(&mut part.has_moved, true) {
                self.moved.push(at);
            }
        }
    }

    /// How many records of partitions that end were read, and how many there are; offsets that nobody sees
    /// count as well.
    pub fn extent(&self) -> Extent {
        let span = |part: &Part, to: i64| to.saturating_sub(part.begun).max(0) as u64;
        let (mut done, mut total) = (0, 0);
        for part in &self.list {
            done += span(part, part.position.min(part.end));
            total += span(part, part.end);
        }
        Extent::records(done, total)
    }

    /// Says what the last record of a partition was.
    pub fn set_last(&mut self, at: usize, last: Last) {
        self.list[at].last = Some(last);
    }

    /// Puts a partition elsewhere: what was there is not any more.
    pub fn reset(&mut self, at: usize, position: i64) {
        let part = &mut self.list[at];
        (part.position, part.last) = (position, None);
        if !std::mem::replace(&mut part.has_moved, true) {
            self.moved.push(at);
        }
    }

    /// Notes what has moved since this was asked last.
    pub fn note(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        for at in self.moved.drain(..) {
            let part = &mut self.list[at];
            part.has_moved = false;
            let kept = Kept { position: part.position, last: part.last };
            note(part.origin.name(), &kept.encode());
        }
    }
}

/// What is noted of a regular expression, once all topics that it matches are.
pub const ALL: &[u8] = b"all";

/// What was noted by the run before.
#[derive(Debug, Default)]
pub struct Noted {
    /// Where each partition was, by topic and number.
    pub parts: HashMap<(String, i32), Kept>,
    /// The regular expressions by which topics were found.
    pub patterns: HashSet<String>,
}

/// Reads what was noted.
pub fn noted(positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Noted, Error> {
    let mut all = Noted::default();
    for (part, position) in positions {
        // No topic's name begins so.
        if part.starts_with(b"^") && position == ALL {
            all.patterns.insert(String::from_utf8_lossy(&part).into_owned());
            continue;
        }
        let (Some((topic, number)), Some(kept)) = (named(&part), Kept::decode(&position)) else {
            let part = String::from_utf8_lossy(&part).into_owned();
            return Err(Error::Refused(format!("{part}: its position in the checkpoint is none")));
        };
        all.parts.insert((topic.to_string(), number), kept);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(position: i64) -> Kept {
        Kept { position, last: None }
    }

    #[test]
    fn a_position_is_read_as_it_was_noted() {
        let last = Some(Last { offset: 77, timestamp: -1, sum: u32::MAX });
        for kept in [kept(0), kept(i64::MAX), Kept { position: 78, last }] {
            assert_eq!(Kept::decode(&kept.encode()), Some(kept));
        }
        for bytes in [&b""[..], b"x", b"1 2", b"1 2 3 -4", b"1 2 3 4 5", b"\xff"] {
            assert_eq!(Kept::decode(bytes), None);
        }
        assert_eq!(named(b"a.b[c][12]"), Some(("a.b[c]", 12)));
        assert_eq!((named(b"a"), named(b"a[x]"), named(b"[")), (None, None, None));
    }

    #[test]
    fn what_was_noted_are_partitions_and_expressions_by_which_topics_were_found() {
        let pair = |part: &str, position: &str| (part.into(), position.into());
        let read = noted(vec![pair("^a[12]", "all"), pair("a[12]", "5"), pair("b[0]", "all")]);
        assert_eq!(read.unwrap_err().exit_status(), 2, "that is where no partition is");
        let read = noted(vec![pair("^a[12]", "all"), pair("a[12]", "5")]).unwrap();
        assert_eq!(read.parts, HashMap::from([(("a".to_string(), 12), kept(5))]));
        assert_eq!(read.patterns, HashSet::from(["^a[12]".to_string()]));
    }

    #[test]
    fn what_has_moved_is_noted_once_and_nothing_moves_back() {
        let (mut parts, topic) = (Parts::default(), Arc::from("t"));
        let noted = |parts: &mut Parts| {
            let mut all = Vec::new();
            parts.note(&mut |part, position| {
                all.push(format!("{} {}", part.escape_ascii(), position.escape_ascii()));
            });
            all
        };
        let a = parts.add(&topic, 0, kept(5), i64::MAX);
        let b = parts.add(&topic, 2, kept(7), 9);
        assert_eq!(noted(&mut parts), ["t[0] 5", "t[2] 7"], "where they begin is noted too");
        parts.advance(b, 8);
        parts.advance(b, 9);
        parts.advance(a, 4);
        assert!(parts.get(b).is_done() && !parts.get(a).is_done());
        assert_eq!(noted(&mut parts), ["t[2] 9"]);
        assert!(noted(&mut parts).is_empty());
        assert_eq!(
            (parts.find("t", 2), parts.find("t", 1), parts.find("u", 0)),
            (Some(b), None, None)
        );
        parts.reset(a, 1);
        assert_eq!(noted(&mut parts), ["t[0] 1"]);
    }

    #[test]
    fn records_that_differ_have_other_sums() {
        let of = |key: Option<&str>, value: Option<&str>| {
            Last::of(1, 2, key.map(str::as_bytes), value.map(str::as_bytes)).sum
        };
        let all = [
            of(None, None),
            of(Some(""), None),
            of(None, Some("")),
            of(Some("ab"), Some("c")),
            of(Some("a"), Some("bc")),
            of(None, Some("abc")),
        ];
        for (at, sum) in all.iter().enumerate() {
            assert!(!all[..at].contains(sum), "{at}");
        }
    }
}
