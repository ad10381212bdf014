//! What is made of results before rows are chosen: `--per`, `--share` and `--having`.
//!
//! ```text
//! results ──per──> rates ──share──> shares of the total ──having──> rows that are chosen from
//! ```
//!
//! Only counts and sums are divided; other columns stay as they are. A share needs the total of all rows,
//! so no row is chosen before all are there. Totals are exact, whatever the order of the rows.

use std::sync::Arc;
use std::time::Duration;

use crate::cell::Total;
use crate::number::{Comparison, Number};
use crate::report::value::Value;

/// What is made of results, and which column is looked at.
#[derive(Clone, Debug, Default)]
pub struct Measure {
    /// `--per`: counts and sums are divided by the time covered, in units of this.
    pub per: Option<Duration>,
    /// `--share`: they are divided by the total of all rows.
    pub share: bool,
    /// `--having`: a column, and how it compares in rows that are reported.
    pub having: Option<(usize, Comparison)>,
    /// `--by`: the column that `--top` and `--sort value` look at.
    pub by: usize,
    /// Which columns are counts or sums.
    pub additive: Arc<[bool]>,
}

impl Measure {
    /// True if results are reported as they are.
    pub fn is_plain(&self) -> bool {
        self.per.is_none() && !self.share && self.having.is_none()
    }

    /// Divides counts and sums by the time that the report covers.
    pub fn rate(&self, values: &mut [Value], covered: Duration) {
        if let Some(unit) = self.per {
            // A whole number of both is exact: 11 in 11 s are 60 a minute.
            let [unit, covered] = [unit, covered].map(|span| span.as_millis() as f64);
            self.each(values, |_, double| double * unit / covered);
        }
    }

    /// Takes the counts and sums of a row into their totals.
    pub fn add(&self, values: &[Value], totals: &mut [Total]) {
        for ((value, total), _) in
            values.iter().zip(totals).zip(&*self.additive).filter(|(_, is)| **is)
        {
            number(value).into_iter().for_each(|number| total.add(number));
        }
    }

    /// Divides counts and sums by their totals.
    pub fn shares(&self, values: &mut [Value], totals: &[Total]) {
        self.each(values, |column, double| double / totals[column].nearest());
    }

    /// Changes each count and sum; what then is no number is none.
    fn each(&self, values: &mut [Value], change: impl Fn(usize, f64) -> f64) {
        for (column, value) in values.iter_mut().enumerate() {
            let Some(number) = number(value).filter(|_| self.additive[column]) else { continue };
            let changed = change(column, number.to_f64());
            *value = if changed.is_finite() { Value::Float(changed) } else { Value::None };
        }
    }

    /// True if a row is reported.
    pub fn has(&self, values: &[Value]) -> bool {
        let Some((column, comparison)) = &self.having else { return true };
        let number = values.get(*column).and_then(number);
        number.is_some_and(|number| comparison.is_wanted(number.compare(comparison.than)))
    }
}

/// The number that a value is.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(value) => Some(Number::Integer(*value)),
        Value::Float(value) => Some(Number::Double(*value)),
        // The last value of a key is compared as what is written there.
        Value::Bytes(text) => Number::read(&text.0).ok(),
        Value::Json(text) => Number::read(&text.0).ok(),
        Value::None | Value::List(_) => None,
    }
}
