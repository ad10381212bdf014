//! Going on where the last process stopped: what is kept, what was reported last, what is owed.
//!
//! ```text
//! commits   ... n-2   n-1 | n        done n is there: all of them are taken in
//!                         |          it is missing: what there was before n; then n, whose text is
//!                         |          made again and handed out
//!                         |          n is open: what there was before it, and on in its batch
//! ```
//!
//! Running state is read as it is; a window is made again by taking in its panes, one after the
//! other, as if their batches had just ended. With `--changed`, the last report is made once more for
//! what comes after it to be compared with.

use std::sync::Arc;

use super::recorded::{ENTRIES, OPEN, Recorded};
use super::{Delivery as _, nonsense};
use crate::agg::{Aggregate, Pane, StateStore};
use crate::checkpoint::Noted;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::{Commit, entries};
use crate::clock::Stamp;
use crate::engine::renderer::Renderer;
use crate::engine::reporter::History;
use crate::error::Error;
use crate::window::Window;

/// What takes up where the last process stopped.
pub struct Resume<'a> {
    /// Has what was recorded.
    pub recorded: &'a mut Recorded,
    /// Makes text again.
    pub renderer: &'a mut Renderer,
    /// What is kept of many batches.
    pub history: Option<&'a mut History>,
    /// What batches are folded by.
    pub aggregate: Option<&'a Arc<dyn Aggregate>>,
}

impl Resume<'_> {
    /// Takes up what the checkpoint holds, if it holds a commit.
    pub fn resume(mut self) -> Result<(), Error> {
        let checkpoint = self.recorded.checkpoint();
        let Some(last) = checkpoint.last().cloned() else { return Ok(()) };
        let is_done = checkpoint.is_done() || planted(Bug::SkipOwed);
        let is_over = is_done && !last.open;
        self.take_state(is_done)?;
        let window = self.history.as_ref().and_then(|history| history.schedule.window().copied());
        match (window, self.aggregate) {
            (Some(window), Some(aggregate)) => {
                self.take_window(window, &last, is_over, aggregate)?;
            }
            _ => self.take_last(&last, is_over)?,
        }
        match (last.open, is_done) {
            (true, _) => self.reopen(&last),
            (false, true) => Ok(()),
            (false, false) => self.redeem(&last),
        }
    }

    /// Goes on in the batch that was left open: takes up what it had come to.
    fn reopen(&mut self, last: &Commit) -> Result<(), Error> {
        if let (Some(recorded), Some(aggregate)) = (self.recorded.gather()?, self.aggregate) {
            return loaded(&recorded, |entries| aggregate.reopen(entries));
        }
        let rows = self.recorded.go_on(self.renderer.header());
        self.renderer.go_on(last.time, rows);
        Ok(())
    }

    /// Takes in what is held of each key.
    fn take_state(&mut self, is_done: bool) -> Result<(), Error> {
        let Some(History { store, .. }) = &mut self.history else { return Ok(()) };
        let put = |all: &[Noted<'_>]| store.put(all, false).ok_or_else(nonsense);
        match is_done {
            true => self.recorded.checkpoint().state(put)?,
            false => self.recorded.checkpoint().state_before(put)?,
        }
        store.restored();
        Ok(())
    }

    /// Takes in the panes of a window, but not that of a batch which is not over.
    fn take_window(
        &mut self,
        window: Window,
        last: &Commit,
        is_over: bool,
        aggregate: &Arc<dyn Aggregate>,
    ) -> Result<(), Error> {
        let Some(history) = &mut self.history else { return Ok(()) };
        let end = if is_over { last.time } else { Stamp(last.time.0 - 1) };
        let at = Stamp(end.0 - window.slide().as_millis() as i64);
        let mut rebuilt = Rebuilt { history, renderer: self.renderer, window, at };
        let first = window.start(window.last_due(end));
        self.recorded.checkpoint().panes(first, |time, bytes| {
            match is_open(bytes) || !is_over && time == last.time {
                true => Ok(()),
                false => rebuilt.take(time, pane(aggregate, bytes)?),
            }
        })?;
        rebuilt.pass(end)
    }

    /// Makes the last report again if the next one is compared with it.
    fn take_last(&mut self, last: &Commit, is_over: bool) -> Result<(), Error> {
        if !self.renderer.compares() {
            return Ok(());
        }
        if let Some(History { store, .. }) = &mut self.history {
            return match has_reported(last, is_over) {
                true => self.renderer.compare(last.time, |report| store.report(report)),
                false => Ok(()),
            };
        }
        let mut before = None;
        self.recorded.checkpoint().panes(Stamp(i64::MIN), |time, bytes| {
            if !is_open(bytes) && (is_over || time != last.time) {
                before = Some((time, bytes.to_vec()));
            }
            Ok(())
        })?;
        match (before, self.aggregate) {
            (Some((time, before)), Some(aggregate)) => {
                let pane = pane(aggregate, &before)?;
                self.renderer.compare(time, |report| pane.report(report))
            }
            _ => Ok(()),
        }
    }

    /// Makes the text of a commit again, and hands it out.
    fn redeem(&mut self, last: &Commit) -> Result<(), Error> {
        let Resume { recorded, renderer, history, aggregate } = self;
        let gathered = recorded.gather()?;
        match (&gathered, aggregate, history) {
            (Some(entries), Some(aggregate), Some(History { store, schedule })) => {
                let pane = pane(aggregate, entries)?;
                match schedule.window() {
                    Some(_) => store.absorb(last.time, Some(pane), None)?,
                    None => put_changes(recorded, &mut **store)?,
                }
                renderer.report(last.time, &mut **recorded, |report| store.report(report))?;
            }
            (Some(entries), Some(aggregate), None) => {
                let pane = pane(aggregate, entries)?;
                renderer.report(last.time, &mut **recorded, |report| pane.report(report))?;
            }
            (_, _, history) => {
                if let Some(History { store, .. }) = history {
                    // What it has changed of the state was reported in its text.
                    put_changes(recorded, &mut **store)?;
                    store.restored();
                }
                recorded.begin(last.time, renderer.header())?;
            }
        }
        recorded.redeem(last)
    }
}

/// Takes in what the last commit has changed of the state.
fn put_changes(recorded: &Recorded, store: &mut dyn StateStore) -> Result<(), Error> {
    let put = |all: &[Noted<'_>]| store.put(all, true).ok_or_else(nonsense);
    recorded.checkpoint().last_changes(put)
}

/// A window that takes in its panes again.
struct Rebuilt<'a> {
    history: &'a mut History,
    renderer: &'a mut Renderer,
    window: Window,
    /// Up to here all reports that were due have been passed.
    at: Stamp,
}

impl Rebuilt<'_> {
    fn take(&mut self, time: Stamp, pane: Box<dyn Pane>) -> Result<(), Error> {
        self.pass(Stamp(time.0 - 1))?;
        self.history.store.absorb(time, Some(pane), None)?;
        self.pass(time)
    }

    /// Lets time pass; a report that was due has been made, so that nothing has changed since.
    fn pass(&mut self, until: Stamp) -> Result<(), Error> {
        let due = self.window.last_due(until);
        if due > self.at {
            self.report(due)?;
        }
        self.at = self.at.max(until);
        Ok(())
    }

    fn report(&mut self, due: Stamp) -> Result<(), Error> {
        let History { store, schedule } = &mut *self.history;
        store.absorb(due, None, None)?;
        if !schedule.has_reported(due) {
            return Ok(());
        }
        if self.renderer.compares() {
            self.renderer.compare(due, |report| store.report(report))?;
        }
        if !planted(Bug::KeepTouched) {
            store.restored();
        }
        Ok(())
    }
}

/// True if running state was reported before the last commit, or with it if its batch is over.
fn has_reported(last: &Commit, is_over: bool) -> bool {
    // Of commits that have no clock, those that have a position begin with one that is no batch.
    let first = u64::from(!last.from.is_empty());
    match (is_over, last.clock) {
        (true, _) => last.time >= last.began,
        (false, Some(_)) => last.before.is_some_and(|before| before >= last.began),
        (false, None) => last.n > first,
    }
}

/// True if the pane is of a batch that was not over when it was recorded.
pub fn is_open(recorded: &[u8]) -> bool {
    recorded.first() == Some(&OPEN)
}

/// The pane that was recorded.
pub fn pane(aggregate: &Arc<dyn Aggregate>, recorded: &[u8]) -> Result<Box<dyn Pane>, Error> {
    loaded(recorded, |entries| Arc::clone(aggregate).load(entries))
}

/// What `load` makes of the entries of a pane.
fn loaded<'a, T>(
    recorded: &'a [u8],
    load: impl FnOnce(&mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<T>,
) -> Result<T, Error> {
    let bytes = recorded.strip_prefix(&[ENTRIES]).ok_or_else(nonsense)?;
    let mut is_sound = true;
    let mut all = entries(bytes).map_while(|entry| {
        let pair = entry.and_then(|entry| Some((entry.key, entry.cell?)));
        is_sound &= pair.is_some();
        pair
    });
    let made = load(&mut all);
    made.filter(|_| is_sound).ok_or_else(nonsense)
}
