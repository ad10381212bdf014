//! From a pipeline to an engine that can run: what the last process left is taken up first.
//!
//! ```text
//! checkpoint ──> state and windows ──> text that is owed goes out
//!                                      source opens: the first thing that workers find is that
//!                                      windows came due meanwhile, then the log's unread rest
//! ```

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

use super::bad::BadLog;
use super::delivery::Delivery;
use super::delivery::direct::Direct;
use super::delivery::recorded::Recorded;
use super::delivery::resume::Resume;
use super::input::cursor::{Cursor, Reached, Reader, Start};
use super::input::intake::{Intake, Log, SyncMode};
use super::input::serial::Serial;
use super::input::syncing::Syncing;
use super::input::times::{Single, second};
use super::lateness::Lateness;
use super::renderer::Renderer;
use super::reporter::{History, Reporter, Writes};
use super::{Pipeline, Saved, Settings, Surroundings};
use crate::agg::Aggregate;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::Commit;
use crate::checkpoint::{Checkpoint, Positions, Unread, Wal};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::report::viewer::Viewers;
use crate::say::note;
use crate::step::Step;
use crate::step::counted::counted;
use crate::units;

/// What an engine is made of, ready to run.
pub struct Ready {
    /// The source, and where in time it stands.
    pub cursor: Cursor,
    /// Syncs the log of the input on a thread of its own.
    pub syncing: Option<Arc<Syncing>>,
    /// The steps that workers copy: all before the first serial one.
    pub steps: Vec<Box<dyn Step>>,
    /// The others.
    pub serial: Option<Serial>,
    /// What batches are folded by.
    pub aggregate: Option<Arc<dyn Aggregate>>,
    /// The way out.
    pub reporter: Reporter,
    /// Where bad records go.
    pub bad: BadLog,
    /// Ends the wait of whoever holds the cursor.
    pub waker: Arc<Waker>,
    /// What is late, and why.
    pub lateness: Lateness,
    /// What the run has done.
    pub metrics: Arc<Metrics>,
}

/// Opens everything.
pub fn open(pipeline: Pipeline, settings: &Settings, around: Surroundings) -> Result<Ready, Error> {
    let Surroundings { mut wait, waker, outputs, stop, saved, .. } = around;
    let Surroundings { metrics, viewers, supervisor, .. } = around;
    let bad = BadLog::open(&settings.on_bad, &metrics)?;
    let Past { checkpoint, log, last, left, positions, keeps_positions } = Past::of(saved)?;
    let (last, lasts) = (last.as_ref(), checkpoint.is_some());
    // With a checkpoint the open batch is left to the next start when its reader goes.
    let watched = outputs.watch(wait.registry())?;
    let reader = Reader { watched, closes_batch: outputs.has_others() || lasts };
    catch_up(&mut *wait, last, settings);
    let single = single(&pipeline, settings);
    // As much as the checkpoint and a FIFO's reader let pass since the start is no part of the stream.
    let first = if single.is_some() { second(wait.now()) } else { wait.now() };
    let began = began(first, left, last);
    let window = pipeline.window();
    let most = settings.interval.max(window.map_or(Duration::ZERO, |window| window.slide()));
    let taken = outputs.last_time(first.min(left.unwrap_or(first)), most)?;

    let writes = writes(&pipeline, settings);
    let Pipeline { mut source, steps, aggregate, stateful, layout } = pipeline;
    let kept = stateful.zip(aggregate.as_deref());
    let mut history = kept
        .map(|(stateful, aggregate)| History::new(&stateful, aggregate, began, lasts, settings));
    let mut renderer = Renderer::new(layout, opened(began, settings.interval), &metrics, viewers);
    let mut delivery: Box<dyn Delivery> = match (checkpoint, &log) {
        (Some(checkpoint), Some(log)) => {
            let (syncer, records_text) = (log.wal.syncer(), writes != Writes::Reports);
            let mut recorded =
                Recorded::new(checkpoint, outputs, syncer, began, window, records_text, &metrics);
            take_up(&mut recorded, &mut renderer, history.as_mut(), aggregate.as_ref(), log)?;
            recorded.relieve(|| stop.is_asked())?;
            Box::new(recorded)
        }
        _ => Box::new(Direct(outputs)),
    };

    log.iter().for_each(|log| source.left_over(log.unread.left().records));
    let (intake, syncing) = intake(log, last, &waker);
    let start = Start {
        reached: last.map(Reached::of).unwrap_or_default(),
        positions,
        time: last.and_then(Commit::last_over).filter(|_| !planted(Bug::TimeAgain)),
        left,
        is_open: last.is_some_and(|last| last.open),
        single,
        taken,
        intake,
        lasts,
        keeps_positions,
        metrics: Arc::clone(&metrics),
        supervisor,
    };
    let mut cursor = Cursor::open(source, wait, settings, Arc::clone(&stop), reader, start)?;
    if last.is_none() {
        delivery.start(&cursor.take_moves())?;
    }
    let mut steps = seen(steps, &mut renderer.viewers, &metrics);
    let serial = Serial::split_off(&mut steps);
    let reporter = Reporter::new(renderer, writes, history, delivery, stop, settings.once);
    // Record at a time, nothing is folded: each goes into what is kept.
    let aggregate = aggregate.filter(|_| writes == Writes::Reports);
    let lateness = Lateness::default();
    Ok(Ready { cursor, syncing, steps, serial, aggregate, reporter, bad, waker, lateness, metrics })
}

/// What the runs before have left.
#[derive(Default)]
struct Past {
    checkpoint: Option<Checkpoint>,
    log: Option<FoundLog>,
    /// The last commit.
    last: Option<Commit>,
    /// The Time of the batch that was left open, if one was.
    left: Option<Stamp>,
    positions: Positions,
    keeps_positions: bool,
}

impl Past {
    fn of(saved: Option<Saved>) -> Result<Past, Error> {
        let Some(saved) = saved else { return Ok(Past::default()) };
        let (checkpoint, mut log) = found(saved)?;
        let last = checkpoint.last().cloned();
        let left = left_open(last.as_ref(), &mut log)?;
        let (positions, keeps_positions) = (checkpoint.positions()?, checkpoint.keeps_positions());
        let (checkpoint, log) = (Some(checkpoint), Some(log));
        Ok(Past { checkpoint, log, last, left, positions, keeps_positions })
    }
}

/// The steps as they are seen from outside, if somebody looks.
fn seen(steps: Vec<Box<dyn Step>>, viewers: &mut Viewers, metrics: &Metrics) -> Vec<Box<dyn Step>> {
    if viewers.is_empty() {
        return steps;
    }
    viewers.begin();
    counted(steps, &metrics.flows)
}

/// Takes up what the last process left, and says where the stream goes on.
fn take_up(
    recorded: &mut Recorded,
    renderer: &mut Renderer,
    mut history: Option<&mut History>,
    aggregate: Option<&Arc<dyn Aggregate>>,
    log: &FoundLog,
) -> Result<(), Error> {
    let resume =
        Resume { recorded: &mut *recorded, renderer, history: history.as_deref_mut(), aggregate };
    resume.resume()?;
    let checkpoint = recorded.checkpoint();
    let keys = history.and_then(|history| history.store.keys());
    say_resumed(checkpoint.dir(), checkpoint.last(), keys, log);
    Ok(())
}

/// The beginning of the batch in which the stream began: a start that goes on within it knows no more.
fn opened(began: Stamp, interval: Duration) -> Stamp {
    let millis = (interval.as_millis() as i64).max(1);
    Stamp(began.0.div_euclid(millis) * millis)
}

/// When the stream began: now, if nothing was left of it.
fn began(first: Stamp, left: Option<Stamp>, last: Option<&Commit>) -> Stamp {
    // Whenever in the interval of the first batch it was: no window begins within that.
    let began = left.map_or(first, |left| first.min(Stamp(left.0 - 1)));
    last.map_or(began, |last| last.began)
}

/// What is written, and when.
fn writes(pipeline: &Pipeline, settings: &Settings) -> Writes {
    match (pipeline.aggregate.is_some(), settings.interval.is_zero()) {
        (false, _) => Writes::Records,
        (true, true) => Writes::Results,
        (true, false) => Writes::Reports,
    }
}

/// If there is one batch and no window, whether it has the Time of its end or of its beginning.
fn single(pipeline: &Pipeline, settings: &Settings) -> Option<Single> {
    let is_single = settings.once && pipeline.window().is_none() && !settings.interval.is_zero();
    is_single.then_some(match pipeline.aggregate.is_some() {
        true => Single::Ends,
        false => Single::Begins,
    })
}

/// The Time of the batch that the last run has left open, if it has.
fn left_open(last: Option<&Commit>, log: &mut FoundLog) -> Result<Option<Stamp>, Error> {
    match last.filter(|last| last.open) {
        Some(last) => Ok(Some(last.time)),
        None => log.unread.time(),
    }
}

/// The log of the input as it was found.
struct FoundLog {
    wal: Wal,
    unread: Unread,
    appends: bool,
    syncs_at_once: bool,
}

/// Looks into the log of the input.
fn found(saved: Saved) -> Result<(Checkpoint, FoundLog), Error> {
    let Saved { mut checkpoint, logs_input: appends, syncs_at_once } = saved;
    let (wal, unread) = checkpoint.wal()?;
    Ok((checkpoint, FoundLog { wal, unread, appends, syncs_at_once }))
}

/// Says where the stream goes on.
fn say_resumed(dir: &Path, last: Option<&Commit>, keys: Option<usize>, log: &FoundLog) {
    let keys = keys.filter(|_| last.is_some()).map(|keys| units::counted(keys as u64, "key"));
    let lines = Some(log.unread.left().records).filter(|lines| *lines > 0);
    let lines = lines.map(|lines| format!("{} in the log", units::counted(lines, "line")));
    let behind = last.map(|last| format!("behind batch {}", last.n));
    let parts: Vec<_> = [keys, lines, behind].into_iter().flatten().collect();
    // If there are none, it is new.
    if !parts.is_empty() {
        note(&format!("going on from {}: {}", dir.display(), parts.join(", ")));
    }
}

/// Puts the log of the input between the source and the steps.
fn intake(
    found: Option<FoundLog>,
    last: Option<&Commit>,
    waker: &Arc<Waker>,
) -> (Intake, Option<Arc<Syncing>>) {
    let Some(FoundLog { wal, unread, appends, syncs_at_once }) = found else {
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
    if behind >= Duration::from_secs(1) {
        let seconds = behind.as_secs();
        note(&format!("the clock is {seconds} s behind what it was; Times go on from there"));
    }
}
