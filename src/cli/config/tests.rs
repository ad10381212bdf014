//! Which flag counts, and what is said of those that do not make sense.

use super::*;
use crate::cli;
use crate::disk::scratch::Scratch;

/// Variables, a file, and what comes of them.
type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, &'a str);

fn os(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// The command line that comes of one that is typed, of variables and of a file.
fn made(typed: &str, variables: &[(&str, &str)], file: Option<&str>) -> Result<String, String> {
    let dir = Scratch::new();
    let mut words = os(&["weir"]);
    words.extend(typed.split(' ').map(OsString::from));
    let mut all: Variables =
        variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let path = dir.path("args");
    if let Some(text) = file {
        std::fs::write(&path, text).unwrap();
        all.push(("WEIR_CONFIG".into(), path.clone().into()));
    }
    let filled = filled(&cli::command(), words, &all);
    let (words, _) = filled.map_err(|error| {
        assert_eq!(error.exit_status(), 2);
        error.to_string().replace(&path.display().to_string(), "FILE")
    })?;
    Ok(words[1..].iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "))
}

#[test]
fn what_is_typed_counts_more_than_the_environment_and_that_more_than_the_file() {
    let interval = [("WEIR_INTERVAL", "5")];
    let file = Some("--interval=9\n--top 3\n");
    let table: [(&str, Case); 12] = [
        ("stdin --count", (&[], file, "stdin --interval=9 --top 3 --count")),
        ("stdin --count", (&interval, file, "stdin --top 3 --interval=5 --count")),
        ("stdin -i 2 --count", (&interval, file, "stdin --top 3 -i 2 --count")),
        ("stdin -vi2", (&interval, None, "stdin -vi2")),
        ("stdin --interval=2", (&interval, None, "stdin --interval=2")),
        // What excludes each other is one choice, and so are all aggregates.
        ("stdin -q", (&[("WEIR_VERBOSE", "yes")], None, "stdin -q")),
        ("stdin", (&[("WEIR_VERBOSE", "on")], Some("--quiet"), "stdin --verbose")),
        ("stdin --count", (&[], Some("--sum\n--stats p50"), "stdin --count")),
        ("stdin", (&[("WEIR_VERBOSE", "no"), ("WEIR_TOP", "")], Some("-v"), "stdin")),
        // A list is whole in one place.
        ("stdin -o x", (&[("WEIR_OUTPUT", "a,b")], None, "stdin -o x")),
        ("stdin", (&[("WEIR_OUTPUT", r"a,b\,c")], Some("-o d"), "stdin --output=a --output=b,c")),
        ("stdin", (&[], Some("-o a\n-o b"), "stdin -o a -o b")),
    ];
    for (typed, (variables, file, expected)) in table {
        assert_eq!(
            made(typed, variables, file).as_deref(),
            Ok(expected),
            "{typed} {variables:?} {file:?}"
        );
    }
}

#[test]
fn steps_of_a_file_come_before_those_that_are_typed() {
    let file = Some("--extract (\\d+)\n--else\n-\n--replace\na b\nc\n");
    let expected = r"stdin --extract (\d+) --else - --replace a b c --trim --count-by-key";
    assert_eq!(made("stdin --trim --count-by-key", &[], file).as_deref(), Ok(expected));
}

#[test]
fn flags_of_other_sources_are_passed_over() {
    let brokers = [("WEIR_BROKERS", "localhost:9092")];
    let file = Some("--topic=a\n-t\nb\n--once");
    assert_eq!(made("stdin", &brokers, file).as_deref(), Ok("stdin --once"));
    let kafka = "kafka --topic=a -t b --once --brokers=localhost:9092";
    assert_eq!(made("kafka", &brokers, file).as_deref(), Ok(kafka));
}

#[test]
fn other_commands_and_help_look_at_neither() {
    for typed in ["man", "stdin --help", "listen -h", "--help", "completions bash"] {
        assert_eq!(made(typed, &[("WEIR_ONCE", "maybe")], Some("nonsense")).as_deref(), Ok(typed));
    }
    assert_eq!(
        made("stdin --config= --count", &[], Some("nonsense")).as_deref(),
        Ok("stdin --config= --count")
    );
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    let table: [Case; 7] = [
        (&[("WEIR_ONCE", "maybe")], None, "WEIR_ONCE: maybe is neither yes nor no"),
        (&[("WEIR_SPLIT", ",")], None, "WEIR_SPLIT: --split has its place among the steps; "),
        (&[("WEIR_ELSE", "x")], None, "WEIR_ELSE: --else has its place among the steps; "),
        (
            &[("WEIR_PROPERTY", "security.protocol=ssl,sasl.password=geheim")],
            None,
            "WEIR_PROPERTY: sasl.password is a secret, ",
        ),
        (&[], Some("# x\n--intervall=3"), "FILE:2: there is no flag --intervall=3"),
        (&[], Some("--count\n9999"), "FILE:2: 9999 is no flag; "),
        (&[], Some("--config=x"), "FILE:1: a file names no other file"),
    ];
    for (variables, file, expected) in table {
        let told = made("kafka", variables, file).unwrap_err();
        assert!(told.starts_with(expected) && !told.contains("geheim"), "{told}");
    }
}

#[test]
fn a_file_that_is_not_there_may_come() {
    let named = [("WEIR_CONFIG".into(), "/nonexistent/args".into())].into();
    let told = filled(&cli::command(), os(&["weir", "stdin"]), &named).map(drop).unwrap_err();
    assert_eq!(told.to_string(), "WEIR_CONFIG /nonexistent/args: no such file or directory");
    assert_eq!(told.exit_status(), 1);
}

#[test]
fn what_exec_tells_its_command_is_the_name_of_no_flag() {
    let command = cli::command();
    let all: Vec<_> = sources(&command).flat_map(flags).map(named_as).collect();
    assert!(all.iter().any(|name| name == "WEIR_MAX_RATE"));
    assert!(!OTHERS.iter().skip(1).any(|other| all.iter().any(|name| name == other)));
}

#[test]
fn a_secret_that_is_typed_is_told_and_taken_and_one_in_a_file_is_not_told() {
    let said = |typed: &str| {
        let (words, origins) =
            filled(&cli::command(), os(&typed.split(' ').collect::<Vec<_>>()), &Variables::new())
                .unwrap();
        assert_eq!(words, os(&typed.split(' ').collect::<Vec<_>>()));
        origins.strays
    };
    let told = "-X sasl.password: everybody on this machine can read it there; it belongs as a line \
                sasl.password=... into a file that -F FILE names";
    for typed in [
        "weir kafka -t t -X sasl.password=hunter2",
        "weir kafka -t t -Xsasl.password=hunter2",
        "weir kafka -t t -vX sasl.password=hunter2",
        "weir stdin --property sasl.password=hunter2",
        "weir stdin --property=sasl.password=hunter2",
    ] {
        assert_eq!(said(typed), [told], "{typed}");
    }
    for typed in ["weir kafka -F client.conf -X sasl.username=me", "weir stdin --filter password="]
    {
        assert!(said(typed).is_empty(), "{typed}");
    }
    let file = made("kafka -t t", &[], Some("-X sasl.password=hunter2"));
    assert_eq!(file.as_deref(), Ok("kafka -X sasl.password=hunter2 -t t"));
}
