//! The pipeline in words, as it was understood: a line for each part.

use clap::parser::ValueSource;
use clap::{Arg, Command};

use crate::cli::plan::Plan;
use crate::cli::{Typed, takes_value};
use crate::part::Shape;
use crate::part::outline::Outline;
use crate::state::Retention;
use crate::units::{pasted, show_duration};

/// The pipeline, a line for each part, with what leaves it.
pub fn outline(typed: &Typed, plan: &Plan) -> Vec<Outline> {
    let mut lines = Vec::new();
    let mut line = |part, what: &str, leaves: &str| {
        lines.push(Outline { part, what: what.to_string(), leaves: leaves.to_string() });
    };
    let arrows: Vec<&str> = plan.arrows.iter().copied().map(shown_shape).collect();
    line("source", &source(typed), arrows[0]);
    let steps = typed.steps.iter().zip(&arrows[1..]);
    steps.for_each(|((_, words), leaves)| line("step", &words.to_string(), leaves));
    let rows = arrows[typed.steps.len()];
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
        let log = if saving.logs_input && !saving.pipeline.has_positions() {
            "each batch, and the input until then"
        } else {
            "each batch"
        };
        line("checkpoint", &format!("--checkpoint {}", saving.dir.display()), log);
    }
    lines
}

/// The source as it was typed: what it reads, and flags of its own.
fn source(typed: &Typed) -> String {
    let command = (typed.source.arguments)(Command::new(typed.source.name));
    let is_typed = |arg: &&Arg| {
        typed.matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let (places, flags): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(is_typed).partition(|arg| arg.is_positional());
    let mut words = vec![typed.source.name.to_string()];
    for arg in places.into_iter().chain(flags) {
        let flag = arg.get_long().map(|long| format!("--{long}"));
        if !takes_value(arg) {
            words.extend(flag);
            continue;
        }
        let times = typed.matches.get_raw_occurrences(arg.get_id().as_str());
        for values in times.into_iter().flatten() {
            words.extend(flag.clone());
            words.extend(values.map(pasted));
        }
    }
    words.join(" ")
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
