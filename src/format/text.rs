//! The rows and nothing else: a record alone, a key and its values with tabs between them.
//!
//! There is no Time and no escape, and bytes pass untouched, so the output of plain records is
//! again what `weir` reads.

use super::tsv::write_values;
use super::{Format, Row, Rows, Settings, Shape, Spec};
use crate::clock::Stamp;
use crate::part::{Ability, Header, Times};

/// The format, for the table.
pub(super) const SPEC: Spec = Spec {
    name: "text",
    help: "the record alone, or key TAB value, every row",
    extension: "txt",
    can: Ability { prints_part: false, times: Times::None, header: Header::None, of_counts: false },
    build: |settings: &Settings| Box::new(Text { shape: settings.shape }),
};

struct Text {
    shape: Shape,
}

impl Format for Text {
    fn begin(&mut self, _: &mut Vec<u8>, _: Stamp) {}

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        rows.each(self.shape).for_each(|row| {
            write(out, row);
            out.push(b'\n');
        });
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

fn write(out: &mut Vec<u8>, row: Row<'_>) {
    match row {
        Row::Record(record) => out.extend_from_slice(record),
        Row::Pair(key, value) => {
            out.extend_from_slice(key.unwrap_or_default());
            out.push(b'\t');
            out.extend_from_slice(value);
        }
        Row::Keyed(key, values) => {
            out.extend_from_slice(key);
            out.push(b'\t');
            write_values(out, values);
        }
        Row::Whole(values) => write_values(out, values),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{bytes, keyless, pairs, pieces, records, report, settings, whole};
    use super::*;
    use crate::report::value::Value;

    #[test]
    fn bytes_pass_untouched_with_tabs_between_fields() {
        let (lines, halves) = (records(&[&b"a\xff\t"[..], b""]), pairs(&[("k\\", "it's")]));
        let stats = report(&[("k", vec![Value::Int(4), Value::Float(2.0)])]);
        let lacking = keyless("v");
        let alone = whole(&[Value::Int(7), Value::None]);
        let table = [
            (Shape::Records, vec![Rows::Chunk(&lines)], &b"a\xff\t\n\n"[..]),
            (Shape::Pairs, vec![Rows::Chunk(&halves)], b"k\\\tit's\n"),
            (Shape::Pairs, vec![Rows::Chunk(&lacking)], b"\tv\n\tv\n"),
            (Shape::Keyed, pieces(&stats), b"k\t4\t2.0\n"),
            (Shape::Whole, pieces(&alone), b"7\t\n"),
            (Shape::Records, vec![], b""),
        ];
        for (shape, rows, expected) in table {
            assert_eq!(bytes(&SPEC, &settings(shape, &["value"]), rows), expected, "{shape:?}");
        }
    }
}
