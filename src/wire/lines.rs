//! Lines out of a stream of bytes that comes in pieces.
//!
//! One [`Lines`] stands between each connection and the chunk. It leaves whole records in the chunk,
//! each with its delimiter, and keeps what is not whole yet:
//!
//! ```text
//! chunk before    ...\n
//! begin           ...\n par                 a short remainder goes in front of what is read
//! read            ...\n partial\n who
//! end             ...\n partial\n           and what is not whole is kept:  who
//! ```
//!
//! A record longer than the limit is never held: once that is certain, its beginning becomes a
//! [`Bad`] and the rest is skipped as it comes, up to the next delimiter. One `\r` before a newline is
//! no part of the record, so it does not count; whether the last byte of what is not whole is that
//! `\r`, only the next one tells. A line that dribbles in is not copied again with each piece of it,
//! so its cost stays in proportion to its length.

use super::Framing;
use crate::chunk::{Bad, Chunk};
use crate::origin::Origin;

/// A remainder of at most this many bytes is copied in front of what is read; a longer one waits
/// here until its delimiter has come.
const SHORT: usize = 64 << 10;
/// How much of a record that is too long is kept, to show which one it was.
const SHOWN: usize = 1024;

/// The unfinished end of one connection's stream.
#[derive(Debug)]
pub struct Lines {
    delimiter: u8,
    max: usize,
    /// Whose stream it is.
    origin: Origin,
    /// What has come and is not in a chunk yet: first `whole` bytes of whole records that a limit
    /// has held back, then part of a record.
    held: Vec<u8>,
    whole: usize,
    /// Where the whole records stand in the stream.
    pieces: Pieces,
    /// True while the rest of a record that is too long is skipped.
    skipping: bool,
    /// Where in the stream the unfinished record begins, or what is skipped goes on.
    offset: u64,
}

/// Records that stand side by side here, but not in the stream if one between them was refused: where
/// each piece begins here, and in the stream.
#[derive(Debug, Default)]
struct Pieces(Vec<(usize, u64)>);

impl Pieces {
    /// Leaves what comes before `at`, and returns the rest, which then begins at 0.
    fn split_off(&mut self, at: usize) -> Pieces {
        let behind = self.0.partition_point(|&(start, _)| start < at);
        let mut rest = self.0.split_off(behind);
        rest.iter_mut().for_each(|(start, _)| *start -= at);
        if let Some(&(start, offset)) = self.0.last()
            && rest.first().is_none_or(|&(first, _)| first > 0)
        {
            rest.insert(0, (0, offset + (at - start) as u64));
        }
        Pieces(rest)
    }
}

impl Lines {
    /// Makes the framing for a new connection; `max` is the longest record, without what ends it.
    pub fn new(delimiter: u8, max: usize, origin: Origin) -> Lines {
        Lines {
            delimiter,
            max,
            origin,
            held: Vec::new(),
            whole: 0,
            pieces: Pieces::default(),
            skipping: false,
            offset: 0,
        }
    }

    /// The framing of a stream that goes on at a place where [`Lines::place`] said that it stood.
    pub fn from(self, place: Place) -> Lines {
        Lines { offset: place.offset, skipping: place.skips, ..self }
    }

    /// Up to where the stream has come into chunks: what is behind that has to come again, if this is lost.
    /// Not to be asked while whole records are held back.
    pub fn place(&self) -> Place {
        debug_assert_eq!(self.whole, 0, "what is held back has come no further");
        Place { offset: self.offset, skips: self.skipping }
    }

    /// True if nothing has come of the stream.
    pub fn is_new(&self) -> bool {
        self.offset == 0 && self.held.is_empty()
    }

    /// What ends a record.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// How many bytes are held here.
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How many bytes of it have come into chunks, or were refused.
    pub offset: u64,
    /// True if what follows is the rest of a record that was refused.
    pub skips: bool,
}

impl Framing for Lines {
    fn unfinished(&self) -> usize {
        self.held.len() - self.whole
    }

    fn has_whole(&self) -> bool {
        self.whole > 0
    }

    fn release(&mut self, chunk: &mut Chunk, limit: &mut usize) {
        chunk.set_uncut(self.delimiter);
        let (start, end) = (chunk.len(), self.within(&self.held[..self.whole], limit));
        chunk.append(&self.held[..end]);
        let rest = self.pieces.split_off(end);
        let pieces = std::mem::replace(&mut self.pieces, rest);
        self.say_place(chunk, start, &pieces);
        self.held.drain(..end);
        self.whole -= end;
    }

    fn begin(&mut self, chunk: &mut Chunk) -> usize {
        debug_assert_eq!(self.whole, 0, "what is held back goes first");
        // So it is again when the read is over.
        chunk.set_uncut(self.delimiter);
        let start = chunk.len();
        if self.held.len() <= SHORT {
            chunk.append(&self.held);
            self.held.clear();
        }
        start
    }

    fn end(&mut self, chunk: &mut Chunk, start: usize, limit: &mut usize) {
        if self.skipping && !self.skip(chunk, start) {
            return;
        }
        let Some(last) = memchr::memrchr(self.delimiter, &chunk.bytes()[start..]) else {
            self.held.extend_from_slice(&chunk.bytes()[start..]);
            chunk.truncate(start);
            return self.refuse_unfinished(chunk);
        };
        let whole = start + last + 1;
        let first = std::mem::take(&mut self.held);
        self.held.extend_from_slice(&chunk.bytes()[whole..]);
        chunk.truncate(whole);
        if !first.is_empty() {
            join(chunk, start, &first);
        }
        let (mut pieces, came) = (Pieces(vec![(0, self.offset)]), chunk.len() - start);
        if came > self.max {
            pieces = self.refuse_long(chunk, start);
        }
        self.offset += came as u64;
        if *limit < usize::MAX {
            self.hold_back(chunk, start, limit, &mut pieces);
        }
        self.say_place(chunk, start, &pieces);
        self.refuse_unfinished(chunk);
    }

    fn finish(&mut self, chunk: &mut Chunk) {
        debug_assert_eq!(self.whole, 0, "what is held back goes first");
        self.skipping = false;
        chunk.set_uncut(self.delimiter);
        if !self.held.is_empty() {
            let start = chunk.len();
            chunk.append(&self.held);
            chunk.append(&[self.delimiter]);
            self.say_place(chunk, start, &Pieces(vec![(0, self.offset)]));
            self.offset += self.held.len() as u64;
            self.held = Vec::new();
        }
    }

    fn give_up(&mut self, chunk: &mut Chunk, reason: &str) {
        let part = self.held.split_off(self.whole);
        let bad = self.bad(reason.to_string(), &part, self.offset);
        chunk.bad.push(Bad { cut: true, ..bad });
        self.offset += part.len() as u64;
        self.skipping = true;
        self.held.shrink_to_fit();
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn count(&self, records: &[u8]) -> u64 {
        memchr::memchr_iter(self.delimiter, records).count() as u64
    }
}

impl Lines {
    /// Skips to the next delimiter; false if that has not come yet.
    fn skip(&mut self, chunk: &mut Chunk, start: usize) -> bool {
        let bytes = &chunk.bytes()[start..];
        let Some(end) = memchr::memchr(self.delimiter, bytes) else {
            self.offset += bytes.len() as u64;
            chunk.truncate(start);
            return false;
        };
        let rest = bytes[end + 1..].to_vec();
        chunk.truncate(start);
        chunk.append(&rest);
        self.offset += end as u64 + 1;
        self.skipping = false;
        true
    }

    /// Takes records that are too long out of the chunk; returns where the others stand.
    fn refuse_long(&self, chunk: &mut Chunk, start: usize) -> Pieces {
        let bytes = chunk.bytes()[start..].to_vec();
        chunk.truncate(start);
        let (mut offset, mut pieces, mut follows) = (self.offset, Vec::new(), false);
        for record in bytes.split_inclusive(|&byte| byte == self.delimiter) {
            let bare = self.bare(&record[..record.len() - 1]);
            if bare.len() > self.max {
                chunk.bad.push(self.bad(self.too_long(), bare, offset));
                follows = false;
            } else {
                if !follows {
                    pieces.push((chunk.len() - start, offset));
                }
                chunk.append(record);
                follows = true;
            }
            offset += record.len() as u64;
        }
        Pieces(pieces)
    }

    fn refuse_unfinished(&mut self, chunk: &mut Chunk) {
        if self.bare(&self.held[self.whole..]).len() > self.max {
            self.give_up(chunk, &self.too_long());
        }
    }

    /// Takes what exceeds the limit back out of the chunk.
    fn hold_back(
        &mut self,
        chunk: &mut Chunk,
        start: usize,
        limit: &mut usize,
        pieces: &mut Pieces,
    ) {
        let end = self.within(&chunk.bytes()[start..], limit);
        let excess = &chunk.bytes()[start + end..];
        self.whole = excess.len();
        self.held.splice(..0, excess.iter().copied());
        self.pieces = pieces.split_off(end);
        chunk.truncate(start + end);
    }

    /// Says where the bytes of the chunk from `start` on come from.
    fn say_place(&self, chunk: &mut Chunk, start: usize, pieces: &Pieces) {
        let ends = pieces.0.iter().skip(1).map(|&(at, _)| start + at).chain([chunk.len()]);
        for (&(at, offset), end) in pieces.0.iter().zip(ends) {
            chunk.origins.add(&self.origin, start + at..end, Some(offset));
        }
    }

    /// Where the records end that `limit` allows, which goes down by them.
    fn within(&self, whole: &[u8], limit: &mut usize) -> usize {
        if *limit == usize::MAX {
            return whole.len();
        }
        let ends = memchr::memchr_iter(self.delimiter, whole).take(*limit);
        let (count, end) = ends.fold((0, 0), |(count, _), end| (count + 1, end + 1));
        *limit -= count;
        end
    }

    /// A record without the `\r` that belongs to the end of its line.
    fn bare<'a>(&self, record: &'a [u8]) -> &'a [u8] {
        let ends = self.delimiter == b'\n' && record.last() == Some(&b'\r');
        &record[..record.len() - usize::from(ends)]
    }

    fn too_long(&self) -> String {
        format!("longer than --max-record {}", self.max)
    }

    fn bad(&self, reason: String, record: &[u8], offset: u64) -> Bad {
        Bad::shown(reason, self.origin.at(offset), record, SHOWN)
    }
}

/// Puts the beginning of the first record before the rest of it.
fn join(chunk: &mut Chunk, start: usize, first: &[u8]) {
    let read = chunk.bytes()[start..].to_vec();
    chunk.truncate(start);
    chunk.append(first);
    chunk.append(&read);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Span;
    use proptest::prelude::*;

    /// Records, each with its position, and the positions of the bad ones.
    type Fed = (Vec<(Vec<u8>, String)>, Vec<String>);

    fn framing(delimiter: u8, max: usize) -> Lines {
        Lines::new(delimiter, max, Origin::new("here"))
    }

    /// Feeds `stream` in pieces.
    fn feed(stream: &[u8], delimiter: u8, cuts: &[usize], max: usize, limit: usize) -> Fed {
        let (mut lines, mut records, mut bad) = (framing(delimiter, max), Vec::new(), Vec::new());
        let mut chunk = Chunk::default();
        let mut take = |chunk: &mut Chunk| {
            let (before, mut at) = (records.len(), 0);
            for record in chunk.bytes().split_inclusive(|&byte| byte == delimiter) {
                let bare = record.strip_suffix(&[delimiter]).unwrap();
                records.push((bare.to_vec(), chunk.position(Span::new(at, at + bare.len()))));
                at += record.len();
            }
            assert!(records.len() - before <= limit, "no more than the limit");
            bad.extend(chunk.bad.drain(..).map(|bad| bad.position));
            chunk.clear();
        };
        let mut left = stream;
        for &cut in cuts.iter().chain(&[stream.len()]) {
            let (piece, rest) = left.split_at(cut.min(left.len()));
            left = rest;
            while lines.has_whole() {
                lines.release(&mut chunk, &mut limit.clone());
                take(&mut chunk);
            }
            let start = lines.begin(&mut chunk);
            chunk.append(piece);
            lines.end(&mut chunk, start, &mut limit.clone());
            take(&mut chunk);
        }
        while lines.has_whole() {
            lines.release(&mut chunk, &mut limit.clone());
            take(&mut chunk);
        }
        lines.finish(&mut chunk);
        take(&mut chunk);
        (records, bad)
    }

    /// The same by the definition.
    fn model(stream: &[u8], delimiter: u8, max: usize) -> Fed {
        let (mut records, mut bad, mut at) = (Vec::new(), Vec::new(), 0);
        for piece in stream.split_inclusive(|&byte| byte == delimiter) {
            let record = piece.strip_suffix(&[delimiter]).unwrap_or(piece);
            let returns = delimiter == b'\n' && record.ends_with(b"\r");
            match record.len() - usize::from(returns) > max {
                true => bad.push(format!("here, byte {at}")),
                false => records.push((record.to_vec(), format!("here, byte {at}"))),
            }
            at += piece.len();
        }
        (records, bad)
    }

    proptest! {
        #[test]
        fn any_cuts_and_any_limit_give_the_same_records(
            stream in prop::collection::vec(prop::sample::select(&b"ab\r\r\n\n\0"[..]), 0..60),
            delimiter in prop::sample::select(&b"\n\0"[..]),
            cuts in prop::collection::vec(0usize..9, 0..20),
            max in 0usize..9,
            limit in prop::sample::select(&[1usize, 2, 3, usize::MAX][..]),
        ) {
            let expected = model(&stream, delimiter, max);
            prop_assert_eq!(feed(&stream, delimiter, &cuts, max, limit), expected);
        }
    }

    #[test]
    fn the_carriage_return_of_a_line_end_does_not_count_wherever_the_stream_is_cut() {
        let stream = b"abcd\nabcd\r\nabcde\r\nabcd\r\r\nabc\r\nabcd\r";
        let records = [(&b"abcd"[..], 0), (b"abcd\r", 5), (b"abc\r", 25), (b"abcd\r", 30)]
            .map(|(record, at)| (record.to_vec(), format!("here, byte {at}")))
            .to_vec();
        let bad = ["here, byte 11", "here, byte 18"].map(String::from).to_vec();
        for cut in 0..=stream.len() {
            for step in 1..=stream.len() {
                let cuts = [&[cut][..], &vec![step; stream.len()]].concat();
                let fed = feed(stream, b'\n', &cuts, 4, usize::MAX);
                assert_eq!(fed, (records.clone(), bad.clone()), "{cut}, then {step} each");
            }
        }
    }

    #[test]
    fn where_a_nul_ends_records_a_carriage_return_counts() {
        assert_eq!(feed(b"abc\r\0abcd\r\0", 0, &[], 4, usize::MAX).1, ["here, byte 5"]);
    }

    #[test]
    fn a_long_line_in_many_pieces_is_whole() {
        let mut stream = vec![b'x'; 300_000];
        stream.extend_from_slice(b"\nend");
        let fed = feed(&stream, b'\n', &[999; 400], 1 << 20, usize::MAX);
        assert_eq!(fed, model(&stream, b'\n', 1 << 20));
    }

    proptest! {
        #[test]
        fn who_goes_on_where_it_stood_misses_nothing_and_has_nothing_twice(
            stream in prop::collection::vec(prop::sample::select(b"abc\n".to_vec()), 0..120),
            cuts in prop::collection::vec(1usize..9, 1..60), lost in 0usize..60,
        ) {
            let (mut lines, mut chunk, mut at) = (framing(b'\n', 4), Chunk::default(), 0);
            for (read, cut) in cuts.iter().chain([&stream.len()]).enumerate() {
                if read == lost {
                    // What was held is lost; what is in the chunk is not.
                    let place = lines.place();
                    (lines, at) = (framing(b'\n', 4).from(place), place.offset as usize);
                }
                let piece = &stream[at..stream.len().min(at + cut)];
                let start = lines.begin(&mut chunk);
                chunk.append(piece);
                lines.end(&mut chunk, start, &mut usize::MAX.clone());
                at += piece.len();
            }
            lines.finish(&mut chunk);
            chunk.cut();
            let record = |&key: &crate::chunk::Span| {
                (chunk.at(key).to_vec(), chunk.position(key))
            };
            let records: Vec<_> = chunk.keys.iter().map(record).collect();
            let bad = chunk.bad.iter().map(|bad| bad.position.clone()).collect();
            prop_assert_eq!((records, bad), feed(&stream, b'\n', &[], 4, usize::MAX));
        }
    }

    #[test]
    fn what_is_too_long_is_not_held() {
        let mut lines = framing(b'\n', 1000);
        let mut chunk = Chunk::default();
        for _ in 0..100_000 {
            let start = lines.begin(&mut chunk);
            chunk.append(&[b'x'; 100]);
            lines.end(&mut chunk, start, &mut usize::MAX.clone());
            assert!(lines.held() <= 1100);
        }
        assert_eq!(chunk.bad.len(), 1);
        assert_eq!(chunk.bad[0].reason, "longer than --max-record 1000");
        assert!(chunk.is_empty());
    }
}
