//! Paths as they are typed, and all paths of a step as one tree.
//!
//! ```text
//! .user.name,.tags[],.["odd key"],.a[0],.          typed
//!
//!          (.)─── part 4
//!         / | \
//!    user  tags  "odd key" ...
//!     |     |         └── part 2
//!   name   each element
//!    |      └── part 1, in rows of its own
//!   part 0
//! ```
//!
//! A record is walked once, along the tree, however many paths there are. `[]` makes a row of each
//! element; paths that go through the same `[]` mean the same element. Two lists side by side would mean
//! all combinations, which is hardly ever meant and may be millions, so they are refused.

use std::fmt::{self, Display};

use super::syntax::Syntax;
use super::text;
use crate::selector::mistake;

/// A path is no longer than this, so that walking along it needs little of the stack.
const LONGEST: usize = 250;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(Vec<u8>),
    Item(u32),
    Each,
}

/// A path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
    typed: String,
}

impl Path {
    /// The steps up to the last `[]`; none without.
    fn lists(&self) -> &[Step] {
        let last = self.steps.iter().rposition(|step| *step == Step::Each);
        &self.steps[..last.map_or(0, |last| last + 1)]
    }

    /// True if it leads to one value, which is not the record itself.
    pub fn is_one_value(&self) -> bool {
        self.level() == 0 && !self.steps.is_empty()
    }

    /// How many lists it goes through.
    fn level(&self) -> usize {
        self.steps.iter().filter(|step| **step == Step::Each).count()
    }
}

/// As it is typed.
impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// A place in the tree: what is looked for in the values that stand there.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Members of an object.
    pub keys: Vec<(Vec<u8>, Node)>,
    /// Elements of a list, from 0.
    pub items: Vec<(u32, Node)>,
    /// All elements of a list.
    pub each: Option<Box<Node>>,
    /// The parts that are the value itself.
    pub parts: Vec<usize>,
    /// All parts at and below it.
    pub within: Vec<usize>,
    /// How many steps it is below the record.
    pub depth: usize,
    /// In how many lists it stands.
    pub level: usize,
    /// True if rows are made below it.
    pub makes_rows: bool,
}

impl Node {
    fn add(&mut self, part: usize, path: &Path, depth: usize) {
        self.within.push(part);
        self.depth = depth;
        self.level = path.steps[..depth].iter().filter(|step| **step == Step::Each).count();
        self.makes_rows |= path.steps[depth..].contains(&Step::Each);
        let next = match path.steps.get(depth) {
            None => return self.parts.push(part),
            Some(Step::Key(key)) => of(&mut self.keys, key),
            Some(Step::Item(index)) => of(&mut self.items, index),
            Some(Step::Each) => self.each.get_or_insert_default(),
        };
        next.add(part, path, depth + 1);
    }

    /// True if nothing is looked for within the value.
    pub fn is_leaf(&self) -> bool {
        self.keys.is_empty() && self.items.is_empty() && self.each.is_none()
    }
}

fn of<'a, T: Clone + PartialEq>(list: &'a mut Vec<(T, Node)>, name: &T) -> &'a mut Node {
    let at = list.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
        list.push((name.clone(), Node::default()));
        list.len() - 1
    });
    &mut list[at].1
}

/// The paths of a step.
#[derive(Clone, Debug)]
pub struct Paths {
    /// All of them.
    pub tree: Node,
    /// The parts that stand in no list, in one list, and so on.
    pub levels: Vec<Vec<usize>>,
    /// How many paths there are.
    pub count: usize,
}

impl Paths {
    /// These paths; each is the part of its number.
    pub fn new(list: &[Path]) -> Paths {
        let (mut tree, mut levels) = (Node::default(), vec![Vec::new()]);
        for (part, path) in list.iter().enumerate() {
            tree.add(part, path, 0);
            let level = path.level();
            levels.resize(levels.len().max(level + 1), Vec::new());
            levels[level].push(part);
        }
        Paths { tree, levels, count: list.len() }
    }
}

/// Refuses paths through two lists, of which neither stands within the other.
pub fn must_go_together(list: &[Path]) -> Result<(), String> {
    let apart =
        |a: &Path, b: &Path| !a.lists().starts_with(b.lists()) && !b.lists().starts_with(a.lists());
    for (index, path) in list.iter().enumerate() {
        if let Some(other) = list[..index].iter().find(|other| apart(other, path)) {
            return Err(format!(
                "{other} and {path} go through two lists side by side, and the elements of one \
                 list make the rows; take one of them"
            ));
        }
    }
    Ok(())
}

/// Reads a selection.
pub fn parse(selection: &str) -> Result<Vec<Path>, String> {
    Typed { selection, at: 0 }.paths()
}

/// What is left of a selection that is read.
struct Typed<'a> {
    selection: &'a str,
    at: usize,
}

impl Typed<'_> {
    fn paths(mut self) -> Result<Vec<Path>, String> {
        let mut paths = Vec::new();
        loop {
            self.blanks();
            paths.push(self.path()?);
            self.blanks();
            match self.peek() {
                None => return Ok(paths),
                Some(b',') => self.at += 1,
                Some(b'|' | b'(' | b'+' | b'*' | b'/' | b'?') => {
                    return Err(
                        self.wrong("a path is names and [N]; more than that is a jq program")
                    );
                }
                Some(_) => {
                    return Err(self.wrong("a path goes on with `.` or `[`, or ends with `,`"));
                }
            }
        }
    }

    fn path(&mut self) -> Result<Path, String> {
        let start = self.at;
        if self.peek() != Some(b'.') {
            return Err(self.wrong(match self.peek() {
                Some(b'-') => "a path begins with a dot, as in .user; --format json writes JSON",
                _ => "a path begins with a dot, as in .user.name",
            }));
        }
        let mut steps = Vec::new();
        while let Some(step) = self.step(steps.is_empty())? {
            steps.push(step);
            if steps.len() > LONGEST {
                return Err(self.wrong("a path has 250 steps at most"));
            }
        }
        Ok(Path { steps, typed: self.selection[start..self.at].to_string() })
    }

    /// The next step; none at the end of a path.
    fn step(&mut self, is_first: bool) -> Result<Option<Step>, String> {
        let has_dot = self.peek() == Some(b'.');
        self.at += usize::from(has_dot);
        match self.peek() {
            Some(b'[') => self.bracketed().map(Some),
            Some(b'"') if has_dot => self.quoted().map(|key| Some(Step::Key(key))),
            _ if !has_dot => Ok(None),
            Some(byte) if is_plain(byte) => {
                let name: Vec<u8> =
                    self.rest().iter().copied().take_while(|&byte| is_plain(byte)).collect();
                self.at += name.len();
                Ok(Some(Step::Key(name)))
            }
            _ if is_first => Ok(None),
            _ => {
                Err(self
                    .wrong("a name is expected, as in .user; an odd one is typed .[\"odd key\"]"))
            }
        }
    }

    fn bracketed(&mut self) -> Result<Step, String> {
        self.at += 1;
        let rest = self.rest();
        let step = match rest {
            [b']', ..] => Step::Each,
            [b'"', ..] => Step::Key(self.quoted()?),
            _ => {
                let len = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
                let number =
                    std::str::from_utf8(&rest[..len]).ok().and_then(|text| text.parse().ok());
                let told = "[N] is an element, counted from 0, [] each, [\"NAME\"] a member";
                let Some(index) = number else { return Err(self.wrong(told)) };
                self.at += len;
                Step::Item(index)
            }
        };
        if self.peek() != Some(b']') {
            return Err(self.wrong("a `]` is expected"));
        }
        self.at += 1;
        Ok(step)
    }

    /// A name between quotes, written as in JSON.
    fn quoted(&mut self) -> Result<Vec<u8>, String> {
        let mut open = Vec::new();
        let bytes = self.selection.as_bytes();
        let syntax = Syntax::new(bytes, &mut open);
        match syntax.string(self.at + 1) {
            Ok((end, _)) => {
                let mut name = Vec::new();
                text::unescape(&bytes[self.at + 1..end - 1], &mut name);
                self.at = end;
                Ok(name)
            }
            Err(_) => Err(self.wrong("a name between quotes, which do not end or are no JSON")),
        }
    }

    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &[u8] {
        &self.selection.as_bytes()[self.at..]
    }

    fn wrong(&self, what: &str) -> String {
        mistake(self.selection, self.at, what)
    }
}

/// True for what may stand in a name without quotes: more than jq takes, as `.user-agent` and `.@timestamp`.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'@' | b'$' | b'#' | b':' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(selection: &str) -> Result<Vec<Vec<Step>>, String> {
        let paths = parse(selection)?;
        must_go_together(&paths)?;
        Ok(paths.into_iter().map(|path| path.steps).collect())
    }

    #[test]
    fn a_path_is_read_as_jq_reads_it() {
        let key = |name: &str| Step::Key(name.as_bytes().to_vec());
        let table = [
            (".", vec![]),
            (".user.name", vec![key("user"), key("name")]),
            (".a[0]", vec![key("a"), Step::Item(0)]),
            (".a.[0]", vec![key("a"), Step::Item(0)]),
            (".[\"odd key\"]", vec![key("odd key")]),
            (".\"odd, key\".b", vec![key("odd, key"), key("b")]),
            (".a[\"\\u0062\\\"]\"]", vec![key("a"), key("b\"]")]),
            (".tags[]", vec![key("tags"), Step::Each]),
            (".[].a[][7]", vec![Step::Each, key("a"), Step::Each, Step::Item(7)]),
            (".user-agent", vec![key("user-agent")]),
            (".@timestamp", vec![key("@timestamp")]),
            (".größe", vec![key("größe")]),
        ];
        for (selection, expected) in table {
            assert_eq!(read(selection), Ok(vec![expected]), "{selection}");
        }
        assert_eq!(read(" .a , .b"), Ok(vec![vec![key("a")], vec![key("b")]]));
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        let table = [
            ("user", 0, "a path begins with a dot"),
            ("", 0, "a path begins with a dot"),
            (".a,", 3, "a path begins with a dot"),
            (".a..b", 3, "a name is expected"),
            (".a.", 3, "a name is expected"),
            (".a[b]", 3, "[N] is an element"),
            (".a[-1]", 3, "[N] is an element"),
            (".a[99999999999]", 3, "[N] is an element"),
            (".a[1", 4, "a `]` is expected"),
            (".[\"a]", 2, "a name between quotes"),
            (".a | .b", 3, "a path is names and [N]"),
            (".a b", 3, "a path goes on with"),
        ];
        for (selection, at, expected) in table {
            let told = read(selection).unwrap_err();
            let lines: Vec<_> = told.lines().collect();
            assert_eq!(lines[2], format!("{}^", " ".repeat(4 + at)), "{selection}");
            assert!(lines[3].starts_with(&format!("error: {expected}")), "{selection}: {told}");
        }
        assert!(read(&".a".repeat(251)).is_err() && read(&".a".repeat(250)).is_ok());
    }

    #[test]
    fn two_lists_side_by_side_are_refused_and_one_within_another_are_not() {
        let told = read(".a[],.b[]").unwrap_err();
        assert!(told.starts_with(".a[] and .b[] go through two lists"), "{told}");
        assert!(read(".a[].b[].c,.a[].d[]").is_err());
        assert!(read(".a[].b,.a[].c,.d,.a[].e[],.a[0]").is_ok());
    }
}
