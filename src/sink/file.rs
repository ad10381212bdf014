//! `-o FILE`: each batch is appended.
//!
//! What is at the path may be replaced or deleted while we write, as log rotation does. That is
//! noticed when a batch begins, or is staged, by comparing what we hold with what the path names; a
//! batch is never torn in two. FIFOs and devices are appended to as they are, and never opened anew.
//!
//! Who asks for it (SIGHUP) has the rest of an open batch in the file that is there now, from the next row on: the
//! old one is let go at once, since whoever rotates files packs and deletes them next.
//!
//! A file that is empty when a batch begins gets the header: it is new, or was cut to nothing. One
//! that an earlier run has left has had its own. A FIFO or device gets it once.
//!
//! With a checkpoint the file is locked, and what stands behind `before` says after a crash whether
//! the batch got there:
//!
//! ```text
//! | before | the batch |          as promised: done
//! | before | the ba               cut back, and written again; so is anything as short that differs
//! | before | ............ | more  refused: somebody else has written here
//! | bef                           was cut by somebody: said, and appended
//! another inode                   was rotated: the old one is looked for by its number in the same directory; if the
//!                                 batch is not whole there, it is appended to what is there now, which is said
//! ```
//!
//! A FIFO or device gets the batch again. Which file it is, the inode alone decides: the number of a
//! device may be another when the machine has started again.

use std::io;
use std::path::{Path, PathBuf};

use super::batch::{Batch, OutputId, Promise};
use super::output::{Output, Staged};
use crate::clock::Stamp;
use crate::disk::Disk;
use crate::disk::medium::{Held, Medium, crc, read_all, write};
use crate::error::{Context, Error};
use crate::say::note;
use crate::units::{counted, quoted};

/// How a checkpoint calls this output.
const KIND: &str = "file";

/// A file that batches are appended to.
pub struct Appended {
    path: PathBuf,
    medium: Box<dyn Medium>,
    has_begun: bool,
    /// What a file begins with, while a batch is open.
    header: Option<Vec<u8>>,
    /// How much of the batch is written.
    written: u64,
    /// True if there is a checkpoint, and so a lock.
    is_locked: bool,
    /// True if what the file had when we turned to it is on the disk, its name too.
    is_settled: bool,
    /// The file as the staged batch found it.
    staged: Option<Held>,
}

impl Appended {
    /// Opens the file, or makes it; waits for the reader of a FIFO.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Appended, Error> {
        Ok(Appended {
            path: path.to_path_buf(),
            medium: disk.medium(path).at(path)?,
            has_begun: false,
            header: None,
            written: 0,
            is_locked: false,
            is_settled: false,
            staged: None,
        })
    }

    /// Locks the file for as long as it is used, as a run with a checkpoint does.
    pub fn locked(mut self) -> Result<Appended, Error> {
        self.is_locked = true;
        self.lock()?;
        Ok(self)
    }

    fn lock(&self) -> Result<(), Error> {
        // FIFOs and devices, as /dev/null, are for many.
        if !self.is_locked || !self.held()?.is_regular || self.medium.lock().at(&self.path)? {
            return Ok(());
        }
        Err(Error::Failed(format!(
            "{}: in use by another process, or by another -o; end that, or name another file",
            self.path.display()
        )))
    }

    fn held(&self) -> Result<Held, Error> {
        self.medium.held().at(&self.path)
    }

    fn note(&self, what: &str) {
        note(&format!("{}: {what}", self.path.display()));
    }

    /// Turns to the file that is now at the path, if it is another one; returns what is held.
    fn follow(&mut self) -> Result<Held, Error> {
        let held = self.held()?;
        if !held.is_regular || self.medium.named().at(&self.path)? == Some(held.identity) {
            return Ok(held);
        }
        self.medium.reopen().at(&self.path)?;
        self.is_settled = false;
        self.lock()?;
        self.note("was replaced or deleted; going on in the file that is there now");
        self.held()
    }

    fn needs_header(&self, held: &Held) -> bool {
        if held.is_regular { held.len == 0 } else { !self.has_begun }
    }

    /// Appends a batch to what is held, and returns when it is on the disk.
    fn append(&mut self, batch: &Batch, held: &Held) -> Result<(), Error> {
        let has_header = self.needs_header(held);
        (self.has_begun, self.written) = (true, 0);
        batch.each(has_header, |piece| self.write(piece))?;
        if held.is_regular { self.keep(held.len, held.len + self.written) } else { Ok(()) }
    }

    /// Returns when all is on the disk. If that fails, what stands between is taken back: the system
    /// has dropped what it could not write, says so once, and would call the same bytes safe next time.
    fn keep(&mut self, before: u64, end: u64) -> Result<(), Error> {
        let kept = self.settle(true);
        if kept.is_err() && self.medium.held().is_ok_and(|held| held.len == end) {
            // The run ends by the failure that came first.
            let _ = self.medium.cut(before);
        }
        kept.at(&self.path)
    }

    /// Syncs the file's name, unless that was done, and its bytes, if there may be new ones.
    fn settle(&mut self, has_grown: bool) -> io::Result<()> {
        if has_grown || !self.is_settled {
            self.medium.sync()?;
        }
        if !self.is_settled {
            self.medium.sync_name()?;
        }
        self.is_settled = true;
        Ok(())
    }

    /// Sees to it that the promised file has the batch, and has it once.
    fn complete(&mut self, batch: &Batch, promise: &Promise, held: Held) -> Result<(), Error> {
        let (before, end) = (promise.before, promise.before.saturating_add(promise.length));
        let stands = held.len >= end && self.crc(before, end)? == promise.crc;
        if held.len > end {
            return Err(self.foreign(promise, stands, held.len));
        }
        if stands {
            return self.keep(before, end);
        }
        if held.len > before {
            if !self.is_part(batch, promise, held.len)? {
                return Err(self.foreign(promise, false, held.len));
            }
            self.note(&format!("a batch was cut short at byte {}; it is written again", held.len));
            self.medium.cut(before).at(&self.path)?;
        }
        self.append(batch, &Held { len: before, ..held })
    }

    /// True if the promised file is still there under another name, and has the whole batch. A part of it is cut
    /// off there: the batch goes to the file that is there now, whole, since whoever has moved the old one may be
    /// packing it.
    fn stands_in_moved(&mut self, batch: &Batch, promise: &Promise) -> Result<bool, Error> {
        let inode = promise.output.inode();
        let moved =
            inode.map(|inode| self.medium.moved(inode)).transpose().at(&self.path)?.flatten();
        let Some(moved) = moved else { return Ok(false) };
        let there = std::mem::replace(&mut self.medium, moved);
        let stands = self.looked_for(batch, promise);
        self.medium = there;
        stands
    }

    /// The same of the file that is held.
    fn looked_for(&mut self, batch: &Batch, promise: &Promise) -> Result<bool, Error> {
        let (before, end) = (promise.before, promise.before.saturating_add(promise.length));
        let len = self.held()?.len;
        if len >= end && self.crc(before, end)? == promise.crc {
            self.medium.sync().at(&self.path)?;
            return Ok(true);
        }
        if len > before && len < end && self.is_part(batch, promise, len)? {
            self.medium.cut(before).at(&self.path)?;
            self.medium.sync().at(&self.path)?;
        }
        Ok(false)
    }

    /// True if what stands behind `before` is a part of the batch, with zeros for what the power may
    /// have taken; also if that cannot be told, because the batch looks otherwise today.
    fn is_part(&mut self, batch: &Batch, promise: &Promise, len: u64) -> Result<bool, Error> {
        let has_header = promise.before == 0;
        let today = batch.promise(OutputId::default(), promise.before, has_header);
        if (today.length, today.crc) != (promise.length, promise.crc) {
            return Ok(true);
        }
        let (mut at, mut is_part, mut there) = (promise.before, true, Vec::new());
        batch.each(has_header, |piece| {
            there.resize(piece.len().min(len.saturating_sub(at) as usize), 0);
            read_all(|at, into| self.medium.read_at(at, into), at, &mut there).at(&self.path)?;
            is_part &= there.iter().zip(piece).all(|(is, was)| is == was || *is == 0);
            at += piece.len() as u64;
            Ok(())
        })?;
        Ok(is_part)
    }

    fn crc(&mut self, from: u64, to: u64) -> Result<u32, Error> {
        crc(|at, into| self.medium.read_at(at, into), from, to).at(&self.path)
    }

    fn foreign(&self, promise: &Promise, stands: bool, len: u64) -> Error {
        let path = self.path.display();
        let (from, what) = match stands {
            true => (promise.before + promise.length, "stand behind the last batch"),
            false => (promise.before, "stand where the last batch should"),
        };
        Error::Refused(format!(
            "{path}: bytes {from} to {len} {what}, and are of somebody else; copy what is needed, cut \
             the file by `truncate -s {from} {}`, and start again",
            quoted(&self.path.to_string_lossy())
        ))
    }
}

impl Output for Appended {
    fn begin(&mut self, _: Stamp, header: &[u8]) -> Result<(), Error> {
        let held = self.follow()?;
        let needs_header = self.needs_header(&held);
        (self.has_begun, self.written) = (true, 0);
        self.header = Some(header.to_vec());
        if needs_header { self.write(header) } else { Ok(()) }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        write(&mut *self.medium, &self.path, text, &mut self.written)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        self.header = None;
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), Error> {
        let before = self.held()?.identity;
        let held = self.follow()?;
        match self.header.clone() {
            Some(header) if held.identity != before && self.needs_header(&held) => {
                self.write(&header)
            }
            _ => Ok(()),
        }
    }
}

impl Staged for Appended {
    fn id(&self) -> OutputId {
        OutputId::at(KIND, &self.path, self.medium.held().ok().map(|held| held.identity))
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        let mut held = self.follow()?;
        match held.is_regular {
            // A power failure may take nothing that `before` counts.
            true => self.settle(false).at(&self.path)?,
            false => held.len = 0,
        }
        self.staged = Some(held);
        let has_header = self.needs_header(&held);
        let id = OutputId::at(KIND, &self.path, Some(held.identity));
        Ok(batch.promise(id, held.len, has_header))
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        let held = self.staged.take().expect("a batch is staged before it is published");
        self.append(batch, &held)
    }

    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error> {
        let held = self.follow()?;
        if !held.is_regular {
            return self.append(batch, &held);
        }
        let id = OutputId::at(KIND, &self.path, Some(held.identity));
        if !promise.output.is_same_place(&id) {
            if self.stands_in_moved(batch, promise)? {
                return Ok(());
            }
            self.note(
                "was replaced or deleted since the last batch, which may be in the old file; it is \
                 written to the file that is there now",
            );
        } else if held.len < promise.before {
            let (len, before) = (held.len, promise.before);
            let before = counted(before, "byte");
            self.note(&format!("was cut from {before} to {len}; the last batch is appended"));
        } else {
            return self.complete(batch, promise, held);
        }
        self.append(batch, &held)
    }
}

#[cfg(test)]
mod tests;
