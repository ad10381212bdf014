//! Many messages with one call: the queue of a consumer, and what crate rdkafka does not wrap of it.
//!
//! ```text
//! partitions ──prefetched by librdkafka──> queue ──take──> batch ──> messages, each freed with the batch
//!                                             └── a byte into a pipe when it stops being empty
//! ```
//!
//! Message by message a consumer of the crate reaches a third of kcat's rate; so many a call, more than all
//! of it. A message borrows from its batch, a batch from its queue, and the queue keeps the client alive.
//! What the entries mean is left to the source.

use std::ffi::{CStr, CString, c_void};
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode as Code;

use super::seam::{Batch, Message, Queue, Topic};

/// Keeps a client alive whose pointer is used here.
trait Alive: Send + Sync {}
impl<C: ConsumerContext + 'static> Alive for BaseConsumer<C> {}

/// Messages of any number of partitions, as they come.
pub struct RealQueue {
    queue: NonNull<sys::rd_kafka_queue_t>,
    client: *mut sys::rd_kafka_t,
    /// What a batch has taken; empty between two of them.
    taken: Vec<*mut sys::rd_kafka_message_t>,
    /// Where a byte is written to when something has come.
    bell: Option<OwnedFd>,
    _alive: Arc<dyn Alive>,
}

// SAFETY: librdkafka's objects may be used from any thread; the vector is empty but within `take`.
#[expect(unsafe_code, reason = "it holds pointers, of which the compiler knows nothing")]
unsafe impl Send for RealQueue {}

impl RealQueue {
    /// Makes a queue of this consumer, into which nothing comes yet.
    pub fn new<C: ConsumerContext + 'static>(consumer: &Arc<BaseConsumer<C>>) -> RealQueue {
        let client = consumer.client().native_ptr();
        // SAFETY: the client is alive, since the consumer is.
        #[expect(unsafe_code, reason = "the crate makes no queues")]
        let queue = unsafe { sys::rd_kafka_queue_new(client) };
        let queue = NonNull::new(queue).expect("librdkafka ends the process if it has no memory");
        let alive = Arc::clone(consumer) as Arc<dyn Alive>;
        RealQueue { queue, client, taken: Vec::new(), bell: None, _alive: alive }
    }

    /// Has what comes of a partition come into this queue, whoever begins to read it.
    pub fn receive(&self, topic: &str, partition: i32) {
        let Ok(topic) = CString::new(topic) else { return };
        // SAFETY: the client is alive; the reference to the partition's queue is given back.
        #[expect(unsafe_code, reason = "the crate does not forward to a queue of ours")]
        unsafe {
            let of = sys::rd_kafka_queue_get_partition(self.client, topic.as_ptr(), partition);
            if !of.is_null() {
                sys::rd_kafka_queue_forward(of, self.queue.as_ptr());
                sys::rd_kafka_queue_destroy(of);
            }
        }
    }
}

impl Queue for RealQueue {
    type Topic = RealTopic;
    type Batch<'a> = RealBatch<'a>;

    fn ring(&mut self, bell: OwnedFd) {
        const BYTE: &[u8] = b"\0";
        let (queue, fd) = (self.queue.as_ptr(), bell.as_raw_fd());
        // SAFETY: the payload is copied; the descriptor lives until this is dropped, which ends it.
        #[expect(unsafe_code, reason = "the crate does not wrap it")]
        unsafe {
            sys::rd_kafka_queue_io_event_enable(
                queue,
                fd,
                BYTE.as_ptr().cast::<c_void>(),
                BYTE.len(),
            );
        }
        self.bell = Some(bell);
    }

    fn take(&mut self, most: usize) -> RealBatch<'_> {
        self.taken.clear();
        self.taken.reserve(most);
        let (queue, room) = (self.queue.as_ptr(), self.taken.as_mut_ptr());
        // SAFETY: there is room for `most` pointers, and so many of them as it returns are set.
        #[expect(unsafe_code, reason = "the crate takes one message at a time")]
        let count = unsafe {
            let count = sys::rd_kafka_consume_batch_queue(queue, 0, room, most);
            let count = usize::try_from(count).unwrap_or(0).min(most);
            self.taken.set_len(count);
            count
        };
        debug_assert_eq!(count, self.taken.len());
        RealBatch { taken: &mut self.taken }
    }

    fn read(&self, topic: &RealTopic, partition: i32, offset: i64) {
        // SAFETY: both are alive; what cannot be read comes as an event.
        #[expect(unsafe_code, reason = "the crate reads only as a member of a group")]
        unsafe {
            let (topic, queue) = (topic.topic.as_ptr(), self.queue.as_ptr());
            sys::rd_kafka_consume_start_queue(topic, partition, offset, queue);
        }
    }

    fn high(&self, topic: &str, partition: i32) -> Option<i64> {
        let topic = CString::new(topic).ok()?;
        let (mut low, mut high) = (-1, -1);
        // SAFETY: all pointers are good for the call.
        #[expect(unsafe_code, reason = "the crate asks the broker for it")]
        let result = unsafe {
            sys::rd_kafka_get_watermark_offsets(
                self.client,
                topic.as_ptr(),
                partition,
                &mut low,
                &mut high,
            )
        };
        let is_known = result == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0;
        is_known.then_some(high)
    }
}

impl Drop for RealQueue {
    fn drop(&mut self) {
        // SAFETY: nothing is written to the bell afterwards, and the queue is ours.
        #[expect(unsafe_code, reason = "it was made here")]
        unsafe {
            if self.bell.is_some() {
                sys::rd_kafka_queue_io_event_enable(self.queue.as_ptr(), -1, ptr::null(), 0);
            }
            sys::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}

/// A topic of which partitions are read.
pub struct RealTopic {
    topic: NonNull<sys::rd_kafka_topic_t>,
    _alive: Arc<dyn Alive>,
}

// SAFETY: as for a queue.
#[expect(unsafe_code, reason = "it holds a pointer, of which the compiler knows nothing")]
unsafe impl Send for RealTopic {}

impl RealTopic {
    /// Makes the topic known to the client; none if it cannot be one, because of its name.
    pub fn new<C: ConsumerContext + 'static>(
        consumer: &Arc<BaseConsumer<C>>,
        name: &str,
    ) -> Option<RealTopic> {
        let (client, name) = (consumer.client().native_ptr(), CString::new(name).ok()?);
        // SAFETY: the client is alive, and the name good for the call.
        #[expect(unsafe_code, reason = "the crate reads only as a member of a group")]
        let topic = unsafe { sys::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut()) };
        let alive = Arc::clone(consumer) as Arc<dyn Alive>;
        Some(RealTopic { topic: NonNull::new(topic)?, _alive: alive })
    }
}

impl Topic for RealTopic {
    fn stop(&self, partition: i32) {
        // SAFETY: the topic is alive.
        #[expect(unsafe_code, reason = "the crate reads only as a member of a group")]
        unsafe {
            sys::rd_kafka_consume_stop(self.topic.as_ptr(), partition);
        }
    }
}

impl Drop for RealTopic {
    fn drop(&mut self) {
        // SAFETY: it was made here, and is given back once.
        #[expect(unsafe_code, reason = "it was made here")]
        unsafe {
            sys::rd_kafka_topic_destroy(self.topic.as_ptr());
        }
    }
}

/// Messages that were taken from a queue.
pub struct RealBatch<'a> {
    taken: &'a mut Vec<*mut sys::rd_kafka_message_t>,
}

impl Batch for RealBatch<'_> {
    type Message<'m>
        = RealMessage<'m>
    where
        Self: 'm;

    fn len(&self) -> usize {
        self.taken.len()
    }

    #[inline]
    fn get(&self, at: usize) -> RealMessage<'_> {
        // SAFETY: each pointer is a message that lives until the batch is dropped.
        #[expect(unsafe_code, reason = "the messages are librdkafka's")]
        RealMessage(unsafe { &*self.taken[at] })
    }
}

impl Drop for RealBatch<'_> {
    fn drop(&mut self) {
        for message in self.taken.drain(..) {
            // SAFETY: each is given back once, and nobody borrows from it any more.
            #[expect(unsafe_code, reason = "the messages are librdkafka's")]
            unsafe {
                sys::rd_kafka_message_destroy(message);
            }
        }
    }
}

/// A message, or an event of a partition.
#[derive(Clone, Copy)]
pub struct RealMessage<'a>(&'a sys::rd_kafka_message_t);

impl<'a> Message<'a> for RealMessage<'a> {
    #[inline]
    fn event(self) -> Option<Code> {
        match self.0.err {
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => None,
            error => Some(error.into()),
        }
    }

    #[inline]
    fn offset(self) -> i64 {
        self.0.offset
    }

    #[inline]
    fn partition(self) -> i32 {
        self.0.partition
    }

    #[inline]
    fn is_beside(self, other: RealMessage<'a>) -> bool {
        self.0.partition == other.0.partition && self.0.rkt == other.0.rkt
    }

    fn topic(self) -> &'a str {
        if self.0.rkt.is_null() {
            return "";
        }
        // SAFETY: the topic lives as long as the message, and its name ends with NUL.
        #[expect(unsafe_code, reason = "the name is librdkafka's")]
        let name = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(self.0.rkt)) };
        name.to_str().unwrap_or_default()
    }

    #[inline]
    fn key(self) -> Option<&'a [u8]> {
        bytes(self.0, self.0.key, self.0.key_len)
    }

    #[inline]
    fn value(self) -> Option<&'a [u8]> {
        bytes(self.0, self.0.payload, self.0.len)
    }

    fn timestamp(self) -> i64 {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive.
        #[expect(unsafe_code, reason = "the crate has it of its own messages")]
        unsafe {
            sys::rd_kafka_message_timestamp(self.0, &mut kind)
        }
    }

    fn headers(self, mut visit: impl FnMut(&'a [u8], Option<&'a [u8]>)) {
        let mut list = ptr::null_mut();
        // SAFETY: the list, its names and values belong to the message and live as long as that.
        #[expect(unsafe_code, reason = "the crate has them of its own messages")]
        unsafe {
            let none = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            if sys::rd_kafka_message_headers(self.0, &mut list) != none {
                return;
            }
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
            for at in 0.. {
                let got = sys::rd_kafka_header_get_all(list, at, &mut name, &mut value, &mut size);
                if got != none {
                    return;
                }
                visit(CStr::from_ptr(name).to_bytes(), bytes(self.0, value.cast_mut(), size));
            }
        }
    }
}

/// Bytes of a message; none where there is no pointer.
#[inline]
fn bytes(_of: &sys::rd_kafka_message_t, start: *mut c_void, len: usize) -> Option<&[u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: so many bytes stand there, and they live as long as the message.
    #[expect(unsafe_code, reason = "the bytes are librdkafka's")]
    Some(unsafe { slice::from_raw_parts(start.cast::<u8>(), len) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rdkafka::consumer::DefaultConsumerContext;
    use rdkafka::message::{Header, Headers, OwnedHeaders};
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

    use super::*;

    /// All that can be known of a message.
    type Known = (i32, i64, Option<Vec<u8>>, Option<Vec<u8>>, i64, Vec<(String, Option<Vec<u8>>)>);

    const COUNT: usize = 300;

    fn produce(address: &str) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", address).create().unwrap();
        for n in 0..COUNT {
            let (key, value) = (vec![b'k'; n % 4], vec![n as u8; n * 7 % 500]);
            let mut record: BaseRecord<[u8], [u8]> = BaseRecord::to("t").partition((n % 3) as i32);
            record.key = (n % 5 > 0).then_some(&key[..]);
            record.payload = (n % 7 > 0).then_some(&value[..]);
            if n % 2 == 0 {
                let some = Header { key: "a", value: Some(&value) };
                let none = Header { key: "b", value: None::<&[u8]> };
                record.headers = Some(OwnedHeaders::new().insert(some).insert(none));
            }
            assert!(producer.send(record).is_ok());
        }
        producer.flush(Duration::from_secs(30)).unwrap();
    }

    fn consumer(address: &str, group: Option<&str>) -> Arc<BaseConsumer> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", address).set("enable.partition.eof", "true");
        config.set("enable.auto.commit", "false");
        if let Some(group) = group {
            config.set("group.id", group);
        }
        Arc::new(config.create_with_context(DefaultConsumerContext).unwrap())
    }

    /// By the crate, one by one.
    fn polled(address: &str) -> Vec<Known> {
        let consumer = consumer(address, Some("twin"));
        let mut list = TopicPartitionList::new();
        for partition in 0..3 {
            list.add_partition_offset("t", partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&list).unwrap();
        let mut all = Vec::new();
        while all.len() < COUNT {
            let Some(Ok(message)) = consumer.poll(Duration::from_secs(30)) else { continue };
            let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            let header = |header: Header<&[u8]>| (header.key.to_string(), bytes(header.value));
            let headers = message.headers().map(|all| all.iter().map(header).collect());
            let time = message.timestamp().to_millis().unwrap_or(-1);
            let (partition, offset) = (message.partition(), message.offset());
            let (key, value) = (bytes(message.key()), bytes(message.payload()));
            all.push((partition, offset, key, value, time, headers.unwrap_or_default()));
        }
        all.sort();
        all
    }

    /// By batches, until each partition has said that it ends, with that end.
    fn batched(address: &str) -> (Vec<Known>, Vec<(i32, i64)>) {
        let consumer = consumer(address, None);
        let (mut queue, topic) =
            (RealQueue::new(&consumer), RealTopic::new(&consumer, "t").unwrap());
        (0..3).for_each(|partition| queue.read(&topic, partition, 0));
        let (mut all, mut ends) = (Vec::new(), Vec::new());
        while ends.len() < 3 {
            consumer.poll(Duration::from_millis(1));
            let batch = queue.take(17);
            for message in (0..batch.len()).map(|at| batch.get(at)) {
                assert_eq!(message.topic(), "t");
                let (partition, offset) = (message.partition(), message.offset());
                if let Some(event) = message.event() {
                    assert_eq!(event, Code::PartitionEOF);
                    ends.push((partition, offset));
                    continue;
                }
                let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
                let mut headers = Vec::new();
                message.headers(|name, value| {
                    headers.push((String::from_utf8(name.to_vec()).unwrap(), bytes(value)));
                });
                let (key, value) = (bytes(message.key()), bytes(message.value()));
                all.push((partition, offset, key, value, message.timestamp(), headers));
            }
        }
        assert_eq!((0..3).map(|at| queue.high("t", at)).collect::<Vec<_>>(), [Some(100); 3]);
        (0..3).for_each(|partition| topic.stop(partition));
        all.sort();
        ends.sort_unstable();
        (all, ends)
    }

    #[test]
    fn a_batch_has_the_messages_that_the_crate_has_one_by_one() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 3, 1).unwrap();
        let address = cluster.bootstrap_servers();
        produce(&address);
        let (all, ends) = batched(&address);
        assert_eq!(ends, [(0, 100), (1, 100), (2, 100)]);
        assert_eq!(all, polled(&address));
    }
}
