//! Somebody who comes by now and then while all workers are busy, for those who wait for an answer
//! (engine/input/cursor/attend).
//!
//! ```text
//! worker     cursor | fold, a slow report ......................... | cursor
//! attending             .       .  cursor: who has waited long?  .
//! ```
//!
//! A worker that waits with the cursor in hand does so itself.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often those who wait are looked after.
pub const EVERY: Duration = Duration::from_secs(1);

/// Ends with the run.
#[derive(Default)]
pub struct Attending {
    is_over: Mutex<bool>,
    ended: Condvar,
}

impl Attending {
    /// Calls `attend` again and again, until it is over or that fails.
    pub fn run<E>(&self, mut attend: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        let mut is_over = self.is_over();
        while !*is_over {
            let waited = self.ended.wait_timeout(is_over, EVERY);
            is_over = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !*is_over {
                drop(is_over);
                attend()?;
                is_over = self.is_over();
            }
        }
        Ok(())
    }

    /// Ends it when what is returned is dropped, however the workers end.
    pub fn until_dropped(&self) -> impl Drop + '_ {
        struct End<'a>(&'a Attending);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                *self.0.is_over() = true;
                self.0.ended.notify_all();
            }
        }
        End(self)
    }

    fn is_over(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
