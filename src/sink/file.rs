//! `-o FILE`: each batch is appended.
//!
//! What is at the path may be replaced or deleted while we write, as log rotation does. That is
//! noticed when a batch begins, by comparing what we hold with what the path names; a batch is never
//! torn in two. FIFOs and devices are appended to as they are, and never opened anew.
//!
//! A file that is empty when a batch begins gets the header: it is new, or was cut to nothing. One
//! that an earlier run has left has had its own. A FIFO or device gets it once.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::clock::Stamp;
use crate::error::{Context, Error, said};
use crate::say::say;

/// A file that batches are appended to.
pub struct Appended {
    path: PathBuf,
    file: File,
    quiet: bool,
    has_begun: bool,
    /// How much of the batch is written.
    written: u64,
}

impl Appended {
    /// Opens the file, or makes it; waits for the reader of a FIFO.
    pub fn open(path: &Path, quiet: bool) -> Result<Appended, Error> {
        let file = open(path)?;
        Ok(Appended { path: path.to_path_buf(), file, quiet, has_begun: false, written: 0 })
    }

    /// Turns to the file that is now at the path, if it is another one; tells if ours is empty.
    fn follow(&mut self) -> Result<bool, Error> {
        let ours = self.file.metadata().at(&self.path)?;
        if !ours.is_file() {
            return Ok(!self.has_begun);
        }
        let is_ours = |named: Metadata| (named.dev(), named.ino()) == (ours.dev(), ours.ino());
        let is_there = match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            named => is_ours(named.at(&self.path)?),
        };
        if is_there {
            return Ok(ours.len() == 0);
        }
        self.file = open(&self.path)?;
        if !self.quiet {
            let path = self.path.display();
            say(&format!(
                "{path}: was replaced or deleted; going on in the file that is there now"
            ));
        }
        Ok(self.file.metadata().at(&self.path)?.len() == 0)
    }
}

fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new().create(true).append(true).open(path).at(path)
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
}

/// Writes all bytes and counts them; an error says how much of the batch is written.
pub(super) fn write(
    file: &mut File,
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
    use crate::sink::samples::Scratch;

    fn batch(file: &mut Appended, text: &str) {
        file.begin(Stamp(0), b"header\n").unwrap();
        file.write(text.as_bytes()).unwrap();
        file.end(1).unwrap();
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn batches_are_appended_and_a_header_begins_only_a_file_that_was_empty() {
        let dir = Scratch::new();
        let path = dir.path("out");
        for _ in 0..2 {
            let mut file = Appended::open(&path, true).unwrap();
            batch(&mut file, "a\n");
            batch(&mut file, "b\n");
        }
        assert_eq!(text(&path), "header\na\nb\na\nb\n");
    }

    #[test]
    fn a_file_that_is_moved_deleted_or_cut_is_followed_when_a_batch_begins() {
        let dir = Scratch::new();
        let (path, old) = (dir.path("out"), dir.path("out.1"));
        let mut file = Appended::open(&path, true).unwrap();
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
        let mut file = Appended::open("/dev/full".as_ref(), true).unwrap();
        let error = file.begin(Stamp(0), b"header\n").unwrap_err();
        let expected = "/dev/full: no space left on device; 0 bytes of the batch are written";
        assert_eq!((error.to_string().as_str(), error.exit_status()), (expected, 1));
        let error = Appended::open("/nonexistent/out".as_ref(), true).err().unwrap();
        assert_eq!(error.to_string(), "/nonexistent/out: no such file or directory");
    }
}
