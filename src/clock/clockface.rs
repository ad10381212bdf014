//! How a Time is written: in which zone, and the style of the formats for pipes.
//!
//! `pprint` has one style, Python's, whatever the flags say, and no zone in it; all others have an
//! offset or count seconds, so that what a pipe carries means the same everywhere.

use std::io::Write;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::clock::{Stamp, zone};

/// How the formats for pipes write a Time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `2018-12-11T01:31:21+01:00`.
    Rfc3339,
    /// `--epoch`: seconds since 1970, `1544491881` or `1544491881.5`.
    Epoch,
    /// `--no-time`: not at all.
    Absent,
}

/// The zone, and how a Time is written.
#[derive(Clone, Debug)]
pub struct Clockface {
    /// Where the clock hangs.
    pub zone: TimeZone,
    /// What the formats for pipes write.
    pub style: Style,
}

impl Clockface {
    /// A clock of the local zone (`TZ`, else the system's), or of UTC.
    pub fn new(utc: bool, style: Style) -> Clockface {
        let zone = if utc { TimeZone::UTC } else { zone::local().unwrap_or(TimeZone::UTC) };
        Clockface { zone, style }
    }

    /// Returns true if the formats for pipes write a Time at all.
    pub fn is_shown(&self) -> bool {
        self.style != Style::Absent
    }

    /// Appends the Time as Python's `str(datetime)` does: `2018-12-11 01:31:21`, `….500000`.
    pub fn python(&self, out: &mut Vec<u8>, time: Stamp) {
        let local = self.zone.to_datetime(timestamp(time));
        date_and_time(out, local, ' ');
        if local.subsec_nanosecond() != 0 {
            append(out, format_args!(".{:06}", local.subsec_nanosecond() / 1000));
        }
    }

    /// Appends the Time in the style of the formats for pipes.
    pub fn styled(&self, out: &mut Vec<u8>, time: Stamp) {
        match self.style {
            Style::Rfc3339 => self.rfc3339(out, time),
            Style::Epoch => epoch(out, time),
            Style::Absent => {}
        }
    }

    fn rfc3339(&self, out: &mut Vec<u8>, time: Stamp) {
        let timestamp = timestamp(time);
        let local = self.zone.to_datetime(timestamp);
        date_and_time(out, local, 'T');
        if local.millisecond() != 0 {
            append(out, format_args!(".{:03}", local.millisecond()));
        }
        let offset = self.zone.to_offset(timestamp).seconds() / 60;
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs());
        append(out, format_args!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
    }
}

fn date_and_time(out: &mut Vec<u8>, local: DateTime, between: char) {
    let (year, month, day) = (local.year(), local.month(), local.day());
    let (hour, minute, second) = (local.hour(), local.minute(), local.second());
    append(out, format_args!("{year:04}-{month:02}-{day:02}{between}"));
    append(out, format_args!("{hour:02}:{minute:02}:{second:02}"));
}

fn epoch(out: &mut Vec<u8>, time: Stamp) {
    if time.0 < 0 {
        out.push(b'-');
    }
    let milliseconds = time.0.unsigned_abs();
    append(out, format_args!("{}", milliseconds / 1000));
    if !milliseconds.is_multiple_of(1000) {
        append(out, format_args!(".{:03}", milliseconds % 1000));
        let zeros = out.iter().rev().take_while(|&&byte| byte == b'0').count();
        out.truncate(out.len() - zeros);
    }
}

/// The moment; one that no calendar reaches is its last day or its first.
fn timestamp(time: Stamp) -> Timestamp {
    let beyond = if time.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(time.0).unwrap_or(beyond)
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes all bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central Europe by its rule, so that the test needs no time zone files.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn zone(rule: &str) -> TimeZone {
        TimeZone::posix(rule).unwrap()
    }

    fn python(zone: TimeZone, time: i64) -> String {
        let mut out = Vec::new();
        Clockface { zone, style: Style::Absent }.python(&mut out, Stamp(time));
        String::from_utf8(out).unwrap()
    }

    fn styled(zone: TimeZone, style: Style, time: i64) -> String {
        let mut out = Vec::new();
        Clockface { zone, style }.styled(&mut out, Stamp(time));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn python_shows_six_digits_of_a_second_or_none() {
        assert_eq!(python(TimeZone::UTC, 1544491881000), "2018-12-11 01:31:21");
        assert_eq!(python(TimeZone::UTC, 1544491881500), "2018-12-11 01:31:21.500000");
        assert_eq!(python(TimeZone::UTC, 1544491881001), "2018-12-11 01:31:21.001000");
        assert_eq!(python(berlin(), 1544491881000), "2018-12-11 02:31:21");
        assert_eq!(python(TimeZone::UTC, -500), "1969-12-31 23:59:59.500000");
    }

    #[test]
    fn rfc_3339_has_the_offset_of_its_moment() {
        let rfc = |zone, time| styled(zone, Style::Rfc3339, time);
        assert_eq!(rfc(TimeZone::UTC, 1544491881000), "2018-12-11T01:31:21+00:00");
        assert_eq!(rfc(berlin(), 1544488281000), "2018-12-11T01:31:21+01:00");
        assert_eq!(rfc(berlin(), 1544488281500), "2018-12-11T01:31:21.500+01:00");
        assert_eq!(rfc(zone("NST3:30"), 1544491881000), "2018-12-10T22:01:21-03:30");
        assert_eq!(rfc(zone("IST-5:30"), 1544491881050), "2018-12-11T07:01:21.050+05:30");
        assert_eq!(rfc(TimeZone::UTC, Stamp::NEVER.0).get(..4), Some("9999"));
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart_by_its_offset() {
        let rfc = |time| styled(berlin(), Style::Rfc3339, time);
        let summer_ends = 1540688400000;
        assert_eq!(rfc(summer_ends - 1000), "2018-10-28T02:59:59+02:00");
        assert_eq!(rfc(summer_ends), "2018-10-28T02:00:00+01:00");
        assert_eq!(python(berlin(), summer_ends - 3_600_000), "2018-10-28 02:00:00");
        assert_eq!(python(berlin(), summer_ends), "2018-10-28 02:00:00");
        let summer_begins = 1521939600000;
        assert_eq!(rfc(summer_begins - 1000), "2018-03-25T01:59:59+01:00");
        assert_eq!(rfc(summer_begins), "2018-03-25T03:00:00+02:00");
    }

    #[test]
    fn epoch_seconds_have_no_needless_digits() {
        let epoch = |time| styled(berlin(), Style::Epoch, time);
        let table = [
            (1544491880000, "1544491880"),
            (1544491881500, "1544491881.5"),
            (1544491880050, "1544491880.05"),
            (1, "0.001"),
            (0, "0"),
            (-500, "-0.5"),
        ];
        table.into_iter().for_each(|(time, expected)| assert_eq!(epoch(time), expected));
        assert_eq!(styled(berlin(), Style::Absent, 0), "");
    }
}
