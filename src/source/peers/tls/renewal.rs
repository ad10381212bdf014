//! Certificates that are renewed while weir runs: files that have changed are read again.
//!
//! ```text
//! each second    the files are as they were      nothing
//!                they have changed, and are good  whoever comes now is shown the new certificate
//!                they are no good                 the old one goes on; if they still are at the next look, it is said
//! ```
//!
//! Certificate and key are two files, one of which is replaced first, and each may be written in pieces: what is no
//! good may be good a moment later. Connections that are there keep what they have agreed on.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use crate::clock::Stamp;
use crate::disk::tree::{Kind, RealTree, Seen, Tree};
use crate::error::Error;
use crate::say::{note, say};

/// How often the files are looked at, at most.
const EVERY: Duration = Duration::from_secs(1);

/// Reads the files.
type Reads = Box<dyn Fn() -> Result<ServerConfig, Error> + Send>;

/// What clients are shown, and the files that it was read from: of the certificate and of its key.
pub struct Renewal {
    paths: [PathBuf; 2],
    read: Reads,
    config: Arc<ServerConfig>,
    /// What the files were when they were read last.
    seen: [Option<Seen>; 2],
    /// When they were looked at last.
    looked: Stamp,
    state: State,
}

/// What the files were when they were read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// No good, which nobody was told.
    Doubtful,
    /// No good, as was said.
    Bad,
}

impl Renewal {
    /// Reads the files at these paths.
    pub fn new(paths: [PathBuf; 2], read: Reads) -> Result<Renewal, Error> {
        // What changes meanwhile is read again.
        let seen = seen(&paths);
        let config = Arc::new(read()?);
        Ok(Renewal { paths, read, config, seen, looked: Stamp::default(), state: State::Good })
    }

    /// What is shown to whoever comes now.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Looks at the files, unless that was just done.
    pub fn look(&mut self, now: Stamp) {
        if now.since(self.looked) < EVERY {
            return;
        }
        self.looked = now;
        let seen = seen(&self.paths);
        // Whoever opens a pipe waits for its other end, and so would everybody here.
        if seen.iter().flatten().any(|seen| seen.kind == Kind::Other) {
            return;
        }
        let is_same = seen == self.seen;
        if is_same && self.state != State::Doubtful {
            return;
        }
        self.seen = seen;
        match (self.read)() {
            Ok(config) => {
                self.config = Arc::new(config);
                self.state = State::Good;
                let [cert, _] = &self.paths;
                note(&format!("--tls-cert: {} was read again", cert.display()));
            }
            Err(error) if is_same => {
                self.state = State::Bad;
                say(&format!("{error}; clients are still shown the certificate before it"));
            }
            Err(_) => self.state = State::Doubtful,
        }
    }
}

/// What the files are now; of one that cannot be looked at, nothing.
fn seen(paths: &[PathBuf; 2]) -> [Option<Seen>; 2] {
    paths.each_ref().map(|path| RealTree.look(path).ok().flatten())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

    use super::*;
    use crate::disk::scratch::Scratch;
    use crate::source::peers::tls::tests::welcome;

    #[test]
    fn files_are_read_again_when_they_have_changed_and_what_is_no_good_is_told_once() {
        let scratch = Scratch::new();
        let paths = ["cert", "key"].map(|name| scratch.path(name));
        let mut written = 0;
        let mut write = |path: &PathBuf| {
            written += 1;
            std::fs::write(path, vec![b'x'; written]).unwrap();
        };
        paths.iter().for_each(&mut write);
        let (is_good, reads) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (good, count) = (Arc::clone(&is_good), Arc::clone(&reads));
        let config = welcome().renewal.unwrap().config();
        let read = move || {
            count.fetch_add(1, Relaxed);
            good.load(Relaxed).then(|| (*config).clone()).ok_or(Error::usage("no good"))
        };
        let mut renewal = Renewal::new(paths.clone(), Box::new(read)).unwrap();
        let mut look = |now| {
            let before = renewal.config();
            renewal.look(Stamp(now));
            let is_new = !Arc::ptr_eq(&before, &renewal.config());
            (reads.swap(0, Relaxed), is_new, renewal.state)
        };
        assert_eq!(look(10_000), (1, false, State::Good), "that it was read when it was made");
        write(&paths[0]);
        assert_eq!(look(10_999), (0, false, State::Good), "that was just looked at");
        assert_eq!(look(11_000), (1, true, State::Good));
        assert_eq!(look(12_000), (0, false, State::Good));
        // The key is not there yet.
        is_good.store(false, Relaxed);
        write(&paths[0]);
        assert_eq!(look(13_000), (1, false, State::Doubtful));
        write(&paths[1]);
        is_good.store(true, Relaxed);
        assert_eq!(look(14_000), (1, true, State::Good));
        is_good.store(false, Relaxed);
        write(&paths[1]);
        assert_eq!(look(15_000), (1, false, State::Doubtful));
        assert_eq!(look(16_000), (1, false, State::Bad));
        assert_eq!(look(17_000), (0, false, State::Bad));
        std::fs::remove_file(&paths[1]).unwrap();
        assert_eq!(look(18_000), (1, false, State::Doubtful));
        is_good.store(true, Relaxed);
        write(&paths[1]);
        assert_eq!(look(19_000), (1, true, State::Good));
    }
}
