//! What is kept of many batches, and which reports are due when a batch has ended.
//!
//! ```text
//! interval 1, window 6, slide 3       nobody read from 5 to 14
//! batches   1   2   3   4   5 . . . . . . . . 14
//! windows          [3]     [6]    [9]   .             printed before batch 14: they hold something
//!                                      [12]           holds nothing: nobody has measured that
//! ```
//!
//! Batches in between hold nothing, so all windows due are known at once. When the run ends, the
//! window whose slide is open is printed under the Time it would have had, so that every record has
//! been in a window. Later windows would only show how it drains.

use std::sync::Arc;
use std::time::Duration;

use super::Settings;
use super::input::times::SECOND;
use crate::agg::{Pane, StateStore};
use crate::clock::Stamp;
use crate::engine::input::cursor::{Closed, Flush};
use crate::error::Error;
use crate::process::signal::Stop;
use crate::say::say;
use crate::state::Retention;
use crate::units::show_duration;
use crate::window::Window;

/// What is kept, and how it is reported.
#[derive(Clone, Copy, Debug)]
pub struct Stateful {
    /// What is kept.
    pub retention: Retention,
    /// True if what is kept reports only rows that changed.
    pub changes: bool,
    /// `--skip-partial`.
    pub skip_partial: bool,
}

impl Stateful {
    /// True if it is a window.
    pub fn has_window(&self) -> bool {
        matches!(self.retention, Retention::Window { .. })
    }
}

/// Keeps, and says when to report.
pub struct Keeper {
    kept: Box<dyn StateStore>,
    window: Option<Window>,
    /// When the stream began.
    began: Stamp,
    skip_partial: bool,
    /// True if it was said that windows are partial, or is not to be.
    told: bool,
    once: bool,
    interval: Duration,
    stop: Arc<Stop>,
}

/// A moment at which something is taken in, or leaves, or is due.
pub struct Tick {
    /// The moment.
    pub time: Stamp,
    /// The batch that ends then.
    pub pane: Option<Box<dyn Pane>>,
    /// When that batch began: what is over by then goes before it is taken in.
    pub began: Option<Stamp>,
    /// True if a report is due.
    pub reports: bool,
}

impl Tick {
    /// A moment at which only time has passed.
    fn bare(time: Stamp, reports: bool) -> Tick {
        Tick { time, pane: None, began: None, reports }
    }
}

impl Keeper {
    /// Makes it of what an aggregate keeps, for a stream that began at `began`; once `stop` is asked,
    /// nothing is reported any more that was due before.
    pub fn new(
        kept: Box<dyn StateStore>,
        stateful: &Stateful,
        began: Stamp,
        settings: &Settings,
        stop: Arc<Stop>,
    ) -> Keeper {
        let window = match stateful.retention {
            Retention::Window { window, .. } => Some(window),
            Retention::Running { .. } => None,
        };
        let (skip_partial, told) = (stateful.skip_partial, settings.quiet || settings.once);
        let Settings { once, interval, .. } = *settings;
        // A single batch without a window has a second for its Time, whatever was typed.
        let interval = if once && window.is_none() { SECOND } else { interval };
        Keeper { kept, window, began, skip_partial, told, once, interval, stop }
    }

    /// What is kept.
    pub fn kept(&mut self) -> &mut dyn StateStore {
        &mut *self.kept
    }

    /// The window, if it is one.
    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// Takes a batch in: calls `act` for its end, and for the window that is open if nothing follows.
    pub fn close(
        &mut self,
        closed: &Closed,
        pane: Box<dyn Pane>,
        mut act: impl FnMut(&mut dyn StateStore, Tick) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (time, pane) = (closed.time, Some(pane));
        let Some(window) = self.window else {
            let began = Some(time.before(self.interval));
            return act(&mut *self.kept, Tick { time, pane, began, reports: true });
        };
        let due = window.due(time);
        let reports = due == time && self.reports(due);
        act(&mut *self.kept, Tick { time, pane, began: None, reports })?;
        let Some(flush) = closed.flushes.filter(|_| due > time) else { return Ok(()) };
        if !self.kept.holds() && !self.once {
            return Ok(());
        }
        let reports = match flush {
            Flush::Ended => self.reports(due),
            Flush::Stopped => self.cuts_short(due, closed.reached.clock),
        };
        act(&mut *self.kept, Tick::bare(due, reports))
    }

    /// Lets time pass from a moment at which all that was due was reported: calls `act` for each
    /// window that is due after it, up to `until`, as long as there is something in it.
    pub fn pass(
        &mut self,
        from: Stamp,
        until: Stamp,
        mut act: impl FnMut(&mut dyn StateStore, Tick) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(window) = self.window else { return Ok(()) };
        let mut due = window.due(Stamp(from.0 + 1));
        while due <= until {
            if self.stop.is_asked() {
                return Ok(());
            }
            self.kept.absorb(due, None, None)?;
            if !self.kept.holds() {
                break;
            }
            let tick = Tick::bare(due, self.reports(due));
            act(&mut *self.kept, tick)?;
            due = due.after(window.slide());
        }
        self.kept.absorb(until, None, None)
    }

    /// True if the report of this moment, at which a window was due, has been made by a stream that
    /// began at `began`.
    pub fn has_reported(&self, due: Stamp, began: Stamp) -> bool {
        due >= began && !(self.skip_partial && self.is_partial(due))
    }

    /// True if the window of `due` is to be printed; says so if it reaches back before the stream.
    fn reports(&mut self, due: Stamp) -> bool {
        if !self.is_partial(due) {
            return true;
        }
        if let (false, false, Some(window)) = (self.skip_partial, self.told, &self.window) {
            self.told = true;
            let length = show_duration(window.length());
            say(&format!(
                "the first windows are partial, as the stream began less than {length} ago; \
                 --skip-partial leaves them out"
            ));
        }
        !self.skip_partial
    }

    /// True if the window of `due` is to be printed although the stream is stopped before that; says so.
    fn cuts_short(&mut self, due: Stamp, now: Stamp) -> bool {
        if !self.skip_partial && !self.told {
            // Whole seconds, unless that is nothing.
            let left = due.since(now);
            let left = Duration::from_secs(left.as_secs()).max(left.min(Duration::from_secs(1)));
            let left = show_duration(left);
            say(&format!("the last window is partial: it is printed {left} before it is due"));
        }
        !self.skip_partial
    }

    /// True if the window reaches back before the stream began.
    fn is_partial(&self, due: Stamp) -> bool {
        self.window.is_some_and(|window| window.is_partial(due, self.began))
    }
}
