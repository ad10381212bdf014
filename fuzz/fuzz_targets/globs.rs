//! Patterns of paths: any pattern finds those of the files there are that it matches, and no others.
//!
//! The pattern and the files, a NUL between them.
#![no_main]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use weir::disk::tree::{Kind, Names, Readable, Seen, Tree};
use weir::process::descriptor::Identity;
use weir::source::files::sought::glob::Glob;
use weir::source::files::sought::walk::Walk;
use weir::source::files::sought::{Manner, Sought};

/// Files by their paths, and so the directories they are in.
#[derive(Debug, Default)]
struct Files(BTreeSet<PathBuf>);

impl Files {
    fn is_dir(&self, path: &Path) -> bool {
        self.0.iter().any(|file| file != path && file.starts_with(path))
    }
}

/// A path without `./`, which is another name for the same.
fn bare(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

impl Tree for Files {
    fn look(&self, path: &Path) -> io::Result<Option<Seen>> {
        let path = bare(path);
        let kind = match self.is_dir(path) {
            true => Kind::Directory,
            false if self.0.contains(path) => Kind::File,
            false => return Ok(None),
        };
        let identity = Identity { device: 1, inode: 1 };
        Ok(Some(Seen { identity, kind, len: 0, modified: 0, changed: 0 }))
    }

    fn names(&self, dir: &Path) -> io::Result<Names> {
        let dir = bare(dir);
        if !self.is_dir(dir) {
            return Err(ErrorKind::NotFound.into());
        }
        let below = self.0.iter().filter_map(|file| file.strip_prefix(dir).ok());
        let names: BTreeSet<OsString> =
            below.filter_map(|path| path.iter().next().map(OsStr::to_os_string)).collect();
        Ok(Names::new(names.into_iter().map(Ok)))
    }

    fn open(&self, _path: &Path) -> io::Result<Box<dyn Readable>> {
        Err(ErrorKind::Unsupported.into())
    }

    fn remove(&self, _path: &Path) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn sync(&self, _dir: &Path) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|&byte| byte == 0).map(OsStr::from_bytes).map(Path::new);
    let Some(typed) = parts.next() else { return };
    let Some(glob) = Glob::parse(typed) else { return };
    let is_plain = |path: &&Path| {
        path.components().all(|part| matches!(part, Component::Normal(_)))
            && !path.as_os_str().is_empty()
            && path.components().collect::<PathBuf>().as_os_str() == path.as_os_str()
    };
    let files: BTreeSet<PathBuf> = parts.filter(is_plain).take(8).map(Path::to_path_buf).collect();
    // A file is no directory.
    let tree = Files(files);
    let files: Vec<PathBuf> = tree.0.iter().filter(|file| !tree.is_dir(file)).cloned().collect();

    let sought = Sought::Matching(typed.to_path_buf(), glob.clone());
    let found = Walk::new(0, &sought, true).all(&sought, &tree).expect("nothing fails here");
    // Others are in directories that match.
    let named: Vec<_> = found.iter().filter(|entry| entry.manner == Manner::Named).collect();
    assert!(named.iter().all(|entry| glob.matches(&entry.path)), "{glob:?} {found:?}");
    for file in files {
        let is_found = named.iter().any(|entry| entry.path == file);
        assert_eq!(is_found, glob.matches(&file), "{glob:?} {file:?}");
    }
});
