//! What whoever reads asks of a client: queues into which partitions are read, and batches of messages.
//!
//! ```text
//! reading ──Queue, Topic──> librdkafka (`kafka/queue`), or a cluster in memory, by which whole runs are simulated
//!         <──Batch, Message──
//! ```
//!
//! Who reads is compiled for one of them, so that nothing is paid for a message. What an entry means is left to
//! the source; one that has an error is an event and no record.

use std::os::fd::OwnedFd;

use rdkafka::error::RDKafkaErrorCode as Code;

/// Messages of any number of partitions, as they come.
pub trait Queue: Send {
    /// A topic of which partitions are read.
    type Topic: Topic;
    /// What is taken with one call.
    type Batch<'a>: Batch
    where
        Self: 'a;

    /// Has a byte written to `bell`, which must not block, whenever it stops being empty.
    fn ring(&mut self, bell: OwnedFd);

    /// Takes what is there, at most `most` messages, without waiting.
    fn take(&mut self, most: usize) -> Self::Batch<'_>;

    /// Begins to read a partition into this queue.
    fn read(&self, topic: &Self::Topic, partition: i32, offset: i64);

    /// The end of a partition, as the last answer of a broker had it.
    fn high(&self, topic: &str, partition: i32) -> Option<i64>;
}

/// A topic of which partitions are read.
pub trait Topic: Send {
    /// Ends the reading of a partition; what is in a queue of it is given up.
    fn stop(&self, partition: i32);
}

/// Messages that were taken from a queue.
pub trait Batch {
    /// One of them.
    type Message<'m>: Message<'m>
    where
        Self: 'm;

    /// How many there are.
    fn len(&self) -> usize;

    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message at this place.
    fn get(&self, at: usize) -> Self::Message<'_>;
}

/// A message, or an event of a partition.
pub trait Message<'m>: Copy {
    /// What it is an event of, if it is no record.
    fn event(self) -> Option<Code>;

    /// The offset; of the event that a partition has ended, where it ends.
    fn offset(self) -> i64;

    /// The partition.
    fn partition(self) -> i32;

    /// The topic's name.
    fn topic(self) -> &'m str;

    /// True if the other one is of the same partition.
    fn is_beside(self, other: Self) -> bool;

    /// The key, if it has one. That of an event is nothing.
    fn key(self) -> Option<&'m [u8]>;

    /// The value, if it has one; of an event what is to be said of it.
    fn value(self) -> Option<&'m [u8]>;

    /// The time it has, in ms since the epoch; -1 if it has none.
    fn timestamp(self) -> i64;

    /// Calls `visit` with the name and the value of each header, in their order.
    fn headers(self, visit: impl FnMut(&'m [u8], Option<&'m [u8]>));
}
