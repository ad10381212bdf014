//! The command of `--exec`, as whoever is behind it sees it: run at least once a batch.
//!
//! ```text
//! life 1   run 3 x run 5 x run 6
//! life 2         x         run 6 x run 7      owed: again, under its Time and byte for byte
//!                ^ the disk may fail, or the process end, before a run and after it
//! ```

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use super::{Lived, difference};
use crate::clock::Stamp;
use crate::disk::sim::SimDisk;
use crate::error::{Context, Error};
use crate::sink::exec::{Complete, Shell};

/// A run of the command: what it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    time: Stamp,
    rows: u64,
    text: String,
}

/// All runs of the command, over all lives.
#[derive(Default)]
pub struct Commands {
    /// Those of each batch once.
    all: Vec<Told>,
    /// True if it was run in this life: then nothing may come again.
    has_begun: bool,
    /// What came wrong first.
    wrong: Option<String>,
}

impl Commands {
    fn take(&mut self, told: Told) {
        let may_repeat = !std::mem::replace(&mut self.has_begun, true);
        if let Some(last) = self.all.last() {
            if may_repeat && *last == told {
                return;
            }
            if told.time <= last.time {
                let what = difference(&told.text, &last.text);
                let wrong = format!("run with {:?} behind {:?}: {what}", told.time, last.time);
                self.wrong.get_or_insert(wrong);
            }
        }
        self.all.push(told);
    }

    /// What has come wrong so far.
    pub fn check(&self) -> Lived {
        self.wrong.clone().map_or(Ok(()), Err)
    }

    /// The batches without what each begins with, `header`; with `is_counted` each row is a line.
    pub fn text(&self, header: &str, is_counted: bool) -> Result<String, String> {
        let body = |told: &Told| {
            let text = told.text.strip_prefix(header);
            let text = text.ok_or_else(|| format!("{:?}: no header: {}", told.time, told.text))?;
            let lines = text.lines().count() as u64;
            ensure!(!is_counted || lines == told.rows, "{lines} rows, not {}", told.rows);
            Ok(text.to_string())
        };
        self.all.iter().map(body).collect()
    }
}

/// The shell in one life.
pub struct Scripted {
    commands: Arc<Mutex<Commands>>,
    disk: SimDisk,
}

impl Scripted {
    /// Begins a life.
    pub fn new(commands: &Arc<Mutex<Commands>>, disk: &SimDisk) -> Scripted {
        commands.lock().unwrap().has_begun = false;
        Scripted { commands: Arc::clone(commands), disk: disk.clone() }
    }
}

impl Shell for Scripted {
    fn run(&mut self, _: &OsStr, batch: &Complete) -> Result<io::Result<ExitStatus>, Error> {
        let (mut text, time, rows) = (String::new(), batch.time, batch.rows);
        batch.text()?.read_to_string(&mut text).place("the batch")?;
        let take = || self.commands.lock().unwrap().take(Told { time, rows, text });
        self.disk.beside(take).place("--exec: sh")?;
        Ok(Ok(ExitStatus::from_raw(0)))
    }
}
