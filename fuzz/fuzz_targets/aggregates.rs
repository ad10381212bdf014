//! Aggregates of any rows: cut into chunks and dealt to workers they come to the same, saved and loaded too.
//!
//! The flag with its argument, a tab between them; behind an empty line the rows, a key before a tab.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use weir::agg::{AGGS, Aggregate, Built, Pane};
use weir::chunk::Chunk;
use weir::part::{Shape, Words};
use weir::report::value::Value;
use weir::report::{Selection, Sort};

/// What a pane reports, and how many rows were bad.
type Reported = Result<Vec<(Vec<u8>, Vec<Value>)>, String>;

/// What one line asks for.
fn built(line: &str) -> Option<(Built, bool)> {
    let mut typed = line.split('\t');
    let name = typed.next()?.strip_prefix("--")?;
    let spec = AGGS.iter().find(|spec| spec.flag.name == name)?;
    let arguments: Vec<&str> = typed.take(spec.flag.takes.len()).collect();
    if arguments.len() < spec.flag.takes.len() {
        return None;
    }
    let built = (spec.build)(&Words::new(&spec.flag, arguments), false).ok()?;
    Some((built, spec.of == Some(Shape::Pairs) || name.ends_with("-by-key")))
}

/// A chunk of rows.
fn chunk(rows: &[&[u8]], number: u64, are_pairs: bool) -> Chunk {
    let mut chunk = Chunk::default();
    chunk.set_number(number);
    for row in rows {
        let at = row.iter().position(|&byte| byte == b'\t').unwrap_or(0);
        match are_pairs {
            true => chunk.push_pair(Some(&row[..at]), row.get(at + 1..).unwrap_or_default()),
            false => chunk.push(row),
        }
    }
    chunk
}

/// Folds rows, of which each chunk has so many, and deals the chunks to so many workers.
fn folded(
    aggregate: &Arc<dyn Aggregate>,
    rows: &[&[u8]],
    (length, workers): (usize, usize),
    are_pairs: bool,
) -> (Box<dyn Pane>, usize) {
    let workers = if aggregate.is_serial() { 1 } else { workers };
    let mut folds: Vec<_> = (0..workers).map(|worker| Arc::clone(aggregate).fold(worker)).collect();
    let mut bad = 0;
    for (number, rows) in rows.chunks(length).enumerate() {
        let mut chunk = chunk(rows, number as u64, are_pairs);
        folds[number % workers].fold(&mut chunk);
        bad += chunk.bad.len();
    }
    folds.iter_mut().for_each(|fold| fold.flush());
    (Arc::clone(aggregate).close(), bad)
}

fn reported(pane: &dyn Pane, width: usize) -> Reported {
    let mut collector = Selection::all(Sort::Key).collector(width);
    pane.report(&mut collector).map_err(|error| error.to_string())?;
    let report = collector.finish().map_err(|error| error.to_string())?;
    let row = |at| {
        let (key, values) = report.row(at);
        (key.to_vec(), values.to_vec())
    };
    Ok((0..report.len()).map(row).collect())
}

fuzz_target!(|bytes: &[u8]| {
    let Some(border) = bytes.windows(2).position(|pair| pair == b"\n\n") else { return };
    let Ok(typed) = std::str::from_utf8(&bytes[..border]) else { return };
    let Some((Built { aggregate, columns, .. }, are_pairs)) = built(typed) else { return };
    let rows: Vec<&[u8]> = bytes[border + 2..].split(|&byte| byte == b'\n').collect();

    let (pane, bad) = folded(&aggregate, &rows, (rows.len(), 1), are_pairs);
    let whole = reported(&*pane, columns.len());
    let mut entries = Vec::new();
    pane.save(&mut |key, cell| entries.push((key.to_vec(), cell.to_vec())));
    let mut saved = entries.iter().map(|(key, cell)| (&key[..], &cell[..]));
    let loaded = Arc::clone(&aggregate).load(&mut saved).expect("what was saved is loaded");
    assert_eq!(reported(&*loaded, columns.len()), whole);
    drop((pane, loaded));

    let (pane, also_bad) = folded(&aggregate, &rows, (3, 2), are_pairs);
    assert_eq!(also_bad, bad);
    assert_eq!(reported(&*pane, columns.len()), whole);
});
