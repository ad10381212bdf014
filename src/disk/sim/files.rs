//! The file of `-o` on the simulated disk: beside the checkpoint, and subject to the same faults.

use std::io::{self, Write};

use super::mistake::{Mistake, made};
use super::{Fault, Inode, Naming, SimDisk, World, error};
use crate::disk::medium::{Held, Identity, Medium};

/// A file that is held, and what it is called.
#[derive(Debug)]
pub struct Outside {
    /// No name in the checkpoint's directory looks like this.
    pub(super) name: String,
    pub(super) disk: SimDisk,
    pub(super) inode: usize,
}

impl SimDisk {
    /// Opens a file outside of the checkpoint, or makes it.
    pub fn outside(&self, name: &str) -> io::Result<Outside> {
        let name = format!("/{name}");
        let mut world = self.world();
        let inode = match world.names.get(&name) {
            Some(&inode) => inode,
            None => {
                world.inodes.push(Default::default());
                let inode = world.inodes.len() - 1;
                world.name(Naming::Made(name.clone(), inode))?;
                inode
            }
        };
        Ok(Outside { name, disk: self.clone(), inode })
    }

    /// Has something happen that is no matter of the disk, and yet may be prevented, or be the last.
    pub fn beside(&self, act: impl FnOnce()) -> io::Result<()> {
        let crash = self.world().operation(false)?;
        act();
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    /// What such a file holds, as a process sees it.
    pub fn bytes_outside(&self, name: &str) -> Vec<u8> {
        let world = self.world();
        let inode = world.names.get(&format!("/{name}"));
        inode.map_or(Vec::new(), |&inode| world.inodes[inode].cache.clone())
    }

    /// The same as text.
    pub fn text_outside(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.bytes_outside(name)).into_owned()
    }

    /// Puts these bytes into such a file, synced; it is made if it is missing.
    pub fn put_outside(&self, name: &str, bytes: &[u8]) {
        let (name, mut world) = (format!("/{name}"), self.world());
        let Some(&inode) = world.names.get(&name) else { return world.put(&name, bytes) };
        let (cache, disk) = (bytes.to_vec(), bytes.to_vec());
        world.inodes[inode] = Inode { cache, disk, pending: Vec::new() };
    }
}

impl World {
    fn len_of(&self, inode: usize) -> usize {
        self.inodes[inode].cache.len()
    }
}

impl Write for Outside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.world().write(self.inode, None, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Outside {
    fn held(&self) -> io::Result<Held> {
        let identity = Identity { device: 0, inode: self.inode as u64 };
        let len = self.disk.world().len_of(self.inode) as u64;
        Ok(Held { identity, is_regular: true, len })
    }

    fn named(&self) -> io::Result<Option<Identity>> {
        let world = self.disk.world();
        let identity = |&inode: &usize| Identity { device: 0, inode: inode as u64 };
        Ok(world.names.get(&self.name).map(identity))
    }

    fn reopen(&mut self) -> io::Result<()> {
        *self = self.disk.outside(&self.name[1..])?;
        Ok(())
    }

    fn lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut world = self.disk.world();
        world.operation(false)?;
        let bytes = world.inodes[self.inode].cache.get(at as usize..).unwrap_or_default();
        let len = bytes.len().min(into.len());
        into[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut world = self.disk.world();
        let crash = world.operation(false)?;
        let is_on_disk = world.tape.chance(50);
        let file = &mut world.inodes[self.inode];
        file.cache.truncate(len as usize);
        file.pending.iter_mut().for_each(|(_, to)| *to = (*to).min(len as usize));
        file.pending.retain(|(from, to)| from < to);
        if is_on_disk {
            file.disk.truncate(len as usize);
        }
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if made(Mistake::FileUnsynced) && self.name.rfind('/') > Some(0) {
            return Ok(());
        }
        self.disk.world().sync(self.inode)?;
        // The length is on the disk too.
        let file = &mut self.disk.world().inodes[self.inode];
        file.disk.truncate(file.cache.len());
        Ok(())
    }

    fn sync_name(&mut self) -> io::Result<()> {
        let dir = self.name.rsplit_once('/').map(|(dir, _)| dir);
        self.disk.world().sync_names(dir)
    }
}
