//! weir beside the programs it works with, or is measured by: nc, ncat, mawk, sort, uniq, jq, python3, zsh and
//! fish; in a terminal of tmux; traced by strace; and with a real Kafka and real Flume agents.
//!
//! These are not part of a Rust installation, so `cargo test` leaves the tests out; `scripts/check`
//! runs them with `-- --ignored`.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod fields;
mod flume;
#[cfg(feature = "kafka")]
mod kafka;
mod page;
mod parts;
mod programs;
mod progress;
mod sealed;
mod servers;
mod service;
mod shells;
mod words;
