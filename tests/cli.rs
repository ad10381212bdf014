//! The command line as a user meets it: what is refused and how, and what weir says about itself.
//!
//! What cannot be meant ends with status 2 before anything is read or written; what fails in the
//! world outside ends with status 1 and the place that failed.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::{self, File};
use std::io::Seek;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;

use common::{Dir, Ended, Run, batch, on_file, piped, start, weir};
use socket2::{Domain, Socket, Type};

const TRY_HELP: &str = "\n\nFor more information, try '--help'.\n";

/// Checks that weir refuses the arguments with this message, and has read and written nothing.
#[track_caller]
fn refused(args: &[&str], message: &str) {
    let dir = Dir::new();
    let mut input = File::open(dir.file("input", "a b\n")).unwrap();
    let mut command = weir(args);
    command.stdin(input.try_clone().unwrap());
    let ended = start(command).end();
    assert_eq!(ended.failed(2), format!("weir: {message}"), "{args:?}");
    assert_eq!(input.stream_position().unwrap(), 0, "{args:?} has read");
}

/// The same for a message that clap begins.
#[track_caller]
fn refused_with_help(args: &[&str], message: &str) {
    refused(args, &format!("{message}{TRY_HELP}"));
}

#[test]
fn an_unknown_flag_gets_a_suggestion() {
    refused_with_help(
        &["stdin", "--splot", ",", "--count"],
        "unexpected argument '--splot' found\n\n  tip: a similar argument exists: '--split'\n\n\
         Usage: weir stdin [OPTIONS]",
    );
}

#[test]
fn an_unknown_value_gets_a_suggestion() {
    refused_with_help(
        &["stdin", "--format", "jsn"],
        "invalid value 'jsn' for '--format <FORMAT>'\n  \
         [possible values: pprint, scala, tsv, csv, json, text, uniq]\n\n  tip: --format json",
    );
    refused_with_help(
        &["--count", "--sort", "valu"],
        "invalid value 'valu' for '--sort <ORDER>'\n  [possible values: value, key, none]\n\n  \
         tip: --sort value",
    );
}

#[test]
fn an_unknown_escape_is_named() {
    refused(
        &["--split", r"\q"],
        "--split: `\\q` is no escape: there are \\t, \\n, \\0, \\\\ and \\xNN\n",
    );
}

#[test]
fn the_place_in_an_invalid_regex_is_pointed_at() {
    for flag in ["--filter", "--reject"] {
        let said = "regex parse error:\n    a(b\n     ^\nerror: unclosed group\n";
        refused(&[flag, "a(b"], &format!("{flag}: {said}"));
    }
}

#[test]
fn flags_that_need_an_aggregate_say_so() {
    refused(&["--top", "3"], "--top: needs an aggregate, as --count-by-key is\n");
    let kept = "needs an aggregate; records keep their order\n";
    refused(&["--sort", "key"], &format!("--sort: {kept}"));
    refused(&["--ascending"], &format!("--ascending: {kept}"));
}

#[test]
fn a_second_aggregate_is_refused() {
    refused_with_help(
        &["stdin", "--count", "--count-by-key"],
        "the argument '--count' cannot be used with '--count-by-key'\n\n\
         Usage: weir stdin --count",
    );
}

#[test]
fn record_at_a_time_goes_without_an_aggregate_and_without_batches() {
    refused(
        &["--count", "--interval", "0"],
        "--interval 0: an aggregate needs --update-state to have a result at each record\n",
    );
    refused(
        &["--interval", "0", "--batches", "3"],
        "--batches: with --interval 0 there are no batches; --duration ends the run\n",
    );
}

#[test]
fn what_is_no_duration_is_refused() {
    let table = [
        ("6sec", "no unit is called `sec`: there are ms, s, m (or min), h, d and w"),
        ("-5", "a duration is not negative"),
        ("soon", "no number of seconds, as in 2, 0.5, 500ms or 1h30m"),
        ("0.0001", "a fraction of a millisecond; 1ms is the shortest"),
        ("10001d", "longer than 10000 days"),
    ];
    for (text, why) in table {
        for flag in ["--interval", "--duration"] {
            let said = format!("invalid value '{text}' for '{flag} <D>': {why}");
            refused_with_help(&[flag, text, "--count"], &said);
        }
    }
}

#[test]
fn what_is_no_size_or_number_is_refused() {
    let shape = "no size: it is a whole number of bytes, as in 4096, or 64K (64KiB, 64kB), 16M, 1G";
    let table = [
        ("--max-record <SIZE>", "1.5M", shape),
        ("--max-record <SIZE>", "lots", shape),
        ("--max-record <SIZE>", "0", "no record is that short"),
        ("--max-record <SIZE>", "2G", "more than 1G"),
        ("--threads <N>", "0", "less than 1"),
        ("--threads <N>", "300", "more than 256"),
        ("--top <N>", "many", "a whole number is expected, as in 10, 5k or 2M"),
        ("--batches <N>", "0", "less than 1"),
        ("--max-rate <N>", "0", "less than 1"),
        ("--num <N|all>", "some", "a whole number is expected, as in 10, 5k or 2M, or `all`"),
    ];
    for (flag, text, why) in table {
        let said = format!("invalid value '{text}' for '{flag}': {why}");
        let flag = flag.split(' ').next().unwrap();
        refused_with_help(&[flag, text, "--count"], &said);
    }
}

#[test]
fn flags_that_do_not_fit_the_format_are_refused() {
    refused(
        &["--format", "tsv", "--num", "3"],
        "--num: only pprint and scala print a part of a batch; --top selects for all formats\n",
    );
    refused(
        &["--epoch"],
        "--epoch: pprint and scala have a Time of their own; --format tsv, csv or json\n",
    );
    refused(
        &["--no-time"],
        "--no-time: pprint and scala have a Time of their own; --format tsv, csv, json or text\n",
    );
    refused(&["--header"], "--header: only --format tsv and csv have one\n");
}

#[test]
fn an_address_without_its_parts_is_refused_with_its_shape() {
    let listen = "an address to listen on is [HOST:]PORT, as in 9999 or 0.0.0.0:9999\n";
    let connect = "an address to connect to is HOST:PORT, as in localhost:9999\n";
    refused(&["listen", "here"], &format!("here: no port is given; {listen}"));
    refused(&["listen", "65536"], &format!("65536: a port is at most 65535; {listen}"));
    refused(&["connect", "localhost"], &format!("localhost: no port is given; {connect}"));
    refused(
        &["connect", "localhost:0"],
        &format!("localhost:0: nothing can be reached on port 0; {connect}"),
    );
}

#[test]
fn an_argument_may_begin_with_a_hyphen() {
    assert_eq!(on_file(&["--split", "-"], "a-b\n").ok(), batch(&["a", "b"]));
    assert_eq!(on_file(&["stdin", "--filter", "-x"], "a-x\nax\n").ok(), batch(&["a-x"]));
}

#[test]
fn a_first_word_that_is_a_flag_means_stdin() {
    let input = "b\na\nb\n";
    let expected = batch(&["('b', 2)", "('a', 1)"]);
    assert_eq!(on_file(&["--count-by-key"], input).ok(), expected);
    assert_eq!(on_file(&["stdin", "--count-by-key"], input).ok(), expected);
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(
        start(weir(&["listen", &port, "--count"])).end().failed(1),
        format!(
            "weir: 127.0.0.1:{port}: address in use: another program listens there; `ss -ltnp \
             'sport = :{port}'` names it, or choose another port\n"
        )
    );
}

/// Makes a command run as somebody who is not root; a reason if that cannot be done.
fn as_nobody(args: &[&str]) -> Result<Run, String> {
    let open = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if open.is_ok_and(|first| first.trim().parse::<u16>().is_ok_and(|first| first <= 1)) {
        return Err("here anybody may listen on port 1".to_string());
    }
    let mut command = weir(args);
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Ok(start(command));
    }
    // The binary may lie where nobody but root can look; then there is nothing to run.
    let mut probe = weir(&["--version"]);
    probe.uid(65534).status().map_err(|error| format!("cannot run as nobody: {error}"))?;
    command.uid(65534);
    Ok(start(command))
}

#[test]
#[allow(clippy::print_stderr, reason = "the one who runs the tests is to know what was left out")]
fn a_port_for_root_alone_is_refused_with_what_to_do() {
    match as_nobody(&["listen", "1", "--count"]) {
        Ok(run) => assert_eq!(
            run.end().failed(1),
            "weir: 127.0.0.1:1: permission denied: ports below 1024 are for root; choose a port \
             from 1024 on\n"
        ),
        Err(reason) => eprintln!("skipped: {reason}"),
    }
}

#[test]
fn a_server_that_refuses_is_an_error_with_once() {
    // Bound and not listening: nobody else can come to listen there meanwhile.
    let closed = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    closed.bind(&any.into()).unwrap();
    let address = closed.local_addr().unwrap().as_socket().unwrap().to_string();
    let ended = start(weir(&["connect", &address, "--count", "--once"])).end();
    assert_eq!(ended.failed(1), format!("weir: {address}: connection refused\n"));
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error_with_once() {
    // No route leads a connection to the broadcast address, so nothing is sent.
    let ended = start(weir(&["connect", "255.255.255.255:9", "--count", "--once"])).end();
    assert_eq!(ended.failed(1), "weir: 255.255.255.255:9: network is unreachable\n");
}

#[test]
fn a_name_that_does_not_resolve_is_named() {
    // A label may have 63 characters, so nobody is asked for this one.
    let name = "a".repeat(64);
    let ended = start(weir(&["connect", &format!("{name}:9"), "--count"])).end();
    let said = ended.failed(1);
    let expected = format!("weir: {name}:9: the name {name} cannot be resolved: ");
    assert!(said.starts_with(&expected) && said.lines().count() == 1, "{said}");
}

#[test]
fn a_bad_record_ends_the_run_if_asked_to() {
    let ended =
        piped(&["-1", "--max-record", "3", "--on-bad", "fail", "--count"], "abc\nabcd\nab\n");
    let said = "stdin, byte 4: longer than --max-record 3; --on-bad fail ends the run here";
    assert_eq!(ended.failed(1), format!("weir: {said}\n"));
}

#[test]
fn bad_records_go_to_a_file_as_lines_of_json() {
    let dir = Dir::new();
    let path = dir.path("bad.json");
    let args = ["--max-record", "3", "--count", "--on-bad", path.to_str().unwrap()];
    let said = "longer than --max-record 3";
    assert_eq!(on_file(&args, "abc\nab\"d\nab\n").ok(), batch(&["2"]));
    assert_eq!(on_file(&args, b"ab\xffd\n").ok(), batch(&["0"]), "a second run appends");
    let expected = [("stdin, byte 4", "ab\"d"), ("stdin, byte 0", "ab\u{fffd}d")];
    let lines = fs::read_to_string(path).unwrap();
    assert_eq!(lines.lines().count(), 2);
    for (line, (position, record)) in lines.lines().zip(expected) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let wanted = serde_json::json!({"reason": said, "position": position, "record": record});
        assert_eq!(line, wanted);
    }
}

#[test]
fn a_bad_record_in_a_file_is_whole_or_marked_as_cut() {
    let dir = Dir::new();
    let path = dir.path("bad.json");
    let args = ["--max-record", "3", "--count", "--on-bad", path.to_str().unwrap()];
    let (long, longer) = ("x".repeat(1024), "y".repeat(1025));
    assert_eq!(on_file(&args, format!("{long}\n{longer}\n")).ok(), batch(&["0"]));
    let lines = fs::read_to_string(path).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    assert_eq!((lines[0]["record"].as_str(), lines[0].get("cut")), (Some(&*long), None));
    let cut = Some(&serde_json::Value::Bool(true));
    assert_eq!((lines[1]["record"].as_str(), lines[1].get("cut")), (Some(&longer[..1024]), cut));
}

#[test]
fn a_word_that_is_no_policy_makes_no_file() {
    let dir = Dir::new();
    let (skip, fail) = ("--on-bad skip counts them and goes on", "--on-bad fail ends the run");
    let table =
        [("ignore", skip), ("abort", fail), ("Skip", "--on-bad skip"), ("fial", "--on-bad fail")];
    for (word, meant) in table {
        refused(
            &["--count", "--on-bad", word],
            &format!(
                "--on-bad: `{word}` is neither skip nor fail: {meant}; a file of that name is \
                 ./{word}\n"
            ),
        );
    }
    for word in ["bad", "bad.log", "./ignore", "drop"] {
        dir.file("drop", "");
        let mut command = weir(&["--once", "--count", "--format", "text", "--on-bad", word]);
        command.current_dir(dir.path(""));
        command.stdin(std::process::Stdio::null());
        assert_eq!(start(command).end().ok(), "0\n", "{word}");
        assert!(dir.path(word).exists());
    }
}

#[test]
fn what_names_no_file_for_bad_records_is_refused() {
    refused(
        &["--on-bad", "-", "--count"],
        "--on-bad -: stdout is for results; --on-bad /dev/stderr says each on stderr, and ./- is a file of \
         that name\n",
    );
    refused(
        &["--on-bad", "", "--count"],
        "--on-bad: what is empty names no file; it is skip, fail or a path\n",
    );
}

#[test]
fn a_directory_that_is_missing_is_found_before_anything_is_read() {
    let dir = Dir::new();
    let path = dir.path("none/bad.json");
    let mut input = File::open(dir.file("input", "a\n")).unwrap();
    let mut command = weir(&["--count", "--on-bad", path.to_str().unwrap()]);
    command.stdin(input.try_clone().unwrap());
    let ended = start(command).end();
    let said = format!("weir: {}: no such file or directory\n", path.display());
    assert_eq!(ended.failed(1), said);
    assert_eq!(input.stream_position().unwrap(), 0);
}

#[test]
fn a_directory_as_stdin_is_an_error() {
    let dir = Dir::new();
    let mut command = weir(&["--count", "--once"]);
    command.stdin(File::open(dir.path("")).unwrap());
    assert_eq!(start(command).end().failed(1), "weir: stdin: is a directory\n");
}

#[test]
fn explain_shows_the_pipeline_and_reads_no_socket() {
    let args = ["listen", "0", "--split", ", ", "--reject", "it's", "--count-by-key", "--explain"];
    let args = [&args[..], &["--interval", "90", "--top", "3", "--ascending"]].concat();
    assert_eq!(
        start(weir(&args)).end().ok(),
        "source     listen 0                         -> record\n\
         step       --split ', '                     -> record\n\
         step       --reject 'it'\\''s'               -> record\n\
         aggregate  --count-by-key                   -> pair (record, value), a batch every 90s\n\
         report     --top 3                          -> the smallest values\n\
         format     pprint                           -> stdout\n"
    );
}

#[test]
fn explain_shows_each_record_of_stdin_after_each_step() {
    let args = ["--split", ",", "--filter", "a", "--trim", "--max-record", "9", "--explain"];
    assert_eq!(
        on_file(&args, b" a , b\0\nx\nlonger than that\n\xff\n").ok(),
        "source     stdin                            -> record\n\
         step       --split ,                        -> record\n\
         step       --filter a                       -> record\n\
         step       --trim                           -> record\n\
         no         aggregate                        -> record, as it comes, one batch, at the \
         end of the input\n\
         format     pprint                           -> stdout\n\
         \n' a , b\\x00'\n  \
           --split ,                                ' a ', ' b\\x00'\n  \
           --filter a                               ' a '\n  \
           --trim                                   'a'\n\
         \n'x'\n  \
           --split ,                                'x'\n  \
           --filter a                               (nothing)\n\
         \n'\u{fffd}'\n  \
           --split ,                                '\u{fffd}'\n  \
           --filter a                               (nothing)\n\
         \nbad: stdin, byte 10: longer than --max-record 9\n"
    );
}

#[test]
fn a_verbose_run_ends_with_a_summary() {
    let args = ["-1v", "--max-record", "3", "--filter", "a", "--count-by-key", "--format", "text"];
    let ended = piped(&args, "a\nb\nab\na\nabcd\n");
    assert_eq!((ended.status, ended.out.as_str()), (0, "a\t2\nab\t1\n"));
    let lines: Vec<_> = ended.err.lines().collect();
    let summary = "weir: 4 records read, 1 bad, 1 filtered, 2 rows, 0 late batches; 9 bytes in ";
    let bad = "weir: a bad record is skipped: stdin, byte 9: longer than --max-record 3";
    assert_eq!((lines.len(), lines[0]), (2, bad));
    let rest = lines[1].strip_prefix(summary).unwrap();
    assert!(rest.contains(" s, ") && rest.ends_with(" records a second"), "{rest}");
}

#[test]
fn a_quiet_run_still_tells_of_losses() {
    let ended = piped(&["-1q", "--max-record", "3", "--count", "--format", "text"], "abcd\n");
    let bad = "weir: a bad record is skipped: stdin, byte 0: longer than --max-record 3\n";
    assert_eq!(ended, Ended { status: 0, out: "0\n".into(), err: bad.into() });
    let mut run = start(weir(&["listen", "0", "-q", "--interval", "0.05"]));
    run.out.line("Time: ");
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.end().err, "", "not even where it listens");
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    let ended = piped(&["-q", "-v", "--count"], "a\n");
    let said = ended.failed(2);
    assert!(said.contains("'--quiet' cannot be used with '--verbose'"), "{said}");
}

#[test]
fn weir_prints_its_manual_completions_version_and_help() {
    let ran = |args: &[&str]| start(weir(args)).end().ok().to_string();
    assert_eq!(ran(&["--version"]), format!("weir {}\n", env!("CARGO_PKG_VERSION")));
    let manual = ran(&["man"]);
    assert!(manual.contains(".TH weir 1") && manual.contains("EXIT STATUS"), "{manual}");
    let completions = ran(&["completions", "bash"]);
    assert!(completions.contains("complete -F _weir"), "{completions}");
    assert!(!completions.contains("replay") && !completions.contains("virtual-clock"));
    assert!(ran(&["--help"]).contains("Usage: weir SOURCE"));
    assert!(ran(&["stdin", "--help"]).contains("--count-by-key"));
    let ended = start(weir(&["completions", "bsh"])).end();
    assert!(ended.failed(2).contains("tip: bash"));
}

#[test]
fn help_of_a_source_is_the_same_both_ways() {
    let help = |args: &[&str]| start(weir(args)).end().ok().to_string();
    assert_eq!(help(&["help", "listen"]), help(&["listen", "--help"]));
    assert_eq!(help(&["help"]), help(&["--help"]));
}

#[test]
fn a_zone_that_does_not_exist_is_said() {
    let zoned = |zone: &str, args: &[&str]| {
        let mut command = weir(args);
        command.env("TZ", zone);
        start(command).end()
    };
    let args = ["--count", "--format", "tsv"];
    let said = "weir: TZ=Bogus/Zone is no name of a time zone, as Europe/Berlin is, no file of one, and no rule, \
                as CET-1CEST,M3.5.0,M10.5.0/3 is; times are in UTC\n";
    assert_eq!(zoned("Bogus/Zone", &args).err, said);
    assert_eq!(zoned("Bogus/Zone", &["--count", "--utc"]).err, "");
    assert_eq!(zoned("EST5EDT,M3.2.0,M11.1.0", &args).err, "");
}
