//! What was given with a part, and rules about that.
//!
//! Each rule stands with the part whose flag it is about, and its message begins with that flag: a
//! part that comes or goes takes its rules along. The plan makes one [`Given`] and asks all parts in
//! turn; the first rule that is broken is told.

use super::Shape;
use crate::error::Error;

/// What was given on the command line, as far as other parts have to know.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// What leaves the steps: records or pairs.
    pub rows: Shape,
    /// The aggregate.
    pub aggregate: Option<Aggregate>,
    /// What the format can do.
    pub format: Ability,
    /// What `--format` calls it, if that was typed.
    pub format_typed: Option<&'static str>,
    /// True with `--window`.
    pub window: bool,
    /// True with `--keep-zeros`.
    pub keep_zeros: bool,
    /// True if there is running state: `--update-state`, or an aggregate that is.
    pub update_state: bool,
    /// True with `--interval 0`: there are no batches.
    pub record_at_a_time: bool,
    /// True if a step does something once a batch: `--pipe`.
    pub steps_need_batches: bool,
    /// True if all input is one batch.
    pub once: bool,
    /// True with `--checkpoint`.
    pub lasts: bool,
    /// True if something is read from Kafka or written there.
    pub talks_to_kafka: bool,
}

/// What has to be known of an aggregate.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate {
    /// What it makes of rows: one for each key, or one alone.
    pub leaves: Shape,
    /// What of it cannot be subtracted, in words, if there is such.
    pub indelible: Option<&'static str>,
    /// True if a row has one value, which is a count.
    pub counts: bool,
}

/// What a format can do, and what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// True if it prints a part of a batch: `--num`.
    pub prints_part: bool,
    /// What it writes of the Time.
    pub times: Times,
    /// Whether it begins with a line of names.
    pub header: Header,
    /// True if it writes counts and nothing else.
    pub of_counts: bool,
}

/// What a format writes of the Time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// A header of its own, in one way only.
    Own,
    /// A field of each row, in the style that is asked for: `--epoch`.
    Field,
    /// Nothing.
    None,
}

/// Whether a format begins with a line of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// It never does.
    None,
    /// If it is asked for: `--header`.
    Asked,
    /// Unless it is told not to: `--no-header`.
    Given,
}

/// Holds rules: of those that are broken, the first is the error.
pub fn hold(rules: &[(bool, &str)]) -> Result<(), Error> {
    match rules.iter().find(|(is_broken, _)| *is_broken) {
        Some((_, message)) => Err(Error::usage(*message)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_is_broken_is_told() {
        assert!(hold(&[(false, "--a: no")]).is_ok());
        let told = hold(&[(false, "--a: no"), (true, "--b: no"), (true, "--c: no")]).unwrap_err();
        assert_eq!((told.to_string().as_str(), told.exit_status()), ("--b: no", 2));
    }
}
