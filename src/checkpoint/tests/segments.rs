//! The write-ahead log: what stands in the directory, what is refused, resets, and what is shown.

use super::*;
use crate::chunk::Chunk;
use crate::disk::scratch::Scratch;
use crate::disk::{Append, RealDisk};

fn shared(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn open(disk: &SimDisk) -> Result<(Checkpoint, Wal, Unread), Error> {
    let mut checkpoint = Checkpoint::open(shared(disk), Path::new("ck"), &pipeline(), tiny())?;
    let (wal, unread) = checkpoint.wal()?;
    Ok((checkpoint, wal, unread))
}

fn commit(n: u64, wal: u64) -> Commit {
    let (time, from, to) = (Stamp(n as i64), Vec::new(), Vec::new());
    let (outputs, began, clock, open, before) = (Vec::new(), time, None, false, None);
    Commit { n, time, from, to, outputs, wal, began, chunks: 0, clock, open, before }
}

fn append(checkpoint: &mut Checkpoint, n: u64, wal: u64) {
    checkpoint.append(commit(n, wal), &Changes::new()).unwrap();
    checkpoint.sync().unwrap();
    checkpoint.done(n).unwrap();
}

/// A log of 8 frames of 200 bytes, two a segment, of which a commit covers the first 3.
fn made() -> SimDisk {
    let disk = SimDisk::new(1);
    let (mut checkpoint, mut wal, _) = open(&disk).unwrap();
    for lsn in 1..=8u8 {
        assert_eq!(wal.append(&chunk(b'\n', &[lsn; 200])).unwrap(), u64::from(lsn));
        wal.syncer().sync().unwrap();
    }
    append(&mut checkpoint, 0, 3);
    disk
}

/// Appends frames of 200 bytes, two a segment, under these numbers.
fn come(wal: &mut Wal, lsns: std::ops::Range<u8>) {
    for lsn in lsns {
        assert_eq!(wal.append(&chunk(b'\n', &[lsn; 200])).unwrap(), u64::from(lsn));
    }
}

fn segments(disk: &SimDisk) -> Vec<String> {
    disk.world().image().into_keys().filter(|name| name.starts_with("wal-")).collect()
}

fn lsns(mut unread: Unread) -> Vec<u64> {
    let visit = |lsn, input: crate::checkpoint::Input<'_>| {
        assert_eq!(input.body, Body::Delimited(b'\n', &[lsn as u8; 200]));
        lsn
    };
    std::iter::from_fn(|| unread.next(visit).unwrap()).collect()
}

#[test]
fn no_segment_is_begun_before_there_is_input() {
    let disk = SimDisk::new(1);
    let (mut checkpoint, mut wal, unread) = open(&disk).unwrap();
    assert_eq!((wal.next(), unread.left()), (1, Amount::default()));
    assert_eq!(wal.syncer().sync().unwrap(), 0);
    assert_eq!(segments(&disk), [""; 0]);
    let error = checkpoint.wal().unwrap_err();
    assert_eq!(error.to_string(), "ck: the write-ahead log is open already");
    wal.append(&chunk(b'\n', b"a\n")).unwrap();
    assert_eq!(segments(&disk), ["wal-1"]);
}

#[test]
fn segments_go_when_all_they_hold_is_covered() {
    let disk = SimDisk::new(1);
    let (_, mut wal, _) = open(&disk).unwrap();
    (1..7).for_each(|lsn| assert_eq!(wal.append(&chunk(0, &[7; 200])).unwrap(), lsn));
    assert_eq!(segments(&disk), ["wal-1", "wal-2", "wal-3"]);
    wal.release(1).unwrap();
    assert_eq!(segments(&disk).len(), 3);
    wal.release(2).unwrap();
    assert_eq!(segments(&disk), ["wal-1.tmp", "wal-2", "wal-3"], "it will be written over");
    // Never the open one.
    wal.release(6).unwrap();
    assert_eq!(segments(&disk), ["wal-1.tmp", "wal-2.tmp", "wal-3"]);
}

#[test]
fn a_segment_that_was_written_over_ends_where_its_own_frames_do() {
    let disk = SimDisk::new(1);
    let (mut checkpoint, mut wal, _) = open(&disk).unwrap();
    come(&mut wal, 1..7);
    append(&mut checkpoint, 0, 4);
    wal.release(4).unwrap();
    assert_eq!(segments(&disk), ["wal-1.tmp", "wal-2.tmp", "wal-3"]);
    let old = disk.world().image().remove("wal-2.tmp").unwrap();
    wal.append(&chunk(b'\n', &[7; 200])).unwrap();
    wal.syncer().sync().unwrap();
    assert_eq!(segments(&disk), ["wal-1.tmp", "wal-3", "wal-4"]);
    let new = disk.world().image().remove("wal-4").unwrap();
    let own = new.len()
        - std::iter::zip(new.iter().rev(), old.iter().rev()).take_while(|(a, b)| a == b).count();
    assert!(new.len() == old.len() && (200..300).contains(&own), "{own} of {}", new.len());
    assert!(old[own..].contains(&4), "there are other frames behind it");
    drop((checkpoint, wal));
    disk.world().lose_power();
    disk.world().start(None);
    let (_checkpoint, wal, unread) = open(&disk).unwrap();
    assert_eq!((wal.next(), lsns(unread)), (8, vec![5, 6, 7]));
    assert!(segments(&disk).iter().all(|name| !name.ends_with(".tmp")));
}

#[test]
fn what_is_kept_for_segments_to_come_goes_at_the_end_and_may_be_taken_away() {
    let disk = SimDisk::new(1);
    let (_checkpoint, mut wal, _) = open(&disk).unwrap();
    come(&mut wal, 1..7);
    wal.release(4).unwrap();
    disk.remove(Path::new("wal-2.tmp")).unwrap();
    come(&mut wal, 7..9);
    assert_eq!(segments(&disk), ["wal-1.tmp", "wal-3", "wal-4"]);
    wal.release(6).unwrap();
    disk.remove(Path::new("wal-3.tmp")).unwrap();
    let room = disk.world().image()["wal-4"].len();
    wal.tidy().unwrap();
    assert_eq!(segments(&disk), ["wal-4"]);
    assert!(disk.world().image()["wal-4"].len() < room, "nor is there any behind its frames");
}

#[test]
fn as_many_are_kept_as_were_begun_of_late_and_none_where_the_disk_is_almost_full() {
    let disk = SimDisk::new(1);
    let (_checkpoint, mut wal, _) = open(&disk).unwrap();
    come(&mut wal, 1..9);
    wal.end_batch().unwrap();
    wal.release(6).unwrap();
    come(&mut wal, 9..10);
    let kept = || segments(&disk).iter().filter(|name| name.ends_with(".tmp")).count();
    assert_eq!(kept(), 2, "of three, one of which is written over");
    (0..2).for_each(|_| wal.end_batch().unwrap());
    assert_eq!(kept(), 2);
    wal.end_batch().unwrap();
    assert_eq!(kept(), 1, "in one of the last batches one was begun");
    come(&mut wal, 10..12);
    wal.release(8).unwrap();
    assert_eq!(segments(&disk), ["wal-4.tmp", "wal-5", "wal-6"]);
    disk.world().free = 15 * tiny().segment;
    wal.end_batch().unwrap();
    assert_eq!(kept(), 0);
    wal.release(10).unwrap();
    assert_eq!(segments(&disk), ["wal-6"]);
}

#[test]
fn a_segment_that_has_another_name_is_not_written_over() {
    let (scratch, disk): (_, Arc<dyn Disk>) = (Scratch::new(), Arc::new(RealDisk::default()));
    let dir = scratch.path("ck");
    let mut checkpoint = Checkpoint::open(disk, &dir, &pipeline(), tiny()).unwrap();
    let (mut wal, _) = checkpoint.wal().unwrap();
    come(&mut wal, 1..7);
    let [one, two] = ["wal-1.tmp", "wal-2.tmp"].map(|name| dir.join(name));
    let copy = scratch.path("copy");
    std::fs::hard_link(dir.join("wal-2"), &copy).unwrap();
    let before = std::fs::read(&copy).unwrap();
    wal.release(4).unwrap();
    come(&mut wal, 7..9);
    assert_eq!((std::fs::read(&copy).unwrap(), one.exists()), (before, true));
    std::fs::remove_file(&one).unwrap();
    std::os::unix::fs::symlink(&copy, &one).unwrap();
    come(&mut wal, 9..11);
    wal.syncer().sync().unwrap();
    assert!(one.is_symlink() && two.exists());
    drop((checkpoint, wal));
}

#[test]
fn what_is_unread_comes_again_until_a_record_covers_it() {
    let disk = made();
    for _ in 0..3 {
        let (_, wal, unread) = open(&disk).unwrap();
        assert_eq!((wal.next(), unread.left()), (9, Amount { frames: 5, records: 0, bytes: 1000 }));
        assert_eq!(lsns(unread), [4, 5, 6, 7, 8]);
    }
    let (mut checkpoint, mut wal, _) = open(&disk).unwrap();
    append(&mut checkpoint, 1, 8);
    wal.release(8).unwrap();
    drop((checkpoint, wal));
    let (_, wal, unread) = open(&disk).unwrap();
    assert_eq!((wal.next(), lsns(unread)), (9, vec![]));
    assert_eq!(segments(&disk), [""; 0]);
}

#[test]
fn segments_whose_removal_was_lost_are_void() {
    let disk = made();
    let old = disk.world().image();
    let (mut checkpoint, mut wal, _) = open(&disk).unwrap();
    append(&mut checkpoint, 1, 7);
    wal.release(7).unwrap();
    drop((checkpoint, wal));
    for some in 0..16 {
        let back = old.iter().filter(|(name, _)| name.starts_with("wal-")).enumerate();
        back.filter(|(at, _)| some >> at & 1 == 1)
            .for_each(|(_, (name, bytes))| disk.world().put(name, bytes));
        let (_, wal, unread) = open(&disk).unwrap();
        assert_eq!((wal.next(), lsns(unread)), (9, vec![8]));
    }
}

#[test]
fn damaged_or_missing_input_is_refused_and_nothing_is_touched() {
    let disk = made();
    let whole = disk.world().image();
    let refused = |text: &str| {
        let before = disk.world().image();
        let error = open(&disk).unwrap_err();
        assert_eq!(error.exit_status(), 2);
        let rest = "; `weir checkpoint reset ck` forgets all it holds";
        assert_eq!(error.to_string(), format!("{text}{rest}"));
        assert_eq!(disk.world().image(), before);
    };
    let mut bytes = whole["wal-3"].clone();
    bytes[60] ^= 1;
    disk.world().put("wal-3", &bytes);
    refused("ck/wal-3, byte 26: damaged: a frame does not fit its checksum");
    disk.world().put("wal-3", b"rubbish");
    refused("ck/wal-3, byte 0: damaged: this is not how a log begins");
    disk.world().put("wal-3", &whole["wal-3"]);
    // Without the third the second must go as far as the fourth.
    disk.remove(Path::new("wal-3")).unwrap();
    refused("ck/wal-2, byte 496: damaged: a frame does not fit its checksum");
    disk.remove(Path::new("wal-2")).unwrap();
    disk.remove(Path::new("wal-1")).unwrap();
    refused("ck/wal-4, byte 0: damaged: frames 4 to 6 are missing before it");
}

#[test]
fn a_full_disk_names_the_segment_and_stops_the_log() {
    let disk = made();
    let (_, mut wal, _) = open(&disk).unwrap();
    // Room is laid out with the first of them, and the disk is full all the same.
    wal.append(&chunk(b'\n', &[9; 200])).unwrap();
    wal.append(&chunk(b'\n', &[10; 200])).unwrap();
    disk.world().start(Some((1, Fault::Full)));
    let error = wal.append(&chunk(b'\n', &[11; 100])).unwrap_err();
    let text = "ck/wal-6 (135 bytes at 261): no space left on device";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.exit_status(), 1);
    assert_eq!(wal.append(&chunk(b'\n', b"")).unwrap_err().to_string(), text);
    assert_eq!(wal.syncer().sync().unwrap_err().to_string(), text);
    drop(wal);
    let (_, _, unread) = open(&disk).unwrap();
    assert_eq!(lsns(unread), [4, 5, 6, 7, 8, 9, 10]);
}

#[test]
fn a_reset_gives_input_up_or_keeps_it_with_the_positions() {
    for keep in [false, true] {
        let disk = made();
        let old = disk.world().image();
        let forgotten = forget(&shared(&disk), Path::new("ck"), keep).unwrap();
        assert_eq!(forgotten.unread, Some(Amount { frames: 5, records: 0, bytes: 1000 }));
        assert_eq!(segments(&disk).is_empty(), !keep);
        // A reset that is cut short leaves the files, and they are void.
        disk.world().put("wal-1", &old["wal-1"]);
        disk.world().put("wal-2", &old["wal-2"]);
        let (mut checkpoint, mut wal, unread) = open(&disk).unwrap();
        let (wanted, next) = if keep { (vec![4, 5, 6, 7, 8], 9) } else { (vec![], 1) };
        assert_eq!((lsns(unread), wal.next()), (wanted, next));
        assert_eq!(wal.append(&chunk(b'\n', &[next as u8; 200])).unwrap(), next);
        wal.syncer().sync().unwrap();
        append(&mut checkpoint, u64::from(keep), next - 1);
        drop((checkpoint, wal));
        assert_eq!(lsns(open(&disk).unwrap().2), [next]);
    }
}

#[test]
fn input_before_the_first_record_outlives_a_reset_that_keeps_positions() {
    let disk = SimDisk::new(1);
    let (checkpoint, mut wal, _) = open(&disk).unwrap();
    wal.append(&chunk(b'\n', &[1; 200])).unwrap();
    drop((checkpoint, wal));
    forget(&shared(&disk), Path::new("ck"), true).unwrap();
    assert_eq!(lsns(open(&disk).unwrap().2), [1]);
}

#[test]
fn show_counts_what_is_unread_and_lists_the_segments() {
    let shown = look(&shared(&made()), Path::new("ck"), Look::text).unwrap();
    let lines: Vec<&str> =
        shown.lines().filter(|line| line.starts_with("wal") || line.contains("unread")).collect();
    let wanted = [
        "unread    0 records of input in its log, 1000 bytes",
        "wal-1     4122 bytes",
        "wal-2     4122 bytes",
        "wal-3     4122 bytes",
        "wal-4     4122 bytes",
    ];
    assert_eq!(lines, wanted, "{shown}");
}

#[test]
fn a_twin_syncs_the_file_that_is_appended_to() {
    let path = std::env::temp_dir().join(format!("weir-twin-{}", std::process::id()));
    let mut file: Box<dyn Append> = RealDisk::default().create(&path).unwrap();
    let mut twin = file.twin().unwrap();
    file.append(b"bytes").unwrap();
    twin.sync().unwrap();
    assert_eq!(RealDisk::default().len(&path).unwrap(), 5);
    RealDisk::default().remove(&path).unwrap();
    assert!(twin.sync().is_err());
}

#[test]
fn pairs_that_a_reset_has_kept_come_only_to_a_source_that_gives_pairs() {
    let (disk, dir) = (SimDisk::new(1), Path::new("ck"));
    let open = |pipeline: &Pipeline| Checkpoint::open(shared(&disk), dir, pipeline, tiny());
    let version = || String::from_utf8_lossy(&disk.world().image()["meta"][..17]).into_owned();
    let of = |name| Pipeline::new([("source", name)]);
    let [of_pairs, of_rows] = ["pairs", "rows"].map(|name| of(name).with_logged_rows(true));
    let (of_pairs, of_lines) = (of_pairs.with_pairs(true), of("lines"));
    let (mut rows, mut out) = (Chunk::default(), Vec::new());
    rows.push_pair(Some(b"peer"), b"line");
    let append = |pipeline: &Pipeline, input: crate::checkpoint::Input<'_>| {
        let (mut wal, _) = open(pipeline).unwrap().wal().unwrap();
        wal.append(&input).unwrap();
        wal.syncer().sync().unwrap();
    };
    append(&of_pairs, crate::checkpoint::Input::of(None, &rows, &mut out));
    assert_eq!(version(), "weir checkpoint 3");
    forget(&shared(&disk), dir, true).unwrap();
    assert_eq!(version(), "weir checkpoint 3", "its log is not for older programs");
    let before = disk.world().image();
    for other in [&of_rows, &of_lines] {
        let error = open(other).unwrap_err();
        let text = "--checkpoint ck: the input in its log is pairs, and this source gives records; \
                    `weir checkpoint reset ck` forgets all it holds";
        assert_eq!((error.to_string().as_str(), error.exit_status()), (text, 2));
        assert_eq!(disk.world().image(), before);
    }
    assert_eq!(open(&of_pairs).unwrap().wal().unwrap().1.left().records, 1);
    forget(&shared(&disk), dir, false).unwrap();
    append(&of_lines, chunk(b'\n', b"a\n"));
    assert_eq!(version(), "weir checkpoint 1");
    forget(&shared(&disk), dir, true).unwrap();
    let error = open(&of_pairs).unwrap_err().to_string();
    assert!(error.contains("is records, and this source gives pairs; "), "{error}");
    // Records are records, however they stand in the log.
    assert_eq!(open(&of_rows).unwrap().wal().unwrap().1.left().records, 1);
    assert_eq!(version(), "weir checkpoint 3");
    forget(&shared(&disk), dir, true).unwrap();
    assert_eq!(open(&of_lines).unwrap().wal().unwrap().1.left().records, 1);
    assert_eq!(version(), "weir checkpoint 3", "rows may be there from before");
}

#[test]
fn short_frames_are_written_where_the_file_has_a_place() {
    let disk = SimDisk::new(1);
    let (_checkpoint, mut wal, _) =
        Checkpoint::open(shared(&disk), Path::new("ck"), &pipeline(), Limits::default())
            .and_then(|mut checkpoint| {
                checkpoint.wal().map(|(wal, unread)| (checkpoint, wal, unread))
            })
            .unwrap();
    let len = || disk.world().image()["wal-1"].len();
    let mut append = |lsn: u8, size: usize| {
        wal.append(&chunk(b'\n', &vec![lsn; size])).unwrap();
        wal.syncer().sync().unwrap();
        len()
    };
    let mut lens: Vec<usize> = (1..=100).map(|lsn| append(lsn, 200)).collect();
    lens.dedup();
    // 23 KB: room is laid out as much as there is, and each time from where it was used up.
    assert!(lens.len() <= 4, "{lens:?}");
    let (before, long) = (len(), 1 << 20);
    assert!(
        append(101, long) < before + long,
        "a long frame takes the room, and none is laid out for it"
    );
    disk.world().lose_power();
    disk.world().start(None);
    let (_, wal, unread) = open(&disk).unwrap();
    assert_eq!((wal.next(), unread.left().frames), (102, 101));
}
