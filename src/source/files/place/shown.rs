//! The positions of files in a checkpoint, for people: how many there are of each kind, and a table of some.
//!
//! ```text
//! files     3: 1 open, 2 read
//!           position  size  state  device:inode  path
//!                480   512  open   2049:131842   /var/log/app.log
//! ```
//!
//! Those that are read on come first, since they are what somebody looks for; programs get all of them, as they
//! are noted.

use std::path::Path;

use super::position::{End, Part, Position};
use crate::origin::Origin;
use crate::units::counted;

/// So many paths and files are shown.
const SHOWN: usize = 20;
/// What stands above the columns.
const HEAD: [&str; 5] = ["position", "size", "state", "device:inode", "path"];

/// What is shown of positions, each a part and how far that is read: lines with what each is about. None if there
/// is one that is of no file.
pub fn lines<'a>(
    positions: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Option<Vec<(&'static str, String)>> {
    let (mut typed, mut files) = (Vec::new(), Vec::new());
    for (part, position) in positions {
        match Part::decode(part)? {
            Part::Typed(path) => typed.push(shown(&path)),
            part => files.push((part, Position::decode(position)?)),
        }
    }
    let mut lines: Vec<_> = typed.iter().take(SHOWN).map(|path| ("path", path.clone())).collect();
    lines.extend(more(typed.len()).map(|more| ("path", more)));
    if files.is_empty() {
        return Some(lines);
    }
    files.sort_by_cached_key(|(_, position)| (position.end != End::Open, position.path.clone()));
    let states = [End::Open, End::Read, End::Passed].map(|end| {
        let count = files.iter().filter(|(_, position)| position.end == end).count();
        (count > 0).then(|| format!("{count} {}", state(end)))
    });
    let states: Vec<_> = states.into_iter().flatten().collect();
    lines.push(("files", format!("{}: {}", files.len(), states.join(", "))));
    let rows = files.iter().take(SHOWN).map(|(part, position)| row(part, position));
    let rows: Vec<_> = std::iter::once(HEAD.map(str::to_string)).chain(rows).collect();
    lines.extend(aligned(&rows).map(|row| ("", row)));
    lines.extend(more(files.len()).map(|more| ("", more)));
    Some(lines)
}

/// How many more there are than are shown, if there are.
fn more(count: usize) -> Option<String> {
    let more = count.checked_sub(SHOWN).filter(|more| *more > 0)?;
    Some(format!("and {}; --json has all", counted(more as u64, "other")))
}

/// What has become of a file.
fn state(end: End) -> &'static str {
    match end {
        End::Open => "open",
        End::Read => "read",
        End::Passed => "passed",
    }
}

fn row(part: &Part, position: &Position) -> [String; 5] {
    let Position { place, end, identity, len, path, .. } = position;
    let now = shown(path);
    let path = match part {
        Part::Stdin => "stdin".to_string(),
        Part::File(_, taken) if taken != path => format!("{now} (taken as {})", shown(taken)),
        _ => now,
    };
    let state = if place.skips { "in a record too long" } else { state(*end) };
    let identity = format!("{}:{}", identity.device, identity.inode);
    [place.offset.to_string(), len.to_string(), state.to_string(), identity, path]
}

/// A path in one line, whatever bytes it has.
fn shown(path: &Path) -> String {
    Origin::file(path).to_string()
}

/// Rows whose columns are as wide as what is in them: numbers to the right, the path as it is.
fn aligned(rows: &[[String; 5]]) -> impl Iterator<Item = String> {
    let wide = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [at, size, state, identity] = [0, 1, 2, 3].map(wide);
    rows.iter().map(move |[a, b, c, d, path]| {
        format!("{a:>at$}  {b:>size$}  {c:<state$}  {d:<identity$}  {path}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    use super::super::print::Prints;
    use crate::process::descriptor::Identity;
    use crate::wire::lines::Place;

    fn noted(number: u64, taken: &str, path: &str, offset: u64, end: End) -> (Vec<u8>, Vec<u8>) {
        let position = Position {
            place: Place { offset, skips: false },
            end,
            identity: Identity { device: 2049, inode: 100 + number },
            len: 512,
            prints: Prints::default(),
            path: PathBuf::from(path),
        };
        (Part::File(number, PathBuf::from(taken)).encode(), position.encode())
    }

    fn text(all: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<String>> {
        let lines = lines(all.iter().map(|(part, position)| (&part[..], &position[..])))?;
        Some(lines.into_iter().map(|(about, what)| format!("{about}|{what}")).collect())
    }

    #[test]
    fn files_are_a_table_and_those_that_are_read_on_come_first() {
        let all = [
            (Part::Typed("/var/log".into()).encode(), b"x".to_vec()),
            noted(1, "a.log", "a.log.1", 512, End::Read),
            noted(2, "a.log", "a.log", 7, End::Open),
        ];
        let expected = [
            "path|/var/log",
            "files|2: 1 open, 1 read",
            "|position  size  state  device:inode  path",
            "|       7   512  open   2049:102      a.log",
            "|     512   512  read   2049:101      a.log.1 (taken as a.log)",
        ];
        assert_eq!(text(&all).unwrap(), expected);
    }

    #[test]
    fn of_very_many_some_are_shown_and_all_are_counted() {
        let name = |n| format!("f{n:04}");
        let all: Vec<_> = (0..1200).map(|n| noted(n, &name(n), &name(n), 512, End::Read)).collect();
        let shown = text(&all).unwrap();
        assert_eq!((shown.len(), &*shown[0]), (SHOWN + 3, "files|1200: 1200 read"));
        assert_eq!(shown[SHOWN + 2], "|and 1180 others; --json has all");
    }

    #[test]
    fn what_is_no_position_of_a_file_is_none() {
        assert_eq!(text(&[(b"topic[3]".to_vec(), b"77".to_vec())]), None);
        let (part, _) = noted(1, "a", "a", 0, End::Open);
        assert_eq!(text(&[(part, b"7".to_vec())]), None);
    }
}
