//! Count, sum, mean, minimum and maximum of numbers.

use super::parts::{Extent, ExtentTrail, Leaves, Part};
use super::statistic::{List, Simple};
use super::{Cell, Overflow, Row, Total};
use crate::number::Number;
use crate::report::value::Value;

/// Numbers, summed, and the smallest and largest of them.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    total: Total,
    extent: Extent,
}

/// What a window keeps beside it.
#[derive(Debug, Default)]
pub struct Trail(ExtentTrail);

/// What keeps extremes from being subtracted.
pub(super) const EXTREMES: &str = "what is smallest or largest";

impl Cell for Summary {
    type Plan = List<Simple>;

    type Input<'a> = Number;

    type Trail = Trail;

    fn indelible(_: &List<Simple>) -> Option<&'static str> {
        Some(EXTREMES)
    }

    #[inline(always)]
    fn read<'a>(_: &List<Simple>, row: Row<'a>) -> Result<Number, &'static str> {
        row.number()
    }

    #[inline(always)]
    fn push(&mut self, _: &List<Simple>, number: Number) {
        self.total.add(number);
        self.extent.add(number);
    }

    fn merge(&mut self, other: &Summary) {
        self.total.merge(&other.total);
        self.extent.merge(&other.extent);
    }

    fn unmerge(&mut self, other: &Summary) {
        self.total.unmerge(&other.total);
    }

    fn enter(&mut self, Trail(trail): &mut Trail, pane: u64, part: &Summary) {
        self.total.merge(&part.total);
        self.extent.enter(trail, pane, &part.extent);
    }

    fn leave(&mut self, Trail(trail): &mut Trail, pane: u64, part: &Summary) {
        self.total.unmerge(&part.total);
        self.extent.leave(trail, pane, &Extent::default());
    }

    fn records(&self) -> u64 {
        self.total.records()
    }

    fn values(&self, plan: &List<Simple>, out: &mut Vec<Value>) -> Result<(), Overflow> {
        for statistic in plan.iter() {
            out.push(match statistic {
                Simple::Linear(linear) => self.total.value(*linear)?,
                Simple::Min => self.extent.min(self.total.is_whole()),
                Simple::Max => self.extent.max(self.total.is_whole()),
            });
        }
        Ok(())
    }

    /// The total and the extent.
    fn save(&self, out: &mut Vec<u8>) {
        self.total.save(out);
        self.extent.save(out);
    }

    fn save_parting(&self, out: &mut Vec<u8>) {
        self.total.save(out);
        Extent::save_nothing(out);
    }

    fn load(from: &mut &[u8]) -> Option<Summary> {
        Some(Summary { total: Total::load(from)?, extent: Extent::load(from)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extremes(numbers: &[&str]) -> [Value; 2] {
        let (plan, mut summary) = (List::from([Simple::Min, Simple::Max]), Summary::default());
        for text in numbers {
            let number = Summary::read(&plan, Row { value: text.as_bytes(), place: 0 }).unwrap();
            summary.push(&plan, number);
        }
        let mut values = Vec::new();
        summary.values(&plan, &mut values).unwrap();
        values.try_into().unwrap()
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
