//! `--exec CMD`: a shell runs the command for each batch, with the batch as its stdin.
//!
//! The command is told how many rows there are, so it starts when the batch is complete: until then
//! the text is spooled. Its stdin is the spool itself, a file and no pipe, so a command that reads
//! nothing or late holds up nobody. It has a process group of its own: Ctrl-C is for weir, which
//! waits for it and then ends in order.
//!
//! What becomes of a run whose command fails, `--on-exec-fail` says:
//!
//! ```text
//! fail     the run fails
//! retry    command | 1 s | command | 2 s | command | 4 s ...     up to a minute, until it does well
//! warn     it is said, and the batch counts as handed out
//! ```
//!
//! Between tries nothing else is handed out, so the stream is held up. A signal ends that at once: with
//! a checkpoint the batch is owed to the next start, without one it is lost and the run has failed.
//!
//! With a checkpoint the command is run again for a batch that a run before may have run it for. When
//! weir is killed, a command that runs goes on to its end, and may meet itself at the next start: only
//! unsafe code could tie the one's end to the other's.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek};
use std::os::unix::process::CommandExt;
use std::process::ExitStatus;
use std::time::Duration;

use clap::ValueEnum;

use super::batch::{Batch, OutputId, Promise};
use super::output::{Output, Staged};
use super::spool::Spool;
use crate::clock::Stamp;
use crate::error::{Context, Error, said};
use crate::process::shell::{self, failure};
use crate::process::signal::Pauses;
use crate::say::{hide_status, note, say};
use crate::units::show_duration;

/// The first pause between tries, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What becomes of a run whose command fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnFail {
    /// The run fails
    #[default]
    Fail,
    /// It is tried again, after a second, then after longer and longer, up to a minute
    Retry,
    /// It is said on stderr
    Warn,
}

/// A batch that a command can be given, as often as it takes.
pub struct Complete {
    /// Its Time.
    pub time: Stamp,
    /// How many rows it has.
    pub rows: u64,
    text: File,
}

impl Complete {
    /// Its text, from the beginning.
    pub fn text(&self) -> Result<File, Error> {
        let text = self.text.try_clone().and_then(|mut text| text.rewind().map(|()| text));
        text.place("--exec: the batch")
    }
}

/// Runs commands.
pub trait Shell: Send {
    /// Runs a command on a batch, and waits for its end.
    fn run(&mut self, command: &OsStr, batch: &Complete) -> Result<io::Result<ExitStatus>, Error>;
}

/// The system's `sh`.
struct RealShell;

impl Shell for RealShell {
    fn run(&mut self, command: &OsStr, batch: &Complete) -> Result<io::Result<ExitStatus>, Error> {
        let mut shell = shell::command(command);
        shell.stdin(batch.text()?).process_group(0);
        shell.env("WEIR_TIME", batch.time.0.to_string());
        shell.env("WEIR_RECORDS", batch.rows.to_string());
        Ok(shell.status())
    }
}

/// A command that is run for each batch.
pub struct Exec {
    command: OsString,
    on_fail: OnFail,
    /// The time between tries; without it there is one try.
    pauses: Option<Pauses>,
    shell: Box<dyn Shell>,
    open: Option<(Stamp, Spool)>,
}

impl Exec {
    /// Makes it of what a shell understands.
    pub fn new(command: &OsStr) -> Exec {
        Exec::by(Box::new(RealShell), command)
    }

    /// The same by another shell.
    pub fn by(shell: Box<dyn Shell>, command: &OsStr) -> Exec {
        let (command, on_fail) = (command.to_os_string(), OnFail::Fail);
        Exec { command, on_fail, pauses: None, shell, open: None }
    }

    /// What becomes of the run when the command fails.
    pub fn failing(self, on_fail: OnFail, pauses: Option<Pauses>) -> Exec {
        Exec { on_fail, pauses, ..self }
    }

    /// Runs the command for a batch of so many rows; if it `lasts`, the next start can do that too.
    fn run(&mut self, rows: u64, lasts: bool) -> Result<(), Error> {
        let (time, spool) = self.open.take().expect("a batch is begun before it ends");
        let batch = Complete { time, rows, text: spool.into_file()? };
        let Some(how) = self.hand_over(&batch)? else { return Ok(()) };
        let what = format!("{}: {how}, at the batch of WEIR_TIME {}", self.shown(), time.0);
        match self.on_fail {
            // To go on past a name that was mistyped would help nobody.
            OnFail::Fail if how.ends_with(shell::NO_COMMAND) => Err(Error::Failed(what)),
            OnFail::Fail => Err(Error::Failed(format!(
                "{what}; the status of the last command in it counts: end it with `; true`, or go on by \
                 --on-exec-fail warn, or retry"
            ))),
            OnFail::Warn => {
                say(&what);
                Ok(())
            }
            OnFail::Retry => self.retry(&batch, &what, lasts),
        }
    }

    /// Runs the command again until it does well or a signal comes; `what` was wrong at first.
    fn retry(&mut self, batch: &Complete, what: &str, lasts: bool) -> Result<(), Error> {
        note(&format!("{what}; it is tried again until it does well"));
        let (mut pause, mut failures, began) = (PAUSES.0, 1, self.pauses().now());
        while self.pauses().pass(pause)? {
            if self.hand_over(batch)?.is_none() {
                let span = show_duration(self.pauses().now().since(began));
                let name = self.shown();
                note(&format!("{name}: does well again, after {span} and {failures} failures"));
                return Ok(());
            }
            failures += 1;
            pause = PAUSES.1.min(pause * 2);
        }
        if !lasts {
            return Err(Error::Failed(format!("{what}; a signal came, and the batch is lost")));
        }
        note(&format!("{what}; a signal came, and the next start goes on with it"));
        Err(Error::Closed)
    }

    /// Runs the command on a batch; says how that failed, if it did.
    fn hand_over(&mut self, batch: &Complete) -> Result<Option<String>, Error> {
        // What the command prints itself goes past us.
        let _hidden = hide_status(false);
        Ok(match self.shell.run(&self.command, batch)? {
            Ok(status) => failure(status),
            Err(error) => Some(format!("sh: {}", said(&error))),
        })
    }

    fn pauses(&mut self) -> &mut Pauses {
        self.pauses.as_mut().expect("who tries again is given time for it")
    }

    fn shown(&self) -> String {
        format!("--exec {:?}", self.command.to_string_lossy())
    }
}

impl Output for Exec {
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error> {
        self.open = Some((time, Spool::new()));
        self.write(header)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let (_, spool) = self.open.as_mut().expect("a batch is begun before it is written");
        spool.write(text)
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        self.run(rows, false)
    }
}

impl Staged for Exec {
    fn id(&self) -> OutputId {
        OutputId::of("exec")
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        Ok(batch.promise(self.id(), 0, true))
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        self.begin(batch.time, batch.header)?;
        batch.text.each(|piece| self.write(piece))?;
        self.run(batch.rows, true)
    }

    fn redeem(&mut self, batch: &Batch, _: &Promise) -> Result<(), Error> {
        self.publish(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::scratch::Scratch;
    use std::fs;
    use std::sync::Arc;

    use crate::clock::VirtualTime;
    use crate::process::signal::Stop;

    fn run(command: &str) -> Result<(), Error> {
        let mut exec = Exec::new(command.as_ref());
        exec.begin(Stamp(1500), b"")?;
        exec.write(b"a\n")?;
        exec.write(b"b\n")?;
        exec.end(2)
    }

    #[test]
    fn the_command_gets_the_batch_and_is_told_its_time_and_rows() {
        let dir = Scratch::new();
        let out = dir.path("out");
        run(&format!("{{ cat; echo $WEIR_TIME $WEIR_RECORDS; }} > {}", out.display())).unwrap();
        assert_eq!(fs::read_to_string(out).unwrap(), "a\nb\n1500 2\n");
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_status_the_time_and_what_to_write() {
        let hint = "; the status of the last command in it counts: end it with `; true`, or go on by \
                    --on-exec-fail warn, or retry";
        let table = [
            ("exit 3", r#"--exec "exit 3": ended with status 3, at the batch of WEIR_TIME 1500"#),
            (
                "kill $$",
                r#"--exec "kill $$": was ended by signal 15, at the batch of WEIR_TIME 1500"#,
            ),
        ];
        let error = run("exit 127").unwrap_err().to_string();
        assert!(error.contains("no such command") && !error.contains("; true"), "{error}");
        for (command, message) in table {
            let error = run(command).unwrap_err();
            assert_eq!((error.to_string(), error.exit_status()), (format!("{message}{hint}"), 1));
        }
    }

    /// A command that does well when it is run for the time after so many, and then has the batch.
    fn failing(dir: &Scratch, times: u32) -> String {
        let (tries, out) = (dir.path("tries"), dir.path("out"));
        let (tries, out) = (tries.display(), out.display());
        format!("cat > {out}; echo >> {tries}; [ $(wc -l < {tries}) -gt {times} ]")
    }

    /// An output that tries again by a virtual clock that stands at 0.
    fn persistent(command: &str, stop: &Arc<Stop>) -> Exec {
        let pauses = Pauses::new(Box::new(VirtualTime::new(Stamp(0)).unwrap().0), stop);
        Exec::new(command.as_ref()).failing(OnFail::Retry, Some(pauses))
    }

    #[test]
    fn pauses_between_tries_double_up_to_a_minute_and_each_try_gets_the_whole_batch() {
        for (failures, seconds) in [(0, 0), (1, 1), (3, 7), (6, 63), (8, 183)] {
            let dir = Scratch::new();
            let mut exec = persistent(&failing(&dir, failures), &Arc::default());
            exec.begin(Stamp(1500), b"header\n").unwrap();
            exec.write(b"a\n").unwrap();
            exec.end(1).unwrap();
            assert_eq!(exec.pauses.as_mut().unwrap().now(), Stamp(seconds * 1000), "{failures}");
            assert_eq!(fs::read_to_string(dir.path("out")).unwrap(), "header\na\n");
        }
    }

    #[test]
    fn when_a_signal_has_come_there_is_one_try_and_the_batch_is_lost_or_owed() {
        let dir = Scratch::new();
        let stop = Arc::new(Stop::default());
        stop.ask();
        let mut exec = persistent(&failing(&dir, 2), &stop);
        exec.begin(Stamp(1500), b"").unwrap();
        let error = exec.end(0).unwrap_err();
        assert!(error.to_string().ends_with("; a signal came, and the batch is lost"), "{error}");
        let text = Spool::new();
        let batch = Batch::of_text((1, Stamp(1500)), 0, b"", &text);
        assert!(matches!(exec.publish(&batch), Err(Error::Closed)));
        assert_eq!(fs::read_to_string(dir.path("tries")).unwrap(), "\n\n");
        exec.publish(&batch).unwrap();
    }

    #[test]
    fn with_warn_a_failure_is_none_of_the_run() {
        let mut exec = Exec::new("exit 1".as_ref()).failing(OnFail::Warn, None);
        exec.begin(Stamp(1500), b"").unwrap();
        exec.end(0).unwrap();
    }
}
