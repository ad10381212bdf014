//! `--live` on a terminal: what is drawn, how it follows the window, and that the screen is given back.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use common::terminal::terminal;
use common::{Dir, Run, Stream, shell, start, weir};
use rustix::process::Signal;
use rustix::termios::{Winsize, tcsetwinsize};
use weir::clock::clockface::{Clockface, Style};
use weir::live::{About, Live};
use weir::part::Shape;

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
    shown_each("100ms", args)
}

fn shown_each(interval: &str, args: &[&str]) -> Shown {
    let (person, end) = terminal();
    resize(&person, 60, 14);
    let mut command = weir(&[&["stdin", "--live", "--interval", interval], args].concat());
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
        hanging.screen.contains("waiting for the first batch, of 100ms: 0 records so far");
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
fn a_run_that_a_signal_ends_without_a_word_gives_the_screen_back_first() {
    let named =
        [Signal::QUIT, Signal::TRAP, Signal::ABORT, Signal::USR2, Signal::STKFLT, Signal::IO];
    let named = [&named[..], &[Signal::POWER, Signal::SYS]].concat();
    // Those of real time have no names.
    let numbers = named.iter().map(|signal| signal.as_raw()).chain([34, 50, 64]);
    for number in numbers {
        let mut shown = shown(&["--count-by-key", "--max-record", "5", "--update-state"]);
        shown.run.write("word\nmuch too long\n");
        shown.screen.contains("word");
        shown.screen.contains("skipped");
        let kill = format!("kill -{number} {}", shown.run.id());
        start(shell(&kill)).end().ok();
        let (status, text) = shown.end();
        assert_eq!(status, 128 + number, "{text:?}");
        let left = left(&text);
        assert!(left.starts_with("weir: a bad record is skipped"), "{left:?}");
    }
}

/// What the test below runs in a process of its own.
#[test]
#[ignore = "the test of a panic runs it"]
fn panicking() {
    let about = About {
        title: "a title".to_string(),
        shape: Shape::Whole,
        passes: false,
        columns: Vec::new(),
        by: 0,
        clockface: Clockface::new(true, Style::Rfc3339),
        interval: Duration::from_secs(1),
        is_utf8: false,
    };
    let live = Live::begin(about, &Arc::default());
    assert!(thread::spawn(|| panic!("a mistake")).join().is_err());
    // As a program that a panic aborts, it has no other chance to give anything back.
    std::mem::forget(live);
    std::process::exit(3);
}

#[test]
fn a_panic_gives_the_screen_back_before_it_is_told() {
    let (person, end) = terminal();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "panicking", "--ignored", "--nocapture", "--color", "never"]);
    command.stdin(Stdio::piped()).stdout(end.try_clone().unwrap()).stderr(end);
    let screen = Stream::new(Some(person.try_clone().unwrap()));
    let (status, text) = Shown { run: start(command), person, screen }.end();
    let left = left(&text);
    assert!(status == 3 && left.contains("a mistake"), "{status} {text:?}");
}

#[test]
fn what_has_come_is_told_before_the_first_batch_has_ended() {
    let mut shown = shown_each("1h", &["--count", "--max-record", "5"]);
    shown.screen.contains("waiting for the first batch, of 1h: 0 records so far\r");
    shown.run.write("a\nb\n");
    shown.screen.contains("waiting for the first batch, of 1h: 2 records so far\r");
    shown.run.write("much too long\n");
    // Both in one frame, from the top down.
    shown.screen.contains("so far, 1 bad\r");
    shown.screen.contains("weir: a bad record is skipped");
    shown.run.signal(Signal::TERM);
    assert_eq!(shown.end().0, 0);
}

#[test]
fn what_was_said_before_the_screen_was_taken_can_be_read_on_it() {
    let mut shown = shown(&["--count", "--ui", "0"]);
    let page = "weir: the page is at http://127.0.0.1:";
    for place in [page, TAKEN, page] {
        shown.screen.contains(place);
    }
    shown.run.signal(Signal::TERM);
    let (status, text) = shown.end();
    assert_eq!((status, left(&text).contains(page)), (0, false), "it is on the other screen");
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
