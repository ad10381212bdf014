//! The terminal that stdout is, while it is drawn on: taken, and given back on whatever way the process ends.
//!
//! ```text
//! take       another screen, no cursor, no wrapping        \e[?1049h \e[?25l \e[?7l
//! draw       from the upper left corner on                 \e[H ...
//! give back  what was there before, with its cursor        \e[?7h \e[?25h \e[?1049l
//! ```
//!
//! It is lent while we are stopped, and taken again by the first draw behind that, unless another job is in front:
//! then it stays the shell's until we are.
//!
//! Nothing of the terminal's own settings is changed, so what a `kill -9` leaves behind `reset` mends, and keys do
//! what they did. The terminal is one for the process, as stderr is, so whoever ends the process (a second signal,
//! a time that is over, a panic) gives it back without knowing who has taken it. It is opened a second time, for us
//! alone and non-blocking: one that takes nothing (Ctrl-S) holds up nobody but who draws.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{tcgetpgrp, tcgetwinsize};

const TAKE: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l";
const GIVE_BACK: &[u8] = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/// How often who draws looks whether the screen is still ours, while the terminal takes nothing.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The terminal, from when it is taken until it is given back.
static TAKEN: Mutex<Option<Terminal>> = Mutex::new(None);

/// A terminal that is ours to draw on.
struct Terminal {
    file: File,
    /// True while our screen stands on it, and not what was there before.
    is_up: bool,
    /// True while it is lent.
    is_lent: bool,
}

/// Columns and rows of a window.
pub type Size = (usize, usize);

fn taken() -> MutexGuard<'static, Option<Terminal>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the terminal that stdout is; an error if it is none.
pub fn take() -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return Err(io::Error::other("no terminal"));
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let file = OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/1")?;
    let mut terminal = Terminal { file, is_up: false, is_lent: false };
    let mut taken = taken();
    terminal.rise()?;
    *taken = Some(terminal);
    Ok(())
}

/// Gives it back, if it is taken; a terminal that takes nothing has a moment for it.
pub fn give_back() {
    if let Some(mut terminal) = taken().take() {
        terminal.sink();
    }
}

/// Gives it back for as long as we are stopped.
pub fn lend() {
    if let Some(terminal) = taken().as_mut() {
        terminal.is_lent = true;
        terminal.sink();
    }
}

/// We go on: what is drawn next takes it again.
pub fn reclaim() {
    if let Some(terminal) = taken().as_mut() {
        terminal.is_lent = false;
    }
}

/// How large its window is now; none, if it is not taken.
pub fn size() -> Option<Size> {
    let size = tcgetwinsize(&taken().as_ref()?.file).ok()?;
    match (size.ws_col, size.ws_row) {
        // Who does not know has a window of the usual size.
        (0, _) | (_, 0) => Some((80, 24)),
        (columns, rows) => Some((usize::from(columns), usize::from(rows))),
    }
}

/// Draws, and waits for a terminal that is slow; false if the screen is not ours now, or was taken from us meanwhile.
pub fn draw(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // Let go each time, so that who ends the process need not wait for a terminal that takes nothing.
        let mut guard = taken();
        let Some(terminal) = guard.as_mut() else { return false };
        if terminal.rise().is_err() || !terminal.is_up {
            return false;
        }
        match rustix::io::write(&terminal.file, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let Ok(own) = terminal.file.try_clone() else { return false };
                drop(guard);
                wait(&own);
            }
            Err(_) => return false,
        }
    }
    true
}

impl Terminal {
    /// Shows our screen, if it is not lent and no other job is in front.
    fn rise(&mut self) -> io::Result<()> {
        // A terminal that is not ours has no jobs.
        let is_in_front = || tcgetpgrp(&self.file).map_or(true, |group| group == getpgrp());
        if !self.is_up && !self.is_lent && is_in_front() {
            write(&self.file, TAKE, 10)?;
            self.is_up = true;
        }
        Ok(())
    }

    /// Shows what was there before.
    fn sink(&mut self) {
        if std::mem::take(&mut self.is_up) {
            let _ = write(&self.file, GIVE_BACK, 5);
        }
    }
}

/// Writes all bytes, and waits for so many tenths of a second at most.
fn write(terminal: &File, mut bytes: &[u8], mut tenths: u32) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(terminal, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if tenths > 0 => {
                tenths -= 1;
                wait(terminal);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Waits until it takes something, for a tenth of a second at most.
fn wait(terminal: &impl AsFd) {
    let _ = poll(&mut [PollFd::new(terminal, PollFlags::OUT)], Some(&LOOK));
}
