//! Patterns of names: `*`, `?`, `[a-z]`, `[!a-z]`, and `**` for any number of directories.
//!
//! They are bytes, as names are. `\` takes what follows as it stands. Names that begin with `.` are matched
//! only by a pattern that begins so, as in a shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::disk::tree::Kind;

/// What a path is, to a pattern.
#[derive(Debug)]
pub enum Followed {
    /// It matches.
    Match(PathBuf),
    /// It is looked there for what matches.
    Below(Vec<(PathBuf, usize)>),
    /// It is none of its.
    Nothing,
}

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// What comes before the first directory that is matched.
    root: PathBuf,
    /// A pattern for each name behind it.
    names: Vec<Vec<u8>>,
}

impl Glob {
    /// The pattern that a path is; none, if nothing in it is one.
    pub fn parse(path: &Path) -> Option<Glob> {
        let bytes = path.as_os_str().as_bytes();
        if !is_pattern(bytes) {
            return None;
        }
        let is_absolute = bytes.starts_with(b"/");
        let names = bytes.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        let names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        let plain = names.iter().take_while(|name| !is_pattern(name)).count();
        let mut root = PathBuf::from(if is_absolute { "/" } else { "" });
        names[..plain].iter().for_each(|name| root.push(OsStr::from_bytes(name)));
        let mut names = names[plain..].to_vec();
        // Several `**` are one; the last name is a pattern of names whatever it is.
        let last = names.pop();
        names.dedup_by(|name, before| is_deep(name) && is_deep(before));
        names.extend(last);
        Some(Glob { root, names })
    }

    /// The directory that all it matches is below; empty for that in which we are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where it is looked first: directories, each with the number of the pattern that names in it are held to.
    pub fn begin(&self) -> Vec<(PathBuf, usize)> {
        self.below(self.root.clone(), 0)
    }

    /// Where it is looked for what matches from pattern `at` on, in a directory and below it.
    fn below(&self, dir: PathBuf, at: usize) -> Vec<(PathBuf, usize)> {
        let last = next(&self.names, at).min(self.names.len() - 1);
        (at..=last).map(|at| (dir.clone(), at)).collect()
    }

    /// True if a name fits pattern `at`.
    pub fn fits(&self, at: usize, name: &OsStr) -> bool {
        match self.names[at].as_slice() {
            pattern if is_deep(pattern) => !name.as_bytes().starts_with(b"."),
            pattern => matches(pattern, name.as_bytes()),
        }
    }

    /// What a path is that has fitted pattern `at`.
    pub fn follow(&self, at: usize, path: PathBuf, kind: Kind) -> Followed {
        let (is_deep, is_last) = (is_deep(&self.names[at]), at + 1 == self.names.len());
        match kind {
            _ if is_last => Followed::Match(path),
            Kind::Directory if is_deep => Followed::Below(self.below(path, at)),
            Kind::Directory => Followed::Below(self.below(path, at + 1)),
            _ => Followed::Nothing,
        }
    }

    /// True if a path is one that the pattern matches.
    pub fn matches(&self, path: &Path) -> bool {
        let Ok(behind) = path.strip_prefix(&self.root) else { return false };
        let names: Vec<&[u8]> = behind.iter().map(OsStr::as_bytes).collect();
        matches_names(&self.names, &names)
    }
}

fn is_pattern(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| b"*?[".contains(byte))
}

/// True of the name of any number of directories.
fn is_deep(name: &[u8]) -> bool {
    name == b"**"
}

/// The last pattern that the next name may be held to where it may be `at`: `**` stands for no directory, too.
fn next(patterns: &[Vec<u8>], at: usize) -> usize {
    at + patterns[at..].iter().take_while(|name| is_deep(name)).count()
}

/// True if names match patterns one by one, where `**`, unless it is the last, stands for any number of them. The work
/// is that of the product of both.
fn matches_names(patterns: &[Vec<u8>], names: &[&[u8]]) -> bool {
    let Some(last) = patterns.len().checked_sub(1) else { return names.is_empty() };
    // The patterns that the next name may be held to; behind the last one the names have to end.
    let mut reached = vec![false; patterns.len() + 1];
    reached[..=next(&patterns[..last], 0)].fill(true);
    for name in names {
        let mut then = vec![false; patterns.len() + 1];
        for (at, pattern) in patterns.iter().enumerate().filter(|(at, _)| reached[*at]) {
            if at == last {
                then[last + 1] |= matches(pattern, name);
            } else if is_deep(pattern) && !name.starts_with(b".") {
                then[at..=next(&patterns[..last], at)].fill(true);
            } else if !is_deep(pattern) && matches(pattern, name) {
                then[at + 1..=next(&patterns[..last], at + 1)].fill(true);
            }
        }
        reached = then;
    }
    reached[last + 1]
}

/// True if a name matches a pattern.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b".") && !pattern.starts_with(b".") && !pattern.starts_with(b"\\.") {
        return false;
    }
    let (mut at, mut of) = (0, 0);
    // Where the last star stands, and up to where it has taken the name.
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        match one(&pattern[at..], name[of]) {
            Some(Fits::Star) => {
                star = Some((at, of));
                at += 1;
            }
            Some(Fits::One(len)) => (at, of) = (at + len, of + 1),
            None => match &mut star {
                Some((begin, taken)) => {
                    *taken += 1;
                    (at, of) = (*begin + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// How a pattern's beginning fits a byte.
enum Fits {
    /// It takes any number of bytes.
    Star,
    /// It takes this one, and so much of the pattern is used up.
    One(usize),
}

fn one(pattern: &[u8], byte: u8) -> Option<Fits> {
    let literal = |wanted: u8, len| (wanted == byte).then_some(Fits::One(len));
    match *pattern {
        [b'*', ..] => Some(Fits::Star),
        [b'?', ..] => Some(Fits::One(1)),
        [b'\\', wanted, ..] => literal(wanted, 2),
        [b'[', ..] => match class(pattern) {
            Some((holds, len)) => holds(byte).then_some(Fits::One(len)),
            None => literal(b'[', 1),
        },
        [wanted, ..] => literal(wanted, 1),
        [] => None,
    }
}

/// The class that a pattern begins with, and its length; none if the bracket is not closed.
fn class(pattern: &[u8]) -> Option<(impl Fn(u8) -> bool + '_, usize)> {
    let is_negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let begin = 1 + usize::from(is_negated);
    // A bracket that closes at once stands for itself.
    let end = begin + 1 + pattern.get(begin + 1..)?.iter().position(|&byte| byte == b']')?;
    let set = &pattern[begin..end];
    let holds = move |byte: u8| {
        let (mut at, mut is_in) = (0, false);
        while at < set.len() {
            match set[at..] {
                [from, b'-', to, ..] => {
                    is_in |= (from..=to).contains(&byte);
                    at += 3;
                }
                [only, ..] => {
                    is_in |= only == byte;
                    at += 1;
                }
                [] => {}
            }
        }
        is_in != is_negated
    };
    Some((holds, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_matched_as_a_shell_does() {
        let table: [(&str, &[&str], &[&str]); 9] = [
            ("*.log", &["a.log", "a.b.log"], &["a.log.1", ".log", ".a.log", "log"]),
            ("app?.log", &["app1.log"], &["app.log", "app12.log"]),
            ("[a-c]x[!0-9]", &["axy", "cx-"], &["dxy", "ax5", "ax"]),
            ("[]a]", &["]", "a"], &["b", ""]),
            ("[^a]", &["b"], &["a"]),
            ("[a", &["[a"], &["a"]),
            (r"\*[1]*", &["*1", "*12"], &["a1", "*2"]),
            (".*", &[".a"], &["a"]),
            ("a*b*c", &["abc", "aXbYbZc"], &["ab", "acb"]),
        ];
        for (pattern, yes, no) in table {
            let is = |name: &&str| matches(pattern.as_bytes(), name.as_bytes());
            assert!(yes.iter().all(is), "{pattern}: {yes:?}");
            assert!(!no.iter().any(is), "{pattern}: {no:?}");
        }
    }

    #[test]
    fn only_what_is_a_pattern_is_one_and_a_star_ends_with_a_name() {
        assert_eq!(Glob::parse("a/b.log".as_ref()), None);
        assert!(!Glob::parse("a/*".as_ref()).unwrap().matches("a/b/c".as_ref()));
    }

    /// The same by trying all that a star may take.
    fn plainly(pattern: &[u8], name: &[u8]) -> bool {
        match pattern {
            [] => name.is_empty(),
            [b'*', rest @ ..] => (0..=name.len()).any(|taken| plainly(rest, &name[taken..])),
            [b'?', rest @ ..] => !name.is_empty() && plainly(rest, &name[1..]),
            [byte, rest @ ..] => name.first() == Some(byte) && plainly(rest, &name[1..]),
        }
    }

    /// The same of names, by trying all that `**` may take.
    fn plainly_names(patterns: &[&[u8]], names: &[&[u8]]) -> bool {
        match (patterns, names) {
            ([], _) => names.is_empty(),
            ([b"**", rest @ ..], _) if !rest.is_empty() => {
                let most = names.iter().take_while(|name| !name.starts_with(b".")).count();
                (0..=most).any(|taken| plainly_names(rest, &names[taken..]))
            }
            ([first, rest @ ..], [name, behind @ ..]) => {
                matches(first, name) && plainly_names(rest, behind)
            }
            _ => false,
        }
    }

    #[test]
    fn many_directories_of_any_depth_are_looked_through_once() {
        let (pattern, path) = ("**/".repeat(60) + "x", "a/".repeat(60) + "y");
        let glob = Glob::parse(pattern.as_ref()).unwrap();
        assert_eq!(glob, Glob::parse("**/x".as_ref()).unwrap());
        assert_eq!(glob.begin().len(), 2);
        let apart = Glob::parse(("**/a/".repeat(30) + "x").as_ref()).unwrap();
        assert!(!apart.matches(path.as_ref()) && !glob.matches(path.as_ref()));
        assert!(apart.matches(path.replace('y', "x").as_ref()));
        assert_eq!(Glob::parse("**/**".as_ref()).unwrap().names.len(), 2, "the last is a name");
    }

    proptest! {
        #[test]
        fn two_stars_take_whatever_names_fit(
            patterns in prop::collection::vec(prop::sample::select(vec!["**", "*", "a", "?", ".b"]), 1..7),
            names in prop::collection::vec(prop::sample::select(vec!["a", "b", ".b"]), 0..7),
        ) {
            let bytes = |texts: &[&'static str]| -> Vec<&[u8]> {
                texts.iter().map(|text| text.as_bytes()).collect()
            };
            let plain = plainly_names(&bytes(&patterns), &bytes(&names));
            let all: Vec<Vec<u8>> = patterns.iter().map(|one| one.as_bytes().to_vec()).collect();
            prop_assert_eq!(matches_names(&all, &bytes(&names)), plain);
            if let Some(glob) = Glob::parse(patterns.join("/").as_ref()) {
                let path = names.join("/");
                prop_assert_eq!(glob.matches(path.as_ref()), plain);
            }
        }

        #[test]
        fn stars_take_whatever_fits(
            pattern in prop::collection::vec(prop::sample::select(b"ab*?".to_vec()), 0..9),
            name in prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..9),
        ) {
            prop_assert_eq!(matches(&pattern, &name), plainly(&pattern, &name));
        }

        #[test]
        fn any_bytes_are_a_pattern(
            pattern in prop::collection::vec(any::<u8>(), 0..9),
            name in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            matches(&pattern, &name);
        }
    }
}
