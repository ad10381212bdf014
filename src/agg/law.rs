//! The law of aggregates, held over all of them: any cut, any thread, any order of merging, a save
//! and load in between, and where a cell can be subtracted from, with or without subtraction, gives
//! the same values and the same bytes. So does a window that panes enter and leave.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::fold::{Keyed, keyed};
use super::{AGGS, Aggregate, Built, Fold, Pane, Row, Spec};
use crate::cell::sample::Sample;
use crate::cell::{Count, Group, Members, Overflow, Placed, Presence, Statistics, Summary, Total};
use crate::chunk::Chunk;
use crate::part::{Shape, Words};
use crate::report::value::Value;
use crate::report::{Selection, Sort};
use crate::table::keys::Seeds;
use crate::table::shards::Sizes;

type Bytes = Vec<u8>;

fn values<C: Sample>(cell: &C) -> (Result<Vec<Value>, Overflow>, u64, Bytes) {
    let (mut values, mut bytes) = (Vec::new(), Vec::new());
    let shown = cell.values(&C::plan(), &mut values);
    cell.save(&mut bytes);
    (shown.map(|()| values), cell.first(), bytes)
}

fn pushed<C: Sample>(rows: &[(usize, Bytes)]) -> C {
    C::of(rows.iter().map(|(place, value)| Row { value, place: *place as u64 }))
}

fn reloaded<C: Sample>(cell: &C) -> C {
    let mut bytes = Vec::new();
    cell.save(&mut bytes);
    let mut rest = &bytes[..];
    let loaded = C::load(&mut rest).expect("what was saved is loaded");
    assert!(rest.is_empty(), "all of it");
    assert!(C::load(&mut &bytes[..bytes.len() - 1]).is_none(), "and nothing less");
    loaded
}

/// One cell against the others: rows dealt out to parts, parts merged in some order.
fn holds<C: Sample>(rows: &[Bytes], parts: &[usize], turn: usize) {
    let rows: Vec<_> = rows.iter().cloned().enumerate().collect();
    let whole: C = pushed(&rows);
    let mut dealt: Vec<Vec<(usize, Bytes)>> = vec![Vec::new(); 4];
    for (row, part) in rows.iter().zip(parts.iter().cycle()) {
        dealt[part % 4].push(row.clone());
    }
    dealt.rotate_left(turn % 4);
    let cells: Vec<C> = dealt.iter().map(|rows| pushed(rows)).collect();
    let mut merged = C::default();
    cells.iter().for_each(|cell| merged.merge(&reloaded(cell)));
    assert_eq!(values(&merged), values(&whole), "merged");
    let plan = C::plan();
    if rows.len() < 5 && turn > 2 {
        // Many more than a sketch keeps as they are.
        let many: Vec<_> = (0..700).map(|n| (n + rows.len(), n.to_string().into_bytes())).collect();
        let mut all = whole.clone();
        all.merge(&pushed(&many));
        let mut parts: C = pushed(&many[300..]);
        parts.merge(&reloaded(&pushed(&many[..300])));
        parts.merge(&merged);
        assert_eq!(values(&reloaded(&parts)), values(&all), "many");
    }
    let is_taken = |value: &Bytes| C::read(&plan, Row { value, place: 0 }).is_ok();
    let taken = rows.iter().filter(|(_, value)| is_taken(value)).count();
    assert_eq!(merged.records(), taken as u64);
    if C::indelible(&plan).is_none() {
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

/// A cell in a window: panes of some rows each enter in some parts, and leave in their order.
fn slides<C: Sample>(panes: &[Vec<Bytes>], length: usize, cut: usize) {
    let mut place = 0;
    let mut numbered = |rows: &Vec<Bytes>| -> Vec<_> {
        place += rows.len();
        (place - rows.len()..).zip(rows.iter().cloned()).collect()
    };
    let panes: Vec<Vec<(usize, Bytes)>> = panes.iter().map(&mut numbered).collect();
    let (mut whole, mut trail) = (C::default(), C::Trail::default());
    for (now, rows) in panes.iter().enumerate() {
        rows.chunks(cut).for_each(|part| whole.enter(&mut trail, now as u64, &pushed(part)));
        let first = (now + 1).saturating_sub(length);
        if now >= length {
            let (gone, mut parting) = (pushed::<C>(&panes[first - 1]), Vec::new());
            gone.save_parting(&mut parting);
            let gone = C::load(&mut &parting[..]).expect("what was saved is loaded");
            whole.leave(&mut trail, first as u64 - 1, &gone);
        }
        if whole.records() == 0 {
            (whole, trail) = Default::default();
        }
        let wanted: C = pushed(&panes[first..=now].concat());
        assert_eq!(values(&whole), values(&wanted), "panes {first} to {now}");
    }
}

/// A running aggregate: chunks dealt out to folds that are flushed now and then.
fn folded(
    aggregate: Arc<dyn Aggregate>,
    chunks: &[Vec<Record>],
    workers: usize,
    flush: usize,
    (of, width): (Shape, usize),
) -> Result<BTreeMap<Bytes, Vec<Value>>, String> {
    let mut folds: Vec<Box<dyn Fold>> =
        (0..workers).map(|worker| Arc::clone(&aggregate).fold(worker)).collect();
    for (number, records) in chunks.iter().enumerate() {
        let mut chunk = Chunk::default();
        chunk.number = number as u64;
        for (key, value) in records {
            match of {
                Shape::Pairs => chunk.push_pair(Some(key), value),
                _ => {
                    chunk.append(value);
                    chunk.append(b"\n");
                }
            }
        }
        if of != Shape::Pairs {
            chunk.set_uncut(b'\n');
        }
        let fold = &mut folds[number * 7 % workers];
        fold.fold(&mut chunk);
        if number % flush == 0 {
            fold.flush();
        }
    }
    folds.iter_mut().rev().for_each(|fold| fold.flush());
    let selection = Selection::all(Sort::Key);
    let rows = |pane: &dyn Pane| -> Result<BTreeMap<_, _>, String> {
        let mut collector = selection.collector(width);
        pane.report(&mut collector).unwrap();
        let report = collector.finish().map_err(|error| error.to_string())?;
        let rows = report.pieces().flat_map(|piece| piece.rows().collect::<Vec<_>>());
        Ok(rows
            .map(|(key, values)| (key.expect("none is missing").to_vec(), values.to_vec()))
            .collect())
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

/// A key, and a number or what is none.
type Record = (Bytes, Bytes);

fn value() -> impl Strategy<Value = Bytes> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        (-99i32..99).prop_map(|n| n.to_string().into_bytes()),
        (-99i32..99, 0u32..100).prop_map(|(a, b)| format!("{a}.{b}").into_bytes()),
        any::<f64>().prop_map(|double| format!("{double:e}").into_bytes()),
    ];
    let text = prop::collection::vec(prop::sample::select(&b"ab\0 "[..]), 0..20);
    prop_oneof![4 => number, 1 => text]
}

/// Rows of a pane: a few, or more than a sketch keeps as they are, of many values or of few.
fn pane() -> impl Strategy<Value = Vec<Bytes>> {
    let run = |count: std::ops::Range<u64>| {
        (count, 0u64..3000, prop::sample::select(&[1u64, 7, 100, 5000][..])).prop_map(
            |(count, first, of)| {
                (first..first + count).map(|n| (n % of).to_string().into_bytes()).collect()
            },
        )
    };
    prop_oneof![6 => prop::collection::vec(value(), 0..5), 4 => run(0..120), 2 => run(400..900)]
}

fn record() -> impl Strategy<Value = Record> {
    (prop::collection::vec(prop::sample::select(&b"ab\0"[..]), 0..20), value())
}

/// What a spec makes of arguments that ask for all it has.
fn built(spec: &'static Spec, placed: bool) -> Built {
    let argument = |name: &&str| match *name {
        "LIST" => "count,sum,min,max,mean,stddev,p50,p99,distinct,first,last",
        // It depends on the order of the stream, and on where it begins.
        "FILTER" if spec.flag.name.starts_with("reduce") => "\"\\(.)\\($x)\" | .[-60:]",
        "FILTER" => ".state",
        other => panic!("an argument for {other}"),
    };
    let words = Words::new(&spec.flag, spec.flag.takes.iter().map(argument));
    (spec.build)(&words, placed).unwrap()
}

proptest! {
    #[test]
    fn every_cell_obeys_the_law(
        rows in prop::collection::vec(value(), 0..60),
        parts in prop::collection::vec(0usize..4, 1..9),
        turn in 0usize..4,
    ) {
        holds::<Count>(&rows, &parts, turn);
        holds::<Placed<Count>>(&rows, &parts, turn);
        holds::<Presence>(&rows, &parts, turn);
        holds::<Group>(&rows, &parts, turn);
        holds::<Members>(&rows, &parts, turn);
        holds::<Total>(&rows, &parts, turn);
        holds::<Summary>(&rows, &parts, turn);
        holds::<Placed<Statistics>>(&rows, &parts, turn);
    }

    #[test]
    fn every_cell_leaves_a_window_as_it_came(
        panes in prop::collection::vec(pane(), 1..40), length in 1usize..9, cut in 100usize..700,
    ) {
        slides::<Count>(&panes, length, cut);
        slides::<Placed<Count>>(&panes, length, cut);
        slides::<Group>(&panes, length, cut);
        slides::<Members>(&panes, length, cut);
        slides::<Total>(&panes, length, cut);
        slides::<Summary>(&panes, length, cut);
        slides::<Placed<Statistics>>(&panes, length, cut);
    }

    #[test]
    fn every_aggregate_gives_the_same_whatever_the_cuts_and_workers(
        records in prop::collection::vec(record(), 0..80),
        cut in 1usize..9, workers in 1usize..4, flush in 1usize..4,
    ) {
        let one = vec![records.clone()];
        let many: Vec<_> = records.chunks(cut).map(<[_]>::to_vec).collect();
        fn tiny<C: Sample>(seeds: Seeds) -> Arc<dyn Aggregate> {
            Arc::new(Keyed::<C>::sized(C::plan(), seeds, TINY))
        }
        let pairs = [
            (keyed::<Count>((), true), tiny::<Placed<Count>> as fn(Seeds) -> _, Seeds::weak(), 1),
            (keyed::<Count>((), false), tiny::<Count>, Seeds::random(), 1),
            (keyed::<Statistics>(Statistics::plan(), false), tiny::<Statistics>, Seeds::weak(), 11),
        ];
        for (usual, tiny, seeds, width) in pairs {
            let rows = (Shape::Pairs, width);
            let usual = folded(usual, &one, 1, 1, rows);
            prop_assert_eq!(&usual, &folded(tiny(seeds.clone()), &one, 1, 1, rows), "tiny");
            prop_assert_eq!(&usual, &folded(tiny(seeds), &many, workers, flush, rows), "tiny");
        }
        for spec in AGGS.iter().filter(|spec| !spec.flag.takes.contains(&"FILTER")) {
            for placed in [false, true] {
                let of = spec.of.unwrap_or(Shape::Records);
                let [plain, other] = [(); 2].map(|()| built(spec, placed));
                let rows = (of, plain.columns.len());
                let plain = folded(plain.aggregate, &one, 1, 1, rows);
                let other = folded(other.aggregate, &many, workers, flush, rows);
                prop_assert_eq!(&plain, &other, "--{}", spec.flag.name);
            }
        }
    }
}

proptest! {
    // Each case compiles programs.
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn programs_see_the_stream_in_its_order_whatever_the_cuts_and_workers(
        records in prop::collection::vec(record(), 0..80),
        cut in 1usize..9, workers in 1usize..4, flush in 1usize..4,
    ) {
        let one = vec![records.clone()];
        let many: Vec<_> = records.chunks(cut).map(<[_]>::to_vec).collect();
        for spec in AGGS.iter().filter(|spec| spec.flag.takes.contains(&"FILTER")) {
            let of = spec.of.unwrap_or(Shape::Records);
            let [plain, other] = [(); 2].map(|()| built(spec, false));
            let plain = folded(plain.aggregate, &one, 1, 1, (of, 1));
            let other = folded(other.aggregate, &many, workers, flush, (of, 1));
            prop_assert_eq!(&plain, &other, "--{}", spec.flag.name);
        }
    }
}

#[test]
fn a_missing_key_is_a_key_of_its_own() {
    let aggregate = super::fold::keyed::<Count>((), false);
    let (mut fold, mut chunk) = (Arc::clone(&aggregate).fold(0), Chunk::default());
    for key in [Some(&b"k"[..]), None, Some(b""), None] {
        chunk.push_pair(key, b"v");
    }
    fold.fold(&mut chunk);
    fold.flush();
    let selection = Selection { may_lack_keys: true, ..Selection::all(Sort::Key) };
    let mut collector = selection.collector(1);
    aggregate.close().report(&mut collector).unwrap();
    let report = collector.finish().unwrap();
    let rows: Vec<_> = report.pieces().flat_map(|piece| piece.rows().collect::<Vec<_>>()).collect();
    let one = |count| [Value::Int(count)];
    assert_eq!(rows, [(Some(&b""[..]), &one(1)[..]), (None, &one(2)), (Some(b"k"), &one(1))]);
}
