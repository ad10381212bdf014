//! `--changed`: of each report only the rows that are new, or differ from the last report.
//!
//! The last report is kept whole, with a table from each key to its row. This serves batches that
//! stand alone, whose rows are all new work anyway, and `--top`, whose reports are short. Where state
//! is kept and every key reported, [`crate::state`] knows which keys were touched, and nothing is
//! compared that was not.

use crate::keys::{Key, Seeds, Table};
use crate::report::Report;

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
        for (index, (key, values)) in report.pieces().flat_map(|piece| piece.rows()).enumerate() {
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
