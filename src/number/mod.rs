//! Numbers as they stand in records: exact where 64 bits before the point and 18 digits after it do.
//!
//! ```text
//! -12       sign, digits                    the integer -12
//! -12.5     sign, digits, point, digits     -12,500,000,000,000,000,000 attos
//! 1.5e3     ... and an exponent             1500 times as many as one has
//! 1e30      beyond these                    the nearest double
//! ```
//!
//! Integers and attos are whole numbers, so their sums are exact in whatever order they are made. White
//! space may stand around a number. Hexadecimal digits, digit groups, units, nan and inf are none. Only what is
//! written without point and exponent is an integer.

mod comparison;
mod exact;
mod pair;
pub mod wide;

use std::cmp::Ordering;

pub use comparison::Comparison;
pub use exact::ExactSum;
pub use pair::Pair;

/// How many attos are one.
pub const ATTOS: i64 = 1_000_000_000_000_000_000;

/// The most digits that a number may have: longer ones are garbage, or an attack.
const LONGEST: usize = 400;

/// So many digits always fit into 63 bits.
const SURE: usize = 18;

/// A number, as exact as it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Digits alone.
    Integer(i64),
    /// With a point or an exponent, and held exactly.
    Decimal(Fixed),
    /// What is too large or too fine for that: the nearest double, which is finite.
    Double(f64),
}

/// A number with a fixed point, as a whole number of attos: 10^-18. At most 2^63 ones, which are less than 2^123.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed(i128);

/// Why some bytes are no number that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// They are not written as numbers are.
    NoNumber,
    /// An integer that 64 bits do not hold.
    Beyond64Bits,
    /// Its size is that of no double.
    BeyondDouble,
    /// It has more than 400 digits.
    TooLong,
}

impl Refused {
    /// In words, as the reason why a record is bad.
    pub fn reason(self) -> &'static str {
        match self {
            Refused::NoNumber => "no number",
            Refused::Beyond64Bits => "an integer beyond 64 bits",
            Refused::BeyondDouble => "a number beyond what a double holds",
            Refused::TooLong => "a number of more than 400 digits",
        }
    }
}

impl Number {
    /// Reads a number, with white space around it.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Number, Refused> {
        match brief(bytes) {
            Some(number) => Ok(number),
            None => Number::read_any(bytes),
        }
    }

    /// Reads a number of any length, with white space around it.
    fn read_any(bytes: &[u8]) -> Result<Number, Refused> {
        let text = bytes.trim_ascii();
        let (is_negative, digits) = match text.first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let turn = |size: u64| if is_negative { -(size as i64) } else { size as i64 };
        let (whole, length) = leading(digits);
        if length == digits.len() && length > 0 && length <= SURE {
            return Ok(Number::Integer(turn(whole)));
        }
        if length <= SURE && digits.get(length) == Some(&b'.') {
            let behind = &digits[length + 1..];
            let (fraction, places) = leading(behind);
            if places == behind.len() && places <= SURE && places + length > 0 {
                let atto = fraction * POWERS[SURE - places];
                return Ok(Number::Decimal(Fixed::new(turn(whole), turn(atto))));
            }
        }
        unusual(text, is_negative, digits)
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Integer(whole) => whole as f64,
            Number::Decimal(fixed) => fixed.to_f64(),
            Number::Double(double) => double,
        }
    }

    /// What is held exactly, if it is.
    #[inline]
    pub fn fixed(self) -> Option<Fixed> {
        match self {
            Number::Integer(whole) => Some(Fixed::new(whole, 0)),
            Number::Decimal(fixed) => Some(fixed),
            Number::Double(_) => None,
        }
    }

    /// Compares sizes: exactly where both are held exactly, else as doubles.
    pub fn compare(self, other: Number) -> Ordering {
        match (self.fixed(), other.fixed()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => {
                let (one, other) = (self.to_f64(), other.to_f64());
                one.partial_cmp(&other).expect("a number is not NaN")
            }
        }
    }
}

impl Fixed {
    /// What stands before the point, and what stands behind it in attos.
    #[inline]
    fn new(whole: i64, atto: i64) -> Fixed {
        Fixed(i128::from(whole) * i128::from(ATTOS) + i128::from(atto))
    }

    /// All of it in attos.
    #[inline]
    pub fn attos(self) -> i128 {
        self.0
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        let (size, one) = (self.0.unsigned_abs(), ATTOS as u128);
        let double = of_size(size / one, (size % one) as u64);
        if self.0 < 0 { -double } else { double }
    }
}

/// The double that is nearest to a sum of wholes and a sum of attos, whose signs may differ.
pub fn nearest(whole: i128, atto: i128) -> f64 {
    let one = i128::from(ATTOS);
    let (floor, rest) = (whole + atto.div_euclid(one), atto.rem_euclid(one));
    // Digits are those of the size, whatever the sign.
    let (size, rest) = match floor < 0 {
        true if rest > 0 => ((floor + 1).unsigned_abs(), one - rest),
        _ => (floor.unsigned_abs(), rest),
    };
    let double = of_size(size, rest as u64);
    if floor < 0 { -double } else { double }
}

/// The double that is nearest to a size: what stands before the point, and behind it in attos.
fn of_size(whole: u128, atto: u64) -> f64 {
    if atto == 0 {
        return whole as f64;
    }
    short(whole, atto).unwrap_or_else(|| {
        format!("{whole}.{atto:018}").parse().expect("digits and a point are a double")
    })
}

/// The nearest double of few digits: a division of two numbers that doubles hold exactly is rounded once.
fn short(whole: u128, mut rest: u64) -> Option<f64> {
    let mut places = SURE;
    while rest.is_multiple_of(1000) {
        (rest, places) = (rest / 1000, places - 3);
    }
    while rest.is_multiple_of(10) {
        (rest, places) = (rest / 10, places - 1);
    }
    let power = POWERS[places];
    let digits = whole.checked_mul(u128::from(power))?.checked_add(u128::from(rest))?;
    (digits < 1 << 53).then(|| digits as f64 / power as f64)
}

/// The powers of ten, from 10^0 to 10^18.
const POWERS: [u64; SURE + 1] = {
    let mut powers = [1; SURE + 1];
    let mut at = 1;
    while at <= SURE {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Each byte of a word the same.
const fn bytes(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Reads a number of up to eight bytes, most of which have no others: all bytes at once, without a loop and
/// without a branch for each length. `None` if it is longer or not so plain.
///
/// ```text
/// - 1 2 . 5            word, the first byte lowest
///       - 1 2 . 5      moved to the end of eight bytes
///       0 1 2 . 5      without the sign
///       0 0 1 2 5      without the point
/// ```
#[inline(always)]
fn brief(text: &[u8]) -> Option<Number> {
    let length = text.len();
    let half =
        |at: usize| text[at..].first_chunk().map(|half| u64::from(u32::from_le_bytes(*half)));
    let word = match length {
        8 => u64::from_le_bytes(*text.first_chunk()?),
        4..8 => half(0)? | half(length - 4)? << (8 * (length - 4)),
        // One, two or three bytes: the middle one is the first or the last, if there are not three.
        1..4 => {
            let at = |index: usize| u64::from(text[index]) << (8 * index);
            at(0) | at(length / 2) | at(length - 1)
        }
        _ => return None,
    };
    let (is_negative, first) = (text[0] == b'-', 64 - 8 * length as u32);
    let digits = (word ^ bytes(b'0')) << first;
    let digits = if is_negative { digits & !(0xff << first) } else { digits };
    // Of all that a number is written with, only digits do not have this bit by now.
    let other = digits & bytes(0x10);
    if other == 0 {
        let is_one = are_digits(digits) && length > usize::from(is_negative);
        let size = eight(digits) as i64;
        return is_one.then_some(Number::Integer(if is_negative { -size } else { size }));
    }
    let at = other.trailing_zeros() & !7;
    let is_point = (digits >> at) as u8 == b'.' ^ b'0';
    let all = (digits & !(u64::MAX << at)) << 8 | digits & u64::MAX << at << 8;
    if !is_point || !are_digits(all) || length == 1 + usize::from(is_negative) {
        return None;
    }
    let places = 7 - at as usize / 8;
    let attos = u128::from(eight(all)) * u128::from(POWERS[SURE - places]);
    Some(Number::Decimal(Fixed(if is_negative { -(attos as i128) } else { attos as i128 })))
}

/// True if each byte is a digit's value.
#[inline(always)]
fn are_digits(word: u64) -> bool {
    // A byte above 9 has its highest bit set, or gets it by adding so much that 9 does not.
    (word.wrapping_add(bytes(0x76)) | word) & bytes(0x80) == 0
}

/// The number that eight digits' values are, the lowest byte first: pairs of them, then fours, then all.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// The number that the first digits are, and how many these are; of more than 18 digits only that.
#[inline(always)]
fn leading(bytes: &[u8]) -> (u64, usize) {
    let (mut number, mut length) = (0u64, 0);
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        length += 1;
    }
    (number, length)
}

/// Reads what has an exponent or many digits, or is no number at all.
#[cold]
fn unusual(text: &[u8], is_negative: bool, digits: &[u8]) -> Result<Number, Refused> {
    let (_, before) = leading(digits);
    let rest = &digits[before..];
    let (behind, rest) = match rest.split_first() {
        Some((b'.', rest)) => rest.split_at(leading(rest).1),
        _ => (&b""[..], rest),
    };
    let is_integer = before == digits.len();
    if before + behind.len() == 0 || !is_exponent(rest) {
        return Err(Refused::NoNumber);
    }
    if before + behind.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    let text = str::from_utf8(text).map_err(|_| Refused::NoNumber)?;
    if is_integer {
        return text.parse().map(Number::Integer).map_err(|_| Refused::Beyond64Bits);
    }
    let all: Vec<u8> = digits[..before].iter().chain(behind).copied().collect();
    if let Some(fixed) = exponent(rest).and_then(|power| fixed(&all, power - behind.len() as i64)) {
        return Ok(Number::Decimal(if is_negative { Fixed(-fixed.0) } else { fixed }));
    }
    let double: f64 = text.parse().map_err(|_| Refused::NoNumber)?;
    if double.is_finite() { Ok(Number::Double(double)) } else { Err(Refused::BeyondDouble) }
}

/// True if these bytes are an exponent, or nothing.
fn is_exponent(bytes: &[u8]) -> bool {
    let digits = match bytes {
        [] => return true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => digits,
        _ => return false,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The exponent that these bytes are; none if it is of no size that matters.
fn exponent(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [] => Some(0),
        [_, digits @ ..] => str::from_utf8(digits).ok()?.parse::<i32>().ok().map(i64::from),
    }
}

/// Digits times a power of ten, if that is held exactly.
fn fixed(digits: &[u8], power: i64) -> Option<Fixed> {
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    let (digits, power) = (&digits[..digits.len() - zeros], power + zeros as i64);
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let digits = &digits[first..];
    // 19 digits before the point and 18 behind it are fewer than 38, which 128 bits hold.
    if digits.len() > 37 {
        return None;
    }
    if digits.is_empty() {
        return Some(Fixed(0));
    }
    let number = digits.iter().fold(0u128, |all, digit| all * 10 + u128::from(digit - b'0'));
    let shift = u32::try_from(power + SURE as i64).ok()?;
    let attos = number.checked_mul(10u128.checked_pow(shift)?)?;
    // What 63 bits do not hold before the point is a double, as an integer beyond them is none.
    (attos >> 63 < ATTOS as u128).then_some(Fixed(attos as i128))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(whole: i64, atto: i64) -> Result<Number, Refused> {
        Ok(Number::Decimal(Fixed::new(whole, atto)))
    }

    #[test]
    fn what_is_written_as_a_number_is_one() {
        let half = ATTOS / 2;
        let table = [
            ("0", Ok(Number::Integer(0))),
            ("007", Ok(Number::Integer(7))),
            (" \t-7\r\n", Ok(Number::Integer(-7))),
            ("+7", Ok(Number::Integer(7))),
            ("9223372036854775807", Ok(Number::Integer(i64::MAX))),
            ("-9223372036854775808", Ok(Number::Integer(i64::MIN))),
            ("0000000000000000000000000000001", Ok(Number::Integer(1))),
            ("-12.5", decimal(-12, -half)),
            (".5", decimal(0, half)),
            ("-.5", decimal(0, -half)),
            ("5.", decimal(5, 0)),
            ("1.5e3", decimal(1500, 0)),
            ("1e2", decimal(100, 0)),
            ("5E-1", decimal(0, half)),
            ("-500e-3", decimal(0, -half)),
            ("1.000000000000000000000", decimal(1, 0)),
            ("0.000000000000000001", decimal(0, 1)),
            ("9223372036854775807.999999999999999999", decimal(i64::MAX, ATTOS - 1)),
            ("0e999999999999", Ok(Number::Double(0.0))),
            ("0.0000000000000000001", Ok(Number::Double(1e-19))),
            ("-1e30", Ok(Number::Double(-1e30))),
            ("1e-999", Ok(Number::Double(0.0))),
        ];
        for (text, number) in table {
            assert_eq!(Number::read(text.as_bytes()), number, "{text:?}");
        }
    }

    #[test]
    fn what_is_none_says_why() {
        let none = [
            "", " ", "-", "+", ".", "-.", "e5", "1e", "1e+", "1e5.0", "1 2", "1,234", "0x10",
            "12ms", "nan", "NaN", "inf", "-inf", "infinity", "--1", "+-1", "1.2.3", "1_000",
            "\u{661}", "1\0", "½",
        ];
        for text in none {
            assert_eq!(Number::read(text.as_bytes()), Err(Refused::NoNumber), "{text:?}");
        }
        assert_eq!(Number::read(b"\xff1"), Err(Refused::NoNumber));
        assert_eq!(Number::read(b"9223372036854775808"), Err(Refused::Beyond64Bits));
        assert_eq!(Number::read(b"-9223372036854775809"), Err(Refused::Beyond64Bits));
        assert_eq!(Number::read(b"1e999"), Err(Refused::BeyondDouble));
        assert_eq!(Number::read("7".repeat(401).as_bytes()), Err(Refused::TooLong));
        assert_eq!(Number::read("7".repeat(400).as_bytes()), Err(Refused::Beyond64Bits));
    }

    proptest! {
        #[test]
        fn short_numbers_are_read_as_long_ones_are(
            text in prop_oneof!["-?[0-9]{0,5}\\.?[0-9]{0,4}", "[-+.0-9e \n/:]{0,9}"],
        ) {
            if let Some(number) = brief(text.as_bytes()) {
                prop_assert_eq!(Ok(number), Number::read_any(text.as_bytes()), "{:?}", text);
            }
            let plain = Number::read_any(text.as_bytes()).is_ok() && text.len() <= 8;
            let is_odd = text.contains([' ', '\n', '+', 'e']);
            prop_assert_eq!(plain && !is_odd, brief(text.as_bytes()).is_some(), "{:?}", text);
        }

        #[test]
        fn a_number_is_what_the_library_reads(
            sign in prop::sample::select(vec!["", "-", "+"]),
            whole in "[0-9]{0,22}", fraction in prop::option::of("[0-9]{0,22}"),
            power in prop::option::of(-30i32..30),
        ) {
            let mut text = format!("{sign}{whole}");
            fraction.iter().for_each(|fraction| text.push_str(&format!(".{fraction}")));
            power.iter().for_each(|power| text.push_str(&format!("e{power}")));
            let is_integer = fraction.is_none() && power.is_none();
            match (Number::read(text.as_bytes()), text.parse::<f64>()) {
                (Ok(number), Ok(double)) => prop_assert_eq!(number.to_f64(), double, "{}", text),
                (Err(Refused::Beyond64Bits), Ok(_)) => {
                    prop_assert!(is_integer && text.parse::<i64>().is_err(), "{}", text);
                }
                (read, double) => prop_assert!(read.is_err() && double.is_err(), "{}", text),
            }
        }

        #[test]
        fn any_bytes_are_a_number_or_none(bytes in prop::collection::vec(
            prop::sample::select(&b"0129.eE+- \xff"[..]), 0..30,
        )) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let is_one = text.trim().parse::<f64>().is_ok();
            prop_assert_eq!(Number::read(&bytes) != Err(Refused::NoNumber), is_one, "{}", text);
        }

        #[test]
        fn sums_of_halves_are_rounded_once(
            wholes in any::<i32>(), attos in any::<i64>(), many in 1i128..1000,
        ) {
            let (whole, atto) = (i128::from(wholes) * many, i128::from(attos) * many);
            let all = num(whole, atto);
            prop_assert_eq!(nearest(whole, atto), all.parse::<f64>().unwrap(), "{}", all);
        }

        #[test]
        fn numbers_are_ordered_by_their_size(one in "-?[0-9]{1,3}(\\.[0-9]{0,4})?", other in "-?[0-9]{1,3}(\\.[0-9]{0,4})?") {
            let (a, b) = (Number::read(one.as_bytes()).unwrap(), Number::read(other.as_bytes()).unwrap());
            let (x, y) = (one.parse::<f64>().unwrap(), other.parse::<f64>().unwrap());
            prop_assert_eq!(Some(a.compare(b)), x.partial_cmp(&y));
        }
    }

    /// A sum, written out.
    fn num(whole: i128, atto: i128) -> String {
        let attos = whole.checked_mul(i128::from(ATTOS)).and_then(|all| all.checked_add(atto));
        let attos = attos.expect("small enough to be written so");
        let (sign, size) = (if attos < 0 { "-" } else { "" }, attos.unsigned_abs());
        format!("{sign}{}.{:018}", size / ATTOS as u128, size % ATTOS as u128)
    }
}
