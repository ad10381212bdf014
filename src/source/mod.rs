//! Where records come from: the trait, and the table of the sources there are.
//!
//! A source only reads and frames. It holds no queue and no thread: a worker calls [`Source::read`]
//! when it has room for a chunk, so a stream that comes faster than it is folded is slowed where it
//! comes from.

pub mod connect;
pub mod files;
pub mod flume;
pub mod kafka;
pub mod listen;
pub(crate) mod peers;
pub mod replay;
pub mod stdin;

use std::path::Path;

use clap::{ArgMatches, Command};

use crate::chunk::{Chunk, Mark};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::metrics::Extent;
use crate::metrics::link::Said;
use crate::part::{Resolved, Shape};
use crate::process::descriptor::Identity;

/// What [`Source::read`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The chunk holds records, bad records, or both.
    Rows,
    /// Nothing has come by the given time, or the wait was ended by another thread.
    Idle,
    /// Nothing will ever come.
    End,
    /// The open batch is to end now; the source goes on after that.
    Cut,
}

/// How safe records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// They are in the open batch. This is told chunk by chunk, and others may have been read meanwhile.
    Folded,
    /// Their batch is closed, with all that was read until then.
    Closed,
    /// They are in the write-ahead log, on disk.
    Logged,
    /// The batch that holds them is out and recorded.
    Committed,
}

/// A part of the input that is not what it was when its position was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The part, as it was noted.
    pub part: Vec<u8>,
    /// How far it was read, for people, as in `byte 512`.
    pub read: String,
    /// What has become of it.
    pub fate: Fate,
}

/// What has become of a part of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not there any more: what was not yet read of it is lost.
    Gone,
    /// Another has its name: what was not yet read of the old one is lost.
    Recreated,
    /// It has this name now, and is read on.
    Renamed(Vec<u8>),
}

/// How records stand in a chunk that a source has read, and then in the log of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Uncut: each record ends with a delimiter that is not within it.
    Uncut,
    /// As rows, which may hold any byte.
    Records,
    /// As pairs.
    Pairs,
}

/// A stream of records.
///
/// The engine calls one method at a time, each from whichever worker holds the source's lock.
pub trait Source: Send {
    /// Registers what is read from, and notes where it listens or reads.
    ///
    /// A source that has positions resolves here where each part of its input begins, and fetches nothing:
    /// what [`Source::moved`] notes afterwards is recorded before anything is read, so that a start that is
    /// killed at once begins there too.
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error>;

    /// True if the input has an end that is known to come, as a regular file has.
    fn is_finite(&self) -> bool {
        false
    }

    /// The regular files that are read: what an output writes to one of them would come in again.
    fn files(&self) -> Vec<Identity> {
        Vec::new()
    }

    /// True if a file that is made at this path would be read.
    fn takes(&self, _path: &Path) -> bool {
        false
    }

    /// How it leaves what it reads: the same all the time.
    fn form(&self) -> Form {
        Form::Uncut
    }

    /// Reads into `chunk`, which is clear: at most `limit` records, waiting no longer than `until`. What is
    /// one batch for its sender, to be kept whole or not at all, is not parted by the limit.
    ///
    /// Returns as soon as it has some records. What is there to be read at `until` belongs to the
    /// next batch, so it is left, as exactly as the source's clock is. A wait that ends with
    /// `Woke::Called` is `Idle`.
    ///
    /// `chunk.mark` is the mark that the records read by this call will have. All records of earlier
    /// calls have smaller marks. A call that leaves no record in the chunk does not use it up: the
    /// next call has the same.
    fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error>;

    /// What weir waits for while nothing comes, as in "connections on 127.0.0.1:9999 (0 clients)".
    fn waiting(&self) -> String;

    /// How many bytes of records that are not whole yet are held; lost if the run ends now.
    fn unfinished(&self) -> usize {
        0
    }

    /// How much of its input is read and how much there is, if it has an end that is known: asked after each
    /// chunk, and answered without looking anything up.
    fn extent(&self) -> Option<Extent> {
        None
    }

    /// True if it can go back to a position at one time and not at another, as stdin can while it is a file. A
    /// checkpoint goes on as it was made then: where no positions are kept there is a log.
    fn has_positions_at_times(&self) -> bool {
        false
    }

    /// True if it can go back to a position, so that no log of what was read is needed.
    fn is_replayable(&self) -> bool {
        false
    }

    /// Notes each part of the input (a file, a partition) whose position has changed since this was called
    /// last, and its position now: where it stands after the last chunk. Both are bytes, for the checkpoint
    /// and not for people.
    ///
    /// An empty position says that the part is followed no longer, so that nothing is kept of it. A source
    /// that cannot be read again notes nothing.
    fn moved(&mut self, _note: &mut dyn FnMut(&[u8], &[u8])) {}

    /// Is given, before it is opened, all parts that were noted and their last positions, and goes there.
    /// Says which of them are not what they were. Parts that are not among them begin where the source's
    /// flags say.
    fn resume(&mut self, _positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        Ok(Vec::new())
    }

    /// Is told, before it is opened, how many records the last run has left in the log: who has sent them may not
    /// know that they are kept, and send them again.
    fn left_over(&mut self, _records: u64) {}

    /// Notes how many records each part of the input has that were not read, where that is known.
    fn behind(&self, _note: &mut dyn FnMut(&str, u64)) {}

    /// Tells how its connections stand, for whoever looks: not more than [`TOLD`](crate::metrics::link::TOLD) of
    /// them apart.
    fn links(&self, _said: &mut Said) {}

    /// How safe records are when they are acknowledged to who sent them, if they are and he waits for it:
    /// that is told as soon as it is so, and not only when something else is to be done.
    fn acknowledges(&self) -> Option<Stage> {
        None
    }

    /// True if one alone is connected, and waits to be acknowledged before it sends more: as long as it does there is
    /// nothing to be read, as far as anybody knows.
    fn lone_waits(&self) -> bool {
        false
    }

    /// The run is over; what was reached has been said. A last word to peers, which takes no more than a
    /// moment.
    fn close(&mut self, _wait: &mut dyn Wait) {}

    /// Says how safe all records up to `mark` are, so that they can be acknowledged.
    fn reached(&mut self, _stage: Stage, _mark: Mark) -> Result<(), Error> {
        Ok(())
    }
}

/// What every source is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The byte that ends a record.
    pub delimiter: u8,
    /// The longest record, in bytes, without its delimiter.
    pub max_record: usize,
    /// True for `--once`: what is there now, then the end.
    pub once: bool,
    /// True if there is a log on disk to which records go, so that senders can be told when they are
    /// in it: `Stage::Logged` will be reached.
    pub acknowledges: bool,
    /// True with `--checkpoint`: what is read is known to the next run.
    pub lasts: bool,
    /// True if something is kept from batch to batch: `--window`, `--update-state`.
    pub keeps_state: bool,
    /// The time at which weir started.
    pub start: Stamp,
}

/// Makes a source of what was typed.
pub type Build = fn(&ArgMatches, &Settings) -> Result<Built, Error>;

/// A source that is made, and what is to be known of it.
pub struct Built {
    /// The source.
    pub source: Box<dyn Source>,
    /// The shape of the rows that it yields: records or pairs.
    pub yields: Shape,
    /// By what a checkpoint knows it, beside its name: nothing that may change from run to run.
    pub identity: Resolved,
}

impl Built {
    /// A source that a checkpoint knows by its name and by this.
    pub fn new(source: impl Source + 'static, identity: Resolved) -> Built {
        let yields = match source.form() {
            Form::Uncut | Form::Records => Shape::Records,
            Form::Pairs => Shape::Pairs,
        };
        Built { source: Box::new(source), yields, identity }
    }

    /// A source of records that a checkpoint knows by its name alone.
    pub fn of_records(source: impl Source + 'static) -> Built {
        let built = Built::new(source, Resolved::new());
        debug_assert_eq!(built.yields, Shape::Records);
        built
    }
}

/// A source as the command line knows it.
pub struct Spec {
    /// The command's name.
    pub name: &'static str,
    /// True if the command is not shown in help, man page and completions.
    pub hidden: bool,
    /// Adds the source's own arguments and their descriptions.
    pub arguments: fn(Command) -> Command,
    /// Makes the source of what was typed.
    pub build: Build,
}

/// The sources there are, in the order in which help names them.
pub const SOURCES: &[Spec] = &[
    stdin::SPEC,
    connect::SPEC,
    listen::SPEC,
    files::SPEC,
    kafka::SPEC,
    flume::push::SPEC,
    flume::pull::SPEC,
    replay::SPEC,
];
