//! The cookbook: each of its tasks is in README's table, and is run by a page.
//!
//! `src/cli/help/cookbook.txt` is the one place where a task is written; the man page is made of it. A section has
//! a page in `tests/cases/cookbook` that begins with its title; each task has a heading there, and beneath it a
//! command with the same flags, which `tests/cases.rs` runs. What comes over time is given by a script there, and
//! a file stands in for a command. With `WEIR_BLESS=1` the table is written anew.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

use std::fs;

const PAGES: &str = "tests/cases/cookbook";

/// What README's table begins with.
const HEAD: &str = "| task | type |\n| --- | --- |\n";

struct Recipe {
    section: String,
    task: String,
    command: String,
}

fn recipes() -> Vec<Recipe> {
    let text = fs::read_to_string("src/cli/help/cookbook.txt").unwrap();
    let (mut recipes, mut section, mut task) = (Vec::new(), "", "");
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
        } else if let Some(command) = line.strip_prefix("    ") {
            let [section, task, command] = [section, task, command].map(str::to_string);
            recipes.push(Recipe { section, task, command });
        } else {
            task = line;
        }
    }
    recipes
}

/// A command without its source: what stands between `weir SOURCE` and the file on its stdin.
fn flags(command: &str) -> &str {
    let (_, typed) = command.split_once("weir ").unwrap();
    let flags = match typed.starts_with('-') {
        true => typed,
        false => &typed[typed.find(" -").unwrap() + 1..],
    };
    flags.rsplit_once(" < ").map_or(flags, |(flags, _)| flags)
}

/// The rows of the table, under the titles of the sections.
fn table() -> String {
    let (mut table, mut section) = (HEAD.to_string(), String::new());
    for recipe in recipes() {
        if recipe.section != section {
            table += &format!("| **{}** | |\n", recipe.section);
            section = recipe.section;
        }
        table += &format!("| {} | `{}` |\n", recipe.task, recipe.command.replace('|', "\\|"));
    }
    table
}

#[test]
fn readme_has_every_task() {
    let page = fs::read_to_string("README.md").unwrap();
    let (before, rest) = page.split_once(HEAD).expect("README.md has a table of tasks");
    let end: usize =
        rest.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write("README.md", format!("{before}{}{}", table(), &rest[end..])).unwrap();
        return;
    }
    let (there, right) = (format!("{HEAD}{}", &rest[..end]), table());
    for (there, right) in there.lines().zip(right.lines()) {
        assert_eq!(
            there, right,
            "`WEIR_BLESS=1 scripts/test --test cookbook` writes the table anew"
        );
    }
    assert_eq!(there.len(), right.len());
}

/// What the table of what people know from elsewhere begins with.
const COMING: &str = "| there | here |\n| --- | --- |\n";

#[test]
fn readme_has_all_that_people_come_from() {
    let page = fs::read_to_string("README.md").unwrap();
    let text = fs::read_to_string("src/cli/help/coming.txt").unwrap();
    let mut right = COMING.to_string();
    for line in text.lines() {
        let line = line.replace('|', "\\|");
        right += &match (line.strip_prefix("# "), line.split_once('\t')) {
            (Some(title), _) => format!("| **{title}** | |\n"),
            (None, Some((there, here))) => format!("| {there} | {here} |\n"),
            (None, None) => panic!("{line:?} has one cell"),
        };
    }
    let (before, rest) = page.split_once(COMING).expect("README.md has the table");
    let rows = rest.split_inclusive('\n').take_while(|line| line.starts_with('|'));
    let end: usize = rows.map(str::len).sum();
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write("README.md", format!("{before}{right}{}", &rest[end..])).unwrap();
        return;
    }
    let there = format!("{COMING}{}", &rest[..end]);
    for (there, right) in there.lines().zip(right.lines()) {
        assert_eq!(there, right, "`WEIR_BLESS=1 scripts/test --test cookbook` writes it anew");
    }
    assert_eq!(there.len(), right.len());
}

#[test]
fn a_page_runs_every_task() {
    let pages = fs::read_dir(PAGES).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let pages: Vec<String> = pages.map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut told = 0;
    for Recipe { section, task, command } in recipes() {
        let page = pages.iter().find(|page| page.starts_with(&format!("# {section}\n")));
        let page = page.unwrap_or_else(|| panic!("no page in {PAGES} is called `{section}`"));
        let part = page.split("\n## ").find(|part| part.starts_with(&format!("{task}\n")));
        let part = part.unwrap_or_else(|| panic!("`{section}` has no `{task}`"));
        let mut typed = part.lines().filter_map(|line| line.strip_prefix("$ "));
        assert!(
            typed.any(|typed| typed.contains("weir ") && typed.contains(flags(&command))),
            "`{task}` in `{section}` does not run `weir ... {}`",
            flags(&command)
        );
        told += 1;
    }
    let parts: usize = pages.iter().map(|page| page.matches("\n## ").count()).sum();
    assert_eq!(parts, told, "a page has a task that is not in the cookbook");
}

#[test]
fn a_source_is_no_flag() {
    let table = [
        ("tail -F x | weir --count --format tsv", "--count --format tsv"),
        ("weir connect a:1 b:2 --having '< 1' --top 2 < file", "--having '< 1' --top 2"),
        ("find . -print0 | weir -0 --count", "-0 --count"),
    ];
    for (command, right) in table {
        assert_eq!(flags(command), right);
    }
}
