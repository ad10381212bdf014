//! The micro-batch engine: workers that read, step and fold, and batches that end.
//!
//! ```text
//!            lock                                     each its own
//! source ──[cursor]── chunk n ──> worker 0: steps ──> fold ─┐
//!                     chunk n+1 > worker 1: steps ──> fold ─┤ end of the batch: wait for chunks
//!                                                           │ under way, flush, take the pane
//!               outputs <──[output]── report <── what is kept
//! ```
//!
//! Whoever holds the cursor when a batch ends closes it, and lets the cursor go before the report is
//! made: the next batch is read meanwhile. The output is locked before the cursor is let go, so
//! reports come out in order, and a slow output stops reading one batch later. There is no queue
//! anywhere. With one thread it is the same code.

mod bad;
mod contents;
mod delivery;
mod flags;
mod input;
mod lateness;
mod opening;
mod renderer;
mod reporter;
mod schedule;
#[cfg(test)]
mod tests;
mod turns;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

pub use bad::OnBad;
pub use contents::contents;
pub use flags::Flags;
pub use renderer::Layout;

use crate::agg::Aggregate;
use crate::checkpoint::Checkpoint;
use crate::clock::Wait;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::process::signal::Stop;
use crate::process::supervisor::Supervisor;
use crate::report::viewer::Viewers;
use crate::say::{Level, say, says};
use crate::sink::outputs::Outputs;
use crate::source::Source;
use crate::state::Retention;
use crate::step::Step;
use crate::window::Window;

/// How the engine runs, resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The batch interval; zero for record at a time.
    pub interval: Duration,
    /// `--once`: one batch, to the end of the input.
    pub once: bool,
    /// Stop after so many batches.
    pub batches: Option<u64>,
    /// Stop after so long.
    pub duration: Option<Duration>,
    /// How many workers.
    pub threads: usize,
    /// Records a second at most.
    pub max_rate: Option<u64>,
    /// What becomes of bad records.
    pub on_bad: OnBad,
    /// True if a line is to say what a silent stream waits for.
    pub says_silent: bool,
}

/// What is kept of many batches, and how it is reported.
#[derive(Clone, Copy, Debug)]
pub struct Stateful {
    /// What is kept.
    pub retention: Retention,
    /// True if what is kept reports only rows that changed.
    pub changes: bool,
    /// `--skip-partial`.
    pub skip_partial: bool,
}

/// What a run is made of.
pub struct Pipeline {
    /// Where records come from.
    pub source: Box<dyn Source>,
    /// What is done to each, in order.
    pub steps: Vec<Box<dyn Step>>,
    /// What becomes of them; without one, the records themselves are written.
    pub aggregate: Option<Arc<dyn Aggregate>>,
    /// What is kept from batch to batch, if each does not stand alone.
    pub stateful: Option<Stateful>,
    /// Which rows are shown, and how they are written.
    pub layout: Layout,
}

impl Pipeline {
    /// The window, if what is kept of many batches is one.
    pub fn window(&self) -> Option<Window> {
        self.stateful.and_then(|stateful| stateful.retention.window())
    }
}

/// What surrounds a run: time, output, and the wish to stop.
pub struct Surroundings {
    /// The clock.
    pub wait: Box<dyn Wait>,
    /// Ends a wait of that clock.
    pub waker: Arc<Waker>,
    /// Where batches go.
    pub outputs: Outputs,
    /// Asked when a signal has come.
    pub stop: Arc<Stop>,
    /// What outlives the process.
    pub saved: Option<Saved>,
    /// Where the run counts what it does.
    pub metrics: Arc<Metrics>,
    /// Who is shown what comes out, beside the outputs.
    pub viewers: Viewers,
    /// Who is told that the stream runs, and sees that it goes on.
    pub supervisor: Arc<Supervisor>,
}

/// A checkpoint, and how it is used.
pub struct Saved {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// True if the input goes to the write-ahead log, because it cannot be read again.
    pub logs_input: bool,
    /// True if that is synced after each chunk, so that a run is the same each time.
    pub syncs_at_once: bool,
}

/// Runs the pipeline until its input ends, it is stopped, or it fails.
pub fn run(pipeline: Pipeline, settings: &Settings, around: Surroundings) -> Result<(), Error> {
    let supervisor = Arc::clone(&around.supervisor);
    let ready = opening::open(pipeline, settings, around)?;
    let engine = worker::Engine::new(ready, settings.threads, Arc::clone(&supervisor));
    supervisor.ready();
    let result = engine.run(settings.threads);
    supervisor.stopping();
    if says(Level::Details) {
        engine.behind().iter().for_each(|line| say(line));
        say(&engine.summary());
    }
    result
}
