//! News of directories, by inotify: what it tells is looked at at once.
//!
//! It is no more than a hint. What is decided is decided by what a look shows, and all is looked at again from
//! time to time (`scan`): there are file systems without it, others know nothing of what happens on another
//! machine, and the system has a queue that may run over.

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

/// What has happened at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Something: it was written to, made, renamed or deleted.
    Changed,
    /// A file was moved there, or whoever wrote it has closed it: it is complete.
    Complete,
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
        let place = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        match inotify::add_watch(&self.queue, place, self.mask) {
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

    /// Tells what has happened, in order; true if all has to be looked at, because something was missed.
    pub fn tell(&mut self, mut told: impl FnMut(PathBuf, News)) -> io::Result<bool> {
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
            told(dir.join(OsStr::from_bytes(name.to_bytes())), news);
        }
    }
}
