//! One record of CSV, taken apart as RFC 4180 has it.
//!
//! ```text
//! 7,"Rome, ""EUR""",a
//! ^  ^            ^ ^
//! |  |            | a plain field, in which no quote may stand
//! |  a quoted one, where `""` is a quote, and behind which a separator or the end stands
//! ```
//!
//! What is not so is bad, as a quote that does not end: mostly a field that had a newline in it has been cut
//! there, and then the second half must not pass for a record either.

use std::borrow::Cow;

use memchr::memchr2;
use memchr::memmem;

use crate::selector::Lack;

/// A field, as it stands between its quotes or separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its first byte.
    pub start: usize,
    /// Behind its last one.
    pub end: usize,
    /// True if quotes in it are doubled.
    pub is_doubled: bool,
}

impl Field {
    /// What it says.
    pub fn text<'a>(&self, record: &'a [u8]) -> Cow<'a, [u8]> {
        let bytes = &record[self.start..self.end];
        if !self.is_doubled {
            return Cow::Borrowed(bytes);
        }
        let mut text = Vec::new();
        self.write(record, &mut text);
        Cow::Owned(text)
    }

    /// Appends what it says.
    pub fn write(&self, record: &[u8], out: &mut Vec<u8>) {
        let mut rest = &record[self.start..self.end];
        while self.is_doubled
            && let Some(quote) = memchr::memchr(b'"', rest)
        {
            out.extend_from_slice(&rest[..=quote]);
            rest = &rest[quote + 2..];
        }
        out.extend_from_slice(rest);
    }

    /// True if it stands between quotes.
    pub fn is_quoted(&self, record: &[u8]) -> bool {
        self.start > 0 && record[self.start - 1] == b'"'
    }
}

/// A record without the mark of the byte order that may stand before it, and how long that is.
#[inline]
pub fn unmarked(record: &[u8]) -> (usize, &[u8]) {
    record.strip_prefix(b"\xef\xbb\xbf").map_or((0, record), |rest| (3, rest))
}

/// Takes a record apart.
pub fn fields(record: &[u8], separator: &[u8], fields: &mut Vec<Field>) -> Result<(), Lack> {
    let mut at = 0;
    loop {
        let field = match record.get(at) {
            Some(b'"') => quoted(record, at)?,
            _ => plain(record, at, separator)?,
        };
        fields.push(field);
        // Only a quoted field has something behind it that is neither the end nor a separator.
        at = field.end + usize::from(record.get(at) == Some(&b'"'));
        match record[at..].strip_prefix(separator) {
            Some(_) => at += separator.len(),
            None if at == record.len() => return Ok(()),
            None => return Err(Lack::at("text between a quote and the next separator", at)),
        }
    }
}

fn quoted(record: &[u8], open: usize) -> Result<Field, Lack> {
    let (start, mut from, mut is_doubled) = (open + 1, open + 1, false);
    loop {
        let Some(end) = memchr2(b'"', b'\n', &record[from..]).map(|at| from + at) else {
            return Err(Lack::at("a quote that does not end", open));
        };
        match (record[end], record.get(end + 1)) {
            (b'\n', _) => return Err(newline(end)),
            (_, Some(b'"')) => (from, is_doubled) = (end + 2, true),
            _ => return Ok(Field { start, end, is_doubled }),
        }
    }
}

fn plain(record: &[u8], start: usize, separator: &[u8]) -> Result<Field, Lack> {
    let rest = &record[start..];
    let end = start + memmem::find(rest, separator).unwrap_or(rest.len());
    match memchr2(b'"', b'\n', &record[start..end]).map(|at| start + at) {
        None => Ok(Field { start, end, is_doubled: false }),
        Some(at) if record[at] == b'\n' => Err(newline(at)),
        Some(at) => Err(Lack::at("a quote within a field that is not quoted", at)),
    }
}

fn newline(at: usize) -> Lack {
    Lack::at("a newline in a field", at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(record: &[u8], separator: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut list = Vec::new();
        fields(record, separator, &mut list).map_err(|lack| lack.to_string())?;
        Ok(list.iter().map(|field| field.text(record).into_owned()).collect())
    }

    #[test]
    fn what_is_not_as_the_rfc_has_it_is_bad() {
        let table: [(&[u8], &str); 6] = [
            (b"ann,\"first", "a quote that does not end, at byte 4 of it"),
            (b"second\",x", "a quote within a field that is not quoted, at byte 6 of it"),
            (b"\"a\"b,c", "text between a quote and the next separator, at byte 3 of it"),
            (b" \"a\"", "a quote within a field that is not quoted, at byte 1 of it"),
            (b"a,\"b\nc\"", "a newline in a field, at byte 4 of it"),
            (b"a,b\n", "a newline in a field, at byte 3 of it"),
        ];
        for (record, expected) in table {
            assert_eq!(read(record, b",").unwrap_err(), expected);
        }
    }

    #[test]
    fn separators_may_be_other_bytes_and_stand_in_quotes() {
        assert_eq!(read(b"a;\"b;c\";", b";").unwrap(), [&b"a"[..], b"b;c", b""]);
        assert_eq!(read(b"a||\"|\"\"|\"", b"||").unwrap(), [&b"a"[..], b"|\"|"]);
        assert_eq!(read(b"", b",").unwrap(), [b""]);
    }

    /// The records that the csv crate reads.
    fn judged(text: &[u8], separator: u8) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new();
        let reader =
            reader.has_headers(false).flexible(true).delimiter(separator).from_reader(text);
        let record = |record: csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect();
        reader.into_byte_records().map(|read| record(read.unwrap())).collect()
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(
            record in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"a,\";\xc3\xa9\xff "[..]), 0..6), 1..6),
            separator in prop::sample::select(&b",;\t"[..]), always: bool,
        ) {
            let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
            let mut writer = csv::WriterBuilder::new();
            let mut writer = writer.quote_style(style).delimiter(separator).from_writer(Vec::new());
            writer.write_record(&record).unwrap();
            let mut line = writer.into_inner().unwrap();
            line.pop();
            prop_assert_eq!(read(&line, &[separator]), Ok(record));
        }

        #[test]
        fn what_is_not_refused_is_what_the_csv_crate_reads(
            line in prop::collection::vec(prop::sample::select(&b"a,,\"\";"[..]), 1..12),
        ) {
            if let Ok(found) = read(&line, b",") {
                prop_assert_eq!(judged(&line, b','), [found]);
            }
        }
    }
}
