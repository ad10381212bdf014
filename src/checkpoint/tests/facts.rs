//! What is refused and how it is said, resets, and what is written.

use super::*;
use crate::checkpoint::meta::Meta;

/// A checkpoint of `count` commits, the last one owed, on a disk that works.
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
    checkpoint.pane_part(commit(n).time, &[n as u8; 3]).unwrap();
    checkpoint.append(commit(n), &changes).unwrap();
    checkpoint.sync().unwrap();
}

fn commit(n: u64) -> Commit {
    let output = Promise { output: OutputId::of("out.txt"), before: n * 10, length: 10, crc: 7 };
    let (from, to) = (n.to_string().into_bytes(), (n + 1).to_string().into_bytes());
    let (time, began) = (Stamp(n as i64 * 1000), Stamp(7));
    let (outputs, wal, clock, open, before) = (vec![output], n * 2, None, false, None);
    Commit { n, time, from, to, outputs, wal, began, chunks: n, clock, open, before }
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
fn a_directory_in_which_a_name_is_taken_is_refused_and_left_untouched() {
    let taken: [(&str, &[u8]); 6] = [
        ("log-1", &[1; 100]),
        ("log-1.tmp", &[1; 100]),
        ("snap-1", b""),
        ("wal-1", b""),
        ("meta.tmp", b"of another program"),
        ("lock", b"of another program"),
    ];
    for (name, bytes) in taken {
        let text = format!(
            "--checkpoint ck: this is no checkpoint, and `{name}` in it has a name that one needs; \
             take another directory"
        );
        let disk = SimDisk::new(1);
        disk.world().put(name, bytes);
        assert_eq!(refused(&disk, open), (text.to_string(), 2));
        assert!(disk.list(Path::new("ck")).unwrap().iter().all(|found| found == name));
        let text = "ck: this is no checkpoint";
        assert_eq!(
            look(&shared(&disk), Path::new("ck"), Look::text).unwrap_err().to_string(),
            text
        );
        assert_eq!(forget(&shared(&disk), Path::new("ck"), false).unwrap_err().exit_status(), 2);
    }
}

#[test]
fn what_is_somebody_elses_stays_through_starts_compactions_and_resets() {
    let others =
        ["results.tmp", "log-x", "log-07", "snapshot", "wal-1.bak", ".batch-7.tsv.1.tmp", "notes"];
    let disk = SimDisk::new(1);
    others.iter().for_each(|name| disk.world().put(name, b"mine"));
    disk.world().put("lost+found", b"");
    let is_whole = |disk: &SimDisk| {
        let image = disk.world().image();
        others.iter().all(|&name| image.get(name).is_some_and(|bytes| bytes == b"mine"))
    };
    for _ in 0..3 {
        let mut checkpoint =
            Checkpoint::open(shared(&disk), Path::new("ck"), &pipeline(), tiny()).unwrap();
        let text = "ck also holds what is not the checkpoint's, and is left alone: \
                    .batch-7.tsv.1.tmp, log-07, log-x and 4 more";
        assert_eq!(checkpoint.beside().as_deref(), Some(text));
        for n in checkpoint.next()..checkpoint.next() + 40 {
            put(&mut checkpoint, n, "key");
            checkpoint.done(n).unwrap();
            while checkpoint.compact_step().unwrap() {}
        }
        assert!(checkpoint.snapshot.is_some());
        assert!(is_whole(&disk));
    }
    assert!(open(&SimDisk::new(1)).unwrap().beside().is_none());
    for keep in [true, false] {
        forget(&shared(&disk), Path::new("ck"), keep).unwrap();
        assert!(is_whole(&disk));
    }
}

#[test]
fn a_file_that_stands_where_a_log_is_to_be_is_not_replaced() {
    let disk = made(2);
    let mut checkpoint =
        Checkpoint::open(shared(&disk), Path::new("ck"), &pipeline(), tiny()).unwrap();
    disk.world().put("log-3", b"mine");
    let error = (checkpoint.next()..)
        .find_map(|n| {
            checkpoint.done(n - 1).unwrap();
            put(&mut checkpoint, n, "key");
            checkpoint.done(n).unwrap();
            checkpoint.tidy().err()
        })
        .unwrap();
    assert_eq!(error.to_string(), "ck/log-3: file exists");
    assert_eq!(disk.world().image()["log-3"], b"mine");
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
    disk.world().put("meta", b"weir checkpoint 4\nwhatever that means\n");
    let text = "--checkpoint ck: written by a newer weir (format 4; this one reads up to 3); run \
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
    let error = checkpoint.append(commit(1), &Changes::new()).unwrap_err();
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
    let error = checkpoint.append(commit(2), &Changes::new()).unwrap_err();
    assert_eq!(error.to_string(), "ck: record 2 instead of 1");
    let mut checkpoint = open(&SimDisk::new(1)).unwrap();
    put(&mut checkpoint, 0, "key");
    assert_eq!(checkpoint.done(1).unwrap_err().to_string(), "ck: 1 is not the last record");
}

#[test]
fn show_says_what_there_is_and_changes_nothing() {
    let disk = made(3);
    let before = disk.world().image();
    let shown = look(&shared(&disk), Path::new("ck"), Look::text).unwrap();
    assert_eq!(disk.world().image(), before);
    let (shown, uuid) = shown.split_once("uuid      ").unwrap();
    let bytes: usize = before.values().map(Vec::len).sum();
    let wanted = "\
pipeline  --window 6s --split ' '
began     1970-01-01T00:00:00.007+00:00, 7 ms
batch     2; its output is owed: the next start begins with it
time      1970-01-01T00:00:02+00:00, 2000 ms
input     from 2 to 3
input     up to entry 4 of its log
output    10 bytes at byte 20 of out.txt
unread    0 records of input in its log, 0 bytes
keys      3
panes     3
on disk   BYTES bytes in 2 files
meta      100 bytes
log-1     727 bytes
";
    let wanted = wanted.replace("BYTES", &bytes.to_string());
    assert_eq!((shown, uuid.len()), (&wanted[..], 33));
    let json = look(&shared(&disk), Path::new("ck"), Look::json).unwrap();
    let mut shown: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(shown["uuid"].take().as_str().unwrap().len(), 32);
    for (name, bytes) in shown["files"].take().as_object().unwrap() {
        let file = disk.len(Path::new(name)).unwrap();
        assert_eq!(bytes.as_u64(), Some(file), "{name}");
    }
    let wanted = serde_json::json!({
        "directory": "ck", "pipeline": "--window 6s --split ' '", "uuid": null, "files": null,
        "began": "1970-01-01T00:00:00.007+00:00", "began_ms": 7, "record": 2, "done": false,
        "time": "1970-01-01T00:00:02+00:00", "time_ms": 2000,
        "input": { "from": "2", "to": "3", "log": 4 },
        "outputs": [{ "target": "out.txt", "at": 20, "bytes": 10 }],
        "unread": { "records": 0, "bytes": 0, "frames": 0 }, "positions": {}, "keys": 3, "panes": 3,
        "bytes": bytes,
    });
    assert_eq!((shown, disk.world().image()), (wanted, before));
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
        let last = Commit { began: commit(2).time, ..commit(2) };
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
        checkpoint.append(commit(n), &changes).unwrap();
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
        checkpoint.append(commit(n), &changes).unwrap();
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
    assert_eq!((meta.pipeline, meta.is_reset), (pipeline(), false));
    assert_ne!(meta.uuid, [0; 16]);
}

/// Runs of three commits each that end before a compaction does; after each commit `grown` is told
/// how many bytes the directory has, how many files, and from how many a compaction is due.
fn short_runs(ends: fn(&mut Checkpoint), mut grown: impl FnMut(usize, usize, usize)) {
    let disk = SimDisk::new(1);
    let limits = Limits { log: 4096, logs: 8, step: 256, part: commit::PART, ..tiny() };
    let (mut n, mut model) = (0_u64, Cells::new());
    for _ in 0..300 {
        let (dir, limits) = (Path::new("ck"), limits.clone());
        let mut checkpoint = Checkpoint::open(shared(&disk), dir, &pipeline(), limits).unwrap();
        checkpoint.relieve(|| false).unwrap();
        for _ in 0..3 {
            let mut changes = Changes::new();
            for key in (0..10).map(|key| (n * 7919 + key * 31) % 500) {
                let (key, cell) = (format!("customer {key}"), n.to_le_bytes());
                changes.set(key.as_bytes(), Some(&cell));
                model.insert(key.into_bytes(), cell.to_vec());
            }
            checkpoint.append(commit(n), &changes).unwrap();
            checkpoint.sync().unwrap();
            checkpoint.done(n).unwrap();
            checkpoint.tidy().unwrap();
            n += 1;
            let image = disk.world().image();
            let snapshot = checkpoint.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes);
            let bytes = image.values().map(Vec::len).sum();
            grown(bytes, image.len(), snapshot.max(4096) as usize);
        }
        ends(&mut checkpoint);
    }
    let mut state = Cells::new();
    let checkpoint = open(&disk).unwrap();
    checkpoint.state(|all| set(&mut state, all)).unwrap();
    assert_eq!((state, checkpoint.next()), (model, n));
}

#[test]
fn runs_that_end_before_a_compaction_does_leave_a_directory_of_bounded_size() {
    let ends: [fn(&mut Checkpoint); 2] =
        [|_| {}, |checkpoint| checkpoint.tidy_rest().expect("the disk works")];
    for ends in ends {
        // The snapshot, half as much again in logs, a snapshot that is being made, and as much again
        // for what a step of so few bytes leaves over.
        short_runs(ends, |bytes, files, due| {
            assert!(
                bytes * 2 < due * 9 && files < 8 * 3 / 2 + 5,
                "{bytes} bytes, {files} files of {due}"
            );
        });
    }
}

#[test]
fn an_orderly_end_finishes_a_compaction_of_which_little_is_left() {
    let disk = SimDisk::new(1);
    let limits = || Limits { log: 1 << 15, step: 1 << 10, ..Limits::default() };
    let opened =
        || Checkpoint::open(shared(&disk), Path::new("ck"), &pipeline(), limits()).unwrap();
    let mut checkpoint = opened();
    let mut changes = Changes::new();
    (0..8000_u64).for_each(|key| changes.set(key.to_string().as_bytes(), Some(b"7")));
    checkpoint.append(commit(0), &changes).unwrap();
    checkpoint.sync().unwrap();
    checkpoint.done(0).unwrap();
    // So early nothing is known of how long it takes.
    checkpoint.compact_step().unwrap();
    checkpoint.tidy_rest().unwrap();
    assert!(checkpoint.snapshot.is_none());
    while !compact::is_nearly_over(&checkpoint) {
        assert!(checkpoint.compact_step().unwrap());
    }
    assert!(checkpoint.snapshot.is_none());
    checkpoint.tidy_rest().unwrap();
    assert!(checkpoint.snapshot.is_some());
    drop(checkpoint);
    assert_eq!(disk.world().image().len(), 3);
    assert_eq!(cells(&opened()).len(), 8000);
}

#[test]
fn a_compaction_is_taken_up_where_the_last_process_was_cut() {
    let disk = SimDisk::new(1);
    let limits = || Limits { log: 1 << 14, step: 1 << 9, settle: 1 << 10, ..tiny() };
    let opened =
        || Checkpoint::open(shared(&disk), Path::new("ck"), &pipeline(), limits()).unwrap();
    let mut checkpoint = opened();
    for n in 0..60 {
        let mut changes = Changes::new();
        let keys = (0..50).map(|key| (n * 31 + key * 7) % 2000);
        keys.for_each(|key| changes.set(key.to_string().as_bytes(), Some(b"a cell")));
        checkpoint.append(commit(n), &changes).unwrap();
        checkpoint.sync().unwrap();
        checkpoint.done(n).unwrap();
    }
    let held = cells(&checkpoint);
    drop(checkpoint);
    // A run that commits nothing: its log is none at the next start.
    drop(opened());
    // Reading the logs alone takes a good part of what one process does.
    let live = || {
        let (mut checkpoint, mut steps) = (opened(), 0..210);
        checkpoint.relieve(|| steps.next().is_none()).unwrap();
        assert_eq!(cells(&checkpoint), held);
        checkpoint.snapshot.is_some()
    };
    let lives = (1..100).find(|_| live());
    assert!(lives.is_some_and(|lives| (2..10).contains(&lives)), "{lives:?}");
    assert_eq!(cells(&opened()), held);
}
