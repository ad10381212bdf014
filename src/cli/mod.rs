//! The command line, as typed: made of the tables of sources, steps, aggregates and formats.
//!
//! Meaning is given to it in [`crate::cli::plan`]; which flag belongs to which step is found in
//! `cli::parts`. What is said of what cannot be meant is made in
//! `cli::mistake`.

pub mod completions;
mod config;
pub mod explain;
pub mod identity;
pub mod man;
mod mistake;
pub mod outline;
mod parts;
pub mod plan;
mod words;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, FromArgMatches};
use clap_complete::Shell;

pub use config::Origins;
pub use mistake::meant_by;
use parts::{TypedAggregate, TypedStep};
pub use words::takes_value;

use crate::agg::AGGS;
use crate::error::Error;
use crate::format::FORMATS;
use crate::source::files::is_there;
use crate::source::{self, SOURCES};
use crate::step::STEPS;
use crate::{engine, format, kafka, page, progress, report, sink, state};

/// What was asked for.
pub enum Asked {
    /// A stream.
    Run(Box<Typed>),
    /// `weir man`.
    Man,
    /// `weir completions SHELL`.
    Completions(Shell),
    /// `weir checkpoint ...`.
    CheckpointCommand(CheckpointCommand),
    /// Help or version: text for stdout.
    Text(String),
}

/// What is to be done with a checkpoint that no stream is using.
pub enum CheckpointCommand {
    /// `show DIR`.
    Show {
        /// The directory.
        dir: PathBuf,
        /// How it is shown.
        view: View,
    },
    /// `reset DIR`.
    Reset {
        /// The directory.
        dir: PathBuf,
        /// `--keep-offsets`.
        keep_offsets: bool,
    },
}

/// How a checkpoint is shown.
pub enum View {
    /// In lines, for people.
    Text,
    /// `--json`: as one object.
    Json,
    /// `--state`: its keys and values.
    State,
}

/// A stream, as typed.
pub struct Typed {
    /// The source.
    pub source: &'static source::Spec,
    /// What was typed for it.
    pub matches: ArgMatches,
    /// The steps in the order in which they were typed.
    pub steps: Vec<TypedStep>,
    /// The aggregate, if there is one.
    pub aggregate: Option<TypedAggregate>,
    /// Flags of what reaches beyond a batch.
    pub state: state::Flags,
    /// Flags that choose and order rows.
    pub report: report::Flags,
    /// Flags that say how batches are written.
    pub format: format::Flags,
    /// Flags that say where they go.
    pub sink: sink::Flags,
    /// Properties of Kafka's client.
    pub kafka: kafka::Flags,
    /// Flags of the engine.
    pub engine: engine::Flags,
    /// Flags about progress.
    pub progress: progress::Flags,
    /// The flag of the page.
    pub page: page::Flags,
    /// Where those come from that were not typed.
    pub origins: Origins,
}

impl Typed {
    /// The format that is meant, by its flag or by what the files of `-o` are called.
    pub fn format(&self) -> &'static format::Spec {
        &FORMATS[self.format.format(self.sink.output.iter().map(PathBuf::as_path)).0]
    }
}

/// Reads the command line; `args` begins with the program's name.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, Error> {
    let args: Vec<_> = args.into_iter().collect();
    if asks_for_parts(args.get(1..).unwrap_or_default()) {
        let version = env!("CARGO_PKG_VERSION");
        return Ok(Asked::Text(format!("weir {version}\n{}", kafka::version())));
    }
    let args = completed(args);
    let typed_source =
        SOURCES.iter().find(|spec| args.get(1).is_some_and(|word| word == spec.name));
    let defined = typed_source.map_or_else(command, command_of);
    let (args, origins) = config::filled(&defined, args, &config::variables())?;
    understood(defined, &args, &origins).map_err(|error| origins.placed(error))
}

/// What a command line asks for that has all flags.
fn understood(defined: Command, args: &[OsString], origins: &Origins) -> Result<Asked, Error> {
    if let Some(error) = mistake::overlooked(&defined, args) {
        return Err(error);
    }
    let is_known = |word: &OsString| {
        let word = word.to_string_lossy();
        word.starts_with('-') || defined.find_subcommand(&*word).is_some()
    };
    if !args.get(1).is_none_or(is_known) {
        return Err(mistake::unknown_source(&defined, args));
    }
    let mut matches = match defined.try_get_matches_from(args) {
        Ok(matches) => matches,
        // Made anew for a message: a copy for each start would cost a tenth of it.
        Err(error) => return explained(error, &command(), args, origins),
    };
    let (name, matches) = matches.remove_subcommand().expect("clap asks for a subcommand");
    Ok(match &*name {
        "man" => Asked::Man,
        "checkpoint" => Asked::CheckpointCommand(upkeep(&matches)),
        "completions" => {
            Asked::Completions(*matches.get_one("shell").expect("the argument is required"))
        }
        name => Asked::Run(Box::new(typed(name, matches, origins)?)),
    })
}

/// The command line with what may be left out of it, or said otherwise.
fn completed(mut args: Vec<OsString>) -> Vec<OsString> {
    match args.get(1).map(|word| word.to_string_lossy()).as_deref() {
        // `weir < file` and `program | weir` mean what they say.
        None if !std::io::stdin().is_terminal() => args.push("stdin".into()),
        Some("version") => args[1] = "--version".into(),
        Some("help") => {
            // `weir help listen` is `weir listen --help`, and of a flag stdin tells.
            let about_flag = args.get(2).is_some_and(|word| words::is_flag(word));
            args.retain(|word| word != "help" && !words::is_flag(word));
            args.extend(about_flag.then(|| "stdin".into()));
            args.push("--help".into());
        }
        Some("kafka") => name_group(&mut args),
        Some(word) if means_stdin(word) => args.insert(1, "stdin".into()),
        Some(word) if !is_command(word) && is_there(Path::new(&args[1])) => {
            args.insert(1, "files".into())
        }
        _ => {}
    }
    args
}

/// Of `weir kafka`, `--group G` names a group of consumers; without a word behind it, it is the aggregate.
fn name_group(args: &mut [OsString]) {
    let is_word = |word: &OsString| !word.is_empty() && !word.to_string_lossy().starts_with('-');
    for at in 2..args.len() {
        let arg = args[at].to_string_lossy();
        if let Some(group) = arg.strip_prefix("--group=") {
            args[at] = format!("--group-id={group}").into();
        } else if arg == "--group" && args.get(at + 1).is_some_and(is_word) {
            args[at] = "--group-id".into();
        }
    }
}

/// True of `--version -v`: what is linked in is told too.
fn asks_for_parts(words: &[OsString]) -> bool {
    let is = |names: [&str; 2]| words.iter().any(|word| names.iter().any(|name| word == name));
    words.len() == 2 && is(["--version", "-V"]) && is(["--verbose", "-v"])
}

/// A first word that is no source, and no other command, and names something that is there means `files`.
fn is_command(word: &str) -> bool {
    SOURCES.iter().any(|spec| spec.name == word)
        || ["man", "checkpoint", "completions"].contains(&word)
}

/// A first word that is a flag means `stdin`, unless the flag is about weir itself.
fn means_stdin(word: &str) -> bool {
    word.starts_with('-') && !["-h", "--help", "-V", "--version"].contains(&word)
}

/// Turns clap's message into ours, or into the text that was asked for.
fn explained(
    mut error: clap::Error,
    command: &Command,
    args: &[OsString],
    origins: &Origins,
) -> Result<Asked, Error> {
    let tip = mistake::tip(&error, command, args);
    let tip = tip.map(|tip| format!("\n\n  tip: {tip}\n\n")).unwrap_or("\n\n".to_string());
    // clap's own one would have the word taken for an address.
    error.remove(ContextKind::Suggested);
    let is_upkeep = args.get(1).is_some_and(|word| word == "checkpoint");
    let what = if is_upkeep { "command" } else { "source" };
    // For clap a source is a subcommand; for the reader it is not.
    let text = error.render().to_string().replace("subcommand", what);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Asked::Text(text)),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Error::usage(format!("a {what} is missing\n\n{}", text.trim_end())))
        }
        _ => {
            let text = text.trim_start_matches("error: ").trim_end().replacen("\n\n", &tip, 1);
            let flag = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::String(flag)) => flag.split([' ', '=']).next(),
                _ => None,
            };
            Err(Error::usage(match flag.and_then(|flag| origins.of(flag)) {
                Some(place) => format!("{place}: {text}"),
                None => text,
            }))
        }
    }
}

fn upkeep(matches: &ArgMatches) -> CheckpointCommand {
    let (name, matches) = matches.subcommand().expect("clap asks for a subcommand");
    let dir = matches.get_one::<PathBuf>("dir").expect("the argument is required").clone();
    match name {
        "show" => {
            let view = match (matches.get_flag("json"), matches.get_flag("state")) {
                (true, _) => View::Json,
                (_, true) => View::State,
                _ => View::Text,
            };
            CheckpointCommand::Show { dir, view }
        }
        _ => CheckpointCommand::Reset { dir, keep_offsets: matches.get_flag("keep-offsets") },
    }
}

fn typed(name: &str, mut matches: ArgMatches, origins: &Origins) -> Result<Typed, Error> {
    let source = SOURCES.iter().find(|spec| spec.name == name).expect("clap knows the table");
    let wrong = |error: clap::Error| Error::usage(error.to_string());
    // Taken out, since to read them otherwise is to copy all; the source still finds its own.
    Ok(Typed {
        source,
        steps: parts::steps(STEPS, &matches)?,
        aggregate: parts::aggregate(AGGS, &matches)?,
        state: state::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        report: report::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        format: format::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        sink: sink::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        // A source reads these, too.
        kafka: kafka::Flags::from_arg_matches(&matches).map_err(wrong)?,
        engine: engine::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        progress: progress::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        page: page::Flags::from_arg_matches_mut(&mut matches).map_err(wrong)?,
        origins: origins.clone(),
        matches,
    })
}

/// The definition of the whole command line: help, man page and completions are made of it.
pub fn command() -> Command {
    command_with(source_command).override_help(screen())
}

/// The definition by which the flags of one source are understood, and nothing of the others: to define all of each
/// takes longer than all else that a start does.
fn command_of(source: &source::Spec) -> Command {
    command_with(|spec| match spec.name == source.name {
        true => source_command(spec),
        false => (spec.arguments)(Command::new(spec.name).hide(spec.hidden)),
    })
}

fn command_with(source_command: impl Fn(&source::Spec) -> Command) -> Command {
    let shell = Arg::new("shell").value_name("SHELL").required(true);
    let shell = shell.value_parser(clap::value_parser!(Shell)).help("bash, zsh, fish, ...");
    Command::new("weir")
        .version(env!("CARGO_PKG_VERSION"))
        // A first flag means stdin, and -V behind it still means weir.
        .propagate_version(true)
        .about("Count, window and watch a live stream from one shell line")
        .long_about(include_str!("help/about.txt").trim_end())
        .after_help(include_str!("help/examples.txt").trim_end())
        .subcommand_required(true)
        .subcommand_value_name("SOURCE")
        .subcommand_help_heading("Sources, and other commands")
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(SOURCES.iter().map(source_command))
        .subcommand(checkpoint_command())
        .subcommand(Command::new("man").about("Print the manual page (weir man | man -l -)"))
        .subcommand(Command::new("completions").about("Print completions for a shell").arg(shell))
}

/// What `weir --help` shows: as much as a screen has room for.
fn screen() -> String {
    let described = |spec: &source::Spec| {
        let command = (spec.arguments)(Command::new(spec.name));
        let place = command.get_positionals().next().map(|arg| {
            let more = if matches!(arg.get_action(), ArgAction::Append) { "..." } else { "" };
            format!(" {}{more}", arg.get_value_names().map_or("", |names| names[0].as_str()))
        });
        let named = format!("{}{}", spec.name, place.unwrap_or_default());
        format!(
            "  {named:<26}  {}\n",
            command.get_about().map(ToString::to_string).unwrap_or_default()
        )
    };
    let sources: String = SOURCES.iter().filter(|spec| !spec.hidden).map(described).collect();
    include_str!("help/screen.txt")
        .replace("VERSION", env!("CARGO_PKG_VERSION"))
        .replace("SOURCES\n", &sources)
        .trim_end()
        .to_string()
}

fn checkpoint_command() -> Command {
    let dir = Arg::new("dir").value_name("DIR").required(true);
    let dir = dir.value_parser(clap::value_parser!(PathBuf)).help("What --checkpoint names");
    let flag = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let keep = "Go on from where the input was, with what the log holds beyond that";
    Command::new("checkpoint")
        .about("Show what a checkpoint holds, or reset it")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("show")
                .about("Print what it holds; a stream may be using it")
                .arg(&dir)
                .arg(flag("json", "As one JSON object"))
                .arg(flag("state", "Its keys and values, as tsv").conflicts_with("json")),
        )
        .subcommand(
            Command::new("reset")
                .about("Forget state and windows, and where the input was")
                .arg(dir)
                .arg(flag("keep-offsets", keep)),
        )
}

fn source_command(spec: &source::Spec) -> Command {
    let command = Command::new(spec.name).display_name("weir").hide(spec.hidden);
    let command = command.args(parts::step_args(STEPS)).args(parts::aggregate_args(AGGS));
    let names = AGGS.iter().map(|spec| spec.flag.name);
    let command = command.group(ArgGroup::new("aggregate").args(names));
    let command = state::Flags::augment_args(command);
    let command = report::Flags::augment_args(command);
    let command = format::Flags::augment_args(command);
    let command = kafka::Flags::augment_args(sink::Flags::augment_args(command));
    // The source comes last: clap takes the description of a command from the flags added to it.
    let command = progress::Flags::augment_args(engine::Flags::augment_args(command));
    let command = page::Flags::augment_args(command);
    let command = (spec.arguments)(command.next_help_heading(None));
    command.mut_args(|arg| {
        let is_flag_with_value = !arg.is_positional() && words::takes_value(&arg);
        // Whatever follows such a flag is its argument, if it begins with a hyphen too; but not where a second one
        // may be left out.
        let varies =
            arg.get_num_args().is_some_and(|count| count.min_values() < count.max_values());
        if is_flag_with_value && !varies { arg.allow_hyphen_values(true) } else { arg }
    })
}
