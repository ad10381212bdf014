//! From what was typed to what it means: checked, resolved, without clap's types.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agg;
use crate::checkpoint::meta;
use crate::cli::identity::identity;
use crate::cli::{self, Typed};
use crate::clock::Stamp;
use crate::clock::clockface::{self, Clockface, Style};
use crate::disk::medium;
use crate::engine::{self, OnBad, Pipeline, Stateful};
use crate::error::Error;
use crate::format::{self, FORMATS, Format, Shape};
use crate::process::descriptor::{self, Identity};
use crate::report::changed::Changes;
use crate::report::{Selection, Sort};
use crate::say::{note, say};
use crate::sink::outputs::Target;
use crate::source::{self, Source};
use crate::state::{OnFull, Retention};
use crate::step::Step;
use crate::units::{quoted, show_duration};
use crate::window::Window;

/// A stream, as it is meant.
pub struct Plan {
    /// What runs.
    pub pipeline: Pipeline,
    /// How the engine runs it.
    pub settings: engine::Settings,
    /// Where batches go.
    pub outputs: Vec<Target>,
    /// What is to outlive the process, if anything is.
    pub saving: Option<Saving>,
}

/// How a checkpoint is meant.
pub struct Saving {
    /// Its directory.
    pub dir: PathBuf,
    /// The pipeline, as the checkpoint knows it.
    pub pipeline: meta::Pipeline,
    /// True if the input goes to the write-ahead log.
    pub logs_input: bool,
}

/// Resolves what was typed; `start` is the time it is.
pub fn plan(typed: &Typed, start: Stamp) -> Result<Plan, Error> {
    check(typed)?;
    let logs_input = typed.engine.checkpoint.is_some() && !typed.engine.no_wal;
    let source = source(typed, start, logs_input)?;
    let has_positions = source.is_replayable();
    let logs_input = logs_input && !has_positions;
    let settings = settings(typed, &*source);
    let (num, mut selection) = selection(typed);
    let stateful = stateful(typed, &settings)?;
    let format = writer(typed, num, &stateful, settings.interval.is_zero());
    let outputs = typed.sink.targets(typed.format().extension);
    refuse_circle(&*source, &outputs, &settings.on_bad)?;
    let keeps_place = selection.sort == Sort::First;
    let aggregate = typed.aggregate.map(|spec| (spec.build)(keeps_place));
    if let (true, Some(aggregate)) = (typed.state.inverse, &aggregate)
        && let Some(what) = aggregate.indelible()
    {
        return Err(Error::usage(format!("--inverse: {what} cannot be subtracted")));
    }
    let changes = (typed.report.changed && !stateful.is_some_and(|stateful| stateful.changes))
        .then(|| Changes::new(std::mem::replace(&mut selection.shown, usize::MAX)));
    let pipeline = Pipeline {
        source,
        steps: steps(typed)?,
        aggregate,
        stateful,
        changes,
        width: typed.aggregate.map_or(0, |spec| spec.columns.len()),
        selection,
        format,
        skip_empty: typed.format.skip_empty,
    };
    let saving = typed.engine.checkpoint.as_ref().map(|dir| Saving {
        dir: dir.clone(),
        pipeline: identity(typed, stateful.as_ref().map(|stateful| &stateful.retention))
            .with_positions(has_positions),
        logs_input,
    });
    Ok(Plan { pipeline, settings, outputs, saving })
}

/// Refuses what cannot be meant. Each message starts with the flag and says what would do.
fn check(typed: &Typed) -> Result<(), Error> {
    let (report, written, engine) = (&typed.report, &typed.format, &typed.engine);
    let state = &typed.state;
    let format = typed.format().name;
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
            written.num.is_some() && !is_pprint,
            "--num: only pprint prints a part of a batch; --top selects for all formats",
        ),
        (written.epoch && is_pprint, "--epoch: pprint has a Time of its own; --format tsv or json"),
        (
            written.no_time && is_pprint,
            "--no-time: pprint has a Time of its own; --format tsv, json or text",
        ),
        (
            engine.on_bad.is_empty(),
            "--on-bad: what is empty names no file; it is skip, fail or a path",
        ),
        (written.header && format != "tsv", "--header: only --format tsv has one"),
        (
            report.changed && no_aggregate,
            "--changed: needs an aggregate; records are printed as they come",
        ),
        (
            record_at_a_time && !no_aggregate && state.window.is_some(),
            "--interval 0: a window needs batches, so the interval is longer",
        ),
        (
            record_at_a_time && !no_aggregate && !state.update_state,
            "--interval 0: an aggregate needs --update-state to have a result at each record",
        ),
        (
            record_at_a_time && report.top.is_some(),
            "--top: with --interval 0 each record is a report of its own; nothing is selected",
        ),
        (
            record_at_a_time && report.sort.is_some(),
            "--sort: with --interval 0 results come in the order of their records",
        ),
        (
            record_at_a_time && report.ascending,
            "--ascending: with --interval 0 results come in the order of their records",
        ),
        (
            engine.checkpoint.is_none() && engine.wal,
            "--wal: needs --checkpoint DIR, where the log is kept",
        ),
        (
            engine.checkpoint.is_none() && engine.no_wal,
            "--no-wal: without --checkpoint there is no log",
        ),
        (
            record_at_a_time && engine.batches.is_some(),
            "--batches: with --interval 0 there are no batches; --duration ends the run",
        ),
    ];
    let (of_state, of_outputs) = (state_rules(typed), output_rules(typed));
    let mut rules = rules.iter().chain(&of_state).chain(&of_outputs);
    match rules.find(|(broken, _)| *broken) {
        Some((_, message)) => Err(Error::usage(*message)),
        None => check_policy(&engine.on_bad),
    }
}

/// The rules of what reaches beyond a batch.
fn state_rules(typed: &Typed) -> [(bool, &'static str); 11] {
    let flags = &typed.state;
    let no_aggregate = typed.aggregate.is_none();
    let (no_window, no_state) = (flags.window.is_none(), !flags.update_state);
    [
        (
            !no_window && !no_state,
            "--window: goes without --update-state; a window forgets, state does not",
        ),
        (!no_window && no_aggregate, "--window: needs an aggregate, as --count-by-key is"),
        (!no_state && no_aggregate, "--update-state: needs an aggregate, as --count-by-key is"),
        (no_window && flags.slide.is_some(), "--slide: needs --window; --interval sets batches"),
        (no_window && flags.inverse, "--inverse: needs --window"),
        (no_window && flags.keep_zeros, "--keep-zeros: needs --window and --inverse"),
        (!flags.inverse && flags.keep_zeros, "--keep-zeros: needs --inverse"),
        (no_window && flags.skip_partial, "--skip-partial: needs --window"),
        (no_state && flags.state_ttl.is_some(), "--state-ttl: needs --update-state"),
        (no_state && flags.max_keys.is_some(), "--max-keys: needs --update-state"),
        (flags.max_keys.is_none() && flags.on_full.is_some(), "--on-full: needs --max-keys"),
    ]
}

/// The rules of the outputs.
fn output_rules(typed: &Typed) -> [(bool, &'static str); 4] {
    let flags = &typed.sink;
    let record_at_a_time = typed.engine.interval == Some(Duration::ZERO);
    [
        (
            record_at_a_time && flags.output_dir.is_some(),
            "--output-dir: with --interval 0 there are no batches; -o appends each record",
        ),
        (
            record_at_a_time && flags.exec.is_some(),
            "--exec: with --interval 0 there are no batches; a pipe gets each record",
        ),
        (
            flags.exec.as_ref().is_some_and(|command| command.is_empty()),
            "--exec: what is empty is no command",
        ),
        (
            flags.on_exec_fail.is_some() && flags.exec.is_none(),
            "--on-exec-fail: needs --exec, whose command it is about",
        ),
    ]
}

/// What is kept from batch to batch.
fn stateful(typed: &Typed, settings: &engine::Settings) -> Result<Option<Stateful>, Error> {
    let flags = &typed.state;
    if flags.skip_partial && settings.once {
        let what = "--skip-partial: all input is one batch, so its window is always partial";
        return Err(Error::usage(what));
    }
    if flags.state_ttl == Some(Duration::ZERO) {
        return Err(Error::usage("--state-ttl: 0s is no length"));
    }
    let on_full = flags.on_full.unwrap_or(OnFull::Fail);
    let retention = match (flags.window, flags.update_state) {
        (Some(length), _) => {
            let window = Window::new(length, flags.slide, settings.interval)?;
            say_gap(&window);
            Retention::Window { window, keep_zeros: flags.keep_zeros }
        }
        (None, true) => {
            let limit = flags.max_keys.map(|most| (most, on_full));
            Retention::Running { ttl: flags.state_ttl, limit }
        }
        (None, false) => return Ok(None),
    };
    // Which rows --top selects is known only when all have been looked at, and --count has only one.
    let knows_changes =
        typed.report.top.is_none() && typed.aggregate.is_some_and(|spec| spec.keyed);
    let changes = typed.report.changed && (knows_changes || settings.interval.is_zero());
    Ok(Some(Stateful { retention, changes, skip_partial: flags.skip_partial }))
}

/// Refuses an output that is read as well: what is written would come in again, without an end.
fn refuse_circle(source: &dyn Source, outputs: &[Target], on_bad: &OnBad) -> Result<(), Error> {
    let files = source.files();
    let is_read = |file: Option<Identity>| file.is_some_and(|file| files.contains(&file));
    let output = outputs.iter().find(|target| is_read(target.file()));
    let output = output.map(|target| match target {
        Target::File(path) => format!("--output {}", path.display()),
        target => match descriptor::path(std::io::stdout()) {
            Some(path) => format!("{target}, {}", path.display()),
            None => target.to_string(),
        },
    });
    let bad = match on_bad {
        OnBad::File(path) if is_read(medium::regular(path)) => {
            Some(format!("--on-bad {}", path.display()))
        }
        _ => None,
    };
    match output.or(bad) {
        Some(which) => {
            Err(Error::usage(format!("{which}: input file is output file; name another")))
        }
        None => Ok(()),
    }
}

/// Says which share of the input no report will tell of.
fn say_gap(window: &Window) {
    if window.gap().is_zero() {
        return;
    }
    let [slide, length, gap] = [window.slide(), window.length(), window.gap()].map(show_duration);
    say(&format!(
        "--slide {slide}: is longer than --window {length}, so of every {slide} the first {gap} are in \
         no report"
    ));
}

/// Refuses `ignore`, `Skip` and the like: what was meant for a policy makes no file.
fn check_policy(policy: &OsStr) -> Result<(), Error> {
    let meant = policy.to_str().filter(|text| !["skip", "fail"].contains(text));
    let meant = meant.filter(|_| !Path::new(policy).exists());
    let told =
        meant.and_then(|text| Some((text, cli::meant_by("--on-bad", text, &["skip", "fail"])?)));
    match told {
        Some((text, meant)) => Err(Error::usage(format!(
            "--on-bad: `{text}` is neither skip nor fail: {meant}; a file of that name is {}",
            quoted(&format!("./{text}"))
        ))),
        None => Ok(()),
    }
}

fn source(typed: &Typed, start: Stamp, logs_input: bool) -> Result<Box<dyn Source>, Error> {
    let settings = source::Settings {
        delimiter: b'\n',
        max_record: typed.engine.max_record,
        once: typed.engine.once,
        quiet: typed.engine.quiet,
        verbose: typed.engine.verbose,
        acknowledges: logs_input,
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
    }
}

/// How many rows pprint prints, and which rows are chosen at all.
fn selection(typed: &Typed) -> (usize, Selection) {
    let flags = &typed.report;
    let num = typed.format.num.or(flags.top).unwrap_or(10);
    let is_pprint = typed.format().name == FORMATS[0].name;
    let selection = Selection {
        top: flags.top,
        ascending: flags.ascending,
        sort: flags.sort.unwrap_or(Sort::Value),
        // One row more than pprint prints tells it whether to end with `...`; a command is told how
        // many there are.
        shown: if is_pprint && typed.sink.exec.is_none() {
            num.saturating_add(1)
        } else {
            usize::MAX
        },
    };
    (num, selection)
}

fn writer(typed: &Typed, num: usize, stateful: &Option<Stateful>, bare: bool) -> Box<dyn Format> {
    let flags = &typed.format;
    let columns = typed.aggregate.map_or(&[][..], |spec| spec.columns);
    let style = match (flags.epoch, flags.no_time) {
        (true, _) => Style::Epoch,
        (false, true) => Style::Absent,
        (false, false) => Style::Rfc3339,
    };
    if let (false, Some(zone)) = (flags.utc, clockface::unknown_zone()) {
        note(&format!("TZ={zone} names no time zone; times are in UTC"));
    }
    let settings = format::Settings {
        shape: typed.aggregate.map_or(Shape::Records, shape),
        columns: columns.iter().map(|name| (*name).to_string()).collect(),
        clockface: Clockface::new(flags.utc, style),
        num,
        window: match stateful {
            Some(Stateful { retention: Retention::Window { window, .. }, .. }) => {
                Some(window.length())
            }
            _ => None,
        },
        header: flags.header,
        bare,
    };
    (typed.format().build)(&settings)
}

fn shape(spec: &agg::Spec) -> Shape {
    if spec.keyed { Shape::Keyed } else { Shape::Whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::dir::EXTENSIONS;

    #[test]
    fn what_is_left_of_a_batch_in_any_format_is_known_as_ours() {
        for format in FORMATS {
            assert!(EXTENSIONS.contains(&format.extension), "{}", format.name);
        }
    }
}
