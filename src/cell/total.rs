//! Count, sum and mean of numbers, all of which can be subtracted.
//!
//! ```text
//! whole    what stands before the point, of all exact numbers      2^63 each, 2^64 of them
//! atto     what stands behind it, in units of 10^-18               2^60 each, 2^64 of them
//! doubles  what is no exact number: how many, and their exact sum  seldom there
//! ```
//!
//! So no order, cut or subtraction makes a difference, and a sum is judged when it is shown: of integers
//! alone it is an integer, and must be one of 64 bits.

use super::statistic::{Linear, List};
use super::{Cell, Overflow, Row, bytes};
use crate::number::{ExactSum, Number, Pair, nearest};
use crate::report::value::Value;

/// Numbers, summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    records: u64,
    /// How many of them are no integers.
    fractional: u64,
    whole: i128,
    atto: i128,
    doubles: Option<Box<Doubles>>,
}

/// Numbers that are not held exactly, and their exact sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Doubles {
    count: u64,
    sum: ExactSum,
}

impl Total {
    /// Takes a number in.
    #[inline(always)]
    pub(crate) fn add(&mut self, number: Number) {
        self.records += 1;
        match number {
            Number::Integer(whole) => self.whole += i128::from(whole),
            Number::Decimal(fixed) => {
                self.fractional += 1;
                self.whole += i128::from(fixed.whole);
                self.atto += i128::from(fixed.atto);
            }
            Number::Double(double) => self.add_double(double),
        }
    }

    #[cold]
    fn add_double(&mut self, double: f64) {
        self.fractional += 1;
        let doubles = self.doubles.get_or_insert_default();
        doubles.count += 1;
        doubles.sum.add(double);
    }

    /// True if all numbers are integers, so that results are, too.
    pub(super) fn is_whole(&self) -> bool {
        self.fractional == 0
    }

    /// The sums of wholes and of attos, and that of doubles, if there are such.
    pub(super) fn sums(&self) -> ((i128, i128), Option<&ExactSum>) {
        ((self.whole, self.atto), self.doubles.as_ref().map(|doubles| &doubles.sum))
    }

    /// The sum as the nearest double; infinite if it is beyond them.
    pub(crate) fn nearest(&self) -> f64 {
        let exact = nearest(self.whole, self.atto);
        self.doubles.as_ref().map_or(exact, |doubles| exact + doubles.sum.to_f64())
    }

    /// The mean, rounded once from more digits than a double has, also where the sum is beyond all doubles.
    fn mean(&self) -> f64 {
        let exact = Pair::sum(self.whole, self.atto);
        let at = |power: i32| {
            let doubles = self.doubles.as_ref().map(|doubles| doubles.sum.pair(power));
            let exact = exact.scaled(power);
            let sum = doubles.map_or(exact, |doubles| exact.plus(doubles));
            sum.over(self.records as f64).nearest()
        };
        let mean = at(0);
        // A sum of 2^64 numbers is less than 2^64 times what a double holds.
        if mean.is_finite() { mean } else { at(-64) * 2f64.powi(64) }
    }

    /// One of the statistics.
    pub(super) fn value(&self, statistic: Linear) -> Result<Value, Overflow> {
        Ok(match statistic {
            // A count would need centuries to leave 63 bits.
            Linear::Count => Value::Int(self.records as i64),
            Linear::Sum if self.is_whole() => {
                Value::Int(i64::try_from(self.whole).map_err(|_| BEYOND)?)
            }
            Linear::Sum => finite(self.nearest())?,
            Linear::Mean if self.records == 0 => Value::None,
            Linear::Mean => finite(self.mean())?,
        })
    }
}

/// Why a sum of integers is not shown.
const BEYOND: Overflow = Overflow("the sum is beyond 64 bits");
/// Why another sum is not shown.
const BEYOND_DOUBLE: Overflow = Overflow("the sum is beyond what a double holds");

fn finite(double: f64) -> Result<Value, Overflow> {
    if double.is_finite() { Ok(Value::Float(double)) } else { Err(BEYOND_DOUBLE) }
}

impl Cell for Total {
    type Plan = List<Linear>;

    type Input<'a> = Number;

    type Trail = ();

    fn indelible(_: &List<Linear>) -> Option<&'static str> {
        None
    }

    #[inline(always)]
    fn read<'a>(_: &List<Linear>, row: Row<'a>) -> Result<Number, &'static str> {
        row.number()
    }

    #[inline(always)]
    fn push(&mut self, _: &List<Linear>, number: Number) {
        self.add(number);
    }

    fn merge(&mut self, other: &Total) {
        self.records += other.records;
        self.fractional += other.fractional;
        self.whole += other.whole;
        self.atto += other.atto;
        if let Some(others) = &other.doubles {
            let doubles = self.doubles.get_or_insert_default();
            doubles.count += others.count;
            doubles.sum.merge(&others.sum);
        }
    }

    fn unmerge(&mut self, other: &Total) {
        self.records -= other.records;
        self.fractional -= other.fractional;
        self.whole -= other.whole;
        self.atto -= other.atto;
        if let (Some(doubles), Some(others)) = (&mut self.doubles, &other.doubles) {
            doubles.count -= others.count;
            doubles.sum.unmerge(&others.sum);
        }
        self.doubles.take_if(|doubles| doubles.count == 0);
    }

    fn records(&self) -> u64 {
        self.records
    }

    fn values(&self, plan: &List<Linear>, out: &mut Vec<Value>) -> Result<(), Overflow> {
        for statistic in plan.iter() {
            out.push(self.value(*statistic)?);
        }
        Ok(())
    }

    /// Records (8 bytes), how many are no integers (8), whole (16), atto (16), how many doubles (8), and, if
    /// there are such, their sum.
    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.records.to_le_bytes());
        out.extend(self.fractional.to_le_bytes());
        out.extend(self.whole.to_le_bytes());
        out.extend(self.atto.to_le_bytes());
        let count = self.doubles.as_ref().map_or(0, |doubles| doubles.count);
        out.extend(count.to_le_bytes());
        if let Some(doubles) = &self.doubles {
            doubles.sum.save(out);
        }
    }

    fn load(from: &mut &[u8]) -> Option<Total> {
        let mut rest = *from;
        let [records, fractional] = [(); 2].map(|()| bytes(&mut rest).map(u64::from_le_bytes));
        let [whole, atto] = [(); 2].map(|()| bytes(&mut rest).map(i128::from_le_bytes));
        let doubles = match u64::from_le_bytes(bytes(&mut rest)?) {
            0 => None,
            count => Some(Box::new(Doubles { count, sum: ExactSum::load(&mut rest)? })),
        };
        *from = rest;
        let (records, fractional, whole, atto) = (records?, fractional?, whole?, atto?);
        Some(Total { records, fractional, whole, atto, doubles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(numbers: &[&str]) -> Total {
        let (plan, mut total): (List<Linear>, _) = ([].into(), Total::default());
        for text in numbers {
            let number = Total::read(&plan, Row { value: text.as_bytes(), place: 0 }).unwrap();
            total.push(&plan, number);
        }
        total
    }

    #[test]
    fn a_sum_is_an_integer_where_all_are_and_else_the_nearest_double() {
        let most = i64::MAX.to_string();
        let table: [(&[&str], Result<Value, Overflow>); 9] = [
            (&[], Ok(Value::Int(0))),
            (&["1", "-3"], Ok(Value::Int(-2))),
            (&[&most, "1", "-1"], Ok(Value::Int(i64::MAX))),
            (&[&most, "1"], Err(BEYOND)),
            (&["0.1", "0.2"], Ok(Value::Float(0.3))),
            (&["0.7", "0.1", "0.2"], Ok(Value::Float(1.0))),
            (&["1", "2.0"], Ok(Value::Float(3.0))),
            (&["1e300", "2", "-1e300"], Ok(Value::Float(2.0))),
            (&["1e308", "1e308"], Err(BEYOND_DOUBLE)),
        ];
        for (numbers, expected) in table {
            assert_eq!(total(numbers).value(Linear::Sum), expected, "{numbers:?}");
        }
    }

    #[test]
    fn a_mean_is_a_double_and_of_nothing_none() {
        let most = i64::MAX.to_string();
        let mean = |numbers: &[&str]| total(numbers).value(Linear::Mean).unwrap();
        assert_eq!(mean(&[]), Value::None);
        assert_eq!(mean(&["2", "4"]), Value::Float(3.0));
        assert_eq!(mean(&[&most, "1"]), Value::Float(4.611686018427388e18));
        assert_eq!(mean(&["0.1", "0.1", "0.1"]), Value::Float(0.1));
        assert_eq!(mean(&["-0.1", "-0.2"]), Value::Float(-0.15));
        assert_eq!(mean(&["1e308", "1e308"]), Value::Float(1e308));
    }
}
