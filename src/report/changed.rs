//! `--changed`: of each report only the rows that are new, or differ from the last report.
//!
//! The last report is kept whole, with a table from each key to its row. This serves batches that
//! stand alone, whose rows are all new work anyway, and `--top`, whose reports are short. Where state
//! is kept and every key reported, [`crate::state`] knows which keys were touched, and nothing is
//! compared that was not.

use crate::report::Report;
use crate::table::keys::{Key, Seeds, Table};

/// Compares each report with the one before.
#[derive(Debug)]
pub struct Changes {
    seeds: Seeds,
    last: Report,
    /// How many rows the output can use.
    shown: usize,
    /// Each key's row in the last report, plus one.
    rows: Table<u32>,
}

impl Changes {
    /// Begins with nothing: all rows of the first report are new. Of each report, the first `shown`
    /// rows that changed are returned.
    pub fn new(shown: usize) -> Changes {
        let seeds = Seeds::random();
        let rows = Table::new(&seeds, 0);
        Changes { seeds, last: Report::default(), shown, rows }
    }

    /// Takes the next report, and returns the rows of it that changed.
    pub fn of(&mut self, report: Report) -> Report {
        let mut rows = Table::new(&self.seeds, 0);
        let mut changed = report.empty();
        for (index, (key, values)) in (0..report.len()).map(|at| report.row(at)).enumerate() {
            let loaded = Key::copied(key, &self.seeds);
            *rows.cell(loaded) = index as u32 + 1;
            let last = self.rows.get(loaded).map(|&row| self.last.row(row as usize - 1).1);
            if last != Some(values) && changed.len() < self.shown {
                changed.copy(&report, index);
            }
        }
        (self.last, self.rows) = (report, rows);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::value::Value;
    use crate::report::{Selection, Sort};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Counts = BTreeMap<Vec<u8>, i64>;

    fn report(counts: &Counts) -> Report {
        let all = Selection::all(Sort::Key);
        let mut collector = all.collector(1);
        counts.iter().for_each(|(key, count)| collector.offer(key, &[Value::Int(*count)], 0));
        collector.finish().unwrap()
    }

    fn rows(report: &Report) -> Vec<(Vec<u8>, Vec<Value>)> {
        (0..report.len()).map(|at| report.row(at)).map(|(k, v)| (k.to_vec(), v.to_vec())).collect()
    }

    proptest! {
        #[test]
        fn changed_rows_are_those_that_are_new_or_differ(
            reports in prop::collection::vec(prop::collection::btree_map(
                prop::collection::vec(prop::sample::select(&b"ab\0"[..]), 0..20), 0i64..3, 0..9,
            ), 0..9),
            shown in prop::sample::select(&[0usize, 1, 3, usize::MAX][..]),
        ) {
            let (mut changes, mut last) = (Changes::new(shown), Counts::new());
            for counts in reports {
                let differs = counts.iter().filter(|(key, count)| last.get(*key) != Some(*count));
                let wanted = differs.map(|(key, count)| (key.clone(), vec![Value::Int(*count)]));
                let wanted: Vec<_> = wanted.take(shown).collect();
                prop_assert_eq!(rows(&changes.of(report(&counts))), wanted);
                last = counts;
            }
        }
    }
}
