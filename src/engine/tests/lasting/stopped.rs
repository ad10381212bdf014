//! Streams that are stopped in order, again and again: as if there had been no stop.
//!
//! ```text
//! undisturbed   |----a--b--|--c-------|----d-----|
//! stopped       |----a x   |          |          |      nothing is cut: what was read stays in the log,
//!                    '-b--|--c---x    |          |      or in a record where there is no log
//!                               '----|----d-----|
//! ```
//!
//! A life begins when the one before was stopped, so every batch has the Time it would have had.

use super::*;

/// Where the script has an empty chunk, somebody stops the stream.
fn stops(seed: u64) -> Script {
    let (mut tape, script) = (Tape(seed), script(seed, 40));
    let chunks = script.iter().flat_map(|(time, text)| {
        let stop = tape.chance(30).then(|| (*time, String::new()));
        [(*time, text.clone())].into_iter().chain(stop)
    });
    let mut chunks: Vec<_> = chunks.collect();
    // An end that comes later than the last chunk would have more batches.
    while chunks.pop_if(|(_, text)| text.is_empty()).is_some() {}
    Arc::new(chunks)
}

/// Lives on until nobody stops it any more; returns how often that was.
fn live_on(case: &Case, logs_input: bool) -> Result<u64, String> {
    let mut count = 0;
    loop {
        let start = {
            let seen = case.seen();
            seen.was_stopped.then_some(seen.now)
        };
        case.disturbed(Manner { start, logs_input, stops: true, ..ON }, None, false)?;
        if !case.seen().was_stopped {
            return Ok(count);
        }
        count += 1;
    }
}

#[test]
fn whatever_is_kept_a_stop_is_as_if_there_had_been_none() {
    for (number, flags) in KINDS.iter().enumerate() {
        for (seed, logs_input) in [(number as u64, true), (100 + number as u64, false)] {
            let script = stops(seed);
            let all = script.iter().filter(|(_, text)| !text.is_empty()).cloned().collect();
            let (wanted, _) = Case::new(flags, &Arc::new(all), false, 1).undisturbed();
            let case = Case::new(flags, &script, false, 2);
            let stopped = live_on(&case, logs_input).and_then(|count| {
                ensure!(case.out() == wanted, "{}", difference(&case.out(), &wanted));
                case.compare().map(|()| count)
            });
            let count = stopped.unwrap_or_else(|wrong| panic!("{flags}, {logs_input}: {wrong}"));
            assert!(count >= 5, "it was stopped {count} times");
        }
    }
}
