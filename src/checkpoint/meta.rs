//! `meta`: whose checkpoint a directory is, and of which pipeline.
//!
//! A few lines of text, so that anybody can look:
//!
//! ```text
//! weir checkpoint 1                            the version of the format: 2 if keys have a keyspace,
//!                                              3 if the log of the input has rows
//! uuid 5f0c27f2b1a54e0f9c31f0b3f0a1d2c4        begins the checksum of every frame
//! pipeline                                     or `reset`: the next start says; with positions that
//!                                              were kept, all that is known is their `source`
//! --window=10s                                 what changes the meaning of the state
//! crc 1a2b3c4d                                 CRC-32C of all lines before
//! ```
//!
//! It is written once, after everything else that a new checkpoint needs: a directory with a `meta`
//! has a log or a snapshot too.

use std::fmt::Write;
use std::path::Path;

use super::keyspace::Keys;
use super::{place, temporary};
use crate::disk::{Disk, read_whole};
use crate::error::{Context, Error};
use crate::units::quoted;

/// The name of the file.
pub const NAME: &str = "meta";

/// The format of a checkpoint whose source has no positions, and whose log has delimited records alone; of
/// one whose source has positions; and of one whose log has rows, which is the newest that this program
/// reads. Who knows fewer goes on reading those.
const PLAIN: u64 = 1;
const SPACED: u64 = 2;
const ROWS: u64 = 3;

/// No `meta` is longer.
const LONGEST: u64 = 16 << 20;

const FIRST: &str = "weir checkpoint ";

/// The flag under which a pipeline has the name of its source.
const SOURCE: &str = "source";

/// What changes the meaning of state: flags and their resolved values, in the order of the steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    flags: Vec<(String, String)>,
    /// True if its source has positions, so that they are entries beside those of the state. It is no flag:
    /// nobody types it, and it decides how keys are written.
    has_positions: bool,
    /// True if the log of its input has rows with their lengths, and not delimited records alone. It is no
    /// flag either: flags that decide it are.
    logs_rows: bool,
    /// True if its source gives pairs. It stands nowhere: each frame of the log says what it is.
    gives_pairs: bool,
    /// True if its source has positions at one time and none at another, so that it goes on with a checkpoint
    /// of either kind. It stands nowhere.
    takes_either: bool,
}

impl Pipeline {
    /// A pipeline of flags (`--window`) and values (empty for a flag that has none).
    pub fn new<F: Into<String>, V: Into<String>>(
        flags: impl IntoIterator<Item = (F, V)>,
    ) -> Pipeline {
        let flags = flags.into_iter().map(|(flag, value)| (flag.into(), value.into())).collect();
        Pipeline { flags, ..Pipeline::default() }
    }

    /// The same, of a source that has positions, or has none.
    pub fn with_positions(self, has_positions: bool) -> Pipeline {
        Pipeline { has_positions, ..self }
    }

    /// The same, of a source that goes on with a checkpoint that keeps positions, or keeps none, whatever it
    /// has itself.
    pub fn with_either(self, takes_either: bool) -> Pipeline {
        Pipeline { takes_either, ..self }
    }

    /// True if it goes on with a checkpoint of either kind.
    pub fn takes_either(&self) -> bool {
        self.takes_either
    }

    /// The same, with a log that has rows, or has none.
    pub fn with_logged_rows(self, logs_rows: bool) -> Pipeline {
        Pipeline { logs_rows, ..self }
    }

    /// The same, of a source that gives pairs, or gives records.
    pub fn with_pairs(self, gives_pairs: bool) -> Pipeline {
        Pipeline { gives_pairs, ..self }
    }

    /// True if its source gives pairs.
    pub fn gives_pairs(&self) -> bool {
        self.gives_pairs
    }

    /// True if the log of its input may have rows, which not all programs know.
    pub fn logs_rows(&self) -> bool {
        self.logs_rows
    }

    /// True if its source has positions.
    pub fn has_positions(&self) -> bool {
        self.has_positions
    }

    /// The name of its source.
    pub fn source(&self) -> Option<&str> {
        self.value(SOURCE)
    }

    /// What is left of it by a reset that keeps the positions: whose they are, if it has some, and what is
    /// in the log that is kept with them.
    pub fn of_positions(&self) -> Pipeline {
        if !self.has_positions {
            return Pipeline::default().with_logged_rows(self.logs_rows);
        }
        Pipeline::new(self.source().map(|source| (SOURCE, source))).with_positions(true)
    }

    /// What is another than it was, as in `--window was 6s, is 10s`.
    pub fn differences(&self, is: &Pipeline) -> Vec<String> {
        let mut flags: Vec<&str> = Vec::new();
        for (flag, _) in self.flags.iter().chain(&is.flags) {
            if !flags.contains(&flag.as_str()) {
                flags.push(flag);
            }
        }
        let differs = |flag: &&str| self.show(flag) != is.show(flag);
        let mut differences: Vec<_> = flags
            .into_iter()
            .filter(differs)
            .map(|flag| format!("{flag} was {}, is {}", self.show(flag), is.show(flag)))
            .collect();
        if differences.is_empty() && self.flags != is.flags {
            let order = |flags: &Pipeline| {
                flags.flags.iter().map(|(flag, _)| flag.as_str()).collect::<Vec<_>>().join(" ")
            };
            differences.push(format!("the order was {}, is {}", order(self), order(is)));
        }
        differences
    }

    /// The value of a flag; empty if it has none, nothing if it was not given.
    pub fn value(&self, flag: &str) -> Option<&str> {
        self.flags.iter().find(|(name, _)| name == flag).map(|(_, value)| value.as_str())
    }

    /// What was typed, about as it was.
    pub fn typed(&self) -> String {
        let argument = |(flag, value): &(String, String)| match (flag.as_str(), value.is_empty()) {
            (SOURCE, _) => value.clone(),
            // A step that was given nothing looks like a flag that takes nothing, and nobody minds.
            (_, true) => flag.clone(),
            (_, false) => format!("{flag} {}", quoted(value)),
        };
        self.flags.iter().map(argument).collect::<Vec<_>>().join(" ")
    }

    fn show(&self, flag: &str) -> String {
        let values = self.flags.iter().filter(|(name, _)| name == flag);
        let values: Vec<_> = values.map(|(_, value)| escape(value)).collect();
        match values.join(" ") {
            _ if values.is_empty() => "not given".to_string(),
            all if all.is_empty() => "given".to_string(),
            all => all,
        }
    }
}

/// One line a value, whatever it holds.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(line: &str) -> String {
    let (mut out, mut chars) = (String::new(), line.chars());
    while let Some(c) = chars.next() {
        out.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            (c, false) => c,
        });
    }
    out
}

/// What stands in `meta`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The checkpoint's own name.
    pub uuid: [u8; 16],
    /// Its pipeline; after a reset, what the next one must have in common with it.
    pub pipeline: Pipeline,
    /// True after a reset: the next start says which pipeline it is.
    pub is_reset: bool,
}

impl Meta {
    /// Reads the `meta` of the checkpoint in `dir`.
    pub fn read(disk: &dyn Disk, dir: &Path) -> Result<Meta, Error> {
        let path = dir.join(NAME);
        let bytes = read_whole(disk, &path, LONGEST).at(&path)?;
        let text = String::from_utf8_lossy(&bytes);
        let version = text.strip_prefix(FIRST).and_then(|rest| rest.lines().next()?.parse().ok());
        let dir = dir.display();
        if version.is_some_and(|version: u64| version > ROWS) {
            // Only the first line is sure to mean the same in every version.
            return Err(Error::Refused(format!(
                "--checkpoint {dir}: written by a newer weir (format {}; this one reads up to \
                 {ROWS}); run that one, or take another directory",
                version.unwrap_or_default()
            )));
        }
        Meta::decode(&text).ok_or_else(|| {
            Error::Refused(format!(
                "{}: damaged; without it nothing in {dir} can be read: remove the directory to \
                 start afresh",
                path.display()
            ))
        })
    }

    /// True if a `meta` that never was whole may begin with `bytes`, or they were not yet on the disk.
    pub fn is_begun(bytes: &[u8]) -> bool {
        let len = bytes.len().min(FIRST.len());
        bytes[..len] == FIRST.as_bytes()[..len] || bytes.iter().all(|&byte| byte == 0)
    }

    /// Puts it in place: the old `meta` or the new one, never a part of either.
    pub fn write(&self, disk: &dyn Disk, dir: &Path) -> Result<(), Error> {
        let (temp, bytes) = (dir.join(temporary(NAME)), self.encode().into_bytes());
        let mut file = disk.create(&temp).at(&temp)?;
        file.append(&bytes).at(&temp)?;
        place(disk, &mut *file, dir, NAME)
    }

    /// How the checkpoint's keys are written.
    pub fn keys(&self) -> Keys {
        Keys::of(self.pipeline.has_positions)
    }

    /// The lines.
    pub fn encode(&self) -> String {
        let Meta { uuid, pipeline, is_reset } = self;
        let version = match (pipeline.has_positions, pipeline.logs_rows) {
            (false, false) => PLAIN,
            // What can be read again is not logged.
            (true, _) => SPACED,
            (false, true) => ROWS,
        };
        let mut text = format!("{FIRST}{version}\nuuid {:032x}\n", u128::from_be_bytes(*uuid));
        text.push_str(if *is_reset { "reset\n" } else { "pipeline\n" });
        for (flag, value) in &pipeline.flags {
            let _ = writeln!(text, "{flag}={}", escape(value));
        }
        let crc = crc32c::crc32c(text.as_bytes());
        text + &format!("crc {crc:08x}\n")
    }

    fn decode(text: &str) -> Option<Meta> {
        let (lines, crc) = text.strip_suffix('\n')?.rsplit_once('\n')?;
        let crc = u32::from_str_radix(crc.strip_prefix("crc ")?, 16).ok()?;
        (crc == crc32c::crc32c(&text.as_bytes()[..=lines.len()])).then_some(())?;
        let mut lines = lines.lines();
        let version: u64 = lines.next()?.strip_prefix(FIRST)?.parse().ok()?;
        (PLAIN..=ROWS).contains(&version).then_some(())?;
        let (has_positions, logs_rows) = (version == SPACED, version == ROWS);
        let uuid = u128::from_str_radix(lines.next()?.strip_prefix("uuid ")?, 16).ok()?;
        let is_reset = match lines.next()? {
            "pipeline" => false,
            "reset" => true,
            _ => return None,
        };
        let flag = |line: &str| {
            let (flag, value) = line.split_once('=')?;
            Some((flag.to_string(), unescape(value)))
        };
        let flags = lines.map(flag).collect::<Option<Vec<_>>>()?;
        let pipeline = Pipeline { flags, has_positions, logs_rows, ..Pipeline::default() };
        let meta = Meta { uuid: uuid.to_be_bytes(), pipeline, is_reset };
        // What was written is read as it was written, or not at all: no digit has two cases.
        (meta.encode() == text).then_some(meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(flags: &[(&str, &str)]) -> Pipeline {
        Pipeline::new(flags.iter().copied())
    }

    #[test]
    fn meta_comes_back_and_no_bit_of_it_can_change() {
        let flags = pipeline(&[("--split", "a=\\b\n\rc"), ("--inverse", ""), ("--split", "")]);
        let cases = [(flags, false), (Pipeline::default(), true)];
        let versions = [(false, false), (true, false), (false, true)];
        for ((pipeline, is_reset), (has_positions, logs_rows)) in
            cases.into_iter().flat_map(|case| versions.map(|version| (case.clone(), version)))
        {
            let pipeline = pipeline.with_positions(has_positions).with_logged_rows(logs_rows);
            let meta = Meta { uuid: [7; 16], pipeline, is_reset };
            let text = meta.encode();
            assert_eq!(Meta::decode(&text), Some(meta));
            for bit in 0..text.len() * 8 {
                let mut bytes = text.clone().into_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Meta::decode(&String::from_utf8_lossy(&bytes)), None, "bit {bit}");
            }
        }
    }

    #[test]
    fn only_positions_and_logged_rows_make_a_checkpoint_that_older_programs_cannot_read() {
        let first = |pipeline: Pipeline| {
            let meta = Meta { uuid: [7; 16], pipeline, is_reset: false };
            meta.encode().lines().next().unwrap().to_string()
        };
        let files = pipeline(&[("source", "files"), ("--split", " ")]);
        assert_eq!(first(files.clone()), "weir checkpoint 1");
        assert_eq!(first(files.clone().with_positions(true)), "weir checkpoint 2");
        assert_eq!(first(files.clone().with_logged_rows(true)), "weir checkpoint 3");
        // Nobody has typed it.
        assert!(files.differences(&files.clone().with_positions(true)).is_empty());
        assert_eq!(files.with_positions(true).typed(), "files --split ' '");
    }

    #[test]
    fn differences_name_the_flag_and_both_values() {
        let was = pipeline(&[("--window", "6s"), ("--split", " "), ("--inverse", "")]);
        let is = pipeline(&[("--window", "10s"), ("--split", " "), ("--text", "trim")]);
        let differences = [
            "--window was 6s, is 10s",
            "--inverse was given, is not given",
            "--text was not given, is trim",
        ];
        assert_eq!(was.differences(&is), differences);
        let (was, is) = ([("-a", "1"), ("-b", "2")], [("-b", "2"), ("-a", "1")]);
        let differences = pipeline(&was).differences(&pipeline(&is));
        assert_eq!(differences, ["the order was -a -b, is -b -a"]);
        assert!(pipeline(&was).differences(&pipeline(&was)).is_empty());
    }
}
