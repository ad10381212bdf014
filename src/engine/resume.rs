//! Going on where the last process stopped: what is kept, what was reported last, what is owed.
//!
//! ```text
//! records   ... n-2   n-1 | n        done n is there: all of them are taken in
//!                         |          it is missing: what there was before n; then n, whose text is
//!                         |          made again and handed out
//!                         |          n is open: what there was before it, and on in its batch
//! ```
//!
//! Running state is read as it is; a window is made again by taking in its panes, one after the
//! other, as if their batches had just ended. With `--changed`, the last report is made once more for
//! what comes after it to be compared with.

use std::sync::Arc;

use super::kept::Keeper;
use super::ledger::{ENTRIES, OPEN, Way};
use super::output::{Output, Parts};
use crate::agg::{Aggregate, Pane, StateStore};
use crate::checkpoint::Noted;
use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::commits::commit::{Commit, entries};
use crate::clock::Stamp;
use crate::error::Error;
use crate::report::changed::Changes;
use crate::report::{Collector, Selection};
use crate::window::Window;

impl Output {
    /// Takes up what the checkpoint holds, if there is one and it holds a record.
    pub fn resume(&mut self, aggregate: Option<&Arc<dyn Aggregate>>) -> Result<(), Error> {
        let Way::Recorded(ledger) = &self.parts.way else { return Ok(()) };
        let Some(last) = ledger.checkpoint().last().cloned() else { return Ok(()) };
        self.turn = last.chunks;
        let is_done = ledger.checkpoint().is_done() || planted(Bug::SkipOwed);
        let is_over = is_done && !last.open;
        self.take_state(is_done)?;
        let window = self.parts.kept.as_ref().and_then(|kept| kept.window().copied());
        match (window, aggregate) {
            (Some(window), Some(aggregate)) => {
                self.take_window(window, &last, is_over, aggregate)?;
            }
            _ => self.take_last(&last, is_over, aggregate)?,
        }
        match (last.open, is_done) {
            (true, _) => self.reopen(&last, aggregate),
            (false, true) => Ok(()),
            (false, false) => self.redeem(&last, aggregate),
        }
    }

    /// Goes on in the batch that was left open: takes up what it had come to.
    fn reopen(
        &mut self,
        last: &Commit,
        aggregate: Option<&Arc<dyn Aggregate>>,
    ) -> Result<(), Error> {
        let Way::Recorded(ledger) = &mut self.parts.way else { return Ok(()) };
        if let (Some(recorded), Some(aggregate)) = (ledger.gather()?, aggregate) {
            return loaded(&recorded, |entries| aggregate.reopen(entries));
        }
        self.batch_rows = ledger.go_on(self.parts.format.header());
        self.begun = self.batch_rows > 0;
        self.parts.format.go_on(last.time, self.batch_rows);
        Ok(())
    }

    /// Takes in what is held of each key.
    fn take_state(&mut self, is_done: bool) -> Result<(), Error> {
        let (Way::Recorded(ledger), Some(keeper)) = (&self.parts.way, &mut self.parts.kept) else {
            return Ok(());
        };
        let kept = keeper.kept();
        let put = |all: &[Noted<'_>]| kept.put(all, false).ok_or_else(nonsense);
        match is_done {
            true => ledger.checkpoint().state(put)?,
            false => ledger.checkpoint().state_before(put)?,
        }
        kept.restored();
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
        let Parts { way, kept, changes, selection, width, .. } = &mut self.parts;
        let (Way::Recorded(ledger), Some(keeper)) = (way, kept) else { return Ok(()) };
        let end = if is_over { last.time } else { Stamp(last.time.0 - 1) };
        let at = Stamp(end.0 - window.slide().as_millis() as i64);
        let compared = changes.as_mut().map(|changes| Compared::new(changes, *selection, *width));
        let mut replay = Replay { keeper, began: last.began, window, at, compared };
        ledger.checkpoint().panes(window.start(window.last_due(end)), |time, bytes| {
            match is_open(bytes) || !is_over && time == last.time {
                true => Ok(()),
                false => replay.take(time, pane(aggregate, bytes)?),
            }
        })?;
        replay.pass(end)
    }

    /// Makes the last report again if the next one is compared with it.
    fn take_last(
        &mut self,
        last: &Commit,
        is_over: bool,
        aggregate: Option<&Arc<dyn Aggregate>>,
    ) -> Result<(), Error> {
        let Parts { way, kept, changes, selection, width, .. } = &mut self.parts;
        let (Way::Recorded(ledger), Some(changes)) = (way, changes) else { return Ok(()) };
        let mut compared = Compared::new(changes, *selection, *width);
        if let Some(keeper) = kept {
            return match has_reported(last, is_over) {
                true => compared.take(|report| keeper.kept().report(report)),
                false => Ok(()),
            };
        }
        let mut before = None;
        ledger.checkpoint().panes(Stamp(i64::MIN), |time, bytes| {
            if !is_open(bytes) && (is_over || time != last.time) {
                before = Some(bytes.to_vec());
            }
            Ok(())
        })?;
        match (before, aggregate) {
            (Some(before), Some(aggregate)) => {
                let pane = pane(aggregate, &before)?;
                compared.take(|report| pane.report(report))
            }
            _ => Ok(()),
        }
    }

    /// Makes the text of a record again, and hands it out.
    fn redeem(
        &mut self,
        last: &Commit,
        aggregate: Option<&Arc<dyn Aggregate>>,
    ) -> Result<(), Error> {
        let Way::Recorded(ledger) = &mut self.parts.way else { return Ok(()) };
        let entries = ledger.gather()?;
        if let (Some(entries), Some(aggregate)) = (&entries, aggregate) {
            let pane = pane(aggregate, entries)?;
            match self.parts.kept.take() {
                Some(mut keeper) => {
                    match keeper.window() {
                        Some(_) => keeper.kept().absorb(last.time, Some(pane), None)?,
                        None => self.put_changes(keeper.kept())?,
                    }
                    self.batch(last.time, |report| keeper.kept().report(report))?;
                    self.parts.kept = Some(keeper);
                }
                None => self.batch(last.time, |report| pane.report(report))?,
            }
        } else {
            self.take_changes()?;
            self.parts.way.begin(last.time, self.parts.format.header())?;
        }
        match &mut self.parts.way {
            Way::Recorded(ledger) => ledger.redeem(last),
            Way::Straight(_) => Ok(()),
        }
    }

    /// Takes in what the last record has changed of the state, of which nothing is to be reported.
    fn take_changes(&mut self) -> Result<(), Error> {
        let Some(mut keeper) = self.parts.kept.take() else { return Ok(()) };
        self.put_changes(keeper.kept())?;
        keeper.kept().restored();
        self.parts.kept = Some(keeper);
        Ok(())
    }

    fn put_changes(&self, kept: &mut dyn StateStore) -> Result<(), Error> {
        let Way::Recorded(ledger) = &self.parts.way else { return Ok(()) };
        let put = |all: &[Noted<'_>]| kept.put(all, true).ok_or_else(nonsense);
        ledger.checkpoint().last_changes(put)
    }
}

/// What compares reports, and is to know the last one.
struct Compared<'a> {
    changes: &'a mut Changes,
    selection: Selection,
    width: usize,
}

impl Compared<'_> {
    fn new(changes: &mut Changes, selection: Selection, width: usize) -> Compared<'_> {
        Compared { changes, selection, width }
    }

    fn take(
        &mut self,
        offer: impl FnOnce(&mut Collector) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut report = self.selection.collector(self.width);
        offer(&mut report)?;
        self.changes.of(report.finish());
        Ok(())
    }
}

/// A window that takes in its panes again.
struct Replay<'a> {
    keeper: &'a mut Keeper,
    began: Stamp,
    window: Window,
    compared: Option<Compared<'a>>,
    /// Up to here all reports that were due have been passed.
    at: Stamp,
}

impl Replay<'_> {
    fn take(&mut self, time: Stamp, pane: Box<dyn Pane>) -> Result<(), Error> {
        self.pass(Stamp(time.0 - 1))?;
        self.keeper.kept().absorb(time, Some(pane), None)?;
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
        self.keeper.kept().absorb(due, None, None)?;
        if !self.keeper.has_reported(due, self.began) {
            return Ok(());
        }
        let kept = self.keeper.kept();
        if let Some(compared) = &mut self.compared {
            compared.take(|report| kept.report(report))?;
        }
        if !planted(Bug::KeepTouched) {
            kept.restored();
        }
        Ok(())
    }
}

/// True if running state was reported before the last record, or with it if its batch is over.
fn has_reported(last: &Commit, is_over: bool) -> bool {
    // What has a position begins with a record that is no batch.
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

/// All frames are sound, and yet what they say cannot be: it was written by another pipeline.
pub fn nonsense() -> Error {
    Error::Refused("--checkpoint: its records make no sense for this pipeline".to_string())
}
