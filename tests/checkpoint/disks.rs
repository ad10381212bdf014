//! Disks that are full, files that are replaced or deleted, and runs without a log of the input.

use std::fs::{self, File, OpenOptions};
use std::io::Write;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;

use crate::Place;
use crate::common::{Ended, complaints, start};

/// Runs weir where no file can have more than 4096 bytes: that is met as the end of a disk is.
fn where_little_fits(place: &Place, args: &str, input: &str) -> Ended {
    let script = format!(r#"ulimit -f 8; exec "$WEIR" {args}"#);
    let mut command = place.shell(&script);
    command.stdin(crate::filled(input));
    start(command).end()
}

fn keys(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| format!("key-{n:03}\n")).collect()
}

/// One batch of whatever comes, in which each key stands once.
const ONCE: &str = "--once --skip-empty --count-by-key --format json --no-time --sort key \
                    --checkpoint ck -o out -q";

fn rows(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| format!("{{\"key\":\"key-{n:03}\",\"value\":1}}\n")).collect()
}

/// A run that does well without saying anything.
fn counted(place: &Place, input: &str) {
    assert_eq!(place.piped(ONCE, input).ok(), "");
}

#[test]
fn a_log_of_the_input_that_is_full_ends_the_run_and_the_next_one_goes_on() {
    let place = Place::new();
    counted(&place, &keys(0..5));
    let ended = where_little_fits(&place, ONCE, &keys(5..600));
    assert_eq!(ended.failed(1), "weir: ck/wal-2 (4795 bytes at 26): file too large\n");
    assert_eq!(place.text("out"), rows(0..5));
    counted(&place, &keys(600..605));
    assert_eq!(place.text("out"), rows(0..5) + &rows(600..605));
}

#[test]
fn a_log_that_is_full_ends_the_run_and_the_next_one_counts_what_was_read() {
    let place = Place::new();
    counted(&place, &keys(0..5));
    let ended = where_little_fits(&place, ONCE, &keys(5..300));
    let said = ended.failed(1).strip_prefix("weir: ck/log-2 (").unwrap();
    assert!(said.ends_with("): file too large\n"), "{said}");
    assert_eq!(place.text("out"), rows(0..5));
    counted(&place, &keys(300..302));
    assert_eq!(place.text("out"), rows(0..5) + &rows(5..302), "the log of the input had them");
}

#[test]
fn a_file_that_is_full_ends_the_run_and_the_next_one_writes_the_batch_whole() {
    let place = Place::new();
    counted(&place, &keys(0..5));
    let args = ONCE.trim_end_matches(" -q");
    let ended = where_little_fits(&place, args, &keys(5..200));
    let written = 4096 - rows(0..5).len();
    let said = format!("weir: out: file too large; {written} bytes of the batch are written\n");
    assert_eq!(complaints(ended.failed(1)), said);
    assert_eq!(place.text("out").len(), 4096);
    let ended = place.piped(args, &keys(200..205));
    let said = "weir: out: a batch was cut short at byte 4096; it is written again\n";
    assert_eq!((ended.status, complaints(&ended.err).as_str()), (0, said));
    assert_eq!(place.text("out"), rows(0..205));
}

/// Each record's count at once, to stdout and a file.
const EACH: &str = "--count-by-key --update-state --interval 0 --format text --checkpoint ck";

#[test]
fn a_file_that_is_deleted_or_replaced_is_followed_and_no_batch_is_torn() {
    let place = Place::new();
    let args = format!("{EACH} -o out -o -");
    let mut run = place.start(&args);
    run.write("a\n");
    assert_eq!(run.out.line(""), "a\t1");
    fs::rename(place.path("out"), place.path("out.1")).unwrap();
    run.write("a\n");
    assert_eq!(run.out.line(""), "a\t2");
    let said = "weir: out: was replaced or deleted; going on in the file that is there now";
    assert_eq!(run.err.line(""), said);
    fs::write(place.path("new"), "of somebody else\n").unwrap();
    fs::rename(place.path("new"), place.path("out")).unwrap();
    run.write("a\n");
    assert_eq!((run.out.line(""), run.err.line("")), ("a\t3".to_string(), said.to_string()));
    assert_eq!(run.end().status, 0);
    assert_eq!([place.text("out.1"), place.text("out")], ["a\t1\n", "of somebody else\na\t3\n"]);
    // Between runs nothing needs to be said: every batch was out.
    fs::remove_file(place.path("out")).unwrap();
    assert_eq!(place.piped(&args, "a\n").ok(), "a\t4\n");
    assert_eq!(place.text("out"), "a\t4\n");
}

/// A run that was killed when the file had its batch, but not all outputs.
fn killed_while_owing(place: &Place) {
    mkfifoat(CWD, place.path("fifo"), Mode::RWXU).unwrap();
    let script = format!(r#"exec "$WEIR" {ONCE} --exec 'echo at work; read x < fifo'"#);
    let mut run = start(place.shell(&script));
    run.write(keys(0..5));
    run.close();
    run.out.line("at work");
    run.signal(Signal::KILL);
    OpenOptions::new().write(true).open(place.path("fifo")).unwrap().write_all(b"x\n").unwrap();
    assert_eq!(run.end().status, 128 + 9);
    assert_eq!(place.text("out"), rows(0..5));
}

#[test]
fn a_batch_that_is_owed_is_found_in_a_file_that_was_moved_between_runs() {
    let place = Place::new();
    killed_while_owing(&place);
    fs::rename(place.path("out"), place.path("out.1")).unwrap();
    let ended = place.piped(ONCE.trim_end_matches(" -q"), "");
    let said = "weir: the last batch before the stop may not be whole in \"exec\", which is no output \
                now; nothing takes its place\n";
    assert_eq!((ended.status, complaints(&ended.err).as_str()), (0, said));
    assert_eq!([place.text("out.1"), place.text("out")], [rows(0..5), String::new()]);
}

#[test]
fn a_file_deleted_between_runs_gets_the_batch_that_is_owed() {
    let place = Place::new();
    killed_while_owing(&place);
    // While it is open its number is no other file's.
    let _deleted = File::open(place.path("out")).unwrap();
    fs::remove_file(place.path("out")).unwrap();
    let ended = place.piped(ONCE.trim_end_matches(" -q"), "");
    let said = "weir: the last batch before the stop may not be whole in \"exec\", which is no output \
                now; nothing takes its place\n\
                weir: out: was replaced or deleted since the last batch, which may be in the old \
                file; it is written to the file that is there now\n";
    assert_eq!((ended.status, complaints(&ended.err).as_str()), (0, said));
    assert_eq!(place.text("out"), rows(0..5));
}

#[test]
fn bytes_of_somebody_else_behind_the_batch_are_named_and_the_command_that_is_named_mends_it() {
    let place = Place::new();
    killed_while_owing(&place);
    let batch = rows(0..5);
    File::options().append(true).open(place.path("out")).unwrap().write_all(b"mine\n").unwrap();
    let ended = place.piped(ONCE, "never read\n");
    let (from, to) = (batch.len(), batch.len() + 5);
    let said = format!(
        "weir: out: bytes {from} to {to} stand behind the last batch, and are of somebody else; copy \
         what is needed, cut the file by `truncate -s {from} out`, and start again\n"
    );
    assert!(ended.failed(2).ends_with(&said), "{said}");
    let command = said.split('`').nth(1).unwrap();
    assert_eq!(start(place.shell(command)).end().ok(), "");
    assert_eq!(place.piped(ONCE, &keys(5..7)).status, 0);
    assert_eq!(place.text("out"), rows(0..7));
}

#[test]
fn a_checkpoint_deleted_under_a_running_weir_ends_it_before_anything_more_is_out() {
    for (flags, name) in [("", "wal-1"), ("--no-wal", "log-1")] {
        let place = Place::new();
        let mut run = place.start(&format!("{EACH} {flags} -o out -o -"));
        run.write("a\n");
        assert_eq!(run.out.line(""), "a\t1");
        fs::remove_dir_all(place.path("ck")).unwrap();
        run.write("a\n");
        let ended = run.end();
        assert_eq!(ended.failed(1), format!("weir: ck/{name}: removed while in use\n"));
        assert_eq!(place.text("out"), "a\t1\n");
    }
}

#[test]
fn without_a_log_of_the_input_what_an_earlier_one_holds_is_read_and_none_is_made() {
    let place = Place::new();
    let args = "--count-by-key --update-state --interval 10000d --max-record 3 --format text \
                --checkpoint ck";
    let killed_after = |lines: &str, flags: &str| {
        let mut run = place.start(&format!("{args} {flags}"));
        run.write(format!("{lines}too long\n"));
        run.err.line("a bad record is skipped");
        run.signal(Signal::KILL);
        assert_eq!(run.end().status, 128 + 9);
    };
    let logs = || place.names("ck").into_iter().filter(|name| name.starts_with("wal-")).collect();
    killed_after("a\nb\n", "");
    let before: Vec<String> = logs();
    assert_eq!(before, ["wal-1"]);
    killed_after("n\n", "--no-wal");
    assert_eq!(place.shown("unread"), "2 records of input in its log, 4 bytes");
    assert_eq!(place.piped(&format!("{args} --no-wal"), "a\nc\n").ok(), "a\t2\nb\t1\nc\t1\n");
    assert_eq!(place.piped(&format!("{args} --no-wal"), "d\n").ok(), "a\t2\nb\t1\nc\t1\nd\t1\n");
    assert!(logs().len() <= 1, "{:?}", logs());
    assert_eq!(place.shown("unread"), "0 records of input in its log, 0 bytes");
}
