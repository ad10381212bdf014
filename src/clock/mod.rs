//! Time, and waiting for it: the only place that reads a clock or blocks.
//!
//! A source never sleeps: it registers what it reads from with [`Wait::registry`] and calls
//! [`Wait::until`], which ends when something registered is ready, when the time has come, or when
//! another thread has called. [`RealTime`] asks the system; [`VirtualTime`] takes what is ready and
//! then jumps, so that a test of an hour takes a moment and gives the same bytes each time.
//!
//! The wall clock may be set back. Times must not go back with it, and a stream must not stand still
//! until the wall clock has caught up, so [`Steady`] goes on from where it was:
//!
//! ```text
//! wall     10 11 12 | 3 4 5 6     set back by 10
//! steady   10 11 12 | 13 14 15 16
//! ```

pub mod clockface;
pub mod rate;
pub mod zone;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Registry, Token, Waker};
use rustix::time::{ClockId, clock_gettime};

/// A moment: milliseconds since the epoch, 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

impl Stamp {
    /// A moment that never comes.
    pub const NEVER: Stamp = Stamp(i64::MAX);

    /// The moment `span` later; `NEVER` if that is too far away to be said.
    pub fn after(self, span: Duration) -> Stamp {
        Stamp(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment `span` earlier.
    pub fn before(self, span: Duration) -> Stamp {
        Stamp(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this moment; zero if that moment is later.
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }
}

/// Why [`Wait::until`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woke {
    /// Something the source registered is ready: see [`Wait::events`].
    Ready,
    /// The time has come.
    Due,
    /// Another thread called (a signal has come, stdout is closed): the source returns to the engine.
    Called,
}

/// A clock and what can be waited for.
pub trait Wait: Send {
    /// The time it is; never less than what was returned before.
    fn now(&mut self) -> Stamp;

    /// Where a source registers what it reads from, with tokens from [`FIRST_TOKEN`] on.
    fn registry(&self) -> &Registry;

    /// Blocks until something is ready, `deadline` has come, or another thread calls.
    ///
    /// mio reports edges: what was ready and was not read until it would block is not reported
    /// again. A source remembers that.
    fn until(&mut self, deadline: Stamp) -> io::Result<Woke>;

    /// Lets time pass until `deadline`, or less; what becomes ready meanwhile is not looked at.
    fn pause(&mut self, deadline: Stamp);

    /// Goes on from a later moment: the wall clock was set back while nobody looked.
    fn go_on_from(&mut self, moment: Stamp);

    /// What was found ready by the last [`Wait::until`].
    fn events(&self) -> &Events;
}

/// The token by which other threads call.
const CALL: Token = Token(0);
/// The token for watching stdout: an event there is for the engine, not for the source.
pub const STDOUT: Token = Token(1);
/// The first token that a source may use.
pub const FIRST_TOKEN: usize = 16;

/// How long one wait lasts at most, so that a wall clock set forward or a suspended machine is
/// noticed soon.
const LONGEST_WAIT: Duration = Duration::from_millis(1000);

/// How long one pause lasts at most, so that a signal is answered soon.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

struct Poller {
    poll: Poll,
    events: Events,
}

impl Poller {
    fn new() -> io::Result<(Poller, Arc<Waker>)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), CALL)?);
        Ok((Poller { poll, events: Events::with_capacity(1024) }, waker))
    }

    fn wait(&mut self, time: Duration) -> io::Result<Option<Woke>> {
        match self.poll.poll(&mut self.events, Some(time)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(None),
            other => other?,
        }
        let called = |event: &mio::event::Event| event.token().0 < FIRST_TOKEN;
        Ok(match () {
            () if self.events.is_empty() => None,
            () if self.events.iter().all(called) => Some(Woke::Called),
            () => Some(Woke::Ready),
        })
    }
}

/// The clock of the machine.
pub struct RealTime {
    poller: Poller,
    steady: Steady,
}

impl RealTime {
    /// Makes the clock, and the waker by which other threads end a wait.
    pub fn new() -> io::Result<(RealTime, Arc<Waker>)> {
        let (poller, waker) = Poller::new()?;
        Ok((RealTime { poller, steady: Steady::new() }, waker))
    }
}

impl Wait for RealTime {
    fn now(&mut self) -> Stamp {
        self.steady.now(read(ClockId::Realtime), read(ClockId::Boottime))
    }

    fn registry(&self) -> &Registry {
        self.poller.poll.registry()
    }

    fn until(&mut self, deadline: Stamp) -> io::Result<Woke> {
        loop {
            let left = deadline.since(self.now());
            match self.poller.wait(left.min(LONGEST_WAIT))? {
                Some(woke) => return Ok(woke),
                None if self.now() >= deadline => return Ok(Woke::Due),
                None => {}
            }
        }
    }

    fn pause(&mut self, deadline: Stamp) {
        let left = deadline.since(self.now()).min(LONGEST_PAUSE);
        #[expect(clippy::disallowed_methods, reason = "this is the place that waits")]
        std::thread::sleep(left);
    }

    fn go_on_from(&mut self, moment: Stamp) {
        self.now();
        self.steady.go_on_from(moment);
    }

    fn events(&self) -> &Events {
        &self.poller.events
    }
}

/// Measures how long something takes, whatever clock the stream goes by.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Duration);

impl Stopwatch {
    /// Begins to measure.
    pub fn start() -> Stopwatch {
        Stopwatch(running())
    }

    /// The time since.
    pub fn elapsed(&self) -> Duration {
        running().saturating_sub(self.0)
    }
}

/// The time since some start, also while the machine was suspended.
fn running() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The processor time that this process has taken, on all threads.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The time by the clock that service managers go by.
pub fn monotonic() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn read(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// A clock that moves only when somebody waits.
pub struct VirtualTime {
    poller: Poller,
    now: Stamp,
}

impl VirtualTime {
    /// Makes a clock that stands at `start`, and the waker by which other threads end a wait.
    pub fn new(start: Stamp) -> io::Result<(VirtualTime, Arc<Waker>)> {
        let (poller, waker) = Poller::new()?;
        Ok((VirtualTime { poller, now: start }, waker))
    }
}

impl Wait for VirtualTime {
    fn now(&mut self) -> Stamp {
        self.now
    }

    fn registry(&self) -> &Registry {
        self.poller.poll.registry()
    }

    fn until(&mut self, deadline: Stamp) -> io::Result<Woke> {
        if let Some(woke) = self.poller.wait(Duration::ZERO)? {
            return Ok(woke);
        }
        self.now = self.now.max(deadline);
        Ok(Woke::Due)
    }

    fn pause(&mut self, deadline: Stamp) {
        self.now = self.now.max(deadline);
    }

    fn go_on_from(&mut self, moment: Stamp) {
        self.now = self.now.max(moment);
    }

    fn events(&self) -> &Events {
        &self.poller.events
    }
}

/// A wall clock that never goes back; it reads nothing itself, so that tests can set it.
///
/// Time goes on as a clock does that is never set, unless the wall clock is further. So a step forward
/// always counts, and steps back and forward that undo each other leave no lead behind.
#[derive(Debug, Default)]
pub struct Steady {
    /// The time that was told last, and what the clock that is never set read then.
    told: Option<(i64, i64)>,
}

impl Steady {
    /// Makes a clock that has not been read yet.
    pub fn new() -> Steady {
        Steady::default()
    }

    /// The time, of `wall` (ms since the epoch) and of `running` (ms since some start; never set),
    /// which is read after it: the other way round, whatever keeps us in between would be a lead.
    pub fn now(&mut self, wall: i64, running: i64) -> Stamp {
        let gone_on = self.told.map_or(wall, |(time, then)| time + (running - then));
        let now = gone_on.max(wall);
        self.told = Some((now, running));
        Stamp(now)
    }

    /// Goes on from a later moment than the one that was told last.
    fn go_on_from(&mut self, moment: Stamp) {
        if let Some((time, _)) = &mut self.told {
            *time = (*time).max(moment.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_goes_on_and_one_set_forward_again_is_followed() {
        let mut clock = Steady::new();
        let mut read = |wall, running| clock.now(wall, running).0;
        assert_eq!(read(1_000_000, 500), 1_000_000);
        assert_eq!(read(1_000_100, 600), 1_000_100);
        assert_eq!(read(400_100, 700), 1_000_200, "ten minutes back: time goes on");
        assert_eq!(read(400_200, 800), 1_000_300);
        assert_eq!(read(1_000_400, 900), 1_000_400, "set right: the wall clock counts again");
        assert_eq!(read(5_000_000, 1000), 5_000_000, "set forward: followed");
    }

    #[test]
    fn steps_that_undo_each_other_leave_no_lead() {
        let (mut clock, mut wall) = (Steady::new(), 1_000_000_000);
        for hour in 0..7 * 24 {
            let running = 500 + hour * 3_600_000;
            wall = 1_000_000_000 + hour * 3_600_000;
            clock.now(wall, running);
            let set_back = clock.now(wall + 100 - 800, running + 100);
            assert_eq!(set_back, Stamp(wall + 100), "time goes on");
            clock.now(wall + 200, running + 200);
        }
        assert_eq!(clock.now(wall + 300, 500 + 7 * 24 * 3_600_000), Stamp(wall + 3_600_000));
        let next = 500 + 7 * 24 * 3_600_000;
        assert_eq!(
            clock.now(wall + 3_600_700, next + 100).0,
            wall + 3_600_700,
            "less than a second"
        );
    }

    #[test]
    fn a_lead_is_over_when_the_wall_clock_has_caught_up() {
        let mut clock = Steady::new();
        clock.now(1000, 1);
        clock.go_on_from(Stamp(5000));
        assert_eq!(clock.now(1100, 101), Stamp(5100));
        assert_eq!(clock.now(5300, 201), Stamp(5300));
        assert_eq!(clock.now(5400, 301), Stamp(5400));
    }

    #[test]
    fn virtual_time_moves_only_by_waiting() {
        let (mut clock, waker) = VirtualTime::new(Stamp(5)).unwrap();
        assert_eq!(clock.until(Stamp(80)).unwrap(), Woke::Due);
        assert_eq!(clock.now(), Stamp(80));
        waker.wake().unwrap();
        assert_eq!(clock.until(Stamp(90)).unwrap(), Woke::Called);
        assert_eq!(clock.now(), Stamp(80));
    }
}
