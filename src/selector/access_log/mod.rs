//! Access logs of web servers: the common and the combined format, as nginx and Apache write them.
//!
//! ```text
//! ::1 - joe [07/Sep/2025:15:58:36 +0200] "GET /a?b HTTP/1.1" 200 512 "http://h/" "agent \"x\"" 0.137
//! host  user time                         method path protocol  bytes referer      agent
//!     ident                              request            status                             junk
//! ```
//!
//! What the client has put into the request, the referer and the agent moves no other part: a quote
//! begins behind a blank and ends at one that no backslash escapes and behind which a blank stands, or
//! nothing. Parts are given as they stand, escapes too. A line may end early, or go on: what is not there is
//! missed only by who asks for it.

mod line;

use std::fmt::{self, Display};

use super::{Found, Lack, Selector, items, mistake};
use line::Line;

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The client: a name or an address.
    Host,
    /// What identd says of the user, mostly `-`.
    Ident,
    /// Who was logged in, or `-`.
    User,
    /// The time, as it stands between the brackets.
    Time,
    /// The minute of the time, in the log's own time zone: `2025-09-07T15:58`.
    Minute,
    /// The hour of the time: `2025-09-07T15`.
    Hour,
    /// The method of the request.
    Method,
    /// What was requested, with its query.
    Path,
    /// The protocol: `HTTP/1.1`.
    Protocol,
    /// The status: three digits.
    Status,
    /// The class of the status: `5xx`.
    Class,
    /// The whole request, as it stands between the quotes.
    Request,
    /// How many bytes were sent; `-` is 0.
    Bytes,
    /// The page that led there, or `-`.
    Referer,
    /// The client's program, or `-`.
    Agent,
}

/// The parts there are, as they are typed.
const NAMES: [(&str, Item); 15] = [
    ("host", Item::Host),
    ("ident", Item::Ident),
    ("user", Item::User),
    ("time", Item::Time),
    ("minute", Item::Minute),
    ("hour", Item::Hour),
    ("method", Item::Method),
    ("path", Item::Path),
    ("protocol", Item::Protocol),
    ("status", Item::Status),
    ("class", Item::Class),
    ("request", Item::Request),
    ("bytes", Item::Bytes),
    ("referer", Item::Referer),
    ("agent", Item::Agent),
];

/// Reads a SEL of such parts.
pub fn parse(sel: &str) -> Result<Vec<Item>, String> {
    let item = |(at, typed): (usize, &str)| {
        let found = NAMES.iter().find(|(name, _)| *name == typed);
        found.map(|(_, item)| *item).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            mistake(sel, at, format!("there is no such part; there are {}", names.join(" ")))
        })
    };
    items(sel).map(item).collect()
}

/// As it is typed.
impl Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(_, item)| item == self).map_or("", |(name, _)| name))
    }
}

/// Finds parts of lines.
#[derive(Clone, Debug)]
pub struct AccessLog {
    items: Vec<Item>,
}

impl AccessLog {
    /// Finds these parts.
    pub fn new(items: Vec<Item>) -> AccessLog {
        AccessLog { items }
    }
}

impl Selector for AccessLog {
    #[inline]
    fn select(&mut self, record: &[u8], found: &mut Found<'_>) {
        let Some(line) = Line::of(record) else {
            return found.fails(Lack::of("no line of an access log"));
        };
        for (index, &item) in self.items.iter().enumerate() {
            if let Err(lack) = give(&line, item, index, found) {
                found.lacks(index, lack);
            }
        }
    }
}

/// Gives one part, by the number of its item.
#[inline(always)]
fn give(line: &Line<'_>, item: Item, index: usize, found: &mut Found<'_>) -> Result<(), Lack> {
    let part = match item {
        Item::Host => line.host()?,
        Item::Ident => line.ident()?,
        Item::User => line.user()?,
        Item::Time => line.time()?,
        Item::Method => line.method()?,
        Item::Path => line.path()?,
        Item::Protocol => line.protocol()?,
        Item::Status => line.status()?,
        Item::Request => line.request()?,
        Item::Referer => line.referer()?,
        Item::Agent => line.agent()?,
        Item::Bytes | Item::Class | Item::Minute | Item::Hour => {
            return give_anew(line, item, index, found);
        }
    };
    found.within(index, part);
    Ok(())
}

/// Gives one of the parts that do not stand in the line as they are to be.
fn give_anew(line: &Line<'_>, item: Item, index: usize, found: &mut Found<'_>) -> Result<(), Lack> {
    match item {
        Item::Bytes => match line.bytes()? {
            Some(digits) => found.within(index, digits),
            None => found.anew(index, |out| out.push(b'0')),
        },
        Item::Class => {
            let first = line.record[line.status()?.start];
            found.anew(index, |out| out.extend_from_slice(&[first, b'x', b'x']));
        }
        _ => {
            let minute = line.minute()?;
            let len = if item == Item::Hour { "2025-09-07T15".len() } else { minute.len() };
            found.anew(index, |out| out.extend_from_slice(&minute[..len]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
