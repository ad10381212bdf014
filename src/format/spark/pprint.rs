//! What PySpark's `pprint()` prints, to the byte: records bare, pairs as Python's tuples, several
//! statistics as a tuple that is the value.

use super::{Dialect, Printed};
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;
use crate::format::python::{Object, print};
use crate::format::{Row, Spec};
use crate::part::{Ability, Header, Times};
use crate::report::value::Value;

/// The default format.
pub const SPEC: Spec = Spec {
    name: "pprint",
    help: "each batch as PySpark's pprint() prints it",
    extension: "txt",
    can: Ability { prints_part: true, times: Times::Own, header: Header::None, of_counts: false },
    build: |settings| Box::new(Printed::<Python>::new(settings)),
};

struct Python;

impl Dialect for Python {
    fn time(out: &mut Vec<u8>, clockface: &Clockface, time: Stamp) {
        clockface.python(out, time);
    }

    fn row(out: &mut Vec<u8>, row: Row<'_>) {
        match row {
            Row::Record(record) => print(out, Object::Text(record)),
            Row::Pair(key, value) => {
                print(out, Object::Tuple(&[object(key), Object::Text(value)]));
            }
            Row::Keyed(key, values) => {
                print(out, Object::Tuple(&[object(key), Object::of(values)]));
            }
            Row::Whole(values) => print(out, Object::of(values)),
        }
    }
}

/// A key, which is `None` if it is missing.
fn object(key: Option<&[u8]>) -> Object<'_> {
    key.map_or(Object::Value(&Value::None), Object::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::samples::{batch, keyless, pairs, pieces, records, report, settings, whole};
    use crate::format::{Rows, Settings, Shape};
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
        assert_eq!(pprint(Shape::Records, 10, vec![Rows::of(&lines)]), "it's\n\na\tb\n\n");
        let halves = pairs(&[("it's", "a\tb"), ("", "é")]);
        let expected = "(\"it's\", 'a\\tb')\n('', 'é')\n\n";
        assert_eq!(pprint(Shape::Pairs, 10, vec![Rows::of(&halves)]), expected);
        let lacking = pprint(Shape::Pairs, 10, vec![Rows::of(&keyless("v"))]);
        assert_eq!(lacking, "(None, 'v')\n('', 'v')\n\n");
        let stats = report(&[("k", vec![Int(1), Float(2.0)]), ("l", vec![Int(0), Absent])]);
        let expected = "('k', (1, 2.0))\n('l', (0, None))\n\n";
        assert_eq!(pprint(Shape::Keyed, 10, pieces(&stats)), expected);
        assert_eq!(pprint(Shape::Whole, 10, pieces(&whole(&[Int(7)]))), "7\n\n");
        assert_eq!(pprint(Shape::Whole, 10, pieces(&whole(&[Int(7), Absent]))), "(7, None)\n\n");
    }
}
