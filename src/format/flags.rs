//! The flags of the formats.

use std::path::Path;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::FORMATS;
use crate::error::Error;
use crate::part::{Ability, Given, Header, Times, hold};
use crate::units;

/// The flags of the formats, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct Flags {
    /// How batches are written [default: what FILE of --output ends with, else pprint]
    ///
    /// A FILE that ends with .tsv gets tsv, one with .csv csv, one with .json or .jsonl json; all outputs
    /// of a run have one format, so of FILES that differ in this none counts.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<FormatName>,

    /// Print at most N records a batch, or `all` (pprint, scala) [default: 10, or N of --top]
    ///
    /// If there are more, `...` follows. The other formats write every record.
    #[arg(long, value_name = "N|all", value_parser = num)]
    pub num: Option<usize>,

    /// Write times in UTC, not in the local zone
    #[arg(long)]
    pub utc: bool,

    /// Write times as seconds since the epoch (tsv, csv, json)
    #[arg(long, conflicts_with = "no_time")]
    pub epoch: bool,

    /// Leave the time out (tsv, csv, json)
    #[arg(long)]
    pub no_time: bool,

    /// Begin with a line that names the columns (tsv; csv does so anyway)
    ///
    /// Each file of --output-dir and each batch of --exec has one; a FILE of --output that is not
    /// empty gets no other.
    #[arg(long, conflicts_with = "no_header")]
    pub header: bool,

    /// Begin without such a line (csv)
    #[arg(long)]
    pub no_header: bool,

    /// Do not print, write or pass on a batch without rows
    #[arg(long)]
    pub skip_empty: bool,
}

/// What the name of a FILE ends with, and the format that it says.
const ENDINGS: &[(&str, &str)] =
    &[("tsv", "tsv"), ("csv", "csv"), ("json", "json"), ("jsonl", "json")];

impl Flags {
    /// The format that is meant, by the flag or by what the output's files are called.
    pub fn format<'a>(&self, files: impl Iterator<Item = &'a Path>) -> FormatName {
        let mut said = files.filter_map(said_by);
        let agreed = said.next().filter(|first| said.all(|other| other == *first));
        self.format.or(agreed).unwrap_or(FormatName(0))
    }

    /// What the flag calls the format, if it was typed.
    pub fn typed(&self) -> Option<&'static str> {
        self.format.as_ref().map(|name| FORMATS[name.0].name)
    }

    /// True if the format is to begin with a line of names.
    pub fn has_header(&self, can: Ability) -> bool {
        match can.header {
            Header::None => false,
            Header::Asked => self.header,
            Header::Given => !self.no_header,
        }
    }

    /// Refuses what does not go with the format, or with what else was given.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        let can = given.format;
        let counts = given.aggregate.is_some_and(|aggregate| aggregate.counts);
        let has_own = can.times == Times::Own;
        hold(&[
            (
                can.of_counts && !counts,
                "--format uniq: writes counts; --count-by-key or --count makes them",
            ),
            (
                self.num.is_some() && !can.prints_part,
                "--num: only pprint and scala print a part of a batch; --top selects for all formats",
            ),
            (
                self.epoch && has_own,
                "--epoch: pprint and scala have a Time of their own; --format tsv, csv or json",
            ),
            (
                self.epoch && can.times == Times::None,
                "--epoch: text and uniq write no Time; --format tsv, csv or json",
            ),
            (
                self.no_time && has_own,
                "--no-time: pprint and scala have a Time of their own; --format tsv, csv, json or text",
            ),
            (
                self.header && can.header == Header::None,
                "--header: only --format tsv and csv have one",
            ),
            (
                self.no_header && can.header == Header::None,
                "--no-header: only --format csv and tsv could have one",
            ),
        ])
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
    use clap::{Arg, ArgAction, Args, Command, FromArgMatches};

    fn format(args: &[&str]) -> &'static str {
        let command = Flags::augment_args(Command::new("weir").no_binary_name(true));
        let output = Arg::new("o").short('o').action(ArgAction::Append);
        let matches = command.arg(output).get_matches_from(args);
        let files = matches.get_many::<String>("o").into_iter().flatten().map(Path::new);
        FORMATS[Flags::from_arg_matches(&matches).unwrap().format(files).0].name
    }

    #[test]
    fn the_end_of_a_file_says_the_format_unless_the_flag_does() {
        let table: [(&[&str], &str); 12] = [
            (&[], "pprint"),
            (&["-o", "a.json"], "json"),
            (&["-o", "a.jsonl"], "json"),
            (&["-o", "dir.json/a.TSV"], "tsv"),
            (&["-o", "a.csv"], "csv"),
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
