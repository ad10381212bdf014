//! `OP N`: how a number is compared with one that was typed.

use std::cmp::Ordering;

use super::{Number, Refused};

/// An operator and the number behind it.
#[derive(Clone, Debug)]
pub struct Comparison {
    sign: &'static str,
    wanted: Wanted,
    /// What is compared with.
    pub than: Number,
    /// The number as it was typed.
    typed: String,
}

/// What an operator wants of a comparison.
type Wanted = fn(Ordering) -> bool;

/// The operators; one that begins with another stands before it.
const OPERATORS: [(&str, Wanted); 6] = [
    (">=", Ordering::is_ge),
    (">", Ordering::is_gt),
    ("<=", Ordering::is_le),
    ("<", Ordering::is_lt),
    ("!=", Ordering::is_ne),
    ("=", Ordering::is_eq),
];

impl Comparison {
    /// Reads what was typed, as `>= 500`; an error says what is wrong.
    pub fn read(typed: &str) -> Result<Comparison, String> {
        let typed = typed.trim();
        let operator = OPERATORS.iter().find(|(sign, _)| typed.starts_with(sign));
        let Some(&(sign, wanted)) = operator else { return Err(no_operator(typed)) };
        let number = typed[sign.len()..].trim();
        let than = Number::read(number.as_bytes()).map_err(|why| match why {
            Refused::NoNumber if number.starts_with('=') => {
                format!("equal is = alone, and not {sign}=")
            }
            Refused::NoNumber if number.is_empty() => format!("no number stands behind the {sign}"),
            why => format!("`{number}` is {}", why.reason()),
        })?;
        Ok(Comparison { sign, wanted, than, typed: number.to_string() })
    }

    /// The place of the first operator in some text.
    pub fn find(text: &str) -> Option<usize> {
        text.find(['>', '<', '=', '!'])
    }

    /// True if this is how a number compares.
    pub fn is_wanted(&self, order: Ordering) -> bool {
        (self.wanted)(order)
    }

    /// How it is written: two that are the same are written alike.
    pub fn text(&self) -> String {
        format!("{} {}", self.sign, self.typed)
    }
}

fn no_operator(typed: &str) -> String {
    // What a shell leaves of `--where > 5` is told from what somebody has typed otherwise.
    format!("`{typed}` begins with none of > >= < <= = !=; it is written in quotes, as '>= 500'")
}
