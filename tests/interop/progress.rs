//! The line of --progress on a real terminal, tmux: what a person sees of it.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{Dir, WEIR, until};

/// A terminal of its own, with a shell in a directory that has `in`, 4000 lines, and `long`, in which each
/// hundredth line is too long for `--max-record 9`.
struct Screen {
    server: String,
    dir: Dir,
}

impl Screen {
    fn new() -> Screen {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server =
            format!("weir-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = Dir::new();
        dir.file("in", "a line\n".repeat(4000));
        let line = |n: u32| if n % 100 == 50 { "too long a line\n" } else { "a line\n" };
        dir.file("long", (0..4000).map(line).collect::<String>());
        let screen = Screen { server, dir };
        let shell = format!("exec env WEIR={WEIR} PS1='ready$ ' TZ=UTC sh");
        let start = ["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", &shell];
        screen.tmux(&start);
        screen.until(|shown| shown.contains("ready$"));
        screen
    }

    fn tmux(&self, args: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.server]).args(args).current_dir(self.dir.path(""));
        let output = tmux.env("TERM", "xterm").stderr(Stdio::inherit()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn enter(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// What is to be seen.
    fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).trim_end().to_string()
    }

    /// Waits for something to be seen; returns all that is then.
    fn until(&self, is_so: impl Fn(&str) -> bool) -> String {
        let mut shown = String::new();
        until(|| {
            shown = self.shown();
            is_so(&shown)
        });
        shown
    }

    /// Waits until the command is over; returns what there is beneath it, which ends with this.
    fn end(&self, command: &str) -> String {
        let beneath = |shown: &str| {
            let beneath = shown.rsplit_once(command)?.1.trim_end().strip_suffix("ready$")?;
            Some(beneath.trim().to_string())
        };
        beneath(&self.until(|shown| beneath(shown).is_some())).unwrap()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// The lines that are a bar.
fn bars(shown: &str) -> Vec<&str> {
    shown.lines().filter(|line| line.contains("records/s")).collect()
}

#[test]
#[ignore = "needs tmux"]
fn one_line_is_drawn_and_gone_when_the_result_comes() {
    let screen = Screen::new();
    screen.enter("$WEIR files in --max-rate 1000 --count --utc");
    let shown = screen.until(|shown| shown.contains("% [="));
    assert_eq!(bars(&shown).len(), 1, "{shown}");
    assert!(bars(&shown)[0].len() < 100 && bars(&shown)[0].ends_with(" left"), "{shown}");
    let shown = screen.end("--utc");
    let rule = "-------------------------------------------";
    assert!(shown.starts_with(rule) && shown.ends_with("\n4000"), "{shown}");
    assert_eq!(shown.lines().count(), 4, "{shown}");
}

#[test]
#[ignore = "needs tmux"]
fn a_terminal_that_is_resized_has_one_line_that_fits() {
    let screen = Screen::new();
    // Below other lines: what is broken at the top leaves the screen, where nobody can take it back.
    screen.enter("seq 9; $WEIR files in --max-rate 1000 --count --format text");
    screen.until(|shown| shown.contains("% [="));
    for (columns, has_bar) in [("70", true), ("60", true), ("40", false), ("120", true)] {
        screen.tmux(&["resize-window", "-x", columns, "-y", "30"]);
        let is_whole = |line: &&str| {
            let is_long = line.len() > 70;
            let is_cut = !line.ends_with(" left");
            line.contains('%')
                && line.contains('[') == has_bar
                && is_long == (columns == "120")
                && !is_cut
        };
        let shown = screen.until(|shown| bars(shown).iter().any(is_whole));
        // A line that was broken has left nothing.
        let percents = shown.lines().filter(|line| line.contains('%')).count();
        assert_eq!((bars(&shown).len(), percents), (1, 1), "{columns}: {shown}");
    }
    let shown = screen.until(|shown| shown.ends_with("ready$"));
    let lines: Vec<_> = shown.lines().rev().take(3).collect();
    assert_eq!(lines, ["ready$", "4000", "9"], "{shown}");
}

#[test]
#[ignore = "needs tmux"]
fn messages_stand_above_it_whole() {
    let screen = Screen::new();
    screen.enter("$WEIR files long --max-rate 1000 --max-record 9 --count --format text");
    let said = |shown: &str| shown.matches("skipped").count();
    let shown = screen.until(|shown| said(shown) > 1 && !bars(shown).is_empty());
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(bars(&shown), lines[lines.len() - 1..], "{shown}");
    let shown = screen.end("text");
    let is_message = |line: &&str| line.starts_with("weir: ") && line.ends_with("--max-record 9");
    let rest: Vec<_> = shown.lines().filter(|line| !is_message(line)).collect();
    assert_eq!(rest, ["3960"], "{shown}");
}

#[test]
#[ignore = "needs tmux"]
fn ctrl_c_leaves_what_was_counted_and_no_line() {
    let screen = Screen::new();
    screen.enter("$WEIR files in --max-rate 1000 --count --format text");
    screen.until(|shown| shown.contains("% [="));
    screen.tmux(&["send-keys", "C-c"]);
    let shown = screen.end("text");
    let count: u32 = shown.parse().unwrap_or_else(|_| panic!("{shown}"));
    assert!((1..4000).contains(&count));
}

#[test]
#[ignore = "needs tmux"]
fn who_reads_the_output_is_left_alone() {
    let screen = Screen::new();
    // Records as they come: nothing is drawn, unless it is asked for; and then it is gone in the end.
    for (flags, lines) in [("", 3), ("--progress always", 3), ("--count-by-key", 1)] {
        let end = format!("#{flags}");
        let run = "$WEIR files in --max-rate 2000 --format text";
        screen.enter(&format!("{run} {flags} | head -3 {end}"));
        let shown = screen.end(&end);
        assert_eq!(shown.lines().count(), lines, "{flags}: {shown}");
        assert!(shown.lines().all(|line| line.starts_with("a line")), "{flags}: {shown}");
    }
}

#[test]
#[ignore = "needs tmux"]
fn what_is_asked_for_is_hidden_while_something_is_printed() {
    let screen = Screen::new();
    screen.enter(
        "$WEIR files in --max-rate 1000 --count --interval 0.5 --format text --progress always",
    );
    let shown = screen.until(|shown| !bars(shown).is_empty() && shown.lines().count() > 4);
    assert_eq!(bars(&shown).len(), 1, "{shown}");
    let shown = screen.end("always");
    let sum: u32 =
        shown.lines().map(|line| line.parse::<u32>().unwrap_or_else(|_| panic!("{shown}"))).sum();
    assert_eq!(sum, 4000);
}

#[test]
#[ignore = "needs tmux"]
fn a_job_in_the_background_draws_nothing() {
    let screen = Screen::new();
    screen.enter(
        "set -m; $WEIR files in --max-rate 2000 --count --format text -o out & wait; cat out",
    );
    let shown = screen.end("cat out");
    assert!(bars(&shown).is_empty() && shown.starts_with("4000"), "{shown}");
}
