//! SIGINT, SIGTERM and SIGHUP: the first asks the stream to end, the second ends the process.
//!
//! ctrlc serves SIGINT, signal-hook the other two, each on a thread of its own, so that a second
//! signal is heard even while the first waits for an output that nobody reads. A signal that was
//! ignored when we were started (`nohup`, `&` in a script) stays ignored. SIGXFSZ is heard and not
//! answered. SIGUSR1 asks how far the run is; before there is one, nobody answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::Waker;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::clock::{Stamp, Wait, Woke};
use crate::error::{Context, Error};
use crate::say;

/// The exit status after a second signal: what a shell reports for SIGINT.
const INTERRUPTED: i32 = 130;

/// Whether the stream is asked to end.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// True once the stream is asked to end.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Asks the stream to end; returns whether that had been asked before.
    pub fn ask(&self) -> bool {
        self.0.swap(true, Ordering::AcqRel)
    }
}

/// Time that passes between tries, until the stream is asked to end.
pub struct Pauses {
    wait: Box<dyn Wait>,
    stop: Arc<Stop>,
}

impl Pauses {
    /// Makes it of a clock of its own, whose waker signals know.
    pub fn new(wait: Box<dyn Wait>, stop: &Arc<Stop>) -> Pauses {
        Pauses { wait, stop: Arc::clone(stop) }
    }

    /// The time it is.
    pub fn now(&mut self) -> Stamp {
        self.wait.now()
    }

    /// Lets time pass; false as soon as the stream is asked to end.
    pub fn pass(&mut self, span: Duration) -> Result<bool, Error> {
        let until = self.now().after(span);
        while !self.stop.is_asked() {
            if self.wait.until(until).place("clock")? == Woke::Due {
                return Ok(!self.stop.is_asked());
            }
        }
        Ok(false)
    }
}

/// Lets a file that would grow beyond the user's limit be an error of the write, with a path, and not
/// the end of the process; and SIGUSR1 no end of it either.
///
/// A handler that does nothing is forgotten by the commands that we start; they would inherit that
/// the signal is ignored.
pub fn outlive_limits() -> Result<(), Error> {
    let ignored = ignored_signals();
    for (signal, name) in [(SIGXFSZ, "SIGXFSZ"), (SIGUSR1, "SIGUSR1")] {
        if ignored >> (signal - 1) & 1 == 0 {
            flag::register(signal, Arc::default()).place(name)?;
        }
    }
    Ok(())
}

/// Lets signals ask for the end; `wakers` end the waits that are under way. At SIGUSR1 `tell` is called.
pub fn listen(
    stop: &Arc<Stop>,
    wakers: &[Arc<Waker>],
    mut tell: impl FnMut() + Send + 'static,
) -> Result<(), Error> {
    let (stop, wakers) = (Arc::clone(stop), wakers.to_vec());
    let come = move || {
        if stop.ask() {
            say::end_status();
            std::process::exit(INTERRUPTED);
        }
        for waker in &wakers {
            // Who cannot be woken notices when his wait ends, within a second.
            let _ = waker.wake();
        }
    };
    let ignored = ignored_signals();
    let is_ignored = |signal: i32| ignored >> (signal - 1) & 1 == 1;
    if !is_ignored(SIGINT) {
        let come = come.clone();
        ctrlc::set_handler(come).map_err(|error| Error::Failed(format!("SIGINT: {error}")))?;
    }
    let others = [SIGTERM, SIGHUP, SIGUSR1].into_iter().filter(|s| !is_ignored(*s));
    let mut signals = Signals::new(others.collect::<Vec<_>>()).place("SIGTERM")?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGUSR1 => tell(),
                _ => come(),
            }
        }
    });
    Ok(())
}

/// The signals that are ignored, as bits; none where the system does not say.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{RealTime, VirtualTime};

    #[test]
    fn a_pause_lasts_as_long_as_it_is_to() {
        let (clock, _waker) = VirtualTime::new(Stamp(5)).unwrap();
        let mut pauses = Pauses::new(Box::new(clock), &Arc::default());
        assert!(pauses.pass(Duration::from_secs(60)).unwrap());
        assert_eq!(pauses.now(), Stamp(60_005));
    }

    #[test]
    fn a_pause_ends_when_the_stream_is_asked_to_end_and_not_when_anything_else_calls() {
        let (clock, waker) = RealTime::new().unwrap();
        let stop = Arc::new(Stop::default());
        let mut pauses = Pauses::new(Box::new(clock), &stop);
        waker.wake().unwrap();
        assert!(pauses.pass(Duration::from_millis(1)).unwrap());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                stop.ask();
                waker.wake().unwrap();
            });
            assert!(!pauses.pass(Duration::from_secs(1 << 40)).unwrap());
        });
        assert!(!pauses.pass(Duration::ZERO).unwrap(), "no more tries");
    }
}
