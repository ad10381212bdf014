//! What steps do with the rows of a chunk, a call a chunk.
//!
//! ```text
//! edit       one row of each, or none        its bytes, a part of them, or bytes made anew
//! flat_map   any number of rows of each
//! pair       any number of pairs of each plain record
//! retain     the rows that are wanted
//! keep       plain records of pairs: one half of each
//! ```
//!
//! A step works on the records; of pairs on one half, which [`Chunk::turn`] chooses for all steps that
//! follow, and it need not know which. What it makes anew is gathered apart while the rows are looked
//! at, and stands at the arena's end then, so no byte moves that a span points to.
//!
//! No half of a pair that is there begins at the arena's first byte, because a part of it could then look
//! like [`Span::MISSING`]: the one record that does is copied before it becomes a pair.

use std::borrow::Cow;

use super::{Chunk, Span};

/// A half of a pair. A plain record is all key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Half {
    /// What the pair is counted by.
    #[default]
    Key,
    /// What is counted.
    Value,
}

/// What becomes of what a step edits: of a plain record, or of one half of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It stays.
    Keep,
    /// A part takes its place: from the first byte to before the second.
    Within(usize, usize),
    /// What was written takes its place.
    Anew,
    /// The row goes.
    Drop,
    /// The row is bad, for this reason.
    Bad(Cow<'static, str>),
}

/// As far as steps fill an arena with what they make: its spans are 32 bits wide, and a peer sends what he likes.
const MOST: usize = 1 << 30;
/// Why a row is bad of which more would be made.
const SWOLLEN: &str = "what a step makes of it and of its neighbours is more than 1 GiB";

/// Rows that are bad, with the reasons why.
type Refused = Vec<(Span, Cow<'static, str>)>;

impl Chunk {
    /// Turns the steps that follow to a half of the pairs.
    pub fn turn(&mut self, half: Half) {
        debug_assert!(self.pairs || half == Half::Key, "a plain record has no value");
        self.half = half;
    }

    /// Makes plain records of pairs, of one half each. A key that is missing becomes an empty record.
    pub fn keep(&mut self, half: Half) {
        debug_assert!(self.pairs, "a plain record has no halves");
        if half == Half::Value {
            std::mem::swap(&mut self.keys, &mut self.values);
        }
        self.values.clear();
        (self.pairs, self.half) = (false, Half::Key);
    }

    /// Edits each row as `edit` says of its bytes. What is to take their place and is no part of them,
    /// `edit` appends to the vector. A key that is missing stays so.
    #[inline(always)]
    pub fn edit(&mut self, mut edit: impl FnMut(&[u8], &mut Vec<u8>) -> Edit) {
        self.face();
        let (end, pairs) = (self.used.max(1), self.pairs);
        let (mut kept, mut refused) = (0, Refused::new());
        for index in 0..self.keys.len() {
            let (span, made) = (self.keys[index], self.made.len());
            let is_missing = pairs && span == Span::MISSING;
            let bytes = &self.arena[span.range()];
            let outcome = if is_missing { Edit::Keep } else { edit(bytes, &mut self.made) };
            let becomes = match outcome {
                Edit::Keep => span,
                Edit::Within(from, to) => within(span, from, to),
                Edit::Anew if end + self.made.len() > MOST => {
                    self.made.truncate(made);
                    refused.push((span, SWOLLEN.into()));
                    continue;
                }
                Edit::Anew => {
                    self.made_of.push((span, made));
                    Span::new(end + made, end + self.made.len())
                }
                Edit::Drop => continue,
                Edit::Bad(reason) => {
                    refused.push((span, reason));
                    continue;
                }
            };
            self.keys[kept] = becomes;
            if pairs {
                self.values[kept] = self.values[index];
            }
            kept += 1;
        }
        self.filtered += (self.keys.len() - kept - refused.len()) as u64;
        self.keys.truncate(kept);
        self.values.truncate(kept);
        self.settle(refused);
        self.face_back();
    }

    /// Makes one row of each: the part of it that `part` returns. A key that is missing stays so: it reads
    /// as empty, and the only part of that is where it is.
    #[inline(always)]
    pub fn map(&mut self, mut part: impl FnMut(&[u8]) -> Span) {
        self.face();
        for key in &mut self.keys {
            let within = part(&self.arena[key.range()]);
            *key = Span { start: key.start + within.start, len: within.len };
        }
        self.face_back();
    }

    /// Keeps the rows that are wanted, and counts the others. A key that is missing is looked at as an
    /// empty one.
    #[inline(always)]
    pub fn retain(&mut self, mut wanted: impl FnMut(&[u8]) -> bool) {
        self.face();
        let mut kept = 0;
        for index in 0..self.keys.len() {
            if wanted(&self.arena[self.keys[index].range()]) {
                self.keys.swap(kept, index);
                if self.pairs {
                    self.values.swap(kept, index);
                }
                kept += 1;
            }
        }
        self.filtered += (self.keys.len() - kept) as u64;
        self.keys.truncate(kept);
        self.values.truncate(kept);
        self.face_back();
    }

    /// Makes any number of rows of each; the other half of a pair is repeated with each of them. A key
    /// that is missing stays so.
    #[inline(always)]
    pub fn flat_map(&mut self, mut parts: impl FnMut(&[u8], &mut Parts<'_>)) {
        self.face();
        let end = self.used.max(1);
        let ([edited, _], mut none, mut refused) = (&mut self.spare, Vec::new(), Refused::new());
        std::mem::swap(&mut self.keys, edited);
        for &of in &*edited {
            let before = self.keys.len();
            let (rows, made, record) = (&mut self.keys, &mut self.made, &self.arena[of.range()]);
            let (values, made_of) = (&mut none, &mut self.made_of);
            let mut made = Parts { rows, values, made, made_of, end, of, bad: None };
            parts(record, &mut made);
            if let Some(reason) = made.bad {
                self.keys.truncate(before);
                if !self.pairs || of != Span::MISSING {
                    refused.push((of, reason));
                }
            }
            if self.pairs {
                self.ends.push(self.keys.len());
            }
        }
        if self.pairs {
            self.go_along();
        }
        self.spare[0].clear();
        self.settle(refused);
        self.face_back();
    }

    /// Repeats the other half of each pair with all rows that were made of the one: apart from the loop
    /// that makes them, whose registers plain records need.
    #[inline(never)]
    fn go_along(&mut self) {
        let [edited, made] = &mut self.spare;
        std::mem::swap(&mut self.keys, made);
        let (others, mut start) = (std::mem::take(&mut self.values), 0);
        for ((&was, other), &end) in edited.iter().zip(others).zip(&self.ends) {
            match was {
                Span::MISSING => self.keys.push(was),
                _ => self.keys.extend_from_slice(&made[start..end]),
            }
            self.values.resize(self.keys.len(), other);
            start = end;
        }
        made.clear();
        self.ends.clear();
    }

    /// Makes any number of pairs of each plain record.
    #[inline(always)]
    pub fn pair(&mut self, mut parts: impl FnMut(&[u8], &mut Parts<'_>)) {
        debug_assert!(!self.pairs, "pairs are pairs already");
        self.cut();
        let end = self.used.max(1);
        let [records, _] = &mut self.spare;
        std::mem::swap(&mut self.keys, records);
        let mut refused = Refused::new();
        for &span in &*records {
            let (before, record) = (self.keys.len(), &self.arena[span.range()]);
            let (rows, values, made) = (&mut self.keys, &mut self.values, &mut self.made);
            let made_of = &mut self.made_of;
            let mut made = Parts { rows, values, made, made_of, end, of: span, bad: None };
            if span.start == 0 {
                made.of = made.anew(|out| out.extend_from_slice(record));
            }
            parts(record, &mut made);
            if let Some(reason) = made.bad {
                self.keys.truncate(before);
                self.values.truncate(before);
                refused.push((span, reason));
            }
        }
        records.clear();
        self.pairs = true;
        self.settle(refused);
    }

    /// Cuts the chunk, and has the half that is edited stand where keys do, until it is done.
    fn face(&mut self) {
        self.cut();
        self.face_back();
    }

    fn face_back(&mut self) {
        if self.half == Half::Value {
            std::mem::swap(&mut self.keys, &mut self.values);
        }
    }

    /// Puts what was made anew where the spans look for it, and counts what is bad.
    fn settle(&mut self, refused: Refused) {
        if !self.made.is_empty() {
            self.begin();
            let mut made = std::mem::take(&mut self.made);
            let all = self.append(&made).range();
            made.clear();
            self.made = made;
            let ends = self.made_of.iter().skip(1).map(|(_, at)| all.start + at).chain([all.end]);
            for (&(of, at), end) in self.made_of.iter().zip(ends) {
                self.origins.made(of.range().start, all.start + at..end);
            }
        }
        self.made_of.clear();
        self.refuse(refused);
    }
}

/// A part of a span.
#[inline(always)]
fn within(span: Span, from: usize, to: usize) -> Span {
    debug_assert!(from <= to && to <= span.len as usize, "a part is within");
    Span { start: span.start + from as u32, len: (to - from) as u32 }
}

/// Takes the parts of one record, or of a half of a pair: see [`Chunk::flat_map`] and [`Chunk::pair`].
pub struct Parts<'a> {
    rows: &'a mut Vec<Span>,
    values: &'a mut Vec<Span>,
    made: &'a mut Vec<u8>,
    /// What each piece of that was made of, and where it begins.
    made_of: &'a mut Vec<(Span, usize)>,
    /// Where the arena will end when what is made anew is appended.
    end: usize,
    /// What is taken apart.
    of: Span,
    bad: Option<Cow<'static, str>>,
}

impl Parts<'_> {
    /// Adds the part from `start` to `end` as a row.
    #[inline(always)]
    pub fn push(&mut self, start: usize, end: usize) {
        self.rows.push(within(self.of, start, end));
    }

    /// Adds bytes made anew as a row: those that `write` appends.
    pub fn push_anew(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let row = self.anew(write);
        self.rows.push(row);
    }

    /// Adds what [`Parts::part`] or [`Parts::anew`] made as a row.
    pub fn push_span(&mut self, row: Span) {
        self.rows.push(row);
    }

    /// Adds a pair; halves are made by [`Parts::part`] and [`Parts::anew`], and a key can be missing.
    pub fn push_pair(&mut self, key: Option<Span>, value: Span) {
        self.rows.push(key.unwrap_or(Span::MISSING));
        self.values.push(value);
    }

    /// The part from `start` to `end`.
    #[inline]
    pub fn part(&self, start: usize, end: usize) -> Span {
        within(self.of, start, end)
    }

    /// Bytes made anew: those that `write` appends.
    pub fn anew(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.made.len();
        write(self.made);
        if self.end + self.made.len() > MOST {
            self.made.truncate(start);
            self.refuse(SWOLLEN);
            return self.of;
        }
        self.made_of.push((self.of, start));
        Span::new(self.end + start, self.end + self.made.len())
    }

    /// Says that the record is bad, so that it has no parts, and why.
    pub fn refuse(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.bad = Some(reason.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair<'a> = (Option<&'a str>, &'a str);

    fn pairs(list: &[Pair<'_>]) -> Chunk {
        let mut chunk = Chunk::default();
        for (key, value) in list {
            chunk.push_pair(key.map(str::as_bytes), value.as_bytes());
        }
        chunk
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    fn rows(chunk: &Chunk) -> Vec<Pair<'_>> {
        let row = |row| (chunk.key(row).map(text), text(chunk.value(row).unwrap()));
        (0..chunk.keys.len()).map(row).collect()
    }

    fn reasons(chunk: &Chunk) -> Vec<(&str, &str)> {
        chunk.bad.iter().map(|bad| (text(&bad.record), bad.reason.as_str())).collect()
    }

    /// Every outcome there is, by the first byte.
    fn edited(bytes: &[u8], made: &mut Vec<u8>) -> Edit {
        match bytes {
            [b'w', ..] => Edit::Within(1, bytes.len()),
            [b'n', ..] => {
                made.extend_from_slice(&bytes.repeat(2));
                Edit::Anew
            }
            [b'd', ..] => Edit::Drop,
            [b'b', ..] => Edit::Bad("bad".into()),
            _ => Edit::Keep,
        }
    }

    #[test]
    fn what_would_swell_beyond_an_arena_is_bad() {
        let mut chunk = pairs(&[(Some("a"), "1"), (Some("bb"), "2"), (Some("c"), "3")]);
        let large = vec![b'x'; MOST / 2];
        chunk.edit(|_, out| {
            out.extend_from_slice(&large);
            Edit::Anew
        });
        assert_eq!((chunk.keys.len(), chunk.bad.len()), (1, 2));
        assert!(chunk.bad[0].reason == SWOLLEN && chunk.value(0) == Some(b"1"));
    }

    #[test]
    fn a_record_is_kept_cut_made_anew_dropped_or_bad() {
        let mut chunk = Chunk::default();
        chunk.append(b"kept\nwithin\nnew\ndrop\nbad\n\nnew too\n");
        chunk.set_uncut(b'\n');
        chunk.edit(edited);
        let found: Vec<_> = (0..5).map(|row| text(chunk.key(row).unwrap())).collect();
        assert_eq!(found, ["kept", "ithin", "newnew", "", "new toonew too"]);
        assert_eq!((reasons(&chunk), chunk.filtered), (vec![("bad", "bad")], 1));
        assert!(!chunk.is_pairs() && chunk.value(0).is_none());
    }

    #[test]
    fn a_half_of_a_pair_is_edited_and_the_other_goes_along() {
        let list = [
            (Some("w"), "n1"),
            (None, "d2"),
            (Some("n"), "b3"),
            (Some("d"), "w"),
            (Some("b"), "k"),
        ];
        let mut chunk = pairs(&list);
        chunk.edit(edited);
        assert_eq!(rows(&chunk), [(Some(""), "n1"), (None, "d2"), (Some("nn"), "b3")]);
        assert_eq!((reasons(&chunk), chunk.filtered), (vec![("b", "bad")], 1));
        let mut chunk = pairs(&list);
        chunk.turn(Half::Value);
        chunk.edit(edited);
        assert_eq!(rows(&chunk), [(Some("w"), "n1n1"), (Some("d"), ""), (Some("b"), "k")]);
        assert_eq!((reasons(&chunk), chunk.filtered), (vec![("b3", "bad")], 1));
    }

    #[test]
    fn parts_of_a_half_repeat_the_other() {
        let split = |bytes: &[u8], parts: &mut Parts<'_>| match bytes {
            b"bad" => {
                parts.push(0, 1);
                parts.refuse("why");
            }
            _ => {
                bytes.iter().enumerate().for_each(|(at, _)| parts.push(at, at + 1));
                parts.push_anew(|out| out.extend_from_slice(b"end"));
            }
        };
        let list = [(Some("ab"), "bad"), (None, "x"), (Some("bad"), "y"), (Some(""), "")];
        let mut chunk = pairs(&list);
        chunk.flat_map(split);
        let expected = [
            (Some("a"), "bad"),
            (Some("b"), "bad"),
            (Some("end"), "bad"),
            (None, "x"),
            (Some("end"), ""),
        ];
        assert_eq!((rows(&chunk), reasons(&chunk)), (expected.to_vec(), vec![("bad", "why")]));
        let mut chunk = pairs(&list);
        chunk.turn(Half::Value);
        chunk.flat_map(split);
        let expected = [
            (None, "x"),
            (None, "end"),
            (Some("bad"), "y"),
            (Some("bad"), "end"),
            (Some(""), "end"),
        ];
        assert_eq!((rows(&chunk), reasons(&chunk)), (expected.to_vec(), vec![("bad", "why")]));
    }

    #[test]
    fn pairs_are_made_of_records_and_records_of_pairs() {
        let mut chunk = Chunk::default();
        chunk.append(b"\nab\nbad\n");
        chunk.set_uncut(b'\n');
        chunk.pair(|record, parts| match record.split_first() {
            Some((b'b', _)) => parts.refuse("why"),
            Some((_, rest)) => {
                let value = parts.anew(|out| out.extend_from_slice(rest));
                parts.push_pair(Some(parts.part(0, 1)), value);
                parts.push_pair(None, value);
            }
            None => parts.push_pair(Some(parts.part(0, 0)), parts.part(0, 0)),
        });
        assert_eq!(rows(&chunk), [(Some(""), ""), (Some("a"), "b"), (None, "b")]);
        assert_eq!(reasons(&chunk), [("bad", "why")]);
        chunk.retain(|key| key.is_empty());
        assert_eq!((rows(&chunk), chunk.filtered), (vec![(Some(""), ""), (None, "b")], 1));
        chunk.retain(|_| false);
        assert!(chunk.is_pairs() && chunk.keys.is_empty(), "also without any");
        let mut chunk = pairs(&[(None, "a"), (Some("b"), "c")]);
        chunk.turn(Half::Value);
        chunk.keep(Half::Value);
        let keys = |chunk: &Chunk| [0, 1].map(|row| text(chunk.key(row).unwrap()).to_string());
        assert_eq!((keys(&chunk), chunk.is_pairs()), (["a".into(), "c".into()], false));
        let mut chunk = pairs(&[(None, "a"), (Some("b"), "c")]);
        chunk.keep(Half::Key);
        assert_eq!(keys(&chunk), ["", "b"]);
        chunk.clear();
        assert!(!chunk.is_pairs());
    }

    #[test]
    fn what_is_made_anew_is_from_where_it_was_made_of() {
        let origin = crate::origin::Origin::new("a");
        let mut chunk = Chunk::default();
        chunk.append(b"x y\nz\n");
        chunk.origins.add(&origin, 0..6, Some(100));
        chunk.set_uncut(b'\n');
        chunk.pair(|record, parts| match record.len() {
            1 => {
                let made = parts.anew(|out| out.extend_from_slice(b"new"));
                parts.push_pair(Some(parts.part(0, 1)), made);
            }
            _ => parts.push_pair(Some(parts.part(0, 1)), parts.part(2, 3)),
        });
        chunk.retain(|_| true);
        chunk.edit(|_, _| Edit::Bad("why".into()));
        let places: Vec<_> = chunk.bad.iter().map(|bad| bad.position.as_str()).collect();
        assert_eq!(places, ["a, bytes 100 to 104", "a, byte 104"], "made pieces share a run");
    }
}
