//! Positions: entries beside those of the state, what a reset keeps of them, and what is shown.

use super::*;
use crate::checkpoint::meta::Meta;

fn shared(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

/// A pipeline whose source, of that name, has positions.
fn of(source: &str) -> Pipeline {
    Pipeline::new([("source", source), ("--split", " ")]).with_positions(true)
}

fn open_as(disk: &SimDisk, pipeline: &Pipeline) -> Result<Checkpoint, Error> {
    Checkpoint::open(shared(disk), Path::new("ck"), pipeline, tiny())
}

fn open(disk: &SimDisk) -> Checkpoint {
    open_as(disk, &of("files")).unwrap()
}

fn commit(n: u64) -> Commit {
    let (time, from, to) = (Stamp(n as i64), Vec::new(), Vec::new());
    let (outputs, began, clock, open, before) = (Vec::new(), time, None, false, None);
    Commit { n, time, from, to, outputs, wal: 0, began, chunks: 0, clock, open, before }
}

/// A commit in which these keys have changed, and these parts have moved.
fn put(checkpoint: &mut Checkpoint, keys: &[(&str, &str)], parts: &[(&str, &str)]) {
    let (mut changes, n) = (checkpoint.changes(), checkpoint.next());
    keys.iter().for_each(|(key, cell)| changes.set(key.as_bytes(), Some(cell.as_bytes())));
    parts.iter().for_each(|(part, at)| changes.moved(part.as_bytes(), Some(at.as_bytes())));
    checkpoint.append(commit(n), &changes).unwrap();
    checkpoint.sync().unwrap();
}

fn positions(checkpoint: &Checkpoint) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let positions = checkpoint.positions().unwrap().into_iter();
    positions.map(|(part, at)| (text(part), text(at))).collect()
}

fn cells(checkpoint: &Checkpoint) -> Cells {
    let mut cells = Cells::new();
    checkpoint.state(|all| set(&mut cells, all)).unwrap();
    cells
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(part, at)| (part.to_string(), at.to_string())).collect()
}

/// A stream of two files, one of which has the name of a key.
fn made() -> SimDisk {
    let disk = SimDisk::new(1);
    let mut checkpoint = open(&disk);
    put(&mut checkpoint, &[], &[("a", "0"), ("b", "0"), ("sa", "0")]);
    put(&mut checkpoint, &[("a", "one"), ("pa", "two")], &[("a", "7")]);
    let (mut changes, n) = (checkpoint.changes(), checkpoint.next());
    changes.set(b"pa", None);
    changes.moved(b"sa", None);
    checkpoint.append(commit(n), &changes).unwrap();
    checkpoint.sync().unwrap();
    disk
}

#[test]
fn keys_and_parts_of_one_name_are_two() {
    let disk = made();
    let checkpoint = open(&disk);
    assert_eq!(positions(&checkpoint), pairs(&[("a", "7"), ("b", "0")]));
    assert_eq!(cells(&checkpoint), Cells::from([(b"a".to_vec(), b"one".to_vec())]));
    let shown = look(&shared(&disk), Path::new("ck"), |look| {
        let mut keys = Vec::new();
        look.state(|(key, _)| {
            keys.push(key.to_vec());
            Ok(())
        })?;
        Ok(keys)
    });
    assert_eq!(shown.unwrap(), [b"a"]);
}

#[test]
fn the_last_commit_has_decided_where_parts_are_whether_or_not_it_is_done() {
    let disk = made();
    let mut checkpoint = open(&disk);
    let output = Promise { output: OutputId::of("out"), ..Promise::default() };
    let mut changes = checkpoint.changes();
    changes.set(b"a", Some(b"owed"));
    changes.moved(b"b", Some(b"5"));
    checkpoint.append(Commit { outputs: vec![output], ..commit(3) }, &changes).unwrap();
    checkpoint.sync().unwrap();
    drop(checkpoint);
    let checkpoint = open(&disk);
    assert!(!checkpoint.is_done());
    assert_eq!(positions(&checkpoint), pairs(&[("a", "7"), ("b", "5")]));
    let (mut before, mut last) = (Cells::new(), Cells::new());
    checkpoint.state_before(|all| set(&mut before, all)).unwrap();
    checkpoint.last_changes(|all| set(&mut last, all)).unwrap();
    assert_eq!(before, Cells::from([(b"a".to_vec(), b"one".to_vec())]));
    assert_eq!(last, Cells::from([(b"a".to_vec(), b"owed".to_vec())]));
}

#[test]
fn a_checkpoint_without_positions_is_what_it_always_was() {
    let disk = SimDisk::new(1);
    let plain = Pipeline::new([("source", "stdin")]);
    let mut checkpoint = open_as(&disk, &plain).unwrap();
    put(&mut checkpoint, &[("a", "one")], &[]);
    assert!(checkpoint.positions().unwrap().is_empty());
    let image = disk.world().image();
    assert!(image["meta"].starts_with(b"weir checkpoint 1\n"));
    let log = &image["log-1"];
    // The entry: how long the key is, how long the cell is and one more, and both.
    assert!(log.windows(6).any(|bytes| bytes == b"\x01\x04aone"), "{log:?}");
    drop(checkpoint);
    for keep in [true, false] {
        forget(&shared(&disk), Path::new("ck"), keep).unwrap();
        let meta = String::from_utf8(disk.world().image()["meta"].clone()).unwrap();
        let lines: Vec<_> = meta.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(lines, ["weir", "uuid", "reset", "crc"]);
    }
}

#[test]
fn a_reset_keeps_positions_if_asked_and_nothing_else() {
    for is_compacted in [false, true] {
        let disk = made();
        let mut checkpoint = open(&disk);
        for n in 0..if is_compacted { 200 } else { 0 } {
            put(&mut checkpoint, &[("a", &"x".repeat(n))], &[("b", &n.to_string())]);
            checkpoint.tidy().unwrap();
        }
        assert_eq!(checkpoint.snapshot.is_some(), is_compacted);
        let (held, next) = (positions(&checkpoint), checkpoint.next());
        drop(checkpoint);
        // Twice is as once.
        for _ in 0..2 {
            let forgotten = forget(&shared(&disk), Path::new("ck"), true).unwrap();
            assert_eq!(forgotten.kept, Some(next - 1));
            assert_eq!(disk.world().image().len(), 2);
        }
        let other = Pipeline::new([("source", "files"), ("--words", "")]).with_positions(true);
        let mut checkpoint = open_as(&disk, &other).unwrap();
        assert_eq!((positions(&checkpoint), cells(&checkpoint)), (held, Cells::new()));
        put(&mut checkpoint, &[("a", "new")], &[("a", "99")]);
        drop(checkpoint);
        let checkpoint = open_as(&disk, &other).unwrap();
        assert_eq!((checkpoint.next(), &*positions(&checkpoint)[0].1), (next + 1, "99"));
        assert_eq!(cells(&checkpoint).len(), 1);
        drop(checkpoint);
        forget(&shared(&disk), Path::new("ck"), false).unwrap();
        assert!(disk.world().image()["meta"].starts_with(b"weir checkpoint 1\n"));
        let checkpoint = open(&disk);
        assert_eq!((positions(&checkpoint), checkpoint.next()), (Vec::new(), 0));
    }
}

#[test]
fn a_reset_that_is_cut_short_loses_no_position() {
    for (at, fault) in (1..40).flat_map(|at| FAULTS.map(|fault| (at, fault))) {
        let disk = made();
        disk.world().start(Some((at, fault)));
        let result = forget(&shared(&disk), Path::new("ck"), true);
        assert!(result.is_ok() || disk.world().struck.is_some());
        if fault == Fault::Power {
            disk.world().lose_power();
        }
        disk.world().start(None);
        let checkpoint = open(&disk);
        assert_eq!(positions(&checkpoint), pairs(&[("a", "7"), ("b", "0")]), "{fault:?} at {at}");
    }
}

#[test]
fn positions_that_were_kept_are_of_their_source_alone() {
    let disk = made();
    forget(&shared(&disk), Path::new("ck"), true).unwrap();
    let refused = |pipeline: Pipeline| {
        let before = disk.world().image();
        let error = open_as(&disk, &pipeline).unwrap_err();
        assert_eq!((error.exit_status(), disk.world().image()), (2, before));
        error.to_string()
    };
    let resets = "`weir checkpoint reset ck` forgets all it holds";
    for other in [of("kafka"), Pipeline::new([("source", "kafka")])] {
        let text = "--checkpoint ck: the positions it keeps are of `files`, and this is `kafka`; ";
        assert_eq!(refused(other), format!("{text}{resets}"));
    }
    let text = "--checkpoint ck: it keeps positions, and this source has none; ";
    assert_eq!(refused(of("files").with_positions(false)), format!("{text}{resets}"));
    forget(&shared(&disk), Path::new("ck"), false).unwrap();
    assert!(open_as(&disk, &of("kafka")).unwrap().positions().unwrap().is_empty());
    let meta = Meta::read(&disk, Path::new("ck")).unwrap();
    assert_eq!(meta.pipeline, of("kafka"));
}

#[test]
fn a_source_that_has_positions_now_does_not_read_a_state_without_any() {
    let disk = SimDisk::new(1);
    let old = of("files").with_positions(false);
    put(&mut open_as(&disk, &old).unwrap(), &[("a", "one")], &[]);
    let text = "--checkpoint ck: it keeps no positions, and this source has some; `weir checkpoint \
                reset ck` forgets all it holds";
    assert_eq!(open_as(&disk, &of("files")).unwrap_err().to_string(), text);
    // Where the state is forgotten nothing is left that could be read wrongly.
    forget(&shared(&disk), Path::new("ck"), true).unwrap();
    let mut checkpoint = open(&disk);
    put(&mut checkpoint, &[], &[("a", "1")]);
    drop(checkpoint);
    let checkpoint = open(&disk);
    assert_eq!((positions(&checkpoint), checkpoint.next()), (pairs(&[("a", "1")]), 2));
}

#[test]
fn show_names_the_first_parts_and_says_how_many_there_are() {
    let disk = made();
    let shown = |look: fn(&Look) -> Result<String, Error>| {
        super::super::look(&shared(&disk), Path::new("ck"), look).unwrap()
    };
    let lines = |text: &str| {
        let is_position = |line: &&str| line.starts_with("position") || line.starts_with("keys");
        text.lines().filter(is_position).map(str::to_string).collect::<Vec<_>>()
    };
    let wanted = ["position  7 of a", "position  0 of b", "keys      1"];
    assert_eq!(lines(&shown(Look::text)), wanted);
    let json: serde_json::Value = serde_json::from_str(&shown(Look::json)).unwrap();
    assert_eq!(json["positions"], serde_json::json!({ "a": "7", "b": "0" }));
    assert_eq!(json["keys"], 1);
    let names: Vec<_> = (0..20).map(|n| format!("c{n:02}")).collect();
    let parts: Vec<_> = names.iter().map(|name| (&**name, "\u{1}")).collect();
    put(&mut open(&disk), &[], &parts);
    let text = shown(Look::text);
    let lines = lines(&text);
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[9..11], ["position  01 of c07", "position  and of 12 more"]);
    // A reset that keeps them keeps what is shown of them.
    forget(&shared(&disk), Path::new("ck"), true).unwrap();
    let text = shown(Look::text);
    assert!(text.starts_with("pipeline  any that reads files: it was reset\n"), "{text}");
    assert!(text.contains("position  7 of a\n") && text.contains("keys      0\n"), "{text}");
    assert!(text.contains("22 keys and positions\n"), "{text}");
}

#[test]
fn what_a_commit_takes_follows_the_parts_that_move() {
    let disk = SimDisk::new(1);
    let (dir, limits) = (Path::new("ck"), Limits { log: 1 << 16, ..Limits::default() });
    let mut checkpoint = Checkpoint::open(shared(&disk), dir, &of("files"), limits).unwrap();
    let name = |part: usize| format!("/var/log/part-{part:05}.log");
    let mut taken = |moved: &[usize]| {
        let mut changes = checkpoint.changes();
        moved.iter().for_each(|&part| changes.moved(name(part).as_bytes(), Some(&[7; 60])));
        let before = disk.world().written;
        checkpoint.append(commit(checkpoint.next()), &changes).unwrap();
        checkpoint.sync().unwrap();
        let logged = disk.world().written - before;
        checkpoint.tidy().unwrap();
        (logged, disk.world().written, checkpoint.snapshot.as_ref().map_or(0, |last| last.number))
    };
    let (all, begun, _) = taken(&(0..10_000).collect::<Vec<_>>());
    assert!((850_000..900_000).contains(&all), "{all}");
    let mut logged = 0;
    let (mut written, mut snapshots) = (begun, BTreeSet::new());
    for n in 0..10_000 {
        let (bytes, all, snapshot) = taken(&[n, n * 7 % 10_000, n * 31 % 10_000]);
        assert!(bytes < 450, "{bytes}");
        (logged, written) = (logged + bytes, all);
        snapshots.insert(snapshot);
    }
    assert!(snapshots.len() > 3, "{snapshots:?}");
    // A snapshot has all positions, and comes when as much has been logged.
    assert!(written - begun < logged * 3, "{} bytes for {logged}", written - begun);
}
