//! What `-o` does to files, on the system's disk and on one that loses what was not synced.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};

use proptest::prelude::*;
use rustix::fs::{CWD, Mode, mkfifoat};

use super::*;
use crate::disk::RealDisk;
use crate::disk::medium::Identity;
use crate::disk::scratch::Scratch;
use crate::disk::sim::{FAULTS, Fault, SimDisk, Tape};
use crate::sink::spool::Spool;

fn batch(file: &mut Appended, text: &str) {
    file.begin(Stamp(0), b"header\n").unwrap();
    file.write(text.as_bytes()).unwrap();
    file.end(1).unwrap();
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn batches_are_appended_and_a_header_begins_only_a_file_that_was_empty() {
    let dir = Scratch::new();
    let path = dir.path("out");
    for _ in 0..2 {
        let mut file = Appended::open(&RealDisk::default(), &path).unwrap();
        batch(&mut file, "a\n");
        batch(&mut file, "b\n");
    }
    assert_eq!(text(&path), "header\na\nb\na\nb\n");
}

#[test]
fn a_file_that_is_moved_deleted_or_cut_is_followed_when_a_batch_begins() {
    let dir = Scratch::new();
    let (path, old) = (dir.path("out"), dir.path("out.1"));
    let mut file = Appended::open(&RealDisk::default(), &path).unwrap();
    batch(&mut file, "a\n");
    file.begin(Stamp(0), b"header\n").unwrap();
    fs::rename(&path, &old).unwrap();
    file.write(b"b\n").unwrap();
    file.end(1).unwrap();
    assert_eq!(text(&old), "header\na\nb\n", "a batch is not torn");
    batch(&mut file, "c\n");
    assert_eq!(text(&path), "header\nc\n");
    fs::remove_file(&path).unwrap();
    batch(&mut file, "d\n");
    assert_eq!(text(&path), "header\nd\n");
    File::create(&path).unwrap();
    batch(&mut file, "e\n");
    assert_eq!(text(&path), "header\ne\n");
    assert_eq!(text(&old), "header\na\nb\n");
}

#[test]
fn an_error_names_the_path_and_how_much_is_written() {
    let mut file = Appended::open(&RealDisk::default(), "/dev/full".as_ref()).unwrap();
    let error = file.begin(Stamp(0), b"header\n").unwrap_err();
    let expected = "/dev/full: no space left on device; 0 bytes of the batch are written";
    assert_eq!((error.to_string().as_str(), error.exit_status()), (expected, 1));
    let error = Appended::open(&RealDisk::default(), "/nonexistent/out".as_ref()).err().unwrap();
    assert_eq!(error.to_string(), "/nonexistent/out: no such file or directory");
}

fn spool(text: &[u8]) -> Spool {
    let mut spool = Spool::new();
    spool.write(text).unwrap();
    spool
}

fn complete(text: &Spool) -> Batch<'_> {
    Batch::of_text((0, Stamp(0)), 1, b"header\n", text)
}

/// Opens the file as a run with a checkpoint does.
fn locked(path: &Path) -> Appended {
    // A child that another test is just starting has our files for a moment, and so their locks.
    let open = || Appended::open(&RealDisk::default(), path).and_then(Appended::locked);
    let tries = std::iter::repeat_with(|| open().inspect_err(|_| std::thread::yield_now()));
    tries.take(10_000).find_map(Result::ok).expect("nobody else has the file")
}

fn staged(file: &mut Appended, text: &str) -> Promise {
    let rows = spool(text.as_bytes());
    let promise = file.stage(&complete(&rows)).unwrap();
    file.publish(&complete(&rows)).unwrap();
    promise
}

#[test]
fn a_staged_batch_is_seen_when_it_is_published_as_it_was_promised() {
    let dir = Scratch::new();
    let path = dir.path("out");
    let (rows, mut file) = (spool(b"a\n"), locked(&path));
    let mut before = 0;
    for expected in ["header\na\n", "header\na\na\n"] {
        let promise = file.stage(&complete(&rows)).unwrap();
        assert_eq!(text(&path).len() as u64, before);
        let bytes = &expected.as_bytes()[before as usize..];
        let (output, length, crc) =
            (promise.output.clone(), bytes.len() as u64, crc32c::crc32c(bytes));
        assert_eq!(promise, Promise { output, before, length, crc });
        file.publish(&complete(&rows)).unwrap();
        assert_eq!(text(&path), expected);
        before = expected.len() as u64;
    }
    let Identity { device, inode } = file.held().unwrap().identity;
    let target = format!("file {} {device}:{inode}", path.display());
    assert_eq!(staged(&mut file, "b\n").output.encode(), target.as_bytes());
}

/// Stages `abc` where `before` is, and redeems it where the next run finds `found`, over and over.
fn redeemed(path: &Path, before: &str, found: &str) -> Result<String, Error> {
    fs::write(path, before).unwrap();
    let rows = spool(b"abc\n");
    let promise = locked(path).stage(&complete(&rows)).unwrap();
    fs::write(path, found).unwrap();
    locked(path).redeem(&complete(&rows), &promise)?;
    let written = text(path);
    if found.len() >= before.len() {
        locked(path).redeem(&complete(&rows), &promise)?;
        assert_eq!(text(path), written, "once is enough");
    }
    let disk = SimDisk::new(0);
    let open = || Appended::open(&disk, "out".as_ref()).unwrap().locked().unwrap();
    disk.put_outside("out", before.as_bytes());
    let promise = open().stage(&complete(&rows)).unwrap();
    disk.put_outside("out", found.as_bytes());
    open().redeem(&complete(&rows), &promise)?;
    // What is redeemed survives whatever comes.
    disk.world().lose_unsynced();
    assert_eq!(disk.text_outside("out"), written);
    Ok(written)
}

#[test]
fn a_batch_that_is_owed_is_in_the_file_once_wherever_it_was_cut_short() {
    let dir = Scratch::new();
    let table = [
        ("old\n", "old\n", "old\nabc\n"),
        ("old\n", "old\nab", "old\nabc\n"),
        ("old\n", "old\nabc\n", "old\nabc\n"),
        ("old\n", "old\n\0\0\0\0", "old\nabc\n"),
        ("", "", "header\nabc\n"),
        ("", "hea", "header\nabc\n"),
        ("", "header\na", "header\nabc\n"),
        ("", "header\nabc\n", "header\nabc\n"),
        // Somebody has cut the file.
        ("old\n", "ol", "olabc\n"),
        ("old\n", "", "header\nabc\n"),
    ];
    for (before, found, expected) in table {
        let written = redeemed(&dir.path("out"), before, found).unwrap();
        assert_eq!(written, expected, "{before:?} {found:?}");
    }
}

#[test]
fn a_file_that_another_has_appended_to_is_refused_with_the_range_and_left_as_it_is() {
    let dir = Scratch::new();
    let path = dir.path("out");
    let table = [
        ("old\nabc\nmore", "bytes 8 to 12 stand behind the last batch", 8),
        ("old\nabXmore\n", "bytes 4 to 12 stand where the last batch should", 4),
        ("old\nxy", "bytes 4 to 6 stand where the last batch should", 4),
        ("old\nax\n", "bytes 4 to 7 stand where the last batch should", 4),
    ];
    for (found, what, cut) in table {
        let error = redeemed(&path, "old\n", found).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&format!("{}: {what}", path.display())), "{message}");
        assert!(message.contains(&format!("`truncate -s {cut} {}`", path.display())), "{message}");
        assert_eq!((error.exit_status(), text(&path).as_str()), (2, found));
        // Doing as it says helps.
        assert_eq!(redeemed(&path, "old\n", &found[..cut]).unwrap(), "old\nabc\n");
    }
}

#[test]
fn a_batch_that_is_rendered_otherwise_replaces_a_torn_one_and_not_a_whole_one() {
    let dir = Scratch::new();
    let path = dir.path("out");
    let (rows, others) = (spool(b"abc\n"), spool(b"something longer\n"));
    for (found, expected) in [("old\nab", "old\nsomething longer\n"), ("old\nabc\n", "old\nabc\n")]
    {
        fs::write(&path, "old\n").unwrap();
        let promise = locked(&path).stage(&complete(&rows)).unwrap();
        fs::write(&path, found).unwrap();
        locked(&path).redeem(&complete(&others), &promise).unwrap();
        assert_eq!(text(&path), expected);
    }
}

#[test]
fn a_batch_that_is_owed_is_in_the_file_that_was_moved_or_in_the_new_one_and_whole() {
    let dir = Scratch::new();
    let (path, old) = (dir.path("out"), dir.path("out.1"));
    let rows = spool(b"abc\n");
    // What is found there, and what comes to stand in the old file and in the new one.
    let again = Some("header\nabc\n");
    let table = [
        ("old\n", "old\n", again),
        ("old\nab", "old\n", again),
        ("old\nabc\n", "old\nabc\n", None),
        ("old\nabc\nmore\n", "old\nabc\nmore\n", None),
        ("ol", "ol", again),
        ("old\nother\n", "old\nother\n", again),
    ];
    for (found, left, new) in table {
        fs::write(&path, "old\n").unwrap();
        let promise = locked(&path).stage(&complete(&rows)).unwrap();
        fs::write(&path, found).unwrap();
        fs::rename(&path, &old).unwrap();
        locked(&path).redeem(&complete(&rows), &promise).unwrap();
        assert_eq!(
            (text(&old).as_str(), text(&path).as_str()),
            (left, new.unwrap_or("")),
            "{found:?}"
        );
        let mut file = locked(&path);
        staged(&mut file, "next\n");
        assert!(text(&path).ends_with("next\n"));
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn who_asks_has_the_rest_of_a_batch_in_the_file_that_is_there_now() {
    let dir = Scratch::new();
    let (path, old) = (dir.path("out"), dir.path("out.1"));
    let mut file = Appended::open(&RealDisk::default(), &path).unwrap();
    file.begin(Stamp(0), b"header\n").unwrap();
    file.write(b"a\n").unwrap();
    file.reopen().unwrap();
    assert_eq!(text(&path), "header\na\n", "nobody has moved it");
    fs::rename(&path, &old).unwrap();
    file.reopen().unwrap();
    file.write(b"b\n").unwrap();
    file.end(1).unwrap();
    assert_eq!((text(&old).as_str(), text(&path).as_str()), ("header\na\n", "header\nb\n"));
    fs::rename(&path, &old).unwrap();
    file.reopen().unwrap();
    assert_eq!(text(&path), "", "no batch is open");
}

#[test]
fn a_file_that_was_rotated_or_deleted_meanwhile_is_begun_or_appended_to() {
    let dir = Scratch::new();
    let (path, old) = (dir.path("out"), dir.path("out.1"));
    let rows = spool(b"b\n");
    for (there, expected) in [(None, "header\nb\n"), (Some("new\n"), "new\nb\n")] {
        fs::write(&path, "old\n").unwrap();
        let promise = locked(&path).stage(&complete(&rows)).unwrap();
        fs::rename(&path, &old).unwrap();
        there.inspect(|text| fs::write(&path, text).unwrap());
        locked(&path).redeem(&complete(&rows), &promise).unwrap();
        assert_eq!((text(&path).as_str(), text(&old).as_str()), (expected, "old\n"));
    }
}

#[test]
fn a_device_may_have_another_number_after_a_restart() {
    let dir = Scratch::new();
    let path = dir.path("out");
    let mut promise = staged(&mut locked(&path), "a\n");
    let Identity { inode, .. } = locked(&path).held().unwrap().identity;
    promise.output = OutputId::at(KIND, &path, Some(Identity { device: 98765, inode }));
    locked(&path).redeem(&complete(&spool(b"a\n")), &promise).unwrap();
    assert_eq!(text(&path), "header\na\n");
}

#[test]
fn a_batch_goes_where_it_was_staged_and_the_next_follows_the_path() {
    let dir = Scratch::new();
    let (path, old) = (dir.path("out"), dir.path("out.1"));
    let (rows, mut file) = (spool(b"a\n"), locked(&path));
    file.stage(&complete(&rows)).unwrap();
    fs::rename(&path, &old).unwrap();
    file.publish(&complete(&rows)).unwrap();
    assert_eq!((text(&old).as_str(), path.exists()), ("header\na\n", false));
    staged(&mut file, "b\n");
    assert_eq!(text(&path), "header\nb\n");
    let other = Appended::open(&RealDisk::default(), &path).unwrap().locked();
    assert!(other.is_err(), "the lock follows as well");
    file.stage(&complete(&rows)).unwrap();
    fs::remove_file(&path).unwrap();
    let error = file.publish(&complete(&rows)).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: removed while in use", path.display()));
}

#[test]
fn a_file_is_for_one_run_with_a_checkpoint_and_a_device_for_all() {
    let dir = Scratch::new();
    let path = dir.path("out");
    let holder = locked(&path);
    let error = Appended::open(&RealDisk::default(), &path).unwrap().locked().err().unwrap();
    let what = "in use by another process, or by another -o; end that, or name another file";
    assert_eq!(error.to_string(), format!("{}: {what}", path.display()));
    assert_eq!(error.exit_status(), 1);
    drop(holder);
    locked(&path);
    let _two = [locked("/dev/null".as_ref()), locked("/dev/null".as_ref())];
}

#[test]
fn a_fifo_gets_a_batch_that_is_owed_again() {
    let dir = Scratch::new();
    let path = dir.path("fifo");
    mkfifoat(CWD, &path, Mode::RWXU).unwrap();
    // Opened for both nobody waits for the other side.
    let mut reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let promise = staged(&mut locked(&path), "a\n");
    assert_eq!((promise.before, promise.length), (0, 9));
    let mut file = locked(&path);
    file.redeem(&complete(&spool(b"a\n")), &promise).unwrap();
    staged(&mut file, "b\n");
    let mut all = [0; 20];
    reader.read_exact(&mut all).unwrap();
    assert_eq!(&all[..], b"header\na\nheader\na\nb\n");
}

/// A stream of batches into a file of a disk that breaks, and what its checkpoint knows.
struct Stream {
    disk: SimDisk,
    chance: Tape,
    batches: Vec<Spool>,
    /// So many are decided on.
    decided: usize,
    /// What the last of them is owed, until it is done; and what it was promised.
    owed: Option<Promise>,
    last: Option<Promise>,
}

impl Stream {
    fn new(batches: &[Vec<u8>], seed: u64) -> Stream {
        let batches = batches.iter().map(|text| spool(text)).collect();
        let (disk, chance) = (SimDisk::new(seed), Tape(!seed));
        Stream { disk, chance, batches, decided: 0, owed: None, last: None }
    }

    fn bytes(&self) -> Vec<u8> {
        self.disk.bytes_outside("out")
    }

    /// The file that so many batches make.
    fn expected(&self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for text in &self.batches[..count] {
            let add = |piece: &[u8]| all.write_all(piece).place("memory");
            complete(text).each(false, add).unwrap();
        }
        // The header of the file, not of a batch without rows: an empty file has none.
        [if count > 0 { &b"header\n"[..] } else { b"" }, &all].concat()
    }

    /// Runs until a fault strikes, or to the end.
    fn run(&mut self) -> Result<(), Error> {
        let mut file = Appended::open(&self.disk, "out".as_ref())?.locked()?;
        if let Some(promise) = &self.owed {
            file.redeem(&complete(&self.batches[self.decided - 1]), promise)?;
            self.owed = None;
        }
        assert_eq!(self.bytes(), self.expected(self.decided));
        while self.decided < self.batches.len() {
            let promise = file.stage(&complete(&self.batches[self.decided]))?;
            self.last = Some(promise.clone());
            self.owed = Some(promise);
            self.decided += 1;
            file.publish(&complete(&self.batches[self.decided - 1]))?;
            self.owed = None;
            assert_eq!(self.bytes(), self.expected(self.decided));
        }
        Ok(())
    }

    /// Lives one life; whatever ends it, the power may fail as well.
    fn live(&mut self, fault: Option<(u64, Fault)>) {
        self.disk.world().start(fault);
        let ended = self.run();
        let struck = self.disk.world().struck;
        assert!(ended.is_ok() || struck.is_some(), "{ended:?}");
        if struck == Some(Fault::Power) || self.chance.chance(50) {
            self.disk.world().lose_power();
        }
        // That a batch is done is noted, but not synced.
        if self.chance.chance(50) {
            self.owed = self.last.clone();
        }
        let done = self.decided - usize::from(self.owed.is_some());
        assert!(self.bytes().starts_with(&self.expected(done)));
    }
}

#[test]
fn a_fault_at_any_operation_costs_no_batch_and_doubles_none() {
    let batches = [b"one\n".to_vec(), b"".to_vec(), b"three\n".to_vec()];
    for fault in FAULTS {
        for (at, seed) in (1..40).flat_map(|at| (0..20).map(move |seed| (at, seed))) {
            let mut stream = Stream::new(&batches, seed);
            stream.live(Some((at, fault)));
            let again = stream.chance.below(12);
            stream.live(Some((again, Fault::Power)));
            stream.live(None);
            assert_eq!(stream.bytes(), stream.expected(3), "{fault:?} at {at}, {seed}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_strikes_the_file_is_all_batches_one_after_the_other(
        batches in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..8),
        faults in prop::collection::vec((1..40u64, 0..4usize), 0..12),
        seed in any::<u64>(),
    ) {
        let mut stream = Stream::new(&batches, seed);
        for (at, kind) in faults {
            stream.live(Some((at, FAULTS[kind])));
        }
        stream.live(None);
        prop_assert_eq!(stream.bytes(), stream.expected(batches.len()));
    }
}
