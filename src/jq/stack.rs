//! A stack of its own for what calls itself as deep as a program or a value is nested.
//!
//! Only memory that is touched is memory that is used.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// So large it is, in bytes.
pub const STACK: usize = 512 << 20;

/// Does something for which the stack there is may be too small.
pub fn on_a_large_stack<R: Send>(
    work: impl FnOnce() -> Result<R, String> + Send,
) -> Result<R, String> {
    scope(|scope| match Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(error) => Err(format!("no memory for a program: {error}")),
    })
}
