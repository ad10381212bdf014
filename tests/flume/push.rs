//! `flume-push` and its sinks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::UNIX_EPOCH;

use rustix::process::Signal;

use crate::common::{Dir, Patience, Run, start, until, weir};
use crate::sinks::{Ledger, Sink, Told, deliver};

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| text.to_string()).collect()
}

/// A run that listens, and the port.
fn push(args: &[&str]) -> (Run, u16) {
    let mut run = start(weir(&[&["flume-push", "0"], args].concat()));
    let port = run.port();
    (run, port)
}

/// What a run that keeps a count of each key has come to in the end, of its last report.
fn counts(text: &str) -> BTreeMap<u64, u64> {
    let pair = |line: &str| {
        let (key, count) = line.split_once('\t').unwrap();
        (key.parse().unwrap(), count.parse().unwrap())
    };
    // Each report names all keys: the last one counts.
    text.lines().map(pair).collect()
}

/// Each number below `total` was counted, and more than once only what was sent again.
fn hold(counts: &BTreeMap<u64, u64>, total: u64, ledger: &Ledger) {
    assert_eq!(counts.len() as u64, total);
    for (number, count) in counts {
        let sent = 1 + ledger.again.iter().filter(|again| *again == number).count() as u64;
        assert!(*count <= sent, "{number} was sent {sent} times and counted {count} times");
    }
}

#[test]
fn words_of_several_sinks_are_counted() {
    let args = ["--trim", "--split", " ", "--count-by-key", "--format", "text"];
    let (mut run, port) = push(&[&args[..], &["--update-state", "--interval", "50ms"]].concat());
    let (mut a, mut b) = (Sink::connect(port).unwrap(), Sink::connect(port).unwrap());
    assert_eq!(a.send(&texts(&[" to be or ", "not to be"])), Told::Ok);
    assert_eq!(b.send(&texts(&["to"])), Told::Ok);
    assert_eq!(a.send(&[]), Told::Ok);
    run.out.line("to\t3");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn compressed_sinks_are_read_and_answered_so() {
    let args = ["--compression", "deflate", "--count", "--format", "text", "--skip-empty"];
    let (mut run, port) = push(&[&args[..], &["--update-state", "--interval", "50ms"]].concat());
    let mut sink = Sink::connect(port).unwrap().compressed();
    for _ in 0..3 {
        assert_eq!(sink.send(&vec!["again and again".to_string(); 1000]), Told::Ok);
    }
    run.out.line("3000");
    assert_eq!(Sink::connect(port).unwrap().send(&texts(&["plain"])), Told::Nothing);
    run.err.line("cut off: what came is not compressed");
}

#[test]
fn headers_are_keys() {
    let args = ["--interval", "50ms", "--format", "json", "--no-time", "--skip-empty"];
    let (mut run, port) = push(&[&["--with-header", "host"], &args[..]].concat());
    let mut sink = Sink::connect(port).unwrap();
    assert_eq!(sink.send_with(&[("k", "v"), ("host", "a")], &texts(&["x\ny"])), Told::Ok);
    assert_eq!(run.out.line(""), r#"{"key":"a","value":"x\ny"}"#);
    assert_eq!(sink.send(&texts(&["z"])), Told::Ok);
    assert_eq!(run.out.line(""), r#"{"key":null,"value":"z"}"#);
    let (mut run, port) = push(&[&["--with-headers"], &args[..]].concat());
    let mut sink = Sink::connect(port).unwrap();
    assert_eq!(sink.send_with(&[("k", "v"), ("host", "a")], &texts(&["x"])), Told::Ok);
    assert_eq!(run.out.line(""), r#"{"key":"{\"host\":\"a\",\"k\":\"v\"}","value":"x"}"#);
}

#[test]
fn one_event_of_a_batch_that_is_too_long_is_bad_and_the_others_count() {
    let args = ["--count", "--max-record", "10", "--update-state", "--interval", "50ms"];
    let (mut run, port) = push(&[&args[..], &["--format", "text"]].concat());
    let mut bodies = texts(&["a"; 99]);
    bodies.push("longer than ten bytes".to_string());
    let mut sink = Sink::connect(port).unwrap();
    assert_eq!(sink.send(&bodies), Told::Ok);
    run.out.line("99");
    assert_eq!(sink.send(&bodies[99..]), Told::Ok);
    run.err.line("bad");
    run.signal(Signal::TERM);
    assert!(run.end().out.ends_with("99\n"));
}

#[test]
fn who_sends_something_else_is_told_apart_and_hurts_nobody() {
    let (mut run, port) =
        push(&["--count", "--update-state", "--interval", "50ms", "--format", "text"]);
    let mut sink = Sink::connect(port).unwrap();
    assert_eq!(sink.send(&texts(&["a"])), Told::Ok);
    let table: [(&[u8], &str); 4] = [
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS: the sink has ssl = true"),
        (b"\0\0\0\x2a\x82\x21\x01\x06append", "a Thrift sink"),
        (b"\x78\x9c\x62\x60\x60\x60\x64\x60", "--compression deflate"),
    ];
    for (bytes, seen) in table {
        assert_eq!(Sink::connect(port).unwrap().send_raw(bytes), b"");
        let line = run.err.line("cut off");
        assert!(line.contains(seen), "{line}");
    }
    assert_eq!(sink.send(&texts(&["b"])), Told::Ok);
    run.out.line("2");
}

#[test]
fn a_sink_is_answered_while_a_command_keeps_the_report() {
    let dir = Dir::new();
    let (begun, checkpoint) = (dir.path("begun"), dir.path("ck"));
    // It reads a pipe that nobody writes to.
    let gate = dir.path("gate").display().to_string();
    let command = format!("mkfifo '{gate}'; : > '{}'; cat '{gate}' >/dev/null", begun.display());
    let args = ["--count", "--interval", "3", "--skip-empty", "--threads", "2"];
    let kept = ["--exec", &command, "--checkpoint", checkpoint.to_str().unwrap()];
    let (run, port) = push(&[&args[..], &kept].concat());
    let mut sink = Sink::connect(port).unwrap();
    assert_eq!(sink.send(&texts(&["a"])), Told::Ok);
    until(|| begun.exists());
    // The next batch is read and kept meanwhile; the one behind it would not be.
    assert_eq!(sink.send(&texts(&["b"])), Told::Ok);
    drop(run);
    // The command has outlived weir, and ends with its pipe.
    std::fs::write(&gate, "").unwrap();
}

/// What a sink is told while weir reports windows that were due before its start, and the report does not end.
fn told_while_windows_are_reported(threads: &str) -> Told {
    let dir = Dir::new();
    let [ran, block, begun, gate, checkpoint] =
        ["ran", "block", "begun", "gate", "ck"].map(|name| dir.path(name));
    let [ran_at, block_at, begun_at, gate_at] =
        [&ran, &block, &begun, &gate].map(|path| path.display());
    let command = format!(
        "cat >/dev/null; : > '{ran_at}'; \
         [ ! -e '{block_at}' ] || {{ mkfifo '{gate_at}'; : > '{begun_at}'; cat '{gate_at}' >/dev/null; }}"
    );
    let count = ["--count", "--interval", "5s", "--window", "1h", "--slide", "5s"];
    let kept = ["--exec", &command, "--checkpoint", checkpoint.to_str().unwrap()];
    let args = [&count[..], &kept, &["--threads", threads]].concat();
    let (mut run, port) = push(&args);
    assert_eq!(Sink::connect(port).unwrap().send(&texts(&["a"])), Told::Ok);
    until(|| ran.exists());
    run.press(Signal::TERM);
    // Meanwhile a window is due, and there is time until the next batch ends.
    let batch = || UNIX_EPOCH.elapsed().unwrap().as_secs() / 5;
    let before = batch();
    until(|| batch() > before);
    std::fs::write(&block, "").unwrap();
    let (run, port) = push(&args);
    until(|| begun.exists());
    let told = Sink::connect(port).unwrap().send(&texts(&["b"]));
    drop(run);
    std::fs::write(&gate, "").unwrap();
    told
}

#[test]
fn a_sink_is_answered_while_windows_are_reported_that_were_due_before_the_start() {
    assert_eq!(told_while_windows_are_reported("2"), Told::Ok);
}

#[test]
fn a_sink_is_refused_while_the_only_worker_reports_windows_that_were_due_before_the_start() {
    assert_eq!(told_while_windows_are_reported("1"), Told::Failed);
}

#[test]
fn a_sink_is_refused_before_it_gives_up_whatever_keeps_weir() {
    for threads in ["1", "2"] {
        let dir = Dir::new();
        let begun = dir.path("begun");
        let gate = dir.path("gate").display().to_string();
        let command =
            format!("mkfifo '{gate}'; : > '{}'; cat '{gate}' >/dev/null", begun.display());
        let args = ["--count", "--interval", "200ms", "--skip-empty", "--threads", threads];
        let (run, port) = push(&[&args[..], &["--exec", &command]].concat());
        let mut sink = Sink::connect(port).unwrap();
        assert_eq!(sink.send(&texts(&["a"])), Told::Ok);
        until(|| begun.exists());
        // The next batch may be read and folded beside the report; what comes behind its end is not.
        let told = (0..1_000_000).map(|_| sink.send(&texts(&["b"]))).find(|told| *told != Told::Ok);
        assert_eq!(told, Some(Told::Failed), "{threads} threads");
        drop(run);
        std::fs::write(&gate, "").unwrap();
    }
}

#[test]
fn a_sink_is_answered_when_the_log_has_its_batch_however_long_that_takes_to_fold() {
    let (dir, slow) = (Dir::new(), r#"if . == "slow" then [range(1000000)] | length else 1 end"#);
    let args = ["--jq", slow, "--raw", "--count", "--format", "text", "--skip-empty"];
    let kept = ["--checkpoint", dir.path("ck").to_str().unwrap()].map(str::to_string);
    let kept = [&kept[0][..], &kept[1], "--interval", "50ms", "--threads", "2"];
    let (mut run, port) = push(&[&args[..], &kept].concat());
    let mut sink = Sink::connect(port).unwrap();
    for _ in 0..3 {
        assert_eq!(sink.send(&texts(&["quick"])), Told::Ok);
        run.out.line("1");
    }
    let now = || UNIX_EPOCH.elapsed().unwrap();
    let sent = now();
    assert_eq!(sink.send(&texts(&["slow"; 50])), Told::Ok);
    let answered = now() - sent;
    run.out.line("50");
    let folded = now() - sent;
    assert!(answered < folded / 2, "{answered:?} of {folded:?}");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn half_a_batch_is_nothing() {
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let args = ["--count-by-key", "--update-state", "--interval", "50ms", "--format", "text"];
    let (mut run, port) =
        push(&[&args[..], &["--checkpoint", checkpoint.to_str().unwrap()]].concat());
    let bodies: Vec<String> = (0..1000).map(|number: u64| number.to_string()).collect();
    Sink::connect(port).unwrap().send_half(&bodies);
    assert_eq!(Sink::connect(port).unwrap().send(&bodies), Told::Ok);
    run.out.line("999\t1");
    run.signal(Signal::TERM);
    assert!(!run.end().out.contains("\t2\n"));
}

#[test]
fn nothing_that_was_answered_is_lost_when_weir_is_killed() {
    let dir = Dir::new();
    let (checkpoint, out) = (dir.path("ck"), dir.path("out"));
    let args = ["--count-by-key", "--update-state", "--interval", "20ms", "--format", "text"];
    let kept = ["--checkpoint", checkpoint.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let all = [&args[..], &kept].concat();
    const TOTAL: u64 = 20_000;
    let (port, count) = (AtomicU16::new(0), AtomicU64::new(0));
    let ledger = thread::scope(|scope| {
        let delivery = scope.spawn(|| {
            deliver(TOTAL, 100, &count, || {
                thread::yield_now();
                Some(port.load(SeqCst)).filter(|port| *port > 0)
            })
        });
        for kills in 1..=10 {
            let (mut run, there) = push(&all);
            port.store(there, SeqCst);
            let patience = Patience::new();
            while count.load(SeqCst) < kills * TOTAL / 11 {
                patience.lasts("an answer");
                thread::yield_now();
            }
            run.press(Signal::KILL);
        }
        let (run, there) = push(&all);
        port.store(there, SeqCst);
        let ledger = delivery.join().unwrap();
        run.signal(Signal::TERM);
        assert_eq!(run.end().status, 0);
        ledger
    });
    // What was left open is printed by the next start.
    let (run, _) = push(&[&all[..], &["--batches", "2"]].concat());
    assert_eq!(run.end().status, 0);
    hold(&counts(&std::fs::read_to_string(&out).unwrap()), TOTAL, &ledger);
}
