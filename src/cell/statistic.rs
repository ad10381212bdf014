//! The names of statistics, and which of them a cell can answer.
//!
//! ```text
//! count sum mean                              Linear      of a [`Total`](super::Total)
//!   ... min max                               Simple      of a [`Summary`](super::Summary)
//!     ... stddev pNN distinct first last      Statistic   of [`Statistics`](super::Statistics)
//! ```

use std::fmt::{self, Display};
use std::sync::Arc;

use crate::number::{ATTOS, Number};

/// What sums answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linear {
    /// How many records.
    Count,
    /// Their sum; of none 0.
    Sum,
    /// Their mean, always a double; of none nothing.
    Mean,
}

/// What sums and extremes answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simple {
    /// What sums alone answer.
    Linear(Linear),
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// Any statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// What sums and extremes answer.
    Simple(Simple),
    /// The standard deviation of the population, always a double; of none nothing.
    Deviation,
    /// A percentile, of so many percent, by the nearest rank.
    Percentile(Percent),
    /// How many different values.
    Distinct,
    /// The first value in the order of the stream.
    First,
    /// The last value.
    Last,
}

/// A percentage from 0 to 100, to nine digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent {
    /// In units of 10^-9.
    nanos: u64,
}

impl Percent {
    /// Reads digits, and perhaps a point and more digits.
    pub fn read(text: &str) -> Option<Percent> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = Number::read(text.as_bytes()).ok().filter(|_| is_plain)?.fixed()?;
        let (attos, per_nano) = (number.attos(), i128::from(ATTOS / 1_000_000_000));
        let nanos = u64::try_from(attos / per_nano).ok()?;
        (nanos <= 100_000_000_000 && attos % per_nano == 0).then_some(Percent { nanos })
    }

    /// The least integer that is so much of a count.
    pub fn of(self, count: u64) -> u64 {
        (u128::from(self.nanos) * u128::from(count)).div_ceil(100_000_000_000) as u64
    }
}

impl Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, nanos) = (self.nanos / 1_000_000_000, self.nanos % 1_000_000_000);
        write!(f, "{whole}")?;
        match nanos {
            0 => Ok(()),
            nanos => write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

/// A list of statistics, each a column.
pub type List<T> = Arc<[T]>;

/// The statistics that have a name of their own.
const NAMES: [(&str, Statistic); 9] = [
    ("count", Statistic::Simple(Simple::Linear(Linear::Count))),
    ("sum", Statistic::Simple(Simple::Linear(Linear::Sum))),
    ("min", Statistic::Simple(Simple::Min)),
    ("max", Statistic::Simple(Simple::Max)),
    ("mean", Statistic::Simple(Simple::Linear(Linear::Mean))),
    ("stddev", Statistic::Deviation),
    ("distinct", Statistic::Distinct),
    ("first", Statistic::First),
    ("last", Statistic::Last),
];

/// What help and messages say there is.
pub const THERE_IS: &str =
    "count, sum, min, max, mean, stddev, pNN (p50, p99.9), distinct, first, last";

impl Simple {
    /// The same, if sums alone answer it.
    pub fn linear(self) -> Option<Linear> {
        match self {
            Simple::Linear(linear) => Some(linear),
            Simple::Min | Simple::Max => None,
        }
    }
}

impl Statistic {
    /// The statistic of a name.
    pub fn named(name: &str) -> Option<Statistic> {
        let known = NAMES.into_iter().find(|(known, _)| *known == name);
        known
            .map(|(_, statistic)| statistic)
            .or_else(|| Percent::read(name.strip_prefix('p')?).map(Statistic::Percentile))
    }

    /// The same, if sums and extremes answer it.
    pub fn simple(self) -> Option<Simple> {
        match self {
            Statistic::Simple(simple) => Some(simple),
            _ => None,
        }
    }

    /// True if records must be numbers for it.
    pub fn is_of_numbers(self) -> bool {
        use Statistic::{Distinct, First, Last};
        !matches!(self, Statistic::Simple(Simple::Linear(Linear::Count)) | Distinct | First | Last)
    }
}

impl Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, NAMES.iter().find(|(_, statistic)| statistic == self)) {
            (Statistic::Percentile(percent), _) => write!(f, "p{percent}"),
            (_, Some((name, _))) => f.write_str(name),
            (_, None) => unreachable!("each other one has a name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_that_of_its_statistic() {
        for name in
            THERE_IS.replace(" (p50, p99.9)", "").replace("pNN", "p50, p99.9, p0, p100").split(", ")
        {
            assert_eq!(
                Statistic::named(name).map(|found| found.to_string()).as_deref(),
                Some(name)
            );
        }
        assert_eq!(Statistic::named("p050"), Statistic::named("p50.0"));
        assert_eq!(Percent::read("99.9").unwrap().of(1000), 999);
        for name in ["", "p", "p101", "p-1", "p+1", "pNN", "p1e1", "pnan", "P50", "avg", "p."] {
            assert_eq!(Statistic::named(name), None, "{name}");
        }
    }
}
