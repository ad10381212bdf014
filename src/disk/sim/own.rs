//! A file of the checkpoint that is being written on the simulated disk.

use std::io;

use super::{Fault, SimDisk, error};
use crate::disk::Append;

#[derive(Clone, Debug)]
pub(super) struct SimFile {
    pub(super) disk: SimDisk,
    pub(super) inode: usize,
    /// Where what was appended ends.
    pub(super) end: usize,
}

impl Append for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.world().write(self.inode, Some(self.end), bytes)?;
        self.end += bytes.len();
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let mut world = self.disk.world();
        let laid = world.write(self.inode, Some(self.end), &vec![0; bytes as usize]);
        if laid.is_err() && world.struck == Some(Fault::Full) {
            // A disk that is full stays so: what was to be written there meets it, too.
            let now = world.operations;
            (world.fault, world.struck) = (Some((now, Fault::Full)), None);
        }
        laid
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.world().sync(self.inode)
    }

    fn twin(&self) -> io::Result<Box<dyn Append>> {
        let crash = self.disk.world().operation(false)?;
        if crash { Err(error(Fault::Kill)) } else { Ok(Box::new(self.clone())) }
    }
}
