//! Where each partition begins at a start: where the checkpoint says, or else where `--from` does.
//!
//! ```text
//!                    kept 10                 kept 10                     kept 10
//! there is   0 ......... 20        0 .. 3                        15 ... 20
//!            goes on at 10         ends before: made anew        10 to 14 are lost
//!            if record 9 is the one that it was, else made anew
//! ```
//!
//! A partition that a checkpoint does not have of a topic that it has was added meanwhile, and is read from its
//! first record on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::brokers::{Brokers, Found};
use super::parts::{Kept, Last};
use super::recognized;
use crate::clock::Wait;
use crate::error::Error;
use crate::say::say;
use crate::source::kafka::flags::OnReset;
use crate::source::kafka::start::{Range, Start};

/// A partition, and where reading begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Its topic.
    pub topic: Arc<str>,
    /// Its number.
    pub partition: i32,
    /// Where reading begins.
    pub kept: Kept,
    /// What there is now.
    pub range: Range,
    /// True if the checkpoint did not have it.
    pub is_new: bool,
}

/// What was kept of all partitions, by topic and number.
pub type AllKept = HashMap<(String, i32), Kept>;

/// Resolves where all partitions that were found begin.
pub fn begin(
    brokers: &Brokers,
    found: &Found,
    kept: &AllKept,
    start: Start,
    on_reset: OnReset,
    wait: &mut dyn Wait,
) -> Result<Vec<Begin>, Error> {
    let list: Vec<(Arc<str>, i32)> = found
        .iter()
        .flat_map(|(topic, numbers)| {
            let topic: Arc<str> = Arc::from(topic.as_str());
            numbers.iter().map(move |number| (Arc::clone(&topic), *number))
        })
        .collect();
    gone(found, kept, on_reset)?;
    let ranges = brokers.ranges(&list, wait)?;
    let timed = match start.time(wait.now()) {
        Some(millis) => brokers.at(&list, millis, wait)?,
        None => vec![None; list.len()],
    };
    let known: HashSet<&str> = kept.keys().map(|(topic, _)| topic.as_str()).collect();
    let mut all = Vec::with_capacity(list.len());
    for (((topic, partition), range), timed) in list.into_iter().zip(ranges).zip(timed) {
        let before = kept.get(&(topic.to_string(), partition)).copied();
        let fresh = || match known.contains(&*topic) {
            true => range.low,
            false => start.resolve(range, timed),
        };
        let (kept, is_new) = match before {
            Some(kept) => (kept, false),
            None => (Kept { position: fresh(), last: None }, true),
        };
        all.push(Begin { topic, partition, kept, range, is_new });
    }
    recognize(brokers, &mut all, on_reset, wait)?;
    Ok(all)
}

/// Partitions of topics that are there, which are not there any more.
fn gone(found: &Found, kept: &AllKept, on_reset: OnReset) -> Result<(), Error> {
    let is_gone = |(topic, number): &&(String, i32)| {
        found.get(topic).is_some_and(|numbers| !numbers.contains(number))
    };
    let mut gone: Vec<_> = kept.keys().filter(is_gone).collect();
    gone.sort();
    let Some((topic, number)) = gone.first() else { return Ok(()) };
    let position = kept[&(topic.clone(), *number)].position;
    let what = format!("{topic}[{number}] was read up to {position}, and is not there any more");
    told(&what, on_reset)
}

/// Looks whether each partition is the one that was read, and puts those elsewhere that are not.
fn recognize(
    brokers: &Brokers,
    all: &mut [Begin],
    on_reset: OnReset,
    wait: &mut dyn Wait,
) -> Result<(), Error> {
    let asked: Vec<(usize, Last)> = all
        .iter()
        .enumerate()
        .filter(|(_, begin)| begin.kept.position <= begin.range.high)
        .filter_map(|(at, begin)| Some((at, begin.kept.last?)))
        .filter(|(at, last)| last.offset >= all[*at].range.low)
        .collect();
    let parts: Vec<_> = asked
        .iter()
        .map(|(at, last)| (Arc::clone(&all[*at].topic), all[*at].partition, *last))
        .collect();
    let others = recognized::others(brokers, &parts, wait)?;
    for (at, begin) in all.iter_mut().enumerate() {
        let (position, Range { low, high }) = (begin.kept.position, begin.range);
        let is_other = asked.iter().zip(&others).any(|((asked, _), other)| *asked == at && *other);
        if begin.is_new || position <= high && !is_other {
            continue;
        }
        let name = format!("{}[{}]", begin.topic, begin.partition);
        let what = match is_other {
            true => {
                format!("{name} was read up to {position}, and has another record before that now")
            }
            false => format!("{name} was read up to {position}, and ends at {high} now"),
        };
        told(&format!("{what}: the topic is not the one that was read"), on_reset)?;
        let position = if on_reset == OnReset::Earliest { low } else { high };
        begin.kept = Kept { position, last: None };
    }
    Ok(())
}

/// Refuses what has become of a topic, or says it.
fn told(what: &str, on_reset: OnReset) -> Result<(), Error> {
    if on_reset == OnReset::Fail {
        return Err(Error::Refused(format!(
            "{what}; `weir checkpoint reset DIR` forgets what is kept of the old one, --on-offset-reset earliest \
             or latest reads the new one on top of it"
        )));
    }
    let rest = match on_reset {
        OnReset::Earliest => "it is read from its first record on",
        _ => "what comes from now on is read",
    };
    say(&format!("{what}; {rest}"));
    Ok(())
}
