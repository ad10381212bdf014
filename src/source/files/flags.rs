//! What is typed behind `files`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches, ValueEnum};

use super::done::Done;
use crate::error::Error;
use crate::units;

/// Where files begin that are there at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// At their beginning.
    Earliest,
    /// At their end.
    Latest,
}

#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Flags {
    /// Files, directories and patterns; `-` is standard input
    ///
    /// A file is read to its end. Of a directory, each file that appears in it is read once, in the order in
    /// which they appear: when it was moved there, was closed after it was written, or has not grown for
    /// --quiet-after. A file that grows later is read on. Directories below it are not looked into. A pattern
    /// in quotes is weir's: *, ?, [a-z], and ** for any number of directories; a path that is there is no
    /// pattern. .gz and .zst are unpacked. Files and patterns without --follow are one batch, as with
    /// --once, unless --interval is given.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Read on files that grow, as tail -F does, across rotation
    ///
    /// A file that is renamed is read to its end, also what is still written to it, while the new one of its
    /// name is read from its beginning; one that is cut (copytruncate) or overwritten is read from its
    /// beginning. A last line without its newline waits; it is a record when its file was rotated away, or was
    /// cut. Files that come to a directory or match a pattern later are followed too.
    #[arg(long)]
    pub follow: bool,

    /// Where files begin that are there at the start: earliest|latest
    ///
    /// The default is latest for directories and with --follow, and earliest for files that are read to their
    /// end, and with --once. A checkpoint knows how far each was read; what came while nobody ran is read from
    /// its beginning.
    #[arg(long, value_name = "earliest|latest", hide_possible_values = true)]
    pub from: Option<From>,

    /// What becomes of a file whose last record is out: keep|delete|archive DIR
    ///
    /// DIR is on the same disk; nothing in it is overwritten: a name that is taken gets a number. A file that
    /// has grown meanwhile stays, and is read on.
    #[arg(long, value_names = ["keep|delete|archive", "DIR"], num_args = 1..=2, default_value = "keep")]
    pub done: Vec<OsString>,

    /// How long a file in a directory must not have grown before it is read
    ///
    /// Files that are moved there, or whose writer closes them, need not wait for it.
    #[arg(long, value_name = "D", default_value = "2s", value_parser = units::duration)]
    pub quiet_after: Duration,

    /// Read files in directories whatever they are called
    ///
    /// Without it names are left alone that begin with . or _ or end with .tmp, .part or ._COPYING_, as those
    /// of files do that are not complete.
    #[arg(long)]
    pub all_names: bool,

    /// Make a pair of each line: the path of its file, and the line
    ///
    /// The key is the path by which the file was found, also when it was renamed since. Steps work on the key,
    /// and --values gives the lines back.
    #[arg(long)]
    pub with_path: bool,
}

/// Adds them to the command.
pub fn arguments(command: Command) -> Command {
    <Flags as clap::Args>::augment_args(command)
        .about("Read files, or those that appear in directories")
}

impl Flags {
    /// What was typed, and what becomes of files that are done.
    pub fn parse(matches: &ArgMatches) -> Result<(Flags, Done), Error> {
        let mut flags =
            Flags::from_arg_matches(matches).map_err(|err| Error::usage(err.to_string()))?;
        let (done, used) = Done::parse(&flags.done)?;
        // What stands behind is a path like others; where, tells the place of its word.
        if let Some(word) = flags.done.get(used) {
            let at = matches.indices_of("done").and_then(|mut at| at.nth(used));
            let before = matches
                .indices_of("paths")
                .map_or(0, |all| all.filter(|path| Some(*path) < at).count());
            flags.paths.insert(before.min(flags.paths.len()), PathBuf::from(word));
        }
        if flags.paths.is_empty() {
            return Err(Error::usage("a PATH is missing: weir files FILE, DIR or 'PATTERN' ..."));
        }
        if flags.follow && done != Done::Keep {
            return Err(Error::usage(
                "--done: not with --follow: a file that is followed is never done",
            ));
        }
        Ok((flags, done))
    }
}
