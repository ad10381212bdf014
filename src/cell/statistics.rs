//! Any statistics, each with what it needs and no more.

use std::sync::Arc;

use super::parts::{
    self, Distinct, Ends, EndsTrail, Extent, ExtentTrail, Newest, Percentiles, Sightings, Squares,
};
use super::statistic::{Linear, List, Simple, Statistic};
use super::summary::EXTREMES;
use super::{Cell, Overflow, Row, Total, bytes};
use crate::number::Number;
use crate::report::value::Value;

/// Statistics that are asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    list: List<Statistic>,
    /// True if records must be numbers.
    numbers: bool,
    total: bool,
    extent: bool,
    squares: bool,
    percentiles: bool,
    distinct: bool,
    ends: bool,
}

impl Wanted {
    /// What a list needs.
    pub fn new(list: List<Statistic>) -> Arc<Wanted> {
        let any = |is_one: fn(&Statistic) -> bool| list.iter().any(is_one);
        Arc::new(Wanted {
            numbers: any(|statistic| statistic.is_of_numbers()),
            // A deviation is made of the sum, too.
            total: any(|one| {
                use Linear::{Mean, Sum};
                matches!(one, Statistic::Simple(Simple::Linear(Sum | Mean)) | Statistic::Deviation)
            }),
            extent: any(|one| matches!(one, Statistic::Simple(Simple::Min | Simple::Max))),
            squares: any(|one| *one == Statistic::Deviation),
            percentiles: any(|one| matches!(one, Statistic::Percentile(_))),
            distinct: any(|one| *one == Statistic::Distinct),
            ends: any(|one| matches!(one, Statistic::First | Statistic::Last)),
            list,
        })
    }
}

/// What is kept for statistics: parts that are not asked for are not there.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    records: u64,
    /// How many of them are numbers, and no integers.
    fractional: u64,
    total: Option<Box<Total>>,
    extent: Option<Box<Extent>>,
    squares: Option<Box<Squares>>,
    percentiles: Option<Box<Percentiles>>,
    distinct: Option<Box<Distinct>>,
    ends: Option<Box<Ends>>,
}

impl Statistics {
    fn value(&self, statistic: Statistic) -> Result<Value, Overflow> {
        if self.records == 0 && !matches!(statistic, Statistic::Distinct | Statistic::Simple(_)) {
            return Ok(Value::None);
        }
        let is_whole = self.fractional == 0;
        let extent = |shown: fn(&Extent, bool) -> Value| {
            self.extent.as_ref().map(|extent| shown(extent, is_whole))
        };
        let found = match statistic {
            // A count would need centuries to leave 63 bits.
            Statistic::Simple(Simple::Linear(Linear::Count)) => {
                Some(Value::Int(self.records as i64))
            }
            Statistic::Simple(Simple::Linear(linear)) => match &self.total {
                Some(total) => Some(total.value(linear)?),
                None => Some(Total::default().value(linear)?),
            },
            Statistic::Simple(Simple::Min) => extent(Extent::min),
            Statistic::Simple(Simple::Max) => extent(Extent::max),
            Statistic::Deviation => self.deviation()?,
            Statistic::Percentile(percent) => {
                self.percentiles.as_ref().map(|numbers| numbers.value(percent, is_whole))
            }
            Statistic::Distinct => {
                Some(self.distinct.as_ref().map_or(Value::Int(0), |d| d.value()))
            }
            Statistic::First => self.ends.as_ref().map(|ends| ends.first()),
            Statistic::Last => self.ends.as_ref().map(|ends| ends.last()),
        };
        Ok(found.unwrap_or(Value::None))
    }

    fn deviation(&self) -> Result<Option<Value>, Overflow> {
        let (Some(total), Some(squares)) = (&self.total, &self.squares) else { return Ok(None) };
        let (exact, doubles) = total.sums();
        let deviation = squares.deviation(self.records, exact, doubles);
        match deviation.is_finite() {
            true => Ok(Some(Value::Float(deviation))),
            false => Err(Overflow("the standard deviation is beyond what a double holds")),
        }
    }
}

/// What a window keeps beside statistics.
#[derive(Debug, Default)]
pub struct Trail {
    extent: Option<Box<ExtentTrail>>,
    percentiles: Option<Box<Newest>>,
    distinct: Option<Box<Sightings>>,
    ends: Option<Box<EndsTrail>>,
}

/// A row, and the number that it is, if it must be one.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    row: Row<'a>,
    number: Option<Number>,
}

impl Cell for Statistics {
    type Plan = Arc<Wanted>;

    type Input<'a> = Taken<'a>;

    type Trail = Trail;

    fn indelible(plan: &Arc<Wanted>) -> Option<&'static str> {
        [
            (plan.extent, EXTREMES),
            (plan.percentiles, "a percentile"),
            (plan.distinct, "how many values are distinct"),
            (plan.ends, "what is first or last"),
        ]
        .into_iter()
        .find_map(|(is_asked, what)| is_asked.then_some(what))
    }

    fn read<'a>(plan: &Arc<Wanted>, row: Row<'a>) -> Result<Taken<'a>, &'static str> {
        Ok(Taken { row, number: plan.numbers.then(|| row.number()).transpose()? })
    }

    fn push(&mut self, plan: &Arc<Wanted>, Taken { row, number }: Taken<'_>) {
        self.records += 1;
        if let Some(number) = number {
            self.fractional += u64::from(!matches!(number, Number::Integer(_)));
            if plan.total {
                self.total.get_or_insert_default().add(number);
            }
            if plan.extent {
                self.extent.get_or_insert_default().add(number);
            }
            if plan.squares {
                self.squares.get_or_insert_default().add(number);
            }
            if plan.percentiles {
                self.percentiles.get_or_insert_default().add(number.to_f64());
            }
        }
        if plan.distinct {
            self.distinct.get_or_insert_default().add(row.value);
        }
        if plan.ends {
            self.ends.get_or_insert_default().add(row);
        }
    }

    fn merge(&mut self, other: &Statistics) {
        self.merge_sums(other);
        parts::merge(&mut self.extent, &other.extent);
        parts::merge(&mut self.percentiles, &other.percentiles);
        parts::merge(&mut self.distinct, &other.distinct);
        parts::merge(&mut self.ends, &other.ends);
    }

    /// Only of totals and squares: with anything else it is indelible.
    fn unmerge(&mut self, other: &Statistics) {
        self.records -= other.records;
        self.fractional -= other.fractional;
        if let (Some(mine), Some(others)) = (&mut self.total, &other.total) {
            mine.unmerge(others);
        }
        if let (Some(mine), Some(others)) = (&mut self.squares, &other.squares) {
            mine.unmerge(others);
        }
        if self.records == 0 {
            *self = Statistics::default();
        }
    }

    fn enter(&mut self, trail: &mut Trail, pane: u64, part: &Statistics) {
        self.merge_sums(part);
        parts::enter(&mut self.extent, &mut trail.extent, pane, &part.extent);
        parts::enter(&mut self.percentiles, &mut trail.percentiles, pane, &part.percentiles);
        parts::enter(&mut self.distinct, &mut trail.distinct, pane, &part.distinct);
        parts::enter(&mut self.ends, &mut trail.ends, pane, &part.ends);
    }

    fn leave(&mut self, trail: &mut Trail, pane: u64, part: &Statistics) {
        self.unmerge(part);
        parts::leave(&mut self.extent, &mut trail.extent, pane, &part.extent);
        parts::leave(&mut self.percentiles, &mut trail.percentiles, pane, &part.percentiles);
        parts::leave(&mut self.distinct, &mut trail.distinct, pane, &part.distinct);
        parts::leave(&mut self.ends, &mut trail.ends, pane, &part.ends);
    }

    fn records(&self) -> u64 {
        self.records
    }

    fn values(&self, plan: &Arc<Wanted>, out: &mut Vec<Value>) -> Result<(), Overflow> {
        for statistic in plan.list.iter() {
            out.push(self.value(*statistic)?);
        }
        Ok(())
    }

    /// Records, and how many are no integers (8 bytes each), and of each part 1 and itself, or 0.
    fn save(&self, out: &mut Vec<u8>) {
        self.save_some(out, &self.extent, &self.ends);
    }

    fn save_parting(&self, out: &mut Vec<u8>) {
        self.save_some(out, &None, &None);
    }

    fn load(from: &mut &[u8]) -> Option<Statistics> {
        let mut rest = *from;
        let records = u64::from_le_bytes(bytes(&mut rest)?);
        let fractional = u64::from_le_bytes(bytes(&mut rest)?);
        let total = match bytes(&mut rest)? {
            [0] => None,
            _ => Some(Box::new(Total::load(&mut rest)?)),
        };
        let cell = Statistics {
            records,
            fractional,
            total,
            extent: parts::load(&mut rest)?,
            squares: parts::load(&mut rest)?,
            percentiles: parts::load(&mut rest)?,
            distinct: parts::load(&mut rest)?,
            ends: parts::load(&mut rest)?,
        };
        *from = rest;
        Some(cell)
    }
}

impl Statistics {
    fn merge_sums(&mut self, other: &Statistics) {
        self.records += other.records;
        self.fractional += other.fractional;
        if let Some(total) = &other.total {
            self.total.get_or_insert_default().merge(total);
        }
        parts::merge(&mut self.squares, &other.squares);
    }

    fn save_some(&self, out: &mut Vec<u8>, extent: &Option<Box<Extent>>, ends: &Option<Box<Ends>>) {
        out.extend(self.records.to_le_bytes());
        out.extend(self.fractional.to_le_bytes());
        out.push(u8::from(self.total.is_some()));
        if let Some(total) = &self.total {
            total.save(out);
        }
        parts::save(extent, out);
        parts::save(&self.squares, out);
        parts::save(&self.percentiles, out);
        parts::save(&self.distinct, out);
        parts::save(ends, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(numbers: &[&str]) -> Result<Value, Overflow> {
        let (plan, mut cell) = (Wanted::new([Statistic::Deviation].into()), Statistics::default());
        for text in numbers {
            let row = Row { value: text.as_bytes(), place: 0 };
            cell.push(&plan, Statistics::read(&plan, row).unwrap());
        }
        cell.value(Statistic::Deviation)
    }

    #[test]
    fn a_deviation_is_the_populations_and_loses_no_digits() {
        let table: [(&[&str], Value); 8] = [
            (&[], Value::None),
            (&["5"], Value::Float(0.0)),
            (&["0.1", "0.1", "0.1"], Value::Float(0.0)),
            (&["2", "4", "4", "4", "5", "5", "7", "9"], Value::Float(2.0)),
            (&["1000000000000001", "1000000000000003"], Value::Float(1.0)),
            (&["-0.5", "0.5"], Value::Float(0.5)),
            (&["1e20", "-1e20"], Value::Float(1e20)),
            (&["1e30", "1e30", "1e30"], Value::Float(0.0)),
        ];
        for (numbers, expected) in table {
            assert_eq!(deviation(numbers), Ok(expected), "{numbers:?}");
        }
        assert_eq!(deviation(&["1e160"]), Ok(Value::Float(0.0)));
        assert_eq!(deviation(&["1e300", "-1e300"]), Ok(Value::Float(1e300)));
    }
}
