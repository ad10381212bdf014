//! Lives that end before a compaction does: what they leave is taken up or cleared away, and does not grow.
//!
//! ```text
//! life 1   log-1 |.
//! life 2   log-2 |..       snap-1.tmp        begun, and cut by the end
//! life 3   log-3 |.        (snap-1.tmp)      cleared away; again, or on from there
//! ...
//! ```

use super::*;

const FLAGS: &[&str] = &[
    "--format tsv --count-by-key --update-state --changed",
    "--format tsv --count-by-key --window 4s --slide 2s",
    "--format tsv --count-by-key",
];

/// A checkpoint of so few keys has no more bytes, whatever has come and gone.
const BYTES: usize = 20_000;
/// Nor more files.
const FILES: usize = 24;
/// Of those that are not finished there may be one of each kind, and one more of a life that is over.
const UNFINISHED: usize = 4;

/// What the checkpoint takes on the disk: bytes, files, and how many of these are not finished.
fn size(case: &Case) -> (usize, usize, usize) {
    let image = case.disk.world().image();
    let own: Vec<_> = image.iter().filter(|(name, _)| !name.starts_with('/')).collect();
    let unfinished = own.iter().filter(|(name, _)| name.ends_with(".tmp")).count();
    (own.iter().map(|(_, file)| file.len()).sum(), own.len(), unfinished)
}

/// Lives all lives of a seed.
pub fn live(seed: u64) -> Lived {
    let mut tape = Tape(seed);
    let flags = FLAGS[tape.below(FLAGS.len() as u64) as usize];
    let script = script(tape.below(u64::MAX), 300);
    let case = Case::new(flags, &script, tape.chance(50), !seed);
    case.seen().now = START;
    for life in 1..=60 {
        let manner = Manner {
            start: Some(case.seen().now),
            lasts: Some(1 + tape.below(3000)),
            threads: threads(&mut tape),
            stops: tape.chance(20),
            ..ON
        };
        let fault = tape.chance(20).then(|| fault(&mut tape, 200));
        let lived = case.disturbed(manner, fault, tape.chance(50));
        lived.map_err(|wrong| format!("{flags}, life {life}, {manner:?}, {fault:?}: {wrong}"))?;
        let (bytes, files, unfinished) = size(&case);
        let is_small = bytes <= BYTES && files <= FILES && unfinished <= UNFINISHED;
        ensure!(
            is_small,
            "{flags}, life {life}: the checkpoint has {bytes} bytes in {files} files, of which \
             {unfinished} are not finished"
        );
    }
    Ok(())
}

#[test]
fn lives_that_end_soon_leave_a_checkpoint_that_does_not_grow() {
    for seed in seeds(30) {
        live(seed).unwrap_or_else(|wrong| panic!("WEIR_SIM={seed}: {wrong}"));
    }
}
