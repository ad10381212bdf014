//! Asking brokers: which partitions there are, and which offsets they have.
//!
//! Each question waits for its answer, in slices: a signal, or a failure that no waiting heals, ends the wait.
//! Nothing here is asked while messages come, but for what has become of a place that is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::Offset;

use super::bell::Bell;
use super::topics::{self, Topics};
use crate::clock::{Stopwatch, Wait, Woke};
use crate::error::{Context, Error};
use crate::kafka::Voice;
use crate::source::kafka::start::Range;
use crate::units::show_duration;

/// The longest wait for an answer within which no signal is heard.
const SLICE: Duration = Duration::from_millis(250);
/// The pause before a question is asked again to which a broker has no answer yet.
pub const PAUSE: Duration = Duration::from_millis(50);

/// What librdkafka tells us, from whichever thread.
pub struct Ears {
    voice: Arc<Voice>,
    /// How often something was told.
    count: AtomicU64,
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

impl ConsumerContext for Ears {}

/// The client that reads.
pub type Consuming = BaseConsumer<Ears>;

/// The partitions of each topic.
pub type Found = BTreeMap<String, Vec<i32>>;

/// The brokers of a run.
pub struct Brokers {
    consumer: Arc<Consuming>,
    voice: Arc<Voice>,
    /// How long an answer may take.
    patience: Duration,
}

impl Brokers {
    /// Makes the client; it connects by itself. Its news ring the bell.
    pub fn new(
        config: &ClientConfig,
        voice: &Arc<Voice>,
        patience: Duration,
        bell: &Arc<Bell>,
    ) -> Result<Brokers, Error> {
        let ears = Ears { voice: Arc::clone(voice), count: AtomicU64::new(0) };
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
        Ok(Brokers { consumer: Arc::new(consumer), voice: Arc::clone(voice), patience })
    }

    /// The client.
    pub fn consumer(&self) -> &Arc<Consuming> {
        &self.consumer
    }

    /// How long an answer may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Says that something has come of them.
    pub fn answered(&self) {
        self.voice.answered();
    }

    /// Takes what librdkafka has to tell; an error if the run cannot go on.
    pub fn hear(&self) -> Result<(), Error> {
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
            if wait.until(now).place("kafka")? == Woke::Called {
                return Err(Error::Closed);
            }
            if left.is_zero() {
                let code = error.rdkafka_error_code();
                return Err(self.silent(&code.map_or(error.to_string(), |code| code.to_string())));
            }
            wait.pause(now.after(PAUSE));
        }
    }

    /// What is said when nobody has answered.
    pub fn silent(&self, what: &str) -> Error {
        let (brokers, span) = (self.voice.brokers(), show_duration(self.patience));
        let why = match self.voice.is_out() {
            true => self.voice.why(),
            false => what.to_string(),
        };
        Error::Failed(format!(
            "{brokers}: no answer within {span}: {why}; --brokers names them, --connect-timeout says how long to \
             wait"
        ))
    }

    /// The partitions of all topics that are meant; an error if a topic that was named is not there.
    pub fn partitions(&self, topics: &Topics, wait: &mut dyn Wait) -> Result<Found, Error> {
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

    /// The offsets that partitions have, in their order.
    pub fn ranges(
        &self,
        parts: &[(Arc<str>, i32)],
        wait: &mut dyn Wait,
    ) -> Result<Vec<Range>, Error> {
        let low = self.offsets(parts, Offset::Beginning, wait)?;
        let high = self.offsets(parts, Offset::End, wait)?;
        let range = |(low, high): (Option<i64>, Option<i64>)| {
            let low = low.unwrap_or(0);
            Range { low, high: high.unwrap_or(low).max(low) }
        };
        Ok(low.into_iter().zip(high).map(range).collect())
    }

    /// The offset of the first record of each partition that is as new as `millis`; none if no record is.
    pub fn at(
        &self,
        parts: &[(Arc<str>, i32)],
        millis: i64,
        wait: &mut dyn Wait,
    ) -> Result<Vec<Option<i64>>, Error> {
        self.offsets(parts, Offset::Offset(millis.max(0)), wait)
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
            let mut asked = TopicPartitionList::with_capacity(parts.len());
            for (topic, partition) in parts {
                asked.add_partition_offset(topic, *partition, of)?;
            }
            let told = consumer.offsets_for_times(asked, patience)?;
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
        })
    }
}

/// Looks up the topics that are meant. One that is not there is left out; what is not known yet is an error.
pub fn look(consumer: &Consuming, topics: &Topics, patience: Duration) -> KafkaResult<Found> {
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
