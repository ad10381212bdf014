//! What is said of a command line that cannot be meant: what to type instead.
//!
//! A tip is given where it is certain: a command that can be pasted, with everything else that was
//! typed in it, or what weir calls a thing that other tools call otherwise. A guess that misleads is
//! worse than none. What clap would take in another sense than it was meant is found before clap.

mod aliases;

mod rewritten;

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind as Mistake};
use clap::{Arg, Command};

use self::rewritten::{Line, port};
use super::words::{self, Role};
use crate::error::{Error, said};
use crate::part::likeness::near;
use crate::source::SOURCES;
use crate::units::pasted;

/// What stands in the place of a missing address or shell.
const EXAMPLES: &[(&str, &str)] = &[
    ("connect", "weir connect localhost:9999 ..."),
    ("kafka", "weir kafka --brokers localhost:9092 --topic TOPIC ..."),
    ("flume-push", "weir flume-push 41414 ..."),
    ("flume-pull", "weir flume-pull localhost:41414 ..."),
    ("checkpoint", "weir checkpoint show DIR, or reset DIR"),
    ("completions", "weir completions bash, or zsh, or fish"),
];
/// What clap says behind each of its own.
const TRY_HELP: &str = "For more information, try '--help'.";
/// Units as they are written out, and what weir calls them.
const UNITS: &[(&str, &str)] = &[
    ("ms msec millis milliseconds", "ms"),
    ("s sec secs second seconds", "s"),
    ("m min mins minute minutes", "min"),
    ("h hr hrs hour hours", "h"),
    ("d day days", "d"),
    ("w week weeks", "w"),
];

/// A mistake that clap would not see, or take for another one.
pub fn overlooked(command: &Command, args: &[OsString]) -> Option<Error> {
    let line = Line::new(command, args)?;
    let found = line.words.iter().zip(&line.roles).enumerate().find_map(|(at, (word, role))| {
        let Some(text) = word.to_str() else { return no_text(line.source, word, role) };
        match role {
            // Of other sources a word too many is found by clap.
            Role::Word if line.source.get_name() == "files" && !Path::new(word).exists() => {
                other_dash(text).or_else(|| duration_in_two(&line, at, text))
            }
            Role::Word => other_dash(text),
            Role::Flag => other_dash(text).or_else(|| one_hyphen(line.source, text)),
            Role::Value(arg) => {
                let is_place = ["FILE", "DIR", "CMD"].iter().any(|place| role.takes(place));
                let is_flag = words::is_flag(word) && words::defined(line.source, text).is_some();
                let flag = arg.get_long().unwrap_or_default();
                (is_place && is_flag).then(|| {
                    let told = of_missing(arg, text);
                    format!("--{flag}: {told}; a path of that name is ./{text}")
                })
            }
        }
    });
    found.map(Error::usage)
}

/// A word that is not UTF-8, of a flag that takes a text: clap would not say which one.
fn no_text(source: &Command, word: &OsStr, role: &Role) -> Option<String> {
    let arg = match role {
        Role::Value(arg) => *arg,
        Role::Flag => *words::defined_in(source, word).first()?,
        Role::Word => return None,
    };
    let kind = arg.get_value_parser().type_id();
    let takes_bytes = kind == TypeId::of::<OsString>() || kind == TypeId::of::<PathBuf>();
    let bytes = word.as_bytes();
    let at = std::str::from_utf8(bytes).err().filter(|_| !takes_bytes)?.valid_up_to();
    // Not all of it, which may hold a secret.
    let byte = bytes[at..=at].escape_ascii();
    Some(format!("--{}: the byte {byte} is not UTF-8", arg.get_long()?))
}

/// A dash that is no hyphen, as web pages and word processors make of two.
fn other_dash(text: &str) -> Option<String> {
    let is_dash = |c: char| {
        c == '-'
            || matches!(
                c,
                '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
            )
    };
    let name = text.trim_start_matches(is_dash);
    let dash = text[..text.len() - name.len()].chars().find(|c| *c != '-')?;
    let hyphens = if name.chars().nth(1).is_some_and(|c| c != ' ') { "--" } else { "-" };
    let code = u32::from(dash);
    Some(format!("{text}: `{dash}` (U+{code:04X}) is no hyphen; type {hyphens}{name}"))
}

/// `-once`, which would be `-o nce`.
fn one_hyphen(source: &Command, text: &str) -> Option<String> {
    let name = text.strip_prefix('-').filter(|name| !name.starts_with('-'))?;
    let long = format!("--{}", name.split('=').next().unwrap_or(name));
    words::defined(source, &long).map(|_| format!("{text}: a long flag has two hyphens: -{text}"))
}

/// What is said of a first word that is no source and no other command.
pub fn unknown_source(command: &Command, args: &[OsString]) -> Error {
    let word = args[1].to_string_lossy();
    let shown = |name: &&clap::Command| !name.is_hide_set();
    let names = || command.get_subcommands().filter(shown).map(Command::get_name);
    let sources = names().filter(|name| SOURCES.iter().any(|spec| spec.name == *name));
    let sources = listed(&sources.collect::<Vec<_>>());
    if let Some(why) = absent(&args[1]) {
        let what =
            format!("{}: {why}, and no source is called so: there are {sources}", pasted(&args[1]));
        let tip =
            "weir files PATH ... reads files, directories, and what matches a pattern in quotes";
        // As of `weir files PATH`.
        return Error::Failed(format!("{what}\n\n  tip: {tip}\n\n{TRY_HELP}"));
    }
    let is_help = args[2..].iter().any(|word| word == "--help" || word == "-h");
    let of_help = || {
        let near =
            near(&word.to_lowercase(), names()).first().map(|name| format!("weir {name} --help"));
        near.unwrap_or_else(|| "weir --help names all there is".to_string())
    };
    let of_line = |line: Line| {
        let flag = || words::defined(line.source, &format!("--{word}")).is_some();
        let near =
            || near(&word.to_lowercase(), names()).first().map(|name| format!("weir {name} ..."));
        line.reading()
            .or_else(|| aliases::of_source(&word).map(String::from))
            .or_else(near)
            .or_else(|| {
                flag().then(|| format!("a flag begins with two hyphens: weir --{word} ..."))
            })
            .or_else(|| meant_first(&line, &word))
    };
    let tip = match is_help {
        true => Some(of_help()),
        false => Line::new(command, args).and_then(of_line),
    };
    let tip = tip.map(|tip| format!("  tip: {tip}\n\n")).unwrap_or_default();
    let what = format!("unrecognized source '{word}': there are {sources}");
    Error::usage(format!("{what}\n\n{tip}{TRY_HELP}"))
}

/// What is said of a first word that can only be meant for a path, at which nothing is.
fn absent(word: &OsStr) -> Option<String> {
    let text = word.to_string_lossy();
    let is_pattern = text.contains(['*', '?', '[']);
    let is_path = text.contains('/') || text.starts_with(['~', '.']) || is_pattern;
    let has_ending = Path::new(word).extension().is_some() && text.parse::<IpAddr>().is_err();
    if text.contains(':') || text.contains(char::is_whitespace) || !(is_path || has_ending) {
        return None;
    }
    match std::fs::metadata(word) {
        Err(error) if error.kind() != ErrorKind::NotFound => Some(said(&error)),
        _ if is_pattern => Some("no file matches".to_string()),
        _ => Some("no such file or directory".to_string()),
    }
}

/// What was meant by a first word that is a port, an address, or what is looked for.
fn meant_first(line: &Line, word: &str) -> Option<String> {
    let is_kind = ["udp:", "unix:", "fd:"].iter().any(|kind| word.starts_with(kind));
    if port(word.as_ref()) || is_kind {
        return Some(line.behind("listen"));
    }
    let address = word.split_once("://").map_or(word, |(_, address)| address);
    match address.rsplit_once(':') {
        Some((host, digits)) if port(digits.as_ref()) && !host.contains('/') => {
            let source = if host.is_empty() { "listen" } else { "connect" };
            let rest = line.with("", 0).split_off("weir".len());
            Some(format!("weir {source} {}{rest}", pasted(address.as_ref())))
        }
        _ if word.is_empty() || word.contains(['/', ':']) => None,
        _ => Some(format!("what matches is kept by {}", line.behind("--filter"))),
    }
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// What to do about a mistake that clap has found.
pub fn tip(error: &clap::Error, command: &Command, args: &[OsString]) -> Option<String> {
    let told = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = told(ContextKind::InvalidArg).unwrap_or_default();
    let value = told(ContextKind::InvalidValue);
    let line = Line::new(command, args);
    match error.kind() {
        Mistake::MissingRequiredArgument => {
            let found =
                EXAMPLES.iter().find(|(name, _)| args.get(1).is_some_and(|arg| arg == *name));
            found.map(|(_, example)| (*example).to_string())
        }
        Mistake::UnknownArgument if words::is_flag(flag.as_ref()) => unknown_flag(&line?, flag),
        Mistake::UnknownArgument => stray(&line?, flag),
        Mistake::ValueValidation => {
            let (value, source) = (value?, line?.source);
            let arg = words::defined(source, name_of(flag))?;
            let is_flag = words::is_flag(value.as_ref()) && words::defined(source, value).is_some();
            let is_ignore_case = arg.get_long() == Some("interval")
                && args.iter().any(|word| word == "-i")
                && !value.contains(|c: char| c.is_ascii_digit());
            match (is_flag, is_ignore_case) {
                (true, _) => Some(of_missing(arg, value)),
                (false, true) => Some(format!(
                    "-i is --interval; what matches in any case is kept by --filter {}",
                    pasted(format!("(?i){value}").as_ref())
                )),
                (false, false) => None,
            }
        }
        Mistake::InvalidValue => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) => unknown_value(name_of(flag), value?, values),
            _ => None,
        },
        Mistake::InvalidSubcommand => {
            let (of, word) = (args.get(1)?, told(ContextKind::InvalidSubcommand)?);
            let names = command.find_subcommand(of)?.get_subcommands().map(Command::get_name);
            let names: Vec<_> = names.collect();
            Some(match near(word, names.iter().copied()).first() {
                Some(name) => format!("weir {} {name} ...", pasted(of)),
                None => format!("there are {}", listed(&names)),
            })
        }
        _ => None,
    }
}

/// The flag of `--top <N>`, as clap names an argument.
fn name_of(argument: &str) -> &str {
    argument.split([' ', '=']).next().unwrap_or_default()
}

/// A value that is none of those there are.
fn unknown_value(name: &str, value: &str, values: &[String]) -> Option<String> {
    meant_by(name, value, &values.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What was meant by a value of a flag that is none of `values`, if that is certain.
pub fn meant_by(name: &str, value: &str, values: &[&str]) -> Option<String> {
    if let Some(tip) = aliases::of_value(name, value) {
        return Some(tip.to_string());
    }
    let lower = value.to_lowercase();
    let near = *near(&lower, values.iter().copied()).first()?;
    Some(if name.starts_with('-') { format!("{name} {near}") } else { near.to_string() })
}

/// A flag whose argument was forgotten, so that it has taken the flag behind it.
fn of_missing(arg: &Arg, taken: &str) -> String {
    let name = arg.get_value_names().map_or("argument", |names| names[0].as_str());
    let flag = arg.get_long().unwrap_or_default();
    format!("{taken} is a flag; the {name} of --{flag} stands before it")
}

/// A flag that there is not.
fn unknown_flag(line: &Line, flag: &str) -> Option<String> {
    let source = line.source;
    let place = line.words.iter().position(|word| word == flag);
    let before = place.and_then(|at| line.roles[..at].last());
    if let Some(Role::Value(arg)) = before.filter(|role| role.takes("CMD")) {
        let flag = arg.get_long().unwrap_or_default();
        return Some(format!("a command of several words is quoted: --{flag} '...'"));
    }
    if words::defined(source, flag).is_some() {
        return Some("what follows `--` is no flag; leave the `--` out".to_string());
    }
    let listening = line.listening().filter(|_| !flag.starts_with("--"));
    if let Some(tip) = listening.or_else(|| aliases::of_flag(flag).map(String::from)) {
        return Some(tip);
    }
    let longs = source.get_arguments().filter(|arg| !arg.is_hide_set());
    let longs: Vec<_> = longs.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
    let long = flag.strip_prefix("--").map(|_| aliases::kebab(flag))?;
    match near(&long, longs.iter().map(String::as_str)).as_slice() {
        [] => None,
        [one] => Some(format!("a similar argument exists: '{one}'")),
        some => Some(format!("similar arguments exist: '{}'", some.join("', '"))),
    }
}

/// A word where none is taken.
fn stray(line: &Line, word: &str) -> Option<String> {
    let same = |(text, role): (&OsString, &Role)| {
        matches!(role, Role::Word) && text.to_string_lossy() == word
    };
    let at = line.words.iter().zip(&line.roles).rposition(same)?;
    let is_quote = |c: char| matches!(c, '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}');
    Some(match word {
        _ if SOURCES.iter().any(|spec| spec.name == word) => {
            format!("the source is the first word: {}", line.with(word, at))
        }
        _ if word.contains(is_quote) => {
            "typographic quotes are none for a shell: type ' or \"".to_string()
        }
        "-" => format!("standard input needs no name: {}", line.with("", at)),
        _ if line.source.get_name() != "stdin" => of_address(line, at, word),
        _ => line.reading().unwrap_or_else(|| of_stdin(line, at, word)),
    })
}

/// The unit that a word is, as durations have it.
fn unit(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    let is_named = |(names, _): &&(&str, &str)| names.split(' ').any(|name| name == lower);
    UNITS.iter().find(is_named).map(|(_, unit)| *unit)
}

/// A duration whose unit is a word of its own, at this place.
fn duration_in_two(line: &Line, at: usize, word: &str) -> Option<String> {
    let (before, unit) = (at.checked_sub(1)?, unit(word)?);
    let role = line.roles[before];
    let Role::Value(arg) = role else { return None };
    let (number, flag) = (line.words[before].to_string_lossy(), arg.get_long()?);
    role.takes("D").then(|| format!("a duration is one word: --{flag} {number}{unit}"))
}

/// A word behind `weir stdin` that is no file.
fn of_stdin(line: &Line, at: usize, word: &str) -> String {
    let before = at.checked_sub(1).map(|at| (&line.words[at], line.roles[at]));
    match before {
        _ if word.contains(['.', '/']) => {
            format!("there is no file {word}; one is read by weir files FILE ...")
        }
        // `min` is a unit behind a duration, and a flag without its hyphens elsewhere.
        before
            if words::defined(line.source, &format!("--{word}")).is_some()
                && !before.is_some_and(|(_, role)| role.takes("D") && unit(word).is_some()) =>
        {
            format!("a flag begins with two hyphens: --{word}")
        }
        Some((value, Role::Value(arg))) => {
            let (name, flag) = (value.to_string_lossy(), arg.get_long().unwrap_or_default());
            if words::is_flag(value) && words::defined(line.source, &name).is_some() {
                return of_missing(arg, &name);
            }
            duration_in_two(line, at, word).unwrap_or_else(|| {
                format!("an argument of several words is quoted: --{flag} {}", line.joined(at))
            })
        }
        Some((flag, Role::Flag)) if flag == "-v" => {
            format!("-v says more; what matches is dropped by --reject {}", pasted(word.as_ref()))
        }
        _ => {
            let filter = format!("--filter {}", pasted(word.as_ref()));
            format!("a file is read by weir files FILE ...; what matches is kept by {filter}")
        }
    }
}

/// A second word for a source of which one is an address.
fn of_address(line: &Line, at: usize, word: &str) -> String {
    let source = line.source.get_name();
    if source == "kafka" {
        let flag = if word.contains(':') { "--brokers" } else { "--topic" };
        return format!("weir kafka takes no word; is {flag} {} meant?", pasted(word.as_ref()));
    }
    let host =
        line.words[..at].iter().zip(&line.roles).rfind(|(_, role)| matches!(role, Role::Word));
    match host.and_then(|(host, _)| host.to_str()) {
        Some(host) if word.bytes().all(|byte| byte.is_ascii_digit()) && !host.contains(':') => {
            format!("an address is one word: weir {source} {host}:{word}")
        }
        _ => format!("weir {source} takes one address; weir files FILE ... reads a file"),
    }
}
