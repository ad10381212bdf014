//! Syncing the write-ahead log while others append to it.
//!
//! ```text
//! append     5   6   7         8          9
//! caller A             sync ------> 7                  all up to 7 stood there when it began
//! caller B                   sync . . ---------> 9     waits for A's, then begins its own
//! caller C                            sync . . > 9     B's has covered it: none of its own
//! ```
//!
//! Two locks: one on the numbers, held for a moment only, and one on the file, held while the disk
//! works. An append takes the first alone, so it waits for the disk only where a segment ends.
//!
//! After a failed append or sync nothing is synced any more, and nothing is said to be: the system
//! may have dropped what it could not write, and would call the next sync a success.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::checkpoint::bug::{Bug, planted};
use crate::checkpoint::frames::log::Log;
use crate::disk::Append;
use crate::error::{Context, Error};

/// Makes durable what was appended to a write-ahead log; all its clones are of the same log.
#[derive(Clone, Debug)]
pub struct Syncer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    progress: Mutex<Progress>,
    /// The open segment; none before there is one.
    file: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: Box<dyn Append>,
}

#[derive(Debug)]
struct Progress {
    appended: u64,
    synced: u64,
    /// What has failed first: whoever asks later is told that, and not that something has.
    failed: Option<String>,
}

impl Syncer {
    /// For a log without a segment of its own yet, of which all up to `last` is durable.
    pub(super) fn new(last: u64) -> Syncer {
        let progress = Mutex::new(Progress { appended: last, synced: last, failed: None });
        Syncer(Arc::new(Shared { progress, file: Mutex::new(None) }))
    }

    /// Returns when all that was appended before the call is durable; gives the greatest durable lsn.
    pub fn sync(&self) -> Result<u64, Error> {
        let wanted = self.appended();
        let mut file = self.file();
        self.reach(wanted, &mut file)
    }

    /// The greatest durable lsn.
    pub fn synced(&self) -> u64 {
        self.progress().synced
    }

    /// The greatest lsn that was appended.
    pub fn appended(&self) -> u64 {
        self.progress().appended
    }

    /// An error if anything has failed.
    pub fn check(&self) -> Result<(), Error> {
        self.intact().map(drop)
    }

    /// Takes note that frame `lsn` was handed to the system.
    pub(super) fn has_appended(&self, lsn: u64) {
        self.progress().appended = lsn;
    }

    /// Takes note of a failure.
    pub(super) fn poison(&self, error: &Error) {
        self.progress().failed.get_or_insert_with(|| error.to_string());
    }

    /// Syncs the open segment, then puts the one that `make` gives in its place.
    pub(super) fn change(&self, make: impl FnOnce() -> Result<Log, Error>) -> Result<Log, Error> {
        let mut file = self.file();
        self.reach(self.appended(), &mut file)?;
        let log = make()?;
        let (path, twin) = log.twin()?;
        *file = Some(Open { path, file: twin });
        Ok(log)
    }

    fn reach(&self, wanted: u64, file: &mut Option<Open>) -> Result<u64, Error> {
        let progress = self.intact()?;
        if progress.synced >= wanted {
            return Ok(progress.synced);
        }
        // All that stands in the file by now is synced with the rest.
        let appended = progress.appended;
        drop(progress);
        let Open { path, file } = file.as_mut().expect("what was appended stands in a segment");
        if !planted(Bug::WalAckBeforeSync) {
            file.sync().at(path).inspect_err(|error| self.poison(error))?;
        }
        // An append may have failed meanwhile; then it is not for us to say what is durable.
        self.intact()?.synced = appended;
        Ok(appended)
    }

    fn intact(&self) -> Result<MutexGuard<'_, Progress>, Error> {
        let progress = self.progress();
        match &progress.failed {
            Some(failed) => Err(Error::Failed(failed.clone())),
            None => Ok(progress),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;

    use super::*;

    /// A file whose syncs begin and end as the test says, over two channels.
    #[derive(Debug)]
    struct Gate(Sender<()>, Mutex<Receiver<io::Result<()>>>);

    impl Append for Gate {
        fn append(&mut self, _bytes: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn reserve(&mut self, _bytes: u64) -> io::Result<()> {
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            self.0.send(()).unwrap();
            self.1.lock().unwrap().recv().unwrap()
        }

        fn twin(&self) -> io::Result<Box<dyn Append>> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// A syncer, what tells that a sync has begun, and what lets it end.
    fn gated() -> (Syncer, Receiver<()>, Sender<io::Result<()>>) {
        let (begun, has_begun) = channel();
        let (end, ends) = channel();
        let syncer = Syncer::new(4);
        let file = Box::new(Gate(begun, Mutex::new(ends)));
        *syncer.file() = Some(Open { path: "ck/wal-1".into(), file });
        (syncer, has_begun, end)
    }

    #[test]
    fn what_is_appended_while_the_disk_works_is_not_said_to_be_durable() {
        let (syncer, has_begun, end) = gated();
        assert_eq!(syncer.sync().unwrap(), 4);
        syncer.has_appended(5);
        let sync = thread::spawn({
            let syncer = syncer.clone();
            move || syncer.sync()
        });
        has_begun.recv().unwrap();
        syncer.has_appended(6);
        assert_eq!((syncer.appended(), syncer.synced()), (6, 4));
        end.send(Ok(())).unwrap();
        assert_eq!(sync.join().unwrap().unwrap(), 5);
        assert_eq!(syncer.synced(), 5);
    }

    #[test]
    fn callers_that_wait_share_the_next_sync() {
        let (syncer, has_begun, end) = gated();
        syncer.has_appended(5);
        let mut callers = vec![thread::spawn({
            let syncer = syncer.clone();
            move || syncer.sync()
        })];
        has_begun.recv().unwrap();
        syncer.has_appended(9);
        callers.extend((0..5).map(|_| {
            let syncer = syncer.clone();
            thread::spawn(move || syncer.sync())
        }));
        // Two are enough for all, whenever the others come: a third would never be let go.
        end.send(Ok(())).unwrap();
        end.send(Ok(())).unwrap();
        let synced: Vec<u64> = callers.into_iter().map(|it| it.join().unwrap().unwrap()).collect();
        assert_eq!(synced, [5, 9, 9, 9, 9, 9]);
        assert_eq!(has_begun.try_iter().count(), 1);
    }

    #[test]
    fn after_a_failure_nothing_is_synced_and_everybody_is_told_what_has_failed() {
        let (syncer, has_begun, end) = gated();
        syncer.has_appended(5);
        end.send(Err(rustix::io::Errno::IO.into())).unwrap();
        let text = "ck/wal-1: input/output error";
        for _ in 0..3 {
            assert_eq!(syncer.sync().unwrap_err().to_string(), text);
        }
        assert_eq!((has_begun.try_iter().count(), syncer.synced()), (1, 4));
        // Nor if it is an append that fails while the disk works.
        let (syncer, has_begun, end) = gated();
        syncer.has_appended(5);
        let sync = thread::spawn({
            let syncer = syncer.clone();
            move || syncer.sync()
        });
        has_begun.recv().unwrap();
        syncer.poison(&Error::Failed("no space".to_string()));
        end.send(Ok(())).unwrap();
        assert_eq!(sync.join().unwrap().unwrap_err().to_string(), "no space");
        assert_eq!(syncer.synced(), 4);
    }
}
