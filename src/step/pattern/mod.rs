//! Steps by a regular expression: what matches is kept or dropped, taken out, or replaced.
//!
//! A clone of an expression shares what it was compiled to, and has scratch memory of its own: so workers that have
//! one each do not wait for each other.

pub mod extract;
pub mod filter;
pub mod replace;

use std::ffi::OsStr;

use regex::bytes::Regex;

/// Reads an expression; what is wrong with one is pointed at.
fn parse(regex: &OsStr) -> Result<Regex, String> {
    let text = regex.to_str().ok_or("a regular expression is UTF-8; \\xNN says other bytes")?;
    // The crate's own message quotes the expression and points at the place.
    Regex::new(text).map_err(|error| error.to_string())
}
