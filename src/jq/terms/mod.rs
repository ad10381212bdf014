//! A program as the terms that jaq makes of its text, and what is to be seen from them.
//!
//! ```text
//! text ── spelled ──> parsed ── binding ──> needs    what of its input it looks at
//!                                  └──────> order    the same terms, which jaq goes through as jq does
//! mistake   what is wrong with a text, and where
//! ```

mod binding;
pub(super) mod mistake;
mod needs;
mod order;

use std::borrow::Cow;

use jaq_core::load::parse::Term;
use jaq_core::load::{Lexer, Parser, lex};

pub(super) use needs::{constant, needs};
pub(super) use order::ordered;

use crate::selector::json::text::unescape;

/// The text of a program with a character where it has two escapes for one, or half of one, which jaq does not read.
pub(super) fn spelled(text: &str) -> Cow<'_, str> {
    let (mut made, mut rest) = (String::new(), text);
    let mut copied = text;
    while let Some(at) = rest.find('\\') {
        let length = surrogates(&rest[at..]);
        if length == 0 {
            // Whatever is escaped there begins no escape itself.
            let escaped = rest[at + 1..].chars().next().map_or(0, char::len_utf8);
            rest = &rest[at + 1 + escaped..];
            continue;
        }
        let before = copied.len() - rest.len() + at;
        let mut characters = Vec::new();
        unescape(&rest.as_bytes()[at..at + length], &mut characters);
        made.push_str(&copied[..before]);
        made.push_str(&String::from_utf8_lossy(&characters));
        rest = &rest[at + length..];
        copied = rest;
    }
    match made.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(made + copied),
    }
}

/// How long the escapes of one character are that a text begins with, if these are of UTF-16 alone.
fn surrogates(text: &str) -> usize {
    const ONE: usize = r"\ud83d".len();
    let unit = |from: usize| {
        let digits = text.get(from..from + ONE)?.strip_prefix("\\u")?;
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| are_digits)
    };
    match (unit(0), unit(ONE)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ONE,
        (Some(0xd800..=0xdfff), _) => ONE,
        _ => 0,
    }
}

/// The terms of a program.
pub(super) fn parsed(text: &str) -> Result<Term<&str>, String> {
    let mut tokens = Lexer::new(text).lex().map_err(|errors| {
        let (expected, at) = &errors[0];
        mistake::expected(text, at, expected.as_str())
    })?;
    binding::mark(&mut tokens);
    let mut term = Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| {
        let (expected, found) = &errors[0];
        let at = lex::Token::opt_as_str(*found, text);
        mistake::expected(text, at, expected.as_str())
    })?;
    binding::bind(&mut term);
    Ok(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_escapes_of_one_character_are_that_character() {
        let table = [
            (r#""a""#, r#""a""#),
            (r#""\ud83d\ude00""#, r#""😀""#),
            (r#""é\n\uD83D\uDE00x\ud83d\ude00\\""#, r#""é\n😀x😀\\""#),
            (r#""\\ud83d\ude00""#, "\"\\\\ud83d\u{fffd}\""),
            (r#""\ud83dx\ud83d\ud83d\ude00""#, "\"\u{fffd}x\u{fffd}😀\""),
            (r#""\u00e9\ud8é""#, r#""\u00e9\ud8é""#),
            (r#""\"#, r#""\"#),
        ];
        for (text, expected) in table {
            assert_eq!(spelled(text), expected, "{text}");
        }
    }
}
