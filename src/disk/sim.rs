//! A disk that does to unsynced bytes whatever a real one may, as a tape of choices says.
//!
//! ```text
//! append     cache  | ........ ~~~~ |        ~ pending: not on the disk
//! sync       disk   | ........ .... |        a failed one: dropped, but never pending again
//! power      every pending sector of 512 bytes is kept, dropped, or zeros;
//!            every pending name is there or not, whatever became of the others
//! kill       the cache stays as it is
//! ```
//!
//! A fault strikes at one operation, given by its number. After a crash every operation fails until
//! the world is started again.

mod files;
mod folder;
pub mod mistake;
mod own;
pub mod tree;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rustix::io::Errno;

use super::folder::Folder;
use super::medium::Medium;
use super::{Append, Asked, Disk, Held};
use own::SimFile;

/// A source of choices that a seed determines.
#[derive(Clone, Debug)]
pub struct Tape(pub u64);

impl Tape {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power fails.
    Power,
    /// The process is killed.
    Kill,
    /// The device fails once.
    Device,
    /// No space: a part of what was to be written is.
    Full,
}

/// All kinds of faults.
pub const FAULTS: [Fault; 4] = [Fault::Power, Fault::Kill, Fault::Device, Fault::Full];

#[derive(Clone, Debug, Default)]
struct Inode {
    cache: Vec<u8>,
    disk: Vec<u8>,
    pending: Vec<(usize, usize)>,
}

impl Inode {
    fn write_back(&mut self, from: usize, to: usize) {
        let len = self.disk.len().max(to);
        self.disk.resize(len, 0);
        self.disk[from..to].copy_from_slice(&self.cache[from..to]);
    }
}

#[derive(Clone, Debug)]
enum Naming {
    Made(String, usize),
    Moved(String, String, usize),
    Removed(String),
}

type Names = BTreeMap<String, usize>;

fn apply(naming: &Naming, names: &mut Names) {
    match naming {
        Naming::Made(name, inode) => drop(names.insert(name.clone(), *inode)),
        Naming::Moved(from, to, inode) => {
            names.remove(from);
            names.insert(to.clone(), *inode);
        }
        Naming::Removed(name) => drop(names.remove(name)),
    }
}

/// The directory that a name is in; `None` for that of the checkpoint.
fn directory(naming: &Naming) -> Option<&str> {
    let (Naming::Made(name, _) | Naming::Moved(name, ..) | Naming::Removed(name)) = naming;
    name.rsplit_once('/').map(|(dir, _)| dir)
}

/// A few directories, their files, and what will happen to them.
#[derive(Clone, Debug)]
pub struct World {
    tape: Tape,
    inodes: Vec<Inode>,
    names: Names,
    names_on_disk: Names,
    pending: Vec<Naming>,
    /// How many operations there were since the start, those after a crash too.
    pub operations: u64,
    /// How many bytes were appended, ever.
    pub written: u64,
    fault: Option<(u64, Fault)>,
    /// How many bytes are said to be left.
    pub free: u64,
    /// The fault that has struck.
    pub struck: Option<Fault>,
    dead: bool,
    locked: bool,
}

/// The simulated disk; all its clones are the same one.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<World>>);

impl SimDisk {
    /// An empty directory.
    pub fn new(seed: u64) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(World {
            tape: Tape(seed),
            inodes: Vec::new(),
            names: Names::new(),
            names_on_disk: Names::new(),
            pending: Vec::new(),
            operations: 0,
            written: 0,
            fault: None,
            free: u64::MAX,
            struck: None,
            dead: false,
            locked: false,
        })))
    }

    /// Another disk with the same content, where no process runs and chance begins anew.
    pub fn fork(&self, seed: u64) -> SimDisk {
        let mut world = self.world().clone();
        world.tape = Tape(seed);
        world.start(None);
        SimDisk(Arc::new(Mutex::new(world)))
    }

    /// The world behind it.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }
}

impl World {
    /// A number of its own, by which others can be chosen.
    pub fn tape(&self) -> u64 {
        self.tape.0
    }

    /// Starts a process; `fault` strikes at that operation of it.
    pub fn start(&mut self, fault: Option<(u64, Fault)>) {
        (self.operations, self.fault, self.struck) = (0, fault, None);
        (self.dead, self.locked) = (false, false);
    }

    /// The power fails: only what is on the disk is left, and some of the rest.
    pub fn lose_power(&mut self) {
        let World { tape, inodes, names_on_disk, pending, names, .. } = self;
        for inode in inodes {
            for (from, to) in std::mem::take(&mut inode.pending) {
                let fate = tape.below(4);
                let mut at = from;
                while at < to {
                    let end = to.min((at / 512 + 1) * 512);
                    match if fate < 2 { fate } else { tape.below(3) } {
                        0 => inode.write_back(at, end),
                        1 => {}
                        _ => {
                            let len = inode.disk.len().max(end);
                            inode.disk.resize(len, 0);
                            inode.disk[at..end].fill(0);
                        }
                    }
                    at = end;
                }
            }
            inode.cache.clone_from(&inode.disk);
        }
        for naming in pending.drain(..).filter(|_| tape.chance(50)) {
            apply(&naming, names_on_disk);
        }
        names.clone_from(names_on_disk);
    }

    /// The power fails, and nothing is left that was not synced.
    pub fn lose_unsynced(&mut self) {
        for inode in &mut self.inodes {
            inode.pending.clear();
            inode.cache.clone_from(&inode.disk);
        }
        self.pending.clear();
        self.names.clone_from(&self.names_on_disk);
    }

    /// Flips a bit of a file that is chosen by `choice`; says which, so that it can be flipped back.
    pub fn flip(&mut self, choice: &mut Tape) -> Option<(usize, usize)> {
        let names: Vec<usize> = self.names.values().copied().collect();
        let inode = *names.get(choice.below(names.len() as u64) as usize)?;
        let bits = self.inodes[inode].cache.len() as u64 * 8;
        // Half of the flips hit the end, where it is decided what is damage.
        let from = if choice.chance(50) { bits.saturating_sub(600) } else { 0 };
        let bit = (bits > 0).then(|| (from + choice.below(bits - from)) as usize)?;
        self.flip_bit(inode, bit);
        Some((inode, bit))
    }

    /// Flips that bit.
    pub fn flip_bit(&mut self, inode: usize, bit: usize) {
        let Inode { cache, disk, .. } = &mut self.inodes[inode];
        for bytes in [cache, disk] {
            bytes.get_mut(bit / 8).into_iter().for_each(|byte| *byte ^= 1 << (bit % 8));
        }
    }

    /// The names and contents as a process sees them, without the lock file.
    pub fn image(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.names.iter().filter(|(name, _)| *name != "lock");
        files.map(|(name, inode)| (name.clone(), self.inodes[*inode].cache.clone())).collect()
    }

    /// Puts a file there, synced.
    pub fn put(&mut self, name: &str, bytes: &[u8]) {
        let (cache, disk) = (bytes.to_vec(), bytes.to_vec());
        self.inodes.push(Inode { cache, disk, pending: Vec::new() });
        self.names.insert(name.to_string(), self.inodes.len() - 1);
        self.names_on_disk.insert(name.to_string(), self.inodes.len() - 1);
    }

    /// Counts an operation. A crash strikes before or after it takes place: `Ok(true)`: after.
    fn operation(&mut self, writes: bool) -> io::Result<bool> {
        self.operations += 1;
        if self.dead {
            return Err(io::Error::other("the process has ended"));
        }
        let Some((_, fault)) = self.fault.filter(|(at, _)| *at <= self.operations) else {
            return Ok(false);
        };
        if fault == Fault::Full && !writes {
            return Ok(false);
        }
        (self.fault, self.struck) = (None, Some(fault));
        match fault {
            Fault::Device | Fault::Full => Err(error(fault)),
            Fault::Power | Fault::Kill => {
                self.dead = true;
                if self.tape.chance(50) { Ok(true) } else { Err(error(fault)) }
            }
        }
    }

    fn name(&mut self, naming: Naming) -> io::Result<()> {
        let crash = self.operation(false)?;
        apply(&naming, &mut self.names);
        self.pending.push(naming);
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    /// All names in a directory are on the disk.
    fn sync_names(&mut self, dir: Option<&str>) -> io::Result<()> {
        let crash = self.operation(false)?;
        let World { names_on_disk, pending, .. } = self;
        for naming in pending.extract_if(.., |naming| directory(naming) == dir) {
            apply(&naming, names_on_disk);
        }
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let inode = self.names.get(&text(path)).copied();
        inode.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Writes at `at`, or behind all that stands in the file.
    fn write(&mut self, inode: usize, at: Option<usize>, bytes: &[u8]) -> io::Result<()> {
        let result = self.operation(true);
        // A write that fails, or that a crash cuts short, has written a part.
        let len = match result {
            Ok(false) => bytes.len(),
            Ok(true) => self.tape.below(bytes.len() as u64 + 1) as usize,
            Err(_) if self.struck == Some(Fault::Full) => {
                self.tape.below(bytes.len() as u64 + 1) as usize
            }
            Err(_) => 0,
        };
        self.written += len as u64;
        let file = &mut self.inodes[inode];
        let from = at.unwrap_or(file.cache.len());
        let whole = file.cache.len().max(from + len);
        file.cache.resize(whole, 0);
        file.cache[from..from + len].copy_from_slice(&bytes[..len]);
        file.pending.push((from, from + len));
        if result? { Err(error(Fault::Kill)) } else { Ok(()) }
    }

    fn sync(&mut self, inode: usize) -> io::Result<()> {
        let result = self.operation(false);
        let crash = match &result {
            Ok(crash) => *crash,
            // The pages of a failed sync are clean, and most of them are not on the disk.
            Err(_) if self.struck == Some(Fault::Device) && !self.dead => {
                self.inodes[inode].pending.clear();
                return result.map(drop);
            }
            Err(_) => return result.map(drop),
        };
        let file = &mut self.inodes[inode];
        for (from, to) in std::mem::take(&mut file.pending) {
            file.write_back(from, to);
        }
        if crash { Err(error(Fault::Kill)) } else { Ok(()) }
    }
}

fn error(fault: Fault) -> io::Error {
    match fault {
        Fault::Full => Errno::NOSPC.into(),
        Fault::Device => Errno::IO.into(),
        Fault::Power | Fault::Kill => io::Error::other("the process has ended"),
    }
}

fn text(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[derive(Debug)]
struct SimLock(SimDisk);

impl Held for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.0.world().locked = false;
    }
}

impl Disk for SimDisk {
    fn enter(&self, _dir: &Path) -> io::Result<Arc<dyn Disk>> {
        // Its one directory is never moved.
        Ok(Arc::new(self.clone()))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        let mut world = self.world();
        if world.names.contains_key(&text(path)) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.inodes.push(Inode::default());
        let inode = world.inodes.len() - 1;
        world.name(Naming::Made(text(path), inode))?;
        Ok(Box::new(SimFile { disk: self.clone(), inode, end: 0 }))
    }

    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn Append>> {
        let mut world = self.world();
        let crash = world.operation(false)?;
        let file = SimFile { disk: self.clone(), inode: world.find(path)?, end: 0 };
        if crash { Err(error(Fault::Kill)) } else { Ok(Box::new(file)) }
    }

    fn reopen(&self, path: &Path, len: u64) -> io::Result<Box<dyn Append>> {
        let mut world = self.world();
        let crash = world.operation(false)?;
        let (inode, len) = (world.find(path)?, len as usize);
        let Inode { cache, disk, pending } = &mut world.inodes[inode];
        cache.truncate(len);
        // The rest of it is written back; what a failed sync has lost stays lost.
        pending.iter_mut().for_each(|(_, to)| *to = len.min(*to));
        pending.retain(|(from, to)| from < to);
        disk.resize(len, 0);
        for (from, to) in std::mem::take(pending) {
            disk[from..to].copy_from_slice(&cache[from..to]);
        }
        if crash {
            Err(error(Fault::Kill))
        } else {
            Ok(Box::new(SimFile { disk: self.clone(), inode, end: len }))
        }
    }

    fn len_of_sole(&self, path: &Path) -> io::Result<Option<u64>> {
        let mut world = self.world();
        world.operation(false)?;
        let inode = world.find(path).ok();
        Ok(inode.map(|inode| world.inodes[inode].cache.len() as u64))
    }

    fn free(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.world().free)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let mut world = self.world();
        world.operation(false)?;
        let inode = world.find(path)?;
        Ok(world.inodes[inode].cache.len() as u64)
    }

    fn read(&self, path: &Path, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut world = self.world();
        world.operation(false)?;
        let inode = world.find(path)?;
        let bytes = world.inodes[inode].cache.get(at as usize..).unwrap_or_default();
        let len = bytes.len().min(into.len());
        into[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn list(&self, _dir: &Path) -> io::Result<Vec<String>> {
        let mut world = self.world();
        world.operation(false)?;
        // What stands elsewhere is no name in this directory.
        Ok(world.names.keys().filter(|name| !name.starts_with('/')).cloned().collect())
    }

    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let is_taken = self.world().find(to).is_ok();
        if is_taken { Err(Errno::EXIST.into()) } else { self.replace(from, to) }
    }

    fn replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let inode = world.find(from)?;
        world.name(Naming::Moved(text(from), text(to), inode))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.find(path)?;
        world.name(Naming::Removed(text(path)))
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        self.world().sync_names(None)
    }

    fn lock(&self, path: &Path, holder: &[u8]) -> io::Result<Asked> {
        let mut world = self.world();
        world.operation(false)?;
        if world.locked {
            let inode = world.find(path)?;
            return Ok(Asked::Theirs(world.inodes[inode].cache.clone()));
        }
        if world.find(path).is_err() {
            world.inodes.push(Inode::default());
            let inode = world.inodes.len() - 1;
            world.names.insert(text(path), inode);
            world.pending.push(Naming::Made(text(path), inode));
        }
        let inode = world.find(path)?;
        world.inodes[inode] = Inode { cache: holder.to_vec(), ..Inode::default() };
        world.inodes[inode].pending.push((0, holder.len()));
        world.locked = true;
        Ok(Asked::Ours(Box::new(SimLock(self.clone()))))
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut world = self.world();
        let words = [world.tape.below(u64::MAX), world.tape.below(u64::MAX)].map(u64::to_le_bytes);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&words.concat());
        Ok(bytes)
    }

    fn medium(&self, path: &Path) -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(self.outside(&text(path))?))
    }

    fn folder(&self, path: &Path) -> io::Result<(Box<dyn Folder>, PathBuf)> {
        Ok((Box::new(self.folder_outside(&text(path))), path.to_path_buf()))
    }
}
