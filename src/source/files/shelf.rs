//! The files that are known, and the rules by which one of them comes to be read.
//!
//! ```text
//! seen           known by device and inode     unknown
//! at its path    changed? look into it         a new one, from its first byte
//! elsewhere      renamed                       a new one; who had the name before is leaving
//! nowhere        leaving: read on while it is open, then forgotten
//! ```
//!
//! A number is no identity of its own: it is given to another file as soon as nobody has the old one. So one
//! that is not open is known again by what was read of it (`place`), and one that is open cannot be
//! another.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::known::{Known, Records, State};
use super::place::position::{End, Number, Part};
use super::sought::{Manner, Sought};
use crate::clock::Stamp;
use crate::disk::tree::{Seen, Tree, is_absent};
use crate::error::{Context, Error};
use crate::metrics::Extent;
use crate::process::descriptor::Identity;
use crate::say::detail;

/// How many files, names or news are looked at, at a time: then it is looked whether something else is due.
pub const SLICE: usize = 64;

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// `--follow`.
    pub follows: bool,
    /// True if all there is is read, and then it ends.
    pub once: bool,
    /// True with a checkpoint: what is left is for the next run.
    pub lasts: bool,
    /// `--quiet-after`.
    pub quiet_after: Duration,
    /// How records end.
    pub records: Records,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A file's.
    File(Number),
    /// That of what is read as a stream: one of the paths that were typed.
    Stream(usize),
}

/// Why a file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is there at the start, and what is there is read.
    Start,
    /// It is there at the start, and what is there is not read.
    Pass,
    /// It was found there, or may have changed.
    Found,
    /// Somebody has closed it after writing, or moved it here.
    Complete,
}

/// The files that are known.
#[derive(Debug)]
pub struct Shelf {
    /// Where they are.
    pub tree: Box<dyn Tree>,
    /// How they are read.
    pub rules: Rules,
    /// All of them.
    pub files: BTreeMap<Number, Known>,
    /// Those that have something to be read, in order.
    pub queue: VecDeque<Turn>,
    /// Those that have moved since that was noted.
    pub moved: BTreeSet<Number>,
    /// Parts that are no more.
    pub gone: Vec<Part>,
    /// Those whose names have gone.
    pub leaving: BTreeSet<Number>,
    /// Those that are open, in the order in which they were opened.
    pub open: VecDeque<Number>,
    by_identity: HashMap<Identity, Number>,
    /// The file that has the name, for each path that was typed.
    current: HashMap<usize, Number>,
    /// When it is looked whether somebody still writes to a file.
    quiet: BTreeSet<(Stamp, Number)>,
    /// So many may be open.
    pub most_open: usize,
    /// How many bytes of files were read, and how many there were at the start; as they are packed.
    pub extent: Extent,
    /// The scan that is made, or was last.
    pub scan: u64,
    next: Number,
}

impl Shelf {
    /// Nothing is known yet.
    pub fn new(tree: Box<dyn Tree>, rules: Rules) -> Shelf {
        Shelf {
            tree,
            rules,
            files: BTreeMap::new(),
            queue: VecDeque::new(),
            moved: BTreeSet::new(),
            gone: Vec::new(),
            leaving: BTreeSet::new(),
            open: VecDeque::new(),
            by_identity: HashMap::new(),
            current: HashMap::new(),
            quiet: BTreeSet::new(),
            most_open: 512,
            extent: Extent::default(),
            scan: 0,
            next: 0,
        }
    }

    /// The number of the file with this identity.
    pub fn number(&self, identity: Identity) -> Option<Number> {
        self.by_identity.get(&identity).copied()
    }

    /// Puts a file there that has this number, or the next one.
    pub fn put(&mut self, number: Option<Number>, known: Known) -> Number {
        let number = number.unwrap_or(self.next);
        self.next = self.next.max(number + 1);
        self.by_identity.insert(known.seen.identity, number);
        self.files.insert(number, known);
        number
    }

    /// Says that the numbers up to this one have been given away.
    pub fn pass_number(&mut self, number: Number) {
        self.next = self.next.max(number + 1);
    }

    /// When it is next to be looked whether somebody still writes to a file.
    pub fn due(&self) -> Stamp {
        self.quiet.first().map_or(Stamp::NEVER, |&(at, _)| at)
    }

    /// What is at the path of a file that was typed: who had the name before is leaving.
    pub fn sight_at(&mut self, of: usize, path: &Path, seen: Option<Seen>, why: Why, now: Stamp) {
        let number = seen.and_then(|seen| self.number(seen.identity));
        let before = self.current.get(&of).copied();
        if let Some(before) = before.filter(|_| before != number) {
            self.current.remove(&of);
            self.leave(before, now);
        }
        if let Some(seen) = seen {
            self.sight(of, Manner::Named, path, seen, why, now);
            self.current.extend(self.number(seen.identity).map(|number| (of, number)));
        }
    }

    /// The file with this number was at the path that was typed when the last run looked.
    pub fn is_current(&mut self, of: usize, number: Number) {
        self.current.insert(of, number);
    }

    /// A file is at a path, in a directory that was typed or by a pattern.
    pub fn sight(
        &mut self,
        of: usize,
        manner: Manner,
        path: &Path,
        seen: Seen,
        why: Why,
        now: Stamp,
    ) {
        match self.number(seen.identity) {
            Some(number) => self.sight_known(number, path, seen, why, now),
            None => self.take(Known::new(path.to_path_buf(), of, manner, seen), why, now),
        }
    }

    /// A file that is known is at a path.
    pub fn sight_known(&mut self, number: Number, path: &Path, seen: Seen, why: Why, now: Stamp) {
        let Some(known) = self.files.get_mut(&number) else { return };
        known.scan = self.scan;
        if known.path != path {
            // It may have both names.
            let at = self.tree.look(&known.path).ok().flatten();
            if at.is_some_and(|at| at.identity == seen.identity) {
                return;
            }
            detail(&format!("{} is {} now", known.origin(), path.display()));
            known.path = path.to_path_buf();
            self.moved.insert(number);
        }
        if path == known.home && known.leaving.take().is_some() {
            self.leaving.remove(&number);
        }
        self.changed(number, seen, why, now);
    }

    /// A file has not what was read of it: what has its place now is another one, which is read from its
    /// beginning. Returns its number.
    pub fn renew(&mut self, number: Number, home: PathBuf) -> Option<Number> {
        let Known { path, of, manner, seen, scan, leaving, .. } = self.files.get(&number)?;
        let mut known = Known::new(path.clone(), *of, *manner, *seen).taken_by(home);
        (known.scan, known.leaving) = (*scan, *leaving);
        let current = self.current.iter().find(|(_, current)| **current == number);
        let current = current.map(|(&of, _)| of);
        self.forget(number);
        let (number, is_leaving) = (self.next, known.leaving.is_some());
        self.put(None, known);
        self.moved.insert(number);
        self.current.extend(current.map(|of| (of, number)));
        self.leaving.extend(is_leaving.then_some(number));
        Some(number)
    }

    /// Looks at the file that has this number, or the next one there is: if the scan has not seen it, and it is not
    /// where it was, its name has gone. Returns the number behind it; none if there is no other file.
    pub fn sweep(
        &mut self,
        from: Number,
        sought: &[Sought],
        all_names: bool,
        now: Stamp,
    ) -> Option<Number> {
        let (&number, known) = self.files.range(from..).next()?;
        // What is renamed during a scan may be missed, and is found by the next one.
        let is_seen =
            known.scan == self.scan || known.reading.is_none() && known.scan + 1 == self.scan;
        if is_seen || known.leaving.is_some() {
            return Some(number + 1);
        }
        // Where the disk does not answer nothing has gone.
        let is_there = match self.tree.look(&known.path) {
            Ok(Some(seen)) if seen.identity == known.seen.identity => {
                takes(sought, &known.path, &*self.tree, all_names).is_some()
            }
            Ok(_) => false,
            Err(error) => !is_absent(&error),
        };
        if !is_there {
            self.leave(number, now);
        }
        Some(number + 1)
    }

    /// The name of a file leads to another one, or nowhere.
    pub fn leave(&mut self, number: Number, now: Stamp) {
        let Some(known) = self.files.get_mut(&number) else { return };
        if known.reading.is_none() {
            // It may have been renamed, and is still to be read.
            let seen = self.tree.look(&known.path).ok().flatten();
            if seen.is_none_or(|seen| seen.identity != known.seen.identity) {
                return self.forget(number);
            }
        }
        known.leaving.get_or_insert(now);
        self.leaving.insert(number);
        self.queue_up(number);
    }

    /// Nothing more will be read of a file.
    pub fn forget(&mut self, number: Number) {
        let Some(known) = self.files.remove(&number) else { return };
        detail(&format!("{} is let go", known.origin()));
        if self.number(known.seen.identity) == Some(number) {
            self.by_identity.remove(&known.seen.identity);
        }
        self.current.retain(|_, current| *current != number);
        self.leaving.remove(&number);
        self.moved.remove(&number);
        // Without a checkpoint nobody asks for these.
        if self.rules.lasts {
            self.gone.push(Part::File(number, known.home));
        }
    }

    /// Takes a new file.
    fn take(&mut self, mut known: Known, why: Why, now: Stamp) {
        if why == Why::Pass
            && let Err(error) = known.pass(&*self.tree, self.rules.records.delimiter)
        {
            // It has gone, or may not be read: then there is nothing to be passed.
            detail(&format!("{}: {}", known.origin(), crate::error::said(&error)));
        }
        known.end = if why == Why::Pass { End::Passed } else { End::Open };
        known.scan = self.scan;
        let number = self.put(None, known);
        self.moved.insert(number);
        if why != Why::Pass {
            self.await_end(number, why, now);
        }
    }

    /// A file may have changed.
    fn changed(&mut self, number: Number, seen: Seen, why: Why, now: Stamp) {
        let Some(known) = self.files.get_mut(&number) else { return };
        let is_same = (known.seen.len, known.seen.modified) == (seen.len, seen.modified);
        known.seen = seen;
        if !is_same {
            known.end = End::Open;
        }
        match known.state {
            State::Queued => {}
            State::Waiting | State::Idle if is_same && why != Why::Complete => {}
            State::Idle if is_same => {}
            _ => self.await_end(number, why, now),
        }
    }

    /// Reads a file, as soon as it is ready for that.
    fn await_end(&mut self, number: Number, why: Why, now: Stamp) {
        let Some(known) = self.files.get_mut(&number) else { return };
        let is_whole = self.rules.once || why == Why::Complete;
        let grows = self.rules.follows && !known.is_packed();
        let is_named = known.manner == Manner::Named && !self.rules.follows;
        if is_whole || grows || is_named {
            return self.queue_up(number);
        }
        // One that was written to again waits anew.
        self.quiet.remove(&(known.due, number));
        (known.state, known.due) = (State::Waiting, now.after(self.rules.quiet_after));
        self.quiet.insert((known.due, number));
    }

    /// Puts a file at the end of the queue, if it is not in it.
    pub fn queue_up(&mut self, number: Number) {
        if let Some(known) =
            self.files.get_mut(&number).filter(|known| known.state != State::Queued)
        {
            known.state = State::Queued;
            self.queue.push_back(Turn::File(number));
        }
    }

    /// How many bytes of files that are queued are not read.
    pub fn queued(&self) -> u64 {
        let queued = self.files.values().filter(|known| known.state == State::Queued);
        queued.map(Known::left).sum()
    }

    /// Looks at some of the files to which somebody may have written.
    pub fn look_again(&mut self, now: Stamp) {
        for _ in 0..SLICE {
            let Some((_, number)) = self.quiet.first().copied().filter(|&(at, _)| at <= now) else {
                return;
            };
            self.quiet.pop_first();
            let Some(known) = self.files.get_mut(&number) else { continue };
            if known.state != State::Waiting {
                continue;
            }
            match self.tree.look(&known.path) {
                Ok(Some(seen)) if seen.identity == known.seen.identity => {
                    let is_quiet =
                        (seen.len, seen.modified) == (known.seen.len, known.seen.modified);
                    known.seen = seen;
                    match is_quiet {
                        true => self.queue_up(number),
                        false => {
                            known.due = now.after(self.rules.quiet_after);
                            self.quiet.insert((known.due, number));
                        }
                    }
                }
                // A scan finds what has become of it, and then it has changed.
                _ => (known.state, known.seen.len) = (State::Idle, u64::MAX),
            }
        }
    }

    /// Has those read on whose names have gone.
    pub fn look_after(&mut self) {
        let leaving: Vec<Number> = self.leaving.iter().copied().collect();
        leaving.into_iter().for_each(|number| self.queue_up(number));
    }

    /// Notes what has moved.
    pub fn note(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        for part in std::mem::take(&mut self.gone) {
            note(&part.encode(), b"");
        }
        for number in std::mem::take(&mut self.moved) {
            if let Some(known) = self.files.get(&number) {
                let part = Part::File(number, known.home.clone());
                note(&part.encode(), &known.position().encode());
            }
        }
    }

    /// Where a file is.
    pub fn path(&self, number: Number) -> PathBuf {
        self.files.get(&number).map(|known| known.path.clone()).unwrap_or_default()
    }
}

/// What may be read at a path, by the path that was typed and how; the first that leads there counts.
pub fn takes(
    sought: &[Sought],
    path: &Path,
    tree: &dyn Tree,
    all_names: bool,
) -> Option<(usize, Manner)> {
    let mut takes = sought.iter().enumerate();
    takes.find_map(|(of, sought)| Some((of, sought.takes(path, tree, all_names)?)))
}

/// What a path leads to; an error names it.
pub fn look(tree: &dyn Tree, path: &Path) -> Result<Option<Seen>, Error> {
    tree.look(path).at(path)
}
