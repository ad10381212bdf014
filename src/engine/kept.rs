//! What is kept of many batches, and which reports are due when a batch has ended.
//!
//! ```text
//! interval 1, window 6, slide 3       late: the clock jumped from 5 to 14
//! batches   1   2   3   4   5 . . . . . . . . 14
//! windows          [3]     [6]    [9]   [12]          printed when batch 5 has ended
//!                                                     and of those that hold nothing, ten
//! ```
//!
//! Batches in between hold nothing, so all windows due are known as soon as the batch is in. When the
//! run ends, the window whose slide is open is printed under the Time it would have had, so that
//! every record has been in a window. Later windows would only show how it drains.

use super::Settings;
use super::cursor::Closed;
use crate::agg::{Kept, Pane};
use crate::clock::Stamp;
use crate::error::Error;
use crate::say::say;
use crate::state::Keep;
use crate::window::Window;

/// What is kept, and how it is reported.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// What is kept.
    pub keep: Keep,
    /// True if what is kept reports only rows that changed.
    pub changes: bool,
    /// `--skip-partial`.
    pub skip_partial: bool,
}

impl Keeping {
    /// True if it is a window.
    pub fn has_window(&self) -> bool {
        matches!(self.keep, Keep::Window { .. })
    }
}

/// Of windows that hold nothing, as many are printed at once.
const EMPTY: u64 = 10;

/// Keeps, and says when to report.
pub struct Keeper {
    kept: Box<dyn Kept>,
    window: Option<Window>,
    /// When the stream began, if windows that reach back before that are not printed.
    full_from: Option<Stamp>,
    once: bool,
    says_missed: bool,
}

/// A moment at which something is taken in, or leaves, or is due.
pub struct Tick {
    /// The moment.
    pub time: Stamp,
    /// The batch that ends then.
    pub pane: Option<Box<dyn Pane>>,
    /// True if a report is due.
    pub reports: bool,
}

impl Tick {
    /// A moment at which only time has passed.
    fn bare(time: Stamp, reports: bool) -> Tick {
        Tick { time, pane: None, reports }
    }
}

impl Keeper {
    /// Makes it of what an aggregate keeps, for a stream that began at `began`.
    pub fn new(
        kept: Box<dyn Kept>,
        keeping: &Keeping,
        began: Stamp,
        settings: &Settings,
    ) -> Keeper {
        let window = match keeping.keep {
            Keep::Window { window, .. } => Some(window),
            Keep::Running { .. } => None,
        };
        let full_from = keeping.skip_partial.then_some(began);
        let Settings { once, says_missed, .. } = *settings;
        Keeper { kept, window, full_from, once, says_missed }
    }

    /// What is kept.
    pub fn kept(&mut self) -> &mut dyn Kept {
        &mut *self.kept
    }

    /// The window, if it is one.
    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// Takes a batch in: calls `act` for each moment from its end to the end of those that passed
    /// with it, in their order.
    pub fn close(
        &mut self,
        closed: &Closed,
        pane: Box<dyn Pane>,
        mut act: impl FnMut(&mut dyn Kept, Tick) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let missed = &closed.missed;
        let pane = Some(pane);
        let Some(window) = self.window else {
            act(&mut *self.kept, Tick { time: closed.time, pane, reports: true })?;
            for &time in &missed.printed {
                act(&mut *self.kept, Tick::bare(time, true))?;
            }
            return match missed.skipped {
                0 => Ok(()),
                _ => act(&mut *self.kept, Tick::bare(missed.last, false)),
            };
        };
        let due = window.due(closed.time);
        let reports = due == closed.time && self.is_shown(due);
        act(&mut *self.kept, Tick { time: closed.time, pane, reports })?;
        if closed.flushes && due > missed.last && (self.kept.holds() || self.once) {
            let tick = Tick::bare(due, self.is_shown(due));
            return act(&mut *self.kept, tick);
        }
        self.pass(closed.time, missed.last, act)
    }

    /// Lets time pass from a moment at which all that was due was reported: calls `act` for each
    /// window that is due after it, up to `until`.
    pub fn pass(
        &mut self,
        from: Stamp,
        until: Stamp,
        mut act: impl FnMut(&mut dyn Kept, Tick) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(window) = self.window else { return Ok(()) };
        let mut due = window.due(Stamp(from.0 + 1));
        let mut empty =
            u64::from(due.0 - from.0 == window.slide().as_millis() as i64 && !self.kept.holds());
        while due <= until {
            self.kept.absorb(due, None, None)?;
            empty += u64::from(!self.kept.holds());
            if empty > EMPTY {
                self.say_missed(1 + window.between(due, until));
                break;
            }
            let tick = Tick::bare(due, self.is_shown(due));
            act(&mut *self.kept, tick)?;
            due = due.after(window.slide());
        }
        self.kept.absorb(until, None, None)
    }

    /// True if the report of this moment, at which a window was due, has been made by a stream that
    /// began at `began`.
    pub fn has_reported(&self, due: Stamp, began: Stamp) -> bool {
        due >= began && self.is_shown(due)
    }

    /// True unless the window reaches back before the stream began, and is not to be printed then.
    fn is_shown(&self, due: Stamp) -> bool {
        let window = self.window.as_ref();
        !self.full_from.zip(window).is_some_and(|(began, window)| window.is_partial(due, began))
    }

    fn say_missed(&self, count: u64) {
        if self.says_missed {
            say(&format!("late by {count} more windows, which hold nothing and are not printed"));
        }
    }
}
