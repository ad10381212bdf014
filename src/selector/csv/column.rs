//! Columns as they are typed, and by which number a name is one of them.
//!
//! ```text
//! 3   2-4   3-             numbers, from 1
//! status   "city, or so"   names; quoted as in the file if a comma is in it, or if it looks like a number
//! ```

use std::fmt::{self, Display};

use super::record;
use crate::selector::{Lack, mistake};

/// So many bytes of the names of columns are shown.
const SHOWN: usize = 400;

/// One item of a SEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The one of this number, from 1.
    Nth(usize),
    /// From one to another, or to the last: as many of them as there are.
    Several(usize, Option<usize>),
    /// The one that is called so.
    Named(String),
}

/// As it is typed.
impl Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Nth(number) => number.fmt(f),
            Column::Several(first, Some(last)) => write!(f, "{first}-{last}"),
            Column::Several(first, None) => write!(f, "{first}-"),
            Column::Named(name) if plain(name) => f.write_str(name),
            Column::Named(name) => write!(f, "\"{}\"", name.replace('"', "\"\"")),
        }
    }
}

/// True if a name is typed without quotes.
fn plain(name: &str) -> bool {
    let is_name = matches!(numbers(name), Ok(None)) && !name.starts_with("--");
    is_name && !name.contains([',', '"']) && !name.is_empty()
}

/// Reads a SEL of columns.
pub fn parse(sel: &str) -> Result<Vec<Column>, String> {
    let mut fields = Vec::new();
    let wrong = |lack: Lack| mistake(sel, lack.byte().unwrap_or(0), lack.why());
    record::fields(sel.as_bytes(), b",", &mut fields).map_err(wrong)?;
    let column = |field: &record::Field| {
        let text = String::from_utf8_lossy(&field.text(sel.as_bytes())).into_owned();
        if field.is_quoted(sel.as_bytes()) {
            return Ok(Column::Named(text));
        }
        match numbers(&text) {
            _ if text.is_empty() => Err(mistake(sel, field.start, "here a column is missing")),
            // A flag, which would be missed, is not taken for the column of one that was forgotten.
            Ok(None) if text.starts_with("--") => {
                Err(mistake(sel, field.start, "a name that begins with -- stands in quotes"))
            }
            Ok(None) => Ok(Column::Named(text)),
            Ok(Some(column)) => Ok(column),
            Err((at, what)) => Err(mistake(sel, field.start + at, what)),
        }
    };
    fields.iter().map(column).collect()
}

/// Reads `3`, `2-4` or `3-`; none if it is a name.
fn numbers(text: &str) -> Result<Option<Column>, (usize, &'static str)> {
    let number = |digits: &str, at| match digits.parse() {
        Ok(0) => Err((at, "columns are counted from 1")),
        Ok(number) => Ok(number),
        Err(_) => Err((at, "no record has so many columns")),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
    if first.is_empty() || !is_number(first) || !last.is_none_or(is_number) {
        return Ok(None);
    }
    let at = first.len() + 1;
    let first = number(first, 0)?;
    Ok(Some(match last {
        None => Column::Nth(first),
        Some("") => Column::Several(first, None),
        Some(last) => match number(last, at)? {
            last if last < first => return Err((at, "it ends before it begins")),
            last => Column::Several(first, Some(last)),
        },
    }))
}

/// The names in a line of them; a mark of the byte order is of none.
pub fn names(line: &[u8], separator: &[u8]) -> Result<Vec<Vec<u8>>, Lack> {
    let (line, mut fields) = (record::unmarked(line).1, Vec::new());
    record::fields(line, separator, &mut fields)?;
    Ok(fields.iter().map(|field| field.text(line).into_owned()).collect())
}

/// Puts numbers in the place of names. An error says which columns there are.
pub fn resolved(columns: &[Column], names: &[Vec<u8>]) -> Result<Vec<Column>, String> {
    let number = |column: &Column| {
        let Column::Named(wanted) = column else { return Ok(column.clone()) };
        let mut found =
            names.iter().enumerate().filter(|(_, name)| name.as_slice() == wanted.as_bytes());
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(Column::Nth(index + 1)),
            (None, _) => Err(format!("no column is called {column}; there are {}", list(names))),
            (Some((first, _)), Some((second, _))) => Err(format!(
                "two columns are called {column}: take {} or {} by its number",
                first + 1,
                second + 1
            )),
        }
    };
    columns.iter().map(number).collect()
}

fn list(names: &[Vec<u8>]) -> String {
    let mut all = String::new();
    for (index, name) in names.iter().enumerate() {
        let name = String::from_utf8_lossy(name).replace(char::is_control, "\u{fffd}");
        if all.len() + name.len() > SHOWN {
            return format!("{all} and {} more", names.len() - index);
        }
        all += if index == 0 { "" } else { ", " };
        all += &Column::Named(name).to_string();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    #[test]
    fn columns_are_numbers_or_names() {
        use Column::{Named, Nth, Several};
        let table = [
            ("3", vec![Nth(3)]),
            ("2-4,3-", vec![Several(2, Some(4)), Several(3, None)]),
            ("id,user name", vec![Named("id".into()), Named("user name".into())]),
            (
                "\"city, or so\",\"7\",\"a\"\"b\"",
                ["city, or so", "7", "a\"b"].map(|n| Named(n.into())).to_vec(),
            ),
            ("2024-11-01,a-b,-", ["2024-11-01", "a-b", "-"].map(|n| Named(n.into())).to_vec()),
            ("\"\"", vec![Named(String::new())]),
        ];
        for (sel, expected) in table {
            assert_eq!(parse(sel).as_ref(), Ok(&expected), "{sel}");
            let shown: Vec<_> = expected.iter().map(Column::to_string).collect();
            assert_eq!(parse(&shown.join(",")), Ok(expected), "{sel}");
        }
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let table = [
            ("", 0, "here a column is missing"),
            ("1,,2", 2, "here a column is missing"),
            ("1,0", 2, "columns are counted from 1"),
            ("--count", 0, "a name that begins with --"),
            ("id,4-2", 5, "it ends before it begins"),
            ("99999999999999999999", 0, "no record has so many columns"),
            ("a,\"b", 2, "a quote that does not end"),
            ("a,b\"", 3, "a quote within a field"),
        ];
        for (sel, at, expected) in table {
            let told = parse(sel).unwrap_err();
            let lines: Vec<_> = told.lines().collect();
            assert_eq!(lines[2], format!("{}^", " ".repeat(4 + at)), "{sel}");
            assert!(lines[3].starts_with(&format!("error: {expected}")), "{sel}: {told}");
        }
    }

    #[test]
    fn names_come_to_numbers_or_to_what_there_is() {
        let names = named(&["id", "a,b", "kind", "id"]);
        let resolve = |sel: &str| resolved(&parse(sel).unwrap(), &names);
        let expected = [Column::Nth(3), Column::Nth(2), Column::Several(2, None)];
        assert_eq!(resolve("kind,\"a,b\",2-").unwrap(), expected);
        let told = "no column is called usr; there are id, \"a,b\", kind, id";
        assert_eq!(resolve("usr"), Err(told.to_string()));
        let told = "two columns are called id: take 1 or 4 by its number";
        assert_eq!(resolve("kind,id"), Err(told.to_string()));
        let many = vec![b"long".to_vec(); 1000];
        assert!(resolved(&parse("x").unwrap(), &many).unwrap_err().ends_with(" more"));
    }

    #[test]
    fn a_line_of_names_may_begin_with_a_mark_and_quotes() {
        let expected = named(&["id", "city, or so", "kind"]);
        assert_eq!(names(b"\xef\xbb\xbfid,\"city, or so\",kind", b",").unwrap(), expected);
        assert_eq!(names(b"\xef\xbb\xbf\"id\";\"kind\"", b";").unwrap(), named(&["id", "kind"]));
        assert!(names(b"id,\"kind", b",").is_err());
    }
}
