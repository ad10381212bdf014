//! The grammar of JSON, gone over without building anything.
//!
//! [`Syntax::skip`] finds the end of a value and holds all of it to RFC 8259: each token is looked at once,
//! strings eight bytes at a time. What is open is a stack of bits, not of calls, so no nesting is too
//! deep for the thread; what is nested deeper than [`DEEPEST`] is refused.
//!
//! ```text
//! {"user":"ann","at":[1,{"x":2}]}
//!         ^    ^     ^          ^
//!         |    |     |          end of the list: `open` is as it was at its beginning
//!         a string, and its end
//! ```
//!
//! Two things are taken more widely than by others: bytes within strings need not be UTF-8, since bytes pass
//! through weir untouched, and an escape may be half a surrogate pair, as programs write that cut texts.

use crate::selector::Lack;

/// So many lists and objects may be open at once; jq refuses more, too.
pub const DEEPEST: usize = 10_000;

/// What is wrong with a record as JSON, and at which byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    at: usize,
    what: &'static str,
}

impl Fault {
    /// Why no part of the record is there.
    #[cold]
    pub fn lack(self) -> Lack {
        Lack::at(self.what, self.at)
    }
}

/// Goes over the JSON of one record.
#[derive(Debug)]
pub struct Syntax<'a> {
    /// The record.
    pub bytes: &'a [u8],
    /// What is open in a value that is skipped: true for an object, false for a list.
    open: &'a mut Vec<bool>,
}

impl<'a> Syntax<'a> {
    /// For this record; `open` is scratch memory.
    pub fn new(bytes: &'a [u8], open: &'a mut Vec<bool>) -> Syntax<'a> {
        open.clear();
        Syntax { bytes, open }
    }

    /// The byte there, or 0, which begins nothing, behind the end.
    #[inline(always)]
    pub fn peek(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Where the next token begins.
    #[inline(always)]
    pub fn token(&self, mut at: usize) -> usize {
        while matches!(self.peek(at), b' ' | b'\n' | b'\r' | b'\t') {
            at += 1;
        }
        at
    }

    /// Goes over the value that begins at `at`, `depth` levels below the top; returns its end.
    pub fn skip(&mut self, mut at: usize, depth: usize) -> Result<usize, Fault> {
        debug_assert!(self.open.is_empty(), "each value is closed, or the record is given up");
        loop {
            at = match self.peek(at) {
                b'"' => self.string(at + 1)?.0,
                b'-' | b'0'..=b'9' => self.number(at)?,
                b'{' => match self.opened(at, b'}') {
                    Some(end) => end,
                    None => {
                        self.push(true, depth, at)?;
                        at = self.member(self.token(at + 1))?;
                        continue;
                    }
                },
                b'[' => match self.opened(at, b']') {
                    Some(end) => end,
                    None => {
                        self.push(false, depth, at)?;
                        at = self.token(at + 1);
                        continue;
                    }
                },
                _ => self.word(at)?,
            };
            // A value has ended: so may those around it, until one goes on.
            loop {
                let Some(&is_object) = self.open.last() else { return Ok(at) };
                at = self.token(at);
                match (self.peek(at), is_object) {
                    (b',', true) => {
                        at = self.member(self.token(at + 1))?;
                        break;
                    }
                    (b',', false) => {
                        at = self.token(at + 1);
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.open.pop();
                        at += 1;
                    }
                    _ => return Err(self.unended(at, is_object)),
                }
            }
        }
    }

    /// The end of a list or object without anything in it.
    #[inline(always)]
    pub fn opened(&self, at: usize, end: u8) -> Option<usize> {
        let next = self.token(at + 1);
        (self.peek(next) == end).then_some(next + 1)
    }

    #[inline(always)]
    fn push(&mut self, is_object: bool, depth: usize, at: usize) -> Result<(), Fault> {
        if self.open.len() + depth >= DEEPEST {
            return Err(Fault { at, what: "no JSON: nested deeper than 10000 levels" });
        }
        self.open.push(is_object);
        Ok(())
    }

    /// Goes over the name that begins at `at` and its colon; returns where the value begins.
    #[inline(always)]
    fn member(&self, at: usize) -> Result<usize, Fault> {
        let (end, _) = self.name(at)?;
        self.colon(end)
    }

    /// Goes over the name that begins at `at`; returns its end, and whether an escape is in it.
    #[inline(always)]
    pub fn name(&self, at: usize) -> Result<(usize, bool), Fault> {
        match self.peek(at) {
            b'"' => self.string(at + 1),
            _ => Err(self.fault(at, "no JSON: a name is expected")),
        }
    }

    /// Goes over the colon behind a name; returns where the value begins.
    #[inline(always)]
    pub fn colon(&self, at: usize) -> Result<usize, Fault> {
        let at = self.token(at);
        match self.peek(at) {
            b':' => Ok(self.token(at + 1)),
            _ => Err(self.fault(at, "no JSON: a colon is expected")),
        }
    }

    /// Goes over a string whose first byte behind the quote is at `at`; returns where its closing quote
    /// is behind, and whether an escape is in it.
    #[inline(always)]
    pub fn string(&self, mut at: usize) -> Result<(usize, bool), Fault> {
        let mut has_escape = false;
        loop {
            if let Some(word) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
                let found = remarkable(u64::from_le_bytes(*word));
                if found == 0 {
                    at += 8;
                    continue;
                }
                at += found.trailing_zeros() as usize / 8;
            }
            match self.bytes.get(at) {
                Some(b'"') => return Ok((at + 1, has_escape)),
                Some(b'\\') => {
                    has_escape = true;
                    at = self.escape(at)?;
                }
                Some(..=0x1f) => {
                    return Err(Fault { at, what: "no JSON: a control character in a string" });
                }
                Some(_) => at += 1,
                None => return Err(Fault { at, what: "no JSON: the record ends within a string" }),
            }
        }
    }

    fn escape(&self, at: usize) -> Result<usize, Fault> {
        let is_hex = |at| self.peek(at).is_ascii_hexdigit();
        match self.peek(at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' if (at + 2..at + 6).all(is_hex) => Ok(at + 6),
            _ => Err(Fault { at, what: "no JSON: no escape is written so" }),
        }
    }

    /// Goes over a number; returns its end.
    #[inline(always)]
    pub fn number(&self, start: usize) -> Result<usize, Fault> {
        let mut at = start + usize::from(self.peek(start) == b'-');
        let first = at;
        at = self.digits(at)?;
        if self.peek(first) == b'0' && at > first + 1 {
            return Err(Fault { at: start, what: "no JSON: a number does not begin with 0" });
        }
        if self.peek(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if matches!(self.peek(at), b'e' | b'E') {
            at += 1;
            at = self.digits(at + usize::from(matches!(self.peek(at), b'+' | b'-')))?;
        }
        Ok(at)
    }

    #[inline(always)]
    fn digits(&self, start: usize) -> Result<usize, Fault> {
        let mut at = start;
        while self.peek(at).is_ascii_digit() {
            at += 1;
        }
        if at == start {
            return Err(self.fault(at, "no JSON: a digit is expected"));
        }
        Ok(at)
    }

    /// Goes over `true`, `false` or `null`; returns its end.
    #[inline(always)]
    pub fn word(&self, at: usize) -> Result<usize, Fault> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        for word in [&b"true"[..], b"false", b"null"] {
            if rest.starts_with(word) {
                return Ok(at + word.len());
            }
        }
        Err(self.fault(at, "no JSON: a value is expected"))
    }

    /// What is wrong where a list or an object should go on or end.
    #[cold]
    pub fn unended(&self, at: usize, is_object: bool) -> Fault {
        self.fault(
            at,
            if is_object {
                "no JSON: `,` or `}` is expected"
            } else {
                "no JSON: `,` or `]` is expected"
            },
        )
    }

    /// What is wrong there, unless it is that the record has ended.
    #[cold]
    pub fn fault(&self, at: usize, what: &'static str) -> Fault {
        let what = if at < self.bytes.len() { what } else { "no JSON: the record ends too early" };
        Fault { at, what }
    }
}

/// The bytes of a word at which a string may end or be wrong: the lowest bit that is set is in the first of
/// them. A borrow makes others of those behind it, never of those before it.
#[inline(always)]
fn remarkable(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero_in(word ^ (ONES * b'"' as u64));
    let backslash = zero_in(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & (ONES * 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Goes over a record that is one value.
    fn checked(record: &[u8]) -> Result<(), Fault> {
        let mut open = Vec::new();
        let mut syntax = Syntax::new(record, &mut open);
        let start = syntax.token(0);
        let end = syntax.skip(start, 0)?;
        match syntax.token(end) {
            at if at == record.len() => Ok(()),
            at => Err(syntax.fault(at, "no JSON: something follows it")),
        }
    }

    /// Texts that are JSON, or nearly.
    fn nearly() -> impl Strategy<Value = String> {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\t",
            "\"a\"",
            "\"\"",
            "\"b\\n\\u00e9\"",
            "0",
            "-1.5e3",
            "01",
            "1.",
            "-",
            "1e",
            "true",
            "false",
            "null",
            "nul",
            "\"",
            "\\",
            "é",
            "\"a\":",
            "\u{7f}",
            "\"a long string without any end to it\"",
            "\"\u{1}\"",
            "{\"a\":",
            "[1,",
            "]}",
            "\\u12",
        ];
        let pieces = prop::sample::select(pieces.to_vec());
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_json_is_what_serde_json_takes_for_it(text in nearly()) {
            let judged = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(checked(text.as_bytes()).is_ok(), judged, "{}", text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = checked(&bytes);
        }

        #[test]
        fn a_byte_is_remarkable_wherever_it_stands(
            word in prop::collection::vec(prop::sample::select(&b"\"\\\x00\x1f !#]Z\x7f\x80\xa2\xff"[..]), 8),
        ) {
            let bytes: [u8; 8] = word.try_into().unwrap();
            let expected = bytes.iter().position(|&byte| matches!(byte, b'"' | b'\\' | ..=0x1f));
            let found = remarkable(u64::from_le_bytes(bytes));
            prop_assert_eq!((found != 0).then(|| found.trailing_zeros() as usize / 8), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_byte() {
        let table = [
            ("", "the record ends too early, at byte 0 of it"),
            ("{\"a\":\"b", "the record ends within a string, at byte 7 of it"),
            ("{\"a\":[1,2", "the record ends too early, at byte 9 of it"),
            ("{\"a\":1}}", "something follows it, at byte 7 of it"),
            ("{\"a\" 1}", "a colon is expected, at byte 5 of it"),
            ("{\"a\":1 \"b\"}", "`,` or `}` is expected, at byte 7 of it"),
            ("[1}", "`,` or `]` is expected, at byte 2 of it"),
            ("{a:1}", "a name is expected, at byte 1 of it"),
            ("[1,]", "a value is expected, at byte 3 of it"),
            ("[NaN]", "a value is expected, at byte 1 of it"),
            ("\"\\x41\"", "no escape is written so, at byte 1 of it"),
            ("\"a\tb\"", "a control character in a string, at byte 2 of it"),
            ("[007]", "a number does not begin with 0, at byte 1 of it"),
        ];
        for (record, expected) in table {
            let told = checked(record.as_bytes()).unwrap_err().lack().to_string();
            assert_eq!(told, format!("no JSON: {expected}"), "{record}");
        }
    }

    #[test]
    fn nesting_needs_no_stack_and_has_a_limit() {
        let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert_eq!(checked(&nested(DEEPEST)), Ok(()));
        let told = checked(&nested(100_000)).unwrap_err();
        let expected = "no JSON: nested deeper than 10000 levels, at byte 10000 of it";
        assert_eq!(told.lack().to_string(), expected);
        assert!(checked(&b"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn strings_need_no_utf_8_and_halves_of_pairs_are_escapes() {
        for record in
            [&b"\"half \xe2\x82\""[..], b"{\"\xff\":1}", b"\"\\ud83d\"", b"\"\\ude00\\ud83d\""]
        {
            assert_eq!(checked(record), Ok(()));
        }
        assert!(checked(b"\xff").is_err(), "elsewhere they are nothing");
    }
}
