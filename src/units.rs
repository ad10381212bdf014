//! Durations, sizes and escapes as they are typed; durations and arguments as they are shown.
//!
//! Numbers are taken apart as decimals and never pass through a float: what is typed is what is
//! meant, to the millisecond, or it is refused in plain words. [`show_duration`] gives a text that
//! [`duration`] turns into the same duration again.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// The units of a duration, in milliseconds, from the longest.
const UNITS: &[(&str, u64)] =
    &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// The longest duration: 10000 days, in milliseconds.
const LONGEST: u128 = 10_000 * 86_400_000;

/// Reads a duration: a number of seconds, or of the unit that stands behind it.
pub fn duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if number.starts_with('-') {
        return Err("a duration is not negative".to_string());
    }
    let (whole, fraction) = decimal(number).ok_or("no number of seconds, as in 2, 0.5 or 500ms")?;
    let unit = if unit.is_empty() { "s" } else { unit };
    let Some(&(_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let units = "there are ms, s, m, h and d, one at a time";
        return Err(format!("no unit is called `{unit}`: {units}"));
    };
    let millis = scaled(whole, fraction, u128::from(scale))?;
    match u64::try_from(millis) {
        Ok(millis) if u128::from(millis) <= LONGEST => Ok(Duration::from_millis(millis)),
        _ => Err("longer than 10000 days".to_string()),
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

/// Reads a whole number of at least `least`.
pub fn whole(text: &str, least: u64) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(number) if number >= least => Ok(number),
        Ok(_) => Err(format!("less than {least}")),
        Err(_) => Err("no whole number".to_string()),
    }
}

/// Reads a size: a number of bytes, or of the unit that stands behind it, in powers of 1024.
pub fn size(text: &str) -> Result<usize, String> {
    let wrong = || "no size: it is a number of bytes, as in 4096, or 64K, 16M, 1G".to_string();
    let (digits, shift) = match text.bytes().last().ok_or_else(wrong)?.to_ascii_uppercase() {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let bytes = digits.parse::<usize>().ok().and_then(|count| count.checked_mul(1 << shift));
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

/// An argument as a shell would have to be given it.
pub fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument.to_string(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (" 6", number),
            ("+6", number),
            ("1,5", number),
            ("6 s", number),
            ("-5", "not negative"),
            ("-inf", "not negative"),
            ("6S", "`S`"),
            ("6sec", "`sec`"),
            ("1e3", "`e3`"),
            ("1h30m", "`h30m`"),
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
    fn a_size_is_bytes_or_has_a_unit_in_powers_of_1024() {
        let table = [("0", 0), ("100", 100), ("64K", 65_536), ("64k", 65_536), ("16M", 16 << 20)];
        for (text, bytes) in table.into_iter().chain([("1G", 1 << 30), ("1g", 1 << 30)]) {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "K", "-1", "1.5M", "64KB", "1 K", "ten", "é", "0x10"] {
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
