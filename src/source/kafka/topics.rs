//! Which topics are meant: names, and regular expressions of them.

use std::collections::HashSet;

use regex::Regex;

use crate::error::Error;
use crate::part::likeness::near;

/// What was typed for `--topic`.
pub struct Topics {
    names: Vec<String>,
    patterns: Vec<Regex>,
}

impl Topics {
    /// Takes names and regular expressions apart; those begin with `^`.
    pub fn new(typed: &[String]) -> Result<Topics, Error> {
        let (mut names, mut patterns) = (Vec::new(), Vec::new());
        for topic in typed {
            match topic.starts_with('^') {
                true => patterns.push(pattern(topic)?),
                false => names.push(name(topic)?.to_string()),
            }
        }
        Ok(Topics { names, patterns })
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Names and regular expressions, as they were typed.
    pub fn all(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).chain(self.patterns()).collect()
    }

    /// True if all topics that there are have to be looked through.
    pub fn has_patterns(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// True if the topic of this name is meant.
    pub fn take(&self, topic: &str) -> bool {
        self.names.iter().any(|name| name == topic)
            || self.patterns.iter().any(|pattern| pattern.is_match(topic))
    }

    /// The regular expressions.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(Regex::as_str)
    }

    /// The regular expressions that match none of these topics.
    pub fn unmatched(&self, topics: &[&String]) -> Vec<&str> {
        let lacks = |pattern: &&Regex| !topics.iter().any(|topic| pattern.is_match(topic));
        self.patterns.iter().filter(lacks).map(Regex::as_str).collect()
    }

    /// True if the topic of this name is meant by one of these regular expressions.
    pub fn match_by(&self, patterns: &HashSet<String>, topic: &str) -> bool {
        let mut known = self.patterns.iter().filter(|pattern| patterns.contains(pattern.as_str()));
        known.any(|pattern| pattern.is_match(topic))
    }

    /// What was typed, with commas.
    pub fn typed(&self) -> String {
        self.all().join(", ")
    }
}

/// Refuses what the broker would not know, and what librdkafka takes for an expression of its own.
fn name(topic: &str) -> Result<&str, Error> {
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c));
    match topic.find(is_odd) {
        Some(_) => Err(Error::usage(format!(
            "--topic {topic}: a topic's name has letters, digits, `.`, `_` and `-`; a regular expression begins \
             with ^"
        ))),
        None => Ok(topic),
    }
}

fn pattern(topic: &str) -> Result<Regex, Error> {
    Regex::new(topic).map_err(|error| {
        let error = error.to_string();
        let what = error.lines().last().unwrap_or_default();
        Error::usage(format!("--topic {topic}: {}", what.trim_start_matches("error: ")))
    })
}

/// What is said of a topic that there is not, where there are these.
pub fn unknown(topic: &str, there_are: &[String]) -> Error {
    let shown: Vec<&str> =
        there_are.iter().map(String::as_str).filter(|name| !name.starts_with("__")).collect();
    let like = near(topic, shown.iter().copied());
    let rest = match (like.as_slice(), shown.as_slice()) {
        ([], []) => "there is none at all".to_string(),
        ([], some) if some.len() <= 10 => format!("there are {}", some.join(", ")),
        ([], some) => format!("there are {} others, none like it", some.len()),
        (like, _) => format!("there is {}", like.join(", ")),
    };
    Error::Failed(format!("{topic}: no such topic; {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(typed: &[&str]) -> Result<Topics, Error> {
        Topics::new(&typed.iter().map(|text| text.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn names_and_expressions_are_told_apart() {
        let topics = topics(&["orders", "^logs-.*"]).unwrap();
        assert!(topics.take("orders") && topics.take("logs-eu") && topics.has_patterns());
        assert!(!topics.take("orders2") && !topics.take("old-logs-eu"));
        assert_eq!(
            (topics.names(), topics.typed().as_str()),
            (&["orders".to_string()][..], "orders, ^logs-.*")
        );
    }

    #[test]
    fn what_is_no_topic_is_a_usage_error() {
        for typed in ["logs-*", "a b", "^logs-("] {
            let told = topics(&[typed]).map(drop).unwrap_err();
            assert_eq!(told.exit_status(), 2);
            assert!(told.to_string().starts_with(&format!("--topic {typed}: ")), "{told}");
        }
    }

    #[test]
    fn of_an_unknown_topic_those_that_look_like_it_are_named() {
        let there = ["orders", "payments", "__consumer_offsets"].map(String::from);
        let told = |topic| unknown(topic, &there).to_string();
        assert_eq!(told("order"), "order: no such topic; there is orders");
        assert_eq!(told("clicks"), "clicks: no such topic; there are orders, payments");
        assert_eq!(unknown("x", &[]).to_string(), "x: no such topic; there is none at all");
        assert_eq!(unknown("x", &[]).exit_status(), 1);
    }
}
