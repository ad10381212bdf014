//! Cells with a plan each, for tests over all of them.

use std::sync::Arc;

use super::statistic::{Linear, List, Simple, Statistic};
use super::{
    Cell, Count, Group, Members, Placed, Presence, Row, Statistics, Summary, Total, Wanted,
};

/// A cell, and a plan that asks all of it.
pub(crate) trait Sample: Cell + Sync {
    /// The plan.
    fn plan() -> Self::Plan;

    /// The cell of some rows; those that are bad are left out.
    fn of<'a>(rows: impl IntoIterator<Item = Row<'a>>) -> Self {
        let (plan, mut cell) = (Self::plan(), Self::default());
        for row in rows {
            if let Ok(input) = Self::read(&plan, row) {
                cell.push(&plan, input);
            }
        }
        cell
    }
}

impl Sample for Count {
    fn plan() {}
}

impl Sample for Presence {
    fn plan() {}
}

impl Sample for Group {
    fn plan() {}
}

impl Sample for Members {
    fn plan() {}
}

impl<C: Sample> Sample for Placed<C> {
    fn plan() -> C::Plan {
        C::plan()
    }
}

impl Sample for Total {
    fn plan() -> List<Linear> {
        [Linear::Count, Linear::Sum, Linear::Mean].into()
    }
}

impl Sample for Summary {
    fn plan() -> List<Simple> {
        [Simple::Min, Simple::Linear(Linear::Sum), Simple::Max].into()
    }
}

/// All there are: what has no sums is of any records, and so is held apart.
impl Sample for Statistics {
    fn plan() -> Arc<Wanted> {
        let names = ["count", "sum", "min", "max", "mean", "stddev", "p50", "p99"];
        let ends = ["distinct", "first", "last"];
        Wanted::new(names.into_iter().chain(ends).filter_map(Statistic::named).collect())
    }
}
