//! `weir man`: made of the same definitions as `--help`.
//!
//! All sources share their flags, so there is one page: a section for the sources, one for each group
//! of flags, and the texts of `src/help`.

use clap::{Arg, ArgAction, Command};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::cli;
use crate::source::SOURCES;

/// The texts that are not about a flag: `# TITLE`, paragraphs, lists, and indented examples.
const TEXTS: &str = include_str!("help/man.txt");

/// Everyday tasks: `# SECTION`, and then a line for each task, beneath which its command is indented.
///
/// It is the one place that has them; README's table and the pages that run them are held to it by
/// `tests/cookbook.rs`.
const COOKBOOK: &str = include_str!("help/cookbook.txt");

/// What people know from elsewhere, and what they type here: `# TITLE`, and rows of two cells with a tab between.
///
/// README's table is held to it by `tests/cookbook.rs`.
const COMING: &str = include_str!("help/coming.txt");

/// The manual page.
pub fn page() -> Vec<u8> {
    let command = cli::command();
    let mut page = Roff::default();
    page.control("TH", ["weir", "1", "", concat!("weir ", env!("CARGO_PKG_VERSION")), ""]);
    page.control("SH", ["NAME"]).text([roman(format!("weir - {}", plain(command.get_about())))]);
    page.control("SH", ["SYNOPSIS"]);
    let synopsis = " SOURCE [ARGUMENTS] [STEPS] [AGGREGATE] [WINDOW or STATE] [REPORT] [OUTPUT] \
                    [ENGINE FLAGS]";
    page.text([bold("weir"), roman(synopsis)]);
    page.control("SH", ["DESCRIPTION"]);
    // The first line is the NAME again.
    let long = plain(command.get_long_about());
    paragraphs(&mut page, long.split_once("\n\n").map_or("", |(_, rest)| rest));
    page.control("SH", ["SOURCES"]);
    sources(&command).for_each(|source| describe_source(&mut page, source));
    let shared = sources(&command).next().expect("there is a source");
    for heading in headings(shared) {
        page.control("SH", [heading.to_uppercase().as_str()]);
        let args = shared.get_arguments().filter(|arg| arg.get_help_heading() == Some(heading));
        args.filter(|arg| !arg.is_hide_set()).for_each(|arg| describe(&mut page, arg));
    }
    for section in TEXTS.split("\n# ").map(|section| section.trim_start_matches("# ")) {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        page.control("SH", [title]);
        paragraphs(&mut page, text.trim_start_matches('\n'));
    }
    page.control("SH", ["EXAMPLES"]);
    paragraphs(&mut page, &plain(command.get_after_help()).replacen("Examples:\n", "", 1));
    page.control("SH", ["COOKBOOK"]);
    cookbook(&mut page);
    coming(&mut page);
    // The first line tells that there are tables in it.
    [b"'\\\" t\n", page.render().as_bytes()].concat()
}

fn sources(command: &Command) -> impl Iterator<Item = &Command> {
    let is_source = |name: &str| SOURCES.iter().any(|spec| spec.name == name);
    let sources = command.get_subcommands().filter(|source| !source.is_hide_set());
    sources.filter(move |source| is_source(source.get_name()))
}

/// The groups of flags that all sources share, in order.
fn headings(source: &Command) -> Vec<&str> {
    let mut headings: Vec<&str> = Vec::new();
    for heading in source.get_arguments().filter_map(Arg::get_help_heading) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings
}

fn describe_source(page: &mut Roff, source: &Command) {
    let own = || source.get_arguments().filter(|arg| arg.get_help_heading().is_none());
    let mut tag = vec![bold(format!("weir {}", source.get_name()))];
    own().filter(|arg| arg.is_positional()).for_each(|arg| {
        let more = if matches!(arg.get_action(), ArgAction::Append) { "..." } else { "" };
        tag.push(italic(format!(" {}{more}", value_name(arg))));
    });
    page.control("TP", []).text(tag);
    let long = plain(source.get_long_about().or(source.get_about()));
    hanging(page, &long);
    let args: Vec<_> = own().filter(|arg| !arg.is_hide_set()).collect();
    if !args.is_empty() {
        page.control("RS", []);
        args.into_iter().for_each(|arg| describe(page, arg));
        page.control("RE", []);
    }
}

/// A flag, its argument, what it does, and its default.
fn describe(page: &mut Roff, arg: &Arg) {
    let mut tag: Vec<Inline> = Vec::new();
    if let Some(short) = arg.get_short() {
        tag.extend([bold(format!("-{short}")), roman(", ")]);
    }
    if let Some(long) = arg.get_long() {
        tag.push(bold(format!("--{long}")));
    }
    if arg.get_action().takes_values() && arg.get_num_args().is_none_or(|n| n.takes_values()) {
        let space = if arg.is_positional() { "" } else { " " };
        tag.push(italic(format!("{space}{}", value_name(arg))));
    }
    page.control("TP", []).text(tag);
    let mut text = plain(arg.get_long_help().or(arg.get_help()));
    let values = arg.get_possible_values();
    let shown = arg.get_action().takes_values() && values.iter().all(|v| v.get_help().is_some());
    for value in values.iter().filter(|_| shown) {
        text += &format!("\n\n{}: {}", value.get_name(), plain(value.get_help()));
    }
    if let Some(default) = arg.get_default_values().first() {
        text += &format!("\n\nDefault: {}", default.to_string_lossy());
    }
    hanging(page, &text);
}

fn value_name(arg: &Arg) -> String {
    arg.get_value_names().map_or_else(String::new, |names| names.join(" "))
}

fn plain(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// The paragraphs of a description that hangs on its tag.
fn hanging(page: &mut Roff, text: &str) {
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if index > 0 {
            page.control("IP", []);
        }
        page.text([roman(paragraph.replace('\n', " "))]);
    }
}

/// A command beneath each task; what they have in common is said before.
fn cookbook(page: &mut Roff) {
    let shared = "Whatever stands before weir, or behind <, is an example: a file, a command that goes on \
                  (tail -F), servers (weir connect) and clients (weir listen) can take each other's place.";
    page.text([roman(shared)]);
    for line in COOKBOOK.lines().filter(|line| !line.is_empty()) {
        if let Some(section) = line.strip_prefix("# ") {
            page.control("SS", [section]);
        } else if let Some(command) = line.strip_prefix("    ") {
            // Not filled, or else roff breaks a command wherever a line is full.
            page.control("RS", ["4"]).control("nf", []).text([roman(command)]);
            page.control("fi", []).control("RE", []);
        } else {
            page.control("PP", []).text([roman(line)]);
        }
    }
}

/// A table for each section of what people know from elsewhere.
fn coming(page: &mut Roff) {
    for section in COMING.split("# ").filter(|section| !section.is_empty()) {
        let (title, rows) = section.split_once('\n').unwrap_or((section, ""));
        page.control("SH", [title.to_uppercase().as_str()]);
        let rows: Vec<Vec<String>> = rows
            .lines()
            .map(|row| row.split('\t').map(|cell| cell.replace('`', "")).collect())
            .collect();
        let head = vec!["there".to_string(), "here".to_string()];
        table(page, &[&[head], rows.as_slice()].concat());
    }
}

/// A table whose first row names the columns, for tbl(1); cells are as wide as a terminal allows.
fn table(page: &mut Roff, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    // What is left of 72 columns beside lines and the space around them.
    let widths = format!("w({}n)", (70 - 3 * columns) / columns.max(1));
    let format = |font: &str| vec![format!("l{font}{widths}"); columns].join(" ");
    // Where cells have several lines each, rows are told apart by more than the eye.
    let is_ruled = columns > 2;
    page.control("PP", []).control("TS", []);
    page.text([roman(if is_ruled { "allbox;" } else { "nospaces;" })]);
    page.text([roman(format("b"))]).text([roman(format!("{}.", format("")))]);
    for (number, row) in rows.iter().enumerate() {
        if number == 1 && !is_ruled {
            page.text([roman("_")]);
        }
        for (place, cell) in row.iter().enumerate() {
            // What ends one cell and begins the next stands in one line.
            page.text([roman(if place == 0 { "T{" } else { "T}\tT{" })]);
            page.control("na", []).control("nh", []).text([roman(cell)]);
        }
        page.text([roman("T}")]);
    }
    page.control("TE", []);
}

/// Paragraphs of a section; `- TERM: text` is an item of a list, lines of `| CELL | CELL |`
/// are a table, and what is indented stays as it is.
fn paragraphs(page: &mut Roff, text: &str) {
    for paragraph in text.trim_end().split("\n\n") {
        if let Some((term, text)) =
            paragraph.strip_prefix("- ").and_then(|item| item.split_once(": "))
        {
            page.control("TP", []).text([bold(term)]);
            hanging(page, text);
            continue;
        }
        if paragraph.starts_with("| ") {
            let cells =
                |row: &str| row.trim_matches(['|', ' ']).split(" | ").map(String::from).collect();
            table(page, &paragraph.lines().map(cells).collect::<Vec<_>>());
            continue;
        }
        page.control("PP", []);
        if paragraph.starts_with(' ') {
            page.control("RS", ["4"]).control("nf", []);
            for line in paragraph.lines() {
                page.text([roman(line.trim_start())]);
            }
            page.control("fi", []).control("RE", []);
        } else {
            page.text([roman(paragraph.replace('\n', " "))]);
        }
    }
}
