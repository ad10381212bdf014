//! `--explain`: the pipeline as it was understood, and what becomes of the first records that are at hand.
//!
//! Records go through the same steps as in a run, one at a time, so that each line shows what one
//! step made of one record; at the end the aggregate may refuse it too. What is at hand is the input
//! itself, if that is stdin or ends by itself. Of any other source nothing is opened: what is on stdin stands
//! in for what it would give. A terminal is not read, and a pipe in which nothing comes is not waited for
//! long. Neither state nor a checkpoint is touched.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::Duration;

use crate::agg::Fold;
use crate::chunk::Chunk;
use crate::cli::Typed;
use crate::cli::outline::outline;
use crate::cli::plan::{Plan, source_settings};
use crate::clock::{Stamp, Wait};
use crate::error::Error;
use crate::format::python::{Object, repr};
use crate::part::Shape;
use crate::part::outline::Outline;
use crate::report::value::Value;
use crate::say::note;
use crate::sink::stdout::Stdout;
use crate::source::{Read, SOURCES, Source};
use crate::step::Step;
use crate::units::show_duration;

/// So many records are shown.
const SHOWN: usize = 10;
/// So long is waited for each.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints the pipeline; then each record that is at hand after each step.
pub fn explain(
    typed: &Typed,
    plan: Plan,
    wait: &mut dyn Wait,
    stdout: &Stdout,
) -> Result<(), Error> {
    let names: Vec<String> = typed.steps.iter().map(|(_, words)| words.to_string()).collect();
    let width = width(40, names.iter().map(String::as_str));
    stdout.write(pipeline(typed, &plan).as_bytes())?;
    let (yields, pipeline) = (plan.arrows[0], plan.pipeline);
    let Some(mut source) = at_hand(typed, yields, pipeline.source, wait.now()) else {
        return Ok(());
    };
    let fold = pipeline.aggregate.map(|aggregate| aggregate.fold(0));
    let aggregate = typed.aggregate.as_ref().map(|(_, words)| words.to_string());
    let mut way = Way { names, width, steps: pipeline.steps, fold: aggregate.zip(fold) };
    records(&mut *source, &mut way, wait, stdout)
}

/// What the first records are read from, if anything is at hand.
fn at_hand(
    typed: &Typed,
    yields: Shape,
    source: Box<dyn Source>,
    now: Stamp,
) -> Option<Box<dyn Source>> {
    let terminal = std::io::stdin().is_terminal();
    if typed.source.name == "stdin" {
        return (!terminal).then_some(source);
    }
    if source.is_finite() {
        return Some(source);
    }
    let stdin = SOURCES.iter().find(|spec| spec.name == "stdin")?;
    // One that is not open has nothing, which is no mistake here.
    let built = (stdin.build)(&typed.matches, &source_settings(typed, now, false)).ok()?;
    (!terminal && yields == Shape::Records).then_some(built.source)
}

/// The pipeline, a line for each part, with what leaves it.
fn pipeline(typed: &Typed, plan: &Plan) -> String {
    let lines = outline(typed, plan);
    let width = width(32, lines.iter().map(|line| line.what.as_str()));
    let line = |Outline { part, what, leaves }| {
        format!("{part:<10} {} -> {leaves}\n", column(&what, width, 11))
    };
    lines.into_iter().map(line).collect()
}

/// A text that is longer has a line of its own.
const WIDEST: usize = 56;

/// How wide a column of texts is.
fn width<'a>(least: usize, texts: impl Iterator<Item = &'a str>) -> usize {
    let widths = texts.map(|text| text.chars().count());
    widths.filter(|width| *width <= WIDEST).max().unwrap_or(0).max(least)
}

/// A text that has a column of this width, before which there are so many others; what comes behind it stands
/// below it where there is no room.
fn column(text: &str, width: usize, before: usize) -> String {
    match width.checked_sub(text.chars().count()) {
        Some(rest) => format!("{text}{}", " ".repeat(rest)),
        None => format!("{text}\n{}", " ".repeat(before + width)),
    }
}

/// What each record goes through.
struct Way {
    /// The steps as they were typed, and how wide their column is.
    names: Vec<String>,
    width: usize,
    steps: Vec<Box<dyn Step>>,
    /// The aggregate as it was typed, and a fold that nobody closes.
    fold: Option<(String, Box<dyn Fold>)>,
}

/// The first records of the source, after each step.
fn records(
    source: &mut dyn Source,
    way: &mut Way,
    wait: &mut dyn Wait,
    stdout: &Stdout,
) -> Result<(), Error> {
    let (mut chunk, mut left) = (Chunk::default(), SHOWN);
    source.open(wait)?;
    let mut until = wait.now().after(PATIENCE);
    loop {
        chunk.clear();
        // One more than is shown, to know whether there is more.
        match source.read(&mut chunk, left.max(1), wait, until)? {
            Read::End => return Ok(()),
            Read::Rows if left == 0 => return stdout.write(b"\n...\n"),
            Read::Rows => until = wait.now().after(PATIENCE),
            Read::Idle | Read::Cut if wait.now() < until => continue,
            Read::Idle | Read::Cut if left == 0 => return Ok(()),
            Read::Idle | Read::Cut => {
                let patience = show_duration(PATIENCE);
                note(&format!("--explain: nothing more came within {patience}"));
                return Ok(());
            }
        }
        chunk.cut();
        let mut text = String::new();
        for row in 0..chunk.keys.len() {
            way.show(one(&chunk, row), &mut text)?;
        }
        let shown = chunk.keys.len() + chunk.bad.len();
        for bad in chunk.bad.iter().take(left) {
            let _ = writeln!(text, "\nbad: {bad}");
        }
        left = left.saturating_sub(shown);
        if left == 0 {
            until = wait.now();
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
    alone.origins.taken(0..alone.len(), &chunk.origins, start);
    alone
}

impl Way {
    /// What each step makes of a row.
    fn show(&mut self, mut chunk: Chunk, text: &mut String) -> Result<(), Error> {
        let _ = writeln!(text, "\n{}", shown(&chunk, 0));
        let width = self.width;
        let mut tell = |name: &str, told: Vec<String>| {
            for (number, told) in told.iter().enumerate() {
                let name = column(if number == 0 { name } else { "" }, width, 2);
                let _ = writeln!(text, "  {name} {told}");
            }
        };
        for (step, name) in self.steps.iter_mut().zip(&self.names) {
            let had_none = chunk.keys.is_empty();
            step.apply(&mut chunk)?;
            chunk.cut();
            if step.is_serial() {
                finish(&mut **step, &mut chunk)?;
            }
            let rows: Vec<_> = (0..chunk.keys.len()).map(|row| shown(&chunk, row)).collect();
            let rows = (!rows.is_empty()).then(|| rows.join(", "));
            let mut told: Vec<_> = rows.into_iter().chain(refused(&mut chunk, name)).collect();
            if told.is_empty() && !had_none {
                told.push("(nothing)".to_string());
            }
            tell(name, told);
        }
        if let Some((name, fold)) = &mut self.fold {
            fold.fold(&mut chunk);
            tell(name, refused(&mut chunk, name));
        }
        Ok(())
    }
}

/// Why rows are bad that a part has refused; it needs not be named again.
fn refused(chunk: &mut Chunk, name: &str) -> Vec<String> {
    let why = chunk.bad.drain(..).map(|bad| bad.reason);
    why.map(|why| format!("bad: {}", why.strip_prefix(&format!("{name}: ")).unwrap_or(&why)))
        .collect()
}

/// Has the record be a batch of its own for a step that needs batches.
fn finish(step: &mut dyn Step, chunk: &mut Chunk) -> Result<(), Error> {
    let mut take = |rest: &mut Chunk| {
        rest.for_each_key(|arena, start, end| chunk.push(&arena[start..end]));
        chunk.bad.append(&mut rest.bad);
        rest.clear();
    };
    let mut rest = Chunk::default();
    while step.has_more() {
        step.apply(&mut rest)?;
        take(&mut rest);
    }
    loop {
        step.finish(&mut rest)?;
        take(&mut rest);
        if !step.has_more() {
            return Ok(());
        }
    }
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
