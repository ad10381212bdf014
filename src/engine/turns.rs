//! What chunks pass through in the order in which they were read, whatever the workers do.
//!
//! ```text
//! worker 0 ── chunk 4 ──> waits for 3 ......  in  >
//! worker 1 ── chunk 3 ──> in ──────────────>
//! ```
//!
//! Whoever has chunk n waits until chunk n - 1 was there. Once the run has failed nobody passes: a chunk
//! whose worker has failed never comes, and that worker wakes who waits for it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::error::Error;

/// Something that chunks pass through by turn; others may use it in between.
pub struct InTurn<T> {
    state: Mutex<Passing<T>>,
    /// Told when a chunk has passed.
    passed: Condvar,
    /// Told when nobody uses it any more: whoever waits for that does something else now and then.
    free: (Mutex<()>, Condvar),
    /// True once a worker has failed.
    failed: Arc<AtomicBool>,
}

struct Passing<T> {
    what: T,
    /// The number of the chunk that is next.
    next: u64,
}

/// The thing itself, while it is held.
pub struct Held<'a, T> {
    /// There until it is dropped.
    state: Option<MutexGuard<'a, Passing<T>>>,
    of: &'a InTurn<T>,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.state = None;
        self.of.let_go();
    }
}

impl<T> InTurn<T> {
    /// Lets chunk `next` pass first, and nobody any more once the run has `failed`.
    pub fn new(what: T, next: u64, failed: &Arc<AtomicBool>) -> InTurn<T> {
        let state = Mutex::new(Passing { what, next });
        let free = (Mutex::new(()), Condvar::new());
        InTurn { state, passed: Condvar::new(), free, failed: Arc::clone(failed) }
    }

    /// Waits for the turn of chunk `number` and has it pass, unless the run fails before. A failure of
    /// `act` fails the run.
    pub fn pass(
        &self,
        number: u64,
        act: impl FnOnce(&mut T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.turn(number, true, act)
    }

    /// The same of a part of the chunk, which keeps its turn for what is still to come of it.
    pub fn pass_part(
        &self,
        number: u64,
        act: impl FnOnce(&mut T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.turn(number, false, act)
    }

    fn turn(
        &self,
        number: u64,
        is_whole: bool,
        act: impl FnOnce(&mut T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut state = self.state();
        while state.next != number {
            if self.failed.load(Relaxed) {
                return Ok(());
            }
            state = self.passed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if self.failed.load(Relaxed) {
            return Ok(());
        }
        state.next += u64::from(is_whole);
        let result = act(&mut state.what);
        if result.is_err() {
            // While it is held: whoever is next would go on past the failure.
            self.failed.store(true, Relaxed);
        }
        drop(state);
        self.passed.notify_all();
        self.let_go();
        result
    }

    /// Holds it in between, when no chunk is on its way to it.
    pub fn hold(&self) -> Held<'_, T> {
        Held { state: Some(self.state()), of: self }
    }

    /// The same; `meanwhile` is done each time it was waited for so long.
    pub fn hold_or(&self, every: Duration, mut meanwhile: impl FnMut()) -> Held<'_, T> {
        let (free, news) = &self.free;
        loop {
            let looked = free.lock().unwrap_or_else(PoisonError::into_inner);
            match self.state.try_lock() {
                Ok(state) => return Held { state: Some(state), of: self },
                Err(TryLockError::Poisoned(_)) => return self.hold(),
                Err(TryLockError::WouldBlock) => {}
            }
            let waited = news.wait_timeout(looked, every);
            let (looked, time) = waited.unwrap_or_else(PoisonError::into_inner);
            drop(looked);
            if time.timed_out() {
                meanwhile();
            }
        }
    }

    /// It is free: says so to who waits.
    fn let_go(&self) {
        // Whoever holds this has either not looked yet, or waits.
        drop(self.free.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.free.1.notify_all();
    }

    /// Wakes who waits for a turn, to find that the run has failed.
    pub fn wake(&self) {
        // Whoever holds this has either not looked yet, or waits.
        drop(self.state());
        self.passed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, Passing<T>> {
        // A worker that panicked ends the run with its panic; until then the others may look.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> std::ops::Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state.as_ref().expect("it is there until it is dropped").what
    }
}

impl<T> std::ops::DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state.as_mut().expect("it is there until it is dropped").what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_pass_in_their_order_whoever_comes_first() {
        let passed = InTurn::new(Vec::new(), 3, &Arc::default());
        std::thread::scope(|scope| {
            for number in [5, 3, 6, 4] {
                let passed = &passed;
                scope.spawn(move || {
                    passed.pass(number, |all| {
                        all.push(number);
                        Ok(())
                    })
                });
            }
        });
        assert_eq!(*passed.hold(), [3, 4, 5, 6]);
    }

    #[test]
    fn a_chunk_in_parts_keeps_its_turn_until_all_of_it_has_passed() {
        let passed = InTurn::new(Vec::new(), 0, &Arc::default());
        let pass = |number, part, is_last| {
            let act = |all: &mut Vec<_>| {
                all.push((number, part));
                Ok(())
            };
            if is_last { passed.pass(number, act) } else { passed.pass_part(number, act) }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| pass(1, 0, true));
            (0..3).for_each(|part| pass(0, part, part == 2).unwrap());
        });
        assert_eq!(*passed.hold(), [(0, 0), (0, 1), (0, 2), (1, 0)]);
    }

    #[test]
    fn whoever_waits_for_it_does_something_else_now_and_then() {
        let held = InTurn::new(7, 0, &Arc::default());
        let first = held.hold();
        let mut times = 0;
        std::thread::scope(|scope| {
            let (said, hears) = std::sync::mpsc::channel();
            let waiting = scope.spawn(|| {
                let said = said;
                let held = held.hold_or(Duration::from_millis(1), || {
                    times += 1;
                    let _ = said.send(());
                });
                *held
            });
            hears.recv().unwrap();
            hears.recv().unwrap();
            drop(first);
            assert_eq!(waiting.join().unwrap(), 7);
        });
        assert!(times >= 2);
    }

    #[test]
    fn nobody_waits_for_a_chunk_whose_worker_has_failed() {
        let passed = InTurn::new(0, 0, &Arc::default());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                passed.pass(1, |count| {
                    *count += 1;
                    Ok(())
                })
            });
            assert!(passed.pass(0, |_| Err(Error::Closed)).is_err());
            assert!(waiting.join().unwrap().is_ok());
        });
        assert_eq!(*passed.hold(), 0);
    }
}
