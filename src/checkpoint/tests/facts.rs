//! What is refused and how it is said, resets, and what is written.

use super::*;
use crate::checkpoint::meta::Meta;

/// A checkpoint of `count` records, the last one owed, on a disk that works.
fn made(count: u64) -> SimDisk {
    let disk = SimDisk::new(1);
    let mut checkpoint = open(&disk).unwrap();
    for n in 0..count {
        put(&mut checkpoint, n, &format!("key {}", n % 3));
        if n + 1 < count {
            checkpoint.done(n).unwrap();
        }
    }
    disk
}

fn put(checkpoint: &mut Checkpoint, n: u64, key: &str) {
    let mut changes = Changes::new();
    changes.set(key.as_bytes(), Some(n.to_string().as_bytes()));
    checkpoint.pane_part(record(n).time, &[n as u8; 3]).unwrap();
    checkpoint.append(record(n), &changes).unwrap();
    checkpoint.sync().unwrap();
}

fn record(n: u64) -> Record {
    let output = Output { target: b"out.txt".to_vec(), before: n * 10, length: 10, crc: 7 };
    let (from, to) = (n.to_string().into_bytes(), (n + 1).to_string().into_bytes());
    let (time, began) = (Stamp(n as i64 * 1000), Stamp(7));
    let (outputs, wal, clock, open, before) = (vec![output], n * 2, None, false, None);
    Record { n, time, from, to, outputs, wal, began, chunks: n, clock, open, before }
}

fn shared(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn open_as(disk: &SimDisk, pipeline: &Pipeline) -> Result<Checkpoint, Error> {
    Checkpoint::open(shared(disk), Path::new("ck"), pipeline, Limits::default())
}

fn open(disk: &SimDisk) -> Result<Checkpoint, Error> {
    open_as(disk, &pipeline())
}

/// The message and the exit status of a refusal, which must have left everything as it was.
fn refused(disk: &SimDisk, opened: impl Fn(&SimDisk) -> Result<Checkpoint, Error>) -> (String, u8) {
    let before = disk.world().image();
    let error = opened(disk).expect_err("this must be refused");
    assert_eq!(disk.world().image(), before);
    (error.to_string(), error.exit_status())
}

fn cells(checkpoint: &Checkpoint) -> BTreeMap<String, String> {
    let mut cells = Cells::new();
    checkpoint.state(|all| set(&mut cells, all)).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into();
    cells.iter().map(|(key, cell)| (text(key), text(cell))).collect()
}

#[test]
fn a_directory_that_is_no_checkpoint_is_refused_and_left_untouched() {
    let text = "--checkpoint ck: this is not empty, and is no checkpoint";
    for (name, bytes) in [("notes.txt", &b"mine"[..]), ("log-1", &[1; 100]), ("snap-1", b"")] {
        let disk = SimDisk::new(1);
        disk.world().put(name, bytes);
        assert_eq!(refused(&disk, open), (text.to_string(), 2));
        assert!(disk.list(Path::new("ck")).unwrap().iter().all(|found| found == name));
        let text = "ck: this is no checkpoint";
        assert_eq!(show(&shared(&disk), Path::new("ck")).unwrap_err().to_string(), text);
        assert_eq!(forget(&shared(&disk), Path::new("ck"), false).unwrap_err().exit_status(), 2);
    }
    let disk = SimDisk::new(1);
    disk.world().put("lock", b"of another program");
    assert_eq!(refused(&disk, open).1, 2);
}

#[test]
fn another_pipeline_is_refused_with_the_difference_and_what_mends_it() {
    let wider = Pipeline::new([("--window", "10s"), ("--split", " ")]);
    let text = "--checkpoint ck: of another pipeline: --window was 6s, is 10s; `weir checkpoint \
                reset ck --keep-offsets` forgets its state and goes on from where it was";
    let disk = made(2);
    assert_eq!(refused(&disk, |disk| open_as(disk, &wider)), (text.to_string(), 2));
}

#[test]
fn a_newer_format_and_a_damaged_meta_are_refused() {
    let disk = made(2);
    disk.world().put("meta", b"weir checkpoint 2\nwhatever that means\n");
    let text = "--checkpoint ck: written by a newer weir (format 2; this one reads up to 1); run \
                that one, or take another directory";
    assert_eq!(refused(&disk, open), (text.to_string(), 2));
    disk.world().put("meta", b"");
    assert!(refused(&disk, open).0.starts_with("ck/meta: damaged; "));
}

#[test]
fn a_checkpoint_in_use_is_refused_naming_its_holder() {
    let disk = SimDisk::new(1);
    let holder = open(&disk).unwrap();
    let text = format!("--checkpoint ck: in use by process {}", std::process::id());
    assert_eq!(refused(&disk, open), (text, 1));
    drop(holder);
    open(&disk).unwrap();
}

#[test]
fn damage_is_refused_naming_file_and_offset() {
    let disk = made(4);
    let mut bytes = disk.world().image()["log-1"].clone();
    bytes[30] ^= 1;
    disk.world().put("log-1", &bytes);
    let text = "ck/log-1, byte 26: damaged: a frame does not fit its checksum; `weir checkpoint \
                reset ck` forgets all it holds";
    assert_eq!(refused(&disk, open), (text.to_string(), 2));
    disk.remove(Path::new("ck/log-1")).unwrap();
    assert!(refused(&disk, open).0.starts_with("ck/log-1, byte 0: damaged: it is gone"));
}

#[test]
fn a_full_disk_names_the_file_and_the_size_and_stops_everything() {
    let disk = SimDisk::new(1);
    let mut checkpoint = open(&disk).unwrap();
    put(&mut checkpoint, 0, "key");
    disk.world().start(Some((1, Fault::Full)));
    let error = checkpoint.append(record(1), &Changes::new()).unwrap_err();
    assert_eq!(error.to_string(), "ck/log-1 (132 bytes at 235): no space left on device");
    assert_eq!(error.exit_status(), 1);
    let error = checkpoint.sync().unwrap_err();
    assert_eq!(error.to_string(), "ck: not usable after an earlier failure");
}

#[test]
fn records_come_in_order_and_only_the_last_is_done() {
    let mut checkpoint = open(&SimDisk::new(1)).unwrap();
    assert!(checkpoint.is_done());
    put(&mut checkpoint, 0, "key");
    assert!(!checkpoint.is_done());
    let error = checkpoint.append(record(2), &Changes::new()).unwrap_err();
    assert_eq!(error.to_string(), "ck: record 2 instead of 1");
    let mut checkpoint = open(&SimDisk::new(1)).unwrap();
    put(&mut checkpoint, 0, "key");
    assert_eq!(checkpoint.done(1).unwrap_err().to_string(), "ck: 1 is not the last record");
}

#[test]
fn show_says_what_there_is_and_changes_nothing() {
    let disk = made(3);
    let before = disk.world().image();
    let shown = show(&shared(&disk), Path::new("ck")).unwrap();
    assert_eq!(disk.world().image(), before);
    let (shown, uuid) = shown.split_once("uuid      ").unwrap();
    let wanted = "\
pipeline  --window 6s --split ' '
began     1970-01-01T00:00:00.007+00:00, 7 ms
record    2; its output is owed: the next start begins with it
time      1970-01-01T00:00:02+00:00, 2000 ms
input     from 2 to 3
input     up to frame 4 of its log
output    10 bytes at byte 20 of out.txt
unread    0 bytes of input in 0 frames of its log
keys      3
panes     3
log-1     727 bytes
";
    assert_eq!((shown, uuid.len()), (wanted, 33));
}

#[test]
fn a_reset_forgets_state_and_windows_and_keeps_positions_if_asked() {
    let wider = Pipeline::new([("--window", "10s")]);
    for keep in [false, true] {
        let disk = made(3);
        let forgotten = forget(&shared(&disk), Path::new("ck"), keep).unwrap();
        assert_eq!((forgotten.kept, forgotten.owed), (keep.then_some(2), Some(2)));
        assert_eq!(disk.world().image().len(), 2);
        let mut checkpoint = open_as(&disk, &wider).unwrap();
        // Windows are partial that reach back to what was forgotten.
        let last = Record { began: record(2).time, ..record(2) };
        assert_eq!(checkpoint.last().cloned(), keep.then_some(last));
        assert!(checkpoint.is_done());
        assert!(cells(&checkpoint).is_empty());
        checkpoint.panes(Stamp(0), |_, _| panic!("a pane is left")).unwrap();
        let n = checkpoint.next();
        put(&mut checkpoint, n, "new");
        drop(checkpoint);
        let checkpoint = open_as(&disk, &wider).unwrap();
        assert_eq!(cells(&checkpoint), BTreeMap::from([("new".to_string(), n.to_string())]));
        drop(checkpoint);
        assert!(refused(&disk, open).0.contains("--window was 10s, is 6s"));
    }
}

#[test]
fn a_damaged_checkpoint_can_be_forgotten() {
    let disk = made(3);
    disk.world().put("log-1", b"rubbish");
    assert_eq!(forget(&shared(&disk), Path::new("ck"), true).unwrap_err().exit_status(), 2);
    forget(&shared(&disk), Path::new("ck"), false).unwrap();
    assert!(cells(&open(&disk).unwrap()).is_empty());
}

#[test]
fn a_reset_that_is_cut_short_has_been_or_has_not() {
    for (at, fault) in (1..40).flat_map(|at| FAULTS.map(|fault| (at, fault))) {
        let disk = made(3);
        disk.world().start(Some((at, fault)));
        let result = forget(&shared(&disk), Path::new("ck"), true);
        assert!(result.is_ok() || disk.world().struck.is_some());
        if fault == Fault::Power {
            disk.world().lose_power();
        }
        disk.world().start(None);
        let checkpoint = open(&disk).unwrap();
        assert_eq!(checkpoint.last().map(|last| last.n), Some(2), "{fault:?} at {at}");
        let left = cells(&checkpoint).len();
        assert!(left == 0 || left == 3 && result.is_err(), "{fault:?} at {at}: {left} keys");
        drop(checkpoint);
        forget(&shared(&disk), Path::new("ck"), false).unwrap();
        assert_eq!(open(&disk).unwrap().next(), 0);
    }
}

#[test]
fn what_a_record_takes_follows_the_keys_it_touches() {
    let disk = SimDisk::new(1);
    let mut checkpoint = open(&disk).unwrap();
    let mut n = 0;
    let mut taken = |count: u64| {
        let mut changes = Changes::new();
        for key in 0..count {
            changes.set(format!("key-{key:06}").as_bytes(), Some(&key.to_le_bytes()));
        }
        let before = checkpoint.log.written().bytes;
        checkpoint.append(record(n), &changes).unwrap();
        checkpoint.sync().unwrap();
        n += 1;
        checkpoint.log.written().bytes - before
    };
    let (many, few, one) = (taken(100_000), taken(1000), taken(1));
    // A key of 10 bytes, a cell of 8, a length of each.
    assert!((2_000_000..2_001_000).contains(&many), "{many}");
    assert!((20_000..20_200).contains(&few), "{few}");
    assert!(one < 200, "{one}");
}

#[test]
fn compaction_writes_about_as_much_as_the_logs_did_and_each_step_is_short() {
    let disk = SimDisk::new(1);
    let limits = Limits { log: 1 << 16, step: 1 << 12, settle: 1 << 14, ..Limits::default() };
    let mut checkpoint =
        Checkpoint::open(shared(&disk), Path::new("ck"), &pipeline(), limits).unwrap();
    let (mut logged, mut longest) = (0, 0);
    for n in 0..400u64 {
        let mut changes = Changes::new();
        for key in 0..100 {
            let key = format!("key-{:06}", (n * 7919 + key * 31) % 20_000);
            changes.set(key.as_bytes(), Some(&n.to_le_bytes()));
        }
        logged += changes.parts.iter().map(Vec::len).sum::<usize>() as u64;
        checkpoint.append(record(n), &changes).unwrap();
        checkpoint.sync().unwrap();
        checkpoint.done(n).unwrap();
        for _ in 0..20 {
            let before = disk.world().written;
            checkpoint.compact_step().unwrap();
            longest = longest.max(disk.world().written - before);
        }
    }
    let written = disk.world().written;
    assert!(checkpoint.snapshot.is_some());
    assert!(written < logged * 4, "{written} bytes for {logged}");
    // Only what was gathered since the last hand-over; a shard is far smaller.
    assert!(longest < 3 << 20, "{longest}");
}

#[test]
fn the_meta_of_a_new_checkpoint_holds_its_pipeline() {
    let disk = made(0);
    let meta = Meta::read(&disk, Path::new("ck")).unwrap();
    assert_eq!(meta.pipeline, Some(pipeline()));
    assert_ne!(meta.uuid, [0; 16]);
}
