//! `--sum`, `--min`, `--max`, `--mean`, `--stats LIST`, and each `-by-key`: statistics of numbers.
//!
//! What is asked for decides which cell is kept: the smallest that can answer it.

use std::sync::Arc;

use super::fold::{Whole, keyed};
use super::{Aggregate, Built, Cell, Column, Kind, Spec};
use crate::cell::statistic::{Linear, List, Simple, Statistic, THERE_IS};
use crate::cell::{Statistics, Summary, Total, Wanted};
use crate::part::{Flag, Shape, Words};

/// An aggregate of one statistic.
macro_rules! single {
    ($name:literal, $help:literal, $statistic:expr, $of:expr, $leaves:expr) => {
        Spec {
            flag: Flag { name: $name, takes: &[], help: $help },
            own: &[],
            is_state: false,
            of: $of,
            build: |words, placed| {
                let statistic = Statistic::Simple($statistic);
                let aggregate = made(vec![statistic], $leaves, placed);
                Ok(Built::of_one(kind(statistic), aggregate, words, $leaves))
            },
        }
    };
}

/// `--sum`.
pub const SUM: Spec = single!(
    "sum",
    "Add up the numbers of each batch; of none the sum is 0\n\n\
        A record that is no number is bad. The sum of integers is an integer, and must be one of 64 bits; of \
        others it is a double, and exact before it is rounded once. Numbers of 64 bits before the point and 18 \
        digits behind it are added as decimals, larger and finer ones as the nearest doubles.",
    Simple::Linear(Linear::Sum),
    None,
    Shape::Whole
);

/// `--sum-by-key`.
pub const SUM_BY_KEY: Spec = single!(
    "sum-by-key",
    "Add up the values of each key",
    Simple::Linear(Linear::Sum),
    Some(Shape::Pairs),
    Shape::Keyed
);

/// `--min`.
pub const MIN: Spec =
    single!("min", "Find the smallest number of each batch", Simple::Min, None, Shape::Whole);

/// `--min-by-key`.
pub const MIN_BY_KEY: Spec = single!(
    "min-by-key",
    "Find the smallest value of each key",
    Simple::Min,
    Some(Shape::Pairs),
    Shape::Keyed
);

/// `--max`.
pub const MAX: Spec =
    single!("max", "Find the largest number of each batch", Simple::Max, None, Shape::Whole);

/// `--max-by-key`.
pub const MAX_BY_KEY: Spec = single!(
    "max-by-key",
    "Find the largest value of each key",
    Simple::Max,
    Some(Shape::Pairs),
    Shape::Keyed
);

/// `--mean`.
pub const MEAN: Spec = single!(
    "mean",
    "Find the mean of the numbers of each batch, always a double",
    Simple::Linear(Linear::Mean),
    None,
    Shape::Whole
);

/// `--mean-by-key`.
pub const MEAN_BY_KEY: Spec = single!(
    "mean-by-key",
    "Find the mean of the values of each key, always a double",
    Simple::Linear(Linear::Mean),
    Some(Shape::Pairs),
    Shape::Keyed
);

/// `--stats`.
pub const STATS: Spec = Spec {
    flag: Flag {
        name: "stats",
        takes: &["LIST"],
        help: "Find several statistics of each batch: count,mean,p99\n\n\
            There are count, sum, min, max, mean, stddev (of the population), pNN (p50, p99.9: the percentile of \
            the nearest rank), distinct (how many different values), first and last (values as they came). Each \
            is a column of its name. Where one is of numbers, a record that is no number is bad. Results are \
            integers where all numbers are, else doubles; mean and stddev are always doubles. Percentiles are \
            exact for up to 128 numbers (integers beyond 2^53 as doubles), and else off by less than 1 % of the value; distinct is exact for up \
            to 512 values, and else an estimate with a standard error of 1.6 %.",
    },
    own: &[],
    is_state: false,
    of: None,
    build: |words, placed| several(words, Shape::Whole, placed),
};

/// `--stats-by-key`.
pub const STATS_BY_KEY: Spec = Spec {
    flag: Flag {
        name: "stats-by-key",
        takes: &["LIST"],
        help: "Find several statistics of the values of each key: count,mean,p99",
    },
    own: &[],
    is_state: false,
    of: Some(Shape::Pairs),
    build: |words, placed| several(words, Shape::Keyed, placed),
};

fn several(words: &Words, leaves: Shape, placed: bool) -> Result<Built, String> {
    let list = list(&words.argument(0).to_string_lossy())?;
    let column = |of: &Statistic| Column { name: of.to_string(), kind: kind(*of) };
    let columns = list.iter().map(column).collect();
    let aggregate = made(list, leaves, placed);
    Ok(Built { aggregate, leaves, columns, identity: words.identity() })
}

fn kind(statistic: Statistic) -> Kind {
    match statistic {
        Statistic::Simple(Simple::Linear(Linear::Count)) => Kind::Count,
        Statistic::Simple(Simple::Linear(Linear::Sum)) => Kind::Sum,
        _ => Kind::Other,
    }
}

/// The statistics that are named.
fn list(names: &str) -> Result<Vec<Statistic>, String> {
    let mut list = Vec::new();
    for name in names.split(',') {
        let statistic = Statistic::named(name.trim())
            .ok_or_else(|| format!("{name:?} is no statistic; there are {THERE_IS}"))?;
        if list.contains(&statistic) {
            return Err(format!("names {statistic} twice"));
        }
        list.push(statistic);
    }
    Ok(list)
}

/// The aggregate that answers a list.
fn made(list: Vec<Statistic>, leaves: Shape, placed: bool) -> Arc<dyn Aggregate> {
    let simple: Option<List<Simple>> = list.iter().map(|statistic| statistic.simple()).collect();
    let Some(simple) = simple else {
        return of::<Statistics>(Wanted::new(list.into()), leaves, placed);
    };
    let linear: Option<List<Linear>> = simple.iter().map(|statistic| statistic.linear()).collect();
    match linear {
        Some(linear) => of::<Total>(linear, leaves, placed),
        None => of::<Summary>(simple, leaves, placed),
    }
}

/// An aggregate of some cell, with a key or without.
fn of<C: Cell + Sync>(plan: C::Plan, leaves: Shape, placed: bool) -> Arc<dyn Aggregate> {
    match leaves {
        Shape::Keyed => keyed::<C>(plan, placed),
        _ => Whole::<C>::new(plan),
    }
}
