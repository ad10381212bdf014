//! `weir checkpoint show` and `weir checkpoint reset`.

use std::io::{Write, pipe};

use regex::Regex;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;

use crate::common::{Run, start};
use crate::{BASE, Place};

/// Masks what is another each time: where we are, numbers of files and the checkpoint's own name.
fn masked(place: &Place, shown: &str) -> String {
    let shown = shown.replace(place.path("").to_str().unwrap(), "/HERE/");
    let shown =
        Regex::new(r"\d+:\d+\n").unwrap().replace_all(&shown, "DEVICE:INODE\n").into_owned();
    let shown = Regex::new(r"((?:meta|log-\d|wal-\d) +)\d+ bytes")
        .unwrap()
        .replace_all(&shown, "${1}BYTES")
        .into_owned();
    let shown = Regex::new("[0-9.]+K in").unwrap().replace(&shown, "SIZE in").into_owned();
    Regex::new("[0-9a-f]{32}").unwrap().replace(&shown, "UUID").into_owned()
}

#[test]
fn show_says_what_there_is() {
    let place = Place::new();
    let args = "--split=, --trim --count-by-key --window 6 --slide 2 --checkpoint ck";
    let records = [(300, "a,b\n"), (1300, "a\n"), (2300, "c\n"), (9000, "ACCEPT")];
    let first = format!("{args} -o out --duration 2450ms");
    place.replay(&records, 50, &first).ok();
    let second = format!("{args} -o out --duration 1s");
    place.replay(&[(3300, "c\n"), (9000, "ACCEPT")], 3050, &second).ok();
    let wanted = "\
pipeline  replay --split , --trim --count-by-key --window 6s --slide 2s
began     2018-12-11T00:31:20.050+00:00, 1544488280050 ms
batch     3; its output is out
time      2018-12-11T00:31:24+00:00, 1544488284000 ms
input     up to entry 4 of its log
output    142 bytes at byte 133 of file /HERE/out DEVICE:INODE
unread    0 records of input in its log, 0 bytes
keys      0
panes     4
on disk   SIZE in 4 files
meta      BYTES
log-1     BYTES
log-2     BYTES
wal-2     BYTES
uuid      UUID
";
    assert_eq!(masked(&place, &place.show()), wanted);
}

/// A state of one batch that does not end by itself; a line that is too long is said.
const STATE: &str = "--count-by-key --update-state --interval 10000d --max-record 3 --format text \
                     --checkpoint ck";

/// A run that has read these lines, and has them in its log.
fn read(place: &Place, lines: &str) -> Run {
    let mut run = place.start(STATE);
    run.write(format!("{lines}too long\n"));
    run.err.line("a bad record is skipped");
    run
}

#[test]
fn show_looks_at_a_checkpoint_in_use_and_counts_what_no_batch_has_had() {
    let place = Place::new();
    place.piped(STATE, "a\nb\n").ok();
    let mut run = read(&place, "a\nx\nx\n");
    assert_eq!(place.shown("keys"), "2");
    assert_eq!(place.shown("unread"), "3 records of input in its log, 6 bytes");
    assert_eq!(place.shown("wal-2"), "4122 bytes", "there is room for more");
    let stdin = run.take_stdin();
    run.signal(Signal::TERM);
    assert_eq!(run.end().ok(), "", "the batch goes on");
    drop(stdin);
    assert_eq!(place.shown("unread"), "3 records of input in its log, 6 bytes");
    assert_eq!(place.piped(STATE, "").ok(), "a\t2\nx\t2\nb\t1\n");
    assert_eq!(place.shown("unread"), "0 records of input in its log, 0 bytes");
}

#[test]
fn show_prints_keys_and_values_as_a_report_does_also_in_use() {
    let place = Place::new();
    let state = |args: &str| place.piped(&format!("checkpoint show ck --state {args}"), "");
    place.piped(&format!("{STATE} --words"), "a b\nc\na\n").ok();
    assert_eq!(state("").ok(), "a\t2\nb\t1\nc\t1\n");
    place.piped("checkpoint reset ck", "").ok();
    assert_eq!(state("").ok(), "");
    place.piped(STATE, "x\n").ok();
    let run = read(&place, "y\n");
    assert_eq!(state("").ok(), "x\t1\n");
    run.signal(Signal::KILL);
    let said = "weir: the argument '--state' cannot be used with '--json'";
    assert!(state("--json").failed(2).starts_with(said));
}

#[test]
fn what_show_prints_of_keys_is_escaped_ordered_and_without_keys_one_value() {
    let table = [
        ("--count --update-state", "5\n"),
        ("--count-by-key --update-state", "x\t3\na\\tb\t1\nc\t1\n"),
        ("--count-by-key --update-state --sort none", "c\t1\nx\t3\na\\tb\t1\n"),
    ];
    for (pipeline, wanted) in table {
        let place = Place::new();
        place.piped(&format!("{pipeline} --once --checkpoint ck -q"), "c\nx\na\tb\nx\nx\n").ok();
        assert_eq!(place.piped("checkpoint show ck --state", "").ok(), wanted, "{pipeline}");
    }
}

#[test]
fn show_prints_what_the_window_that_is_due_next_holds_so_far() {
    let place = Place::new();
    let args = "--count-by-key --window 6 --slide 2 --checkpoint ck";
    let records = [(300, "a\n"), (1300, "b\n"), (5300, "b\nc\n"), (19_000, "ACCEPT")];
    let state = || place.piped("checkpoint show ck --state", "").ok().to_string();
    place.replay(&records, 50, &format!("{args} --duration 2s")).ok();
    assert_eq!(state(), "a\t1\nb\t1\n");
    place.replay(&records, 2050, &format!("{args} --duration 6s")).ok();
    // The window of 8 has what came after 2.
    assert_eq!(state(), "b\t1\nc\t1\n");
}

#[test]
fn of_what_keeps_nothing_there_is_no_state() {
    for pipeline in ["--count-by-key", "--trim"] {
        let place = Place::new();
        place.piped(&format!("{pipeline} --once --checkpoint ck -q"), "a\n").ok();
        let said = "weir: ck: its pipeline keeps nothing from batch to batch\n";
        assert_eq!(place.piped("checkpoint show ck --state", "").failed(2), said);
    }
}

#[test]
fn show_json_is_one_object_in_a_line() {
    let place = Place::new();
    place.piped(STATE, "a\nb\n").ok();
    let shown = place.piped("checkpoint show ck --json", "").ok().to_string();
    assert_eq!(shown.lines().count(), 1);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["keys"], &shown["record"]), (&2.into(), &0.into()));
    assert_eq!(shown["pipeline"], "stdin --count-by-key --update-state");
    let files = shown["files"].as_object().unwrap();
    let bytes: u64 = files.values().map(|bytes| bytes.as_u64().unwrap()).sum();
    assert_eq!(shown["bytes"], bytes);
}

#[test]
fn checkpoint_alone_shows_its_own_usage() {
    let place = Place::new();
    let said = place.piped("checkpoint", "").failed(2).to_string();
    assert!(said.starts_with("weir: a command is missing\n\n"), "{said}");
    assert!(said.contains("weir checkpoint <COMMAND>") && said.contains("  reset "), "{said}");
    let said = place.piped("checkpoint shw ck", "").failed(2).to_string();
    assert!(
        said.starts_with("weir: unrecognized command 'shw'") && !said.contains("source"),
        "{said}"
    );
}

#[test]
fn show_and_reset_refuse_what_is_no_checkpoint_and_leave_it_alone() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    std::fs::write(place.path("file"), "mine").unwrap();
    let table = [
        ("empty", 2, "empty: this is no checkpoint"),
        (".", 2, ".: this is no checkpoint"),
        ("file", 1, "file: not a directory"),
        ("missing", 1, "missing: no such file or directory"),
    ];
    for (dir, status, said) in table {
        for command in ["show", "reset", "reset --keep-offsets"] {
            let ended = place.piped(&format!("checkpoint {command} {dir}"), "");
            assert_eq!(ended.failed(status), format!("weir: {said}\n"));
        }
    }
    assert_eq!(
        (place.names(""), place.names("empty")),
        (vec!["empty".into(), "file".into()], vec![])
    );
}

#[test]
fn a_reset_says_that_it_gives_up_what_was_owed() {
    let place = Place::new();
    let mut command = place.weir(STATE);
    let (reader, mut writer) = pipe().unwrap();
    let size = fcntl_setpipe_size(&writer, 4096).unwrap();
    writer.write_all(&vec![b'x'; size]).unwrap();
    command.stdin(crate::filled("a\n")).stdout(writer);
    let run = start(command);
    place.until_owed();
    drop(reader);
    assert_eq!(run.end().ok(), "");
    assert_eq!(place.shown("batch"), "0; its output is owed: the next start begins with it");
    let ended = place.piped("checkpoint reset ck --keep-offsets", "");
    let said = "reset; the next start goes on behind batch 0; the output of batch 0 was owed, and \
                is given up";
    assert_eq!(ended.ok(), format!("ck: {said}\n"));
    assert_eq!(place.shown("keys"), "0");
    assert_eq!(place.piped(STATE, "b\n").ok(), "b\t1\n");
}

#[test]
fn a_reset_forgets_all_and_one_that_keeps_offsets_begins_with_what_was_unread() {
    let table = [
        (
            "",
            "reset; the next start begins afresh; 6 bytes of input that no batch has had are given up",
            "a\t1\n",
        ),
        (
            "--keep-offsets",
            "reset; the next start goes on behind batch 0; 6 bytes of input that no batch has had come first",
            "a\t2\nx\t2\n",
        ),
    ];
    for (flags, said, counts) in table {
        let place = Place::new();
        place.piped(STATE, "a\nb\n").ok();
        let run = read(&place, "a\nx\nx\n");
        place.piped(&format!("checkpoint reset ck {flags}"), "").failed(1);
        run.signal(Signal::KILL);
        run.end();
        assert_eq!(place.shown("unread"), "3 records of input in its log, 6 bytes");
        let ended = place.piped(&format!("checkpoint reset ck {flags}"), "");
        assert_eq!(ended.ok(), format!("ck: {said}\n"));
        assert_eq!(
            (place.shown("pipeline"), place.shown("keys")),
            ("any: it was reset".into(), "0".into())
        );
        assert_eq!(place.piped(STATE, "a\n").ok(), counts);
    }
}

#[test]
fn after_a_reset_in_the_same_interval_a_directory_gets_a_later_time() {
    for flags in ["", "--keep-offsets"] {
        let place = Place::new();
        let args = "--count --format text --interval 5s --checkpoint ck --output-dir parts";
        place.replay(&[(300, "a\n")], 50, args).ok();
        place.piped(&format!("checkpoint reset ck {flags}"), "").ok();
        place.replay(&[(600, "b\nb\n")], 400, args).ok();
        let names = [5000, 10_000].map(|time| format!("batch-{}.txt", BASE + time));
        assert_eq!(place.names("parts"), names, "{flags}");
        let parts = names.map(|name| place.text(&format!("parts/{name}")));
        assert_eq!(parts, ["1\n", "2\n"], "{flags}");
    }
}

#[test]
fn a_name_that_is_taken_is_found_before_a_batch_is_decided() {
    let place = Place::new();
    let args = "--count --format text --interval 5s --checkpoint ck --output-dir parts -o out";
    place.replay(&[(300, "a\n")], 50, &format!("{args} --duration 4s")).ok();
    let record = place.shown("batch");
    // Somebody takes a name that comes later in the run.
    let name = format!("parts/batch-{}.txt", BASE + 30_000);
    std::fs::write(place.path(&name), "kept").unwrap();
    let records = [(11_000, "b\nb\n"), (26_000, "c\nc\nc\n")];
    let ended = place.replay(&records, 10_400, args);
    let said = format!("{name}: is there already, and is not replaced; move it, or name another");
    assert!(ended.failed(1).contains(&said), "{}", ended.err);
    assert_ne!(place.shown("batch"), record);
    assert!(place.shown("batch").ends_with("its output is out"), "{}", place.shown("batch"));
    // What no batch has had is in the log, and comes under a later Time.
    place.replay(&[], 31_000, args).ok();
    assert_eq!((place.text(&name), place.text("out").contains("\n3\n")), ("kept".into(), true));
}
