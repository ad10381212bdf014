//! Mistakes that outputs and sources could make in a simulation: they themselves make none.

use std::cell::Cell;

/// A way to get it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "kafka"), allow(dead_code, reason = "some are made by topics alone"))]
pub enum Mistake {
    /// The directory of `--output-dir` is not synced.
    FolderUnsynced,
    /// A file in it is not synced.
    FileUnsynced,
    /// A batch gets its name in it before it is decided.
    NamedEarly,
    /// The command of `--exec` is run before the batch is decided.
    RunEarly,
    /// It is not run again for a batch that is owed to it.
    RunOnce,
    /// The transaction of a topic is committed before the batch is decided.
    SentEarly,
    /// Whoever opens a topic again is told no mark.
    MarkForgotten,
    /// The mark is set before the transaction is committed.
    MarkApart,
    /// The position of a part of the input is noted before the chunk that ends there is handed over.
    NotedEarly,
    /// Who has sent something is answered before it is safe.
    AnsweredEarly,
    /// The position of a partition is noted one too high.
    NotedBeyond,
    /// A partition that is added is read from its end.
    AddedAtItsEnd,
    /// Nobody looks whether a partition is the one that it was.
    Unrecognized,
    /// A group is told of records before they are out.
    ToldEarly,
}

thread_local! {
    /// The mistake that this thread's test makes.
    pub static MADE: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// True if the test makes this mistake.
pub fn made(mistake: Mistake) -> bool {
    MADE.get() == Some(mistake)
}
