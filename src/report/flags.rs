//! Flags that choose and order rows, and what they mean for the columns there are.

use std::sync::Arc;
use std::time::Duration;

use super::Sort;
use super::measure::Measure;
use crate::error::Error;
use crate::number::Comparison;
use crate::part::{Given, hold};
use crate::units::pointed;

/// Flags that choose and order rows, as typed.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Report")]
pub struct Flags {
    /// Divide counts and sums by the time that a report covers, in units of D
    ///
    /// A report covers its batch or window, or the time since the beginning; the first windows, no more than that. Batches
    /// count as whole, also the first one and the last.
    #[arg(long, value_name = "D", value_parser = span)]
    pub per: Option<Duration>,

    /// Report counts and sums as shares of the total of all rows
    #[arg(long)]
    pub share: bool,

    /// Report only rows that compare so: '>= 20', 'p99 > 0.5'
    ///
    /// COND is a column, an operator of > >= < <= = and !=, and a number. Without the column it is that of
    /// --by, and without that the first. With --skip-empty, a batch in which no row does is not printed.
    #[arg(long, value_name = "COND")]
    pub having: Option<String>,

    /// The column that --having, --top and --sort value look at [default: the first statistic]
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,

    /// Report only the N largest values
    #[arg(long, value_name = "N", value_parser = rows)]
    pub top: Option<usize>,

    /// Smallest first: for --top, and for --sort value
    #[arg(long)]
    pub ascending: bool,

    /// What orders the rows [default: value]
    #[arg(long, value_name = "ORDER")]
    pub sort: Option<Sort>,

    /// Report only rows that are new, or differ from the last report
    ///
    /// Rows are compared after --top has selected them. A row that is no longer there is not said to
    /// be gone; one that comes back is new.
    #[arg(long)]
    pub changed: bool,
}

impl Flags {
    /// Refuses what does not go with what else was given.
    pub fn check(&self, given: &Given) -> Result<(), Error> {
        let (alone, bare) = (given.aggregate.is_none(), given.record_at_a_time);
        hold(&[
            (self.per.is_some() && alone, "--per: needs an aggregate, as --count is"),
            (self.share && alone, "--share: needs an aggregate, as --count-by-key is"),
            (
                self.having.is_some() && alone,
                "--having: needs an aggregate; --where compares records",
            ),
            (self.by.is_some() && alone, "--by: needs an aggregate, as --stats-by-key is"),
            (
                self.per.is_some() && given.once && !given.window,
                "--per: all input is one batch, and nothing says which time it covers; --interval does",
            ),
            (
                self.per.is_some() && bare,
                "--per: with --interval 0 a result is that of a record, and covers no time",
            ),
            (
                self.share && bare,
                "--share: with --interval 0 each record is a report of its own, without a total",
            ),
            (self.top.is_some() && alone, "--top: needs an aggregate, as --count-by-key is"),
            (self.sort.is_some() && alone, "--sort: needs an aggregate; records keep their order"),
            (self.ascending && alone, "--ascending: needs an aggregate; records keep their order"),
            (
                self.changed && alone,
                "--changed: needs an aggregate; records are printed as they come",
            ),
            (
                self.top.is_some() && bare,
                "--top: with --interval 0 each record is a report of its own; nothing is selected",
            ),
            (
                self.sort.is_some() && bare,
                "--sort: with --interval 0 results come in the order of their records",
            ),
            (
                self.ascending && bare,
                "--ascending: with --interval 0 results come in the order of their records",
            ),
        ])
    }
}

impl Flags {
    /// What is made of results with these columns, some of which are counts or sums.
    pub fn measure(&self, columns: &[String], additive: Arc<[bool]>) -> Result<Measure, Error> {
        let known = |flag: &str, name: &str| {
            columns.iter().position(|column| column == name).ok_or_else(|| {
                let columns = columns.join(", ");
                Error::usage(format!("{flag}: there is no column {name:?}; there are: {columns}"))
            })
        };
        let by = self.by.as_deref().map(|name| known("--by", name)).transpose()?.unwrap_or(0);
        let having = match &self.having {
            Some(typed) => {
                let begin = Comparison::find(typed).unwrap_or(0);
                let (name, compared) = typed.split_at(begin);
                let column = match name.trim() {
                    "" => by,
                    name => known("--having", name)?,
                };
                let wrong = |(at, what)| {
                    let what = match columns.iter().any(|column| column == typed.trim()) {
                        true => format!("a comparison stands behind a column: '{typed} >= 500'"),
                        false => what,
                    };
                    Error::usage(format!("--having: {what}\n{}", pointed(typed, begin + at)))
                };
                Some((column, Comparison::read(compared).map_err(wrong)?))
            }
            None => None,
        };
        let divides = self.share.then_some("--share").or(self.per.map(|_| "--per"));
        if let (Some(flag), false) = (divides, additive.contains(&true)) {
            let message = format!("{flag}: divides counts and sums, of which there are none here");
            return Err(Error::usage(message));
        }
        Ok(Measure { per: self.per, share: self.share, having, by, additive })
    }
}

fn span(text: &str) -> Result<Duration, String> {
    match crate::units::duration(text)? {
        Duration::ZERO => Err("0s is no length".to_string()),
        span => Ok(span),
    }
}

fn rows(text: &str) -> Result<usize, String> {
    Ok(usize::try_from(crate::units::whole(text, 1)?).unwrap_or(usize::MAX))
}
