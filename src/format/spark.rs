//! What Spark prints of a batch: `pprint` is PySpark's `pprint()`, `scala` the `print()` of Scala.
//!
//! ```text
//! -------------------------------------------
//! Time: 2018-12-11 01:31:21                      scala: Time: 1544491881000 ms
//! -------------------------------------------
//! ('kafka', 4)                                   scala: (kafka,4)
//! ...                                            if there are more than --num rows
//!                                                one empty line, always
//! ```
//!
//! Only how a Time and a row are written differs: a `Dialect`. Rows come in pieces, so the dots are
//! written as soon as the first row too many is seen, and nothing after it is looked at. With
//! `--interval 0` there are no batches to be told apart: rows stand alone, and all of them.

#[cfg(test)]
mod golden;
pub mod pprint;
pub mod scala;

use std::marker::PhantomData;

use super::{Format, Row, Rows, Settings, Shape};
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;

const RULE: &[u8; 44] = b"-------------------------------------------\n";

/// How one language writes what is printed.
trait Dialect: Send {
    /// Appends a Time.
    fn time(out: &mut Vec<u8>, clockface: &Clockface, time: Stamp);

    /// Appends a row, without the newline.
    fn row(out: &mut Vec<u8>, row: Row<'_>);
}

/// A batch as Spark prints it.
struct Printed<D> {
    shape: Shape,
    clockface: Clockface,
    num: usize,
    bare: bool,
    /// How many rows of this batch may still be printed; none once the dots are.
    left: Option<usize>,
    dialect: PhantomData<D>,
}

impl<D: Dialect> Printed<D> {
    fn new(settings: &Settings) -> Printed<D> {
        let Settings { shape, num, bare, .. } = *settings;
        let num = if bare { usize::MAX } else { num };
        let clockface = settings.clockface.clone();
        Printed { shape, clockface, num, bare, left: Some(num), dialect: PhantomData }
    }
}

impl<D: Dialect> Format for Printed<D> {
    fn begin(&mut self, out: &mut Vec<u8>, time: Stamp) {
        self.left = Some(self.num);
        if self.bare {
            return;
        }
        out.extend_from_slice(RULE);
        out.extend_from_slice(b"Time: ");
        D::time(out, &self.clockface, time);
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
            D::row(out, row);
            out.push(b'\n');
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

#[cfg(test)]
mod tests {
    use super::super::Spec;
    use super::super::samples::{TIME, batch, records, settings};
    use super::*;

    const HEADS: [(&Spec, &str); 2] =
        [(&pprint::SPEC, "2018-12-11 01:31:21"), (&scala::SPEC, "1544491881000 ms")];

    fn head(time: &str) -> String {
        let rule = "-".repeat(43);
        format!("{rule}\nTime: {time}\n{rule}\n")
    }

    #[test]
    fn the_dots_come_once_with_the_first_row_too_many() {
        let [two, none] = [records(&["a", "b"]), records::<&str>(&[])];
        let rows = |times: usize| vec![Rows::of(&two); times];
        let table = [
            (0, rows(0), "\n"),
            (0, vec![Rows::of(&none)], "\n"),
            (0, rows(2), "...\n\n"),
            (1, rows(1), "a\n...\n\n"),
            (2, rows(1), "a\nb\n\n"),
            (2, vec![Rows::of(&two), Rows::of(&none)], "a\nb\n\n"),
            (2, rows(3), "a\nb\n...\n\n"),
            (3, rows(3), "a\nb\na\n...\n\n"),
            (usize::MAX, rows(2), "a\nb\na\nb\n\n"),
        ];
        for (spec, time) in HEADS {
            for (num, rows, expected) in &table {
                let settings = Settings { num: *num, ..settings(Shape::Records, &[]) };
                let printed = batch(spec, &settings, rows.clone());
                assert_eq!(printed, head(time) + expected, "{} --num {num}", spec.name);
            }
        }
    }

    #[test]
    fn every_batch_has_its_own_num_rows() {
        let lines = records(&["a", "b"]);
        for (spec, time) in HEADS {
            let mut format = (spec.build)(&Settings { num: 1, ..settings(Shape::Records, &[]) });
            let mut out = Vec::new();
            for _ in 0..2 {
                format.begin(&mut out, TIME);
                format.rows(&mut out, Rows::of(&lines));
                format.end(&mut out);
            }
            let expected = format!("{}a\n...\n\n", head(time)).repeat(2);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn bare_rows_stand_alone_and_are_all_there() {
        let lines = records(&["a", "b"]);
        let bare = Settings { num: 1, bare: true, ..settings(Shape::Records, &[]) };
        for (spec, _) in HEADS {
            assert_eq!(batch(spec, &bare, vec![Rows::of(&lines); 2]), "a\nb\na\nb\n");
        }
    }
}
