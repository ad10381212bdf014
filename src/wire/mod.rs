//! Framing and decoding of what comes over a wire: pure, without a socket or a clock.

pub mod datagrams;
pub mod flume;
pub mod lines;
pub mod message;

use crate::chunk::{Chunk, Mark};
use crate::origin::Origin;

/// Makes records of one stream of bytes, which comes in pieces, and keeps what is not whole yet.
///
/// What is read goes into the chunk itself, behind its bytes, so that records need not be copied:
/// [`Framing::begin`], then the read, then [`Framing::end`].
///
/// How records stand there is the framing's matter: uncut, each with what ends it, as
/// [`Chunk::set_uncut`] says, or as rows, where they may hold any byte. All framings that fill a chunk
/// are alike in that.
pub trait Framing: Send {
    /// How many bytes of the unfinished record are held here.
    fn unfinished(&self) -> usize;

    /// True if whole records are at hand: they go into the next chunk before anything is read.
    fn has_whole(&self) -> bool;

    /// Moves whole records that a limit has held back into the chunk.
    ///
    /// `limit` says how many may go, and goes down by them; `usize::MAX` is no limit and stays.
    fn release(&mut self, chunk: &mut Chunk, limit: &mut usize);

    /// Prepares the chunk for a read from this stream; returns where its bytes begin.
    fn begin(&mut self, chunk: &mut Chunk) -> usize;

    /// Leaves whole records in the chunk, as `limit` allows, and takes the rest of what was read.
    ///
    /// `start` is what [`Framing::begin`] returned. Where they come from is said in
    /// [`Chunk::origins`], as it is by every call that leaves records there.
    fn end(&mut self, chunk: &mut Chunk, start: usize, limit: &mut usize);

    /// Ends the stream: what is left, if anything, is a record.
    fn finish(&mut self, chunk: &mut Chunk);

    /// Gives up the unfinished record; what still comes of it is skipped.
    fn give_up(&mut self, chunk: &mut Chunk, reason: &str);

    /// Whose stream it is.
    fn origin(&self) -> &Origin;

    /// How many records there are in bytes that it has left in a chunk.
    fn count(&self, records: &[u8]) -> u64;

    /// The mark that the next answer to the peer waits for, if it is owed one; [`Mark::default`] for nothing.
    fn owes(&self) -> Option<Mark> {
        None
    }

    /// Appends the answers that are due now that all records up to `safe` are safe.
    fn answer(&mut self, _safe: Mark, _out: &mut Vec<u8>) {}

    /// From now on, or no longer, refuses what comes and is waited for; false where nobody waits for an
    /// answer, so that there is nothing to refuse.
    fn refuse(&mut self, _refuses: bool) -> bool {
        false
    }

    /// Why the stream cannot go on, if so: what came makes no sense, and nothing behind it is looked at.
    fn broken(&mut self) -> Option<String> {
        None
    }
}
