//! The text of a batch that is needed whole: in memory while it is short, then in a file.
//!
//! ```text
//! write   | memory, up to the limit |            then all of it goes to a file without a name
//! each    | piece | piece | pi|                  as often as anybody asks
//! clear   |                                      the memory serves the next batch
//! ```
//!
//! Length and checksum are kept as the text is written, so nobody reads it to know them. The file has
//! no name, so nothing is left behind however the run ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{MemfdFlags, memfd_create};

use crate::disk::medium::write;
use crate::error::{Context, Error};

/// More than this is not held in memory.
const IN_MEMORY: usize = 16 << 20;

/// As much is handed out at once, unless it is said otherwise.
const PIECE: usize = 128 << 10;

/// Text that is being gathered, and can be read again and again.
#[derive(Debug)]
pub struct Spool {
    memory: Vec<u8>,
    limit: usize,
    /// As much is handed out at once.
    piece: usize,
    /// Where all of it is, once it is too long for memory, and the directory that has the file.
    spilled: Option<(File, PathBuf)>,
    len: u64,
    crc: u32,
}

impl Default for Spool {
    fn default() -> Spool {
        Spool::new()
    }
}

impl Spool {
    /// Begins with nothing.
    pub fn new() -> Spool {
        Spool::in_pieces(PIECE)
    }

    /// The same, handed out in pieces of so many bytes.
    pub fn in_pieces(piece: usize) -> Spool {
        Spool { memory: Vec::new(), limit: IN_MEMORY, piece, spilled: None, len: 0, crc: 0 }
    }

    /// Appends text.
    pub fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        if self.spilled.is_none() && self.memory.len() + text.len() > self.limit {
            let dir = std::env::temp_dir();
            let mut file = unnamed(&dir).at(&dir)?;
            write(&mut file, &dir, &self.memory, &mut 0)?;
            self.memory = Vec::new();
            self.spilled = Some((file, dir));
        }
        match &mut self.spilled {
            Some((file, dir)) => write(file, dir, text, &mut self.len)?,
            None => {
                self.memory.extend_from_slice(text);
                self.len += text.len() as u64;
            }
        }
        self.crc = crc32c::crc32c_append(self.crc, text);
        Ok(())
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

    /// Hands out all of the text, piece by piece.
    pub fn each(&self, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let Some((file, dir)) = &self.spilled else {
            return self.memory.chunks(self.piece).try_for_each(take);
        };
        let (mut piece, mut at) = (vec![0; self.piece], 0);
        while at < self.len {
            let len = piece.len().min(usize::try_from(self.len - at).unwrap_or(self.piece));
            file.read_exact_at(&mut piece[..len], at).at(dir)?;
            take(&piece[..len])?;
            at += len as u64;
        }
        Ok(())
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        *self = Spool { memory, limit: self.limit, ..Spool::in_pieces(self.piece) };
        self.memory.clear();
    }

    /// All of it as a file, to be read from the beginning.
    pub fn into_file(self) -> Result<File, Error> {
        match self.spilled {
            Some((mut file, dir)) => file.rewind().at(&dir).map(|()| file),
            None => {
                let len = self.memory.len();
                in_memory(&self.memory).place(format_args!("memory for the batch ({len} bytes)"))
            }
        }
    }
}

/// A file that is not on any disk.
fn in_memory(text: &[u8]) -> io::Result<File> {
    let mut file: File = memfd_create("weir-batch", MemfdFlags::CLOEXEC)?.into();
    file.write_all(text)?;
    file.rewind()?;
    Ok(file)
}

/// A file without a name: it has one for a moment, which nobody else has.
fn unnamed(dir: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
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

    fn all(spool: &Spool) -> String {
        let mut text = Vec::new();
        spool.each(|piece| text.write_all(piece).place("memory")).unwrap();
        assert_eq!((spool.len(), spool.crc()), (text.len() as u64, crc32c::crc32c(&text)));
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn text_is_the_same_in_memory_and_on_the_disk_however_often_it_is_read() {
        for (limit, is_spilled) in [(100, false), (9, false), (8, true), (3, true), (0, true)] {
            let mut spool = Spool { limit, ..Spool::new() };
            for _ in 0..2 {
                spool.clear();
                assert_eq!((spool.is_empty(), all(&spool)), (true, String::new()));
                for text in ["abc", "def", "", "ghi"] {
                    spool.write(text.as_bytes()).unwrap();
                }
                assert_eq!(spool.spilled.is_some(), is_spilled, "{limit}");
                assert_eq!([all(&spool), all(&spool)], ["abcdefghi"; 2]);
            }
            let mut text = String::new();
            spool.into_file().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "abcdefghi");
        }
    }

    #[test]
    fn long_text_comes_in_pieces_of_a_bounded_length() {
        let long: Vec<u8> = (0..PIECE * 2 + 5).map(|n| (n % 251) as u8).collect();
        for limit in [IN_MEMORY, 10] {
            let (mut spool, mut lens, mut text) = (Spool { limit, ..Spool::new() }, vec![], vec![]);
            spool.write(&long).unwrap();
            let take = |piece: &[u8]| {
                lens.push(piece.len());
                text.write_all(piece).place("memory")
            };
            spool.each(take).unwrap();
            assert_eq!(lens, [PIECE, PIECE, 5]);
            assert!(text == long);
        }
    }

    #[test]
    fn who_takes_the_text_may_fail() {
        let mut spool = Spool::new();
        spool.write(b"abc").unwrap();
        assert!(matches!(spool.each(|_| Err(Error::Closed)), Err(Error::Closed)));
    }

    #[test]
    fn a_file_on_the_disk_has_no_name() {
        let dir = crate::disk::scratch::Scratch::new();
        let _file = unnamed(&dir.path("")).unwrap();
        assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 0);
    }
}
