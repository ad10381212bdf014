//! What is said at a start of parts of the input that are not what they were: files, partitions.
//!
//! What is gone or was made anew is a loss, and said whatever the level is; what has another name is not.
//! Of very many no more than a few are named.

use crate::say::{note, say};
use crate::source::{Changed, Fate};
use crate::units::counted;

/// So many are named.
const NAMED: usize = 10;

/// Says what has become of parts of the input.
pub fn tell(all: &[Changed]) {
    let (renamed, lost): (Vec<_>, Vec<_>) =
        all.iter().partition(|changed| matches!(changed.fate, Fate::Renamed(_)));
    lines(&lost).iter().for_each(|line| say(line));
    lines(&renamed).iter().for_each(|line| note(line));
}

/// A line for each of the first, and one for how many more there are.
fn lines(all: &[&Changed]) -> Vec<String> {
    let mut lines: Vec<_> = all.iter().take(NAMED).map(|changed| line(changed)).collect();
    match all.len().saturating_sub(NAMED) {
        0 => {}
        more => {
            lines.push(format!("so it is with {} of the input", counted(more as u64, "more part")))
        }
    }
    lines
}

fn line(Changed { part, read, fate }: &Changed) -> String {
    let part = String::from_utf8_lossy(part);
    match fate {
        Fate::Gone => format!("{part} is gone; it was read up to {read}, what came after is lost"),
        Fate::Recreated => {
            format!(
                "{part} was made anew; the old one was read up to {read}, what came after is lost"
            )
        }
        Fate::Renamed(name) => {
            format!("{part} is {} now, and read on from {read}", String::from_utf8_lossy(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(part: &str, fate: Fate) -> Changed {
        Changed { part: part.into(), read: "byte 512".to_string(), fate }
    }

    #[test]
    fn a_line_says_what_has_become_of_a_part_and_how_far_it_was_read() {
        let said = [
            (Fate::Gone, "a.log is gone; it was read up to byte 512, what came after is lost"),
            (
                Fate::Recreated,
                "a.log was made anew; the old one was read up to byte 512, what came after is lost",
            ),
            (Fate::Renamed(b"a.log.1".to_vec()), "a.log is a.log.1 now, and read on from byte 512"),
        ];
        for (fate, wanted) in said {
            assert_eq!(line(&changed("a.log", fate)), wanted);
        }
    }

    #[test]
    fn of_many_only_the_first_are_named() {
        let all: Vec<_> = (0..12).map(|n| changed(&n.to_string(), Fate::Gone)).collect();
        let lines = lines(&all.iter().collect::<Vec<_>>());
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10], "so it is with 2 more parts of the input");
    }
}
