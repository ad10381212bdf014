//! The documents that are made of the definitions of the flags: they are complete and up to date.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as a test does")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use clap::Arg;

/// What is made, and by which command.
const MADE: &[(&str, &[&str])] = &[
    ("man/weir.1", &["man"]),
    ("completions/weir.bash", &["completions", "bash"]),
    ("completions/_weir", &["completions", "zsh"]),
    ("completions/weir.fish", &["completions", "fish"]),
];

/// The statuses that the program ends with.
const STATUSES: [&str; 4] = ["0", "1", "2", "130"];

fn weir(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_weir")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that read a stream, without hidden ones.
fn sources() -> Vec<clap::Command> {
    let is_source = |name: &str| weir::source::SOURCES.iter().any(|spec| spec.name == name);
    let commands = weir::cli::command();
    let sources = commands.get_subcommands().filter(|source| is_source(source.get_name()));
    sources.filter(|source| !source.is_hide_set()).cloned().collect()
}

/// Every argument that help shows, with the name of its command.
fn arguments() -> Vec<(String, Arg)> {
    let of = |source: clap::Command| {
        let name = source.get_name().to_string();
        let shown = source.get_arguments().filter(|arg| !arg.is_hide_set()).cloned();
        shown.map(|arg| (name.clone(), arg)).collect::<Vec<_>>()
    };
    sources().into_iter().flat_map(of).collect()
}

/// The man page's text, with the hyphens and backslashes of its source taken back.
fn page() -> String {
    let page = fs::read_to_string("man/weir.1").unwrap();
    page.replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
}

#[test]
fn what_is_committed_is_what_the_program_makes() {
    for (path, args) in MADE {
        let committed = fs::read_to_string(path).unwrap();
        // No diff is shown: it would be the whole file.
        assert!(committed == weir(args), "{path} is out of date: run scripts/docs");
    }
}

#[test]
fn every_argument_has_a_description() {
    for (source, arg) in arguments() {
        let name = arg.get_id();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let first = help.lines().next().unwrap_or_default();
        assert!(!first.is_empty(), "{source}: {name} has no description");
        assert!(!first.ends_with('.'), "{source}: {name}: the first line ends with a full stop");
    }
}

#[test]
fn the_man_page_describes_every_argument() {
    let page = page();
    let tags: BTreeSet<&str> = page.split(".TP\n").filter_map(|part| part.lines().next()).collect();
    for (source, arg) in arguments() {
        let value = arg.get_value_names().and_then(|names| names.first());
        let found = match (arg.get_long(), value) {
            (Some(long), _) => tags.iter().any(|tag| {
                tag.split(' ').any(|word| word.trim_end_matches(',') == format!("--{long}"))
            }),
            (None, Some(value)) => tags.iter().any(|tag| {
                tag.starts_with(&format!("weir {source} ")) && tag.contains(value.as_str())
            }),
            (None, None) => false,
        };
        assert!(found, "{source}: {} is not in the man page", arg.get_id());
    }
}

#[test]
fn no_line_of_the_man_page_runs_over_80_columns() {
    let page = page().replace("\\*(Aq", "'").replace("\\e", "\\").replace("\\\\", "\\");
    let mut is_filled = true;
    for line in page.lines() {
        match line {
            ".nf" => is_filled = false,
            ".fi" => is_filled = true,
            // What is not filled stands behind 11 columns; only a quoted word may be as long as it is.
            _ if !is_filled => {
                let is_long = line.chars().count() > 69 && !line.trim().starts_with('\'');
                assert!(!is_long, "{line}");
            }
            _ => {}
        }
    }
}

#[test]
fn the_man_page_tells_every_exit_status() {
    let page = page();
    let section = page.split(".SH \"EXIT STATUS\"\n").nth(1).unwrap();
    let section = section.split("\n.SH ").next().unwrap();
    let told: Vec<_> = section.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(told.iter().map(|(status, _)| *status).collect::<Vec<_>>(), STATUSES);
}

#[test]
fn help_shows_a_source_its_own_arguments_apart_from_those_of_all() {
    for source in sources() {
        let own = source.get_arguments().filter(|arg| arg.is_positional());
        for arg in own {
            let (source, id) = (source.get_name(), arg.get_id());
            assert_eq!(arg.get_help_heading(), None, "{source}: {id} stands under another heading");
        }
    }
}
