//! The examples in README.md are run, and print what it says.
//!
//! A ```` ```console ```` block holds commands, `$ ` before each, and under each what it prints,
//! messages included. Times are masked on both sides. What needs two terminals stands in a
//! ```` ```text ```` block and is not run.

use std::path::Path;
use std::process::{Command, Stdio};

use regex::Regex;

const BUILT: &str = env!("CARGO_BIN_EXE_weir");

/// A command of README.md, and what it is said to print.
struct Example {
    line: usize,
    command: String,
    output: String,
}

fn examples(page: &str) -> Vec<Example> {
    let (mut examples, mut inside): (Vec<Example>, bool) = (Vec::new(), false);
    for (index, text) in page.lines().enumerate() {
        if text.starts_with("```") {
            inside = text == "```console";
        } else if inside && let Some(command) = text.strip_prefix("$ ") {
            let command = command.to_string();
            examples.push(Example { line: index + 1, command, output: String::new() });
        } else if inside {
            let example = examples.last_mut().expect("a block begins with a command");
            example.output += &format!("{text}\n");
        }
    }
    examples
}

/// What a shell prints, messages included, with the built program first in its path.
fn run(command: &str) -> String {
    let command = command.replace("cargo run --release --", "weir");
    let path = std::env::var("PATH").unwrap_or_default();
    let place = Path::new(BUILT).parent().expect("a file is in a directory").display();
    let shell = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .env("PATH", format!("{place}:{path}"))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    String::from_utf8(shell.stdout).expect("the examples print UTF-8")
}

/// The text with every Time replaced, each style by a mask of its own.
fn masked(text: &str) -> String {
    let styles = [
        (r"(?m)^Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$", "Time: <python>"),
        (
            r#"(?m)(^|"time":")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?[+-]\d\d:\d\d(["\t])"#,
            "$1<rfc3339>$3",
        ),
        (r#"(?m)(^|"time":)\d{10}(\.\d{1,3})?([,\t])"#, "$1<epoch>$3"),
    ];
    styles.iter().fold(text.to_string(), |text, (style, mask)| {
        Regex::new(style).expect("it is a regular expression").replace_all(&text, *mask).into()
    })
}

#[test]
fn the_examples_print_what_readme_says() {
    let page = std::fs::read_to_string("README.md").expect("there is a README.md");
    let examples = examples(&page);
    assert!(examples.iter().any(|example| example.command.starts_with("cargo run --release")));
    for Example { line, command, output } in examples {
        assert_eq!(masked(&run(&command)), masked(&output), "README.md:{line}: {command}");
    }
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
