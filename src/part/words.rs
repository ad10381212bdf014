//! The words of a part: what was typed of it.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};

use super::{Flag, Resolved};
use crate::units::quoted;

/// What was typed of a part: the arguments of its flag, and the flags that are bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    flag: &'static Flag,
    arguments: Vec<OsString>,
    bound: Vec<Words>,
}

impl Words {
    /// The words of a flag that was typed with these arguments, as many as it takes.
    pub fn new<T: Into<OsString>>(
        flag: &'static Flag,
        arguments: impl IntoIterator<Item = T>,
    ) -> Words {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        assert_eq!(arguments.len(), flag.takes.len(), "--{} takes so many", flag.name);
        Words { flag, arguments, bound: Vec::new() }
    }

    /// The words that an identity was made of, as far as they are flags of the part; none if it is not
    /// of the part.
    pub fn of_identity<'a>(
        flag: &'static Flag,
        own: &'static [Flag],
        value: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<Words> {
        let words = |flag: &'static Flag| {
            let value = value(&format!("--{}", flag.name))?;
            Some(Words::new(flag, flag.takes.iter().map(|_| value)))
        };
        let bound = own.iter().filter_map(words).collect();
        Some(Words { bound, ..words(flag)? })
    }

    /// The flag itself.
    pub fn flag(&self) -> &'static Flag {
        self.flag
    }

    /// An argument of the flag, from 0.
    pub fn argument(&self, index: usize) -> &OsStr {
        &self.arguments[index]
    }

    /// Binds another flag to this one; false if that is there already.
    pub fn bind(&mut self, other: Words) -> bool {
        let is_new = !self.has(other.flag.name);
        self.bound.push(other);
        is_new
    }

    /// True if a flag of this name is bound to this one.
    pub fn has(&self, name: &str) -> bool {
        self.bound.iter().any(|words| words.flag.name == name)
    }

    /// The argument of the flag of this name that is bound to this one.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        let words = self.bound.iter().find(|words| words.flag.name == name)?;
        words.arguments.first().map(OsString::as_os_str)
    }

    /// All that was typed, as identity.
    pub fn identity(&self) -> Resolved {
        let flag = |words: &Words| (format!("--{}", words.flag.name), words.joined());
        std::iter::once(self).chain(&self.bound).map(flag).collect()
    }

    /// The arguments as one text; no two lists of them have the same.
    fn joined(&self) -> String {
        let text = |word: &OsString| match word.to_str() {
            Some(text) => text.to_string(),
            // Two arguments that are no text must not look the same.
            None => word.as_encoded_bytes().escape_ascii().to_string(),
        };
        match self.arguments.as_slice() {
            [one] => text(one),
            all => all.iter().map(|word| quoted(&text(word))).collect::<Vec<_>>().join(" "),
        }
    }
}

/// As they are typed.
impl Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}", self.flag.name)?;
        self.arguments
            .iter()
            .try_for_each(|word| write!(f, " {}", quoted(&word.to_string_lossy())))?;
        self.bound.iter().try_for_each(|words| write!(f, " {words}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static REPLACE: Flag = Flag { name: "replace", takes: &["REGEX", "TEXT"], help: "" };
    static OWN: [Flag; 2] = [
        Flag { name: "else", takes: &["TEXT"], help: "" },
        Flag { name: "raw", takes: &[], help: "" },
    ];

    fn pairs(identity: &Resolved) -> Vec<(&str, &str)> {
        identity.iter().map(|(flag, value)| (flag.as_str(), value.as_str())).collect()
    }

    #[test]
    fn what_was_typed_is_found_again_shown_and_is_the_identity() {
        let mut words = Words::new(&REPLACE, ["a b", "it's"]);
        assert!(words.bind(Words::new(&OWN[0], [""])) && words.bind(Words::new(&OWN[1], [""; 0])));
        assert_eq!((words.argument(0), words.argument(1)), ("a b".as_ref(), "it's".as_ref()));
        assert_eq!((words.value("else"), words.value("raw")), (Some("".as_ref()), None));
        assert!(words.has("raw") && !words.has("value"));
        assert_eq!(words.to_string(), r"--replace 'a b' 'it'\''s' --else '' --raw");
        let expected = [("--replace", r"'a b' 'it'\''s'"), ("--else", ""), ("--raw", "")];
        assert_eq!(pairs(&words.identity()), expected);
        assert!(!words.bind(Words::new(&OWN[1], [""; 0])), "a second one");
    }

    #[test]
    fn one_argument_is_its_own_identity_and_read_again_from_there() {
        let words = Words::new(&OWN[0], ["it's a"]);
        assert_eq!(pairs(&words.identity()), [("--else", "it's a")]);
        let value = |flag: &str| (flag == "--else").then_some("it's a");
        assert_eq!(Words::of_identity(&OWN[0], &[], value), Some(words));
        assert_eq!(Words::of_identity(&OWN[1], &[], value), None);
    }
}
