//! The real binary against librdkafka's own mock of a cluster, which lives in the process of the test.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

#[path = "../common/mod.rs"]
mod common;

mod broker;
mod deaths;
mod groups;
mod mistakes;
mod reading;
mod records;
mod watched;
mod writing;
