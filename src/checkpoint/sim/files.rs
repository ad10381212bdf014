//! The file of `-o` on the simulated disk: beside the checkpoint, and subject to the same faults.

use std::io::{self, Write};
use std::path::Path;

use super::{Fault, Naming, SimDisk, SimFile, World, error, text};
use crate::checkpoint::disk::{Append, Disk};
use crate::sink::medium::{Files, Identity, Medium};

/// No name in the checkpoint's directory looks like this.
fn outside(path: &Path) -> String {
    format!("/{}", text(path))
}

impl SimDisk {
    /// What a file outside of the checkpoint holds, as a process sees it.
    pub fn outside(&self, name: &str) -> Vec<u8> {
        let world = self.world();
        let inode = world.names.get(&outside(name.as_ref()));
        inode.map_or(Vec::new(), |&inode| world.inodes[inode].cache.clone())
    }
}

impl World {
    fn identity(&self, inode: usize) -> Identity {
        let len = self.inodes[inode].cache.len() as u64;
        let is_named = self.names.values().any(|&named| named == inode);
        Identity { id: (0, inode as u64), len, is_regular: true, is_named }
    }
}

impl Files for SimDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Medium>> {
        let mut world = self.world();
        let name = outside(path);
        let inode = match world.names.get(&name) {
            Some(&inode) => inode,
            None => {
                world.inodes.push(Default::default());
                let inode = world.inodes.len() - 1;
                world.name(Naming::Made(name, inode))?;
                inode
            }
        };
        Ok(Box::new(SimFile(self.clone(), inode)))
    }

    fn named(&self, path: &Path) -> io::Result<Option<Identity>> {
        let world = self.world();
        Ok(world.names.get(&outside(path)).map(|&inode| world.identity(inode)))
    }

    fn sync_name(&self, path: &Path) -> io::Result<()> {
        self.sync_dir(path)
    }
}

impl Write for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for SimFile {
    fn identity(&self) -> io::Result<Identity> {
        Ok(self.0.world().identity(self.1))
    }

    fn lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut world = self.0.world();
        world.operation(false)?;
        let bytes = world.inodes[self.1].cache.get(at as usize..).unwrap_or_default();
        let len = bytes.len().min(into.len());
        into[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut world = self.0.world();
        let crash = world.operation(true)?;
        let (from, to) = (at as usize, at as usize + bytes.len());
        world.inodes[self.1].cache[from..to].copy_from_slice(bytes);
        world.inodes[self.1].pending.push((from, to));
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut world = self.0.world();
        let crash = world.operation(false)?;
        let is_on_disk = world.tape.chance(50);
        let file = &mut world.inodes[self.1];
        file.cache.truncate(len as usize);
        file.pending.iter_mut().for_each(|(_, to)| *to = (*to).min(len as usize));
        file.pending.retain(|(from, to)| from < to);
        if is_on_disk {
            file.disk.truncate(len as usize);
        }
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let synced = self.0.world().sync(self.1);
        if synced.is_ok() {
            // The length is on the disk too.
            let file = &mut self.0.world().inodes[self.1];
            file.disk.truncate(file.cache.len());
        }
        synced
    }
}
