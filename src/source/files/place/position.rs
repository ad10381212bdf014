//! The position of a file in a checkpoint: which file it is, and how far it is read.
//!
//! ```text
//! part         17 app.log                       a number of its own, and the path by which it was taken
//! position     480 -- 2049 131842 512 480:9a0c... 256:77f1... app.log.1
//!              |   |  device, inode, length  head  tail      where it is now
//!              |   flags: s a long record is being skipped; c it was read to its end, p it was passed
//!              byte
//! path         . /var/log/app                   one that was typed; what is new there came later
//! stdin        - stdin                          the regular file that stdin was
//! ```
//!
//! It is text, so that `weir checkpoint show` is of use. Paths may hold any byte, and stand last.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::print::{Print, Prints};
use crate::process::descriptor::Identity;
use crate::wire::lines::Place;

/// The number of a file, which no other one has had.
pub type Number = u64;

/// What a checkpoint has of an input of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A path that was typed.
    Typed(PathBuf),
    /// A file, and the path by which it was taken.
    File(Number, PathBuf),
    /// The regular file that stdin was: none is known but the last one.
    Stdin,
}

/// What is known of the end of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It has not come.
    #[default]
    Open,
    /// All of it was read, and nobody has written to it any more.
    Read,
    /// It was there when the stream began, and is not read.
    Passed,
}

/// How far a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Up to where; of one that is packed, in what is unpacked of it.
    pub place: Place,
    /// What is known of its end.
    pub end: End,
    /// Which file it was.
    pub identity: Identity,
    /// How long it was.
    pub len: u64,
    /// What stood in it.
    pub prints: Prints,
    /// Where it was seen last.
    pub path: PathBuf,
}

impl Part {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Part::Typed(path) => [b". ", path.as_os_str().as_bytes()].concat(),
            Part::File(number, path) => {
                [format!("{number} ").as_bytes(), path.as_os_str().as_bytes()].concat()
            }
            Part::Stdin => b"- stdin".to_vec(),
        }
    }

    /// What such bytes say; none if they say nothing.
    pub fn decode(bytes: &[u8]) -> Option<Part> {
        let (first, path) = word(bytes)?;
        let path = Path::new(OsStr::from_bytes(path)).to_path_buf();
        Some(match first {
            "." => Part::Typed(path),
            "-" => Part::Stdin,
            number => Part::File(number.parse().ok()?, path),
        })
    }
}

impl Position {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Position { place, end, identity, len, prints, path } = self;
        let end = match end {
            End::Open => '-',
            End::Read => 'c',
            End::Passed => 'p',
        };
        let text = format!(
            "{} {}{} {} {} {len} {} {} ",
            place.offset,
            if place.skips { 's' } else { '-' },
            end,
            identity.device,
            identity.inode,
            prints.head,
            prints.tail,
        );
        [text.as_bytes(), path.as_os_str().as_bytes()].concat()
    }

    /// What such bytes say; none if they say nothing.
    pub fn decode(bytes: &[u8]) -> Option<Position> {
        let (offset, rest) = word(bytes)?;
        let (flags, rest) = word(rest)?;
        let (device, rest) = word(rest)?;
        let (inode, rest) = word(rest)?;
        let (len, rest) = word(rest)?;
        let (head, rest) = word(rest)?;
        let (tail, path) = word(rest)?;
        let place = Place { offset: offset.parse().ok()?, skips: flags.starts_with('s') };
        let identity = Identity { device: device.parse().ok()?, inode: inode.parse().ok()? };
        let prints = Prints { head: Print::parse(head)?, tail: Print::parse(tail)? };
        let path = Path::new(OsStr::from_bytes(path)).to_path_buf();
        let end = match flags.chars().nth(1)? {
            'c' => End::Read,
            'p' => End::Passed,
            _ => End::Open,
        };
        let len = len.parse().ok()?;
        Some(Position { place, end, identity, len, prints, path })
    }
}

/// The first word, and what is behind the blank that ends it.
fn word(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr(b' ', bytes)?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_position_is_text_and_its_path_any_bytes() {
        let path = PathBuf::from(OsStr::from_bytes(b"a b\n\xff"));
        let position = Position {
            place: Place { offset: 480, skips: true },
            end: End::Read,
            identity: Identity { device: 2049, inode: 7 },
            len: 500,
            prints: Prints { head: Print::of(b"abc"), tail: Print::of(b"") },
            path: path.clone(),
        };
        let text = position.encode();
        assert!(text.starts_with(b"480 sc 2049 7 500 3:"), "{}", text.escape_ascii());
        assert_eq!(Position::decode(&text), Some(position));
        for part in [Part::Typed(path.clone()), Part::File(17, path), Part::Stdin] {
            assert_eq!(Part::decode(&part.encode()), Some(part));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_position_or_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            Position::decode(&bytes);
            Part::decode(&bytes);
        }
    }
}
