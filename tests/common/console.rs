//! Pages whose examples are run: README.md, and the cases in `tests/cases`.
//!
//! ````text
//! ```console                  only such blocks are run
//! $ cat > input <<.           a command, for `sh -c`
//! > b                         its next lines
//! > .
//! $ weir --count < input      commands of a page run one after the other in one directory
//! 1                           what a terminal shows of it: stdout and stderr
//! status 2                    and the status, if that is not 0
//! ```
//! ````
//!
//! Times are masked on both sides. With `WEIR_BLESS=1` what is printed is written into the page.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{WEIR, shell, start};

/// A command of a page, and what it is said to print.
struct Example {
    command: String,
    /// The lines of the page that say so; the command stands before them.
    said: Range<usize>,
}

/// A page with examples.
pub struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    /// Reads one.
    pub fn open(path: impl Into<PathBuf>) -> Page {
        let path = path.into();
        let text = fs::read_to_string(&path).unwrap();
        Page { path, text }
    }

    /// The programs of which it says `Needs:`, and which are not there.
    pub fn missing(&self) -> Vec<&str> {
        let needs = self.text.lines().filter_map(|line| line.strip_prefix("Needs: "));
        let programs = needs.flat_map(|list| list.trim_end_matches('.').split(", "));
        let path = std::env::var("PATH").unwrap();
        let is_there =
            |program: &&str| path.split(':').any(|dir| Path::new(dir).join(program).exists());
        programs.filter(|program| !is_there(program)).collect()
    }

    fn examples(&self) -> Vec<Example> {
        let (mut examples, mut inside): (Vec<Example>, bool) = (Vec::new(), false);
        for (index, line) in self.text.split('\n').enumerate() {
            if line.starts_with("```") {
                inside = line == "```console";
            } else if inside && let Some(command) = line.strip_prefix("$ ") {
                examples.push(Example { command: command.into(), said: index + 1..index + 1 });
            } else if inside {
                let example = examples.last_mut().expect("a block begins with a command");
                match line.strip_prefix('>').filter(|_| example.said.is_empty()) {
                    Some(more) => {
                        example.command += &format!("\n{}", more.strip_prefix(' ').unwrap_or(more));
                        example.said = index + 1..index + 1;
                    }
                    None => example.said.end = index + 1,
                }
            }
        }
        examples
    }

    /// Runs its examples in `dir`; what goes wrong is written into the page if that is asked for,
    /// else it is the error.
    pub fn run(&self, dir: &Path) -> Result<(), String> {
        let (wrong, blessed) = self.compared(dir);
        if wrong.is_empty() {
            return Ok(());
        }
        if std::env::var_os("WEIR_BLESS").is_none() {
            return Err(wrong);
        }
        fs::write(&self.path, blessed).unwrap();
        Ok(())
    }

    /// What its examples print otherwise than it says, and the page that would say so.
    pub fn compared(&self, dir: &Path) -> (String, String) {
        let lines: Vec<&str> = self.text.split('\n').collect();
        let whole = |range: Range<usize>| -> String {
            lines[range].iter().map(|line| format!("{line}\n")).collect()
        };
        let (mut wrong, mut blessed, mut taken) = (String::new(), String::new(), 0);
        let examples = self.examples();
        assert!(!examples.is_empty(), "{}: no block begins with ```console", self.path.display());
        for Example { command, said } in examples {
            let (expected, printed) = (whole(said.clone()), shown(&command, dir));
            if masked(&printed) == masked(&expected) {
                continue;
            }
            let (page, line) = (self.path.display(), said.start);
            let command = command.replace('\n', "\n  > ");
            let difference = difference(&expected, &printed);
            wrong += &format!("\n{page}:{line}:\n  $ {command}\n{difference}");
            blessed += &whole(taken..said.start);
            blessed += &printed;
            taken = said.end;
        }
        (wrong, blessed + &lines[taken..].join("\n"))
    }
}

/// What a terminal shows of a command that has the built program first in its path.
fn shown(command: &str, dir: &Path) -> String {
    let command = command.replace("cargo run --release --", "weir");
    let mut shell = shell(&format!("exec 2>&1\n{command}"));
    let place = Path::new(WEIR).parent().unwrap().display();
    shell.env("PATH", format!("{place}:{}", std::env::var("PATH").unwrap()));
    // Programs beside the cases find what they share there, and leave nothing behind.
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    shell.env("PYTHONPATH", shared).env("PYTHONDONTWRITEBYTECODE", "1");
    shell.current_dir(dir).stdin(std::process::Stdio::null());
    let ended = start(shell).end();
    let mut shown = ended.out;
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown += "\n(the last line has no end)\n";
    }
    if ended.status != 0 {
        shown += &format!("status {}\n", ended.status);
    }
    shown
}

/// The lines that differ, between those that are the same at both ends.
fn difference(expected: &str, printed: &str) -> String {
    let (expected, printed): (Vec<_>, Vec<_>) =
        (expected.lines().collect(), printed.lines().collect());
    let same = |pairs: &mut dyn Iterator<Item = (&str, &str)>| {
        pairs.take_while(|(expected, printed)| masked(expected) == masked(printed)).count()
    };
    let head = same(&mut expected.iter().copied().zip(printed.iter().copied()));
    let rest = (&expected[head..], &printed[head..]);
    let tail = same(&mut rest.0.iter().copied().rev().zip(rest.1.iter().copied().rev()));
    let of = |mark: char, lines: &[&str]| -> String {
        lines[..lines.len() - tail].iter().map(|line| format!("{mark} {line}\n")).collect()
    };
    let before = if head == 0 { String::new() } else { format!("  ({head} lines as expected)\n") };
    before + &of('-', rest.0) + &of('+', rest.1)
}

/// The text with every Time replaced, each style by a mask of its own.
pub fn masked(text: &str) -> String {
    let styles = [
        (r"(?m)^Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$", "Time: <python>"),
        (
            r#"(?m)(^|"time":")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?[+-]\d\d:\d\d(["\t,])"#,
            "$1<rfc3339>$3",
        ),
        (r#"(?m)(^|"time":)\d{10}(\.\d{1,3})?([,\t])"#, "$1<epoch>$3"),
    ];
    styles.iter().fold(text.to_string(), |text, (style, mask)| {
        Regex::new(style).expect("it is a regular expression").replace_all(&text, *mask).into()
    })
}
