//! `weir completions bash` in a bash at a terminal whose Tab key is pressed.
//!
//! The other shells are not everywhere: `tests/interop` drives them.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::process::Command;

use common::terminal::{COMPLETED, Shell, directory};

#[test]
#[allow(clippy::print_stderr, reason = "the one who runs the tests is to know what was left out")]
fn bash_completes_as_the_program_understands() {
    let probe = Command::new("bash").args(["-c", "((BASH_VERSINFO >= 4)) && type bind"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        return eprintln!("skipped: there is no bash 4 with line editing here");
    }
    let dir = directory();
    dir.file("my file", "");
    let setup = "source <(\"$WEIR\" completions bash); weir() { :; }; HISTFILE=; set -o history; \
                 PROMPT_COMMAND='printf \"\\100[%s]\\n\" \"$(history 1 | cut -c 8-)\"'";
    let bash = ["bash", "--norc", "--noprofile", "-i"];
    let mut shell = Shell::start(&bash, setup, &dir);
    for (line, completed) in COMPLETED {
        assert_eq!(shell.completed(line), *completed, "{line}");
    }
    assert_eq!(shell.completed("weir -o my"), r"weir -o my\ file");
    assert_eq!(shell.completed("weir --on-bad sk"), "weir --on-bad skip");
}
