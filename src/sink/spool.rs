//! The text of a batch that is needed whole: in memory while it is short, then on the disk.
//!
//! It may be read as often as there are outputs. The file on the disk has no name, so nothing is left
//! behind however the run ends. A spool is used again for the next batch, with its memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{MemfdFlags, memfd_create};

use super::file::write;
use crate::error::{Context, Error};

/// More than this is not held in memory.
const IN_MEMORY: usize = 16 << 20;
/// Text is given in pieces of at most so many bytes.
const PIECE: usize = 256 << 10;

/// Text that is being gathered.
#[derive(Debug)]
pub struct Spool {
    memory: Vec<u8>,
    limit: usize,
    /// Where the text is, once it is not in memory.
    disk: Option<(File, PathBuf)>,
    len: u64,
    crc: u32,
}

impl Default for Spool {
    fn default() -> Spool {
        Spool { memory: Vec::new(), limit: IN_MEMORY, disk: None, len: 0, crc: 0 }
    }
}

impl Spool {
    /// Appends text.
    pub fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        if self.disk.is_none() && self.memory.len() + text.len() > self.limit {
            let dir = std::env::temp_dir();
            let mut file = unnamed(&dir).at(&dir)?;
            write(&mut file, &dir, &std::mem::take(&mut self.memory), &mut 0)?;
            self.disk = Some((file, dir));
        }
        match &mut self.disk {
            Some((file, dir)) => write(file, dir, text, &mut 0)?,
            None => self.memory.extend_from_slice(text),
        }
        self.crc = crc32c::crc32c_append(self.crc, text);
        self.len += text.len() as u64;
        Ok(())
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        self.memory.clear();
        (self.disk, self.len, self.crc) = (None, 0, 0);
    }

    /// How many bytes there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Their CRC-32C.
    pub fn crc(&self) -> u32 {
        self.crc
    }

    /// Gives the text to `visit`, piece by piece.
    pub fn each(&self, mut visit: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        self.memory.chunks(PIECE).try_for_each(&mut visit)?;
        let Some((file, dir)) = &self.disk else { return Ok(()) };
        let (mut piece, mut at) = (vec![0; PIECE], 0);
        while at < self.len {
            let count = PIECE.min((self.len - at) as usize);
            file.read_exact_at(&mut piece[..count], at).at(dir)?;
            visit(&piece[..count])?;
            at += count as u64;
        }
        Ok(())
    }

    /// A file with all of it, to be read from the beginning.
    pub fn to_file(&self) -> Result<File, Error> {
        let mut file = match &self.disk {
            Some((file, dir)) => file.try_clone().at(dir)?,
            None => {
                let file = memfd_create("weir-batch", MemfdFlags::CLOEXEC);
                let mut file = File::from(file.map_err(io::Error::from).place("memory")?);
                file.write_all(&self.memory).place("memory")?;
                file
            }
        };
        file.rewind().place("batch")?;
        Ok(file)
    }
}

/// A file without a name: it has one for a moment, which nobody else has.
fn unnamed(dir: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true).mode(0o600);
    for number in 0..u32::MAX {
        let path = dir.join(format!(".weir-{}-{number}", process::id()));
        match options.open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            file => {
                let file = file?;
                fs::remove_file(path)?;
                return Ok(file);
            }
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn text_is_the_same_in_memory_and_on_the_disk_as_often_as_it_is_read() {
        for (limit, is_spilled) in [(100, false), (9, false), (8, true), (3, true), (0, true)] {
            let mut spool = Spool { limit, ..Spool::default() };
            for round in 0..2 {
                for text in ["abc", "def", "", "ghi"] {
                    spool.write(text.as_bytes()).unwrap();
                }
                for _ in 0..2 {
                    let (mut file, mut pieces) = (String::new(), Vec::new());
                    spool.to_file().unwrap().read_to_string(&mut file).unwrap();
                    spool
                        .each(|piece| {
                            pieces.extend_from_slice(piece);
                            Ok(())
                        })
                        .unwrap();
                    assert_eq!(
                        (file.as_bytes(), &pieces[..]),
                        (&b"abcdefghi"[..], &b"abcdefghi"[..])
                    );
                }
                assert_eq!(spool.disk.is_some(), is_spilled, "{limit}, round {round}");
                assert_eq!((spool.len(), spool.crc()), (9, crc32c::crc32c(b"abcdefghi")));
                spool.clear();
                assert!(spool.is_empty());
            }
        }
    }

    #[test]
    fn a_file_on_the_disk_has_no_name() {
        let dir = crate::sink::samples::Scratch::new();
        let _file = unnamed(&dir.path("")).unwrap();
        assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 0);
    }
}
