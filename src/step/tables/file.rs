//! A table in a file, which is read again when it has changed.
//!
//! Whether it has, what the system says of it tells: which file it is, its size, and when it was changed.
//! Two changes within a tick of the system's clock look like one, so a file that was read because it had
//! changed is read once more for the next batch. What is no regular file (`@<(...)`, `/dev/fd/3`) gives its
//! bytes once, and is not asked again.
//!
//! A file that is gone or wrong later is no end of the stream: the last table that was good stays, and that
//! is said once.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Parse, Table};
use crate::clock::Stamp;
use crate::error::said;
use crate::say::{detail, note, say};
use crate::step::Unbuilt;
use crate::units::counted;

/// A file that may change.
pub struct Watched {
    path: PathBuf,
    flag: &'static str,
    parse: Parse,
    state: Mutex<State>,
}

struct State {
    /// The last table that was good.
    table: Arc<Table>,
    /// What the system said of the file when it was read last.
    seen: Option<Seen>,
    /// True if it was read because it had changed.
    is_fresh: bool,
    /// True while the file is gone or wrong, which was said.
    is_bad: bool,
    /// The last batch that it was looked at for.
    time: Option<Stamp>,
}

/// What the system says of a file: device and inode, size, and times of the last change, of what is in it
/// and of what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen([i64; 7]);

impl Seen {
    fn of(file: &Metadata) -> Seen {
        let modified = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
        let [a, b, c, d] = modified;
        Seen([file.dev() as i64, file.ino() as i64, file.size() as i64, a, b, c, d])
    }
}

impl Watched {
    /// Reads the table, which must be good; what can change comes with it.
    pub fn open(
        path: &Path,
        flag: &'static str,
        parse: Parse,
    ) -> Result<(Option<Watched>, Arc<Table>), Unbuilt> {
        let (seen, table) = read(path, parse)?;
        let table = Arc::new(table);
        let watched = seen.map(|seen| {
            let table = Arc::clone(&table);
            let state =
                State { table, seen: Some(seen), is_fresh: true, is_bad: false, time: None };
            Watched { path: path.to_path_buf(), flag, parse, state: Mutex::new(state) }
        });
        Ok((watched, table))
    }

    /// The table for the batch of `time`: that of the file as it is, if nobody has asked for this batch yet.
    pub fn at(&self, time: Stamp) -> Arc<Table> {
        // Whoever panicked here has left a table that is whole.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.time.is_none_or(|last| time > last) {
            state.time = Some(time);
            self.look(&mut state);
        }
        Arc::clone(&state.table)
    }

    /// Reads the file again if it has changed.
    fn look(&self, state: &mut State) {
        let file = fs::metadata(&self.path).ok();
        let seen = file.as_ref().map(Seen::of);
        let has_changed = seen != state.seen;
        if seen.is_some() && !has_changed && !state.is_fresh {
            return;
        }
        state.is_fresh = has_changed;
        let name = format!("--{} @{}", self.flag, self.path.display());
        let table = match file {
            // What has no end, or blocks, is not even opened.
            Some(file) if !file.is_file() => Err(": no regular file any more".into()),
            _ => read(&self.path, self.parse),
        };
        match table {
            Ok((seen, table)) => {
                if std::mem::take(&mut state.is_bad) {
                    note(&format!("{name}: good again, and read"));
                } else if has_changed {
                    let entries = counted(table.len() as u64, "entry");
                    detail(&format!("{name}: has changed, {entries}"));
                }
                (state.seen, state.table) = (seen, Arc::new(table));
            }
            Err(why) => {
                if !std::mem::replace(&mut state.is_bad, true) {
                    let what = why.to_string();
                    let what = what.strip_prefix(&*self.path.to_string_lossy()).unwrap_or(&what);
                    say(&format!("{name}{what}; what was read of it before stays"));
                }
                state.seen = seen;
            }
        }
    }
}

/// Reads a table, and what the system said of the file before that, if it is one that may change.
fn read(path: &Path, parse: Parse) -> Result<(Option<Seen>, Table), Unbuilt> {
    let mut bytes = Vec::new();
    let told = File::open(path).and_then(|mut file| {
        let told = file.metadata()?;
        file.read_to_end(&mut bytes)?;
        Ok(told)
    });
    let unread = |error| Unbuilt::Unread(format!("{}: {}", path.display(), said(&error)));
    let told = told.map_err(unread)?;
    let table = parse(&bytes).map_err(|what| format!("{}: {what}", path.display()))?;
    Ok((told.is_file().then(|| Seen::of(&told)), table))
}

#[cfg(test)]
mod tests {
    use super::super::Current;
    use super::super::list;
    use super::*;
    use crate::disk::scratch::Scratch;

    fn current(path: &Path) -> Current {
        Current::of_file(path, "in", list::parse).unwrap()
    }

    fn entries(current: &mut Current, time: i64) -> String {
        let table = current.at(Stamp(time));
        let mut entries: Vec<_> = table.keys().map(|key| String::from_utf8_lossy(key)).collect();
        entries.sort_unstable();
        entries.join(" ")
    }

    #[test]
    fn a_file_that_has_changed_is_read_for_the_next_batch_and_by_all_workers_alike() {
        let dir = Scratch::new();
        let path = dir.path("table");
        fs::write(&path, "a\n").unwrap();
        let mut first = current(&path);
        let mut second = first.clone();
        assert_eq!(entries(&mut first, 1), "a");
        fs::write(&path, "b\n").unwrap();
        assert_eq!(entries(&mut second, 1), "a", "it has changed within the batch");
        assert_eq!(entries(&mut second, 2), "b");
        fs::write(&path, "c\n").unwrap();
        assert_eq!(entries(&mut first, 2), "b");
        assert_eq!([entries(&mut first, 3), entries(&mut second, 3)], ["c", "c"]);
    }

    #[test]
    fn changes_within_a_tick_of_the_clock_are_seen_in_the_next_batch() {
        let dir = Scratch::new();
        let path = dir.path("table");
        for round in 0..200 {
            fs::write(&path, "a\n").unwrap();
            let mut table = current(&path);
            fs::write(&path, "b\n").unwrap();
            entries(&mut table, round);
            assert_eq!(entries(&mut table, round + 1), "b", "{round}");
        }
    }

    #[test]
    fn a_file_that_is_gone_or_wrong_leaves_the_last_table_that_was_good() {
        let dir = Scratch::new();
        let path = dir.path("table");
        fs::write(&path, "a=1\n").unwrap();
        let mut table = Current::of_file(&path, "lookup", super::super::lookup::parse).unwrap();
        assert_eq!(entries(&mut table, 1), "a");
        fs::write(&path, "b\n").unwrap();
        assert_eq!(entries(&mut table, 2), "a");
        fs::remove_file(&path).unwrap();
        assert_eq!(entries(&mut table, 3), "a");
        fs::create_dir(&path).unwrap();
        assert_eq!(entries(&mut table, 4), "a");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, "c=1\n").unwrap();
        assert_eq!(entries(&mut table, 5), "c");
        fs::write(dir.path("new"), "d=1\n").unwrap();
        fs::rename(dir.path("new"), &path).unwrap();
        assert_eq!(entries(&mut table, 6), "d");
    }

    #[test]
    fn what_is_no_file_is_read_once() {
        let (watched, table) = Watched::open(Path::new("/dev/null"), "in", list::parse).unwrap();
        assert!(watched.is_none() && table.is_empty());
    }
}
