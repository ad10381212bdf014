//! The names of statistics, and which of them a cell can answer.
//!
//! ```text
//! count sum mean          Linear     of a [`Total`](super::Total): what can be subtracted
//!   ... min max           Simple     of a [`Summary`](super::Summary)
//! ```

use std::fmt::{self, Display};
use std::sync::Arc;

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

/// A list of statistics, each a column.
pub type List<T> = Arc<[T]>;

/// The statistics there are.
const NAMES: [(&str, Simple); 5] = [
    ("count", Simple::Linear(Linear::Count)),
    ("sum", Simple::Linear(Linear::Sum)),
    ("min", Simple::Min),
    ("max", Simple::Max),
    ("mean", Simple::Linear(Linear::Mean)),
];

impl Simple {
    /// The statistic of a name.
    pub fn named(name: &str) -> Option<Simple> {
        NAMES.into_iter().find_map(|(found, statistic)| (found == name).then_some(statistic))
    }

    /// The names there are, in the order in which help gives them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    /// The same, if sums alone answer it.
    pub fn linear(self) -> Option<Linear> {
        match self {
            Simple::Linear(linear) => Some(linear),
            Simple::Min | Simple::Max => None,
        }
    }
}

impl Display for Simple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = NAMES.iter().find(|(_, statistic)| statistic == self);
        f.write_str(found.expect("each has a name").0)
    }
}
