//! `--done`: what becomes of a file when all of it is out.
//!
//! ```text
//! read to its end ──> its last batch is out ──> still as long? ──> deleted or archived ──> directory synced
//! ```
//!
//! A run that ends in between leaves the file where it is, and its position says that it was complete: the next
//! one begins with this. Nothing is overwritten.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::sought::{Sought, above, here};
use crate::disk::tree::{Kind, Tree, is_absent};
use crate::error::{Context, Error};

/// What becomes of files that are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Done {
    /// They stay.
    #[default]
    Keep,
    /// They are deleted.
    Delete,
    /// They are moved into a directory.
    Archive(PathBuf),
}

fn first_word(words: &[OsString]) -> &OsStr {
    words.first().map_or(OsStr::new(""), OsString::as_os_str)
}

impl Done {
    /// What was typed behind `--done`, and how many words of it that were.
    pub fn parse(words: &[OsString]) -> Result<(Done, usize), Error> {
        match (&*first_word(words).to_string_lossy(), words.get(1)) {
            ("keep", _) => Ok((Done::Keep, 1)),
            ("delete", _) => Ok((Done::Delete, 1)),
            ("archive", Some(dir)) => Ok((Done::Archive(dir.into()), 2)),
            ("archive", None) => {
                Err(Error::usage("--done: the directory is missing: --done archive DIR"))
            }
            // As a line of --config has it.
            (other, _) if other.starts_with("archive ") => {
                let dir = &first_word(words).as_bytes()["archive ".len()..];
                Ok((Done::Archive(PathBuf::from(OsStr::from_bytes(dir))), 1))
            }
            (other, _) => Err(Error::usage(format!(
                "--done: `{other}` is none of keep, delete and archive DIR"
            ))),
        }
    }

    /// Refuses a directory that files cannot be moved to.
    pub fn check(&self, tree: &dyn Tree) -> Result<(), Error> {
        let Done::Archive(dir) = self else { return Ok(()) };
        match tree.look(dir).at(dir)? {
            Some(seen) if seen.kind == Kind::Directory => Ok(()),
            Some(_) => Err(Error::usage(format!("--done archive {}: no directory", dir.display()))),
            None => Err(Error::Failed(format!(
                "--done archive {}: no such directory; make it, on the disk of what is moved there",
                dir.display()
            ))),
        }
    }

    /// Refuses a directory that is read itself: each file would come again.
    pub fn leads_away(
        &self,
        sought: &[Sought],
        tree: &dyn Tree,
        all_names: bool,
    ) -> Result<(), Error> {
        let Done::Archive(dir) = self else { return Ok(()) };
        match sought.iter().find(|path| path.takes(&dir.join("moved"), tree, all_names).is_some()) {
            None => Ok(()),
            Some(path) => Err(Error::usage(format!(
                "--done archive {}: what is moved there would be read again, since {} is read",
                dir.display(),
                path.typed().display()
            ))),
        }
    }

    /// Refuses a directory on another disk than what is read. What is below a directory may be on another one
    /// still, and then [`Done::act`] says it.
    pub fn stays_on_disk(&self, sought: &[Sought], tree: &dyn Tree) -> Result<(), Error> {
        let Done::Archive(dir) = self else { return Ok(()) };
        let disk = |dir: &Path| Some(tree.look(here(dir)).ok()??.identity.device);
        let is_elsewhere = |path: &&Sought| {
            path.dir(tree).and_then(|dir| disk(&dir)).is_some_and(|of| Some(of) != disk(dir))
        };
        match sought.iter().find(is_elsewhere) {
            None => Ok(()),
            Some(path) => Err(Error::usage(format!(
                "--done archive {}: nothing can be moved there, since {} is on another disk; name a directory on \
                 that one",
                dir.display(),
                path.typed().display()
            ))),
        }
    }

    /// Does it to files; the directories that are to be synced then are put into `dirs`.
    pub fn act(
        &self,
        path: &Path,
        tree: &dyn Tree,
        dirs: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Error> {
        let acted = match self {
            Done::Keep => return Ok(()),
            Done::Delete => tree.remove(path),
            Done::Archive(dir) => {
                dirs.insert(dir.clone());
                archive(path, dir, tree)
            }
        };
        dirs.insert(above(path));
        match acted {
            // Somebody else has taken it out of the way.
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) if error.kind() == ErrorKind::CrossesDevices => Err(Error::Failed(format!(
                "{}: --done archive cannot move it to another disk; what was read of it is out, and it stays",
                path.display()
            ))),
            acted => acted.at(path),
        }
    }
}

/// Moves a file into a directory, by its own name or, if that is taken, by one with a number.
fn archive(path: &Path, dir: &Path, tree: &dyn Tree) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default();
    let mut target = dir.join(name);
    for number in 1u64.. {
        match tree.rename(path, &target) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mut name = name.to_owned();
                name.push(format!(".{number}"));
                target = dir.join(name);
            }
            moved => return moved,
        }
    }
    unreachable!("there are not so many files")
}

/// Returns when what was done in directories is on the disk.
pub fn sync(dirs: &BTreeSet<PathBuf>, tree: &dyn Tree) -> Result<(), Error> {
    dirs.iter().try_for_each(|dir| {
        let place = here(dir);
        tree.sync(place).at(place)
    })
}
