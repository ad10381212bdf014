//! What each word of a command line is: a flag, a flag's argument, or neither.
//!
//! clap knows, and does not tell when it refuses the line; what is said of a mistake needs it then.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::builder::Str;
use clap::{Arg, Command};

/// What a word is.
#[derive(Clone, Copy, Debug)]
pub enum Role<'a> {
    /// A flag, whether there is such a one or not.
    Flag,
    /// The argument of the flag before it.
    Value(&'a Arg),
    /// Neither.
    Word,
}

impl Role<'_> {
    /// True of the argument of a flag that calls it so.
    pub fn takes(&self, name: &str) -> bool {
        let is = |names: &[Str]| names[0].split('|').any(|other| other == name);
        let is = |arg: &Arg| arg.get_value_names().is_some_and(is);
        matches!(self, Role::Value(arg) if is(arg))
    }
}

/// What the words are that follow the name of a source.
pub fn roles<'a>(source: &'a Command, words: &[OsString]) -> Vec<Role<'a>> {
    // How many of the next words are arguments of which flag.
    let (mut roles, mut of, mut ended): (Vec<Role>, Option<(&Arg, usize)>, bool) =
        (vec![], None, false);
    for word in words {
        roles.push(match of.take() {
            Some((arg, left)) => {
                of = (left > 1).then(|| (arg, left - 1));
                Role::Value(arg)
            }
            None if ended || !is_flag(word) => Role::Word,
            None => {
                of = takes_next(source, word).map(|arg| (arg, count(arg)));
                ended = word == "--";
                Role::Flag
            }
        });
    }
    roles
}

/// True of what begins with a hyphen and is not that alone.
pub fn is_flag(word: &OsStr) -> bool {
    word.len() > 1 && word.as_bytes()[0] == b'-'
}

/// The argument that a flag is defined as.
pub fn defined<'a>(source: &'a Command, flag: &str) -> Option<&'a Arg> {
    let mut args = source.get_arguments();
    match flag.strip_prefix("--") {
        Some(long) => args.find(|arg| arg.get_long() == Some(long)),
        None => args.find(|arg| arg.get_short().is_some_and(|short| flag == format!("-{short}"))),
    }
}

/// The arguments that a word gives: one that is long, or each letter of those that are short.
pub fn defined_in<'a>(source: &'a Command, word: &OsStr) -> Vec<&'a Arg> {
    let text = word.to_string_lossy();
    if text.starts_with("--") {
        let name = text.split('=').next().unwrap_or_default();
        return defined(source, name).into_iter().collect();
    }
    let mut found = Vec::new();
    for short in text.chars().skip(1) {
        let Some(arg) = defined(source, &format!("-{short}")) else { break };
        found.push(arg);
        if takes_value(arg) {
            break;
        }
    }
    found
}

/// The value that stands in the word of its flag: of `--top=5` and of `-vi5`.
pub fn attached<'a>(arg: &Arg, word: &'a OsStr) -> Option<&'a OsStr> {
    let text = word.to_str()?;
    let value = match text.strip_prefix("--") {
        Some(long) => long.split_once('=')?.1,
        None => text.split_once(arg.get_short()?)?.1,
    };
    Some(OsStr::new(value)).filter(|value| !value.is_empty() && takes_value(arg))
}

/// True if the argument takes a value.
pub fn takes_value(arg: &Arg) -> bool {
    // What takes none says so by its action or, as a step does, by their number.
    arg.get_action().takes_values() && arg.get_num_args().is_none_or(|count| count.takes_values())
}

/// How many words an argument takes that takes some.
pub fn count(arg: &Arg) -> usize {
    arg.get_num_args().map_or(1, |count| count.min_values())
}

/// The argument whose value is the next word: of `-vi 5` that of `-i`, of `-vi5` and `--top=5` none.
fn takes_next<'a>(source: &'a Command, word: &OsStr) -> Option<&'a Arg> {
    let text = word.to_str()?;
    if text.starts_with("--") {
        return defined(source, text).filter(|arg| takes_value(arg));
    }
    let mut shorts = text.chars().skip(1);
    while let Some(short) = shorts.next() {
        if let Some(arg) = defined(source, &format!("-{short}")).filter(|arg| takes_value(arg)) {
            return shorts.next().is_none().then_some(arg);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_flags_arguments_of_flags_or_neither() {
        let command = crate::cli::command();
        let source = command.find_subcommand("stdin").unwrap();
        let two = Arg::new("two").long("two").num_args(2);
        let source = &source.clone().arg(two);
        let table = [
            ("--two a --top b", "fvvw"),
            ("--count x", "fw"),
            ("--top 3 x", "fvw"),
            ("--top=3 x", "fw"),
            ("--filter --count --count", "fvf"),
            ("-vi 5 x", "fvw"),
            ("-vi5 x -", "fww"),
            ("--words x --trim y", "fwfw"),
            ("--nothing x -x y", "fwfw"),
            ("-- --count", "fw"),
        ];
        for (line, expected) in table {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let letter = |role: &Role| match role {
                Role::Flag => 'f',
                Role::Value(_) => 'v',
                Role::Word => 'w',
            };
            let found: String = roles(source, &words).iter().map(letter).collect();
            assert_eq!(found, expected, "{line}");
        }
    }
}
