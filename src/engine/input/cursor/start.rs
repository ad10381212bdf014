//! Where a run begins: what the last one has left, and what the cursor is told of the run.

use std::sync::Arc;

use crate::checkpoint::Positions;
use crate::clock::Stamp;
use crate::engine::input::intake::Intake;
use crate::engine::input::reached::Reached;
use crate::engine::input::times::Single;
use crate::metrics::Metrics;
use crate::process::supervisor::Supervisor;

/// Where a run begins.
pub struct Start {
    /// How far the last one had come.
    pub reached: Reached,
    /// The last position of each part of the input.
    pub positions: Positions,
    /// The Time of the last batch that is over.
    pub time: Option<Stamp>,
    /// The Time of the batch that was left open, if one was.
    pub left: Option<Stamp>,
    /// True if it is recorded what that has come to.
    pub is_open: bool,
    /// If there is one batch and no window, whether it has the Time of its end or of its beginning.
    pub single: Option<Single>,
    /// The last Time of which an output has a batch of its own already.
    pub taken: Option<Stamp>,
    /// The log of the input.
    pub intake: Intake,
    /// True if there is a checkpoint: what is open at the end goes on at the next start.
    pub lasts: bool,
    /// True if positions in the input are kept in it.
    pub keeps_positions: bool,
    /// Where batches are counted that pass unread.
    pub metrics: Arc<Metrics>,
    /// Who sees that the stream goes on.
    pub supervisor: Arc<Supervisor>,
}
