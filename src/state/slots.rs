//! Slots: a small number for each key, which stays the same for as long as anything is kept of it.
//!
//! What is kept lies in columns by slot, and panes and queues say slots and not keys, so a key is
//! stored once however many of them it is in.
//!
//! ```text
//! shards   key ──> slot          one table for each of the first bits of the hash
//! columns  slot ──> total, last seen, name, ...
//! panes    (slot, cell), (slot, cell), ...
//! ```
//!
//! A key of which nothing is left is *dead*. It stays in its table, and so finds its old slot if it
//! comes again. Once a third of the keys are dead, the tables are swept one after another, until it
//! is less; only then are slots free for other keys. So a death costs a bounded time, and no batch
//! waits for all tables at once. Tables shrink by that; the columns stay as long as they have been.

use std::hint::black_box;

use crate::table::keys::{Key, Seeds, Table};

/// How many bits of the hash choose the table.
const BITS: u32 = 8;

/// Keys and their slots.
#[derive(Debug)]
pub struct Slots {
    /// Each key's slot, plus one: a new cell of a table is 0.
    tables: Vec<Table<u32>>,
    /// Each slot's key, if it is asked for.
    names: Option<Vec<Name>>,
    free: Vec<u32>,
    /// How many slots there are, with the free ones.
    count: u32,
    dead: usize,
    /// The table that is swept next.
    next: usize,
}

/// A key, in as many bytes as a pointer and a length would take together with their tag.
#[derive(Clone, Debug)]
enum Name {
    Short(u8, [u8; 22]),
    Long(Box<[u8]>),
}

impl Name {
    fn new(key: &[u8]) -> Name {
        let mut short = [0; 22];
        match short.get_mut(..key.len()) {
            Some(bytes) => bytes.copy_from_slice(key),
            None => return Name::Long(key.into()),
        }
        Name::Short(key.len() as u8, short)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Name::Short(len, bytes) => &bytes[..usize::from(*len)],
            Name::Long(bytes) => bytes,
        }
    }
}

impl Slots {
    /// Makes it for keys that are loaded with `seeds`; with `named`, slots know their keys.
    pub fn new(seeds: &Seeds, named: bool) -> Slots {
        let tables = (0..1 << BITS).map(|_| Table::new(seeds, BITS)).collect();
        let names = named.then(Vec::new);
        Slots { tables, names, free: Vec::new(), count: 0, dead: 0, next: 0 }
    }

    /// How many slots there are: as long as this are the columns.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// The slot of `key`, and whether the key was not there, dead or alive.
    pub fn slot(&mut self, key: Key<'_>) -> (u32, bool) {
        let cell = self.tables[(key.hash() >> (64 - BITS)) as usize].cell(key);
        if *cell != 0 {
            return (*cell - 1, false);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count = self.count.checked_add(1).expect("memory ends before 4 billion keys");
            self.count - 1
        });
        *cell = slot + 1;
        if let Some(names) = &mut self.names {
            let mut inline = [0; 16];
            let name = Name::new(key.bytes(&mut inline));
            match names.get_mut(slot as usize) {
                Some(place) => *place = name,
                None => names.push(name),
            }
        }
        (slot, true)
    }

    /// Brings the places of some keys into the cache, all at the same time.
    pub fn touch(&self, keys: &[Key<'_>]) {
        let table = |key: &Key<'_>| &self.tables[(key.hash() >> (64 - BITS)) as usize];
        black_box(keys.iter().fold(0, |all, key| all | table(key).touch(*key)));
    }

    /// The slot of a key, if it has one.
    pub fn get(&self, key: Key<'_>) -> Option<u32> {
        self.tables[(key.hash() >> (64 - BITS)) as usize].get(key).map(|slot| slot - 1)
    }

    /// The key of a slot; empty if names are not kept.
    pub fn name(&self, slot: u32) -> &[u8] {
        let name = self.names.as_ref().and_then(|names| names.get(slot as usize));
        name.map_or(b"", Name::bytes)
    }

    /// Says that a key has died.
    pub fn bury(&mut self) {
        self.dead += 1;
    }

    /// Says that a dead key has come again.
    pub fn revive(&mut self) {
        self.dead -= 1;
    }

    /// Frees slots of dead keys, if there are too many. Nothing may point at a dead key's slot.
    pub fn sweep(&mut self, is_dead: impl Fn(u32) -> bool) {
        while self.dead * 3 > self.known() + 3 * self.tables.len() {
            let free = &mut self.free;
            let before = free.len();
            self.tables[self.next].retain(|&cell| {
                if is_dead(cell - 1) {
                    free.push(cell - 1);
                }
                !is_dead(cell - 1)
            });
            self.dead -= free.len() - before;
            self.next = (self.next + 1) % self.tables.len();
        }
    }

    /// How many keys the tables hold, dead or alive.
    fn known(&self) -> usize {
        self.count() - self.free.len()
    }

    /// Calls `visit` for each key and its slot, dead or alive, in the order of the hashes.
    pub fn for_each(&self, mut visit: impl FnMut(&[u8], u32)) {
        self.tables.iter().for_each(|table| table.for_each(|key, &cell| visit(key, cell - 1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_of_the_dead_are_used_again_and_the_living_keep_theirs() {
        let seeds = Seeds::random();
        let mut slots = Slots::new(&seeds, true);
        let key = |n: usize| format!("{n:0width$}", width = n % 30).into_bytes();
        let living = slots.slot(Key::copied(b"stays", &seeds)).0;
        for round in 0..50 {
            for n in 0..1000 {
                let name = key(round * 1000 + n);
                let (slot, is_new) = slots.slot(Key::copied(&name, &seeds));
                assert!(is_new && slots.name(slot) == name);
            }
            (0..1000).for_each(|_| slots.bury());
            slots.sweep(|slot| slot != living);
        }
        assert!(slots.count() < 4000, "{} slots for 1001 keys at a time", slots.count());
        assert_eq!(slots.slot(Key::copied(b"stays", &seeds)), (living, false));
        assert_eq!(slots.get(Key::copied(b"stays", &seeds)), Some(living));
        assert_eq!(slots.name(living), b"stays");
    }
}
