//! Count, sum, mean, minimum and maximum of numbers.
//!
//! Extremes of what is held exactly are whole numbers of attos, so one comparison decides; those of doubles,
//! which are seldom there, stand apart. An extreme cannot be taken out again: what comes next is not known.

use super::statistic::{List, Simple};
use super::{Cell, Overflow, Row, Total, bytes};
use crate::number::{ATTOS, Number, nearest};
use crate::report::value::Value;

/// Numbers, summed, and the smallest and largest of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    total: Total,
    /// The smallest and the largest of the exact numbers, in attos.
    low: i128,
    high: i128,
    /// The smallest and the largest of the others.
    doubles: Option<Box<[f64; 2]>>,
}

/// The extremes of nothing: each number is beyond them.
const NOTHING: (i128, i128) = (i128::MAX, i128::MIN);

impl Default for Summary {
    fn default() -> Summary {
        let (low, high) = NOTHING;
        Summary { total: Total::default(), low, high, doubles: None }
    }
}

impl Summary {
    /// Takes a number in.
    #[inline(always)]
    fn add(&mut self, number: Number) {
        self.total.add(number);
        match number.fixed() {
            Some(fixed) => self.stretch(fixed.attos(), fixed.attos()),
            None => self.stretch_doubles([number.to_f64(); 2]),
        }
    }

    #[inline(always)]
    fn stretch(&mut self, low: i128, high: i128) {
        self.low = self.low.min(low);
        self.high = self.high.max(high);
    }

    #[cold]
    fn stretch_doubles(&mut self, [low, high]: [f64; 2]) {
        let doubles = self.doubles.get_or_insert_with(|| Box::new([low, high]));
        // Of two zeros the negative one is the smaller, whichever came first.
        let least = |a: f64, b: f64| if a.total_cmp(&b).is_le() { a } else { b };
        **doubles = [least(doubles[0], low), -least(-doubles[1], -high)];
    }

    /// One of the statistics.
    pub(super) fn value(&self, statistic: Simple) -> Result<Value, Overflow> {
        Ok(match statistic {
            Simple::Linear(linear) => self.total.value(linear)?,
            Simple::Min | Simple::Max if self.total.records() == 0 => Value::None,
            Simple::Min => self.extreme(self.low, 0, f64::min),
            Simple::Max => self.extreme(self.high, 1, f64::max),
        })
    }

    /// An extreme of all, of the exact one and of that of the doubles.
    fn extreme(&self, attos: i128, which: usize, more: fn(f64, f64) -> f64) -> Value {
        if self.total.is_whole() {
            return Value::Int((attos / i128::from(ATTOS)) as i64);
        }
        let exact = ![NOTHING.0, NOTHING.1].contains(&attos);
        let exact = exact.then(|| nearest(0, attos));
        let double = self.doubles.as_ref().map(|doubles| doubles[which]);
        exact.into_iter().chain(double).reduce(more).map_or(Value::None, Value::Float)
    }
}

impl Cell for Summary {
    type Plan = List<Simple>;

    type Input<'a> = Number;

    fn indelible(_: &List<Simple>) -> Option<&'static str> {
        Some("what is smallest or largest")
    }

    #[inline(always)]
    fn read<'a>(_: &List<Simple>, row: Row<'a>) -> Result<Number, &'static str> {
        Number::read(row.value).map_err(|refused| refused.reason())
    }

    #[inline(always)]
    fn push(&mut self, _: &List<Simple>, number: Number) {
        self.add(number);
    }

    fn merge(&mut self, other: &Summary) {
        self.total.merge(&other.total);
        self.stretch(other.low, other.high);
        if let Some(doubles) = &other.doubles {
            self.stretch_doubles(**doubles);
        }
    }

    fn unmerge(&mut self, other: &Summary) {
        self.total.unmerge(&other.total);
    }

    fn records(&self) -> u64 {
        self.total.records()
    }

    fn values(&self, plan: &List<Simple>, out: &mut Vec<Value>) -> Result<(), Overflow> {
        for statistic in plan.iter() {
            out.push(self.value(*statistic)?);
        }
        Ok(())
    }

    /// The total, low and high (16 bytes each), 1 if there are doubles (1) and then their extremes (8 each).
    fn save(&self, out: &mut Vec<u8>) {
        self.total.save(out);
        out.extend(self.low.to_le_bytes());
        out.extend(self.high.to_le_bytes());
        out.push(u8::from(self.doubles.is_some()));
        for double in self.doubles.iter().flat_map(|doubles| **doubles) {
            out.extend(double.to_le_bytes());
        }
    }

    fn load(from: &mut &[u8]) -> Option<Summary> {
        let mut rest = *from;
        let total = Total::load(&mut rest)?;
        let [low, high] = [(); 2].map(|()| bytes(&mut rest).map(i128::from_le_bytes));
        let doubles = match bytes(&mut rest)? {
            [0] => None,
            _ => {
                let [low, high] = [(); 2].map(|()| bytes(&mut rest).map(f64::from_le_bytes));
                let extremes = [low?, high?];
                extremes.iter().all(|double| !double.is_nan()).then_some(Box::new(extremes))
            }
        };
        *from = rest;
        Some(Summary { total, low: low?, high: high?, doubles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extremes(numbers: &[&str]) -> [Value; 2] {
        let (plan, mut summary): (List<Simple>, _) = ([].into(), Summary::default());
        for text in numbers {
            let number = Summary::read(&plan, Row { value: text.as_bytes(), place: 0 }).unwrap();
            summary.push(&plan, number);
        }
        [Simple::Min, Simple::Max].map(|statistic| summary.value(statistic).unwrap())
    }

    #[test]
    fn extremes_are_integers_where_all_numbers_are_and_else_doubles() {
        use Value::{Float, Int};
        let most = i64::MAX.to_string();
        let table: [(&[&str], [Value; 2]); 6] = [
            (&[], [Value::None, Value::None]),
            (&["3", "-1", "2"], [Int(-1), Int(3)]),
            (&[&most, "9223372036854775806"], [Int(i64::MAX - 1), Int(i64::MAX)]),
            (&["3", "-0.1"], [Float(-0.1), Float(3.0)]),
            (&["1e300", "-0.1"], [Float(-0.1), Float(1e300)]),
            (&["1e300", "-1e300"], [Float(-1e300), Float(1e300)]),
        ];
        for (numbers, expected) in table {
            assert_eq!(extremes(numbers), expected, "{numbers:?}");
        }
    }
}
