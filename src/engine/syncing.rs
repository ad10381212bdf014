//! The thread that syncs the log of the input, while the workers read on and fold.
//!
//! ```text
//! appended   1 2 3 4 5 6 7
//! synced     1 2 3 |          under way: up to 5 |       whatever comes meanwhile is the next one
//! ```
//!
//! The next sync begins when the last one ends, so a slow disk makes each of them serve more.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mio::Waker;

use crate::checkpoint::Syncer;
use crate::error::Error;

/// What the thread and the workers share.
pub struct Syncing {
    syncer: Syncer,
    waker: Arc<Waker>,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    is_over: bool,
    failed: Option<Error>,
}

impl Syncing {
    /// Makes it ready; `waker` ends the wait of whoever holds the source.
    pub fn new(syncer: Syncer, waker: &Arc<Waker>) -> Arc<Syncing> {
        let (waker, state) = (Arc::clone(waker), Mutex::default());
        Arc::new(Syncing { syncer, waker, state, news: Condvar::new() })
    }

    /// Syncs whenever there is something to be, until it is over or has failed.
    pub fn run(&self) {
        loop {
            let mut state = self.state();
            while !state.is_over && self.syncer.synced() == self.syncer.appended() {
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.is_over {
                return;
            }
            drop(state);
            let synced = self.syncer.sync();
            let failed = synced.is_err();
            self.state().failed = synced.err();
            // If nobody can be woken, the end of the batch is noticed anyway.
            let _ = self.waker.wake();
            if failed {
                return;
            }
        }
    }

    /// Says that something was appended.
    pub fn poke(&self) {
        // Whoever holds this has either not looked yet, or waits.
        drop(self.state());
        self.news.notify_one();
    }

    /// Up to which frame all is on the disk; the error, if a sync has failed.
    pub fn synced(&self) -> Result<u64, Error> {
        self.state().failed.take().map_or(Ok(self.syncer.synced()), Err)
    }

    /// Ends the thread.
    pub fn end(&self) {
        self.state().is_over = true;
        self.news.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
