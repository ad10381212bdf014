//! The names in a checkpoint's directory: which are its own, and which somebody else's.
//!
//! ```text
//! lock   meta   log-7   snap-7   wal-7                 its own, as it writes them
//! meta.tmp   log-7.tmp   snap-7.tmp   wal-7.tmp        what a crash has left of them
//! results.tmp   log-07   log-7.gz   .batch-7.tsv.tmp   not its own: never touched
//! ```
//!
//! An output may stand in the same directory, and so may whatever else. Nothing is removed or
//! replaced there but what has one of these names to the letter.

use std::path::Path;

use super::{TEMPORARY, lock, meta};
use crate::checkpoint::commits::snapshot;
use crate::checkpoint::frames::log::{LOGS, SEGMENTS};
use crate::disk::Disk;
use crate::error::{Context, Error};

/// What a file system keeps in its topmost directory, and nobody put there.
const LOST: &str = "lost+found";

/// The files of a checkpoint by their names.
#[derive(Debug, Default)]
pub struct Names {
    /// The numbers of the logs, in order.
    pub logs: Vec<u64>,
    /// Those of the snapshots.
    pub snapshots: Vec<u64>,
    /// Those of the segments of the write-ahead log.
    pub segments: Vec<u64>,
    /// The names of files that never were whole.
    pub temporary: Vec<String>,
    /// True if the directory has a `meta`, and so is a checkpoint.
    pub has_meta: bool,
    /// True if it has a `lock`.
    pub has_lock: bool,
    /// The names that are not the checkpoint's, in order.
    pub others: Vec<String>,
    /// The greatest number of a file of whatever kind.
    pub highest: u64,
}

impl Names {
    /// Reads the names in `dir`.
    pub fn list(disk: &dyn Disk, dir: &Path) -> Result<Names, Error> {
        let mut names = Names::default();
        disk.list(dir).at(dir)?.into_iter().for_each(|name| names.put(name));
        for numbers in [&mut names.logs, &mut names.snapshots, &mut names.segments] {
            numbers.sort_unstable();
        }
        names.others.sort_unstable();
        Ok(names)
    }

    fn put(&mut self, name: String) {
        let (stem, is_whole) = match name.strip_suffix(TEMPORARY) {
            Some(stem) => (stem, false),
            None => (&name[..], true),
        };
        let kinds = [
            (LOGS.number(stem), &mut self.logs),
            (snapshot::number(stem), &mut self.snapshots),
            (SEGMENTS.number(stem), &mut self.segments),
        ];
        let mut is_numbered = false;
        for (number, numbers) in kinds {
            is_numbered |= number.is_some();
            self.highest = self.highest.max(number.unwrap_or(0));
            numbers.extend(number.filter(|_| is_whole));
        }
        match (stem, is_whole) {
            (meta::NAME, true) => self.has_meta = true,
            (lock::NAME, true) => self.has_lock = true,
            (meta::NAME, false) => self.temporary.push(name),
            _ if is_numbered && is_whole => {}
            _ if is_numbered => self.temporary.push(name),
            _ if name == LOST => {}
            _ => self.others.push(name),
        }
    }

    /// The greatest number of a snapshot that is not whole yet.
    pub fn half_snapshot(&self) -> Option<u64> {
        let stems = self.temporary.iter().filter_map(|name| name.strip_suffix(TEMPORARY));
        stems.filter_map(snapshot::number).max()
    }

    /// The names of all files that are whole, but `lock`.
    pub fn whole(&self) -> impl Iterator<Item = String> {
        let logs = self.logs.iter().map(|&number| LOGS.name(number));
        let snapshots = self.snapshots.iter().map(|&number| snapshot::name(number));
        let segments = self.segments.iter().map(|&number| SEGMENTS.name(number));
        let meta = self.has_meta.then(|| meta::NAME.to_string());
        meta.into_iter().chain(snapshots).chain(logs).chain(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_checkpoint_writes_to_the_letter_is_its_own() {
        let mut names = Names::default();
        let own = ["lock", "meta", "log-7", "snap-10", "wal-3"];
        let half = ["meta.tmp", "log-8.tmp", "snap-12.tmp", "wal-4.tmp"];
        let others = [
            "",
            ".tmp",
            "results.tmp",
            "log-",
            "log-0",
            "log-07",
            "log-+7",
            "log- 7",
            "log-7.gz",
            "log-7.tmp.tmp",
            "LOG-7",
            "lock.tmp",
            "metadata",
            "snap-7x",
            "wal-18446744073709551615",
            ".batch-1544488280000.tsv.3.tmp",
            "wal-99999999999999999999",
            "\u{fffd}log-1",
        ];
        let all = own.iter().chain(&half).chain(&others).chain(&[LOST]);
        all.for_each(|name| names.put(name.to_string()));
        assert_eq!((names.logs, names.snapshots, names.segments), (vec![7], vec![10], vec![3]));
        assert_eq!(
            (names.temporary, names.others),
            (half.map(Into::into).into(), others.map(Into::into).into())
        );
        assert_eq!((names.has_meta, names.has_lock, names.highest), (true, true, 12));
    }
}
