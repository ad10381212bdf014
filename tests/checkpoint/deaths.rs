//! kill -9, readers of stdout that go, and what clients of listen are told.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, Read, Write, pipe};
use std::net::{Shutdown, TcpStream};

use crate::Place;
use crate::common::{Ended, PATIENCE, Run, complaints, ready, start};
use rustix::event::PollFlags;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;

/// A state of which each batch prints what has changed.
const STATE: &str = "--count-by-key --update-state --changed --skip-empty --interval 20ms";

fn killed(run: Run) -> String {
    run.signal(Signal::KILL);
    let ended = wait(run);
    assert_eq!((ended.0, ended.2.as_str()), (128 + 9, ""));
    ended.1
}

/// Waits for the end of a run: its status, and what is left to be looked at.
fn wait_for_end(run: Run) -> (i32, String, String) {
    let ended = run.end();
    (ended.status, ended.out, complaints(&ended.err))
}

/// Waits for the end of a run whose stdin stays open: its status, and what is left to be looked at.
fn wait(mut run: Run) -> (i32, String, String) {
    let _stdin = run.take_stdin();
    wait_for_end(run)
}

#[test]
fn what_was_printed_before_a_kill_goes_on_and_the_file_has_each_batch_once() {
    let place = Place::new();
    let args = format!("{STATE} --format json --checkpoint ck -o out -o -");
    let (mut printed, mut last) = (Vec::new(), String::new());
    for round in 1..=5 {
        let mut run = place.start(&args);
        run.write("a\n");
        let wanted = format!("\"value\":{round}}}");
        let line = run.out.line("");
        // The last batch may come once more, the same to the byte.
        let line = if line == last { run.out.line("") } else { line };
        assert!(line.ends_with(&wanted), "{line} after {last}");
        assert_eq!(killed(run), "");
        last.clone_from(&line);
        printed.push(line);
    }
    assert_eq!(place.piped(&args, "").status, 0);
    assert_eq!(place.text("out").lines().collect::<Vec<_>>(), printed);
}

#[test]
fn a_batch_that_was_being_written_at_a_kill_comes_again_whole() {
    let place = Place::new();
    let args = "--once --count-by-key --format tsv --epoch --checkpoint ck -o out -o -";
    let input: String = (0..2000).map(|n| format!("key-{n:04}\n")).collect();
    let (mut reader, writer) = pipe().unwrap();
    fcntl_setpipe_size(&writer, 4096).unwrap();
    let mut command = place.weir(args);
    command.stdin(crate::filled(&input)).stdout(writer);
    let run = start(command);
    // The first byte is out, and there is no room for all of them.
    let mut seen = vec![0];
    ready(&reader, PollFlags::IN);
    reader.read_exact(&mut seen).unwrap();
    run.signal(Signal::KILL);
    assert_eq!(run.end().status, 128 + 9);
    reader.read_to_end(&mut seen).unwrap();
    let again = place.piped(&format!("{args} --skip-empty"), "");
    assert_eq!(again.ok().lines().count(), 2000);
    assert!(seen.len() < again.out.len() && again.out.as_bytes().starts_with(&seen));
    assert!(place.text("out") == again.out, "the file has it once");
    assert_eq!(place.piped(&format!("{args} --skip-empty"), "").ok(), "", "it is not owed twice");
}

#[test]
fn a_command_that_was_at_work_at_a_kill_gets_the_batch_again() {
    let place = Place::new();
    mkfifoat(CWD, place.path("fifo"), Mode::RWXU).unwrap();
    let script = r#"exec "$WEIR" --once --skip-empty --count-by-key --format json --checkpoint ck \
        --exec 'cat; echo; read x < fifo'"#;
    let mut printed = Vec::new();
    for is_killed in [true, false] {
        let mut run = start(place.shell(script));
        run.write(if is_killed { "a\nb\na\n" } else { "" });
        run.close();
        printed.push(run.out.lines(3));
        if is_killed {
            run.signal(Signal::KILL);
        }
        // Commands outlive a weir that is killed, and hold its stdout.
        File::options().write(true).open(place.path("fifo")).unwrap().write_all(b"x\n").unwrap();
        let status = if is_killed { 128 + 9 } else { 0 };
        assert_eq!(run.end().status, status);
    }
    assert!(printed[0][0].ends_with("\"key\":\"a\",\"value\":2}"), "{printed:?}");
    assert_eq!(printed[0], printed[1], "under the same Time, too");
}

/// A stream of clients in one batch, which ends with the run; a line that is too long is said.
const CLIENTS: &str = "listen 0 --count-by-key --update-state --format text --interval 10000d \
                       --max-record 3 --checkpoint ck -o -";

fn client(run: &mut Run, text: &str) -> TcpStream {
    let mut client = TcpStream::connect(("127.0.0.1", run.port())).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(text.as_bytes()).unwrap();
    client
}

/// What a client is told that has sent all.
fn told(mut client: TcpStream) -> String {
    client.shutdown(Shutdown::Write).unwrap();
    let mut told = String::new();
    client.read_to_string(&mut told).unwrap();
    told
}

#[test]
fn a_client_that_saw_the_end_is_counted_once_and_one_that_did_not_sees_a_reset() {
    let place = Place::new();
    let mut run = place.start(CLIENTS);
    let first = client(&mut run, "a\nb\n");
    let port = first.peer_addr().unwrap();
    assert_eq!(told(first), "");
    let mut second = TcpStream::connect(port).unwrap();
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    second.write_all(b"c\ntoo long\n").unwrap();
    run.err.line("a bad record is skipped");
    assert_eq!(killed(run), "", "nothing was printed");
    let error = second.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let mut run = place.start(CLIENTS);
    assert_eq!(told(client(&mut run, "a\n")), "");
    run.signal(Signal::TERM);
    assert_eq!(wait(run).1, "", "the batch goes on");
    let (status, out, _) = wait(place.start(&format!("{CLIENTS} --duration 1ms")));
    // What became of the second client's line nobody was told.
    let counts: Vec<_> = out.lines().filter(|line| !line.starts_with('c')).collect();
    assert_eq!((status, counts), (0, vec!["a\t2", "b\t1"]));
}

#[test]
fn with_ack_a_client_is_told_how_many_of_its_lines_are_kept() {
    let place = Place::new();
    let mut run = place.start(&format!("{CLIENTS} --ack"));
    assert_eq!(told(client(&mut run, "a\ntoo long\nb\nc")), "ok 3\n");
    run.err.line("a bad record is skipped");
    assert_eq!(killed(run), "");
    let mut run = place.start(&format!("{CLIENTS} --ack"));
    assert_eq!(told(client(&mut run, "a\n")), "ok 1\n");
    run.signal(Signal::TERM);
    assert_eq!(wait(run).1, "", "the batch goes on");
    let (status, out, _) = wait(place.start(&format!("{CLIENTS} --duration 1ms")));
    assert_eq!((status, out.as_str()), (0, "a\t2\nb\t1\nc\t1\n"));
}

#[test]
fn records_that_end_with_nul_are_so_counted_for_a_client_and_so_read_again_from_the_log() {
    let place = Place::new();
    let args = format!("{CLIENTS} -0");
    let mut run = place.start(&format!("{args} --ack"));
    assert_eq!(told(client(&mut run, "a\nb\0\r\0a\nb")), "ok 3\n");
    assert_eq!(killed(run), "");
    assert_eq!(place.shown("unread"), "3 records of input in its log, 10 bytes");
    let (status, out, _) = wait(place.start(&format!("{args} --duration 1ms")));
    assert_eq!((status, out.as_str()), (0, "a\nb\t2\n\r\t1\n"));
}

/// What is kept of clients, each by its address and port.
const PEERS: &str = "listen 0 --with-peer --count-by-key --update-state --format text --sort key \
                     --interval 10000d --checkpoint ck --ack -o -";

#[test]
fn of_each_peer_each_acknowledged_line_is_counted_once_over_kills() {
    let place = Place::new();
    let (mut expected, mut open) = (Vec::new(), Vec::new());
    for round in 1..=3 {
        let mut run = place.start(PEERS);
        let server = ("127.0.0.1", run.port());
        for count in [1, 2 * round] {
            let mut client = TcpStream::connect(server).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.write_all("a line\n".repeat(count).as_bytes()).unwrap();
            expected.push(format!("{}\t{count}", client.local_addr().unwrap()));
            // Nobody else gets its port meanwhile.
            open.push(client.try_clone().unwrap());
            assert_eq!(told(client), format!("ok {count}\n"));
        }
        assert_eq!(killed(run), "", "nothing was printed");
        assert!(place.text("ck/meta").starts_with("weir checkpoint 3\n"), "the log has pairs");
    }
    let (status, out, _) = wait(place.start(&format!("{PEERS} --duration 1ms")));
    expected.sort_unstable();
    assert_eq!(
        (status, out.lines().collect::<Vec<_>>()),
        (0, expected.iter().map(|s| &**s).collect())
    );
}

#[test]
fn pairs_in_the_log_come_as_they_were_and_only_to_a_source_that_gives_pairs() {
    let place = Place::new();
    let args =
        "listen 0 --with-peer --format json --no-time --interval 10000d --checkpoint ck --ack -o -";
    let mut run = place.start(args);
    let client = client(&mut run, "one\r\n\nthree");
    let peer = client.local_addr().unwrap();
    assert_eq!(told(client), "ok 3\n");
    assert_eq!(killed(run), "");
    let said = place.piped("checkpoint reset ck --keep-offsets", "").ok().to_string();
    assert!(said.contains("bytes of input that no batch has had come first"), "{said}");
    let refused = "weir: --checkpoint ck: the input in its log is pairs, and this source gives records; \
                   `weir checkpoint reset ck` forgets all it holds\n";
    for source in ["stdin", "listen 0"] {
        assert_eq!(place.piped(&format!("{source} --checkpoint ck"), "").failed(2), refused);
    }
    let (status, out, _) = wait(place.start(&format!("{args} --duration 1ms")));
    let row = |line: &str| format!("{{\"key\":\"{peer}\",\"value\":\"{line}\"}}\n");
    assert_eq!((status, out), (0, ["one", "", "three"].map(row).concat()));
}

/// A run whose stdout is a pipe that we read.
fn into_pipe(place: &Place, args: &str) -> (Run, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    let mut command = place.weir(args);
    command.stdout(writer);
    (start(command), reader)
}

#[test]
fn the_batch_that_was_open_when_the_reader_left_goes_on() {
    let place = Place::new();
    let args = "--count --update-state --format tsv --epoch --checkpoint ck -o out -o - \
                --interval 10000d";
    let (mut run, reader) = into_pipe(&place, &format!("{args} --max-record 3"));
    run.write("a\nb\ntoo long\n");
    run.err.line("a bad record is skipped");
    // Nothing more comes: that the reader has gone is noticed while idle.
    drop(reader);
    assert_eq!(wait(run), (0, String::new(), String::new()));
    assert_eq!(place.text("out"), "");
    let next = place.piped(args, "c\n");
    assert!(next.out.ends_with("\t3\n") && next.out.lines().count() == 1, "{}", next.out);
    assert_eq!(place.text("out"), next.out);
}

#[test]
fn the_batch_that_a_reader_did_not_take_is_owed_to_the_next_one() {
    let place = Place::new();
    let args = "--once --count --update-state --format tsv --epoch --checkpoint ck -o out -o -";
    let (reader, mut writer) = pipe().unwrap();
    let size = fcntl_setpipe_size(&writer, 4096).unwrap();
    writer.write_all(&vec![b'x'; size]).unwrap();
    let mut command = place.weir(args);
    command.stdin(crate::filled("a\nb\n")).stdout(writer);
    let run = start(command);
    place.until_owed();
    drop(reader);
    assert_eq!(wait_for_end(run), (0, String::new(), String::new()));
    let owed = place.text("out");
    let time = owed.strip_suffix("\t2\n").expect("the file has the batch");
    assert!(place.shown("time").ends_with(&format!(", {time}000 ms")));
    assert!(place.show().contains("its output is owed"));
    let next = place.piped(args, "c\n");
    let (first, rest) = next.out.split_once('\n').unwrap();
    assert_eq!(format!("{first}\n"), owed);
    assert!(rest.ends_with("\t3\n") && !rest.starts_with(time), "{rest}");
    assert_eq!(place.text("out"), next.out, "each batch once");
}

#[test]
fn head_ends_an_idle_stream_quietly_and_the_next_run_goes_on() {
    let place = Place::new();
    let args = format!("{STATE} --format json --checkpoint ck -o -");
    let mut run = start(place.shell(&format!(r#"{{ "$WEIR" {args}; echo $? >&2; }} | head -n 1"#)));
    run.write("a\n");
    assert!(run.out.line("").ends_with("\"key\":\"a\",\"value\":1}"));
    assert_eq!(run.err.line(""), "0");
    assert_eq!(wait(run), (0, String::new(), String::new()));
    let ended = place.piped(&args, "a\n");
    assert!(ended.ok().ends_with("\"key\":\"a\",\"value\":2}\n"), "{ended:?}");
}

#[test]
fn head_ends_a_stream_that_never_pauses_and_the_file_has_each_batch_once() {
    let place = Place::new();
    let args = "--words --count-by-key --update-state --interval 20ms --format tsv --epoch \
                --checkpoint ck -o out -o -";
    let script = format!(r#"yes a | {{ "$WEIR" {args}; echo $? >&2; }} | head -n 1"#);
    let ended = start(place.shell(&script)).end();
    // A busy machine may be late, which is said.
    assert_eq!((ended.status, ended.err.lines().last()), (0, Some("0")));
    assert!(place.text("out").starts_with(&ended.out));
    let last = place.text("out").lines().last().unwrap().to_string();
    let is_owed = place.show().contains("is owed");
    let next = place.piped(args, "");
    // That the reader has gone may have been noticed between two batches.
    assert_eq!(next.ok().lines().next() == Some(last.as_str()), is_owed);
    let out = place.text("out");
    let field = |line: &str, at: usize| line.split('\t').nth(at).unwrap().parse::<f64>().unwrap();
    let rows: Vec<_> = out.lines().map(|line| (field(line, 0), field(line, 2))).collect();
    let grows = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    assert!(rows.windows(2).all(grows), "{rows:?}");
    // What was read while the owed batch was printed, the log had for the second run, and once.
    let third = place.piped(args, "");
    let last = third.ok().lines().last().unwrap();
    assert_eq!(field(last, 2), rows.last().unwrap().1);
}

#[test]
fn a_batch_for_which_two_signals_or_a_full_device_left_no_room_is_owed() {
    let args = "--count --update-state --format tsv --epoch --interval 10000d --max-record 3 \
                --checkpoint ck";
    for is_full_pipe in [true, false] {
        let place = Place::new();
        let (_reader, mut pipe) = pipe().unwrap();
        let size = fcntl_setpipe_size(&pipe, 4096).unwrap();
        pipe.write_all(&vec![b'x'; size]).unwrap();
        let mut command = place.weir(args);
        match is_full_pipe {
            true => command.stdout(pipe),
            false => command.stdout(File::options().write(true).open("/dev/full").unwrap()),
        };
        let mut run = start(command);
        run.write("a\nb\ntoo long\n");
        run.err.line("a bad record is skipped");
        let (status, said) = if is_full_pipe {
            // The end of the input has the batch printed, and there is no room. Two that come at the
            // same time are one for the system, so it is pressed until it helps.
            run.close();
            place.until_owed();
            (run.press(Signal::TERM), String::new())
        } else {
            let ended = wait_for_end(run);
            (ended.0, ended.2)
        };
        let expected = match is_full_pipe {
            true => (130, ""),
            false => (1, "weir: stdout: no space left on device\n"),
        };
        assert_eq!((status, said.as_str()), expected);
        let ended = place.piped(args, "c\n");
        let counts: Vec<_> = ended.ok().lines().map(|line| line.split('\t').nth(1)).collect();
        assert_eq!(counts, [Some("2"), Some("3")], "{}", ended.out);
    }
}

#[test]
fn over_a_kill_a_directory_holds_each_batch_once() {
    let place = Place::new();
    let args = format!("{STATE} --format text --checkpoint ck --output-dir parts -o -");
    for round in 1..=3 {
        let mut run = place.start(&args);
        run.write("a\n");
        run.out.line(&format!("a\t{round}"));
        killed(run);
    }
    assert_eq!(place.piped(&args, "").status, 0);
    let names = place.names("parts");
    let parts: Vec<_> = names.iter().map(|name| place.text(&format!("parts/{name}"))).collect();
    assert_eq!(parts, ["a\t1\n", "a\t2\n", "a\t3\n"], "{names:?}");
}

/// Counts a line, with a command that fails unless there is a file `works`: the directory has the batch,
/// and it is owed to the command.
fn commanded(place: &Place, line: &str, dir: &str) -> Ended {
    let script = format!(
        "echo {line} | \"$WEIR\" {STATE} --format text --checkpoint ck --output-dir {dir} \
         --exec 'test -e works'"
    );
    start(place.shell(&script)).end()
}

/// What is in the files of a directory, by their names.
fn parts(place: &Place, dir: &str) -> Vec<String> {
    let names = place.names(dir).into_iter();
    names.map(|name| place.text(&format!("{dir}/{name}"))).collect()
}

#[test]
fn a_directory_is_the_same_whatever_it_is_called_and_whichever_way_leads_to_it() {
    let ways = [
        ("parts", "true"),
        ("./x/../parts/", "mkdir x"),
        ("link", "ln -s parts link"),
        ("x/parts", "mkdir x; mv parts x/"),
        ("parts", "mv parts old; cp -r old parts"),
    ];
    for (dir, way) in ways {
        let place = Place::new();
        commanded(&place, "a", "parts").failed(1);
        start(place.shell(&format!("{way} && touch works"))).end().ok();
        commanded(&place, "b", dir).ok();
        assert_eq!(parts(&place, dir), ["a\t1\n", "b\t1\n"], "{dir}, {way}");
    }
}

#[test]
fn a_link_that_leads_elsewhere_is_another_directory() {
    let place = Place::new();
    start(place.shell("mkdir one two; ln -s one link")).end().ok();
    commanded(&place, "a", "link").failed(1);
    start(place.shell("ln -sfn two link; touch works")).end().ok();
    let ended = commanded(&place, "b", "link");
    // What was promised to the one goes to the other, which is new.
    assert!(ended.err.contains("/one\", which is no output now; it goes to"), "{}", ended.err);
    assert_eq!(ended.status, 0);
    assert_eq!(parts(&place, "one"), ["a\t1\n"]);
    assert_eq!(parts(&place, "two"), ["a\t1\n", "b\t1\n"]);
}
