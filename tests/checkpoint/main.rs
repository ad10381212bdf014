//! `--checkpoint` as its users meet it: the real binary, killed, stopped, refused, and started again.
//!
//! Nothing sleeps. Time is the virtual clock's where a test is about Times; elsewhere a test waits for
//! what weir prints, and the interval is so long that nothing else happens.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as a test does")]

mod beside;
mod clocks;
#[path = "../common/mod.rs"]
mod common;
mod deaths;
mod disks;
mod going_on;
mod refusals;
mod upkeep;

use std::fs;
use std::io::{PipeReader, Write, pipe};
use std::path::PathBuf;
use std::process::Command;

use common::{Dir, Ended, Run};
use serde_json::json;

/// 2018-12-11T00:31:20Z in milliseconds: no window or batch of these tests ends later than it should
/// because of it.
const BASE: i64 = 1_544_488_280_000;

/// A place where weir runs: names in its arguments are files there.
struct Place(Dir);

impl Place {
    fn new() -> Place {
        Place(Dir::new())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// `weir` with arguments that are separated by spaces.
    fn weir(&self, args: &str) -> Command {
        self.here(common::weir(&args.split_whitespace().collect::<Vec<_>>()))
    }

    /// A script for `sh`, in which `"$WEIR"` is the binary.
    fn shell(&self, script: &str) -> Command {
        self.here(common::shell(script))
    }

    fn here(&self, mut command: Command) -> Command {
        command.current_dir(self.path(""));
        command
    }

    fn start(&self, args: &str) -> Run {
        common::start(self.weir(args))
    }

    /// Runs weir to the end of a pipe that is filled before it begins.
    fn piped(&self, args: &str, input: &str) -> Ended {
        let mut command = self.weir(args);
        command.stdin(filled(input));
        common::start(command).end()
    }

    /// Runs weir over events, each at so many milliseconds after [`BASE`], by a virtual clock that
    /// starts at `from`.
    fn replay(&self, events: &[(i64, &str)], from: i64, args: &str) -> Ended {
        common::start(self.replaying(events, from, args)).end()
    }

    fn replaying(&self, events: &[(i64, &str)], from: i64, args: &str) -> Command {
        let later = events.iter().filter(|(at, _)| *at >= from);
        let event = |(at, what): &(i64, &str)| json!([(at - from) as f64 / 1000.0, what]);
        let script = json!(later.map(event).collect::<Vec<_>>());
        self.0.file("script.json", script.to_string());
        self.weir(&format!("replay script.json --virtual-clock {} {args}", BASE + from))
    }

    /// What is in a file; nothing if there is none.
    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The names in a directory, in order.
    fn names(&self, dir: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(dir)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What `weir checkpoint show ck` prints.
    #[track_caller]
    fn show(&self) -> String {
        self.piped("checkpoint show ck", "").ok().to_string()
    }

    /// Waits until a batch is recorded and its output is owed.
    fn until_owed(&self) {
        let is_owed = |_: &u32| self.piped("checkpoint show ck", "").out.contains("is owed");
        assert!((0..10_000).any(|again| is_owed(&again)), "no output is owed");
    }

    /// The first line of [`Place::show`] that begins with a word, without it.
    #[track_caller]
    fn shown(&self, word: &str) -> String {
        let shown = self.show();
        let line = shown.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word}: {shown}")).trim().to_string()
    }
}

/// A pipe that holds `input` and its end.
fn filled(input: &str) -> PipeReader {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(input.as_bytes()).unwrap();
    reader
}
