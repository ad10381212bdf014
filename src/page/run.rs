//! What is known of a run from its start.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Stamp;
use crate::part::outline::Outline;

/// A run, as the page tells of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// When it was started.
    pub started: Stamp,
    /// The batch interval; zero for record at a time.
    pub interval: Duration,
    /// True if all input is one batch.
    pub once: bool,
    /// How many workers there are.
    pub threads: usize,
    /// The pipeline.
    pub outline: Vec<Outline>,
    /// What the values of a row are called; records have none.
    pub columns: Vec<String>,
    /// The column by which rows are ordered.
    pub by: usize,
    /// True if rows have keys.
    pub is_keyed: bool,
    /// Where the checkpoint is, if there is one.
    pub checkpoint: Option<PathBuf>,
}

impl Run {
    /// True if batches end by the clock, so that one that does not is a sign.
    pub fn has_clock(&self) -> bool {
        !self.once && !self.interval.is_zero()
    }

    /// How long a batch may take to end until something is wrong.
    pub fn patience(&self) -> Duration {
        self.interval.saturating_mul(3).max(Duration::from_secs(10))
    }

    /// What a run is told apart by, from one that was at the same address before.
    pub fn id(&self) -> String {
        format!("{}-{}", self.started.0, std::process::id())
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let part =
            |line: &Outline| json!({ "part": line.part, "what": line.what, "leaves": line.leaves });
        json!({
            "id": self.id(),
            "version": env!("CARGO_PKG_VERSION"),
            "started_ms": self.started.0,
            "interval_ms": self.interval.as_millis() as u64,
            "once": self.once,
            "threads": self.threads,
            "pipeline": self.outline.iter().map(part).collect::<Vec<_>>(),
            "columns": self.columns,
            "keyed": self.is_keyed,
            "checkpoint": self.checkpoint.as_ref().map(|dir| dir.to_string_lossy()),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run with batches of a second, on two threads.
    pub fn run() -> Run {
        Run {
            started: Stamp(1000),
            interval: Duration::from_secs(1),
            once: false,
            threads: 2,
            outline: Vec::new(),
            columns: vec!["value".to_string()],
            by: 0,
            is_keyed: true,
            checkpoint: None,
        }
    }

    #[test]
    fn a_batch_may_take_three_intervals_and_never_less_than_ten_seconds() {
        assert_eq!(run().patience(), Duration::from_secs(10));
        let slow = Run { interval: Duration::from_secs(60), ..run() };
        assert_eq!(slow.patience(), Duration::from_secs(180));
        assert!(run().has_clock() && !Run { once: true, ..run() }.has_clock());
    }
}
