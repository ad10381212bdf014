//! From what was typed to what it means: checked, resolved, without clap's types.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use crate::agg;
use crate::cli::Typed;
use crate::clock::Stamp;
use crate::engine::{self, OnBad, Pipeline};
use crate::error::Error;
use crate::report::{Selection, Sort};
use crate::sink::time::{Clockface, Style};
use crate::sink::{self, FORMATS, Shape};
use crate::source::{self, Source};
use crate::step::Step;

/// A stream, as it is meant.
pub struct Plan {
    /// What runs.
    pub pipeline: Pipeline,
    /// How the engine runs it.
    pub settings: engine::Settings,
}

/// Resolves what was typed; `start` is the time it is.
pub fn plan(typed: &Typed, start: Stamp) -> Result<Plan, Error> {
    check(typed)?;
    let source = source(typed, start)?;
    let settings = settings(typed, &*source);
    let (num, selection) = selection(typed);
    let format = format(typed, num, settings.interval.is_zero());
    let keeps_place = selection.sort == Sort::First;
    let pipeline = Pipeline {
        source,
        steps: steps(typed)?,
        aggregate: typed.aggregate.map(|spec| (spec.build)(keeps_place)),
        width: typed.aggregate.map_or(0, |spec| spec.columns.len()),
        selection,
        format,
        skip_empty: typed.sink.skip_empty,
    };
    Ok(Plan { pipeline, settings })
}

/// Refuses what cannot be meant. Each message starts with the flag and says what would do.
fn check(typed: &Typed) -> Result<(), Error> {
    let (report, sink, engine) = (&typed.report, &typed.sink, &typed.engine);
    let format = FORMATS[sink.format.0].name;
    let is_pprint = format == FORMATS[0].name;
    let record_at_a_time = engine.interval == Some(Duration::ZERO);
    let no_aggregate = typed.aggregate.is_none();
    let rules = [
        (report.top.is_some() && no_aggregate, "--top: needs an aggregate, as --count-by-key is"),
        (
            report.sort.is_some() && no_aggregate,
            "--sort: needs an aggregate; records keep their order",
        ),
        (
            report.ascending && no_aggregate,
            "--ascending: needs an aggregate; records keep their order",
        ),
        (
            sink.num.is_some() && !is_pprint,
            "--num: only pprint prints a part of a batch; --top selects for all formats",
        ),
        (sink.epoch && is_pprint, "--epoch: pprint has a Time of its own; --format tsv or json"),
        (
            sink.no_time && is_pprint,
            "--no-time: pprint has a Time of its own; --format tsv, json or text",
        ),
        (
            engine.on_bad.is_empty(),
            "--on-bad: what is empty names no file; it is skip, fail or a path",
        ),
        (sink.header && format != "tsv", "--header: only --format tsv has one"),
        (
            record_at_a_time && !no_aggregate,
            "--interval 0: record at a time goes without an aggregate; with one, the interval is longer",
        ),
        (
            record_at_a_time && engine.batches.is_some(),
            "--batches: with --interval 0 there are no batches; --duration ends the run",
        ),
    ];
    match rules.iter().find(|(broken, _)| *broken) {
        Some((_, message)) => Err(Error::usage(*message)),
        None => Ok(()),
    }
}

fn source(typed: &Typed, start: Stamp) -> Result<Box<dyn Source>, Error> {
    let settings = source::Settings {
        delimiter: b'\n',
        max_record: typed.engine.max_record,
        once: typed.engine.once,
        quiet: typed.engine.quiet,
        verbose: typed.engine.verbose,
        start,
    };
    (typed.source.build)(&typed.matches, &settings)
}

fn steps(typed: &Typed) -> Result<Vec<Box<dyn Step>>, Error> {
    let build = |(spec, value): &(&crate::step::Spec, std::ffi::OsString)| {
        (spec.build)(value).map_err(|what| Error::usage(format!("--{}: {what}", spec.name)))
    };
    typed.steps.iter().map(build).collect()
}

fn settings(typed: &Typed, source: &dyn Source) -> engine::Settings {
    let flags = &typed.engine;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    engine::Settings {
        interval: flags.interval.unwrap_or(Duration::from_secs(1)),
        once: flags.once || flags.interval.is_none() && source.is_finite(),
        batches: flags.batches,
        duration: flags.duration,
        threads: flags.threads.unwrap_or_else(cores),
        max_rate: flags.max_rate,
        on_bad: match flags.on_bad.to_str() {
            Some("skip") => OnBad::Skip,
            Some("fail") => OnBad::Fail,
            _ => OnBad::File(PathBuf::from(&flags.on_bad)),
        },
        says_silent: flags.verbose || !flags.quiet && std::io::stderr().is_terminal(),
        says_missed: !flags.quiet && !typed.sink.skip_empty,
        verbose: flags.verbose,
    }
}

/// How many rows pprint prints, and which rows are chosen at all.
fn selection(typed: &Typed) -> (usize, Selection) {
    let flags = &typed.report;
    let num = typed.sink.num.or(flags.top).unwrap_or(10);
    let is_pprint = typed.sink.format.0 == 0;
    let selection = Selection {
        top: flags.top,
        ascending: flags.ascending,
        sort: flags.sort.unwrap_or(Sort::Value),
        // One row more than pprint prints tells it whether to end with `...`.
        shown: if is_pprint { num.saturating_add(1) } else { usize::MAX },
    };
    (num, selection)
}

fn format(typed: &Typed, num: usize, bare: bool) -> Box<dyn sink::Format> {
    let flags = &typed.sink;
    let columns = typed.aggregate.map_or(&[][..], |spec| spec.columns);
    let style = match (flags.epoch, flags.no_time) {
        (true, _) => Style::Epoch,
        (false, true) => Style::Absent,
        (false, false) => Style::Rfc3339,
    };
    let settings = sink::Settings {
        shape: typed.aggregate.map_or(Shape::Records, shape),
        columns: columns.iter().map(|name| (*name).to_string()).collect(),
        clockface: Clockface::new(flags.utc, style),
        num,
        header: flags.header,
        bare,
    };
    (FORMATS[flags.format.0].build)(&settings)
}

fn shape(spec: &agg::Spec) -> Shape {
    if spec.keyed { Shape::Keyed } else { Shape::Whole }
}
