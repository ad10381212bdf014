//! What PySpark's `pprint()` prints, to the byte.
//!
//! ```text
//! -------------------------------------------
//! Time: 2018-12-11 01:31:21
//! -------------------------------------------
//! ('kafka', 4)                                   at most --num rows
//! ...                                            if there are more
//!                                                one empty line, always
//! ```
//!
//! Rows come in pieces, so the dots are written as soon as the first row too many is seen, and
//! nothing after it is looked at. With `--interval 0` there are no batches to be told apart: rows
//! stand alone, and all of them.

use super::python::{Object, print};
use super::{Format, Row, Rows, Settings, Shape, Spec};
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;
use crate::part::Ability;

/// The default format.
pub(super) const SPEC: Spec = Spec {
    name: "pprint",
    help: "each batch as PySpark's pprint() prints it",
    extension: "txt",
    can: Ability { prints_part: true, own_time: true, header: false },
    build: |settings| Box::new(Pprint::new(settings)),
};

const RULE: &[u8; 44] = b"-------------------------------------------\n";

struct Pprint {
    shape: Shape,
    clockface: Clockface,
    num: usize,
    bare: bool,
    /// How many rows of this batch may still be printed; none once the dots are.
    left: Option<usize>,
}

impl Pprint {
    fn new(settings: &Settings) -> Pprint {
        let Settings { shape, num, bare, .. } = *settings;
        let num = if bare { usize::MAX } else { num };
        Pprint { shape, clockface: settings.clockface.clone(), num, bare, left: Some(num) }
    }
}

impl Format for Pprint {
    fn begin(&mut self, out: &mut Vec<u8>, time: Stamp) {
        self.left = Some(self.num);
        if self.bare {
            return;
        }
        out.extend_from_slice(RULE);
        out.extend_from_slice(b"Time: ");
        self.clockface.python(out, time);
        out.push(b'\n');
        out.extend_from_slice(RULE);
    }

    fn go_on(&mut self, _: Stamp, rows: u64) {
        // If there were more rows than are printed, so were the dots.
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        self.left = self.num.checked_sub(rows);
    }

    fn rows(&mut self, out: &mut Vec<u8>, rows: Rows<'_>) {
        let Some(left) = self.left else { return };
        let mut rows = rows.each(self.shape);
        let mut printed = 0;
        rows.by_ref().take(left).for_each(|row| {
            write(out, row);
            printed += 1;
        });
        self.left = Some(left - printed);
        if printed == left && rows.next().is_some() {
            out.extend_from_slice(b"...\n");
            self.left = None;
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if !self.bare {
            out.push(b'\n');
        }
    }
}

fn write(out: &mut Vec<u8>, row: Row<'_>) {
    match row {
        Row::Record(record) => print(out, Object::Text(record)),
        Row::Pair(key, value) => {
            print(out, Object::Tuple(&[Object::Text(key), Object::Text(value)]));
        }
        Row::Keyed(key, values) => {
            print(out, Object::Tuple(&[Object::Text(key), Object::of(values)]));
        }
        Row::Whole(values) => print(out, Object::of(values)),
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::super::samples::{TIME, batch, pairs, pieces, records, report, settings, whole};
    use super::*;
    use crate::report::value::Value::{Float, Int, None as Absent};

    const HEAD: &str = "\
        -------------------------------------------\n\
        Time: 2018-12-11 01:31:21\n\
        -------------------------------------------\n";

    fn pprint(shape: Shape, num: usize, rows: Vec<Rows<'_>>) -> String {
        let text = batch(&SPEC, &Settings { num, ..settings(shape, &["value"]) }, rows);
        text.strip_prefix(HEAD).expect("every batch has its header").to_owned()
    }

    #[test]
    fn a_batch_is_a_header_its_rows_and_an_empty_line() {
        let counts = report(&[("kafka", vec![Int(4)]), ("hello", vec![Int(2)])]);
        assert_eq!(pprint(Shape::Keyed, 10, pieces(&counts)), "('kafka', 4)\n('hello', 2)\n\n");
        assert_eq!(pprint(Shape::Keyed, 10, vec![]), "\n");
    }

    #[test]
    fn each_shape_has_its_form() {
        let lines = records(&["it's", "", "a\tb"]);
        assert_eq!(pprint(Shape::Records, 10, vec![Rows::Chunk(&lines)]), "it's\n\na\tb\n\n");
        let halves = pairs(&[("it's", "a\tb"), ("", "é")]);
        let expected = "(\"it's\", 'a\\tb')\n('', 'é')\n\n";
        assert_eq!(pprint(Shape::Pairs, 10, vec![Rows::Chunk(&halves)]), expected);
        let stats = report(&[("k", vec![Int(1), Float(2.0)]), ("l", vec![Int(0), Absent])]);
        let expected = "('k', (1, 2.0))\n('l', (0, None))\n\n";
        assert_eq!(pprint(Shape::Keyed, 10, pieces(&stats)), expected);
        assert_eq!(pprint(Shape::Whole, 10, pieces(&whole(&[Int(7)]))), "7\n\n");
        assert_eq!(pprint(Shape::Whole, 10, pieces(&whole(&[Int(7), Absent]))), "(7, None)\n\n");
    }

    #[test]
    fn the_dots_come_once_with_the_first_row_too_many() {
        let [two, none] = [records(&["a", "b"]), records::<&str>(&[])];
        let rows = |times: usize| vec![Rows::Chunk(&two); times];
        let table = [
            (0, rows(0), "\n"),
            (0, vec![Rows::Chunk(&none)], "\n"),
            (0, rows(2), "...\n\n"),
            (1, rows(1), "a\n...\n\n"),
            (2, rows(1), "a\nb\n\n"),
            (2, vec![Rows::Chunk(&two), Rows::Chunk(&none)], "a\nb\n\n"),
            (2, rows(3), "a\nb\n...\n\n"),
            (3, rows(3), "a\nb\na\n...\n\n"),
            (usize::MAX, rows(2), "a\nb\na\nb\n\n"),
        ];
        for (num, rows, expected) in table {
            assert_eq!(pprint(Shape::Records, num, rows), expected, "--num {num}");
        }
    }

    #[test]
    fn every_batch_has_its_own_num_rows() {
        let lines = records(&["a", "b"]);
        let mut format = (SPEC.build)(&Settings { num: 1, ..settings(Shape::Records, &[]) });
        let mut out = Vec::new();
        for _ in 0..2 {
            format.begin(&mut out, TIME);
            format.rows(&mut out, Rows::Chunk(&lines));
            format.end(&mut out);
        }
        assert_eq!(String::from_utf8(out).unwrap(), format!("{HEAD}a\n...\n\n").repeat(2));
    }

    #[test]
    fn bare_rows_stand_alone_and_are_all_there() {
        let lines = records(&["a", "b"]);
        let bare = Settings { num: 1, bare: true, ..settings(Shape::Records, &[]) };
        assert_eq!(batch(&SPEC, &bare, vec![Rows::Chunk(&lines); 2]), "a\nb\na\nb\n");
    }
}
