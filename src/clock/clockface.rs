//! How a Time is written: the zone it is read in, and the style of the formats for pipes.
//!
//! `pprint` has one style, Python's, whatever the flags say, and no zone in it; all others have an
//! offset or count seconds, so that what a pipe carries means the same everywhere.

use std::io::Write;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::clock::Stamp;

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

/// Where the system says which zone is the local one, unless `TZ` does.
const LOCAL: &str = "/etc/localtime";
/// What UTC is called; it is known also where there are no data of zones.
const UTC: &[&str] = &["UTC", "UCT", "GMT", "GMT0", "Greenwich", "Universal", "Zulu"];

/// The local zone, which is read once: `TZ`, else the system's; none if that names one that is not known here.
fn local() -> Option<TimeZone> {
    static ZONE: OnceLock<Option<TimeZone>> = OnceLock::new();
    ZONE.get_or_init(|| read_local().ok()).clone()
}

/// Reads it. The system's is read where it stands. Asked for by its name, as [`TimeZone::try_system`] does, it costs a
/// walk through the directory of all zones, which is a tenth of a start; no format writes the name.
fn read_local() -> Result<TimeZone, jiff::Error> {
    if std::env::var_os("TZ").is_none()
        && let Ok(data) = std::fs::read(LOCAL)
        && let Ok(zone) = TimeZone::tzif(LOCAL, &data)
    {
        return Ok(zone);
    }
    TimeZone::try_system()
}

/// What is to be said if UTC stands in for the local zone, which is not known here.
pub fn unknown_zone() -> Option<String> {
    if local().is_some() {
        return None;
    }
    let has_zones = !jiff::tz::db().is_definitively_empty();
    let typed = std::env::var_os("TZ").filter(|zone| !zone.is_empty());
    if let Some(zone) = typed {
        return stands_in("TZ=", &zone.to_string_lossy(), has_zones);
    }
    // A machine that names no zone at all has UTC.
    let linked = std::fs::read_link(LOCAL).ok()?;
    let linked = linked.to_string_lossy();
    let zone = linked.split_once("zoneinfo/").map_or(&*linked, |(_, zone)| zone);
    stands_in(&format!("{LOCAL}: "), zone, has_zones)
}

/// What is said of a zone that cannot be looked up, and is not UTC by another name.
fn stands_in(place: &str, zone: &str, has_zones: bool) -> Option<String> {
    let name = zone.strip_prefix(':').unwrap_or(zone);
    let name = name.strip_prefix("Etc/").unwrap_or(name);
    let why = match has_zones {
        true => "names no time zone",
        false => "cannot be looked up, as there are no time zones on this machine (tzdata)",
    };
    (!UTC.contains(&name)).then(|| format!("{place}{zone} {why}; times are in UTC"))
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
        let zone = if utc { TimeZone::UTC } else { local().unwrap_or(TimeZone::UTC) };
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
    fn the_zone_read_where_it_stands_is_the_one_that_is_named() {
        let (read, named) = (local().unwrap_or(TimeZone::UTC), TimeZone::system());
        for quarter in -400..400 {
            let time = Timestamp::from_second(quarter * 7_889_238).unwrap();
            assert_eq!(read.to_offset(time), named.to_offset(time), "{time}");
        }
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
    fn a_zone_that_is_not_known_is_said_unless_it_is_utc_anyway() {
        let said = |zone, has_zones| stands_in("TZ=", zone, has_zones);
        let expected = "TZ=Bogus/Zone names no time zone; times are in UTC";
        assert_eq!(said("Bogus/Zone", true).as_deref(), Some(expected));
        let expected = "TZ=Europe/Berlin cannot be looked up, as there are no time zones on this \
                        machine (tzdata); times are in UTC";
        assert_eq!(said("Europe/Berlin", false).as_deref(), Some(expected));
        for zone in ["UTC", "Etc/UTC", ":Etc/Zulu", "GMT"] {
            assert_eq!(said(zone, false), None);
        }
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
