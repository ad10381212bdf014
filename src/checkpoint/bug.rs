//! Bugs that tests plant, to prove that they would be found; in the program itself there are none.

/// A way to get it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A name is used before its directory has been synced.
    NoDirectorySync,
    /// A file gets its name before its bytes are on the disk.
    NameBeforeBytes,
    /// Logs are removed before the snapshot that replaces them is on the disk.
    RemoveBeforeDurable,
    /// Whatever is bad is taken for a torn tail.
    CutRegardless,
    /// A record is acknowledged that was not synced.
    AckBeforeSync,
    /// What stands in the system's cache is believed after a restart, and the old log goes on.
    BelieveTheCache,
    /// A sync that failed is tried again.
    SyncAgain,
    /// A snapshot forgets that its last record is not done.
    SnapshotMeansDone,
    /// Input is acknowledged that was not synced.
    WalAckBeforeSync,
    /// A segment is removed that no record covers.
    ReleaseEarly,
    /// A segment is written over while it may still have its name on the disk.
    OverwriteEarly,
    /// Input that nothing proves to be on the disk is read after a restart, and not written again.
    BelieveTheWal,
    /// The engine hands out a batch before its record is synced.
    PublishBeforeSync,
    /// The engine releases input before the record that covers it is made.
    ReleaseBeforeRecord,
    /// After a start the engine gives a batch the Time of one that was cut short.
    TimeAgain,
    /// The engine does not hand out what is owed.
    SkipOwed,
    /// What was reported before a start is taken for changed since.
    KeepTouched,
    /// That a key was forgotten is not recorded.
    NoTombstones,
    /// Of a pane that has several parts only the first is recorded.
    LosePart,
    /// Of a text that has several pieces only the first is recorded.
    LosePiece,
    /// A batch that is owed is handed out without what each begins with.
    NoHeader,
    /// A batch that is owed is said to have a row more.
    WrongRows,
    /// A compaction never comes to its end in a life that is short, and the next begins it again.
    RestartForever,
    /// What a process has left half done of a compaction stays there.
    KeepTheCut,
    /// A compaction that a process has left half done counts as done: its logs are removed.
    TrustTheCut,
    /// A compaction forgets how far the input has been read.
    ForgetPositions,
    /// What has moved is not recorded with a batch that hands out nothing.
    LoseMoves,
}

#[cfg(test)]
thread_local! {
    /// The bug that this thread's test has planted.
    pub static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// True if the test has planted this bug.
#[inline]
pub fn planted(bug: Bug) -> bool {
    #[cfg(test)]
    return PLANTED.get() == Some(bug);
    #[cfg(not(test))]
    {
        let _ = bug;
        false
    }
}
