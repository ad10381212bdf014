//! The outputs of a run: each takes every batch whole, and all take the same bytes.
//!
//! ```text
//!               begin        write, as often as there is text       end
//! stdout        header once  written                                nothing
//! -o            follow path  appended                               nothing
//! --output-dir  hidden file  written to it                          sync, rename, sync
//! --exec        spool        spooled                                run the command
//! ```
//!
//! They take a batch in the order of the list, the command last, so that it runs when the batch is
//! in the files. Batches never overlap. What comes to `write` is whole rows. Nothing here knows of
//! formats.

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::PathBuf;

use mio::Registry;

use super::dir::Dir;
use super::exec::Exec;
use super::file::Appended;
use super::stdout::Stdout;
use crate::clock::Stamp;
use crate::error::Error;

/// Where batches go, as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// Each batch is appended to a file.
    File(PathBuf),
    /// Each batch is a file of its own.
    Dir {
        /// Where the files are.
        path: PathBuf,
        /// What their names end with.
        extension: &'static str,
    },
    /// A command is run for each batch.
    Exec(OsString),
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stdout => f.write_str("stdout"),
            Target::File(path) => write!(f, "{}", path.display()),
            Target::Dir { path, extension } => {
                write!(f, "{}", path.join(format!("batch-TIME.{extension}")).display())
            }
            Target::Exec(command) => write!(f, "sh -c {:?}", command.to_string_lossy()),
        }
    }
}

/// Takes batches, one after the other.
pub trait Output: Send {
    /// A batch begins; `header` is what a stream or a file of such batches begins with.
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error>;

    /// Some text of the batch: whole rows.
    fn write(&mut self, text: &[u8]) -> Result<(), Error>;

    /// The batch is complete; it has had so many rows.
    fn end(&mut self, rows: u64) -> Result<(), Error>;
}

/// All outputs of a run.
pub struct Outputs {
    list: Vec<Box<dyn Output>>,
    /// stdout, if it is one of them.
    stdout: Option<Stdout>,
}

impl Outputs {
    /// Opens each target, so that a wrong path is found before anything is read; with `quiet`,
    /// nothing is said of files that are replaced.
    pub fn open(targets: &[Target], stdout: &Stdout, quiet: bool) -> Result<Outputs, Error> {
        let mut outputs = Outputs { list: Vec::new(), stdout: None };
        for target in targets {
            outputs.list.push(match target {
                Target::Stdout => {
                    outputs.stdout = Some(stdout.try_clone()?);
                    let outlives = targets.len() > 1;
                    Box::new(Printed { stdout: stdout.try_clone()?, has_begun: false, outlives })
                }
                Target::File(path) => Box::new(Appended::open(path, quiet)?),
                Target::Dir { path, extension } => Box::new(Dir::open(path, extension)?),
                Target::Exec(command) => Box::new(Exec::new(command)),
            });
        }
        Ok(outputs)
    }

    /// True if a reader of stdout that goes leaves others who are to get the open batch.
    pub fn has_others(&self) -> bool {
        self.list.len() > 1
    }

    /// Lets a wait end when the reader of stdout goes; see [`Stdout::watch`]. Nothing, if stdout is
    /// not in use.
    pub fn watch(&self, registry: &Registry) -> Result<Option<Stdout>, Error> {
        self.stdout.as_ref().map(|stdout| stdout.watch(registry)).transpose()
    }
}

impl Output for Outputs {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.begin(time, header))
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.write(text))
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.end(rows))
    }
}

/// stdout, which others may outlive.
struct Printed {
    stdout: Stdout,
    has_begun: bool,
    /// True if the run goes on when the reader has gone: to the end of the open batch, which the
    /// other outputs get. Who watches stdout ends it then.
    outlives: bool,
}

impl Output for Printed {
    fn begin(&mut self, _: Stamp, header: &[u8]) -> Result<(), Error> {
        match std::mem::replace(&mut self.has_begun, true) {
            true => Ok(()),
            false => self.write(header),
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        match self.stdout.write(text) {
            Err(Error::Closed) if self.outlives => Ok(()),
            written => written,
        }
    }

    fn end(&mut self, _: u64) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::samples::Scratch;
    use std::fs;
    use std::io::{Read, pipe};

    fn batch(outputs: &mut Outputs, time: i64) -> Result<(), Error> {
        outputs.begin(Stamp(time), b"header\n")?;
        outputs.write(b"a\n")?;
        outputs.write(b"b\n")?;
        outputs.end(2)
    }

    #[test]
    fn all_outputs_get_the_same_batches_and_a_header_each() {
        let dir = Scratch::new();
        let (mut reader, writer) = pipe().unwrap();
        let stdout = Stdout::new(&writer).unwrap();
        drop(writer);
        let file = |name| Target::File(dir.path(name));
        let parts = Target::Dir { path: dir.path("parts"), extension: "tsv" };
        let targets = [file("one"), Target::Stdout, file("two"), parts];
        let mut outputs = Outputs::open(&targets, &stdout, false).unwrap();
        batch(&mut outputs, 1).unwrap();
        batch(&mut outputs, 2).unwrap();
        drop((outputs, stdout));
        let mut printed = String::new();
        reader.read_to_string(&mut printed).unwrap();
        assert_eq!(printed, "header\na\nb\na\nb\n");
        for name in ["one", "two"] {
            assert_eq!(fs::read_to_string(dir.path(name)).unwrap(), printed);
        }
        for name in ["parts/batch-1.tsv", "parts/batch-2.tsv"] {
            assert_eq!(fs::read_to_string(dir.path(name)).unwrap(), "header\na\nb\n");
        }
    }

    #[test]
    fn a_reader_of_stdout_that_goes_ends_the_run_only_if_there_is_no_other_output() {
        let dir = Scratch::new();
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let stdout = Stdout::new(&writer).unwrap();
        let mut alone = Outputs::open(&[Target::Stdout], &stdout, false).unwrap();
        assert!(matches!(batch(&mut alone, 1), Err(Error::Closed)));
        let targets = [Target::Stdout, Target::File(dir.path("out"))];
        let mut both = Outputs::open(&targets, &stdout, false).unwrap();
        batch(&mut both, 1).unwrap();
        assert_eq!(fs::read_to_string(dir.path("out")).unwrap(), "header\na\nb\n");
    }
}
