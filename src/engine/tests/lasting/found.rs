//! What the others have found, as small as it gets.

use std::collections::BTreeSet;

use super::*;
use crate::disk::Disk as _;

/// Has a fault of each kind at each operation of a stream with these chunks.
fn check(flags: &'static str, chunks: &[(i64, &str)]) {
    let script = Arc::new(chunks.iter().map(|(time, text)| (*time, text.to_string())).collect());
    let case = |seed| lives::case(flags, &script, seed);
    let (wanted, operations) = case(1).undisturbed();
    for number in 0..operations * 4 {
        let (at, fault) = (1 + number / 4, FAULTS[number as usize % 4]);
        every::check(&case(number), at, fault, 1, &wanted)
            .unwrap_or_else(|wrong| panic!("{flags}, {fault:?} at {at}: {wrong}"));
    }
}

#[test]
fn before_the_first_report_nothing_was_reported_not_even_that_there_is_nothing() {
    let late = [(3700, "a\n"), (5000, "b\n")];
    check("--count --format tsv --window 4s --slide 2s --changed --skip-empty", &late);
    check("--count --format tsv --update-state --changed --skip-empty", &late);
    check("--count --format tsv --changed --skip-empty", &late);
}

#[test]
fn a_window_that_was_not_printed_was_not_reported() {
    let flags = "--count-by-key --format tsv --window 6s --slide 2s --skip-partial --changed";
    check(flags, &[(1500, "a\n"), (3700, "b\n"), (7000, "c\n"), (9500, "d\n")]);
}

#[test]
fn runs_that_end_soon_leave_nothing_half_tidied() {
    let disk = SimDisk::new(1);
    let mut snapshots = BTreeSet::new();
    for run in 1..=40 {
        let flags = "--count-by-key --format tsv --update-state";
        Case::on(disk.clone(), flags, &script(1, run * 4), true).undisturbed();
        let names = disk.list("ck".as_ref()).unwrap();
        assert!(!names.iter().any(|name| name.ends_with(".tmp")), "run {run}: {names:?}");
        snapshots.extend(names.into_iter().filter(|name| name.starts_with("snap-")));
    }
    assert!(snapshots.len() > 3, "{snapshots:?}");
}
