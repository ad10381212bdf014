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
//!
//! With a checkpoint a batch comes whole. It is recorded between two calls, so that after a crash
//! either nobody will ever see it, or everybody gets it:
//!
//! ```text
//!               stage                   publish              redeem, after a crash
//! stdout        nothing                 written              written again
//! -o            length and place noted  appended, synced     what is there is looked at
//! --output-dir  hidden file, synced     renamed, synced      renamed, if the hidden file is there
//! --exec        nothing                 the command is run   the command is run again
//! ```

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::PathBuf;

use mio::Registry;

use super::dir::Dir;
use super::exec::Exec;
use super::file::Appended;
use super::medium::RealFiles;
use super::spool::Spool;
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

/// A batch that is complete.
pub struct Batch<'a> {
    /// The number of its record.
    pub number: u64,
    /// Its Time.
    pub time: Stamp,
    /// How many rows it has.
    pub rows: u64,
    /// What a stream or a file of such batches begins with.
    pub header: &'a [u8],
    /// Its text.
    pub text: &'a Spool,
}

impl Batch<'_> {
    /// The CRC-32C of the text, with the header before it or without.
    pub fn crc(&self, with_header: bool) -> u32 {
        match with_header {
            true => {
                let (header, len) = (crc32c::crc32c(self.header), self.text.len() as usize);
                crc32c::crc32c_combine(header, self.text.crc(), len)
            }
            false => self.text.crc(),
        }
    }
}

/// What an output is to get: enough to find out after a crash whether it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// Which output it is, as text.
    pub target: Vec<u8>,
    /// How long it was before.
    pub before: u64,
    /// How many bytes the batch adds.
    pub length: u64,
    /// Their CRC-32C.
    pub crc: u32,
}

/// What outputs are told if there is a checkpoint.
#[derive(Clone, Debug, Default)]
pub struct Lasting {
    /// What tells its staged files from those of other checkpoints.
    pub tag: String,
    /// The record whose batch is still to be handed out.
    pub owed: Option<u64>,
}

/// Takes batches, one after the other.
pub trait Output: Send {
    /// A batch begins; `header` is what a stream or a file of such batches begins with.
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error>;

    /// Some text of the batch: whole rows.
    fn write(&mut self, text: &[u8]) -> Result<(), Error>;

    /// The batch is complete; it has had so many rows.
    fn end(&mut self, rows: u64) -> Result<(), Error>;

    /// What it is called in promises.
    fn name(&self) -> Vec<u8>;

    /// True if a promise is its own.
    fn is_promised(&self, promise: &Promise) -> bool {
        promise.target == self.name()
    }

    /// Makes ready what can be before the batch is decided on; nothing of it is seen yet.
    fn stage(&mut self, batch: &Batch<'_>) -> Result<Promise, Error> {
        let (length, crc) = (batch.text.len(), batch.text.crc());
        Ok(Promise { target: self.name(), before: 0, length, crc })
    }

    /// Hands the batch out; when it returns, that is as durable as it can be.
    fn publish(&mut self, batch: &Batch<'_>) -> Result<(), Error> {
        self.begin(batch.time, batch.header)?;
        batch.text.each(|piece| self.write(piece))?;
        self.end(batch.rows)
    }

    /// Hands a batch out that was promised before a crash, and may be out already, wholly or in part.
    fn redeem(&mut self, batch: &Batch<'_>, _promise: &Promise) -> Result<(), Error> {
        self.publish(batch)
    }
}

/// All outputs of a run.
pub struct Outputs {
    list: Vec<Box<dyn Output>>,
    /// stdout, if it is one of them.
    stdout: Option<Stdout>,
}

impl Outputs {
    /// Opens each target, so that a wrong path is found before anything is read; with `quiet`,
    /// nothing is said of files that are replaced. `lasting` is there if there is a checkpoint.
    pub fn open(
        targets: &[Target],
        stdout: &Stdout,
        quiet: bool,
        lasting: Option<&Lasting>,
    ) -> Result<Outputs, Error> {
        let mut outputs = Outputs { list: Vec::new(), stdout: None };
        for target in targets {
            outputs.list.push(match target {
                Target::Stdout => {
                    outputs.stdout = Some(stdout.try_clone()?);
                    let outlives = targets.len() > 1 && lasting.is_none();
                    Box::new(Printed { stdout: stdout.try_clone()?, has_begun: false, outlives })
                }
                Target::File(path) => {
                    Box::new(Appended::open(path, Box::new(RealFiles), quiet, lasting.is_some())?)
                }
                Target::Dir { path, extension } => Box::new(Dir::open(path, extension, lasting)?),
                Target::Exec(command) => Box::new(Exec::new(command)),
            });
        }
        Ok(outputs)
    }

    /// Outputs that are open.
    #[cfg(test)]
    pub fn of(list: Vec<Box<dyn Output>>) -> Outputs {
        Outputs { list, stdout: None }
    }

    /// Makes a batch ready for all; see [`Output::stage`].
    pub fn stage(&mut self, batch: &Batch<'_>) -> Result<Vec<Promise>, Error> {
        self.list.iter_mut().map(|output| output.stage(batch)).collect()
    }

    /// Hands it out; see [`Output::publish`]. If the reader of stdout has gone, the others get it
    /// nevertheless.
    pub fn publish(&mut self, batch: &Batch<'_>) -> Result<(), Error> {
        whoever_is_left(self.list.iter_mut().map(|output| output.publish(batch)))
    }

    /// Hands it to those to whom it was promised; see [`Output::redeem`]. One that was added since
    /// gets nothing of it, and a promise to one that is gone is void.
    pub fn redeem(&mut self, batch: &Batch<'_>, promises: &[Promise]) -> Result<(), Error> {
        whoever_is_left(self.list.iter_mut().map(|output| {
            match promises.iter().find(|promise| output.is_promised(promise)) {
                Some(promise) => output.redeem(batch, promise),
                None => Ok(()),
            }
        }))
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

/// That a reader has gone is told when all the others have had their turn; a failure at once.
fn whoever_is_left(mut results: impl Iterator<Item = Result<(), Error>>) -> Result<(), Error> {
    let mut outcome = Ok(());
    results.try_for_each(|result| match result {
        Err(Error::Closed) => {
            outcome = Err(Error::Closed);
            Ok(())
        }
        result => result,
    })?;
    outcome
}

impl Outputs {
    /// A batch begins, for all; see [`Output::begin`].
    pub fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.begin(time, header))
    }

    /// Some text of it.
    pub fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.write(text))
    }

    /// It is complete.
    pub fn end(&mut self, rows: u64) -> Result<(), Error> {
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

    fn name(&self) -> Vec<u8> {
        b"stdout".to_vec()
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
        let mut outputs = Outputs::open(&targets, &stdout, false, None).unwrap();
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
        let mut alone = Outputs::open(&[Target::Stdout], &stdout, false, None).unwrap();
        assert!(matches!(batch(&mut alone, 1), Err(Error::Closed)));
        let targets = [Target::Stdout, Target::File(dir.path("out"))];
        let mut both = Outputs::open(&targets, &stdout, false, None).unwrap();
        batch(&mut both, 1).unwrap();
        assert_eq!(fs::read_to_string(dir.path("out")).unwrap(), "header\na\nb\n");
    }
}
