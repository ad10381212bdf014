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

use super::cursor::Closed;
use crate::agg::{Kept, Pane};
use crate::clock::Stamp;
use crate::error::Error;
use crate::record::Chunk;
use crate::report::Collector;
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
    /// When the stream began.
    pub began: Stamp,
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

impl Keeper {
    /// Makes it of what an aggregate keeps.
    pub fn new(kept: Box<dyn Kept>, keeping: &Keeping, once: bool, says_missed: bool) -> Keeper {
        let window = match keeping.keep {
            Keep::Window { window, .. } => Some(window),
            Keep::Running { .. } => None,
        };
        let full_from = keeping.skip_partial.then_some(keeping.began);
        Keeper { kept, window, full_from, once, says_missed }
    }

    /// Takes the records of a chunk in one by one, and offers each one's result.
    pub fn each(&mut self, chunk: &mut Chunk, report: &mut Collector) -> Result<(), Error> {
        self.kept.each(chunk, report)
    }

    /// Takes a batch in, and calls `print` for each report that is due.
    pub fn close(
        &mut self,
        closed: &Closed,
        pane: Box<dyn Pane>,
        mut print: impl FnMut(Stamp, &mut dyn Kept) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.kept.absorb(closed.time, pane)?;
        if let Some(window) = self.window {
            return self.windows(&window, closed, print);
        }
        print(closed.time, &mut *self.kept)?;
        for &time in &closed.missed.printed {
            self.kept.settle(time)?;
            print(time, &mut *self.kept)?;
        }
        self.kept.settle(closed.missed.last)
    }

    fn windows(
        &mut self,
        window: &Window,
        closed: &Closed,
        mut print: impl FnMut(Stamp, &mut dyn Kept) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let until = closed.missed.last;
        let full_from = self.full_from;
        let mut print = |due, kept: &mut dyn Kept| match full_from {
            Some(began) if window.is_partial(due, began) => Ok(()),
            _ => print(due, kept),
        };
        let mut due = window.due(closed.time);
        if closed.is_last && due > until && (self.kept.holds() || self.once) {
            return print(due, &mut *self.kept);
        }
        let mut empty = 0;
        while due <= until {
            self.kept.settle(due)?;
            empty += u64::from(!self.kept.holds());
            if empty > EMPTY {
                self.say_missed(1 + window.between(due, until));
                break;
            }
            print(due, &mut *self.kept)?;
            due = due.after(window.slide());
        }
        self.kept.settle(until)
    }

    fn say_missed(&self, count: u64) {
        if self.says_missed {
            say(&format!("late by {count} more windows, which hold nothing and are not printed"));
        }
    }
}
