//! Where batches go beside stdout: files, directories, commands; and what becomes of them when files
//! are full, missing or replaced, commands fail, readers go and signals come.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{BASE, Dir, Ended, Run, WEIR, from, on_file, piped, replayed, shell, start, weir};
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;

/// Four batches of lines, the first and the third of them empty.
const SCRIPT: &str = r#"[[0.3, "a\nb\na\n"], [2.5, "c\n"]]"#;

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// The files of a directory, hidden ones too, with what is in them.
fn files(dir: impl AsRef<Path>) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), text(entry.path()))).collect()
}

/// The arguments, and a path at their end.
fn at<'a>(args: &str, path: &'a Path) -> Vec<&'a str> {
    let args: Vec<&'a str> = args.to_string().leak().split_whitespace().collect();
    [args, vec![path.to_str().unwrap()]].concat()
}

fn fifo(dir: &Dir) -> PathBuf {
    let path = dir.path("fifo");
    mkfifoat(CWD, &path, Mode::RWXU).unwrap();
    path
}

/// Who reads a fifo, and waits for whoever writes there.
fn reader(fifo: &Path) -> Run {
    start(shell(&format!("exec cat {}", fifo.display())))
}

#[test]
fn a_file_gets_what_stdout_would_have_printed_and_runs_append() {
    let dir = Dir::new();
    let path = dir.path("out");
    for args in ["--count-by-key", "--count --format json", "--format text", "--words --format tsv"]
    {
        let args: Vec<_> = args.split(' ').collect();
        let printed = replayed(SCRIPT, &args).ok().to_string();
        assert!(printed.len() > 6, "{args:?}");
        for run in 1..3 {
            assert_eq!(replayed(SCRIPT, &[&args[..], &at("-o", &path)].concat()).ok(), "");
            assert_eq!(text(&path), printed.repeat(run), "{args:?}");
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn several_outputs_get_the_same_batches_and_stdout_only_if_asked_for() {
    let dir = Dir::new();
    let [one, two, parts, third] = ["one", "two", "parts", "third"].map(|name| dir.path(name));
    let printed = replayed(SCRIPT, &["--count-by-key"]).ok().to_string();
    let command = format!("cat >> {}", third.display());
    let mut args = at("--count-by-key -o", &one);
    args.extend(at("--output", &two));
    args.extend(at("--output-dir", &parts));
    args.extend(["--exec", &command]);
    for (stdout, expected) in [(&[][..], ""), (&["-o", "-"], printed.as_str())] {
        assert_eq!(replayed(SCRIPT, &[&args, stdout].concat()).ok(), expected);
        let together: String = files(&parts).into_values().collect();
        for written in [text(&one), text(&two), text(&third), together] {
            assert_eq!(written, printed);
        }
        [&one, &two, &third].into_iter().for_each(|path| fs::remove_file(path).unwrap());
        fs::remove_dir_all(&parts).unwrap();
    }
}

#[test]
fn a_directory_has_a_file_a_batch_named_by_its_time() {
    let dir = Dir::new();
    let table = [("tsv", "tsv"), ("json", "json"), ("text", "txt"), ("pprint", "txt")];
    for (format, extension) in table {
        for aggregate in ["--count-by-key", "--utc"] {
            let path = dir.path(&format!("{format}{aggregate}"));
            let args = at(&format!("{aggregate} --format {format} --output-dir"), &path);
            assert_eq!(replayed(SCRIPT, &args).ok(), "");
            let files = files(&path);
            let names =
                [0, 1, 2, 3i64].map(|n| format!("batch-{}.{extension}", 1544488280000 + n * 1000));
            assert!(files.keys().eq(&names), "{files:?}");
            if format != "pprint" {
                let lines = files.values().map(|text| text.lines().count());
                let first = if aggregate == "--utc" { 3 } else { 2 };
                assert!(lines.eq([0, first, 0, 1]), "{files:?}");
            }
        }
    }
}

#[test]
fn each_file_has_its_header_and_one_that_is_appended_to_has_one() {
    let dir = Dir::new();
    let [parts, one] = ["parts", "one"].map(|name| dir.path(name));
    let args = "--count --format tsv --no-time --header -o - --exec cat --output-dir";
    let args = [at(args, &parts), at("-o", &one)].concat();
    let printed = replayed(SCRIPT, &args).ok().to_string();
    let expected = "value\n0\nvalue\n0\n3\nvalue\n3\n0\nvalue\n0\n1\nvalue\n1\n";
    assert_eq!(printed, expected, "stdout and cat in turn");
    assert_eq!(text(&one), "value\n0\n3\n0\n1\n");
    assert!(files(&parts).values().eq(["value\n0\n", "value\n3\n", "value\n0\n", "value\n1\n"]));
    let again = at("--count --format tsv --no-time --header -o", &one);
    replayed(SCRIPT, &again).ok();
    assert_eq!(text(&one), "value\n0\n3\n0\n1\n0\n3\n0\n1\n");
}

#[test]
fn skipped_batches_make_no_file_and_run_no_command() {
    let dir = Dir::new();
    let [parts, one] = ["parts", "one"].map(|name| dir.path(name));
    let args = "--count-by-key --skip-empty --format text --output-dir";
    let args = [at(args, &parts), at("-o", &one), vec!["--exec", "echo $WEIR_TIME"]].concat();
    assert_eq!(replayed(SCRIPT, &args).ok(), "1544488281000\n1544488283000\n");
    let parts = files(&parts);
    assert!(parts.keys().eq(["batch-1544488281000.txt", "batch-1544488283000.txt"]), "{parts:?}");
    assert_eq!(text(&one), "a\t2\nb\t1\nc\t1\n");
}

#[test]
fn wrong_paths_are_found_before_anything_is_read() {
    let dir = Dir::new();
    let file = dir.file("file", "");
    let table = [
        ("-o", dir.path("missing/out"), "no such file or directory"),
        ("-o", dir.path(""), "is a directory"),
        ("--output-dir", dir.path("missing/parts"), "no such file or directory"),
        ("--output-dir", file, "not a directory"),
    ];
    for (flag, path, said) in table {
        let mut run = start(weir(&at(&format!("--count {flag}"), &path)));
        let _stdin = run.take_stdin();
        let message = format!("weir: {}: {said}\n", path.display());
        assert_eq!(run.end().failed(1), message);
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let table = [
        (
            &["--interval", "0", "--output-dir", "x"][..],
            "--output-dir: with --interval 0 there are",
        ),
        (&["--interval", "0", "--exec", "cat"], "--exec: with --interval 0 there are no batches"),
        (&["--exec", ""], "--exec: what is empty is no command"),
        (&["--on-exec-fail", "warn"], "--on-exec-fail: needs --exec, whose command it is about"),
        (&["-o", ""], "a value is required for '--output <FILE>'"),
        (&["--output-dir", ""], "a value is required for '--output-dir <DIR>'"),
    ];
    for (args, message) in table {
        let ended = piped(args, "a\n");
        assert!(ended.failed(2).starts_with(&format!("weir: {message}")), "{ended:?}");
    }
    assert!(!Path::new("x").exists());
}

#[test]
fn a_full_device_is_named_with_how_much_is_written() {
    let dir = Dir::new();
    let small = on_file(&["--count", "-o", "/dev/full"], "a\n");
    let message = "/dev/full: no space left on device; 0 bytes of the batch are written\n";
    assert_eq!(small.failed(1), format!("weir: {message}"));
    // A limit of the size of files is met as the end of a disk is: after some of the batch.
    for (flag, name) in [("-o", "out"), ("--output-dir", "parts")] {
        let path = dir.path(name);
        let limit = r#"trap '' XFSZ; ulimit -f 8; exec "$WEIR" --once --format text"#;
        let mut run = start(shell(&format!("{limit} {flag} {}", path.display())));
        run.write("1234567\n".repeat(1000));
        let ended = run.end();
        let message = ended.failed(1);
        assert!(message.starts_with(&format!("weir: {}", path.display())), "{message}");
        let what = ": file too large; 4096 bytes of the batch are written\n";
        assert!(message.ends_with(what), "{message}");
    }
    assert_eq!(text(dir.path("out")).len(), 4096);
    assert!(files(dir.path("parts")).is_empty(), "what is not complete is not left");
}

#[test]
#[allow(clippy::print_stderr, reason = "the one who runs the tests is to know what was left out")]
fn a_directory_that_cannot_be_written_to_is_named() {
    let dir = Dir::new();
    let path = dir.path("parts");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o555)).unwrap();
    let out = path.join("out");
    let table = [
        (at("--count -o", &out), "/out: permission denied\n"),
        (at("--count --output-dir", &path), ".txt.tmp: permission denied\n"),
    ];
    for (args, said) in table {
        let mut command = weir(&args);
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            // The binary and the directory may lie where nobody but root can look.
            let seen = Command::new(WEIR).arg("man").uid(65534).output();
            let listed = Command::new("ls").arg(&path).uid(65534).output();
            if seen.is_err() || !listed.is_ok_and(|ls| ls.status.success()) {
                eprintln!("skipped: for root every directory can be written to");
                return;
            }
            command.uid(65534);
        }
        let ended = start(command).end();
        assert!(ended.failed(1).ends_with(said), "{ended:?}");
    }
}

#[test]
fn a_fifo_gets_records_as_they_come_and_batches_when_they_end() {
    for (args, input) in
        [("--format text --interval 10000d -o", "a\nb\n"), ("--interval 0 -o", "a\nb\n")]
    {
        let dir = Dir::new();
        let path = fifo(&dir);
        let mut run = start(weir(&at(args, &path)));
        let mut reader = reader(&path);
        for record in input.lines() {
            run.write(format!("{record}\n"));
            assert_eq!(reader.out.line(""), record, "while the batch is open");
        }
        assert_eq!(run.end().ok(), "");
    }
    let dir = Dir::new();
    let path = fifo(&dir);
    let mut run = start(weir(&at("--count --format text --once -o", &path)));
    let reader = reader(&path);
    run.write("a\nb\n");
    assert_eq!(run.end().ok(), "");
    assert_eq!(reader.end().ok(), "2\n");
}

#[test]
fn a_reader_of_a_fifo_that_goes_is_an_error() {
    let dir = Dir::new();
    let path = fifo(&dir);
    let run = start(weir(&at("--count --once -o", &path)));
    start(shell(&format!(": < {}", path.display()))).end().ok();
    let message =
        format!("weir: {}: broken pipe; 0 bytes of the batch are written\n", path.display());
    assert_eq!(run.end().failed(1), message);
}

#[test]
fn a_file_that_is_rotated_is_followed_and_that_is_said() {
    let dir = Dir::new();
    let (path, old) = (dir.path("out"), dir.path("out.1"));
    let mut run = start(weir(&at("--interval 0 -o - -o", &path)));
    let mut other = start(weir(&at("--interval 0 -q -o - -o", &dir.path("quiet"))));
    for (step, record) in ["a\n", "b\n", "c\n", "d\n"].into_iter().enumerate() {
        for run in [&mut run, &mut other] {
            run.write(record);
            assert_eq!(run.out.line(""), record.trim());
        }
        // The file has been looked at before stdout has the record.
        match step {
            0 => fs::rename(&path, &old).unwrap(),
            2 => fs::remove_file(dir.path("quiet")).unwrap(),
            _ => {}
        }
    }
    let said = format!(
        "weir: {}: was replaced or deleted; going on in the file that is there now\n",
        path.display()
    );
    let ended = run.end();
    assert_eq!((ended.status, ended.err), (0, said), "once");
    assert_eq!((text(&old).as_str(), text(&path).as_str()), ("a\n", "b\nc\nd\n"));
    other.end().ok();
    assert_eq!(text(dir.path("quiet")), "d\n");
}

#[test]
fn no_batch_is_seen_before_it_is_complete() {
    let dir = Dir::new();
    let path = dir.path("parts");
    let mut run = start(weir(&at("--interval 20ms --num all --output-dir", &path)));
    let (mut stdin, mut blocks) = (Some(run.take_stdin()), 0..200);
    let mut seen = BTreeMap::new();
    let is_complete = |text: &str| text.ends_with("\n\n");
    run.err.until_end(|| {
        match (blocks.next(), &mut stdin) {
            (Some(n), Some(to)) => {
                to.write_all(format!("{n:0999}\n").repeat(100).as_bytes()).unwrap()
            }
            _ => stdin = None,
        }
        for entry in fs::read_dir(&path).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with('.') || seen.contains_key(&name) {
                continue;
            }
            let text = text(path.join(&name));
            assert!(name.starts_with("batch-") && is_complete(&text), "{name}");
            seen.insert(name, text);
        }
    });
    assert_eq!(run.status(), 0);
    let files = files(&path);
    assert!(seen.len() > 1 && seen.iter().all(|(name, text)| files[name] == *text));
    let records = files.values().flat_map(|text| text.lines().filter(|line| line.len() == 999));
    assert!(
        records.map(|line| line.parse::<u32>().unwrap() as usize).eq((0..20_000).map(|n| n / 100))
    );
}

#[test]
fn a_run_in_the_same_interval_takes_the_next_time() {
    let dir = Dir::new();
    let path = dir.path("parts");
    let args = at("--count --format text --output-dir", &path);
    for input in ["a\n", "a\nb\n", "a\nb\nc\n"] {
        assert_eq!(on_file(&args, input).ok(), "");
    }
    let base: i64 = BASE.parse().unwrap();
    let expected =
        [1, 2, 3].map(|n| (format!("batch-{}.txt", base + n * 1000 - 1000), format!("{n}\n")));
    assert!(files(&path).into_iter().eq(expected), "{:?}", files(&path));
}

#[test]
fn a_name_that_is_taken_while_weir_runs_is_left_to_whoever_has_it() {
    let dir = Dir::new();
    let path = dir.path("parts");
    let mut run = start(weir(&at("--interval 10000d --format text -o - --output-dir", &path)));
    run.write("a\n");
    run.out.line("a");
    let hidden = files(&path).into_keys().next().unwrap();
    let name = hidden.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp")).unwrap();
    fs::write(path.join(name), "kept").unwrap();
    run.close();
    assert_eq!(run.end().status, 0);
    let texts: Vec<_> = files(&path).into_values().collect();
    assert_eq!(texts, ["kept", "a\n"]);
}

#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next() {
    let dir = Dir::new();
    let path = dir.path("parts");
    let mut run = start(weir(&at("--interval 10000d --format text -o - --output-dir", &path)));
    run.write("a\n");
    run.out.line("a");
    // stdout is the first to have the record; the hidden file is made before that.
    run.signal(Signal::KILL);
    assert_eq!(run.end().status, 128 + 9);
    let left = files(&path);
    assert!(left.len() == 1 && left.keys().all(|name| name.starts_with(".batch-")), "{left:?}");
    assert_eq!(on_file(&at("--count --format text --output-dir", &path), "a\n").ok(), "");
    assert!(files(&path).keys().eq([&format!("batch-{BASE}.txt")]));
}

#[test]
fn a_command_is_told_the_time_and_the_rows_of_each_batch() {
    let told = |args: &[&str]| {
        let exec = ["--exec", "echo $WEIR_TIME $WEIR_RECORDS; wc -l"];
        replayed(SCRIPT, &[args, &exec].concat()).ok().replace('\n', " ")
    };
    let times = ["1544488280000", "1544488281000", "1544488282000", "1544488283000"];
    let expected = |rows: [[u32; 2]; 4]| -> String {
        let batch = times.iter().zip(rows);
        batch.map(|(time, [rows, lines])| format!("{time} {rows} {lines} ")).collect()
    };
    assert_eq!(
        told(&["--count-by-key", "--format", "tsv"]),
        expected([[0, 0], [2, 2], [0, 0], [1, 1]])
    );
    assert_eq!(told(&["--format", "text"]), expected([[0, 0], [3, 3], [0, 0], [1, 1]]));
    // pprint prints of two rows one, and the dots, in a frame of four lines.
    assert_eq!(told(&["--count-by-key", "--num", "1"]), expected([[0, 4], [2, 6], [0, 4], [1, 5]]));
    assert_eq!(told(&["--num", "1"]), expected([[0, 4], [3, 6], [0, 4], [1, 5]]));
}

#[test]
fn a_command_that_fails_ends_the_run() {
    let table = [
        ("false", r#""false": ended with status 1"#),
        ("exit 7", r#""exit 7": ended with status 7"#),
        ("kill -9 $$", r#""kill -9 $$": was ended by signal 9"#),
    ];
    for (command, how) in table {
        let ended = on_file(&["--count", "--exec", command], "a\n");
        let message = format!(
            "weir: --exec {how}, at the batch of WEIR_TIME {BASE}; the status of the last command in it \
             counts: end it with `; true`, or go on by --on-exec-fail warn, or retry\n"
        );
        assert_eq!(ended.failed(1), message);
    }
    let ended = on_file(&["--count", "--exec", "no-such-command 2>&-"], "a\n");
    let message = format!(
        "weir: --exec \"no-such-command 2>&-\": ended with status 127: there is no such command, or it \
         cannot be run, at the batch of WEIR_TIME {BASE}\n"
    );
    assert_eq!(ended.failed(1), message);
    // The batches before it are done, and none after it.
    let command = "echo $WEIR_TIME; [ $WEIR_TIME -lt 1544488282000 ]";
    let ended = replayed(SCRIPT, &["--count", "--exec", command]);
    assert_eq!(
        (ended.status, ended.out.as_str()),
        (1, "1544488280000\n1544488281000\n1544488282000\n")
    );
}

#[test]
fn the_usual_alert_line_ends_the_run_at_the_first_quiet_batch_and_what_is_said_of_it_helps() {
    let alert = r#"read n; [ "$n" -gt 1 ] && echo "$n lines at once""#;
    let said = replayed(SCRIPT, &["--count", "--format", "text", "--exec", alert]);
    assert_eq!(said.status, 1);
    let told = said.err.split('`').nth(1).unwrap();
    let flag = said.err.split("go on by ").nth(1).unwrap().split(',').next().unwrap();
    let ways = [
        (format!("{alert}{told}"), vec![]),
        (alert.to_string(), flag.split(' ').collect()),
        (r#"read n; if [ "$n" -gt 1 ]; then echo "$n lines at once"; fi"#.to_string(), vec![]),
    ];
    for (command, flags) in ways {
        let args = [&["--count", "--format", "text", "--exec", &command], &flags[..]].concat();
        let ended = replayed(SCRIPT, &args);
        assert_eq!((ended.status, ended.out.as_str()), (0, "3 lines at once\n"), "{command}");
    }
}

#[test]
fn a_command_that_fails_may_be_said_and_the_batches_go_on() {
    let command = "echo $WEIR_TIME; [ $WEIR_TIME -ne 1544488281000 ]";
    let args = ["--count", "--exec", command, "--on-exec-fail", "warn"];
    for quiet in [&[][..], &["-q"]] {
        let ended = replayed(SCRIPT, &[&args, quiet].concat());
        let said = format!(
            "weir: --exec {command:?}: ended with status 1, at the batch of WEIR_TIME 1544488281000\n"
        );
        assert_eq!((ended.status, ended.err), (0, said));
        assert_eq!(ended.out.lines().count(), 4);
    }
}

#[test]
fn a_command_that_fails_may_be_tried_again_with_longer_and_longer_pauses() {
    let dir = Dir::new();
    let command = format!(
        "read n; cd {}; echo >> tries; [ $(wc -l < tries) -gt 3 ] && echo $n",
        dir.path("").display()
    );
    let args = ["--count", "--format", "text", "--exec", &command, "--on-exec-fail", "retry"];
    let ended = on_file(&args, "a\nb\n");
    let said = format!(
        "weir: --exec {command:?}: ended with status 1, at the batch of WEIR_TIME {BASE}; it is tried \
         again until it does well\n\
         weir: --exec {command:?}: does well again, after 7s and 3 failures\n"
    );
    assert_eq!(ended, Ended { status: 0, out: "2\n".to_string(), err: said });
    fs::remove_file(dir.path("tries")).unwrap();
    assert_eq!(on_file(&[&args[..], &["-q"]].concat(), "a\nb\n").ok(), "2\n");
}

#[test]
fn a_signal_ends_the_tries_and_the_batch_is_lost_or_owed() {
    let dir = Dir::new();
    dir.file("input", "a\nb\n");
    let start_it = |more: &str| {
        let command = r#"read n; [ -e well ] && echo "$n at $WEIR_TIME""#;
        let script = format!(
            r#"exec "$WEIR" --count --once --format text --exec '{command}' --on-exec-fail retry {more}"#
        );
        let mut command = from(shell(&script), dir.path("input"));
        command.current_dir(dir.path(""));
        start(command)
    };
    let stopped = |more: &str| {
        let mut run = start_it(more);
        let said = run.err.line("it is tried again until it does well");
        run.signal(Signal::TERM);
        let time = said.split("WEIR_TIME ").nth(1).unwrap().split(';').next().unwrap().to_string();
        (run.end(), time)
    };
    let (ended, time) = stopped("");
    let said = format!("at the batch of WEIR_TIME {time}; a signal came, and the batch is lost\n");
    assert!(ended.failed(1).ends_with(&said), "{}", ended.err);
    let (ended, time) = stopped("--checkpoint ck");
    assert!(ended.failed(0).ends_with("; a signal came, and the next start goes on with it\n"));
    dir.file("well", "");
    // All of the input was read.
    let ended = start_it("--checkpoint ck -q").end();
    assert_eq!(ended.ok().lines().next().unwrap(), format!("2 at {time}"));
}

#[test]
fn a_big_batch_neither_needs_its_reader_nor_gets_stuck() {
    let line = "some words of a line\n";
    for size in [5 << 20, 20 << 20] {
        let input = line.repeat(size / line.len());
        let run = |exec| on_file(&["--format", "text", "--exec", exec], &input);
        assert_eq!(run("true").ok(), "");
        assert_eq!(run("exec <&-; echo late").ok(), "late\n");
        assert_eq!(run("head -n 1").ok(), line);
        assert!(run("cat").ok() == input, "to our own stdout");
        assert!(run("cat /dev/stdin | cat").ok() == input);
    }
}

#[test]
fn a_directory_for_big_batches_that_is_missing_is_named() {
    let dir = Dir::new();
    let missing = dir.path("missing");
    let input = dir.file("input", "0123456\n".repeat(2 << 20) + "more\n");
    let mut command = weir(&["--format", "text", "--exec", "wc -l"]);
    command.env("TMPDIR", &missing);
    let ended = start(from(command, &input)).end();
    assert_eq!(
        ended.failed(1),
        format!("weir: {}: no such file or directory\n", missing.display())
    );
}

#[test]
fn a_signal_waits_for_the_command_and_for_the_open_batch() {
    let dir = Dir::new();
    let fifo = fifo(&dir);
    let exec = format!("echo begun; cat {}; cat", fifo.display());
    let args = "--count --format text --interval 10000d --max-record 3 --exec";
    for signal in [Signal::TERM, Signal::INT] {
        let mut command = weir(&args.split(' ').chain([exec.as_str()]).collect::<Vec<_>>());
        command.process_group(0);
        let mut run = start(command);
        run.write("a\nb\ntoo long\n");
        run.err.line("a bad record is skipped");
        // As Ctrl-C does, which a command that is run meanwhile does not hear.
        run.signal_group(signal);
        run.out.line("begun");
        fs::write(&fifo, "held\n").unwrap();
        let _stdin = run.take_stdin();
        assert_eq!(run.end(), Ended { status: 0, out: "held\n2\n".into(), err: String::new() });
    }
}

#[test]
fn ctrl_c_does_not_end_a_command_that_runs() {
    let dir = Dir::new();
    let fifo = fifo(&dir);
    let exec = format!("echo begun; cat {}; cat", fifo.display());
    let args = "--format text --interval 20ms --skip-empty --exec";
    let mut command = weir(&args.split(' ').chain([exec.as_str()]).collect::<Vec<_>>());
    command.process_group(0);
    let mut run = start(command);
    run.write("a\n");
    run.out.line("begun");
    run.signal_group(Signal::INT);
    fs::write(&fifo, "").unwrap();
    let _stdin = run.take_stdin();
    assert_eq!(run.end(), Ended { status: 0, out: "a\n".into(), err: String::new() });
}

#[test]
fn a_stdout_that_is_not_in_use_may_be_closed() {
    let dir = Dir::new();
    let path = dir.path("out");
    let args = at("--count --format text -o", &path).join(" ");
    let ended = start(shell(&format!(
        r#"{{ printf 'a\nb\n' | "$WEIR" --once {args}; echo $? >&2; }} | true"#
    )))
    .end();
    assert_eq!((ended.err.as_str(), text(&path).as_str()), ("0\n", "2\n"));
}

#[test]
fn when_the_reader_of_stdout_goes_the_others_get_the_open_batch() {
    let dir = Dir::new();
    let (one, parts) = (dir.path("one"), dir.path("parts"));
    let args = [at("--format text --interval 10000d -o - -o", &one), at("--output-dir", &parts)];
    let args = args.concat().join(" ");
    let script = format!(r#"{{ "$WEIR" {args}; echo status $? >&2; }} | head -n 1"#);
    let mut run = start(shell(&script));
    run.write("a\n");
    run.out.line("a");
    let _stdin = run.take_stdin();
    assert_eq!(run.err.line(""), "status 0", "noticed while idle");
    assert_eq!(text(&one), "a\n");
    assert!(files(&parts).values().eq(["a\n"]));
    // The same where the input never pauses.
    fs::remove_dir_all(&parts).unwrap();
    let script = format!(r#"yes a | {{ "$WEIR" {args} --once; echo status $? >&2; }} | head -n 1"#);
    let ended = start(shell(&script)).end();
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("a\n", "status 0\n"));
    assert!(files(&parts).keys().all(|name| name.starts_with("batch-")), "complete");
}

#[test]
fn a_failure_ends_a_run_whose_other_worker_waits_for_input() {
    // There are no batches, so nothing else would ever end the wait.
    let args = ["--format", "text", "--interval", "0", "--threads", "2", "-o", "/dev/full"];
    let mut run = start(weir(&args));
    let mut open = run.take_stdin();
    open.write_all(b"a\n").unwrap();
    assert_eq!(run.status(), 1);
}

#[test]
fn explain_names_the_outputs_and_opens_none() {
    let dir = Dir::new();
    let out = dir.path("out");
    let args = [at("--explain --count --exec cat --output-dir parts -o", &out), vec!["-o", "-"]];
    let ended = start(weir(&[&["listen", "0"][..], &args.concat()].concat())).end();
    let last = ended.ok().lines().last().unwrap().to_string();
    let outputs = format!("{}, stdout, parts/batch-TIME.txt, sh -c \"cat\"", out.display());
    assert!(last.ends_with(&format!("-> {outputs}")), "{last}");
    assert!(!out.exists());
}
