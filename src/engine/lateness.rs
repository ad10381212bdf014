//! Batches that have passed unread: how many, and what took the time.
//!
//! ```text
//! batch 1   read |--- its report: --exec takes 3 s ---|
//! batch 2                read |  closed, and waits for the output
//! batches 3, 4                .    .    .             | nobody could read: they pass, which is said
//! batch 5                                             | read
//! ```
//!
//! Whatever a worker does while nobody reads is measured, and the longest of it is named. Measured is
//! real time, so a stream under a virtual clock is never late.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::input::times::Passed;
use crate::clock::Stamp;
use crate::say::note;

/// What takes less is not worth noting.
const SHORT: Duration = Duration::from_millis(5);

/// A machine that is only busy keeps nobody from running for so long.
const LONG: Duration = Duration::from_millis(300);

/// At most one line is said in this time.
const QUIET: Duration = Duration::from_secs(1);

/// What made batches pass, and what was said of them.
#[derive(Debug, Default)]
pub struct Lateness {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What took longest since a batch has ended on time.
    longest: Option<(String, Duration)>,
    /// How many batches have passed that nothing was said of.
    untold: u64,
    /// What took the time.
    cause: String,
    /// When something was said last.
    said: Option<Stamp>,
}

impl Lateness {
    /// A batch has ended on time: what was slow before has been made up for.
    pub fn clear(&self) {
        self.state().longest = None;
    }

    /// Something has kept a worker for so long.
    pub fn note(&self, what: impl FnOnce() -> String, took: Duration) {
        if took < SHORT {
            return;
        }
        let mut state = self.state();
        if state.longest.as_ref().is_none_or(|(_, longest)| *longest < took) {
            state.longest = Some((what(), took));
        }
    }

    /// Says at `now` that batches have passed; `overslept` is how much longer than it was to the system
    /// has let us wait, if that is why.
    pub fn say(&self, passed: &Passed, overslept: Duration, now: Stamp) {
        let mut state = self.state();
        state.untold += passed.count;
        // What has taken the time may go on doing so, until a batch is read and closed.
        state.cause = match &state.longest {
            _ if overslept >= LONG => {
                let took = shown(overslept);
                format!("nothing ran for {took}: suspended, stopped, or the clock was set forward")
            }
            Some((what, took)) => format!("{what} took {}", shown(*took)),
            None => "the machine was busy".to_string(),
        };
        if state.said.is_none_or(|said| now.since(said) >= QUIET) {
            state.said = Some(now);
            self.tell(&mut state);
        }
    }

    /// Says what was not said yet.
    pub fn say_rest(&self) {
        self.tell(&mut self.state());
    }

    fn tell(&self, state: &mut State) {
        let (count, cause) = (std::mem::take(&mut state.untold), &state.cause);
        match count {
            0 => {}
            1 => note(&format!("1 batch has passed unread: {cause}")),
            _ => note(&format!("{count} batches have passed unread: {cause}")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A length of time, for people.
fn shown(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
