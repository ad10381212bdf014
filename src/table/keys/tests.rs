//! The key table against a plain map.

use super::*;
use crate::scan::PAD;
use proptest::prelude::*;
use std::collections::HashMap;

fn count(keys: &[Vec<u8>], seeds: &Seeds) -> (Table<u64>, HashMap<Vec<u8>, u64>) {
    let (mut table, mut model) = (Table::new(seeds, 0), HashMap::new());
    for (index, key) in keys.iter().enumerate() {
        // Garbage follows the key, as in a chunk.
        let mut arena = key.clone();
        arena.extend_from_slice(&[index as u8 | 1; PAD]);
        let loaded = Key::load(&arena, 0, key.len(), seeds);
        assert_eq!(loaded.hash, Key::copied(key, seeds).hash);
        *table.cell(loaded) += 1;
        *model.entry(key.clone()).or_default() += 1;
    }
    (table, model)
}

fn all(table: &Table<u64>) -> HashMap<Vec<u8>, u64> {
    let mut found = HashMap::new();
    table.for_each(|key, &count| assert_eq!(found.insert(key.to_vec(), count), None));
    found
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    let any = prop::collection::vec(any::<u8>(), 0..40);
    let close = prop::collection::vec(prop::sample::select(&b"\0a\xff"[..]), 0..18);
    prop_oneof![any, close]
}

proptest! {
    #[test]
    fn a_table_counts_as_a_map_does(keys in prop::collection::vec(key(), 0..300)) {
        let (mut table, model) = count(&keys, &Seeds::random());
        prop_assert_eq!(table.len(), model.len());
        prop_assert_eq!(all(&table), model);
        table.clear();
        prop_assert!(table.is_empty() && all(&table).is_empty());
    }

    #[test]
    fn what_is_retained_is_found_and_nothing_else(
        keys in prop::collection::vec(key(), 0..300),
    ) {
        let seeds = Seeds::random();
        let (mut table, mut model) = count(&keys, &seeds);
        table.retain(|count| count % 2 == 1);
        model.retain(|_, count| *count % 2 == 1);
        prop_assert_eq!((table.len(), all(&table)), (model.len(), model.clone()));
        for key in &keys {
            prop_assert_eq!(table.get(Key::copied(key, &seeds)), model.get(key));
            *table.cell(Key::copied(key, &seeds)) += 1;
            *model.entry(key.clone()).or_default() += 1;
        }
        prop_assert_eq!(all(&table), model);
    }

    #[test]
    fn what_is_loaded_from_one_table_is_found_in_another(
        keys in prop::collection::vec(key(), 0..200),
    ) {
        let seeds = Seeds::random();
        let (table, model) = count(&keys, &seeds);
        let mut other = Table::new(&seeds, 8);
        table.for_each_entry(|entry, arena| *other.cell(entry.key(arena, &seeds)) += entry.cell);
        prop_assert_eq!(all(&other), model);
    }
}

#[test]
fn keys_that_differ_only_by_trailing_nuls_are_different() {
    let keys: Vec<_> = (0..40).map(|len| vec![0; len]).collect();
    let (table, model) = count(&keys, &Seeds::random());
    assert_eq!((table.len(), all(&table)), (40, model));
}

#[test]
fn keys_that_all_hash_alike_make_the_table_take_new_seeds() {
    // With these seeds, the first word of each key is cancelled, and so is the product.
    let seeds = Seeds::weak();
    let keys: Vec<_> = (0..6000u32).map(|n| [&[0; 8], &n.to_be_bytes()[..]].concat()).collect();
    let (table, model) = count(&keys, &seeds);
    assert!(table.reseeded);
    assert_eq!(all(&table), model);
}
