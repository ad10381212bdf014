//! Files of others in memory, to which a test does what others do: they are made, written, cut, renamed and
//! deleted, and the number of one that nobody has any more is given to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::tree::{Kind, Names, Readable, Seen, Tree};
use crate::process::descriptor::Identity;

/// A file: it lives as long as it has a name, or somebody has it open.
#[derive(Debug)]
struct Leaf {
    inode: u64,
    free: Arc<Mutex<Vec<u64>>>,
    content: Mutex<Content>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    modified: i128,
    changed: i128,
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.free.lock().unwrap().push(self.inode);
    }
}

impl Leaf {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    fn look(&self) -> Seen {
        let Content { bytes, modified, changed } = &*self.content();
        let identity = Identity { device: 1, inode: self.inode };
        let len = bytes.len() as u64;
        Seen { identity, kind: Kind::File, len, modified: *modified, changed: *changed }
    }
}

#[derive(Debug, Default)]
struct Forest {
    names: BTreeMap<PathBuf, Arc<Leaf>>,
    dirs: BTreeSet<PathBuf>,
    free: Arc<Mutex<Vec<u64>>>,
    next: u64,
    /// In nanoseconds.
    now: i128,
    /// While the disk does not answer.
    is_unreadable: bool,
    /// How often somebody has looked where a path leads to.
    looks: usize,
    /// A rename, and before how many more looks it is made.
    rename: Option<(usize, PathBuf, PathBuf)>,
}

impl Forest {
    fn move_to(&mut self, from: &Path, to: &Path) {
        self.now += 1;
        if let Some(leaf) = self.names.remove(from) {
            leaf.content().changed = self.now;
            self.names.insert(to.into(), leaf);
        }
    }

    /// Somebody looks where a path leads to.
    fn be_looked_at(&mut self) {
        self.looks += 1;
        match self.rename.take() {
            Some((0, from, to)) => self.move_to(&from, &to),
            other => self.rename = other.map(|(looks, from, to)| (looks - 1, from, to)),
        }
    }
}

/// The files; all its clones are the same ones.
#[derive(Clone, Debug, Default)]
pub struct SimTree(Arc<Mutex<Forest>>);

impl SimTree {
    /// No file is there, but these directories are.
    pub fn new(dirs: &[&str]) -> SimTree {
        let tree = SimTree::default();
        tree.forest().dirs.extend(dirs.iter().map(PathBuf::from));
        tree
    }

    fn forest(&self) -> MutexGuard<'_, Forest> {
        self.0.lock().unwrap()
    }

    /// It is so late, in milliseconds.
    pub fn set_time(&self, now: i64) {
        let mut forest = self.forest();
        forest.now = forest.now.max(i128::from(now) * 1_000_000);
    }

    /// True if a file has this name.
    pub fn has(&self, path: &str) -> bool {
        self.forest().names.contains_key(Path::new(path))
    }

    /// What a file holds.
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.forest().names.get(Path::new(path)).map(|leaf| leaf.content().bytes.clone())
    }

    /// Appends to a file, which is made if it is missing.
    pub fn append(&self, path: &str, bytes: &[u8]) {
        self.change(path, |content| content.extend_from_slice(bytes));
    }

    /// Puts this into a file in place of what there was.
    pub fn overwrite(&self, path: &str, bytes: &[u8]) {
        self.change(path, |content| *content = bytes.to_vec());
    }

    fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut forest = self.forest();
        forest.now += 1;
        let now = forest.now;
        if !forest.names.contains_key(Path::new(path)) {
            let reused = forest.free.lock().unwrap().pop();
            let inode = reused.unwrap_or_else(|| {
                forest.next += 1;
                forest.next
            });
            let free = Arc::clone(&forest.free);
            let leaf = Leaf { inode, free, content: Mutex::default() };
            forest.names.insert(path.into(), Arc::new(leaf));
        }
        let mut content = forest.names[Path::new(path)].content();
        change(&mut content.bytes);
        (content.modified, content.changed) = (now, now);
    }

    /// Renames a file, in place of what has the name.
    pub fn move_to(&self, from: &str, to: &str) {
        self.forest().move_to(from.as_ref(), to.as_ref());
    }

    /// Renames it when somebody has looked so many times more where a path leads to.
    pub fn move_after(&self, looks: usize, from: &str, to: &str) {
        self.forest().rename = Some((looks, from.into(), to.into()));
    }

    /// How often somebody has looked where a path leads to since this was asked last.
    pub fn take_looks(&self) -> usize {
        std::mem::take(&mut self.forest().looks)
    }

    /// The disk does not answer, or does again.
    pub fn set_unreadable(&self, is_unreadable: bool) {
        self.forest().is_unreadable = is_unreadable;
    }

    /// Deletes a file.
    pub fn delete(&self, path: &str) {
        self.forest().names.remove(Path::new(path));
    }
}

#[derive(Debug)]
struct Opened(Arc<Leaf>);

impl Readable for Opened {
    fn seen(&self) -> io::Result<Seen> {
        Ok(self.0.look())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let content = self.0.content();
        let bytes = content.bytes.get(at as usize..).unwrap_or_default();
        let len = bytes.len().min(into.len());
        into[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }
}

impl Tree for SimTree {
    fn look(&self, path: &Path) -> io::Result<Option<Seen>> {
        let mut forest = self.forest();
        forest.be_looked_at();
        if forest.is_unreadable {
            return Err(ErrorKind::TimedOut.into());
        }
        let directory = || {
            let identity = Identity { device: 0, inode: 0 };
            let seen = Seen { identity, kind: Kind::Directory, len: 0, modified: 0, changed: 0 };
            forest.dirs.contains(path).then_some(seen)
        };
        Ok(forest.names.get(path).map(|leaf| leaf.look()).or_else(directory))
    }

    fn names(&self, dir: &Path) -> io::Result<Names> {
        let forest = self.forest();
        if forest.is_unreadable {
            return Err(ErrorKind::TimedOut.into());
        }
        let dir = if dir == Path::new(".") { Path::new("") } else { dir };
        let within = forest.names.keys().filter(|path| path.parent() == Some(dir));
        let names: Vec<OsString> =
            within.filter_map(|path| path.file_name()).map(Into::into).collect();
        Ok(Names::new(names.into_iter().map(Ok)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Readable>> {
        let leaf = self.forest().names.get(path).cloned();
        Ok(Box::new(Opened(leaf.ok_or(ErrorKind::NotFound)?)))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.forest().names.remove(path).map(drop).ok_or(ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut forest = self.forest();
        if forest.names.contains_key(to) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let leaf = forest.names.remove(from).ok_or(ErrorKind::NotFound)?;
        forest.names.insert(to.to_path_buf(), leaf);
        Ok(())
    }

    fn sync(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }
}
