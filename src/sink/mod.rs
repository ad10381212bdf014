//! Outputs: where the bytes that a format has made go.
//!
//! A batch is begun, given its text in any number of pieces, and ended. Whoever calls writes the
//! buffer out whenever it has grown large, so that no stage holds the text of a batch whole.

pub mod batch;
pub(crate) mod dir;
pub(crate) mod exec;
pub(crate) mod file;
mod flags;
pub mod output;
pub mod outputs;
pub mod spool;
pub mod stdout;
mod timed;
pub mod topic;

pub use flags::Flags;
