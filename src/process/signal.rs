//! SIGINT, SIGTERM and SIGHUP: the first asks the stream to end, the second ends the process.
//!
//! ctrlc serves SIGINT, signal-hook the other two, each on a thread of its own, so that a second
//! signal is heard even while the first waits for an output that nobody reads. A signal that was
//! ignored when we were started (`nohup`, `&` in a script) stays ignored. SIGXFSZ is heard and not
//! answered. SIGUSR1 asks how far the run is; before there is one, nobody answers.
//!
//! SIGHUP has two meanings, and both are kept: the terminal has gone, or, of who has files that can be opened
//! anew, that they were rotated. It is the terminal if we had one at the start and have none now.
//!
//! After the first signal a run may have a limit of time, so that an output that nobody reads does not keep it.
//! What ends the process then is no worse than `kill -9`, which everything is made for.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::Waker;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use super::screen;
use super::supervisor::Supervisor;
use crate::clock::{RealTime, Stamp, Wait};
use crate::error::{Context, Error};
use crate::say::{end_status, let_go, say, say_rest};

/// The exit status after a second signal: what a shell reports for SIGINT.
const INTERRUPTED: i32 = 130;
/// The exit status of a run that was not over in time: it has failed, and a restart may help.
const TOO_LATE: i32 = 1;

/// What signals ask of the stream: to end, or to open its files anew.
#[derive(Debug, Default)]
pub struct Stop {
    asked: AtomicBool,
    reopen: AtomicBool,
}

impl Stop {
    /// True once the stream is asked to end.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Asks the stream to end; returns whether that had been asked before.
    pub fn ask(&self) -> bool {
        self.asked.swap(true, Ordering::AcqRel)
    }

    /// Asks whoever moves the stream to have files opened anew.
    pub fn ask_reopen(&self) {
        self.reopen.store(true, Ordering::Release);
    }

    /// True if that was asked since this was called last.
    pub fn take_reopen(&self) -> bool {
        self.reopen.load(Ordering::Acquire) && self.reopen.swap(false, Ordering::AcqRel)
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
            if self.now() >= until {
                return Ok(true);
            }
            self.wait.until(until).place("clock")?;
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
    let is_ignored = ignored();
    for (signal, name) in [(SIGXFSZ, "SIGXFSZ"), (SIGUSR1, "SIGUSR1")] {
        if !is_ignored(signal) {
            flag::register(signal, Arc::default()).place(name)?;
        }
    }
    Ok(())
}

/// What signals do to a run.
pub struct Heard {
    /// Asked when one has come.
    pub stop: Arc<Stop>,
    /// What ends the waits that are under way.
    pub wakers: Vec<Arc<Waker>>,
    /// Told that the run ends, or opens its files anew.
    pub supervisor: Arc<Supervisor>,
    /// True if SIGHUP opens files anew, if there are any, and does not end the run.
    pub has_files: bool,
    /// How long the run may take from the first signal on, and what is said when it has taken longer.
    pub limit: Option<(Duration, String)>,
    /// Says how far the run is, at SIGUSR1.
    pub tell: Box<dyn FnMut() + Send>,
}

/// Lets signals ask for the end, or for files to be opened anew.
pub fn listen(heard: Heard) -> Result<(), Error> {
    // Made now: a signal may come when no more files can be open.
    let limit = heard.limit.map(|(span, what)| {
        let (clock, waker) = RealTime::new().place("clock")?;
        Ok(Limit { clock, _waker: waker, span, what })
    });
    let limit = Mutex::new(limit.transpose()?);
    let answer = Arc::new(Answer {
        stop: heard.stop,
        wakers: heard.wakers,
        supervisor: heard.supervisor,
        limit,
    });
    let is_ignored = ignored();
    if !is_ignored(SIGINT) {
        let answer = Arc::clone(&answer);
        let come = move || answer.end();
        ctrlc::set_handler(come).map_err(|error| Error::Failed(format!("SIGINT: {error}")))?;
    }
    let others: Vec<_> =
        [SIGTERM, SIGHUP, SIGUSR1].into_iter().filter(|s| !is_ignored(*s)).collect();
    let mut signals = Signals::new(others).place("SIGTERM")?;
    let (had_terminal, mut tell) = (has_terminal(), heard.tell);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGUSR1 {
                tell();
                continue;
            }
            let is_rotation = signal == SIGHUP && heard.has_files;
            let has_hung_up = had_terminal && !has_terminal();
            match is_rotation && !has_hung_up {
                true => answer.reopen(),
                false => answer.end(),
            }
        }
    });
    Ok(())
}

/// True if the process belongs to a terminal that is there.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// What is done when a signal has come.
struct Answer {
    stop: Arc<Stop>,
    wakers: Vec<Arc<Waker>>,
    supervisor: Arc<Supervisor>,
    /// What begins with the first signal.
    limit: Mutex<Option<Limit>>,
}

impl Answer {
    fn end(&self) {
        if self.stop.ask() {
            leave(INTERRUPTED);
        }
        let limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(limit) = limit {
            std::thread::spawn(move || limit.pass());
        }
        self.wake();
        self.supervisor.stopping();
    }

    fn reopen(&self) {
        self.supervisor.reloading();
        self.stop.ask_reopen();
        self.wake();
    }

    fn wake(&self) {
        for waker in &self.wakers {
            // Who cannot be woken notices when his wait ends, within a second.
            let _ = waker.wake();
        }
    }
}

/// How long the end of a run may take.
struct Limit {
    clock: RealTime,
    /// As long as it is there the clock can be waited for.
    _waker: Arc<Waker>,
    span: Duration,
    what: String,
}

impl Limit {
    /// Ends the process when the time is over, unless the run has ended it before.
    fn pass(mut self) {
        let until = self.clock.now().after(self.span);
        while self.clock.now() < until {
            if self.clock.until(until).is_err() {
                return;
            }
        }
        say(&self.what);
        leave(TOO_LATE);
    }
}

/// Ends the process without waiting for anybody who works; the screen is given back, and what waits is said.
fn leave(status: i32) -> ! {
    screen::give_back();
    end_status();
    let_go();
    say_rest();
    std::process::exit(status)
}

/// Tells of each signal whether it is ignored; none is where the system does not say.
pub fn ignored() -> impl Fn(i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    move |signal| mask >> (signal - 1) & 1 == 1
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
