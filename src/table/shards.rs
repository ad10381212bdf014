//! A large table made of shards that many workers fill at once.
//!
//! The first bits of a key's hash choose its shard, the next ones its home there, and a worker's own
//! table lies in the order of the same hashes. So a full table is poured shard by shard, each locked
//! once for a run of keys, and each shard grows alone: there is never a moment at which all keys are
//! held twice.
//!
//! ```text
//! worker 0   |  00..  |  40..  |  80..  |  c0..  |
//!                v        v        v        v         each begins elsewhere, so that they seldom
//! shards     | 0 .. 63|64..127 |128..191|192..255|    meet at the same lock
//! ```

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::table::keys::{Key, Seeds, Table};

/// How many bits of the hash choose the shard.
pub const BITS: u32 = 8;
/// How many keys are looked up together.
const RUN: usize = 64;

/// A table in shards.
#[derive(Debug)]
pub struct Shards<C> {
    shards: Vec<Mutex<Table<C>>>,
    seeds: Seeds,
}

impl<C: Default + Clone> Shards<C> {
    /// Makes an empty table for keys that are loaded with `seeds`.
    pub fn new(seeds: &Seeds) -> Shards<C> {
        let shards = (0..1 << BITS).map(|_| Mutex::new(Table::new(seeds, BITS))).collect();
        Shards { shards, seeds: seeds.clone() }
    }

    /// Merges all cells of `table` into this one and clears it; `worker` says where to begin.
    pub fn pour(&self, table: &mut Table<C>, worker: usize, merge: impl Fn(&mut C, &C)) {
        if table.is_empty() {
            return;
        }
        let mut run: Vec<(Key<'_>, &C)> = Vec::with_capacity(RUN);
        // The bits of the worker's number in reverse order lie as far apart as they can.
        let from = (worker as u64).reverse_bits();
        table.for_each_loaded(from, &self.seeds, |key, cell| {
            if run.len() == RUN || run.last().is_some_and(|(last, _)| shard(*last) != shard(key)) {
                self.pour_run(&mut run, &merge);
            }
            run.push((key, cell));
        });
        self.pour_run(&mut run, &merge);
        drop(run);
        table.clear();
    }

    /// Merges a run of cells whose keys belong to one shard.
    fn pour_run(&self, run: &mut Vec<(Key<'_>, &C)>, merge: impl Fn(&mut C, &C)) {
        let Some((first, _)) = run.first() else { return };
        let mut table = lock(&self.shards[shard(*first)]);
        // The shards are far larger than the cache. All homes of the run are asked for before any is
        // used, so that memory answers them at once and not one after another.
        std::hint::black_box(run.iter().fold(0, |all, (key, _)| all | table.touch(*key)));
        run.drain(..).for_each(|(key, cell)| merge(table.cell(key), cell));
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// True if there is no key.
    pub fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| lock(shard).is_empty())
    }

    /// Calls `visit` for each key and its cell, in the order of the hashes.
    pub fn for_each(&self, mut visit: impl FnMut(&[u8], &C)) {
        self.shards.iter().for_each(|shard| lock(shard).for_each(&mut visit));
    }

    /// The same, with keys that are ready to be looked up elsewhere.
    pub fn for_each_loaded(&self, mut visit: impl FnMut(Key<'_>, &C)) {
        for shard in &self.shards {
            lock(shard).for_each_loaded(0, &self.seeds, &mut visit);
        }
    }

    /// Forgets all keys; memory that was of use is kept.
    pub fn clear(&mut self) {
        self.shards.iter().for_each(|shard| lock(shard).clear());
    }
}

fn shard(key: Key<'_>) -> usize {
    (key.hash() >> (64 - BITS)) as usize
}

fn lock<C>(shard: &Mutex<Table<C>>) -> MutexGuard<'_, Table<C>> {
    // A worker that panicked in here has ended the run; its table is not read again.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::keys::Key;
    use std::collections::BTreeMap;

    #[test]
    fn workers_that_pour_at_once_lose_nothing() {
        let seeds = Seeds::random();
        let shards = Shards::new(&seeds);
        std::thread::scope(|scope| {
            for worker in 0..4usize {
                let (shards, seeds) = (&shards, &seeds);
                scope.spawn(move || {
                    for _ in 0..3 {
                        let mut table = Table::new(seeds, 0);
                        for n in 0..5000 {
                            let key = format!("{:0width$}", n + worker * 1000, width = n % 20);
                            *table.cell(Key::copied(key.as_bytes(), seeds)) += 1u64;
                        }
                        shards.pour(&mut table, worker, |into, from| *into += from);
                        assert!(table.is_empty());
                    }
                });
            }
        });
        let mut model = BTreeMap::new();
        for (worker, n) in (0..4).flat_map(|worker| (0..5000).map(move |n| (worker, n))) {
            *model.entry(format!("{:0w$}", n + worker * 1000, w = n % 20)).or_insert(0u64) += 3;
        }
        let mut found = BTreeMap::new();
        shards.for_each(|key, &count| {
            found.insert(String::from_utf8(key.to_vec()).unwrap(), count);
        });
        assert_eq!(shards.len(), model.len());
        assert_eq!(found, model);
    }
}
