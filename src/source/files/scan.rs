//! All paths that were typed are looked at: at the start, and from time to time, since hints (`watch`) may be
//! missed.
//!
//! ```text
//! walk ──a name at a time──> looks ──> files that are known: renamed, changed
//!                                      new ones, in the order in which they appeared
//!                                      those that were not seen, and are not there, have gone
//! ```
//!
//! Some of that is done at a time. In between chunks are read, so that no batch is late because a directory has very
//! many files. The more there are, the longer is the pause.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::place::position::Number;
use super::shelf::{SLICE, Shelf, Why};
use super::sought::walk::{Step, Walk};
use super::sought::{Entry, Manner, Sought};
use crate::clock::Stamp;
use crate::disk::tree::{Kind, Seen};
use crate::error::{Context, Error};
use crate::say::say;

/// The shortest time from a scan to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// How much longer it is for each name.
const EACH: Duration = Duration::from_micros(100);

/// Where new files stand among each other: what was named, in the order in which it was, others in that in which
/// they appeared.
type Order = (usize, i128, OsString, usize);

/// A scan, or the pause between two.
#[derive(Debug, Default)]
pub struct Scan {
    stage: Stage,
    /// What is not known yet.
    found: BTreeMap<Order, (Entry, Seen)>,
    /// How many names there are of each path that was typed.
    counts: Vec<u32>,
    /// When the next one begins.
    next: Stamp,
    /// Directories in which new files would appear, until they were asked for.
    pub dirs: Vec<PathBuf>,
    all_names: bool,
    /// What was told, and is not told again.
    told: BTreeSet<String>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nothing is done.
    #[default]
    Pause,
    /// Names are looked at, of one path after the other.
    Walk(Walk),
    /// What is new is taken.
    Take,
    /// Those are looked for that have gone, from this number on.
    Sweep(Number),
}

impl Scan {
    /// Scans that take files of all names, or only of those that are ready.
    pub fn new(all_names: bool) -> Scan {
        Scan { all_names, ..Scan::default() }
    }

    /// True while one is made.
    pub fn is_under_way(&self) -> bool {
        !matches!(self.stage, Stage::Pause)
    }

    /// True if something was found for the path with this number.
    pub fn has(&self, of: usize) -> bool {
        self.counts.get(of).is_some_and(|count| *count > 0)
    }

    /// When the next one is due.
    pub fn next(&self) -> Stamp {
        if self.is_under_way() { Stamp::default() } else { self.next }
    }

    /// Something was missed: the next one is due at once.
    pub fn hurry(&mut self) {
        self.next = Stamp::default();
    }

    /// Begins one.
    pub fn begin(&mut self, sought: &[Sought], shelf: &mut Shelf) {
        shelf.scan += 1;
        self.counts.clear();
        self.walk_on(sought);
    }

    /// Walks along the next path; what was found is taken when there is none.
    fn walk_on(&mut self, sought: &[Sought]) {
        let of = self.counts.len();
        self.stage = match sought.get(of) {
            Some(path) => Stage::Walk(Walk::new(of, path, self.all_names)),
            None => Stage::Take,
        };
        self.counts.push(0);
    }

    /// Goes on with it; what is not known yet is looked at for the reason `why`. After an error too.
    pub fn go_on(
        &mut self,
        sought: &[Sought],
        shelf: &mut Shelf,
        why: impl Fn(&Entry) -> Why,
        now: Stamp,
    ) -> Result<(), Error> {
        for _ in 0..SLICE {
            match &mut self.stage {
                Stage::Pause => break,
                Stage::Walk(_) => self.look(sought, shelf, &why, now)?,
                Stage::Take => match self.found.pop_first() {
                    Some((_, (entry, seen))) => {
                        sight(sought, shelf, &entry, seen, why(&entry), now);
                    }
                    None => self.stage = Stage::Sweep(Number::default()),
                },
                Stage::Sweep(from) => match shelf.sweep(*from, sought, self.all_names, now) {
                    Some(next) => *from = next,
                    None => self.end(shelf, now),
                },
            }
        }
        Ok(())
    }

    /// Looks at the next name.
    fn look(
        &mut self,
        sought: &[Sought],
        shelf: &mut Shelf,
        why: &impl Fn(&Entry) -> Why,
        now: Stamp,
    ) -> Result<(), Error> {
        let Stage::Walk(walk) = &mut self.stage else { return Ok(()) };
        let path = &sought[walk.of];
        let step = walk.step(path, &*shelf.tree, &mut self.dirs);
        let entry = match step.at(path.typed())? {
            Step::Found(entry) => entry,
            Step::Absent => {
                shelf.sight_at(walk.of, path.typed(), None, Why::Found, now);
                return Ok(());
            }
            Step::On => return Ok(()),
            Step::End => {
                self.walk_on(sought);
                return Ok(());
            }
        };
        self.counts[entry.of] += 1;
        // What has gone meanwhile, or may not be looked at, is none of ours.
        let looked = entry.seen.map_or_else(|| shelf.tree.look(&entry.path).ok().flatten(), Some);
        let Some(seen) = looked.filter(|seen| seen.kind == Kind::File) else { return Ok(()) };
        match shelf.number(seen.identity) {
            Some(_) => sight(sought, shelf, &entry, seen, Why::Found, now),
            None => drop(self.found.insert(order(&entry, seen, why(&entry)), (entry, seen))),
        }
        Ok(())
    }

    fn end(&mut self, shelf: &mut Shelf, now: Stamp) {
        shelf.look_after();
        self.stage = Stage::Pause;
        self.next = now.after(PAUSE + EACH * self.counts.iter().sum::<u32>());
    }

    /// Says what has failed, once.
    pub fn tell(&mut self, error: &Error) {
        let what = error.to_string();
        if !self.told.contains(&what) {
            say(&what);
            self.told.insert(what);
        }
    }
}

/// Where a new file stands among others.
fn order(entry: &Entry, seen: Seen, why: Why) -> Order {
    let path = entry.path.clone().into_os_string();
    match (why, entry.manner) {
        (Why::Found | Why::Complete, _) => (0, seen.changed, path, entry.of),
        (Why::Start | Why::Pass, Manner::Named) => (entry.of, i128::MIN, path, entry.of),
        (Why::Start | Why::Pass, Manner::Listed) => (entry.of, seen.changed, path, entry.of),
    }
}

/// A file is where it is looked for.
fn sight(sought: &[Sought], shelf: &mut Shelf, entry: &Entry, seen: Seen, why: Why, now: Stamp) {
    let Entry { path, of, manner, .. } = entry;
    match sought.get(*of) {
        Some(Sought::At(at)) if at == path => shelf.sight_at(*of, path, Some(seen), why, now),
        _ => shelf.sight(*of, *manner, path, seen, why, now),
    }
}

/// What is said of a path at which nothing is.
pub fn absent(path: &Sought) -> Error {
    let what = match path {
        Sought::Matching(..) => "no file matches",
        _ => "no such file or directory",
    };
    Error::Failed(format!("{}: {what}", path.typed().display()))
}
