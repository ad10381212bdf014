//! A terminal, and a shell at it whose Tab key is pressed.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{Dir, Run, Stream, command};

/// Makes a terminal: what a person has of it, and what a program has.
pub fn terminal() -> (File, File) {
    let person: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
    let mut options = File::options();
    // It is not to become the terminal of the tests.
    options.read(true).write(true).custom_flags(OFlags::NOCTTY.bits() as i32);
    (person.into(), options.open(name).unwrap())
}

/// What a line becomes at the Tab key, in a directory with `data.txt`, `9999x` and `dir/`.
pub const COMPLETED: &[(&str, &str)] = &[
    ("weir lis", "weir listen"),
    ("weir --fil", "weir --filter"),
    ("weir --count --fil", "weir --count --filter"),
    ("weir listen 9999 --with-p", "weir listen 9999 --with-peer"),
    ("weir --vers", "weir --version"),
    ("weir --format=j", "weir --format=json"),
    ("weir --format j", "weir --format json"),
    ("weir stdin --on-full old", "weir stdin --on-full oldest"),
    ("weir --format=json --fil", "weir --format=json --filter"),
    ("weir --checkpoint d", "weir --checkpoint dir/"),
    ("weir --checkpoint=d", "weir --checkpoint=dir/"),
    ("weir listen 0 --output-dir d", "weir listen 0 --output-dir dir/"),
    ("weir -o da", "weir -o data.txt"),
    ("weir --output=da", "weir --output=data.txt"),
    ("weir --on-bad da", "weir --on-bad data.txt"),
    ("weir --count < da", "weir --count < data.txt"),
    ("weir --exec mkfif", "weir --exec mkfifo"),
    ("weir da", "weir data.txt"),
    ("weir data.txt --fol", "weir data.txt --follow"),
    ("weir data.txt di", "weir data.txt dir/"),
    ("weir files da", "weir files data.txt"),
    ("weir files --follow di", "weir files --follow dir/"),
    ("weir files dir data.txt --fol", "weir files dir data.txt --follow"),
    ("weir --config da", "weir --config data.txt"),
    ("weir listen 0 --tls-cert da", "weir listen 0 --tls-cert data.txt"),
    ("weir -F da", "weir -F data.txt"),
    ("weir --lookup @da", "weir --lookup @data.txt"),
    ("weir --not-in @da", "weir --not-in @data.txt"),
    ("weir --lookup da", "weir --lookup da"),
    ("weir checkpoint sh", "weir checkpoint show"),
    ("weir checkpoint show d", "weir checkpoint show dir/"),
    ("weir completions zs", "weir completions zsh"),
    // Nothing: a port, a number, a separator; and a source behind a flag.
    ("weir listen 9", "weir listen 9"),
    ("weir connect 9", "weir connect 9"),
    ("weir --top 9", "weir --top 9"),
    ("weir --split da", "weir --split da"),
    ("weir --count lis", "weir --count lis"),
    ("weir stdin da", "weir stdin da"),
];

/// A directory for [`COMPLETED`].
pub fn directory() -> Dir {
    let dir = Dir::new();
    ["data.txt", "9999x"].iter().for_each(|name| drop(dir.file(name, "")));
    std::fs::create_dir(dir.path("dir")).unwrap();
    dir
}

/// A shell that a person types at.
pub struct Shell {
    person: File,
    run: Run,
}

impl Shell {
    /// Starts a shell, which is told `setup`: to do nothing at `weir`, and to show the line as `@[LINE]`.
    pub fn start(program: &[&str], setup: &str, dir: &Dir) -> Shell {
        let (mut person, end) = terminal();
        // It is to be the shell's own terminal, not that of the tests.
        let mut shell: Command = command("setsid");
        shell.arg("-c").args(program).current_dir(dir.path("")).env("TERM", "vt100");
        shell.env("HOME", dir.path("")).env("INPUTRC", "/dev/null");
        let ends = || end.try_clone().unwrap();
        shell.stdin(ends()).stdout(ends()).stderr(ends());
        let child = shell.spawn().unwrap();
        let out = Stream::new(Some(person.try_clone().unwrap()));
        let mut run = Run { child, stdin: None, out, err: Stream::new(None::<File>) };
        writeln!(person, "{setup}; PS1=$'\\100ready\\n'").unwrap();
        run.out.line("@ready");
        Shell { person, run }
    }

    /// What a line becomes at the Tab key, without a blank or `=` at its end.
    pub fn completed(&mut self, line: &str) -> String {
        // At a prompt the shell reads keys; before it the terminal would, and edit by itself.
        write!(self.person, "{line}\t\r").unwrap();
        let shown = self.run.out.line("@[");
        self.run.out.line("@ready");
        let shown = shown.split_once("@[").and_then(|(_, line)| line.rsplit_once(']')).unwrap().0;
        shown.trim_start().trim_end_matches([' ', '=']).to_string()
    }
}
