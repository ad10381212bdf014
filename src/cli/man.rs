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
    [b"'\\\" t\n", page.render().replace(BREAK, "\\:").as_bytes()].concat()
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
            as_it_is(page, [command]);
        } else {
            page.control("PP", []).text([roman(line)]);
        }
    }
}

/// Lines that are not filled, or else roff breaks a command wherever a line is full.
fn as_it_is<'a>(page: &mut Roff, lines: impl IntoIterator<Item = &'a str>) {
    page.control("RS", ["4"]).control("nf", []);
    for line in lines.into_iter().flat_map(broken) {
        page.text([roman(line)]);
    }
    page.control("fi", []).control("RE", []);
}

/// A line without so many blanks before it.
fn outdented(line: &str, margin: usize) -> &str {
    let blanks = line.len() - line.trim_start().len();
    &line[blanks.min(margin)..]
}

/// Of 80 columns what the margins leave to lines that are not filled.
const WIDE: usize = 69;

/// A line as it fits: a command goes on behind a backslash, as a shell reads it, and a comment as another one.
fn broken(line: &str) -> Vec<String> {
    let is_comment = line.starts_with("# ");
    if line.chars().count() <= WIDE || !is_comment && !line.contains("weir ") {
        return vec![line.to_string()];
    }
    let (begin, end) = if is_comment { ("# ", "") } else { ("    ", " \\") };
    let mut lines = vec![String::new()];
    let words = if is_comment { line.split(' ').collect() } else { shell_words(line) };
    for word in words {
        let last = lines.last_mut().expect("there is always one");
        match last.chars().count() + 1 + word.chars().count() + end.len() {
            _ if last.trim().is_empty() => last.push_str(word),
            width if width <= WIDE => *last += &format!(" {word}"),
            _ => {
                last.push_str(end);
                lines.push(format!("{begin}{word}"));
            }
        }
    }
    lines
}

/// What stands between blanks that are not quoted.
fn shell_words(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in line.char_indices() {
        match (c, quote) {
            (' ', None) => {
                words.push(&line[start..at]);
                start = at + 1;
            }
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    words.push(&line[start..]);
    words
}

/// Where a word may be broken that is longer than its cell: behind what joins its parts.
fn breakable(cell: &str, width: usize) -> String {
    let word = |word: &str| match word.chars().count() > width {
        true => word.split_inclusive(['.', '(', ',', '-']).collect::<Vec<_>>().join(BREAK),
        false => word.to_string(),
    };
    cell.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What stands for `\:` of roff, at which a word may be broken, until all else is escaped.
const BREAK: &str = "\u{200b}";

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
    let width = (70 - 3 * columns) / columns.max(1);
    let widths = format!("w({width}n)");
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
            page.control("na", []).control("nh", []).text([roman(breakable(cell, width))]);
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
            let margin = paragraph.len() - paragraph.trim_start().len();
            as_it_is(page, paragraph.lines().map(|line| outdented(line, margin)));
        } else {
            page.text([roman(paragraph.replace('\n', " "))]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_goes_on_as_a_shell_reads_it() {
        let command = "weir files app.log --filter 'a  b \"c' --count --interval 1m --having '= 0' --exec \"mail -s 'x y' ops\"";
        let lines = broken(command);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.len() <= WIDE), "{lines:?}");
        assert!(lines[0].ends_with(" \\") && lines[1].starts_with("    --"), "{lines:?}");
        assert_eq!(lines.concat().replace(" \\    ", " "), command);
        let comment = format!("# {}", "word ".repeat(20).trim());
        assert!(broken(&comment).iter().all(|line| line.starts_with("# ") && line.len() <= WIDE));
        let other = "x".repeat(90);
        assert_eq!(broken(&other), std::slice::from_ref(&other));
    }

    #[test]
    fn each_item_of_a_list_has_its_term() {
        let items = TEXTS.split("\n\n").filter_map(|paragraph| paragraph.strip_prefix("- "));
        for item in items {
            let term = item.split_once(": ").map_or("", |(term, _)| term);
            assert!((1..=44).contains(&term.len()), "{item}");
        }
    }

    #[test]
    fn only_a_word_that_is_longer_than_its_cell_may_be_broken() {
        let long = "spark.streaming.receiver.maxRate".replace('.', &format!(".{BREAK}"));
        let cell = "`a.b` spark.streaming.receiver.maxRate";
        assert_eq!(breakable(cell, 30), format!("`a.b` {long}"));
        assert_eq!(breakable(cell, 40), cell);
    }
}
