//! A file that is being read: its bytes on their way into chunks, and what is remembered of them.
//!
//! ```text
//! file     ....................|........
//! read     whole records, part of one  |  what may still come
//! place                        ^          up to here all is in chunks: what a checkpoint has
//! ```
//!
//! Before more is read of a file that others may write to, it is asked whether it still has what was read of it
//! last: one that was cut, or overwritten in place, is another one.

use std::io;

use super::place::print::{Prints, Trail};
use super::unpack::Unpacking;
use crate::chunk::{CHUNK, Chunk};
use crate::disk::tree::{Readable, Seen};
use crate::wire::Framing;
use crate::wire::lines::{Lines, Place};

/// How much is read at once where a limit allows a part of it only.
const LITTLE: usize = 16 << 10;

/// What has come of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// There may be more.
    Some,
    /// There is no more at the moment.
    End,
    /// It is not what it was: it was cut or overwritten.
    Other,
}

/// Where the bytes of a file come from.
#[derive(Debug)]
enum Content {
    /// As they are.
    Plain(Box<dyn Readable>),
    /// Unpacked.
    Packed(Box<Unpacking>),
}

/// A file that is open, and how far it is read.
#[derive(Debug)]
pub struct Reading {
    content: Content,
    lines: Lines,
    trail: Trail,
}

impl Reading {
    /// Reads a file from a place on; `lines` frames a stream that begins.
    pub fn new(file: Box<dyn Readable>, lines: Lines, place: Place) -> io::Result<Reading> {
        let trail = Trail::found(&*file, place.offset)?;
        Ok(Reading { content: Content::Plain(file), lines: lines.from(place), trail })
    }

    /// Reads what is packed in a file from a place on.
    pub fn packed(mut packed: Unpacking, lines: Lines, place: Place) -> io::Result<Reading> {
        let trail = packed.skip(place.offset)?;
        let place = Place { offset: trail.at(), ..place };
        Ok(Reading { content: Content::Packed(Box::new(packed)), lines: lines.from(place), trail })
    }

    /// What the file is now.
    pub fn seen(&self) -> io::Result<Seen> {
        self.file().seen()
    }

    fn file(&self) -> &dyn Readable {
        match &self.content {
            Content::Plain(file) => &**file,
            Content::Packed(packed) => packed.file(),
        }
    }

    /// How many bytes of it were read.
    pub fn at(&self) -> u64 {
        self.trail.at()
    }

    /// How many bytes of the file itself that has taken, which may be packed.
    pub fn taken(&self) -> u64 {
        match &self.content {
            Content::Plain(_) => self.trail.at(),
            Content::Packed(packed) => packed.taken(),
        }
    }

    /// Up to where it is in chunks, and what is known of it.
    pub fn place(&self) -> (Place, Prints) {
        (self.lines.place(), self.trail.prints())
    }

    /// How many bytes of a record that is not whole are held.
    pub fn unfinished(&self) -> usize {
        self.lines.unfinished()
    }

    /// True if it still has what was read of it, as far as that is known. One that is packed is not written in
    /// place.
    pub fn is_itself(&self) -> io::Result<bool> {
        match &self.content {
            Content::Plain(file) => self.trail.is_of(&**file),
            Content::Packed(_) => Ok(true),
        }
    }

    /// Reads once; what is whole goes into the chunk. With `guarded`, it may have been cut or overwritten.
    pub fn read(&mut self, chunk: &mut Chunk, limit: &mut usize, guarded: bool) -> io::Result<Got> {
        if let (true, Content::Plain(file)) = (guarded, &self.content)
            && !self.trail.goes_on(&**file)?
        {
            return Ok(Got::Other);
        }
        let start = self.lines.begin(chunk);
        let size = match *limit {
            usize::MAX => CHUNK.saturating_sub(chunk.len()).max(LITTLE),
            _ => LITTLE,
        };
        let came = chunk.len();
        let read = match &mut self.content {
            Content::Plain(file) => file.read_at(self.trail.at(), &mut chunk.room(size)[..size]),
            Content::Packed(packed) => packed.read(&mut chunk.room(size)[..size]),
        };
        if let Ok(count) = read {
            chunk.filled(count);
            self.keep_within(chunk, came, *limit);
            let bytes = &chunk.bytes()[came..];
            let whole = memchr::memrchr(self.lines.delimiter(), bytes).map(|last| last + 1);
            self.trail.read(bytes, whole);
        }
        self.lines.end(chunk, start, limit);
        if self.lines.place().skips {
            self.trail.finish();
        }
        Ok(if read? == 0 { Got::End } else { Got::Some })
    }

    /// Takes back what is behind the last record that a limit allows: it is read again.
    fn keep_within(&mut self, chunk: &mut Chunk, came: usize, limit: usize) {
        if limit == usize::MAX {
            return;
        }
        let bytes = &chunk.bytes()[came..];
        let last = memchr::memchr_iter(self.lines.delimiter(), bytes).nth(limit.saturating_sub(1));
        let Some(last) = last else { return };
        if let Content::Packed(packed) = &mut self.content {
            packed.unread(&bytes[last + 1..]);
        }
        chunk.truncate(came + last + 1);
    }

    /// Ends it: what is left, if anything, is a record.
    pub fn finish(&mut self, chunk: &mut Chunk) {
        self.lines.finish(chunk);
        self.trail.finish();
    }
}
