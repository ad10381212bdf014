//! How many files may be open at once, and for whom some of them are kept.
//!
//! Whoever calls from outside could use up all numbers (descriptors), and the next segment of a log, a
//! rotated output or a command would end the run. The system gives out the lowest number that is free,
//! so it is enough that clients never have one of the highest:
//!
//! ```text
//! 0 1 2 ...  11 | 12 13 ........ 35 | 36 37 .......... 63 |        ulimit -n 64
//! open at start |  anybody, clients | files of weir alone |
//!                                  bound
//! ```
//!
//! Whatever other threads open and close meanwhile, weir can open as many files as there are above the
//! bound. A client that got a higher number waits, until the same connection has a lower one.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many numbers are kept at most: all outputs and the files of a checkpoint take fewer at once.
const KEPT: u64 = 32;

/// The limit that we were started with, if it is another now.
static GIVEN: OnceLock<u64> = OnceLock::new();

/// Lets as many files be open as the system allows without asking anybody.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Some(given) = limit.current
        && limit.current != limit.maximum
        && setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_ok()
    {
        // If that was done before, the first one counts.
        let _ = GIVEN.set(given);
    }
}

/// The limit that we were started with, if it is another now.
pub fn given() -> Option<u64> {
    GIVEN.get().copied()
}

/// How many files may be open.
pub fn limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// True if a file has one of the last numbers, which whoever only looks must not have.
pub fn is_kept(file: &impl AsRawFd) -> bool {
    let limit = limit();
    file.as_raw_fd() as u64 >= limit - KEPT.min(limit / 2)
}

/// The first of the numbers that clients must not have.
#[derive(Clone, Copy, Debug)]
pub struct Bound(u64);

impl Bound {
    /// Keeps numbers for what will be opened after this.
    pub fn now() -> Bound {
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        // Where the system does not list them, half of all are kept, and those in use are not counted.
        let open = fs::read_dir("/proc/self/fd").map(|entries| entries.flatten().filter_map(name));
        let open: Vec<u64> = open.map(Iterator::collect).unwrap_or_default();
        Bound::of(limit(), &open)
    }

    /// The bound under a limit, when these numbers are in use: the last of those that are free are
    /// kept, up to half of them, because clients are what weir is for.
    fn of(limit: u64, open: &[u64]) -> Bound {
        let kept = KEPT.min(limit.saturating_sub(open.len() as u64) / 2) as usize;
        let mut last = (0..limit).rev().filter(|number| !open.contains(number));
        Bound(kept.checked_sub(1).and_then(|kept| last.nth(kept)).unwrap_or(limit))
    }

    /// The same file under a number below the bound; as it was, if none is free there.
    pub fn below(self, file: OwnedFd) -> Result<OwnedFd, OwnedFd> {
        let is_below = |file: &OwnedFd| (file.as_raw_fd() as u64) < self.0;
        if is_below(&file) {
            return Ok(file);
        }
        fcntl_dupfd_cloexec(&file, 0).ok().filter(is_below).ok_or(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_free_numbers_are_kept_but_no_more_than_half_of_the_free_ones() {
        let first = |count: u64| (0..count).collect::<Vec<_>>();
        assert_eq!(Bound::of(1024, &first(12)).0, 1024 - KEPT);
        assert_eq!(Bound::of(u64::MAX, &first(12)).0, u64::MAX - KEPT);
        assert_eq!(Bound::of(64, &first(12)).0, 38, "26 of 52");
        assert_eq!(Bound::of(24, &first(12)).0, 18, "6 of 12");
        assert_eq!(Bound::of(24, &[0, 1, 2, 3, 22, 20]).0, 13, "9 of 18, and two that are in use");
        assert_eq!([Bound::of(12, &first(12)).0, Bound::of(10, &first(12)).0], [12, 10]);
    }

    #[test]
    fn a_file_with_a_number_that_is_kept_gets_a_lower_one_when_one_is_free() {
        let file = || OwnedFd::from(fs::File::open("/dev/null").unwrap());
        let high = fcntl_dupfd_cloexec(file(), 200).unwrap();
        let number = high.as_raw_fd();
        let high = Bound(0).below(high).unwrap_err();
        assert_eq!(high.as_raw_fd(), number, "none is free");
        assert!(Bound(200).below(high).unwrap().as_raw_fd() < 200);
    }
}
