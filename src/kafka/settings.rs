//! From properties as they were typed to the configuration of a client.
//!
//! librdkafka judges the values; what it refuses is told with the flag, or the line of a file, in which it
//! was typed. Properties by which a run would lose its exactness are weir's own. Of a value that
//! is a secret nothing is ever said, and nothing of all this is identity of a checkpoint.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;

use super::{Flags, is_secret};
use crate::error::{Context, Error};
use crate::part::likeness::near;
use crate::say::{Level, says};

/// A property that weir sets itself, and what is to be typed instead.
type Owned = (&'static str, &'static str);

/// Which properties are weir's own, by what the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// It reads.
    Consumer,
    /// It writes.
    Producer,
}

/// What no client may have set.
const OWNED: &[Owned] = &[
    ("log.queue", "weir says itself what happens"),
    ("enable.random.seed", "weir leaves random numbers to the system"),
];

/// What a consumer may not have set: a position that moved by itself would be lost or read twice.
const CONSUMER_OWNED: &[Owned] = &[
    ("group.id", "--group-id says it"),
    ("enable.auto.commit", "weir commits what is out, and nothing before"),
    ("auto.commit.enable", "weir commits what is out, and nothing before"),
    ("auto.commit.interval.ms", "weir commits what is out, and nothing before"),
    ("enable.auto.offset.store", "weir commits what is out, and nothing before"),
    (
        "auto.offset.reset",
        "--from says where to begin, --on-offset-reset what becomes of a lost place",
    ),
    ("enable.partition.eof", "weir has to know where a partition ends"),
    (
        "partition.assignment.strategy",
        "weir gives partitions back all at once, between two batches",
    ),
];

/// What a producer may not have set.
const PRODUCER_OWNED: &[Owned] = &[
    ("transactional.id", "weir makes it of the checkpoint, so that a batch is there once"),
    ("enable.idempotence", "weir writes so always, and nothing twice"),
    ("enable.gapless.guarantee", "weir says itself what has failed"),
];

/// Names of librdkafka's properties, for a tip.
const NAMES: &str = include_str!("names.txt");

/// One property: where it was typed, its name and its value.
#[derive(Clone)]
struct Property {
    /// `-X`, or `-F client.conf:3`.
    place: String,
    key: String,
    value: String,
}

/// Properties in the order in which they count: of equal ones the last.
#[derive(Clone, Default)]
pub struct Settings(Vec<Property>);

impl Settings {
    /// Reads the files, and takes apart what was typed.
    pub fn read(flags: &Flags) -> Result<Settings, Error> {
        let mut all = Vec::new();
        for path in &flags.property_file {
            let place = format!("-F {}", path.display());
            let text = String::from_utf8(std::fs::read(path).place(&place)?);
            let text = text.map_err(|_| Error::usage(format!("{place}: it is not UTF-8")))?;
            all.extend(lines(&path.display().to_string(), &text)?);
        }
        for text in &flags.property {
            all.push(property("-X".to_string(), text)?);
        }
        Ok(Settings(all))
    }

    /// The value that counts of a property, if it is set.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|property| property.key == key).map(|found| found.value.as_str())
    }

    /// The brokers that are meant: those typed for a flag of their own, or those of the properties.
    pub fn brokers(&self, flag: &str, typed: Option<&str>) -> Result<String, Error> {
        let set =
            ["bootstrap.servers", "metadata.broker.list"].iter().find_map(|key| self.get(key));
        checked(flag, typed.or(set).unwrap_or_default())
    }

    /// Makes the configuration of a client of these brokers.
    pub fn config(&self, client: Client, brokers: &str) -> Result<ClientConfig, Error> {
        let own = if client == Client::Consumer { CONSUMER_OWNED } else { PRODUCER_OWNED };
        let mut config = ClientConfig::new();
        for property in &self.0 {
            property.check(own)?;
            config.set(&property.key, &property.value);
        }
        config.remove("metadata.broker.list");
        config.set("bootstrap.servers", brokers);
        if self.get("client.id").is_none() {
            config.set("client.id", "weir");
        }
        config.set_log_level(match () {
            () if self.get("debug").is_some() => RDKafkaLogLevel::Debug,
            () if says(Level::Details) => RDKafkaLogLevel::Warning,
            () => RDKafkaLogLevel::Error,
        });
        Ok(config)
    }
}

impl Property {
    /// Refuses what weir decides itself, and what librdkafka would.
    fn check(&self, own: &[Owned]) -> Result<(), Error> {
        let wrong =
            |what: String| Err(Error::usage(format!("{} {}: {what}", self.place, self.key)));
        if let Some((_, why)) = OWNED.iter().chain(own).find(|(key, _)| *key == self.key) {
            return wrong(format!("cannot be set, {why}"));
        }
        let mut alone = ClientConfig::new();
        alone.set(&self.key, &self.value);
        match alone.create_native_config() {
            Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
                let tip = match near(&self.key, NAMES.lines()).as_slice() {
                    [] => "librdkafka's CONFIGURATION.md has them all".to_string(),
                    some => format!("there is {}", some.join(", ")),
                };
                wrong(format!("no such property; {tip}"))
            }
            Err(KafkaError::ClientConfig(_, said, ..)) if !is_secret(&self.key) => wrong(said),
            Err(_) => wrong("librdkafka does not take this value".to_string()),
            Ok(_) => Ok(()),
        }
    }
}

/// The properties of a file.
fn lines(path: &str, text: &str) -> Result<Vec<Property>, Error> {
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            all.push(property(format!("-F {path}:{}", at + 1), line)?);
        }
    }
    Ok(all)
}

/// A property of its text. What stands behind a missing `=` may be a secret, so it is not said.
fn property(place: String, text: &str) -> Result<Property, Error> {
    let (key, value) = text.split_once('=').map_or((text, None), |(k, v)| (k, Some(v.trim())));
    match (key.trim(), value) {
        ("", _) | (_, None) => Err(Error::usage(format!(
            "{place}: a property is key=value, as in security.protocol=ssl"
        ))),
        (key, Some(value)) => {
            Ok(Property { place, key: key.to_string(), value: value.to_string() })
        }
    }
}

/// Refuses ports that there are not: librdkafka takes such for others.
fn checked(flag: &str, brokers: &str) -> Result<String, Error> {
    let mut named =
        brokers.split(',').map(str::trim).filter(|broker| !broker.is_empty()).peekable();
    if named.peek().is_none() {
        return Err(Error::usage(format!(
            "{flag}: which brokers? {flag} localhost:9092 names one"
        )));
    }
    for broker in named {
        let address = broker.split_once("://").map_or(broker, |(_, address)| address);
        let port = address.rsplit_once(':').map(|(_, port)| port);
        // Of an address in brackets the last colon may be its own.
        let port = port.filter(|port| !port.ends_with(']'));
        if port.is_some_and(|port| !matches!(port.parse::<u16>(), Ok(1..))) {
            let why = "a broker is HOST or HOST:PORT, with a port from 1 to 65535";
            return Err(Error::usage(format!("{flag}: {broker}: {why}")));
        }
    }
    Ok(brokers.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(properties: &[&str]) -> Settings {
        let property = properties.iter().map(|text| text.to_string()).collect();
        Settings::read(&Flags { property, ..Flags::default() }).unwrap()
    }

    fn refused(properties: &[&str]) -> String {
        let error = typed(properties).config(Client::Consumer, "b:1").map(drop).unwrap_err();
        assert_eq!(error.exit_status(), 2);
        error.to_string()
    }

    #[test]
    fn what_is_set_counts_and_of_equal_ones_the_last() {
        let settings = typed(&["client.id=a", " fetch.wait.max.ms = 5 ", "client.id=b=c"]);
        let config = settings.config(Client::Consumer, "b:1").unwrap();
        let get = |key| config.get(key);
        assert_eq!(get("client.id"), Some("b=c"));
        assert_eq!(get("fetch.wait.max.ms"), Some("5"));
        assert_eq!(get("bootstrap.servers"), Some("b:1"));
    }

    #[test]
    fn brokers_are_typed_or_set() {
        let settings = typed(&["bootstrap.servers=set:1"]);
        assert_eq!(settings.brokers("--brokers", Some("typed:1")).unwrap(), "typed:1");
        for brokers in ["a", "a:1,b", "[::1]", "[::1]:9092", "SSL://a:65535", "a:1,"] {
            assert_eq!(settings.brokers("--brokers", Some(brokers)).unwrap(), brokers);
        }
        for brokers in ["a:0", "a:65536", "a:1,b:x", ":", "[::1]:", "SSL://a:", "", ",,"] {
            assert!(settings.brokers("--brokers", Some(brokers)).is_err(), "{brokers}");
        }
        assert_eq!(settings.brokers("--brokers", None).unwrap(), "set:1");
        let told = typed(&[]).brokers("--brokers", None).unwrap_err().to_string();
        assert!(told.starts_with("--brokers: "), "{told}");
        let both = typed(&["metadata.broker.list=old:1"]);
        let config = both.config(Client::Producer, "typed:1").unwrap();
        assert_eq!(
            (config.get("metadata.broker.list"), config.get("bootstrap.servers")),
            (None, Some("typed:1"))
        );
    }

    #[test]
    fn what_librdkafka_does_not_take_is_told_with_the_flag_and_the_name_that_was_meant() {
        let told = refused(&["securty.protocol=ssl"]);
        assert_eq!(told, "-X securty.protocol: no such property; there is security.protocol");
        let told = refused(&["security.protocol=tls"]);
        assert!(told.starts_with("-X security.protocol: "), "{told}");
        assert!(told.contains("tls"), "{told}");
        assert!(refused(&["nothing.like.it.at.all=1"]).contains("CONFIGURATION.md"));
    }

    #[test]
    fn what_weir_decides_itself_is_refused_and_its_flag_named() {
        let told = refused(&["group.id=g"]);
        assert_eq!(told, "-X group.id: cannot be set, --group-id says it");
        assert!(refused(&["auto.offset.reset=latest"]).contains("--on-offset-reset"));
        let producer = typed(&["group.id=g", "isolation.level=read_uncommitted"]);
        assert!(producer.config(Client::Producer, "b:1").is_ok(), "a file may serve both");
        let told = typed(&["transactional.id=t"]).config(Client::Producer, "b:1").map(drop);
        assert!(told.unwrap_err().to_string().starts_with("-X transactional.id: "));
    }

    #[test]
    fn secrets_are_not_said() {
        let secrets: Vec<&str> = NAMES.lines().filter(|name| is_secret(name)).collect();
        let expected = [
            "sasl.oauthbearer.assertion.private.key.passphrase",
            "sasl.oauthbearer.assertion.private.key.pem",
            "sasl.oauthbearer.client.credentials.client.secret",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "sasl.password",
            "ssl.key.password",
            "ssl.key.pem",
            "ssl.keystore.password",
        ];
        assert_eq!(secrets, expected);
        let told = property("-F f:1".to_string(), "sasl.password hunter2").map(drop).unwrap_err();
        assert!(!told.to_string().contains("hunter2"), "{told}");
    }

    #[test]
    fn a_file_has_a_property_a_line_and_its_lines_are_named() {
        let text = "# a comment\n\n  sasl.username = me  \nsasl.password=a = b\n";
        let found = lines("conf", text).unwrap();
        let values: Vec<_> = found.iter().map(|p| (p.key.as_str(), p.value.as_str())).collect();
        assert_eq!(values, [("sasl.username", "me"), ("sasl.password", "a = b")]);
        assert_eq!(found[1].place, "-F conf:4");
        let told = lines("conf", "\nacks\n").map(drop).unwrap_err().to_string();
        assert!(told.starts_with("-F conf:2: "), "{told}");
    }

    #[test]
    fn each_name_of_a_tip_is_a_property() {
        for name in NAMES.lines() {
            let mut config = ClientConfig::new();
            config.set(name, "no such value");
            let unknown = RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN;
            let is_unknown = matches!(config.create_native_config(),
                Err(KafkaError::ClientConfig(result, ..)) if result == unknown);
            assert!(!is_unknown, "{name}");
        }
    }
}
