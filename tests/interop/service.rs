//! The units of scripts/systemd by systemd-analyze, and --live in a tmux.

use std::fs;
use std::process::{Command, Output};

use crate::common::{Dir, WEIR, until};

/// A directory with copies of the units, in which `/usr/bin/weir` is the binary under test.
fn units() -> Dir {
    let dir = Dir::new();
    for entry in fs::read_dir("scripts/systemd").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if [".service", ".socket", ".timer"].iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap().replace("/usr/bin/weir", WEIR);
            // The user is made by the package.
            dir.file(&name.replace('@', "@test"), text.replace("User=weir\n", "User=daemon\n"));
        }
    }
    dir
}

fn analyze(args: &[&str], dir: &Dir) -> Output {
    let mut command = Command::new("systemd-analyze");
    command.args(args).current_dir(dir.path("")).env("SYSTEMD_PAGER", "cat").env("TERM", "dumb");
    command.output().unwrap()
}

#[test]
#[ignore = "needs systemd-analyze: scripts/check runs it"]
fn units_are_what_systemd_understands() {
    let dir = units();
    let all: Vec<_> =
        fs::read_dir(dir.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let all: Vec<_> = all.iter().map(|name| format!("./{}", name.to_str().unwrap())).collect();
    assert!(all.len() >= 6, "{all:?}");
    for unit in &all {
        let ran = analyze(&["verify", "--man=no", "--recursive-errors=no", unit], &dir);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success() && said.is_empty(), "{unit}: {said}");
    }
}

#[test]
#[ignore = "needs systemd-analyze: scripts/check runs it"]
fn the_hardened_unit_leaves_little_open() {
    let dir = units();
    let exposure = |unit: &str, threshold: &str| {
        let args = ["security", "--offline=true", "--no-pager", "--threshold", threshold];
        let ran = analyze(&[&args[..], &[unit]].concat(), &dir);
        (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    // Tenths of what systemd-analyze calls the exposure: below 2 is "OK", the plain unit is "UNSAFE".
    let (is_little, told) = exposure("./weir-hardened@test.service", "20");
    assert!(is_little, "{told}");
    assert!(!exposure("./weir@test.service", "20").0);
}

/// A tmux of its own, in which one command runs.
struct Tmux {
    socket: String,
}

impl Tmux {
    fn start(dir: &Dir, columns: u32, rows: u32, command: &str) -> Tmux {
        let tmux = Tmux { socket: dir.path("tmux").to_str().unwrap().to_string() };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let args = ["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows, "sh"];
        tmux.ran(&args);
        tmux.enter(command);
        tmux
    }

    fn ran(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-S", &self.socket]).args(args).env("LC_ALL", "C.UTF-8");
        let output = command.env_remove("TMUX").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a line.
    fn enter(&self, line: &str) {
        self.ran(&["send-keys", "-l", line]);
        self.ran(&["send-keys", "Enter"]);
    }

    /// Whether there is a cursor, and another screen than the shell's.
    fn flags(&self) -> String {
        self.ran(&["display-message", "-p", "#{cursor_flag} #{alternate_on}"]).trim().to_string()
    }

    /// What a person sees.
    fn screen(&self) -> String {
        self.ran(&["capture-pane", "-p"])
    }

    /// Waits until a person sees what is to be seen.
    fn sees(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let mut screens = Vec::new();
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until(|| {
                let screen = self.screen();
                screens.push(screen.clone());
                is_so(&screen)
            });
        }));
        assert!(seen.is_ok(), "{what} is not seen, but:\n{}", screens.last().unwrap());
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).output();
    }
}

/// True if a shell waits for a command.
fn has_prompt(screen: &str) -> bool {
    screen.trim_end().ends_with(['$', '#'])
}

/// Lines that go on to come, of which `hello` is most.
const INPUT: &str = "while sleep 0.1; do printf 'hello hello world \\033[31mred\\n'; done";

#[test]
#[ignore = "needs tmux: scripts/check runs it"]
fn in_a_tmux_it_is_drawn_follows_the_window_and_leaves_the_shell_as_it_was() {
    let dir = Dir::new();
    let command =
        format!("{INPUT} | {WEIR} --words --count-by-key --interval 300ms --update-state --live");
    let tmux = Tmux::start(&dir, 80, 20, &command);
    let bar = |screen: &str| {
        let line =
            screen.lines().find(|line| line.starts_with("hello")).unwrap_or_default().to_string();
        line.chars().filter(|c| *c == '█').count()
    };
    tmux.sees("a bar", |screen| bar(screen) > 50 && screen.contains("\\x1b[31mred"));
    let screen = tmux.screen();
    assert!(screen.starts_with("weir --words --count-by-key"), "{screen}");
    assert!(!has_prompt(&screen), "{screen}");
    tmux.ran(&["resize-window", "-x", "40", "-y", "10"]);
    tmux.sees("a shorter bar", |screen| (10..40).contains(&bar(screen)));
    tmux.ran(&["send-keys", "C-c"]);
    // The shell's screen is there again, with the command, the last report and a new prompt.
    tmux.sees("a prompt", |screen| screen.contains(" record") && has_prompt(screen));
    assert!(bar(&tmux.screen()) > 10);
    assert_eq!(tmux.flags(), "1 0");
}

#[test]
#[ignore = "needs tmux: scripts/check runs it"]
fn in_a_tmux_ctrl_backslash_gives_the_screen_back() {
    let dir = Dir::new();
    let tmux = Tmux::start(&dir, 80, 20, &format!("{WEIR} listen 0 --count --interval 1h --live"));
    tmux.sees("what is waited for", |screen| {
        screen.contains("waiting for the first batch, of 1h: 0 records so far")
            && screen.trim_end().lines().last().unwrap_or_default().contains("weir: listening on")
    });
    assert_eq!(tmux.flags(), "0 1");
    tmux.ran(&["send-keys", "C-\\"]);
    tmux.sees("the shell's screen", |screen| {
        screen.contains("weir: listening on") && screen.contains("--live") && has_prompt(screen)
    });
    assert_eq!(tmux.flags(), "1 0");
}

#[test]
#[ignore = "needs tmux: scripts/check runs it"]
fn in_a_tmux_a_job_in_the_background_leaves_the_screen_to_the_shell() {
    let dir = Dir::new();
    let out = dir.path("out");
    let path = out.display();
    let command = format!("set -m; {WEIR} listen 0 --count --interval 100ms --live -o {path}");
    let tmux = Tmux::start(&dir, 80, 20, &command);
    tmux.sees("a batch", |screen| screen.contains("0 records"));
    tmux.ran(&["send-keys", "C-z"]);
    until(|| tmux.flags() == "1 0");
    tmux.sees("a prompt", has_prompt);
    let length = || fs::metadata(&out).unwrap().len();
    let before = length();
    tmux.enter("bg");
    // Some batches, each of which would be drawn.
    until(|| length() > before + 500);
    assert_eq!(tmux.flags(), "1 0");
    assert!(has_prompt(&tmux.screen()), "{}", tmux.screen());
    tmux.enter("fg");
    until(|| tmux.flags() == "0 1");
    tmux.ran(&["send-keys", "C-c"]);
    tmux.sees("the last report", |screen| screen.contains("0 records") && has_prompt(screen));
    assert_eq!(tmux.flags(), "1 0");
}

#[test]
#[ignore = "needs tmux: scripts/check runs it"]
fn in_a_tmux_ctrl_z_gives_the_screen_back_and_a_kill_leaves_what_reset_mends() {
    let dir = Dir::new();
    // Of a shell with jobs, of which Ctrl-Z stops one.
    let command = format!("set -m; {WEIR} listen 0 --count --interval 300ms --live");
    let tmux = Tmux::start(&dir, 80, 20, &command);
    tmux.sees("a batch", |screen| screen.contains("0 records"));
    assert_eq!(tmux.flags(), "0 1");
    tmux.ran(&["send-keys", "C-z"]);
    until(|| tmux.flags() == "1 0");
    tmux.sees("a prompt", has_prompt);
    tmux.enter("fg");
    until(|| tmux.flags() == "0 1");
    tmux.sees("a batch", |screen| {
        screen.starts_with("weir listen 0") && screen.contains("0 records")
    });
    tmux.ran(&["send-keys", "C-z"]);
    until(|| tmux.flags() == "1 0");
    tmux.enter("kill -9 %1; tput reset 2> /dev/null || printf '\\033c'");
    tmux.sees("a prompt", has_prompt);
    assert_eq!(tmux.flags(), "1 0");
}
