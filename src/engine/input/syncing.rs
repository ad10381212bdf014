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
    /// Up to which frame all was on the disk before anybody read.
    first: u64,
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
        let (first, waker, state) = (syncer.synced(), Arc::clone(waker), Mutex::default());
        Arc::new(Syncing { syncer, first, waker, state, news: Condvar::new() })
    }

    /// Syncs whenever there is something to be, until it is over or has failed; `tell` is called each time.
    pub fn run(&self, tell: impl Fn() -> Result<(), Error>) {
        // Another may sync too, and leaves the telling to us.
        let mut told = self.first;
        loop {
            let mut state = self.state();
            while !state.is_over && self.syncer.appended() == told {
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.is_over {
                return;
            }
            drop(state);
            let synced = self.syncer.sync();
            told = *synced.as_ref().unwrap_or(&told);
            let failure = synced.map(drop).and_then(|()| tell()).err();
            let failed = failure.is_some();
            self.state().failed = failure;
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

    /// Ends the thread when what is returned is dropped, however the workers end.
    pub fn until_dropped(&self) -> impl Drop + '_ {
        struct End<'a>(&'a Syncing);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.end();
            }
        }
        End(self)
    }

    fn end(&self) {
        self.state().is_over = true;
        self.news.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::tests::tiny;
    use crate::checkpoint::{Body, Checkpoint, Input, meta::Pipeline};
    use crate::clock::{RealTime, Stamp, Wait, Woke};
    use crate::disk::sim::SimDisk;

    #[test]
    fn who_waits_for_input_is_woken_also_if_another_has_synced() {
        let (disk, pipeline) = (Arc::new(SimDisk::new(1)), Pipeline::default());
        let mut checkpoint = Checkpoint::open(disk, "ck".as_ref(), &pipeline, tiny()).unwrap();
        let (mut wal, _) = checkpoint.wal().unwrap();
        let (mut wait, waker) = RealTime::new().unwrap();
        let syncing = Syncing::new(wal.syncer(), &waker);
        wal.append(&Input { time: None, body: Body::Delimited(b'\n', b"a\n") }).unwrap();
        std::thread::scope(|scope| {
            let _end = syncing.until_dropped();
            // Before the thread has looked once, somebody who records a batch has synced.
            wal.syncer().sync().unwrap();
            scope.spawn(|| syncing.run(|| Ok(())));
            assert_eq!(wait.until(Stamp::NEVER).unwrap(), Woke::Called);
            assert_eq!(syncing.synced().unwrap(), 1);
        });
    }
}
