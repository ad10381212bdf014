//! The engine in process: a source of numbered lines under the virtual clock, output into a pipe.

mod lasting;
mod serial;

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use super::*;
use crate::agg::AGGS;
use crate::chunk::{Chunk, Mark};
use crate::clock::clockface::{Clockface, Style};
use crate::clock::{Stamp, VirtualTime};
use crate::disk::RealDisk;
use crate::error::Context;
use crate::format::{self, FORMATS, Shape};
use crate::part::Words;
use crate::report::{Selection, Sort};

use crate::sink::outputs::{self, Target};
use crate::sink::stdout::Stdout;
use crate::source::{Read, Stage};
use crate::state::Retention;
use crate::window::Window;

/// What the source was told.
type Told = Arc<Mutex<Vec<(Stage, Mark)>>>;

/// Lines `0` to `total`, seven a chunk, a chunk each 100 ms; `Cut` before each chunk in `cuts`.
struct Numbers {
    next: u64,
    total: u64,
    cuts: Vec<u64>,
    told: Told,
}

impl Source for Numbers {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        _limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        if self.next >= self.total {
            return Ok(Read::End);
        }
        if let Some(at) = self.cuts.iter().position(|&cut| cut <= self.next) {
            self.cuts.remove(at);
            return Ok(Read::Cut);
        }
        let time = Stamp(self.next as i64 / 7 * 100);
        if wait.now() < time {
            wait.until(time.min(until)).unwrap();
            if wait.now() < time || wait.now() >= until {
                return Ok(Read::Idle);
            }
        }
        for _ in 0..7 {
            chunk.append(format!("{}\n", self.next).as_bytes());
            self.next += 1;
        }
        chunk.set_uncut(b'\n');
        chunk.mark = Mark(self.next);
        Ok(Read::Rows)
    }

    fn waiting(&self) -> String {
        "numbers".to_string()
    }

    fn reached(&mut self, stage: Stage, mark: Mark) -> Result<(), Error> {
        self.told.lock().unwrap().push((stage, mark));
        Ok(())
    }
}

/// Appends to each record how many it has seen, and says at a batch's end how many those were.
struct Numbering {
    seen: u64,
    fails_at: u64,
}

impl Step for Numbering {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        chunk.cut();
        for index in 0..chunk.keys.len() {
            if self.seen == self.fails_at {
                return Err(Error::Failed("no more".to_string()));
            }
            let record = chunk.at(chunk.keys[index]).to_vec();
            let numbered = [record, format!("={}", self.seen).into_bytes()].concat();
            chunk.keys[index] = chunk.append(&numbered);
            self.seen += 1;
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        unreachable!("a serial step is never copied")
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn finish(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let total = chunk.append(format!("seen {}", self.seen).as_bytes());
        chunk.keys.push(total);
        Ok(())
    }
}

/// Two lines, then the clock jumps by so many ms, then a line, each in a batch of its own.
struct Jumping {
    step: usize,
    jump: i64,
}

impl Source for Jumping {
    fn open(&mut self, _wait: &mut dyn Wait) -> Result<(), Error> {
        Ok(())
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        _limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        self.step += 1;
        match self.step {
            // Nobody looks at the clock while it jumps.
            3 => wait.until(Stamp(until.0 + self.jump)).map(|_| Read::Idle).place("jump"),
            1 | 2 | 4 => {
                chunk.append(b"a\n");
                chunk.set_uncut(b'\n');
                if self.step == 1 {
                    wait.until(until).place("wait")?;
                }
                Ok(Read::Rows)
            }
            _ => Ok(Read::End),
        }
    }

    fn waiting(&self) -> String {
        "a jump".to_string()
    }
}

fn jumped(retention: Option<Retention>, jump: i64) -> String {
    jumped_of(retention, jump, None)
}

fn jumped_of(retention: Option<Retention>, jump: i64, batches: Option<u64>) -> String {
    let source = Box::new(Jumping { step: 0, jump });
    let stateful =
        retention.map(|retention| Stateful { retention, changes: false, skip_partial: false });
    let case = Case { aggregate: Some("count"), batches, ..case(0, 1) };
    let (text, result) = run_pipeline(source, stateful, case);
    result.unwrap();
    let rows = text.lines().map(|line| line.replace('\t', " "));
    rows.collect::<Vec<_>>().join(", ")
}

struct Case {
    total: u64,
    cuts: Vec<u64>,
    threads: usize,
    steps: Vec<Box<dyn Step>>,
    aggregate: Option<&'static str>,
    interval: u64,
    batches: Option<u64>,
}

/// Runs the case; returns what came out, what the source was told, and how it ended.
fn run_case(case: Case) -> (String, Vec<(Stage, Mark)>, Result<(), Error>) {
    let (told, cuts) = (Told::default(), case.cuts.clone());
    let source = Numbers { next: 0, total: case.total, cuts, told: Arc::clone(&told) };
    let (text, result) = run_pipeline(Box::new(source), None, case);
    let told = told.lock().unwrap().clone();
    (text, told, result)
}

fn run_pipeline(
    source: Box<dyn Source>,
    stateful: Option<Stateful>,
    mut case: Case,
) -> (String, Result<(), Error>) {
    let built = case.aggregate.map(|name| {
        let spec = AGGS.iter().find(|spec| spec.flag.name == name).unwrap();
        (spec.build)(&Words::new(&spec.flag, [""; 0]), false).unwrap()
    });
    let shape = built.as_ref().map_or(Shape::Records, |built| built.leaves);
    let tsv = FORMATS.iter().find(|format| format.name == "tsv").unwrap();
    let format = (tsv.build)(&format::Settings {
        shape,
        columns: vec!["value".to_string()],
        clockface: Clockface::new(true, Style::Epoch),
        num: 0,
        window: None,
        header: false,
        delimiter: b'\n',
        bare: false,
    });
    let selection = Selection::all(Sort::Key);
    let bare = case.interval == 0;
    let layout = Layout {
        text: Some(format),
        messages: None,
        selection,
        width: 1,
        changes: None,
        covers: None,
        skip_empty: false,
        bare,
    };
    let pipeline = Pipeline {
        source,
        steps: std::mem::take(&mut case.steps),
        aggregate: built.map(|built| built.aggregate),
        stateful,
        layout,
    };
    let settings = settings(&case);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let (wait, waker) = VirtualTime::new(Stamp(1)).unwrap();
    let stdout = Stdout::new(&writer).unwrap();
    drop(writer);
    let outputs =
        Outputs::open(&RealDisk::default(), &[Target::Stdout], &stdout, outputs::Run::default())
            .unwrap();
    drop(stdout);
    let around = Surroundings {
        wait: Box::new(wait),
        waker,
        outputs,
        stop: Arc::default(),
        saved: None,
        metrics: Arc::default(),
        viewers: Viewers::default(),
        supervisor: Arc::default(),
    };
    let taker = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    let result = run(pipeline, &settings, around);
    (taker.join().unwrap().unwrap(), result)
}

fn settings(case: &Case) -> Settings {
    Settings {
        interval: Duration::from_millis(case.interval),
        once: false,
        batches: case.batches,
        duration: None,
        threads: case.threads,
        max_rate: None,
        on_bad: OnBad::Skip,
        says_silent: false,
    }
}

fn case(total: u64, threads: usize) -> Case {
    let (cuts, steps, aggregate, interval) = (Vec::new(), Vec::new(), None, 1000);
    Case { total, cuts, threads, steps, aggregate, interval, batches: None }
}

fn numbering(fails_at: u64) -> Vec<Box<dyn Step>> {
    vec![Box::new(Numbering { seen: 0, fails_at })]
}

#[test]
fn records_keep_their_order_whatever_the_workers_do() {
    let (text, ..) = run_case(case(7000, 4));
    let records: Vec<_> = text.lines().map(|line| line.split_once('\t').unwrap().1).collect();
    let wanted: Vec<_> = (0..7000).map(|n| n.to_string()).collect();
    assert_eq!(records, wanted);
}

#[test]
fn a_serial_step_sees_all_records_in_order_and_the_end_of_each_batch() {
    let (text, ..) = run_case(Case { steps: numbering(u64::MAX), ..case(140, 4) });
    let records: Vec<_> = text.lines().map(|line| line.split_once('\t').unwrap()).collect();
    let numbers = records.iter().filter(|(_, record)| !record.starts_with("seen"));
    assert!(numbers.enumerate().all(|(n, (_, record))| *record == format!("{n}={n}")));
    let ends: Vec<_> = records.iter().filter(|(_, record)| record.starts_with("seen")).collect();
    // A chunk each 100 ms: ten of them, 70 records, before the batch of Time 1 ends.
    assert_eq!(ends, [&("1", "seen 70"), &("2", "seen 140")]);
}

#[test]
fn what_a_serial_step_still_has_is_folded_into_the_batch_that_ends() {
    let steps = numbering(u64::MAX);
    let (text, ..) = run_case(Case { steps, aggregate: Some("count-by-key"), ..case(140, 3) });
    assert!(text.contains("1\tseen 70\t1\n") && text.contains("2\tseen 140\t1\n"), "{text}");
    assert_eq!(text.lines().count(), 142);
}

#[test]
fn a_step_that_fails_ends_the_run_and_nobody_waits_for_ever() {
    for threads in 1..5 {
        let (text, _, result) = run_case(Case { steps: numbering(1000), ..case(7000, threads) });
        assert_eq!(result.unwrap_err().to_string(), "no more");
        assert!(text.lines().count() <= 1000 + 20);
    }
}

#[test]
fn a_batch_that_the_source_cuts_keeps_its_time_and_the_next_has_the_next() {
    let cuts = vec![14, 21];
    let (text, ..) = run_case(Case { cuts, aggregate: Some("count"), ..case(70, 2) });
    let batches: Vec<_> = text.lines().map(|line| line.rsplit_once('\t').unwrap()).collect();
    let counts: Vec<_> =
        batches.iter().map(|(time, count)| (time.split('\t').next().unwrap(), *count)).collect();
    assert_eq!(counts, [("1", "14"), ("2", "7"), ("3", "49")]);
}

#[test]
fn the_source_learns_how_safe_its_records_are_in_order() {
    let (_, told, _) = run_case(Case { aggregate: Some("count-by-key"), ..case(2100, 3) });
    let marks = |stage| told.iter().filter(move |(s, _)| *s == stage).map(|(_, mark)| *mark);
    assert!(marks(Stage::Folded).is_sorted() && marks(Stage::Committed).is_sorted());
    let closed: Vec<Mark> = marks(Stage::Closed).collect();
    assert!(closed.is_sorted() && closed.len() < 2100 / 7, "once a batch, and not a chunk");
    assert!(marks(Stage::Committed).all(|mark| closed.contains(&mark)));
    let last = marks(Stage::Committed).max();
    assert_eq!(last, Some(Mark(2100)), "and of the last batch too");
    for (index, (stage, mark)) in told.iter().enumerate() {
        let before = &told[..index];
        let folded = before.iter().any(|(s, m)| *s == Stage::Folded && m >= mark);
        assert!(*stage != Stage::Committed || folded, "folded before it is committed");
    }
}

fn window(length: u64, slide: u64) -> Option<Retention> {
    let [length, slide, second] = [length, slide, 1].map(Duration::from_secs);
    let window = Window::new(length, Some(slide), second).unwrap();
    Some(Retention::Window { window, keep_zeros: false })
}

/// The batches of Times 1 and 2 have a record each; then nobody looks at the clock for so long, and
/// the next batch has a record again.
#[test]
fn windows_that_were_due_meanwhile_are_printed_while_they_hold_something() {
    assert_eq!(jumped(None, 0), "1 1, 2 1, 3 1");
    assert_eq!(jumped(None, 3000), "1 1, 2 1, 6 1", "nobody has measured that there was nothing");
    assert_eq!(jumped(window(3, 1), 0), "1 1, 2 2, 3 3");
    assert_eq!(jumped(window(3, 1), 3000), "1 1, 2 2, 3 2, 4 1, 6 1");
    assert_eq!(jumped(window(6, 4), 3000), "4 2, 8 1");
    assert_eq!(jumped(window(6, 4), 9000), "4 2, 12 1");
    assert_eq!(jumped_of(window(3, 1), 3000, Some(2)), "1 1, 2 2");
    assert_eq!(jumped_of(window(3, 1), 3000, Some(3)), "1 1, 2 2, 3 2, 4 1, 6 1");
    assert_eq!(jumped_of(window(6, 5), 3000, Some(2)), "5 2");
    let running = Some(Retention::Running { ttl: Some(Duration::from_secs(2)), limit: None });
    assert_eq!(jumped(running, 0), "1 1, 2 2, 3 3");
    assert_eq!(jumped(running, 3000), "1 1, 2 2, 6 1");
}

#[test]
fn of_windows_that_nobody_measured_none_that_holds_nothing_is_printed() {
    let text = jumped(window(20, 1), 100_000);
    let rows: Vec<_> = text.split(", ").collect();
    assert_eq!(rows.len(), 22, "{text}");
    assert!(rows.iter().all(|row| !row.ends_with(" 0")), "{text}");
    assert_eq!(rows[20..], ["21 1", "103 1"]);
    // An hour's slide in a jump of 300 years takes no time.
    assert_eq!(jumped(window(3600, 3600), 10_000_000_000_000), "3600 2, 10000000800 1");
}
