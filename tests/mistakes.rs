//! What people type who come from other tools, or in a hurry: each is refused by what to type instead.
//!
//! Nothing is read, nothing is written, and the status is 2, or 1 where something is not there that may come.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::{self, File};
use std::process::Stdio;

use common::terminal::terminal;
use common::{Dir, piped, shell, start, weir};

/// What is said of a command line, without what stands behind the tip.
#[track_caller]
fn said(dir: &Dir, line: &str) -> String {
    failed(dir, line, 2)
}

/// The same of one that ends with another status.
#[track_caller]
fn failed(dir: &Dir, line: &str, status: i32) -> String {
    // A shell takes the line apart, as for a user.
    let mut command = shell(&line.replacen("weir", "\"$WEIR\"", 1));
    command.current_dir(dir.path("")).stdin(Stdio::null());
    let ended = start(command).end();
    let message = ended.failed(status);
    let message = message.strip_prefix("weir: ").unwrap_or_else(|| panic!("{line}: {message}"));
    let shown = message.split("\n\nFor more").next().unwrap().split("\n\nUsage:").next().unwrap();
    shown.trim_end().to_string()
}

/// The tip that is given for a command line.
#[track_caller]
fn tip(dir: &Dir, line: &str) -> String {
    let said = said(dir, line);
    said.split_once("\n\n  tip: ").map(|(_, tip)| tip.to_string()).unwrap_or(said)
}

#[track_caller]
fn tips(dir: &Dir, table: &[(&str, &str)]) {
    for (line, expected) in table {
        assert_eq!(tip(dir, line), *expected, "{line}");
    }
}

#[test]
fn a_file_that_is_named_gets_the_command_that_reads_it() {
    let dir = Dir::new();
    for name in ["app.log", "b.log", "it's mine", "old.xz"] {
        dir.file(name, "a b\nb\n");
    }
    let table = [
        (
            "weir stdin --filter 'a|it'\\''s' app.log --format text",
            r"weir files app.log --filter 'a|it'\''s' --format text",
            "a b\n",
        ),
        (
            "weir --count --format=text \"it's mine\" b.log",
            r"weir files 'it'\''s mine' b.log --count --format=text",
            "4\n",
        ),
        (
            "weir --count app.log old.xz --format text",
            "xzcat -f app.log old.xz | weir --once --count --format text",
            "4\n",
        ),
        ("weir --format text -- b.log", "weir files b.log --format text", "a b\nb\n"),
        (
            "weir listen 9999 app.log",
            "app.log: a file, and no address; weir files FILE ... reads a file",
            "",
        ),
        (
            "weir flume-push 9999 app.log",
            "weir flume-push takes one address; weir files FILE ... reads a file",
            "",
        ),
    ];
    for (line, expected, printed) in table {
        let tip = tip(&dir, line);
        assert_eq!(tip, expected, "{line}");
        if !printed.is_empty() {
            let mut command = shell(&tip.replace("weir", "\"$WEIR\""));
            command.current_dir(dir.path(""));
            assert_eq!(start(command).end().ok(), printed, "{tip}");
        }
    }
}

#[test]
fn no_word_at_all_means_stdin_unless_it_is_a_terminal() {
    let dir = Dir::new();
    let mut command = weir(&[]);
    command.stdin(File::open(dir.file("input", "a\n")).unwrap());
    assert!(start(command).end().ok().ends_with("\na\n\n"));
    assert!(piped(&[], "b\n").ok().ends_with("\nb\n\n"));
}

#[test]
fn on_a_terminal_no_word_at_all_lists_the_sources() {
    let (_held, end) = terminal();
    let mut command = weir(&[]);
    command.stdin(end);
    let ended = start(command).end();
    let said = ended.failed(2);
    assert!(said.starts_with("weir: a source is missing\n"), "{said}");
    for source in ["stdin", "connect", "listen", "files", "kafka", "flume-push", "flume-pull"] {
        assert!(said.contains(&format!("\n  {source} ")), "{said}");
    }
    assert!(!said.contains("replay"), "hidden: {said}");
}

#[test]
fn a_first_word_that_is_no_source_lists_those_there_are() {
    let dir = Dir::new();
    for word in ["foo", "tail", "10.0.0.7", "Stdn", "''"] {
        let expected = format!(
            "unrecognized source '{}': there are stdin, connect, listen, files, kafka, flume-push and flume-pull",
            word.trim_matches('\'')
        );
        let said = said(&dir, &format!("weir {word} --count"));
        assert!(said.starts_with(&expected), "{said}");
    }
    tips(
        &dir,
        &[
            ("weir tail x", "a file that grows: weir files PATH --follow ..."),
            ("weir cat x", "weir files PATH ..., or weir PATH ..."),
            ("weir stdn --count", "weir stdin ..."),
            ("weir LISTEN 9999", "weir listen ..."),
            ("weir completion bash", "weir completions ..."),
            ("weir count", "a flag begins with two hyphens: weir --count ..."),
            ("weir socket 9999", "weir listen PORT ..., or weir connect HOST:PORT ..."),
            ("weir 9999 --count", "weir listen 9999 --count"),
            ("weir :9999 --count", "weir listen :9999 --count"),
            ("weir localhost:9999 --split ' '", "weir connect localhost:9999 --split ' '"),
            ("weir tcp://h:9999", "weir connect h:9999"),
            ("weir ERROR --count", "what matches is kept by weir --filter ERROR --count"),
            ("weir 'disk full'", "what matches is kept by weir --filter 'disk full'"),
        ],
    );
}

#[test]
fn a_first_word_that_can_only_be_a_path_is_told_that_nothing_is_there() {
    let dir = Dir::new();
    let sources = "stdin, connect, listen, files, kafka, flume-push and flume-pull";
    let absent = "no such file or directory";
    let table = [
        ("./nofile.log", absent, "./nofile.log"),
        ("no.log", absent, "no.log"),
        ("/var/log/nosuch", absent, "/var/log/nosuch"),
        ("'access.log*'", "no file matches", "'access.log*'"),
        ("'logs/[ab].gz'", "no file matches", "'logs/[ab].gz'"),
        ("/etc/passwd/x", "not a directory", "/etc/passwd/x"),
    ];
    for (word, why, shown) in table {
        // As of `weir files PATH`: it may come.
        let said = failed(&dir, &format!("weir {word} --count"), 1);
        let expected = format!("{shown}: {why}, and no source is called so: there are {sources}");
        assert!(said.starts_with(&expected), "{said}");
        let tip =
            "weir files PATH ... reads files, directories, and what matches a pattern in quotes";
        assert!(said.ends_with(tip), "{said}");
    }
    // What matches is read, as what is there.
    dir.file("access.log", "a\n");
    let mut command = shell("\"$WEIR\" 'access.log*' --count --format text");
    command.current_dir(dir.path(""));
    assert_eq!(start(command).end().ok(), "1\n");
}

#[test]
fn what_other_tools_call_it_is_known() {
    let table = [
        ("--regex a", "--filter REGEX keeps the records in which REGEX matches"),
        ("-E a", "--filter REGEX keeps the records in which REGEX matches"),
        ("--unique", "--distinct gives each different record once, --count-by-key with its count"),
        ("--ignore-case", "a REGEX that begins with (?i) ignores case: --filter '(?i)error'"),
        (
            "-d,",
            "--split SEP makes a record of each part: --split ,; --field 3 --delimiter SEP keeps the third",
        ),
        ("--batchInterval=5", "--interval D ends a batch every D: --interval 5s"),
        (
            "--reduceByKeyAndWindow",
            "--window D --slide D with an aggregate: --count-by-key --window 60 --slide 10",
        ),
        ("--jsonl", "--format json writes an object for each row"),
        (
            "--threshold 5",
            "--having '>= 20' keeps the rows of a report that compare so, --where '>= 20' the records",
        ),
        ("--format table", "--format tsv writes columns, a tab between"),
        ("--sort desc", "--sort value, largest first, is the default"),
    ];
    let dir = Dir::new();
    for (typed, expected) in table {
        for source in ["", "stdin ", "listen 0 "] {
            let line = format!("weir {source}--count {typed}");
            assert_eq!(tip(&dir, &line), expected, "{line}");
        }
    }
}

#[test]
fn what_is_typed_as_for_netcat_listens() {
    let dir = Dir::new();
    tips(
        &dir,
        &[
            ("weir -lk 9999", "weir listen 9999"),
            ("weir -l -k -p 9999 --count", "weir listen 9999 --count"),
            ("weir --count -klv 9999", "weir listen 9999 --count"),
            ("weir -l", "--count counts records, as wc -l does"),
            (
                "weir connect tcp://localhost:9999",
                "tcp://localhost:9999: no `tcp://` stands before it: localhost:9999; an address to \
                 connect to is HOST:PORT, as in localhost:9999",
            ),
        ],
    );
}

#[test]
fn the_i_of_grep_is_told_how_case_is_ignored() {
    let expected = "-i is --interval; what matches in any case is kept by --filter '(?i)error'";
    tips(&Dir::new(), &[("weir -i error", expected), ("weir --count -i error", expected)]);
}

#[test]
fn only_a_near_name_is_suggested() {
    let dir = Dir::new();
    tips(
        &dir,
        &[
            ("weir --cuont-by-key", "a similar argument exists: '--count-by-key'"),
            ("weir --countByKeys", "a similar argument exists: '--count-by-key'"),
            ("weir --max-ra 3", "a similar argument exists: '--max-rate'"),
            ("weir --out-put x", "a similar argument exists: '--output'"),
            ("weir --keep x", "--filter REGEX keeps the records in which REGEX matches"),
            ("weir --quux", "unexpected argument '--quux' found"),
            ("weir listen 0 --quux", "unexpected argument '--quux' found"),
            ("weir checkpoint shw x", "weir checkpoint show ..."),
        ],
    );
}

#[test]
fn a_stray_word_is_put_where_it_belongs() {
    let dir = Dir::new();
    tips(
        &dir,
        &[
            ("weir --count --interval 5 min", "a duration is one word: --interval 5min"),
            ("weir --count --window 10 Seconds", "a duration is one word: --window 10s"),
            ("weir files . --count --interval 5 s", "a duration is one word: --interval 5s"),
            (
                "weir --filter disk full --count",
                "an argument of several words is quoted: --filter 'disk full'",
            ),
            ("weir --exec mail -s x ops", "a command of several words is quoted: --exec '...'"),
            ("weir --words count", "a flag begins with two hyphens: --count"),
            ("weir --count listen 9999", "the source is the first word: weir listen --count 9999"),
            ("weir --count --split '' -", "standard input needs no name: weir --count --split ''"),
            ("weir -v ERROR", "-v says more; what matches is dropped by --reject ERROR"),
            ("weir kafka -b b:1 -t a c", "weir kafka takes no word; is --topic c meant?"),
            ("weir kafka b:1 -t a", "weir kafka takes no word; is --brokers b:1 meant?"),
            ("weir help nosuch", "weir --help names all there is"),
            ("weir help filez", "weir files --help"),
            ("weir --count no.log", "there is no file no.log; one is read by weir files FILE ..."),
            (
                "weir listen localhost 9999",
                "localhost: an address is one word: weir listen localhost:9999",
            ),
            (
                "weir listen",
                "listen: no address is given: weir listen 9999 ..., or unix:PATH, or udp:PORT",
            ),
            ("weir udp:5140 --count", "weir listen udp:5140 --count"),
            ("weir unix:/run/weir", "weir listen unix:/run/weir"),
            ("weir syslog", "weir listen udp:PORT ..."),
            ("weir connect --count", "weir connect localhost:9999 ..."),
            ("weir kafka", "weir kafka --brokers localhost:9092 --topic TOPIC ..."),
            ("weir flume-pull", "weir flume-pull localhost:41414 ..."),
            ("weir checkpoint show", "weir checkpoint show DIR, or reset DIR"),
            ("weir --split ‘ ’ --count", "typographic quotes are none for a shell: type ' or \""),
            ("weir -- --count", "what follows `--` is no flag; leave the `--` out"),
        ],
    );
}

#[test]
fn a_flag_does_not_take_the_next_one_for_its_argument_unseen() {
    let dir = Dir::new();
    tips(
        &dir,
        &[
            (
                "weir --count --window --slide 5",
                "--slide is a flag; the D of --window stands before it",
            ),
            ("weir --count --top --utc", "--utc is a flag; the N of --top stands before it"),
            (
                "weir --count --checkpoint --utc",
                "--checkpoint: --utc is a flag; the DIR of --checkpoint stands before it; a path of that name is ./--utc",
            ),
            (
                "weir --count -o --utc",
                "--output: --utc is a flag; the FILE of --output stands before it; a path of that name is ./--utc",
            ),
        ],
    );
    assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 0, "nothing is made");
}

#[test]
fn a_dash_that_is_no_hyphen_is_named() {
    let dir = Dir::new();
    tips(
        &dir,
        &[
            ("weir –count", "–count: `–` (U+2013) is no hyphen; type --count"),
            (
                "weir listen 0 —count-by-key",
                "—count-by-key: `—` (U+2014) is no hyphen; type --count-by-key",
            ),
            ("weir --count −i 5", "−i: `−` (U+2212) is no hyphen; type -i"),
            ("weir -–count", "-–count: `–` (U+2013) is no hyphen; type --count"),
        ],
    );
    assert_eq!(piped(&["-1", "--split", "–", "--format", "text"], "a–b\n").ok(), "a\nb\n");
}

#[test]
fn one_hyphen_before_a_long_flag_is_one_too_few() {
    let dir = Dir::new();
    tips(
        &dir,
        &[
            ("weir -once", "-once: a long flag has two hyphens: --once"),
            ("weir --count -interval 5", "-interval: a long flag has two hyphens: --interval"),
            ("weir -count", "-count: a long flag has two hyphens: --count"),
            ("weir -format=json", "-format=json: a long flag has two hyphens: --format=json"),
        ],
    );
    assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 0, "no file is called `nce`");
}

#[test]
fn what_a_number_should_have_been_is_said() {
    let whole = "a whole number is expected, as in 10, 5k or 2M";
    let dir = Dir::new();
    for (flag, name) in
        [("--top", "N"), ("--batches", "N"), ("--max-rate", "N"), ("--threads", "N")]
    {
        for typed in ["ten", "1.5", "1,000"] {
            let expected = format!("invalid value '{typed}' for '{flag} <{name}>': {whole}");
            assert_eq!(said(&dir, &format!("weir --count {flag} {typed}")), expected);
        }
        let expected = format!("invalid value '0' for '{flag} <{name}>': less than 1");
        assert_eq!(said(&dir, &format!("weir --count {flag} 0")), expected);
    }
}

#[test]
fn every_argument_of_a_flag_may_begin_with_a_hyphen() {
    let command = weir::cli::command();
    let source = command.find_subcommand("connect").unwrap();
    for arg in source.get_arguments().filter(|arg| arg.get_long().is_some()) {
        let takes =
            arg.get_action().takes_values() && arg.get_num_args().is_none_or(|n| n.takes_values());
        assert_eq!(arg.is_allow_hyphen_values_set(), takes, "{}", arg.get_id());
    }
    let dir = Dir::new();
    let script = r#"printf 'a-b\n' | "$WEIR" -1 --split - --filter -?b --format text -o -out --checkpoint -cp --output-dir -dir"#;
    let mut command = shell(script);
    command.current_dir(dir.path(""));
    start(command).end().ok();
    assert_eq!(fs::read_to_string(dir.path("-out")).unwrap(), "b\n");
    assert!(dir.path("-cp").is_dir() && dir.path("-dir").is_dir());
}

#[test]
fn versions_and_help_are_found_by_any_name() {
    let ran = |args: &[&str]| start(weir(args)).end().ok().to_string();
    assert_eq!(ran(&["version"]), ran(&["--version"]));
    assert_eq!(ran(&["--version", "-v"]), ran(&["-v", "-V"]));
    assert!(ran(&["--version", "-v"]).starts_with(&ran(&["-V"])));
    assert_eq!(ran(&["--count", "--version"]), ran(&["-V"]));
    assert_eq!(ran(&["help", "--window"]), ran(&["stdin", "--help"]));
    assert_eq!(ran(&["help", "listen", "--window"]), ran(&["listen", "--help"]));
    assert_eq!(ran(&["help", "checkpoint", "show"]), ran(&["checkpoint", "show", "--help"]));
}
