//! weir: count and watch a live stream from one shell line.
//!
//! ```text
//! source ──chunks──> steps ──rows──> fold ──end of batch──> report ──rows──> format ──> outputs
//!                                              └──> window or state ──┘
//! ```
//!
//! The modules in the order in which data flows: [`source`] reads (framing in [`wire`]) into a
//! [`chunk`]; each [`step`] edits its rows; [`agg`] folds them into [`cell`]s by the key [`table`];
//! [`state`] keeps what reaches beyond a batch, and [`window`] says how far; [`report`] chooses and
//! orders rows; a [`format`](mod@format) makes bytes of them, and each [`sink`] takes those.
//! [`engine`] moves all of it, [`clock`] owns time, and [`cli`] turns what was typed into what runs.
//! [`live`] draws what is reported on a terminal.
//! [`checkpoint`] is the storage for what is to outlive a process, on a [`disk`]. What all of these parts say
//! of themselves is in [`part`]; programs of the user are [`jq`]'s; what is a [`number`], and how exact it is, is the same for all. [`progress`]
//! stands at the side, and shows what [`metrics`] count.

pub mod agg;
pub mod cell;
pub mod checkpoint;
pub mod chunk;
pub mod cli;
pub mod clock;
pub mod disk;
pub mod engine;
pub mod error;
pub mod format;
pub mod jq;
pub mod kafka;
pub mod live;
pub mod metrics;
pub mod number;
pub mod origin;
pub mod page;
pub mod part;
pub mod process;
pub mod progress;
pub mod report;
pub mod say;
pub mod scan;
pub mod selector;
pub mod sink;
pub mod source;
pub mod state;
pub mod step;
pub mod table;
pub mod units;
pub mod window;
pub mod wire;
