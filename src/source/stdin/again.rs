//! A regular file on stdin of which a checkpoint knows how far it is read.
//!
//! ```text
//! noted before, the same file     it is read on from there: what a run that was killed had not recorded, or
//!                                 what was appended since
//!              another file       it is read from its beginning, which is said
//! not noted                       it is read from where whoever started us has left it
//! ```
//!
//! What makes it the same is what makes a file of `files` the same: its inode, and what was read of it
//! (`files/place`). It is read by place, so what others who share stdin do to it meanwhile does not matter; at
//! the end of the run it is left where it was read up to.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::time::Duration;

use crate::chunk::Chunk;
use crate::clock::Stamp;
use crate::disk::tree::{Readable, Seen};
use crate::error::{Context, Error};
use crate::origin::Origin;
use crate::process::descriptor;
use crate::say::{note, say};
use crate::source::files::known::Records;
use crate::source::files::place::position::{End, Position};
use crate::source::files::reading::{Got, Reading};
use crate::units::counted;
use crate::wire::lines::{Lines, Place};

/// Who has written to a file less than so long ago may be about to end its last line.
const YOUNG: Duration = Duration::from_secs(2);

/// The file, and how far it is read.
pub struct Again {
    file: File,
    records: Records,
    reading: Reading,
    /// Where this run has begun.
    begun: u64,
    seen: Seen,
    end: End,
    has_moved: bool,
}

impl Again {
    /// Reads a file from where it stands.
    pub fn new(file: &File, records: Records) -> io::Result<Again> {
        let mut file = file.try_clone()?;
        let (begun, seen) = (file.stream_position()?, file.seen()?);
        let reading = begin(&file, records, Place { offset: begun, skips: false })?;
        Ok(Again { file, records, reading, begun, seen, end: End::Open, has_moved: true })
    }

    /// Goes on at a position, if it is one of this file.
    pub fn go_on(&mut self, position: &Position) -> Result<(), Error> {
        let Position { place, end, prints, .. } = position;
        // Device numbers change when a machine is started.
        let is_same = self.seen.identity.inode == position.identity.inode
            && prints.are_of(&self.file, place.offset).place("stdin")?;
        if !is_same {
            tell_other(position);
            return Ok(());
        }
        self.reading = begin(&self.file, self.records, *place).place("stdin")?;
        (self.begun, self.end, self.has_moved) = (place.offset, *end, false);
        match self.seen.len.saturating_sub(place.offset) {
            0 if *end == End::Read => {
                note(&format!(
                    "stdin was read to its end, byte {}; nothing has come since",
                    place.offset
                ));
            }
            0 => {}
            more => {
                let more = counted(more, "byte");
                note(&format!("stdin is read on behind byte {}: {more}", place.offset));
            }
        }
        Ok(())
    }

    /// Reads once; what is whole goes into the chunk. True at the end of the file.
    pub fn read(
        &mut self,
        chunk: &mut Chunk,
        limit: &mut usize,
        now: Stamp,
    ) -> Result<bool, Error> {
        let before = self.reading.at();
        let got = self.reading.read(chunk, limit, false).place("stdin")?;
        self.has_moved |= self.reading.at() > before;
        if got != Got::End {
            return Ok(false);
        }
        self.seen = self.file.seen().place("stdin")?;
        let is_left = self.reading.unfinished() > 0 && is_young(self.seen, now);
        if is_left {
            note(
                "stdin: its last line has no newline, and the file was written to less than 2 s ago: \
                 the next start reads that line",
            );
        } else {
            self.reading.finish(chunk);
        }
        let end = if is_left { End::Open } else { End::Read };
        self.has_moved |= self.end != end;
        self.end = end;
        Ok(true)
    }

    /// How many bytes of what this run finds were read, and how many there are.
    pub fn extent(&self) -> (u64, u64) {
        let span = |to: u64| to.saturating_sub(self.begun);
        (span(self.reading.at()), span(self.seen.len))
    }

    /// The position, if it is another one than before.
    pub fn moved(&mut self) -> Option<Position> {
        if !std::mem::take(&mut self.has_moved) {
            return None;
        }
        let (place, prints) = self.reading.place();
        let (identity, len, end) = (self.seen.identity, self.seen.len, self.end);
        let path = descriptor::path(&self.file).unwrap_or_default();
        Some(Position { place, end, identity, len, prints, path })
    }

    /// Leaves the file where it was read up to, for whoever shares it with us.
    pub fn leave(&self) {
        let (place, _) = self.reading.place();
        // Where that cannot be, nobody can be told.
        let _ = (&self.file).seek(SeekFrom::Start(place.offset));
    }
}

fn begin(file: &File, records: Records, place: Place) -> io::Result<Reading> {
    let lines = Lines::new(records.delimiter, records.max, Origin::new("stdin"));
    Reading::new(Box::new(file.try_clone()?), lines, place)
}

/// Says that the file is another one; that something was left of the old one is a loss.
fn tell_other(position: &Position) {
    match position.end {
        End::Open => {
            let (path, at) = (position.path.display(), position.place.offset);
            say(&format!(
                "stdin is another file than before, and read from its beginning; the one before, {path}, \
                 was read up to byte {at}, and what came after is not read"
            ));
        }
        _ => note(
            "stdin is another file than before, which was read to its end; it is read from its beginning",
        ),
    }
}

fn is_young(seen: Seen, now: Stamp) -> bool {
    let modified = Stamp((seen.modified / 1_000_000) as i64);
    now.since(modified) < YOUNG
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use crate::disk::scratch::Scratch;

    const LATER: Stamp = Stamp(i64::MAX);
    const RECORDS: Records = Records { delimiter: b'\n', max: 100 };

    struct Input {
        scratch: Scratch,
    }

    impl Input {
        fn new(text: &str) -> Input {
            let input = Input { scratch: Scratch::new() };
            std::fs::write(input.scratch.path("in"), text).unwrap();
            input
        }

        fn append(&self, text: &str) {
            let mut file = File::options().append(true).open(self.scratch.path("in")).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        /// What a run reads that goes on at a position, and the position then.
        fn run(&self, at: Option<&Position>, now: Stamp) -> (String, Position) {
            let file = File::open(self.scratch.path("in")).unwrap();
            let mut again = Again::new(&file, RECORDS).unwrap();
            let first = again.moved().unwrap();
            at.map_or(Ok(()), |at| again.go_on(at)).unwrap();
            let mut chunk = Chunk::default();
            while !again.read(&mut chunk, &mut { usize::MAX }, now).unwrap() {}
            let read = String::from_utf8(chunk.bytes().to_vec()).unwrap();
            let position = again.moved().or(at.cloned()).unwrap_or(first);
            (read, Position::decode(&position.encode()).unwrap())
        }
    }

    #[test]
    fn a_file_is_read_once_and_then_what_was_appended() {
        let input = Input::new("a\nb\n");
        let (read, at) = input.run(None, LATER);
        assert_eq!((read.as_str(), at.place.offset, at.end), ("a\nb\n", 4, End::Read));
        assert_eq!(input.run(Some(&at), LATER), (String::new(), at.clone()));
        input.append("c\n");
        let (read, at) = input.run(Some(&at), LATER);
        assert_eq!((read.as_str(), at.place.offset), ("c\n", 6));
    }

    #[test]
    fn one_that_was_overwritten_or_cut_is_another_one() {
        for text in ["x\ny\nz\n", "a\n", ""] {
            let input = Input::new("a\nb\n");
            let (_, at) = input.run(None, LATER);
            std::fs::write(input.scratch.path("in"), text).unwrap();
            assert_eq!(input.run(Some(&at), LATER).0, text);
        }
    }

    #[test]
    fn a_line_that_somebody_may_be_about_to_end_is_left_to_the_next_run() {
        let input = Input::new("a\nhal");
        let (read, at) = input.run(None, Stamp(0));
        assert_eq!((read.as_str(), at.place.offset, at.end), ("a\n", 2, End::Open));
        input.append("f\n");
        assert_eq!(input.run(Some(&at), LATER).0, "half\n");
        assert_eq!(input.run(None, LATER).0, "a\nhalf\n");
    }

    #[test]
    fn it_is_read_from_where_it_stands_and_left_where_that_has_ended() {
        let input = Input::new("head\na\nb\n");
        let mut file = File::open(input.scratch.path("in")).unwrap();
        file.seek(SeekFrom::Start(5)).unwrap();
        let mut again = Again::new(&file, RECORDS).unwrap();
        assert_eq!(again.extent(), (0, 4));
        let mut chunk = Chunk::default();
        again.read(&mut chunk, &mut 1, LATER).unwrap();
        assert_eq!((chunk.bytes(), again.extent()), (&b"a\n"[..], (2, 4)));
        again.leave();
        assert_eq!(file.stream_position().unwrap(), 7);
    }
}
