//! `--on-bad`: what becomes of records that cannot be used.
//!
//! They are counted whatever the policy. Skipped ones are said on stderr, at most once a second, so
//! that a stream of nothing but bad records does not flood the terminal, and never silently lost.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::chunk::{Bad, BadPart};
use crate::clock::Stamp;
use crate::error::{Context, Error};
use crate::metrics::Metrics;
use crate::say::say;

/// What to do with a bad record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnBad {
    /// Count it, say so, go on.
    Skip,
    /// End the run.
    Fail,
    /// Append it to a file, as a line of JSON.
    File(PathBuf),
}

/// At most one line in this time says what was skipped.
const PAUSE: Duration = Duration::from_secs(1);

/// The bad records of a run. Workers and whoever reads use it at once; nobody holds its lock for long.
#[derive(Debug)]
pub struct BadLog {
    fail: bool,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: Option<(PathBuf, File)>,
    /// How many have not been said yet, and the last of them.
    unsaid: u64,
    last: String,
    next: Stamp,
}

impl BadLog {
    /// Begins the log; opens the file if there is one, so that a wrong path is found at the start.
    pub fn open(policy: &OnBad, metrics: &Arc<Metrics>) -> Result<BadLog, Error> {
        let file = match policy {
            OnBad::File(path) => Some((path.clone(), open(path)?)),
            OnBad::Skip | OnBad::Fail => None,
        };
        let state = State { file, unsaid: 0, last: String::new(), next: Stamp(0) };
        let (fail, metrics) = (*policy == OnBad::Fail, Arc::clone(metrics));
        Ok(BadLog { fail, metrics, state: Mutex::new(state) })
    }

    /// Takes bad records in; true if there was nothing to be said before, and now there is.
    pub fn take(&self, records: &mut Vec<Bad>) -> Result<bool, Error> {
        if records.is_empty() {
            return Ok(false);
        }
        let mut state = self.state();
        let was_silent = state.unsaid == 0;
        // Of the many that a chunk can have, some are enough for whoever looks.
        for bad in records.iter().rev().take(3).rev() {
            self.metrics.reasons.note(&bad.to_string());
        }
        for bad in records.drain(..) {
            self.metrics.bad.add(1);
            let what = bad.to_string();
            if self.fail {
                return Err(Error::Failed(format!("{what}; --on-bad fail ends the run here")));
            }
            match &mut state.file {
                Some((path, file)) => write(file, path, &bad)?,
                None => (state.unsaid, state.last) = (state.unsaid + 1, what),
            }
        }
        Ok(was_silent && state.unsaid > 0)
    }

    /// Says what was skipped, if it is time to; returns when it will be time for the rest.
    pub fn say(&self, now: Stamp) -> Stamp {
        let mut state = self.state();
        if state.unsaid == 0 {
            return Stamp::NEVER;
        }
        if now < state.next {
            return state.next;
        }
        state.next = now.after(PAUSE);
        state.say_all();
        Stamp::NEVER
    }

    /// Opens the file anew: the one that was there may have been moved away.
    pub fn reopen(&self) -> Result<(), Error> {
        if let Some((path, file)) = &mut self.state().file {
            *file = open(path)?;
        }
        Ok(())
    }

    /// Says all that has not been said.
    pub fn say_all(&self) {
        self.state().say_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new().create(true).append(true).open(path).at(path)
}

impl State {
    fn say_all(&mut self) {
        match self.unsaid {
            0 => {}
            1 => say(&format!("a bad record is skipped: {}", self.last)),
            n => say(&format!("{n} bad records are skipped, the last one: {}", self.last)),
        }
        self.unsaid = 0;
    }
}

fn write(file: &mut File, path: &Path, bad: &Bad) -> Result<(), Error> {
    let mut line = json!({ "reason": bad.reason, "position": bad.position });
    if let Some(record) = &bad.record {
        line["record"] = String::from_utf8_lossy(record).into();
    }
    if let Some(BadPart { at, bytes }) = &bad.part {
        line["part"] = String::from_utf8_lossy(bytes).into();
        at.iter().for_each(|&at| line["at"] = at.into());
    }
    if bad.cut {
        line["cut"] = true.into();
    }
    let line = format!("{line}\n");
    let written = file.write_all(line.as_bytes());
    written.place(format_args!("{} ({} bytes)", path.display(), line.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad() -> Vec<Bad> {
        let (reason, position) = ("too long".to_string(), "stdin, byte 0".to_string());
        vec![Bad::shown(reason, position, b"x", 1)]
    }

    #[test]
    fn skipped_records_are_said_at_most_once_a_second() {
        let metrics = Arc::default();
        let log = BadLog::open(&OnBad::Skip, &metrics).unwrap();
        assert!(log.take(&mut bad()).unwrap(), "there is something to be said");
        assert_eq!(log.say(Stamp(5000)), Stamp::NEVER);
        assert!(log.take(&mut bad()).unwrap() && !log.take(&mut bad()).unwrap());
        assert_eq!((log.say(Stamp(5001)), log.state().unsaid), (Stamp(6000), 2));
        assert_eq!((log.say(Stamp(6000)), log.state().unsaid), (Stamp::NEVER, 0));
        assert_eq!(metrics.bad.get(), 3);
    }

    #[test]
    fn fail_names_the_record() {
        let log = BadLog::open(&OnBad::Fail, &Arc::default()).unwrap();
        let error = log.take(&mut bad()).unwrap_err();
        assert_eq!(error.exit_status(), 1);
        assert!(error.to_string().starts_with("stdin, byte 0: too long"), "{error}");
    }
}
