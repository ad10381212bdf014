//! Durations, sizes, counts and escapes as they are typed; durations and arguments as they are shown.
//!
//! Numbers are taken apart as decimals and never pass through a float: what is typed is what is
//! meant, to the millisecond, or it is refused in plain words. [`show_duration`] gives a text that
//! [`duration`] turns into the same duration again.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// The units in which a duration is shown, in milliseconds, from the longest.
const UNITS: &[(&str, u64)] =
    &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// Those that are understood too.
const OTHER_UNITS: &[(&str, u64)] = &[("w", 7 * 86_400_000), ("min", 60_000)];
/// The longest duration: 10000 days, in milliseconds.
const LONGEST: u128 = 10_000 * 86_400_000;

/// Reads a duration: a number of seconds, or numbers with units, the longest first: 1h30m.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') {
        return Err("a duration is not negative".to_string());
    }
    let (mut left, mut millis, mut longer) = (text, 0_u128, u64::MAX);
    loop {
        let end = left.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(left.len());
        let (number, rest) = left.split_at(end);
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(end);
        let (whole, fraction) = decimal(number).ok_or_else(|| no_number(text))?;
        let scale = match unit {
            "" if longer == u64::MAX => 1000,
            "" => return Err(format!("`{number}` has no unit; 1m30s has one for each number")),
            _ => scale(unit)?,
        };
        if scale >= longer {
            return Err("longer units come first, and each once, as in 1h30m".to_string());
        }
        millis = millis.saturating_add(scaled(whole, fraction, u128::from(scale))?);
        if rest.is_empty() {
            break;
        }
        (left, longer) = (rest, scale);
    }
    match u64::try_from(millis) {
        Ok(millis) if u128::from(millis) <= LONGEST => Ok(Duration::from_millis(millis)),
        _ => Err("longer than 10000 days".to_string()),
    }
}

/// How many milliseconds a unit has.
fn scale(unit: &str) -> Result<u64, String> {
    let found = UNITS.iter().chain(OTHER_UNITS).find(|(name, _)| *name == unit);
    let units = "there are ms, s, m (or min), h, d and w";
    found.map(|(_, scale)| *scale).ok_or_else(|| format!("no unit is called `{unit}`: {units}"))
}

fn no_number(text: &str) -> String {
    match text.contains(char::is_whitespace) {
        true => "a duration is one word, as 5min is".to_string(),
        false => "no number of seconds, as in 2, 0.5, 500ms or 1h30m".to_string(),
    }
}

/// Takes a decimal number apart: its digits before and after the point, without zeros at the ends.
fn decimal(text: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let some = !(whole.is_empty() && fraction.is_empty());
    (some && digits(whole) && digits(fraction))
        .then(|| (whole.trim_start_matches('0'), fraction.trim_end_matches('0')))
}

/// The number times `scale`, which must be whole.
fn scaled(whole: &str, fraction: &str, scale: u128) -> Result<u128, String> {
    // No more digits than these fit below the longest duration, or above the shortest.
    const DIGITS: usize = 15;
    if whole.len() > DIGITS {
        return Ok(u128::MAX);
    }
    let finer = || "a fraction of a millisecond; 1ms is the shortest".to_string();
    if fraction.len() > DIGITS {
        return Err(finer());
    }
    let value = |digits: &str| digits.parse::<u128>().unwrap_or(0);
    let (part, of) = (value(fraction) * scale, 10_u128.pow(fraction.len() as u32));
    if part % of != 0 {
        return Err(finer());
    }
    Ok(value(whole) * scale + part / of)
}

/// Shows a duration in its shortest form, down to the millisecond.
pub fn show_duration(span: Duration) -> String {
    let millis = span.as_millis();
    if millis == 0 {
        return "0s".to_string();
    }
    let whole = UNITS.iter().find(|(_, scale)| millis.is_multiple_of(u128::from(*scale)));
    match whole {
        Some(&(unit, scale)) if unit != "ms" => format!("{}{unit}", millis / u128::from(scale)),
        _ if millis < 1000 => format!("{millis}ms"),
        _ => {
            let fraction = format!("{:03}", millis % 1000);
            format!("{}.{}s", millis / 1000, fraction.trim_end_matches('0'))
        }
    }
}

/// Reads a whole number of at least `least`; k stands for a thousand, M for a million.
pub fn whole(text: &str, least: u64) -> Result<u64, String> {
    let (digits, scale) = match text.as_bytes() {
        [.., b'k' | b'K'] => (&text[..text.len() - 1], 1000),
        [.., b'M'] => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a whole number is expected, as in 10, 5k or 2M".to_string());
    }
    if digits.starts_with('-') {
        return Err(format!("less than {least}"));
    }
    match unsigned.parse::<u64>().ok().and_then(|number| number.checked_mul(scale)) {
        Some(number) if number >= least => Ok(number),
        Some(_) => Err(format!("less than {least}")),
        None => Err(format!("more than {}", u64::MAX)),
    }
}

/// Reads a size: a number of bytes, or of the unit that stands behind it. 64K and 64KiB are 65536
/// bytes, 64kB are 64000.
pub fn size(text: &str) -> Result<usize, String> {
    let wrong = || {
        "no size: it is a whole number of bytes, as in 4096, or 64K (64KiB, 64kB), 16M, 1G"
            .to_string()
    };
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let power = match unit.as_bytes().first().map(u8::to_ascii_uppercase) {
        None => 0,
        Some(b'K') => 1,
        Some(b'M') => 2,
        Some(b'G') => 3,
        Some(_) => return Err(wrong()),
    };
    let scale = match unit.get(1..) {
        None | Some("" | "iB") => 1_usize << (10 * power),
        Some("B") => 1000_usize.pow(power),
        Some(_) => return Err(wrong()),
    };
    if digits.is_empty() {
        return Err(wrong());
    }
    let bytes = digits.parse::<usize>().ok().and_then(|count| count.checked_mul(scale));
    bytes.ok_or_else(|| "larger than any memory".to_string())
}

/// Reads a text with escapes: `\t`, `\n`, `\0`, `\\` and `\xNN`; all other bytes stand for themselves.
pub fn escaped(text: &OsStr) -> Result<Vec<u8>, String> {
    let (mut left, mut bytes) = (text.as_bytes(), Vec::new());
    while let Some(at) = memchr::memchr(b'\\', left) {
        bytes.extend_from_slice(&left[..at]);
        let (byte, length) = escape(&left[at..])?;
        bytes.push(byte);
        left = &left[at + length..];
    }
    bytes.extend_from_slice(left);
    Ok(bytes)
}

/// The byte that the escape at the beginning of `text` stands for, and the escape's length.
fn escape(text: &[u8]) -> Result<(u8, usize), String> {
    match text.get(1) {
        Some(b't') => return Ok((b'\t', 2)),
        Some(b'n') => return Ok((b'\n', 2)),
        Some(b'0') => return Ok((0, 2)),
        Some(b'\\') => return Ok((b'\\', 2)),
        Some(b'x') => {
            let digits = text.get(2..4).filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
            let digits = digits.and_then(|pair| std::str::from_utf8(pair).ok());
            if let Some(byte) = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                return Ok((byte, 4));
            }
        }
        _ => {}
    }
    // A whole character is named, even where it takes several bytes.
    let shown = String::from_utf8_lossy(text);
    let length = if text.get(1) == Some(&b'x') { 4 } else { 2 };
    let shown: String = shown.chars().take(length).collect();
    Err(format!(r"`{shown}` is no escape: there are \t, \n, \0, \\ and \xNN"))
}

/// What was typed, with a caret below its byte `at`: two lines for beneath a message.
pub fn pointed(typed: &str, at: usize) -> String {
    let shown: String =
        typed.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let before = typed.char_indices().take_while(|&(place, _)| place < at).count();
    format!("    {shown}\n    {:before$}^", "")
}

/// So many of something, as people say it: `1 key`, `2 batches`, `0 entries`.
pub fn counted(count: u64, what: &str) -> String {
    format!("{count} {}", named(count, what))
}

/// What so many of something are called, behind a number that is written in another way.
pub fn named(count: u64, what: &str) -> String {
    match what.strip_suffix('y') {
        _ if count == 1 => what.to_string(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if what.ends_with("ch") => format!("{what}es"),
        _ => format!("{what}s"),
    }
}

/// An argument as a shell would have to be given it.
pub fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument.to_string(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

/// The same of any bytes: what cannot be shown, or pasted, is escaped.
pub fn pasted(argument: &OsStr) -> String {
    match argument.to_str().filter(|text| !text.contains(char::is_control)) {
        Some(text) => quoted(text),
        None => format!("$'{}'", argument.as_bytes().escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_thing_is_said_in_the_singular() {
        let said =
            |count| ["key", "late batch", "entry", "record"].map(|what| counted(count, what));
        assert_eq!(said(1), ["1 key", "1 late batch", "1 entry", "1 record"]);
        assert_eq!(said(0), ["0 keys", "0 late batches", "0 entries", "0 records"]);
        assert_eq!(counted(1000, "byte"), "1000 bytes");
    }

    #[test]
    fn a_duration_is_seconds_or_has_a_unit() {
        let table = [
            ("6", 6000),
            ("0.5", 500),
            (".5", 500),
            ("2.", 2000),
            ("0", 0),
            ("0.000", 0),
            ("500ms", 500),
            ("2s", 2000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("1.5h", 5_400_000),
            ("1d", 86_400_000),
            ("0.0009765625d", 84_375),
            ("0000000000000000000000001", 1000),
            ("0.0010000000000000000000", 1),
            ("10000d", 864_000_000_000),
            ("5min", 300_000),
            ("1w", 604_800_000),
            ("1h30m", 5_400_000),
            ("1h30min", 5_400_000),
            ("1w2d3h4m5s6ms", 788_645_006),
            ("1.5h0.5m", 5_430_000),
        ];
        for (text, millis) in table {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_in_plain_words() {
        let number = "no number of seconds";
        let table = [
            ("", number),
            (".", number),
            ("s", number),
            ("nan", number),
            ("inf", number),
            (" 6", "one word"),
            ("+6", number),
            ("1,5", number),
            ("6 s", "one word"),
            ("5 min", "one word"),
            ("1h,30m", number),
            ("1hm", "`hm`"),
            ("1h30", "`30` has no unit"),
            ("30m1h", "longer units come first"),
            ("5m5min", "longer units come first"),
            ("1w9999d", "longer than 10000 days"),
            ("-5", "not negative"),
            ("-inf", "not negative"),
            ("6S", "`S`"),
            ("6sec", "`sec`"),
            ("1e3", "`e`"),
            ("10001d", "longer than 10000 days"),
            ("10000.1d", "longer than 10000 days"),
            ("99999999999999999999999999999999999999999", "longer than 10000 days"),
            ("0.0005", "a fraction of a millisecond; 1ms is the shortest"),
            ("0.5ms", "a fraction of a millisecond; 1ms is the shortest"),
            ("0.00000000000000000000000001", "a fraction of a millisecond; 1ms is the shortest"),
            (
                ".005005000500500500500500250253300500",
                "a fraction of a millisecond; 1ms is the shortest",
            ),
        ];
        for (text, reason) in table {
            let err = duration(text).unwrap_err();
            assert!(err.contains(reason), "{text}: {err}");
        }
    }

    #[test]
    fn a_duration_is_shown_in_its_shortest_form_which_means_the_same() {
        let table = [
            (0, "0s"),
            (1, "1ms"),
            (500, "500ms"),
            (1000, "1s"),
            (1500, "1.5s"),
            (1050, "1.05s"),
            (6000, "6s"),
            (60_000, "1m"),
            (90_000, "90s"),
            (300_000, "5m"),
            (3_600_000, "1h"),
            (5_400_000, "90m"),
            (86_400_000, "1d"),
            (86_400_001, "86400.001s"),
        ];
        for (millis, text) in table {
            let span = Duration::from_millis(millis);
            assert_eq!(show_duration(span), text);
            assert_eq!(duration(text), Ok(span), "{text}");
        }
    }

    #[test]
    fn a_count_is_whole_and_may_be_in_thousands_or_millions() {
        let table =
            [("1", 1), ("007", 7), ("+5", 5), ("5k", 5000), ("5K", 5000), ("2M", 2_000_000)];
        for (text, number) in table {
            assert_eq!(whole(text, 1), Ok(number), "{text}");
        }
        for text in
            ["", "k", "many", "1.5", "1.5k", "1,000", "1_000", "1e6", "5m", "5kk", "0x10", "- 1"]
        {
            assert!(whole(text, 1).unwrap_err().contains("a whole number is expected"), "{text}");
        }
        for text in ["0", "-3", "-3k", "0M"] {
            assert_eq!(whole(text, 1), Err("less than 1".to_string()), "{text}");
        }
        for text in ["18446744073709551616", "18446744073709551615k"] {
            assert_eq!(whole(text, 1), Err("more than 18446744073709551615".to_string()), "{text}");
        }
    }

    #[test]
    fn an_argument_is_quoted_so_that_it_can_be_pasted() {
        let table: [(&[u8], &str); 6] = [
            (b"--count", "--count"),
            (b"", "''"),
            (b"it's $HOME", r"'it'\''s $HOME'"),
            ("\u{e9}".as_bytes(), "'\u{e9}'"),
            (b"a\t'\\", r"$'a\t\'\\'"),
            (b"\xff.log", r"$'\xff.log'"),
        ];
        for (argument, shown) in table {
            assert_eq!(pasted(OsStr::from_bytes(argument)), shown);
        }
    }

    #[test]
    fn a_size_is_bytes_or_has_a_unit() {
        let table = [
            ("0", 0),
            ("100", 100),
            ("64K", 65_536),
            ("64k", 65_536),
            ("64KiB", 65_536),
            ("64kB", 64_000),
            ("16M", 16 << 20),
            ("16MiB", 16 << 20),
            ("16MB", 16_000_000),
            ("1G", 1 << 30),
            ("1g", 1 << 30),
            ("1GB", 1_000_000_000),
        ];
        for (text, bytes) in table {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "K", "-1", "1.5M", "64Kb", "64Ki", "1 K", "ten", "é", "0x10", "1B", "1T"]
        {
            assert!(size(text).unwrap_err().starts_with("no size"), "{text}");
        }
        assert!(size("99999999999999999999G").unwrap_err().contains("larger"));
        assert!(size("18446744073709551615K").unwrap_err().contains("larger"));
    }

    #[test]
    fn escapes_are_understood_and_other_bytes_untouched() {
        let read = |text: &[u8]| escaped(OsStr::from_bytes(text));
        let table: [(&[u8], &[u8]); 7] = [
            (b"", b""),
            (b", ", b", "),
            (br"a\tb\n", b"a\tb\n"),
            (br"\0\\0", b"\0\\0"),
            (br"\x41\xff\xFF\x00", b"A\xff\xff\0"),
            (b"\xc3\x28\xff", b"\xc3\x28\xff"),
            ("é→".as_bytes(), "é→".as_bytes()),
        ];
        for (text, bytes) in table {
            assert_eq!(read(text).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_no_escape_is_named() {
        let table = [
            (r"a\r", r"`\r`"),
            (r"\", r"`\`"),
            (r"\é", r"`\é`"),
            (r"\x4", r"`\x4`"),
            (r"\x+1", r"`\x+1`"),
            (r"\xyz1", r"`\xyz`"),
        ];
        for (text, named) in table {
            let err = escaped(text.as_ref()).unwrap_err();
            assert!(err.starts_with(named), "{text}: {err}");
        }
    }
}
