//! `--pipe CMD`: a shell runs the command once a batch; records go in as lines, and its lines come out.
//!
//! ```text
//!            ┌───────────── poll ─────────────┐
//! chunk ──> input ──> its stdin   its stdout ──> lines ──> chunk
//!                                 its end    ──> status
//! ```
//!
//! Nobody waits for the command to read while it waits for us to read: one poll looks at both pipes and at
//! the end of the process. What is held is a chunk that is going in and one that is coming out. When that is
//! full, it goes on before more is read ([`Step::has_more`]), so a command may print as much as it likes.
//!
//! A command that reads no more is fed no more, as `head` in a shell's pipe. One that has ended is over: what
//! it has printed until then is taken, and what processes that it leaves behind print later is not. It has a
//! process group of its own: Ctrl-C is for weir, which ends its input. Whatever ends the step ends the group.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionread};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::{Built, Spec, Step};
use crate::chunk::{CHUNK, Chunk};
use crate::error::{Context, Error};
use crate::origin::Origin;
use crate::part::{Flag, Shape};
use crate::process::shell::{self, failure};
use crate::units::pasted;
use crate::wire::Framing;
use crate::wire::lines::Lines;

/// The longest line that a command may print.
const LONGEST: usize = 16 << 20;
/// How much is read at once.
const READ: usize = 64 << 10;

/// `--pipe`.
pub const PIPE: Spec = Spec {
    flag: Flag {
        name: "pipe",
        takes: &["CMD"],
        help: "Pipe each batch through a shell command: records go in as lines, and its lines come out\n\n\
            `sh -c CMD` is run once a batch, also for one without records, and its input ends with the \
            batch. Of a pair, key, tab and value go in; plain records come out. Whatever it prints late comes \
            out late, at the latest at the batch's end, which waits for it. If it ends with another status \
            than 0, the run fails: `grep` has 1 if nothing matches, so end it with `; true` where that is \
            no failure. A command that does not read on to the end is fed no more. A line of more than \
            16 MiB is bad. It and the steps behind it have one batch at a time, and one thread.",
    },
    own: &[],
    build: |words, _| {
        let command = words.argument(0).to_os_string();
        if command.as_encoded_bytes().trim_ascii().is_empty() {
            return Err("an empty command does nothing; `cat` prints what it reads".into());
        }
        Ok(Built::new(Pipe::new(command), words, Shape::Records))
    },
};

struct Pipe {
    command: OsString,
    /// How it is called in messages.
    name: String,
    /// The process of the open batch, once something has come for it.
    running: Option<Running>,
    /// What is to go in.
    input: Input,
    has_more: bool,
}

impl Pipe {
    fn new(command: OsString) -> Pipe {
        let name = format!("--pipe {}", pasted(&command));
        Pipe { command, name, running: None, input: Input::default(), has_more: false }
    }

    /// The process of this batch.
    fn running(&mut self) -> Result<Running, Error> {
        match self.running.take() {
            Some(running) => Ok(running),
            None => Running::start(&self.command, &self.name).place(&self.name),
        }
    }

    /// Fails if the process has.
    fn check(&self, running: &Running) -> Result<(), Error> {
        let Some(how) = &running.failed else { return Ok(()) };
        let hint = match how.ends_with(shell::NO_COMMAND) {
            true => "",
            false => {
                "; the status of the last command in it counts: end it with `; true` if that is no failure"
            }
        };
        Err(Error::Failed(format!("{}: {how}{hint}", self.name)))
    }
}

impl Step for Pipe {
    fn apply(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let mut running = self.running()?;
        self.input.take(chunk);
        running.feed(&mut self.input, chunk).place(&self.name)?;
        self.check(&running)?;
        self.has_more = !self.input.is_empty() || running.is_left_over();
        self.running = Some(running);
        chunk.set_uncut(b'\n');
        Ok(())
    }

    fn fork(&self) -> Box<dyn Step> {
        // One that is serial is not copied; a copy would be another process.
        Box::new(Pipe::new(self.command.clone()))
    }

    fn is_serial(&self) -> bool {
        true
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn finish(&mut self, chunk: &mut Chunk) -> Result<(), Error> {
        let mut running = self.running()?;
        self.has_more = !running.end(chunk).place(&self.name)?;
        self.check(&running)?;
        if self.has_more {
            self.running = Some(running);
        }
        chunk.set_uncut(b'\n');
        Ok(())
    }
}

/// Lines that are to go in, and how much of them has.
#[derive(Default)]
struct Input {
    lines: Vec<u8>,
    written: usize,
}

impl Input {
    fn is_empty(&self) -> bool {
        self.written == self.lines.len()
    }

    /// Takes the rows out of a chunk, which then has room for what comes out.
    fn take(&mut self, chunk: &mut Chunk) {
        chunk.cut();
        for row in 0..chunk.keys.len() {
            self.lines.extend_from_slice(chunk.key(row).unwrap_or_default());
            if let Some(value) = chunk.value(row) {
                self.lines.push(b'\t');
                self.lines.extend_from_slice(value);
            }
            self.lines.push(b'\n');
        }
        let (bad, filtered) = (std::mem::take(&mut chunk.bad), chunk.filtered);
        chunk.clear();
        (chunk.bad, chunk.filtered) = (bad, filtered);
    }

    /// Writes as much as is taken at once.
    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.written += out.write(&self.lines[self.written..])?;
        if self.is_empty() {
            self.clear();
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.written = 0;
        self.lines.clear();
        self.lines.shrink_to(4 * CHUNK);
    }
}

/// A process that runs.
struct Running {
    child: Child,
    /// Tells of its end; where the system has no such thing, the end of its output does.
    end: Option<OwnedFd>,
    /// Where it is fed, until it reads no more or its input has ended.
    stdin: Option<ChildStdin>,
    /// Where it prints, until all of that is read.
    stdout: Option<ChildStdout>,
    /// How much of it is still to be read, once the process has ended.
    left: Option<u64>,
    /// How it has failed, if it has.
    failed: Option<String>,
    has_ended: bool,
    lines: Lines,
}

impl Running {
    fn start(command: &OsString, name: &str) -> io::Result<Running> {
        let mut shell = shell::command(command);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = shell.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let pid = Pid::from_child(&child);
        let lines = Lines::new(b'\n', LONGEST, Origin::new(format!("the output of {name}")));
        let running = Running {
            end: pidfd_open(pid, PidfdFlags::empty()).ok(),
            child,
            stdin,
            stdout,
            left: None,
            failed: None,
            has_ended: false,
            lines,
        };
        running.stdin.iter().try_for_each(never_block)?;
        running.stdout.iter().try_for_each(never_block)?;
        Ok(running)
    }

    /// Feeds it until all has gone in, or until the chunk is full of what has come out.
    fn feed(&mut self, input: &mut Input, chunk: &mut Chunk) -> io::Result<()> {
        while chunk.len() < CHUNK {
            if self.stdin.is_none() {
                input.clear();
            }
            let is_fed = input.is_empty();
            let timeout = is_fed.then(Timespec::default);
            let ready = self.wait(!is_fed, timeout.as_ref())?;
            if ready.output {
                self.read(chunk)?;
            }
            if ready.input {
                self.write(input)?;
            }
            if ready.end {
                self.reap()?;
            }
            if is_fed && !self.is_left_over() {
                break;
            }
        }
        Ok(())
    }

    /// Ends its input and takes what comes out; false if the chunk is full before all has.
    fn end(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        self.stdin = None;
        while chunk.len() < CHUNK {
            if self.stdout.is_none() && self.has_ended {
                self.lines.finish(chunk);
                return Ok(true);
            }
            let ready = self.wait(false, None)?;
            if ready.output {
                self.read(chunk)?;
            }
            if ready.end {
                self.reap()?;
            }
        }
        Ok(false)
    }

    /// Waits until something can be done.
    fn wait(&self, feeds: bool, timeout: Option<&Timespec>) -> io::Result<Ready> {
        let stdin = self.stdin.as_ref().filter(|_| feeds);
        let end = self.end.as_ref().filter(|_| !self.has_ended);
        if self.stdout.is_none() && end.is_none() && stdin.is_none() {
            // Nothing is left to be told but its end.
            return Ok(Ready { end: !self.has_ended, ..Ready::default() });
        }
        let mut fds = Vec::with_capacity(3);
        fds.extend(stdin.map(|fd| PollFd::new(fd, PollFlags::OUT)));
        fds.extend(self.stdout.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(end.map(|fd| PollFd::new(fd, PollFlags::IN)));
        while let Err(error) = poll(&mut fds, timeout) {
            if error != Errno::INTR {
                return Err(error.into());
            }
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |asked: bool| asked && ready.next().unwrap_or(false);
        let (input, output) = (next(stdin.is_some()), next(self.stdout.is_some()));
        // Of one that has ended, what it has left is at hand.
        Ok(Ready { input, output: output || self.is_left_over(), end: next(end.is_some()) })
    }

    fn write(&mut self, input: &mut Input) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match input.write(stdin) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.stdin = None,
            Err(error) if is_for_later(&error) => {}
            result => return result,
        }
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        let Some(stdout) = &mut self.stdout else { return Ok(()) };
        let most = self.left.map_or(READ, |left| left.min(READ as u64) as usize);
        let start = self.lines.begin(chunk);
        let read = stdout.read(&mut chunk.room(READ)[..most]);
        let count = *read.as_ref().unwrap_or(&0);
        chunk.filled(count);
        self.lines.end(chunk, start, &mut usize::MAX.clone());
        if let Err(error) = &read
            && is_for_later(error)
        {
            return Ok(());
        }
        self.left = self.left.map(|left| left - count as u64);
        if read? == 0 || self.left == Some(0) {
            self.stdout = None;
        }
        Ok(())
    }

    /// Notes how it has ended. What it has printed is in the pipe.
    fn reap(&mut self) -> io::Result<()> {
        self.failed = failure(self.child.wait()?);
        self.has_ended = true;
        self.stdin = None;
        self.left = self.stdout.as_ref().map(ioctl_fionread).transpose()?;
        if self.left == Some(0) {
            self.stdout = None;
        }
        Ok(())
    }

    /// True if it has ended, and not all that it has printed is read.
    fn is_left_over(&self) -> bool {
        self.has_ended && self.stdout.is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            // It is our child, and nobody has waited for it, so the number is still its own.
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// What can be done at once.
#[derive(Clone, Copy, Debug, Default)]
struct Ready {
    input: bool,
    output: bool,
    end: bool,
}

/// Our end of a pipe never blocks; the command's is another, and stays as it is.
fn never_block(end: &impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?)
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
