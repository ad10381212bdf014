//! `--progress` on a terminal and where there is none: what is drawn, byte by byte. What a terminal makes of it is
//! in `tests/interop/progress.rs`.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::File;
use std::path::PathBuf;

use common::terminal::terminal;
use common::{Dir, Patience, Run, Stream, from, start, weir};

/// A file that is read in some two seconds, by these flags.
fn slow(dir: &Dir) -> (PathBuf, [&'static str; 2]) {
    (dir.file("in", "a line\n".repeat(2000)), ["--max-rate", "1000"])
}

/// Starts weir on a file, with a terminal as its stderr; returns what comes there too.
fn on_terminal(args: &[&str], input: &PathBuf, term: &str) -> (Run, Stream, File) {
    let (person, end) = terminal();
    let mut command = from(weir(args), input);
    command.env("TERM", term).stderr(end);
    let drawn = Stream::new(Some(person.try_clone().unwrap()));
    (start(command), drawn, person)
}

#[test]
fn a_bar_is_drawn_on_a_terminal_and_taken_away_at_the_end() {
    let dir = Dir::new();
    let (input, slowly) = slow(&dir);
    let out = dir.path("out");
    let args = ["--count", "--format", "text", "-o", out.to_str().unwrap()];
    let (run, mut drawn, _person) = on_terminal(&[&args[..], &slowly].concat(), &input, "xterm");
    assert_eq!(run.end().status, 0);
    let drawn = drawn.all();
    // Nothing but these moves and what is erased: no colour, and no line of its own.
    let lines: Vec<_> = drawn.split("\r\u{1b}[?7l").collect();
    assert!(lines.len() > 3 && lines[0].is_empty(), "{drawn:?}");
    for line in &lines[1..] {
        let line = line.trim_end_matches("\r\u{1b}[J");
        let line = line.strip_suffix("\u{1b}[J\u{1b}[?7h\r").unwrap();
        assert!(line.contains("% [=") && line.contains(" of 13.67 KiB, "), "{line:?}");
        assert!(line.contains(" records/s, ") && line.ends_with("s left"), "{line:?}");
        assert!(!line.contains(['\u{1b}', '\r', '\n']), "{line:?}");
    }
    assert!(drawn.ends_with("\r\u{1b}[J"), "{drawn:?}");
    assert_eq!(std::fs::read_to_string(out).unwrap(), "2000\n");
}

#[test]
fn a_pipe_of_which_nobody_knows_the_end_has_a_rate() {
    let dir = Dir::new();
    let (person, end) = terminal();
    let mut command = weir(&["--once", "--count", "-o", dir.path("out").to_str().unwrap()]);
    command.env("TERM", "xterm").stderr(end);
    let mut run = start(command);
    let mut drawn = Stream::new(Some(person.try_clone().unwrap()));
    run.write("a\nb\n");
    let (mut said, patience) = (String::new(), Patience::new());
    while !said.contains("2 records, 4 B, ") {
        patience.lasts("how many records there are");
        said = drawn.until_byte(b'J');
    }
    assert_eq!(run.end().status, 0);
}

#[test]
fn nothing_is_drawn_beside_what_is_printed_or_where_it_is_not_wanted() {
    let dir = Dir::new();
    let (input, slowly) = slow(&dir);
    let count = ["--count", "--format", "text"];
    // Records are printed as they come; and a batch each second is.
    let table: [(&[&str], &str); 6] = [
        (&["--format", "text"], "xterm"),
        (&["--count", "--format", "text", "--interval", "1"], "xterm"),
        (&["--count", "--format", "text", "--progress", "never"], "xterm"),
        (&["--count", "--format", "text", "-q"], "xterm"),
        (&count, "dumb"),
        (&count, ""),
    ];
    for (args, term) in table {
        let (run, mut drawn, _person) = on_terminal(&[args, &slowly].concat(), &input, term);
        assert_eq!(run.end().status, 0, "{args:?}");
        assert_eq!(drawn.all(), "", "{args:?} {term}");
    }
}

#[test]
fn a_stderr_that_is_no_terminal_has_nothing_drawn() {
    let dir = Dir::new();
    let (input, slowly) = slow(&dir);
    for progress in ["auto", "always"] {
        let args = ["--count", "--format", "text", "--progress", progress];
        let ended = start(from(weir(&[&args[..], &slowly].concat()), &input)).end();
        assert_eq!(ended.ok(), "2000\n", "{progress}");
    }
}

#[test]
fn a_short_run_draws_nothing() {
    let dir = Dir::new();
    let input = dir.file("in", "a\nb\n");
    let args = ["--count", "--format", "text", "--progress", "always"];
    let (run, mut drawn, _person) = on_terminal(&args, &input, "xterm");
    assert_eq!((run.end().out.as_str(), drawn.all().as_str()), ("2\n", ""));
}
