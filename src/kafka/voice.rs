//! What is said of brokers, and what of it ends the run.
//!
//! librdkafka tells of each attempt to reach each broker. A person wants to know once that nobody answers,
//! why, and once that it is over:
//!
//! ```text
//! librdkafka   refused refused alldown refused refused refused ... a message
//! said                         cannot be reached                   answers again
//! ```
//!
//! What no waiting heals (a password, a certificate, a right that is missing) is a failure: whoever holds the
//! client asks for it, and the run ends. All of it may come from any thread.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::error::Error;
use crate::say::{detail, note, say};
use crate::units::show_duration;

/// What a client's brokers have told, and what was said of it.
#[derive(Debug)]
pub struct Voice {
    brokers: String,
    /// True if librdkafka's own lines are wanted: `-X debug=...`.
    says_all: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Why a broker could not be reached, the last time that was tried.
    reason: Option<String>,
    /// True while it is said that nobody answers.
    is_out: bool,
    /// True once somebody has answered.
    has_answered: bool,
    failure: Option<String>,
    /// Why offsets were not taken, the last time.
    uncommitted: Option<String>,
}

impl Voice {
    /// The voice of a client of these brokers.
    pub fn new(brokers: &str, says_all: bool) -> Voice {
        Voice { brokers: brokers.to_string(), says_all, state: Mutex::default() }
    }

    /// The brokers, as they were typed.
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Takes a line of librdkafka's log.
    pub fn log(&self, level: RDKafkaLogLevel, topic: &str, text: &str) {
        let line = format!("librdkafka: {topic}: {text}");
        match (self.says_all, level) {
            (true, _) => say(&line),
            (false, RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info) => {}
            (false, _) => detail(&line),
        }
    }

    /// Takes an error that is of no single message.
    pub fn error(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        let mut state = self.state();
        match code {
            Code::AllBrokersDown => {
                if !std::mem::replace(&mut state.is_out, true) && state.has_answered {
                    let why =
                        state.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                    say(&format!("{}: cannot be reached{why}; waiting for it", self.brokers));
                }
            }
            Code::BrokerTransportFailure | Code::Resolve | Code::OperationTimedOut => {
                state.reason = Some(brief(reason));
            }
            _ if is_final(code) => {
                let failure = format!("{}: {}; {}", self.brokers, brief(reason), advice(code));
                state.failure.get_or_insert(failure);
            }
            _ => detail(&format!("{}: {}", self.brokers, brief(reason))),
        }
    }

    /// Says that a broker has answered: an outage is over.
    pub fn answered(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.is_out) && state.has_answered {
            note(&format!("{}: answers again", self.brokers));
        }
        state.has_answered = true;
        state.reason = None;
    }

    /// Says that the group did not take the offsets of a batch that is out; once until it does again.
    pub fn uncommitted(&self, error: &KafkaError) {
        let why = error.rdkafka_error_code().map_or(error.to_string(), |code| code.to_string());
        let mut state = self.state();
        if state.uncommitted.replace(why.clone()).as_ref() != Some(&why) {
            say(&format!(
                "{}: the group does not take offsets: {why}; what they stand for may come again",
                self.brokers
            ));
        }
    }

    /// True while no broker can be reached.
    pub fn is_out(&self) -> bool {
        self.state().is_out
    }

    /// Why the run cannot go on, if that is so.
    pub fn failed(&self) -> Result<(), Error> {
        self.state().failure.clone().map_or(Ok(()), |failure| Err(Error::Failed(failure)))
    }

    /// What ends a start when nobody has answered: `what` is the last that was heard, and `flag` names the brokers.
    pub fn silent(&self, what: &str, patience: Duration, flag: &str) -> Error {
        let why = match (self.why(), self.is_out()) {
            (Some(why), true) => why,
            (None, true) => "a port with TLS or a user needs -X security.protocol".to_string(),
            (_, false) => what.to_string(),
        };
        let (brokers, span) = (self.brokers(), show_duration(patience));
        Error::Failed(format!(
            "{brokers}: no answer within {span}: {why}; {flag} names them, --connect-timeout says how long to wait"
        ))
    }

    /// Why nobody has answered, if that is known.
    pub fn why(&self) -> Option<String> {
        self.state().reason.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True if waiting does not help.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::SSL
            | Code::Fatal
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
    )
}

/// What to look at.
fn advice(code: Code) -> &'static str {
    match code {
        Code::SSL => "look at security.protocol, ssl.ca.location and the broker's certificate",
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => {
            "look at sasl.mechanisms, sasl.username and sasl.password, which -F FILE has"
        }
        Code::Fatal => "the client cannot go on",
        _ => "the broker has to allow it to this user",
    }
}

/// What librdkafka says, without the broker's thread and how long and how often it has tried.
fn brief(reason: &str) -> String {
    let text = reason.split(" (after ").next().unwrap_or(reason);
    let text = match text.split_once(": ") {
        // `localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused`
        Some((thread, rest)) if thread.contains('/') => rest,
        _ => text,
    };
    text.trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(voice: &Voice, code: Code, reason: &str) {
        voice.error(&KafkaError::Global(code), reason);
    }

    #[test]
    fn an_outage_is_known_with_its_reason_and_is_over_when_somebody_answers() {
        let voice = Voice::new("localhost:9092", false);
        let reason = "localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused \
                      (after 0ms in state CONNECT, 1 identical error(s) suppressed)";
        told(&voice, Code::BrokerTransportFailure, reason);
        assert!(!voice.is_out());
        told(&voice, Code::AllBrokersDown, "1/1 brokers are down");
        assert!(voice.is_out());
        let why = "Connect to ipv4#127.0.0.1:9092 failed: Connection refused";
        assert_eq!(voice.why().as_deref(), Some(why));
        voice.answered();
        assert!(!voice.is_out() && voice.failed().is_ok());
        assert_eq!(voice.why(), None);
    }

    #[test]
    fn what_no_waiting_heals_is_a_failure_that_says_what_to_look_at() {
        let voice = Voice::new("b:1", false);
        told(
            &voice,
            Code::Authentication,
            "sasl_plaintext://b:1/bootstrap: SASL failed: bad password",
        );
        told(&voice, Code::SSL, "a second one");
        let failed = voice.failed().unwrap_err();
        assert_eq!(failed.exit_status(), 1);
        let failed = failed.to_string();
        assert!(failed.starts_with("b:1: SASL failed: bad password; look at sasl."), "{failed}");
    }
}
