//! A command line that does not work, written as one that does: to be pasted.
//!
//! Everything that was typed stands in it, in its order and quoted, but what was wrong.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Command;

use crate::cli::words::{Role, is_flag, roles};
use crate::source::SOURCES;
use crate::units::pasted;

/// What unpacks a file by the end of its name; each passes on what is not packed.
const UNPACKERS: &[(&str, &str)] =
    &[("gz", "zcat -f"), ("zst", "zstdcat -f"), ("xz", "xzcat -f"), ("bz2", "bzcat -f")];

/// A command line: its source, and what each word behind it is.
pub struct Line<'a> {
    /// The definition of the source; that of stdin if none is named.
    pub source: &'a Command,
    /// The words behind the source.
    pub words: &'a [OsString],
    /// What they are.
    pub roles: Vec<Role<'a>>,
}

impl<'a> Line<'a> {
    /// Takes a command line apart, which begins with the program's name; none that reads no stream.
    pub fn new(command: &'a Command, args: &'a [OsString]) -> Option<Line<'a>> {
        let first = args.get(1)?.to_str().unwrap_or_default();
        let named = command.find_subcommand(first);
        if named.is_some() && !SOURCES.iter().any(|spec| spec.name == first) {
            return None;
        }
        let words = if named.is_some() { &args[2..] } else { &args[1..] };
        let source = named.or_else(|| command.find_subcommand("stdin"))?;
        Some(Line { source, words, roles: roles(source, words) })
    }

    /// The command with another source, which may be empty, and without one of its words.
    pub fn with(&self, source: &str, without: usize) -> String {
        let left = self.words.iter().enumerate().filter(|(index, _)| *index != without);
        command("weir", [source.as_ref()].into_iter().chain(left.map(|(_, word)| word.as_ref())))
    }

    /// The command with another source, and all that was typed behind it.
    pub fn behind(&self, source: &str) -> String {
        self.with(source, usize::MAX)
    }

    /// What listens as `nc -lk PORT` was typed to do.
    pub fn listening(&self) -> Option<String> {
        let of_nc = |word: &OsStr, role: &Role| {
            matches!(role, Role::Flag)
                && word.to_str().and_then(|text| text.strip_prefix('-')).is_some_and(is_ncs)
        };
        let typed = || self.words.iter().map(OsString::as_os_str).zip(&self.roles);
        let listens = |&(word, role): &(&OsStr, &Role)| {
            of_nc(word, role) && word.to_string_lossy().contains('l')
        };
        typed().find(listens)?;
        let is_port = |&(word, role): &(&OsStr, &Role)| matches!(role, Role::Word) && port(word);
        let (port, _) = typed().find(is_port)?;
        let left = typed().filter(|&(word, role)| word != port && !of_nc(word, role));
        let words = [OsStr::new("listen"), port].into_iter().chain(left.map(|(word, _)| word));
        Some(command("weir", words))
    }

    /// The argument before a stray word, with all that follows of it, as one.
    pub fn joined(&self, at: usize) -> String {
        let stray = self.roles[at..].iter().take_while(|role| matches!(role, Role::Word)).count();
        pasted(&self.words[at - 1..at + stray].join(OsStr::new(" ")))
    }

    /// What reads the files that are named.
    pub fn reading(&self) -> Option<String> {
        let (mut flags, mut files): (Vec<&OsStr>, Vec<&OsStr>) = (Vec::new(), Vec::new());
        for (word, role) in self.words.iter().zip(&self.roles) {
            match role {
                Role::Word if Path::new(word).exists() && !is_flag(word) => files.push(word),
                Role::Word => return None,
                // Behind it no flag is one, and here they stand last.
                Role::Flag if word == "--" => {}
                _ => flags.push(word),
            }
        }
        let ending = |file: &OsStr| Path::new(file).extension().unwrap_or_default().to_owned();
        let mut unpackers = UNPACKERS.iter();
        let unpacker =
            unpackers.find(|(packed, _)| files.iter().any(|file| ending(file) == *packed));
        match (files.as_slice(), unpacker) {
            ([], _) => None,
            (_, None) => Some(command(
                "weir files",
                [""].map(OsStr::new).into_iter().chain(files).chain(flags),
            )),
            (_, Some((_, program))) => {
                let files: Vec<_> = files.iter().map(|file| pasted(file)).collect();
                // A pipe is a stream; what files hold is one batch.
                let once = if self.says_when() { "weir" } else { "weir --once" };
                Some(format!("{program} {} | {}", files.join(" "), command(once, flags)))
            }
        }
    }

    /// True if a flag says when batches end.
    fn says_when(&self) -> bool {
        let mut flags = self.words.iter().zip(&self.roles);
        flags.any(|(word, role)| {
            let text = word.to_string_lossy();
            let long = ["--once", "--interval"].iter().any(|flag| text.starts_with(flag));
            matches!(role, Role::Flag)
                && (long || !text.starts_with("--") && text.contains(['1', 'i']))
        })
    }
}

/// True for the letters of flags that nc takes where it listens.
fn is_ncs(letters: &str) -> bool {
    letters.contains(['l', 'k', 'p']) && letters.chars().all(|letter| "lkpvn".contains(letter))
}

/// True for a number that may be a port.
pub fn port(word: &OsStr) -> bool {
    word.to_str().is_some_and(|text| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
    })
}

fn command<'a>(begin: &str, words: impl IntoIterator<Item = &'a OsStr>) -> String {
    let words = words.into_iter().enumerate();
    // A source that is not named leaves no empty word; an argument that is empty does.
    let words = words.filter(|(index, word)| *index > 0 || !word.is_empty());
    words.fold(begin.to_string(), |line, (_, word)| line + " " + &pasted(word))
}
