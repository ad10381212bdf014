//! When something is taken in, and when a report is due: pure, so that tables can test it.
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

use std::time::Duration;

use super::Stateful;
use super::input::cursor::Flush;
use super::input::times::SECOND;
use crate::clock::Stamp;
use crate::error::Error;
use crate::window::Window;

/// Which moments of a stream matter to what is kept of many batches.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// The window; running state is reported with each batch.
    window: Option<Window>,
    /// When the stream began.
    began: Stamp,
    skip_partial: bool,
    once: bool,
    /// How far the Times of two batches that follow each other are apart.
    interval: Duration,
}

/// A moment at which a batch is taken in, or something leaves, or is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The moment.
    pub time: Stamp,
    /// True if a batch ends then.
    pub ends_batch: bool,
    /// When that batch began, if what is over by then goes before the batch is taken in.
    pub began: Option<Stamp>,
    /// What is due.
    pub due: Due,
}

/// What is to be reported at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// What is kept.
    Report,
    /// A window that reaches back before the stream began.
    Partial,
    /// A window of which so much is missing, because the stream is stopped before it is due.
    Early(Duration),
}

impl Schedule {
    /// The schedule of a stream that began at `began`, whose batches end each `interval`.
    pub fn new(stateful: &Stateful, began: Stamp, interval: Duration, once: bool) -> Schedule {
        let (window, skip_partial) = (stateful.retention.window(), stateful.skip_partial);
        // A single batch without a window has a second for its Time, whatever was typed.
        let interval = if once && window.is_none() { SECOND } else { interval };
        Schedule { window, began, skip_partial, once, interval }
    }

    /// The window, if it is one.
    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// The moments of a batch that ends at `time`: its end, and that of the window that is open if
    /// nothing follows, which was noticed at `now`.
    pub fn close(&self, time: Stamp, flush: Option<Flush>, now: Stamp) -> Ticks {
        let ended = |began, due| Tick { time, ends_batch: true, began, due };
        let Some(window) = self.window else {
            let first = Some(ended(Some(time.before(self.interval)), Due::Report));
            return Ticks { first, ..Ticks::none() };
        };
        let end = window.due(time);
        let due = if end == time { self.due(end) } else { Due::Nothing };
        let last = flush.filter(|_| end > time).map(|flush| match flush {
            Flush::Ended => self.due(end),
            Flush::Stopped if self.skip_partial => Due::Nothing,
            Flush::Stopped => Due::Early(end.since(now)),
        });
        let last =
            last.map(|due| (Tick { time: end, ends_batch: false, began: None, due }, self.once));
        Ticks { first: Some(ended(None, due)), last, ..Ticks::none() }
    }

    /// The moments at which windows are due after `from`, at which all that was due was reported, up to
    /// `until`, while nothing is read.
    pub fn pass(&self, from: Stamp, until: Stamp) -> Ticks {
        let passing = self.window.map(|_| (*self, Stamp(from.0 + 1), until));
        Ticks { passing, ..Ticks::none() }
    }

    /// True if the report of this moment, at which a window was due, has been made.
    pub fn has_reported(&self, due: Stamp) -> bool {
        due >= self.began && self.due(due) != Due::Nothing
    }

    /// What is due at the end of a window.
    fn due(&self, end: Stamp) -> Due {
        match self.window.is_some_and(|window| window.is_partial(end, self.began)) {
            false => Due::Report,
            true if self.skip_partial => Due::Nothing,
            true => Due::Partial,
        }
    }
}

/// Moments that follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Ticks {
    first: Option<Tick>,
    /// The window that is open at the end; with `true` it comes even if it holds nothing.
    last: Option<(Tick, bool)>,
    /// Windows that are due from a moment on, up to another.
    passing: Option<(Schedule, Stamp, Stamp)>,
}

impl Ticks {
    fn none() -> Ticks {
        Ticks { first: None, last: None, passing: None }
    }

    /// The next one, if there is one. `holds` tells whether anything is held at the moment that it is
    /// given, to which it lets time pass; none, if that is now.
    pub fn next(
        &mut self,
        holds: impl FnOnce(Option<Stamp>) -> Result<bool, Error>,
    ) -> Result<Option<Tick>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if let Some((last, is_sure)) = self.last.take() {
            return Ok((is_sure || holds(None)?).then_some(last));
        }
        let Some((schedule, from, until)) = self.passing.take() else { return Ok(None) };
        let end = schedule.window.map(|window| window.due(from)).filter(|end| *end <= until);
        let Some(time) = end else { return Ok(None) };
        if !holds(Some(time))? {
            return Ok(None);
        }
        self.passing = Some((schedule, Stamp(time.0 + 1), until));
        Ok(Some(Tick { time, ends_batch: false, began: None, due: schedule.due(time) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Retention;

    /// Batches of a second in a window of 6 that slides by 3, of a stream that began at 0.
    fn schedule(skip_partial: bool) -> Schedule {
        let span = Duration::from_secs;
        let window = Window::new(span(6), Some(span(3)), span(1)).unwrap();
        let retention = Retention::Window { window, keep_zeros: false };
        let stateful = Stateful { retention, changes: false, skip_partial };
        Schedule::new(&stateful, Stamp(0), span(1), false)
    }

    /// All moments, in seconds, while something is held up to a moment.
    fn all(mut ticks: Ticks, held_until: i64) -> Vec<(i64, bool, Due)> {
        let mut now = 0;
        let mut all = Vec::new();
        while let Some(tick) = ticks
            .next(|at| Ok(at.map_or(now, |at| at.0) <= held_until * 1000))
            .expect("nothing fails here")
        {
            now = tick.time.0;
            all.push((tick.time.0 / 1000, tick.ends_batch, tick.due));
        }
        all
    }

    #[test]
    fn a_window_is_due_at_the_batch_that_ends_its_slide() {
        let at = |time: i64| all(schedule(false).close(Stamp(time * 1000), None, Stamp(0)), 99);
        assert_eq!(at(5), [(5, true, Due::Nothing)]);
        assert_eq!(at(3), [(3, true, Due::Partial)]);
        assert_eq!(at(9), [(9, true, Due::Report)]);
        let skipping = all(schedule(true).close(Stamp(3000), None, Stamp(0)), 99);
        assert_eq!(skipping, [(3, true, Due::Nothing)]);
    }

    #[test]
    fn the_open_window_comes_at_the_end_if_it_holds_something() {
        let close = |flush| schedule(false).close(Stamp(7000), Some(flush), Stamp(7500));
        let early = Due::Early(Duration::from_millis(1500));
        let batch = (7, true, Due::Nothing);
        assert_eq!(all(close(Flush::Ended), 99), [batch, (9, false, Due::Report)]);
        assert_eq!(all(close(Flush::Stopped), 99), [batch, (9, false, early)]);
        assert_eq!(all(close(Flush::Ended), 6), [batch]);
    }

    #[test]
    fn windows_that_passed_are_due_as_long_as_they_hold_something() {
        let passed =
            |until: i64, held| all(schedule(false).pass(Stamp(6000), Stamp(until * 1000)), held);
        let due = |time| (time, false, Due::Report);
        assert_eq!(passed(8, 99), []);
        assert_eq!(passed(13, 99), [due(9), due(12)]);
        assert_eq!(passed(99, 11), [due(9)]);
    }

    #[test]
    fn running_state_is_reported_with_each_batch_and_forgets_before_it() {
        let retention = Retention::Running { ttl: None, limit: None };
        let stateful = Stateful { retention, changes: false, skip_partial: false };
        let schedule = Schedule::new(&stateful, Stamp(0), Duration::from_secs(5), false);
        let mut ticks = schedule.close(Stamp(20_000), Some(Flush::Ended), Stamp(20_000));
        let tick = ticks.next(|_| Ok(true)).unwrap().unwrap();
        let (time, began) = (Stamp(20_000), Some(Stamp(15_000)));
        assert_eq!(tick, Tick { time, ends_batch: true, began, due: Due::Report });
        assert_eq!(ticks.next(|_| Ok(true)).unwrap(), None);
        assert!(all(schedule.pass(Stamp(0), Stamp(99_000)), 99).is_empty());
    }
}
