//! weir: count, window and watch a live stream from one shell line.
//!
//! ```text
//! source ──chunks──> steps ──rows──> fold ──end of batch──> report ──rows──> format ──> stdout
//! ```
//!
//! The modules in the order in which data flows: [`source`] reads (framing in [`wire`]) into a chunk
//! of [`record`]s; each [`step`] edits its rows; [`agg`] folds them by the key table of [`keys`] and
//! [`shards`]; [`report`] chooses and orders rows; [`sink`] writes them. [`engine`] moves all of it,
//! [`checkpoint`] keeps what it has come to, [`clock`] owns time, and [`cli`] and [`plan`] turn what
//! was typed into what runs.

pub mod agg;
pub mod checkpoint;
pub mod cli;
pub mod clock;
pub mod engine;
pub mod error;
pub mod explain;
pub mod keys;
pub mod man;
pub mod plan;
pub mod record;
pub mod report;
pub mod say;
pub mod scan;
pub mod shards;
pub mod signal;
pub mod sink;
pub mod source;
pub mod step;
pub mod units;
pub mod value;
pub mod wire;
