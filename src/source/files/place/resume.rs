//! Where a file is now of which a position was noted: nobody has looked meanwhile.
//!
//! ```text
//! at its path, and has what was read of it       it is read on
//! in its directory, the same inode               it was renamed: it is read on
//! there, by another name that begins alike       it was copied, or packed: so is that
//! none of these                                  what was not read of it is lost, which is said
//! ```
//!
//! Device numbers change when a machine is started; so what was read decides, and the inode helps.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::position::{End, Position};
use super::print::Prints;
use crate::disk::tree::{Kind, Seen, Tree};
use crate::source::files::sought::{above, here};
use crate::source::files::unpack::{Packing, Unpacking};

/// What has become of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is here.
    At(PathBuf, Seen),
    /// Another has its path.
    Recreated,
    /// There is nothing at its path.
    Gone,
}

/// True of a file of which no other position is.
pub type IsFree<'a> = &'a dyn Fn(&Path, Seen) -> bool;

/// The files in directories, by name: a start asks for each file that is not where it was, and there may be
/// thousands. A directory that has changed since it was listed is listed anew.
#[derive(Debug, Default)]
pub struct Listings(BTreeMap<PathBuf, Listing>);

/// How often a directory is listed while names in it go.
const TRIES: usize = 3;

#[derive(Debug)]
struct Listing {
    /// When names in the directory had changed last before it was listed.
    changed: Option<i128>,
    files: Vec<(PathBuf, Seen)>,
}

impl Listings {
    /// The files in the directories in which one was.
    fn others<'a>(
        &'a mut self,
        position: &Position,
        home: &Path,
        tree: &dyn Tree,
    ) -> impl Iterator<Item = &'a (PathBuf, Seen)> + Clone + use<'a> {
        let dirs = dirs(position, home);
        for dir in &dirs {
            let changed = tree.look(here(dir)).ok().flatten().map(|seen| seen.changed);
            if self.0.get(dir).is_none_or(|listing| listing.changed != changed) {
                self.0.insert(dir.clone(), Listing { changed, files: files_in(dir, tree) });
            }
        }
        let listings = &self.0;
        let found: Vec<_> = dirs.iter().filter_map(|dir| listings.get(dir)).collect();
        found.into_iter().flat_map(|listing| &listing.files)
    }

    /// Forgets where a file was listed, if it is there no more, which is returned: one that is renamed within a tick of
    /// the disk's clock leaves no other trace.
    fn forget_moved(&mut self, position: &Position, home: &Path, tree: &dyn Tree) -> bool {
        let has_moved = |(path, seen): &(PathBuf, Seen)| {
            let is_there = |now: Seen| now.identity == seen.identity;
            seen.identity.inode == position.identity.inode
                && !tree.look(path).is_ok_and(|now| now.is_some_and(is_there))
        };
        let before = self.0.len();
        for dir in dirs(position, home) {
            if self.0.get(&dir).is_some_and(|listing| listing.files.iter().any(has_moved)) {
                self.0.remove(&dir);
            }
        }
        self.0.len() < before
    }
}

/// The directories in which a file was.
fn dirs(position: &Position, home: &Path) -> BTreeSet<PathBuf> {
    BTreeSet::from([above(&position.path), above(home)])
}

/// The files in a directory, by name. If names go while it is listed, files may be renamed, and it is listed again.
fn files_in(dir: &Path, tree: &dyn Tree) -> Vec<(PathBuf, Seen)> {
    let mut found = Vec::new();
    for _ in 0..TRIES {
        found.clear();
        let mut has_gone = false;
        for name in tree.names(here(dir)).into_iter().flatten().flatten() {
            let path = dir.join(name);
            match tree.look(&path) {
                Ok(Some(seen)) if seen.kind == Kind::File => found.push((path, seen)),
                Ok(None) => has_gone = true,
                _ => {}
            }
        }
        if !has_gone {
            break;
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

/// Finds a file again, among those that are free.
pub fn find(
    position: &Position,
    home: &Path,
    tree: &dyn Tree,
    listings: &mut Listings,
    is_free: IsFree,
) -> Found {
    loop {
        let found = find_listed(position, home, tree, listings, is_free);
        if matches!(found, Found::At(..)) || !listings.forget_moved(position, home, tree) {
            return found;
        }
    }
}

/// The same, by directories as they were listed.
fn find_listed(
    position: &Position,
    home: &Path,
    tree: &dyn Tree,
    listings: &mut Listings,
    is_free: IsFree,
) -> Found {
    let at = tree.look(&position.path).ok().flatten();
    let at = at.filter(|seen| seen.kind == Kind::File && is_free(&position.path, *seen));
    if let Some(seen) = at.filter(|seen| is_same(position, &position.path, *seen, tree)) {
        return Found::At(position.path.clone(), seen);
    }
    let others = listings.others(position, home, tree);
    let renamed = others.clone().find(|(path, seen)| {
        let is_its = seen.identity.inode == position.identity.inode;
        is_its && is_free(path, *seen) && is_same(position, path, *seen, tree)
    });
    let copied = || {
        others.clone().find(|(path, seen)| {
            is_named_alike(path, home) && is_free(path, *seen) && is_copy(position, path, tree)
        })
    };
    match renamed.or_else(copied) {
        Some((path, seen)) => Found::At(path.clone(), *seen),
        None if at.is_some() => Found::Recreated,
        None => Found::Gone,
    }
}

/// Finds the copy of a file that was cut when it had been copied: it has what was read of it, and more.
pub fn copy(
    position: &Position,
    home: &Path,
    tree: &dyn Tree,
    is_free: IsFree,
) -> Option<(PathBuf, Seen)> {
    let mut listings = Listings::default();
    let mut others = listings.others(position, home, tree).filter(|(path, seen)| {
        let is_packed = Packing::of(path).is_some();
        is_free(path, *seen)
            && is_named_alike(path, home)
            && !is_packed
            && seen.len > position.place.offset
    });
    others.find(|(path, _)| is_copy(position, path, tree)).cloned()
}

/// True if it is the file itself, by its number and by what was read of it.
pub fn is_same(position: &Position, path: &Path, seen: Seen, tree: &dyn Tree) -> bool {
    seen.identity.inode == position.identity.inode
        && (is_untouched(position, path, seen) || has_read(position, path, tree))
}

/// True if all of it was read, and nothing has come since. What is packed is not unpacked again to find that out:
/// nobody writes to it in place.
pub fn is_untouched(position: &Position, path: &Path, seen: Seen) -> bool {
    position.end != End::Open && seen.len == position.len && Packing::of(path).is_some()
}

/// True if a file has what was read of this one.
fn has_read(position: &Position, path: &Path, tree: &dyn Tree) -> bool {
    let Position { place, prints, .. } = position;
    let Ok(file) = tree.open(path) else { return false };
    let is_of = match Packing::of(path) {
        // How long it is, only reading tells.
        Some(_) if place.offset == u64::MAX => return true,
        Some(packing) => Unpacking::new(file, packing)
            .and_then(|mut packed| packed.skip(place.offset))
            .map(|trail| trail.at() == place.offset && trail.prints() == *prints),
        None => prints.are_of(&*file, place.offset),
    };
    is_of.unwrap_or(false)
}

/// True if another file has what was read of this one; of one that nothing was read of none is known.
fn is_copy(position: &Position, path: &Path, tree: &dyn Tree) -> bool {
    position.prints != Prints::default() && has_read(position, path, tree)
}

/// True if a name begins as this one does: `app.log.1`, `app-20261126.log.gz`.
fn is_named_alike(path: &Path, home: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or(OsStr::new("")).as_bytes().to_vec();
    let home = name(home);
    let stem = home.split(|&byte| byte == b'.').next().unwrap_or_default();
    let stem = if stem.is_empty() { &home[..] } else { stem };
    name(path).starts_with(stem)
}
