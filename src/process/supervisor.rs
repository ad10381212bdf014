//! The service manager that has started us, and what it is told: sd_notify.
//!
//! ```text
//! READY=1                            sources are open, and what was kept is there again
//! STATUS=...                         what the last batch was like, at most once a second
//! WATCHDOG=1                         at half of WATCHDOG_USEC, by whoever moves the stream
//! RELOADING=1 ... READY=1            SIGHUP, and the files of -o are open anew
//! STOPPING=1                         a signal has come, or the run is over
//! ```
//!
//! A message is a datagram to the socket that `NOTIFY_SOCKET` names, by path or, with `@`, by a name that is in no
//! directory. Without that variable nothing is opened, read or sent. A manager that takes nothing is not waited
//! for where the stream would have to wait.
//!
//! Whoever waits by the clock does so by plan, so that [`Watched`] shows meanwhile that all is well: whoever is stuck
//! elsewhere is not heard of.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use mio::{Events, Registry};

use crate::clock::{self, Stamp, Stopwatch, Wait, Woke};
use crate::error::said;
use crate::say::note;

/// How long a manager is waited for that is told something it must know.
const PATIENCE: Duration = Duration::from_secs(1);
/// Status is told this often at most.
const PAUSE: Duration = Duration::from_secs(1);

/// The variables that are for us, and not for the commands that we start.
pub const VARIABLES: [&str; 6] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
];

/// Whoever looks after this process; by default nobody.
#[derive(Debug, Default)]
pub struct Supervisor(Option<Told>);

/// A manager that is told what happens.
#[derive(Debug)]
struct Told {
    to: SocketAddr,
    /// Waits up to [`PATIENCE`].
    patient: UnixDatagram,
    /// Never waits.
    hasty: UnixDatagram,
    since: Stopwatch,
    /// How often it wants to hear from us; nothing if it does not watch.
    watch: Option<Duration>,
    /// When it hears from us next, and when it is told how we are, in microseconds since the start.
    next_beat: AtomicU64,
    next_status: AtomicU64,
    is_stopping: AtomicBool,
}

impl Supervisor {
    /// The one that the environment names, if it does.
    pub fn of_environment() -> Supervisor {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let Some(socket) = variable("NOTIFY_SOCKET") else { return Supervisor::default() };
        let number = |name: &str| variable(name)?.to_str()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watch = number("WATCHDOG_USEC").filter(|micros| *micros > 0 && is_ours);
        Supervisor::at(&socket, watch.map(Duration::from_micros))
    }

    /// The one that listens at a socket, and wants to hear from us within `watch`.
    pub fn at(socket: &OsStr, watch: Option<Duration>) -> Supervisor {
        let told = address(socket).and_then(|to| {
            let (patient, hasty) = (UnixDatagram::unbound()?, UnixDatagram::unbound()?);
            patient.set_write_timeout(Some(PATIENCE))?;
            hasty.set_nonblocking(true)?;
            let watch = watch.map(|watch| watch / 2);
            let (next_beat, next_status) = Default::default();
            let (since, is_stopping) = (Stopwatch::start(), AtomicBool::new(false));
            Ok(Told { to, patient, hasty, since, watch, next_beat, next_status, is_stopping })
        });
        match told {
            Ok(told) => Supervisor(Some(told)),
            Err(error) => {
                let socket = socket.to_string_lossy();
                note(&format!(
                    "NOTIFY_SOCKET {socket}: {}; no manager is told anything",
                    said(&error)
                ));
                Supervisor(None)
            }
        }
    }

    /// True if somebody is told.
    pub fn listens(&self) -> bool {
        self.0.is_some()
    }

    /// Tells that the stream runs.
    pub fn ready(&self) {
        let Some(told) = &self.0 else { return };
        if let Err(error) = told.patient.send_to_addr(b"READY=1\n", &told.to) {
            note(&format!(
                "NOTIFY_SOCKET: {}; the manager does not know that weir is ready",
                said(&error)
            ));
        }
    }

    /// Tells that files are being opened anew; [`ready`](Supervisor::ready) tells that they are.
    pub fn reloading(&self) {
        let Some(told) = &self.0 else { return };
        let now = clock::monotonic().as_micros();
        told.say(&format!("RELOADING=1\nMONOTONIC_USEC={now}\n"));
    }

    /// Tells that the run is coming to its end, once.
    pub fn stopping(&self) {
        let Some(told) = &self.0 else { return };
        if !told.is_stopping.swap(true, Relaxed) {
            told.say("STOPPING=1\n");
        }
    }

    /// Tells how we are, in one line that is made only if it is told.
    pub fn status(&self, line: impl FnOnce() -> String) {
        let Some(told) = &self.0 else { return };
        if told.is_due(&told.next_status, PAUSE).is_none() {
            told.hint(&format!("STATUS={}\n", line().replace('\n', " ")));
        }
    }

    /// Shows that the stream moves, if it is time to; returns when to do that again at the latest.
    pub fn beat(&self) -> Duration {
        let Some((told, watch)) = self.0.as_ref().and_then(|told| Some((told, told.watch?))) else {
            return Duration::MAX;
        };
        told.is_due(&told.next_beat, watch).unwrap_or_else(|| {
            told.hint("WATCHDOG=1\n");
            watch
        })
    }
}

impl Told {
    /// How long it is to go; if nothing, the next time is `every` from now, and only one thread is told so.
    fn is_due(&self, next: &AtomicU64, every: Duration) -> Option<Duration> {
        let now = self.since.elapsed();
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let due = next.load(Relaxed);
        let left = Duration::from_micros(due.saturating_sub(micros(now)));
        if !left.is_zero() {
            return Some(left);
        }
        let then = micros(now.saturating_add(every));
        let is_ours = next.compare_exchange(due, then, Relaxed, Relaxed).is_ok();
        (!is_ours).then_some(every)
    }

    /// Says what must be known, and waits for a moment if there is no room. Who hears nothing says so himself.
    fn say(&self, text: &str) {
        let _ = self.patient.send_to_addr(text.as_bytes(), &self.to);
    }

    /// Says what may be lost.
    fn hint(&self, text: &str) {
        let _ = self.hasty.send_to_addr(text.as_bytes(), &self.to);
    }
}

/// The address of `/run/notify` or `@name`.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(socket),
        _ => Err(io::Error::other("neither a path nor @NAME")),
    }
}

/// A clock by which whoever waits is alive.
pub struct Watched<W> {
    wait: W,
    supervisor: Arc<Supervisor>,
}

impl<W: Wait> Watched<W> {
    /// This clock, under a manager.
    pub fn new(wait: W, supervisor: &Arc<Supervisor>) -> Watched<W> {
        Watched { wait, supervisor: Arc::clone(supervisor) }
    }
}

impl<W: Wait> Wait for Watched<W> {
    fn now(&mut self) -> Stamp {
        self.wait.now()
    }

    fn registry(&self) -> &Registry {
        self.wait.registry()
    }

    fn until(&mut self, deadline: Stamp) -> io::Result<Woke> {
        loop {
            let next = self.now().after(self.supervisor.beat()).min(deadline);
            match self.wait.until(next)? {
                Woke::Due if next < deadline => {}
                woke => return Ok(woke),
            }
        }
    }

    fn pause(&mut self, deadline: Stamp) {
        self.supervisor.beat();
        self.wait.pause(deadline);
    }

    fn go_on_from(&mut self, moment: Stamp) {
        self.wait.go_on_from(moment);
    }

    fn events(&self) -> &Events {
        self.wait.events()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RealTime;
    use crate::disk::scratch::Scratch;

    /// What a manager has heard so far.
    fn heard(manager: &UnixDatagram) -> Vec<String> {
        manager.set_nonblocking(true).unwrap();
        let mut buffer = [0; 4096];
        let mut next = || manager.recv(&mut buffer).ok().map(|len| buffer[..len].to_vec());
        let texts = std::iter::from_fn(&mut next);
        texts.map(|text| String::from_utf8(text).unwrap()).collect()
    }

    #[test]
    fn a_manager_at_a_path_hears_what_there_is_to_hear_and_no_more_often_than_it_wants() {
        let dir = Scratch::new();
        let path = dir.path("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let us = Supervisor::at(path.as_os_str(), Some(Duration::from_secs(1000)));
        us.ready();
        let left = us.beat();
        assert!(left <= Duration::from_secs(500) && left > Duration::from_secs(400), "{left:?}");
        us.beat();
        us.status(|| "one\nline".to_string());
        us.status(|| unreachable!("so soon nothing is told again"));
        us.stopping();
        us.stopping();
        assert_eq!(
            heard(&manager),
            ["READY=1\n", "WATCHDOG=1\n", "STATUS=one line\n", "STOPPING=1\n"]
        );
        us.reloading();
        let told = heard(&manager);
        let time = told[0].strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(time.trim_end().parse::<u64>().unwrap() > 0);
    }

    #[test]
    fn a_manager_may_have_a_name_that_is_in_no_directory() {
        let name = format!("weir-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let us = Supervisor::at(format!("@{name}").as_ref(), None);
        assert_eq!(us.beat(), Duration::MAX, "it does not watch");
        us.ready();
        assert_eq!(heard(&manager), ["READY=1\n"]);
    }

    #[test]
    fn whoever_waits_by_the_clock_is_alive_and_waits_no_longer_than_he_would() {
        let dir = Scratch::new();
        let path = dir.path("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let us = Arc::new(Supervisor::at(path.as_os_str(), Some(Duration::from_millis(4))));
        let (clock, waker) = RealTime::new().unwrap();
        let mut clock = Watched::new(clock, &us);
        let until = clock.now().after(Duration::from_millis(20));
        assert_eq!(clock.until(until).unwrap(), Woke::Due);
        assert!(clock.now() >= until);
        assert!(heard(&manager).len() > 2);
        waker.wake().unwrap();
        assert_eq!(clock.until(Stamp::NEVER).unwrap(), Woke::Called);
    }

    #[test]
    fn a_manager_that_does_not_read_or_is_not_there_holds_nobody_up() {
        let dir = Scratch::new();
        let path = dir.path("notify");
        let _manager = UnixDatagram::bind(&path).unwrap();
        let us = Supervisor::at(path.as_os_str(), Some(Duration::from_micros(2)));
        // More than the socket takes.
        (0..10_000).for_each(|_| assert!(us.beat() <= Duration::from_micros(1)));
        for nowhere in ["vsock:2:1", "relative", "/nonexistent/notify"] {
            let us = Supervisor::at(nowhere.as_ref(), None);
            us.ready();
            us.stopping();
        }
        assert!(!Supervisor::default().listens());
        assert_eq!(Supervisor::default().beat(), Duration::MAX);
    }
}
