//! Real Flume agents, from Maven Central (scripts/flume-up): the two set-ups of the tutorial, and agents and weir
//! killed in the middle.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::Signal;

use crate::common::{Dir, PATIENCE, Run, start, until, weir};

/// Two ports that nobody listens on, and that nobody is given while an agent is down: they are below those
/// that clients get. A probe whether an agent listens would else meet itself now and then.
fn free_ports() -> (u16, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let from = 20_000 + (std::process::id() % 10_000) as u16;
    let mut ports = std::iter::repeat_with(|| from + NEXT.fetch_add(1, Ordering::Relaxed));
    let mut free = || ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    (free(), free())
}

/// An agent that is ended with the test.
struct Agent {
    name: String,
    args: Vec<String>,
    source: u16,
}

impl Agent {
    /// `kind` is `push 1.11.0`, `push 1.9.0` or `pull`.
    fn start(name: &str, kind: &str, (source, sink): (u16, u16), set: &[&str]) -> Agent {
        let ports = [source.to_string(), sink.to_string(), format!("as={name}")];
        let kind = kind.split(' ').map(str::to_string);
        let args = kind.chain(ports).chain(set.iter().map(|set| set.to_string())).collect();
        let agent = Agent { name: name.to_string(), args, source };
        // Its file channel must not have events of an earlier run.
        let _ = std::fs::remove_dir_all(format!("target/flume/{name}"));
        agent.again();
        agent
    }

    fn again(&self) {
        let status = Command::new("scripts/flume-up").args(&self.args).status().unwrap();
        assert!(status.success());
    }

    /// Kills it without a word.
    fn kill(&self) {
        let pid = std::fs::read_to_string(format!("target/flume/{}/pid", self.name)).unwrap();
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
        // One that is gone only a moment later would share its channel with the next.
        let stop = Command::new("scripts/flume-up").args(["--stop", &self.name]).status();
        assert!(stop.unwrap().success());
    }

    fn connect(&self) -> Netcat {
        let stream = TcpStream::connect(("127.0.0.1", self.source)).unwrap();
        // An agent that says nothing is no reason to wait for ever.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Netcat { answers: BufReader::new(stream.try_clone().unwrap()), stream }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = Command::new("scripts/flume-up").args(["--stop", &self.name]).status();
    }
}

/// A client of an agent's netcat source, which says OK to each line that its channel has.
struct Netcat {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Netcat {
    /// Types lines; returns how many were taken.
    fn send(&mut self, lines: &[String]) -> usize {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        if self.stream.write_all(text.as_bytes()).is_err() {
            return 0;
        }
        let mut answer = String::new();
        let mut taken = 0;
        while taken < lines.len() {
            answer.clear();
            match self.answers.read_line(&mut answer) {
                Ok(1..) if answer.trim_end() == "OK" => taken += 1,
                _ => break,
            }
        }
        taken
    }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| text.to_string()).collect()
}

/// Words typed into the agent's netcat source are counted.
fn counts_words(agent: &Agent, run: &mut Run) {
    let mut typed = agent.connect();
    assert_eq!(typed.send(&texts(&["to be or not to be", "to"])), 2);
    let (mut to, mut be) = (0, 0);
    while (to, be) != (3, 2) {
        let line = run.out.line("('");
        let count = |word: &str| {
            let rest = line.strip_prefix(&format!("('{word}', "))?;
            rest.strip_suffix(')')?.parse::<u64>().ok()
        };
        to += count("to").unwrap_or(0);
        be += count("be").unwrap_or(0);
        assert!(to <= 3 && be <= 2);
    }
}

fn pushes(name: &str, kind: &str, set: &[&str], flags: &[&str]) {
    let (source, sink) = free_ports();
    let port = sink.to_string();
    let args = ["flume-push", &port, "--trim", "--split", " ", "--count-by-key", "--interval", "2"];
    let mut run = start(weir(&[&args[..], flags].concat()));
    run.port();
    let agent = Agent::start(name, kind, (source, sink), set);
    counts_words(&agent, &mut run);
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn flume_1_11_pushes_words() {
    pushes("test-push-1.11", "push 1.11.0", &[], &[]);
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn flume_1_9_pushes_words() {
    pushes("test-push-1.9", "push 1.9.0", &[], &[]);
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn flume_pushes_words_compressed() {
    let (set, flags) = (["k.compression-type=deflate"], ["--compression", "deflate"]);
    pushes("test-deflate-1.11", "push 1.11.0", &set, &flags);
    pushes("test-deflate-1.9", "push 1.9.0", &set, &flags);
}

/// What a sink is told so that it speaks TLS and trusts the authority of the tests.
fn trusting(dir: &Dir) -> Vec<String> {
    let store = dir.path("trust.jks").display().to_string();
    let import = ["-importcert", "-noprompt", "-alias", "tests", "-file", "tests/tls/ca.pem"];
    let made = Command::new("keytool")
        .args(import)
        .args(["-keystore", &store, "-storepass", "changeit"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    let trust = format!("k.truststore={store}");
    texts(&["k.ssl=true", &trust, "k.truststore-password=changeit"])
}

const TLS: [&str; 4] =
    ["--tls-cert", "tests/tls/localhost.pem", "--tls-key", "tests/tls/key-pkcs8.pem"];

fn pushes_by_tls(name: &str, kind: &str, set: &[&str], flags: &[&str]) {
    let dir = Dir::new();
    let trust = trusting(&dir);
    let trust = trust.iter().map(String::as_str).chain(set.iter().copied());
    pushes(name, kind, &trust.collect::<Vec<_>>(), &[&TLS[..], flags].concat());
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn flume_1_11_pushes_words_by_tls() {
    pushes_by_tls("test-tls-1.11", "push 1.11.0", &[], &[]);
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn flume_1_9_pushes_words_by_tls_1_2_also_compressed() {
    pushes_by_tls("test-tls-1.9", "push 1.9.0", &[], &["--tls-max", "1.2"]);
    let (set, flags) =
        (["k.compression-type=deflate"], ["--tls-max", "1.2", "--compression", "deflate"]);
    pushes_by_tls("test-tls-deflate-1.9", "push 1.9.0", &set, &flags);
}

/// What is said of an agent that cannot be read.
fn said_of(name: &str, kind: &str, set: &[&str], flags: &[&str]) -> String {
    let (dir, ports) = (Dir::new(), free_ports());
    let (trust, port) = (trusting(&dir), ports.1.to_string());
    let mut run = start(weir(&[&["flume-push", &port, "--count"], &TLS[..], flags].concat()));
    run.port();
    let trust = trust.iter().map(String::as_str).chain(set.iter().copied());
    let agent = Agent::start(name, kind, ports, &trust.collect::<Vec<_>>());
    agent.connect().send(&texts(&["a line"]));
    run.err.line("cut off")
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn an_agent_that_seals_before_it_compresses_is_told_what_to_change() {
    let (set, flags) = (["k.compression-type=deflate"], ["--compression", "deflate"]);
    let said = said_of("test-swapped-1.11", "push 1.11.0", &set, &flags);
    assert!(said.contains("TLS within the compressed stream, as Flume from 1.10 on"), "{said}");
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn words_are_pulled_from_a_spark_sink() {
    let ports = free_ports();
    let agent = Agent::start("test-pull", "pull", ports, &[]);
    let address = format!("localhost:{}", ports.1);
    let args = ["flume-pull", &address, "--split", " ", "--count-by-key", "--interval", "2"];
    let mut run = start(weir(&args));
    counts_words(&agent, &mut run);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

/// What a variable says for the long form, which is run by hand.
fn or(variable: &str, short: u64) -> u64 {
    std::env::var(variable).map_or(short, |count| count.parse().unwrap())
}

/// Of each number how often it was counted, by the last report that names it.
fn counts(text: &str) -> BTreeMap<u64, u64> {
    let pair = |line: &str| {
        let (key, count) = line.split_once('\t').unwrap();
        (key.parse().unwrap(), count.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

/// Numbers are typed into an agent with a file channel while weir is killed, and the agent too. What netcat was
/// told to be taken is counted; nothing else is lost or made up. By hand, at length:
/// `WEIR_FLUME_EVENTS=1000000 WEIR_FLUME_KILLS=30 WEIR_FLUME_AGENT_KILLS=5 cargo test --test interop
/// a_file_channel -- --ignored --nocapture --test-threads 1`.
#[allow(clippy::print_stderr, reason = "the long form is run by hand, and read")]
fn survives(name: &str, kind: &str, args: &dyn Fn(u16) -> Vec<String>) {
    let (weir_kills, agent_kills) = (or("WEIR_FLUME_KILLS", 5), or("WEIR_FLUME_AGENT_KILLS", 1));
    let (dir, ports) = (Dir::new(), free_ports());
    let (checkpoint, out) = (dir.path("ck"), dir.path("out"));
    let mut all = args(ports.1);
    let kept = ["--checkpoint", checkpoint.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let count =
        ["--count-by-key", "--update-state", "--changed", "--interval", "1", "--format", "text"];
    all.extend(texts(&[&count[..], &kept].concat()));
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let agent = Agent::start(name, kind, ports, &["c.type=file"]);
    let mut run = start(weir(&all));
    let (total, mut next, mut again, mut kills, mut ends) =
        (or("WEIR_FLUME_EVENTS", 3000), 0, 0, 0, 0);
    let mut netcat = agent.connect();
    while next < total {
        let numbers: Vec<String> = (next..total.min(next + 100)).map(|n| n.to_string()).collect();
        let taken = netcat.send(&numbers);
        next += taken as u64;
        if taken < numbers.len() {
            netcat = agent.connect();
            again += numbers.len() - taken;
        }
        if next * (weir_kills + 1) / total > kills && kills < weir_kills {
            run.press(Signal::KILL);
            run = start(weir(&all));
            kills += 1;
        }
        if next * (agent_kills + 1) / total > ends && ends < agent_kills {
            agent.kill();
            agent.again();
            netcat = agent.connect();
            ends += 1;
        }
    }
    // All that is in the channel comes: the agent tries again every 5 s.
    let has_all = || {
        let text = std::fs::read_to_string(&out).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        counts(whole).len() as u64 == total
    };
    until(has_all);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
    let counts = counts(&std::fs::read_to_string(&out).unwrap());
    assert!(counts.keys().copied().eq(0..total));
    let twice: u64 = counts.values().map(|count| count - 1).sum();
    // Each end leaves at most a batch of the sink, or two, in doubt, and what netcat was not told of.
    let doubt = 2000 * (weir_kills + agent_kills) + again as u64;
    assert!(twice <= doubt, "{twice} of {total} came twice");
    eprintln!("{name}: {total} events, {kills} + {ends} kills: none lost, {twice} twice");
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn a_file_channel_that_pushes_loses_nothing_when_either_side_is_killed() {
    let args = |sink: u16| texts(&["flume-push", &sink.to_string()]);
    survives("test-push-file", "push 1.11.0", &args);
}

#[test]
#[ignore = "needs java and Maven Central: scripts/check runs it"]
fn a_file_channel_that_is_pulled_loses_nothing_when_either_side_is_killed() {
    let args = |sink: u16| texts(&["flume-pull", &format!("localhost:{sink}")]);
    survives("test-pull-file", "pull", &args);
}
