//! The way in: what is read next, into which batch, and how fast.
//!
//! ```text
//! source ──> [cursor: times, rate] ──> intake: the log of the input ──> steps
//!                                         '── syncing
//! ```

mod changed;
pub mod cursor;
pub mod intake;
mod reached;
mod reader;
pub mod serial;
mod standing;
pub mod syncing;
pub mod times;
pub mod under_way;
