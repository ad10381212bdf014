//! What is done to files by others, and what of it is read: under a virtual clock, on files in memory.

mod model;
mod rules;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::done::Done;
use super::flags::{Flags, From};
use super::*;
use crate::clock::VirtualTime;
use crate::disk::sim::tree::SimTree;

/// When a run begins.
const START: i64 = 1_000_000;

fn flags(paths: &[&str], follow: bool) -> Flags {
    Flags {
        paths: paths.iter().map(PathBuf::from).collect(),
        follow,
        from: Some(From::Earliest),
        done: Vec::new(),
        quiet_after: Duration::from_secs(2),
        all_names: false,
        with_path: false,
    }
}

fn settings(once: bool, lasts: bool) -> Settings {
    Settings {
        delimiter: b'\n',
        max_record: 100,
        once,
        acknowledges: false,
        lasts,
        keeps_state: false,
        start: Stamp(START),
    }
}

impl Files {
    /// Follows a file of a world that a test makes, with a checkpoint.
    pub(crate) fn following(tree: &SimTree, path: &str) -> Files {
        let (flags, settings) = (flags(&[path], true), settings(false, true));
        Files::new(Box::new(tree.clone()), &flags, Done::Keep, &settings).unwrap()
    }

    /// Is told that something has happened at a path, as by inotify.
    pub(crate) fn told(&mut self, path: &str, now: Stamp) {
        self.look(path.as_ref(), News::Changed, now);
    }
}

/// What a checkpoint holds of the input.
type Positions = BTreeMap<Vec<u8>, Vec<u8>>;

/// A run of the source, with what has come out of it.
struct Run {
    files: Files,
    wait: VirtualTime,
    tree: SimTree,
    /// The records that were read, each with its place.
    records: Vec<String>,
    places: Vec<String>,
    bad: Vec<String>,
    changed: Vec<Changed>,
    mark: u64,
    limit: usize,
}

impl Run {
    fn start(
        tree: &SimTree,
        flags: &Flags,
        settings: &Settings,
        now: i64,
        from: &Positions,
    ) -> Run {
        Run::done(tree, flags, Done::Keep, settings, now, from)
    }

    fn done(
        tree: &SimTree,
        flags: &Flags,
        done: Done,
        settings: &Settings,
        now: i64,
        from: &Positions,
    ) -> Run {
        tree.set_time(now);
        let mut files = Files::new(Box::new(tree.clone()), flags, done, settings).unwrap();
        let (mut wait, _) = VirtualTime::new(Stamp(now)).unwrap();
        let positions: Vec<_> = from.iter().map(|(part, at)| (part.clone(), at.clone())).collect();
        let changed =
            if positions.is_empty() { Vec::new() } else { files.resume(positions).unwrap() };
        files.open(&mut wait).unwrap();
        let (records, places, bad) = (Vec::new(), Vec::new(), Vec::new());
        let tree = tree.clone();
        Run { files, wait, tree, records, places, bad, changed, mark: 0, limit: usize::MAX }
    }

    /// Reads until this time, or to the end: true if it has come.
    fn until(&mut self, time: i64) -> bool {
        let mut chunk = Chunk::default();
        loop {
            chunk.clear();
            chunk.mark = Mark(self.mark + 1);
            let read =
                self.files.read(&mut chunk, self.limit, &mut self.wait, Stamp(time)).unwrap();
            self.tree.set_time(self.wait.now().0);
            match read {
                Read::End => return true,
                Read::Idle if self.wait.now() >= Stamp(time) => return false,
                Read::Rows => {
                    self.mark += u64::from(!chunk.is_empty());
                    chunk.cut();
                    for &key in &chunk.keys {
                        self.records.push(String::from_utf8_lossy(chunk.at(key)).into_owned());
                        self.places.push(chunk.position(key));
                    }
                    self.bad.extend(
                        chunk.bad.iter().map(|bad| format!("{}: {}", bad.position, bad.reason)),
                    );
                }
                _ => {}
            }
        }
    }

    /// So many milliseconds go by.
    fn pass(&mut self, millis: i64) -> bool {
        let until = self.wait.now().0 + millis;
        self.until(until)
    }

    /// Somebody tells of what has happened at a path, as inotify would.
    fn tell(&mut self, path: &str, news: News) {
        let now = self.wait.now();
        self.files.look(path.as_ref(), news, now);
    }

    /// What is recorded with a batch that ends now.
    fn record(&mut self, positions: &mut Positions) {
        self.files.moved(&mut |part, at| match at.is_empty() {
            true => drop(positions.remove(part)),
            false => drop(positions.insert(part.to_vec(), at.to_vec())),
        });
    }

    fn committed(&mut self) {
        self.files.reached(Stage::Committed, Mark(self.mark)).unwrap();
    }
}
