//! Whether the last record that was read of a partition is still the one that it was.
//!
//! Each partition is read at that record, into a queue of its own, and its first message decides. Where it was
//! compacted away nothing can be told, and nothing is.

use std::sync::Arc;

use super::brokers::PAUSE;
use crate::clock::{Stopwatch, Wait, Woke};
use crate::error::{Context, Error};
use crate::kafka::seam::{Batch, Message, Queue, Topic};
use crate::source::kafka::cluster::Cluster;
use crate::source::kafka::parts::Last;

/// So many partitions are looked at together: each brings up to a fetch of messages along.
const TOGETHER: usize = 32;
/// So many messages are taken at once.
const BATCH: usize = 256;

/// For each of these partitions whether another record is where `Last` was.
pub fn others<C: Cluster>(
    cluster: &C,
    parts: &[(Arc<str>, i32, Last)],
    wait: &mut dyn Wait,
) -> Result<Vec<bool>, Error> {
    let mut others = Vec::with_capacity(parts.len());
    for parts in parts.chunks(TOGETHER) {
        others.extend(look(cluster, parts, wait)?);
    }
    Ok(others)
}

fn look<C: Cluster>(
    cluster: &C,
    parts: &[(Arc<str>, i32, Last)],
    wait: &mut dyn Wait,
) -> Result<Vec<bool>, Error> {
    let mut queue = cluster.queue();
    let mut topics = Vec::new();
    for (topic, partition, last) in parts {
        let handle = cluster.topic(topic)?;
        queue.read(&handle, *partition, last.offset);
        topics.push(handle);
    }
    let mut others = vec![None; parts.len()];
    let watch = Stopwatch::start();
    while others.contains(&None) {
        cluster.hear()?;
        if watch.elapsed() > cluster.patience() {
            return Err(cluster.silent("the records that were read last do not come"));
        }
        let batch = queue.take(BATCH);
        for message in (0..batch.len()).map(|at| batch.get(at)) {
            let (topic, partition) = (message.topic(), message.partition());
            let at = parts.iter().position(|part| *part.0 == *topic && part.1 == partition);
            if let Some(at) = at {
                others[at].get_or_insert(is_other(message, parts[at].2));
            }
        }
        if batch.is_empty() {
            let soon = wait.now().after(PAUSE);
            if wait.until(soon).place("kafka")? == Woke::Called {
                return Err(Error::Closed);
            }
        }
    }
    for ((_, partition, _), topic) in parts.iter().zip(&topics) {
        topic.stop(*partition);
    }
    Ok(others.into_iter().flatten().collect())
}

/// True if this is a record at the place of `last`, and another one.
fn is_other<'m>(message: impl Message<'m>, last: Last) -> bool {
    let is_there = message.event().is_none() && message.offset() == last.offset;
    is_there
        && Last::of(message.offset(), message.timestamp(), message.key(), message.value()) != last
}
