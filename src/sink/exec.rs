//! `--exec CMD`: a shell runs the command for each batch, with the batch as its stdin.
//!
//! The command is told how many rows there are, so it starts when the batch is complete: until then
//! the text is spooled. Its stdin is the spool itself, a file and no pipe, so a command that reads
//! nothing or late holds up nobody. It has a process group of its own: Ctrl-C is for weir, which
//! waits for it and then ends in order.
//!
//! With a checkpoint the command is run again for a batch that a run before may have run it for. When
//! weir is killed, a command that runs goes on to its end, and may meet itself at the next start: only
//! unsafe code could tie the one's end to the other's.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use super::batch::{Batch, Promise};
use super::output::{Output, Staged};
use super::spool::Spool;
use crate::clock::Stamp;
use crate::error::{Context, Error};

/// Runs commands.
pub trait Shell: Send {
    /// Runs a command for a batch, and waits for its end.
    fn run(
        &mut self,
        command: &OsStr,
        batch: Spool,
        time: Stamp,
        rows: u64,
    ) -> Result<ExitStatus, Error>;
}

/// The system's `sh`.
struct RealShell;

impl Shell for RealShell {
    fn run(
        &mut self,
        command: &OsStr,
        batch: Spool,
        time: Stamp,
        rows: u64,
    ) -> Result<ExitStatus, Error> {
        let mut sh = Command::new("sh");
        sh.arg("-c").arg(command).stdin(batch.into_file()?).process_group(0);
        sh.env("WEIR_TIME", time.0.to_string()).env("WEIR_RECORDS", rows.to_string());
        sh.status().place("--exec: sh")
    }
}

/// A command that is run for each batch.
pub struct Exec {
    command: OsString,
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
        Exec { command: command.to_os_string(), shell, open: None }
    }

    fn judge(&self, status: ExitStatus, time: Stamp) -> Result<(), Error> {
        let how = match (status.code(), status.signal()) {
            (Some(0), _) => return Ok(()),
            (Some(code), _) => format!("ended with status {code}"),
            (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
        };
        let (command, time) = (self.command.to_string_lossy(), time.0);
        Err(Error::Failed(format!("--exec {command:?}: {how}, at the batch of WEIR_TIME {time}")))
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
        let (time, spool) = self.open.take().expect("a batch is begun before it ends");
        let status = self.shell.run(&self.command, spool, time, rows)?;
        self.judge(status, time)
    }
}

impl Staged for Exec {
    fn name(&self) -> Vec<u8> {
        b"exec".to_vec()
    }

    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error> {
        Ok(batch.promise(self.name(), 0, true))
    }

    fn publish(&mut self, batch: &Batch) -> Result<(), Error> {
        self.begin(batch.time, batch.header)?;
        batch.text.each(|piece| self.write(piece))?;
        self.end(batch.rows)
    }

    fn redeem(&mut self, batch: &Batch, _: &Promise) -> Result<(), Error> {
        self.publish(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::samples::Scratch;
    use std::fs;

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
    fn a_command_that_fails_is_named_with_its_status_and_the_time() {
        let table = [
            ("exit 3", r#"--exec "exit 3": ended with status 3, at the batch of WEIR_TIME 1500"#),
            (
                "kill $$",
                r#"--exec "kill $$": was ended by signal 15, at the batch of WEIR_TIME 1500"#,
            ),
        ];
        for (command, message) in table {
            let error = run(command).unwrap_err();
            assert_eq!((error.to_string().as_str(), error.exit_status()), (message, 1));
        }
    }
}
