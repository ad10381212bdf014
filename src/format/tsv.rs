//! Tab-separated values: columns for the Time, under `--window` its start, the key and each value;
//! every row of the batch.
//!
//! A line is a row and a tab a border, whatever the stream carries: these bytes inside a field are
//! written `\t`, `\n`, `\r`, and the backslash `\\`. All other bytes pass as they are.

use super::Spec;
use super::separated::{Dialect, Separated};
use crate::part::{Ability, Header, Times};

/// The format, for the table.
pub(super) const SPEC: Spec = Spec {
    name: "tsv",
    help: "tab-separated values with the Time, every row",
    extension: "tsv",
    can: Ability {
        prints_part: false,
        times: Times::Field,
        header: Header::Asked,
        of_counts: false,
    },
    build: |settings| Box::new(Separated::<Tsv>::new(settings)),
};

struct Tsv;

impl Dialect for Tsv {
    const SEPARATOR: u8 = b'\t';

    fn field(out: &mut Vec<u8>, bytes: &[u8]) {
        // No early exit: without one the loop is done many bytes at a time.
        if bytes.iter().fold(true, |plain, &byte| plain & escaped(byte).is_none()) {
            out.extend_from_slice(bytes);
            return;
        }
        for &byte in bytes {
            match escaped(byte) {
                Some(letter) => out.extend_from_slice(&[b'\\', letter]),
                None => out.push(byte),
            }
        }
    }
}

/// What stands behind the backslash, for a byte that needs one.
fn escaped(byte: u8) -> Option<u8> {
    match byte {
        b'\t' => Some(b't'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\\' => Some(b'\\'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{batch, bytes, pairs, pieces, records, report, settings, whole};
    use super::super::{Rows, Settings, Shape};
    use super::*;
    use crate::clock::Stamp;
    use crate::clock::clockface::{Clockface, Style};
    use crate::report::value::Value;
    use proptest::prelude::*;

    fn with_header(shape: Shape, columns: &[&str]) -> Settings {
        Settings { header: true, ..settings(shape, columns) }
    }

    fn with_style(shape: Shape, style: Style) -> Settings {
        let clockface = Clockface::new(true, style);
        Settings { clockface, ..with_header(shape, &["value"]) }
    }

    #[test]
    fn each_shape_has_its_columns() {
        let (lines, halves) = (records(&["a b", ""]), pairs(&[("k", "v")]));
        let table = [
            (Shape::Records, &["value"][..], vec![Rows::of(&lines)], "record|a b|"),
            (Shape::Pairs, &["value"], vec![Rows::of(&halves)], "key\tvalue|k\tv"),
        ];
        for (shape, columns, rows, expected) in table {
            let mut lines = expected.split('|');
            let mut text = format!("time\t{}\n", lines.next().unwrap());
            lines.for_each(|line| text += &format!("2018-12-11T01:31:21+00:00\t{line}\n"));
            assert_eq!(batch(&SPEC, &with_header(shape, columns), rows), text);
        }
        let stats = report(&[("k", vec![Value::Int(4), Value::Float(2.5)])]);
        let text = "time\tkey\tcount\tp99\n2018-12-11T01:31:21+00:00\tk\t4\t2.5\n";
        let named = with_header(Shape::Keyed, &["count", "p99"]);
        assert_eq!(batch(&SPEC, &named, pieces(&stats)), text);
        let text = "time\tmin\tmax\n2018-12-11T01:31:21+00:00\t\t1e+16\n";
        let stats = whole(&[Value::None, Value::Float(1e16)]);
        assert_eq!(batch(&SPEC, &with_header(Shape::Whole, &["min", "max"]), pieces(&stats)), text);
    }

    #[test]
    fn the_time_is_written_in_its_style_or_not_at_all() {
        let lines = records(&["a"]);
        let tsv = |style| batch(&SPEC, &with_style(Shape::Records, style), vec![Rows::of(&lines)]);
        assert_eq!(tsv(Style::Epoch), "time\trecord\n1544491881\ta\n");
        assert_eq!(tsv(Style::Absent), "record\na\n");
    }

    #[test]
    fn the_header_stands_apart_from_the_batches() {
        let lines = records(&["a"]);
        let settings = with_style(Shape::Records, Style::Absent);
        assert_eq!(batch(&SPEC, &settings, vec![]), "record\n");
        let (mut format, mut out) = ((SPEC.build)(&settings), Vec::new());
        for _ in 0..2 {
            format.begin(&mut out, Stamp(0));
            format.rows(&mut out, Rows::of(&lines));
            format.end(&mut out);
        }
        assert_eq!((format.header(), &out[..]), (&b"record\n"[..], &b"a\na\n"[..]));
        assert_eq!(batch(&SPEC, &Settings { header: false, ..settings }, vec![]), "");
    }

    #[test]
    fn borders_inside_a_field_are_escaped_and_other_bytes_pass() {
        let halves = pairs(&[(&b"a\tb\\t"[..], &b"\xff\r\n\0"[..])]);
        let settings = Settings { header: false, ..with_style(Shape::Pairs, Style::Absent) };
        let out = bytes(&SPEC, &settings, vec![Rows::of(&halves)]);
        assert_eq!(out, b"a\\tb\\\\t\t\xff\\r\\n\0\n");
    }

    fn unescape(field: &[u8]) -> Vec<u8> {
        let (mut bytes, mut rest) = (Vec::new(), field.iter());
        while let Some(&byte) = rest.next() {
            bytes.push(match (byte, byte == b'\\') {
                (byte, false) => byte,
                (_, true) => match rest.next() {
                    Some(b't') => b'\t',
                    Some(b'n') => b'\n',
                    Some(b'r') => b'\r',
                    Some(b'\\') => b'\\',
                    other => panic!("{other:?} is no escape"),
                },
            });
        }
        bytes
    }

    proptest! {
        #[test]
        fn a_line_is_a_row_and_its_fields_unescape_to_the_original(
            rows in prop::collection::vec((field_bytes(), field_bytes()), 0..8)
        ) {
            let settings = Settings { header: false, ..with_style(Shape::Pairs, Style::Absent) };
            let out = bytes(&SPEC, &settings, vec![Rows::of(&pairs(&rows))]);
            let lines: Vec<_> = out.split_inclusive(|&byte| byte == b'\n').collect();
            prop_assert_eq!(lines.len(), rows.len());
            for (line, (key, value)) in lines.into_iter().zip(rows) {
                let fields: Vec<_> = line[..line.len() - 1].split(|&byte| byte == b'\t').collect();
                prop_assert_eq!(fields.len(), 2);
                prop_assert_eq!(unescape(fields[0]), key);
                prop_assert_eq!(unescape(fields[1]), value);
            }
        }
    }

    fn field_bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![any::<u8>(), prop::sample::select(&b"\t\n\r\\tnr "[..])];
        prop::collection::vec(byte, 0..20)
    }
}
