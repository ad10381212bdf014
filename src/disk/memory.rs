//! A file in memory that loses what was not synced, for tests of what appends to one.
//!
//! ```text
//! written  cache | ........ ~~~~ |      ~ not synced: kept, dropped or torn when the power fails
//! synced   disk  | ........ .... |      a failed sync drops it, and the next has nothing to do
//! ```
//!
//! A fault strikes at one operation, given by its number. When the process ends by it, all operations
//! fail until the next start.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::io::Errno;

use super::medium::{Held, Identity, Medium};

/// What goes wrong at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process ends, before the operation, after it, or in the middle.
    End,
    /// The device fails once.
    Device,
    /// No space: a part of what was to be written is.
    Full,
}

/// How a process ends without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The system goes on, with all that was written.
    Kill,
    /// Only what was synced is left for certain.
    Power,
}

/// What was done and not synced.
#[derive(Debug)]
enum Pending {
    Appended(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Debug, Default)]
struct World {
    cache: Vec<u8>,
    disk: Vec<u8>,
    pending: Vec<Pending>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    struck: Option<Fault>,
    /// How much of the operation that the fault strikes takes place.
    part: usize,
    dead: bool,
    locked: bool,
}

/// The file; all its clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<World>>);

impl Memory {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Starts a process; `fault` strikes at that operation of it, the first being 1. Up to `part`
    /// bytes of a write that it strikes are written; of other operations, 0 is none and else all.
    pub fn start(&self, fault: Option<(u64, Fault)>, part: usize) {
        let mut world = self.world();
        (world.operations, world.fault, world.struck) = (0, fault, None);
        (world.part, world.dead, world.locked) = (part, false, false);
    }

    /// The process has ended. `choice` gives numbers below its argument, and so decides what becomes
    /// of what was not synced.
    pub fn crash(&self, crash: Crash, choice: &mut dyn FnMut(u64) -> u64) {
        let mut world = self.world();
        world.dead = true;
        if crash == Crash::Power {
            world.lose(choice);
        }
    }

    /// What is in the file.
    pub fn bytes(&self) -> Vec<u8> {
        self.world().cache.clone()
    }

    /// Puts these bytes there, synced.
    pub fn put(&self, bytes: &[u8]) {
        let mut world = self.world();
        (world.cache, world.disk) = (bytes.to_vec(), bytes.to_vec());
        world.pending.clear();
    }

    /// The fault that has struck.
    pub fn struck(&self) -> Option<Fault> {
        self.world().struck
    }
}

impl World {
    /// The power fails: what is not synced is kept (0), dropped (1) or torn (2).
    fn lose(&mut self, choice: &mut dyn FnMut(u64) -> u64) {
        for pending in std::mem::take(&mut self.pending) {
            match (choice(3), pending) {
                (1, _) => {}
                (0, pending) => self.write_back(pending),
                (_, Pending::Cut(len)) => self.write_back(Pending::Cut(len)),
                (_, Pending::Appended(at, mut bytes)) => {
                    let len = choice(bytes.len() as u64 + 1) as usize;
                    // The new length may be on the disk where the bytes are not.
                    match choice(2) {
                        0 => bytes.truncate(len),
                        _ => bytes[len..].fill(0),
                    }
                    self.write_back(Pending::Appended(at, bytes));
                }
            }
        }
        self.cache.clone_from(&self.disk);
    }

    fn write_back(&mut self, pending: Pending) {
        match pending {
            Pending::Cut(len) => self.disk.truncate(len),
            Pending::Appended(at, bytes) => {
                let end = at + bytes.len();
                self.disk.resize(self.disk.len().max(end), 0);
                self.disk[at..end].copy_from_slice(&bytes);
            }
        }
    }

    /// Counts an operation; says how much of it takes place, and what comes of it.
    fn operation(&mut self, len: usize, writes: bool) -> (usize, io::Result<()>) {
        if self.dead {
            return (0, Err(io::Error::other("the process has ended")));
        }
        self.operations += 1;
        // Only a write can find no space.
        let due = self
            .fault
            .filter(|&(at, fault)| at <= self.operations && (fault != Fault::Full || writes));
        let Some((_, fault)) = due else { return (len, Ok(())) };
        (self.fault, self.struck) = (None, Some(fault));
        self.dead = fault == Fault::End;
        match fault {
            Fault::End => (self.part.min(len), Err(io::Error::other("the process has ended"))),
            Fault::Device => (0, Err(Errno::IO.into())),
            Fault::Full => (self.part.min(len - 1), Err(Errno::NOSPC.into())),
        }
    }

    /// The same for an operation that changes no bytes; true if it takes place.
    fn whole(&mut self) -> (bool, io::Result<()>) {
        let (done, result) = self.operation(1, false);
        (done > 0, result)
    }

    fn ask(&mut self) -> io::Result<()> {
        self.whole().1
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world();
        let (len, result) = world.operation(bytes.len(), true);
        let at = world.cache.len();
        world.cache.extend_from_slice(&bytes[..len]);
        world.pending.push(Pending::Appended(at, bytes[..len].to_vec()));
        // As the system does it: a write of some bytes succeeds, and the next one fails.
        match result {
            Err(_) if world.struck == Some(Fault::Full) && len > 0 => {
                world.fault = Some((0, Fault::Full));
                world.part = 0;
                Ok(len)
            }
            result => result.map(|()| len),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const ONLY: Identity = Identity { device: 1, inode: 1 };

impl Medium for Memory {
    fn held(&self) -> io::Result<Held> {
        let mut world = self.world();
        world.ask()?;
        Ok(Held { identity: ONLY, is_regular: true, len: world.cache.len() as u64 })
    }

    fn named(&self) -> io::Result<Option<Identity>> {
        self.world().ask().map(|()| Some(ONLY))
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.world().ask()
    }

    fn lock(&self) -> io::Result<bool> {
        let mut world = self.world();
        world.ask()?;
        Ok(!std::mem::replace(&mut world.locked, true))
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut world = self.world();
        world.ask()?;
        let bytes = world.cache.get(at as usize..).unwrap_or_default();
        let len = bytes.len().min(into.len());
        into[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut world = self.world();
        let (happens, result) = world.whole();
        if happens {
            world.cache.truncate(len as usize);
            world.pending.push(Pending::Cut(len as usize));
        }
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut world = self.world();
        let (happens, result) = world.whole();
        match &result {
            // The pages of a failed sync are clean, and are not on the disk.
            Err(_) if world.struck == Some(Fault::Device) && !world.dead => world.pending.clear(),
            _ if happens => {
                for pending in std::mem::take(&mut world.pending) {
                    world.write_back(pending);
                }
            }
            _ => {}
        }
        result
    }

    fn sync_name(&mut self) -> io::Result<()> {
        self.world().ask()
    }
}
