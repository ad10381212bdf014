//! The local zone: what `TZ` names, else the machine's.
//!
//! ```text
//! Europe/Berlin  posix/Europe/Berlin  :UTC     a file in the directory of all zones
//! /etc/localtime                               a file
//! CET-1CEST,M3.5.0,M10.5.0/3                   a rule
//! CET-1CEST                                    one that leaves out when summer is: then as in the United States
//! ```
//!
//! That is what programs in C make of it. A zone that counts leap seconds (`right/`) is none: a [`Stamp`] does not.
//!
//! [`Stamp`]: crate::clock::Stamp

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

use jiff::tz::TimeZone;

/// Where the system says which zone is the local one, unless `TZ` does.
const LOCAL: &str = "/etc/localtime";
/// Where the zones are, unless `TZDIR` says where.
const ZONES: &str = "/usr/share/zoneinfo";
/// When summer is, for a rule that leaves it out.
const SUMMER: &str = "M3.2.0,M11.1.0";
/// How long the file of a zone may be: ten times as long as any that there is.
const LONGEST: u64 = 64 << 10;
/// What UTC is called; it is known also where there are no data of zones.
const UTC: &[&str] = &["UTC", "UCT", "GMT", "GMT0", "Greenwich", "Universal", "Zulu"];

/// The local zone, which is read once; none if what says it names one that is not known here.
pub fn local() -> Option<TimeZone> {
    static ZONE: OnceLock<Option<TimeZone>> = OnceLock::new();
    let read = || match std::env::var_os("TZ") {
        Some(typed) => named(&typed),
        None => machines(),
    };
    ZONE.get_or_init(read).clone()
}

/// The machine's zone, which is read where it stands. Asked for by its name, as [`TimeZone::try_system`] does, it
/// costs a walk through the directory of all zones, which is a tenth of a start; no format writes the name.
fn machines() -> Option<TimeZone> {
    file(Path::new(LOCAL)).or_else(|| TimeZone::try_system().ok())
}

/// What `TZ` names.
fn named(typed: &OsStr) -> Option<TimeZone> {
    let name = typed.as_bytes();
    let name = OsStr::from_bytes(name.strip_prefix(b":").unwrap_or(name));
    if name.is_empty() {
        return Some(TimeZone::UTC);
    }
    let zones = std::env::var_os("TZDIR").unwrap_or_else(|| OsString::from(ZONES));
    file(&Path::new(&zones).join(name)).or_else(|| {
        let name = name.to_str()?;
        rule(name).or_else(|| jiff::tz::db().get(name).ok())
    })
}

/// The zone in a file; none in what is no regular file, and might be read without an end.
fn file(path: &Path) -> Option<TimeZone> {
    let told = fs::metadata(path).ok()?;
    if !told.is_file() || told.len() == 0 {
        return None;
    }
    let mut data = Vec::new();
    File::open(path).ok()?.take(LONGEST).read_to_end(&mut data).ok()?;
    if counts_leap_seconds(&data) {
        return None;
    }
    TimeZone::tzif(&path.to_string_lossy(), &data).ok()
}

/// True of the data of such a zone; of its headers the last one counts.
fn counts_leap_seconds(data: &[u8]) -> bool {
    let header = memchr::memmem::rfind(data, b"TZif").unwrap_or_default();
    data.get(header + 28..header + 32).is_some_and(|count| count != [0; 4])
}

/// The zone of a rule.
fn rule(typed: &str) -> Option<TimeZone> {
    let with_summer = || TimeZone::posix(&format!("{},{SUMMER}", typed.trim_end_matches(',')));
    TimeZone::posix(typed).or_else(|_| with_summer()).ok()
}

/// What is to be said if UTC stands in for the local zone, which is not known here.
pub fn unknown() -> Option<String> {
    if local().is_some() {
        return None;
    }
    let has_zones = !jiff::tz::db().is_definitively_empty();
    let typed = std::env::var_os("TZ").filter(|zone| !zone.is_empty());
    if let Some(zone) = typed {
        let why = "is no name of a time zone, as Europe/Berlin is, no file of one, and no rule, as \
                   CET-1CEST,M3.5.0,M10.5.0/3 is";
        return stands_in("TZ=", &zone.to_string_lossy(), has_zones.then_some(why));
    }
    // A machine that names no zone at all has UTC.
    let linked = fs::read_link(LOCAL).ok()?;
    let linked = linked.to_string_lossy();
    let zone = linked.split_once("zoneinfo/").map_or(&*linked, |(_, zone)| zone);
    stands_in(&format!("{LOCAL}: "), zone, has_zones.then_some("names no time zone"))
}

/// What is said of a zone that is not known for this reason, else as there are none, and is not UTC by another name.
fn stands_in(place: &str, zone: &str, why: Option<&str>) -> Option<String> {
    let name = zone.strip_prefix(':').unwrap_or(zone);
    let name = name.strip_prefix("Etc/").unwrap_or(name);
    let why =
        why.unwrap_or("cannot be looked up, as there are no time zones on this machine (tzdata)");
    (!UTC.contains(&name)).then(|| format!("{place}{zone} {why}; times are in UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    /// The offset from UTC in the summer of 2018 and in the winter after it, in minutes.
    fn offsets(zone: &TimeZone) -> [i32; 2] {
        [1_531_000_000, 1_547_000_000].map(|second| {
            let time = Timestamp::from_second(second).unwrap();
            zone.to_offset(time).seconds() / 60
        })
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
    fn a_rule_may_leave_out_when_summer_is() {
        let table = [
            ("CET-1CEST,M3.5.0,M10.5.0/3", Some([120, 60])),
            ("CET-1CEST", Some([120, 60])),
            ("CET-1CEST-3", Some([180, 60])),
            ("CET-1CEST,", Some([120, 60])),
            ("<+0545>-5:45", Some([345, 345])),
            ("XYZ5", Some([-300, -300])),
            ("XYZ99", None),
            ("XYZ", None),
            ("Europe/Berlni", None),
            ("", None),
        ];
        for (typed, expected) in table {
            assert_eq!(rule(typed).as_ref().map(offsets), expected, "{typed}");
        }
        let november = Timestamp::from_second(1_541_314_800).unwrap();
        let cut = [november, november - std::time::Duration::from_secs(25 * 3600)];
        let zone = rule("CET-1CEST").unwrap();
        assert_eq!(cut.map(|time| zone.to_offset(time).seconds()), [3600, 7200]);
    }

    #[test]
    fn what_is_no_regular_file_is_no_zone() {
        for path in ["/dev/zero", "/dev/null", "/", "/proc/self/status", "Cargo.toml", "/nowhere"] {
            assert!(file(Path::new(path)).is_none(), "{path}");
        }
    }

    #[test]
    fn the_last_header_tells_of_leap_seconds() {
        let header = |count: u8| {
            let mut header = b"TZif2".to_vec();
            header.resize(44, 0);
            header[31] = count;
            header
        };
        for (counts, expected) in [([0, 0], false), ([0, 27], true), ([27, 27], true)] {
            assert_eq!(counts_leap_seconds(&counts.map(header).concat()), expected);
        }
        assert!(!counts_leap_seconds(b"") && !counts_leap_seconds(b"TZif"));
    }

    #[test]
    fn a_zone_that_is_not_known_is_said_unless_it_is_utc_anyway() {
        let said = |zone, has_zones: bool| stands_in("TZ=", zone, has_zones.then_some("is none"));
        assert_eq!(
            said("Bogus/Zone", true).as_deref(),
            Some("TZ=Bogus/Zone is none; times are in UTC")
        );
        let expected = "TZ=Europe/Berlin cannot be looked up, as there are no time zones on this \
                        machine (tzdata); times are in UTC";
        assert_eq!(said("Europe/Berlin", false).as_deref(), Some(expected));
        for zone in ["UTC", "Etc/UTC", ":Etc/Zulu", "GMT"] {
            assert_eq!(said(zone, false), None);
        }
    }
}
