//! Where messages come: one queue for all partitions, or with `--max-rate-per-partition` one for each.
//!
//! A queue cannot be taken from for one partition and not for another, so partitions with a rate of their own have
//! queues of their own. Whose turn it is goes round, so that none keeps the others waiting.

use std::io;
use std::sync::Arc;

use crate::clock::Stamp;
use crate::clock::rate::Rate;
use crate::kafka::seam::Queue;
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::Cluster;

/// The queues of a run.
pub struct Lanes<C: Cluster> {
    bell: Arc<Bell>,
    /// What all partitions come to that have no queue of their own.
    shared: C::Queue,
    /// So many records a second of each partition.
    limit: Option<u64>,
    /// Those of each partition, in the order of the parts.
    each: Vec<(C::Queue, Rate)>,
    turn: usize,
}

impl<C: Cluster> Lanes<C> {
    /// Makes the queue of all, or makes ready for one of each.
    pub fn new(cluster: &C, bell: &Arc<Bell>, limit: Option<u64>) -> io::Result<Lanes<C>> {
        let (bell, shared) = (Arc::clone(bell), ringing(cluster, bell)?);
        Ok(Lanes { bell, shared, limit, each: Vec::new(), turn: 0 })
    }

    /// The queue of the partition at this place, where it is made if there was none.
    pub fn of(&mut self, cluster: &C, at: usize, now: Stamp) -> io::Result<&C::Queue> {
        let Some(limit) = self.limit else { return Ok(&self.shared) };
        while self.each.len() <= at {
            self.each.push((ringing(cluster, &self.bell)?, Rate::new(limit, now)));
        }
        Ok(&self.each[at].0)
    }

    /// Forgets the queues of partitions that are another's now.
    pub fn clear(&mut self) {
        self.each.clear();
    }

    /// The queue that tells where partitions end.
    pub fn shared(&self) -> &C::Queue {
        &self.shared
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        if self.limit.is_some() { self.each.len() } else { 1 }
    }

    /// Whose turn it is.
    pub fn turn(&mut self) -> usize {
        self.turn = (self.turn + 1) % self.len().max(1);
        self.turn
    }

    /// A queue, and how many records may be taken from it now.
    pub fn open(&mut self, lane: usize, now: Stamp) -> (&mut C::Queue, usize) {
        match self.limit {
            None => (&mut self.shared, usize::MAX),
            Some(_) => {
                let (queue, rate) = &mut self.each[lane];
                (queue, rate.allowed(now))
            }
        }
    }

    /// Says that so many records were taken.
    pub fn took(&mut self, lane: usize, count: usize, now: Stamp) {
        if let Some((_, rate)) = self.each.get_mut(lane) {
            rate.read(count, now);
        }
    }

    /// When a queue from which none may be taken now has its next record.
    pub fn due(&mut self, now: Stamp) -> Stamp {
        let closed = self
            .each
            .iter_mut()
            .filter_map(|(_, rate)| (rate.allowed(now) == 0).then(|| rate.next()));
        closed.min().unwrap_or(Stamp::NEVER)
    }
}

fn ringing<C: Cluster>(cluster: &C, bell: &Bell) -> io::Result<C::Queue> {
    let mut queue = cluster.queue();
    queue.ring(bell.cord()?);
    Ok(queue)
}
