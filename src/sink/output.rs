//! What takes batches: each output takes every batch whole.
//!
//! Without a checkpoint a batch is begun, written in any number of pieces, and ended. With one it is
//! complete before anybody sees it: it is staged, and when it has been decided on it is published; after
//! a crash it is redeemed. What comes to `write` is whole rows. An output that needs the rows apart takes
//! them by `send`, and leaves the text to others. Nothing here knows of formats, or of what a checkpoint is.

use super::batch::{Batch, OutputId, Promise};
use crate::clock::Stamp;
use crate::error::Error;

/// Takes batches, one after the other.
pub trait Output: Send {
    /// A batch begins; `header` is what a stream or a file of such batches begins with.
    fn begin(&mut self, time: Stamp, header: &[u8]) -> Result<(), Error>;

    /// Some text of the batch: whole rows.
    fn write(&mut self, text: &[u8]) -> Result<(), Error>;

    /// Some rows of the batch as messages, as [`wire::message`](crate::wire::message) has them: whole ones.
    fn send(&mut self, _messages: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    /// True if it takes messages, and no text.
    fn takes_messages(&self) -> bool {
        false
    }

    /// The batch is complete; it has had so many rows.
    fn end(&mut self, rows: u64) -> Result<(), Error>;

    /// Opens anew what others may have moved away meanwhile; the rest of an open batch goes there.
    fn reopen(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// The Times of which it has a batch already, where that can be told and must not come again.
    fn times(&self) -> Result<Vec<Stamp>, Error> {
        Ok(Vec::new())
    }
}

/// Takes batches that are complete, under a checkpoint, so that none is lost or comes twice where that
/// can be had.
pub trait Staged: Output {
    /// Which output it is.
    fn id(&self) -> OutputId;

    /// Makes ready what can be before the batch is decided on, and says what publishing will add.
    /// Nothing is to be seen yet.
    fn stage(&mut self, batch: &Batch) -> Result<Promise, Error>;

    /// Hands out the batch that was staged last; it is as durable as it can be when this returns.
    fn publish(&mut self, batch: &Batch) -> Result<(), Error>;

    /// As `publish`, after a restart, for a batch that may be out wholly, partly or not at all. It is
    /// rendered again, mostly to the same bytes.
    fn redeem(&mut self, batch: &Batch, promise: &Promise) -> Result<(), Error>;
}
