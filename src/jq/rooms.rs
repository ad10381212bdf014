//! Rooms: how much memory, stack and time a program has for one record.
//!
//! ```text
//! small    on the stack there is            2,000 steps, 1 MiB and 64 times the record, 100 levels
//! large    on a stack of its own, 512 MiB   a million steps and 64 a byte, 8 times the longest record there may be
//!                                           and 64 times this one
//! ```
//!
//! Nearly all records need less than the small room has. What needs more is run again in the large one from its
//! beginning, since a program has no effect but its outputs. Only memory that is touched is memory that is used.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, scope};

use super::meter::{self, Allowance};
use super::program::Failure;
use super::stack::STACK;

const SMALL: Allowance = Allowance { steps: 2000, bytes: 1 << 20, depth: 100, stack: 256 << 10 };

/// How long records may be, as `--max-record` has it.
static LONGEST: AtomicUsize = AtomicUsize::new(16 << 20);

/// Lets programs have what records of this length may need; programs have the same wherever they stand.
pub fn allow_for(longest: usize) {
    LONGEST.store(longest, Ordering::Relaxed);
}

/// What the large room has for a record of this length.
fn large(length: usize) -> Allowance {
    let (length, longest) = (length as u64, LONGEST.load(Ordering::Relaxed) as u64);
    Allowance {
        steps: 1_000_000 + 64 * length,
        bytes: SMALL.bytes.max(8 * longest) + 64 * length,
        depth: 10_000,
        // Giving back what is nested needs some as well.
        stack: STACK / 4,
    }
}

/// Which room a program is run in first.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    is_large: bool,
}

impl Rooms {
    /// Runs something for a record of this length. It may be done twice, from its beginning.
    pub fn within<R: Send>(
        &mut self,
        length: usize,
        mut work: impl FnMut() -> Result<R, Failure> + Send,
    ) -> Result<R, Failure> {
        if !self.is_large {
            meter::begin(Allowance { bytes: SMALL.bytes + 64 * length as u64, ..SMALL });
            match work() {
                Err(Failure::Beyond(_)) => {}
                done => return done,
            }
        }
        let allowed = large(length);
        let (done, taken) = scope(|scope| {
            let inside = || {
                meter::begin(allowed);
                (work(), allowed.steps - meter::left())
            };
            match Builder::new().stack_size(STACK).spawn_scoped(scope, inside) {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(error) => {
                    (Err(Failure::Program(format!("no memory for a program: {error}"))), 0)
                }
            }
        });
        self.is_large = taken > SMALL.steps;
        done
    }
}
