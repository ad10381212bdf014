//! The flags of the output.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::FORMATS;

/// Output flags, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct Flags {
    /// How batches are written
    #[arg(long, value_name = "FORMAT", default_value = FORMATS[0].name)]
    pub format: FormatName,

    /// Print at most N records a batch, or `all` (pprint) [default: 10, or N of --top]
    ///
    /// If there are more, `...` follows. The other formats write every record.
    #[arg(long, value_name = "N|all", value_parser = num, allow_hyphen_values = true)]
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
    #[arg(long)]
    pub header: bool,

    /// Do not print a batch without rows
    #[arg(long)]
    pub skip_empty: bool,
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
        _ => text.parse().map_err(|_| "neither a number of records nor `all`".to_string()),
    }
}
