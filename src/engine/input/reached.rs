//! How far the input has been read: what a commit says of it.
//!
//! ```text
//! close    marks, and the parts that have moved     every tick of it says so, the first one notes them
//! pass     the same marks, and nothing              what has moved meanwhile waits for the next close
//! leave    the batch is open                        what can be read again is, from the last positions
//! ```
//!
//! What has moved is taken from the source only with a batch that is closed, because that is recorded, and
//! because all that was read until then is folded.

use crate::checkpoint::Positions;
use crate::checkpoint::commits::commit::Commit;
use crate::chunk::Mark;
use crate::clock::Stamp;

/// How far the input has been read.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// The mark of the last chunk.
    pub mark: Mark,
    /// The last frame of the log of the input that is in a chunk.
    pub wal: u64,
    /// How many chunks there were.
    pub chunks: u64,
    /// What the clock read then.
    pub clock: Stamp,
    /// How often a part of the input was noted to have moved, in this run.
    pub moved: u64,
    /// The parts that have moved since others were handed on, and their positions.
    pub moves: Positions,
}

impl Reached {
    /// Where a commit's input ends.
    pub fn of(commit: &Commit) -> Reached {
        let (mark, wal, chunks) = (Mark(commit.wal), commit.wal, commit.chunks);
        let clock = commit.clock.unwrap_or(commit.time);
        Reached { mark, wal, chunks, clock, ..Reached::default() }
    }

    /// True if there is no input between this and `before`. That something has moved is input too.
    pub fn is_same(&self, before: &Reached) -> bool {
        let input = |at: &Reached| (at.mark, at.wal, at.chunks, at.moved);
        input(self) == input(before)
    }

    /// The same, without the parts that have moved.
    pub fn without_moves(&self) -> Reached {
        Reached { moves: Positions::new(), ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_moved_is_input_once_and_without_records_too() {
        let before = Reached { mark: Mark(7), chunks: 3, ..Reached::default() };
        let moves = vec![(b"a.log".to_vec(), b"512".to_vec())];
        let moved = Reached { moved: 1, moves, clock: Stamp(9), ..before.clone() };
        assert!(!moved.is_same(&before));
        // The second tick of the same close says the same.
        assert!(moved.is_same(&moved.without_moves()));
        assert!(before.is_same(&Reached { clock: Stamp(9), ..before.clone() }));
    }
}
