//! Text of others, made so that a terminal only shows it: keys come from the network.
//!
//! What is not UTF-8 is U+FFFD. What a terminal would obey, or what would turn the text around or be seen as nothing
//! (controls of both sets, marks of direction, joiners), is written as an escape, as `\x1b`. How many columns a
//! character takes is never underestimated, so a line that fits by this reckoning fits: what may be two columns
//! wide counts as two, what joins another one as one.

use std::fmt::Write;

/// Appends as much of `bytes` as fits into so many columns, with `…` where it is cut; returns how many it takes.
pub fn put(out: &mut String, bytes: &[u8], columns: usize) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let (mut taken, mut last_fit) = (0, (out.len(), 0));
    let mut shown = String::new();
    for c in text.chars() {
        shown.clear();
        let width = show(&mut shown, c);
        if taken + width > columns {
            // The mark takes the place of as many characters as it needs.
            out.truncate(last_fit.0);
            if columns > 0 {
                out.push('…');
            }
            return last_fit.1 + columns.min(1);
        }
        out.push_str(&shown);
        taken += width;
        if taken < columns {
            last_fit = (out.len(), taken);
        }
    }
    taken
}

/// Appends a character as it is shown, and returns how many columns that takes.
fn show(out: &mut String, c: char) -> usize {
    if is_obeyed(c) {
        let before = out.len();
        let code = u32::from(c);
        let _ = match c {
            '\t' => write!(out, "\\t"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            _ if code < 0x100 => write!(out, "\\x{code:02x}"),
            _ => write!(out, "\\u{{{code:x}}}"),
        };
        return out.len() - before;
    }
    out.push(c);
    if u32::from(c) < 0x1100 { 1 } else { 2 }
}

/// True for what is no picture of itself.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_of_a_text_is_obeyed_and_it_is_cut_where_there_is_no_more_room() {
        let table: [(&[u8], usize, &str, usize); 12] = [
            (b"word", 10, "word", 4),
            (b"word", 4, "word", 4),
            (b"words", 4, "wor…", 4),
            (b"words", 1, "…", 1),
            (b"words", 0, "", 0),
            (b"", 3, "", 0),
            (b"\x1b[2Jx", 10, "\\x1b[2Jx", 8),
            (b"a\x1bb", 4, "a…", 2),
            ("\u{9b}31m".as_bytes(), 10, "\\x9b31m", 7),
            ("漢字漢字".as_bytes(), 5, "漢字…", 5),
            ("\u{202e}abc".as_bytes(), 20, "\\u{202e}abc", 11),
            (b"\xffa\t", 9, "\u{fffd}a\\t", 5),
        ];
        for (bytes, columns, expected, taken) in table {
            let mut out = String::new();
            assert_eq!(put(&mut out, bytes, columns), taken, "{bytes:?}");
            assert_eq!(out, expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_no_control_comes_out_and_no_more_columns_than_there_are(
            bytes in prop::collection::vec(any::<u8>(), 0..40), columns in 0usize..30,
        ) {
            let mut out = String::from("before ");
            let taken = put(&mut out, &bytes, columns);
            prop_assert!(taken <= columns);
            prop_assert!(out.starts_with("before ") && !out.chars().any(is_obeyed), "{:?}", out);
        }
    }
}
