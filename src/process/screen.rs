//! The terminal that stdout is, while it is drawn on: taken, and given back on whatever way the process ends.
//!
//! ```text
//! take       another screen, no cursor, no wrapping        \e[?1049h \e[?25l \e[?7l
//! draw       from the upper left corner on                 \e[H ...
//! give back  what was there before, with its cursor        \e[?7h \e[?25h \e[?1049l
//! ```
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
use rustix::termios::tcgetwinsize;

const TAKE: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l";
const GIVE_BACK: &[u8] = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/// How often who draws looks whether the screen is still ours, while the terminal takes nothing.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The terminal, while it is taken.
static TAKEN: Mutex<Option<File>> = Mutex::new(None);

/// Columns and rows of a window.
pub type Size = (usize, usize);

fn taken() -> MutexGuard<'static, Option<File>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the terminal that stdout is; an error if it is none.
pub fn take() -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return Err(io::Error::other("no terminal"));
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let terminal = OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/1")?;
    let mut taken = taken();
    write(&terminal, TAKE, 10)?;
    *taken = Some(terminal);
    Ok(())
}

/// Gives it back, if it is taken; a terminal that takes nothing has a moment for it.
pub fn give_back() {
    if let Some(terminal) = taken().take() {
        let _ = write(&terminal, GIVE_BACK, 5);
    }
}

/// How large its window is now; none, if the screen is not ours.
pub fn size() -> Option<Size> {
    let size = tcgetwinsize(taken().as_ref()?).ok()?;
    match (size.ws_col, size.ws_row) {
        // Who does not know has a window of the usual size.
        (0, _) | (_, 0) => Some((80, 24)),
        (columns, rows) => Some((usize::from(columns), usize::from(rows))),
    }
}

/// Draws, and waits for a terminal that is slow; false if the screen is not ours, or was taken from us meanwhile.
pub fn draw(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // Let go each time, so that who ends the process need not wait for a terminal that takes nothing.
        let guard = taken();
        let Some(terminal) = guard.as_ref() else { return false };
        match rustix::io::write(terminal, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let Ok(own) = terminal.try_clone() else { return false };
                drop(guard);
                wait(&own);
            }
            Err(_) => return false,
        }
    }
    true
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
