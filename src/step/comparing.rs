//! `--where 'OP N'`: keep what compares so as a number.
//!
//! Decimals are compared as they are written, to 18 digits behind the point, and what is larger or finer than
//! that as the nearest doubles. What is no number compares with none, not even by `!=`, so it is dropped as
//! `--filter` drops what does not match: it is not bad.

use std::cmp::Ordering;

use super::{Built, Spec, Step};
use crate::chunk::Chunk;
use crate::error::Error;
use crate::number::{Comparison, Number, Refused};
use crate::part::Flag;
use crate::units::pointed;

/// `--where`.
pub const WHERE: Spec = Spec {
    flag: Flag {
        name: "where",
        takes: &["OP N"],
        help: "Keep the records that compare so as numbers: '>= 500', '< 0.1', '!= 0'\n\n\
            The operators are > >= < <= = and !=, before a number. A number is a sign, digits, a fraction and \
            an exponent, with white space around it; 0x10, 1,234, 12ms, nan and inf are none. Decimals are \
            compared exactly, to 18 digits behind the point. What is no number is dropped, also by !=. The two stand in quotes, or the \
            shell takes > for itself.",
    },
    own: &[],
    build: |words, rows| {
        let typed = words.argument(0).to_string_lossy();
        let comparison = Comparison::read(&typed)
            .map_err(|(at, what)| format!("{what}\n{}", pointed(&typed, at)))?;
        let identity = vec![("--where".to_string(), comparison.text())];
        Ok(Built { step: Box::new(Where(comparison)), leaves: rows, identity })
    },
};

#[derive(Clone, Debug)]
struct Where(Comparison);

impl Where {
    fn is_wanted(&self, record: &[u8]) -> bool {
        compare(record, self.0.than).is_some_and(|order| self.0.is_wanted(order))
    }
}

/// How a record compares, if it is a number, however large.
fn compare(record: &[u8], than: Number) -> Option<Ordering> {
    match Number::read(record) {
        Ok(number) => Some(number.compare(than)),
        Err(Refused::NoNumber) => None,
        Err(Refused::Beyond64Bits | Refused::BeyondDouble) if than.fixed().is_some() => {
            let is_negative = record.trim_ascii().starts_with(b"-");
            Some(if is_negative { Ordering::Less } else { Ordering::Greater })
        }
        Err(_) => {
            let text = std::str::from_utf8(record.trim_ascii()).ok()?;
            text.parse::<f64>().ok()?.partial_cmp(&than.to_f64())
        }
    }
}

impl Step for Where {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.retain(|record| self.is_wanted(record));
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{applied, applied_to_pairs, built, built_for};
    use super::*;
    use crate::part::Shape;
    use proptest::prelude::*;

    fn kept(comparison: &str, records: &[&str]) -> Vec<String> {
        let records: Vec<_> = records.iter().map(|record| record.as_bytes()).collect();
        let kept = applied(&mut *built(&WHERE, &[comparison]).unwrap().fork(), &records);
        kept.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
    }

    #[test]
    fn numbers_are_compared_and_what_is_none_is_dropped() {
        let records = ["5", "-5", " 5.0\t", "5.000000000000000001", "x", "", "nan", "0x9", "6e0"];
        let table: [(&str, &[&str]); 6] = [
            ("> 5", &["5.000000000000000001", "6e0"]),
            (">=5", &["5", " 5.0\t", "5.000000000000000001", "6e0"]),
            (" < 5.0", &["-5"]),
            ("<= 5", &["5", "-5", " 5.0\t"]),
            ("= 50e-1", &["5", " 5.0\t"]),
            ("!= 5", &["-5", "5.000000000000000001", "6e0"]),
        ];
        for (comparison, expected) in table {
            assert_eq!(kept(comparison, &records), expected, "{comparison}");
        }
    }

    #[test]
    fn what_is_beyond_64_bits_or_a_double_is_large_all_the_same() {
        let long = "7".repeat(500);
        let records = ["9223372036854775808", "-1e999", "1e30", &long, "1e999"];
        let large = ["9223372036854775808", "1e30", &long, "1e999"];
        assert_eq!(kept("> 9223372036854775807", &records), large);
        assert_eq!(kept("> 1e20", &records), ["1e30", &long, "1e999"]);
        assert_eq!(kept("< -1e300", &records), ["-1e999"]);
    }

    proptest! {
        #[test]
        fn decimals_compare_as_integers_of_their_smallest_digit(
            one in -20_000i64..20_000, other in -20_000i64..20_000, near: bool,
        ) {
            let other = if near { one + other % 2 } else { other };
            let written = |n: i64| {
                let sign = if n < 0 { "-" } else { "" };
                format!("{sign}{}.{:03}", n.abs() / 1000, n.abs() % 1000)
            };
            let model = [one > other, one >= other, one < other, one <= other, one == other, one != other];
            for (operator, wanted) in [">", ">=", "<", "<=", "=", "!="].iter().zip(model) {
                let comparison = format!("{operator} {}", written(other));
                prop_assert_eq!(kept(&comparison, &[&written(one)]).len() == 1, wanted);
            }
        }
    }

    #[test]
    fn a_pair_is_kept_by_its_key() {
        let mut step = built(&WHERE, &["> 1"]).unwrap();
        let pairs = applied_to_pairs(&mut *step, &[("2", "0"), ("0", "2")]);
        assert_eq!(pairs, [("2".to_string(), "0".to_string())]);
    }

    #[test]
    fn what_is_no_comparison_is_told_and_equal_ones_are_the_same() {
        let why = |typed| built(&WHERE, &[typed]).err().unwrap();
        assert!(why("5").starts_with("`5` begins with none of"));
        let table = [
            (">", "no number stands behind the >", 1),
            (" >", "no number stands behind the >", 2),
            ("> 5ms", "`5ms` is no number", 2),
            ("== 5", "equal is = alone, and not ==", 0),
            (">== 5", "equal is = alone, and not >==", 0),
            ("=> 5", "`=>` is written >=", 0),
            (" =<5", "`=<` is written <=", 1),
            ("<> 5", "`<>` is written !=", 0),
            (">> 5", "`>>` is none of > >= < <= = !=", 0),
            ("", "an operator and a number are expected, as in '>= 500'", 0),
            (">99999999999999999999", "`99999999999999999999` is an integer beyond 64 bits", 1),
        ];
        for (typed, what, at) in table {
            assert_eq!(why(typed), format!("{what}\n    {typed}\n    {:at$}^", ""), "{typed}");
        }
        let identity = |typed| built_for(&WHERE, &[typed], Shape::Records).unwrap().identity;
        assert_eq!(identity(">=5"), identity(" >= 5 "));
    }
}
