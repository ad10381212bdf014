//! What the `print()` of Spark's Scala API prints: the Time in milliseconds, rows as `println` shows
//! them.
//!
//! A tuple is `(kafka,4)`: nothing in it is quoted or escaped, so a comma or a parenthesis of a key
//! cannot be told from those around it, as in Spark. Of what there is none is nothing. Doubles are
//! written as Java's `Double.toString` does since Java 19: the fewest digits that read back, two at least;
//! from a thousandth to ten millions with a point, beyond that as `1.5E7`.

use std::io::Write;

use super::{Dialect, Printed};
use crate::clock::Stamp;
use crate::clock::clockface::Clockface;
use crate::format::{Row, Spec, number};
use crate::part::{Ability, Header, Times};
use crate::report::value::Value;

/// The format, for the table.
pub const SPEC: Spec = Spec {
    name: "scala",
    help: "each batch as print() of Spark's Scala API prints it",
    extension: "txt",
    can: Ability { prints_part: true, times: Times::Own, header: Header::None, of_counts: false },
    build: |settings| Box::new(Printed::<Scala>::new(settings)),
};

struct Scala;

impl Dialect for Scala {
    fn time(out: &mut Vec<u8>, _: &Clockface, time: Stamp) {
        write!(out, "{} ms", time.0).expect("a Vec takes all bytes");
    }

    fn row(out: &mut Vec<u8>, row: Row<'_>) {
        match row {
            Row::Record(record) => text(out, record),
            Row::Pair(key, value) => {
                out.push(b'(');
                text(out, key.unwrap_or_default());
                out.push(b',');
                text(out, value);
                out.push(b')');
            }
            Row::Keyed(key, values) => {
                out.push(b'(');
                text(out, key.unwrap_or_default());
                out.push(b',');
                write_values(out, values);
                out.push(b')');
            }
            Row::Whole(values) => write_values(out, values),
        }
    }
}

/// Appends the values of a row: one stands alone, several are a tuple.
fn write_values(out: &mut Vec<u8>, values: &[Value]) {
    if let [value] = values {
        return write_value(out, value);
    }
    out.push(b'(');
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write_value(out, value);
    }
    out.push(b')');
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::None => {}
        &Value::Int(value) => number::int(out, value),
        &Value::Float(value) => double(out, value),
        Value::Bytes(bytes) | Value::Json(bytes) => text(out, &bytes.0),
        // What groupByKey gives there.
        Value::List(texts) => {
            out.extend_from_slice(b"CompactBuffer(");
            for (place, bytes) in texts.iter().enumerate() {
                out.extend_from_slice(if place > 0 { b", " } else { b"" });
                text(out, bytes);
            }
            out.push(b')');
        }
    }
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(String::from_utf8_lossy(bytes).as_bytes());
}

/// Appends a double as `Double.toString` does.
fn double(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if size.is_infinite() {
        out.extend_from_slice(b"Infinity");
    } else if size == 0.0 {
        out.extend_from_slice(b"0.0");
    } else if (1e-3..1e7).contains(&size) {
        number::double(out, size);
    } else {
        let (digits, exponent) = number::digits(size);
        out.push(digits[0]);
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
        write!(out, "E{exponent}").expect("a Vec takes all bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::samples::{batch, keyless, pairs, pieces, records, report, settings, whole};
    use crate::format::{Rows, Shape};
    use crate::report::value::Value::{Float, Int, None as Absent};
    use proptest::prelude::*;

    fn scala(shape: Shape, rows: Vec<Rows<'_>>) -> String {
        let rule = "-".repeat(43);
        let head = format!("{rule}\nTime: 1544491881000 ms\n{rule}\n");
        let text = batch(&SPEC, &settings(shape, &["value"]), rows);
        text.strip_prefix(&head).expect("every batch has its header").to_owned()
    }

    #[test]
    fn each_shape_has_its_form() {
        let counts = report(&[("kafka", vec![Int(4)]), ("a,b", vec![Int(-2)])]);
        assert_eq!(scala(Shape::Keyed, pieces(&counts)), "(kafka,4)\n(a,b,-2)\n\n");
        let lines = records(&[&b"it's\t"[..], b"", b"a\xffb"]);
        let expected = "it's\t\n\na\u{fffd}b\n\n";
        assert_eq!(scala(Shape::Records, vec![Rows::of(&lines)]), expected);
        let halves = pairs(&[("it's", "a b"), ("", "é")]);
        assert_eq!(scala(Shape::Pairs, vec![Rows::of(&halves)]), "(it's,a b)\n(,é)\n\n");
        assert_eq!(scala(Shape::Pairs, vec![Rows::of(&keyless("v"))]), "(,v)\n(,v)\n\n");
        let stats = report(&[("k", vec![Int(3), Int(1), Float(5.0)]), ("l", vec![Int(0); 3])]);
        assert_eq!(scala(Shape::Keyed, pieces(&stats)), "(k,(3,1,5.0))\n(l,(0,0,0))\n\n");
        assert_eq!(scala(Shape::Whole, pieces(&whole(&[Int(7)]))), "7\n\n");
        assert_eq!(scala(Shape::Whole, pieces(&whole(&[Int(0), Absent]))), "(0,)\n\n");
    }

    fn written(value: f64) -> String {
        let mut out = Vec::new();
        double(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        let table = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (9.99e-4, "9.99E-4"),
            (1e-5, "1.0E-5"),
            (9999999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (-12345678.5, "-1.23456785E7"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e22, "1.0E22"),
            (1e23, "1.0E23"),
            (2e23, "2.0E23"),
            (5e-324, "4.9E-324"),
            (9.9e-324, "9.9E-324"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ];
        for (value, expected) in table {
            assert_eq!(written(value), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_double(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(written(value).parse::<f64>().unwrap().to_bits(), bits);
        }
    }
}
