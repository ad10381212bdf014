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
//! first record on; so is a topic that has come to match a regular expression that the run before had too.

use std::collections::HashSet;
use std::sync::Arc;

use super::recognized;
use crate::clock::Wait;
use crate::error::Error;
use crate::say::say;
use crate::source::kafka::cluster::{Cluster, Found};
use crate::source::kafka::flags::OnReset;
use crate::source::kafka::parts::{Kept, Last, Noted};
use crate::source::kafka::start::{Range, Start};
use crate::source::kafka::topics::Topics;

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

/// Resolves where all partitions that were found begin.
pub fn begin(
    cluster: &impl Cluster,
    found: &Found,
    noted: &Noted,
    topics: &Topics,
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
    let ranges = cluster.ranges(&list, wait)?;
    let timed = match start.time(wait.now()) {
        Some(millis) => cluster.at(&list, millis, wait)?,
        None => vec![None; list.len()],
    };
    let known: HashSet<&str> = noted.parts.keys().map(|(topic, _)| topic.as_str()).collect();
    let mut all = Vec::with_capacity(list.len());
    for (((topic, partition), range), timed) in list.into_iter().zip(ranges).zip(timed) {
        let before = noted.parts.get(&(topic.to_string(), partition)).copied();
        let fresh = || match known.contains(&*topic) || topics.match_by(&noted.patterns, &topic) {
            true => range.low,
            false => start.resolve(range, timed),
        };
        let (kept, is_new) = match before {
            Some(kept) => (kept, false),
            None => (Kept { position: fresh(), last: None }, true),
        };
        all.push(Begin { topic, partition, kept, range, is_new });
    }
    recognize(cluster, &mut all, on_reset, wait)?;
    Ok(all)
}

/// Forgets partitions that are not there any more, of topics that are: their names.
pub fn forget(found: &Found, noted: &mut Noted, on_reset: OnReset) -> Result<Vec<String>, Error> {
    let is_gone = |(topic, number): &(String, i32), _: &mut Kept| {
        found.get(topic).is_some_and(|numbers| !numbers.contains(number))
    };
    let mut gone: Vec<_> = noted.parts.extract_if(is_gone).collect();
    gone.sort_by(|(one, _), (other, _)| one.cmp(other));
    if let Some(((topic, number), Kept { position, .. })) = gone.first() {
        let more = match gone.len() - 1 {
            0 => String::new(),
            more => format!("; so it is with {more} more"),
        };
        let what =
            format!("{topic}[{number}] was read up to {position}, and is not there any more{more}");
        told(&what, on_reset, "nothing is kept of it")?;
    }
    Ok(gone.into_iter().map(|((topic, number), _)| format!("{topic}[{number}]")).collect())
}

/// Looks whether each partition is the one that was read, and puts those elsewhere that are not.
fn recognize(
    cluster: &impl Cluster,
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
    let others = recognized::others(cluster, &parts, wait)?;
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
        let (position, rest) = match on_reset {
            OnReset::Earliest => (low, "it is read from its first record on"),
            _ => (high, "what comes from now on is read"),
        };
        told(&format!("{what}: the topic is not the one that was read"), on_reset, rest)?;
        begin.kept = Kept { position, last: None };
    }
    Ok(())
}

/// Refuses what has become of a topic, or says it, and what comes of that.
fn told(what: &str, on_reset: OnReset, rest: &str) -> Result<(), Error> {
    if on_reset == OnReset::Fail {
        return Err(Error::Refused(format!(
            "{what}; `weir checkpoint reset DIR` forgets what is kept of the old one, --on-offset-reset earliest \
             or latest reads the new one on top of it"
        )));
    }
    say(&format!("{what}; {rest}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted() -> Noted {
        let kept = |position| Kept { position, last: None };
        let parts = [("t", 0), ("t", 3), ("t", 4), ("gone", 0)];
        let parts = parts.map(|(topic, number)| ((topic.to_string(), number), kept(10)));
        Noted { parts: parts.into(), ..Noted::default() }
    }

    #[test]
    fn partitions_that_a_topic_has_no_more_are_forgotten_if_that_is_asked_for() {
        let found = Found::from([("t".to_string(), vec![0, 1])]);
        let (mut before, mut other) = (noted(), noted());
        let told = forget(&found, &mut before, OnReset::Fail).unwrap_err();
        assert_eq!(told.exit_status(), 2);
        let told = told.to_string();
        let expected = "t[3] was read up to 10, and is not there any more; so it is with 1 more; ";
        assert!(told.starts_with(expected), "{told}");
        assert_eq!(forget(&found, &mut other, OnReset::Earliest).unwrap(), ["t[3]", "t[4]"]);
        let mut left: Vec<_> = other.parts.keys().map(|(topic, _)| topic.as_str()).collect();
        left.sort_unstable();
        assert_eq!(left, ["gone", "t"], "of a topic that is away all is kept");
        assert!(forget(&found, &mut other, OnReset::Fail).unwrap().is_empty());
    }
}
