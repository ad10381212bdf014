//! The system calls of the real binary, as strace sees them: what is synced, and in which order.
//!
//! Simulated disks hold the order of what the code asks for; that the adapters of the system's disk do
//! what they are asked for, no test of results can see.
//!
//! A write counts from its start and all else from its end, which is the worse of both.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::common::{BASE, Dir, WEIR, shell, start};

/// What was done, to what.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Made(PathBuf),
    Written(PathBuf),
    Synced(PathBuf),
    /// From one name to another.
    Named(PathBuf, PathBuf),
}

/// The calls of a process and its threads, in order.
struct Trace(Vec<Call>);

impl Trace {
    /// Traces weir on one line of input.
    fn of(dir: &Dir, args: &str) -> Trace {
        let calls = "trace=/^(write|pwrite64|writev|fsync|fdatasync|rename.*|mkdir.*)$";
        let (out, weir) = (dir.path("trace"), WEIR);
        let script = format!(
            "echo a | strace -f -y -qq -s 0 -X raw -o {} -e '{calls}' {weir} {args}",
            out.display()
        );
        let mut command = shell(&script);
        command.current_dir(dir.path(""));
        let ended = start(command).end();
        assert_eq!(
            (ended.status, ended.err.as_str()),
            (0, ""),
            "strace has to be there, and allowed to trace (ptrace)"
        );
        let text = fs::read_to_string(out).unwrap();
        let trace = Trace(read(&text, &fs::canonicalize(dir.path("")).unwrap()));
        assert!(!trace.0.is_empty(), "strace has seen nothing: {text}");
        trace
    }

    /// The place of the first such call behind `from`, or at it.
    #[track_caller]
    fn first(&self, from: usize, call: &Call) -> usize {
        let place = self.0.iter().skip(from).position(|other| other == call);
        let Some(place) = place else { panic!("no {call:?} behind {from}: {self}") };
        from + place
    }

    /// The place of the last such call.
    #[track_caller]
    fn last(&self, call: &Call) -> usize {
        let place = self.0.iter().rposition(|other| other == call);
        place.unwrap_or_else(|| panic!("no {call:?}: {self}"))
    }

    /// These calls come in this order, each first one behind the one before; returns their places.
    #[track_caller]
    fn in_order(&self, calls: &[Call]) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        for call in calls {
            places.push(self.first(places.last().map_or(0, |place| place + 1), call));
        }
        places
    }

    /// A file is on the disk before it has its name, and its name before that is relied upon.
    #[track_caller]
    fn is_placed_safely(&self, temp: PathBuf, path: PathBuf) -> usize {
        let above = path.parent().unwrap().to_path_buf();
        let written = self.last(&Call::Written(temp.clone()));
        let synced = self.first(written, &Call::Synced(temp.clone()));
        let named = self.first(synced, &Call::Named(temp, path));
        self.first(named, &Call::Synced(above))
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, call)| write!(f, "\n{place:4} {call:?}"))
    }
}

/// Reads what strace has written; relative paths begin at `dir`.
fn read(text: &str, dir: &Path) -> Vec<Call> {
    let (mut calls, mut begun) = (Vec::new(), HashMap::new());
    for line in text.lines() {
        let (thread, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        if let Some(line) = line.strip_suffix("<unfinished ...>") {
            begun.insert(thread, line.trim_end());
            calls.extend(call(line, dir).filter(is_write));
        } else if let Some((_, rest)) = line.split_once(" resumed>") {
            let line = format!("{}{rest}", begun.remove(thread).unwrap_or_default());
            calls.extend(done(&line).and_then(|line| call(line, dir)).filter(|c| !is_write(c)));
        } else {
            calls.extend(done(line).and_then(|line| call(line, dir)));
        }
    }
    calls
}

fn is_write(call: &Call) -> bool {
    matches!(call, Call::Written(_))
}

/// A call that did what it was to do, without its result.
fn done(line: &str) -> Option<&str> {
    let (call, result) = line.rsplit_once(" = ")?;
    (!result.starts_with('-')).then_some(call)
}

/// Of `fsync(5</dir/file>)` or `renameat2(4</dir>, "a", 4</dir>, "b", 0)` what it is, and of what.
fn call(line: &str, dir: &Path) -> Option<Call> {
    let (name, arguments) = line.split_once('(')?;
    let (mut paths, mut from) = (Vec::new(), dir.to_path_buf());
    for argument in arguments.trim_end().trim_end_matches(')').split(", ") {
        if let Some((_, path)) = argument.split_once('<') {
            from = PathBuf::from(path.trim_end_matches('>'));
        } else if let Some(path) = argument.strip_prefix('"') {
            paths.push(plain(&from.join(path.trim_end_matches('"'))));
        }
    }
    let mut paths = paths.into_iter();
    Some(match name {
        "fsync" | "fdatasync" => Call::Synced(from),
        "write" | "pwrite64" | "writev" => Call::Written(from),
        _ if name.starts_with("rename") => Call::Named(paths.next()?, paths.next()?),
        _ => Call::Made(paths.next()?),
    })
}

/// A path without `.` in it.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// The directories in which everything lies: each has a name of its own to be synced.
fn places(dir: &Dir) -> [PathBuf; 3] {
    ["a", "b", "c"].map(|name| {
        fs::create_dir(dir.path(name)).unwrap();
        fs::canonicalize(dir.path(name)).unwrap()
    })
}

/// Without a log of the input synced aside, and with it.
const CLOCKS: [&str; 2] = ["--virtual-clock 1544488280000", ""];

#[test]
#[ignore = "needs strace: scripts/check runs it"]
fn with_a_checkpoint_the_log_of_the_input_is_synced_then_the_record_then_the_outputs() {
    for clock in CLOCKS {
        let dir = Dir::new();
        let [a, b, c] = places(&dir);
        let args = "--once --count --format text --checkpoint a/ck -o b/out --output-dir c/parts";
        let trace = Trace::of(&dir, &format!("{args} {clock}"));
        let (ck, out, parts) = (a.join("ck"), b.join("out"), c.join("parts"));
        let (log, wal) = (ck.join("log-1"), ck.join("wal-1"));
        let [synced, written] = [Call::Synced, Call::Written];
        // What is made has its own name on the disk before anything is in it.
        let born = trace.in_order(&[Call::Made(ck.clone()), synced(a.clone())]);
        assert!(born[1] < trace.first(0, &written(ck.join("log-1.tmp"))), "{trace}");
        let ready = ["log-1", "meta", "wal-1"]
            .map(|name| trace.is_placed_safely(ck.join(format!("{name}.tmp")), ck.join(name)));
        // All input is on the disk, and the outputs are ready, before the record is written.
        let input = trace.first(trace.last(&written(wal.clone())), &synced(wal));
        let record = trace.first(0, &written(log.clone()));
        let decided = trace.first(record, &synced(log));
        assert!(ready.into_iter().all(|ready| ready < record) && input < record, "{trace}");
        let Some(Call::Named(hidden, batch)) = trace
            .0
            .iter()
            .find(|call| matches!(call, Call::Named(_, path) if path.parent() == Some(&parts)))
        else {
            panic!("no batch is named: {trace}")
        };
        let staged = trace.in_order(&[
            Call::Made(parts.clone()),
            synced(c.clone()),
            written(hidden.clone()),
            synced(hidden.clone()),
            synced(parts.clone()),
        ]);
        let settled = trace.in_order(&[synced(out.clone()), synced(b.clone())]);
        assert!(staged[4] < record && settled[1] < record, "{trace}");
        // Only when the record is on the disk is anything to be seen, and then that is on the disk too.
        let seen = trace.first(0, &written(out.clone()));
        let named = trace.first(0, &Call::Named(hidden.clone(), batch.clone()));
        assert!(decided < seen && decided < named, "{trace}");
        trace.first(trace.last(&written(out.clone())), &synced(out));
        trace.first(named, &synced(parts));
    }
}

#[test]
#[ignore = "needs strace: scripts/check runs it"]
fn without_one_a_file_of_a_batch_is_synced_before_it_has_its_name_and_the_name_after_that() {
    let dir = Dir::new();
    let [_, _, c] = places(&dir);
    let args = format!("--once --count --format text --output-dir c/parts --virtual-clock {BASE}");
    let trace = Trace::of(&dir, &args);
    let parts = c.join("parts");
    let name = format!("batch-{BASE}.txt");
    trace.is_placed_safely(parts.join(format!(".{name}.tmp")), parts.join(name));
    trace.in_order(&[Call::Made(parts), Call::Synced(c)]);
}

#[test]
fn what_strace_writes_is_understood() {
    let text = "7 write(1</d/out>, \"\"..., 2) = 2\n\
                7 fdatasync(3</d/x> <unfinished ...>\n\
                8 write(4</d/y>, \"\"..., 2 <unfinished ...>\n\
                7 <... fdatasync resumed>) = 0\n\
                8 <... write resumed>) = 2\n\
                8 fsync(3</d/z>) = -1 EIO (Input/output error)\n\
                8 renameat2(-100</d>, \"./a\", 5</e>, \"b\", 0x1) = 0\n\
                8 rename(\"/f/a\", \"b\") = 0\n\
                8 mkdir(\"ck\", 0777) = 0\n\
                8 mkdirat(-100</d>, \"ck\", 0777) = 0\n";
    let path = PathBuf::from;
    let expected = [
        Call::Written(path("/d/out")),
        Call::Written(path("/d/y")),
        Call::Synced(path("/d/x")),
        Call::Named(path("/d/a"), path("/e/b")),
        Call::Named(path("/f/a"), path("/w/b")),
        Call::Made(path("/w/ck")),
        Call::Made(path("/d/ck")),
    ];
    assert_eq!(read(text, "/w".as_ref()), expected);
}
