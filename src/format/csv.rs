//! Comma-separated values as RFC 4180 has them, with a line of names: the columns of `tsv`, every row of
//! the batch.
//!
//! ```text
//! time,key,count,p99
//! 2018-12-11T01:31:21+00:00,"a ""b"", c",4,2.5
//! ```
//!
//! A field that holds a comma, a quote, `\r` or `\n` is quoted, and a quote in it doubled; all other
//! bytes pass as they are. Lines end with `\n` alone, as other programs in a pipe write them. What there is
//! none of is empty. A row that is one empty field is written `""`, since readers skip an empty line.

use super::Spec;
use super::separated::{Dialect, Separated};
use crate::part::{Ability, Header, Times};

/// The format, for the table.
pub(super) const SPEC: Spec = Spec {
    name: "csv",
    help: "comma-separated values with the Time and a header, every row",
    extension: "csv",
    can: Ability {
        prints_part: false,
        times: Times::Field,
        header: Header::Given,
        of_counts: false,
    },
    build: |settings| Box::new(Separated::<Csv>::new(settings)),
};

struct Csv;

impl Dialect for Csv {
    const SEPARATOR: u8 = b',';
    const EMPTY: &'static [u8] = b"\"\"";

    fn field(out: &mut Vec<u8>, bytes: &[u8]) {
        // No early exit: without one the loop is done many bytes at a time.
        if bytes.iter().fold(true, |plain, &byte| plain & !needs_quotes(byte)) {
            out.extend_from_slice(bytes);
            return;
        }
        out.push(b'"');
        for part in bytes.split_inclusive(|&byte| byte == b'"') {
            out.extend_from_slice(part);
            if part.ends_with(b"\"") {
                out.push(b'"');
            }
        }
        out.push(b'"');
    }
}

/// True for what a reader would take for the end of the field, or for quotes around it.
fn needs_quotes(byte: u8) -> bool {
    (byte == b',') | (byte == b'"') | (byte == b'\r') | (byte == b'\n')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples::{bytes, keyless, pairs, pieces, records, report, settings, whole};
    use super::super::{Rows, Settings, Shape};
    use super::*;
    use crate::clock::clockface::{Clockface, Style};
    use crate::report::value::Value;
    use proptest::prelude::*;

    fn csv(settings: Settings, rows: Vec<Rows<'_>>) -> String {
        String::from_utf8(bytes(&SPEC, &settings, rows)).unwrap()
    }

    fn with_header(shape: Shape, columns: &[&str]) -> Settings {
        Settings { header: true, ..settings(shape, columns) }
    }

    fn bare(shape: Shape) -> Settings {
        let clockface = Clockface::new(true, Style::Absent);
        Settings { clockface, ..settings(shape, &["value"]) }
    }

    #[test]
    fn each_shape_has_its_columns() {
        let time = "2018-12-11T01:31:21+00:00";
        let lines = records(&["a b", ""]);
        let printed = csv(with_header(Shape::Records, &[]), vec![Rows::of(&lines)]);
        assert_eq!(printed, format!("time,record\n{time},a b\n{time},\n"));
        let halves = pairs(&[("k", "v")]);
        let printed = csv(with_header(Shape::Pairs, &[]), vec![Rows::of(&halves)]);
        assert_eq!(printed, format!("time,key,value\n{time},k,v\n"));
        let stats = report(&[("k", vec![Value::Int(4), Value::None, Value::Float(2.5)])]);
        let named = with_header(Shape::Keyed, &["count", "min", "p99"]);
        let printed = csv(named, pieces(&stats));
        assert_eq!(printed, format!("time,key,count,min,p99\n{time},k,4,,2.5\n"));
        let stats = whole(&[Value::None, Value::Float(1e16)]);
        let printed = csv(with_header(Shape::Whole, &["min", "max"]), pieces(&stats));
        assert_eq!(printed, format!("time,min,max\n{time},,1e+16\n"));
    }

    #[test]
    fn a_window_has_its_start_and_a_time_its_style() {
        let counts = report(&[("k", vec![Value::Int(4)])]);
        let window = Some(Duration::from_secs(60));
        let clockface = Clockface::new(true, Style::Epoch);
        let settings = Settings { window, clockface, ..with_header(Shape::Keyed, &["value"]) };
        let expected = "time,start,key,value\n1544491881,1544491821,k,4\n";
        assert_eq!(csv(settings.clone(), pieces(&counts)), expected);
        let clockface = Clockface::new(true, Style::Absent);
        let settings = Settings { clockface, ..settings };
        assert_eq!(csv(settings, pieces(&counts)), "key,value\nk,4\n");
    }

    #[test]
    fn the_header_stands_apart_from_the_batches() {
        let settings = Settings { header: true, ..bare(Shape::Records) };
        assert_eq!((SPEC.build)(&settings).header(), b"record\n");
        assert_eq!((SPEC.build)(&bare(Shape::Records)).header(), b"");
        let lines = records(&["a"]);
        assert_eq!(csv(bare(Shape::Records), vec![Rows::of(&lines); 2]), "a\na\n");
    }

    #[test]
    fn a_name_is_quoted_as_a_field_is() {
        let settings = Settings { header: true, ..settings(Shape::Keyed, &["a,b"]) };
        assert_eq!((SPEC.build)(&settings).header(), b"time,key,\"a,b\"\n");
    }

    #[test]
    fn what_would_end_a_field_is_quoted_and_other_bytes_pass() {
        let halves =
            pairs(&[(&b"a\tb\\"[..], &b"\xff\0 '"[..]), (b"a,\"b\"", b"\r"), (b"\n", b"")]);
        let out = bytes(&SPEC, &bare(Shape::Pairs), vec![Rows::of(&halves)]);
        assert_eq!(out, b"a\tb\\,\xff\0 '\n\"a,\"\"b\"\"\",\"\r\"\n\"\n\",\n");
        let lacking = keyless("v");
        assert_eq!(csv(bare(Shape::Pairs), vec![Rows::of(&lacking)]), ",v\n,v\n");
    }

    #[test]
    fn no_row_is_an_empty_line() {
        let lines = records(&["", "a"]);
        assert_eq!(csv(bare(Shape::Records), vec![Rows::of(&lines)]), "\"\"\na\n");
        assert_eq!(csv(bare(Shape::Whole), pieces(&whole(&[Value::None]))), "\"\"\n");
    }

    /// The records of a CSV file, by the grammar of RFC 4180 but for its `\r\n`.
    fn parse(mut text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        while !text.is_empty() {
            let mut field = Vec::new();
            if let Some(mut rest) = text.strip_prefix(b"\"") {
                loop {
                    let quote = rest.iter().position(|&byte| byte == b'"').unwrap();
                    field.extend_from_slice(&rest[..quote]);
                    rest = &rest[quote + 1..];
                    let Some(more) = rest.strip_prefix(b"\"") else { break };
                    field.push(b'"');
                    rest = more;
                }
                text = rest;
            } else {
                let end = text.iter().position(|byte| b",\n".contains(byte)).unwrap();
                assert!(!text[..end].contains(&b'"') && !text[..end].contains(&b'\r'));
                field.extend_from_slice(&text[..end]);
                text = &text[end..];
            }
            row.push(field);
            if text[0] == b'\n' {
                rows.push(std::mem::take(&mut row));
            } else {
                assert_eq!(text[0], b',');
            }
            text = &text[1..];
        }
        rows
    }

    fn field_bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![any::<u8>(), prop::sample::select(&b",\"\r\n "[..])];
        prop::collection::vec(byte, 0..20)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            rows in prop::collection::vec((field_bytes(), field_bytes()), 0..8)
        ) {
            let out = bytes(&SPEC, &bare(Shape::Pairs), vec![Rows::of(&pairs(&rows))]);
            let expected: Vec<_> = rows.into_iter().map(|(key, value)| vec![key, value]).collect();
            prop_assert_eq!(parse(&out), expected);
        }
    }
}
