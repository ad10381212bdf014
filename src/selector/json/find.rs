//! Walking a record along the paths: where each part stands in it.
//!
//! The whole record is gone over, also behind the last part, because a record that is no JSON is bad,
//! and because of two members of one name the last counts, as for jq. No tree of the record is made.
//!
//! A row has a slot for each part. Without `[]` there is one row; with it, one for each element of the
//! innermost list, and the slots of parts outside of it are filled in when these are known:
//!
//! ```text
//! .user,.items[].name    {"items":[{"name":"a"},{"name":"b"}],"user":"ann"}
//!                          rows  [   -  , a ]     end of element
//!                                [   -  , b ]     end of element
//!                                [ ann  , a ] ... end of the record
//! ```

use super::path::{Node, Paths};
use super::syntax::{Fault, Syntax};
use super::text::unescape;
use crate::selector::Lack;

/// So many slots are kept room for.
const KEPT: usize = 1 << 12;

/// Where a part stands in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slot {
    /// Nowhere.
    #[default]
    Absent,
    /// It cannot be there: this stands on the way, at this byte.
    Barred(&'static str, u32),
    /// From the first byte to before the second.
    At(u32, u32),
}

impl Slot {
    /// Why there is nothing; to be asked of a slot that is not `At`.
    pub fn lack(self) -> Lack {
        match self {
            Slot::Barred(why, at) => Lack::at(why, at as usize),
            _ => Lack::NOT_THERE,
        }
    }
}

/// The parts of one record after the other.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The slots of the record, or of the elements that are open.
    open_slots: Vec<Slot>,
    /// The rows: one after the other, as many slots each as there are parts.
    slots: Vec<Slot>,
    /// How many rows there are, also where none has a slot.
    count: usize,
    open: Vec<bool>,
}

impl Rows {
    /// Looks for all parts in a record.
    pub fn read(&mut self, paths: &Paths, record: &[u8]) -> Result<(), Fault> {
        self.open_slots.clear();
        self.open_slots.resize(paths.count, Slot::Absent);
        self.slots.clear();
        // What an uncommonly long list has taken is given back.
        self.slots.shrink_to(KEPT);
        self.count = 0;
        let syntax = Syntax::new(record, &mut self.open);
        let mut walk = Walk {
            syntax,
            levels: &paths.levels,
            open: &mut self.open_slots,
            slots: &mut self.slots,
            count: &mut self.count,
            first: 0,
            has_list: false,
        };
        // A mark of the byte order is no part of the text; RFC 8259 lets it be passed over.
        let start = if record.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let start = walk.syntax.token(start);
        let end = walk.value(&paths.tree, start)?;
        let end = walk.syntax.token(end);
        if end < record.len() {
            return Err(walk.syntax.fault(end, "no JSON: something follows it"));
        }
        walk.close(0);
        Ok(())
    }

    /// The rows, each with a slot for each part.
    pub fn iter(&self) -> impl Iterator<Item = &[Slot]> {
        let width = self.open_slots.len();
        (0..self.count).map(move |row| &self.slots[row * width..][..width])
    }
}

/// A record on its way along the tree.
struct Walk<'a> {
    syntax: Syntax<'a>,
    levels: &'a [Vec<usize>],
    open: &'a mut [Slot],
    slots: &'a mut Vec<Slot>,
    count: &'a mut usize,
    /// The first row of the element that is open.
    first: usize,
    /// True if the list that makes the rows of the open element has been there.
    has_list: bool,
}

impl Walk<'_> {
    /// Goes over the value at `at`, which is what the node says; returns its end.
    fn value(&mut self, node: &Node, at: usize) -> Result<usize, Fault> {
        let end = match self.syntax.peek(at) {
            b'{' if !node.keys.is_empty() => self.object(node, at)?,
            b'[' if !node.items.is_empty() || node.each.is_some() => self.list(node, at)?,
            _ => self.syntax.skip(at, node.depth)?,
        };
        if !node.is_leaf() {
            self.note_barred(node, at);
        }
        for &part in &node.parts {
            self.open[part] = Slot::At(at as u32, end as u32);
        }
        Ok(end)
    }

    fn object(&mut self, node: &Node, at: usize) -> Result<usize, Fault> {
        if let Some(end) = self.syntax.opened(at, b'}') {
            return Ok(end);
        }
        let mut at = self.syntax.token(at + 1);
        loop {
            let (end, has_escape) = self.syntax.name(at)?;
            let name = &self.syntax.bytes[at + 1..end - 1];
            at = self.syntax.colon(end)?;
            at = match member(node, name, has_escape) {
                Some(member) => {
                    self.forget(member);
                    self.value(member, at)?
                }
                None => self.syntax.skip(at, node.depth + 1)?,
            };
            at = self.syntax.token(at);
            match self.syntax.peek(at) {
                b',' => at = self.syntax.token(at + 1),
                b'}' => return Ok(at + 1),
                _ => return Err(self.syntax.unended(at, true)),
            }
        }
    }

    fn list(&mut self, node: &Node, at: usize) -> Result<usize, Fault> {
        if let Some(end) = self.syntax.opened(at, b']') {
            self.has_list |= node.each.is_some();
            return Ok(end);
        }
        let around = (self.first, self.has_list);
        let (mut at, mut index) = (self.syntax.token(at + 1), 0);
        loop {
            at = self.element(node, at, index)?;
            at = self.syntax.token(at);
            match self.syntax.peek(at) {
                b',' => at = self.syntax.token(at + 1),
                b']' => break,
                _ => return Err(self.syntax.unended(at, false)),
            }
            index += 1;
        }
        if node.each.is_some() {
            (self.first, self.has_list) = (around.0, true);
        }
        Ok(at + 1)
    }

    /// Goes over an element of a list; returns its end.
    fn element(&mut self, node: &Node, at: usize, index: u32) -> Result<usize, Fault> {
        let mut end = None;
        if let Some((_, item)) = node.items.iter().find(|(item, _)| *item == index) {
            end = Some(self.value(item, at)?);
        }
        if let Some(each) = &node.each {
            (self.first, self.has_list) = (*self.count, false);
            self.clear(each);
            end = Some(self.value(each, at)?);
            self.close(each.level);
        }
        match end {
            Some(end) => Ok(end),
            None => self.syntax.skip(at, node.depth + 1),
        }
    }

    /// Forgets what another member of this name had.
    fn forget(&mut self, node: &Node) {
        self.clear(node);
        if node.makes_rows {
            *self.count = self.first;
            self.slots.truncate(self.first * self.open.len());
            self.has_list = false;
        }
    }

    fn clear(&mut self, node: &Node) {
        node.within.iter().for_each(|&part| self.open[part] = Slot::Absent);
    }

    /// Ends an element that stands in so many lists, or the record: what is known of it now is of all rows
    /// that were made of it.
    fn close(&mut self, level: usize) {
        if level + 1 == self.levels.len() || !self.has_list {
            self.slots.extend_from_slice(self.open);
            *self.count += 1;
            return;
        }
        for row in self.first..*self.count {
            for &part in &self.levels[level] {
                self.slots[row * self.open.len() + part] = self.open[part];
            }
        }
    }

    /// Notes what bars the way if the value at `at` should be an object or a list and is not.
    fn note_barred(&mut self, node: &Node, at: usize) {
        let (no_object, no_list) = match self.syntax.peek(at) {
            b'{' => ("", "an object has no elements"),
            b'[' => ("a list has no members", ""),
            b'"' => ("a string has no members", "a string has no elements"),
            b't' => ("true has no members", "true has no elements"),
            b'f' => ("false has no members", "false has no elements"),
            b'n' => ("null has no members", "null has no elements"),
            _ => ("a number has no members", "a number has no elements"),
        };
        let members = node.keys.iter().map(|(_, member)| (member, no_object));
        let items = node.items.iter().map(|(_, item)| item);
        let elements = items.chain(node.each.as_deref()).map(|element| (element, no_list));
        for (node, why) in members.chain(elements).filter(|(_, why)| !why.is_empty()) {
            for &part in &node.within {
                self.open[part] = Slot::Barred(why, at as u32);
            }
        }
    }
}

/// The member that is called so: by its name between the quotes.
#[inline(always)]
fn member<'a>(node: &'a Node, name: &[u8], has_escape: bool) -> Option<&'a Node> {
    let find = |name: &[u8]| node.keys.iter().find(|(key, _)| key == name).map(|(_, node)| node);
    if !has_escape {
        return find(name);
    }
    let mut plain = Vec::new();
    unescape(name, &mut plain);
    find(&plain)
}

#[cfg(test)]
mod tests {
    use super::super::path::parse;
    use super::super::text::{Shown, shown, write};
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The rows of a record, `-` for what is not there; or what is wrong with it.
    fn rows(selection: &str, record: &str) -> Result<Vec<Vec<String>>, String> {
        let (paths, mut found) = (Paths::new(&parse(selection).unwrap()), Rows::default());
        let fault = |fault: Fault| fault.lack().to_string();
        found.read(&paths, record.as_bytes()).map_err(fault)?;
        let bytes = record.as_bytes();
        let text = |slot: &Slot| {
            let Slot::At(start, end) = *slot else { return "-".to_string() };
            let (start, end) = (start as usize, end as usize);
            let mut out = Vec::new();
            match shown(bytes, start, end) {
                Shown::Within(start, end) => out.extend_from_slice(&bytes[start..end]),
                Shown::Anew => write(&bytes[start..end], &mut out),
            }
            String::from_utf8(out).unwrap()
        };
        Ok(found.iter().map(|row| row.iter().map(text).collect()).collect())
    }

    fn reason(selection: &str, record: &str) -> String {
        let (paths, mut found) = (Paths::new(&parse(selection).unwrap()), Rows::default());
        found.read(&paths, record.as_bytes()).unwrap();
        let slot = found.iter().next().unwrap()[0];
        slot.lack().to_string()
    }

    #[test]
    fn parts_are_found_wherever_they_stand() {
        let record =
            r#" { "a" : [1, {"b":"x"}] , "user":{"name":"ann","age":30}, "o k":null, "":true } "#;
        let table = [
            (".user.name,.user.age", "ann|30"),
            (".a[0],.a[1].b,.a[2],.a.b", "1|x|-|-"),
            (".[\"o k\"],.[\"\"],.nothing", "null|true|-"),
            (".a,.user", r#"[1,{"b":"x"}]|{"name":"ann","age":30}"#),
            (".user,.user.name,.user", r#"{"name":"ann","age":30}|ann|{"name":"ann","age":30}"#),
        ];
        for (selection, expected) in table {
            assert_eq!(rows(selection, record).unwrap()[0].join("|"), expected, "{selection}");
        }
        assert_eq!(rows(".", "\u{feff}\"x\"").unwrap(), [["x"]], "behind a byte order mark");
    }

    #[test]
    fn of_members_of_one_name_the_last_counts() {
        let table = [
            (".a", r#"{"a":1,"a":2}"#, "2"),
            (".a", r#"{"a":1,"\u0061":2}"#, "2"),
            (".a.b", r#"{"a":{"b":1},"a":{"c":2}}"#, "-"),
            (".a.b", r#"{"a":{"b":1},"a":7}"#, "-"),
            (".a[],.c", r#"{"a":[1,2],"a":[3],"c":4}"#, "3|4"),
            (".a[],.c", r#"{"a":[1,2],"a":5,"c":4}"#, "-|4"),
        ];
        for (selection, record, expected) in table {
            let found = rows(selection, record).unwrap();
            assert_eq!((found.len(), found[0].join("|").as_str()), (1, expected), "{record}");
        }
    }

    #[test]
    fn a_list_makes_a_row_of_each_element() {
        let joined = |selection, record| {
            let rows: Vec<_> = rows(selection, record).unwrap();
            rows.iter().map(|row| row.join("|")).collect::<Vec<_>>().join(" ")
        };
        let record = r#"{"tags":["x","y"],"user":"ann","none":[],
            "l":[{"n":1,"m":[7,8]},{"m":[]},{"m":[9],"n":3}]}"#;
        let table = [
            (".tags[]", "x y"),
            (".user,.tags[]", "ann|x ann|y"),
            (".none[],.user", ""),
            (".l[].n,.user,.l[1].m", "1|ann|[] -|ann|[] 3|ann|[]"),
            (".l[].m[],.l[].n,.user", "7|1|ann 8|1|ann 9|3|ann"),
            (".missing[],.user", "-|ann"),
            (".user[]", "-"),
            (".l[].n[],.l[].m", "-|[7,8] -|[] -|[9]"),
        ];
        for (selection, expected) in table {
            assert_eq!(joined(selection, record), expected, "{selection}");
        }
    }

    #[test]
    fn what_is_not_there_says_why() {
        let table = [
            (".user.name", r#"{}"#, "not there"),
            (".user.name", r#"{"user":"ann"}"#, "a string has no members, at byte 8 of it"),
            (".user.name", r#"{"user":null}"#, "null has no members, at byte 8 of it"),
            (".user[0]", r#"{"user":{}}"#, "an object has no elements, at byte 8 of it"),
            (".user[]", r#"{"user":1}"#, "a number has no elements, at byte 8 of it"),
            (".a.b.c", r#"{"a":{"b":[]}}"#, "a list has no members, at byte 10 of it"),
            (".a", "[1]", "a list has no members, at byte 0 of it"),
            (".a[2]", r#"{"a":[1]}"#, "not there"),
        ];
        for (selection, record, expected) in table {
            assert_eq!(reason(selection, record), expected, "{record}");
        }
    }

    #[test]
    fn all_of_a_record_must_be_json() {
        let table =
            [r#"{"a":1,"b":}"#, r#"{"a":1"#, r#"{"a":1} x"#, "", "{\"a\":1,\"b\":\"\u{1}\"}"];
        for record in table {
            assert!(rows(".a", record).is_err(), "{record}");
        }
        let deep = format!("{{\"a\":1,\"b\":{}", "[".repeat(100_000));
        assert!(rows(".a", &deep).unwrap_err().contains("nested deeper than 10000 levels"));
    }

    /// A record of few names, so that paths find something, and sometimes twice.
    fn record() -> impl Strategy<Value = String> {
        let leaves = ["1", "\"x\"", "\"y\\u0061\"", "null", "[]", "{}", "-2.5", " true "];
        let leaf = prop::sample::select(leaves.to_vec()).prop_map(str::to_string);
        leaf.prop_recursive(4, 40, 4, |inner| {
            let name = prop::sample::select(vec!["\"a\"", "\"b\" ", " \"\\u0062\"", "\"c\""]);
            let member = (name, inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
            let object = prop::collection::vec(member, 0..4);
            prop_oneof![
                object.prop_map(|all| format!("{{{}}}", all.join(","))),
                prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{} ]", all.join(", "))),
            ]
        })
    }

    fn path() -> impl Strategy<Value = String> {
        let step = prop::sample::select(vec![".a", ".b", ".c", ".[0]", ".[1]"]);
        prop::collection::vec(step, 1..4).prop_map(|steps| steps.concat())
    }

    /// What a path finds in a tree.
    fn modelled<'a>(path: &str, value: &'a Value) -> Option<&'a Value> {
        path.split('.').skip(1).try_fold(value, |value, step| match step {
            "[0]" => value.get(0),
            "[1]" => value.get(1),
            name => value.get(name),
        })
    }

    /// The text of a value, read again.
    fn tree(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    proptest! {
        #[test]
        fn paths_find_what_they_find_in_the_tree(
            record in record(), list in prop::collection::vec(path(), 1..4),
        ) {
            let found = rows(&list.join(","), &record).unwrap();
            prop_assert_eq!(found.len(), 1);
            for (path, found) in list.iter().zip(&found[0]) {
                match modelled(path, &tree(&record)) {
                    None => prop_assert_eq!(found, "-"),
                    Some(Value::String(text)) => prop_assert_eq!(found, text),
                    Some(value) => prop_assert_eq!(&tree(found), value),
                }
            }
        }

        #[test]
        fn elements_are_those_of_the_tree(record in record(), of in path(), to in path()) {
            let found = rows(&format!("{of}[]{to},{of}"), &record).unwrap();
            match modelled(&of, &tree(&record)) {
                Some(Value::Array(elements)) => {
                    prop_assert_eq!(found.len(), elements.len());
                    for (element, row) in elements.iter().zip(&found) {
                        prop_assert_eq!(modelled(&to, element).is_none(), row[0] == "-");
                        prop_assert_eq!(tree(&row[1]), Value::Array(elements.clone()));
                    }
                }
                _ => prop_assert_eq!((found.len(), found[0][0].as_str()), (1, "-")),
            }
        }
    }
}
