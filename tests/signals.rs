//! How a run ends: signals, readers that go away, outputs that are full; and whose flags are whose.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::mpsc;

use common::terminal::terminal;
use common::{Dir, Ended, Patience, Run, Stream, batches, ready, shell, start, weir};
use rustix::event::PollFlags;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;
use rustix::termios::{Action, tcflow};

/// A count over an hour, which has read two records: it has said what it made of the line after.
fn counting() -> Run {
    let mut run = start(weir(&["--count", "--interval", "10000d", "--max-record", "3"]));
    run.write("a\nb\ntoo long\n");
    run.err.line("a bad record is skipped");
    run
}

#[test]
fn the_first_signal_prints_the_open_batch_and_ends_in_order() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let run = counting();
        run.signal(signal);
        let ended = wait_for(run);
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{signal:?}");
        let batches = batches(&ended.out);
        assert_eq!(batches.len(), 1, "{signal:?}");
        assert_eq!(batches[0].1, ["2"], "{signal:?}");
    }
}

/// Waits for the end of a run whose stdin stays open.
fn wait_for(mut run: Run) -> Ended {
    let _stdin = run.take_stdin();
    run.end()
}

/// A pipe that is full.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    let size = fcntl_setpipe_size(&writer, 4096).unwrap();
    writer.write_all(&vec![b'x'; size]).unwrap();
    (reader, writer)
}

#[test]
fn a_second_signal_ends_a_run_that_hangs() {
    for (first, second) in [(Signal::TERM, Signal::INT), (Signal::INT, Signal::TERM)] {
        let (reader, writer) = full_pipe();
        let mut command = weir(&["listen", "0", "--count", "--interval", "10000d"]);
        command.stdout(writer);
        let mut run = start(command);
        run.port();
        // The first one asks for a batch, for which there is no room.
        run.signal(first);
        run.signal(second);
        assert_eq!(wait_for(run).status, 130, "{first:?}, {second:?}");
        drop(reader);
    }
}

#[test]
fn ctrl_c_twice_ends_a_run_that_hangs() {
    let (reader, writer) = full_pipe();
    let mut command = weir(&["listen", "0", "--count", "--interval", "10000d"]);
    command.stdout(writer);
    let mut run = start(command);
    run.port();
    // Two that come at the same time are one for the system, so it is pressed until it helps.
    assert_eq!(run.press(Signal::INT), 130);
    drop(reader);
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    for (name, signal) in [("HUP", Signal::HUP), ("INT", Signal::INT), ("TERM", Signal::TERM)] {
        let script = format!(r#"trap '' {name}; exec "$WEIR" listen 0 --interval 0"#);
        let mut run = start(shell(&script));
        let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
        run.signal(signal);
        run.signal(signal);
        client.write_all(b"still there\n").unwrap();
        assert_eq!(run.out.line(""), "still there", "{name}");
        run.signal(if name == "TERM" { Signal::INT } else { Signal::TERM });
        assert_eq!(wait_for(run), Ended { status: 0, out: String::new(), err: String::new() });
    }
}

#[test]
fn a_bad_record_of_a_step_ends_the_run_while_others_wait_for_input() {
    let args = ["listen", "0", "--pair", " ", "--on-bad", "fail", "--interval", "1h"];
    let mut run = start(weir(&[&args[..], &["--threads", "3"]].concat()));
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    client.write_all(b"bad\n").unwrap();
    let ended = run.end();
    assert_eq!(ended.status, 1);
    assert!(ended.err.contains("byte 0: without the SEP of --pair ' '"), "{}", ended.err);
}

#[test]
fn a_bad_record_of_a_step_is_said_while_others_wait_for_input() {
    let args = ["listen", "0", "--pair", " ", "--interval", "1h", "--threads", "3"];
    let mut run = start(weir(&args));
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    client.write_all(b"bad\n").unwrap();
    assert!(run.err.line("a bad record is skipped").contains("byte 0"));
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn head_ends_an_idle_stream_quietly() {
    let args = "listen 0 --count-by-key --format tsv --no-time --interval 20ms";
    let mut run = start(shell(&format!("{{ \"$WEIR\" {args}; echo status $? >&2; }} | head -3")));
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    client.write_all(b"a\nb\nc\n").unwrap();
    // Nothing more is sent or printed: that head has gone is noticed while idle.
    assert_eq!(run.err.line("status"), "status 0");
    // A busy machine may have let batches pass, which is said.
    let ended = run.end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "a\t1\nb\t1\nc\t1\n"));
}

#[test]
fn head_ends_a_stream_that_never_pauses_quietly() {
    let script = r#"yes word | { "$WEIR" --format text -q; echo status $? >&2; } | head -3"#;
    let ended = start(shell(script)).end();
    let out = "word\nword\nword\n".to_string();
    assert_eq!(ended, Ended { status: 0, out, err: "status 0\n".to_string() });
}

#[test]
fn sort_gets_everything_and_nothing_is_stuck() {
    let args = "listen 0 --count-by-key --format tsv --no-time --interval 20ms";
    let mut run = start(shell(&format!("\"$WEIR\" {args} --once | sort")));
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    client.write_all(b"c\na\nb\na\na").unwrap();
    drop(client);
    assert_eq!(run.end().ok(), "a\t3\nb\t1\nc\t1\n");
}

#[test]
fn a_file_as_stdout_has_every_batch_at_its_end() {
    let dir = Dir::new();
    let path = dir.path("out");
    let mut command = weir(&["listen", "0", "--format", "text", "--interval", "10000d", "-v"]);
    command.stdout(File::create(&path).unwrap());
    let mut run = start(command);
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    client.write_all(b"a\nb\n").unwrap();
    drop(client);
    run.err.line(": closed");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
    assert_eq!(fs::read_to_string(path).unwrap(), "a\nb\n");
}

#[test]
fn a_stdout_whose_reader_is_gone_from_the_start_ends_the_run_quietly() {
    for args in [&["listen", "0", "-q", "--count"][..], &["--interval", "10000d"]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = weir(args);
        command.stdout(writer);
        assert_eq!(wait_for(start(command)).ok(), "", "{args:?}");
    }
}

#[test]
fn a_full_device_is_an_error_that_says_so() {
    for args in [&["--count"][..], &["--format", "text"], &["man"]] {
        let mut command = weir(args);
        command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
        let mut run = start(command);
        if args[0] != "man" {
            run.write("a\n");
        }
        assert_eq!(run.end().failed(1), "weir: stdout: no space left on device\n", "{args:?}");
    }
}

#[test]
fn the_flags_of_stdin_and_stdout_are_left_alone() {
    let (stdin, mut writer) = pipe().unwrap();
    let (reader, stdout) = pipe().unwrap();
    let (our_stdin, our_stdout) = (stdin.try_clone().unwrap(), stdout.try_clone().unwrap());
    let flags = || [fcntl_getfl(&our_stdin).unwrap(), fcntl_getfl(&our_stdout).unwrap()];
    let before = flags();
    assert!(!before[0].contains(OFlags::NONBLOCK) && !before[1].contains(OFlags::NONBLOCK));
    let mut command = weir(&["--interval", "0"]);
    command.stdin(stdin).stdout(stdout);
    let run = start(command);
    let mut echoed = Stream::new(Some(reader));
    for line in ["a", "b"] {
        writeln!(writer, "{line}").unwrap();
        assert_eq!(echoed.line(""), line);
        assert_eq!(flags(), before, "while it runs");
    }
    drop(writer);
    assert_eq!(run.end().ok(), "");
    assert_eq!(flags(), before, "afterwards");
}

#[test]
fn pipes_that_somebody_has_made_non_blocking_serve_as_well() {
    let (stdin, mut writer) = pipe().unwrap();
    let (mut reader, stdout) = pipe().unwrap();
    let (our_stdin, our_stdout) = (stdin.try_clone().unwrap(), stdout.try_clone().unwrap());
    for (fd, name) in [(fcntl_getfl(&stdin).unwrap(), 0), (fcntl_getfl(&stdout).unwrap(), 1)] {
        let flags = fd | OFlags::NONBLOCK;
        match name {
            0 => fcntl_setfl(&our_stdin, flags).unwrap(),
            _ => fcntl_setfl(&our_stdout, flags).unwrap(),
        }
    }
    let mut command = weir(&["--format", "text"]);
    command.stdin(stdin).stdout(stdout);
    let run = start(command);
    let input = "some words of a line\n".repeat(100_000);
    let expected = input.clone();
    let giver = std::thread::spawn(move || writer.write_all(input.as_bytes()).unwrap());
    let taker = std::thread::spawn(move || {
        let mut taken = String::new();
        reader.read_to_string(&mut taken).unwrap();
        taken
    });
    assert_eq!(run.end().ok(), "");
    assert!(fcntl_getfl(&our_stdin).unwrap().contains(OFlags::NONBLOCK));
    assert!(fcntl_getfl(&our_stdout).unwrap().contains(OFlags::NONBLOCK));
    drop((our_stdin, our_stdout));
    giver.join().unwrap();
    assert!(taker.join().unwrap() == expected);
}

/// `listen -v` with such a stderr, and what comes first there: where it listens.
fn chatting(stderr: impl Into<Stdio>, reader: &mut (impl Read + AsFd)) -> (Run, u16) {
    let mut command = weir(&["listen", "0", "-v", "--interval", "0"]);
    command.stderr(stderr);
    let run = start(command);
    let mut line = String::new();
    ready(&reader, PollFlags::IN);
    BufReader::with_capacity(1, reader).read_line(&mut line).unwrap();
    let port = line.split(':').nth(2).unwrap().split(',').next().unwrap().parse().unwrap();
    (run, port)
}

/// So many clients, one after the other, and what is said of them before their lines are out.
fn visits(run: &mut Run, port: u16, clients: usize) -> Vec<String> {
    let mut messages = Vec::new();
    for _ in 0..clients {
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let peer = client.local_addr().unwrap();
        messages.extend(["connected", "closed"].map(|what| format!("weir: {peer}: {what}")));
        client.write_all(b"half a line").unwrap();
        drop(client);
        assert_eq!(run.out.line(""), "half a line");
    }
    messages
}

/// More than a pipe of one page takes, and all that waits for it.
const MANY: usize = 1500;

#[test]
fn a_stderr_that_nobody_reads_holds_up_nothing_and_a_signal_is_heard() {
    let (mut reader, writer) = pipe().unwrap();
    fcntl_setpipe_size(&writer, 4096).unwrap();
    let (mut run, port) = chatting(writer, &mut reader);
    visits(&mut run, port, MANY);
    run.signal(Signal::TERM);
    assert_eq!(wait_for(run).status, 0);
}

#[test]
fn messages_that_are_lost_are_counted_when_stderr_is_read_again() {
    let (mut reader, writer) = pipe().unwrap();
    fcntl_setpipe_size(&writer, 4096).unwrap();
    let (mut run, port) = chatting(writer, &mut reader);
    let mut said = visits(&mut run, port, MANY);
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(reader).lines();
        lines.all(|line| sender.send(line.unwrap()).is_ok());
    });
    let (mut heard, mut counted) = (0, None);
    // Until something comes behind the count. Each message takes some of those that wait with it.
    let patience = Patience::new();
    while counted.is_none_or(|counted| heard <= counted) {
        patience.lasts("the count of those that are missing");
        said.extend(visits(&mut run, port, 1));
        for line in lines.try_iter() {
            if line.contains(" missing here") {
                heard += line.split(' ').nth(1).unwrap().parse::<usize>().unwrap();
                counted.get_or_insert(heard);
            } else {
                assert_eq!(line, said[heard]);
                heard += 1;
            }
        }
    }
    run.signal(Signal::TERM);
    assert_eq!(wait_for(run).status, 0);
}

#[test]
fn a_terminal_that_is_stopped_or_that_nobody_looks_at_holds_up_nothing() {
    for is_stopped in [true, false] {
        let (mut terminal, program) = terminal();
        let ours = program.try_clone().unwrap();
        let (mut run, port) = chatting(program, &mut terminal);
        if is_stopped {
            tcflow(&ours, Action::OOff).unwrap();
        }
        visits(&mut run, port, MANY);
        run.signal(Signal::TERM);
        assert_eq!(wait_for(run).status, 0, "stopped: {is_stopped}");
    }
}

#[test]
fn sigusr1_has_the_run_say_how_far_it_is_and_breaks_nothing() {
    let mut run = start(weir(&["--count", "--interval", "10000d", "--max-record", "3"]));
    run.write("a\nb\ntoo long\n");
    run.err.line("a bad record is skipped");
    run.signal(Signal::USR1);
    let line = run.err.line("records read");
    assert!(line.starts_with("weir: 2 records read, "), "{line}");
    assert!(line.ends_with(" since the start; batches: 0; 1 bad"), "{line}");
    for _ in 0..1000 {
        run.write("c\n");
        run.signal(Signal::USR1);
    }
    let ended = run.end();
    assert_eq!((ended.status, batches(&ended.out)[0].1.as_slice()), (0, &["1002".to_string()][..]));
}

#[test]
fn sigusr1_tells_how_much_there_is_of_a_file() {
    let dir = Dir::new();
    let file = dir.file("in", "0123456789\n".repeat(100));
    let args = ["files", file.to_str().unwrap(), "--format", "text", "--max-rate", "10"];
    let mut run = start(weir(&args));
    run.out.line("0123456789");
    run.signal(Signal::USR1);
    let line = run.err.line(" read, ");
    assert!(line.contains("; batches: 0; ") && line.ends_with("% of 1100 bytes"), "{line}");
}
