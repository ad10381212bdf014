//! weir beside the programs it works with, or is measured by: nc, ncat, mawk, sort, uniq, jq, python3, zsh and
//! fish; and traced by strace; and real Flume agents.
//!
//! These are not part of a Rust installation, so `cargo test` leaves the tests out; `scripts/check`
//! runs them with `-- --ignored`.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod fields;
mod flume;
mod parts;
mod servers;
mod shells;
mod words;
