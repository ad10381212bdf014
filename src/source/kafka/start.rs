//! Where reading begins: `--from`, resolved for each partition.
//!
//! ```text
//! low ────────── 3 records from the end ── high          earliest  low     latest  high
//!  0 1 2 ...              97 98 99          100          -3        97      42      42
//!             @time: the first record that is as new, else high
//! ```
//!
//! Nothing here asks a broker: what there is, is given.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Stamp;
use crate::units;

/// Where to begin, as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first record there is.
    Earliest,
    /// With what comes from now on.
    Latest,
    /// At this offset.
    Offset(i64),
    /// So many offsets before the end.
    Last(i64),
    /// So long before now.
    Before(Duration),
    /// At the first record that is as new as this, in ms since the epoch.
    At(i64),
}

/// The offsets that a partition has: records from `low` on, and none at `high` or beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub low: i64,
    /// The one behind the last.
    pub high: i64,
}

impl Start {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Start, String> {
        let wrong = || {
            "it is earliest, latest, an offset, -N (the last N of each partition), -10m (ten minutes ago), or \
             @TIME (RFC 3339, or ms since the epoch)"
                .to_string()
        };
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<i64>().map_err(|_| wrong()))
        };
        match text {
            "earliest" | "beginning" => return Ok(Start::Earliest),
            "latest" | "end" => return Ok(Start::Latest),
            _ => {}
        }
        if let Some(time) = text.strip_prefix('@') {
            return match number(time) {
                Some(millis) => millis.map(Start::At),
                None => match time.parse::<Timestamp>() {
                    Ok(time) => Ok(Start::At(time.as_millisecond())),
                    Err(_) => Err(format!(
                        "`{time}` is no time with an offset, as in @2018-12-11T01:31:20Z"
                    )),
                },
            };
        }
        match (number(text), text.strip_prefix('-')) {
            (Some(offset), _) => offset.map(Start::Offset),
            (None, Some(back)) => match number(back) {
                Some(count) => count.map(Start::Last),
                None => units::duration(back).map(Start::Before).map_err(|_| wrong()),
            },
            (None, None) => Err(wrong()),
        }
    }

    /// The time that brokers have to be asked for, in ms since the epoch.
    pub fn time(self, now: Stamp) -> Option<i64> {
        match self {
            Start::Before(span) => Some(now.before(span).0),
            Start::At(millis) => Some(millis),
            _ => None,
        }
    }

    /// The offset of the first record that is read; `timed` is what brokers say of [`Start::time`].
    pub fn resolve(self, range: Range, timed: Option<i64>) -> i64 {
        let Range { low, high } = range;
        match self {
            Start::Earliest => low,
            Start::Latest => high,
            Start::Offset(offset) => offset.clamp(low, high),
            Start::Last(count) => high.saturating_sub(count).max(low),
            Start::Before(_) | Start::At(_) => timed.unwrap_or(high).clamp(low, high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let table = [
            ("earliest", Start::Earliest),
            ("end", Start::Latest),
            ("0", Start::Offset(0)),
            ("77", Start::Offset(77)),
            ("-5", Start::Last(5)),
            ("-10m", Start::Before(Duration::from_secs(600))),
            ("-1.5s", Start::Before(Duration::from_millis(1500))),
            ("@1544488280000", Start::At(1_544_488_280_000)),
            ("@2018-12-11T01:31:20+01:00", Start::At(1_544_488_280_000)),
        ];
        for (text, expected) in table {
            assert_eq!(Start::parse(text), Ok(expected), "{text}");
        }
        for text in ["", "-", "@", "@noon", "newest", "5x", "99999999999999999999", "@2018-12-11"] {
            assert!(Start::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_start_is_within_what_there_is() {
        let range = Range { low: 10, high: 100 };
        let at = |start: Start, timed| start.resolve(range, timed);
        assert_eq!(at(Start::Earliest, None), 10);
        assert_eq!(at(Start::Latest, None), 100);
        assert_eq!(at(Start::Offset(5), None), 10);
        assert_eq!(at(Start::Offset(42), None), 42);
        assert_eq!(at(Start::Offset(500), None), 100);
        assert_eq!(at(Start::Last(3), None), 97);
        assert_eq!(at(Start::Last(300), None), 10);
        assert_eq!(at(Start::At(0), Some(50)), 50);
        assert_eq!(at(Start::At(0), None), 100, "nothing is as new");
        assert_eq!(Start::Before(Duration::from_secs(1)).time(Stamp(5000)), Some(4000));
    }
}
