//! The directory of `--output-dir` on the simulated disk: its names are its own to be synced.

use std::collections::BTreeMap;
use std::io;

use super::files::Outside;
use super::mistake::{Mistake, made};
use super::{Naming, SimDisk};
use crate::disk::folder::Folder;
use crate::disk::medium::{Identity, Medium};

/// Which directory it is: no file has this number.
const DIRECTORY: Identity = Identity { device: 0, inode: u64::MAX };

/// A directory, whose files are called `/NAME/...`.
#[derive(Debug)]
pub struct SimFolder {
    disk: SimDisk,
    /// Its own name, with a slash before and behind it.
    name: String,
}

impl SimDisk {
    /// Opens a directory outside of the checkpoint, which is there.
    pub fn folder_outside(&self, name: &str) -> SimFolder {
        SimFolder { disk: self.clone(), name: format!("/{name}/") }
    }

    /// The files in such a directory, as a process sees them.
    pub fn files_in(&self, name: &str) -> BTreeMap<String, String> {
        let (world, dir) = (self.world(), format!("/{name}/"));
        let file = |(name, inode): (&String, &usize)| {
            let text = String::from_utf8_lossy(&world.inodes[*inode].cache).into_owned();
            Some((name.strip_prefix(&dir)?.to_string(), text))
        };
        world.names.iter().filter_map(file).collect()
    }
}

impl SimFolder {
    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.name)
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        let inode = self.disk.world().names.get(&self.path(name)).copied();
        inode.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn file(&self, name: &str, inode: usize) -> Box<dyn Medium> {
        Box::new(Outside { name: self.path(name), disk: self.disk.clone(), inode })
    }
}

impl Folder for SimFolder {
    fn identity(&self) -> io::Result<Identity> {
        Ok(DIRECTORY)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut world = self.disk.world();
        world.operation(false)?;
        let names = world.names.keys().filter_map(|name| name.strip_prefix(&self.name));
        Ok(names.map(str::to_string).collect())
    }

    fn has(&self, name: &str) -> io::Result<bool> {
        self.disk.world().operation(false)?;
        Ok(self.find(name).is_ok())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Medium>> {
        if self.find(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut world = self.disk.world();
        world.inodes.push(Default::default());
        let inode = world.inodes.len() - 1;
        world.name(Naming::Made(self.path(name), inode))?;
        drop(world);
        Ok(self.file(name, inode))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Medium>> {
        self.disk.world().operation(false)?;
        self.find(name).map(|inode| self.file(name, inode))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let inode = self.find(from)?;
        if self.find(to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.disk.world().name(Naming::Moved(self.path(from), self.path(to), inode))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.disk.world().name(Naming::Removed(self.path(name)))
    }

    fn remove_left(&self, name: &str) -> io::Result<()> {
        // One process lives at a time, and locks end with it.
        self.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        if made(Mistake::FolderUnsynced) {
            return Ok(());
        }
        self.disk.world().sync_names(self.name.strip_suffix('/'))
    }
}
