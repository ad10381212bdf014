//! Commits: what each batch has decided, how they are folded, and how they are found again.
//!
//! ```text
//! commit    what one append says: a batch's Time, positions, changed cells, promises
//! walk      over the frames that are believed, by belief
//! snapshot  what many commits come to, made by compact of a merge
//! recover   which files there are, and what the last commit is
//! ```

pub(super) mod belief;
pub mod commit;
pub(super) mod compact;
pub(super) mod merge;
pub(super) mod recover;
pub(super) mod snapshot;
pub(super) mod walk;
