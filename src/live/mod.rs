//! `--live`: the report on a terminal, drawn anew with each batch and whenever the window changes its size.
//!
//! ```text
//! reporter ──shows──> board ──a call──> painter: window's size, frame, terminal
//!                                          ^
//!                      SIGWINCH, Ctrl-Z and back, a message, some time
//! ```
//!
//! Whoever makes a report copies some rows onto the board and goes on; a thread of its own draws, so a terminal
//! that is slow or stopped holds up no batch: what it draws next is the newest there is. Unasked it looks twice a
//! second whether a frame would be another one, as while the first batch is waited for. At the end the screen is
//! given back, and the last frame stays on it as ordinary text. What is said on the same terminal stands below the
//! rows, and is said again when the screen is given back.
//!
//! The end may be one of which nobody here is asked: signals that would end us without a word (`ENDS`) give the
//! screen back first, and so does a panic. After `kill -9` it stays, and after what leaves safe code no time: a fault
//! (SIGSEGV, SIGBUS, SIGILL, SIGFPE, which safe code cannot hear even if somebody sends them), or an abort from within.

mod board;
mod frame;
mod plain;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::ops::RangeInclusive;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTRAP, SIGTSTP, SIGUSR2,
    SIGVTALRM, SIGWINCH, SIGXCPU,
};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;

pub use self::board::{About, Board, ROWS};
use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::error::{Context, Error};
use crate::metrics::Metrics;
use crate::metrics::batch::Batch;
use crate::process::{screen, signal};
use crate::report::Report;
use crate::report::viewer::Viewer;
use crate::say;
use crate::units::quoted;

/// Signals that end a process that does not heed them; those that ask the stream to end are heard elsewhere.
const ENDS: [i32; 12] = [
    SIGQUIT,
    SIGABRT,
    SIGALRM,
    SIGVTALRM,
    SIGPROF,
    SIGXCPU,
    SIGUSR2,
    SIGTRAP,
    SIGSYS,
    SIGIO,
    Signal::POWER.as_raw(),
    Signal::STKFLT.as_raw(),
];
/// Those of real time end it too; the first of them may be the C library's own.
const REAL_TIME: RangeInclusive<i32> = 34..=64;
/// How often the painter looks by itself.
const LOOK: Duration = Duration::from_millis(500);

/// A command as it was typed, without what is a secret in it.
pub fn title(words: impl Iterator<Item = OsString>) -> String {
    let shown = |word: OsString| {
        let word = word.to_string_lossy();
        let secret =
            ["password=", "secret=", "jaas.config="].iter().find_map(|name| word.find(name));
        match secret.and_then(|at| Some(at + word[at..].find('=')? + 1)) {
            Some(end) => quoted(&format!("{}***", &word[..end])),
            None => quoted(&word),
        }
    };
    let mut words = words.skip(1).map(shown).collect::<Vec<_>>();
    words.insert(0, "weir".to_string());
    words.join(" ")
}

/// True if the terminal shows more than ASCII, by what the environment says of its language.
pub fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let mut names = ["LC_ALL", "LC_CTYPE", "LANG"].iter();
    let language = names.find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let language = language.unwrap_or_default().to_uppercase();
    language.contains("UTF-8") || language.contains("UTF8")
}

/// What is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// Something is new.
    Draw,
    /// The run is over.
    End,
}

/// The screen, until it is given back.
pub struct Live {
    board: Arc<Mutex<Board>>,
    calls: SyncSender<Call>,
    painter: Option<JoinHandle<()>>,
    signals: Handle,
    watcher: Option<JoinHandle<()>>,
}

/// Puts what there is to be seen onto the board.
struct Shown {
    board: Arc<Mutex<Board>>,
    calls: SyncSender<Call>,
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Takes the terminal that stdout is; a viewer of what is reported fills it.
    pub fn begin(about: About, metrics: &Arc<Metrics>) -> Result<(Live, Box<dyn Viewer>), Error> {
        let is_ignored = signal::ignored();
        let heard = [SIGWINCH, SIGTSTP, SIGCONT].into_iter().chain(ENDS);
        let mut signals =
            Signals::new(heard.filter(|&signal| !is_ignored(signal))).place("--live")?;
        for signal in REAL_TIME.filter(|&signal| !is_ignored(signal)) {
            // One that cannot be heard cannot come either.
            let _ = signals.add_signal(signal);
        }
        screen::take().place("--live")?;
        // What a panic says is for the screen that was there before.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            screen::give_back();
            say::let_go();
            hook(panic);
        }));
        let board = Arc::new(Mutex::new(Board::new(about, Arc::clone(metrics))));
        // One call is enough for all that has come before it.
        let (calls, called) = sync_channel(1);
        if io::stderr().is_terminal() {
            let calls = calls.clone();
            say::hold(move || {
                let _ = calls.try_send(Call::Draw);
            });
        }
        let painter = std::thread::spawn({
            let board = Arc::clone(&board);
            move || paint(&board, &called)
        });
        let handle = signals.handle();
        let watcher = std::thread::spawn({
            let calls = calls.clone();
            move || watch(&mut signals, &calls)
        });
        let shown = Shown { board: Arc::clone(&board), calls: calls.clone() };
        let (painter, watcher) = (Some(painter), Some(watcher));
        shown.call();
        Ok((Live { board, calls, painter, signals: handle, watcher }, Box::new(shown)))
    }

    /// Gives the screen back, and leaves the last frame on it.
    pub fn end(mut self) -> String {
        let size = screen::size();
        self.close();
        let board = lock(&self.board);
        size.map(|size| frame::last(&board, size)).unwrap_or_default()
    }

    fn close(&mut self) {
        self.signals.close();
        screen::give_back();
        say::let_go();
        // Who draws finds that the screen is not his any more, or is told that the run is over.
        let _ = self.calls.send(Call::End);
        for thread in [self.painter.take(), self.watcher.take()].into_iter().flatten() {
            let _ = thread.join();
        }
    }
}

/// On an error as well, before that is said.
impl Drop for Live {
    fn drop(&mut self) {
        if self.painter.is_some() {
            self.close();
        }
    }
}

/// Draws whenever it is called, and when by itself it finds that something is new.
fn paint(board: &Mutex<Board>, called: &Receiver<Call>) {
    let mut drawn = String::new();
    loop {
        match called.recv_timeout(LOOK) {
            // Whatever stands there now.
            Ok(Call::Draw) => drawn.clear(),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Call::End) | Err(RecvTimeoutError::Disconnected) => return,
        }
        let Some(size) = screen::size() else { continue };
        let frame = frame::drawn(&lock(board), &say::last_lines(), size);
        if frame != drawn && screen::draw(frame.as_bytes()) {
            drawn = frame;
        }
    }
}

/// Has it drawn when the window is another, and gives the screen back while we are stopped and before we are ended.
fn watch(signals: &mut Signals, calls: &SyncSender<Call>) {
    for signal in signals.forever() {
        match signal {
            SIGWINCH | SIGCONT => {}
            SIGTSTP => {
                screen::lend();
                // This is where we are stopped, and go on.
                let _ = emulate_default_handler(SIGTSTP);
                screen::reclaim();
            }
            _ => {
                screen::give_back();
                say::let_go();
                // This is where we are ended; by those that crate does not know, with the status a shell reports.
                let _ = emulate_default_handler(signal);
                std::process::exit(128 + signal);
            }
        }
        let _ = calls.try_send(Call::Draw);
    }
}

impl Shown {
    fn call(&self) {
        // One that is waiting does for this one too.
        let _ = self.calls.try_send(Call::Draw);
    }
}

impl Viewer for Shown {
    fn begins(&mut self) {
        lock(&self.board).begins();
        self.call();
    }

    fn report(&mut self, time: Stamp, report: &Report) {
        lock(&self.board).report(time, report);
        self.call();
    }

    fn records(&mut self, chunk: &Chunk) {
        lock(&self.board).records(chunk);
        self.call();
    }

    fn batch(&mut self, batch: &Batch) {
        lock(&self.board).batch(batch);
        self.call();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_command_without_its_secrets() {
        let words = ["/bin/weir", "kafka", "-X", "sasl.password=geheim", "--split", " "];
        let title = title(words.into_iter().map(OsString::from));
        assert_eq!(title, "weir kafka -X 'sasl.password=***' --split ' '");
    }

    #[test]
    fn the_first_variable_of_the_language_that_is_set_counts() {
        let of = |all: &'static [(&str, &str)]| {
            is_utf8(|name| {
                all.iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_string())
            })
        };
        assert!(of(&[("LANG", "de_DE.UTF-8")]) && of(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!of(&[]) && !of(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
    }
}
