//! State that outlives its process: what is written of each key, and how it is had again.
//!
//! ```text
//! running   key ──> when it was seen last: Time (8 bytes), record of that Time (4) | cell
//! window    key ──> nothing, with --keep-zeros: it was there; its records are in the panes
//! ```
//!
//! The bytes are absolute: what was said of a key before does not matter. Numbers are little endian.

use super::recency::Seen;
use super::{Running, State, Store, Touched};
use crate::cell::Cell;
use crate::clock::Stamp;
use crate::table::keys::{Key, Seeds};

/// So many keys are on their way into the cache while the first of them is put into its place.
const AHEAD: usize = 32;

impl<C: Cell> State<C> {
    /// Appends what is held of a key that was seen in the batch of `time`; false if nothing is.
    pub fn save(&self, key: Key<'_>, time: Stamp, out: &mut Vec<u8>) -> bool {
        let Store::Running(running) = &self.store else { return false };
        let Some(slot) = self.slots.get(key) else { return false };
        let cell = &running.cells[slot as usize];
        let first = Seen { time: time.0, nth: 0 };
        let seen = running.recency.as_ref().map_or(first, |recency| recency.seen(slot));
        out.extend_from_slice(&seen.time.to_le_bytes());
        out.extend_from_slice(&seen.nth.to_le_bytes());
        cell.save(out);
        cell.records() > 0
    }

    /// True if a key was ever here, and not forgotten since.
    pub fn knows(&self, key: Key<'_>) -> bool {
        self.slots.get(key).is_some()
    }

    /// True if it is a window, which is made again of its panes.
    pub fn is_window(&self) -> bool {
        !matches!(self.store, Store::Running(_))
    }

    /// True if keys that have left are kept, so that which there were must be known later too.
    pub fn keeps_zeros(&self) -> bool {
        self.keep_zeros
    }

    /// The keys that were forgotten since the last call and have not come again.
    pub fn forgotten(&mut self, seeds: &Seeds) -> Vec<Box<[u8]>> {
        let mut keys = self.forgotten.as_mut().map(std::mem::take).unwrap_or_default();
        keys.retain(|key| self.get(Key::copied(key, seeds)).is_none());
        keys
    }

    /// Sets keys to what [`State::save`] wrote of them, or to nothing; `None` if it wrote no such bytes.
    ///
    /// With `fresh` they have changed since the last report.
    pub fn put(
        &mut self,
        noted: &[(&[u8], Option<&[u8]>)],
        seeds: &Seeds,
        fresh: bool,
    ) -> Option<()> {
        let mut keys = Vec::with_capacity(AHEAD);
        for some in noted.chunks(AHEAD) {
            keys.clear();
            keys.extend(some.iter().map(|(key, _)| Key::copied(key, seeds)));
            self.slots.touch(&keys);
            for (&key, &(_, held)) in keys.iter().zip(some) {
                self.put_one(key, held, fresh)?;
            }
        }
        Some(())
    }

    fn put_one(&mut self, key: Key<'_>, bytes: Option<&[u8]>, noted: bool) -> Option<()> {
        let (slot, is_new) = self.slots.slot(key);
        self.store.grow(self.slots.count());
        let Store::Running(Running { cells, recency, .. }) = &mut self.store else {
            // A window's key that is only known is dead, but is not swept.
            return bytes.is_some_and(<[u8]>::is_empty).then_some(());
        };
        let (seen, cell) = match bytes {
            Some(bytes) => load(bytes)?,
            None => (Seen::default(), C::default()),
        };
        let (is_held, was_held) = (cell.records() > 0, cells[slot as usize].records() > 0);
        if let (true, Some(touched)) = (noted, &mut self.touched) {
            Touched::note(touched, slot, || was_held.then(|| cells[slot as usize].clone()));
        }
        cells[slot as usize] = cell;
        if let Some(recency) = recency {
            if is_held { recency.put(slot, seen) } else { recency.forget(slot) }
        }
        match (is_new, was_held, is_held) {
            (_, true, false) | (true, false, false) => self.slots.bury(),
            (false, false, true) => self.slots.revive(),
            _ => {}
        }
        self.held = self.held + usize::from(is_held) - usize::from(was_held);
        Some(())
    }

    /// Says that all that was held is there again, and reported.
    pub fn restored(&mut self) {
        if let Store::Running(Running { recency: Some(recency), .. }) = &mut self.store {
            recency.sort();
        }
        self.changes(|_, _, _| {});
    }
}

fn load<C: Cell>(bytes: &[u8]) -> Option<(Seen, C)> {
    let (time, rest) = bytes.split_first_chunk()?;
    let (nth, mut rest) = rest.split_first_chunk()?;
    let seen = Seen { time: i64::from_le_bytes(*time), nth: u32::from_le_bytes(*nth) };
    let cell = C::load(&mut rest)?;
    rest.is_empty().then_some((seen, cell))
}
