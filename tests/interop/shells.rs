//! What zsh and fish make of `weir completions`; `tests/completions.rs` has bash.

use std::process::Command;

use super::common::WEIR;
use super::common::terminal::{COMPLETED, Shell, directory};

#[test]
#[ignore = "needs zsh"]
fn zsh_completes_as_the_program_understands() {
    let setup = "autoload -Uz compinit; compinit -u -D; source <($WEIR completions zsh); \
                 unsetopt auto_remove_slash; weir() { :; }; preexec() { printf '\\100[%s]\\n' \"$1\" }";
    let dir = directory();
    let mut shell = Shell::start(&["zsh", "-f", "-i"], setup, &dir);
    for (line, completed) in COMPLETED {
        assert_eq!(shell.completed(line), *completed, "{line}");
    }
}

#[test]
#[ignore = "needs fish"]
fn fish_completes_as_the_program_understands() {
    let dir = directory();
    for (line, completed) in COMPLETED {
        let script = "$WEIR completions fish | source; complete -C $argv[1]";
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c", script, line]).env("WEIR", WEIR).env("HOME", dir.path(""));
        let output = fish.current_dir(dir.path("")).output().unwrap();
        let offered = String::from_utf8(output.stdout).unwrap();
        let offered: Vec<_> = offered.lines().filter_map(|line| line.split('\t').next()).collect();
        let (before, _) = line.rsplit_once(' ').unwrap();
        match offered.as_slice() {
            [one] => assert_eq!(format!("{before} {one}"), *completed),
            none => assert_eq!((none.len(), line), (0, completed), "{none:?}"),
        }
    }
}
