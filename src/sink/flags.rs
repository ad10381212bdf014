//! The flags of the outputs.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::outputs::{OnFail, Target};
use super::topic::Destination;
use crate::error::Error;
use crate::part::{Given, hold};

/// The flags of the outputs, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct Flags {
    /// Append each batch to FILE, `-` for stdout; may be repeated
    ///
    /// FILE is made if it is missing. If it is replaced or deleted, as log rotation does, the next
    /// batch goes to the file that is then there. With this flag, --output-dir, --to-kafka or --exec nothing is
    /// printed on stdout, unless there is `-o -`.
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,

    /// Write each batch to a file of its own in DIR
    ///
    /// The file is DIR/batch-TIME.EXT: TIME in milliseconds since the epoch, EXT txt, tsv, csv or
    /// json by the format. It is complete when it appears, and none is replaced: the next free Time is taken.
    /// DIR is made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,

    /// Send each row to TOPIC of Kafka, as a message
    ///
    /// The row's key is the message's key, and its value the value, whatever bytes are in them: a record that has
    /// no key has none as a message either, several statistics have tabs between them, and with --format json
    /// the value is the row as an object. Which partition a key goes to, -X partitioner says. Without a
    /// checkpoint a batch is over when the brokers have it, and a message may come twice. With --checkpoint a
    /// batch is one transaction, and comes exactly once for who reads what is committed
    /// (isolation.level=read_committed); the brokers keep the number of the last one as the offset of a group of
    /// the checkpoint's own name. Brokers that go away are waited for.
    #[arg(long, value_name = "TOPIC")]
    pub to_kafka: Option<String>,

    /// The brokers of --to-kafka, HOST:PORT with commas between [default: those of weir kafka]
    ///
    /// bootstrap.servers of -X or -F stands for it too.
    #[arg(long, value_name = "LIST")]
    pub to_brokers: Option<String>,

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

    /// Show the report on the terminal, with bars, and draw it anew with each batch
    ///
    /// stdout must be a terminal, of which the whole window is used until the end; then the last report stays. The
    /// window may change its size. Without an aggregate the last records are shown. Nothing is printed beside that:
    /// -o FILE and the like keep the batches as well.
    #[arg(long)]
    pub live: bool,
}

impl Flags {
    /// Refuses what does not go with what else was given.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        let bare = given.record_at_a_time;
        let is_printed = self.output.iter().any(|path| path == Path::new("-"));
        hold(&[
            (
                self.live && is_printed,
                "--live: draws on stdout, where -o - prints; -o FILE keeps the batches",
            ),
            (
                self.live && !std::io::stdout().is_terminal(),
                "--live: draws on a terminal, and stdout is none; without --live each batch is printed",
            ),
            (
                bare && self.output_dir.is_some(),
                "--output-dir: with --interval 0 there are no batches; -o appends each record",
            ),
            (
                bare && self.exec.is_some(),
                "--exec: with --interval 0 there are no batches; a pipe gets each record",
            ),
            (
                self.exec.as_ref().is_some_and(|command| command.is_empty()),
                "--exec: what is empty is no command",
            ),
            (
                self.to_kafka.as_ref().is_some_and(|topic| topic.is_empty()),
                "--to-kafka: what is empty is no topic",
            ),
            (
                self.to_kafka.is_some()
                    && self.output.is_empty()
                    && self.output_dir.is_none()
                    && self.exec.is_none()
                    && given.format_typed.is_some_and(|name| !["json", "text"].contains(&name)),
                "--to-kafka: a message has the row's value, or the row by --format json; other formats are \
                 for -o and the like",
            ),
            (
                self.to_brokers.is_some() && self.to_kafka.is_none(),
                "--to-brokers: needs --to-kafka, whose brokers they are",
            ),
            (
                self.on_exec_fail.is_some() && self.exec.is_none(),
                "--on-exec-fail: needs --exec, whose command it is about",
            ),
        ])
    }

    /// True if all rows are needed, whatever the format prints of them.
    pub fn needs_all_rows(&self) -> bool {
        self.exec.is_some() || self.to_kafka.is_some()
    }

    /// The outputs that are meant, in the order in which they get each batch; the names of files that
    /// are made end with `extension`, and `topic` is where messages go.
    pub fn targets(&self, extension: &'static str, topic: Option<Destination>) -> Vec<Target> {
        let file = |path: &PathBuf| match path == Path::new("-") {
            true => Target::Stdout,
            false => Target::File(path.clone()),
        };
        let dir = |path: &PathBuf| Target::Dir { path: path.clone(), extension };
        let files = self.output.iter().map(file).chain(self.output_dir.iter().map(dir));
        let on_fail = self.on_exec_fail.unwrap_or_default();
        let exec = |command: &OsString| Target::Exec { command: command.clone(), on_fail };
        let files = files.chain(topic.map(Target::Topic));
        let targets: Vec<_> = files.chain(self.exec.iter().map(exec)).collect();
        if targets.is_empty() && !self.live { vec![Target::Stdout] } else { targets }
    }
}
