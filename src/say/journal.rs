//! What the journal of systemd wants to know of a line: how much it matters.
//!
//! A line that begins with `<N>` has priority N there, and `journalctl -p warning` shows what is at least as grave.
//! `JOURNAL_STREAM` has device and inode of what the manager has given us; only if that is what stderr is, the
//! journal reads it.

use std::io;
use std::sync::LazyLock;

use rustix::fs::fstat;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Priority {
    /// The run has failed.
    Error = 3,
    /// Something is lost, or has failed and is tried again.
    Warning = 4,
    /// It is good to know.
    Notice = 5,
    /// It happens.
    Info = 6,
}

/// True if the journal reads stderr.
static READS: LazyLock<bool> = LazyLock::new(|| {
    let stream = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    fstat(io::stderr()).is_ok_and(|stderr| is_stream(&stream, stderr.st_dev, stderr.st_ino))
});

/// True if `DEVICE:INODE` are these.
fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    let numbers = stream.split_once(':').map(|(device, inode)| (device.parse(), inode.parse()));
    numbers == Some((Ok(device), Ok(inode)))
}

/// The message, its name before the first line, and before each the priority, if the journal reads it.
pub fn lines(text: &str, priority: Priority) -> String {
    lead(&format!("weir: {text}\n"), READS.then_some(priority))
}

fn lead(text: &str, priority: Option<Priority>) -> String {
    let Some(priority) = priority else { return text.to_string() };
    let lead = |line: &str| format!("<{}>{line}\n", priority as u8);
    // A line without text would not be shown, and takes nothing from what stands around it.
    text.lines().filter(|line| !line.is_empty()).map(lead).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_priority_where_the_journal_reads_it() {
        let text = "weir: one\n\n  tip: two\n";
        assert_eq!(lead(text, Some(Priority::Warning)), "<4>weir: one\n<4>  tip: two\n");
        assert_eq!(lead(text, None), text);
    }

    #[test]
    fn the_journal_reads_stderr_only_if_both_numbers_are_its_own() {
        assert!(is_stream("8:42", 8, 42));
        for other in ["8:43", "9:42", "", "8", "8:", "x:42", "8:42:1"] {
            assert!(!is_stream(other, 8, 42), "{other}");
        }
    }
}
