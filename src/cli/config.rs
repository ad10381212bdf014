//! Flags that were not typed: from the environment, and from a file of arguments.
//!
//! ```text
//! typed         weir listen 9999 --interval 10        counts most
//! environment   WEIR_INTERVAL=5  WEIR_ONCE=yes        of all flags but steps, which have their place among others
//! file          --config FILE, or $WEIR_CONFIG        any flag; its steps come before those that are typed
//! ```
//!
//! A flag that is given in one place is not looked for in those that count less, so of a list one place has all.
//! What is found becomes words of the command line, before those that were typed, so that it means the same; where
//! each came from is kept, and what is said of a flag names that place. What passes as a secret is refused in
//! the environment, where other programs see it; that everybody sees one that is typed is told.

mod file;
mod origins;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};

pub use self::origins::Origins;
use super::words::{self, Role, roles};
use crate::agg::AGGS;
use crate::error::Error;
use crate::kafka::is_secret;
use crate::part::likeness::near;
use crate::source::SOURCES;
use crate::units::quoted;

/// What the names of variables begin with.
const PREFIX: &str = "WEIR_";
/// Variables that are no flags: the file, and what --exec tells its command.
const OTHERS: [&str; 3] = ["WEIR_CONFIG", "WEIR_TIME", "WEIR_RECORDS"];
/// Under this heading stand flags that are nothing without their place.
pub(super) const STEPS: &str = "Steps, in order";

/// Variables of the environment, those of weir.
pub type Variables = Vec<(OsString, OsString)>;

/// The variables that this process was started with.
pub fn variables() -> Variables {
    let of_weir = |name: &OsStr| name.as_bytes().starts_with(PREFIX.as_bytes());
    std::env::vars_os().filter(|(name, _)| of_weir(name)).collect()
}

/// The command line with what was not typed, and where that came from.
pub fn filled(
    command: &Command,
    args: Vec<OsString>,
    variables: &Variables,
) -> Result<(Vec<OsString>, Origins), Error> {
    let is_source = |name: &OsString| SOURCES.iter().any(|spec| name == spec.name);
    let source =
        args.get(1).filter(|name| is_source(name)).and_then(|name| command.find_subcommand(name));
    let Some(source) = source else { return Ok((args, Origins::default())) };
    let typed = Typed::of(source, &args[2..]);
    let is_alone = variables.is_empty() && typed.config.is_none();
    let mut origins = Origins::default();
    origins.strays.clone_from(&typed.exposed);
    if is_alone || typed.asks_for_help {
        return Ok((args, origins));
    }
    let mut given = Given { command, source, decided: BTreeSet::new(), origins };
    given.decide(&typed.args);
    let config = config(&typed, variables);
    let from_environment = given.environment(variables)?;
    let from_file = match &config {
        Some((of, path)) => given.file(of, path)?,
        None => Vec::new(),
    };
    let (name, rest) = args.split_at(2);
    Ok(([name, &from_file, &from_environment, rest].concat(), given.origins))
}

/// What was typed.
struct Typed<'a> {
    args: Vec<&'a Arg>,
    /// The argument of --config.
    config: Option<PathBuf>,
    /// What is to be said of secrets that everybody sees.
    exposed: Vec<String>,
    asks_for_help: bool,
}

impl<'a> Typed<'a> {
    fn of(source: &'a Command, words: &[OsString]) -> Typed<'a> {
        let (mut args, mut config, mut asks_for_help) = (Vec::new(), None, false);
        let mut exposed = Vec::new();
        for (word, role) in words.iter().zip(roles(source, words)) {
            match role {
                Role::Flag => {
                    let is_help =
                        ["-h", "--help", "-V", "--version"].iter().any(|flag| word == flag);
                    asks_for_help |= is_help;
                    if let Some(path) = word.as_bytes().strip_prefix(b"--config=") {
                        config = Some(OsStr::from_bytes(path).into());
                    }
                    let given = words::defined_in(source, word);
                    let value =
                        given.last().and_then(|arg| secret(arg, words::attached(arg, word)?));
                    exposed.extend(value);
                    args.extend(given);
                }
                Role::Value(arg) if arg.get_long() == Some("config") => config = Some(word.into()),
                Role::Value(arg) => exposed.extend(secret(arg, word)),
                Role::Word => {}
            }
        }
        let told = |key| {
            format!(
                "-X {key}: everybody on this machine can read it there; it belongs as a line {key}=... into a file \
                 that -F FILE names"
            )
        };
        let exposed = exposed.into_iter().map(told).collect();
        Typed { args, config, exposed, asks_for_help }
    }
}

/// The file that is meant, and how it was named; one whose name is empty is none.
fn config(typed: &Typed, variables: &Variables) -> Option<(&'static str, PathBuf)> {
    let variable = variables.iter().find(|(name, _)| name == "WEIR_CONFIG");
    let (of, path) = match (&typed.config, variable) {
        (Some(path), _) => ("--config", path.clone()),
        (None, variable) => ("WEIR_CONFIG", PathBuf::from(&variable?.1)),
    };
    (!path.as_os_str().is_empty()).then_some((of, path))
}

/// What is given so far, by whoever counts more.
struct Given<'a> {
    command: &'a Command,
    source: &'a Command,
    /// The flags that are looked for no more, by their ids.
    decided: BTreeSet<String>,
    origins: Origins,
}

impl Given<'_> {
    /// These are given, and what does not go with them is not looked for either.
    fn decide(&mut self, args: &[&Arg]) {
        let is_aggregate = |arg: &&Arg| AGGS.iter().any(|spec| arg.get_id() == spec.flag.name);
        let has_aggregate = args.iter().any(is_aggregate);
        for other in self.source.get_arguments() {
            let is_same = |arg: &&&Arg| arg.get_id() == other.get_id();
            let excludes = |arg: &&&Arg| {
                let of = |one: &Arg, two: &Arg| {
                    let all = self.source.get_arg_conflicts_with(one);
                    all.iter().any(|arg| arg.get_id() == two.get_id())
                };
                of(arg, other) || of(other, arg)
            };
            let is_other_aggregate = has_aggregate && is_aggregate(&other);
            if is_other_aggregate || args.iter().any(|arg| is_same(&arg) || excludes(&arg)) {
                self.decided.insert(other.get_id().to_string());
            }
        }
    }

    /// Steps are given wherever they stand; others once.
    fn is_decided(&self, arg: &Arg) -> bool {
        arg.get_help_heading() != Some(STEPS) && self.decided.contains(arg.get_id().as_str())
    }

    /// The words of the variables that there are.
    fn environment(&mut self, variables: &Variables) -> Result<Vec<OsString>, Error> {
        let (mut found, mut all) = (Vec::new(), Vec::new());
        for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
            let Some(text) = name.to_str().filter(|name| !OTHERS.contains(name)) else { continue };
            let Some((is_ours, arg)) = self.named(text) else { continue };
            if arg.get_help_heading() == Some(STEPS) {
                let flag = arg.get_long().unwrap_or_default();
                return Err(Error::usage(format!(
                    "{text}: --{flag} has its place among the steps; it is typed, or stands in the file of --config"
                )));
            }
            if !is_ours || self.is_decided(&arg) {
                continue;
            }
            all.extend(of_variable(&arg, text, value)?);
            self.origins.add(&arg, text.to_string());
            found.push(arg);
        }
        self.decide(&found.iter().collect::<Vec<_>>());
        Ok(all)
    }

    /// The flag that a variable is named after, and whether this source has it; if there is none, that is
    /// noted where it looks like a mistake.
    fn named(&mut self, variable: &str) -> Option<(bool, Arg)> {
        let find =
            |command: &Command| flags(command).find(|arg| named_as(arg) == variable).cloned();
        let of_ours = find(self.source).map(|arg| (true, arg));
        let found = of_ours.or_else(|| {
            let mut sources = sources(self.command);
            sources.find_map(|source| Some((false, find(source)?)))
        });
        if found.is_none() {
            let all: BTreeSet<_> = sources(self.command).flat_map(flags).map(named_as).collect();
            // Without what all of them begin with, which would make any two look alike.
            let bare = |name: &str| name.strip_prefix(PREFIX).map(str::to_string);
            let names: Vec<String> = all.iter().filter_map(|name| bare(name)).collect();
            let variable_bare = bare(variable).unwrap_or_default();
            let near = near(&variable_bare, names.iter().map(String::as_str));
            if let Some(near) = near.first() {
                self.origins
                    .strays
                    .push(format!("{variable}: there is no such flag; is {PREFIX}{near} meant?"));
            }
        }
        found
    }

    /// The words of a file, without what is given elsewhere.
    fn file(&mut self, of: &str, path: &Path) -> Result<Vec<OsString>, Error> {
        let (everything, mut all) = (everything(self.command), Vec::new());
        let found = spread(file::read(of, path)?, &everything);
        let words: Vec<OsString> = found.iter().map(|(_, word)| word.clone()).collect();
        let mut passes = false;
        for ((line, word), role) in found.iter().zip(roles(&everything, &words)) {
            let place = || format!("{}:{line}", path.display());
            match role {
                Role::Word => {
                    return Err(Error::usage(format!(
                        "{}: {} is no flag; the source and what it reads are typed",
                        place(),
                        quoted(&word.to_string_lossy())
                    )));
                }
                Role::Flag => {
                    let known = words::defined_in(&everything, word);
                    let Some(known) = known.first() else {
                        let shown = word.to_string_lossy();
                        return Err(Error::usage(format!("{}: there is no flag {shown}", place())));
                    };
                    let is_config = known.get_long() == Some("config");
                    if is_config {
                        return Err(Error::usage(format!(
                            "{}: a file names no other file",
                            place()
                        )));
                    }
                    let ours =
                        self.source.get_arguments().find(|arg| arg.get_id() == known.get_id());
                    let taken = ours.filter(|arg| !self.is_decided(arg));
                    passes = taken.is_some();
                    if let Some(arg) = taken.cloned() {
                        self.origins.add(&arg, place());
                    }
                }
                Role::Value(_) => {}
            }
            all.extend(passes.then(|| word.clone()));
        }
        Ok(all)
    }
}

/// The words of a file, where the two arguments of a flag that stand on its line are two words.
fn spread(found: Vec<(usize, OsString)>, everything: &Command) -> Vec<(usize, OsString)> {
    let mut all: Vec<(usize, OsString)> = Vec::new();
    for (line, word) in found {
        let takes_two = |flag: &OsString| {
            let args = words::defined_in(everything, flag);
            args.first().is_some_and(|arg| words::takes_value(arg) && words::count(arg) == 2)
        };
        let is_on_its_line = all.last().is_some_and(|(at, flag)| *at == line && takes_two(flag));
        let blank = word.as_bytes().iter().position(|byte| matches!(byte, b' ' | b'\t'));
        match blank.filter(|_| is_on_its_line) {
            Some(at) => {
                let (one, other) =
                    (&word.as_bytes()[..at], word.as_bytes()[at..].trim_ascii_start());
                all.extend([one, other].map(|part| (line, OsStr::from_bytes(part).to_os_string())));
            }
            None => all.push((line, word)),
        }
    }
    all
}

/// All flags of all sources, as one command: what a file may hold.
fn everything(command: &Command) -> Command {
    let mut all = Command::new("weir");
    let mut seen = BTreeSet::new();
    for arg in sources(command).flat_map(flags) {
        if seen.insert(arg.get_id().to_string()) {
            all = all.arg(arg.clone());
        }
    }
    all
}

fn sources(command: &Command) -> impl Iterator<Item = &Command> {
    SOURCES.iter().filter_map(|spec| command.find_subcommand(spec.name))
}

/// The flags that a variable or a file may give.
fn flags(source: &Command) -> impl Iterator<Item = &Arg> {
    let is_about_weir = |arg: &&Arg| ["help", "version"].iter().any(|name| arg.get_id() == name);
    source
        .get_arguments()
        .filter(|arg| arg.get_long().is_some())
        .filter(move |arg| !is_about_weir(arg))
}

/// `WEIR_MAX_RATE` of `--max-rate`.
fn named_as(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"))
}

/// The words that a variable stands for.
fn of_variable(arg: &Arg, name: &str, value: &OsStr) -> Result<Vec<OsString>, Error> {
    let flag = format!("--{}", arg.get_long().unwrap_or_default());
    if !words::takes_value(arg) {
        let value = value.to_string_lossy().to_lowercase();
        return match &*value {
            "1" | "true" | "yes" | "on" => Ok(vec![flag.into()]),
            "0" | "false" | "no" | "off" => Ok(Vec::new()),
            _ => Err(Error::usage(format!("{name}: {} is neither yes nor no", quoted(&value)))),
        };
    }
    let values = match arg.get_action() {
        ArgAction::Append => listed(value),
        _ => vec![value.to_os_string()],
    };
    if let Some(key) = values.iter().find_map(|value| secret(arg, value)) {
        return Err(Error::usage(format!(
            "{name}: {key} is a secret, and other programs see the environment; a file that -F names has it \
             (WEIR_PROPERTY_FILE)"
        )));
    }
    let word = |value: OsString| [flag.as_ref(), OsStr::new("="), &value].into_iter().collect();
    Ok(values.into_iter().map(word).collect())
}

/// The parts of `a,b`; `\,` is a comma within one.
fn listed(value: &OsStr) -> Vec<OsString> {
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let mut bytes = value.as_bytes().iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.peek() == Some(&b',') => part.extend(bytes.next()),
            b',' => parts.push(std::mem::take(&mut part)),
            byte => part.push(byte),
        }
    }
    parts.push(part);
    parts.into_iter().filter(|part| !part.is_empty()).map(OsString::from_vec).collect()
}

/// The name of a property whose value nobody else is to see.
fn secret(arg: &Arg, value: &OsStr) -> Option<String> {
    let key = value.to_str()?.split('=').next().filter(|_| arg.get_id() == "property")?.trim();
    is_secret(key).then(|| key.to_string())
}

#[cfg(test)]
mod tests;
