//! weir: count and watch a live stream from one shell line.
//!
//! ```text
//! source ──chunks──> steps ──rows──> fold ──end of batch──> report ──rows──> format ──> outputs
//!                                              └──> window or state ──┘
//! ```
//!
//! The modules in the order in which data flows: [`source`] reads (framing in [`wire`]) into a chunk
//! of [`record`]s; each [`step`] edits its rows; [`agg`] folds them into [`cell`]s by the key table of
//! [`keys`] and [`shards`]; [`state`] keeps what reaches beyond a batch, and [`window`] says how far;
//! [`report`] chooses and orders rows, [`changes`] those that are new; [`sink`] writes them.
//! [`engine`] moves all of it, [`clock`] owns time, and [`cli`] and [`plan`] turn what was typed into
//! what runs. [`checkpoint`] is the storage for what is to outlive a process, and [`identity`] the
//! text by which it knows its pipeline. [`descriptor`] tells what we were started with.

pub mod agg;
pub mod cell;
pub mod changes;
pub mod checkpoint;
pub mod cli;
pub mod clock;
pub mod completions;
pub mod descriptor;
pub mod engine;
pub mod error;
pub mod explain;
pub mod identity;
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
pub mod state;
pub mod step;
pub mod ulimit;
pub mod units;
pub mod value;
pub mod window;
pub mod wire;
