//! What `--output-dir` leaves in a directory, with a checkpoint and without.

use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::disk::RealDisk;
use crate::disk::scratch::Scratch;
use crate::sink::spool::Spool;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_batch_has_its_name_when_it_is_complete() {
    let scratch = Scratch::new();
    let path = scratch.path("out");
    let mut dir = Dir::open(&RealDisk::default(), &path, "json").unwrap();
    dir.begin(Stamp(5), b"").unwrap();
    dir.write(b"a\n").unwrap();
    assert_eq!(names(&path), [".batch-5.json.tmp"]);
    dir.end(1).unwrap();
    assert_eq!(names(&path), ["batch-5.json"]);
    assert_eq!(fs::read_to_string(path.join("batch-5.json")).unwrap(), "a\n");
}

#[test]
fn nothing_is_replaced_and_the_batch_gets_the_next_name() {
    let scratch = Scratch::new();
    let path = scratch.path("");
    fs::write(path.join("batch-5.txt"), "kept").unwrap();
    let [mut dir, mut other] =
        [0; 2].map(|_| Dir::open(&RealDisk::default(), &path, "txt").unwrap());
    dir.begin(Stamp(5), b"one").unwrap();
    // Another run is about to have that name; a third one takes the next.
    other.begin(Stamp(5), b"two").unwrap();
    fs::write(path.join("batch-6.txt"), "kept").unwrap();
    dir.end(0).unwrap();
    other.end(0).unwrap();
    assert_eq!(names(&path), [5, 6, 7, 8].map(|time| format!("batch-{time}.txt")));
    let texts = names(&path).into_iter().map(|name| text(&path.join(name)));
    let texts: BTreeSet<_> = texts.collect();
    assert_eq!(texts, ["kept", "one", "two"].map(String::from).into());
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let scratch = Scratch::new();
    let mut dir = Dir::open(&RealDisk::default(), &scratch.path(""), "txt").unwrap();
    dir.begin(Stamp(5), b"header").unwrap();
    drop(dir);
    assert_eq!(names(&scratch.path("")).len(), 0);
}

#[test]
fn the_times_of_its_batches_are_known() {
    let scratch = Scratch::new();
    let others = ["batch-5.tsv", "batch-x.txt", ".batch-6.txt.tmp", "batch-7.txt.gz", "batch-txt"];
    for name in others.iter().chain(&["batch-8.txt", "batch--9.txt"]) {
        fs::write(scratch.path(name), "").unwrap();
    }
    let mut times =
        Dir::open(&RealDisk::default(), &scratch.path(""), "txt").unwrap().times().unwrap();
    times.sort_unstable();
    assert_eq!(times, [Stamp(-9), Stamp(8)]);
}

#[test]
fn at_the_start_only_hidden_files_that_nobody_writes_are_removed() {
    let scratch = Scratch::new();
    let others = [".batch-.txt.tmp", ".batch-5.txt", ".batch-5.exe.tmp", ".x.tmp", "batch-5.txt"];
    for name in others.iter().chain(&[".batch-5.txt.tmp", ".batch--7.tsv.tmp"]) {
        fs::write(scratch.path(name), "").unwrap();
    }
    let mut alive = Dir::open(&RealDisk::default(), &scratch.path(""), "txt").unwrap();
    alive.begin(Stamp(9), b"").unwrap();
    Dir::open(&RealDisk::default(), &scratch.path(""), "json").unwrap();
    let mut expected: Vec<_> = others.iter().chain(&[".batch-9.txt.tmp"]).collect();
    expected.sort();
    assert_eq!(names(&scratch.path("")).iter().collect::<Vec<_>>(), expected);
}

fn spool(text: &str) -> Spool {
    let mut spool = Spool::new();
    spool.write(text.as_bytes()).unwrap();
    spool
}

fn complete(number: u64, time: i64, text: &Spool) -> Batch<'_> {
    Batch::of_text((number, Stamp(time)), 1, b"header\n", text)
}

/// Opens the directory as a run with a checkpoint does, and the one before has ended.
fn restarted(scratch: &Scratch) -> Dir {
    Dir::open_staged(&RealDisk::default(), &scratch.path("out"), "tsv").unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_staged_batch_is_hidden_until_it_is_published() {
    let (scratch, rows) = (Scratch::new(), spool("a\n"));
    let path = scratch.path("out");
    let mut dir = restarted(&scratch);
    for (number, time) in [(7, 5), (8, 6)] {
        let batch = complete(number, time, &rows);
        let promise = dir.stage(&batch).unwrap();
        assert_eq!((&promise.output, promise.before, promise.length), (&dir.id(), 0, 9));
        assert_eq!(names(&path)[0], format!(".batch-{time}.tsv.{number}.tmp"));
        dir.publish(&batch).unwrap();
    }
    assert_eq!(names(&path), ["batch-5.tsv", "batch-6.tsv"]);
    assert_eq!(text(&path.join("batch-5.tsv")), "header\na\n");
}

#[test]
fn a_batch_that_is_owed_is_published_once_whatever_became_of_its_file() {
    let rows = spool("a\n");
    let batch = complete(7, 5, &rows);
    type Mishap = fn(&Path, &Path);
    let table: [(&str, Mishap, &str); 6] = [
        ("staged", |_, _| {}, "header\na\n"),
        ("torn", |hidden, _| fs::write(hidden, "head").unwrap(), "header\na\n"),
        ("too long", |hidden, _| fs::write(hidden, "header\na\nb").unwrap(), "header\na\n"),
        ("zeros", |hidden, _| fs::write(hidden, [0; 9]).unwrap(), "header\na\n"),
        ("linked", |hidden, path| fs::hard_link(hidden, path).unwrap(), "header\na\n"),
        (
            "taken",
            |hidden, path| {
                fs::rename(hidden, path).unwrap();
                fs::write(path, "changed by its reader").unwrap();
            },
            "changed by its reader",
        ),
    ];
    for (name, mishap, expected) in table {
        let scratch = Scratch::new();
        let path = scratch.path("out/batch-5.tsv");
        let promise = restarted(&scratch).stage(&batch).unwrap();
        mishap(&scratch.path("out/.batch-5.tsv.7.tmp"), &path);
        let mut dir = restarted(&scratch);
        for _ in 0..2 {
            dir.redeem(&batch, &promise).unwrap();
            assert_eq!(text(&path), expected, "{name}");
            assert_eq!(names(&scratch.path("out")).len(), 1, "{name}");
        }
    }
}

#[test]
fn a_batch_that_was_published_and_taken_away_does_not_come_again() {
    let (scratch, rows) = (Scratch::new(), spool("a\n"));
    let batch = complete(7, 5, &rows);
    let mut dir = restarted(&scratch);
    let promise = dir.stage(&batch).unwrap();
    dir.publish(&batch).unwrap();
    fs::remove_file(scratch.path("out/batch-5.tsv")).unwrap();
    restarted(&scratch).redeem(&batch, &promise).unwrap();
    assert_eq!(names(&scratch.path("out")).len(), 0);
}

#[test]
fn a_batch_of_another_format_is_published_as_it_was_promised() {
    let (scratch, rows, others) = (Scratch::new(), spool("a\n"), spool("{}\n"));
    let promise = restarted(&scratch).stage(&complete(7, 5, &rows)).unwrap();
    let mut dir = Dir::open_staged(&RealDisk::default(), &scratch.path("out"), "json").unwrap();
    dir.redeem(&complete(7, 5, &others), &promise).unwrap();
    assert_eq!(text(&scratch.path("out/batch-5.tsv")), "header\na\n");
}

#[test]
fn what_is_owed_is_kept_until_it_is_redeemed_and_the_rest_is_removed_then() {
    let (scratch, rows) = (Scratch::new(), spool("a\n"));
    let path = scratch.path("out");
    let batch = complete(7, 5, &rows);
    let promise = restarted(&scratch).stage(&batch).unwrap();
    let mut alive = Dir::open_staged(&RealDisk::default(), &path, "json").unwrap();
    alive.is_clean = true;
    alive.stage(&complete(9, 9, &rows)).unwrap();
    for name in [".batch-5.tsv.tmp", ".batch-4.tsv.6.tmp", ".batch-6.tsv.8.tmp", ".x.7.tmp"] {
        fs::write(path.join(name), "").unwrap();
    }
    let all = names(&path);
    let mut dir = restarted(&scratch);
    assert_eq!(names(&path), all);
    dir.redeem(&batch, &promise).unwrap();
    assert_eq!(names(&path), [".batch-9.json.9.tmp", ".x.7.tmp", "batch-5.tsv"]);
    // A run without a checkpoint knows nothing of what is owed.
    fs::write(path.join(".batch-6.tsv.8.tmp"), "").unwrap();
    drop(Dir::open(&RealDisk::default(), &path, "tsv").unwrap());
    assert!(names(&path).contains(&".batch-6.tsv.8.tmp".to_string()));
    restarted(&scratch).stage(&complete(8, 6, &rows)).unwrap();
    assert_eq!(text(&path.join(".batch-6.tsv.8.tmp")), "header\na\n");
}

#[test]
fn a_name_that_is_taken_is_found_by_staging_and_later_the_batch_is_kept() {
    let (scratch, rows) = (Scratch::new(), spool("a\n"));
    let (path, batch) = (scratch.path("out/batch-5.tsv"), complete(7, 5, &rows));
    let mut dir = restarted(&scratch);
    fs::write(&path, "kept").unwrap();
    let mut results = vec![dir.stage(&batch).map(drop)];
    assert_eq!(names(&scratch.path("out")), ["batch-5.tsv"]);
    fs::remove_file(&path).unwrap();
    let promise = dir.stage(&batch).unwrap();
    fs::write(&path, "kept").unwrap();
    results.push(dir.publish(&batch));
    drop(dir);
    results.push(restarted(&scratch).redeem(&batch, &promise));
    for result in results {
        let error = result.unwrap_err();
        let message = error.to_string();
        assert!(message.contains("/batch-5.tsv: is there already"), "{message}");
        assert_eq!((error.exit_status(), text(&path).as_str()), (1, "kept"));
    }
    fs::remove_file(&path).unwrap();
    restarted(&scratch).redeem(&batch, &promise).unwrap();
    assert_eq!(text(&path), "header\na\n");
}

/// Another directory takes its place, with the same files.
fn copy_in_place(out: &Path, old: &Path) {
    fs::rename(out, old).unwrap();
    fs::create_dir(out).unwrap();
    for name in names(old) {
        fs::copy(old.join(&name), out.join(name)).unwrap();
    }
}

#[test]
fn a_directory_that_was_moved_or_replaced_has_its_batch_once() {
    type Mishap = fn(&Path, &Path);
    let table: [(&str, bool, &str, Mishap); 5] = [
        ("moved", true, "new", |out, new| fs::rename(out, new).unwrap()),
        ("moved", false, "new", |out, new| fs::rename(out, new).unwrap()),
        ("copied", true, "out", copy_in_place),
        ("copied", false, "out", copy_in_place),
        ("made anew", false, "out", |out, new| {
            fs::rename(out, new).unwrap();
            fs::create_dir(out).unwrap();
        }),
    ];
    for (what, is_published, name, mishap) in table {
        let (scratch, rows) = (Scratch::new(), spool("a\n"));
        let batch = complete(7, 5, &rows);
        let mut dir = restarted(&scratch);
        let promise = dir.stage(&batch).unwrap();
        if is_published {
            dir.publish(&batch).unwrap();
        }
        mishap(&scratch.path("out"), &scratch.path("new"));
        let path = scratch.path(name);
        let mut dir = Dir::open_staged(&RealDisk::default(), &path, "tsv").unwrap();
        assert!(
            dir.id().is_same_place(&promise.output) || dir.id().is_named_as(&promise.output),
            "{what}"
        );
        for _ in 0..2 {
            dir.redeem(&batch, &promise).unwrap();
            assert_eq!(names(&path), ["batch-5.tsv"], "{what}");
            assert_eq!(text(&path.join("batch-5.tsv")), "header\na\n", "{what}");
        }
    }
}

#[test]
fn what_is_no_directory_is_named() {
    let scratch = Scratch::new();
    let path = scratch.path("file");
    fs::write(&path, "").unwrap();
    for path in [path.clone(), path.join("below"), scratch.path("missing/below")] {
        let error = Dir::open(&RealDisk::default(), &path, "txt").err().unwrap();
        let named = error.to_string().starts_with(&path.display().to_string());
        assert_eq!((named, error.exit_status()), (true, 1), "{error}");
    }
}
