//! A fault at one operation after the other, of each kind; then it is lived on to the end.

use super::*;

/// Holds a life with that fault, and one without, to what comes out when nothing breaks.
pub fn check(case: &Case, at: u64, fault: Fault, threads: usize, wanted: &str) -> Lived {
    case.disturbed(Manner { threads, ..ON }, Some((at, fault)), at.is_multiple_of(2))?;
    case.disturbed(Manner { threads, ..ON }, None, false)?;
    let out = case.out();
    // A start after the last batch has an open batch of its own, without records.
    ensure!(out.starts_with(wanted), "{}", difference(&out, wanted));
    case.compare()
}

#[test]
fn whatever_fails_once_the_file_is_what_it_would_have_been() {
    for (number, flags) in KINDS.iter().enumerate() {
        let script = script(number as u64, 40);
        let case = |seed| lives::case(flags, &script, seed);
        let (wanted, operations) = case(1).undisturbed();
        assert!(wanted.lines().count() > 2, "{flags}: {wanted}");
        for fault in FAULTS {
            let step = 1 + operations / 45;
            for at in (1..=operations).step_by(step as usize) {
                check(&case(at), at, fault, 1 + at as usize % 2, &wanted)
                    .unwrap_or_else(|wrong| panic!("{flags}, {fault:?} at {at}: {wrong}"));
            }
        }
    }
}

/// One long stream, with a fault of each kind at each of its operations: evenly spread, as many as
/// there is time for; with `WEIR_SIM_LIVES` all, with `WEIR_SIM` that one.
#[test]
fn of_hundreds_of_batches_none_is_harmed_by_a_fault_at_any_operation() {
    let script = script(1, 320);
    let case = |seed| {
        lives::case("--count-by-key --format tsv --window 4s --slide 2s --changed", &script, seed)
    };
    let whole = case(1);
    let (wanted, operations) = whole.undisturbed();
    // A start tells the number of the last record.
    whole.live(ON).unwrap();
    let records = whole.seen().records[0].0;
    assert!(records >= 200, "{records} records");
    let all = operations * FAULTS.len() as u64;
    let step = if asked("WEIR_SIM_LIVES").is_some() { 1 } else { 1 + all / LONG };
    let chosen = |number: &u64| match asked("WEIR_SIM") {
        Some(one) => *number == one,
        None => number.is_multiple_of(step),
    };
    for number in (0..all).filter(chosen) {
        let (at, fault) = (1 + number / 4, FAULTS[number as usize % 4]);
        check(&case(number), at, fault, 1, &wanted)
            .unwrap_or_else(|wrong| panic!("WEIR_SIM={number}: {fault:?} at {at}: {wrong}"));
    }
}

/// So many lives of the long stream are lived.
const LONG: u64 = 1000;
