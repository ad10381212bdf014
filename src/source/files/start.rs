//! A start: what was typed, the files that are there, and the positions of a checkpoint, if one goes on from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Files;
use super::flags::From;
use super::known::Known;
use super::place::position::{End, Number, Part, Position};
use super::place::resume::{self, Found, Listings};
use super::scan;
use super::shelf::{self, Turn, Why};
use super::sought::{Entry, Manner, Sought};
use crate::clock::Stamp;
use crate::disk::tree::Seen;
use crate::error::{Context, Error};
use crate::say::note;
use crate::source::{Changed, Fate};

impl Files {
    /// Why a file is looked at that was not known.
    pub(super) fn why(&self) -> impl Fn(&Entry) -> Why + use<> {
        let (begins, paths) = (self.begins, self.paths.clone());
        let typed: Vec<PathBuf> =
            self.sought.iter().map(|path| path.typed().to_path_buf()).collect();
        move |entry| match begins {
            None => Why::Found,
            // What a checkpoint knows the path of, and not the file, has come since.
            Some(_) if paths.as_ref().is_some_and(|paths| paths.contains(&typed[entry.of])) => {
                Why::Start
            }
            Some(From::Earliest) => Why::Start,
            Some(From::Latest) => Why::Pass,
        }
    }

    /// The first scan, which is made at once.
    pub(super) fn look_at_first(&mut self, now: Stamp) -> Result<(), Error> {
        let why = self.why();
        self.scan.begin(&self.sought, &mut self.shelf);
        while self.scan.is_under_way() {
            self.scan.go_on(&self.sought, &mut self.shelf, &why, now)?;
        }
        self.check_absent()?;
        self.begins = None;
        self.shelf.extent.total = self.shelf.queued();
        self.shelf.queue.extend((0..self.streams.len()).map(Turn::Stream));
        let (files, streams) = (&self.shelf.files, &self.streams);
        self.shelf.queue.make_contiguous().sort_by_key(|turn| match turn {
            // What was left of files that have other names now comes before all else.
            Turn::File(number) => files
                .get(number)
                .map_or(0, |known| if known.leaving.is_some() { 0 } else { known.of + 1 }),
            Turn::Stream(index) => streams[*index].0 + 1,
        });
        Ok(())
    }

    /// A path at which nothing is is a mistake, unless something may come.
    fn check_absent(&self) -> Result<(), Error> {
        for (of, path) in self.sought.iter().enumerate() {
            if self.scan.has(of) || matches!(path, Sought::Stdin | Sought::Stream(_)) {
                continue;
            }
            match path {
                Sought::At(path) if self.shelf.tree.look(path).at(path)?.is_some() => {}
                _ if self.follows => {
                    note(&format!("{}; waiting for it", scan::absent(path)));
                }
                Sought::Matching(..) if self.shelf.rules.lasts || !self.finite => {}
                _ => return Err(scan::absent(path)),
            }
        }
        Ok(())
    }

    /// Says what is done with what is there at the start, where that may be a surprise.
    pub(super) fn say_beginning(&self, begins: From) {
        let passed = self.shelf.files.len()
            - self.shelf.queue.iter().filter(|turn| matches!(turn, Turn::File(_))).count();
        if begins == From::Latest && self.paths.is_none() && (!self.finite || passed > 0) {
            const EARLIEST: &str = "--from earliest reads what is there at the start";
            note(&match passed {
                0 => "no file is there yet; each that comes is read".to_string(),
                1 => format!("1 file is there, and what is in it is not read; {EARLIEST}"),
                count => {
                    format!("{count} files are there, and what is in them is not read; {EARLIEST}")
                }
            });
        }
    }

    /// Takes up what was noted; says what is not what it was.
    pub(super) fn take_up(
        &mut self,
        positions: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Vec<Changed>, Error> {
        let (mut typed, mut files) = (BTreeSet::new(), Vec::new());
        for (part, position) in positions {
            match (Part::decode(&part), Position::decode(&position)) {
                (Some(Part::Typed(path)), _) => drop(typed.insert(path)),
                (Some(Part::Stdin), Some(position)) => {
                    self.streams.iter_mut().try_for_each(|(_, stream)| stream.go_on(&position))?;
                }
                (Some(Part::File(number, home)), Some(position)) => {
                    files.push((number, home, position));
                }
                _ => {
                    let part = String::from_utf8_lossy(&part).into_owned();
                    return Err(Error::Refused(format!(
                        "--checkpoint: no position of a file: {part}"
                    )));
                }
            }
        }
        self.note_typed(&typed);
        files.sort_unstable_by_key(|(number, ..)| *number);
        let mut noted: BTreeMap<u64, Vec<Position>> = BTreeMap::new();
        for (.., position) in &files {
            noted.entry(position.identity.inode).or_default().push(position.clone());
        }
        let (mut changed, mut listings) = (Vec::new(), Listings::default());
        for (number, home, position) in files {
            let own = position.identity.inode;
            // A file that was renamed has the inode that it had, and must not be taken for another. But the inode of
            // one that was deleted is given to the next.
            let is_free = |shelf: &shelf::Shelf, path: &Path, seen: Seen| {
                let inode = seen.identity.inode;
                let is_of = |other: &Position| resume::is_same(other, path, seen, &*shelf.tree);
                shelf.number(seen.identity).is_none()
                    && (inode == own || !noted.get(&inode).is_some_and(|of| of.iter().any(is_of)))
            };
            changed.extend(self.take_up_file(number, home, &position, &mut listings, &is_free));
        }
        Ok(changed)
    }

    fn note_typed(&mut self, known: &BTreeSet<PathBuf>) {
        let typed: BTreeSet<PathBuf> = self.typed.drain(..).map(|(path, _)| path).collect();
        let new = typed.difference(known).map(|path| (path.clone(), true));
        let old = known.difference(&typed).map(|path| (path.clone(), false));
        self.typed = new.chain(old).collect();
        self.paths = Some(known.clone());
    }

    fn take_up_file(
        &mut self,
        number: Number,
        home: PathBuf,
        position: &Position,
        listings: &mut Listings,
        is_free: &dyn Fn(&shelf::Shelf, &Path, Seen) -> bool,
    ) -> Option<Changed> {
        self.shelf.pass_number(number);
        let tree = &*self.shelf.tree;
        let part = Part::File(number, home.clone());
        let Some((of, manner)) = shelf::takes(&self.sought, &home, tree, self.all_names) else {
            // Nobody asks for it any more.
            self.shelf.gone.push(part);
            return None;
        };
        let is_free = |path: &Path, seen: Seen| is_free(&self.shelf, path, seen);
        let found = resume::find(position, &home, tree, listings, &is_free);
        let changed = |fate: Fate| {
            let part = position.path.to_string_lossy().into_owned().into_bytes();
            let read = format!("byte {}", position.place.offset);
            Some(Changed { part, read, fate })
        };
        let (path, seen) = match found {
            Found::At(path, seen) => (path, seen),
            lost => {
                self.shelf.gone.push(part);
                // Nobody writes to one that is complete; but one that was named may have grown.
                let is_loss = position.end == End::Open
                    || position.end == End::Read && manner == Manner::Named;
                let fate = if lost == Found::Recreated { Fate::Recreated } else { Fate::Gone };
                return is_loss.then(|| changed(fate)).flatten();
            }
        };
        let is_whole = resume::is_untouched(position, &path, seen)
            || position.end != End::Open && seen.len == position.place.offset;
        // Of others it is not known what they were, so that they are looked into.
        let seen = if is_whole { seen } else { Seen { len: u64::MAX, ..seen } };
        let is_renamed = path != position.path;
        let is_home = path == home;
        let known = Known::new(path.clone(), of, manner, seen).taken_by(home).read_to(position);
        self.shelf.put(Some(number), known);
        self.shelf.moved.extend(is_renamed.then_some(number));
        let is_taken = is_home
            || shelf::takes(&self.sought, &path, &*self.shelf.tree, self.all_names).is_some();
        match is_taken {
            true if is_home => self.shelf.is_current(of, number),
            true => {}
            false => self.shelf.leave(number, Stamp::default()),
        }
        if position.end == End::Read && is_taken {
            self.finished.push_back((crate::chunk::Mark::default(), number));
        }
        is_renamed
            .then(|| changed(Fate::Renamed(path.to_string_lossy().into_owned().into_bytes())))
            .flatten()
    }
}
