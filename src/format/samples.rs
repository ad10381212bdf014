//! Rows for the tests of the formats.

use super::{Rows, Settings, Shape, Spec};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::report::value::Value;
use crate::report::{Report, Selection, Sort};

/// 2018-12-11 01:31:21 UTC.
pub(super) const TIME: Stamp = Stamp(1544491881000);

pub(super) fn records<T: AsRef<[u8]>>(list: &[T]) -> Chunk {
    let mut chunk = Chunk::default();
    for record in list {
        chunk.push(record.as_ref());
    }
    chunk
}

pub(super) fn pairs<T: AsRef<[u8]>>(list: &[(T, T)]) -> Chunk {
    let mut chunk = Chunk::default();
    for (key, value) in list {
        chunk.push_pair(Some(key.as_ref()), value.as_ref());
    }
    chunk
}

/// A pair without a key, and one whose key is empty.
pub(super) fn keyless(value: &str) -> Chunk {
    let mut chunk = Chunk::default();
    chunk.push_pair(None, value.as_bytes());
    chunk.push_pair(Some(b""), value.as_bytes());
    chunk
}

/// A report of these rows, in this order.
pub(super) fn report<T: AsRef<[u8]>>(list: &[(T, Vec<Value>)]) -> Report {
    let all = Selection::all(Sort::First);
    let mut collector = all.collector(list.first().map_or(1, |row| row.1.len()));
    for (first, (key, values)) in list.iter().enumerate() {
        collector.offer(key.as_ref(), values, first as u64);
    }
    collector.finish().unwrap()
}

/// A report of one row without a key.
pub(super) fn whole(values: &[Value]) -> Report {
    report(&[("", values.to_vec())])
}

pub(super) fn settings(shape: Shape, columns: &[&str]) -> Settings {
    let columns = columns.iter().map(|&name| name.to_owned()).collect();
    let clockface = Clockface::new(true, Style::Rfc3339);
    let (num, window, delimiter) = (10, None, b'\n');
    Settings { shape, columns, clockface, num, window, header: false, delimiter, bare: false }
}

/// What a format makes of a first batch that comes in these pieces.
pub(super) fn bytes(spec: &Spec, settings: &Settings, rows: Vec<Rows<'_>>) -> Vec<u8> {
    let mut format = (spec.build)(settings);
    let mut out = format.header().to_vec();
    format.begin(&mut out, TIME);
    rows.into_iter().for_each(|rows| format.rows(&mut out, rows));
    format.end(&mut out);
    out
}

/// The same, of UTF-8.
pub(super) fn batch(spec: &Spec, settings: &Settings, rows: Vec<Rows<'_>>) -> String {
    String::from_utf8(bytes(spec, settings, rows)).expect("the format writes UTF-8")
}

pub(super) fn pieces(report: &Report) -> Vec<Rows<'_>> {
    report.pieces().map(Rows::Report).collect()
}
