//! The law of aggregates, held over all of them: any cut, any thread, any order of merging, a save
//! and load in between, and where a cell can be subtracted from, with or without subtraction, gives
//! the same values and the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::count::Count;
use super::fold::{Keyed, Placed};
use super::{AGGS, Aggregate, Cell, Fold, Pane, Row};
use crate::chunk::Chunk;
use crate::part::Words;
use crate::report::value::Value;
use crate::report::{Selection, Sort};
use crate::table::keys::Seeds;
use crate::table::shards::Sizes;

fn values<C: Cell>(cell: &C) -> (Vec<Value>, u64, Vec<u8>) {
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    cell.values(&mut values);
    cell.save(&mut bytes);
    (values, cell.first(), bytes)
}

fn pushed<C: Cell>(rows: &[(usize, Vec<u8>)]) -> C {
    let mut cell = C::default();
    for (place, value) in rows {
        if let Ok(input) = C::read(Row { value, place: *place as u64 }) {
            cell.push(input);
        }
    }
    cell
}

fn reloaded<C: Cell>(cell: &C) -> C {
    let mut bytes = Vec::new();
    cell.save(&mut bytes);
    let mut rest = &bytes[..];
    let loaded = C::load(&mut rest).expect("what was saved is loaded");
    assert!(rest.is_empty(), "all of it");
    assert!(C::load(&mut &bytes[..bytes.len() - 1]).is_none(), "and nothing less");
    loaded
}

/// One cell against the others: rows dealt out to parts, parts merged in some order.
fn holds<C: Cell>(rows: &[Vec<u8>], parts: &[usize], turn: usize) {
    let rows: Vec<_> = rows.iter().cloned().enumerate().collect();
    let whole: C = pushed(&rows);
    let mut dealt: Vec<Vec<(usize, Vec<u8>)>> = vec![Vec::new(); 4];
    for (row, part) in rows.iter().zip(parts.iter().cycle()) {
        dealt[part % 4].push(row.clone());
    }
    dealt.rotate_left(turn % 4);
    let cells: Vec<C> = dealt.iter().map(|rows| pushed(rows)).collect();
    let mut merged = C::default();
    cells.iter().for_each(|cell| merged.merge(&reloaded(cell)));
    assert_eq!(values(&merged), values(&whole), "merged");
    let taken = rows.iter().filter(|(_, value)| C::read(Row { value, place: 0 }).is_ok()).count();
    assert_eq!(merged.records(), taken as u64);
    if C::INVERTIBLE {
        merged.unmerge(&cells[1]);
        merged.unmerge(&cells[3]);
        let mut left = cells[2].clone();
        left.merge(&cells[0]);
        assert_eq!(values(&merged), values(&left), "unmerged");
        assert_eq!(merged.records(), left.records());
        merged.unmerge(&left);
        assert_eq!(values(&merged), values(&C::default()), "nothing is left");
    }
}

/// A running aggregate: chunks dealt out to folds that are flushed now and then.
fn folded(
    aggregate: Arc<dyn Aggregate>,
    chunks: &[Vec<Vec<u8>>],
    workers: usize,
    flush: usize,
) -> BTreeMap<Vec<u8>, Vec<Value>> {
    let mut folds: Vec<Box<dyn Fold>> =
        (0..workers).map(|worker| Arc::clone(&aggregate).fold(worker)).collect();
    for (number, records) in chunks.iter().enumerate() {
        let mut chunk = Chunk::default();
        chunk.number = number as u64;
        for record in records {
            chunk.append(record);
            chunk.append(b"\n");
        }
        chunk.set_uncut(b'\n');
        let fold = &mut folds[number * 7 % workers];
        fold.fold(&mut chunk);
        if number % flush == 0 {
            fold.flush();
        }
    }
    folds.iter_mut().rev().for_each(|fold| fold.flush());
    let selection = Selection { top: None, ascending: true, sort: Sort::Key, shown: usize::MAX };
    let rows = |pane: &dyn Pane| -> BTreeMap<_, _> {
        let mut collector = selection.collector(1);
        pane.report(&mut collector).unwrap();
        let report = collector.finish();
        let rows = report.pieces().flat_map(|piece| piece.rows().collect::<Vec<_>>());
        rows.map(|(key, values)| (key.to_vec(), values.to_vec())).collect()
    };
    let pane = Arc::clone(&aggregate).close();
    let mut saved = Vec::new();
    pane.save(&mut |key, cell| saved.push((key.to_vec(), cell.to_vec())));
    let mut entries = saved.iter().map(|(key, cell)| (&key[..], &cell[..]));
    let found = rows(&*pane);
    let again = aggregate.load(&mut entries).expect("what was saved is loaded");
    assert_eq!(rows(&*again), found, "saved and loaded");
    found
}

/// Sizes at which a few rows are written down, handed over and merged.
const TINY: Sizes =
    Sizes { block: 2, piece: 1, floor: 40, front: 3, cached: 200, pass: 30, probe: 3 };

fn record() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        (-99i32..99, 0u32..100).prop_map(|(a, b)| format!("{a}.{b}").into_bytes()),
    ];
    let text = prop::collection::vec(prop::sample::select(&b"ab\0 "[..]), 0..20);
    prop_oneof![number, text]
}

proptest! {
    #[test]
    fn every_cell_obeys_the_law(
        rows in prop::collection::vec(record(), 0..60),
        parts in prop::collection::vec(0usize..4, 1..9),
        turn in 0usize..4,
    ) {
        holds::<Count>(&rows, &parts, turn);
        holds::<Placed<Count>>(&rows, &parts, turn);
    }

    #[test]
    fn every_aggregate_gives_the_same_whatever_the_cuts_and_workers(
        records in prop::collection::vec(record(), 0..80),
        cut in 1usize..9, workers in 1usize..4, flush in 1usize..4,
    ) {
        let one = vec![records.clone()];
        let many: Vec<_> = records.chunks(cut).map(<[_]>::to_vec).collect();
        let tiny = |placed: bool| -> Arc<dyn Aggregate> {
            match placed {
                true => Arc::new(Keyed::<Placed<Count>>::sized(Seeds::weak(), TINY)),
                false => Arc::new(Keyed::<Count>::sized(Seeds::random(), TINY)),
            }
        };
        for placed in [false, true] {
            let plain: Arc<dyn Aggregate> = match placed {
                true => Keyed::<Placed<Count>>::new(),
                false => Keyed::<Count>::new(),
            };
            let plain = folded(plain, &one, 1, 1);
            prop_assert_eq!(&plain, &folded(tiny(placed), &one, 1, 1), "tiny");
            prop_assert_eq!(&plain, &folded(tiny(placed), &many, workers, flush), "tiny");
        }
        for spec in AGGS {
            for placed in [false, true] {
                let words = Words::new(&spec.flag, spec.flag.takes);
                let aggregate = || (spec.build)(&words, placed).unwrap().aggregate;
                let plain = folded(aggregate(), &one, 1, 1);
                let other = folded(aggregate(), &many, workers, flush);
                prop_assert_eq!(&plain, &other, "{}", words);
            }
        }
    }
}
