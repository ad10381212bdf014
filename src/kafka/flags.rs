//! Whatever talks to brokers in a run: properties of librdkafka, and how long an answer may take.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::part::{Given, hold};
use crate::units;

/// What is in the names of properties whose values nobody else is to see.
const SECRETS: [&str; 6] =
    ["password", "passphrase", "secret", "key.pem", "jaas", "oauthbearer.config"];

/// True of a property whose value nobody else is to see.
pub fn is_secret(property: &str) -> bool {
    SECRETS.iter().any(|part| property.contains(part))
}

/// `--connect-timeout`, where it is not typed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The flags of all that talks to brokers, as typed.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq)]
#[group(skip)]
#[command(next_help_heading = "Kafka")]
pub struct Flags {
    /// Set a property of librdkafka, Kafka's client; may be repeated
    ///
    /// As in -X security.protocol=ssl; librdkafka's CONFIGURATION.md has all of them. It counts for what is
    /// read from Kafka and for what is written there. What weir decides itself is refused, and the flag that
    /// stands for it is named. Whatever is set, the checkpoint stays the same.
    #[arg(short = 'X', long, value_name = "KEY=VALUE")]
    pub property: Vec<String>,

    /// Read such properties from FILE, a line each: key=value; may be repeated
    ///
    /// Blank lines and those that begin with # pass. What -X sets counts more, and of equal keys the last.
    /// A password belongs here and not on the command line, which everybody on the machine can read: there it is
    /// taken, and told.
    #[arg(short = 'F', long, value_name = "FILE")]
    pub property_file: Vec<PathBuf>,

    /// How long brokers may take to answer at the start [default: 30s]
    ///
    /// Who does not answer by then ends the run, with status 1. Brokers that go away later are waited for.
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub connect_timeout: Option<Duration>,
}

impl Flags {
    /// How long brokers may take to answer at the start.
    pub fn patience(&self) -> Duration {
        self.connect_timeout.unwrap_or(PATIENCE)
    }

    /// Refuses what nobody takes.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        hold(&[
            (
                !given.talks_to_kafka && !self.property.is_empty(),
                "-X: a property of Kafka's client, and nothing here talks to Kafka; weir kafka and --to-kafka do",
            ),
            (
                !given.talks_to_kafka && !self.property_file.is_empty(),
                "-F: properties of Kafka's client, and nothing here talks to Kafka; weir kafka and --to-kafka do; \
                 what separates fields is said by --delimiter behind --field",
            ),
            (
                !given.talks_to_kafka && self.connect_timeout.is_some(),
                "--connect-timeout: how long Kafka's brokers may take, and nothing here talks to Kafka; weir kafka \
                 and --to-kafka do; connect tries again after --reconnect-delay",
            ),
        ])
    }
}
