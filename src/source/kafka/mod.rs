//! `kafka`: the messages of topics, by the direct approach: weir assigns all partitions to itself and holds
//! their offsets.
//!
//! ```text
//! flags: start, topics ──> begin ──position of each partition──> direct ──rows──> chunk
//!                            │ brokers: what is there              │ queue: what comes
//!                            └── recognized: is it the same?       └── watch: what is new; lost: what is gone
//! ```
//!
//! Brokers are talked to by librdkafka, with threads of its own, which keep to it: what they have read is in its
//! queue, of a bounded size, and whoever reads takes a batch of that. So back-pressure is that nobody takes.

#[cfg(feature = "kafka")]
mod bell;
#[cfg(feature = "kafka")]
mod cluster;
#[cfg(feature = "kafka")]
mod direct;
#[cfg_attr(
    not(feature = "kafka"),
    allow(dead_code, reason = "a flag is known without a client too")
)]
mod flags;
#[cfg(feature = "kafka")]
mod group;
#[cfg(feature = "kafka")]
mod meant;
#[cfg(feature = "kafka")]
mod parts;
#[cfg(all(test, feature = "kafka"))]
pub(crate) mod sim;
#[cfg_attr(
    not(feature = "kafka"),
    allow(dead_code, reason = "a flag is known without a client too")
)]
mod start;
#[cfg(feature = "kafka")]
mod topics;

use clap::{ArgMatches, Command, FromArgMatches};

use self::flags::Flags;
use super::{Built, Settings, Spec};
use crate::error::Error;
use crate::kafka;

/// The source's row in `source::SOURCES`.
pub const SPEC: Spec = Spec { name: "kafka", hidden: false, arguments, build };

fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command).about("Read the messages of Kafka topics")
}

fn build(matches: &ArgMatches, settings: &Settings) -> Result<Built, Error> {
    let wrong = |error: clap::Error| Error::usage(error.to_string());
    let flags = Flags::from_arg_matches(matches).map_err(wrong)?;
    let shared = kafka::Flags::from_arg_matches(matches).map_err(wrong)?;
    if flags.group_id.as_ref().is_some_and(String::is_empty) {
        return Err(Error::usage("--group-id: what is empty names no group"));
    }
    made(&flags, &shared, settings)
}

#[cfg(feature = "kafka")]
fn made(flags: &Flags, shared: &kafka::Flags, settings: &Settings) -> Result<Built, Error> {
    let meant = meant::Meant::of(flags, shared, settings)?;
    Ok(match &flags.group_id {
        // With a checkpoint that decides, and the group is only told.
        Some(group) if !settings.lasts => {
            Built::new(group::member::Member::new(meant, group), flags.identity())
        }
        group => Built::new(direct::Kafka::of_brokers(meant, group.clone()), flags.identity()),
    })
}

#[cfg(not(feature = "kafka"))]
fn made(_: &Flags, _: &kafka::Flags, _: &Settings) -> Result<Built, Error> {
    Err(Error::usage(
        "kafka: this weir was built without it; cargo's feature `kafka` is on by default",
    ))
}
