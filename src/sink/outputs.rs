//! The outputs of a run: each takes every batch whole, and all take the same bytes.
//!
//! ```text
//!               begin        write, as often as there is text       end
//! stdout        header once  written                                nothing
//! -o            follow path  appended                               nothing
//! --output-dir  hidden file  written to it                          sync, rename, sync
//! --to-kafka                 sent                                   waits until brokers have all
//! --exec        spool        spooled                                run the command
//! ```
//!
//! With a checkpoint a batch is complete before anybody sees it, and outputs may be asked after a crash
//! for one that they may have:
//!
//! ```text
//!               stage                publish              redeem
//! stdout                             written              written again
//! -o            length noted         appended, synced     looked for, then as it is
//! --output-dir  hidden file, synced  renamed, synced      renamed, if it is hidden yet
//! --to-kafka                         one transaction      looked for by its mark, then as it is
//! --exec                             run the command      run again
//! ```
//!
//! They take a batch in the order of the list, the command last, so that it runs when the batch is
//! in the files. Batches never overlap. What comes to `write` is whole rows. Nothing here knows of
//! formats, or of what a checkpoint is.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mio::Registry;

use super::batch::{Batch, Promise};
use super::dir::Dir;
use super::exec::Exec;
pub use super::exec::OnFail;
use super::file::Appended;
use super::output::{Output, Staged};
use super::stdout::Stdout;
use super::stdout::printed::Printed;
use super::timed::Timed;
use super::topic::{Destination, Topic};
use crate::clock::Stamp;
use crate::disk::Disk;
use crate::disk::medium;
use crate::error::Error;
use crate::process::descriptor::{self, Identity};
use crate::process::signal::{Pauses, Stop};
use crate::process::supervisor::Supervisor;
use crate::say::say;

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
    /// Each row is a message.
    Topic(Destination),
    /// A command is run for each batch.
    Exec {
        /// What the shell runs.
        command: OsString,
        /// What becomes of the run when it fails.
        on_fail: OnFail,
    },
}

impl Target {
    /// The regular file that is written to, if it is there.
    pub fn file(&self) -> Option<Identity> {
        match self {
            Target::Stdout => descriptor::regular(io::stdout()),
            Target::File(path) => medium::regular(path),
            Target::Dir { .. } | Target::Topic(_) | Target::Exec { .. } => None,
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stdout => f.write_str("stdout"),
            Target::File(path) => write!(f, "{}", path.display()),
            Target::Dir { path, extension } => {
                write!(f, "{}", path.join(format!("batch-TIME.{extension}")).display())
            }
            Target::Topic(to) => write!(f, "topic {}", to.topic),
            Target::Exec { command, .. } => write!(f, "sh -c {:?}", command.to_string_lossy()),
        }
    }
}

impl Target {
    /// As it is typed.
    fn flag(&self) -> String {
        match self {
            Target::Stdout => "stdout".to_string(),
            Target::File(path) => format!("-o {}", path.display()),
            Target::Dir { path, .. } => format!("--output-dir {}", path.display()),
            Target::Topic(to) => format!("--to-kafka {}", to.topic),
            Target::Exec { command, .. } => format!("--exec {:?}", command.to_string_lossy()),
        }
    }
}

/// What outputs have to know of the run that they are for.
#[derive(Default)]
pub struct Run {
    /// The time between tries, for commands that are tried again.
    pub pauses: Option<Pauses>,
    /// Asked when a signal has come, by those that wait for others.
    pub stop: Arc<Stop>,
    /// Shown meanwhile that all is well.
    pub supervisor: Arc<Supervisor>,
    /// What the checkpoint is called, which no other one is.
    pub name: Option<String>,
}

/// All outputs of a run.
pub struct Outputs {
    list: Vec<Timed>,
    /// stdout, if it is one of them.
    stdout: Option<Stdout>,
}

impl Outputs {
    /// Opens each target, so that a wrong path is found before anything is read.
    pub fn open(
        disk: &dyn Disk,
        targets: &[Target],
        stdout: &Stdout,
        run: Run,
    ) -> Result<Outputs, Error> {
        let file = |path: &Path| Appended::open(disk, path);
        let dir = |path: &Path, extension| Dir::open(disk, path, extension);
        Outputs::open_with(targets, stdout, file, dir, Run { name: None, ..run })
    }

    /// The same for a run with a checkpoint: nobody else with one writes to its files, and what was
    /// staged by the run before is left until it is redeemed.
    pub fn open_staged(
        disk: &dyn Disk,
        targets: &[Target],
        stdout: &Stdout,
        run: Run,
    ) -> Result<Outputs, Error> {
        let stdout = stdout.if_open()?;
        if targets.contains(&Target::Stdout) && !stdout.is_open() {
            say("stdout: not open; what is to be printed is owed to the next start");
        }
        let file = |path: &Path| Appended::open(disk, path)?.locked();
        let dir = |path: &Path, extension| Dir::open_staged(disk, path, extension);
        Outputs::open_with(targets, &stdout, file, dir, run)
    }

    fn open_with(
        targets: &[Target],
        stdout: &Stdout,
        file: impl Fn(&Path) -> Result<Appended, Error>,
        dir: impl Fn(&Path, &'static str) -> Result<Dir, Error>,
        run: Run,
    ) -> Result<Outputs, Error> {
        let Run { pauses, stop, supervisor, name } = run;
        let mut exec = command(pauses);
        let mut outputs = Outputs::of(Vec::new());
        for target in targets {
            let output: Box<dyn Staged> = match target {
                Target::Stdout => {
                    outputs.stdout = Some(stdout.try_clone()?);
                    Box::new(Printed::new(stdout.try_clone()?, targets.len() > 1))
                }
                Target::File(path) => Box::new(file(path)?),
                Target::Dir { path, extension } => Box::new(dir(path, extension)?),
                Target::Topic(to) => {
                    Box::new(Topic::connect(to, name.clone(), &stop, &supervisor)?)
                }
                Target::Exec { command, on_fail } => Box::new(exec(command, *on_fail)),
            };
            outputs.list.push(Timed::new(output, target.flag()));
        }
        Ok(outputs)
    }

    /// Makes it of outputs, none of which is stdout.
    pub fn of(list: Vec<Box<dyn Staged>>) -> Outputs {
        let named = |output: Box<dyn Staged>| {
            let name = String::from_utf8_lossy(output.id().name()).into_owned();
            Timed::new(output, name)
        };
        Outputs { list: list.into_iter().map(named).collect(), stdout: None }
    }

    /// Which of them took longest since this was asked last, and how long.
    pub fn slowest(&mut self) -> Option<(&str, Duration)> {
        let all = self.list.iter_mut().map(|output| (output.take(), output.what()));
        all.max_by_key(|(took, _)| *took).map(|(took, what)| (what, took))
    }

    /// Stages the batch with each output; returns what each is promised.
    pub fn stage(&mut self, batch: &Batch) -> Result<Vec<Promise>, Error> {
        self.list.iter_mut().map(|output| output.stage(batch)).collect()
    }

    /// Hands out the batch that was staged. When the reader of stdout has gone, all others get it
    /// before that is told.
    pub fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        closed_last(self.list.iter_mut().map(|output| output.publish(batch)))
    }

    /// Hands out a batch after a restart, to those to whom it was promised.
    ///
    /// What was promised to an output that is none any more goes to those that nothing was promised,
    /// because they were added since: it was for whoever reads the outputs, and must not be lost.
    pub fn redeem(&mut self, batch: &Batch, promises: &[Promise]) -> Result<(), Error> {
        let mut promises: Vec<_> = promises.iter().collect();
        let mut kept: Vec<Option<&Promise>> = Vec::new();
        for output in &self.list {
            let id = output.id();
            let place = promises.iter().position(|promise| promise.output.is_named_as(&id));
            kept.push(place.map(|place| promises.remove(place)));
        }
        for (output, kept) in self.list.iter().zip(&mut kept).filter(|(_, kept)| kept.is_none()) {
            let id = output.id();
            let place = promises.iter().position(|promise| promise.output.is_same_place(&id));
            *kept = place.map(|place| promises.remove(place));
        }
        let takes_over = !promises.is_empty() && kept.iter().any(Option::is_none);
        promises.iter().for_each(|promise| say_void(promise, takes_over));
        closed_last(self.list.iter_mut().zip(kept).map(|(output, promise)| match promise {
            _ if batch.lacks(output.takes_messages()) => {
                say_lacking(output);
                Ok(())
            }
            Some(promise) => output.redeem(batch, promise),
            None if takes_over => output.stage(batch).and_then(|_| output.publish(batch)),
            None => Ok(()),
        }))
    }

    /// Says which of them get no rows of an open batch that were recorded for other outputs.
    pub fn say_lacking(&self, batch: &Batch) {
        let lacking = |output: &&Timed| batch.lacks(output.takes_messages());
        self.list.iter().filter(lacking).for_each(say_lacking);
    }

    /// The last Time that is taken where Times go on from `now`, and none is left out for longer than
    /// `most`: as long as a batch lasts or a window takes to be due. The first one must be later.
    ///
    /// A run that was stopped a moment ago has left its last batch under a Time that is yet to come.
    pub fn last_time(&self, now: Stamp, most: Duration) -> Result<Option<Stamp>, Error> {
        let mut taken = Vec::new();
        for output in &self.list {
            taken.extend(output.times()?.into_iter().filter(|&time| time >= now));
        }
        taken.sort_unstable();
        let mut last = None;
        for time in taken {
            if time > last.unwrap_or(now).after(most) {
                break;
            }
            last = Some(time);
        }
        Ok(last)
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

    fn send(&mut self, messages: &[u8]) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.send(messages))
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.end(rows))
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.list.iter_mut().try_for_each(|output| output.reopen())
    }
}

/// Makes commands; the first one has the time between tries.
fn command(mut pauses: Option<Pauses>) -> impl FnMut(&OsStr, OnFail) -> Exec {
    move |command, on_fail| Exec::new(command).failing(on_fail, pauses.take())
}

/// Says of an output that is none any more what becomes of its batch.
fn say_void(promise: &Promise, is_taken_over: bool) {
    let name = String::from_utf8_lossy(promise.output.name()).into_owned();
    let rest = match is_taken_over {
        true => "it goes to the outputs that are new",
        false => "nothing takes its place",
    };
    say(&format!(
        "the last batch before the stop may not be whole in {name:?}, which is no output now; {rest}"
    ));
}

/// Says of an output that was none before that it does not get what was recorded for others.
fn say_lacking(output: &Timed) {
    let (what, how) = match output.takes_messages() {
        true => ("text", "as messages"),
        false => ("messages", "as text"),
    };
    say(&format!(
        "{}: rows from before the stop were recorded as {what}, for other outputs, and do not come {how}",
        output.what()
    ));
}

/// Goes on to the next when a reader has gone, and tells at the end; any other failure ends it.
fn closed_last(mut results: impl Iterator<Item = Result<(), Error>>) -> Result<(), Error> {
    results.try_fold(Ok(()), |so_far, result| match result {
        Err(Error::Closed) => Ok(Err(Error::Closed)),
        result => result.map(|()| so_far),
    })?
}

#[cfg(test)]
mod tests;
