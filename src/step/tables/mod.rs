//! Steps that look records up in a table: `--in`, `--not-in` and `--lookup`.
//!
//! A table is typed, or stands in a file. A file is read at the start and again when it has changed, but
//! only between batches, so that one batch is looked up in one table whatever the workers do:
//!
//! ```text
//! batch         12:00:01        12:00:02        12:00:03
//! first chunk   file as before  file as before  file has changed: read
//! worker 0      table 1         table 1         table 2
//! worker 1      table 1         table 1         table 2        asks only for the batch's first chunk
//! ```

mod file;
pub mod list;
pub mod lookup;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use file::Watched;

use crate::clock::Stamp;
use crate::step::Unbuilt;

/// What records are looked up in: entries, and what each stands for. The last of equal ones counts.
pub type Table = HashMap<Box<[u8]>, Box<[u8]>, ahash::RandomState>;

/// What makes a table of the bytes of a file.
type Parse = fn(&[u8]) -> Result<Table, String>;

/// The table that a worker looks into.
#[derive(Clone)]
struct Current {
    table: Arc<Table>,
    /// Where it comes from, if that can change.
    watched: Option<Arc<Watched>>,
    /// The batch for which the file was looked at last.
    time: Option<Stamp>,
}

impl Current {
    /// A table that was typed.
    fn typed(table: Table) -> Current {
        Current { table: Arc::new(table), watched: None, time: None }
    }

    /// A table in a file, which must be there and good now; `flag` is what asks for it.
    fn of_file(path: &Path, flag: &'static str, parse: Parse) -> Result<Current, Unbuilt> {
        let (watched, table) = Watched::open(path, flag, parse)?;
        Ok(Current { table, watched: watched.map(Arc::new), time: None })
    }

    /// The table for the batch of `time`.
    fn at(&mut self, time: Stamp) -> &Table {
        if let Some(watched) = &self.watched
            && self.time != Some(time)
        {
            self.table = watched.at(time);
            self.time = Some(time);
        }
        &self.table
    }
}

/// The file that is named by `@FILE`, if that is what stands there.
fn named(argument: &OsStr) -> Result<Option<&Path>, String> {
    match argument.as_bytes().strip_prefix(b"@") {
        None => Ok(None),
        Some(b"") => Err("no file is named behind the @".to_string()),
        Some(path) => Ok(Some(Path::new(OsStr::from_bytes(path)))),
    }
}

/// The lines of a table in a file, with their numbers from 1; blank ones and comments pass.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    // What editors of other systems put before the text and at the ends of lines is no part of it.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines =
        bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let counts = |line: &[u8]| !line.starts_with(b"#") && !line.trim_ascii().is_empty();
    (1..).zip(lines).filter(move |(_, line)| counts(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_comments_pass_and_line_ends_are_those_of_any_system() {
        let found: Vec<_> = lines(b"\xef\xbb\xbfa\r\n\n# b\n \t\r\n c #\n\r\nd").collect();
        assert_eq!(found, [(1, &b"a"[..]), (5, b" c #"), (7, b"d")]);
        assert_eq!(lines(b"").count(), 0);
    }

    #[test]
    fn a_file_is_what_an_at_sign_names() {
        assert_eq!(named("@a b".as_ref()), Ok(Some(Path::new("a b"))));
        assert_eq!(named("a@b".as_ref()), Ok(None));
        assert!(named("@".as_ref()).is_err());
    }
}
