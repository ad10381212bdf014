//! What stands in a checkpoint: any bytes are a record, entries, a pane and state of every aggregate, or are refused.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use weir::agg::{AGGS, Built};
use weir::checkpoint::commits::commit::{Commit, decode_done, decode_pane, entries};
use weir::part::Words;
use weir::report::{Selection, Sort};
use weir::state::Retention;

thread_local! {
    /// All aggregates, each without and with the places of its keys.
    static BUILT: Vec<Built> = AGGS
        .iter()
        .flat_map(|spec| {
            let argument = |name: &&str| match *name {
                "LIST" => "count,sum,min,max,mean,stddev,p50,p99,distinct,first,last",
                _ => ".",
            };
            let words = Words::new(&spec.flag, spec.flag.takes.iter().map(argument));
            [false, true].map(|placed| (spec.build)(&words, placed).expect("it is right"))
        })
        .collect();
}

/// Loads a pane, and keeps state of the same entries.
fn load(Built { aggregate, columns, .. }: &Built, bytes: &[u8]) {
    let mut cells = entries(bytes).map_while(|entry| {
        let entry = entry?;
        Some((entry.key, entry.cell?))
    });
    let collector = || Selection::all(Sort::Key).collector(columns.len());
    if let Some(pane) = Arc::clone(aggregate).load(&mut cells) {
        let mut kept = 0;
        pane.save(&mut |key, cell| kept += key.len() + cell.len());
        assert!(kept <= bytes.len() + 16);
        let _ = pane.report(&mut collector());
    }
    let noted: Vec<_> =
        entries(bytes).map_while(|entry| entry.map(|entry| (entry.key, entry.cell))).collect();
    let retention = Retention::Running { ttl: None, limit: None };
    let mut store = aggregate.store(&retention, false, true);
    if store.put(&noted, true).is_some() {
        store.restored();
        let _ = store.report(&mut collector());
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Some((record, chain)) = Commit::decode(bytes) {
        assert_eq!(Commit::decode(&record.encode(chain)), Some((record, chain)));
    }
    decode_done(bytes);
    decode_pane(bytes);
    let raw: usize = entries(bytes).flatten().map(|entry| entry.raw.len()).sum();
    assert!(raw <= bytes.len());
    BUILT.with(|all| all.iter().for_each(|built| load(built, bytes)));
});
