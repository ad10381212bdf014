//! One line, taken apart as far as somebody asks.

use std::ops::Range;

use memchr::{memchr_iter, memrchr};

use super::super::Lack;

/// A part of a line, as a range of its bytes.
type Found = Result<Range<usize>, Lack>;

/// A line of which it is known where the request stands.
pub struct Line<'a> {
    /// The line.
    pub record: &'a [u8],
    /// Where what precedes the request ends.
    head: usize,
    request: Found,
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A minute that has every separator at its place.
const MINUTE: [u8; 16] = *b"0000-00-00T00:00";

impl<'a> Line<'a> {
    /// Finds the request; none if the line has neither one with a status behind it nor a time in brackets.
    #[inline(always)]
    pub fn of(record: &'a [u8]) -> Option<Line<'a>> {
        let mut quotes = memchr_iter(b'"', record);
        // Behind the time, if there is one: a name may have quotes in it.
        let is_behind_time =
            |&at: &usize| at > 1 && is_blank(record[at - 1]) && record[at - 2] == b']';
        let open = quotes
            .find(is_behind_time)
            .or_else(|| memchr_iter(b'"', record).find(|&at| at > 0 && is_blank(record[at - 1])));
        let request = open.map(|open| request(record, open + 1));
        let (request, is_certain) = request.unwrap_or((Err(Lack::NOT_THERE), false));
        let line = Line { record, head: open.unwrap_or(record.len()), request };
        (is_certain || line.brackets().is_some()).then_some(line)
    }

    pub fn host(&self) -> Found {
        self.word(0, self.names())
    }

    pub fn ident(&self) -> Found {
        self.word(self.host()?.end, self.names())
    }

    /// A name may have blanks in it: it is all that stands before the time.
    pub fn user(&self) -> Found {
        let (end, start) = (self.names(), skip(self.record, self.ident()?.end));
        let last = self.record[..end].iter().rposition(|&byte| !is_blank(byte));
        match last {
            Some(last) if last >= start => Ok(start..last + 1),
            _ => Err(Lack::NOT_THERE),
        }
    }

    pub fn time(&self) -> Found {
        self.brackets().ok_or(Lack::NOT_THERE)
    }

    /// The minute of the time, in an order that sorts.
    pub fn minute(&self) -> Result<[u8; 16], Lack> {
        let time = &self.record[self.time()?];
        let mut minute = MINUTE;
        match time {
            // 07/Sep/2025:15:58:36 +0200
            [d1, d2, b'/', month @ ..] if month.len() >= 14 => {
                let number = MONTHS.iter().position(|name| month.starts_with(*name));
                let number = number.ok_or(Lack::of("no time"))? as u8 + 1;
                minute[..4].copy_from_slice(&month[4..8]);
                minute[5..7].copy_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
                minute[8..10].copy_from_slice(&[*d1, *d2]);
                minute[11..].copy_from_slice(&month[9..14]);
            }
            // 2025-09-07T15:58:36+02:00
            iso if iso.len() >= minute.len() => {
                minute.copy_from_slice(&iso[..16]);
                minute[10] = if minute[10] == b' ' { b'T' } else { minute[10] };
            }
            _ => return Err(Lack::of("no time")),
        }
        let is_minute = minute.iter().zip(MINUTE).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => *byte == form,
        });
        if is_minute { Ok(minute) } else { Err(Lack::of("no time")) }
    }

    pub fn request(&self) -> Found {
        self.request.clone()
    }

    /// The word at the beginning of a request that has another: letters, as a method has them.
    pub fn method(&self) -> Found {
        let request = self.request()?;
        let bytes = &self.record[request.clone()];
        let is_of_a_method =
            |&byte: &u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
        match bytes.iter().position(|byte| !is_of_a_method(byte)) {
            Some(end) if end > 0 && bytes[end] == b' ' => Ok(request.start..request.start + end),
            _ => Err(Lack::of("no request of a method and a path")),
        }
    }

    /// What stands between method and protocol, blanks too; a request of HTTP/0.9 has no protocol.
    pub fn path(&self) -> Found {
        let (start, request) = (self.method()?.end + 1, self.request()?);
        let end = self.protocol().map_or(request.end, |protocol| protocol.start - 1);
        if start < end { Ok(start..end) } else { Err(Lack::NOT_THERE) }
    }

    /// The last word of a request, if it is one of a protocol.
    pub fn protocol(&self) -> Found {
        let (method, request) = (self.method()?, self.request()?);
        let rest = &self.record[method.end..request.end];
        // A blank stands behind the method.
        let last = memrchr(b' ', rest).map_or(0, |at| at + 1);
        match rest[last..].starts_with(b"HTTP/") {
            true => Ok(method.end + last..request.end),
            false => Err(Lack::NOT_THERE),
        }
    }

    #[inline(always)]
    pub fn status(&self) -> Found {
        let request = self.request()?;
        let status = self.word(request.end + 1, self.record.len())?;
        if is_status(&self.record[status.clone()]) {
            return Ok(status);
        }
        Err(Lack::at("no status", status.start))
    }

    /// How many bytes; none if it says `-`.
    pub fn bytes(&self) -> Result<Option<Range<usize>>, Lack> {
        let bytes = self.behind_status()?;
        match &self.record[bytes.clone()] {
            b"-" => Ok(None),
            digits if digits.iter().all(u8::is_ascii_digit) => Ok(Some(bytes)),
            _ => Err(Lack::at("no number", bytes.start)),
        }
    }

    pub fn referer(&self) -> Found {
        self.quoted(self.behind_status()?.end)
    }

    pub fn agent(&self) -> Found {
        self.quoted(self.referer()?.end + 1)
    }

    fn behind_status(&self) -> Found {
        self.word(self.status()?.end, self.record.len())
    }

    /// What stands in the last brackets before the request.
    fn brackets(&self) -> Option<Range<usize>> {
        let end = memrchr(b']', &self.record[..self.head])?;
        let start = memrchr(b'[', &self.record[..end])? + 1;
        Some(start..end)
    }

    /// Where what precedes the time ends.
    fn names(&self) -> usize {
        self.brackets().map_or(self.head, |time| time.start - 1)
    }

    /// The next word from a place on, and before another one.
    #[inline(always)]
    fn word(&self, from: usize, before: usize) -> Found {
        let bytes = &self.record[..before.max(from)];
        let start = skip(bytes, from);
        let len = bytes[start..].iter().position(|&byte| is_blank(byte));
        match len.map_or(bytes.len(), |len| start + len) {
            end if end > start => Ok(start..end),
            _ => Err(Lack::NOT_THERE),
        }
    }

    /// What stands in quotes that begin at the next word.
    fn quoted(&self, from: usize) -> Found {
        let start = skip(self.record, from);
        match self.record.get(start) {
            None => Err(Lack::NOT_THERE),
            Some(b'"') => {
                let end = closes(self.record, start + 1).next();
                end.map(|end| start + 1..end).ok_or(Lack::at("a quote that does not end", start))
            }
            Some(_) => Err(Lack::at("no quote", start)),
        }
    }
}

/// The request that begins at `start`, and if a status follows it. Of quotes that are not escaped, as
/// some servers write them, the first before a status ends it, if there is one.
#[inline(always)]
fn request(record: &[u8], start: usize) -> (Found, bool) {
    let mut ends = closes(record, start);
    let Some(first) = ends.next() else {
        return (Err(Lack::at("a quote that does not end", start - 1)), false);
    };
    let has_status = |&end: &usize| {
        let rest = &record[skip(record, end + 1)..];
        rest.len() >= 3 && is_status(&rest[..3]) && rest.get(3).is_none_or(|&byte| is_blank(byte))
    };
    if has_status(&first) {
        return (Ok(start..first), true);
    }
    let other = ends.find(has_status);
    (Ok(start..other.unwrap_or(first)), other.is_some())
}

/// The quotes from `start` on that can end what is quoted.
#[inline(always)]
fn closes(record: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let quotes = memchr_iter(b'"', &record[start..]).map(move |at| start + at);
    quotes.filter(move |&at| {
        record.get(at + 1).is_none_or(|&byte| is_blank(byte)) && !is_escaped(record, start, at)
    })
}

/// True if an odd number of backslashes stands before a quote, in what begins at `start`.
#[inline(always)]
fn is_escaped(record: &[u8], start: usize, quote: usize) -> bool {
    let escapes = record[start..quote].iter().rev().take_while(|&&byte| byte == b'\\');
    escapes.count() % 2 == 1
}

#[inline(always)]
fn is_status(bytes: &[u8]) -> bool {
    bytes.len() == 3 && bytes.iter().all(u8::is_ascii_digit)
}

#[inline(always)]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The place of the first byte from `from` on that is not blank.
#[inline(always)]
fn skip(bytes: &[u8], from: usize) -> usize {
    let from = from.min(bytes.len());
    from + bytes[from..].iter().take_while(|&&byte| is_blank(byte)).count()
}
