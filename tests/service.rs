//! weir as a service: what a service manager hears, what a journal reads, files that are opened anew, an end that
//! has a limit, and flags that were not typed.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;

use std::fs;
use std::io::{Write, pipe};
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use common::{Dir, PATIENCE, Patience, Run, shell, start, until, weir};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;

/// A manager that listens at a path.
fn manager(path: &Path) -> UnixDatagram {
    let manager = UnixDatagram::bind(path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    manager
}

/// What it hears next that is no sign of life and no status.
fn heard(manager: &UnixDatagram) -> String {
    let (mut buffer, patience) = ([0; 4096], Patience::new());
    loop {
        patience.lasts("a message of this kind");
        let len = manager.recv(&mut buffer).unwrap();
        let text = String::from_utf8(buffer[..len].to_vec()).unwrap();
        if !text.starts_with("WATCHDOG=1") && !text.starts_with("STATUS=") {
            return text;
        }
    }
}

/// The next message that begins so.
fn awaited(manager: &UnixDatagram, begin: &str) -> String {
    let (mut buffer, patience) = ([0; 4096], Patience::new());
    loop {
        patience.lasts("a message of this kind");
        let len = manager.recv(&mut buffer).unwrap();
        let text = String::from_utf8(buffer[..len].to_vec()).unwrap();
        if text.starts_with(begin) {
            return text;
        }
    }
}

fn client(run: &mut Run) -> TcpStream {
    TcpStream::connect(("127.0.0.1", run.port())).unwrap()
}

#[test]
fn a_manager_hears_that_the_source_is_open_that_batches_go_on_and_that_the_run_ends() {
    let dir = Dir::new();
    let manager = manager(&dir.path("notify"));
    let mut command = weir(&["listen", "0", "--count", "--interval", "100ms"]);
    command.env("NOTIFY_SOCKET", dir.path("notify")).env("WATCHDOG_USEC", "200000");
    let mut run = start(command);
    // The port is open by then, or this would be refused.
    assert_eq!(heard(&manager), "READY=1\n");
    let mut client = client(&mut run);
    client.write_all(b"one\ntwo\n").unwrap();
    let status =
        (0..).map(|_| awaited(&manager, "STATUS=")).find(|text| text.contains("2 records;"));
    assert!(status.unwrap().starts_with("STATUS=batch 20"));
    (0..5).for_each(|_| drop(awaited(&manager, "WATCHDOG=1\n")));
    run.signal(Signal::TERM);
    assert_eq!(heard(&manager), "STOPPING=1\n");
    assert_eq!(run.end().status, 0);
    manager.set_nonblocking(true).unwrap();
    let mut buffer = [0; 4096];
    while let Ok(len) = manager.recv(&mut buffer) {
        assert!(!buffer[..len].starts_with(b"STOPPING"), "it is told once");
    }
}

#[test]
fn a_watchdog_hears_of_a_stream_in_which_nothing_happens_and_a_name_without_a_file_will_do() {
    let name = format!("weir-service-{}", std::process::id());
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = weir(&["listen", "0", "--count", "--interval", "1000d"]);
    command.env("NOTIFY_SOCKET", format!("@{name}")).env("WATCHDOG_USEC", "100000");
    let run = start(command);
    assert_eq!(heard(&manager), "READY=1\n");
    (0..10).for_each(|_| drop(awaited(&manager, "WATCHDOG=1\n")));
    run.signal(Signal::INT);
    assert_eq!(heard(&manager), "STOPPING=1\n");
    assert_eq!(run.end().status, 0);
}

#[test]
fn a_watchdog_of_another_process_is_not_ours_and_commands_do_not_talk_to_our_manager() {
    let dir = Dir::new();
    let manager = manager(&dir.path("notify"));
    let told = "echo \"[$NOTIFY_SOCKET$WATCHDOG_USEC$WEIR_FORMAT]$WEIR_RECORDS\"";
    let mut command = weir(&["--once", "--count", "--exec", told]);
    command.env("NOTIFY_SOCKET", dir.path("notify"));
    command.env("WATCHDOG_USEC", "10").env("WATCHDOG_PID", "1").env("WEIR_FORMAT", "text");
    let mut run = start(command);
    run.write("a\n");
    assert_eq!(run.end().ok(), "[]1\n");
    assert_eq!(heard(&manager), "READY=1\n");
    let mut buffer = [0; 4096];
    let mut rest = vec![];
    manager.set_nonblocking(true).unwrap();
    while let Ok(len) = manager.recv(&mut buffer) {
        rest.push(String::from_utf8(buffer[..len].to_vec()).unwrap());
    }
    assert!(!rest.iter().any(|text| text.starts_with("WATCHDOG")), "{rest:?}");
    assert_eq!(rest.last().unwrap(), "STOPPING=1\n");
}

#[test]
fn a_manager_that_is_not_there_is_said_and_nothing_else_is_different() {
    let mut command = weir(&["--once", "--count", "--format", "text"]);
    command.env("NOTIFY_SOCKET", "/nonexistent/notify");
    let mut run = start(command);
    run.write("a\n");
    let ended = run.end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "1\n"));
    assert!(ended.err.contains("NOTIFY_SOCKET"), "{}", ended.err);
}

#[test]
fn lines_have_priorities_where_the_journal_reads_them() {
    let dir = Dir::new();
    let log = dir.path("log");
    let file = fs::File::create(&log).unwrap();
    let stream = fs::metadata(&log).unwrap();
    for (stream, lead) in
        [(format!("{}:{}", stream.dev(), stream.ino()), "<4>"), ("1:2".into(), "")]
    {
        file.set_len(0).unwrap();
        let mut command = weir(&["--once", "--count", "--max-record", "1", "--format", "text"]);
        command
            .env("JOURNAL_STREAM", stream)
            .stderr(fs::File::options().append(true).open(&log).unwrap());
        let mut run = start(command);
        run.write("long\n");
        assert_eq!(run.end().status, 0);
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.starts_with(&format!("{lead}weir: a bad record is skipped")), "{text}");
    }
}

#[test]
fn a_hang_up_opens_files_anew_at_once_within_a_batch_too() {
    let dir = Dir::new();
    let (out, old, bad) = (dir.path("out.csv"), dir.path("out.csv.1"), dir.path("bad"));
    let args = ["listen", "0", "--interval", "1000d", "--max-record", "9", "--no-time", "-o"];
    let mut command = weir(&args);
    command.arg(&out).arg("--on-bad").arg(&bad);
    let mut run = start(command);
    let mut client = client(&mut run);
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    client.write_all(b"one\nmuch too long\n").unwrap();
    until(|| text(&out) == "record\none\n" && text(&bad).lines().count() == 1);
    fs::rename(&out, &old).unwrap();
    fs::rename(&bad, dir.path("bad.1")).unwrap();
    run.signal(Signal::HUP);
    until(|| text(&out) == "record\n");
    client.write_all(b"two\nmuch too long\n").unwrap();
    until(|| text(&out) == "record\ntwo\n" && text(&bad).lines().count() == 1);
    assert_eq!(text(&old), "record\none\n", "nothing comes to the old one any more");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn rotation_by_a_hang_up_has_each_batch_once_over_kills() {
    let dir = Dir::new();
    let (out, checkpoint) = (dir.path("out"), dir.path("ck"));
    let (mut sent, mut parts) = (0, Vec::new());
    for life in 0..12 {
        let mut command =
            weir(&["listen", "0", "--ack", "--format", "text", "--interval", "20ms", "-o"]);
        command.arg(&out).arg("--checkpoint").arg(&checkpoint);
        let mut run = start(command);
        let port = run.port();
        for _ in 0..5 {
            let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.write_all(format!("{sent}\n").as_bytes()).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            std::io::Read::read_to_string(&mut client, &mut answer).unwrap();
            assert_eq!(answer, "ok 1\n");
            sent += 1;
            if sent % 3 == life % 3 && out.exists() {
                let part = dir.path(&format!("out.{}", parts.len()));
                fs::rename(&out, &part).unwrap();
                parts.push(part);
                run.signal(Signal::HUP);
            }
        }
        run.signal(if life == 11 { Signal::TERM } else { Signal::KILL });
        run.end();
    }
    // What was left open is in the last batch.
    let mut command =
        weir(&["listen", "0", "--ack", "--format", "text", "--interval", "20ms", "-o"]);
    command.arg(&out).arg("--checkpoint").arg(&checkpoint);
    let mut run = start(command);
    // From here on it hears signals.
    run.port();
    parts.push(out);
    let all = || {
        parts.iter().map(|part| fs::read_to_string(part).unwrap_or_default()).collect::<String>()
    };
    until(|| all().lines().count() >= sent);
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
    let expected: String = (0..sent).map(|number| format!("{number}\n")).collect();
    assert_eq!(all(), expected);
}

/// True if one of its threads waits to write to its stdout.
fn writes(process: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let calls = tasks.flatten().map(|task| fs::read_to_string(task.path().join("syscall")));
    // write(2), as x86-64 and aarch64 number it.
    calls.flatten().any(|call| ["1 0x", "64 0x"].iter().any(|number| call.starts_with(number)))
}

#[test]
fn an_end_has_a_limit_and_with_a_checkpoint_nothing_is_lost_by_it() {
    let dir = Dir::new();
    for lasts in [false, true] {
        let (reader, mut writer) = pipe().unwrap();
        let size = fcntl_setpipe_size(&writer, 4096).unwrap();
        writer.write_all(&vec![b'x'; size]).unwrap();
        let mut command = weir(&["listen", "0", "--format", "text", "--interval", "50ms"]);
        command.args(["--shutdown-timeout", "300ms"]).stdout(writer);
        if lasts {
            command.arg("--checkpoint").arg(dir.path("ck"));
        }
        let mut run = start(command);
        let mut client = client(&mut run);
        client.write_all(b"one\n").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        // The signal is to find it at the report, which nobody takes.
        until(|| writes(run.id()));
        run.signal(Signal::TERM);
        let ended = run.end();
        assert_eq!(ended.status, 1, "{}", ended.err);
        let rest = if lasts {
            "what is not out is owed to the next start from "
        } else {
            "what is not out is lost; "
        };
        let told = format!(
            "weir: --shutdown-timeout: 300ms after the signal an output has not taken all; {rest}"
        );
        assert!(ended.err.contains(&told), "{}", ended.err);
        drop(reader);
    }
    let mut command =
        weir(&["listen", "0", "--format", "text", "--interval", "50ms", "--checkpoint"]);
    command.arg(dir.path("ck"));
    let mut run = start(command);
    assert_eq!(run.out.line(""), "one");
    run.signal(Signal::TERM);
    assert_eq!(run.end().status, 0);
}

#[test]
fn a_run_that_ends_in_time_does_not_notice_the_limit() {
    let args = ["--count", "--interval", "1000d", "--format", "text", "--max-record", "3"];
    let mut run = start(weir(&[&args[..], &["--shutdown-timeout", "1h"]].concat()));
    run.write("a\ntoo long\n");
    run.err.line("a bad record is skipped");
    run.signal(Signal::TERM);
    let _stdin = run.take_stdin();
    let ended = run.end();
    assert_eq!((ended.status, ended.out.as_str()), (0, "1\n"));
}

#[test]
fn flags_come_from_the_environment_and_a_file_and_messages_name_the_place() {
    let dir = Dir::new();
    let args = dir.file("args", "# all counts\n--count-by-key\n--format json\n--top\n1\n");
    let ran = |typed: &[&str], variables: &[(&str, &str)]| {
        let mut command = weir(&[&["stdin", "--once"], typed].concat());
        command
            .env("WEIR_CONFIG", &args)
            .env("WEIR_NO_TIME", "yes")
            .envs(variables.iter().copied());
        let mut run = start(command);
        // Who refuses its command line does not read.
        let _ = run.take_stdin().write_all(b"a\nb\na\n");
        run.end()
    };
    assert_eq!(ran(&[], &[]).ok(), "{\"key\":\"a\",\"value\":2}\n");
    assert_eq!(ran(&[], &[("WEIR_FORMAT", "tsv")]).ok(), "a\t2\n");
    assert_eq!(
        ran(&["--top", "2"], &[("WEIR_FORMAT", "tsv"), ("WEIR_TOP", "9")]).ok(),
        "a\t2\nb\t1\n"
    );
    assert_eq!(
        ran(&["--config", "", "--format", "text"], &[("WEIR_NO_TIME", "0")]).ok(),
        "a\nb\na\n"
    );
    let told = ran(&[], &[("WEIR_INTERVAL", "soon")]);
    assert_eq!(told.status, 2);
    assert!(
        told.err.starts_with("weir: WEIR_INTERVAL: invalid value 'soon' for '--interval <D>'"),
        "{}",
        told.err
    );
    // A rule of weir's own, about a flag that stands in a file.
    let args = dir.file("others", "--once\n--slide=3\n");
    let told = ran(&["--count"], &[("WEIR_CONFIG", args.to_str().unwrap()), ("WEIR_NO_TIME", "")]);
    let place = format!("weir: {}:2: --slide: needs --window", args.display());
    assert!(told.status == 2 && told.err.starts_with(&place), "{}", told.err);
    let told =
        ran(&["--count"], &[("WEIR_INTERVALL", "3"), ("WEIR_CONFIG", ""), ("WEIR_NO_TIME", "")]);
    assert_eq!(told.status, 0);
    assert!(
        told.err.contains("WEIR_INTERVALL: there is no such flag; is WEIR_INTERVAL meant?"),
        "{}",
        told.err
    );
}

#[test]
fn a_weir_in_a_command_is_not_told_what_this_one_is() {
    let script = r#"printf 'a\nb\n' | WEIR_EXEC='printf "%s " "$WEIR_RECORDS"; "$WEIR" --once --format text' \
        WEIR_ONCE=1 WEIR_COUNT=1 timeout 60 "$WEIR" stdin"#;
    let ended = start(shell(script)).end();
    // The inner one passes on what it gets, and counts and runs nothing.
    let lines: Vec<_> = ended.ok().lines().map(String::from).collect();
    assert!(lines[0].starts_with("1 -----") && lines[3] == "2", "{lines:?}");
}

#[test]
fn the_first_help_fits_a_screen() {
    for args in [&["--help"][..], &["-h"]] {
        let ended = start(weir(args)).end();
        let lines: Vec<_> = ended.ok().lines().map(String::from).collect();
        assert!(lines.len() <= 24, "{} lines", lines.len());
        let long = lines.iter().find(|line| line.chars().count() > 80);
        assert_eq!(long, None);
        let named = |name: &str| lines.iter().any(|line| line.starts_with(&format!("  {name}")));
        let shown = weir::source::SOURCES.iter().filter(|spec| !spec.hidden);
        shown.for_each(|spec| assert!(named(spec.name), "{}", spec.name));
    }
    // That of a source is short or long.
    let lines = |flag: &str| start(weir(&["listen", flag])).end().ok().lines().count();
    assert!(lines("-h") * 2 < lines("--help"));
}
