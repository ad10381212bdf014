//! Saying something to the person at the terminal: a message on stderr, and the only place that
//! writes there.
//!
//! A stream does not end, and does not wait, because nobody reads its messages. What stderr does not
//! take at once waits here, up to `KEPT` bytes; what comes then is lost and counted, and the count
//! stands where the lost messages would have stood:
//!
//! ```text
//! say ──> waiting  m7 | m8 | m9 ──> stderr        when something is said; at the end of the run
//!            └── no room: lost, 10 and all that come until stderr takes text again: "3 messages ..."
//! ```
//!
//! A message is written in one piece of at most `PIPE_BUF` bytes, so that those of several threads and
//! processes never mix; a longer one, in several. stderr is shared with whoever started us, so it is
//! never made non-blocking: a pipe or a terminal is opened a second time, for us alone. Where that is
//! not allowed it is asked first whether it takes something (poll): a pipe that does takes `PIPE_BUF`
//! bytes, unless another process is quicker.
//!
//! Below all messages there may be a line that tells how far a run is (`status`): who draws it gives its
//! text, and it is written here, so that it mixes with nothing.

mod status;

mod journal;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use journal::Priority;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fstat};
use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;

use self::status::Status;

/// How many bytes of messages wait at most.
const KEPT: usize = 64 << 10;
/// So many of the last lines can be shown by who draws where they stood.
const SHOWN: usize = 8;
/// How long a message may wait for its reader when the run is over.
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// What is lost, and what has failed: `--quiet`.
    Losses,
    /// And what is good to know.
    Notes,
    /// And what happens: `--verbose`.
    Details,
}

/// The level of this process. Tests are silent about what is not lost.
static LEVEL: AtomicU8 = AtomicU8::new(if cfg!(test) { Level::Losses } else { Level::Notes } as u8);

static TALK: LazyLock<Mutex<Talk<Stderr>>> = LazyLock::new(|| Mutex::new(Talk::on(Stderr::open())));

/// True if there may be a status line: until then nobody has to ask whether it is in the way.
static HAS_STATUS: AtomicBool = AtomicBool::new(false);

/// Says no more than this from now on.
pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// True if what is of this level is said.
pub fn says(level: Level) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// Says on stderr, as `weir: text`, what is lost or has failed; returns at once, also if nobody reads
/// that.
pub fn say(text: &str) {
    talk().say(text, Priority::Warning);
}

/// Says why the run has failed.
pub fn say_failed(text: &str) {
    talk().say(text, Priority::Error);
}

/// Says what is good to know, unless that is not wanted.
pub fn note(text: &str) {
    if says(Level::Notes) {
        talk().say(text, Priority::Notice);
    }
}

/// Says what happens, if that is wanted.
pub fn detail(text: &str) {
    if says(Level::Details) {
        talk().say(text, Priority::Info);
    }
}

/// Says what waits, as long as stderr takes some of it within a tenth of a second: at the end of a run, when
/// nothing more will be said, a reader that is only slow is waited for.
pub fn say_rest() {
    let mut talk = talk();
    talk.out.patience = MOMENT;
    talk.go_on();
}

/// Lets a status line be drawn. One that `yields` is over as soon as somebody has hidden it.
pub fn begin_status(yields: bool) {
    talk().status = Status::new(yields);
    HAS_STATUS.store(true, Ordering::Relaxed);
}

/// Draws the status line, on a terminal so wide, unless stderr still takes what was written before.
pub fn show_status(text: &str, columns: usize) {
    let mut talk = talk();
    talk.go_on();
    if talk.waiting.is_empty() {
        talk.write_status(|status| status.draw(text, columns));
    }
}

/// Takes the status line away for good.
pub fn end_status() {
    if HAS_STATUS.swap(false, Ordering::Relaxed) {
        talk().write_status(Status::end);
    }
}

/// True if a status line may be drawn.
pub fn has_status() -> bool {
    HAS_STATUS.load(Ordering::Relaxed)
}

/// While there is one of these, no status line is drawn.
#[must_use]
pub struct Hidden {
    has_status: bool,
    again: bool,
}

/// Takes the status line away while something is printed where it may be. With `again` it is drawn again as soon
/// as that is over; else with its next text, since others may still print what they were given.
pub fn hide_status(again: bool) -> Hidden {
    let has_status = has_status();
    if has_status {
        talk().write_status(Status::hide);
    }
    Hidden { has_status, again }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if self.has_status {
            talk().write_status(|status| status.show(self.again));
        }
    }
}

/// Keeps messages back from now on: somebody draws on the terminal that stderr is, and shows them himself. He is
/// called at each, while others wait to say something: he waits for nobody.
pub fn hold(call: impl Fn() + Send + 'static) {
    talk().held = Some(Box::new(call));
}

/// Says all that was kept back, and goes on as before.
pub fn let_go() {
    let mut talk = talk();
    if talk.held.take().is_some() {
        talk.go_on();
    }
}

/// The last lines that were said, while messages are kept back: those before that are not to be seen either.
pub fn last_lines() -> Vec<String> {
    let talk = talk();
    let is_held = talk.held.is_some();
    talk.last.iter().filter(|_| is_held).cloned().collect()
}

fn talk() -> MutexGuard<'static, Talk<Stderr>> {
    TALK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is said, on its way to where it is read.
struct Talk<W> {
    out: W,
    waiting: VecDeque<Message>,
    /// How many bytes wait.
    size: usize,
    /// How many messages are lost, and that has not been said.
    lost: u64,
    status: Status,
    /// The last lines that were said.
    last: VecDeque<String>,
    /// While messages are kept back, who is called at each.
    held: Option<Box<dyn Fn() + Send>>,
}

struct Message {
    /// What is still to be written of it.
    text: Vec<u8>,
    /// How many messages are lost if it is.
    stands_for: u64,
}

impl<W: Write> Talk<W> {
    fn on(out: W) -> Talk<W> {
        let (waiting, last, status) = (VecDeque::new(), VecDeque::new(), Status::default());
        Talk { out, waiting, size: 0, lost: 0, status, last, held: None }
    }

    fn say(&mut self, text: &str, priority: Priority) {
        self.go_on();
        let text = journal::lines(text, priority);
        self.last.extend(text.lines().filter(|line| !line.is_empty()).map(String::from));
        self.last.drain(..self.last.len().saturating_sub(SHOWN));
        if let Some(call) = &self.held {
            call();
        }
        let text = text.into_bytes();
        let has_room = self.waiting.is_empty() || self.size + text.len() <= KEPT;
        if self.lost == 0 && has_room {
            self.push_above(text, 1);
            self.go_on();
        } else {
            self.lost += 1;
        }
    }

    /// Changes the status line.
    fn write_status(&mut self, change: impl FnOnce(&mut Status) -> String) {
        self.go_on();
        let change = change(&mut self.status).into_bytes();
        // What is drawn has taken that into account, so it is written, later if need be.
        if !change.is_empty() {
            self.push(change, 0);
            self.go_on();
        }
    }

    /// A message stands above the status line.
    fn push_above(&mut self, text: Vec<u8>, stands_for: u64) {
        let (before, behind) = self.status.around();
        self.push([before.as_bytes(), &text, behind.as_bytes()].concat(), stands_for);
    }

    fn push(&mut self, text: Vec<u8>, stands_for: u64) {
        self.size += text.len();
        self.waiting.push_back(Message { text, stands_for });
    }

    /// Writes what waits, as far as it is taken, and behind it how many messages are lost.
    fn go_on(&mut self) {
        while self.held.is_none() {
            let Some(message) = self.waiting.front_mut() else {
                match std::mem::take(&mut self.lost) {
                    0 => return,
                    lost => self.push_above(missing(lost), lost),
                }
                continue;
            };
            let piece = &message.text[..message.text.len().min(PIPE_BUF)];
            let (len, failed) = match self.out.write(piece) {
                Ok(count) => (count, false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // A full disk may have room again, so that one is counted as well.
                Err(_) => (message.text.len(), true),
            };
            message.text.drain(..len);
            self.size -= len;
            if message.text.is_empty() {
                self.lost += if failed { message.stands_for } else { 0 };
                self.waiting.pop_front();
            }
            if failed {
                return;
            }
        }
    }
}

fn missing(count: u64) -> Vec<u8> {
    let what = if count == 1 { "message is" } else { "messages are" };
    let text = format!("{count} {what} missing here: stderr did not take more");
    journal::lines(&text, Priority::Warning).into_bytes()
}

/// The stream of that name.
struct Stderr {
    /// The same pipe or terminal, opened for us alone and non-blocking.
    own: Option<File>,
    /// How long it may take until it takes something.
    patience: Timespec,
}

impl Stderr {
    fn open() -> Stderr {
        let stderr = io::stderr();
        let kind = fstat(&stderr).map(|stat| FileType::from_raw_mode(stat.st_mode));
        // A file opened anew would be written from its beginning; and it never has to be waited for.
        let is_slow = kind == Ok(FileType::Fifo) || stderr.is_terminal();
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
        let open = || OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/2");
        let patience = Timespec { tv_sec: 0, tv_nsec: 0 };
        Stderr { own: is_slow.then(open).and_then(Result::ok), patience }
    }
}

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stderr = io::stderr();
        let fd = self.own.as_ref().map_or(stderr.as_fd(), AsFd::as_fd);
        match poll(&mut [PollFd::new(&fd, PollFlags::OUT)], Some(&self.patience)) {
            Ok(0) => Err(Errno::WOULDBLOCK.into()),
            _ => Ok(rustix::io::write(fd, bytes)?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then none; or fails.
    #[derive(Default)]
    struct Reader {
        taken: Vec<u8>,
        room: usize,
        failure: Option<Errno>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(failure) = self.failure {
                return Err(failure.into());
            }
            let len = bytes.len().min(self.room);
            self.taken.extend_from_slice(&bytes[..len]);
            self.room -= len;
            if len == 0 { Err(Errno::WOULDBLOCK.into()) } else { Ok(len) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Talk<Reader> {
        /// What is read when there is room for so much more.
        fn read(&mut self, room: usize) -> String {
            self.out.room = room;
            self.go_on();
            String::from_utf8(std::mem::take(&mut self.out.taken)).unwrap()
        }
    }

    #[test]
    fn what_waits_comes_whole_and_in_order_when_it_is_read() {
        let mut talk = Talk::on(Reader::default());
        talk.say("one", Priority::Warning);
        talk.say("two", Priority::Warning);
        assert_eq!(talk.read(4), "weir");
        talk.say("three", Priority::Warning);
        assert_eq!(talk.read(usize::MAX), ": one\nweir: two\nweir: three\n");
        assert_eq!((talk.size, talk.lost), (0, 0));
    }

    #[test]
    fn what_has_no_room_is_counted_and_the_count_stands_in_its_place() {
        let mut talk = Talk::on(Reader::default());
        let long = "x".repeat(KEPT / 2);
        talk.say(&long, Priority::Warning);
        for text in [&long, "short", "short"] {
            talk.say(text, Priority::Warning);
        }
        assert_eq!(talk.lost, 3, "a short one does not go before a long one that is lost");
        let (first, rest) = (format!("weir: {long}\n"), "are missing here");
        let read = talk.read(usize::MAX);
        assert!(read.starts_with(&first) && read[first.len()..].contains(rest), "{read:.80}");
        assert_eq!(&read[first.len()..][..16], "weir: 3 messages");
        talk.say("again", Priority::Warning);
        assert_eq!(talk.read(usize::MAX), "weir: again\n");
    }

    #[test]
    fn what_is_kept_back_is_shown_by_its_last_lines_and_said_later() {
        let mut talk = Talk::on(Reader { room: usize::MAX, ..Reader::default() });
        talk.say("before", Priority::Notice);
        assert_eq!(talk.read(usize::MAX), "weir: before\n");
        assert_eq!(talk.last, ["weir: before"]);
        let (sender, calls) = std::sync::mpsc::channel();
        talk.held = Some(Box::new(move || sender.send(()).unwrap()));
        (0..20).for_each(|number| talk.say(&format!("{number}\n\nmore"), Priority::Notice));
        assert_eq!(calls.try_iter().count(), 20);
        let last = &talk.last;
        assert_eq!((last.len(), last[6].as_str(), last[7].as_str()), (SHOWN, "weir: 19", "more"));
        talk.held = None;
        let said = talk.read(usize::MAX);
        assert!(said.starts_with("weir: 0\n\nmore\n") && said.ends_with("weir: 19\n\nmore\n"));
    }

    #[test]
    fn one_message_may_be_longer_than_what_is_kept() {
        let mut talk = Talk::on(Reader { room: usize::MAX, ..Reader::default() });
        let long = "x".repeat(KEPT * 3);
        talk.say(&long, Priority::Warning);
        assert!(talk.read(usize::MAX) == format!("weir: {long}\n"));
    }

    #[test]
    fn a_message_and_the_status_line_are_one_piece() {
        let mut talk = Talk::on(Reader { room: usize::MAX, ..Reader::default() });
        talk.write_status(|status| status.draw("10%", 80));
        talk.say("one", Priority::Warning);
        let line = "\r\x1b[?7l10%\x1b[J\x1b[?7h\r";
        assert_eq!(talk.read(usize::MAX), format!("{line}\r\x1b[Jweir: one\n{line}"));
        talk.write_status(Status::hide);
        talk.say("two", Priority::Warning);
        assert_eq!(talk.read(usize::MAX), "\r\x1b[Jweir: two\n");
    }

    #[test]
    fn a_stream_that_fails_loses_what_is_said_then_and_says_so_when_it_works_again() {
        let mut talk = Talk::on(Reader { failure: Some(Errno::NOSPC), ..Reader::default() });
        for _ in 0..3 {
            talk.say("lost", Priority::Warning);
        }
        assert_eq!((talk.lost, talk.size), (3, 0));
        talk.out.failure = None;
        assert_eq!(talk.read(usize::MAX).as_bytes(), missing(3));
    }
}
