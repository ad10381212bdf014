//! The system's disk: what only it can show, the format of earlier releases, and speed.

use crate::checkpoint::commits::commit::PART;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::clock::{RealTime, Wait};
use crate::disk::RealDisk;

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("weir-checkpoint-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Place(path)
    }

    fn dir(&self) -> PathBuf {
        self.0.join("ck")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk::default())
}

fn open(dir: &Path, limits: Limits) -> Result<Checkpoint, Error> {
    Checkpoint::open(real(), dir, &pipeline(), limits)
}

/// Commit `n` of the stream that the fixtures hold, with its changes.
fn fixture(n: u64) -> Step {
    let mut tape = Tape(n);
    let model = Model { steps: Vec::new(), ..Model::default() };
    let mut step = model.invent(&mut tape);
    (step.commit.n, step.commit.time) = (n, Stamp(n as i64 * 10));
    step
}

/// How many commits the fixtures hold; the last is not done.
const RECORDS: u64 = 40;

fn append(checkpoint: &mut Checkpoint, step: &Step) {
    let mut changes = Changes::new();
    step.changes.iter().for_each(|(key, cell)| changes.set(key, cell.as_deref()));
    if let Some(pane) = &step.pane {
        // An empty pane is a pane too, and so has a part.
        let last = pane.chunks_exact(PART).remainder();
        let parts = pane.chunks_exact(PART).chain([last]);
        parts.for_each(|part| checkpoint.pane_part(step.commit.time, part).unwrap());
    }
    checkpoint.append(step.commit.clone(), &changes).unwrap();
    checkpoint.sync().unwrap();
}

fn fill(dir: &Path) {
    let mut checkpoint = open(dir, tiny()).unwrap();
    for n in 0..RECORDS {
        append(&mut checkpoint, &fixture(n));
        if n + 1 < RECORDS {
            checkpoint.done(n).unwrap();
        }
        // The last of them stand in the log.
        while n + 5 < RECORDS && checkpoint.compact_step().unwrap() {}
    }
}

fn check(dir: &Path) {
    let mut checkpoint = open(dir, tiny()).unwrap();
    let (steps, acked) = ((0..RECORDS).map(fixture).collect(), RECORDS as usize);
    let mut model = Model { steps, acked, ..Model::default() };
    model.check(&checkpoint, false).unwrap();
    model.check_contents(&checkpoint).unwrap().unwrap();
    assert!(!checkpoint.is_done());
    checkpoint.done(RECORDS - 1).unwrap();
    append(&mut checkpoint, &fixture(RECORDS));
}

#[test]
fn a_checkpoint_on_a_real_disk_goes_on() {
    let place = Place::new();
    fill(&place.dir());
    check(&place.dir());
    let checkpoint = open(&place.dir(), tiny()).unwrap();
    assert_eq!(checkpoint.next(), RECORDS + 1);
    let error = open(&place.dir(), tiny()).unwrap_err().to_string();
    assert!(error.ends_with(&format!("in use by process {}", std::process::id())), "{error}");
}

#[test]
fn cells_and_panes_longer_than_any_buffer_come_back() {
    let place = Place::new();
    let long = |len: usize| (0..len).map(|at| (at % 251) as u8).collect::<Vec<_>>();
    let mut step = fixture(0);
    let small = (0..40_000).map(|key: u32| (key.to_le_bytes().to_vec(), Some(long(40))));
    step.changes = small.chain([(long(9), Some(long(3 << 20))), (long(1 << 20), None)]).collect();
    step.pane = Some(long((5 << 20) / 2 + 7));
    let mut checkpoint = open(&place.dir(), Limits::default()).unwrap();
    append(&mut checkpoint, &step);
    drop(checkpoint);
    let model = Model { steps: vec![step], ..Model::default() };
    // First from the log, then from the snapshot that the rest of the loop has made of it.
    for _ in 0..2 {
        let mut checkpoint = open(&place.dir(), tiny()).unwrap();
        model.check_contents(&checkpoint).unwrap().unwrap();
        checkpoint.done(0).unwrap();
        while checkpoint.compact_step().unwrap() {}
        assert!(checkpoint.snapshot.is_some());
    }
}

#[test]
fn what_a_crash_left_half_done_is_cleared_away() {
    let place = Place::new();
    fill(&place.dir());
    for name in ["log-99.tmp", "snap-98.tmp", "meta.tmp"] {
        fs::write(place.dir().join(name), "half").unwrap();
    }
    check(&place.dir());
    let names = RealDisk::default().list(&place.dir()).unwrap();
    assert!(names.iter().all(|name| !name.ends_with(".tmp")), "{names:?}");
    assert!(names.contains(&"log-100".to_string()), "{names:?}");
}

#[test]
fn a_directory_deleted_under_us_is_noticed() {
    let place = Place::new();
    let mut checkpoint = open(&place.dir(), tiny()).unwrap();
    fs::remove_dir_all(place.dir()).unwrap();
    let step = fixture(0);
    checkpoint.append(step.commit, &Changes::new()).unwrap();
    let error = checkpoint.sync().unwrap_err().to_string();
    assert!(error.ends_with("ck/log-1: removed while in use"), "{error}");
}

/// The names in a directory, what each holds, and which file it is.
fn files(dir: &Path) -> BTreeMap<String, (Vec<u8>, u64)> {
    let file = |name: String| {
        let path = dir.join(&name);
        (name, (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().ino()))
    };
    RealDisk::default().list(dir).unwrap().into_iter().map(file).collect()
}

#[test]
fn a_directory_moved_away_under_a_stream_stays_its_own_and_its_successor_is_left_alone() {
    let place = Place::new();
    let (dir, moved) = (place.dir(), place.0.join("moved"));
    let run = |checkpoint: &mut Checkpoint, wal: &mut Wal, records: std::ops::Range<u64>| {
        for n in records {
            append(checkpoint, &fixture(n));
            checkpoint.done(n).unwrap();
            let lsn = wal.append(&chunk(b'\n', &[b'x'; 200])).unwrap();
            wal.syncer().sync().unwrap();
            wal.release(lsn - 1).unwrap();
            while checkpoint.compact_step().unwrap() {}
        }
    };
    let mut first = open(&dir, tiny()).unwrap();
    let mut first_wal = first.wal().unwrap().0;
    run(&mut first, &mut first_wal, 0..10);
    fs::rename(&dir, &moved).unwrap();
    let mut second = open(&dir, tiny()).unwrap();
    let mut second_wal = second.wal().unwrap().0;
    run(&mut second, &mut second_wal, 0..30);
    let successors = files(&dir);
    run(&mut first, &mut first_wal, 10..30);
    assert!(files(&dir) == successors, "the successor's files are touched");
    // Each holds its own lock, and goes on where it was.
    for dir in [&dir, &moved] {
        assert_eq!(open(dir, tiny()).unwrap_err().exit_status(), 1);
    }
    drop((first, second));
    for dir in [&dir, &moved] {
        let steps = (0..30).map(fixture).collect();
        let model = Model { steps, ..Model::default() };
        model.check_contents(&open(dir, tiny()).unwrap()).unwrap().unwrap();
    }
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let place = Place::new();
    fs::write(place.dir(), "mine").unwrap();
    assert_eq!(open(&place.dir(), tiny()).unwrap_err().exit_status(), 2);
    assert_eq!(fs::read(place.dir()).unwrap(), b"mine");
}

/// The checkpoint that version 1 of the format wrote; it must be read for ever.
fn version_1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/checkpoint-v1")
}

#[test]
fn a_checkpoint_of_version_1_is_read() {
    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    for name in RealDisk::default().list(&version_1()).unwrap() {
        fs::copy(version_1().join(&name), place.dir().join(&name)).unwrap();
    }
    check(&place.dir());
}

#[test]
#[ignore = "writes the fixture of a new version of the format"]
fn write_the_fixture() {
    fill(&version_1());
    fs::remove_file(version_1().join("lock")).unwrap();
}

#[expect(clippy::print_stderr, reason = "what it measures is for people")]
fn touch(checkpoint: &mut Checkpoint, clock: &mut RealTime, n: u64, keys: std::ops::Range<u64>) {
    let mut step = fixture(n);
    step.changes.clear();
    step.pane = None;
    let mut changes = Changes::new();
    for key in keys {
        changes.set(format!("customer-{key}").as_bytes(), Some(&(key + n).to_le_bytes()));
    }
    let start = clock.now();
    checkpoint.append(step.commit, &changes).unwrap();
    let appended = clock.now();
    checkpoint.sync().unwrap();
    if n.is_multiple_of(50) {
        eprintln!(
            "record {n}: append {:?}, sync {:?}",
            appended.since(start),
            clock.now().since(appended)
        );
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "what it measures is for people")]
#[ignore = "takes a minute and a gigabyte of disk"]
fn ten_million_keys_are_read_in_under_five_seconds() {
    let place = Place::new();
    let (mut clock, _) = RealTime::new().unwrap();
    let mut checkpoint = open(&place.dir(), Limits::default()).unwrap();
    let (mut longest, mut steps) = (0, 0);
    for n in 0..150 {
        // 10 million keys, then half of them once more, left in the log.
        let from = n % 100 * 100_000;
        touch(&mut checkpoint, &mut clock, n, from..from + 100_000);
        let mut is_more = n < 100;
        while is_more {
            let start = clock.now();
            is_more = checkpoint.compact_step().unwrap();
            longest = longest.max(clock.now().since(start).as_millis());
            steps += 1;
        }
    }
    let logs: u64 = checkpoint.logs().iter().map(|log| log.bytes).sum();
    let snapshot = checkpoint.snapshot.as_ref().map(|snapshot| (snapshot.keys, snapshot.bytes));
    eprintln!("{steps} steps, the longest {longest} ms; logs {logs} bytes, snapshot {snapshot:?}");
    drop(checkpoint);
    let start = clock.now();
    let checkpoint = open(&place.dir(), Limits::default()).unwrap();
    let opened = clock.now().since(start);
    let (mut keys, mut sum) = (0, 0);
    let count = |all: &[Noted<'_>]| {
        keys += all.len();
        sum +=
            all.iter().map(|(key, cell)| key.len() + cell.unwrap_or_default().len()).sum::<usize>();
        Ok(())
    };
    checkpoint.state(count).unwrap();
    let read = clock.now().since(start);
    eprintln!("opened in {opened:?}, {keys} keys of {sum} bytes read in {read:?}");
    assert_eq!(keys, 10_000_000);
    assert!(read.as_millis() < 5000);
}
