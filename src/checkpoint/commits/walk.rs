//! Walks over frames that are believed, through as many files as they stand in.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::damaged;
use crate::checkpoint::frames::log::{Log, Written};
use crate::checkpoint::frames::{Found, Frame, Reader, Seed};
use crate::disk::Disk;
use crate::error::Error;

/// A part of a file in which every frame is believed.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The file.
    pub path: PathBuf,
    /// What its checksums begin with.
    pub seed: Seed,
    /// The bytes that the frames take.
    pub bytes: Range<u64>,
    /// The number of the first.
    pub lsn: u64,
}

impl Piece {
    /// All of a log, with its head.
    pub fn log(log: &Written) -> Piece {
        let (path, seed) = (log.path.clone(), log.seed);
        Piece { path, seed, bytes: 0..log.bytes, lsn: log.first - 1 }
    }
}

/// A walk over the frames of some pieces.
#[derive(Debug)]
pub struct Walk {
    disk: Arc<dyn Disk>,
    pieces: std::vec::IntoIter<Piece>,
    reader: Option<Reader>,
}

impl Walk {
    /// Walks over the pieces in order.
    pub fn new(disk: &Arc<dyn Disk>, pieces: Vec<Piece>) -> Walk {
        Walk { disk: disk.clone(), pieces: pieces.into_iter(), reader: None }
    }

    /// Goes on to the next frame; false at the end.
    pub fn advance(&mut self) -> Result<bool, Error> {
        loop {
            if let Some(reader) = &mut self.reader {
                match reader.advance()? {
                    Found::Frame => return Ok(true),
                    Found::Bad => {
                        let what = "a frame does not fit its checksum";
                        return Err(damaged(reader.path(), reader.offset(), what));
                    }
                    Found::End => {}
                }
            }
            let Some(piece) = self.pieces.next() else { return Ok(false) };
            let Piece { path, seed, bytes, lsn } = piece;
            self.reader = Some(Reader::new(&self.disk, &path, seed, bytes, Some(lsn)));
        }
    }

    /// Writes all frames into a log that has just been begun.
    pub fn carry(mut self, log: &mut Log) -> Result<(), Error> {
        while self.advance()? {
            let frame = self.frame();
            log.append(frame.kind, frame.payload)?;
        }
        Ok(())
    }

    /// The frame.
    pub fn frame(&self) -> Frame<'_> {
        self.reader.as_ref().expect("advance has found a frame").frame()
    }

    /// Steps back, so that the frame is found once more.
    pub fn again(&mut self) {
        self.reader.iter_mut().for_each(Reader::again);
    }

    /// Says that what the frame holds makes no sense.
    pub fn nonsense(&self) -> Error {
        let reader = self.reader.as_ref().expect("advance has found a frame");
        damaged(reader.path(), reader.offset(), "what it says makes no sense")
    }
}
