//! The layout of `uniq -c`: the count in seven places, a space, and the key as it is; every row.
//!
//! A report has one value a row then, which is a count; all others are refused before anything is read.
//! A count without a key stands alone.

use super::separated::write_values;
use super::text::Plain;
use super::{Format, Row, Rows, Settings, Shape, Spec};
use crate::clock::Stamp;
use crate::part::{Ability, Header, Times};

/// The format, for the table.
pub(super) const SPEC: Spec = Spec {
    name: "uniq",
    help: "count and key as uniq -c writes them, every row",
    extension: "txt",
    can: Ability { prints_part: false, times: Times::None, header: Header::None, of_counts: true },
    build: |settings: &Settings| Box::new(Uniq { shape: settings.shape, count: Vec::new() }),
};

/// How many places a count has at least.
const PLACES: usize = 7;

struct Uniq {
    shape: Shape,
    /// The count of a row, as it is written.
    count: Vec<u8>,
}

impl Uniq {
    fn write(&mut self, out: &mut Vec<u8>, row: Row<'_>) {
        let (values, key) = match row {
            Row::Keyed(key, values) => (values, Some(key.unwrap_or_default())),
            Row::Whole(values) => (values, None),
            // These were refused.
            Row::Record(key) | Row::Pair(_, key) => (&[][..], Some(key)),
        };
        self.count.clear();
        write_values::<Plain>(&mut self.count, values);
        out.resize(out.len() + PLACES.saturating_sub(self.count.len()), b' ');
        out.extend_from_slice(&self.count);
        if let Some(key) = key {
            out.push(b' ');
            out.extend_from_slice(key);
        }
        out.push(b'\n');
    }
}

impl Format for Uniq {
    fn begin(&mut self, _: &mut Vec<u8>, _: Stamp) {}

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        rows.each(self.shape).for_each(|row| self.write(out, row));
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bytes, pieces, report, settings, whole};
    use super::*;
    use crate::report::value::Value;

    #[test]
    fn the_count_has_seven_places_or_more_and_the_key_is_as_it_is() {
        let counts = report(&[
            (&b"a\tb"[..], vec![Value::Int(1)]),
            (b"", vec![Value::Int(1234567)]),
            (b"\xff\n", vec![Value::Int(123456789)]),
        ]);
        let out = bytes(&SPEC, &settings(Shape::Keyed, &["value"]), pieces(&counts));
        assert_eq!(out, b"      1 a\tb\n1234567 \n123456789 \xff\n\n");
    }

    #[test]
    fn a_count_without_a_key_stands_alone() {
        let out =
            bytes(&SPEC, &settings(Shape::Whole, &["value"]), pieces(&whole(&[Value::Int(3)])));
        assert_eq!(out, b"      3\n");
    }
}
