//! A source that cannot be asked again, and lives that begin and end at any time.
//!
//! ```text
//! acknowledged  <=  counted  <=  sent          every line has an id of its own, sent once
//!       once           once      at most once
//! ```
//!
//! Batches are others than if nothing had happened, so FILE is held to these sums alone; Times grow,
//! and stdout says what FILE says. At some acknowledgements the disk is copied as it would be if the
//! power failed that moment, and recovered from too. With syncs by the thread two runs are not alike,
//! but this holds whatever it does.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Each has rows of a Time, perhaps a window's start, an id, and how often it came.
pub const COUNTS: &[&str] = &[
    "--format tsv --epoch --count-by-key",
    "--format tsv --epoch --count-by-key --interval 700ms --skip-empty",
    "--format tsv --epoch --count-by-key --window 3s --slide 3s",
    STATE,
    "--format tsv --epoch",
    "--format tsv --epoch --interval 0",
];

/// The same of pairs, and the half in which the id is: the log has rows then.
const PAIRS: &[(&str, Half)] = &[
    ("--format tsv --epoch --count-by-key", Half::Key),
    ("--format tsv --epoch --count-by-key --window 3s --slide 3s", Half::Key),
    (STATE, Half::Key),
    ("--format tsv --epoch --values --count-by-key --skip-empty", Half::Value),
    ("--format tsv --epoch", Half::Value),
    ("--format tsv --epoch --interval 0", Half::Value),
];

/// Each report has all ids that ever came.
const STATE: &str = "--format tsv --epoch --count-by-key --update-state";

/// Chunks of lines, each with an id.
pub fn lines(tape: &mut Tape, chunks: u64) -> Script {
    let (mut time, mut id) = (START, 0);
    let mut chunk = || {
        time += [0, 0, 200, 500, 900, 3700][tape.below(6) as usize];
        if tape.chance(8) {
            return (time, String::new());
        }
        let lines = (0..1 + tape.below(4)).map(|_| {
            id += 1;
            // Some segments of the log are full at once.
            let long = if tape.chance(5) { "x".repeat(300) } else { String::new() };
            format!("i{id}-{long}\n")
        });
        (time, lines.collect())
    };
    Arc::new((0..chunks).map(|_| chunk()).collect())
}

/// The ids of some chunks.
fn ids(script: &Script, chunks: impl Iterator<Item = usize>) -> BTreeSet<&str> {
    chunks.flat_map(|chunk| script[chunk].1.lines()).collect()
}

/// How often each id was counted: in all rows, or for running state in those of the last report.
pub fn counted<'a>(flags: &str, out: &'a str) -> Result<BTreeMap<&'a str, u64>, String> {
    let last = out.lines().last().and_then(|row| row.split('\t').next());
    let mut counts = BTreeMap::new();
    for row in out.lines() {
        let mut fields = row.split('\t');
        if flags == STATE && fields.clone().next() != last {
            continue;
        }
        let id = fields.find(|field| field.starts_with('i'));
        let id = id.ok_or_else(|| format!("a row without an id: {row}"))?;
        let count = fields.next().unwrap_or("1").parse::<u64>();
        *counts.entry(id).or_default() += count.map_err(|_| format!("no count: {row}"))?;
    }
    Ok(counts)
}

/// Checks that what was acknowledged is counted, and that what is counted was sent, once.
fn check(case: &Case, logged: &[usize], next: usize) -> Lived {
    let (Case { flags, script, .. }, out) = (case, case.out());
    let counts = counted(flags, &out)?;
    let (sent, safe) = match case.has_position {
        true => (ids(script, 0..script.len()), ids(script, 0..script.len())),
        false => (ids(script, 0..next), ids(script, logged.iter().copied())),
    };
    for (id, count) in &counts {
        ensure!(*count == 1, "{id} is counted {count} times");
        ensure!(sent.contains(id), "{id} was never sent");
    }
    let lost = safe.iter().find(|id| !counts.contains_key(*id));
    ensure!(lost.is_none(), "{lost:?} was acknowledged and is lost");
    Ok(())
}

/// Lives once more, on a disk as it was after an acknowledgement; nothing more is sent.
fn recover(case: &Case, image: &SimDisk, logged: &[usize], start: i64) -> Lived {
    let again = Case::on(image.clone(), case.flags, &case.script, false);
    let again = Case { pairs: case.pairs, ..again };
    again.seen().next = case.script.len();
    again.disturbed(Manner { start: Some(start), ..ON }, None, false)?;
    check(&again, logged, case.script.len())
}

/// Lives all lives of a seed.
pub fn live(seed: u64, syncs_at_once: bool) -> Lived {
    let mut tape = Tape(seed);
    let flags = COUNTS[tape.below(COUNTS.len() as u64) as usize];
    live_on(seed, tape, flags, None, syncs_at_once)
}

/// The same of a source that gives pairs.
pub fn live_of_pairs(seed: u64) -> Lived {
    let mut tape = Tape(seed);
    let (flags, half) = PAIRS[tape.below(PAIRS.len() as u64) as usize];
    live_on(seed, tape, flags, Some(half), seed.is_multiple_of(2))
}

fn live_on(
    seed: u64,
    mut tape: Tape,
    flags: &'static str,
    pairs: Option<Half>,
    syncs_at_once: bool,
) -> Lived {
    let chunks = 5 + tape.below(40);
    let script = lines(&mut tape, chunks);
    let case = Case::new(flags, &script, tape.chance(15), !seed);
    let case = Case { pairs, ..case };
    case.seen().choice = Some(Tape(seed ^ 1));
    case.seen().now = START;
    let lives = 2 + tape.below(5);
    for life in 1..=lives {
        // The clock may have been set back meanwhile.
        let gap = [-5000, 0, 0, 100, 700, 4000][tape.below(6) as usize];
        let manner = Manner {
            start: Some((case.seen().now + gap).max(1)),
            lasts: (life < lives && tape.chance(40)).then(|| 1 + tape.below(6000)),
            threads: threads(&mut tape),
            logs_input: tape.chance(85),
            syncs_at_once,
            leaves: (life < lives && tape.chance(15)).then(|| tape.below(10)),
            stops: life < lives && tape.chance(30),
            asks: None,
        };
        let fault = (life < lives && tape.chance(70)).then(|| fault(&mut tape, 600));
        let lived = case.disturbed(manner, fault, tape.chance(50));
        lived.map_err(|wrong| format!("{flags}, life {life}, {manner:?}, {fault:?}: {wrong}"))?;
    }
    let Seen { next, logged, images, now, .. } = std::mem::take(&mut *case.seen());
    let checked = check(&case, &logged, next).and_then(|()| case.compare());
    checked.map_err(|wrong| format!("{flags}: {wrong}"))?;
    images.iter().try_for_each(|(image, safe)| {
        let recovered = recover(&case, image, &logged[..*safe], now);
        recovered.map_err(|wrong| format!("{flags}, power off after {safe} chunks: {wrong}"))
    })
}

#[test]
fn what_was_acknowledged_is_counted_once_and_what_is_counted_was_sent() {
    for seed in seeds(2500) {
        live(seed, true).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}

#[test]
fn so_it_is_when_a_thread_of_its_own_syncs_the_log() {
    for seed in seeds(1000) {
        live(seed, false).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}

#[test]
fn so_it_is_with_pairs_in_the_log() {
    for seed in seeds(1500) {
        live_of_pairs(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}
