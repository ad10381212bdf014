//! What the cursor finds: a chunk, the end of a batch, or that time has passed in which nobody read.

use std::time::Duration;

use crate::clock::Stamp;
use crate::engine::input::reached::Reached;
use crate::engine::input::times::Passed;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The chunk is to be folded.
    Chunk,
    /// Nothing has come; whoever holds the cursor looks whether the others have failed meanwhile.
    Idle,
    /// The open batch is to be closed; with `last`, the run ends with it.
    Close {
        /// True if nothing comes after this batch.
        last: bool,
    },
    /// Batches have passed in which nobody read.
    Pass {
        /// Which ones.
        passed: Passed,
        /// How much longer than it was to the system has let us wait, if that is why.
        overslept: Duration,
        /// True if nobody ran, before this run.
        is_start: bool,
    },
    /// Outputs are to open their files anew.
    Reopen,
    /// The run ends, and the next one goes on in the open batch.
    Leave,
    /// The run is over.
    Done,
}

/// A batch that is over.
#[derive(Debug)]
pub struct Closed {
    /// Its Time.
    pub time: Stamp,
    /// True if that is less than an interval ago.
    pub is_on_time: bool,
    /// Where its input ends.
    pub reached: Reached,
    /// If windows that are not due yet are to be reported with it, why.
    pub flushes: Option<Flush>,
}

/// Why windows are reported that are not due yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Nothing will ever come.
    Ended,
    /// The run is stopped, and nothing is kept for the next.
    Stopped,
}
