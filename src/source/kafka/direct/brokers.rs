//! Asking brokers: which partitions there are, and which offsets they have.
//!
//! Each question waits for its answer, in slices: a signal, or a failure that no waiting heals, ends the wait.
//! Nothing here is asked while messages come, but for what has become of a place that is lost.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionListElem};
use rdkafka::types::RDKafkaRespErr;

use crate::clock::{Stopwatch, Wait, Woke};
use crate::error::{Context, Error};
use crate::kafka::{RealQueue, RealTopic, Voice};
use crate::source::kafka::bell::Bell;
use crate::source::kafka::cluster::{Cluster, Found};
use crate::source::kafka::meant::Meant;
use crate::source::kafka::parts::Parts;
use crate::source::kafka::start::Range;
use crate::source::kafka::topics::{self, Topics};

/// The longest wait for an answer within which no signal is heard. A broker answers in the order of the questions, and
/// may hold back the answer to a fetch for half a second.
const SLICE: Duration = Duration::from_millis(1500);
/// How long an answer may take that nobody waits for.
const LEISURE: Duration = Duration::from_secs(10);
/// The pause before a question is asked again to which a broker has no answer yet.
pub const PAUSE: Duration = Duration::from_millis(50);

/// What librdkafka tells us, from whichever thread.
pub struct Ears {
    voice: Arc<Voice>,
    /// How often something was told.
    count: AtomicU64,
    /// What the group wants, in its order.
    turns: Mutex<VecDeque<Turn>>,
    /// True once the group is left: what it wants is given at once.
    is_leaving: AtomicBool,
}

/// What a group wants of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// These partitions are its own.
    Assigned(Vec<(Arc<str>, i32)>),
    /// None is.
    Revoked,
}

impl Ears {
    fn told(&self) {
        self.count.fetch_add(1, Relaxed);
    }
}

impl ClientContext for Ears {
    fn log(&self, level: RDKafkaLogLevel, topic: &str, text: &str) {
        self.told();
        self.voice.log(level, topic, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.told();
        self.voice.error(&error, reason);
    }
}

impl ConsumerContext for Ears {
    /// Notes what the group wants. A batch cannot be finished in here, so it is given when one is out.
    fn rebalance(&self, consumer: &Consuming, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        self.told();
        let is_assigned = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.is_leaving.load(Relaxed) {
            // Nothing more is read, and what is out is committed.
            let _ = consumer.unassign();
            return;
        }
        let part =
            |element: &TopicPartitionListElem| (Arc::from(element.topic()), element.partition());
        let turn = match is_assigned {
            true => Turn::Assigned(list.elements().iter().map(part).collect()),
            false => Turn::Revoked,
        };
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push_back(turn);
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        self.told();
        if let Err(error) = result {
            self.voice.uncommitted(&error);
        }
    }
}

/// The client that reads.
pub type Consuming = BaseConsumer<Ears>;

/// The brokers of a run.
pub struct Brokers {
    consumer: Arc<Consuming>,
    voice: Arc<Voice>,
    /// How long an answer may take.
    patience: Duration,
    /// True while the source is opened: then whoever is called meanwhile is to stop.
    is_opening: bool,
}

impl Brokers {
    /// The client.
    pub fn consumer(&self) -> &Arc<Consuming> {
        &self.consumer
    }

    /// What the group wants next; it stays until it is done.
    pub fn turn(&self) -> Option<Turn> {
        self.turns().front().cloned()
    }

    /// What the group wanted next is done.
    pub fn done(&self) {
        self.turns().pop_front();
    }

    /// From now on the group gets at once what it wants.
    pub fn leave(&self) {
        self.consumer.context().is_leaving.store(true, Relaxed);
    }

    fn turns(&self) -> MutexGuard<'_, VecDeque<Turn>> {
        self.consumer.context().turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until there is an answer, or nobody has answered for too long.
    fn ask<T>(
        &self,
        wait: &mut dyn Wait,
        ask: impl Fn(&Consuming, Duration) -> KafkaResult<T>,
    ) -> Result<T, Error> {
        let watch = Stopwatch::start();
        loop {
            let left = self.patience.saturating_sub(watch.elapsed());
            let error = match ask(&self.consumer, left.min(SLICE).max(PAUSE)) {
                Ok(answer) => {
                    self.voice.answered();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.hear()?;
            let now = wait.now();
            if wait.until(now).place("kafka")? == Woke::Called && self.is_opening {
                return Err(Error::Closed);
            }
            if left.is_zero() {
                let code = error.rdkafka_error_code();
                return Err(self.silent(&code.map_or(error.to_string(), |code| code.to_string())));
            }
            wait.pause(now.after(PAUSE));
        }
    }

    /// The offsets that a group has of partitions, in their order; none of those that it does not know.
    pub fn committed(
        &self,
        parts: &[(Arc<str>, i32)],
        wait: &mut dyn Wait,
    ) -> Result<Vec<Option<i64>>, Error> {
        self.ask(wait, |consumer, patience| {
            let told = consumer.committed_offsets(listed(parts, Offset::Invalid)?, patience)?;
            offsets(parts, &told)
        })
    }

    /// Asks each leader once. For Kafka the beginning and the end are times, -2 and -1.
    fn offsets(
        &self,
        parts: &[(Arc<str>, i32)],
        of: Offset,
        wait: &mut dyn Wait,
    ) -> Result<Vec<Option<i64>>, Error> {
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(wait, |consumer, patience| {
            offsets(parts, &consumer.offsets_for_times(listed(parts, of)?, patience)?)
        })
    }
}

impl Cluster for Brokers {
    type Address = ();
    type Topic = RealTopic;
    type Queue = RealQueue;

    fn connect(
        (): &(),
        meant: &Meant,
        group: Option<&str>,
        bell: &Arc<Bell>,
    ) -> Result<Brokers, Error> {
        let (voice, patience) = (Arc::clone(&meant.voice), meant.patience);
        let ears = Ears {
            voice: Arc::clone(&voice),
            count: AtomicU64::new(0),
            turns: Mutex::default(),
            is_leaving: AtomicBool::new(false),
        };
        let mut config = meant.config.clone();
        if let Some(group) = group {
            config.set("group.id", group);
        }
        let made: KafkaResult<Consuming> = config.create_with_context(ears);
        // What is refused here are values that do not go together, as of a certificate and its key.
        let mut consumer = made.map_err(|error| {
            let what = match error {
                KafkaError::ClientCreation(what) => what,
                other => other.to_string(),
            };
            Error::usage(format!("-X: librdkafka does not take these properties: {what}"))
        })?;
        let bell = Arc::clone(bell);
        consumer.set_nonempty_callback(move || bell.ring());
        Ok(Brokers { consumer: Arc::new(consumer), voice, patience, is_opening: true })
    }

    fn queue(&self) -> RealQueue {
        RealQueue::new(&self.consumer)
    }

    fn topic(&self, name: &str) -> Result<RealTopic, Error> {
        let wrong = || Error::Failed(format!("{name}: librdkafka does not take this name"));
        RealTopic::new(&self.consumer, name).ok_or_else(wrong)
    }

    fn assign(&self, parts: &Parts) -> Result<(), Error> {
        let mut list = TopicPartitionList::with_capacity(parts.len());
        let added = parts.iter().try_for_each(|part| {
            list.add_partition_offset(&part.topic, part.partition, Offset::Offset(part.position))
        });
        let assigned = added.and_then(|()| self.consumer.assign(&list));
        assigned.map_err(|error| Error::Failed(format!("{}: {error}", self.voice.brokers())))
    }

    fn opened(&mut self) {
        self.is_opening = false;
    }

    fn answered(&self) {
        self.voice.answered();
    }

    fn hear(&self) -> Result<(), Error> {
        let count = || self.consumer.context().count.load(Relaxed);
        loop {
            let before = count();
            // No message comes this way: each partition is read into a queue of its own.
            self.consumer.poll(Duration::ZERO);
            if count() == before {
                return self.voice.failed();
            }
        }
    }

    fn is_out(&self) -> bool {
        self.voice.is_out()
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn silent(&self, what: &str) -> Error {
        self.voice.silent(what, self.patience, "--brokers")
    }

    fn partitions(&self, topics: &Topics, wait: &mut dyn Wait) -> Result<Found, Error> {
        let found = self.ask(wait, |consumer, patience| look(consumer, topics, patience))?;
        for topic in topics.names() {
            if !found.contains_key(topic) {
                let all = self.ask(wait, |consumer, patience| {
                    consumer.client().fetch_metadata(None, patience)
                })?;
                let all: Vec<String> = all.topics().iter().map(|t| t.name().to_string()).collect();
                return Err(topics::unknown(topic, &all));
            }
        }
        Ok(found)
    }

    fn look(&self, topics: &Arc<Topics>, told: impl FnOnce(Option<Found>) + Send + 'static) {
        let (consumer, topics) = (Arc::clone(&self.consumer), Arc::clone(topics));
        std::thread::spawn(move || {
            let found = look(&consumer, &topics, LEISURE).ok();
            // Whoever ends the run is not to wait for this thread's share of the client.
            drop(consumer);
            told(found);
        });
    }

    fn ranges(&self, parts: &[(Arc<str>, i32)], wait: &mut dyn Wait) -> Result<Vec<Range>, Error> {
        let low = self.offsets(parts, Offset::Beginning, wait)?;
        let high = self.offsets(parts, Offset::End, wait)?;
        let range = |(low, high): (Option<i64>, Option<i64>)| {
            let low = low.unwrap_or(0);
            Range { low, high: high.unwrap_or(low).max(low) }
        };
        Ok(low.into_iter().zip(high).map(range).collect())
    }

    fn at(
        &self,
        parts: &[(Arc<str>, i32)],
        millis: i64,
        wait: &mut dyn Wait,
    ) -> Result<Vec<Option<i64>>, Error> {
        self.offsets(parts, Offset::Offset(millis.max(0)), wait)
    }

    fn members(&self, group: &str, wait: &mut dyn Wait) -> Result<usize, Error> {
        self.ask(wait, |consumer, patience| {
            let groups = consumer.fetch_group_list(Some(group), patience)?;
            Ok(groups.groups().iter().map(|group| group.members().len()).sum())
        })
    }

    fn commit(&self, due: &TopicPartitionList, mode: CommitMode) -> KafkaResult<()> {
        self.consumer.commit(due, mode)
    }
}

/// The partitions, for the client.
fn listed(parts: &[(Arc<str>, i32)], offset: Offset) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(parts.len());
    for (topic, partition) in parts {
        list.add_partition_offset(topic, *partition, offset)?;
    }
    Ok(list)
}

/// The offsets of an answer, in the order of the question.
fn offsets(parts: &[(Arc<str>, i32)], told: &TopicPartitionList) -> KafkaResult<Vec<Option<i64>>> {
    let offset = |(topic, partition): &(Arc<str>, i32)| {
        let Some(found) = told.find_partition(topic, *partition) else {
            return Err(KafkaError::OffsetFetch(Code::UnknownPartition));
        };
        found.error()?;
        Ok(match found.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        })
    };
    parts.iter().map(offset).collect()
}

/// Looks up the topics that are meant. One that is not there is left out; what is not known yet is an error.
fn look(consumer: &Consuming, topics: &Topics, patience: Duration) -> KafkaResult<Found> {
    let mut found = Found::new();
    if topics.has_patterns() {
        take(&consumer.client().fetch_metadata(None, patience)?, topics, &mut found)?;
        return Ok(found);
    }
    for name in topics.names() {
        take(&consumer.client().fetch_metadata(Some(name), patience)?, topics, &mut found)?;
    }
    Ok(found)
}

/// Takes the topics of an answer that are meant.
fn take(metadata: &Metadata, topics: &Topics, found: &mut Found) -> KafkaResult<()> {
    for topic in metadata.topics().iter().filter(|topic| topics.take(topic.name())) {
        let error = topic.error().map(Code::from);
        match error {
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => continue,
            Some(code) => return Err(KafkaError::MetadataFetch(code)),
            None => {}
        }
        if topic.partitions().iter().any(|partition| partition.leader() < 0) {
            return Err(KafkaError::MetadataFetch(Code::LeaderNotAvailable));
        }
        let mut numbers: Vec<i32> = topic.partitions().iter().map(|part| part.id()).collect();
        numbers.sort_unstable();
        found.insert(topic.name().to_string(), numbers);
    }
    Ok(())
}
