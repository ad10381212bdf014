//! A file of arguments: one a line, as they would be typed, without the quotes of a shell.
//!
//! ```text
//! # what all our counts have in common
//! --interval=10         a flag and its argument, as typed in one word
//! --format tsv          or with a blank between
//! --having              or each on a line of its own
//! > 3
//! ```
//!
//! Blanks before a line, empty lines and lines that begin with `#` are passed over; all else counts as it stands.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::{Context, Error};

/// A file is no longer than this: what is no list of arguments would be read without an end.
const LONGEST: u64 = 1 << 20;

/// The mark of the byte order that some editors put before a text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The words of a file, each with the line it stands in, from 1.
pub fn read(of: &str, path: &Path) -> Result<Vec<(usize, OsString)>, Error> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text))
        .place(format_args!("{of} {}", path.display()))?;
    match text.len() as u64 > LONGEST {
        true => Err(Error::usage(format!("{of} {}: more than 1 MiB", path.display()))),
        false => Ok(words(&text)),
    }
}

fn words(text: &[u8]) -> Vec<(usize, OsString)> {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    let mut all = Vec::new();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let line = &line[blanks..];
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        let (flag, argument) = parted(line);
        let word = |bytes| (index + 1, OsStr::from_bytes(bytes).to_os_string());
        all.push(word(flag));
        all.extend(argument.map(word));
    }
    all
}

/// A flag, and its argument if that stands behind a blank.
fn parted(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'='));
    match end.filter(|&end| line[0] == b'-' && end > 1 && line[end] != b'=') {
        None => (line, None),
        Some(end) => {
            let blanks = line[end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let argument = &line[end + blanks..];
            (&line[..end], Some(argument).filter(|argument| !argument.is_empty()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_argument_or_a_flag_with_its_argument() {
        let table: [(&str, &[&str]); 11] = [
            ("--once", &["--once"]),
            ("\u{feff}--once\n\u{feff}", &["--once", "\u{feff}"]),
            (
                "  --interval=10\r\n\n# nothing\n\t# nothing\n--top 3",
                &["--interval=10", "--top", "3"],
            ),
            ("--having\n> 3", &["--having", "> 3"]),
            ("--having\t >  3", &["--having", ">  3"]),
            ("-X a=b c", &["-X", "a=b c"]),
            ("--split= ", &["--split= "]),
            ("--exec=mail -s a b", &["--exec=mail -s a b"]),
            ("--once  ", &["--once"]),
            ("- a", &["- a"]),
            ("--split \\t", &["--split", "\\t"]),
        ];
        for (text, expected) in table {
            let found: Vec<_> = words(text.as_bytes()).into_iter().map(|(_, word)| word).collect();
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(
            words(b"\n--top 3\n\n4").iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [2, 2, 4]
        );
        assert_eq!(
            words(b"--split=\xff"),
            [(1, OsStr::from_bytes(b"--split=\xff").to_os_string())]
        );
    }
}
