//! News of directories, by inotify: what it tells is looked at at once.
//!
//! It is no more than a hint. What is decided is decided by what a look shows, and all is looked at again from
//! time to time (`scan`): there are file systems without it, others know nothing of what happens on another
//! machine, and the system has a queue that may run over. Only of what was renamed does it tell more than a look:
//! which name a file had ([`Renames`]).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::sought::here;

/// What has happened at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Something: it was written to, made, renamed or deleted.
    Changed,
    /// A file was moved there, or whoever wrote it has closed it: it is complete.
    Complete,
}

/// Files that were renamed, by the names that they had first and last.
#[derive(Debug, Default)]
pub struct Renames {
    all: Vec<(PathBuf, PathBuf)>,
    /// The number of a rename of which only the old name was told yet, and that name.
    begun: Option<(u32, PathBuf)>,
}

impl Renames {
    /// A file has left a name; what has this number tells where it has gone.
    fn left(&mut self, number: u32, path: PathBuf) {
        self.begun = Some((number, path));
    }

    /// A file has come to a name: whoever had it before has not.
    fn came(&mut self, number: u32, path: &Path) {
        self.all.retain(|(_, last)| last != path);
        let begun = self.begun.take();
        let Some((_, from)) = begun.filter(|(other, _)| *other == number && number != 0) else {
            return;
        };
        match self.all.iter_mut().find(|(_, last)| *last == from) {
            Some((_, last)) => *last = path.to_path_buf(),
            None => self.all.push((from, path.to_path_buf())),
        }
    }

    /// All that were told, in the order in which the files left their first names.
    pub fn into_all(self) -> Vec<(PathBuf, PathBuf)> {
        self.all
    }
}

/// The directories that are watched.
#[derive(Debug)]
pub struct Watch {
    queue: OwnedFd,
    mask: WatchFlags,
    dirs: HashMap<i32, PathBuf>,
}

impl Watch {
    /// Watches nothing yet; with `writes` it is news that something was written.
    pub fn new(registry: &Registry, token: Token, writes: bool) -> io::Result<Watch> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        registry.register(&mut SourceFd(&queue.as_raw_fd()), token, Interest::READABLE)?;
        let mut mask = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        mask.set(WatchFlags::MODIFY, writes);
        Ok(Watch { queue, mask, dirs: HashMap::new() })
    }

    /// Watches a directory, whichever has the name now.
    pub fn add(&mut self, dir: &Path) -> io::Result<()> {
        match inotify::add_watch(&self.queue, here(dir), self.mask) {
            Ok(number) => {
                if self.dirs.get(&number).is_none_or(|before| before != dir) {
                    self.dirs.insert(number, dir.to_path_buf());
                }
                Ok(())
            }
            // A scan says whether that is wrong.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells what has happened, in order, and what was renamed; true if all has to be looked at, because
    /// something was missed.
    pub fn tell(
        &mut self,
        renames: &mut Renames,
        mut told: impl FnMut(PathBuf, News),
    ) -> io::Result<bool> {
        let mut is_missed = false;
        let mut buffer = [MaybeUninit::uninit(); 32 << 10];
        let mut reader = inotify::Reader::new(&self.queue, &mut buffer);
        loop {
            let event = match reader.next() {
                Err(Errno::AGAIN) => return Ok(is_missed),
                Err(Errno::INTR) => continue,
                event => event?,
            };
            let events = event.events();
            if events.contains(ReadFlags::IGNORED) {
                self.dirs.remove(&event.wd());
            }
            // A directory that has come may hold files that came before it was watched.
            is_missed |= events.intersects(
                ReadFlags::QUEUE_OVERFLOW
                    | ReadFlags::IGNORED
                    | ReadFlags::ISDIR
                    | ReadFlags::UNMOUNT,
            );
            let (Some(dir), Some(name)) = (self.dirs.get(&event.wd()), event.file_name()) else {
                continue;
            };
            let is_complete = events.intersects(ReadFlags::MOVED_TO | ReadFlags::CLOSE_WRITE);
            let news = if is_complete { News::Complete } else { News::Changed };
            let path = dir.join(OsStr::from_bytes(name.to_bytes()));
            if events.contains(ReadFlags::MOVED_FROM) {
                renames.left(event.cookie(), path.clone());
            } else if events.intersects(ReadFlags::MOVED_TO | ReadFlags::CREATE) {
                renames.came(event.cookie(), &path);
            }
            told(path, news);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_renamed_twice_is_known_by_its_first_name() {
        let mut renames = Renames::default();
        let mut renamed = |number, from: &str, to: &str| {
            renames.left(number, from.into());
            renames.came(number, to.as_ref());
        };
        renamed(1, "log.1", "log.2");
        renamed(2, "log", "log.1");
        renamed(3, "log.2", "log.3");
        renamed(4, "log.1", "log.2");
        renamed(5, "log", "log.1");
        let pair = |(a, b): (&str, &str)| (PathBuf::from(a), PathBuf::from(b));
        let wanted = [("log.1", "log.3"), ("log", "log.2"), ("log", "log.1")].map(pair);
        assert_eq!(renames.into_all(), wanted);
    }

    #[test]
    fn a_name_that_another_file_has_got_tells_nothing() {
        let mut renames = Renames::default();
        renames.left(1, "log".into());
        renames.came(1, "log.1".as_ref());
        renames.came(0, "log.1".as_ref());
        // One that has gone elsewhere is no pair of another that has come.
        renames.left(2, "log".into());
        renames.came(3, "other".as_ref());
        assert_eq!(renames.into_all(), []);
    }
}
