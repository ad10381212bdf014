//! A cluster for a test, and a producer for it.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::common::{Run, start, weir};

/// How long the cluster may take for what it is asked.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster of one broker, with whatever topics a test makes.
pub struct Broker {
    pub cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
    address: String,
}

/// A message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'a> {
    pub partition: i32,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
}

/// A message as it is read: its key and its value.
pub type Got = (Option<Vec<u8>>, Option<Vec<u8>>);

impl Broker {
    pub fn new(topics: &[(&str, i32)]) -> Broker {
        let cluster = MockCluster::new(1).unwrap();
        for (topic, partitions) in topics {
            cluster.create_topic(topic, *partitions, 1).unwrap();
        }
        let address = cluster.bootstrap_servers();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &address).set("linger.ms", "0");
        let producer = config.create().unwrap();
        Broker { cluster, producer, address }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends messages and waits until the cluster has them.
    pub fn send(&self, topic: &str, all: &[Sent]) {
        for sent in all {
            let mut record: BaseRecord<[u8], [u8]> =
                BaseRecord::to(topic).partition(sent.partition);
            record.key = sent.key;
            record.payload = sent.value;
            if !sent.headers.is_empty() {
                let add = |headers: OwnedHeaders, (key, value): &(&str, Option<&[u8]>)| {
                    headers.insert(Header { key, value: *value })
                };
                record.headers = Some(sent.headers.iter().fold(OwnedHeaders::new(), add));
            }
            while let Err((_, again)) = self.producer.send(record) {
                self.producer.poll(Duration::from_millis(10));
                record = again;
            }
        }
        self.producer.flush(PATIENCE).unwrap();
    }

    /// All messages of a topic, in the order of their values.
    pub fn messages(&self, topic: &str) -> Vec<Got> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.address).set("group.id", "test");
        let consumer: BaseConsumer = config.create().unwrap();
        let found = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
        let (mut all, mut left) = (TopicPartitionList::new(), 0);
        for partition in found.topics()[0].partitions() {
            let (low, high) = consumer.fetch_watermarks(topic, partition.id(), PATIENCE).unwrap();
            all.add_partition_offset(topic, partition.id(), Offset::Beginning).unwrap();
            left += high - low;
        }
        consumer.assign(&all).unwrap();
        let mut messages = Vec::new();
        for _ in 0..left {
            let message = consumer.poll(PATIENCE).expect("it is there").unwrap();
            messages
                .push((message.key().map(<[u8]>::to_vec), message.payload().map(<[u8]>::to_vec)));
        }
        messages.sort_by(|a, b| a.1.cmp(&b.1));
        messages
    }

    /// Sends lines to a partition.
    pub fn lines(&self, topic: &str, partition: i32, lines: &[&str]) {
        let all: Vec<Sent> = lines
            .iter()
            .map(|line| Sent { partition, value: Some(line.as_bytes()), ..Sent::default() })
            .collect();
        self.send(topic, &all);
    }

    /// `weir kafka` on a topic of this cluster.
    pub fn weir(&self, topic: &str, args: &[&str]) -> Run {
        start(weir(&[&["kafka", "-b", self.address(), "-t", topic], args].concat()))
    }
}
