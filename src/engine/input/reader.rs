//! Who reads what we print: when nobody does, it is no use to go on reading ourselves.

use crate::sink::stdout::Stdout;

/// Who reads our stdout, if it is in use.
pub struct Reader {
    /// The stream, to be asked.
    pub watched: Option<Stdout>,
    /// True if the open batch is closed when the reader has gone: other outputs get it, or the next
    /// reader does.
    pub closes_batch: bool,
}

impl Reader {
    /// True if nobody reads it any more.
    pub fn has_gone(&self) -> bool {
        self.watched.as_ref().is_some_and(Stdout::is_closed)
    }
}
