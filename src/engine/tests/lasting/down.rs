//! Time in which nobody lives: the clock goes on, windows fall due, and the next life prints them.
//!
//! ```text
//! batches   1  2  3  .  .  .  .  .  9
//! lives     |------x           |-------
//! windows      [2]  (4)  (6)  (8)  [10]        in the order of their Times, each with its records
//! ```
//!
//! Every line has an id of its own and is counted in as many windows as reach over its batch, one after
//! the other; those that the end of the input cuts off are the last of all.

use std::collections::BTreeMap;

use super::*;

/// Windows, and how many of them reach over a batch.
const WINDOWS: &[(&str, usize)] = &[
    ("--format tsv --epoch --count-by-key --window 6s --slide 2s", 3),
    ("--format tsv --epoch --count-by-key --window 4s --slide 2s --inverse", 2),
    ("--format tsv --epoch --count-by-key --window 8s --slide 4s --skip-empty", 2),
    ("--format tsv --epoch --count-by-key --window 3s", 3),
];

/// The Times of each id in what came out; each is counted once.
fn times(out: &str) -> Result<BTreeMap<&str, Vec<i64>>, String> {
    let mut times = BTreeMap::<_, Vec<_>>::new();
    for row in out.lines() {
        let fields: Vec<_> = row.split('\t').collect();
        let [time, _, id, "1"] = fields[..] else { return Err(format!("what is this: {row}")) };
        let time = time.parse().map_err(|_| format!("no Time: {row}"))?;
        times.entry(id).or_default().push(time);
    }
    Ok(times)
}

/// Checks that each id was in as many windows as it should, one after the other.
fn check(case: &Case, windows: usize) -> Lived {
    let out = case.out();
    let times = times(&out)?;
    let last = times.values().flatten().max().copied().unwrap_or_default();
    let slide = times.values().flat_map(|times| times.windows(2)).map(|pair| pair[1] - pair[0]);
    let slide = slide.min().unwrap_or_default();
    for id in case.script.iter().flat_map(|(_, text)| text.lines()) {
        let times = times.get(id).ok_or_else(|| format!("{id} is in no window"))?;
        let follow = times.windows(2).all(|pair| pair[1] == pair[0] + slide);
        let is_whole = times.len() == windows || times.last() == Some(&last);
        ensure!(follow && is_whole && times.len() <= windows, "{id} is in windows {times:?}");
    }
    Ok(())
}

/// Lives all lives of a seed.
pub fn live(seed: u64) -> Lived {
    let mut tape = Tape(seed);
    let (flags, windows) = WINDOWS[tape.below(WINDOWS.len() as u64) as usize];
    let script = sent::lines(&mut tape, 10 + seed % 30);
    let case = Case::new(flags, &script, true, !seed);
    case.seen().now = START;
    let lives = 2 + tape.below(5);
    for life in 1..=lives {
        let is_last = life == lives;
        let gap = [0, 300, 2500, 9000, 40_000][tape.below(5) as usize];
        let manner = Manner {
            start: Some(case.seen().now + gap),
            lasts: (!is_last).then(|| 1 + tape.below(9000)),
            threads: threads(&mut tape),
            asks: (!is_last && tape.chance(30)).then(|| 1 + tape.below(4)),
            ..ON
        };
        let fault = (!is_last && tape.chance(60)).then(|| fault(&mut tape, 600));
        let lived = case.disturbed(manner, fault, tape.chance(50));
        lived.map_err(|wrong| format!("{flags}, life {life}, {manner:?}, {fault:?}: {wrong}"))?;
    }
    let checked = check(&case, windows).and_then(|()| case.compare());
    checked.map_err(|wrong| format!("{flags}: {wrong}"))
}

#[test]
fn windows_that_fell_due_while_nobody_lived_come_with_all_their_records() {
    for seed in seeds(1000) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}
