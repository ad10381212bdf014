//! Parts: what sources, steps, aggregates, formats and flags have in common for whoever puts them
//! together.
//!
//! A part knows what goes with it and what does not; the plan only asks each. So nothing here knows a
//! part by its name.

mod given;

pub use given::{Ability, Aggregate, Given, hold};

/// What rows look like: between the steps records or pairs, behind an aggregate what it makes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Plain records.
    Records,
    /// Pairs of bytes: a key and a value as they came.
    Pairs,
    /// A key and its statistics.
    Keyed,
    /// Statistics of all records together, without a key.
    Whole,
}
