//! Rows as lines of fields with a separator between them: what `tsv`, `csv` and `text` have in common.
//!
//! ```text
//! time , start , key , value , value \n
//! lead ───────── fields ────────────
//! ```
//!
//! How a field is written, so that nothing in it is taken for a border, is the matter of a [`Dialect`].

use std::marker::PhantomData;
use std::time::Duration;

use super::{Format, Row, Rows, Settings, Shape, number};
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;
use crate::report::value::Value;

/// What stands between fields, and how one is written.
pub(super) trait Dialect: Send + 'static {
    /// Stands between fields.
    const SEPARATOR: u8;
    /// A line that would be empty, where that is no row for who reads it.
    const EMPTY: &'static [u8] = b"";

    /// Appends a field.
    fn field(out: &mut Vec<u8>, bytes: &[u8]);
}

/// A format of such lines, with columns for the Time.
pub(super) struct Separated<D> {
    shape: Shape,
    clockface: Clockface,
    window: Option<Duration>,
    /// The line of names, if there is one.
    header: Vec<u8>,
    /// What every row of this batch begins with: the Time and a separator.
    lead: Vec<u8>,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Separated<D> {
    /// Makes it.
    pub(super) fn new(settings: &Settings) -> Separated<D> {
        let Settings { shape, window, .. } = *settings;
        let clockface = settings.clockface.clone();
        let header = if settings.header { header::<D>(settings) } else { Vec::new() };
        Separated { shape, clockface, window, header, lead: Vec::new(), dialect: PhantomData }
    }
}

fn header<D: Dialect>(settings: &Settings) -> Vec<u8> {
    let mut line = Vec::new();
    for name in settings.fields() {
        D::field(&mut line, name.as_bytes());
        line.push(D::SEPARATOR);
    }
    line.pop();
    line.push(b'\n');
    line
}

impl<D: Dialect> Format for Separated<D> {
    fn header(&self) -> &[u8] {
        &self.header
    }

    fn begin(&mut self, _: &mut Vec<u8>, time: Stamp) {
        self.lead.clear();
        if self.clockface.is_shown() {
            let start = self.window.map(|window| time.before(window));
            for time in [time].into_iter().chain(start) {
                self.clockface.styled(&mut self.lead, time);
                self.lead.push(D::SEPARATOR);
            }
        }
    }

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        rows.each(self.shape).for_each(|row| {
            let start = out.len();
            out.extend_from_slice(&self.lead);
            write_row::<D>(out, row);
            if out.len() == start {
                out.extend_from_slice(D::EMPTY);
            }
            out.push(b'\n');
        });
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Appends the fields of a row.
#[inline]
pub(super) fn write_row<D: Dialect>(out: &mut Vec<u8>, row: Row<'_>) {
    match row {
        Row::Record(record) => D::field(out, record),
        Row::Pair(key, value) => {
            D::field(out, key.unwrap_or_default());
            out.push(D::SEPARATOR);
            D::field(out, value);
        }
        Row::Keyed(key, values) => {
            D::field(out, key.unwrap_or_default());
            out.push(D::SEPARATOR);
            write_values::<D>(out, values);
        }
        Row::Whole(values) => write_values::<D>(out, values),
    }
}

/// Appends values; what is none is empty.
pub(super) fn write_values<D: Dialect>(out: &mut Vec<u8>, values: &[Value]) {
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.push(D::SEPARATOR);
        }
        match value {
            Value::None => {}
            Value::Int(value) => number::int(out, *value),
            Value::Float(value) => number::double(out, *value),
            Value::Bytes(text) | Value::Json(text) => D::field(out, &text.0),
            Value::List(texts) => D::field(out, &texts.iter().collect::<Vec<_>>().join(&b' ')),
        }
    }
}
