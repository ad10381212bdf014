//! All paths that were typed are looked at: at the start, and from time to time, since hints (`watch`) may be
//! missed.
//!
//! ```text
//! names ──a thousand at a time──> looks ──> files that are known: renamed, changed
//!                                           new ones, in the order in which they appeared
//!                                           those that were not seen have gone
//! ```
//!
//! In between chunks are read, so that no batch is late because a directory has very many files. The more there
//! are, the longer is the pause.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use super::shelf::{Shelf, Why};
use super::sought::{Entry, Manner, Sought};
use crate::clock::Stamp;
use crate::disk::tree::{Kind, Seen};
use crate::error::{Context, Error};
use crate::say::say;

/// How many names are looked at, at a time.
const SLICE: usize = 1000;
/// The shortest time from a scan to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// How much longer it is for each name.
const EACH: Duration = Duration::from_micros(100);

/// A scan, or the pause between two.
#[derive(Debug, Default)]
pub struct Scan {
    /// The names that are still to be looked at.
    left: VecDeque<Entry>,
    /// What is not known yet.
    found: Vec<(Entry, Seen)>,
    /// How many names there are in all.
    count: u32,
    is_under_way: bool,
    /// When the next one begins.
    next: Stamp,
    /// Directories in which new files would appear, until they were asked for.
    pub dirs: Vec<PathBuf>,
    /// What was told last, and is not told again.
    told: String,
}

impl Scan {
    /// True while one is made.
    pub fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// True if there is something to be looked at for the path with this number.
    pub fn has(&self, of: usize) -> bool {
        self.left.iter().any(|entry| entry.of == of)
    }

    /// When the next one is due.
    pub fn next(&self) -> Stamp {
        if self.is_under_way { Stamp::default() } else { self.next }
    }

    /// Something was missed: the next one is due at once.
    pub fn hurry(&mut self) {
        self.next = Stamp::default();
    }

    /// Begins one.
    pub fn begin(
        &mut self,
        sought: &[Sought],
        all_names: bool,
        shelf: &mut Shelf,
        why: Why,
        now: Stamp,
    ) -> Result<(), Error> {
        shelf.scan += 1;
        self.left.clear();
        for (of, path) in sought.iter().enumerate() {
            let found = path.find(of, &*shelf.tree, all_names, &mut self.dirs).at(path.typed());
            match found {
                Ok(entries) => self.left.extend(entries),
                Err(error) if why == Why::Found => self.tell(error.to_string()),
                Err(error) => return Err(error),
            }
            if matches!(path, Sought::At(_)) && self.left.back().is_none_or(|last| last.of != of) {
                shelf.sight_at(of, path.typed(), None, why, now);
            }
        }
        (self.count, self.is_under_way) = (self.left.len() as u32, true);
        Ok(())
    }

    /// Goes on with it; what is not known yet is looked at for the reason `why`.
    pub fn go_on(
        &mut self,
        sought: &[Sought],
        shelf: &mut Shelf,
        why: impl Fn(&Entry) -> Why,
        now: Stamp,
    ) {
        for _ in 0..SLICE {
            let Some(entry) = self.left.pop_front() else {
                return self.end(sought, shelf, why, now);
            };
            // What has gone meanwhile, or may not be looked at, is none of ours.
            let looked =
                entry.seen.map_or_else(|| shelf.tree.look(&entry.path).ok().flatten(), Some);
            let Some(seen) = looked.filter(|seen| seen.kind == Kind::File) else { continue };
            match shelf.number(seen.identity) {
                Some(_) => sight(sought, shelf, &entry, seen, Why::Found, now),
                None => self.found.push((entry, seen)),
            }
        }
    }

    fn end(
        &mut self,
        sought: &[Sought],
        shelf: &mut Shelf,
        why: impl Fn(&Entry) -> Why,
        now: Stamp,
    ) {
        let mut found = std::mem::take(&mut self.found);
        let mut named = 0;
        found.sort_by_cached_key(|(entry, seen)| {
            let is_start = why(entry) != Why::Found;
            let of = if is_start { entry.of } else { 0 };
            match entry.manner {
                // What was named stands in the order in which it was named.
                Manner::Named if is_start => {
                    named += 1;
                    (of, 0, named, PathBuf::new())
                }
                _ => (of, seen.changed, 0, entry.path.clone()),
            }
        });
        for (entry, seen) in found {
            sight(sought, shelf, &entry, seen, why(&entry), now);
        }
        shelf.sweep(now);
        shelf.look_after();
        self.is_under_way = false;
        self.next = now.after(PAUSE + EACH * self.count);
    }

    fn tell(&mut self, what: String) {
        if self.told != what {
            say(&what);
            self.told = what;
        }
    }
}

/// A file is where it is looked for.
pub fn sight(
    sought: &[Sought],
    shelf: &mut Shelf,
    entry: &Entry,
    seen: Seen,
    why: Why,
    now: Stamp,
) {
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
