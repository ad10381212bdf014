//! Every page in `tests/cases` prints what it says; CONTRIBUTING.md tells how one is written.
//!
//! A page is run in a directory of its own, which has copies of what lies in the folder that is
//! called as the page is, if there is one. `WEIR_CASE=steps/trim` runs those with this in their path.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use common::Dir;
use common::console::{Page, masked};
use weir::{agg::AGGS, format::FORMATS, step::STEPS};

const CASES: &str = "tests/cases";

/// How many cases run at once; most of the time they wait.
const AT_ONCE: usize = 4;

/// Every page below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let of = |path: PathBuf| match path {
        path if path.is_dir() => pages(&path),
        path if path.extension().is_some_and(|ending| ending == "md") => vec![path],
        _ => vec![],
    };
    entries.into_iter().flat_map(of).collect()
}

/// Runs a case; what went wrong, if something did.
fn run(path: &Path) -> Result<(), String> {
    let page = Page::open(path);
    let missing = page.missing();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        // What is left out is to be seen even if nothing fails.
        let skipped = format!("{}: skipped: needs {missing}\n", path.display());
        stderr().write_all(skipped.as_bytes()).unwrap();
        let must = std::env::var_os("WEIR_NEEDS_ALL").is_some();
        return if must { Err(format!("\n{}: needs {missing}\n", path.display())) } else { Ok(()) };
    }
    let dir = Dir::new();
    let beside = fs::read_dir(path.with_extension("")).into_iter().flatten();
    for file in beside.map(|entry| entry.unwrap()) {
        fs::copy(file.path(), dir.path(file.file_name().to_str().unwrap())).unwrap();
    }
    page.run(&dir.path(""))
}

#[test]
fn every_case_prints_what_it_says() {
    let wanted = std::env::var("WEIR_CASE").unwrap_or_default();
    let mut chosen = pages(CASES.as_ref());
    chosen.retain(|path| path.to_str().unwrap().contains(&wanted));
    assert!(!chosen.is_empty(), "no case in {CASES} has {wanted} in its path");
    let (left, wrong) = (Mutex::new(chosen.into_iter()), Mutex::new(String::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(path) = { left.lock().unwrap().next() } {
                    if let Err(difference) = run(&path) {
                        wrong.lock().unwrap().push_str(&difference);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "these print something else (- as the page says, + as it is now):\n{wrong}\n\
         If it is right as it is now, `WEIR_BLESS=1 scripts/test --test cases` writes it into the \
         pages; look at the difference before you commit it.\n"
    );
}

#[test]
fn every_step_aggregate_and_format_has_a_case() {
    let names = [
        ("steps", STEPS.iter().map(|spec| spec.flag.name).collect::<Vec<_>>()),
        ("aggregates", AGGS.iter().map(|spec| spec.flag.name).collect()),
        ("formats", FORMATS.iter().map(|spec| spec.name).collect()),
    ];
    for (folder, names) in names {
        for name in names {
            let page = format!("{CASES}/{folder}/{name}.md");
            let page = Path::new(&page);
            assert!(page.exists(), "{} is missing: write it as its neighbours are", page.display());
        }
    }
}

#[test]
fn a_page_that_is_wrong_is_shown_and_can_be_put_right() {
    let dir = Dir::new();
    let page = |said: &str| {
        format!("# A\n\n```console\n$ cat <<.; exit 3\n> a\n>\n> b\n> .\n{said}```\n\n$ no\n")
    };
    let compared = |said: &str| {
        let (wrong, blessed) = Page::open(dir.file("a.md", page(said))).compared(&dir.path(""));
        assert_eq!(blessed, page("a\n\nb\nstatus 3\n"));
        wrong.split_once("a.md:").map(|(_, wrong)| wrong.to_string())
    };
    assert_eq!(compared("a\n\nb\nstatus 3\n"), None);
    let command = "8:\n  $ cat <<.; exit 3\n  > a\n  > \n  > b\n  > .\n";
    let wrong = format!("{command}  (2 lines as expected)\n- c\n- d\n+ b\n");
    assert_eq!(compared("a\n\nc\nd\nstatus 3\n"), Some(wrong));
    assert_eq!(
        compared("a\n\nb\n"),
        Some(format!("{command}  (3 lines as expected)\n+ status 3\n"))
    );
}

#[test]
fn times_are_masked_and_nothing_else() {
    let table = [
        ("Time: 2018-12-11 01:31:21\n", "Time: <python>\n"),
        ("Time: 2018-12-11 01:31:21.500000\n", "Time: <python>\n"),
        ("2018-12-11T01:31:21+00:00\ta\t1", "<rfc3339>\ta\t1"),
        ("{\"time\":\"2018-12-11T01:31:21.500-03:30\",", "{\"time\":\"<rfc3339>\","),
        ("{\"time\":1544491881,\"key\":\"1544491881\"", "{\"time\":<epoch>,\"key\":\"1544491881\""),
        ("1544491881.5\ta", "<epoch>\ta"),
        ("2018-12-11T01:31:24Z ERROR disk full", "2018-12-11T01:31:24Z ERROR disk full"),
    ];
    for (text, expected) in table {
        assert_eq!(masked(text), expected);
    }
}
