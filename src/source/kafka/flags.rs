//! What is typed behind `weir kafka`.

use super::start::Start;
use crate::error::Error;
use crate::part::Resolved;
use crate::units;

/// The source's own flags.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub struct Flags {
    /// The brokers to ask first, HOST:PORT with commas between
    ///
    /// They tell of all others. bootstrap.servers of -X or -F stands for it.
    #[arg(short, long, value_name = "LIST")]
    pub brokers: Option<String>,

    /// The topic to read; may be repeated, or be a list with commas
    ///
    /// All partitions of all topics are one stream. What begins with ^ is a regular expression: all topics that
    /// it matches, also those that come later. A partition that appears while weir runs is read from its first
    /// record on, and with --checkpoint also one that appears while it does not. A record is the value of a message,
    /// whatever bytes are in it; one without a value is an empty record.
    #[arg(short, long, value_name = "T", required = true)]
    pub topic: Vec<String>,

    /// Read as a member of this group: several processes share the partitions
    ///
    /// Offsets are committed when the batch is out, and not before; a member that dies is followed by another,
    /// and the records of one batch at most come again. A partition that the group has not read begins where
    /// --from says. When partitions go to another member the open batch is cut short and printed first, and
    /// state and windows stay behind: counts by key are whole in one member only where the producer puts equal
    /// keys into one partition. With --checkpoint weir reads all partitions itself, from where the checkpoint says,
    /// and the group gets offsets for those who watch its lag. --group G says the same; without a word behind it
    /// that is the aggregate.
    #[arg(short = 'G', long, value_name = "G")]
    pub group_id: Option<String>,

    /// Where to begin: earliest, latest, an offset, -N, -10m or @TIME [default: latest; with --once earliest]
    ///
    /// -N are the last N of each partition, -10m is ten minutes ago, @TIME a moment as RFC 3339 or in ms since the
    /// epoch. A start that goes on from a --checkpoint is where it was, and --from counts for topics that are
    /// typed for the first time.
    #[arg(long, value_name = "WHERE", value_parser = Start::parse)]
    pub from: Option<Start>,

    /// What becomes of the run when records that are to come next are not there [default: fail]
    ///
    /// They were deleted before they were read, or the topic was deleted and made anew. fail ends the run with
    /// status 2 and says what is wanted and what there is. earliest goes on with the first record there is,
    /// latest with what comes; both say what is lost.
    #[arg(long, value_name = "fail|earliest|latest")]
    pub on_offset_reset: Option<OnReset>,

    /// Read at most N records a second of each partition; N may be 5k or 2M
    ///
    /// As Spark's maxRatePerPartition, so that one partition with much in it does not keep the others waiting.
    /// A tenth of a second may be saved up.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub max_rate_per_partition: Option<u64>,

    /// Make a pair of each message: its key, and its value
    ///
    /// A message without a key has none: None in pprint, null in json, empty elsewhere. Of these flags one at
    /// most; steps work on the key, and --values gives the values back.
    #[arg(long, group = "with")]
    pub with_key: bool,

    /// Make a pair of each message: its topic, and its value
    #[arg(long, group = "with")]
    pub with_topic: bool,

    /// Make a pair of each message: the number of its partition, and its value
    #[arg(long, group = "with")]
    pub with_partition: bool,

    /// Make a pair of each message: the header NAME, the last one of that name, and its value
    #[arg(long, value_name = "NAME", group = "with")]
    pub with_header: Option<String>,

    /// Make a pair of each message: its headers as a JSON object, and its value
    ///
    /// They stand in their order; of several with one name all do. A header without a value is null.
    #[arg(long, group = "with")]
    pub with_headers: bool,
}

/// What becomes of a run that cannot go on where it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnReset {
    /// It ends.
    #[default]
    Fail,
    /// It goes on with the first record there is.
    Earliest,
    /// It goes on with what comes.
    Latest,
}

/// What the key of each pair is, if records are pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    /// The message's key.
    Key,
    /// Its topic.
    Topic,
    /// Its partition.
    Partition,
    /// One of its headers.
    Header(Vec<u8>),
    /// All of them.
    Headers,
}

impl Flags {
    /// What the key of each pair is, if records are pairs.
    pub fn with(&self) -> Option<With> {
        match (&self.with_header, self.with_key, self.with_topic, self.with_partition) {
            (Some(name), ..) => Some(With::Header(name.clone().into_bytes())),
            (None, true, ..) => Some(With::Key),
            (None, _, true, _) => Some(With::Topic),
            (None, _, _, true) => Some(With::Partition),
            _ => self.with_headers.then_some(With::Headers),
        }
    }

    /// By what a checkpoint knows the source: what records are. Topics may come and go.
    pub fn identity(&self) -> Resolved {
        let flag = |name: &str, value: &str| vec![(name.to_string(), value.to_string())];
        match self.with() {
            None => Resolved::new(),
            Some(With::Key) => flag("--with-key", ""),
            Some(With::Topic) => flag("--with-topic", ""),
            Some(With::Partition) => flag("--with-partition", ""),
            Some(With::Header(name)) => flag("--with-header", &String::from_utf8_lossy(&name)),
            Some(With::Headers) => flag("--with-headers", ""),
        }
    }

    /// Each topic that was typed.
    pub fn topics(&self) -> Result<Vec<String>, Error> {
        let mut topics: Vec<String> = Vec::new();
        for typed in &self.topic {
            // A comma may stand in a regular expression, and in no topic.
            let names: Vec<&str> = match typed.starts_with('^') {
                true => vec![typed],
                false => typed.split(',').map(str::trim).collect(),
            };
            for name in names {
                if name.is_empty() {
                    return Err(Error::usage(format!(
                        "--topic {typed}: what is empty is no topic"
                    )));
                }
                if !topics.iter().any(|topic| topic == name) {
                    topics.push(name.to_string());
                }
            }
        }
        Ok(topics)
    }
}

fn at_least_one(text: &str) -> Result<u64, String> {
    units::whole(text, 1)
}
