//! `flume-push` and `flume-pull` against models of their peers, which forget, cut and refuse: what they know
//! to be kept is counted, and nothing is counted twice but what they were not told of.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

#[path = "../common/mod.rs"]
mod common;
mod pull;
mod push;
mod sinks;
mod spark;
