//! What several outputs make of a batch together, and of what was promised before a restart.

use super::*;
use crate::disk::RealDisk;
use crate::disk::scratch::Scratch;
use crate::sink::spool::Spool;
use std::fs;
use std::io::{Read, pipe};

fn spool(text: &str) -> Spool {
    let mut spool = Spool::new();
    spool.write(text.as_bytes()).unwrap();
    spool
}

fn complete(time: i64, text: &Spool) -> Batch<'_> {
    let number = time as u64 + 6;
    Batch::of_text((number, Stamp(time)), 1, b"header\n", text)
}

fn batch(outputs: &mut Outputs, time: i64) -> Result<(), Error> {
    outputs.begin(Stamp(time), b"header\n")?;
    outputs.write(b"a\n")?;
    outputs.write(b"b\n")?;
    outputs.end(2)
}

#[test]
fn all_outputs_get_the_same_batches_and_a_header_each() {
    let dir = Scratch::new();
    let (mut reader, writer) = pipe().unwrap();
    let stdout = Stdout::new(&writer).unwrap();
    drop(writer);
    let file = |name| Target::File(dir.path(name));
    let parts = Target::Dir { path: dir.path("parts"), extension: "tsv" };
    let targets = [file("one"), Target::Stdout, file("two"), parts];
    let mut outputs =
        Outputs::open(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap();
    batch(&mut outputs, 1).unwrap();
    batch(&mut outputs, 2).unwrap();
    drop((outputs, stdout));
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "header\na\nb\na\nb\n");
    for name in ["one", "two"] {
        assert_eq!(fs::read_to_string(dir.path(name)).unwrap(), printed);
    }
    for name in ["parts/batch-1.tsv", "parts/batch-2.tsv"] {
        assert_eq!(fs::read_to_string(dir.path(name)).unwrap(), "header\na\nb\n");
    }
}

#[test]
fn a_reader_of_stdout_that_goes_ends_the_run_only_if_there_is_no_other_output() {
    let dir = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let stdout = Stdout::new(&writer).unwrap();
    let mut alone =
        Outputs::open(&RealDisk::default(), &[Target::Stdout], &stdout, Run::default()).unwrap();
    assert!(matches!(batch(&mut alone, 1), Err(Error::Closed)));
    let targets = [Target::Stdout, Target::File(dir.path("out"))];
    let mut both = Outputs::open(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap();
    batch(&mut both, 1).unwrap();
    assert_eq!(fs::read_to_string(dir.path("out")).unwrap(), "header\na\nb\n");
}

#[test]
fn all_outputs_get_a_staged_batch_as_they_were_promised() {
    let dir = Scratch::new();
    let [one, two, parts] = ["one", "two", "parts"].map(|name| dir.path(name));
    let (mut reader, writer) = pipe().unwrap();
    let stdout = Stdout::new(&writer).unwrap();
    drop(writer);
    let command = format!("cat >> {}; echo $WEIR_TIME >> {0}", two.display());
    let targets = [
        Target::File(one.clone()),
        Target::Stdout,
        Target::Dir { path: parts.clone(), extension: "tsv" },
        Target::Exec { command: command.into(), on_fail: OnFail::Fail },
    ];
    let mut outputs =
        Outputs::open_staged(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap();
    let rows = spool("a\n");
    for (time, count) in [(1, 9), (2, 2)] {
        let promises = outputs.stage(&complete(time, &rows)).unwrap();
        let lengths = promises.iter().map(|promise| promise.length);
        assert!(lengths.eq([count, count, 9, 9]));
        outputs.publish(&complete(time, &rows)).unwrap();
    }
    drop((outputs, stdout));
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "header\na\na\n");
    assert_eq!(fs::read_to_string(one).unwrap(), printed);
    assert_eq!(fs::read_to_string(two).unwrap(), "header\na\n1\nheader\na\n2\n");
    for name in ["batch-1.tsv", "batch-2.tsv"] {
        assert_eq!(fs::read_to_string(parts.join(name)).unwrap(), "header\na\n");
    }
}

#[test]
fn when_the_reader_of_stdout_has_gone_all_others_get_a_staged_batch_first() {
    let dir = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let stdout = Stdout::new(&writer).unwrap();
    let targets = [Target::Stdout, Target::File(dir.path("out"))];
    let (rows, text) = (spool("a\n"), || fs::read_to_string(dir.path("out")).unwrap());
    let mut outputs =
        Outputs::open_staged(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap();
    let promises = outputs.stage(&complete(1, &rows)).unwrap();
    assert_eq!(text(), "");
    assert!(matches!(outputs.publish(&complete(1, &rows)), Err(Error::Closed)));
    assert_eq!(text(), "header\na\n");
    drop(outputs);
    // The next run is asked for the batch, since it is owed.
    let (mut reader, writer) = pipe().unwrap();
    let stdout = Stdout::new(&writer).unwrap();
    drop(writer);
    let mut outputs =
        Outputs::open_staged(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap();
    outputs.redeem(&complete(1, &rows), &promises).unwrap();
    drop((outputs, stdout));
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert_eq!((printed.as_str(), text().as_str()), ("header\na\n", "header\na\n"));
}

#[test]
fn another_failure_than_a_closed_reader_ends_it_at_once() {
    let dir = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let stdout = Stdout::new(&writer).unwrap();
    let out = dir.path("out");
    let last = Target::File(out.clone());
    let targets = [Target::Stdout, Target::File("/dev/full".into()), last];
    let mut outputs =
        Outputs::open_staged(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap();
    let rows = spool("a\n");
    outputs.stage(&complete(1, &rows)).unwrap();
    assert!(matches!(outputs.publish(&complete(1, &rows)), Err(Error::Failed(_))));
    assert_eq!(fs::read_to_string(out).unwrap(), "");
}

#[test]
fn a_promise_is_redeemed_by_the_output_that_has_its_name() {
    let dir = Scratch::new();
    let [one, two, new] = ["one", "two", "new"].map(|name| dir.path(name));
    let stdout = Stdout::new(pipe().unwrap().1).unwrap();
    let open = |paths: &[&PathBuf]| {
        let targets: Vec<_> = paths.iter().map(|&path| Target::File(path.clone())).collect();
        Outputs::open_staged(&RealDisk::default(), &targets, &stdout, Run::default()).unwrap()
    };
    let rows = spool("a\n");
    let promises = open(&[&one, &two]).stage(&complete(1, &rows)).unwrap();
    open(&[&new, &two]).redeem(&complete(1, &rows), &promises).unwrap();
    let texts = [one, two, new].map(|path| fs::read_to_string(path).unwrap());
    // What was promised to the one that is gone goes to the one that is new.
    assert_eq!(texts, ["", "header\na\n", "header\na\n"]);
}

#[test]
fn a_file_that_has_another_name_now_has_its_batch_once() {
    let dir = Scratch::new();
    let (old, new) = (dir.path("old"), dir.path("new"));
    let stdout = Stdout::new(pipe().unwrap().1).unwrap();
    let open = |path: &PathBuf| {
        Outputs::open_staged(
            &RealDisk::default(),
            &[Target::File(path.clone())],
            &stdout,
            Run::default(),
        )
        .unwrap()
    };
    let rows = spool("a\n");
    for found in ["", "head", "header\na\n"] {
        fs::write(&old, "").unwrap();
        let promises = open(&old).stage(&complete(1, &rows)).unwrap();
        fs::write(&old, found).unwrap();
        fs::rename(&old, &new).unwrap();
        open(&new).redeem(&complete(1, &rows), &promises).unwrap();
        assert_eq!(fs::read_to_string(&new).unwrap(), "header\na\n", "{found:?}");
    }
}

#[test]
fn the_last_time_is_the_end_of_those_that_go_on_from_now() {
    let dir = Scratch::new();
    let stdout = Stdout::new(pipe().unwrap().1).unwrap();
    let target = Target::Dir { path: dir.path(""), extension: "txt" };
    let outputs =
        Outputs::open(&RealDisk::default(), &[Target::Stdout, target], &stdout, Run::default())
            .unwrap();
    for time in [10, 20, 30, 45, 90] {
        let name = format!("batch-{time}.txt");
        fs::write(dir.path(&name), "").unwrap();
    }
    let last = |now, most| {
        let last = outputs.last_time(Stamp(now), Duration::from_millis(most)).unwrap();
        last.map(|last| last.0)
    };
    assert_eq!([last(5, 10), last(20, 10), last(21, 10)], [Some(30), Some(30), Some(30)]);
    assert_eq!([last(5, 15), last(35, 10), last(35, 45)], [Some(45), Some(45), Some(90)]);
    assert_eq!([last(5, 3), last(46, 10), last(91, 99)], [None; 3], "too far, or over");
}

#[test]
fn outputs_of_one_name_redeem_their_promises_in_turn() {
    let (mut reader, writer) = pipe().unwrap();
    let stdout = Stdout::new(&writer).unwrap();
    drop(writer);
    let twice = || {
        Outputs::open_staged(
            &RealDisk::default(),
            &[Target::Stdout, Target::Stdout],
            &stdout,
            Run::default(),
        )
        .unwrap()
    };
    let rows = spool("a\n");
    let promises = twice().stage(&complete(1, &rows)).unwrap();
    twice().redeem(&complete(1, &rows), &promises[..1]).unwrap();
    twice().redeem(&complete(1, &rows), &promises).unwrap();
    drop(stdout);
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "header\na\n".repeat(3));
}
