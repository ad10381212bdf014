//! TLS and SASL against the real broker.

use std::process::Command;

use rustix::process::Signal;

use super::{Broker, numbers};
use crate::common::{Dir, Ended, start, weir};

/// `weir kafka --once --count` on a topic of three messages, at a listener and with settings of a client.
struct Client<'a> {
    at: &'a str,
    flags: Vec<String>,
}

impl Client<'_> {
    fn new<'a>(listener: &'a str) -> Client<'a> {
        let protocol = format!("security.protocol={}", listener.to_lowercase());
        Client { at: listener, flags: vec!["-X".to_string(), protocol] }
    }

    fn with(mut self, setting: &str) -> Self {
        self.flags.extend(["-X".to_string(), setting.to_string()]);
        self
    }

    fn trusting(self, authority: &str) -> Self {
        self.with(&format!("ssl.ca.location={authority}"))
    }

    fn user(self, mechanism: &str, password: &str) -> Self {
        self.with(&format!("sasl.mechanism={mechanism}"))
            .with("sasl.username=weir")
            .with(&format!("sasl.password={password}"))
    }

    fn counts(&self) -> Ended {
        let topic = Broker::shared().topic(1);
        topic.send(&[], numbers(1, 3));
        let mut command = weir(&["kafka", "--brokers", Broker::shared().at(self.at)]);
        command.args(["--topic", &topic.name, "--once", "--count", "--format", "text"]);
        // A minute is what a test waits for: what is final must be known before.
        command.args(["--connect-timeout", "10m"]).args(&self.flags);
        start(command).end()
    }

    #[track_caller]
    fn works(&self) {
        let ended = self.counts();
        assert_eq!((ended.status, ended.out.as_str()), (0, "3\n"), "{}", ended.err);
    }

    /// Rows are sent there too, with a checkpoint and without one.
    #[track_caller]
    fn sends(&self) {
        let (dir, topic) = (Dir::new(), Broker::shared().topic(1));
        let input = dir.file("input", "a\nb\na\n");
        let checkpoint = dir.path("checkpoint");
        for flags in [&[][..], &["--checkpoint", checkpoint.to_str().unwrap()]] {
            let mut command = weir(&["files", input.to_str().unwrap(), "--count-by-key"]);
            command.args(["--to-kafka", &topic.name, "--to-brokers", Broker::shared().at(self.at)]);
            command.args(&self.flags).args(flags);
            let ended = start(command).end();
            assert_eq!(ended.status, 0, "{}", ended.err);
        }
        let read = topic.read(&["-f", "%k=%s\n", "-X", "isolation.level=read_committed"]);
        assert_eq!(read, "a=2\nb=1\n".repeat(2));
    }

    /// It ends with status 1 and a message that has one of these words in it, and no password.
    #[track_caller]
    fn fails(&self, words: &[&str]) {
        let ended = self.counts();
        let said = ended.failed(1).to_lowercase();
        assert!(words.iter().any(|word| said.contains(word)), "{said}");
        assert!(!said.contains("wrong-password"), "{said}");
    }
}

fn authority() -> &'static str {
    Broker::shared().at("CA")
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn tls_is_spoken() {
    Client::new("SSL").trusting(authority()).works();
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn users_are_known_by_plain_and_scram_with_and_without_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        Client::new("SASL_SSL").trusting(authority()).user(mechanism, "secret").works();
        Client::new("SASL_PLAINTEXT").user(mechanism, "secret").works();
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn rows_are_sent_over_tls_and_by_users() {
    Client::new("SSL").trusting(authority()).sends();
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        Client::new("SASL_SSL").trusting(authority()).user(mechanism, "secret").sends();
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_wrong_password_ends_the_run_at_once() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        let user = Client::new("SASL_SSL").trusting(authority()).user(mechanism, "wrong-password");
        user.fails(&["authentication", "credentials"]);
        Client::new("SASL_PLAINTEXT").user(mechanism, "wrong-password").fails(&["authentication"]);
    }
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn an_authority_that_did_not_sign_ends_the_run_at_once() {
    let dir = Dir::new();
    let (key, other) = (dir.path("key.pem"), dir.path("ca.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    openssl.args(["-nodes", "-days", "3", "-subj", "/CN=another"]);
    let made = openssl.arg("-keyout").arg(key).arg("-out").arg(&other).output().unwrap();
    assert!(made.status.success());
    Client::new("SSL").trusting(other.to_str().unwrap()).fails(&["certificate"]);
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn settings_and_secrets_stand_in_a_file() {
    let dir = Dir::new();
    let settings = format!(
        "# for the tests\nsecurity.protocol=sasl_ssl\nssl.ca.location={}\n\nsasl.mechanism=PLAIN\n\
         sasl.username=weir\nsasl.password=secret\n",
        authority()
    );
    let file = dir.file("client.properties", settings);
    let client =
        Client { at: "SASL_SSL", flags: vec!["-F".to_string(), file.display().to_string()] };
    client.works();
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it"]
fn a_stream_over_tls_goes_on() {
    let topic = Broker::shared().topic(1);
    let mut command = weir(&["kafka", "-b", Broker::shared().at("SSL"), "-t", &topic.name]);
    command.args(["-X", "security.protocol=ssl", "--format", "text", "--interval", "0"]);
    command.args(["-X", &format!("ssl.ca.location={}", authority())]);
    let mut run = start(command);
    run.err.line("latest");
    for round in 1..=3 {
        topic.send(&[], numbers(round, round));
        assert_eq!(run.out.line(""), round.to_string());
    }
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}
