//! What a slide costs, and what is held, by the length of the window: `cargo bench --bench windows`.
//!
//! A stream of 5,000 records a second over a million keys, a window that slides every second. The
//! window's own work should be the same whatever its length; what is held should follow the entries in
//! the window. A report of all keys, of which the ten largest are shown, looks at each key that is
//! there; one of the changed ones only at those that were touched.

#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use weir::agg::{Cell, Row};
use weir::cell::statistic::Statistic;
use weir::cell::{Count, Group, Members, Placed, Statistics, Wanted};
use weir::clock::Stamp;
use weir::report::{Selection, Sort};
use weir::state::{Retention, State};
use weir::table::keys::{Key, Seeds};
use weir::window::Window;

const KEYS: u64 = 1_000_000;
const RATE: u64 = 5000;
/// What is measured: counts, with the place of first appearance too, and statistics.
const CELLS: [&str; 8] = ["count", "placed", "sum", "max", "p99", "distinct", "members", "group"];
/// How many slides are measured, once the window is full.
const MEASURED: i64 = 400;

/// Each measure has a process of its own, so that its memory is what it holds.
fn main() {
    let Ok(which) = std::env::var("WEIR_BENCH") else {
        println!("{:<10} window  entering+leaving µs   report µs       held", "cells");
        println!("{:<10}         mean   p99    max     all   changed    MB  bytes an entry", "");
        let which = CELLS.map(|cells| [60, 600, 3600].map(|span| (cells, span)));
        for (cells, span) in which.into_iter().flatten() {
            let program = std::env::current_exe().expect("it has a path");
            let mut command = std::process::Command::new(program);
            command.env("WEIR_BENCH", format!("{cells} {span}"));
            assert!(command.status().expect("it is started").success());
        }
        return;
    };
    let (cells, span) = which.split_once(' ').expect("two words");
    let span = span.parse().expect("seconds");
    match cells {
        "count" => measure::<Count>(cells, span, &()),
        "placed" => measure::<Placed<Count>>(cells, span, &()),
        "members" => measure::<Members>(cells, span, &()),
        "group" => measure::<Group>(cells, span, &()),
        name => {
            let statistic = Statistic::named(name).expect("a statistic");
            measure::<Statistics>(cells, span, &Wanted::new([statistic].into()));
        }
    }
}

fn measure<C: Cell>(name: &str, length: u64, plan: &C::Plan) {
    let seeds = Seeds::random();
    let [span, second] = [length, 1].map(Duration::from_secs);
    let window = Window::new(span, None, second).expect("a window of whole seconds");
    let retention = Retention::Window { window, keep_zeros: false };
    let before = resident();
    let mut state = State::<C>::new(&retention, &seeds, true, false);
    let (mut random, mut times, mut changed, mut all) = (1u64, Vec::new(), Vec::new(), Vec::new());
    let full = length as i64 * 3 / 2;
    for slide in 1..=full + MEASURED {
        let batch: Vec<(String, C)> =
            (0..RATE).map(|_| (key(&mut random), one(plan, random))).collect();
        let start = now();
        state.begin(Stamp(slide * 1000));
        batch.iter().for_each(|(key, cell)| {
            state.enter(Key::copied(key.as_bytes(), &seeds), cell);
        });
        state.settle(Stamp(slide * 1000)).expect("there is no limit");
        let worked = now();
        let mut rows = 0;
        state.changes(|_, _, _| rows += 1);
        assert!(rows > 0);
        if slide > full {
            times.push((worked - start).as_nanos() as u64);
            changed.push((now() - worked).as_nanos() as u64);
        }
        if slide > full && slide % 40 == 0 {
            let start = now();
            top(&state, plan);
            all.push((now() - start).as_nanos() as u64);
        }
    }
    times.sort_unstable();
    let held = resident() - before;
    let micros = |nanos: u64| nanos / 1000;
    let mean = |all: &[u64]| micros(all.iter().sum::<u64>() / all.len() as u64);
    println!(
        "{name:<10} {length:>5} s {:>5} {:>6} {:>6} {:>7} {:>8} {:>6} {:>8}",
        mean(&times),
        micros(times[times.len() * 99 / 100]),
        micros(times[times.len() - 1]),
        mean(&all),
        mean(&changed),
        held >> 20,
        held / (length * RATE),
    );
}

fn key(random: &mut u64) -> String {
    *random =
        random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    format!("key{}", (*random >> 33) % KEYS)
}

/// A cell of one record, of which the place grows.
fn one<C: Cell>(plan: &C::Plan, random: u64) -> C {
    static PLACE: AtomicU64 = AtomicU64::new(0);
    let (mut cell, value) = (C::default(), (random >> 13 & 0xffff).to_string());
    let row = Row { value: value.as_bytes(), place: PLACE.fetch_add(1, Ordering::Relaxed) };
    cell.push(plan, C::read(plan, row).unwrap_or_else(|reason| panic!("{reason}")));
    cell
}

fn top<C: Cell>(state: &State<C>, plan: &C::Plan) {
    let largest = Selection { top: Some(10), shown: 10, ..Selection::all(Sort::Value) };
    let mut collector = largest.collector(1);
    let mut values = Vec::new();
    state.for_each(|key, cell| {
        values.clear();
        cell.values(plan, &mut values).expect("of small numbers all is shown");
        collector.offer(key, &values, cell.first());
    });
    assert_eq!(collector.finish().map_or(0, |report| report.len()), 10);
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn now() -> Instant {
    Instant::now()
}

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
