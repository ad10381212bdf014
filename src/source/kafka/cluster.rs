//! What the source asks of a cluster: what there is, where it begins and ends, and queues of messages.
//!
//! ```text
//! begin, recognized, reading, watch, monitor ──Cluster──> direct/brokers: librdkafka
//!                                                └──────> sim: a cluster in memory, in the simulation of whole runs
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::CommitMode;
use rdkafka::error::KafkaResult;

use super::bell::Bell;
use super::meant::Meant;
use super::parts::Parts;
use super::start::Range;
use super::topics::Topics;
use crate::clock::Wait;
use crate::error::Error;
use crate::kafka::seam::{Queue, Topic};

/// The partitions of each topic.
pub type Found = BTreeMap<String, Vec<i32>>;

/// A cluster, as a client of it sees it.
pub trait Cluster: Send + Sized {
    /// What is known of it before anybody has connected.
    type Address: Send;
    /// A topic of which partitions are read.
    type Topic: Topic;
    /// Messages as they come.
    type Queue: Queue<Topic = Self::Topic>;

    /// Makes a client, one of a group if that is named; it connects by itself. Its news ring the bell.
    fn connect(
        at: &Self::Address,
        meant: &Meant,
        group: Option<&str>,
        bell: &Arc<Bell>,
    ) -> Result<Self, Error>;

    /// Makes a queue, into which nothing comes yet.
    fn queue(&self) -> Self::Queue;

    /// Makes a topic known to the client.
    fn topic(&self, name: &str) -> Result<Self::Topic, Error>;

    /// Reads the partitions from where they stand, where a group has assigned them.
    fn assign(&self, parts: &Parts) -> Result<(), Error>;

    /// Says that the source is open: what is asked from now on is answered before anything else is done.
    fn opened(&mut self);

    /// Says that something has come.
    fn answered(&self);

    /// Takes what the client has to tell; an error if the run cannot go on.
    fn hear(&self) -> Result<(), Error>;

    /// True while no broker can be reached.
    fn is_out(&self) -> bool;

    /// How long an answer may take.
    fn patience(&self) -> Duration;

    /// What is said when nobody has answered.
    fn silent(&self, what: &str) -> Error;

    /// The partitions of all topics that are meant; an error if a topic that was named is not there.
    fn partitions(&self, topics: &Topics, wait: &mut dyn Wait) -> Result<Found, Error>;

    /// The same later, as far as topics are there: `told` hears it, or that there is no answer, and nobody waits.
    fn look(&self, topics: &Arc<Topics>, told: impl FnOnce(Option<Found>) + Send + 'static);

    /// The offsets that partitions have, in their order.
    fn ranges(&self, parts: &[(Arc<str>, i32)], wait: &mut dyn Wait) -> Result<Vec<Range>, Error>;

    /// The offset of the first record of each partition that is as new as `millis`; none if no record is.
    fn at(
        &self,
        parts: &[(Arc<str>, i32)],
        millis: i64,
        wait: &mut dyn Wait,
    ) -> Result<Vec<Option<i64>>, Error>;

    /// How many members a group has.
    fn members(&self, group: &str, wait: &mut dyn Wait) -> Result<usize, Error>;

    /// Tells the client's group how far partitions were read.
    fn commit(&self, due: &TopicPartitionList, mode: CommitMode) -> KafkaResult<()>;
}
