//! From what was typed to what it means: checked, resolved, without clap's types.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agg;
use crate::checkpoint::{Checkpoint, meta};
use crate::cli::identity::identity;
use crate::cli::{self, Typed};
use crate::clock::Stamp;
use crate::clock::clockface::{Clockface, Style};
use crate::clock::zone;
use crate::disk::medium;
use crate::engine::{self, Layout, OnBad, Pipeline, Stateful};
use crate::error::Error;
use crate::format::{self, Shape};
use crate::live;
use crate::part::{self, Flag, Given, Resolved};
use crate::process::descriptor::{self, Identity};
use crate::progress::flags::Prints;
use crate::report::changed::Changes;
use crate::report::measure::Measure;
use crate::report::{Selection, Sort};
use crate::say::{Level, note, says};
use crate::sink::outputs::Target;
use crate::sink::topic::Destination;
use crate::source::{self, Form, Source};
use crate::state::Retention;
use crate::step::Step;
use crate::units::quoted;

/// A stream, as it is meant.
pub struct Plan {
    /// What runs.
    pub pipeline: Pipeline,
    /// What leaves the source, each step and the aggregate, in their order.
    pub arrows: Vec<Shape>,
    /// What the values of a row are called; records have none.
    pub columns: Vec<String>,
    /// How the engine runs it.
    pub settings: engine::Settings,
    /// Where batches go.
    pub outputs: Vec<Target>,
    /// What is to outlive the process, if anything is.
    pub saving: Option<Saving>,
    /// What is printed where progress would be shown.
    pub prints: Prints,
}

/// How a checkpoint is meant.
pub struct Saving {
    /// Its directory.
    pub dir: PathBuf,
    /// The pipeline, as the checkpoint knows it.
    pub pipeline: meta::Pipeline,
    /// True if input that cannot be read again goes to the write-ahead log.
    pub logs_input: bool,
}

impl Saving {
    /// True if this input goes to the log of this checkpoint.
    pub fn logs(&self, checkpoint: &Checkpoint) -> bool {
        self.logs_input && !(self.pipeline.has_positions() && checkpoint.keeps_positions())
    }
}

/// Resolves what was typed; `start` is the time it is.
pub fn plan(typed: &Typed, start: Stamp) -> Result<Plan, Error> {
    let logs_input = typed.engine.checkpoint.is_some() && !typed.engine.no_wal;
    let built = source(typed, start, logs_input);
    if built.is_err() {
        // What is typed wrongly is told before what is wrong with the input.
        check_parts(typed, &mut vec![Shape::Records], typed.engine.once)?;
    }
    let source::Built { source, yields, mut identity } = built?;
    let has_positions = source.is_replayable();
    let settings = settings(typed, &*source);
    let mut arrows = vec![yields];
    let (steps, aggregate, resolved) = check_parts(typed, &mut arrows, settings.once)?;
    identity.extend(resolved);
    let (num, mut selection) = selection(typed, aggregate.as_ref(), &arrows)?;
    let stateful = stateful(typed, &settings, aggregate.as_ref())?;
    let (columns, aggregate) = match aggregate {
        Some(built) => (names(&built.columns), Some(built.aggregate)),
        None => (Vec::new(), None),
    };
    let (width, named) = (columns.len(), columns.clone());
    let shape = *arrows.last().expect("the source has one");
    let (bare, skip_empty) = (settings.interval.is_zero(), typed.format.skip_empty);
    let topic = destination(typed)?;
    let outputs = typed.sink.targets(typed.format().extension, topic);
    let written = written(typed, shape, columns, num, &stateful, bare);
    let is_text = |target: &Target| !matches!(target, Target::Topic(_));
    let text = outputs.iter().any(is_text).then(|| (typed.format().build)(&written));
    let as_json = typed.format.typed() == Some("json");
    let messages = typed.sink.to_kafka.as_ref().map(|_| format::messages(&written, as_json));
    refuse_circle(&*source, &outputs, &settings.on_bad)?;
    let changes = (typed.report.changed && !stateful.is_some_and(|stateful| stateful.changes))
        .then(|| Changes::new(std::mem::replace(&mut selection.shown, usize::MAX)));
    let covers = match stateful.map(|stateful| stateful.retention) {
        Some(Retention::Window { window, .. }) => Some(window.length()),
        Some(Retention::Running { .. }) => None,
        None => Some(settings.interval),
    };
    let prints = prints(&outputs, settings.once && aggregate.is_some() && !bare);
    let layout = Layout { text, messages, selection, width, changes, covers, skip_empty, bare };
    let pipeline = Pipeline { source, steps, aggregate, stateful, layout };
    let form = pipeline.source.form();
    let saving = typed.engine.checkpoint.as_ref().map(|dir| Saving {
        dir: dir.clone(),
        pipeline: meta_of(typed, identity, &stateful)
            .with_positions(has_positions)
            .with_either(pipeline.source.has_positions_at_times())
            .with_logged_rows(!has_positions && form != Form::Uncut)
            .with_pairs(form == Form::Pairs),
        logs_input,
    });
    Ok(Plan { pipeline, arrows, columns: named, settings, outputs, saving, prints })
}

/// What is printed where somebody may look at it: by us, or by a command. What `ends` a run is all there is.
fn prints(outputs: &[Target], ends: bool) -> Prints {
    let is_shown = |target: &Target| match target {
        Target::Stdout => descriptor::is_passed_on(std::io::stdout()),
        Target::Exec { .. } => true,
        Target::File(_) | Target::Dir { .. } | Target::Topic(_) => false,
    };
    match outputs.iter().any(is_shown) {
        false => Prints::Nothing,
        true if ends => Prints::AtEnd,
        true => Prints::AsItGoes,
    }
}

fn meta_of(typed: &Typed, parts: Resolved, stateful: &Option<Stateful>) -> meta::Pipeline {
    identity(parts, typed, stateful.as_ref().map(|stateful| &stateful.retention))
}

/// Steps and aggregate, and what of them is identity.
type Parts = (Vec<Box<dyn Step>>, Option<agg::Built>, Resolved);

/// Makes steps and aggregate for rows of the first shape in `arrows`, and holds all parts to their rules.
fn check_parts(typed: &Typed, arrows: &mut Vec<Shape>, once: bool) -> Result<Parts, Error> {
    let mut identity = Resolved::new();
    let steps = steps(typed, arrows, &mut identity)?;
    let aggregate = aggregate(typed, arrows, &mut identity)?;
    let steps_need_batches = steps.iter().any(|step| step.is_serial());
    let given = given(typed, once, arrows, aggregate.as_ref());
    let given = Given { steps_need_batches, ..given };
    check(typed, &given)?;
    aggregate.iter().try_for_each(|built| built.aggregate.check(&given))?;
    Ok((steps, aggregate, identity))
}

/// What parts have to know of each other.
fn given(typed: &Typed, once: bool, arrows: &[Shape], aggregate: Option<&agg::Built>) -> Given {
    let aggregate = aggregate.map(|built| part::Aggregate {
        leaves: built.leaves,
        indelible: built.aggregate.indelible(),
        counts: counts(typed, &built.columns),
    });
    Given {
        rows: arrows[typed.steps.len()],
        aggregate,
        format: typed.format().can,
        format_typed: typed.format.typed(),
        window: typed.state.window.is_some(),
        keep_zeros: typed.state.keep_zeros,
        update_state: updates_state(typed),
        record_at_a_time: typed.engine.interval == Some(Duration::ZERO),
        steps_need_batches: false,
        once,
        lasts: typed.engine.checkpoint.is_some(),
        talks_to_kafka: typed.source.name == source::kafka::SPEC.name
            || typed.sink.to_kafka.is_some(),
    }
}

/// Asks each part whether it goes with what else was given; the first that does not is told.
fn check(typed: &Typed, given: &Given) -> Result<(), Error> {
    typed.format.check(given)?;
    typed.engine.check(given)?;
    typed.report.check(given)?;
    typed.state.check(given)?;
    typed.sink.check(given)?;
    typed.kafka.check(given)?;
    check_policy(&typed.engine.on_bad)
}

/// Where messages are to go, if anything is sent.
fn destination(typed: &Typed) -> Result<Option<Destination>, Error> {
    let Some(topic) = &typed.sink.to_kafka else { return Ok(None) };
    // Those of a source that has brokers, which other sources do not know.
    let matches = &typed.matches;
    let brokers = matches.try_get_one::<String>("brokers").ok().flatten();
    let to = Destination {
        topic: topic.clone(),
        brokers: typed.sink.to_brokers.as_ref().or(brokers).cloned(),
        client: typed.kafka.clone(),
    };
    to.check().map(|()| Some(to))
}

/// What is kept from batch to batch.
fn stateful(
    typed: &Typed,
    settings: &engine::Settings,
    aggregate: Option<&agg::Built>,
) -> Result<Option<Stateful>, Error> {
    let updates = updates_state(typed);
    let retention = typed.state.retention(settings.interval, updates)?;
    let Some(retention) = retention else { return Ok(None) };
    // Which rows --top selects is known only when all have been looked at, and --count has only one.
    let keyed = aggregate.is_some_and(|built| built.leaves == Shape::Keyed);
    // Nor does what is kept know rates and shares, which change with time and with other keys.
    let is_derived = typed.report.per.is_some() || typed.report.share;
    let knows_changes = typed.report.top.is_none() && keyed && !is_derived;
    let changes = typed.report.changed && (knows_changes || settings.interval.is_zero());
    Ok(Some(Stateful { retention, changes, skip_partial: typed.state.skip_partial }))
}

/// Refuses an output that is read as well: what is written would come in again, without an end.
fn refuse_circle(source: &dyn Source, outputs: &[Target], on_bad: &OnBad) -> Result<(), Error> {
    let files = source.files();
    let is_read = |file: Option<Identity>| file.is_some_and(|file| files.contains(&file));
    // One that is not there yet may be made where files are read that appear.
    let is_new = |target: &Target| matches!(target, Target::File(path) if source.takes(path));
    let output = outputs.iter().find(|target| is_read(target.file()) || is_new(target));
    let output = output.map(|target| match target {
        Target::File(path) => format!("--output {}", path.display()),
        target => match descriptor::path(std::io::stdout()) {
            Some(path) => format!("{target}, {}", path.display()),
            None => target.to_string(),
        },
    });
    let bad = match on_bad {
        OnBad::File(path) if is_read(medium::regular(path)) || source.takes(path) => {
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

fn source(typed: &Typed, start: Stamp, logs_input: bool) -> Result<source::Built, Error> {
    (typed.source.build)(&typed.matches, &source_settings(typed, start, logs_input))
}

/// True if there is running state.
fn updates_state(typed: &Typed) -> bool {
    let is_state = typed.aggregate.as_ref().is_some_and(|(spec, _)| spec.is_state);
    typed.state.update_state || is_state
}

/// What is told to whichever source.
pub fn source_settings(typed: &Typed, start: Stamp, logs_input: bool) -> source::Settings {
    source::Settings {
        delimiter: typed.engine.delimiter(),
        max_record: typed.engine.max_record,
        once: typed.engine.once,
        acknowledges: logs_input,
        lasts: typed.engine.checkpoint.is_some(),
        keeps_state: typed.state.window.is_some() || updates_state(typed),
        start,
    }
}

/// Makes the steps in their order; each tells the next one what leaves it.
fn steps(
    typed: &Typed,
    arrows: &mut Vec<Shape>,
    identity: &mut Resolved,
) -> Result<Vec<Box<dyn Step>>, Error> {
    let mut steps = Vec::new();
    for (spec, words) in &typed.steps {
        let rows = *arrows.last().expect("the source has one");
        let built = (spec.build)(words, rows).map_err(|why| why.of(&spec.flag))?;
        if built.step.needs_beginnings() && typed.engine.checkpoint.is_some() {
            let what = "names of the first line are not known to a start that goes on from a \
                --checkpoint; --csv-header A,B says them, then the first line is a record";
            return Err(wrong(&spec.flag, what));
        }
        steps.push(built.step);
        arrows.push(built.leaves);
        identity.extend(built.identity);
    }
    Ok(steps)
}

/// Makes the aggregate, if there is one.
fn aggregate(
    typed: &Typed,
    arrows: &mut Vec<Shape>,
    identity: &mut Resolved,
) -> Result<Option<agg::Built>, Error> {
    let Some((spec, words)) = &typed.aggregate else { return Ok(None) };
    let rows = *arrows.last().expect("the source has one");
    let keeps_place = typed.report.sort == Some(Sort::First);
    let built = spec.check(rows).and_then(|()| (spec.build)(words, keeps_place));
    let mut built = built.map_err(|what| wrong(&spec.flag, &what))?;
    arrows.push(built.leaves);
    identity.append(&mut built.identity);
    Ok(Some(built))
}

/// What is said of a part that cannot be made.
fn wrong(flag: &Flag, what: &str) -> Error {
    Error::usage(format!("--{}: {what}", flag.name))
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
        says_silent: says(Level::Details) || says(Level::Notes) && std::io::stderr().is_terminal(),
    }
}

/// How many rows are printed at most where a part is, and which rows are chosen at all.
fn selection(
    typed: &Typed,
    aggregate: Option<&agg::Built>,
    arrows: &[Shape],
) -> Result<(usize, Selection), Error> {
    let flags = &typed.report;
    let measure = match aggregate {
        Some(agg::Built { columns, .. }) => {
            let additive = columns.iter().map(|column| column.kind != agg::Kind::Other).collect();
            flags.measure(&names(columns), additive)?
        }
        None => Measure::default(),
    };
    let num = typed.format.num.or(flags.top).unwrap_or(10);
    let prints_part = typed.format().can.prints_part;
    let selection = Selection {
        measure,
        top: flags.top,
        ascending: flags.ascending,
        sort: flags.sort.unwrap_or(Sort::Value),
        // One row more than is printed tells the format whether to end with `...`; a command is told how
        // many there are, and a topic gets all.
        shown: if prints_part && !typed.sink.needs_all_rows() {
            // Who draws shows as many as his window has room for.
            num.saturating_add(1).max(if typed.sink.live { live::ROWS + 1 } else { 0 })
        } else {
            usize::MAX
        },
        may_lack_keys: matches!(arrows, [.., Shape::Pairs, Shape::Keyed]),
    };
    Ok((num, selection))
}

/// True if a row has one value, which is a count still when it is reported.
fn counts(typed: &Typed, columns: &[agg::Column]) -> bool {
    let is_made = typed.report.per.is_some() || typed.report.share;
    matches!(columns, [agg::Column { kind: agg::Kind::Count, .. }]) && !is_made
}

fn names(columns: &[agg::Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

/// What formats are told.
fn written(
    typed: &Typed,
    shape: Shape,
    columns: Vec<String>,
    num: usize,
    stateful: &Option<Stateful>,
    bare: bool,
) -> format::Settings {
    let flags = &typed.format;
    let style = match (flags.epoch, flags.no_time) {
        (true, _) => Style::Epoch,
        (false, true) => Style::Absent,
        (false, false) => Style::Rfc3339,
    };
    if let (false, Some(why)) = (flags.utc, zone::unknown()) {
        note(&why);
    }
    format::Settings {
        shape,
        columns,
        clockface: Clockface::new(flags.utc, style),
        num,
        window: match stateful {
            Some(Stateful { retention: Retention::Window { window, .. }, .. }) => {
                Some(window.length())
            }
            _ => None,
        },
        header: flags.has_header(typed.format().can),
        delimiter: typed.engine.delimiter(),
        bare,
    }
}

#[cfg(test)]
mod tests {
    use crate::format::FORMATS;
    use crate::sink::dir::EXTENSIONS;

    #[test]
    fn what_is_left_of_a_batch_in_any_format_is_known_as_ours() {
        for format in FORMATS {
            assert!(EXTENSIONS.contains(&format.extension), "{}", format.name);
        }
    }
}
