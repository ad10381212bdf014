//! From a pipeline to an engine that can run: what the last process left is taken up first.
//!
//! ```text
//! checkpoint ──> state and windows ──> text that is owed goes out
//!                                      source opens ──> windows that came due meanwhile go out
//!                                                       then the log's unread rest, then the source
//! ```

use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

use super::bad::BadLog;
use super::cursor::{Cursor, Reached, Reader, Start};
use super::intake::{Intake, Log, Sync};
use super::kept::Keeper;
use super::ledger::{Ledger, Way};
use super::output::{Output, Parts};
use super::syncing::Syncing;
use super::{Pipeline, Saved, Settings, Surroundings};
use crate::agg::Aggregate;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::record::Record;
use crate::checkpoint::{Unread, Wal};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::say::say;
use crate::sink::outputs::Outputs;
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
}

/// Opens everything.
pub fn open(pipeline: Pipeline, settings: &Settings, around: Surroundings) -> Result<Ready, Error> {
    let Surroundings { mut wait, waker, outputs, stop, saved } = around;
    let Pipeline { source, mut steps, aggregate, keep, .. } = pipeline;
    let bad = BadLog::open(&settings.on_bad)?;
    let last = saved.as_ref().and_then(|saved| saved.checkpoint.last().cloned());
    let lasts = saved.is_some();
    // With a checkpoint the open batch is recorded when its reader goes, and owed to the next.
    let watched = outputs.watch(wait.registry())?;
    let reader = Reader { watched, closes_batch: outputs.has_others() || lasts };
    // As much as the checkpoint and a FIFO's reader let pass since the start is no part of the stream.
    let began = last.as_ref().map_or_else(|| wait.now(), |last| last.began);
    let kept = keep.zip(aggregate.as_ref()).map(|(keeping, aggregate)| {
        let kept = aggregate.keep(&keeping.keep, keeping.changes, lasts);
        Keeper::new(kept, &keeping, began, settings)
    });
    let window = kept.as_ref().and_then(|kept| kept.window().copied());
    let bare = settings.interval.is_zero();
    let first_serial = steps.iter().position(|step| step.is_serial()).unwrap_or(steps.len());
    let (way, log) = recorded(outputs, saved, began, window, aggregate.is_none() || bare)?;
    if let (true, Some(last), Some(log)) = (settings.verbose, &last, &log) {
        say_resumed(last, log);
    }
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
    output.relieve(&stop)?;
    let (intake, syncing) = intake(log, last.as_ref(), &waker);
    let mut told = settings.clone();
    // What is missed of windows is said by who keeps them.
    told.says_missed &= window.is_none();
    let start = start(last.as_ref(), intake, lasts);
    catch_up(&mut *wait, start.time, window.as_ref(), settings);
    let cursor = Cursor::open(source, wait, &told, stop, reader, start)?;
    begin(&mut output, &cursor, last.as_ref())?;
    // Record at a time, nothing is folded: each goes into what is kept.
    let aggregate = aggregate.filter(|_| !bare);
    Ok(Ready { cursor, syncing, steps, aggregate, output, bad, waker })
}

/// Where the run begins: where the last one ended, if there was one.
fn start(last: Option<&Record>, intake: Intake, lasts: bool) -> Start {
    let reached = last.map(Reached::of).unwrap_or_default();
    let time = last.map(|last| last.time).filter(|_| !planted(Bug::TimeAgain));
    Start { reached, time, intake, lasts }
}

/// The log of the input as it was found.
struct Found {
    wal: Wal,
    unread: Unread,
    appends: bool,
    syncs_at_once: bool,
}

/// The way out, and the log of the input if there is a checkpoint.
fn recorded(
    outputs: Outputs,
    saved: Option<Saved>,
    began: Stamp,
    window: Option<Window>,
    records_text: bool,
) -> Result<(Way, Option<Found>), Error> {
    let Some(saved) = saved else { return Ok((Way::Straight(outputs), None)) };
    let Saved { mut checkpoint, logs_input: appends, syncs_at_once } = saved;
    let (wal, unread) = checkpoint.wal()?;
    let ledger = Ledger::new(checkpoint, outputs, wal.syncer(), began, window, records_text);
    let way = Way::Recorded(Box::new(ledger));
    Ok((way, Some(Found { wal, unread, appends, syncs_at_once })))
}

/// Says where the stream goes on.
fn say_resumed(last: &Record, log: &Found) {
    let (n, bytes) = (last.n, log.unread.left().bytes);
    say(&format!(
        "going on behind record {n}; {bytes} bytes of input are in the log and come first"
    ));
}

/// Puts the log of the input between the source and the output.
fn intake(
    found: Option<Found>,
    last: Option<&Record>,
    waker: &Arc<Waker>,
) -> (Intake, Option<Arc<Syncing>>) {
    let Some(Found { wal, unread, appends, syncs_at_once }) = found else {
        return (Intake::default(), None);
    };
    let syncer = wal.syncer();
    let thread = (appends && !syncs_at_once).then(|| Syncing::new(syncer.clone(), waker));
    let sync = match &thread {
        Some(thread) => Sync::Aside(Arc::clone(thread)),
        None => Sync::AtOnce(syncer),
    };
    let log = Log { wal, sync: appends.then_some(sync) };
    (Intake::new(Some(log), Some(unread), last.map_or(0, |last| last.wal)), thread)
}

/// Lets the clock go on from the last Time if it is further behind than can be.
///
/// Times never go back, so without that nothing would come out until the clock has caught up. The
/// last Time may be ahead by the length of a batch or window that was cut short.
fn catch_up(
    wait: &mut dyn Wait,
    last: Option<Stamp>,
    window: Option<&Window>,
    settings: &Settings,
) {
    let Some(last) = last else { return };
    let most = settings.interval.max(window.map_or(Duration::ZERO, Window::slide));
    let ahead = last.since(wait.now());
    if ahead <= most {
        return;
    }
    wait.go_on_from(last);
    let seconds = ahead.as_secs();
    // Short batches that are cut short, one run after the other, are nothing to tell of.
    if settings.says_missed && !settings.once && seconds > 0 {
        say(&format!("the clock is {seconds} s behind the last Time; Times go on from there"));
    }
}

/// Records where the stream begins, or lets the time pass in which nothing ran.
fn begin(output: &mut Output, cursor: &Cursor, last: Option<&Record>) -> Result<(), Error> {
    let reached = cursor.reached();
    match last {
        Some(last) => output.pass(last.time, Stamp(cursor.open_time().0 - 1), &reached),
        None if reached.position.is_empty() => Ok(()),
        None => output.start(&reached),
    }
}
