//! Progress: how far a run is, on stderr, for who waits for it.
//!
//! ```text
//! engine ──counts──> metrics <──reads, five times a second── a thread here ──line──> say ──> stderr
//!                       ^─────── at SIGUSR1 ───────┘
//! ```
//!
//! It stands at the side: nobody who reads or folds knows of it, and where nothing is shown there is no thread.
//! What is drawn is below all messages, and hidden while something is printed ([`say`]). A job in the background
//! draws nothing, because the terminal is somebody else's then.

mod bar;
pub mod flags;
pub mod meter;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::Waker;
use rustix::process::getpgrp;
use rustix::termios::{tcgetpgrp, tcgetwinsize};

use self::bar::Bar;
pub use self::flags::Flags;
use self::flags::Manner;
use self::meter::Meter;
use crate::clock::{RealTime, Wait, Woke};
use crate::error::{Context, Error};
use crate::metrics::Metrics;
use crate::say::{begin_status, end_status, say, show_status};

/// A run that is shorter shows nothing.
const FIRST: Duration = Duration::from_millis(500);
/// How often the line is drawn.
const DRAWN: Duration = Duration::from_millis(200);
/// How often a line is said.
const SAID: Duration = Duration::from_secs(10);
/// How wide a terminal is taken to be that does not say it.
const COLUMNS: u16 = 80;

/// Shows how far a run is, until it is dropped.
pub struct Progress {
    is_over: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show what a run counts.
    pub fn start(manner: Manner, metrics: &Arc<Metrics>) -> Result<Progress, Error> {
        let (wait, waker) = RealTime::new().place("clock")?;
        let (is_over, meter) = (Arc::new(AtomicBool::new(false)), Meter::new(metrics));
        let mut rounds = Rounds { wait, is_over: Arc::clone(&is_over) };
        let thread = match manner {
            Manner::Drawn { yields } => {
                begin_status(yields);
                thread::spawn(move || draw(&mut rounds, meter))
            }
            Manner::Said => thread::spawn(move || tell(&mut rounds, meter)),
        };
        Ok(Progress { is_over, waker, thread: Some(thread) })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Who cannot be woken notices within a second.
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        end_status();
    }
}

/// Waits, until the run is over.
struct Rounds {
    wait: RealTime,
    is_over: Arc<AtomicBool>,
}

impl Rounds {
    /// Lets time pass; false if the run is over.
    fn pass(&mut self, span: Duration) -> bool {
        let until = self.wait.now().after(span);
        while !self.is_over.load(Ordering::Acquire) {
            match self.wait.until(until) {
                Ok(Woke::Due) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

fn draw(rounds: &mut Rounds, mut meter: Meter) {
    let (mut bar, mut span) = (Bar::new(), FIRST);
    while rounds.pass(span) {
        let reading = meter.read();
        if is_in_front() {
            let columns = columns();
            show_status(&bar.text(&reading, columns), columns.into());
        }
        span = DRAWN;
    }
}

fn tell(rounds: &mut Rounds, mut meter: Meter) {
    while rounds.pass(SAID) {
        say(&meter.line());
    }
}

/// False while the terminal belongs to another job.
fn is_in_front() -> bool {
    // A terminal that is not ours has no jobs.
    tcgetpgrp(std::io::stderr()).map_or(true, |group| group == getpgrp())
}

fn columns() -> u16 {
    let size = tcgetwinsize(std::io::stderr()).map(|size| size.ws_col);
    size.ok().filter(|columns| *columns > 0).unwrap_or(COLUMNS)
}
