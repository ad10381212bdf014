//! The brokers of a topic, by librdkafka's producer: idempotent, and with a checkpoint transactional.
//!
//! ```text
//! plain           send ... | flush          a message that was not taken is a failure
//! transactional   init > mark | begin | send ... | flush > mark > commit
//! ```
//!
//! The mark is the offset that a group of the checkpoint's own name has committed for the topic: it goes into
//! the transaction as the offsets of what was consumed do, so brokers set it with the messages or not at
//! all. What librdkafka calls fatal, and what it wants undone, both end the producer: the next one finishes
//! or undoes what that has left, and reads the mark. So it does not matter whether a time was over or
//! somebody else has opened the topic, which librdkafka does not tell apart.
//!
//! Brokers that go away are waited for, in slices, so that a signal is heard and a service manager knows. librdkafka holds so many
//! messages and bytes that memory is bounded; when that is full, `send` waits.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata, DefaultConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::Offset;

use super::ears::{Ears, said};
use super::{Brokers, Destination, Mark, Trouble};
use crate::clock::{Stamp, Stopwatch};
use crate::error::Error;
use crate::kafka::{self, Settings, Voice};
use crate::part::likeness::near;
use crate::process::signal::Stop;
use crate::process::supervisor::Supervisor;
use crate::wire::message::Message;

/// The longest wait within which no signal is heard.
const SLICE: Duration = Duration::from_millis(1000);
/// A wait while brokers answer.
const MOMENT: Duration = Duration::from_millis(5);
/// A wait between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// So long brokers may take for the mark of a transaction.
const MARKING: Duration = Duration::from_secs(10);
/// How long brokers that answer nothing are waited for when a signal has come.
const GRACE: Duration = Duration::from_secs(10);
/// How long brokers keep a transaction whose producer is silent, at first, and at most.
const TIMEOUTS: (u64, u64) = (60_000, 900_000);
/// How many messages are sent between two looks at what has become of others.
const LOOK: u64 = 512;

/// A topic's brokers.
pub struct Client {
    topic: String,
    settings: Settings,
    voice: Arc<Voice>,
    patience: Duration,
    stop: Arc<Stop>,
    supervisor: Arc<Supervisor>,
    /// What a checkpoint calls its transactions; none without a checkpoint.
    name: Option<String>,
    producer: BaseProducer<Ears>,
    /// The group whose offset is the mark.
    group: Option<ConsumerGroupMetadata>,
    sent: u64,
    /// How long nothing has come of what we wait for since a signal came, and what had come then.
    quiet: Option<(Stopwatch, u64)>,
}

impl Client {
    /// Connects, and looks whether the topic is there.
    pub fn connect(
        to: &Destination,
        name: Option<String>,
        stop: &Arc<Stop>,
        supervisor: &Arc<Supervisor>,
    ) -> Result<Client, Error> {
        let settings = Settings::read(&to.client)?;
        let brokers = settings.brokers("--to-brokers", to.brokers.as_deref())?;
        let voice = Arc::new(Voice::new(&brokers, settings.get("debug").is_some()));
        let producer = producer(&settings, &voice, name.as_deref(), 0)?;
        let (topic, patience, stop) = (to.topic.clone(), to.client.patience(), Arc::clone(stop));
        let supervisor = Arc::clone(supervisor);
        let client = Client {
            topic,
            settings,
            voice,
            patience,
            stop,
            supervisor,
            name,
            producer,
            group: None,
            sent: 0,
            quiet: None,
        };
        client.find()?;
        Ok(client)
    }

    /// Refuses properties and brokers that cannot be, before anything is opened.
    pub fn check(to: &Destination) -> Result<(), Error> {
        let settings = Settings::read(&to.client)?;
        let brokers = settings.brokers("--to-brokers", to.brokers.as_deref())?;
        settings.config(kafka::Client::Producer, &brokers).map(drop)
    }

    /// Waits until a broker knows the topic, or makes it.
    fn find(&self) -> Result<(), Error> {
        let watch = Stopwatch::start();
        loop {
            self.supervisor.beat();
            let client = self.producer.client();
            let found = client.fetch_metadata(Some(&self.topic), SLICE);
            // Without time a poll takes one event of several.
            self.producer.poll(if found.is_ok() { Duration::ZERO } else { PAUSE });
            self.voice.failed()?;
            let error = match &found {
                Ok(found) => {
                    self.voice.answered();
                    match found.topics().first().and_then(|topic| topic.error()).map(Code::from) {
                        None => return Ok(()),
                        Some(code) => code,
                    }
                }
                Err(error) => error.rdkafka_error_code().unwrap_or(Code::Fail),
            };
            match found {
                Ok(_) if is_final(error) && !is_unknown(error) => {
                    return Err(self.failed(error.to_string()));
                }
                // A topic that is being made is not there at once.
                Ok(_) if watch.elapsed() >= Duration::from_secs(5).min(self.patience) => {
                    return Err(self.unknown(error));
                }
                Err(_) if watch.elapsed() >= self.patience => return Err(self.silent(error)),
                _ => self.producer.poll(PAUSE),
            }
        }
    }

    fn unknown(&self, error: Code) -> Error {
        if !is_unknown(error) {
            return self.failed(error.to_string());
        }
        let all = self.producer.client().fetch_metadata(None, SLICE);
        let names: Vec<String> =
            all.iter().flat_map(|all| all.topics()).map(|topic| topic.name().to_string()).collect();
        let near = near(&self.topic, names.iter().map(String::as_str));
        let tip = match near.as_slice() {
            [] => "make it first".to_string(),
            some => format!("there is {}", some.join(", ")),
        };
        self.failed(format!(
            "no such topic, and {} make none by themselves; {tip}",
            self.voice.brokers()
        ))
    }

    fn silent(&self, error: Code) -> Error {
        self.voice.silent(&error.to_string(), self.patience, "--to-brokers")
    }

    fn failed(&self, what: impl std::fmt::Display) -> Error {
        Error::Failed(format!("topic {}: {what}", self.topic))
    }

    /// Looks at what has gone wrong meanwhile; `what` is waited for.
    fn look(&mut self, what: &str) -> Result<(), Trouble> {
        self.supervisor.beat();
        self.voice.failed().map_err(Trouble::Failed)?;
        let ears = self.producer.context();
        if let Some((code, told)) = ears.refused() {
            let is_lost = self.name.is_none() || is_final(code);
            let what = format!("a message was not taken: {told}{}", advice(code));
            return Err(match is_lost {
                true => Trouble::Failed(self.failed(what)),
                false => Trouble::Again(what),
            });
        }
        if let Some(told) = ears.fatal() {
            return Err(match self.name {
                None => Trouble::Failed(self.failed(told)),
                Some(_) => Trouble::Again(told),
            });
        }
        self.hear(what)
    }

    /// Hears a signal, unless brokers are about to take what they are to.
    fn hear(&mut self, what: &str) -> Result<(), Trouble> {
        if !self.stop.is_asked() {
            return Ok(());
        }
        let taken = self.producer.context().taken();
        let quiet = self.quiet.get_or_insert_with(|| (Stopwatch::start(), taken));
        if quiet.1 != taken {
            *quiet = (Stopwatch::start(), taken);
        }
        match self.voice.is_out() || quiet.0.elapsed() >= GRACE {
            true if self.voice.is_out() => {
                let why = self.voice.why().unwrap_or_else(|| "no answer".to_string());
                Err(Trouble::Stopped(format!("brokers cannot be reached: {why}")))
            }
            true => Err(Trouble::Stopped(format!("brokers do not answer: {what}"))),
            false => Ok(()),
        }
    }

    /// Asks until there is an answer that is no invitation to ask again.
    fn ask<T>(
        &mut self,
        what: &str,
        ask: impl Fn(&Client) -> KafkaResult<T>,
    ) -> Result<T, Trouble> {
        loop {
            let error = match ask(self) {
                Ok(answer) => {
                    self.voice.answered();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.producer.poll(Duration::ZERO);
            if !is_retriable(&error) {
                return Err(self.trouble(what, &error));
            }
            self.look(what)?;
            self.producer.poll(MOMENT);
        }
    }

    fn trouble(&self, what: &str, error: &KafkaError) -> Trouble {
        let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
        let what = format!("{what}: {}", said(error));
        // What a message was refused for is the cause of what the transaction says.
        let refused = self.producer.context().refused().filter(|(code, _)| is_final(*code));
        match refused {
            Some((code, told)) => Trouble::Failed(
                self.failed(format!("a message was not taken: {told}{}", advice(code))),
            ),
            None if is_final(code) => Trouble::Failed(self.failed(what + advice(code))),
            None => Trouble::Again(what),
        }
    }

    /// Waits until brokers have taken all that was sent.
    fn drain(&mut self) -> Result<(), Trouble> {
        let mut rounds = 0u32;
        loop {
            // Short while they answer; a long silence is not asked so often.
            let span = if rounds < 400 { MOMENT } else { MOMENT * 20 };
            let drained = self.producer.flush(span);
            self.look("what was sent")?;
            match drained {
                Ok(()) => return Ok(()),
                Err(KafkaError::Flush(Code::OperationTimedOut)) => rounds += 1,
                Err(error) => return Err(self.trouble("what was sent", &error)),
            }
        }
    }

    /// Begins transactions of that name; nobody else has them afterwards.
    fn init(&mut self) -> Result<(), Trouble> {
        let (watch, what) = (Stopwatch::start(), "the brokers' transactions");
        loop {
            let error = match self.producer.init_transactions(SLICE) {
                Ok(()) => break,
                Err(error) => error,
            };
            self.producer.poll(Duration::ZERO);
            if !is_retriable(&error) {
                return Err(self.trouble(what, &error));
            }
            self.look(what)?;
            // Later on they have answered, and are waited for.
            if self.group.is_none() && watch.elapsed() >= self.patience {
                let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
                return Err(Trouble::Failed(self.silent(code)));
            }
        }
        self.voice.answered();
        Ok(())
    }

    /// Reads the mark of the last transaction.
    fn mark(&mut self, name: &str) -> Result<Option<Mark>, Trouble> {
        let consumer =
            reader(&self.settings, self.voice.brokers(), name).map_err(Trouble::Failed)?;
        let wanted = self.place(Offset::Invalid, "");
        let told = self.ask("which batch came last", |_| {
            let told = consumer.committed_offsets(wanted.clone(), SLICE)?;
            told.elements().iter().try_for_each(|part| part.error()).map(|()| told)
        })?;
        self.group = consumer.group_metadata();
        let found = told.elements().first().and_then(|part| match part.offset() {
            Offset::Offset(next) => Some((next, part.metadata().parse().unwrap_or(i64::MIN))),
            _ => None,
        });
        Ok(found.map(|(next, time)| Mark { next: next as u64, time: Stamp(time) }))
    }

    /// What stands for the topic in the offsets of the group.
    fn place(&self, offset: Offset, metadata: &str) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(1);
        let mut part = list.add_partition(&self.topic, 0);
        part.set_metadata(metadata);
        part.set_offset(offset).expect("it is a number, or none");
        list
    }
}

impl Brokers for Client {
    fn send(&mut self, message: Message<'_>) -> Result<(), Trouble> {
        let topic = self.topic.clone();
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&topic).payload(message.value);
        record.key = message.key;
        self.sent += 1;
        if self.sent.is_multiple_of(LOOK) {
            self.producer.poll(Duration::ZERO);
            self.look("what was sent")?;
        }
        loop {
            let (error, again) = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            if error.rdkafka_error_code() != Some(Code::QueueFull) {
                self.producer.poll(Duration::ZERO);
                self.look("what was sent")?;
                let what = format!("a message of {} bytes", message.value.len());
                return Err(match self.name {
                    Some(_) => self.trouble(&what, &error),
                    None => {
                        let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
                        let what = format!("{what}: {}{}", said(&error), advice(code));
                        Trouble::Failed(self.failed(what))
                    }
                });
            }
            record = again;
            self.producer.poll(MOMENT);
            self.look("what was sent")?;
        }
    }

    fn flush(&mut self) -> Result<(), Trouble> {
        self.drain()
    }

    fn reopen(&mut self, tries: u32) -> Result<Option<Mark>, Trouble> {
        let name = self.name.clone().expect("only a checkpoint has transactions");
        if tries > 0 || self.group.is_some() {
            let made = producer(&self.settings, &self.voice, Some(&name), tries);
            self.producer = made.map_err(Trouble::Failed)?;
        }
        for _ in 1..1u32 << tries.min(6) {
            self.producer.poll(Duration::from_millis(100));
            self.look("the brokers")?;
        }
        self.init()?;
        self.mark(&name)
    }

    fn begin(&mut self) -> Result<(), Trouble> {
        let begun = self.producer.begin_transaction();
        begun.map_err(|error| self.trouble("the transaction", &error))
    }

    fn commit(&mut self, mark: Mark) -> Result<(), Trouble> {
        self.drain()?;
        let place = self.place(Offset::Offset(mark.next as i64), &mark.time.0.to_string());
        self.ask("the batch's mark", |client| {
            let group = client.group.as_ref().expect("it was read when the topic was opened");
            client.producer.send_offsets_to_transaction(&place, group, MARKING)
        })?;
        self.ask("the transaction", |client| client.producer.commit_transaction(SLICE))
    }
}

/// Makes a producer; one with a name has transactions.
fn producer(
    settings: &Settings,
    voice: &Arc<Voice>,
    name: Option<&str>,
    tries: u32,
) -> Result<BaseProducer<Ears>, Error> {
    let mut config = settings.config(kafka::Client::Producer, voice.brokers())?;
    let mut set = |keys: &[&str], value: &str| {
        if keys.iter().all(|key| settings.get(key).is_none()) {
            config.set(keys[0], value);
        }
    };
    set(&["enable.idempotence"], "true");
    set(&["queue.buffering.max.kbytes"], "65536");
    match name {
        // Brokers that are away are waited for, however long that is.
        None => set(&["message.timeout.ms", "delivery.timeout.ms"], "0"),
        Some(name) => {
            set(&["transactional.id"], name);
            // A batch that takes longer is given more time when it is sent again.
            let timeout = (TIMEOUTS.0 << tries.min(8)).min(TIMEOUTS.1);
            set(&["transaction.timeout.ms"], &timeout.to_string());
        }
    }
    config.create_with_context(Ears::new(voice)).map_err(unfit)
}

/// Makes a client that reads the offsets of the group of that name.
fn reader(settings: &Settings, brokers: &str, name: &str) -> Result<Reader, Error> {
    let mut config = settings.config(kafka::Client::Producer, brokers)?;
    for key in ["group.instance.id", "group.protocol", "partition.assignment.strategy"] {
        config.remove(key);
    }
    for (key, value) in [
        ("group.id", name),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("isolation.level", "read_committed"),
    ] {
        config.set(key, value);
    }
    config.create_with_context(DefaultConsumerContext).map_err(unfit)
}

type Reader = BaseConsumer<DefaultConsumerContext>;

/// Values that do not go together.
fn unfit(error: KafkaError) -> Error {
    let what = match error {
        KafkaError::ClientCreation(what) => what,
        other => other.to_string(),
    };
    Error::usage(format!("-X: librdkafka does not take these properties: {what}"))
}

/// True if the same question may have another answer.
fn is_retriable(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.is_retriable(),
        KafkaError::Flush(code) => *code == Code::OperationTimedOut,
        error => error.rdkafka_error_code().is_some_and(|code| {
            !is_final(code) && code != Code::Fatal && code != Code::InvalidArgument
        }),
    }
}

fn is_unknown(code: Code) -> bool {
    matches!(code, Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition)
}

/// True if it is no use to send that again.
fn is_final(code: Code) -> bool {
    is_unknown(code)
        || matches!(
            code,
            Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::TransactionalIdAuthorizationFailed
                | Code::MessageSizeTooLarge
                | Code::InvalidMessage
                | Code::InvalidMessageSize
                | Code::MessageBatchTooLarge
                | Code::InvalidRecord
                | Code::InvalidTopic
                | Code::InvalidTimestamp
                | Code::InvalidRequiredAcks
                | Code::InvalidTransactionTimeout
                | Code::PolicyViolation
                | Code::UnsupportedFeature
                | Code::UnsupportedForMessageFormat
                | Code::UnsupportedVersion
        )
}

/// What to do next, where that is known.
fn advice(code: Code) -> &'static str {
    match code {
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => {
            "; -X message.max.bytes=N lets larger ones go, as far as the topic's max.message.bytes does"
        }
        Code::InvalidTransactionTimeout => {
            "; -X transaction.timeout.ms=N, no more than the brokers' transaction.max.timeout.ms"
        }
        Code::InvalidRecord => "; a topic that is compacted takes no message without a key",
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => "; the broker has to allow it to this user",
        Code::UnsupportedFeature | Code::UnsupportedVersion => {
            "; with --checkpoint brokers must have transactions"
        }
        _ => "",
    }
}
