//! What was typed, as it is meant: for whoever reads, directly or as a member of a group.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;

use super::direct::rows::Rows;
use super::flags::{Flags, OnReset, With};
use super::start::Start;
use super::topics::Topics;
use crate::error::Error;
use crate::kafka::{self, Client, Settings as Properties, Voice};
use crate::metrics::link::Link;
use crate::say::note;
use crate::source::{Form, Settings};

/// Offsets are weir's matter, and where a partition ends has to be told.
const OWN: [(&str, &str); 4] = [
    ("auto.offset.reset", "error"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
];
/// How often new partitions are looked for.
const REFRESH: &str = "topic.metadata.refresh.interval.ms";
/// What holds unless it is set. So much is read ahead of whoever takes, of all partitions together.
const DEFAULTS: [(&str, &str); 4] = [
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("queued.max.messages.kbytes", "16384"),
    (REFRESH, "10000"),
];
/// However often is asked for: each time asks a broker.
const SHORTEST_REFRESH: Duration = Duration::from_millis(100);

/// What is meant by what was typed.
pub struct Meant {
    /// The client's configuration.
    pub config: ClientConfig,
    /// Which topics.
    pub topics: Arc<Topics>,
    /// Where to begin, if that was typed.
    pub start: Option<Start>,
    /// What becomes of the run when a place is lost.
    pub on_reset: OnReset,
    /// How long brokers may take to answer.
    pub patience: Duration,
    /// How often new partitions are looked for.
    pub refresh: Duration,
    /// What the key of each pair is.
    pub with: Option<With>,
    /// The longest record.
    pub max_record: usize,
    /// True for `--once`.
    pub once: bool,
    /// True if something is kept from batch to batch.
    pub keeps_state: bool,
    /// So many records a second of each partition.
    pub rate: Option<u64>,
    /// What is said of the brokers.
    pub voice: Arc<Voice>,
}

impl Meant {
    /// What is meant by what was typed.
    pub fn of(flags: &Flags, shared: &kafka::Flags, settings: &Settings) -> Result<Meant, Error> {
        let (properties, patience) = (&Properties::read(shared)?, shared.patience());
        let brokers = properties.brokers("--brokers", flags.brokers.as_deref())?;
        let mut config = properties.config(Client::Consumer, &brokers)?;
        let unset = |(key, _): &(&str, &str)| properties.get(key).is_none();
        for (key, value) in OWN.into_iter().chain(DEFAULTS.into_iter().filter(unset)) {
            config.set(key, value);
        }
        if let Some(rate) = flags.max_rate_per_partition {
            // Each partition has a queue of its own then, and reads ahead for itself.
            let ahead = rate.clamp(100, 100_000).to_string();
            for (key, value) in
                [("queued.max.messages.kbytes", "1024"), ("queued.min.messages", &*ahead)]
            {
                if properties.get(key).is_none() {
                    config.set(key, value);
                }
            }
        }
        let refresh = config.get(REFRESH).and_then(|millis| millis.parse().ok()).unwrap_or(0);
        let voice = Arc::new(Voice::new(&brokers, properties.get("debug").is_some()));
        Ok(Meant {
            topics: Arc::new(Topics::new(&flags.topics()?)?),
            start: flags.from,
            on_reset: flags.on_offset_reset.unwrap_or_default(),
            patience,
            refresh: Duration::from_millis(refresh).max(SHORTEST_REFRESH),
            with: flags.with(),
            max_record: settings.max_record,
            once: settings.once,
            keeps_state: settings.keeps_state,
            rate: flags.max_rate_per_partition,
            voice,
            config,
        })
    }

    /// Where what is new begins.
    pub fn start(&self) -> Start {
        let default = if self.once { Start::Earliest } else { Start::Latest };
        self.start.unwrap_or(default)
    }

    /// Says which regular expressions match none of the topics there are.
    pub fn say_unmatched(&self, there_are: &[&String]) {
        let rest = if self.once { "" } else { "; one that comes later is read" };
        for pattern in self.topics.unmatched(there_are) {
            note(&format!("{pattern}: no topic matches{rest}"));
        }
    }

    /// What makes rows.
    pub fn rows(&self) -> Rows {
        Rows::new(self.with.clone(), self.max_record)
    }

    /// How rows stand in a chunk.
    pub fn form(&self) -> Form {
        if self.with.is_some() { Form::Pairs } else { Form::Records }
    }

    /// How the connection with the brokers stands.
    pub fn link(&self) -> Link {
        let (name, is_up) = (self.voice.brokers().to_string(), !self.voice.is_out());
        Link { name, is_up, is_guest: false, error: self.voice.why() }
    }

    /// What is waited for while nothing comes.
    pub fn waiting(&self) -> String {
        let lack = if self.voice.is_out() { ", which cannot be reached" } else { "" };
        format!("messages of {} from {}{lack}", self.topics.typed(), self.voice.brokers())
    }
}
