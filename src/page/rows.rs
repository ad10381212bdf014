//! The first rows of a report, or the last records, as they are shown: text that is short enough, and how
//! long a bar is.
//!
//! Keys are bytes from the network. What is not UTF-8 becomes U+FFFD, control characters become pictures of
//! themselves, and what is long is cut; the rest is left to whoever shows it as text.

use serde_json::{Value as Json, json};

use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::format::python::{Object, repr};
use crate::report::Report;
use crate::report::value::Value;

/// So many rows are shown.
pub const SHOWN: usize = 20;
/// So many characters of a key or a value.
const LONG: usize = 160;
/// So many values of a group.
const SOME: usize = 8;

/// Rows of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The Time that they have.
    pub time: Stamp,
    /// How many there are, of which these are the first; of records, how many came at once.
    pub count: usize,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The key, if it is not missing; a plain record.
    key: Option<String>,
    values: Vec<String>,
    /// What the bar shows: the value by which rows are ordered, if that is a number.
    size: Option<f64>,
}

impl Rows {
    /// The first rows of a report, whose bars show the value in column `by`.
    pub fn of(time: Stamp, report: &Report, by: usize) -> Rows {
        let rows = report.pieces().flat_map(|piece| piece.rows()).take(SHOWN);
        let rows = rows.map(|(key, values)| Row {
            key: key.map(text),
            values: values.iter().map(value).collect(),
            size: values.get(by).and_then(size),
        });
        Rows { time, count: report.len(), rows: rows.collect() }
    }

    /// The last records of a chunk that is cut.
    pub fn of_records(chunk: &Chunk) -> Rows {
        let count = chunk.keys.len();
        let row = |row| Row {
            key: chunk.key(row).map(text),
            values: chunk.value(row).map(text).into_iter().collect(),
            size: None,
        };
        let rows = (count.saturating_sub(SHOWN)..count).map(row).collect();
        Rows { time: chunk.time, count, rows }
    }

    /// The same, behind records that came before in the same batch.
    pub fn behind(mut self, before: Option<Rows>) -> Rows {
        if let Some(mut before) = before.filter(|before| before.time == self.time) {
            before.rows.append(&mut self.rows);
            self.count += before.count;
            self.rows = before.rows.split_off(before.rows.len().saturating_sub(SHOWN));
        }
        self
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        let row = |row: &Row| json!({ "key": row.key, "values": row.values, "size": row.size });
        json!({
            "time_ms": self.time.0,
            "count": self.count,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) => text(&bytes.0),
        Value::List(list) => {
            let some: Vec<_> = list.iter().take(SOME).map(text).collect();
            let more = if list.len() > SOME { ", …" } else { "" };
            cut(&format!("{}{more}", some.join(", ")))
        }
        other => {
            let mut out = Vec::new();
            repr(&mut out, Object::Value(other));
            String::from_utf8_lossy(&out).into_owned()
        }
    }
}

fn size(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) if value.is_finite() => Some(*value),
        Value::List(list) => Some(list.len() as f64),
        _ => None,
    }
}

/// Bytes of the stream, as they are shown.
fn text(bytes: &[u8]) -> String {
    // Four bytes a character are the most, so what comes behind is cut anyway.
    cut(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LONG + 4)]))
}

fn cut(text: &str) -> String {
    let picture = |c: char| match u32::from(c) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        0x80..0xa0 => '\u{fffd}',
        _ => c,
    };
    let mut shown: String = text.chars().take(LONG).map(picture).collect();
    if text.chars().nth(LONG).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Selection, Sort};

    #[test]
    fn what_is_no_text_is_shown_as_text_and_what_is_long_is_cut() {
        assert_eq!(text(b"<script>alert(1)</script>"), "<script>alert(1)</script>");
        assert_eq!(text(b"a\nb\x1b[31m\x7f\xff"), "a␊b␛[31m␡\u{fffd}");
        let long = text("é".repeat(1000).as_bytes());
        assert_eq!(long, "é".repeat(LONG) + "…");
        assert_eq!(text(&[0xff; 10_000]).chars().count(), LONG + 1);
        assert_eq!(text("𝄞".repeat(LONG).as_bytes()), "𝄞".repeat(LONG));
    }

    #[test]
    fn a_report_is_shown_by_its_first_rows() {
        let mut report = Selection::all(Sort::Value).collector(2);
        for number in 0..50i64 {
            let key = format!("key {number}");
            report.offer(key.as_bytes(), &[Value::Int(number), Value::Float(0.5)], 0);
        }
        let rows = Rows::of(Stamp(7), &report.finish().unwrap(), 1);
        assert_eq!((rows.count, rows.rows.len()), (50, SHOWN));
        let json = rows.json();
        let first = json!({ "key": "key 49", "values": ["49", "0.5"], "size": 0.5 });
        assert_eq!(json["rows"][0], first);
    }

    #[test]
    fn of_records_the_last_ones_of_the_batch_are_shown() {
        let chunk = |from: usize, to: usize, time| {
            let mut chunk = Chunk::default();
            (from..to).for_each(|number| chunk.push(format!("{number}").as_bytes()));
            chunk.time = Stamp(time);
            Rows::of_records(&chunk)
        };
        let rows = chunk(15, 18, 1000).behind(Some(chunk(0, 15, 1000)));
        assert_eq!((rows.count, rows.rows.len()), (18, 18));
        let rows = chunk(18, 30, 1000).behind(Some(rows));
        let keys: Vec<_> = rows.rows.iter().map(|row| row.key.clone().unwrap()).collect();
        assert_eq!(keys, (10..30).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(chunk(0, 1, 2000).behind(Some(rows)).count, 1, "another batch");
    }
}
