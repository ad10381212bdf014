//! Count, sum and mean of numbers, all of which can be subtracted.
//!
//! ```text
//! whole    the sum of integers, and what of the next one is full   2^63 each, 2^64 of them
//! atto     the sum of decimals, in units of 10^-18                 2^123 each, so it is full at times
//! doubles  what is no exact number: how many, and their exact sum  seldom there
//! ```
//!
//! How much is in which of the two does not matter; a cell is saved with less than one in the second.
//!
//! So no order, cut or subtraction makes a difference, and a sum is judged when it is shown: of integers
//! alone it is an integer, and must be one of 64 bits.

use super::statistic::{Linear, List};
use super::{Cell, Overflow, Row, bytes};
use crate::number::{ATTOS, ExactSum, Number, Pair, nearest};
use crate::report::value::Value;

/// Numbers, summed.
#[derive(Clone, Debug, Default)]
pub struct Total {
    records: u64,
    /// How many of them are no integers.
    fractional: u64,
    whole: i128,
    atto: i128,
    doubles: Option<Box<Doubles>>,
}

/// One in attos.
const ONE: i128 = ATTOS as i128;

/// Numbers that are not held exactly, and their exact sum.
#[derive(Clone, Debug, Default)]
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
                self.add_attos(fixed.attos());
            }
            Number::Double(double) => self.add_double(double),
        }
    }

    #[inline(always)]
    fn add_attos(&mut self, attos: i128) {
        match self.atto.checked_add(attos) {
            Some(sum) => self.atto = sum,
            None => self.empty_into_whole(attos),
        }
    }

    /// Adds attos for which there is no room any more.
    #[cold]
    #[inline(never)]
    fn empty_into_whole(&mut self, attos: i128) {
        for full in [self.atto, attos] {
            self.whole += full / ONE;
        }
        self.atto = self.atto % ONE + attos % ONE;
    }

    /// The sum of what is exact: wholes, and less than one in attos.
    fn exact(&self) -> (i128, i128) {
        match self.atto {
            0 => (self.whole, 0),
            atto => (self.whole + atto.div_euclid(ONE), atto.rem_euclid(ONE)),
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
        (self.exact(), self.doubles.as_ref().map(|doubles| &doubles.sum))
    }

    /// The sum as the nearest double; infinite if it is beyond them.
    pub(crate) fn nearest(&self) -> f64 {
        let (whole, atto) = self.exact();
        let exact = nearest(whole, atto);
        self.doubles.as_ref().map_or(exact, |doubles| exact + doubles.sum.to_f64())
    }

    /// The mean, rounded once from more digits than a double has, also where the sum is beyond all doubles.
    fn mean(&self) -> f64 {
        let (whole, atto) = self.exact();
        let exact = Pair::sum(whole, atto);
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
                Value::Int(i64::try_from(self.exact().0).map_err(|_| BEYOND)?)
            }
            Linear::Sum => finite(self.nearest())?,
            Linear::Mean if self.records == 0 => Value::None,
            Linear::Mean => finite(self.mean())?,
        })
    }
}

/// Why a sum of integers is not shown.
const BEYOND: Overflow =
    Overflow("the sum is beyond 64 bits, the most that --sum and --stats sum hold");
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
        self.add_attos(other.atto);
        if let Some(others) = &other.doubles {
            let doubles = self.doubles.get_or_insert_default();
            doubles.count += others.count;
            doubles.sum.merge(&others.sum);
        }
    }

    fn unmerge(&mut self, other: &Total) {
        self.records -= other.records;
        self.fractional -= other.fractional;
        let (whole, atto) = other.exact();
        self.whole -= whole;
        self.add_attos(-atto);
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
        let (whole, atto) = self.exact();
        out.extend(whole.to_le_bytes());
        out.extend(atto.to_le_bytes());
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
    fn a_sum_of_more_decimals_than_there_is_room_for_is_exact_and_goes_out_again() {
        let large = |sign: &str| format!("{sign}9223372036854775807.5");
        for sign in ["", "-"] {
            let (mut sum, all) = (total(&["0.5", "7"]), total(&[large(sign).as_str(); 50]));
            sum.merge(&all);
            sum.merge(&all);
            assert_eq!(
                sum.nearest(),
                format!("{sign}922337203685477580750").parse::<f64>().unwrap()
            );
            sum.unmerge(&all);
            sum.unmerge(&all);
            sum.unmerge(&total(&["0.5"]));
            assert_eq!(sum.value(Linear::Sum), Ok(Value::Int(7)));
            let [left, wanted] = [sum, total(&["7"])].map(|total| {
                let mut bytes = Vec::new();
                total.save(&mut bytes);
                bytes
            });
            assert_eq!(left, wanted);
        }
    }

    #[test]
    fn a_total_that_was_saved_with_more_than_one_behind_the_point_is_the_same() {
        let saved = |whole: i128, atto: i128| {
            let mut bytes = [3u64, 2].map(u64::to_le_bytes).concat();
            bytes.extend([whole, atto].map(i128::to_le_bytes).concat());
            bytes.extend(0u64.to_le_bytes());
            bytes
        };
        for (whole, atto) in [(7, 5 * ONE / 2), (12, -5 * ONE / 2), (9, ONE / 2)] {
            let (total, mut again) =
                (Total::load(&mut &saved(whole, atto)[..]).unwrap(), Vec::new());
            assert_eq!(total.value(Linear::Sum), Ok(Value::Float(9.5)));
            total.save(&mut again);
            assert_eq!(again, saved(9, ONE / 2));
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
