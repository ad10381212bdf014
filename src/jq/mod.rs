//! Programs of the user, in the language of jq: what Spark has lambdas for.
//!
//! ```text
//! program    compiled by jaq, once; runs on values
//! value      JSON as a tree, counted as it is made
//! terms      what a text says: which of its input is looked at, and in which order; what is wrong with it
//! plain      programs without loops, which need no interpreter
//! kind       what jaq runs on: our values, and a table of terms that ends
//! builtins   what programs can call; patterns are regular expressions
//! meter      what a program has taken, and whether it may go on
//! rooms      how much it may take for one record
//! stack      where there is enough of it
//! ```
//!
//! A program sees what it is given and nothing else, and has no effect but its outputs: run again, it comes to
//! the same. It cannot hang or end the process: what takes too much fails. What it runs for, and what
//! becomes of its outputs, is for steps and aggregates to say.

mod builtins;
mod kind;
mod meter;
mod patterns;
mod plain;
mod program;
mod rooms;
mod stack;
mod terms;
mod value;

pub use program::{Failure, Program, input, json, part};
pub use rooms::{Rooms, allow_for};
pub use value::{Name, Need, Number, Object, Value, write, write_bare};

#[cfg(test)]
mod tests;
