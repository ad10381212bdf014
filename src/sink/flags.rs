//! The flags of the output.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::FORMATS;
use super::outputs::{OnFail, Target};
use crate::units;

/// Output flags, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct Flags {
    /// How batches are written [default: what FILE of --output ends with, else pprint]
    ///
    /// A FILE that ends with .tsv gets tsv, one with .json or .jsonl json; all outputs of a run have one
    /// format, so of FILES that differ in this none counts.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FormatName>,

    /// Print at most N records a batch, or `all` (pprint) [default: 10, or N of --top]
    ///
    /// If there are more, `...` follows. The other formats write every record.
    #[arg(long, value_name = "N|all", value_parser = num)]
    pub num: Option<usize>,

    /// Write times in UTC, not in the local zone
    #[arg(long)]
    pub utc: bool,

    /// Write times as seconds since the epoch (tsv, json)
    #[arg(long, conflicts_with = "no_time")]
    pub epoch: bool,

    /// Leave the time out (tsv, json)
    #[arg(long)]
    pub no_time: bool,

    /// Begin with a line that names the columns (tsv)
    ///
    /// Each file of --output-dir and each batch of --exec has one; a FILE of --output that is not
    /// empty gets no other.
    #[arg(long)]
    pub header: bool,

    /// Do not print, write or pass on a batch without rows
    #[arg(long)]
    pub skip_empty: bool,

    /// Append each batch to FILE, `-` for stdout; may be repeated
    ///
    /// FILE is made if it is missing. If it is replaced or deleted, as log rotation does, the next
    /// batch goes to the file that is then there. With this flag, --output-dir or --exec nothing is
    /// printed on stdout, unless there is `-o -`.
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,

    /// Write each batch to a file of its own in DIR
    ///
    /// The file is DIR/batch-TIME.EXT: TIME in milliseconds since the epoch, EXT txt, tsv or json by
    /// the format. It is complete when it appears, and none is replaced: the next free Time is taken.
    /// DIR is made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,

    /// Run CMD for each batch, with the batch on its stdin
    ///
    /// CMD is run by `sh -c`, with the Time in WEIR_TIME, in milliseconds since the epoch, and the
    /// number of rows in WEIR_RECORDS. weir waits for it, and fails if it fails.
    #[arg(long, value_name = "CMD")]
    pub exec: Option<OsString>,

    /// What becomes of the run when CMD of --exec fails [default: fail]
    ///
    /// CMD fails if its status is not 0: that of the last command in it. `[ $n -gt 10 ] && echo $n` so
    /// fails at each batch that is below; `if [ $n -gt 10 ]; then echo $n; fi` does not.
    #[arg(long, value_name = "fail|retry|warn")]
    pub on_exec_fail: Option<OnFail>,
}

/// What the name of a FILE ends with, and the format that it says.
const ENDINGS: &[(&str, &str)] = &[("tsv", "tsv"), ("json", "json"), ("jsonl", "json")];

impl Flags {
    /// The format that is meant.
    pub fn format(&self) -> FormatName {
        let mut said = self.output.iter().filter_map(|path| said_by(path));
        let first = said.next().filter(|first| said.all(|other| other == *first));
        self.format.or(first).unwrap_or(FormatName(0))
    }

    /// The outputs that are meant, in the order in which they get each batch.
    pub fn targets(&self) -> Vec<Target> {
        let extension = FORMATS[self.format().0].extension;
        let file = |path: &PathBuf| match path == Path::new("-") {
            true => Target::Stdout,
            false => Target::File(path.clone()),
        };
        let dir = |path: &PathBuf| Target::Dir { path: path.clone(), extension };
        let files = self.output.iter().map(file).chain(self.output_dir.iter().map(dir));
        let on_fail = self.on_exec_fail.unwrap_or_default();
        let exec = |command: &OsString| Target::Exec { command: command.clone(), on_fail };
        let targets: Vec<_> = files.chain(self.exec.iter().map(exec)).collect();
        if targets.is_empty() { vec![Target::Stdout] } else { targets }
    }
}

/// The format that the end of a path says.
fn said_by(path: &Path) -> Option<FormatName> {
    let ending = path.extension()?;
    let (_, name) = ENDINGS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known))?;
    FORMATS.iter().position(|spec| spec.name == *name).map(FormatName)
}

/// The name of a format: its place in [`FORMATS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatName(pub usize);

impl ValueEnum for FormatName {
    fn value_variants<'a>() -> &'a [FormatName] {
        const NAMES: [FormatName; FORMATS.len()] = {
            let mut names = [FormatName(0); FORMATS.len()];
            let mut at = 0;
            while at < names.len() {
                names[at] = FormatName(at);
                at += 1;
            }
            names
        };
        &NAMES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let spec = &FORMATS[self.0];
        Some(PossibleValue::new(spec.name).help(spec.help))
    }
}

fn num(text: &str) -> Result<usize, String> {
    match text {
        "all" => Ok(usize::MAX),
        _ => match units::whole(text, 0) {
            Ok(number) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
            Err(why) => Err(format!("{why}, or `all`")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, Command, FromArgMatches};

    fn format(args: &[&str]) -> &'static str {
        let command = Flags::augment_args(Command::new("weir").no_binary_name(true));
        let flags = Flags::from_arg_matches(&command.get_matches_from(args)).unwrap();
        FORMATS[flags.format().0].name
    }

    #[test]
    fn the_end_of_a_file_says_the_format_unless_the_flag_does() {
        let table: [(&[&str], &str); 11] = [
            (&[], "pprint"),
            (&["-o", "a.json"], "json"),
            (&["-o", "a.jsonl"], "json"),
            (&["-o", "dir.json/a.TSV"], "tsv"),
            (&["-o", "a.tsv", "--format", "json"], "json"),
            (&["-o", "a.tsv", "--format", "pprint"], "pprint"),
            (&["-o", "a.txt"], "pprint"),
            (&["-o", "json"], "pprint"),
            (&["-o", "a.json", "-o", "-", "-o", "b"], "json"),
            (&["-o", "a.json", "-o", "b.jsonl"], "json"),
            (&["-o", "a.json", "-o", "b.tsv", "-o", "c.json"], "pprint"),
        ];
        for (args, name) in table {
            assert_eq!(format(args), name, "{args:?}");
        }
    }
}
