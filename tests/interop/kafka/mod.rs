//! weir and a real Kafka (`scripts/kafka-up`), with Debian's kcat as producer and consumer.
//!
//! Most tests share one broker, each with topics of its own; those that end it have one to themselves.
//! Topics are made and changed through librdkafka; what is in them comes from kcat, which has another one,
//! but for what kcat cannot send.
//! A broker goes with this process, however that ends.

mod lives;
mod members;
mod outages;
mod positions;
mod secured;
mod stream;
mod topics;
mod values;

use std::future::Future;
use std::io::Write;
use std::ops::Range;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::common::{PATIENCE, Run, start, weir};

/// A broker; it is removed with the test.
pub struct Broker {
    /// What `scripts/kafka-up` has printed.
    said: String,
}

/// Runs `scripts/kafka-up` and returns what it prints.
fn kafka_up(args: &[&str]) -> String {
    let mut command = Command::new("scripts/kafka-up");
    let output = command.args(args).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "scripts/kafka-up {args:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

impl Broker {
    /// Starts one with these settings beside the usual ones.
    pub fn start(settings: &[&str]) -> Broker {
        let owner = std::process::id().to_string();
        let mut args = vec!["--while", &owner];
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        Broker { said: kafka_up(&args) }
    }

    /// The one that tests share.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(|| Broker::start(&["log.cleaner.backoff.ms=100"]))
    }

    /// Where a listener is, or another of the things that are printed.
    pub fn at(&self, name: &str) -> &str {
        let found = self.said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.expect("scripts/kafka-up prints it")
    }

    /// Ends it in order.
    pub fn stop(&self) {
        kafka_up(&["--stop", self.at("DIR")]);
    }

    /// Ends it as a crash does.
    pub fn kill(&self) {
        kafka_up(&["--kill", self.at("DIR")]);
    }

    /// Starts it again, with its data and at its ports.
    pub fn again(&self) {
        kafka_up(&[self.at("DIR")]);
    }

    /// A new topic.
    pub fn topic(&self, partitions: i32) -> Topic<'_> {
        self.topic_with(partitions, &[])
    }

    /// A new topic with settings.
    pub fn topic_with(&self, partitions: i32, settings: &[(&str, &str)]) -> Topic<'_> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("topic-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.named(&name, partitions, settings)
    }

    /// A new topic of that name.
    pub fn named(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) -> Topic<'_> {
        let topic = Topic { broker: self, name: name.to_string() };
        topic.create(partitions, settings);
        topic
    }

    /// The settings of a client.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.at("BROKERS"));
        config
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        kafka_up(&["--remove", self.at("DIR")]);
    }
}

/// What may be waited for by whoever changes a topic.
fn patient() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE))
}

/// The result of a future, for which this thread waits.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Caller(Thread);
    impl Wake for Caller {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Caller(thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// A topic of a broker.
pub struct Topic<'a> {
    broker: &'a Broker,
    name: String,
}

impl Topic<'_> {
    /// Makes it.
    pub fn create(&self, partitions: i32, settings: &[(&str, &str)]) {
        let mut topic = NewTopic::new(&self.name, partitions, TopicReplication::Fixed(1));
        topic.config.extend(settings);
        let made = wait(self.broker.admin().create_topics([&topic], &patient())).unwrap();
        assert!(made[0].is_ok(), "{made:?}");
        self.is_led(0..partitions);
    }

    /// Waits until partitions have a leader: what was made is known everywhere a moment later.
    fn is_led(&self, partitions: Range<i32>) {
        let admin = self.broker.admin();
        let ends = |partition| admin.inner().fetch_watermarks(&self.name, partition, PATIENCE);
        until("partitions with a leader", || partitions.clone().all(|number| ends(number).is_ok()));
    }

    /// Deletes it.
    pub fn delete(&self) {
        let gone = wait(self.broker.admin().delete_topics(&[&self.name], &patient())).unwrap();
        assert!(gone[0].is_ok(), "{gone:?}");
    }

    /// Gives it more partitions, to so many in all.
    pub fn grow(&self, partitions: usize) {
        let new = NewPartitions::new(&self.name, partitions);
        let grown = wait(self.broker.admin().create_partitions([&new], &patient())).unwrap();
        assert!(grown[0].is_ok(), "{grown:?}");
        self.is_led(0..partitions as i32);
    }

    /// Deletes what partition 0 has before an offset.
    pub fn cut(&self, offset: i64) {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(&self.name, 0, Offset::Offset(offset)).unwrap();
        let cut = wait(self.broker.admin().delete_records(&before, &patient())).unwrap();
        assert!(cut.elements()[0].error().is_ok(), "{cut:?}");
    }

    /// The offsets at which a partition begins and ends.
    pub fn ends(&self, partition: i32) -> (i64, i64) {
        self.broker.admin().inner().fetch_watermarks(&self.name, partition, PATIENCE).unwrap()
    }

    fn kcat(&self, flags: &[&str]) -> Command {
        let mut command = Command::new("kcat");
        command.args(["-b", self.broker.at("BROKERS"), "-t", &self.name, "-q"]).args(flags);
        command
    }

    /// A kcat that sends the lines of its stdin.
    pub fn producer(&self, flags: &[&str]) -> Child {
        let mut command = self.kcat(&[&["-P"], flags].concat());
        command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Sends each line of a text as a message.
    pub fn send(&self, flags: &[&str], text: impl AsRef<[u8]>) {
        let mut kcat = self.producer(flags);
        kcat.stdin.take().unwrap().write_all(text.as_ref()).unwrap();
        let output = kcat.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kcat -P {flags:?}: {said}");
    }

    /// Sends the lines of a text to one partition.
    pub fn send_to(&self, partition: i32, text: &str) {
        // Otherwise what is sent again after an error comes behind what was sent later.
        self.send(&["-p", &partition.to_string(), "-X", "enable.idempotence=true"], text);
    }

    /// What kcat reads of it, to the end.
    pub fn read(&self, flags: &[&str]) -> String {
        let mut command = self.kcat(&["-C", "-o", "beginning", "-e"]);
        let output = command.args(flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kcat -C {flags:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// `weir kafka` on this topic.
    pub fn weir(&self, flags: &[&str]) -> Command {
        let mut command = weir(&["kafka", "--brokers", self.broker.at("BROKERS")]);
        command.args(["--topic", &self.name]).args(flags);
        command
    }

    /// The same, started.
    pub fn run(&self, flags: &[&str]) -> Run {
        start(self.weir(flags))
    }

    /// What `weir kafka --once` prints, which must have nothing to complain about.
    #[track_caller]
    pub fn once(&self, flags: &[&str]) -> String {
        let ended = self.run(&[&["--once"], flags].concat()).end();
        assert_eq!(ended.status, 0, "{}", ended.err);
        ended.out
    }
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    const MOMENT: Duration = Duration::from_millis(50);
    for _ in 0..PATIENCE.as_millis() / MOMENT.as_millis() {
        if is_so() {
            return;
        }
        thread::park_timeout(MOMENT);
    }
    panic!("{what}: that has not come");
}

/// The lines of a text in order of their bytes.
pub fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// The lines of the numbers from one to another.
pub fn numbers(from: u32, to: u32) -> String {
    (from..=to).map(|number| format!("{number}\n")).collect()
}
