//! Commands of the user: the shell that runs them, and how they end.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use super::supervisor;
use super::ulimit;

/// What a shell means by 126 and 127.
pub const NO_COMMAND: &str = ": there is no such command, or it cannot be run";

/// A shell that runs `command`, with the limit of open files that we were started with: where it is raised,
/// programs that go through all numbers take long, and those that use select(2) fail.
///
/// What the environment says to weir is not said to a weir in the command: it would take our flags for its own,
/// and run itself by a WEIR_EXEC. Nor is it the process that the service manager hears.
pub fn command(command: &OsStr) -> Command {
    let mut shell = Command::new("sh");
    match ulimit::given() {
        Some(given) => shell.arg("-c").arg(format!("ulimit -S -n {given}; exec sh -c \"$0\"")),
        None => shell.arg("-c"),
    };
    shell.arg(command);
    for (name, _) in std::env::vars_os() {
        let is_of_weir = name.as_encoded_bytes().starts_with(b"WEIR_");
        if is_of_weir || supervisor::VARIABLES.iter().any(|ours| name == *ours) {
            shell.env_remove(name);
        }
    }
    shell
}

/// How a command has failed, if it has.
pub fn failure(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code @ (126 | 127)), _) => Some(format!("ended with status {code}{NO_COMMAND}")),
        (Some(code), _) => Some(format!("ended with status {code}")),
        (None, signal) => Some(format!("was ended by signal {}", signal.unwrap_or_default())),
    }
}
