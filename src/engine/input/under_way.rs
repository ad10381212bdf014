//! The chunks between the cursor and the fold, or the output.
//!
//! ```text
//! read     1   2   3   4   5
//! folded   1       3       5        under way: 2 and 4, so all up to 1 are folded
//! ```
//!
//! Whoever closes a batch waits until none is under way; whoever waits for an answer to what he has sent
//! gets it when all up to that are folded.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::chunk::Mark;

/// Which chunks are under way.
#[derive(Default)]
pub struct UnderWay {
    state: Mutex<State>,
    /// Told when there are none.
    settled: Condvar,
}

#[derive(Default)]
struct State {
    marks: Vec<Mark>,
    /// The greatest mark that ever was.
    last: Mark,
    /// True if somebody waits until there are none. To tell nobody costs a call of the system too.
    is_awaited: bool,
}

impl State {
    fn folded(&self) -> Mark {
        let lowest = self.marks.iter().min();
        lowest.map_or(self.last, |lowest| Mark(lowest.0.saturating_sub(1)))
    }
}

impl UnderWay {
    /// A chunk with this mark goes on its way.
    pub fn begin(&self, mark: Mark) {
        let mut state = self.state();
        state.last = state.last.max(mark);
        state.marks.push(mark);
    }

    /// It has arrived. True if it was the first of those under way, so that more is folded now.
    pub fn end(&self, mark: Mark) -> bool {
        let mut state = self.state();
        let before = state.folded();
        if let Some(at) = state.marks.iter().position(|other| *other == mark) {
            state.marks.swap_remove(at);
        }
        if state.marks.is_empty() && state.is_awaited {
            self.settled.notify_all();
        }
        state.folded() > before
    }

    /// True if there is one alone.
    pub fn is_one(&self) -> bool {
        self.state().marks.len() == 1
    }

    /// Up to which mark all are folded.
    pub fn folded(&self) -> Mark {
        self.state().folded()
    }

    /// Waits until none is under way; false if the run has failed meanwhile. `meanwhile` is done each time
    /// it was waited for so long.
    pub fn settle(
        &self,
        has_failed: impl Fn() -> bool,
        every: Duration,
        mut meanwhile: impl FnMut(),
    ) -> bool {
        let mut state = self.state();
        while !state.marks.is_empty() {
            if has_failed() {
                return false;
            }
            state.is_awaited = true;
            let waited = self.settled.wait_timeout(state, every);
            let time;
            (state, time) = waited.unwrap_or_else(PoisonError::into_inner);
            state.is_awaited = false;
            if time.timed_out() {
                drop(state);
                meanwhile();
                state = self.state();
            }
        }
        true
    }

    /// Wakes who waits, to find that the run has failed.
    pub fn wake(&self) {
        // Whoever holds this has either not looked yet, or waits.
        drop(self.state());
        self.settled.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A worker that panicked ends the run with its panic; until then the others may look.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_folded_ends_before_the_first_that_is_under_way() {
        let chunks = UnderWay::default();
        (1..=4).for_each(|mark| chunks.begin(Mark(mark)));
        assert_eq!(chunks.folded(), Mark(0));
        assert!(!chunks.end(Mark(3)) && chunks.end(Mark(1)));
        assert_eq!(chunks.folded(), Mark(1));
        assert!(chunks.end(Mark(2)));
        assert_eq!(chunks.folded(), Mark(3));
        // Of a read that has left nothing but bad records: the mark before.
        chunks.begin(Mark(4));
        assert!(!chunks.end(Mark(4)) && chunks.end(Mark(4)));
        assert_eq!(chunks.folded(), Mark(4));
        assert!(chunks.settle(|| true, Duration::ZERO, || ()), "none is under way");
    }
}
