//! What stands in a checkpoint: any bytes are a record, entries and a pane, or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir::agg::AGGS;
use weir::checkpoint::commits::commit::{Commit, decode_done, decode_pane, entries};
use weir::part::Words;

fuzz_target!(|bytes: &[u8]| {
    if let Some((record, chain)) = Commit::decode(bytes) {
        assert_eq!(Commit::decode(&record.encode(chain)), Some((record, chain)));
    }
    decode_done(bytes);
    decode_pane(bytes);
    let raw: usize = entries(bytes).flatten().map(|entry| entry.raw.len()).sum();
    assert!(raw <= bytes.len());
    for spec in AGGS {
        for placed in [false, true] {
            let mut cells = entries(bytes).map_while(|entry| {
                let entry = entry?;
                Some((entry.key, entry.cell?))
            });
            let words = Words::new(&spec.flag, spec.flag.takes);
            let Ok(built) = (spec.build)(&words, placed) else { continue };
            if let Some(pane) = built.aggregate.load(&mut cells) {
                let mut kept = 0;
                pane.save(&mut |key, cell| kept += key.len() + cell.len());
                assert!(kept <= bytes.len() + 16);
            }
        }
    }
});
