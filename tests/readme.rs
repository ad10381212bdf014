//! README.md is true: its examples print what it says, and its table has the flags there are.
//!
//! What needs two terminals stands in a ```` ```text ```` block and is not run.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use clap::Arg;
use clap::builder::PossibleValue;
use common::Dir;
use common::console::Page;
use weir::source::SOURCES;

#[test]
fn the_examples_print_what_readme_says() {
    // Their input is in the repository, and what they make is not to stay there.
    let dir = Dir::new();
    for name in ["LICENSE-MIT", "tests"] {
        symlink(std::env::current_dir().unwrap().join(name), dir.path(name)).unwrap();
    }
    if let Err(wrong) = Page::open("README.md").run(&dir.path("")) {
        panic!("- as README.md says, + as it is now:\n{wrong}");
    }
}

/// What the table of the parts of a command names: the first word of a row, and what stands in code.
fn table() -> BTreeSet<(String, String)> {
    let page = fs::read_to_string("README.md").unwrap();
    let rows = page.lines().skip_while(|line| *line != "| part | there is |").skip(2);
    let of = |row: &str| {
        let row = row.replace("\\|", "/");
        let (part, there_is) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let part = part.split([' ', ',']).next().unwrap().to_string();
        let named: Vec<_> = there_is.split('`').skip(1).step_by(2).map(str::to_string).collect();
        named.into_iter().map(|name| (part.clone(), name)).collect::<Vec<_>>()
    };
    rows.take_while(|line| line.starts_with('|')).flat_map(of).collect()
}

/// An argument as the table names it: what it may be stands in the place of a mere name.
fn named(flag: &str, arg: &Arg) -> String {
    let count = arg.get_num_args().unwrap_or_default();
    if !count.takes_values() {
        return flag.to_string();
    }
    let values = arg.get_possible_values();
    let values: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
    let names = arg.get_value_names().unwrap();
    let value = match values.is_empty() {
        true => names.join(" ").replace('|', "/"),
        false => values.join("/"),
    };
    format!("{flag} {value}{}", if count.max_values() > names.len() { "..." } else { "" })
}

/// What the table should name, by part: each source, and each flag that help shows, as `-f` or `--flag`.
fn definitions() -> Vec<(String, Vec<String>)> {
    let mut commands = weir::cli::command();
    commands.build();
    let mut definitions = Vec::new();
    for source in SOURCES.iter().filter(|spec| !spec.hidden) {
        let command = commands.find_subcommand(source.name).unwrap();
        let place = command.get_positionals().next();
        let shape = place.map_or(source.name.into(), |place| named(source.name, place));
        definitions.push(("source".to_string(), vec![shape]));
        let flags =
            command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
        for arg in flags.filter(|arg| arg.get_id() != "help" && arg.get_id() != "version") {
            let heading = arg.get_help_heading().unwrap_or("Source").to_lowercase();
            let part = heading.split([' ', ',']).next().unwrap();
            let short = arg.get_short().map(|short| named(&format!("-{short}"), arg));
            let long = arg.get_long().map(|long| named(&format!("--{long}"), arg));
            definitions.push((part.to_string(), short.into_iter().chain(long).collect()));
        }
    }
    definitions
}

#[test]
fn the_table_of_readme_has_the_sources_and_flags_there_are() {
    let (mut strange, mut missing) = (table(), BTreeSet::new());
    let table = strange.clone();
    for (part, names) in definitions() {
        let names = names.into_iter().map(|name| (part.clone(), name));
        let (there, not): (Vec<_>, Vec<_>) = names.partition(|name| table.contains(name));
        match there.is_empty() {
            true => missing.extend(not.last().cloned()),
            false => strange.retain(|name| !there.contains(name)),
        }
    }
    assert!(
        missing.is_empty() && strange.is_empty(),
        "README.md's table lacks {missing:?}, and has {strange:?}, which there is not"
    );
}
