//! The parts that were typed: steps in their order, each with the flags that are bound to it.
//!
//! ```text
//! --trim --lookup @FILE --else - --split ,        typed
//! [--trim] [--lookup @FILE, --else -] [--split ,] steps; --else is bound to the step before it
//! ```
//!
//! A flag of its own that stands elsewhere than behind a step that has it is a mistake. Of aggregates
//! there is one at most, so its flags may stand anywhere. clap tells the order by the index of each
//! word. The tables are given, so that tests bind flags that no step has yet.

use std::ffi::OsString;

use clap::builder::OsStringValueParser;
use clap::{Arg, ArgAction, ArgMatches};

use super::config;
use crate::error::Error;
use crate::part::{Flag, Words};
use crate::{agg, step};

/// A step as it was typed.
pub type TypedStep = (&'static step::Spec, Words);

/// An aggregate as it was typed.
pub type TypedAggregate = (&'static agg::Spec, Words);

/// The flags of steps and of their own, each once, in the order in which help names them.
pub fn step_args(table: &'static [step::Spec]) -> impl Iterator<Item = Arg> {
    let flags = table.iter().flat_map(|spec| std::iter::once(&spec.flag).chain(spec.own));
    let arg = |flag| arg(flag, ArgAction::Append).help_heading(config::STEPS);
    distinct(flags).into_iter().map(arg)
}

/// The flags of aggregates and of their own, in the same way.
pub fn aggregate_args(table: &'static [agg::Spec]) -> impl Iterator<Item = Arg> {
    let flags = table.iter().flat_map(|spec| std::iter::once(&spec.flag).chain(spec.own));
    let arg = |flag| arg(flag, ArgAction::Set).help_heading("Aggregate, at most one");
    distinct(flags).into_iter().map(arg)
}

fn arg(flag: &'static Flag, action: ArgAction) -> Arg {
    let arg = Arg::new(flag.name).long(flag.name).action(action);
    let arg = arg.value_parser(OsStringValueParser::new());
    // A description is split into its first line and the whole.
    let arg = match flag.help.split_once("\n\n") {
        Some((short, _)) => arg.help(short).long_help(flag.help),
        None => arg.help(flag.help),
    };
    match flag.takes {
        // Only an argument has an index for each time it was typed, so a flag gets an empty one.
        [] => arg.num_args(0).default_missing_value(""),
        [one] => arg.value_name(*one),
        several => arg.num_args(several.len()).value_names(several),
    }
}

/// The steps that were typed, in their order.
pub fn steps(table: &'static [step::Spec], matches: &ArgMatches) -> Result<Vec<TypedStep>, Error> {
    let mut typed: Vec<(usize, Option<&step::Spec>, Words)> = Vec::new();
    for spec in table {
        let times = occurrences(&spec.flag, matches).into_iter();
        typed.extend(times.map(|(at, words)| (at, Some(spec), words)));
    }
    for flag in distinct(table.iter().flat_map(|spec| spec.own)) {
        let times = occurrences(flag, matches).into_iter();
        typed.extend(times.map(|(at, words)| (at, None, words)));
    }
    typed.sort_by_key(|(at, ..)| *at);
    let mut steps: Vec<TypedStep> = Vec::new();
    for (_, spec, words) in typed {
        match spec {
            Some(spec) => steps.push((spec, words)),
            None => bind(table, steps.last_mut(), words)?,
        }
    }
    Ok(steps)
}

/// Binds a flag to the step before it.
fn bind(table: &[step::Spec], step: Option<&mut TypedStep>, words: Words) -> Result<(), Error> {
    let flag = words.flag();
    let has = |spec: &step::Spec| spec.own.contains(flag);
    let what = match step {
        Some((spec, of)) if has(spec) => match of.bind(words) {
            true => return Ok(()),
            false => format!("stands twice behind --{}", spec.flag.name),
        },
        step => {
            let takers = named(table.iter().filter(|spec| has(spec)).map(|spec| &spec.flag));
            let before = step.map(|(spec, _)| format!(", and not behind --{}", spec.flag.name));
            format!("stands behind {takers}{}", before.unwrap_or_default())
        }
    };
    Err(Error::usage(format!("--{}: {what}", flag.name)))
}

/// The aggregate that was typed, if there is one, with the flags of its own.
pub fn aggregate(
    table: &'static [agg::Spec],
    matches: &ArgMatches,
) -> Result<Option<TypedAggregate>, Error> {
    let typed = |flag| occurrences(flag, matches).pop().map(|(_, words)| words);
    let mut aggregate = table.iter().find_map(|spec| Some((spec, typed(&spec.flag)?)));
    for flag in distinct(table.iter().flat_map(|spec| spec.own)) {
        let Some(words) = typed(flag) else { continue };
        let has = |spec: &agg::Spec| spec.own.contains(flag);
        match &mut aggregate {
            Some((spec, of)) if has(spec) => of.bind(words),
            _ => {
                let takers = named(table.iter().filter(|spec| has(spec)).map(|spec| &spec.flag));
                return Err(Error::usage(format!("--{}: needs {takers}", flag.name)));
            }
        };
    }
    Ok(aggregate)
}

/// Flags of which several parts may have the same one, each once.
fn distinct<'a>(flags: impl Iterator<Item = &'a Flag>) -> Vec<&'a Flag> {
    let mut list: Vec<&Flag> = Vec::new();
    for flag in flags {
        if !list.iter().any(|other| other.name == flag.name) {
            list.push(flag);
        }
    }
    list
}

/// `--a or --b`.
fn named<'a>(flags: impl Iterator<Item = &'a Flag>) -> String {
    flags.map(|flag| format!("--{}", flag.name)).collect::<Vec<_>>().join(" or ")
}

/// Each time that a flag was typed: at which word, and with what.
fn occurrences(flag: &'static Flag, matches: &ArgMatches) -> Vec<(usize, Words)> {
    let indices: Vec<usize> = matches.indices_of(flag.name).into_iter().flatten().collect();
    let values: Vec<&OsString> = matches.get_many(flag.name).into_iter().flatten().collect();
    let count = flag.takes.len();
    let times = indices.chunks(count.max(1)).zip(values.chunks(count.max(1)));
    times.map(|(at, words)| (at[0], Words::new(flag, words.iter().take(count)))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;
    use crate::agg::AGGS;
    use crate::part::Shape;
    use crate::step::{Built, STEPS};

    const ELSE: Flag = Flag { name: "else", takes: &["TEXT"], help: "for what is not there" };
    const RAW: Flag = Flag { name: "raw", takes: &[], help: "as text" };
    const VALUE: Flag = Flag { name: "value", takes: &["SEL"], help: "the value" };

    fn unbuilt(_: &Words, _: Shape) -> Result<Built, step::Unbuilt> {
        Err("never built".into())
    }

    const fn spec(name: &'static str, takes: &'static [&str], own: &'static [Flag]) -> step::Spec {
        step::Spec { flag: Flag { name, takes, help: "a step" }, own, build: unbuilt }
    }

    static TABLE: [step::Spec; 4] = [
        spec("trim", &[], &[]),
        spec("replace", &["REGEX", "TEXT"], &[]),
        spec("field", &["SEL"], &[ELSE, VALUE]),
        spec("jq", &["FILTER"], &[RAW, VALUE]),
    ];

    static KEPT: [agg::Spec; 2] = [
        agg::Spec {
            flag: Flag { name: "stats", takes: &["LIST"], help: "many" },
            own: &[],
            is_state: false,
            of: None,
            build: |_, _| Err("never built".to_string()),
        },
        agg::Spec {
            flag: Flag { name: "reduce", takes: &["FILTER"], help: "one" },
            own: &[Flag { name: "inverse-by", takes: &["FILTER"], help: "back" }],
            is_state: false,
            of: Some(Shape::Pairs),
            build: |_, _| Err("never built".to_string()),
        },
    ];

    /// What was typed, in the order of the pipeline, or what is wrong with it.
    fn bound(line: &str) -> Result<Vec<String>, String> {
        let command = Command::new("weir").no_binary_name(true);
        let command = command.args(step_args(&TABLE)).args(aggregate_args(&KEPT));
        let command = command.mut_args(|arg| match arg.get_num_args() {
            Some(count) if !count.takes_values() => arg,
            _ => arg.allow_hyphen_values(true),
        });
        let matches = command.get_matches_from(line.split(' '));
        let said = |error: Error| error.to_string();
        let steps = steps(&TABLE, &matches).map_err(said)?;
        let aggregate = aggregate(&KEPT, &matches).map_err(said)?;
        let steps = steps.iter().map(|(_, words)| words.to_string());
        Ok(steps.chain(aggregate.map(|(_, words)| words.to_string())).collect())
    }

    #[test]
    fn steps_keep_their_order_and_have_the_flags_that_stand_behind_them() {
        let table = [
            ("--trim --trim", "--trim|--trim"),
            ("--field 7 --else - --trim", "--field 7 --else -|--trim"),
            ("--trim --field 7 --value NF --else x", "--trim|--field 7 --value NF --else x"),
            ("--jq .a --raw --value .b --field 1", "--jq .a --raw --value .b|--field 1"),
            ("--field 1 --value 2 --jq . --value .v", "--field 1 --value 2|--jq . --value .v"),
            ("--replace a b --trim --replace --trim -", "--replace a b|--trim|--replace --trim -"),
        ];
        for (line, expected) in table {
            assert_eq!(bound(line).unwrap().join("|"), expected, "{line}");
        }
    }

    #[test]
    fn an_own_flag_of_an_aggregate_may_stand_anywhere() {
        let expected = ["--trim", "--reduce a --inverse-by b"];
        assert_eq!(bound("--inverse-by b --trim --reduce a").unwrap(), expected);
        assert_eq!(bound("--reduce a --trim --inverse-by b").unwrap(), expected);
        assert_eq!(bound("--stats max").unwrap(), ["--stats max"]);
        let told = "--inverse-by: needs --reduce";
        assert_eq!(bound("--inverse-by b").unwrap_err(), told);
        assert_eq!(bound("--stats max --inverse-by b").unwrap_err(), told);
    }

    #[test]
    fn an_own_flag_that_stands_elsewhere_is_told_where_it_belongs() {
        let table = [
            ("--else x --field 1", "--else: stands behind --field"),
            ("--value x", "--value: stands behind --field or --jq"),
            ("--field 1 --trim --else x", "--else: stands behind --field, and not behind --trim"),
            ("--field 1 --raw", "--raw: stands behind --jq, and not behind --field"),
            ("--field 1 --else a --else b", "--else: stands twice behind --field"),
        ];
        for (line, expected) in table {
            assert_eq!(bound(line).unwrap_err(), expected, "{line}");
        }
    }

    #[test]
    fn rows_of_another_shape_are_refused_by_steps_that_there_are() {
        let [any, of_pairs] = &KEPT;
        assert!(any.check(Shape::Records).is_ok() && any.check(Shape::Pairs).is_ok());
        assert!(of_pairs.check(Shape::Pairs).is_ok());
        let flag = Flag { name: "records", takes: &[], help: "" };
        let build = KEPT[0].build;
        let of_records =
            agg::Spec { flag, own: &[], is_state: false, of: Some(Shape::Records), build };
        for told in [of_pairs.check(Shape::Records), of_records.check(Shape::Pairs)] {
            let told = told.unwrap_err();
            let flags: Vec<_> =
                told.split(' ').filter_map(|word| word.strip_prefix("--")).collect();
            assert!(!flags.is_empty(), "{told}");
            let is_step = |name: &&str| STEPS.iter().any(|spec| spec.flag.name == *name);
            assert!(flags.iter().all(is_step), "{told}");
        }
    }

    #[test]
    fn a_name_is_one_flag_and_of_parts_of_one_kind() {
        let steps = STEPS.iter().flat_map(|spec| std::iter::once(&spec.flag).chain(spec.own));
        let aggregates = AGGS.iter().flat_map(|spec| std::iter::once(&spec.flag).chain(spec.own));
        let (steps, aggregates): (Vec<_>, Vec<_>) = (steps.collect(), aggregates.collect());
        for flag in steps.iter().chain(&aggregates) {
            let mut named = steps.iter().chain(&aggregates).filter(|other| other.name == flag.name);
            assert!(named.all(|other| other == flag), "--{} is two flags", flag.name);
            let kinds = [&steps, &aggregates].map(|kind| kind.contains(flag));
            assert_ne!(kinds[0], kinds[1], "--{} is of steps and of aggregates", flag.name);
        }
        let flags = |spec: &'static step::Spec| spec.own.iter().map(|own| own.name);
        let is_step = |name| STEPS.iter().any(|spec| spec.flag.name == name);
        assert!(!STEPS.iter().flat_map(flags).any(is_step), "a step's flag is no other's own");
    }
}
