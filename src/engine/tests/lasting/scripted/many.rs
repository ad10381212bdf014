//! An input of very many parts, of which few move in each batch: what is written follows those.
//!
//! ```text
//! parts      0  1  2  3  4  5 ... 9999         all of them in the first commit, and in each snapshot;
//! batch 1             x        x     x         in a commit those that have moved
//! ```

use super::super::*;
use crate::disk::Disk as _;

/// So many parts are very many.
const MANY: usize = 10_000;

/// A chunk each 250 ms, of one part: in no batch more than four of them move.
fn steady(chunks: i64) -> Script {
    Arc::new((0..chunks).map(|chunk| (START + chunk * 250, format!("w{}\n", chunk % 7))).collect())
}

/// A stream of an input of so many parts.
fn case(parts: usize, chunks: i64) -> Case {
    let case = Case::new("--count --format tsv", &steady(chunks), true, 1);
    Case { parts, ..case }
}

/// How many bytes were written in all, and how many logs the last snapshot stands for.
fn written(case: &Case) -> (u64, u64) {
    let names = case.disk.list("ck".as_ref()).unwrap();
    let snapshots = names.iter().filter_map(|name| name.strip_prefix("snap-")?.parse().ok());
    (case.disk.world().written, snapshots.max().unwrap_or_default())
}

/// How many bytes are written for each batch, once the stream has begun.
fn for_a_batch(parts: usize) -> u64 {
    let [(begun, first), (all, last)] = [400, 8400].map(|chunks| {
        let case = case(parts, chunks);
        case.undisturbed();
        written(&case)
    });
    assert!(last >= first + 3, "there were no compactions between {first} and {last}");
    (all - begun) / (8000 / 4)
}

#[test]
fn what_a_batch_writes_follows_the_parts_that_move_and_not_those_there_are() {
    let [few, many] = [10, MANY].map(for_a_batch);
    // All positions together take more than 200,000 bytes.
    assert!(
        many < few * 2 && many < 2000,
        "{many} bytes for a batch, {few} where there are few parts"
    );
}

#[test]
fn very_many_parts_go_on_where_they_were_however_often_it_is_killed() {
    let (wanted, operations) = case(MANY, 2000).undisturbed();
    let case = case(MANY, 2000);
    for (life, fault) in FAULTS.into_iter().enumerate() {
        let at = operations / 5 * (1 + life as u64 % 2);
        case.disturbed(ON, Some((at, fault)), true).unwrap();
    }
    case.disturbed(ON, None, false).unwrap();
    let out = case.out();
    assert!(out.starts_with(&wanted), "{}", difference(&out, &wanted));
    case.compare().unwrap();
}
