//! Numbers: any bytes are one or none, as a plain reading of them says, and compare as they are; a sum of any
//! bytes is one, or is refused.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use weir::number::{Comparison, ExactSum, Number, Refused};

/// True if some text is written as a number is.
fn is_number(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (size, exponent) = at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    let is_exponent = exponent.is_none_or(|exponent| {
        let bare = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+"));
        let bare = bare.unwrap_or(exponent);
        !bare.is_empty() && digits(bare)
    });
    let mut halves = size.splitn(2, |&byte| byte == b'.');
    let (whole, behind) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    is_exponent && digits(whole) && digits(behind) && whole.len() + behind.len() > 0
}

/// Reads a number, and looks at it.
fn read(text: &[u8]) -> Option<Number> {
    let number = match Number::read(text) {
        Ok(number) => number,
        Err(why) => {
            assert_eq!(why == Refused::NoNumber, !is_number(text), "{why:?}");
            return None;
        }
    };
    assert!(is_number(text));
    let double: f64 =
        std::str::from_utf8(text.trim_ascii()).expect("digits").parse().expect("a number");
    // Exponents that are no numbers of 32 bits are of no size that matters; elsewhere it is the nearest one.
    assert!(number.to_f64() == double, "{number:?} {double}");
    assert_eq!(number.compare(number), Ordering::Equal);
    Some(number)
}

fuzz_target!(|bytes: &[u8]| {
    let mut texts = bytes.split(|&byte| byte == 0);
    let mut text = || texts.next().unwrap_or_default();
    let (one, other, typed) = (text(), text(), text());
    if let (Some(one), Some(other)) = (read(one), read(other)) {
        let order = one.compare(other);
        assert_eq!(order, other.compare(one).reverse());
        let doubles = one.to_f64().partial_cmp(&other.to_f64()).expect("no NaN");
        assert!(doubles == order || doubles == Ordering::Equal);
    }
    if let Ok(typed) = std::str::from_utf8(typed)
        && let Ok(comparison) = Comparison::read(typed)
    {
        let again = Comparison::read(&comparison.text()).expect("as it is shown it is typed");
        assert_eq!((again.than, again.text()), (comparison.than, comparison.text()));
    }
    let mut rest = bytes;
    if let Some(sum) = ExactSum::<34>::load(&mut rest) {
        let mut saved = Vec::new();
        sum.save(&mut saved);
        assert_eq!(ExactSum::load(&mut &saved[..]), Some(sum.clone()));
        let (nearest, mut twice) = (sum.to_f64(), sum.clone());
        assert_eq!(sum.is_zero(), nearest == 0.0);
        twice.merge(&sum);
        twice.unmerge(&sum);
        assert_eq!(twice, sum);
    }
});
