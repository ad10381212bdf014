//! Records in, batches out: bytes of all kinds, lengths, limits, and the flags of the output.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::io::Write;
use std::thread;

use common::{
    BASE, Dir, RULE, batch, batches, bytes_on_file, from, on_file, piped, replayed, start, weir,
};

/// The text form of what comes of `input`, as bytes.
fn text(args: &[&str], input: impl AsRef<[u8]>) -> Vec<u8> {
    bytes_on_file(&[args, &["--format", "text"]].concat(), input)
}

#[test]
fn bytes_pass_through_untouched() {
    let input = b"\xff\xfe\n\0a\0\n\xed\xa0\x80\n\n\xe2\x82\nno newline";
    let expected = [&input[..], b"\n"].concat();
    assert_eq!(text(&[], input), expected);
    assert_eq!(text(&["--filter", "(?-u:\\xff)"], input), b"\xff\xfe\n");
}

#[test]
fn what_is_not_utf8_is_shown_as_a_replacement() {
    let input = b"\xffa\n\xe2\x82b\n";
    assert_eq!(on_file(&[], input).ok(), batch(&["\u{fffd}a", "\u{fffd}b"]));
    let pairs = ["('\u{fffd}a', 1)", "('\u{fffd}b', 1)"];
    // The bytes decide the order, not what is shown of them.
    assert_eq!(on_file(&["--count-by-key"], input).ok(), batch(&[pairs[1], pairs[0]]));
    let json = on_file(&["--format", "json", "--no-time"], input);
    assert_eq!(json.ok(), "{\"record\":\"\u{fffd}a\"}\n{\"record\":\"\u{fffd}b\"}\n");
}

#[test]
fn nul_bytes_are_bytes_like_others() {
    assert_eq!(on_file(&["--count-by-key"], "a\0b\n").ok(), batch(&[r"('a\x00b', 1)"]));
    assert_eq!(text(&["--split", r"\0"], "a\0b\n"), b"a\nb\n");
}

#[test]
fn the_last_line_counts_without_a_newline() {
    assert_eq!(on_file(&["--count"], "a\nb").ok(), batch(&["2"]));
    assert_eq!(piped(&["--format", "text"], "a\nb").ok(), "a\nb\n");
}

#[test]
fn an_empty_input_is_an_empty_batch() {
    assert_eq!(on_file(&["--count-by-key"], "").ok(), batch(&[]));
    assert_eq!(on_file(&[], "").ok(), batch(&[]));
    assert_eq!(on_file(&["--count"], "").ok(), batch(&["0"]), "nothing counted is 0");
    assert_eq!(on_file(&["--count-by-key", "--skip-empty"], "").ok(), "");
    assert_eq!(on_file(&["--count-by-key", "--format", "tsv"], "").ok(), "");
}

#[test]
fn keys_that_differ_only_by_nul_bytes_at_their_end_differ() {
    let nuls = |len: usize| [b"a".to_vec(), vec![0; len], b"\n".to_vec()].concat();
    // Around the length up to which a key lies in its table entry.
    let lengths = [0, 1, 2, 13, 14, 15, 16, 40];
    let input: Vec<u8> = lengths.iter().flat_map(|&len| nuls(len).repeat(len + 1)).collect();
    let expected: Vec<u8> = lengths
        .iter()
        .flat_map(|&len| {
            let key = nuls(len);
            [&key[..=len], format!("\t{}\n", len + 1).as_bytes()].concat()
        })
        .collect();
    assert_eq!(text(&["--count-by-key", "--sort", "key"], input), expected);
}

#[test]
fn keys_of_megabytes_are_keys() {
    let (a, b) = ("x".repeat(5 << 20) + "a", "x".repeat(5 << 20) + "b");
    let input = format!("{a}\n{b}\n{a}\n");
    let expected = format!("{a}\t2\n{b}\t1\n");
    assert!(text(&["--count-by-key"], input) == expected.as_bytes());
}

#[test]
fn a_line_of_a_third_of_a_gigabyte_takes_little_memory_and_nothing_with_it() {
    let mut run = start(weir(&["--format", "text", "--max-record", "1M"]));
    let mut stdin = run.take_stdin();
    let writer = thread::spawn(move || {
        let piece = vec![b'x'; 1 << 20];
        stdin.write_all(b"before\n").unwrap();
        (0..300).for_each(|_| stdin.write_all(&piece).unwrap());
        stdin.write_all(b"\nafter\n").unwrap();
        stdin
    });
    assert_eq!(run.out.lines(2), ["before", "after"]);
    assert!(run.peak() < 100 << 10, "{} KiB", run.peak());
    drop(writer.join().unwrap());
    let ended = run.end();
    let said = "weir: a bad record is skipped: stdin, byte 7: longer than --max-record 1048576\n";
    assert_eq!((ended.status, ended.err.as_str()), (0, said));
}

#[test]
fn a_record_may_be_as_long_as_max_record_says() {
    let ended = piped(&["--max-record", "3", "--format", "text"], "abc\nabcd\n\nab\nefgh");
    assert_eq!((ended.status, ended.out.as_str()), (0, "abc\n\nab\n"));
    // How many lines say it depends on the pieces in which the pipe was read.
    let last = ended.err.lines().last().unwrap();
    assert!(last.ends_with("stdin, byte 13: longer than --max-record 3"), "{last}");
}

#[test]
fn max_rate_spreads_records_over_batches() {
    // The first record is free, and after that there is one each half second.
    let script = r#"[[0.0, "a\nb\nc\nd\ne\nf\ng\n"]]"#;
    let ended = replayed(script, &["--max-rate", "2", "--count"]);
    let counts: Vec<_> = batches(ended.ok()).into_iter().map(|(_, rows)| rows.join("")).collect();
    assert_eq!(counts.iter().map(|count| count.parse::<u64>().unwrap()).sum::<u64>(), 7);
    assert_eq!(counts, ["0", "2", "2", "2", "1"]);
    let script = format!("[[0.0, {:?}]]", "a\n".repeat(25));
    let ended = replayed(&script, &["--max-rate", "10", "--count", "--format", "text"]);
    assert_eq!(ended.ok(), "0\n10\n10\n5\n");
    // What was waited for is not granted twice: five in the half second that is left.
    let script = format!("[[0.5, {:?}]]", "a\n".repeat(18));
    let ended = replayed(&script, &["--max-rate", "10", "--count", "--format", "text"]);
    assert_eq!(ended.ok(), "0\n5\n10\n3\n");
    let most = u64::MAX.to_string();
    assert_eq!(piped(&["--max-rate", &most, "--format", "text"], "a\nb\n").ok(), "a\nb\n");
}

#[test]
fn batches_says_how_many_there_are() {
    let script = r#"[[0.5, "a\n"], [1.5, "b\n"], [2.5, "c\n"]]"#;
    let ended = replayed(script, &["--batches", "3", "--format", "text"]);
    assert_eq!(ended.ok(), "a\nb\n");
    let mut idle =
        start(weir(&["listen", "0", "-q", "--count", "--interval", "10ms", "--batches", "3"]));
    assert_eq!(batches(&idle.out.all()).len(), 3);
    assert_eq!(idle.end().err, "");
}

#[test]
fn duration_ends_the_run_and_prints_the_open_batch() {
    let script = r#"[[0.5, "a\n"], [1.5, "b\n"], [2.1, "c\n"], [2.9, "d\n"]]"#;
    let ended = replayed(script, &["--duration", "2.5", "--interval", "2", "--count"]);
    let counts: Vec<_> = batches(ended.ok()).into_iter().map(|(_, rows)| rows.join("")).collect();
    assert_eq!(counts, ["0", "2", "1"]);
    let idle = start(weir(&[
        "listen",
        "0",
        "-q",
        "--count",
        "--interval",
        "10000d",
        "--duration",
        "50ms",
    ]));
    assert_eq!(batches(idle.end().ok()).len(), 1);
}

#[test]
fn once_makes_one_batch_of_a_pipe_however_long_it_lasts() {
    let script = r#"[[0.5, "a\n"], [100, "b\n"], [200, "a"]]"#;
    let ended = replayed(script, &["--once", "--count-by-key"]);
    assert_eq!(batches(ended.ok()).len(), 1);
    assert_eq!(batches(ended.ok())[0].1, ["('a', 2)", "('b', 1)"]);
    let ended =
        piped(&["-1", "--count", "--interval", "10ms", "--format", "text"], "a\n".repeat(9999));
    assert_eq!(ended.ok(), "9999\n");
}

#[test]
fn with_interval_0_each_record_is_out_before_the_next_comes() {
    let mut run = start(weir(&["--interval", "0", "--split", ","]));
    for line in ["a,b", "", "c,d"] {
        run.write(format!("{line}\n"));
        for record in line.split(',') {
            assert_eq!(run.out.line(""), record);
        }
    }
    assert_eq!(run.end().ok(), "", "and nothing else");
}

#[test]
fn records_without_an_aggregate_are_out_before_the_batch_ends() {
    let mut run = start(weir(&["--interval", "10000d"]));
    run.write("first\n");
    assert!(run.out.lines(3)[1].starts_with("Time: "));
    assert_eq!(run.out.line(""), "first");
    run.write("second\n");
    assert_eq!(run.out.line(""), "second");
    assert_eq!(run.end().ok(), "\n", "the batch ends");
}

#[test]
fn batches_without_rows_are_printed_unless_told_otherwise() {
    let script = r#"[[0.5, "a\n"], [3.5, "b\n"]]"#;
    let args = ["--count-by-key", "--num", "all"];
    assert_eq!(batches(replayed(script, &args).ok()).len(), 5);
    let skipped = replayed(script, &[&args[..], &["--skip-empty"]].concat());
    let expected = [("2018-12-11 00:31:21", "('a', 1)"), ("2018-12-11 00:31:24", "('b', 1)")];
    let expected = expected.map(|(time, row)| (time.to_string(), vec![row.to_string()]));
    assert_eq!(batches(skipped.ok()), expected);
}

#[test]
fn times_below_a_second_are_pythons() {
    let script = r#"[[0.3, "a\n"], [0.7, "b\n"]]"#;
    let ended = replayed(script, &["--interval", "0.5", "--count-by-key", "--skip-empty"]);
    let times = batches(ended.ok()).into_iter().map(|(time, _)| time);
    assert!(times.eq(["2018-12-11 00:31:20.500000", "2018-12-11 00:31:21"]));
}

#[test]
fn times_are_those_of_the_zone_unless_utc_is_asked_for() {
    let time = |zone: &str, args: &[&str]| {
        let dir = Dir::new();
        let mut command = weir(&["--count", "--virtual-clock", BASE]);
        command.args(args).env("TZ", zone);
        let ended = start(from(command, dir.file("input", ""))).end();
        ended.ok().to_string()
    };
    let pprint = |time: &str| format!("{RULE}\nTime: {time}\n{RULE}\n0\n\n");
    assert_eq!(time("Europe/Berlin", &[]), pprint("2018-12-11 01:31:20"));
    assert_eq!(time("Europe/Berlin", &["--utc"]), pprint("2018-12-11 00:31:20"));
    let tsv = ["--format", "tsv"];
    assert_eq!(time("Asia/Kolkata", &tsv), "2018-12-11T06:01:20+05:30\t0\n");
    assert_eq!(time("America/St_Johns", &tsv), "2018-12-10T21:01:20-03:30\t0\n");
    let utc = [&tsv[..], &["--utc"]].concat();
    assert_eq!(time("Asia/Kolkata", &utc), "2018-12-11T00:31:20+00:00\t0\n");
}

#[test]
fn json_is_json_line_by_line() {
    let input = b"say \"hi\"\\\n\t\0\x7f\xe2\x80\xa8\n\xff\n\n";
    let ended = on_file(&["--count-by-key", "--format", "json", "--sort", "none"], input);
    let keys = ended.ok().lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["time"], "2018-12-11T00:31:20+00:00");
        assert_eq!(row["value"], 1);
        row["key"].as_str().unwrap().to_string()
    });
    assert!(keys.eq(["say \"hi\"\\", "\t\0\u{7f}\u{2028}", "\u{fffd}", ""]));
    let ended = on_file(&["--format", "json", "--epoch"], "a\n");
    assert_eq!(ended.ok(), "{\"time\":1544488280,\"record\":\"a\"}\n");
}

#[test]
fn pprint_ends_with_dots_what_it_does_not_print() {
    let input: String = (0..11).map(|n| format!("{n:02}\n")).collect();
    let rows = |args: &[&str], count: usize| {
        let input: Vec<_> = input.split_inclusive('\n').take(count).collect();
        let ended = on_file(args, input.concat());
        let mut batches = batches(ended.ok());
        assert_eq!(batches.len(), 1);
        batches.remove(0).1
    };
    assert_eq!(rows(&[], 10).len(), 10, "no dots");
    let shown = rows(&[], 11);
    assert_eq!((shown.len(), shown[9].as_str(), shown[10].as_str()), (11, "09", "..."));
    assert_eq!(rows(&["--num", "all"], 11).len(), 11);
    assert_eq!(rows(&["--num", "0"], 11), ["..."]);
    assert_eq!(rows(&["--num", "1"], 2), ["00", "..."]);
    let count = "--count-by-key";
    assert_eq!(rows(&[count, "--num", "2"], 3), ["('00', 1)", "('01', 1)", "..."]);
    let top = rows(&[count, "--top", "11"], 11);
    assert_eq!((top.len(), top[10].as_str()), (11, "('10', 1)"), "as many as --top");
    assert_eq!(rows(&[count, "--top", "2", "--num", "1"], 11), ["('00', 1)", "..."]);
}

#[test]
fn a_file_is_a_stream_if_an_interval_is_given() {
    let input = "a\n".repeat(99);
    assert_eq!(on_file(&["--count"], &input).ok(), batch(&["99"]));
    let ended = on_file(&["--count", "--max-rate", "50", "--interval", "1"], &input);
    let counts: Vec<_> = batches(ended.ok()).into_iter().map(|(_, rows)| rows.join("")).collect();
    assert_eq!(counts, ["0", "50", "49"]);
}
