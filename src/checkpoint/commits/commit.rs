//! Commits: what a batch leaves behind, and the one append that commits it.
//!
//! A commit is written as its parts and, behind them, the frame that makes them count. It carries a
//! checksum of its parts and one of the commit before it, so commits form a chain: state is the fold
//! of all of them, in order, and none can be missing, doubled or another's.
//!
//! ```text
//! Changes | version | entry entry ...           entry: length of key, length of cell + 1 (0: gone),
//! Pane    | version | Time, part, bytes                key, cell
//! Commit  | version | n, Time, chain, parts, sum, wal, began, chunks, from, to, outputs ...,
//!         | clock, open, before
//! Done    | version | n
//! ```
//!
//! Cells are absolute values, so an entry says all there is to say of its key. Positions in the input are
//! entries too, in a keyspace of their own. What positions, cells, panes and targets mean is for those to
//! know that wrote them.

use crate::checkpoint::frames::codec::{Take, put_bytes, put_len};
use crate::checkpoint::keyspace::{Keys, Keyspace};
use crate::clock::Stamp;
use crate::sink::batch::{OutputId, Promise};

/// The version that payloads begin with.
pub const VERSION: u8 = 1;

/// The version of commits; those of version 1 have no clock, and none of them is open.
const COMMIT_VERSION: u8 = 2;

/// How many bytes a part has that is closed, about, unless tests say otherwise.
pub const PART: usize = 256 << 10;

/// What a batch has come to, without its changes of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its number; the first is 0, and none is left out.
    pub n: u64,
    /// The batch's Time.
    pub time: Stamp,
    /// Where its input begins; positions are changes now, and this is empty but in old commits.
    pub from: Vec<u8>,
    /// Where its input ends; likewise.
    pub to: Vec<u8>,
    /// What each output is promised.
    pub outputs: Vec<Promise>,
    /// How far the write-ahead log of commits has been read.
    pub wal: u64,
    /// When the stream began.
    pub began: Stamp,
    /// How many chunks of commits there were; the places of rows go on from there.
    pub chunks: u64,
    /// What the clock read when its input ended, if that was noted.
    pub clock: Option<Stamp>,
    /// True if the batch is not over, but was left to the next start with what it had come to.
    pub open: bool,
    /// The Time of the last batch before it, if there was one and that was noted.
    pub before: Option<Stamp>,
}

impl Commit {
    /// The Time of the last batch that is over, if there was one.
    pub fn last_over(&self) -> Option<Stamp> {
        if self.open { self.before } else { Some(self.time) }
    }
}

/// What ties a commit to its parts and to the commit before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The checksum of the commit before; 0 for the first.
    pub before: u32,
    /// How many parts there are.
    pub parts: u64,
    /// The checksum of their payloads.
    pub sum: u32,
}

impl Chain {
    /// Takes in a part.
    pub fn part(&mut self, payload: &[u8]) {
        self.parts += 1;
        self.sum = crc32c::crc32c_append(self.sum, payload);
    }
}

/// Where the commits have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last commit.
    pub commit: Option<Commit>,
    /// Its checksum, which the next one carries.
    pub chain: u32,
    /// True if its output is out.
    pub done: bool,
}

impl Commit {
    /// The payload of the commit.
    pub fn encode(&self, chain: Chain) -> Vec<u8> {
        let mut out = vec![COMMIT_VERSION];
        out.extend_from_slice(&self.n.to_le_bytes());
        out.extend_from_slice(&self.time.0.to_le_bytes());
        out.extend_from_slice(&chain.before.to_le_bytes());
        out.extend_from_slice(&chain.parts.to_le_bytes());
        out.extend_from_slice(&chain.sum.to_le_bytes());
        out.extend_from_slice(&self.wal.to_le_bytes());
        out.extend_from_slice(&self.began.0.to_le_bytes());
        out.extend_from_slice(&self.chunks.to_le_bytes());
        put_bytes(&mut out, &self.from);
        put_bytes(&mut out, &self.to);
        put_len(&mut out, self.outputs.len() as u64);
        for promise in &self.outputs {
            put_bytes(&mut out, &promise.output.encode());
            out.extend_from_slice(&promise.before.to_le_bytes());
            out.extend_from_slice(&promise.length.to_le_bytes());
            out.extend_from_slice(&promise.crc.to_le_bytes());
        }
        put_time(&mut out, self.clock);
        out.push(u8::from(self.open));
        put_time(&mut out, self.before);
        out
    }

    /// Reads what [`Commit::encode`] wrote; `None` if it is not such.
    pub fn decode(payload: &[u8]) -> Option<(Commit, Chain)> {
        let mut take = Take(payload);
        let version = take.u8()?;
        let (n, time) = (take.u64()?, Stamp(take.i64()?));
        let chain = Chain { before: take.u32()?, parts: take.u64()?, sum: take.u32()? };
        let (wal, began, chunks) = (take.u64()?, Stamp(take.i64()?), take.u64()?);
        let (from, to) = (take.bytes()?.to_vec(), take.bytes()?.to_vec());
        let mut outputs = Vec::new();
        for _ in 0..take.len()? {
            let output = OutputId::decode(take.bytes()?);
            let (before, length, crc) = (take.u64()?, take.u64()?, take.u32()?);
            outputs.push(Promise { output, before, length, crc });
        }
        let (clock, open, before) = match version {
            VERSION => (None, false, None),
            COMMIT_VERSION => (take_time(&mut take)?, take.u8()? == 1, take_time(&mut take)?),
            _ => return None,
        };
        let commit = Commit { n, time, from, to, outputs, wal, began, chunks, clock, open, before };
        // What comes next has a number too.
        let goes_on = n.max(wal) < u64::MAX;
        (take.0.is_empty() && goes_on).then_some((commit, chain))
    }
}

/// Appends a Time, or that there is none.
fn put_time(out: &mut Vec<u8>, time: Option<Stamp>) {
    out.extend_from_slice(&time.map_or(i64::MIN, |time| time.0).to_le_bytes());
}

/// Reads what [`put_time`] wrote.
fn take_time(take: &mut Take<'_>) -> Option<Option<Stamp>> {
    let time = take.i64()?;
    Some((time != i64::MIN).then_some(Stamp(time)))
}

/// The payload that says that commit `n` is done.
pub fn encode_done(n: u64) -> Vec<u8> {
    [&[VERSION][..], &n.to_le_bytes()].concat()
}

/// Reads what [`encode_done`] wrote.
pub fn decode_done(payload: &[u8]) -> Option<u64> {
    let mut take = Take(payload);
    (take.u8()? == VERSION).then(|| take.u64())?.filter(|_| take.0.is_empty())
}

/// The payload of part `part` of a pane.
pub fn encode_pane_part(time: Stamp, part: u64, bytes: &[u8]) -> Vec<u8> {
    [&[VERSION][..], &time.0.to_le_bytes(), &part.to_le_bytes(), bytes].concat()
}

/// The Time, the number and the bytes of a part of a pane.
pub fn decode_pane(payload: &[u8]) -> Option<(Stamp, u64, &[u8])> {
    let mut take = Take(payload);
    (take.u8()? == VERSION).then_some(())?;
    Some((Stamp(take.i64()?), take.u64()?, take.0))
}

/// What has become of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Its cell; `None`: it has none any more.
    pub cell: Option<&'a [u8]>,
    /// The entry as it stands in the payload.
    pub raw: &'a [u8],
}

/// Appends an entry.
pub fn put_entry(out: &mut Vec<u8>, key: &[u8], cell: Option<&[u8]>) {
    put_led(out, b"", key, cell);
}

/// Appends an entry whose key has `lead` before it.
fn put_led(out: &mut Vec<u8>, lead: &[u8], key: &[u8], cell: Option<&[u8]>) {
    put_len(out, (lead.len() + key.len()) as u64);
    put_len(out, cell.map_or(0, |cell| cell.len() as u64 + 1));
    out.extend_from_slice(lead);
    out.extend_from_slice(key);
    out.extend_from_slice(cell.unwrap_or_default());
}

/// The entries in some bytes; ends with `None` for what is no entry.
#[derive(Clone, Debug)]
pub struct Entries<'a>(pub Take<'a>);

/// The entries in `bytes`.
pub fn entries(bytes: &[u8]) -> Entries<'_> {
    Entries(Take(bytes))
}

impl<'a> Iterator for Entries<'a> {
    type Item = Option<Entry<'a>>;

    fn next(&mut self) -> Option<Option<Entry<'a>>> {
        let all = self.0.0;
        (!all.is_empty()).then(|| {
            let entry = self.entry(all);
            // Behind what is no entry there is nothing that could be found.
            if entry.is_none() {
                self.0 = Take(&[]);
            }
            entry
        })
    }
}

impl<'a> Entries<'a> {
    fn entry(&mut self, all: &'a [u8]) -> Option<Entry<'a>> {
        let (key_len, cell_len) = (self.0.len()?, self.0.len()?);
        let key = self.0.raw(key_len)?;
        let cell = match cell_len.checked_sub(1) {
            Some(len) => Some(self.0.raw(len)?),
            None => None,
        };
        let raw = &all[..all.len() - self.0.0.len()];
        Some(Entry { key, cell, raw })
    }
}

/// The changes of a commit that is being made.
#[derive(Clone, Debug)]
pub struct Changes {
    pub(in crate::checkpoint) parts: Vec<Vec<u8>>,
    /// How the keys are written.
    keys: Keys,
    /// A part is closed when it has this many bytes.
    limit: usize,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes::new()
    }
}

impl Changes {
    /// No change at all, of a checkpoint whose source has no positions.
    pub fn new() -> Changes {
        Changes::of(Keys::Plain, PART)
    }

    /// No change at all; keys are written so, in parts of so many bytes.
    pub(in crate::checkpoint) fn of(keys: Keys, limit: usize) -> Changes {
        Changes { parts: Vec::new(), keys, limit }
    }

    /// Gives all that was said, and begins anew.
    pub fn take(&mut self) -> Changes {
        Changes { parts: std::mem::take(&mut self.parts), ..*self }
    }

    /// Says what the cell of a key is from now on; `None`: it has none.
    pub fn set(&mut self, key: &[u8], cell: Option<&[u8]>) {
        self.put(Keyspace::State, key, cell);
    }

    /// Says how far a part of the input is read now; `None`: it is not a part any more.
    ///
    /// It must be a checkpoint whose source has positions.
    pub fn moved(&mut self, part: &[u8], position: Option<&[u8]>) {
        assert_eq!(self.keys, Keys::Spaced, "a part would be taken for a key of state");
        self.put(Keyspace::Position, part, position);
    }

    fn put(&mut self, space: Keyspace, key: &[u8], cell: Option<&[u8]>) {
        if self.parts.last().is_none_or(|part| part.len() >= self.limit) {
            self.parts.push(vec![VERSION]);
        }
        if let Some(part) = self.parts.last_mut() {
            put_led(part, self.keys.lead(space), key, cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commit() -> Commit {
        let output = Promise { output: OutputId::of("out"), before: 7, length: 8, crc: 9 };
        let (from, to, time) = (b"from".to_vec(), Vec::new(), Stamp(-5));
        let outputs = vec![output, Promise::default()];
        let (began, clock, before) = (Stamp(-9), Some(Stamp(-7)), Some(Stamp(-6)));
        let (n, wal, chunks, open) = (3, 11, 4, true);
        Commit { n, time, from, to, outputs, wal, began, chunks, clock, open, before }
    }

    #[test]
    fn a_record_of_version_1_is_read() {
        let chain = Chain { before: 1, parts: 2, sum: 3 };
        let commit = Commit { clock: None, open: false, before: None, ..commit() };
        let mut old = commit.encode(chain);
        old.truncate(old.len() - 17);
        old[0] = 1;
        assert_eq!(Commit::decode(&old), Some((commit, chain)));
    }

    #[test]
    fn a_record_comes_back_and_a_shorter_or_longer_one_does_not() {
        let chain = Chain { before: 1, parts: 2, sum: 3 };
        let bytes = commit().encode(chain);
        assert_eq!(Commit::decode(&bytes), Some((commit(), chain)));
        (0..bytes.len()).for_each(|len| assert_eq!(Commit::decode(&bytes[..len]), None));
        assert_eq!(Commit::decode(&[&bytes[..], b"x"].concat()), None);
    }

    #[test]
    fn a_record_after_which_no_number_is_left_is_none() {
        for (n, wal) in [(u64::MAX, 11), (3, u64::MAX)] {
            let last = Commit { n, wal, ..commit() };
            assert_eq!(Commit::decode(&last.encode(Chain::default())), None);
        }
    }

    #[test]
    fn a_pane_comes_back_part_by_part_and_an_empty_one_too() {
        let bytes: Vec<u8> = (0..PART * 2 + 5).map(|at| at as u8).collect();
        let parts = bytes.chunks(PART).zip(0..);
        let parts: Vec<_> = parts.map(|(part, n)| encode_pane_part(Stamp(4), n, part)).collect();
        let parts: Vec<_> = parts.iter().map(|part| decode_pane(part).unwrap()).collect();
        assert!(parts.iter().zip(0..).all(|(part, number)| (part.0, part.1) == (Stamp(4), number)));
        assert_eq!(parts.iter().flat_map(|part| part.2).copied().collect::<Vec<_>>(), bytes);
        let empty = encode_pane_part(Stamp(4), 0, b"");
        assert_eq!(decode_pane(&empty), Some((Stamp(4), 0, &b""[..])));
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_refused_or_read_and_nothing_else(
            bytes in prop::collection::vec(any::<u8>(), 0..200), versioned in any::<bool>()
        ) {
            let bytes = if versioned { [&[VERSION][..], &bytes].concat() } else { bytes };
            if let Some((commit, chain)) = Commit::decode(&bytes) {
                prop_assert_eq!(Commit::decode(&commit.encode(chain)), Some((commit, chain)));
            }
            decode_done(&bytes);
            decode_pane(&bytes);
            let entries: Vec<_> = Entries(Take(&bytes)).collect();
            let raw: usize = entries.iter().flatten().map(|entry| entry.raw.len()).sum();
            prop_assert!(raw <= bytes.len());
        }

        #[test]
        fn entries_come_back(
            entries in prop::collection::vec((any::<Vec<u8>>(), any::<Option<Vec<u8>>>()), 0..20)
        ) {
            let mut out = Vec::new();
            for (key, cell) in &entries {
                put_entry(&mut out, key, cell.as_deref());
            }
            let found = Entries(Take(&out)).map(|entry| {
                let entry = entry.unwrap();
                (entry.key.to_vec(), entry.cell.map(<[u8]>::to_vec))
            });
            prop_assert_eq!(found.collect::<Vec<_>>(), entries);
        }
    }
}
