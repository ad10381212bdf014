//! Regular expressions in programs: what jaq's `test`, `match`, `split` and their like are made of.
//!
//! ```text
//! "a1b" by "(?<n>[0-9])|x"   matches        [{"offset":1,...,"string":"1"}, {...,"name":"n"}], ...
//!                            split_matches  "a", the same, "b"
//!                            split_         "a", "b"
//! ```
//!
//! What stands for an expression alone may be a list, of it and its flags.
//! A group that takes no part is there, with null for its string. Offsets count characters; bytes that are no
//! UTF-8 are characters of their own. Expressions are compiled once a thread, as long as there are few.

use std::cell::RefCell;
use std::rc::Rc;

use jaq_core::ValR;
use jaq_core::native::{Fun, bome, run, v};
use regex::bytes::{Captures, Match, Regex, RegexBuilder};

use super::kind::Kind;
use super::meter;
use super::value::{Name, Object, Value, beyond, character, characters, fails};

/// The functions.
pub(super) fn functions() -> Vec<Fun<Kind>> {
    vec![
        run(("test_", v(2), |mut cv| {
            let (flags, expression) = (cv.0.pop_var(), cv.0.pop_var());
            bome(test(&cv.1, &expression, &flags))
        })),
        run(("matches", v(2), |mut cv| {
            let (flags, expression) = (cv.0.pop_var(), cv.0.pop_var());
            bome(parts(&cv.1, &expression, &flags, Kept { matches: true, between: false }))
        })),
        run(("split_matches", v(2), |mut cv| {
            let (flags, expression) = (cv.0.pop_var(), cv.0.pop_var());
            bome(parts(&cv.1, &expression, &flags, Kept { matches: true, between: true }))
        })),
        run(("split_", v(2), |mut cv| {
            let (flags, expression) = (cv.0.pop_var(), cv.0.pop_var());
            bome(parts(&cv.1, &expression, &flags, Kept { matches: false, between: true }))
        })),
    ]
}

/// An expression that is compiled.
struct Pattern {
    regex: Regex,
    /// The names of its groups.
    names: Vec<Option<String>>,
    /// All matches are wanted, not only the first.
    is_global: bool,
    /// Matches without a character do not count.
    passes_empty: bool,
}

/// An expression and its flags, and what they are compiled to.
type Known = ([Vec<u8>; 2], Rc<Pattern>);

/// What is kept of a text.
#[derive(Clone, Copy)]
struct Kept {
    matches: bool,
    /// What stands between matches.
    between: bool,
}

/// True if an expression is found in a text.
pub(super) fn test(text: &Value, expression: &Value, flags: &Value) -> ValR<Value> {
    let (text, pattern) = (bytes(text)?, pattern(expression, flags)?);
    if !meter::steps(1 + text.len() / 64) {
        return beyond();
    }
    let is_counted = |found: Match<'_>| !(pattern.passes_empty && found.is_empty());
    let mut all = pattern.regex.find_iter(text);
    Ok(Value::Bool(match pattern.is_global {
        true => all.any(is_counted),
        false => all.next().is_some_and(is_counted),
    }))
}

/// What an expression makes of a text.
fn parts(text: &Value, expression: &Value, flags: &Value, kept: Kept) -> ValR<Value> {
    let (text, pattern) = (bytes(text)?, pattern(expression, flags)?);
    if !meter::steps(text.len() / 64) {
        return beyond();
    }
    let (mut parts, mut start) = (Vec::new(), 0);
    let mut place = Place { text, byte: 0, characters: 0 };
    for groups in pattern.regex.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        // Nothing stands everywhere, also within characters.
        let is_at_character = place.reaches(whole.start());
        if whole.is_empty() && (pattern.passes_empty || !is_at_character) {
            continue;
        }
        if !meter::steps(1 + groups.len()) {
            return beyond();
        }
        if kept.between {
            parts.push(Value::text(&text[start..whole.start()]));
            start = whole.end();
        }
        if kept.matches {
            parts.push(matched(text, &groups, &pattern, &place));
        }
        if !pattern.is_global {
            break;
        }
    }
    if kept.between {
        parts.push(Value::text(&text[start..]));
    }
    let parts = Value::list(parts);
    if meter::spent().is_some() { beyond() } else { Ok(parts) }
}

/// A match, and its groups behind it.
fn matched(text: &[u8], groups: &Captures<'_>, pattern: &Pattern, place: &Place<'_>) -> Value {
    let described = |(number, group): (usize, Option<Match<'_>>)| {
        let (offset, length, string) = match group {
            Some(group) => {
                let before = characters(&text[place.byte.min(group.start())..group.start()]);
                let offset = Value::from(place.characters + before);
                let length = Value::from(characters(group.as_bytes()));
                (offset, length, Value::text(group.as_bytes()))
            }
            None => (Value::from(-1isize), Value::from(0usize), Value::Null),
        };
        let mut object = Object::default();
        object.set(Name::new(b"offset"), offset);
        object.set(Name::new(b"length"), length);
        object.set(Name::new(b"string"), string);
        if number > 0 {
            let name = pattern.names.get(number).and_then(Option::as_ref);
            let name = name.map_or(Value::Null, |name| Value::text(name.as_bytes()));
            object.set(Name::new(b"name"), name);
        }
        Value::object(object)
    };
    Value::list(groups.iter().enumerate().map(described).collect())
}

/// How many characters of a text have been passed.
struct Place<'a> {
    text: &'a [u8],
    byte: usize,
    characters: usize,
}

impl Place<'_> {
    /// Goes on to a byte, which is no earlier than that of before; true if a character begins there.
    fn reaches(&mut self, byte: usize) -> bool {
        while self.byte < byte {
            self.byte += character(&self.text[self.byte..]);
            self.characters += 1;
        }
        self.byte == byte
    }
}

/// The bytes of a string.
fn bytes(value: &Value) -> Result<&[u8], jaq_core::Error<Value>> {
    match value {
        Value::Text(text) => Ok(text),
        other => fails(format!("cannot use {other} as string")),
    }
}

/// An expression, compiled. It is remembered, because mostly the same few come with each record.
fn pattern(expression: &Value, flags: &Value) -> Result<Rc<Pattern>, jaq_core::Error<Value>> {
    /// So many are remembered.
    const MOST: usize = 16;
    thread_local! {
        static COMPILED: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
    }
    let (expression, flags) = match (expression, flags) {
        (Value::List(both), Value::Null) if !both.items.is_empty() => {
            (&both.items[0], both.items.get(1).unwrap_or(&Value::Null))
        }
        both => both,
    };
    let flags = if matches!(flags, Value::Null) { &b""[..] } else { bytes(flags)? };
    let expression = bytes(expression)?;
    COMPILED.with_borrow_mut(|compiled| {
        let is_it = |[of, with]: &[Vec<u8>; 2]| *of == expression && *with == flags;
        if let Some((_, pattern)) = compiled.iter().find(|(key, _)| is_it(key)) {
            return Ok(Rc::clone(pattern));
        }
        let pattern = Rc::new(compile(expression, flags)?);
        if compiled.len() == MOST {
            compiled.clear();
        }
        compiled.push(([expression.to_vec(), flags.to_vec()], Rc::clone(&pattern)));
        Ok(pattern)
    })
}

fn compile(expression: &[u8], flags: &[u8]) -> Result<Pattern, jaq_core::Error<Value>> {
    let Ok(expression) = std::str::from_utf8(expression) else {
        return fails("invalid regex: it is no UTF-8".to_string());
    };
    if let Some(unknown) = flags.iter().find(|flag| !b"gnimsxp".contains(flag)) {
        return fails(format!("invalid regex flag: {}", char::from(*unknown)));
    }
    let has = |flag| flags.contains(&flag);
    let mut builder = RegexBuilder::new(expression);
    builder
        .case_insensitive(has(b'i'))
        .multi_line(has(b'm'))
        .dot_matches_new_line(has(b'p'))
        .ignore_whitespace(has(b'x'));
    match builder.build() {
        Ok(regex) => {
            let names = regex.capture_names().map(|name| name.map(str::to_string)).collect();
            Ok(Pattern { regex, names, is_global: has(b'g'), passes_empty: has(b'n') })
        }
        Err(why) => {
            let why = why.to_string();
            let last = why.lines().next_back().unwrap_or_default();
            fails(format!("invalid regex: {}", last.trim_start_matches("error: ")))
        }
    }
}
