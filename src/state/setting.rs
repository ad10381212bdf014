//! State that is set: whoever keeps it says what is held of a key now, whatever was held before.

use super::{Running, State, Store, Touched};
use crate::cell::Cell;
use crate::table::keys::Key;

impl<C: Cell> State<C> {
    /// Sets what is held of a key; what has no records is nothing. A key that is new or that `is_seen` was
    /// seen in the batch that has begun. Of a window nothing is set.
    pub fn set(&mut self, key: Key<'_>, cell: C, is_seen: bool) {
        let (slot, is_new) = self.slots.slot(key);
        self.store.grow(self.slots.count());
        let Store::Running(running) = &mut self.store else { return };
        let Running { cells, recency, .. } = running;
        let held = &mut cells[slot as usize];
        let (was_held, is_held) = (held.records() > 0, cell.records() > 0);
        let was = std::mem::replace(held, cell);
        if let (Some(touched), true) = (&mut self.touched, was_held || is_held) {
            Touched::note(touched, slot, || was_held.then_some(was));
        }
        self.held = self.held + usize::from(is_held) - usize::from(was_held);
        match (is_held, was_held) {
            (true, false) if !is_new => self.slots.revive(),
            (false, true) => self.slots.bury(),
            (false, false) if is_new => self.slots.bury(),
            _ => {}
        }
        match recency {
            Some(recency) if is_held && (is_seen || !was_held) => {
                recency.see(slot, !was_held, self.held);
            }
            Some(recency) if was_held && !is_held => recency.forget(slot),
            _ => {}
        }
        if is_held && !was_held {
            running.note_new(self.slots.name(slot));
        }
        if let (Some(forgotten), true) = (&mut self.forgotten, was_held && !is_held) {
            forgotten.push(key.bytes(&mut [0; 16]).into());
        }
    }
}
