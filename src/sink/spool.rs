//! The text of a batch that is needed whole, as a file: in memory while it is short, then on the disk.
//!
//! The file has no name, so nothing is left behind however the run ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{MemfdFlags, memfd_create};

use super::file::write;
use crate::error::{Context, Error};

/// More than this is not held in memory.
const IN_MEMORY: u64 = 16 << 20;

/// Text that is being gathered.
pub struct Spool {
    file: File,
    written: u64,
    limit: u64,
    /// Where the text is, once it is not in memory.
    place: Option<PathBuf>,
}

impl Spool {
    /// Begins with nothing.
    pub fn new() -> io::Result<Spool> {
        let file = memfd_create("weir-batch", MemfdFlags::CLOEXEC)?.into();
        Ok(Spool { file, written: 0, limit: IN_MEMORY, place: None })
    }

    /// Appends text.
    pub fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        if self.place.is_none() && self.written + text.len() as u64 > self.limit {
            let dir = std::env::temp_dir();
            self.file = spilled(&mut self.file, &dir).at(&dir)?;
            self.place = Some(dir);
        }
        let place = self.place.as_deref().unwrap_or(Path::new("memory"));
        write(&mut self.file, place, text, &mut self.written)
    }

    /// All of it, to be read from the beginning.
    pub fn into_file(mut self) -> Result<File, Error> {
        self.file.rewind().place("batch")?;
        Ok(self.file)
    }
}

/// A file on the disk with what is in memory.
fn spilled(memory: &mut File, dir: &Path) -> io::Result<File> {
    let mut file = unnamed(dir)?;
    memory.rewind()?;
    io::copy(memory, &mut file)?;
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

    fn spool(limit: u64) -> (bool, String) {
        let mut spool = Spool { limit, ..Spool::new().unwrap() };
        for text in ["abc", "def", "", "ghi"] {
            spool.write(text.as_bytes()).unwrap();
        }
        let (is_spilled, mut text) = (spool.place.is_some(), String::new());
        spool.into_file().unwrap().read_to_string(&mut text).unwrap();
        (is_spilled, text)
    }

    #[test]
    fn text_is_the_same_in_memory_and_on_the_disk() {
        for (limit, is_spilled) in [(100, false), (9, false), (8, true), (3, true), (0, true)] {
            assert_eq!(spool(limit), (is_spilled, "abcdefghi".to_string()), "{limit}");
        }
    }

    #[test]
    fn a_file_on_the_disk_has_no_name() {
        let dir = crate::sink::samples::Scratch::new();
        let _file = unnamed(&dir.path("")).unwrap();
        assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 0);
    }
}
