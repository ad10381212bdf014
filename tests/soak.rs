//! Killing weir at random moments, again and again: nothing acknowledged is lost, nothing counts twice.
//!
//! Clients send numbered records over short connections and note what they are told; meanwhile weir
//! is killed and started anew on the same checkpoint:
//!
//! ```text
//! clients   r0000000007. k07.      end of file: acknowledged      reset, refusal: unknown, never
//!           r0000000008. k08.      (with --ack after `ok 2`)      sent again
//! weir      ──────X ───X ────────X ──X ─────── SIGTERM, a last client, and the log's rest
//! FILE      time, r0000000007., 1   time, k07., as many as there are r of this sort up to here
//! ```
//!
//! Then each acknowledged r stands in FILE exactly once and each other at most once, the sums of the
//! k follow from them, and Times grow. A kill comes at any moment, or right after FILE or the
//! checkpoint has been written, where the windows are short in which something is half done.
//!
//! It needs `--checkpoint`, and is no part of the tests as a rule: `scripts/soak` runs it. When it
//! kills is chosen by chance, so this is the one test that lets time pass.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use common::chance::{Chance, asked};
use common::{Dir, Over, PATIENCE, weir};
use rustix::process::{Pid, Signal, kill_process};
use socket2::SockRef;

/// How many clients send at a time.
const CLIENTS: u64 = 4;
/// The sorts of records; the number's remainder is the sort.
const SORTS: u64 = 64;
/// How long weir lives at most before it is killed, and at least, in milliseconds.
const LIFE: std::ops::Range<u64> = 5..150;
/// So often weir may live until it has acknowledged something: it has to get on.
const GETS_ON: u64 = 10;

/// What is run, beside the flags of all.
struct Pipeline {
    name: &'static str,
    flags: &'static [&'static str],
    /// True if what is kept lasts, so that a k's row is its sum since the beginning.
    keeps: bool,
    /// True with `--ack`.
    answers: bool,
}

/// What the clients know.
#[derive(Default)]
struct Told {
    acknowledged: Vec<u64>,
    unknown: HashSet<u64>,
    wrong: Option<String>,
}

/// What clients and main thread share.
struct Room {
    port: u16,
    answers: bool,
    next: AtomicU64,
    over: AtomicBool,
    told: Mutex<Told>,
    /// Called when something is told.
    news: Condvar,
}

/// How a client leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It half-closes and waits for what it is told.
    HalfClose,
    /// It closes and does not wait.
    Close,
    /// Its connection breaks, in the middle of a line.
    Reset,
}

fn line(number: u64) -> String {
    format!("r{number:010}. k{:02}.\n", number % SORTS)
}

impl Room {
    fn new(answers: bool, chance: &mut Chance) -> Room {
        // Ports below those that the system gives to clients: nobody else takes it meanwhile.
        let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = (0..).map(|_| 10_000 + chance.below(20_000) as u16).find(free).unwrap();
        let (next, over) = (AtomicU64::new(0), AtomicBool::new(false));
        Room { port, answers, next, over, told: Mutex::default(), news: Condvar::new() }
    }

    /// A client's life: one connection after the other.
    fn send_always(&self, mut chance: Chance) {
        while !self.over.load(Ordering::Relaxed) {
            let count = 1 + chance.below(4);
            let first = self.next.fetch_add(count, Ordering::Relaxed);
            if !self.send((first..first + count).collect(), &mut chance) {
                // Nobody listens; the numbers are not used.
                thread::park_timeout(Duration::from_millis(1));
            }
        }
    }

    /// One connection; false if there was none.
    fn send(&self, numbers: Vec<u64>, chance: &mut Chance) -> bool {
        let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let leaving = match chance.below(10) {
            0 => Leaving::Close,
            1 => Leaving::Reset,
            _ => Leaving::HalfClose,
        };
        let told = converse(&stream, &numbers, leaving, chance);
        if leaving == Leaving::Reset {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        self.note(numbers, leaving, told);
        true
    }

    /// Notes what became of the records.
    fn note(&self, numbers: Vec<u64>, leaving: Leaving, told: (String, io::Result<()>)) {
        let mut notes = self.told.lock().unwrap();
        let ok = format!("ok {}\n", numbers.len());
        match told {
            (text, end) if leaving == Leaving::HalfClose && self.answers && text == ok => {
                // Killed between the answer and the close, it leaves a reset.
                match end {
                    Err(error) if error.kind() != io::ErrorKind::ConnectionReset => {
                        notes.wrong = Some(format!("{error} after {text:?}"));
                    }
                    _ => notes.acknowledged.extend(numbers),
                }
            }
            (text, Ok(())) if self.answers && leaving == Leaving::HalfClose && text.is_empty() => {
                notes.wrong = Some("the end of the file came without an answer".to_string());
            }
            (text, Ok(())) if leaving == Leaving::HalfClose && text.is_empty() => {
                notes.acknowledged.extend(numbers);
            }
            (text, _) if !text.is_empty() => {
                notes.wrong = Some(format!("{} records were answered by {text:?}", numbers.len()));
            }
            (_, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                notes.wrong = Some(format!("a client was told nothing for {PATIENCE:?}"));
            }
            _ => notes.unknown.extend(numbers),
        }
        self.news.notify_all();
    }
}

/// Sends the records, in pieces if chance wants it, and listens to what is told.
fn converse(
    mut stream: &TcpStream,
    numbers: &[u64],
    leaving: Leaving,
    chance: &mut Chance,
) -> (String, io::Result<()>) {
    let mut text: String = numbers.iter().map(|&number| line(number)).collect();
    let mut answer = String::new();
    let end = match leaving {
        Leaving::Reset => {
            // A fragment that is no record of ours, in one piece: whatever is cut, records are whole.
            text.push_str("r00");
            stream.write_all(text.as_bytes())
        }
        Leaving::Close => stream.write_all(text.as_bytes()),
        Leaving::HalfClose => {
            if chance.below(4) == 0 {
                text.pop();
            }
            let (head, tail) = text.as_bytes().split_at(chance.below(text.len() as u64) as usize);
            stream
                .write_all(head)
                .and_then(|()| stream.write_all(tail))
                .and_then(|()| stream.shutdown(Shutdown::Write))
                .and_then(|()| stream.read_to_string(&mut answer))
                .map(|_| ())
        }
    };
    (answer, end)
}

/// weir while it lives.
struct Life(Child);

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Soak<'a> {
    pipeline: &'a Pipeline,
    /// Stays when a check fails.
    dir: ManuallyDrop<Dir>,
    room: &'a Room,
    chance: Chance,
    killed: u64,
    asked: u64,
}

impl Soak<'_> {
    fn start(&self, more: &[&str]) -> Life {
        let path = |name| self.dir.path(name).to_str().unwrap().to_string();
        let (port, checkpoint) = (self.room.port.to_string(), path("checkpoint"));
        let (file, files) = (path("out.tsv"), path("batches"));
        let mut command = weir(&["listen", &port, "--checkpoint", &checkpoint, "-o", &file]);
        command.args(["--split", " ", "--count-by-key", "--format", "tsv", "--epoch"]);
        command.args(["--interval", "50ms", "-q"]).args(self.pipeline.flags).args(more);
        if !self.pipeline.keeps {
            command.args(["--output-dir", &files]);
        }
        if self.pipeline.answers {
            command.arg("--ack");
        }
        let said = File::options().append(true).create(true).open(path("stderr")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        Life(command.spawn().unwrap())
    }

    fn said(&self) -> String {
        fs::read_to_string(self.dir.path("stderr")).unwrap_or_default()
    }

    /// Lets it live for a while, or until it has got on.
    fn live(&self, life: &mut Life, span: Duration, until_it_gets_on: bool) {
        let told = self.room.told.lock().unwrap();
        let before = told.acknowledged.len();
        let goes_on = |told: &mut Told| {
            told.wrong.is_none() && !(until_it_gets_on && told.acknowledged.len() > before)
        };
        let (told, time) = self.room.news.wait_timeout_while(told, span, goes_on).unwrap();
        assert_eq!(told.wrong, None);
        let ended = life.0.try_wait().unwrap();
        assert_eq!(ended, None, "weir ended by itself: {}", self.said());
        assert!(!until_it_gets_on || !time.timed_out(), "nothing was acknowledged for {span:?}");
    }

    /// Waits until a file has been written: a kill right after that meets what is half done.
    fn watch(&self, name: &str) {
        let before = self.size(name);
        let moments = (0..20_000).take_while(|_| self.size(name) == before);
        moments.for_each(|_| thread::park_timeout(Duration::from_micros(20)));
    }

    /// The size of a file, or of all files in a directory.
    fn size(&self, name: &str) -> u64 {
        let path = self.dir.path(name);
        let length = |path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        match fs::read_dir(&path) {
            Ok(entries) => entries.map(|entry| length(entry.unwrap().path())).sum(),
            Err(_) => length(path),
        }
    }

    /// Asks it to end, and waits until it has.
    fn ask(&self, life: &mut Life) -> ExitStatus {
        kill_process(Pid::from_child(&life.0), Signal::TERM).unwrap();
        self.wait(life)
    }

    fn wait(&self, life: &mut Life) -> ExitStatus {
        for _ in 0..PATIENCE.as_millis() {
            if let Some(status) = life.0.try_wait().unwrap() {
                return status;
            }
            thread::park_timeout(Duration::from_millis(1));
        }
        panic!("weir does not end: {}", self.said());
    }

    /// One life after the other, while clients send.
    fn run(&mut self, kills: u64) {
        while self.killed < kills {
            let mut life = self.start(&[]);
            let gets_on = self.chance.below(GETS_ON) == 0;
            let span = LIFE.start + self.chance.below(LIFE.end - LIFE.start);
            if gets_on {
                self.live(&mut life, PATIENCE, true);
            }
            self.live(&mut life, Duration::from_millis(span), false);
            match self.chance.below(4) {
                0 => self.watch("out.tsv"),
                1 => self.watch("checkpoint"),
                _ => {}
            }
            if self.chance.below(8) > 0 {
                self.killed += 1;
                continue;
            }
            let status = self.ask(&mut life);
            // So early in its life it may not heed the signal yet.
            let is_well = status.success() || status.signal() == Some(Signal::TERM.as_raw());
            assert!(is_well, "{status}: {}", self.said());
            self.asked += 1;
        }
    }

    /// One more client, on a weir that ends in order.
    fn last(&mut self) {
        let mut life = self.start(&[]);
        let first = self.room.next.fetch_add(SORTS, Ordering::Relaxed);
        let numbers: Vec<_> = (first..first + SORTS).collect();
        let connected = (0..PATIENCE.as_millis()).find_map(|_| {
            thread::park_timeout(Duration::from_millis(1));
            TcpStream::connect(("127.0.0.1", self.room.port)).ok()
        });
        let stream = connected.unwrap_or_else(|| panic!("nobody listens: {}", self.said()));
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let told = converse(&stream, &numbers, Leaving::HalfClose, &mut self.chance);
        assert!(told.1.is_ok(), "{told:?}");
        self.room.note(numbers, Leaving::HalfClose, told);
        let status = self.ask(&mut life);
        assert!(status.success(), "{status}: {}", self.said());
        // What the open batch had is in the log: one that ends by itself prints it.
        let status = self.wait(&mut self.start(&["--duration", "100ms"]));
        assert!(status.success(), "{status}: {}", self.said());
    }
}

impl Soak<'_> {
    /// Holds what has come out to what the clients know.
    fn check(&self) {
        let told = self.room.told.lock().unwrap();
        assert_eq!(told.wrong, None);
        let text = fs::read_to_string(self.dir.path("out.tsv")).unwrap();
        let seen = counted(&text, self.pipeline.keeps);
        let sent = self.room.next.load(Ordering::Relaxed);
        assert_eq!(seen.iter().find(|number| **number >= sent), None, "nobody has sent it");
        let lost: Vec<_> = told.acknowledged.iter().filter(|one| !seen.contains(one)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        if !self.pipeline.keeps {
            let mut files = String::new();
            for entry in fs::read_dir(self.dir.path("batches")).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|ending| ending == "tsv") {
                    files.push_str(&fs::read_to_string(path).unwrap());
                }
            }
            assert!(
                sorted(&files) == sorted(&text),
                "the directory does not hold the rows of FILE"
            );
        }
        let (acknowledged, unknown) = (told.acknowledged.len(), told.unknown.len());
        let kept = told.unknown.intersection(&seen).count();
        let Soak { pipeline: Pipeline { name, .. }, killed, asked, .. } = self;
        report(&format!(
            "{name}: killed {killed} times, asked to end {asked} times; {acknowledged} records \
             acknowledged, {unknown} unknown, of which {kept} were counted: all well"
        ));
    }
}

/// The rows of FILE.
fn rows(text: &str) -> impl Iterator<Item = (u64, &str, u64)> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last row is not whole");
    text.lines().map(|row| {
        let fields: Vec<_> = row.split('\t').collect();
        let [time, key, value] = fields[..] else { panic!("no row: {row:?}") };
        let seconds: f64 = time.parse().unwrap();
        ((seconds * 1000.0).round() as u64, key, value.parse().unwrap())
    })
}

/// The records that FILE counts; each once, and the sums and Times as they must be.
fn counted(text: &str, keeps: bool) -> HashSet<u64> {
    let mut batches: Vec<(u64, BTreeMap<&str, u64>)> = Vec::new();
    for (time, key, value) in rows(text) {
        let last = batches.last().map_or(0, |(last, _)| *last);
        assert!(time >= last, "Time {time} comes after {last}");
        if time > last {
            batches.push((time, BTreeMap::new()));
        }
        let before = batches.last_mut().unwrap().1.insert(key, value);
        assert_eq!(before, None, "{key} stands twice at Time {time}");
    }
    let (mut seen, mut sums) = (HashSet::new(), vec![0; SORTS as usize]);
    for (time, batch) in batches {
        if !keeps {
            sums.fill(0);
        }
        // What is no whole word was cut by a connection that broke.
        let whole = batch.iter().filter_map(|(key, value)| Some((key.strip_suffix('.')?, *value)));
        let (records, sorts): (Vec<_>, Vec<_>) = whole.partition(|(key, _)| key.starts_with('r'));
        let mut touched = HashSet::new();
        for (key, value) in records {
            let number: u64 = key[1..].parse().unwrap();
            assert_eq!(value, 1, "{key} at Time {time}");
            assert!(seen.insert(number), "{key} is counted again at Time {time}");
            sums[(number % SORTS) as usize] += 1;
            touched.insert(number % SORTS);
        }
        for (key, value) in &sorts {
            let sort: u64 = key[1..].parse().unwrap();
            assert!(touched.remove(&sort), "{key} at Time {time}, without a record");
            assert_eq!(*value, sums[sort as usize], "{key} at Time {time}");
        }
        assert!(touched.is_empty(), "no row for the sorts {touched:?} at Time {time}");
    }
    seen
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn report(line: &str) {
    io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn soak(pipeline: &Pipeline) {
    let kills = asked("WEIR_SOAK_KILLS").unwrap_or(100);
    let seed = asked("WEIR_SOAK").unwrap_or_else(|| u64::from(std::process::id()));
    let mut chance = Chance(seed);
    let seeds: Vec<_> = (0..CLIENTS).map(|_| chance.below(u64::MAX)).collect();
    let room = Room::new(pipeline.answers, &mut chance);
    let dir = ManuallyDrop::new(Dir::new());
    let name = pipeline.name;
    let place = dir.path("");
    report(&format!("{name}: `scripts/soak {kills} {seed}` runs it again; in {}", place.display()));
    let mut soak = Soak { pipeline, dir, room: &room, chance, killed: 0, asked: 0 };
    thread::scope(|scope| {
        let _over = Over(&room.over);
        for seed in seeds {
            let room = &room;
            scope.spawn(move || room.send_always(Chance(seed)));
        }
        soak.run(kills);
    });
    soak.last();
    soak.check();
    // It has served; after a failure it is there to be looked at.
    drop(ManuallyDrop::into_inner(soak.dir));
}

#[test]
#[ignore = "takes its time: scripts/soak"]
fn each_acknowledged_record_is_in_one_batch() {
    soak(&Pipeline { name: "batches", flags: &[], keeps: false, answers: true });
}

#[test]
#[ignore = "takes its time: scripts/soak"]
fn each_acknowledged_record_is_in_the_state_once() {
    let flags = &["--update-state", "--changed"];
    soak(&Pipeline { name: "state", flags, keeps: true, answers: false });
}
