//! `--explain`: the pipeline as it was understood, and what becomes of each record of a stdin that is
//! at hand.
//!
//! Records go through the same steps as in a run, one at a time, so that each line shows what one
//! step made of one record.

use std::fmt::Write;
use std::io::IsTerminal;

use crate::chunk::Chunk;
use crate::cli::Typed;
use crate::cli::plan::Plan;
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::format::python::{Object, repr};
use crate::part::Shape;
use crate::report::value::Value;
use crate::sink::stdout::Stdout;
use crate::source::Read;
use crate::state::Retention;
use crate::step::Step;
use crate::units::show_duration;

/// Prints the pipeline; then, if stdin is the source and no terminal, each record after each step.
pub fn explain(
    typed: &Typed,
    plan: Plan,
    wait: &mut dyn Wait,
    stdout: &Stdout,
) -> Result<(), Error> {
    let names: Vec<String> = typed.steps.iter().map(|(_, words)| words.to_string()).collect();
    stdout.write(pipeline(typed, &plan, &names).as_bytes())?;
    match typed.source.name == "stdin" && !std::io::stdin().is_terminal() {
        true => records(plan, &names, wait, stdout),
        false => Ok(()),
    }
}

/// The pipeline, a line for each part, with what leaves it.
fn pipeline(typed: &Typed, plan: &Plan, names: &[String]) -> String {
    let mut text = String::new();
    let mut line = |part: &str, what: &str, leaves: &str| {
        let _ = writeln!(text, "{part:<10} {what:<32} -> {leaves}");
    };
    let arrows: Vec<&str> = plan.arrows.iter().copied().map(shown_shape).collect();
    line("source", typed.source.name, arrows[0]);
    names.iter().zip(&arrows[1..]).for_each(|(name, leaves)| line("step", name, leaves));
    let rows = arrows[names.len()];
    let interval = plan.settings.interval;
    let batch = match (plan.settings.once, interval.is_zero()) {
        (true, _) => "one batch, at the end of the input".to_string(),
        (false, true) => "each record at once".to_string(),
        (false, false) => format!("a batch every {}", show_duration(interval)),
    };
    match &typed.aggregate {
        Some((_, words)) => {
            let leaves = match plan.arrows.last() {
                Some(Shape::Keyed) if rows == "record" => "pair (record, value)",
                Some(Shape::Keyed) => "pair (key, value)",
                _ => "value",
            };
            line("aggregate", &words.to_string(), &format!("{leaves}, {batch}"));
        }
        None => line("no", "aggregate", &format!("{rows}, as it comes, {batch}")),
    }
    if let Some(stateful) = &plan.pipeline.stateful {
        let (part, what, leaves) = kept(&stateful.retention);
        line(part, &what, &leaves);
    }
    if let Some(top) = plan.pipeline.layout.selection.top {
        let which = if plan.pipeline.layout.selection.ascending { "smallest" } else { "largest" };
        line("report", &format!("--top {top}"), &format!("the {which} values"));
    }
    if typed.report.changed {
        line("report", "--changed", "the rows that are new or differ");
    }
    let outputs: Vec<_> = plan.outputs.iter().map(ToString::to_string).collect();
    line("format", typed.format().name, &outputs.join(", "));
    if let Some(saving) = &plan.saving {
        let log =
            if saving.logs_input { "each batch, and the input until then" } else { "each batch" };
        line("checkpoint", &format!("--checkpoint {}", saving.dir.display()), log);
    }
    text
}

/// A row between the steps, in a word.
fn shown_shape(shape: Shape) -> &'static str {
    if shape == Shape::Pairs { "pair" } else { "record" }
}

/// What reaches beyond a batch: the part, how it was typed, and what leaves it when.
fn kept(retention: &Retention) -> (&'static str, String, String) {
    match retention {
        Retention::Window { window, .. } => {
            let length = show_duration(window.length());
            let slide = show_duration(window.slide());
            ("window", format!("--window {length}"), format!("the last {length}, every {slide}"))
        }
        Retention::Running { ttl, .. } => {
            let forgets = |ttl| format!("all since the beginning but what is {ttl} old");
            let leaves = ttl
                .map_or("all since the beginning".to_string(), |ttl| forgets(show_duration(ttl)));
            ("state", "--update-state".to_string(), leaves)
        }
    }
}

/// Each record of the source, after each step.
fn records(
    mut plan: Plan,
    names: &[String],
    wait: &mut dyn Wait,
    stdout: &Stdout,
) -> Result<(), Error> {
    let mut chunk = Chunk::default();
    plan.pipeline.source.open(wait)?;
    loop {
        chunk.clear();
        match plan.pipeline.source.read(&mut chunk, usize::MAX, wait, Stamp::NEVER)? {
            Read::End => return Ok(()),
            Read::Rows => {}
            Read::Idle | Read::Cut => continue,
        }
        chunk.cut();
        let mut text = String::new();
        for row in 0..chunk.keys.len() {
            record(one(&chunk, row), &mut plan.pipeline.steps, names, &mut text)?;
        }
        for bad in &chunk.bad {
            let _ = writeln!(text, "\nbad: {}: {}", bad.position, bad.reason);
        }
        stdout.write(text.as_bytes())?;
    }
}

/// A row as a chunk of its own.
fn one(chunk: &Chunk, row: usize) -> Chunk {
    let mut alone = Chunk::default();
    match chunk.value(row) {
        Some(value) => alone.push_pair(chunk.key(row), value),
        None => alone.push(chunk.at(chunk.keys[row])),
    }
    let start = chunk.keys[row].range().start;
    alone.origins.copied(0..alone.len(), &chunk.origins, start);
    alone
}

/// What each step makes of a row.
fn record(
    mut chunk: Chunk,
    steps: &mut [Box<dyn Step>],
    names: &[String],
    text: &mut String,
) -> Result<(), Error> {
    let _ = writeln!(text, "\n{}", shown(&chunk, 0));
    for (step, name) in steps.iter_mut().zip(names) {
        step.apply(&mut chunk)?;
        chunk.cut();
        let rows: Vec<_> = (0..chunk.keys.len()).map(|row| shown(&chunk, row)).collect();
        let rows = if rows.is_empty() { "(nothing)".to_string() } else { rows.join(", ") };
        let _ = writeln!(text, "  {name:<40} {rows}");
        for bad in chunk.bad.drain(..) {
            let _ = writeln!(text, "  {name:<40} bad: {}", bad.reason);
        }
    }
    Ok(())
}

/// A row as Python would write it: what cannot be seen is escaped.
fn shown(chunk: &Chunk, row: usize) -> String {
    let mut out = Vec::new();
    let key = chunk.key(row).map_or(Object::Value(&Value::None), Object::Text);
    match chunk.value(row) {
        Some(value) => repr(&mut out, Object::Tuple(&[key, Object::Text(value)])),
        None => repr(&mut out, key),
    }
    String::from_utf8_lossy(&out).into_owned()
}
