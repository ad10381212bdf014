//! What is typed, and what is printed for people, taken apart again: any text gets an answer.
//!
//! No text makes a parser panic; what is accepted means what it says, by a second way of reading it.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use common::replayed;
use proptest::prelude::*;
use weir::format::python::{Object, repr};
use weir::selector::{access_log, csv::column, field, json, logfmt};
use weir::units::{duration, escaped, show_duration, size};

/// Reads a string literal of Python: the text between its quotes, escapes undone.
fn literal(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|quote| "'\"".contains(*quote))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let (mut out, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        let digits = match c {
            '\\' => match chars.next()? {
                't' => Err('\t'),
                'n' => Err('\n'),
                'r' => Err('\r'),
                c @ ('\\' | '\'') => Err(c),
                'x' => Ok(2),
                'u' => Ok(4),
                'U' => Ok(8),
                _ => return None,
            },
            c if c == quote => return None,
            c => Err(c),
        };
        out.push(match digits {
            Err(c) => c,
            Ok(count) => {
                let digits: String = chars.by_ref().take(count).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
        });
    }
    Some(out)
}

/// Items as they are typed.
fn shown<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

/// What is accepted of a SEL means the same when it is typed as it is shown; what is not is pointed at.
fn taken<T: PartialEq + std::fmt::Debug>(
    sel: &str,
    items: Result<Vec<T>, String>,
    show: impl Fn(&[T]) -> String,
    parse: impl Fn(&str) -> Result<Vec<T>, String>,
) -> Result<(), TestCaseError> {
    match items {
        Ok(items) => prop_assert_eq!(parse(&show(&items)), Ok(items)),
        Err(why) => {
            let caret = why.lines().find(|line| line.trim_start() == "^");
            let column = caret.unwrap().chars().count() - "    ^".len();
            prop_assert!(column <= sel.chars().count(), "{}", why);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_repr_is_a_literal_of_the_same_text(
        text in prop_oneof!["\\PC{0,20}", "[\\x00-\\xff]{0,20}", "['\"\\\\a\n]{0,9}", any::<String>()],
    ) {
        let mut out = Vec::new();
        repr(&mut out, Object::Text(text.as_bytes()));
        let out = String::from_utf8(out).unwrap();
        prop_assert_eq!(literal(&out), Some(text), "{}", out);
    }

    #[test]
    fn a_repr_of_any_bytes_is_a_literal_of_the_lossy_text(bytes in any::<Vec<u8>>()) {
        let mut out = Vec::new();
        repr(&mut out, Object::Text(&bytes));
        let lossy = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(literal(&String::from_utf8(out).unwrap()), Some(lossy));
    }

    #[test]
    fn a_duration_means_what_it_says_or_is_refused(
        text in prop_oneof!["[0-9]{0,45}(\\.[0-9]{0,45})?(ms|s|min|m|h|d|w)?", "([1-9][0-9]?[smhdw]){1,3}", "[-+0-9. a-zé]{0,9}", any::<String>()],
    ) {
        if let Ok(span) = duration(&text) {
            prop_assert_eq!(duration(&show_duration(span)), Ok(span), "{}", text);
            let (mut seconds, mut left) = (0.0, text.as_str());
            while !left.is_empty() {
                let rest = left.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
                let digits = &left[..left.len() - rest.len()];
                left = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                seconds += digits.parse::<f64>().unwrap() * match &rest[..rest.len() - left.len()] {
                    "ms" => 0.001,
                    "" | "s" => 1.0,
                    "m" | "min" => 60.0,
                    "h" => 3600.0,
                    "d" => 86_400.0,
                    "w" => 7.0 * 86_400.0,
                    other => panic!("{other} is no unit"),
                };
            }
            let apart = (span.as_secs_f64() - seconds).abs();
            prop_assert!(apart <= seconds * 1e-12, "{} is {:?}", text, span);
            prop_assert!(span <= Duration::from_secs(10_000 * 86_400));
        }
    }

    #[test]
    fn a_size_means_what_it_says_or_is_refused(
        text in prop_oneof!["[0-9]{1,21}[KMGkmg]?", any::<String>()],
    ) {
        let digits = text.trim_end_matches(['K', 'M', 'G', 'k', 'm', 'g']);
        let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
            "" => Some(0),
            "K" => Some(10),
            "M" => Some(20),
            "G" => Some(30),
            _ => None,
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let expected = shift.filter(|_| is_number).and_then(|shift| {
            let bytes = digits.parse::<u128>().ok()?.checked_mul(1 << shift)?;
            usize::try_from(bytes).ok()
        });
        prop_assert_eq!(size(&text).ok(), expected, "{}", text);
    }

    #[test]
    fn a_sel_means_what_is_shown_of_it_or_is_refused_where_it_is_wrong(
        sel in prop_oneof!["([0-9NF,-]|NF){0,9}", "(host|class|bytes|,){0,5}", "[a-c,=\" é]{0,6}", any::<String>()],
    ) {
        taken(&sel, field::parse(&sel), shown, field::parse)?;
        taken(&sel, access_log::parse(&sel), shown, access_log::parse)?;
        taken(&sel, logfmt::parse(&sel), |keys| keys.join(","), logfmt::parse)?;
    }

    #[test]
    fn a_path_or_a_column_means_what_is_shown_of_it_or_is_refused_where_it_is_wrong(
        sel in prop_oneof![
            "(\\.([a-c]|\\[[0-9]?\\]|\"[a \"]{0,3}\"|\\[\"[a,\\]]\"\\])){0,4}(,\\.[ab]?){0,2}",
            "([a-c]|[0-9]-?[0-9]?|\"([a,]|\"\"){0,3}\"|,){0,6}",
            any::<String>(),
        ],
    ) {
        taken(&sel, json::path::parse(&sel), shown, json::path::parse)?;
        taken(&sel, column::parse(&sel), shown, column::parse)?;
    }

    #[test]
    fn escapes_of_any_bytes_give_these_bytes(bytes in any::<Vec<u8>>()) {
        let typed: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        prop_assert_eq!(escaped(OsStr::new(&typed)), Ok(bytes.clone()));
        // As they are, they are refused or become no longer.
        if let Ok(read) = escaped(OsStr::from_bytes(&bytes)) {
            prop_assert!(read.len() <= bytes.len());
            prop_assert!(bytes.contains(&b'\\') || read == bytes);
        }
    }
}

/// An event of a script, or something like one.
fn event() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![
        (0.0..5.0_f64).prop_map(|seconds| format!("{seconds:.3}")),
        prop::sample::select(&["1e300", "-1", "null", "\"1\"", "9223372036854775"][..])
            .prop_map(str::to_string),
    ];
    let odd = ["null", "1", "{}", "{\"hex\":\"0\"}", "{\"hex\":\"zz\"}", "{\"hex\":\"é0\"}", "[]"];
    let plain = ["\"a\\n\"", "\"CUT\"", "\"CLOSE\"", "\"half\"", "{\"hex\":\"000a\"}", "\"\""];
    let what = prop_oneof![8 => prop::sample::select(plain.to_vec()), 1 => prop::sample::select(odd.to_vec())];
    (seconds, what).prop_map(|(seconds, what)| format!("[{seconds},{what}]"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_script_is_played_or_refused(events in prop::collection::vec(event(), 0..8)) {
        let script = format!("[{}]", events.join(","));
        let ended = replayed(&script, &["--count", "--once"]);
        match ended.status {
            0 => prop_assert_eq!(ended.err, "", "{}", script),
            2 => prop_assert_eq!(ended.out, "", "{}", script),
            _ => prop_assert!(false, "{}: {:?}", script, ended),
        }
    }
}
