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
    /// True with `--window`.
    pub window: bool,
    /// True with `--update-state`.
    pub update_state: bool,
    /// True with `--interval 0`: there are no batches.
    pub record_at_a_time: bool,
    /// True if a step does something once a batch: `--pipe`.
    pub steps_need_batches: bool,
    /// True if all input is one batch.
    pub once: bool,
    /// True with `--checkpoint`.
    pub lasts: bool,
}

/// What has to be known of an aggregate.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate {
    /// What it makes of rows: one for each key, or one alone.
    pub leaves: Shape,
    /// What of it cannot be subtracted, in words, if there is such.
    pub indelible: Option<&'static str>,
}

/// What a format can do, and what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// True if it prints a part of a batch: `--num`.
    pub prints_part: bool,
    /// True if it has a Time of its own, which is written in one way only.
    pub own_time: bool,
    /// True if it may begin with a line of names: `--header`.
    pub header: bool,
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
