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

impl<const SHOWN: bool> Sample for Count<SHOWN> {
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

/// What is written of a cell is read by later versions, so it stays as it is. `WEIR_BLESS=1` adds cells that
/// are new.
#[test]
fn the_bytes_of_each_cell_are_those_that_were_written_first() {
    let path = "tests/data/cells.txt";
    let mut known = std::fs::read_to_string(path).unwrap_or_default();
    for (name, bytes) in [
        ("count", bytes_of::<Count>(3)),
        ("count, placed", bytes_of::<Placed<Count>>(3)),
        ("presence", bytes_of::<Presence>(3)),
        ("total", bytes_of::<Total>(9)),
        ("summary", bytes_of::<Summary>(9)),
        ("statistics", bytes_of::<Statistics>(9)),
        ("statistics of many", bytes_of::<Statistics>(600)),
        ("group", bytes_of::<Group>(3)),
        ("members", bytes_of::<Members>(3)),
    ] {
        let line = format!("{name}: {bytes}\n");
        if !known.contains(&format!("{name}: ")) && std::env::var_os("WEIR_BLESS").is_some() {
            known.push_str(&line);
            std::fs::write(path, &known).unwrap();
        }
        assert!(known.contains(&line), "{name} is written otherwise");
    }
}

/// The bytes of a cell of so many rows, which are read again as the same cell; in hex, or of many their hash.
fn bytes_of<C: Sample>(rows: u64) -> String {
    let number = |place: u64| match place % 9 {
        4 => format!("{place}.25"),
        7 => "-1e300".to_string(),
        8 => "0.1e-20".to_string(),
        _ => (place as i64 * 1000 - 2000).to_string(),
    };
    let texts: Vec<_> = (0..rows).map(number).collect();
    let row = |(place, text): (usize, &String)| (place as u64, text.clone().into_bytes());
    let rows: Vec<_> = texts.iter().enumerate().map(row).collect();
    let cell = C::of(rows.iter().map(|(place, value)| Row { value, place: *place }));
    let (mut bytes, mut again) = (Vec::new(), Vec::new());
    cell.save(&mut bytes);
    C::load(&mut &bytes[..]).expect("what was saved is loaded").save(&mut again);
    assert_eq!(bytes, again);
    match bytes.len() {
        0..2000 => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => format!("{} bytes, {:016x}", bytes.len(), twox_hash::XxHash64::oneshot(0, &bytes)),
    }
}
