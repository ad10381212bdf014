//! Talking to Kafka: what a source and an output have in common as clients of brokers.
//!
//! ```text
//! -X, -F, brokers ──settings──> client configuration ──> librdkafka, with threads of its own
//!                                                            │ logs, errors
//!                                            stderr <──voice─┘
//! ```
//!
//! librdkafka is compiled and linked in. It keeps its threads and its sockets to itself, and nothing that it
//! says goes to stderr but by the [`Voice`]. What is read and written is left to the source and the output.
//!
//! Without the feature `kafka` there are the flags alone, so that help and man page are the same.

mod flags;
#[cfg(feature = "kafka")]
mod queue;
#[cfg(feature = "kafka")]
pub mod seam;
#[cfg(feature = "kafka")]
mod settings;
#[cfg(feature = "kafka")]
mod voice;

pub use flags::{Flags, is_secret};
#[cfg(feature = "kafka")]
pub use queue::{RealQueue, RealTopic};
#[cfg(feature = "kafka")]
pub use settings::{Client, Settings};
#[cfg(feature = "kafka")]
pub use voice::Voice;

/// What is linked in, for `--version -v`: librdkafka's version and what it was built with.
pub fn version() -> String {
    #[cfg(feature = "kafka")]
    {
        let (_, version) = rdkafka::util::get_rdkafka_version();
        let features = rdkafka::ClientConfig::new()
            .create_native_config()
            .and_then(|config| config.get("builtin.features"))
            .unwrap_or_default();
        format!("librdkafka {version}: {}\n", features.replace(',', ", "))
    }
    #[cfg(not(feature = "kafka"))]
    "built without Kafka\n".to_string()
}
