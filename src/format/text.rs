//! The rows and nothing else: a record alone, a key and its values with tabs between them.
//!
//! There is no Time and no escape, and bytes pass untouched, so the output of plain records is
//! again what `weir` reads: under `-0` records and pairs that only pass end with NUL too, as those of
//! `grep -z` and `sort -z` do. What an aggregate makes is a line.

pub mod messages;

use super::separated::{Dialect, write_row};
use super::{Format, Rows, Settings, Shape, Spec};
use crate::clock::Stamp;
use crate::part::{Ability, Header, Times};

/// The format, for the table.
pub(super) const SPEC: Spec = Spec {
    name: "text",
    help: "the record alone, or key TAB value, every row",
    extension: "txt",
    can: Ability { prints_part: false, times: Times::None, header: Header::None, of_counts: false },
    build: |settings: &Settings| {
        let passes = matches!(settings.shape, Shape::Records | Shape::Pairs);
        let end = if passes { settings.delimiter } else { b'\n' };
        Box::new(Text { shape: settings.shape, end })
    },
};

/// Bytes as they are, tabs between them.
pub(super) struct Plain;

impl Dialect for Plain {
    const SEPARATOR: u8 = b'\t';

    fn field(out: &mut Vec<u8>, bytes: &[u8]) {
        out.extend_from_slice(bytes);
    }
}

struct Text {
    shape: Shape,
    /// What ends a row.
    end: u8,
}

impl Format for Text {
    fn begin(&mut self, _: &mut Vec<u8>, _: Stamp) {}

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        rows.each(self.shape).for_each(|row| {
            write_row::<Plain>(out, row);
            out.push(self.end);
        });
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
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
            (Shape::Records, vec![Rows::of(&lines)], &b"a\xff\t\n\n"[..]),
            (Shape::Pairs, vec![Rows::of(&halves)], b"k\\\tit's\n"),
            (Shape::Pairs, vec![Rows::of(&lacking)], b"\tv\n\tv\n"),
            (Shape::Keyed, pieces(&stats), b"k\t4\t2.0\n"),
            (Shape::Whole, pieces(&alone), b"7\t\n"),
            (Shape::Records, vec![], b""),
        ];
        for (shape, rows, expected) in table {
            assert_eq!(bytes(&SPEC, &settings(shape, &["value"]), rows), expected, "{shape:?}");
        }
    }

    #[test]
    fn where_nul_ends_records_what_passes_ends_so_too_and_what_is_counted_does_not() {
        let (lines, halves) = (records(&["a\nb", ""]), pairs(&[("k", "v")]));
        let counts = report(&[("a\nb", vec![Value::Int(4)])]);
        let alone = whole(&[Value::Int(4)]);
        let table = [
            (Shape::Records, vec![Rows::of(&lines)], &b"a\nb\0\0"[..]),
            (Shape::Pairs, vec![Rows::of(&halves)], b"k\tv\0"),
            (Shape::Keyed, pieces(&counts), b"a\nb\t4\n"),
            (Shape::Whole, pieces(&alone), b"4\n"),
        ];
        for (shape, rows, expected) in table {
            let settings = Settings { delimiter: 0, ..settings(shape, &["value"]) };
            assert_eq!(bytes(&SPEC, &settings, rows), expected, "{shape:?}");
        }
    }
}
