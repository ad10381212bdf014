//! Shards and their fronts against a plain map.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::cell::sample::Sample;
use crate::cell::{Count, Row};

fn one() -> Count {
    Count::of([Row { value: b"", place: 0 }])
}

/// Takes in some rows as a fold does, as one chunk.
fn fold<K: AsRef<[u8]>>(keys: &[K], front: &mut Front<Count>, shards: &Shards<Count>) {
    for key in keys {
        let key = Key::copied(key.as_ref(), &shards.seeds);
        match front.table() {
            Some(table) => table.cell(key).merge(&one()),
            None => front.write(key, one(), shards),
        }
    }
    front.note(keys.len(), keys.iter().map(|key| key.as_ref().len() + 1).sum(), shards);
}

fn all(shards: &Shards<Count>) -> HashMap<Vec<u8>, u64> {
    let (mut found, mut loaded) = (HashMap::new(), HashMap::new());
    shards.for_each(|key, cell| assert_eq!(found.insert(key.to_vec(), cell.records()), None));
    shards.for_each_loaded(|key, cell| {
        assert_eq!(key.hash(), Key::copied(key.bytes(&mut [0; 16]), &shards.seeds).hash());
        loaded.insert(key.bytes(&mut [0; 16]).to_vec(), cell.records());
    });
    assert_eq!(found, loaded);
    found
}

fn count<'a>(keys: impl IntoIterator<Item = &'a Vec<u8>>) -> HashMap<Vec<u8>, u64> {
    let mut model = HashMap::new();
    keys.into_iter().for_each(|key| *model.entry(key.clone()).or_default() += 1);
    model
}

/// Sizes at which some rows are enough for everything to happen.
fn sizes() -> impl Strategy<Value = Sizes> {
    let table = (1usize..9, 0usize..400, 1usize..60);
    (1usize..5, 0u32..4, 0usize..200, table, 0usize..9).prop_map(
        |(block, piece, floor, (front, cached, pass), probe)| Sizes {
            block,
            piece,
            floor,
            front,
            cached,
            pass,
            probe,
        },
    )
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    let long = (0u8..40).prop_map(|n| [&[b'x'; 20], &[n][..]].concat());
    let alike = (0u8..40).prop_map(|n| [&[0; 8], &[n][..]].concat());
    prop_oneof![prop::collection::vec(any::<u8>(), 0..40), long, alike]
}

proptest! {
    #[test]
    fn shards_count_as_a_map_does(
        keys in prop::collection::vec(key(), 0..300), sizes in sizes(), cut in 1usize..40,
        workers in 1usize..4, flush in 1usize..6, weak: bool,
    ) {
        let seeds = if weak { Seeds::weak() } else { Seeds::random() };
        let mut shards = Shards::new(&seeds, sizes);
        let mut fronts: Vec<_> = (0..workers).map(|_| Front::new(&shards)).collect();
        // The second time all memory has been used before.
        for _ in 0..2 {
            for (number, chunk) in keys.chunks(cut).enumerate() {
                let front = &mut fronts[number * 7 % workers];
                fold(chunk, front, &shards);
                if number % flush == 0 {
                    front.hand_over(&shards);
                }
            }
            fronts.iter_mut().for_each(|front| front.hand_over(&shards));
            shards.close();
            let model = count(&keys);
            prop_assert_eq!(all(&shards), model.clone());
            prop_assert_eq!(all(&shards), model);
            shards.clear();
            prop_assert!(all(&shards).is_empty());
        }
    }
}

#[test]
fn workers_that_hand_over_at_once_lose_nothing() {
    let keys = |worker: usize| {
        let key = move |n| format!("{:0width$}", n + worker * 1000, width = n % 20).into_bytes();
        (0..5000).map(key).collect::<Vec<_>>()
    };
    for front in [50, usize::MAX] {
        let seeds = Seeds::random();
        let mut shards = Shards::new(&seeds, Sizes { front, floor: 1000, ..Sizes::USUAL });
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let shards = &shards;
                scope.spawn(move || {
                    let mut front = Front::new(shards);
                    for _ in 0..3 {
                        keys(worker).chunks(600).for_each(|keys| fold(keys, &mut front, shards));
                        front.hand_over(shards);
                    }
                });
            }
        });
        shards.close();
        let (once, turns) = (count(&(0..4).flat_map(keys).collect::<Vec<_>>()), Turns::default());
        let found = std::thread::scope(|scope| {
            let part = || {
                let mut part = Vec::new();
                shards.for_each_by(&turns, |key, cell| part.push((key.to_vec(), cell.records())));
                part
            };
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(part)).collect();
            threads.into_iter().flat_map(|part| part.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(found.len(), once.len());
        assert!(found.iter().all(|(key, records)| *records == 3 * once[key]));
    }
}

#[test]
fn keys_that_all_hash_alike_make_their_shard_take_new_seeds() {
    let shards = Shards::new(&Seeds::weak(), Sizes { front: 1, ..Sizes::USUAL });
    let key = |n: u32| [&[0; 8], &(n % 6000).to_be_bytes()[..]].concat();
    let keys: Vec<_> = (0..9000).map(key).collect();
    let mut front = Front::new(&shards);
    keys.chunks(1000).for_each(|keys| fold(keys, &mut front, &shards));
    front.hand_over(&shards);
    assert_eq!(all(&shards), count(&keys));
    let own = shards.shards.iter().filter(|shard| lock(shard).own.is_some()).count();
    assert_eq!(own, 1, "only the shard that was attacked pays for it");
}

#[test]
fn memory_follows_what_is_distinct_where_all_rows_come_again_and_again() {
    let keys: Vec<_> = (0..100_000u32).map(|n| format!("key {n}").into_bytes()).collect();
    let shards = Shards::new(&Seeds::random(), Sizes { front: 1000, floor: 1000, ..Sizes::USUAL });
    let (mut front, mut most) = (Front::new(&shards), 0);
    for _ in 0..10 {
        for keys in keys.chunks(5000) {
            fold(keys, &mut front, &shards);
            most = most.max(shards.rows());
        }
    }
    assert!(most > keys.len() && most < 3 * keys.len(), "{most} rows");
    front.hand_over(&shards);
    let found = all(&shards);
    assert!(found.len() == keys.len() && found.values().all(|&records| records == 10));
}

#[test]
fn few_keys_stay_in_one_table() {
    let shards = Shards::new(&Seeds::random(), Sizes::USUAL);
    let keys: Vec<_> = (0..500u32).map(|n| n.to_string().into_bytes()).collect();
    for _ in 0..2 {
        let mut front = Front::new(&shards);
        fold(&keys, &mut front, &shards);
        front.hand_over(&shards);
    }
    assert_eq!((shards.rows(), all(&shards).len()), (0, 500));
}
