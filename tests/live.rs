//! `--live` on a terminal: what is drawn, how it follows the window, and that the screen is given back.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::{self, File};

use common::terminal::terminal;
use common::{Dir, Run, Stream, start, weir};
use rustix::process::Signal;
use rustix::termios::{Winsize, tcsetwinsize};

/// What takes the screen, and what gives it back.
const TAKEN: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const GIVEN_BACK: &str = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/// A run whose stdout and stderr are a terminal.
struct Shown {
    run: Run,
    person: File,
    screen: Stream,
}

fn resize(person: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(person, size).unwrap();
}

/// `weir --live` with a pipe as its stdin, in a window of 60 columns and 14 rows.
fn shown(args: &[&str]) -> Shown {
    let (person, end) = terminal();
    resize(&person, 60, 14);
    let mut command = weir(&[&["stdin", "--live", "--interval", "100ms"], args].concat());
    command.env("LC_ALL", "C.UTF-8").stdout(end.try_clone().unwrap()).stderr(end);
    let screen = Stream::new(Some(person.try_clone().unwrap()));
    Shown { run: start(command), person, screen }
}

impl Shown {
    /// Waits for the end; returns the status, and all that has come to the terminal.
    fn end(mut self) -> (i32, String) {
        let status = self.run.status();
        let screen = self.screen.all();
        drop(self.person);
        (status, screen)
    }
}

/// What is left on the screen: what stands behind the place where it was given back, once.
fn left(text: &str) -> String {
    let (before, behind) = text.split_once(TAKEN).unwrap();
    assert!(!behind.contains(TAKEN) && !before.contains('\x1b'), "{text:?}");
    let (_, left) = behind.split_once(GIVEN_BACK).unwrap();
    assert!(!left.contains(GIVEN_BACK));
    left.to_string()
}

#[test]
fn a_report_is_drawn_with_bars_and_the_last_one_is_left_behind() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut shown = shown(&["--words", "--count-by-key", "--update-state"]);
        shown.run.write("hello hello \x1b[2Jx\n");
        // A bar begins in its column, and that of the greatest value ends at the window's edge.
        shown.screen.contains(&format!("hello\x1b[11G2\x1b[14G{}\r\r\n", "█".repeat(47)));
        shown
            .screen
            .contains(&format!("\\x1b[2Jx\x1b[11G1\x1b[14G{}▌\r\r\n\x1b[J", "█".repeat(23)));
        shown.run.signal(signal);
        let (status, text) = shown.end();
        let left = left(&text);
        assert_eq!(status, 0, "{left}");
        assert!(
            left.contains("hello") && left.contains("\\x1b[2Jx") && !left.contains("\x1b[2J"),
            "{left:?}"
        );
    }
}

#[test]
fn a_window_that_changes_its_size_is_filled_anew() {
    let mut shown = shown(&["--words", "--count-by-key", "--update-state"]);
    shown.run.write("a a a b b c\n");
    shown.screen.contains(&"█".repeat(50));
    resize(&shown.person, 20, 5);
    shown.run.signal(Signal::WINCH);
    // Two of three rows would hide that there is a third.
    shown.screen.contains(&format!("a\x1b[4G3\x1b[7G{}\r\r\n\x1b[2K...\x1b[H", "█".repeat(14)));
    resize(&shown.person, 70, 20);
    shown.run.signal(Signal::WINCH);
    shown.screen.contains(&format!("a\x1b[4G3\x1b[7G{}\r\r\n", "█".repeat(64)));
    shown.run.signal(Signal::TERM);
    assert_eq!(shown.end().0, 0);
}

#[test]
fn an_input_that_ends_leaves_its_report_and_a_file_keeps_the_batches() {
    let dir = Dir::new();
    let path = dir.path("out.tsv");
    let mut shown = shown(&["--once", "--count-by-key", "--no-time", "-o", path.to_str().unwrap()]);
    shown.run.write("a\nb\na\n");
    shown.run.close();
    let (status, text) = shown.end();
    assert_eq!((status, fs::read_to_string(path).unwrap().as_str()), (0, "a\t2\nb\t1\n"));
    assert!(left(&text).contains("3 records"), "{text:?}");
}

#[test]
fn records_without_an_aggregate_pass_and_the_last_ones_are_seen() {
    let mut shown = shown(&[]);
    (0..40).for_each(|number| shown.run.write(format!("line {number}\n")));
    shown.screen.contains("\x1b[2Kline 39\x1b[H");
    shown.run.signal(Signal::TERM);
    let left = left(&shown.end().1);
    assert!(left.contains("line 39\r\n") && !left.contains("line 20\r\n"), "{left:?}");
}

#[test]
fn what_is_said_stands_below_the_rows_and_is_said_again_when_the_screen_is_given_back() {
    let mut shown = shown(&["--count", "--max-record", "5"]);
    shown.run.write("much too long\n");
    shown.screen.contains("weir: a bad record is skipped");
    shown.run.signal(Signal::TERM);
    let (status, text) = shown.end();
    let (left, before) = (left(&text), text.split(GIVEN_BACK).next().unwrap());
    assert_eq!(status, 0);
    assert!(left.contains("weir: a bad record is skipped"), "{left:?}");
    assert!(!before.contains("skipped\r\n"), "nothing goes past who draws");
}

#[test]
fn a_run_that_fails_or_is_ended_at_once_gives_the_screen_back_first() {
    let mut failing = shown(&["--count", "--max-record", "5", "--on-bad", "fail"]);
    failing.run.write("much too long\n");
    let (status, text) = failing.end();
    assert_eq!(status, 1);
    assert!(left(&text).contains("longer than --max-record 5"), "{text:?}");
    // A command that goes on keeps the end back; it leaves the terminal alone.
    let command = "exec sleep 7 > /dev/null 2>&1 < /dev/null";
    for (limit, expected) in [("1h", 130), ("100ms", 1)] {
        let mut hanging = shown(&["--count", "--exec", command, "--shutdown-timeout", limit]);
        hanging.screen.contains("no batch has ended yet");
        hanging.run.write("a\n");
        hanging.run.signal(Signal::TERM);
        if limit == "1h" {
            // Two of one kind that come at the same time are one for the system.
            hanging.run.signal(Signal::INT);
        }
        let (status, text) = hanging.end();
        assert_eq!(status, expected, "{text:?}");
        assert_eq!(left(&text).contains("--shutdown-timeout"), limit != "1h", "{text:?}");
    }
}

#[test]
fn a_run_that_is_stopped_gives_the_screen_back_until_it_goes_on() {
    let mut shown = shown(&["--count-by-key", "--update-state"]);
    shown.run.write("word\n");
    shown.screen.contains("word");
    shown.run.signal(Signal::TSTP);
    shown.screen.contains(GIVEN_BACK);
    shown.run.signal(Signal::CONT);
    shown.screen.contains(TAKEN);
    shown.screen.contains("word");
    shown.run.signal(Signal::TERM);
    assert_eq!(shown.run.status(), 0);
    shown.screen.contains(GIVEN_BACK);
}

#[test]
fn elsewhere_than_on_a_terminal_it_is_refused() {
    let ended = start(weir(&["--count", "--live"])).end();
    let told = "weir: --live: draws on a terminal, and stdout is none; without --live each batch is printed\n";
    assert_eq!(ended.failed(2), told);
    let ended = start(weir(&["--count", "--live", "-o", "-"])).end();
    assert!(ended.failed(2).starts_with("weir: --live: draws on stdout, where -o - prints"));
}
