//! Checks on the source tree itself: layers, module docs, file sizes, unsafe code, the map of modules.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as a test does")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Modules from the bottom up. A file may use only modules of lower rows. A file that has no row is of
/// the module above it.
const LAYERS: &[&[&str]] = &[
    &["error", "number", "origin", "say", "scan", "units"],
    &["clock", "part", "report/value"],
    &["process", "cell", "selector", "metrics"],
    &["chunk", "table", "window", "disk", "jq"],
    &["report", "wire", "kafka"],
    &["state"],
    &["source", "step", "agg", "format", "sink"],
    &["checkpoint", "live"],
    &["engine", "page", "progress"],
    &["cli"],
    &["cli/identity", "cli/man", "cli/completions"],
    &["cli/plan"],
    &["cli/outline"],
    &["cli/explain"],
];

/// The files that may hold unsafe code.
const UNSAFE: &[&str] = &["scan.rs", "kafka/queue.rs"];

/// The module that has a row of its own, and which row, for a path as `cli/plan` or `table/keys`.
fn ranked(path: &str) -> (&str, usize) {
    let row = |module: &str| LAYERS.iter().position(|row| row.contains(&module));
    let room = path.split('/').next().unwrap();
    let found = [path, room].into_iter().find_map(|module| Some((module, row(module)?)));
    found.unwrap_or_else(|| panic!("src/{path} has no layer: add it to LAYERS"))
}

/// Every source file, by its path below src, with its text.
fn files() -> Vec<(String, String)> {
    fn visit(dir: &Path, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix("src").unwrap().to_str().unwrap();
                files.push((name.to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    visit("src".as_ref(), &mut files);
    files
}

/// The lines of a file that are code, without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    product.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// What code uses of the crate, to a depth of two: of `crate::a::b::C` and `crate::{a, b::c}` `a/b`,
/// `a` and `b/c`.
fn used(code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for path in code.split("crate::").skip(1) {
        let list = path.strip_prefix('{').and_then(|list| list.split('}').next());
        for item in list.map_or(vec![path], |list| list.split(',').collect()) {
            let word = |c: char| !c.is_alphanumeric() && c != '_';
            let mut words = item.trim().split("::").map(|part| part.split(word).next().unwrap());
            let room = words.next().unwrap();
            let file = words.next().filter(|file| file.starts_with(char::is_lowercase));
            modules.push(file.map_or(room.to_string(), |file| format!("{room}/{file}")));
        }
    }
    modules
}

/// The files of the same folder that code uses by `super::` or `super::{a, b}`.
fn siblings(code: &str) -> Vec<&str> {
    let named = code.split("super::").skip(1);
    named
        .map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
        .collect()
}

#[test]
fn files_of_a_folder_do_not_use_each_other_in_circles() {
    let files = files();
    let mut uses: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (name, text) in &files {
        let Some((folder, file)) = name.rsplit_once('/') else { continue };
        let product: Vec<_> = code(text).collect();
        let used: BTreeSet<String> = siblings(&product.join("\n"))
            .into_iter()
            .map(|used| format!("{folder}/{used}.rs"))
            .collect();
        let used = files.iter().filter(|(other, _)| used.contains(other) && other != name);
        let used = used.map(|(other, _)| other.rsplit_once('/').unwrap().1).collect();
        uses.insert((folder, file), used);
    }
    // What uses nothing that is left is no part of a circle; what remains in the end is.
    loop {
        let free: Vec<_> =
            uses.iter().filter(|(_, used)| used.is_empty()).map(|(file, _)| *file).collect();
        if free.is_empty() {
            break;
        }
        for (folder, file) in free {
            uses.remove(&(folder, file));
            for (_, used) in uses.iter_mut().filter(|((other, _), _)| *other == folder) {
                used.remove(file);
            }
        }
    }
    assert!(uses.is_empty(), "these use each other in circles: {:?}", uses.keys());
}

#[test]
fn imports_point_down_only() {
    let house = files().into_iter().filter(|(name, _)| !["main.rs", "lib.rs"].contains(&&**name));
    for (name, text) in house {
        let path = name.trim_end_matches(".rs").trim_end_matches("/mod");
        let (module, rank) = ranked(path);
        // Tests may reach up.
        if name.ends_with("tests.rs") || name.contains("/tests/") {
            continue;
        }
        let code: Vec<_> = code(&text).collect();
        for used in used(&code.join("\n")) {
            let (used, below) = ranked(&used);
            assert!(used == module || below < rank, "src/{name} uses {used}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (name, text) in files() {
        assert!(text.starts_with("//! "), "src/{name} has no module doc");
        assert!(text.lines().count() <= 500, "src/{name} is too long: split it");
    }
}

#[test]
fn unsafe_code_stands_in_few_files() {
    for (name, text) in files().into_iter().filter(|(name, _)| !UNSAFE.contains(&name.as_str())) {
        let is_unsafe = |line: &&str| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
        };
        assert_eq!(code(&text).find(is_unsafe), None, "src/{name}");
    }
}

#[test]
fn architecture_names_every_room() {
    let page = fs::read_to_string("ARCHITECTURE.md").unwrap();
    let files = files();
    let rooms: BTreeSet<&str> = files
        .iter()
        .map(|(name, _)| name.rsplit_once('/').map_or(&**name, |(room, _)| room))
        .collect();
    for room in rooms.iter().map(|room| room.trim_end_matches(".rs")) {
        let is_of_a_file = files.iter().any(|(name, _)| name.strip_suffix(".rs") == Some(room));
        if !is_of_a_file || !room.contains('/') {
            assert!(page.contains(&format!("`{room}`")), "ARCHITECTURE.md does not name `{room}`");
        }
    }
}

#[test]
fn no_room_is_crowded() {
    let files = files();
    let mut crowd: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in &files {
        *crowd.entry(name.rsplit_once('/').map_or("", |(room, _)| room)).or_default() += 1;
    }
    for (room, count) in crowd {
        assert!(count <= if room.is_empty() { 10 } else { 12 }, "src/{room} has {count} files");
    }
}

#[test]
fn a_list_of_imports_is_taken_apart() {
    assert_eq!(used("use crate::{engine, report::value::Value};"), ["engine", "report/value"]);
    assert_eq!(used("use crate::agg::{self, AGGS}; crate::say::say(1)"), ["agg", "say/say"]);
    assert_eq!((ranked("cli/plan").0, ranked("table/keys").0), ("cli/plan", "table"));
}
