//! How numbers are written, in every format alike.
//!
//! It is Python's way, because `pprint` prints what PySpark prints. The fewest digits that read
//! back as the same double, always with `.0` or an exponent, are also numbers to JSON and to awk,
//! so no other format needs a way of its own.

use std::fmt::Arguments;
use std::io::Write;

/// Appends an integer.
pub(crate) fn int(out: &mut Vec<u8>, value: i64) {
    // Most counts of a report of millions of keys have one digit.
    match u8::try_from(value) {
        Ok(digit @ 0..10) => out.push(b'0' + digit),
        _ => write!(out, "{value}").expect("a Vec takes all bytes"),
    }
}

/// Appends a double as Python's `repr(float)` does.
pub(crate) fn double(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if value.is_nan() {
        out.extend_from_slice(b"nan");
    } else if size.is_infinite() {
        out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
    } else if size == 0.0 || (1e-4..1e16).contains(&size) {
        positional(out, value);
    } else {
        scientific(out, value);
    }
}

/// Appends `0.0001`, `1.0`.
fn positional(out: &mut Vec<u8>, value: f64) {
    let start = out.len();
    write!(out, "{value}").expect("a Vec takes all bytes");
    match out[start..].iter().position(|&byte| byte == b'.') {
        Some(point) => {
            let decimals = out.len() - start - point - 1;
            settle(out, start, value, format_args!("{value:.decimals$}"));
        }
        None => out.extend_from_slice(b".0"),
    }
}

/// Appends `1.5e+300`, `1e-05`: the exponent has a sign and at least two digits.
fn scientific(out: &mut Vec<u8>, value: f64) {
    let start = out.len();
    write!(out, "{value:e}").expect("a Vec takes all bytes");
    let place = |out: &[u8], byte| out[start..].iter().position(|&other| other == byte);
    let e = place(out, b'e').expect("{:e} writes an e");
    if let Some(point) = place(out, b'.') {
        let decimals = e - point - 1;
        settle(out, start, value, format_args!("{value:.decimals$e}"));
    }
    let exponent = out.split_off(start + e + 1);
    let (sign, digits) = match exponent.strip_prefix(b"-") {
        Some(digits) => (b'-', digits),
        None => (b'+', &exponent[..]),
    };
    out.push(sign);
    if digits.len() < 2 {
        out.push(b'0');
    }
    out.extend_from_slice(digits);
}

/// The digits of a finite double above zero, two at least, and the power of ten of the first one.
///
/// They are the fewest that read back; where one digit does, the two that are nearest.
pub(crate) fn digits(value: f64) -> (Vec<u8>, i32) {
    let mut text = Vec::new();
    scientific(&mut text, value);
    if text.get(1) != Some(&b'.') {
        text = format!("{value:.1e}").into_bytes();
    }
    let e = text.iter().position(|&byte| byte == b'e').expect("an exponent is always written");
    let exponent = std::str::from_utf8(&text[e + 1..]).ok().and_then(|text| text.parse().ok());
    text.truncate(e);
    text.remove(1);
    (text, exponent.expect("the exponent is a number"))
}

/// Takes Python's choice where two texts of the same length are equally near to the value.
///
/// It is the even one; that of Rust's shortest text is the greater: 651847949857580.25 is `….2` to
/// the one and `….3` to the other. `exact` has as many digits, and rounds as Python does.
fn settle(out: &mut Vec<u8>, start: usize, value: f64, exact: Arguments<'_>) {
    // Doubles tell any two numbers of 15 digits apart, so that shorter texts have no rival.
    if out.len() - start < 15 {
        return;
    }
    let exact = exact.to_string();
    // Next to a power of two the nearest text may be none that reads back.
    if exact.as_bytes() != &out[start..] && exact.parse() == Ok(value) {
        out.truncate(start);
        out.extend_from_slice(exact.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> String {
        let mut out = Vec::new();
        double(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_written_as_python_writes_them() {
        let table = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e15, "1000000000000000.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (-123456789012345680.0, "-1.2345678901234568e+17"),
            (1e-4, "0.0001"),
            (9.999999999999999e-5, "9.999999999999999e-05"),
            (1e-5, "1e-05"),
            (-1.5e-10, "-1.5e-10"),
            (651847949857580.0 + 0.25, "651847949857580.2"),
            (-1703180826890560.0 - 0.25, "-1703180826890560.2"),
            (1703180826890560.0 + 0.75, "1703180826890560.8"),
            (1e22, "1e+22"),
            (1e23, "1e+23"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (value, expected) in table {
            assert_eq!(written(value), expected);
        }
    }

    #[test]
    fn integers_are_written_whole() {
        let mut out = Vec::new();
        [0, -5, i64::MIN, i64::MAX].into_iter().for_each(|value| int(&mut out, value));
        assert_eq!(out, b"0-5-92233720368547758089223372036854775807");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_double(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            prop_assert_eq!(written(value).parse::<f64>().unwrap().to_bits(), bits);
        }
    }
}
