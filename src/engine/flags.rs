//! The engine's flags.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::part::{Given, hold};
use crate::say::Level;
use crate::units;

/// Engine flags, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Engine")]
pub struct Flags {
    /// The batch interval: batches end at multiples of D since the epoch [default: 1s]
    ///
    /// D is a number of seconds (6, 0.5) or has units (500ms, 2s, 5m, 1h30m, 1d, 1w). With 0 there are
    /// no batches: without an aggregate each record is printed at once, bare; with one and --update-state
    /// each record's result is.
    #[arg(short, long, value_name = "D", value_parser = units::duration)]
    pub interval: Option<Duration>,

    /// Take everything that is available now as one batch, then exit
    ///
    /// stdin: to its end. Sockets: until the first one is closed by the other side. A regular file
    /// on stdin is read so anyway, unless --interval is given.
    #[arg(short = '1', long)]
    pub once: bool,

    /// Stop after N batches
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub batches: Option<u64>,

    /// Stop after D; the open batch is printed
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub duration: Option<Duration>,

    /// Fold with N threads [default: the cores it may use]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,

    /// Read at most N records a second; N may be 5k or 2M, as all counts may
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub max_rate: Option<u64>,

    /// Records end with NUL, not with a newline
    ///
    /// As `find -print0` writes them. A newline is then a byte like others, and a \r before the NUL stays.
    /// Plain records and pairs that --format text writes without an aggregate end with NUL too; all other
    /// rows are lines.
    #[arg(short = '0', long = "null")]
    pub null: bool,

    /// The longest record; a longer one is bad
    ///
    /// SIZE is a number of bytes, or has a unit: 64K (or 64KiB: 65536 bytes; 64kB is 64000), 16M, 1G
    /// (at most 1G). What ends the record, \n, \r\n or the NUL of -0, does not count.
    #[arg(long, value_name = "SIZE", value_parser = max_record, default_value = "16M")]
    pub max_record: usize,

    /// What becomes of bad records: skip, fail, or a file
    ///
    /// skip counts them and says so on stderr, at most once a second. fail ends the run, with status 1
    /// then. A FILE gets a line of JSON for each: reason, position, record. The position is where the
    /// record begins in what was read, whatever part of it is bad; the record is as it was read, but for
    /// what --lower and --upper do to letters. A part that is bad alone is `part`, and `at` is the byte of
    /// the record where it stands; of several parts of a record the first has the record. Of a record that
    /// is too long only the beginning is kept; `"cut":true` says that it goes on, or had not ended when it was
    /// refused.
    #[arg(long, value_name = "skip|fail|FILE", default_value = "skip")]
    pub on_bad: OsString,

    /// Keep state, windows and positions in DIR, and go on from there at the next start
    ///
    /// After a crash, kill -9 or a reboot the same command goes on where it was. DIR is made if it is
    /// missing, in a directory that is there, and is of one command: what changes the meaning of the state (steps, aggregate,
    /// window) must stay the same; format, selection and outputs may change. `weir checkpoint show
    /// DIR` says what it holds, `weir checkpoint reset DIR` forgets it.
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,

    /// Keep a write-ahead log of the input in DIR; with --checkpoint this is the default
    ///
    /// For input that cannot be read again: sockets and pipes. A client of listen that has sent all
    /// reads the end of the stream when the log has it.
    #[arg(long, conflicts_with = "no_wal")]
    pub wal: bool,

    /// Keep no such log: a crash loses the open batch
    #[arg(long)]
    pub no_wal: bool,

    /// End at the latest D after a signal, with status 1, whatever the outputs do
    ///
    /// A first signal ends the stream in order, and that takes as long as an output or a command of --exec takes.
    /// With this flag weir ends itself when D is over. What is not out by then is owed to the next start, with
    /// --checkpoint; without, it is lost.
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub shutdown_timeout: Option<Duration>,

    /// Print the pipeline instead of running it, and what becomes of the first records
    ///
    /// Where stdin is no terminal, its first ten records are shown after each step; they stand in for what
    /// another source would give. A pipe in which nothing comes is waited for two seconds. No socket is
    /// opened, no checkpoint looked at.
    #[arg(long)]
    pub explain: bool,

    /// Take flags from FILE, one argument a line; $WEIR_CONFIG names one as well
    ///
    /// A line is --flag=ARGUMENT, --flag ARGUMENT or one of both, without a shell's quotes; blanks before it, empty
    /// lines and those that begin with # pass. Any flag may stand there; what is typed, or set in the environment
    /// (WEIR_INTERVAL for --interval), counts more. Flags of other sources are passed over. An empty FILE is none.
    #[arg(long, value_name = "FILE")]
    pub config: Option<OsString>,

    /// Run by a virtual clock that starts at MS since the epoch: for tests
    #[arg(long, value_name = "MS", hide = true)]
    pub virtual_clock: Option<i64>,

    /// Say more on stderr: who connects, and a summary at the end
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,

    /// Say nothing on stderr but errors and losses
    #[arg(short, long)]
    pub quiet: bool,
}

impl Flags {
    /// What ends a record.
    pub fn delimiter(&self) -> u8 {
        if self.null { 0 } else { b'\n' }
    }

    /// How long the run may take to end once a signal has come, and what is to be said if it takes longer.
    pub fn limit(&self) -> Option<(Duration, String)> {
        let span = self.shutdown_timeout?;
        let rest = match &self.checkpoint {
            Some(dir) => {
                format!("what is not out is owed to the next start from {}", dir.display())
            }
            None => "what is not out is lost; with --checkpoint the next start would go on with it"
                .to_string(),
        };
        let shown = units::show_duration(span);
        Some((
            span,
            format!(
                "--shutdown-timeout: {shown} after the signal an output has not taken all; {rest}"
            ),
        ))
    }

    /// How much is to be said.
    pub fn level(&self) -> Level {
        match (self.quiet, self.verbose) {
            (true, _) => Level::Losses,
            (false, true) => Level::Details,
            (false, false) => Level::Notes,
        }
    }

    /// Refuses what does not go with what else was given.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        let aggregate_at_once = given.record_at_a_time && given.aggregate.is_some();
        hold(&[
            (
                self.on_bad.is_empty(),
                "--on-bad: what is empty names no file; it is skip, fail or a path",
            ),
            (
                self.on_bad == "-",
                "--on-bad -: stdout is for results; --on-bad /dev/stderr says each on stderr, and ./- is a file of \
                 that name",
            ),
            (
                aggregate_at_once && given.window,
                "--interval 0: a window needs batches, so the interval is longer",
            ),
            (
                aggregate_at_once && !given.update_state,
                "--interval 0: an aggregate needs --update-state to have a result at each record",
            ),
            (
                given.record_at_a_time && given.steps_need_batches,
                "--interval 0: --pipe runs once a batch, so the interval is longer",
            ),
            (!given.lasts && self.wal, "--wal: needs --checkpoint DIR, where the log is kept"),
            (!given.lasts && self.no_wal, "--no-wal: without --checkpoint there is no log"),
            (
                given.record_at_a_time && self.batches.is_some(),
                "--batches: with --interval 0 there are no batches; --duration ends the run",
            ),
        ])
    }
}

fn at_least_one(text: &str) -> Result<u64, String> {
    units::whole(text, 1)
}

fn threads(text: &str) -> Result<usize, String> {
    match units::whole(text, 1)? {
        number @ ..=256 => Ok(number as usize),
        _ => Err("more than 256".to_string()),
    }
}

/// Spans of a chunk are 32 bits wide, so records have to stay well below 4 GiB.
fn max_record(text: &str) -> Result<usize, String> {
    match units::size(text)? {
        0 => Err("no record is that short".to_string()),
        size if size > 1 << 30 => Err("more than 1G".to_string()),
        size => Ok(size),
    }
}
