//! Running the real binary as a user does, and waiting for what it does.
//!
//! Nothing here sleeps. A [`Run`] has threads that take whatever comes out of the process, so it is
//! never held up by a test; a test waits for an event, a line on stdout or stderr or the end of the
//! process, and fails if that has not come after [`PATIENCE`], whatever else has. What tells of itself
//! by a descriptor is waited for by [`ready`], so that no read, write or accept waits for ever.
#![allow(dead_code, reason = "each test file uses some of it")]

pub mod chance;
pub mod console;
pub mod http;
pub mod terminal;

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// How long an event may take: on a machine that is busy with other things, long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// 2018-12-11T00:31:20Z, for `--virtual-clock`; scripts begin there too.
pub const BASE: &str = "1544488280000";

/// Patience from a moment on, for whoever looks again and again.
pub struct Patience {
    since: Instant,
    most: Duration,
}

impl Patience {
    /// From now on.
    pub fn new() -> Patience {
        Patience::of(PATIENCE)
    }

    #[expect(clippy::disallowed_methods, reason = "a test that waits has a limit")]
    fn of(most: Duration) -> Patience {
        Patience { since: Instant::now(), most }
    }

    /// How much is left.
    fn left(&self) -> Duration {
        self.most.saturating_sub(self.since.elapsed())
    }

    /// The test fails if none is left, and says for what.
    #[track_caller]
    pub fn lasts(&self, wanted: impl Display) {
        assert!(!self.left().is_zero(), "{wanted} has not come");
    }
}

/// Waits until something can be read, or written.
#[track_caller]
pub fn ready(fd: impl AsFd, how: PollFlags) {
    let limit = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    let ready = retry_on_intr(|| poll(&mut [PollFd::new(&fd, how)], Some(&limit))).unwrap();
    assert_eq!(ready, 1, "nothing has come, or nothing is taken");
}

/// The next who calls at a listener.
#[track_caller]
pub fn accepted(listener: &TcpListener) -> TcpStream {
    ready(listener, PollFlags::IN);
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The binary.
pub const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// The hyphens above and below a Time.
pub const RULE: &str = "-------------------------------------------";

static HEEDED: Once = Once::new();

/// Has the processes we start heed signals that we were started to ignore, as in the background of
/// a script: those that have a handler here are as they were at first after `exec`, and weir leaves
/// alone what was ignored when it was started.
fn heed_signals() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        if ignored >> (signal - 1) & 1 == 1 {
            signal_hook::flag::register(signal, Arc::default()).unwrap();
        }
    }
}

/// A command whose three streams are pipes, in a known zone and locale.
fn command(program: &str) -> Command {
    HEEDED.call_once(heed_signals);
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("TZ", "UTC").env("LC_ALL", "C").env("WEIR", WEIR);
    command
}

/// `weir` with these arguments.
pub fn weir(args: &[&str]) -> Command {
    let mut command = command(WEIR);
    command.args(args);
    command
}

/// A script for `sh`, in which `"$WEIR"` is the binary.
pub fn shell(script: &str) -> Command {
    let mut command = command("sh");
    command.args(["-c", script]);
    command
}

/// What a process has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit status; of a process that a signal has ended, 128 and the signal.
    pub status: i32,
    /// All of stdout, or what the test has not looked at yet.
    pub out: String,
    /// The same of stderr.
    pub err: String,
}

/// What a run says that does well: where it goes on, and that windows reach back before the stream.
const NOTICES: [&str; 3] = [
    "weir: going on from ",
    "weir: the first windows are partial",
    "weir: the last window is partial",
];

/// What a run says beside that.
pub fn complaints(err: &str) -> String {
    let is_notice = |line: &&str| {
        // On a busy machine short batches may pass.
        NOTICES.iter().any(|notice| line.starts_with(notice)) || line.contains(" passed unread: ")
    };
    err.lines().filter(|line| !is_notice(line)).map(|line| format!("{line}\n")).collect()
}

impl Ended {
    /// The output of a run that did well and had nothing to complain about.
    #[track_caller]
    pub fn ok(&self) -> &str {
        let complaints = complaints(&self.err);
        assert_eq!((self.status, complaints.as_str()), (0, ""), "stdout: {}", self.out);
        &self.out
    }

    /// The message of a run that ended with `status` and printed nothing.
    #[track_caller]
    pub fn failed(&self, status: i32) -> &str {
        assert_eq!((self.status, self.out.as_str()), (status, ""), "stderr: {}", self.err);
        &self.err
    }
}

/// What comes out of one stream of a process.
pub struct Stream {
    pieces: Receiver<Vec<u8>>,
    /// What has come; a test has looked at the first `seen` bytes.
    bytes: Vec<u8>,
    seen: usize,
}

impl Stream {
    /// Collects what comes from somewhere.
    pub fn new(from: Option<impl Read + Send + 'static>) -> Stream {
        let (sender, pieces) = mpsc::channel();
        if let Some(mut from) = from {
            thread::spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    if sender.send(buffer[..count].to_vec()).is_err() {
                        return;
                    }
                }
            });
        }
        Stream { pieces, bytes: Vec::new(), seen: 0 }
    }

    /// Waits for more; false at the end.
    #[track_caller]
    fn more(&mut self, wanted: &str, patience: &Patience) -> bool {
        let left = patience.left().min(PATIENCE);
        match self.pieces.recv_timeout(left) {
            Ok(piece) if !left.is_zero() => {
                self.bytes.extend_from_slice(&piece);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            _ => panic!("{wanted} has not come, but: {:?}", String::from_utf8_lossy(&self.bytes)),
        }
    }

    /// The next whole line that contains `text`, without its newline.
    #[track_caller]
    pub fn line(&mut self, text: &str) -> String {
        let patience = Patience::new();
        loop {
            while let Some(length) = memchr::memchr(b'\n', &self.bytes[self.seen..]) {
                let line = String::from_utf8_lossy(&self.bytes[self.seen..][..length]).into_owned();
                self.seen += length + 1;
                if line.contains(text) {
                    return line;
                }
            }
            let came = self.more(text, &patience);
            assert!(came, "{text:?} never came: {:?}", String::from_utf8_lossy(&self.bytes));
        }
    }

    /// What comes up to the next such byte.
    #[track_caller]
    pub fn until_byte(&mut self, byte: u8) -> String {
        let patience = Patience::new();
        loop {
            if let Some(length) = memchr::memchr(byte, &self.bytes[self.seen..]) {
                let text = &self.bytes[self.seen..][..=length];
                let text = String::from_utf8_lossy(text).into_owned();
                self.seen += length + 1;
                return text;
            }
            assert!(self.more("the byte", &patience), "it never came");
        }
    }

    /// Waits until a text has come, behind what the test has looked at.
    #[track_caller]
    pub fn contains(&mut self, text: &str) {
        let patience = Patience::new();
        loop {
            if let Some(at) = memchr::memmem::find(&self.bytes[self.seen..], text.as_bytes()) {
                self.seen += at + text.len();
                return;
            }
            let came = self.more(text, &patience);
            assert!(came, "{text:?} never came: {:?}", String::from_utf8_lossy(&self.bytes));
        }
    }

    /// So many next lines.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line("")).collect()
    }

    /// Everything to the end that no test has looked at.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<u8> {
        self.wait_for_end();
        self.bytes.split_off(self.seen)
    }

    /// Everything to the end, from the beginning.
    #[track_caller]
    pub fn all(&mut self) -> String {
        self.wait_for_end();
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// There may be much before it, for which there is time as long as something comes.
    #[track_caller]
    fn wait_for_end(&mut self) {
        let patience = Patience::of(4 * PATIENCE);
        while self.more("the end", &patience) {}
    }

    /// Does something again and again until the stream has ended.
    pub fn until_end(&mut self, mut again: impl FnMut()) {
        const MOMENT: Duration = Duration::from_millis(5);
        for _ in 0..PATIENCE.as_millis() / MOMENT.as_millis() {
            again();
            match self.pieces.recv_timeout(MOMENT) {
                Ok(piece) => self.bytes.extend_from_slice(&piece),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        panic!("the end has not come");
    }
}

/// Looks again and again until something is so that nothing tells of, as a file of another process.
pub fn until(mut is_so: impl FnMut() -> bool) {
    const MOMENT: Duration = Duration::from_millis(200);
    for _ in 0..4 * PATIENCE.as_millis() / MOMENT.as_millis() {
        if is_so() {
            return;
        }
        thread::park_timeout(MOMENT);
    }
    panic!("it has not come to be so");
}

/// A process that runs; it is ended with the test.
pub struct Run {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Its stdout.
    pub out: Stream,
    /// Its stderr.
    pub err: Stream,
}

/// Starts a command made by [`weir`] or [`shell`].
pub fn start(mut command: Command) -> Run {
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let (out, err) = (Stream::new(child.stdout.take()), Stream::new(child.stderr.take()));
    Run { child, stdin, out, err }
}

impl Run {
    /// Writes to its stdin.
    #[track_caller]
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().unwrap();
        // A pipe that takes anything takes so much.
        for piece in bytes.as_ref().chunks(rustix::pipe::PIPE_BUF) {
            ready(&*stdin, PollFlags::OUT);
            stdin.write_all(piece).unwrap();
        }
    }

    /// Ends its stdin.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Takes its stdin, for a thread that writes.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().unwrap()
    }

    /// Sends it a signal again and again until it ends; returns its status.
    pub fn press(&mut self, signal: Signal) -> i32 {
        let process = Pid::from_child(&self.child);
        self.err.until_end(|| kill_process(process, signal).unwrap());
        self.status()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a signal to its process group, as a terminal does; it leads one.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end; stdin is ended first.
    pub fn end(mut self) -> Ended {
        self.close();
        // Its stderr ends with it, and a wait for that can be given up.
        let (err, out) = (self.err.rest(), self.out.rest());
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { status: self.status(), out: text(out), err: text(err) }
    }

    /// The status of a process that has ended.
    #[track_caller]
    pub fn status(&mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        if self.child.try_wait().unwrap().is_none() {
            let process = Pid::from_child(&self.child);
            ready(pidfd_open(process, PidfdFlags::empty()).unwrap(), PollFlags::IN);
        }
        let status = self.child.wait().unwrap();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
    }

    /// The port that it says it listens on.
    pub fn port(&mut self) -> u16 {
        let line = self.err.line("weir: listening on 127.0.0.1:");
        let digits = line.split(':').nth(2).unwrap();
        digits.split(',').next().unwrap().parse().unwrap()
    }

    /// The most memory it has used so far, in KiB.
    pub fn peak(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
    }

    /// The CPU time it has used so far, in hundredths of a second.
    pub fn cpu(&self) -> u64 {
        let stat = self.proc("stat");
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    fn proc(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // A test that has seen the end has waited already, and this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs weir with `input` coming through a pipe, to the end.
pub fn piped(args: &[&str], input: impl AsRef<[u8]>) -> Ended {
    let mut run = start(weir(args));
    let (mut stdin, input) = (run.take_stdin(), input.as_ref().to_vec());
    // It may end without reading, which is no failure of the test.
    let writer = thread::spawn(move || stdin.write_all(&input).is_ok());
    let ended = run.end();
    writer.join().unwrap();
    ended
}

/// Runs weir on a regular file, to the end, at [`BASE`].
pub fn on_file(args: &[&str], input: impl AsRef<[u8]>) -> Ended {
    let dir = Dir::new();
    let mut command = weir(args);
    command.args(["--virtual-clock", BASE]);
    start(from(command, dir.file("input", input))).end()
}

/// The same, and stdout as bytes.
pub fn bytes_on_file(args: &[&str], input: impl AsRef<[u8]>) -> Vec<u8> {
    let dir = Dir::new();
    let mut run = start(from(weir(args), dir.file("input", input)));
    let out = run.out.rest();
    run.end().ok();
    out
}

/// Has a command read a file.
pub fn from(mut command: Command, path: impl AsRef<Path>) -> Command {
    command.stdin(File::open(path).unwrap());
    command
}

/// Runs the hidden `replay` source on a script, to the end.
pub fn replayed(script: &str, args: &[&str]) -> Ended {
    let dir = Dir::new();
    let script = dir.file("script.json", script);
    start(weir(&[&["replay", script.to_str().unwrap()], args].concat())).end()
}

/// One batch as pprint prints it: its Time, and its rows of pairs.
pub type Batch = (String, Vec<String>);

/// Takes pprint's output apart. No row may be an empty line.
#[track_caller]
pub fn batches(text: &str) -> Vec<Batch> {
    let mut lines = text.lines();
    let mut batches = Vec::new();
    while let Some(line) = lines.next() {
        assert_eq!(line, RULE, "{text}");
        let time = lines.next().unwrap().strip_prefix("Time: ").unwrap().to_string();
        assert_eq!(lines.next(), Some(RULE), "{text}");
        let rows = lines.by_ref().take_while(|line| !line.is_empty()).map(str::to_string);
        batches.push((time, rows.collect()));
    }
    batches
}

/// One batch at [`BASE`] as pprint prints it.
pub fn batch(rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    format!("{RULE}\nTime: 2018-12-11 00:31:20\n{RULE}\n{rows}\n")
}

/// Says that it is over when it goes, also when a check has failed: threads in a scope that go on until they are
/// told would otherwise be waited for without an end.
pub struct Over<'a>(pub &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A directory that goes with the test.
pub struct Dir(PathBuf);

impl Dir {
    /// Makes one that no other test uses.
    pub fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("weir-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a file into it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // What is left lies in the target directory and hurts nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
