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
    /// Reads what was typed, as `>= 500`; an error says at which byte something is wrong, and what.
    pub fn read(typed: &str) -> Result<Comparison, (usize, String)> {
        let bare = typed.trim();
        let operator = OPERATORS.iter().find(|(sign, _)| bare.starts_with(sign));
        let Some(&(sign, wanted)) = operator else { return Err((0, no_operator(bare))) };
        let behind = typed.find(sign).unwrap_or_default() + sign.len();
        let number = bare[sign.len()..].trim();
        let than = Number::read(number.as_bytes());
        let than = than.map_err(|why| mistaken(typed, behind, sign, number, why))?;
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

/// What is wrong with the number behind an operator, which ends at the byte `behind`, and where.
fn mistaken(typed: &str, behind: usize, sign: &str, number: &str, why: Refused) -> (usize, String) {
    let operator = behind - sign.len();
    let signs = number.chars().take_while(|c| "<>=!".contains(*c)).collect::<String>();
    let both = format!("{sign}{signs}");
    match (both.as_str(), why) {
        ("=>", _) => (operator, "`=>` is written >=".to_string()),
        ("=<", _) => (operator, "`=<` is written <=".to_string()),
        ("<>", _) => (operator, "`<>` is written !=".to_string()),
        (_, Refused::NoNumber) if signs.starts_with('=') => {
            (operator, format!("equal is = alone, and not {both}"))
        }
        (_, Refused::NoNumber) if !signs.is_empty() => {
            (operator, format!("`{both}` is none of > >= < <= = !="))
        }
        (_, Refused::NoNumber) if number.is_empty() => {
            (behind, format!("no number stands behind the {sign}"))
        }
        (_, why) => {
            let blanks = typed[behind..].len() - typed[behind..].trim_start().len();
            (behind + blanks, format!("`{number}` is {}", why.reason()))
        }
    }
}

fn no_operator(typed: &str) -> String {
    if typed.is_empty() {
        return "an operator and a number are expected, as in '>= 500'".to_string();
    }
    // What a shell leaves of `--where > 5` is told from what somebody has typed otherwise.
    format!("`{typed}` begins with none of > >= < <= = !=; it is written in quotes, as '>= 500'")
}
