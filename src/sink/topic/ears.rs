//! What librdkafka tells of messages, from whichever thread.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use crate::kafka::Voice;

/// Listens to one producer.
pub struct Ears {
    voice: Arc<Voice>,
    taken: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Why a message was not taken, the first time.
    refused: Option<(Code, String)>,
    /// Why the producer cannot go on.
    fatal: Option<String>,
}

impl Ears {
    /// Listens for this voice.
    pub fn new(voice: &Arc<Voice>) -> Ears {
        let (voice, taken) = (Arc::clone(voice), AtomicU64::new(0));
        Ears { voice, taken, state: Mutex::default() }
    }

    /// How many messages brokers have taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    /// Why a message was not taken, if that is so.
    pub fn refused(&self) -> Option<(Code, String)> {
        self.state().refused.clone()
    }

    /// Why the producer cannot go on, if that is so.
    pub fn fatal(&self) -> Option<String> {
        self.state().fatal.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Ears {
    fn log(&self, level: RDKafkaLogLevel, topic: &str, text: &str) {
        self.voice.log(level, topic, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // With transactions another producer goes on, so it is no failure of the run.
            Some(Code::Fatal) => drop(self.state().fatal.get_or_insert(reason.to_string())),
            _ => self.voice.error(&error, reason),
        }
    }
}

impl ProducerContext for Ears {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => {
                // Whoever is away has been said to be.
                if self.voice.is_out() || self.taken() == 0 {
                    self.voice.answered();
                }
                self.taken.fetch_add(1, Relaxed);
            }
            Err((error, _)) => {
                let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
                let what = said(error);
                self.state().refused.get_or_insert((code, what));
            }
        }
    }
}

/// What librdkafka or a broker said.
pub fn said(error: &KafkaError) -> String {
    match error {
        KafkaError::Transaction(error) => error.string(),
        error => error.rdkafka_error_code().map_or(error.to_string(), |code| code.to_string()),
    }
}
