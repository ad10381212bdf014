//! From a pipeline to an engine that can run: what the last process left is taken up first.
//!
//! ```text
//! checkpoint ──> state and windows ──> text that is owed goes out
//!                                      source opens: the first thing that workers find is that
//!                                      windows came due meanwhile, then the log's unread rest
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

use super::bad::BadLog;
use super::input::syncing::Syncing;
use super::kept::Keeper;
use super::lateness::Lateness;
use super::ledger::{Ledger, Way};
use super::output::{Output, Parts};
use super::{Pipeline, Saved, Settings, Stateful, Surroundings};
use crate::agg::Aggregate;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::Commit;
use crate::checkpoint::{Checkpoint, Unread, Wal};
use crate::clock::{Stamp, Wait};
use crate::engine::input::cursor::{Cursor, Reached, Reader, Start};
use crate::engine::input::intake::{Intake, Log, SyncMode};
use crate::engine::input::times::{Single, second};
use crate::error::Error;
use crate::say::say;
use crate::sink::outputs::Outputs;
use crate::state::Retention;
use crate::step::Step;
use crate::window::Window;

/// What an engine is made of, ready to run.
pub struct Ready {
    /// The source, and where in time it stands.
    pub cursor: Cursor,
    /// Syncs the log of the input on a thread of its own.
    pub syncing: Option<Arc<Syncing>>,
    /// The steps that workers copy: all before the first serial one.
    pub steps: Vec<Box<dyn Step>>,
    /// What batches are folded by.
    pub aggregate: Option<Arc<dyn Aggregate>>,
    /// The way out.
    pub output: Output,
    /// Where bad records go.
    pub bad: BadLog,
    /// Ends the wait of whoever holds the cursor.
    pub waker: Arc<Waker>,
    /// What is late, and why.
    pub lateness: Lateness,
}

/// Opens everything.
pub fn open(pipeline: Pipeline, settings: &Settings, around: Surroundings) -> Result<Ready, Error> {
    let Surroundings { mut wait, waker, outputs, stop, saved } = around;
    let Pipeline { source, mut steps, aggregate, stateful, .. } = pipeline;
    let bad = BadLog::open(&settings.on_bad)?;
    let last = saved.as_ref().and_then(|saved| saved.checkpoint.last().cloned());
    let lasts = saved.is_some();
    // With a checkpoint the open batch is left to the next start when its reader goes.
    let watched = outputs.watch(wait.registry())?;
    let reader = Reader { watched, closes_batch: outputs.has_others() || lasts };
    catch_up(&mut *wait, last.as_ref(), settings);
    let has_window = stateful.as_ref().is_some_and(Stateful::has_window);
    let bare = settings.interval.is_zero();
    let single = (settings.once && !has_window && !bare).then_some(match aggregate.is_some() {
        true => Single::Ends,
        false => Single::Begins,
    });
    // As much as the checkpoint and a FIFO's reader let pass since the start is no part of the stream.
    let now = wait.now();
    let first = if single.is_some() { second(now) } else { now };
    let first_serial = steps.iter().position(|step| step.is_serial()).unwrap_or(steps.len());
    let window = stateful.and_then(|stateful| match stateful.retention {
        Retention::Window { window, .. } => Some(window),
        Retention::Running { .. } => None,
    });
    let most = settings.interval.max(window.map_or(Duration::ZERO, |window| window.slide()));
    let mut log = saved.map(found).transpose()?;
    let left = left_open(last.as_ref(), log.as_mut())?;
    // Whenever in the interval of the first batch it was: no window begins within that.
    let began = left.map_or(first, |left| first.min(Stamp(left.0 - 1)));
    let began = last.as_ref().map_or(began, |last| last.began);
    let kept = stateful.zip(aggregate.as_ref()).map(|(stateful, aggregate)| {
        let kept = aggregate.store(&stateful.retention, stateful.changes, lasts);
        Keeper::new(kept, &stateful, began, settings, Arc::clone(&stop))
    });
    let mut way = way(outputs, log.as_mut(), began, window, aggregate.is_none() || bare);
    let taken = way.outputs().last_time(first.min(left.unwrap_or(first)), most)?;
    let mut output = Output::new(Parts {
        format: pipeline.format,
        way,
        selection: pipeline.selection,
        width: pipeline.width,
        skip_empty: pipeline.skip_empty,
        bare,
        serial: steps.split_off(first_serial),
        writes_records: aggregate.is_none(),
        kept,
        changes: pipeline.changes,
    });
    output.resume(aggregate.as_ref())?;
    if let (false, Some(log)) = (settings.quiet, &log) {
        say_resumed(last.as_ref(), output.keys(), log);
    }
    output.relieve(&stop)?;
    let (intake, syncing) = intake(log, last.as_ref(), &waker);
    let start = Start { single, taken, left, ..start(last.as_ref(), intake, lasts) };
    let mut cursor = Cursor::open(source, wait, settings, stop, reader, start)?;
    begin(&mut output, &mut cursor, last.as_ref())?;
    // Record at a time, nothing is folded: each goes into what is kept.
    let aggregate = aggregate.filter(|_| !bare);
    let lateness = Lateness::new(settings.quiet);
    Ok(Ready { cursor, syncing, steps, aggregate, output, bad, waker, lateness })
}

/// Where the run begins: where the last one ended, if there was one.
fn start(last: Option<&Commit>, intake: Intake, lasts: bool) -> Start {
    let reached = last.map(Reached::of).unwrap_or_default();
    let time = last.and_then(Commit::last_over).filter(|_| !planted(Bug::TimeAgain));
    let is_open = last.is_some_and(|last| last.open);
    Start { reached, time, left: None, is_open, single: None, taken: None, intake, lasts }
}

/// The Time of the batch that the last run has left open, if it has.
fn left_open(last: Option<&Commit>, log: Option<&mut Found>) -> Result<Option<Stamp>, Error> {
    if let Some(last) = last.filter(|last| last.open) {
        return Ok(Some(last.time));
    }
    let Some(found) = log else { return Ok(None) };
    Ok(found.unread.peek()?.and_then(|(_, input)| input.time))
}

/// The checkpoint and the log of the input as they were found.
struct Found {
    dir: PathBuf,
    /// There until it is handed to the way out.
    checkpoint: Option<Checkpoint>,
    wal: Wal,
    unread: Unread,
    appends: bool,
    syncs_at_once: bool,
}

/// Looks into the log of the input.
fn found(saved: Saved) -> Result<Found, Error> {
    let Saved { mut checkpoint, logs_input: appends, syncs_at_once } = saved;
    let dir = checkpoint.dir().to_path_buf();
    let (wal, unread) = checkpoint.wal()?;
    Ok(Found { dir, checkpoint: Some(checkpoint), wal, unread, appends, syncs_at_once })
}

/// The way out: by the checkpoint, if there is one.
fn way(
    outputs: Outputs,
    found: Option<&mut Found>,
    began: Stamp,
    window: Option<Window>,
    records_text: bool,
) -> Way {
    let checkpoint = found.and_then(|found| Some((found.checkpoint.take()?, found.wal.syncer())));
    match checkpoint {
        None => Way::Straight(outputs),
        Some((checkpoint, syncer)) => Way::Recorded(Box::new(Ledger::new(
            checkpoint,
            outputs,
            syncer,
            began,
            window,
            records_text,
        ))),
    }
}

/// Says where the stream goes on.
fn say_resumed(last: Option<&Commit>, keys: Option<usize>, log: &Found) {
    let several = |count: u64, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    };
    let keys = keys.filter(|_| last.is_some()).map(|keys| several(keys as u64, "key"));
    let lines = Some(log.unread.left().records).filter(|lines| *lines > 0);
    let lines = lines.map(|lines| format!("{} in the log", several(lines, "line")));
    let behind = last.map(|last| format!("behind record {}", last.n));
    let parts: Vec<_> = [keys, lines, behind].into_iter().flatten().collect();
    if parts.is_empty() {
        // It is new.
        return;
    }
    say(&format!("going on from {}: {}", log.dir.display(), parts.join(", ")));
}

/// Puts the log of the input between the source and the output.
fn intake(
    found: Option<Found>,
    last: Option<&Commit>,
    waker: &Arc<Waker>,
) -> (Intake, Option<Arc<Syncing>>) {
    let Some(Found { wal, unread, appends, syncs_at_once, .. }) = found else {
        return (Intake::default(), None);
    };
    let syncer = wal.syncer();
    let thread = (appends && !syncs_at_once).then(|| Syncing::new(syncer.clone(), waker));
    let sync = match &thread {
        Some(thread) => SyncMode::Aside(Arc::clone(thread)),
        None => SyncMode::AtOnce(syncer),
    };
    let log = Log { wal, sync: appends.then_some(sync) };
    (Intake::new(Some(log), Some(unread), last.map_or(0, |last| last.wal)), thread)
}

/// Lets the clock go on from what it read last, if it was set back since.
///
/// Times never go back, so without that nothing would come out until the clock has caught up. The last
/// Time says nothing of it: it is ahead of the clock whenever a batch was cut short.
fn catch_up(wait: &mut dyn Wait, last: Option<&Commit>, settings: &Settings) {
    let Some(last) = last else { return };
    // What older versions have recorded tells no more than that a batch may have been cut short.
    let read = last.clock.unwrap_or(last.time.before(settings.interval));
    let behind = read.since(wait.now());
    wait.go_on_from(read);
    if !settings.quiet && behind >= Duration::from_secs(1) {
        let seconds = behind.as_secs();
        say(&format!("the clock is {seconds} s behind what it was; Times go on from there"));
    }
}

/// Records where the stream begins.
fn begin(output: &mut Output, cursor: &mut Cursor, last: Option<&Commit>) -> Result<(), Error> {
    let reached = cursor.reached();
    match last {
        None if !reached.position.is_empty() => output.start(&reached),
        _ => Ok(()),
    }
}
