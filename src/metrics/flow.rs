//! What goes through each step: how many rows have left it, and how many it has dropped or refused.
//!
//! What comes to a step is what has left the one before it. It is counted once a chunk and only if somebody
//! looks: without that there are no flows.

use std::sync::{Arc, OnceLock};

use super::Counter;

/// What has gone through one step.
#[derive(Debug, Default)]
pub struct Flow {
    /// Rows that have left it.
    pub left: Counter,
    /// Rows that it has dropped.
    pub dropped: Counter,
    /// Rows that it has refused, as bad.
    pub bad: Counter,
}

/// What has gone through all steps, in their order.
#[derive(Debug, Default)]
pub struct Flows(OnceLock<Vec<Arc<Flow>>>);

impl Flows {
    /// Begins to count what goes through so many steps, unless that has begun.
    pub fn begin(&self, steps: usize) -> &[Arc<Flow>] {
        self.0.get_or_init(|| (0..steps).map(|_| Arc::default()).collect())
    }

    /// Of each step what has gone through it; of none, if that is not counted.
    pub fn get(&self) -> &[Arc<Flow>] {
        self.0.get().map_or(&[], Vec::as_slice)
    }
}
