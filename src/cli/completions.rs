//! `weir completions`: what a shell offers at the Tab key, from the same definitions as `--help`.
//!
//! A first flag means stdin in a shell too, and a first file means files. What an argument is called says
//! what it takes: FILE, DIR and PATH are completed as such, a file behind the @ of @FILE, CMD as a command, and
//! nothing is made up for a port, a number or a REGEX.
//! clap_complete knows all that for zsh, fish and others; what bash needs is made here.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use crate::cli::{self, takes_value};
use crate::source::SOURCES;

/// The completions for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut command = shown();
    if shell == Shell::Bash {
        return bash(&mut command).into_bytes();
    }
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command, "weir", &mut out);
    let text = String::from_utf8(out).expect("the definitions are UTF-8");
    let text = match shell {
        Shell::Zsh => zsh(&text, &command),
        Shell::Fish => fish(&text, &command),
        _ => text,
    };
    text.into_bytes()
}

/// The command line without what is hidden, which clap_complete would offer too.
fn shown() -> Command {
    let whole = cli::command();
    let visible = |name: &'static str, command: &Command| {
        let args = command.get_arguments().filter(|arg| !arg.is_hide_set()).cloned();
        let shown = Command::new(name).args(args.map(hinted).collect::<Vec<_>>());
        shown.about(command.get_about().cloned().unwrap_or_default())
    };
    let sources = SOURCES.iter().filter(|spec| !spec.hidden).map(|spec| spec.name);
    let names = sources.chain(["man", "completions"]);
    let commands = names.filter_map(|name| Some(visible(name, whole.find_subcommand(name)?)));
    let commands: Vec<_> = commands.collect();
    // This one has commands of its own, and hides nothing.
    let checkpoint = whole.find_subcommand("checkpoint").cloned();
    let checkpoint =
        checkpoint.map(|command| command.mut_subcommands(|command| command.mut_args(hinted)));
    let root = visible("weir", &whole).version(env!("CARGO_PKG_VERSION")).propagate_version(true);
    root.disable_help_subcommand(true).subcommands(commands).subcommands(checkpoint)
}

/// The argument, with what its name says of it.
fn hinted(arg: Arg) -> Arg {
    if !takes_value(&arg) {
        return arg;
    }
    let hint = match names(&arg).last() {
        Some(&"FILE") => ValueHint::FilePath,
        Some(&"DIR") => ValueHint::DirPath,
        Some(&"PATH") => ValueHint::AnyPath,
        Some(&"CMD") => ValueHint::CommandString,
        _ => ValueHint::Other,
    };
    arg.value_hint(hint)
}

/// The names of an argument: `skip`, `fail` and `FILE` of `skip|fail|FILE`.
fn names(arg: &Arg) -> Vec<&str> {
    let names = arg.get_value_names().and_then(|names| names.first());
    names.map_or_else(Vec::new, |name| name.split('|').collect())
}

/// True of an argument that may be the name of a file behind an @.
fn takes_table(arg: &Arg) -> bool {
    names(arg).last() == Some(&"@FILE")
}

/// The words that an argument is made of, if there is a list of them.
fn words(arg: &Arg) -> Vec<String> {
    let values = arg.get_possible_values();
    if !values.is_empty() {
        return values.iter().map(|value| value.get_name().to_string()).collect();
    }
    let literal = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase());
    names(arg).into_iter().filter(literal).map(String::from).collect()
}

/// The flags of a command, long and short.
fn flags(command: &Command) -> Vec<String> {
    command.get_arguments().flat_map(names_of).collect()
}

/// What a flag is called.
fn names_of(flag: &Arg) -> Vec<String> {
    let short = flag.get_short().map(|short| format!("-{short}"));
    short.into_iter().chain(flag.get_long().map(|long| format!("--{long}"))).collect()
}

/// All commands, and those within them.
fn commands_of(command: &Command) -> impl Iterator<Item = (&Command, Option<&Command>)> {
    command.get_subcommands().flat_map(|outer| {
        let inner = outer.get_subcommands().map(move |inner| (outer, Some(inner)));
        std::iter::once((outer, None)).chain(inner)
    })
}

/// A function for bash, which leaves files and directories to readline: it quotes them.
fn bash(command: &mut Command) -> String {
    command.build();
    // Flags by what is to be done about their arguments.
    let mut arguments: Vec<(String, Vec<String>)> = Vec::new();
    let (mut commands, mut of_two) = (String::new(), BTreeSet::new());
    let mut add = |name: &str, command: &Command| {
        let args = command.get_arguments().filter(|arg| takes_value(arg) && !arg.is_positional());
        for arg in args {
            let (done, of) = (argument(arg), names_of(arg));
            if arg.get_num_args().is_some_and(|count| count.min_values() == 2) {
                of_two.extend(of.clone());
            }
            match arguments.iter_mut().find(|(other, _)| *other == done) {
                Some((_, flags)) => flags.extend(of),
                None => arguments.push((done, of)),
            }
        }
        let positional = command.get_positionals().next();
        let within = command.get_subcommands().map(|command| command.get_name().to_string());
        let values = positional.map(words).unwrap_or_default();
        let offered: Vec<_> = within.chain(values).chain(flags(command)).collect();
        let words = format!("words='{}'", offered.join(" "));
        let done = match positional.map(Arg::get_value_hint) {
            Some(ValueHint::DirPath) => format!("[[ $cur == -* ]] || kind=dirnames; {words}"),
            Some(ValueHint::AnyPath) => format!("[[ $cur == -* ]] && {words} || kind=default"),
            // What is no source may be a file.
            None if name == "''" => format!("kind=default {words}"),
            _ => words,
        };
        let _ = writeln!(commands, "        {name}) {done} ;;");
    };
    add("''", command);
    for (outer, inner) in commands_of(command) {
        match inner {
            None => add(outer.get_name(), outer),
            Some(inner) => add(&format!("'{} {}'", outer.get_name(), inner.get_name()), inner),
        }
    }
    let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    let nested = command.get_subcommands().filter(|command| command.has_subcommands());
    let nested: Vec<_> = nested.map(Command::get_name).collect();
    let arguments = arguments.into_iter().map(|(done, mut flags)| {
        let mut seen = BTreeSet::new();
        flags.retain(|flag| seen.insert(flag.clone()));
        format!("        {}) {done}taken=1 ;;\n", flags.join("|"))
    });
    let of_two: Vec<_> = of_two.into_iter().collect();
    let second = match of_two.as_slice() {
        [] => String::new(),
        flags => format!("        {}) kind= words= taken=1 ;;\n", flags.join("|")),
    };
    include_str!("help/completions.bash")
        .replace("NESTED", &nested.join("|"))
        .replace("KNOWN", &names.join(" "))
        .replace("        SECOND\n", &second)
        .replace("        ARGUMENTS\n", &arguments.collect::<String>())
        .replace("        COMMANDS\n", &commands)
}

/// What bash is to do about a flag's argument.
fn argument(arg: &Arg) -> String {
    let kind = match arg.get_value_hint() {
        ValueHint::FilePath => "kind=default ",
        ValueHint::DirPath => "kind=dirnames ",
        ValueHint::CommandString => "kind=command ",
        _ => "",
    };
    match words(arg).join(" ").as_str() {
        "" if takes_table(arg) => "kind=table ".to_string(),
        "" => kind.to_string(),
        words => format!("{kind}words='{words}' "),
    }
}

/// In zsh the words of the line are as the program will take them.
fn zsh(text: &str, command: &Command) -> String {
    let begin = "    local context curcontext=\"$curcontext\" state line\n";
    let known: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    let stdin = ZSH_FIRST.replace("KNOWN", &known.join(" "));
    // Of several addresses only the first is announced: behind one that may be followed by more, flags would be
    // listed and not put in.
    let text = text.replacen(begin, &format!("{begin}{stdin}"), 1).replace("'*::", "':");
    // Of paths there are many, and no word else is one.
    let text = text.replace("':paths -- ", "'*:paths -- ");
    let text = text.replace("\":: :_weir_commands\"", "\":: :{ _weir_commands || _files }\"");
    text.replace("|@FILE:'", "|@FILE:{ compset -P @ && _files }'")
}

/// The same for fish, where no word is a file but what a flag or the shell says is one.
fn fish(text: &str, command: &Command) -> String {
    let begin = "    set -e cmd[1]\n";
    let stdin = "    # A first flag means stdin, and a first file means files.\n    \
                 set -l first $cmd (commandline -ct)\n    \
                 if string match -q -- '-*' \"$first[1]\"\n        echo stdin\n        return 1\n    end\n    \
                 if set -q cmd[1]; and test -e \"$cmd[1]\"; and not contains -- \"$cmd[1]\" COMMANDS\n        \
                 echo files\n        return 1\n    end\n";
    let commands: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
    let stdin = stdin.replace("COMMANDS", &commands.join(" "));
    let mut text = text.replacen(begin, &format!("{begin}{stdin}"), 1) + "complete -c weir -f\n";
    // What is no source may be a file.
    text += "complete -c weir -n __fish_weir_needs_command -F\n";
    text += FISH_TABLE;
    // clap_complete has nothing for words that belong to no flag.
    for (outer, inner) in commands_of(command) {
        let mut using = format!("__fish_weir_using_subcommand {}", outer.get_name());
        if let Some(inner) = inner {
            using += &format!("; and __fish_seen_subcommand_from {}", inner.get_name());
        }
        let mut add = |what: &str| {
            let _ = writeln!(text, "complete -c weir -n \"{using}\" {what}");
        };
        let command = inner.unwrap_or(outer);
        if let Some(arg) = command.get_positionals().next() {
            match (arg.get_value_hint(), words(arg).join(" ").as_str()) {
                (ValueHint::DirPath, _) => add("-a \"(__fish_complete_directories)\""),
                (ValueHint::AnyPath, _) => add("-F"),
                (_, "") => {}
                (_, offered) => add(&format!("-a \"{offered}\"")),
            }
        }
        for arg in command.get_arguments().filter(|arg| takes_table(arg)) {
            let long = arg.get_long().unwrap_or_default();
            add(&format!("-l {long} -r -f -a \"(__fish_weir_table)\""));
        }
    }
    text
}

/// Which source is meant by a first word that is none.
const ZSH_FIRST: &str = "    # A first flag means stdin, and a first file means files.
    local first=
    if [[ ${words[2]} == -* ]]; then
        first=stdin
    elif (( CURRENT > 2 )) && [[ -e ${(Q)words[2]} && ' KNOWN ' != *\" ${words[2]} \"* ]]; then
        first=files
    fi
    if [[ -n $first ]]; then
        words[2]=($first \"${words[2]}\")
        (( CURRENT += 1 ))
    fi
";

/// Files behind an @.
const FISH_TABLE: &str = "function __fish_weir_table
    set -l word (commandline -ct)
    string match -q -- '@*' \"$word\"
    and __fish_complete_path (string sub -s 2 -- \"$word\") | string replace -r '^' '@'
end
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_argument_of_a_flag_is_known_to_bash() {
        let two = Arg::new("replace").long("replace").num_args(2).value_names(["REGEX", "TEXT"]);
        let mut command = Command::new("weir").subcommand(Command::new("stdin").arg(two));
        let made = bash(&mut command);
        assert!(
            made.contains("\n        --replace) kind= words= taken=1 ;;\n    esac\n"),
            "{made}"
        );
        assert!(!bash(&mut Command::new("weir")).contains("SECOND"));
    }
}
