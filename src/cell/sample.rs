//! Cells with a plan each, for tests over all of them.

use super::statistic::{Linear, List, Simple};
use super::{Cell, Count, Placed, Row, Summary, Total};

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
        Simple::names().filter_map(Simple::named).collect()
    }
}
