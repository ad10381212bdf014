//! What weir is started with: a file that is both its input and its output, streams that are not open,
//! and a limit to the length of files.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::{Dir, Ended, complaints, shell, start};

/// Runs a script in a directory that has the files `x`, three lines, and `link`, a link to it.
fn in_place(script: &str) -> (Ended, Dir) {
    let dir = Dir::new();
    symlink("x", dir.path("link")).unwrap();
    dir.file("x", "a\nb\nlonger\n");
    let mut command = shell(script);
    command.current_dir(dir.path(""));
    (start(command).end(), dir)
}

#[test]
fn an_output_that_is_the_input_is_refused_before_anything_is_read_or_made() {
    let table = [
        (r#""$WEIR" --format text -o x < x"#, "--output x"),
        (r#""$WEIR" --format text -o new -o link < x"#, "--output link"),
        (r#""$WEIR" --format text -o x < link"#, "--output x"),
        (r#"ln x hard; "$WEIR" --count -o hard < x"#, "--output hard"),
        (r#""$WEIR" --count --interval 1 -o x < x"#, "--output x"),
        (r#""$WEIR" --count --checkpoint new -o x < x"#, "--output x"),
        (r#""$WEIR" --max-record 3 --on-bad x --count -o new < x"#, "--on-bad x"),
        (r#""$WEIR" --count -o /dev/stdout < x >> x"#, "--output /dev/stdout"),
    ];
    for (script, which) in table {
        let (ended, dir) = in_place(script);
        let said = format!("weir: {which}: input file is output file; name another\n");
        assert_eq!(ended.failed(2), said, "{script}");
        assert_eq!(fs::read_to_string(dir.path("x")).unwrap(), "a\nb\nlonger\n", "{script}");
        assert!(!dir.path("new").exists(), "{script}");
    }
}

#[test]
fn a_stdout_that_is_the_input_is_refused_and_named() {
    for script in [
        r#""$WEIR" --format text < x >> x"#,
        r#""$WEIR" --format text < x 1<> link"#,
        r#""$WEIR" --count -o new -o - < x >> x"#,
    ] {
        let (ended, dir) = in_place(script);
        let path = fs::canonicalize(dir.path("x")).unwrap();
        let said =
            format!("weir: stdout, {}: input file is output file; name another\n", path.display());
        assert_eq!(ended.failed(2), said, "{script}");
        assert_eq!(fs::read_to_string(path).unwrap(), "a\nb\nlonger\n", "{script}");
    }
}

#[test]
fn what_is_read_may_lie_beside_what_is_written_or_be_no_regular_file() {
    let table = [
        r#""$WEIR" --count --format text --output-dir . < x && cat batch-*.txt"#,
        r#"cp x copy; "$WEIR" --count --format text -o copy < x && tail -n 1 copy"#,
        r#""$WEIR" --count --format text -o out < x >> x && cat out"#,
        r#""$WEIR" --count --format text --on-bad /dev/null -o /dev/null < /dev/null; echo 3"#,
        r#"cat x | "$WEIR" --count --format text --once"#,
    ];
    for script in table {
        assert_eq!(in_place(script).0.ok(), "3\n", "{script}");
    }
}

const NO_STDIN: &str =
    "weir: stdin: not open; give it a pipe, a file, or < /dev/null for no lines at all\n";
#[test]
fn a_stdin_that_is_not_open_is_an_error_where_it_is_read() {
    assert_eq!(in_place(r#""$WEIR" --count <&-"#).0.failed(2), NO_STDIN);
    assert_eq!(in_place(r#""$WEIR" --count --checkpoint new -o new <&-"#).0.failed(2), NO_STDIN);
    assert_eq!(in_place(r#""$WEIR" --count --format text < /dev/null"#).0.ok(), "0\n");
    let script = r#""$WEIR" listen 0 --once --count --format text --duration 0 -q <&-"#;
    assert_eq!(in_place(script).0.ok(), "0\n");
}

#[test]
fn what_a_stdout_that_is_not_open_would_get_is_thrown_away() {
    for args in ["--count", "--count -o - -o new", "--explain", "--help", "man"] {
        let ended = in_place(&format!(r#"cat x | "$WEIR" {args} >&-"#)).0;
        assert_eq!(ended.ok(), "", "{args}");
    }
}

#[test]
fn with_a_checkpoint_what_a_stdout_that_is_not_open_would_have_got_is_owed() {
    let (ended, _dir) = in_place(
        r#"weir() { "$WEIR" --count --once --format text --checkpoint ck "$@"; }
        weir < x >&-; echo $?
        weir -q < x >&-; echo $?
        weir < /dev/null"#,
    );
    // The second one has nobody to hand out to what the first one owes, and so reads nothing.
    assert_eq!((ended.status, ended.out.as_str()), (0, "0\n0\n3\n0\n"));
    let said = "weir: stdout: not open; what is to be printed is owed to the next start\n";
    assert_eq!(complaints(&ended.err), said.repeat(2), "a loss is said with -q too");
}

/// Runs a script on 5000 lines where no file can have more than 4096 bytes.
fn limited(args: &str) -> (Ended, Dir) {
    // What comes by a pipe is logged.
    let run = match args.contains("--checkpoint") {
        true => format!(r#"cat lines | "$WEIR" {args}"#),
        false => format!(r#"exec "$WEIR" {args} < lines"#),
    };
    let script = format!("seq 5000 > lines; ulimit -f 8; {run}");
    in_place(&script)
}

#[test]
fn a_file_that_grows_beyond_the_limit_ends_the_run_with_its_path_and_size() {
    let table = [
        ("--format text -o out", "out: file too large; 4096 bytes of the batch are written"),
        (
            "--once --format text --output-dir dir --virtual-clock 1000",
            "dir/batch-1000.txt: file too large; 4096 bytes of the batch are written",
        ),
        ("--max-record 1 --count --on-bad bad", "bad (83 bytes): file too large"),
        ("--once --format text --exec cat", "memory for the batch (23893 bytes): file too large"),
        (
            "--once --count --checkpoint ck --virtual-clock 1000",
            "ck/wal-1 (23928 bytes at 26): file too large",
        ),
    ];
    for (args, said) in table {
        let (ended, dir) = limited(args);
        // A directory is named in full.
        let err = ended.failed(1).replace(dir.path("").to_str().unwrap(), "");
        assert_eq!(err, format!("weir: {said}\n"), "{args}");
    }
    let (ended, dir) = limited("--format text > printed");
    assert_eq!(ended.failed(1), "weir: stdout: file too large\n");
    assert_eq!(fs::read(dir.path("printed")).unwrap().len(), 4096);
}

#[test]
fn a_line_without_an_end_keeps_neither_batches_nor_the_end_waiting() {
    let script = r#""$WEIR" --interval 100ms --count --batches 3 --format text < /dev/zero"#;
    let ended = in_place(script).0;
    assert_eq!((ended.status, ended.out.as_str()), (0, "0\n0\n0\n"), "{}", ended.err);
    assert!(ended.err.contains("longer than --max-record"), "{}", ended.err);
}

#[test]
fn commands_have_the_limit_as_it_is_without_weir() {
    let ended = limited("--once --count --exec 'exec head -c 5000 /dev/zero > out'").0;
    let said = "was ended by signal 25";
    assert!(ended.failed(1).contains(said), "{}", ended.err);
    let status = limited("--once --count --format text --exec 'grep SigIgn /proc/self/status'").0;
    let mask = status.ok().split_whitespace().nth(1).unwrap().to_string();
    assert_eq!(u64::from_str_radix(&mask, 16).unwrap() >> 24 & 1, 0, "{mask}");
}

#[test]
fn an_argument_that_is_not_utf_8_is_told_with_its_flag_and_where_that_stands() {
    let table = [
        ("WEIR_TOP=$byte \"$WEIR\" --count-by-key", "WEIR_TOP: --top"),
        ("\"$WEIR\" --count-by-key --top a$byte", "--top"),
        ("\"$WEIR\" --interval=$byte --count", "--interval"),
        ("echo \"--top $byte\" > args; \"$WEIR\" --config args --count", "args:1: --top"),
        ("WEIR_PROPERTY=sasl.password=geheim$byte \"$WEIR\" kafka", "WEIR_PROPERTY: --property"),
    ];
    for (script, place) in table {
        let ended = in_place(&format!("byte=$(printf '\\377'); export byte; {script} < x")).0;
        let said = format!("weir: {place}: the byte \\xff is not UTF-8\n");
        assert_eq!(ended.failed(2), said, "{script}");
    }
    // Where any byte may stand, it does.
    let script =
        r#"byte=$(printf '\377'); "$WEIR" --count --format text -o "$byte" < x; cat "$byte""#;
    assert_eq!(in_place(script).0.ok(), "3\n");
}

#[test]
fn a_mark_of_the_byte_order_is_no_part_of_a_file_of_arguments() {
    let script =
        r#"printf '\357\273\277--format text\n' > args; "$WEIR" --config args --count < x"#;
    assert_eq!(in_place(script).0.ok(), "3\n");
}
