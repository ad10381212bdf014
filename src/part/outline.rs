//! The pipeline in words, for people: a line for each part.

/// A part of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// What it is, as in "step".
    pub part: &'static str,
    /// How it was typed.
    pub what: String,
    /// What leaves it.
    pub leaves: String,
}
