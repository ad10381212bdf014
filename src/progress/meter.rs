//! What is read of the counters of a run: how much, how fast, how far.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::metrics::{Extent, Metrics};
use crate::units::counted;

/// Over how long the rate of the moment is taken.
const MOMENT: Duration = Duration::from_secs(3);

/// Reads the counters of a run.
pub struct Meter {
    metrics: Arc<Metrics>,
    watch: Stopwatch,
    /// When it was read, and how many records there were then: what is older than a moment is forgotten but
    /// for one.
    readings: VecDeque<(Duration, u64)>,
}

/// A reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Records that were read.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records a second, lately.
    pub rate: f64,
    /// How long the run has taken.
    pub elapsed: Duration,
    /// How far the input is read, where its end is known.
    pub extent: Option<Extent>,
}

impl Meter {
    /// Begins to measure.
    pub fn new(metrics: &Arc<Metrics>) -> Meter {
        let readings = VecDeque::from([(Duration::ZERO, metrics.records.get())]);
        Meter { metrics: Arc::clone(metrics), watch: Stopwatch::start(), readings }
    }

    /// Reads the counters.
    pub fn read(&mut self) -> Reading {
        let (records, elapsed) = (self.metrics.records.get(), self.watch.elapsed());
        let rate = self.rate(elapsed, records);
        let (bytes, extent) = (self.metrics.bytes.get(), self.metrics.extent.get());
        Reading { records, bytes, rate, elapsed, extent }
    }

    /// Records a second since the reading that is a moment old, or since the beginning.
    fn rate(&mut self, elapsed: Duration, records: u64) -> f64 {
        let recent = elapsed.saturating_sub(MOMENT);
        while self.readings.get(1).is_some_and(|&(at, _)| at <= recent) {
            self.readings.pop_front();
        }
        let (since, before) = self.readings.front().copied().unwrap_or_default();
        self.readings.push_back((elapsed, records));
        records.saturating_sub(before) as f64 / (elapsed - since).as_secs_f64().max(1e-3)
    }

    /// What is known of the run, as one line.
    pub fn line(&mut self) -> String {
        let Reading { records, elapsed, extent, .. } = self.read();
        let mean = records as f64 / elapsed.as_secs_f64().max(1e-3);
        let mut parts = vec![
            format!("{} read, {mean:.0} a second since the start", counted(records, "record")),
            format!("batches: {}", self.metrics.batches.get()),
        ];
        parts.extend(extent.map(|extent| {
            let unit = if extent.in_records { "record" } else { "byte" };
            format!("{}% of {}", percent(extent), counted(extent.total, unit))
        }));
        let behind = self.metrics.behind.get();
        if !behind.is_empty() {
            parts.push(format!("{} not read yet", counted(behind.values().sum(), "record")));
        }
        let bad = self.metrics.bad.get();
        parts.extend((bad > 0).then(|| format!("{bad} bad")));
        parts.join("; ")
    }
}

/// How much of it is read, in whole percents.
fn percent(extent: Extent) -> u64 {
    let total = u128::from(extent.total.max(extent.done).max(1));
    (u128::from(extent.done) * 100 / total) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let mut meter = Meter::new(&Arc::default());
        let mut rate = |seconds: u64, records| meter.rate(Duration::from_secs(seconds), records);
        assert_eq!(rate(1, 100), 100.0);
        assert_eq!(rate(2, 200), 100.0);
        assert_eq!(rate(4, 1400), 1300.0 / 3.0);
        assert_eq!([rate(7, 1400), rate(10, 1400)], [0.0, 0.0]);
    }

    #[test]
    fn a_line_says_what_is_known() {
        let metrics = Arc::new(Metrics::default());
        let mut meter = Meter::new(&metrics);
        let line = meter.line();
        assert_eq!(line, "0 records read, 0 a second since the start; batches: 0");
        metrics.records.add(7);
        metrics.batches.add(2);
        metrics.bad.add(1);
        metrics.extent.set(Extent::bytes(50, 200));
        metrics.behind.set([("t[0]".to_string(), 3), ("t[1]".to_string(), 4)].into());
        let line = meter.line();
        assert!(line.starts_with("7 records read, "), "{line}");
        assert!(
            line.ends_with("; batches: 2; 25% of 200 bytes; 7 records not read yet; 1 bad"),
            "{line}"
        );
    }

    #[test]
    fn no_share_is_more_than_all() {
        let percents = [(0, 0), (1, 3), (5, 4), (u64::MAX, u64::MAX)];
        let percents = percents.map(|(done, total)| percent(Extent::records(done, total)));
        assert_eq!(percents, [0, 33, 100, 100]);
    }
}
