//! Numbers of programs: integers, doubles, and numbers that nobody has calculated with.
//!
//! ```text
//! 7340012345678901235   an integer: exact, also in sums and products that 64 bits hold
//! 1.50, 1e400, 10^20    as it stands in the record, until it is calculated with: then a double
//! 1 / 3                 a double, in the fewest digits that read back
//! ```
//!
//! jq knows doubles alone. What it prints of a result is printed here too, as long as its 53 bits are exact.

use std::cmp::Ordering;
use std::io::Write;
use std::sync::Arc;

use super::text::{Text, room};
use super::{COUNTS, heap};
use crate::jq::meter;

/// A number.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer of 64 bits.
    Int(i64),
    /// A double, which may be infinite or NaN.
    Float(f64),
    /// A number as it is written.
    Written(Arc<Written>),
}

/// A number as it is written, and what it is.
#[derive(Debug)]
pub struct Written {
    text: Text,
    double: f64,
}

/// Up to here each integer is a double.
const EXACT: f64 = (1u64 << 53) as f64;

impl Number {
    /// Reads a number of JSON.
    pub fn read(text: &[u8]) -> Number {
        if text != b"-0"
            && let Some(whole) = whole(text)
        {
            return Number::Int(whole);
        }
        meter::bytes(heap(COUNTS + size_of::<Written>()) + room(text.len()));
        let double = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        let double = double.unwrap_or(f64::NAN);
        Number::Written(Arc::new(Written { text: Text::new(text), double }))
    }

    /// Reads a number that JSON would have without a sign, a nought or a point, as `+5`, `007` and `.5`.
    pub fn spelled(text: &[u8]) -> Option<Number> {
        let text = std::str::from_utf8(text).ok()?.trim_ascii();
        // Words are numbers to others.
        if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !byte.eq_ignore_ascii_case(&b'e'))
        {
            return None;
        }
        match text.parse() {
            Ok(whole) => Some(Number::Int(whole)),
            Err(_) => text.parse().ok().map(Number::of),
        }
    }

    /// The numbers from one to before another, by steps; none by steps of nothing.
    pub fn range(from: Number, to: Number, by: Number) -> impl Iterator<Item = Number> {
        let ahead = by.order(&Number::Int(0));
        let mut next = from;
        std::iter::from_fn(move || {
            let is_before = next.order(&to) == ahead.reverse() && ahead.is_ne();
            let after = next.calculate(&by, i64::checked_add, |a, b| a + b);
            is_before.then(|| std::mem::replace(&mut next, after))
        })
    }

    /// A result: an integer where it is one.
    pub fn of(double: f64) -> Number {
        let is_whole = double.abs() <= EXACT && double.fract() == 0.0;
        match is_whole && !(double == 0.0 && double.is_sign_negative()) {
            true => Number::Int(double as i64),
            false => Number::Float(double),
        }
    }

    /// The nearest double.
    pub fn double(&self) -> f64 {
        match self {
            Number::Int(whole) => *whole as f64,
            Number::Float(double) => *double,
            Number::Written(written) => written.double,
        }
    }

    /// The integer that it is, if it is one of 64 bits.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Number::Int(whole) => Some(*whole),
            other => {
                let double = other.double();
                let fits = double.fract() == 0.0 && double.abs() < 9.2e18;
                fits.then_some(double as i64)
            }
        }
    }

    /// Calculates with integers, as long as these suffice, else with doubles.
    pub fn calculate(
        &self,
        other: &Number,
        whole: impl Fn(i64, i64) -> Option<i64>,
        double: impl Fn(f64, f64) -> f64,
    ) -> Number {
        if let (Number::Int(a), Number::Int(b)) = (self, other)
            && let Some(result) = whole(*a, *b)
        {
            return Number::Int(result);
        }
        Number::of(double(self.double(), other.double()))
    }

    /// By size; what is no number (NaN) is less than any, also than itself, so it is never equal. An integer is not
    /// rounded for it: two that are not the same would each be the same as the double that is nearest to both.
    pub fn order(&self, other: &Number) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(b),
            (Number::Int(a), b) => beside(*a, b.double()),
            (a, Number::Int(b)) => beside(*b, a.double()).reverse(),
            (a, b) => {
                let (a, b) = (a.double(), b.double());
                let not_numbers = || if a.is_nan() { Ordering::Less } else { Ordering::Greater };
                a.partial_cmp(&b).unwrap_or_else(not_numbers)
            }
        }
    }

    /// Appends it as JSON; what JSON has no number for as jq does: null, and the largest double.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Number::Int(whole) => write_whole(*whole, out),
            Number::Written(written) => out.extend_from_slice(&written.text),
            Number::Float(double) if double.is_nan() => out.extend_from_slice(b"null"),
            Number::Float(double) => write_double(double.clamp(f64::MIN, f64::MAX), out),
        }
    }
}

/// The integer that is written so, if it is one of 64 bits.
fn whole(text: &[u8]) -> Option<i64> {
    let (digits, is_negative) = text.strip_prefix(b"-").map_or((text, false), |rest| (rest, true));
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut whole = 0u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Nineteen digits of nine are less than what 64 bits hold.
        whole = whole * 10 + u64::from(digit - b'0');
    }
    match is_negative {
        true => 0i64.checked_sub_unsigned(whole),
        false => i64::try_from(whole).ok(),
    }
}

/// How an integer compares with a double: by its whole part, and then by whether there is more.
fn beside(whole: i64, double: f64) -> Ordering {
    match i128::from(whole).cmp(&(double.floor() as i128)) {
        _ if double.is_nan() => Ordering::Greater,
        Ordering::Equal if double.fract() != 0.0 => Ordering::Less,
        order => order,
    }
}

fn write_whole(whole: i64, out: &mut Vec<u8>) {
    // Memory has no errors.
    let _ = write!(out, "{whole}");
}

/// Writes the fewest digits that read back; with an exponent where jq does.
fn write_double(double: f64, out: &mut Vec<u8>) {
    let shown = format!("{double:e}");
    let (digits, exponent) = shown.split_once('e').expect("it is written with an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let digits = digits.replace('.', "");
    out.extend_from_slice(sign.as_bytes());
    // The point stands behind so many digits.
    let (point, count) = (exponent + 1, digits.len() as i32);
    let text = if point <= -4 || point > count + 15 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let (sign, size) = if exponent < 0 { ('-', -exponent) } else { ('+', exponent) };
        format!("{first}{point}{rest}e{sign}{size:02}")
    } else if point <= 0 {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else if point >= count {
        format!("{digits}{}", "0".repeat((point - count) as usize))
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        format!("{whole}.{fraction}")
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: &Number) -> String {
        let mut out = Vec::new();
        number.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_number_keeps_its_text_until_it_is_calculated_with() {
        for text in
            ["0", "-1", "-0", "1.50", "1e400", "9223372036854775807", "-9223372036854775808"]
        {
            assert_eq!(shown(&Number::read(text.as_bytes())), text);
        }
        let big = Number::read(b"100000000000000000001");
        assert_eq!(shown(&big), "100000000000000000001");
        let add = |a: &Number, b: &Number| a.calculate(b, i64::checked_add, |a, b| a + b);
        assert_eq!(shown(&add(&big, &Number::Int(1))), "1e+20");
        assert_eq!(shown(&add(&Number::read(b"1.50"), &Number::Int(1))), "2.5");
        assert_eq!(shown(&add(&Number::Int(i64::MAX), &Number::Int(1))), "9223372036854776000");
        assert_eq!(
            shown(&add(&Number::Int(9007199254740993), &Number::Int(1))),
            "9007199254740994"
        );
    }

    #[test]
    fn doubles_are_written_as_jq_writes_them() {
        let table = [
            (1e17, "1e+17"),
            (1e18, "1e+18"),
            (1e300, "1e+300"),
            (0.00001, "1e-05"),
            (0.0001, "0.0001"),
            (1.0 / 3.0, "0.3333333333333333"),
            (0.1 + 0.2, "0.30000000000000004"),
            (12345678901234567890123.0, "12345678901234568000000"),
            (-0.0, "-0"),
            (-2.5e-7, "-2.5e-07"),
            (f64::INFINITY, "1.7976931348623157e+308"),
            (f64::NAN, "null"),
        ];
        for (double, expected) in table {
            assert_eq!(shown(&Number::Float(double)), expected);
        }
    }

    #[test]
    fn integers_are_ordered_exactly_and_what_is_no_number_is_least() {
        let [a, b] = [Number::Int(i64::MAX), Number::Int(i64::MAX - 1)];
        assert_eq!(a.order(&b), Ordering::Greater);
        assert_eq!(Number::Float(f64::NAN).order(&Number::Float(f64::NAN)), Ordering::Less);
        assert_eq!(Number::Float(f64::NAN).order(&Number::Int(i64::MIN)), Ordering::Less);
        assert_eq!(Number::Int(1).order(&Number::Float(f64::NAN)), Ordering::Greater);
        assert_eq!(Number::read(b"1.0").order(&Number::Int(1)), Ordering::Equal);
    }
}
