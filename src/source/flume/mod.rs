//! Flume: `push`, which avro sinks call, `pull`, which asks SparkSinks, and what both share.

pub mod pull;
pub mod push;
#[cfg(test)]
pub mod sim;

use crate::part::Resolved;
use crate::source::Form;
use crate::wire::flume::rows::{Key, Rows};

/// How much longer than one record a batch may be.
const BATCH: usize = 64 << 20;

/// The flags of all sources of events.
#[derive(clap::Args)]
#[group(skip)]
pub struct Flags {
    /// Make a pair of each event: its headers, and its body
    ///
    /// The key is a JSON object of all headers in the order of their names, as in {"host":"a","k":"v"}.
    /// Steps work on the key, so that --json .host keeps the header `host`, and --values gives the bodies
    /// back.
    #[arg(long, conflicts_with = "with_header")]
    with_headers: bool,

    /// Make a pair of each event: its header of this name, and its body
    ///
    /// Events without this header have a key of their own, which is not the empty one: None in pprint,
    /// null in json.
    #[arg(long, value_name = "NAME")]
    with_header: Option<String>,
}

impl Flags {
    /// How events become rows, if a body has at most `max` bytes.
    fn rows(&self, max: usize) -> Rows {
        let key = match &self.with_header {
            Some(name) => Key::Header(name.clone()),
            None if self.with_headers => Key::All,
            None => Key::None,
        };
        Rows { key, max }
    }

    /// By what a checkpoint knows them.
    fn identity(&self) -> Resolved {
        match &self.with_header {
            Some(name) => vec![("--with-header".to_string(), name.clone())],
            None if self.with_headers => vec![("--with-headers".to_string(), String::new())],
            None => Resolved::new(),
        }
    }
}

/// How events stand in a chunk.
fn form(rows: &Rows) -> Form {
    if rows.key == Key::None { Form::Records } else { Form::Pairs }
}

/// The longest message in which events come, if a body has at most `max` bytes.
fn longest(max: usize) -> usize {
    max.saturating_add(BATCH).min(1 << 30)
}

#[cfg(test)]
mod tests;
