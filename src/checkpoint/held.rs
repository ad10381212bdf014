//! What a checkpoint holds, as it is read at a start: cells, panes, and positions in the input.
//!
//! ```text
//! snap-4 | shards | panes |   log-5 | changes, pane, commit | ...
//!            '--- keys of state, keys of positions ---'          what is said last of a key holds
//! ```
//!
//! Recovery merges nothing: the snapshot's entries come first and then the logs' in their order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::Checkpoint;
use super::commits::commit::{Entries, Entry, decode_pane};
use super::commits::snapshot::{Snapshot, shard_of_part};
use super::commits::walk::{Piece, Walk};
use super::frames::Kind;
use super::frames::codec::Take;
use super::frames::log::{Written, take_version};
use super::keyspace::{Keys, Keyspace};
use crate::clock::Stamp;
use crate::disk::Disk;
use crate::error::Error;

/// A key and its cell; `None`: it has none any more.
pub type Noted<'a> = (&'a [u8], Option<&'a [u8]>);

/// Parts of the input by name, each with its last position.
pub type Positions = Vec<(Vec<u8>, Vec<u8>)>;

impl Checkpoint {
    /// Gives all that was said of keys to `visit`, some at a time: what is said last holds.
    pub fn state(&self, visit: impl FnMut(&[Noted<'_>]) -> Result<(), Error>) -> Result<(), Error> {
        self.said(Keyspace::State, u64::MAX, visit)
    }

    /// The same, without what the last commit has changed: called at a start, while it is not done.
    pub fn state_before(
        &self,
        visit: impl FnMut(&[Noted<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.said(Keyspace::State, self.last_first, visit)
    }

    /// True if positions in the input are kept: a source that has some need not be logged.
    pub fn keeps_positions(&self) -> bool {
        self.keys == Keys::Spaced
    }

    /// The last position of each part of the input, in the order of their names. Those of the last
    /// commit are among them, whether or not it is done: it is decided.
    pub fn positions(&self) -> Result<Positions, Error> {
        if self.keys == Keys::Plain {
            return Ok(Positions::new());
        }
        let mut positions = BTreeMap::new();
        self.said(Keyspace::Position, u64::MAX, |all| {
            for (part, position) in all {
                match position {
                    Some(position) => drop(positions.insert(part.to_vec(), position.to_vec())),
                    None => drop(positions.remove(*part)),
                }
            }
            Ok(())
        })?;
        Ok(positions.into_iter().collect())
    }

    /// All that was said of keys of `space` before frame `upto` of the logs.
    fn said(
        &self,
        space: Keyspace,
        upto: u64,
        mut visit: impl FnMut(&[Noted<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let snapshot = self.snapshot.as_ref().map(Snapshot::shards);
        let mut walk = Walk::new(&self.disk, snapshot.into_iter().collect());
        while walk.advance()? {
            let frame = walk.frame();
            let part = (frame.kind == Kind::Changes).then(|| shard_of_part(frame.payload));
            let all = part.flatten().and_then(|(_, entries)| held(entries, self.keys, space));
            visit(&all.ok_or_else(|| walk.nonsense())?)?;
        }
        self.changed(space, 0..upto, visit)
    }

    /// Gives what the last commit has changed to `visit`: called at a start, while it is not done.
    pub fn last_changes(
        &self,
        visit: impl FnMut(&[Noted<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.changed(Keyspace::State, self.last_first..u64::MAX, visit)
    }

    /// What the frames with these numbers say of keys of `space`.
    fn changed(
        &self,
        space: Keyspace,
        frames: Range<u64>,
        mut visit: impl FnMut(&[Noted<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut walk = Walk::new(&self.disk, self.logs().iter().map(Piece::log).collect());
        while walk.advance()? {
            let frame = walk.frame();
            if frame.kind == Kind::Changes && frames.contains(&frame.lsn) {
                let all = take_version(frame.payload);
                let all = all.and_then(|entries| held(entries, self.keys, space));
                visit(&all.ok_or_else(|| walk.nonsense())?)?;
            }
        }
        Ok(())
    }

    /// Gives the pane of the last commit to `visit`, part by part: called at a start.
    pub fn last_pane(
        &self,
        mut visit: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut walk = Walk::new(&self.disk, self.logs().iter().map(Piece::log).collect());
        while walk.advance()? {
            let frame = walk.frame();
            if frame.kind == Kind::Pane && frame.lsn >= self.last_first {
                let (.., bytes) = decode_pane(frame.payload).ok_or_else(|| walk.nonsense())?;
                visit(bytes)?;
            }
        }
        Ok(())
    }

    /// Gives the panes of Time `from` and later to `visit`, in the order of their commits.
    pub fn panes(
        &self,
        from: Stamp,
        visit: impl FnMut(Stamp, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        panes(&self.disk, pane_pieces(self.snapshot.as_ref(), &self.logs()), from, visit)
    }
}

/// The entries of a part whose keys are of `space`; `None` if they are none.
fn held(entries: Take<'_>, keys: Keys, space: Keyspace) -> Option<Vec<Noted<'_>>> {
    let mut all = Vec::new();
    for entry in Entries(entries) {
        let Entry { key, cell, .. } = entry?;
        let (of, key) = keys.split(key)?;
        if of == space {
            all.push((key, cell));
        }
    }
    Some(all)
}

/// Where panes stand, in the order of their commits.
pub fn pane_pieces(snapshot: Option<&Snapshot>, logs: &[Written]) -> Vec<Piece> {
    snapshot.map(Snapshot::panes).into_iter().chain(logs.iter().map(Piece::log)).collect()
}

/// Gives the panes in `pieces` of Time `from` and later to `visit`, whole.
pub fn panes(
    disk: &Arc<dyn Disk>,
    pieces: Vec<Piece>,
    from: Stamp,
    mut visit: impl FnMut(Stamp, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut walk = Walk::new(disk, pieces);
    let mut open: Option<(Stamp, Vec<u8>)> = None;
    while walk.advance()? {
        let frame = walk.frame();
        if frame.kind != Kind::Pane {
            continue;
        }
        let (time, part, bytes) = decode_pane(frame.payload).ok_or_else(|| walk.nonsense())?;
        if part == 0 {
            open.take().map_or(Ok(()), |(time, pane)| visit(time, &pane))?;
            open = (time >= from).then(|| (time, Vec::new()));
        }
        if let Some((_, pane)) = &mut open {
            pane.extend_from_slice(bytes);
        }
    }
    open.map_or(Ok(()), |(time, pane)| visit(time, &pane))
}
