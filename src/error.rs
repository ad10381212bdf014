//! The one error type: what failed, at which place, and the exit status it means.

use std::fmt::{self, Display};
use std::io;
use std::path::Path;

/// Why the program stops.
#[derive(Debug)]
pub enum Error {
    /// The command line makes no sense; a restart cannot help: exit status 2.
    Usage(String),
    /// An operation on a file, a socket or a broker failed: exit status 1.
    Io {
        /// The path, address or topic, as the user wrote it.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The stream itself is at fault, as a bad record under `--on-bad fail`: exit status 1.
    Failed(String),
    /// A checkpoint is damaged, another pipeline's, or too new: a restart cannot help: exit status 2.
    Refused(String),
    /// The reader of our output has gone, as under `head`, or a signal has ended the wait for one, and
    /// nothing is lost: a quiet end, exit status 0.
    Closed,
}

impl Error {
    /// Makes a usage error; `message` starts with the flag it is about.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::Usage(message.into())
    }

    /// The status that the process ends with.
    pub fn exit_status(&self) -> u8 {
        match self {
            Error::Closed => 0,
            Error::Io { .. } | Error::Failed(_) => 1,
            Error::Usage(_) | Error::Refused(_) => 2,
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(message) | Error::Failed(message) | Error::Refused(message) => {
                f.write_str(message)
            }
            Error::Io { place, source } => write!(f, "{place}: {}", said(source)),
            Error::Closed => f.write_str("stdout: closed by its reader"),
        }
    }
}

impl std::error::Error for Error {}

/// What the system said, without the `(os error N)` that Rust adds to it.
pub fn said(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

/// Adds the place to an I/O result: `File::open(&path).at(&path)?`.
pub trait Context<T> {
    /// Names the path that the result is about.
    fn at(self, path: &Path) -> Result<T, Error>;

    /// Names the address, stream or other place that the result is about.
    fn place(self, place: impl Display) -> Result<T, Error>;
}

impl<T> Context<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Error> {
        self.place(path.display())
    }

    fn place(self, place: impl Display) -> Result<T, Error> {
        self.map_err(|source| Error::Io { place: place.to_string(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_place_and_what_the_system_said() {
        let err = std::fs::File::open("/nonexistent").at("/nonexistent".as_ref()).unwrap_err();
        assert_eq!(err.to_string(), "/nonexistent: no such file or directory");
        assert_eq!(err.exit_status(), 1);
    }
}
