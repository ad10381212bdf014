//! `-o FILE`: each batch is appended.
//!
//! What is at the path may be replaced or deleted while we write, as log rotation does. That is
//! noticed when a batch begins, by comparing what we hold with what the path names; a batch is never
//! torn in two. FIFOs and devices are appended to as they are, and never opened anew.
//!
//! A file that is empty when a batch begins gets the header: it is new, or was cut to nothing. One
//! that an earlier run has left has had its own. A FIFO or device gets it once.
//!
//! With a checkpoint the file is locked, a batch is on the disk before the next one is recorded, and
//! after a crash it is looked what is there of the batch that was under way:
//!
//! ```text
//!         before      before + length
//!   batches |---- batch ----|             as promised: done
//!           |---- bat|                    a part: cut off, written again
//!           |-- other bytes --|xxxxx      not ours, and behind ours: refused
//! ```

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::medium::{Files, Identity, Medium};
use super::output::{Batch, Output, Promise};
use crate::clock::Stamp;
use crate::error::{Context, Error, said};
use crate::say::say;

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// A file that batches are appended to.
pub struct Appended {
    path: PathBuf,
    /// The same for whoever starts us from elsewhere.
    absolute: PathBuf,
    files: Box<dyn Files>,
    file: Box<dyn Medium>,
    locks: bool,
    quiet: bool,
    has_begun: bool,
    /// True if the staged batch begins the file.
    begins: bool,
    /// How much of the batch is written.
    written: u64,
}

impl Appended {
    /// Opens the file, or makes it; waits for the reader of a FIFO. With `locks`, nobody else who
    /// asks for a lock can write to it meanwhile.
    pub fn open(
        path: &Path,
        files: Box<dyn Files>,
        quiet: bool,
        locks: bool,
    ) -> Result<Appended, Error> {
        let file = open(&*files, path, locks)?;
        let absolute = std::path::absolute(path).at(path)?;
        let (path, has_begun, begins, written) = (path.to_path_buf(), false, false, 0);
        Ok(Appended { path, absolute, files, file, locks, quiet, has_begun, begins, written })
    }

    fn identity(&self) -> Result<Identity, Error> {
        self.file.identity().at(&self.path)
    }

    /// Turns to the file that is now at the path, if it is another one; tells if ours is empty.
    fn follow(&mut self) -> Result<bool, Error> {
        let ours = self.identity()?;
        if !ours.is_regular {
            return Ok(!self.has_begun);
        }
        let named = self.files.named(&self.path).at(&self.path)?;
        if named.is_some_and(|named| named.id == ours.id) {
            return Ok(ours.len == 0);
        }
        self.file = open(&*self.files, &self.path, self.locks)?;
        self.say("was replaced or deleted; going on in the file that is there now");
        Ok(self.identity()?.len == 0)
    }

    fn say(&self, what: &str) {
        if !self.quiet {
            say(&format!("{}: {what}", self.path.display()));
        }
    }

    /// The CRC-32C of some bytes of the file.
    fn crc(&self, mut at: u64, end: u64) -> Result<u32, Error> {
        let (mut crc, mut block) = (0, vec![0; BLOCK]);
        while at < end {
            let most = BLOCK.min((end - at) as usize);
            match self.file.read_at(&mut block[..most], at).at(&self.path)? {
                0 => break,
                count => {
                    crc = crc32c::crc32c_append(crc, &block[..count]);
                    at += count as u64;
                }
            }
        }
        Ok(crc)
    }

    /// Makes sure that some bytes of the file are on the disk.
    ///
    /// After a sync that failed they may be in the system's memory alone, and not even be tried again.
    fn write_again(&mut self, mut at: u64, end: u64) -> Result<(), Error> {
        let mut block = vec![0; BLOCK];
        while at < end {
            let most = BLOCK.min((end - at) as usize);
            let count = self.file.read_at(&mut block[..most], at).at(&self.path)?;
            self.file.write_at(&block[..count], at).at(&self.path)?;
            at += count.max(1) as u64;
        }
        self.file.sync().at(&self.path)
    }

    /// True if the batch that was promised is there; otherwise nothing of it is, any more.
    fn has(&mut self, promise: &Promise) -> Result<bool, Error> {
        let Identity { len, is_regular, .. } = self.identity()?;
        let end = promise.before + promise.length;
        if !is_regular {
            return Ok(false);
        }
        if self.target()? != promise.target {
            self.say(
                "was replaced; the last batch before the stop is appended to what is there now",
            );
            return Ok(false);
        }
        if len >= end && self.crc(promise.before, end)? == promise.crc {
            self.write_again(promise.before, end)?;
            return Ok(true);
        }
        if len > end {
            let (path, before, more) = (self.path.display(), promise.before, len - end);
            return Err(Error::Refused(format!(
                "{path}: somebody else has written {more} bytes from byte {end} on, behind a batch \
                 that is not whole; `truncate -s {before} {path}` cuts off both, or move the file away"
            )));
        }
        match len < promise.before {
            true => self.say("is shorter than it was; going on at its end"),
            false => self.file.cut(promise.before).at(&self.path)?,
        }
        Ok(false)
    }

    /// Which file it is.
    fn target(&self) -> Result<Vec<u8>, Error> {
        let (device, inode) = self.identity()?.id;
        let head = format!("file {device}:{inode} ").into_bytes();
        Ok([&head, self.absolute.as_os_str().as_encoded_bytes()].concat())
    }
}

fn open(files: &dyn Files, path: &Path, locks: bool) -> Result<Box<dyn Medium>, Error> {
    let file = files.open(path).at(path)?;
    if !locks || !file.identity().at(path)?.is_regular {
        return Ok(file);
    }
    files.sync_name(path).at(path)?;
    if !file.lock().at(path)? {
        let path = path.display();
        return Err(Error::Failed(format!(
            "{path}: another weir writes to it; `fuser {path}` names the process"
        )));
    }
    Ok(file)
}

impl Output for Appended {
    fn begin(&mut self, _: Stamp, header: &[u8]) -> Result<(), Error> {
        let is_empty = self.follow()?;
        (self.has_begun, self.written) = (true, 0);
        if is_empty { self.write(header) } else { Ok(()) }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        write(&mut self.file, &self.path, text, &mut self.written)
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn name(&self) -> Vec<u8> {
        [b"file ", self.absolute.as_os_str().as_encoded_bytes()].concat()
    }

    fn is_promised(&self, promise: &Promise) -> bool {
        let path = self.absolute.as_os_str().as_encoded_bytes();
        let promised = promise.target.strip_prefix(b"file ");
        let space = |bytes: &[u8]| bytes.iter().position(|&byte| byte == b' ');
        promised.and_then(|rest| rest.get(space(rest)? + 1..)) == Some(path)
    }

    fn stage(&mut self, batch: &Batch<'_>) -> Result<Promise, Error> {
        self.begins = self.follow()?;
        let header = if self.begins { batch.header.len() as u64 } else { 0 };
        let (before, length) = (self.identity()?.len, header + batch.text.len());
        Ok(Promise { target: self.target()?, before, length, crc: batch.crc(self.begins) })
    }

    fn publish(&mut self, batch: &Batch<'_>) -> Result<(), Error> {
        loop {
            (self.has_begun, self.written) = (true, 0);
            if self.begins {
                self.write(batch.header)?;
            }
            batch.text.each(|piece| self.write(piece))?;
            self.file.sync().at(&self.path)?;
            // Nobody will ever find what was written to a file that has lost its last name.
            if self.identity()?.is_named {
                return Ok(());
            }
            self.begins = self.follow()?;
        }
    }

    fn redeem(&mut self, batch: &Batch<'_>, promise: &Promise) -> Result<(), Error> {
        if self.has(promise)? {
            return Ok(());
        }
        self.stage(batch)?;
        self.publish(batch)
    }
}

/// Writes all bytes and counts them; an error says how much of the batch is written.
pub(super) fn write(
    file: &mut (impl Write + ?Sized),
    path: &Path,
    mut text: &[u8],
    written: &mut u64,
) -> Result<(), Error> {
    while !text.is_empty() {
        match file.write(text) {
            Ok(count @ 1..) => {
                *written += count as u64;
                text = &text[count..];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            failed => {
                let error = failed.err().unwrap_or_else(|| ErrorKind::WriteZero.into());
                let (path, what) = (path.display(), said(&error));
                let message = format!("{path}: {what}; {written} bytes of the batch are written");
                return Err(Error::Failed(message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::medium::RealFiles;
    use crate::sink::samples::Scratch;
    use std::fs::{self, File};

    fn batch(file: &mut Appended, text: &str) {
        file.begin(Stamp(0), b"header\n").unwrap();
        file.write(text.as_bytes()).unwrap();
        file.end(1).unwrap();
    }

    fn open_real(path: &Path) -> Result<Appended, Error> {
        Appended::open(path, Box::new(RealFiles), true, false)
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn batches_are_appended_and_a_header_begins_only_a_file_that_was_empty() {
        let dir = Scratch::new();
        let path = dir.path("out");
        for _ in 0..2 {
            let mut file = open_real(&path).unwrap();
            batch(&mut file, "a\n");
            batch(&mut file, "b\n");
        }
        assert_eq!(text(&path), "header\na\nb\na\nb\n");
    }

    #[test]
    fn a_file_that_is_moved_deleted_or_cut_is_followed_when_a_batch_begins() {
        let dir = Scratch::new();
        let (path, old) = (dir.path("out"), dir.path("out.1"));
        let mut file = open_real(&path).unwrap();
        batch(&mut file, "a\n");
        file.begin(Stamp(0), b"header\n").unwrap();
        fs::rename(&path, &old).unwrap();
        file.write(b"b\n").unwrap();
        file.end(1).unwrap();
        assert_eq!(text(&old), "header\na\nb\n", "a batch is not torn");
        batch(&mut file, "c\n");
        assert_eq!(text(&path), "header\nc\n");
        fs::remove_file(&path).unwrap();
        batch(&mut file, "d\n");
        assert_eq!(text(&path), "header\nd\n");
        File::create(&path).unwrap();
        batch(&mut file, "e\n");
        assert_eq!(text(&path), "header\ne\n");
        assert_eq!(text(&old), "header\na\nb\n");
    }

    #[test]
    fn an_error_names_the_path_and_how_much_is_written() {
        let mut file = open_real("/dev/full".as_ref()).unwrap();
        let error = file.begin(Stamp(0), b"header\n").unwrap_err();
        let expected = "/dev/full: no space left on device; 0 bytes of the batch are written";
        assert_eq!((error.to_string().as_str(), error.exit_status()), (expected, 1));
        let error = open_real("/nonexistent/out".as_ref()).err().unwrap();
        assert_eq!(error.to_string(), "/nonexistent/out: no such file or directory");
    }
}
