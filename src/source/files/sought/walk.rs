//! What a path that was typed leads to now, a step at a time: a directory may have very many names.
//!
//! ```text
//! ahead: directories ──one is open──> a name a step ──> an entry
//!    ^                                   └── a directory that a pattern goes on in
//!    └───────────────────────────────────────┘
//! ```
//!
//! A step is a look or two. Entries come in no order; one may come twice, and what is renamed while a directory is
//! read may be missed.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use super::glob::Followed;
use super::{Entry, Manner, Sought, above, here, is_ready};
use crate::disk::tree::{Kind, Names, Seen, Tree};

/// What is looked for in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// The path itself is looked at: it may be no directory.
    Itself,
    /// All files.
    Files,
    /// What matches from the pattern with this number on.
    Matches(usize),
}

/// What a step has come to.
#[derive(Debug)]
pub enum Step {
    /// A file that may be read.
    Found(Entry),
    /// No file is at the path that was typed: nothing is, or a directory.
    Absent,
    /// Nothing.
    On,
    /// All was looked at.
    End,
}

/// A walk along a path.
#[derive(Debug)]
pub struct Walk {
    /// The number of the path that was typed.
    pub of: usize,
    all_names: bool,
    ahead: Vec<(PathBuf, For)>,
    open: Option<(PathBuf, For, Names)>,
}

impl Walk {
    /// A walk along the path with number `of`.
    pub fn new(of: usize, sought: &Sought, all_names: bool) -> Walk {
        let ahead = match sought {
            Sought::Stdin | Sought::Stream(_) => Vec::new(),
            Sought::At(path) => vec![(path.clone(), For::Itself)],
            Sought::Matching(_, glob) => matching(glob.begin()),
        };
        Walk { of, all_names, ahead, open: None }
    }

    /// Goes on with it, after an error too: what that was about is left out. `dirs` gets each directory that new
    /// files would appear in.
    pub fn step(
        &mut self,
        sought: &Sought,
        tree: &dyn Tree,
        dirs: &mut Vec<PathBuf>,
    ) -> io::Result<Step> {
        if let Some((dir, what, names)) = &mut self.open {
            match names.next() {
                Some(Ok(name)) => {
                    let (path, what) = (dir.join(&name), *what);
                    return Ok(self.named(sought, tree, path, &name, what));
                }
                ended => {
                    self.open = None;
                    return ended.transpose().map(|_| Step::On);
                }
            }
        }
        let Some((path, what)) = self.ahead.pop() else { return Ok(Step::End) };
        if what == For::Itself {
            return self.typed(path, tree, dirs);
        }
        match tree.names(here(&path)) {
            Ok(names) => {
                dirs.push(path.clone());
                self.open = Some((path, what, names));
            }
            // It may have gone meanwhile, and what may not be looked at has nothing for us.
            Err(error) if matches!(sought, Sought::Matching(..)) && is_none(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(Step::On)
    }

    /// All of it at once.
    pub fn all(mut self, sought: &Sought, tree: &dyn Tree) -> io::Result<Vec<Entry>> {
        let (mut found, mut dirs) = (Vec::new(), Vec::new());
        loop {
            match self.step(sought, tree, &mut dirs)? {
                Step::Found(entry) => found.push(entry),
                Step::Absent | Step::On => {}
                Step::End => return Ok(found),
            }
        }
    }

    /// What is at the path that was typed.
    fn typed(
        &mut self,
        path: PathBuf,
        tree: &dyn Tree,
        dirs: &mut Vec<PathBuf>,
    ) -> io::Result<Step> {
        let seen = tree.look(&path)?;
        if seen.is_some_and(|seen| seen.kind == Kind::Directory) {
            self.ahead.push((path, For::Files));
            return Ok(Step::Absent);
        }
        dirs.push(above(&path));
        let entry = |seen| Step::Found(self.entry(path, Manner::Named, Some(seen)));
        Ok(seen.map_or(Step::Absent, entry))
    }

    fn named(
        &mut self,
        sought: &Sought,
        tree: &dyn Tree,
        path: PathBuf,
        name: &OsStr,
        what: For,
    ) -> Step {
        let (For::Matches(at), Sought::Matching(_, glob)) = (what, sought) else {
            return match self.all_names || is_ready(name) {
                true => Step::Found(self.entry(path, Manner::Listed, None)),
                false => Step::On,
            };
        };
        if !glob.fits(at, name) {
            return Step::On;
        }
        let Ok(Some(seen)) = tree.look(&path) else { return Step::On };
        match glob.follow(at, path, seen.kind) {
            Followed::Match(dir) if seen.kind == Kind::Directory => {
                self.ahead.push((dir, For::Files));
                Step::On
            }
            Followed::Match(path) => Step::Found(self.entry(path, Manner::Named, Some(seen))),
            Followed::Below(dirs) => {
                self.ahead.extend(matching(dirs));
                Step::On
            }
            Followed::Nothing => Step::On,
        }
    }

    fn entry(&self, path: PathBuf, manner: Manner, seen: Option<Seen>) -> Entry {
        Entry { path, of: self.of, manner, seen }
    }
}

fn matching(dirs: Vec<(PathBuf, usize)>) -> Vec<(PathBuf, For)> {
    dirs.into_iter().map(|(dir, at)| (dir, For::Matches(at))).collect()
}

fn is_none(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::scratch::Scratch;
    use crate::disk::tree::RealTree;

    #[test]
    fn paths_are_found_that_match() {
        let scratch = Scratch::new();
        for dir in ["a", "b", "a/deep", ".c"] {
            std::fs::create_dir(scratch.path(dir)).unwrap();
        }
        for file in ["a/2.log", "a/1.log", "b/1.log", "a/deep/3.log", ".c/1.log", "1.log", "a/x"] {
            std::fs::write(scratch.path(file), "").unwrap();
        }
        let found = |pattern: &str| {
            let sought = Sought::new(&scratch.path(pattern), &RealTree).unwrap();
            let found = Walk::new(0, &sought, false).all(&sought, &RealTree).unwrap();
            assert!(
                found.iter().all(|entry| sought.takes(&entry.path, &RealTree, false).is_some())
            );
            let name = |entry: Entry| {
                entry.path.strip_prefix(scratch.path("")).unwrap().to_str().unwrap().to_string()
            };
            let mut found: Vec<String> = found.into_iter().map(name).collect();
            found.sort();
            found
        };
        assert_eq!(found("*/*.log"), ["a/1.log", "a/2.log", "b/1.log"]);
        assert_eq!(found("**/*.log"), ["1.log", "a/1.log", "a/2.log", "a/deep/3.log", "b/1.log"]);
        assert_eq!(found("**/deep/**/*.log"), ["a/deep/3.log"]);
        assert_eq!(found("a/*"), ["a/1.log", "a/2.log", "a/deep/3.log", "a/x"]);
        // What is no file is seen when it is looked at.
        assert_eq!(found("a"), ["a/1.log", "a/2.log", "a/deep", "a/x"]);
        assert_eq!(found("a/x"), ["a/x"]);
        assert_eq!(found("none/*"), [""; 0]);
        assert_eq!(found("none"), [""; 0]);
    }

    #[test]
    fn a_step_is_a_name_at_most() {
        let scratch = Scratch::new();
        (0..9).for_each(|n| std::fs::write(scratch.path(n.to_string()), "").unwrap());
        let sought = Sought::new(&scratch.path(""), &RealTree).unwrap();
        let (mut walk, mut dirs) = (Walk::new(0, &sought, false), Vec::new());
        let step = || match walk.step(&sought, &RealTree, &mut dirs).unwrap() {
            Step::End => None,
            step => Some(matches!(step, Step::Found(_))),
        };
        let steps: Vec<bool> = std::iter::from_fn(step).collect();
        // The path itself, that it is opened, and that it is read to its end.
        assert_eq!((steps.len(), steps.iter().filter(|found| **found).count()), (12, 9));
        assert_eq!(dirs, [scratch.path("")]);
    }
}
