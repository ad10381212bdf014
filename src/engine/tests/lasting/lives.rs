//! Random lives: several faults in a row, also while it is being recovered from one, until all is well.
//!
//! ```text
//! life 1   ......x            FILE, once what is owed is out, is
//! life 2        .x            a prefix of what comes out
//! life 3         ....x        when nothing breaks
//! last               .....    all of it
//! ```

use super::*;

/// A stream whose source has a position.
pub fn case(flags: &'static str, script: &Script, seed: u64) -> Case {
    Case::new(flags, script, true, seed)
}

/// Lives all lives of a seed.
pub fn live(seed: u64) -> Lived {
    let mut tape = Tape(seed);
    let flags = KINDS[tape.below(KINDS.len() as u64) as usize];
    let script = script(tape.below(u64::MAX), 5 + tape.below(45) as usize);
    let (wanted, operations) = case(flags, &script, 1).undisturbed();
    let case = case(flags, &script, !seed);
    for _ in 0..1 + tape.below(5) {
        // After an end in order, time goes on from there.
        let start = {
            let seen = case.seen();
            seen.was_stopped.then_some(seen.now)
        };
        let (threads, stops) = (threads(&mut tape), tape.chance(50));
        let leaves = tape.chance(20).then(|| tape.below(15));
        let manner = Manner { start, threads, stops, leaves, ..ON };
        let fault = tape.chance(95).then(|| fault(&mut tape, operations));
        let lived = case.disturbed(manner, fault, tape.chance(50));
        lived.map_err(|wrong| format!("{flags}, {manner:?}, {fault:?}: {wrong}"))?;
    }
    let lived = case.disturbed(Manner { threads: threads(&mut tape), ..ON }, None, false);
    lived.and_then(|()| check(&case, &wanted)).map_err(|wrong| format!("{flags}: {wrong}"))
}

fn check(case: &Case, wanted: &str) -> Lived {
    for begun in &case.seen().begun {
        // A start after the last batch has an open batch of its own, without records.
        let fits = wanted.starts_with(begun) || begun.starts_with(wanted);
        ensure!(fits, "FILE was once, {}", difference(begun, wanted));
    }
    let out = case.out();
    ensure!(out.starts_with(wanted), "FILE is, {}", difference(&out, wanted));
    case.compare()
}

#[test]
fn whatever_fails_how_often_the_file_is_what_it_would_have_been() {
    for seed in seeds(2500) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}
