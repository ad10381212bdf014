//! Exactly once: weir is killed again and again, the broker twice, and all is as if nothing had been.
//!
//! ```text
//! topic     3 partitions; message n, "n s" with its sort s = n % 64, is in partition n % 3
//! weir      ──────X ───X ────────X ──X ─────── to the end
//! broker    ──────────────X     ───────X     ─────────────
//! ```
//!
//! Then each message is counted once, stands in FILE once and in the order of its partition, and once among
//! what a reader of committed messages finds in the topic that is written to.
//!
//! Without further words 10 kills and 200,000 messages; `scripts/soak --kafka` has 50 and a million. When
//! it kills is chosen by chance, so here time passes.

use std::fs::{self, File};
use std::io::Write;
use std::mem::ManuallyDrop;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{Broker, Topic, sorted};
use crate::common::chance::{Chance, asked};
use crate::common::{Dir, start};

/// So many messages a kill.
const MESSAGES: u64 = 20_000;
/// So many of them a second at most, so that there are some left at the last kill.
const RATE: &str = "30000";
/// How long weir lives at most before it is killed, and at least, in milliseconds.
const LIFE: std::ops::Range<u64> = 50..1500;
const SORTS: u64 = 64;
const PARTITIONS: u64 = 3;

/// A pipeline that is killed.
struct Lives<'a> {
    topic: &'a Topic<'a>,
    flags: Vec<String>,
    /// Stays when a check fails.
    dir: ManuallyDrop<Dir>,
    chance: Chance,
}

/// weir while it lives.
struct Life(Child);

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Lives<'_> {
    fn path(&self, name: &str) -> String {
        self.dir.path(name).display().to_string()
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = self.topic.weir(&["--from", "earliest", "--interval", "200ms"]);
        command.args(["--checkpoint", &self.path("checkpoint")]).args(&self.flags).args(more);
        command.stdin(Stdio::null());
        command
    }

    fn life(&self) -> Life {
        let mut command = self.command(&["--max-rate", RATE, "-q", "-o", &self.path("out")]);
        let said = File::options().append(true).create(true).open(self.path("stderr")).unwrap();
        Life(command.stdout(Stdio::null()).stderr(said).spawn().unwrap())
    }

    /// Lets it live for a while, or until a moment right after FILE or the checkpoint has been written.
    fn live(&mut self, life: &mut Life) {
        let span = LIFE.start + self.chance.below(LIFE.end - LIFE.start);
        thread::park_timeout(Duration::from_millis(span));
        match self.chance.below(4) {
            0 => self.watch("out"),
            1 => self.watch("checkpoint"),
            _ => {}
        }
        let ended = life.0.try_wait().unwrap();
        let said = fs::read_to_string(self.path("stderr")).unwrap();
        assert_eq!(ended, None, "weir ended by itself: {said}");
    }

    /// Waits for a while until a file, or one in a directory, is another size.
    fn watch(&self, name: &str) {
        let path = self.dir.path(name);
        let length = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let size = || match fs::read_dir(&path) {
            Ok(entries) => entries.flatten().map(|entry| length(entry.path())).sum(),
            Err(_) => length(path.clone()),
        };
        let before = size();
        let moments = (0..20_000).take_while(|_| size() == before);
        moments.for_each(|_| thread::park_timeout(Duration::from_micros(50)));
    }

    /// Kills weir so often and the broker twice, once while weir lives on and once with it.
    fn run(&mut self, kills: u64) {
        let outages = [kills / 3, kills * 2 / 3];
        for kill in 0..kills {
            let mut life = self.life();
            self.live(&mut life);
            if kill == outages[0] {
                self.topic.broker.kill();
                self.topic.broker.again();
                self.live(&mut life);
            } else if kill == outages[1] {
                self.topic.broker.kill();
                drop(life);
                self.topic.broker.again();
            }
        }
    }

    /// Lets it take the rest, and returns what the last batch prints.
    fn last(&self, outputs: &[&str]) -> String {
        let mut command = self.command(&[&["--once"], outputs].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let ended = start(command).end();
        assert_eq!(ended.status, 0, "{}", ended.err);
        ended.out
    }

    /// It has served; after a failure its directory is there to be looked at.
    fn over(self) {
        drop(ManuallyDrop::into_inner(self.dir));
    }
}

/// How often to kill, the messages of that many, and where chance begins.
fn asked_for(what: &str) -> (u64, u64, Chance) {
    let kills = asked("WEIR_SOAK_KILLS").unwrap_or(10);
    let seed = asked("WEIR_SOAK").unwrap_or_else(|| u64::from(std::process::id()));
    let line = format!("kafka, {what}: `scripts/soak --kafka {kills} {seed}` runs it again\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    (kills, kills * MESSAGES, Chance(seed))
}

/// Fills a topic with numbered messages.
fn filled(broker: &Broker, messages: u64) -> Topic<'_> {
    let topic = broker.topic(PARTITIONS as i32);
    for partition in 0..PARTITIONS {
        let of_it = (0..messages).filter(|number| number % PARTITIONS == partition);
        let text: String = of_it.map(|number| format!("{number} {}\n", number % SORTS)).collect();
        topic.send_to(partition as i32, &text);
    }
    topic
}

fn broker() -> Broker {
    Broker::start(&["broker.session.timeout.ms=3000"])
}

fn lives<'a>(topic: &'a Topic, flags: &[&str], chance: Chance) -> Lives<'a> {
    let flags = flags.iter().map(|flag| (*flag).to_string()).collect();
    Lives { topic, flags, dir: ManuallyDrop::new(Dir::new()), chance }
}

/// The lines of each partition stand in order, and none is missing or there twice.
fn is_whole(text: &str, messages: u64) {
    let mut next: Vec<u64> = (0..PARTITIONS).collect();
    for line in text.lines() {
        let (number, sort) = line.split_once(' ').unwrap();
        let number: u64 = number.parse().unwrap();
        let of_it = &mut next[(number % PARTITIONS) as usize];
        assert_eq!(number, *of_it, "in partition {}", number % PARTITIONS);
        assert_eq!(sort, (number % SORTS).to_string(), "{line}");
        *of_it += PARTITIONS;
    }
    assert!(next.iter().all(|number| *number >= messages), "the end is missing: {next:?}");
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it, scripts/soak at length"]
fn counts_since_the_beginning_are_those_of_an_undisturbed_run() {
    let (kills, messages, chance) = asked_for("state");
    let broker = broker();
    let topic = filled(&broker, messages);
    let counted = ["--field", "2", "--count-by-key", "--update-state"];
    let mut lives = lives(&topic, &[&counted[..], &["--format", "tsv"]].concat(), chance);
    lives.run(kills);
    // A batch that was recorded and not yet out comes first.
    let out = lives.last(&["--no-time"]);
    let reports: Vec<_> = out.split_inclusive('\n').collect();
    let out: String = reports[reports.len() - SORTS as usize..].concat();
    let count = ["--field", "2", "--count-by-key", "--format", "tsv", "--no-time"];
    let undisturbed = topic.once(&count);
    assert_eq!(undisturbed.lines().count() as u64, SORTS);
    assert_eq!(out, undisturbed);
    lives.over();
}

#[test]
#[ignore = "needs a Kafka: scripts/check runs it, scripts/soak at length"]
fn each_message_is_once_in_the_file_and_once_in_the_topic_that_is_written() {
    let (kills, messages, chance) = asked_for("records");
    let broker = broker();
    let topic = filled(&broker, messages);
    let copy = broker.topic(2);
    let to = ["--format", "text", "--to-kafka", &copy.name];
    let mut lives = lives(&topic, &to, chance);
    lives.run(kills);
    let file = lives.path("out");
    lives.last(&["-o", &file]);
    let text = fs::read_to_string(file).unwrap();
    is_whole(&text, messages);
    let copied = copy.read(&["-X", "isolation.level=read_committed"]);
    assert!(sorted(&copied) == sorted(&text), "the topic does not hold the lines of FILE");
    lives.over();
}
