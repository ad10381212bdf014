//! What was typed: a file, a directory, a pattern, or something that is read as a stream.
//!
//! What a path leads to may change while weir runs, so it is asked again at each scan:
//!
//! ```text
//! app.log       a file: that one, whichever has the name
//! in            a directory: the files in it, but not those in directories below
//! 'logs/*.log'  a pattern: the files that match, and those in directories that match
//! -             standard input, and so whatever is no file: a pipe, a device
//! ```

pub mod glob;
pub mod walk;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use self::glob::Glob;
use self::walk::Walk;
use crate::disk::tree::{Kind, RealTree, Seen, Tree};
use crate::error::{Context, Error};

/// True if something is at a path, or some file matches it as a pattern.
pub fn is_there(path: &Path) -> bool {
    let matches = |sought: &Sought| {
        let found = Walk::new(0, sought, true).all(sought, &RealTree);
        matches!(sought, Sought::Matching(..)) && found.is_ok_and(|found| !found.is_empty())
    };
    path.exists() || Sought::new(path, &RealTree).is_ok_and(|sought| matches(&sought))
}

/// How a file has come to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// By its path, or a pattern that it matches.
    Named,
    /// It is in a directory.
    Listed,
}

/// A file that may be read.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Which of the paths that were typed leads to it.
    pub of: usize,
    /// How.
    pub manner: Manner,
    /// What it is, if that was looked at.
    pub seen: Option<Seen>,
}

/// What was typed.
#[derive(Clone, Debug)]
pub enum Sought {
    /// Standard input.
    Stdin,
    /// What is no file, and cannot be read again.
    Stream(PathBuf),
    /// A file or a directory.
    At(PathBuf),
    /// What matches a pattern.
    Matching(PathBuf, Glob),
}

impl Sought {
    /// What a path means. One that is there is no pattern, whatever it looks like.
    pub fn new(typed: &Path, tree: &dyn Tree) -> Result<Sought, Error> {
        if typed == "-" {
            return Ok(Sought::Stdin);
        }
        let typed = typed.to_path_buf();
        Ok(match (tree.look(&typed).at(&typed)?, Glob::parse(&typed)) {
            (Some(Seen { kind: Kind::Other, .. }), _) => Sought::Stream(typed),
            (None, Some(glob)) => Sought::Matching(typed, glob),
            _ => Sought::At(typed),
        })
    }

    /// As it was typed.
    pub fn typed(&self) -> &Path {
        match self {
            Sought::Stdin => Path::new("-"),
            Sought::Stream(path) | Sought::At(path) | Sought::Matching(path, _) => path,
        }
    }

    /// The directory that what is read is in, or below; none of what is read as a stream.
    pub fn dir(&self, tree: &dyn Tree) -> Option<PathBuf> {
        match self {
            Sought::Stdin | Sought::Stream(_) => None,
            Sought::At(at) if is_dir(tree, at) => Some(at.clone()),
            Sought::At(at) => Some(above(at)),
            Sought::Matching(_, glob) => Some(glob.root().to_path_buf()),
        }
    }

    /// How a file at a path would be read, if it would.
    pub fn takes(&self, path: &Path, tree: &dyn Tree, all_names: bool) -> Option<Manner> {
        let is_ready = all_names || path.file_name().is_some_and(is_ready);
        let dir = above(path);
        match self {
            Sought::Stdin | Sought::Stream(_) => None,
            Sought::At(at) if at == path => Some(Manner::Named),
            Sought::At(at) => {
                (is_same(at, &dir) && is_ready && is_dir(tree, at)).then_some(Manner::Listed)
            }
            Sought::Matching(_, glob) if glob.matches(path) => Some(Manner::Named),
            Sought::Matching(_, glob) => {
                (is_ready && glob.matches(&dir) && is_dir(tree, &dir)).then_some(Manner::Listed)
            }
        }
    }
}

/// The directory that a path is in; empty for that in which we are.
pub fn above(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_path_buf()
}

/// A directory as the system is asked for it: that in which we are has an empty path here.
pub fn here(dir: &Path) -> &Path {
    if dir.as_os_str().is_empty() { Path::new(".") } else { dir }
}

/// True if both say the same, as `in/` and `in` do.
fn is_same(a: &Path, b: &Path) -> bool {
    let whole = |path: &Path| match path.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => path.components().collect(),
    };
    whole(a) == whole(b)
}

fn is_dir(tree: &dyn Tree, path: &Path) -> bool {
    tree.look(path).is_ok_and(|seen| seen.is_some_and(|seen| seen.kind == Kind::Directory))
}

/// True for a name of a file that is meant to be read: others have names like these while they are made.
pub fn is_ready(name: impl AsRef<OsStr>) -> bool {
    let name = name.as_ref().as_bytes();
    let is_made = [&b".tmp"[..], b".part", b"._COPYING_"].iter().any(|end| name.ends_with(end));
    !(name.starts_with(b".") || name.starts_with(b"_") || is_made)
}
