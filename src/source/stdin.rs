//! `stdin`: lines until the end of the file.
//!
//! stdin is shared with whoever started us, so it is never made non-blocking. Before each read it is
//! asked whether there is something (poll), then read once; while there is nothing, the clock waits.
//! epoll refuses regular files and `/dev/null`: those can always be read. Of a regular file a checkpoint knows
//! how far it is read (`again`).

mod again;

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read as _, Seek as _};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use clap::{ArgMatches, Command};
use mio::unix::SourceFd;
use mio::{Interest, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

use self::again::Again;
use super::files::known::Records;
use super::files::place::position::{Part, Position};
use super::{Built, Changed, Read, Settings, Source, Spec};
use crate::chunk::{CHUNK, Chunk};
use crate::clock::{FIRST_TOKEN, Stamp, Wait, Woke};
use crate::error::{Context, Error};
use crate::metrics::Extent;
use crate::origin::Origin;
use crate::process::descriptor::{self, Identity};
use crate::say::note;
use crate::wire::Framing;
use crate::wire::lines::Lines;

/// `weir stdin`.
pub const SPEC: Spec = Spec {
    name: "stdin",
    hidden: false,
    arguments: |command: Command| {
        command.about("Read lines from standard input").long_about(
            "Read lines from standard input\n\n\
             A pipe is a stream: a batch is printed at the end of each interval, and the last one at \
             the end of the input. A regular file is one batch, as with --once, unless --interval is \
             given; with --checkpoint the next start goes on in it where this one was, or with what was \
             appended to it since. `weir` followed by a flag means `weir stdin`.",
        )
    },
    build: |_: &ArgMatches, settings: &Settings| {
        Ok(Built::of_records(Stdin(Stream::stdin(settings)?)))
    },
};

/// How large the pipe before us is made, if the system allows it: fewer and larger reads.
const PIPE: usize = 1 << 20;

/// Something that is read as a stream: standard input, a pipe, a device.
pub(super) struct Stream {
    file: File,
    /// What it is called.
    name: String,
    lines: Lines,
    /// How many bytes there are, if it is a regular file; and how many of them were read.
    ahead: Option<u64>,
    done: u64,
    /// A regular file of which a checkpoint knows how far it is read.
    again: Option<Again>,
    /// True if reading never blocks, as of a regular file.
    always_ready: bool,
    ended: bool,
}

impl Stream {
    /// Standard input.
    pub fn stdin(settings: &Settings) -> Result<Stream, Error> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned().place("stdin")?);
        if !descriptor::is_open(&file) {
            let what =
                "stdin: not open; give it a pipe, a file, or < /dev/null for no lines at all";
            return Err(Error::usage(what));
        }
        let mut stream = Stream::new(file, Origin::new("stdin"), settings);
        if settings.lasts && stream.is_finite() {
            let records = Records { delimiter: settings.delimiter, max: settings.max_record };
            stream.again = Some(Again::new(&stream.file, records).place("stdin")?);
        }
        Ok(stream)
    }

    /// What is at a path, and is no regular file.
    pub fn open(path: &Path, settings: &Settings) -> Result<Stream, Error> {
        // A FIFO that nobody writes to must not keep us waiting.
        let flags = OFlags::NONBLOCK.bits() as i32;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).at(path)?;
        Ok(Stream::new(file, Origin::file(path), settings))
    }

    fn new(file: File, origin: Origin, settings: &Settings) -> Stream {
        let ahead = descriptor::regular(&file).map(|_| ahead(&file).unwrap_or(0));
        let name = origin.to_string();
        let lines = Lines::new(settings.delimiter, settings.max_record, origin);
        let always_ready = ahead.is_some();
        Stream { file, name, lines, ahead, done: 0, again: None, always_ready, ended: false }
    }

    /// True if it has an end that is known to come.
    pub fn is_finite(&self) -> bool {
        self.ahead.is_some()
    }

    /// True if it can go back to where it was when a run before has ended.
    pub fn is_replayable(&self) -> bool {
        self.again.is_some()
    }

    /// How many bytes were read, and how many there are in all, if that is known.
    pub fn extent(&self) -> Option<(u64, u64)> {
        match &self.again {
            Some(again) => Some(again.extent()),
            None => self.ahead.map(|ahead| (self.done - self.lines.held() as u64, ahead)),
        }
    }

    /// Goes on where it was when that was noted, if it is the same file.
    pub fn go_on(&mut self, position: &Position) -> Result<(), Error> {
        // What comes by a pipe has no place in a file.
        self.again.as_mut().map_or(Ok(()), |again| again.go_on(position))
    }

    /// Notes how far it is read, if that is another place than before.
    pub fn note(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        if let Some(position) = self.again.as_mut().and_then(Again::moved) {
            note(&Part::Stdin.encode(), &position.encode());
        }
    }

    /// The regular file that it is, if it is one.
    pub fn file(&self) -> Option<Identity> {
        descriptor::regular(&self.file)
    }

    /// True once nothing will come.
    pub fn has_ended(&self) -> bool {
        self.ended && !self.lines.has_whole()
    }

    /// How many bytes of a record that is not whole are held.
    pub fn unfinished(&self) -> usize {
        match &self.again {
            // What is left of it is read by the next start.
            Some(_) => 0,
            None => self.lines.unfinished(),
        }
    }

    /// Leaves it where it was read up to, for whoever shares it with us.
    pub fn leave(&self) {
        if let Some(again) = &self.again {
            again.leave();
        }
    }

    /// Has the clock wait for it.
    pub fn register(&mut self, wait: &mut dyn Wait, token: Token) -> Result<(), Error> {
        // Only a pipe has a size, and it may be at the user's limit already.
        let _ = rustix::pipe::fcntl_setpipe_size(&self.file, PIPE);
        let fd = self.file.as_raw_fd();
        match wait.registry().register(&mut SourceFd(&fd), token, Interest::READABLE) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.always_ready = true;
                Ok(())
            }
            other => other.place(&self.name),
        }
    }

    /// True if a read would not have to wait.
    pub fn is_ready(&self) -> Result<bool, Error> {
        if self.always_ready || self.lines.has_whole() {
            return Ok(true);
        }
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&now)) {
                // A signal came in between, which says nothing of what there is to be read.
                Err(Errno::INTR) => {}
                ready => {
                    return ready.map(|count| count > 0).map_err(io::Error::from).place(&self.name);
                }
            }
        }
    }

    /// Reads once; what is whole goes into the chunk.
    pub fn read_once(
        &mut self,
        chunk: &mut Chunk,
        limit: &mut usize,
        now: Stamp,
    ) -> Result<(), Error> {
        if let Some(again) = &mut self.again {
            self.ended = again.read(chunk, limit, now)?;
            return Ok(());
        }
        if self.lines.has_whole() {
            self.lines.release(chunk, limit);
            return Ok(());
        }
        let start = self.lines.begin(chunk);
        let read = self.file.read(&mut chunk.room(CHUNK)[..CHUNK]);
        if let Ok(count) = read {
            chunk.filled(count);
            self.done += count as u64;
        }
        self.lines.end(chunk, start, limit);
        match read {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => {}
                _ => return Err(error).place(&self.name),
            },
        }
        if self.ended {
            self.lines.finish(chunk);
        }
        Ok(())
    }
}

/// How many bytes stand behind the place at which a file is read.
fn ahead(mut file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len().saturating_sub(file.stream_position()?))
}

struct Stdin(Stream);

impl Stdin {
    /// Waits until there is something to be read; false if that has not come.
    fn waits(&self, wait: &mut dyn Wait, until: Stamp) -> Result<bool, Error> {
        Ok(wait.until(until).place("stdin")? == Woke::Ready && self.0.is_ready()?)
    }
}

impl Source for Stdin {
    fn open(&mut self, wait: &mut dyn Wait) -> Result<(), Error> {
        if self.0.file.is_terminal() {
            note("reading lines from the terminal; Ctrl-D at the beginning of a line ends them");
        }
        self.0.register(wait, Token(FIRST_TOKEN))
    }

    fn files(&self) -> Vec<Identity> {
        self.0.file().into_iter().collect()
    }

    fn is_finite(&self) -> bool {
        self.0.is_finite()
    }

    fn has_positions_at_times(&self) -> bool {
        true
    }

    fn read(
        &mut self,
        chunk: &mut Chunk,
        mut limit: usize,
        wait: &mut dyn Wait,
        until: Stamp,
    ) -> Result<Read, Error> {
        if self.0.has_ended() {
            return Ok(Read::End);
        }
        if self.0.is_ready()? || self.waits(wait, until)? {
            self.0.read_once(chunk, &mut limit, wait.now())?;
        }
        // A line without an end, as in /dev/zero, must not keep batches and signals waiting.
        Ok(if chunk.has_come() { Read::Rows } else { Read::Idle })
    }

    fn waiting(&self) -> String {
        "lines on stdin".to_string()
    }

    fn unfinished(&self) -> usize {
        self.0.unfinished()
    }

    fn extent(&self) -> Option<Extent> {
        self.0.extent().map(|(done, total)| Extent::bytes(done, total))
    }

    fn is_replayable(&self) -> bool {
        self.0.is_replayable()
    }

    fn moved(&mut self, note: &mut dyn FnMut(&[u8], &[u8])) {
        self.0.note(note);
    }

    fn resume(&mut self, positions: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Changed>, Error> {
        for (part, position) in positions {
            match (Part::decode(&part), Position::decode(&position)) {
                (Some(Part::Stdin), Some(position)) => self.0.go_on(&position)?,
                _ => {
                    let part = String::from_utf8_lossy(&part).into_owned();
                    return Err(Error::Refused(format!(
                        "--checkpoint: no position of stdin: {part}"
                    )));
                }
            }
        }
        Ok(Vec::new())
    }

    fn close(&mut self, _wait: &mut dyn Wait) {
        self.0.leave();
    }
}
